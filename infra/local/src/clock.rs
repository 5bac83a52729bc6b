//! The clock of the whole local world, which can be moved.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_types::sdk_config::TimeSource;
use chrono::{DateTime, TimeDelta, Utc};

use crate::data::{Data, DataError};

/// Marks a clock that runs; any other value is where a stopped one stands.
const RUNNING: i64 = i64::MIN;

/// The time for functions, signatures, queues and schedules: the machine's plus an offset, or one that stands still
/// until it is moved. Both survive a restart.
#[derive(Clone)]
pub struct LocalClock {
    data: Data,
    /// Milliseconds: ahead of the machine's clock, and where a stopped clock stands.
    state: Arc<(AtomicI64, AtomicI64)>,
    /// Microseconds.
    paused: Arc<AtomicU64>,
}

impl std::fmt::Debug for LocalClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("LocalClock").field(&self.now()).finish()
    }
}

impl LocalClock {
    pub(crate) fn open(data: &Data, stopped_at: Option<DateTime<Utc>>) -> Result<Self, DataError> {
        let state = Arc::new((AtomicI64::new(0), AtomicI64::new(RUNNING)));
        let clock = Self { data: data.clone(), state, paused: Arc::default() };
        clock.reload()?;
        if let Some(at) = stopped_at
            && !clock.is_stopped()
        {
            clock.data.set_meta("clock_stopped", &at.timestamp_millis().to_string())?;
            clock.reload()?;
        }
        Ok(clock)
    }

    /// Lets that much time pass. Where the clock stands still it has passed at once, and is only added up.
    pub(crate) async fn pause(&self, time: Duration) {
        self.paused.fetch_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        if !self.is_stopped() {
            tokio::time::sleep(time).await;
        }
    }

    /// All the time that operations have let pass.
    #[must_use]
    pub fn paused(&self) -> Duration {
        Duration::from_micros(self.paused.load(Ordering::Relaxed))
    }

    /// Reads again what the data file says, after it was restored.
    pub(crate) fn reload(&self) -> Result<(), DataError> {
        let read = |key| Ok::<_, DataError>(self.data.meta(key)?.and_then(|value| value.parse().ok()));
        self.state.0.store(read("clock_offset")?.unwrap_or(0), Ordering::Release);
        self.state.1.store(read("clock_stopped")?.unwrap_or(RUNNING), Ordering::Release);
        Ok(())
    }

    /// The time it is here.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.millis()).unwrap_or_default()
    }

    /// The time it is here, in milliseconds since 1970.
    pub(crate) fn millis(&self) -> i64 {
        match self.state.1.load(Ordering::Acquire) {
            RUNNING => machine().saturating_add(self.state.0.load(Ordering::Acquire)),
            stopped => stopped,
        }
    }

    /// Moves on by a duration.
    ///
    /// # Errors
    /// When the data file can't be written.
    pub fn advance(&self, by: TimeDelta) -> Result<(), DataError> {
        self.set(self.now() + by)
    }

    /// Moves to a time, which may lie in the past; a running clock goes on from there.
    ///
    /// # Errors
    /// When the data file can't be written.
    pub fn set(&self, to: DateTime<Utc>) -> Result<(), DataError> {
        let to = to.timestamp_millis();
        if self.is_stopped() {
            self.data.set_meta("clock_stopped", &to.to_string())?;
        } else {
            self.data.set_meta("clock_offset", &to.saturating_sub(machine()).to_string())?;
        }
        self.reload()
    }

    /// How long it is until a time, in milliseconds since 1970; a clock that stands still never gets there.
    pub(crate) fn until(&self, millis: i64) -> Option<Duration> {
        let left = u64::try_from(millis.saturating_sub(self.millis())).unwrap_or_default();
        (!self.is_stopped()).then(|| Duration::from_millis(left))
    }

    fn is_stopped(&self) -> bool {
        self.state.1.load(Ordering::Acquire) != RUNNING
    }
}

fn machine() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

impl TimeSource for LocalClock {
    fn now(&self) -> SystemTime {
        let millis = u64::try_from(self.millis()).unwrap_or_default();
        UNIX_EPOCH.checked_add(Duration::from_millis(millis)).unwrap_or(UNIX_EPOCH)
    }
}
