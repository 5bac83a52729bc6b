//! What an operation may not take for itself: the time and randomness.

use std::time::Duration;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::entry::BoxFuture;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// This instant.
    fn now(&self) -> DateTime<Utc>;

    /// Lets that much time pass.
    fn pause(&self, time: Duration) -> BoxFuture<'_, ()>;
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn pause(&self, time: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// Gives random bytes fit for secrets.
pub trait Random: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's randomness.
#[derive(Debug, Default)]
pub struct SystemEntropy;

impl Random for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        // The operating system gives entropy or nothing works at all; going on without it would be worse.
        assert!(SystemRandom::new().fill(bytes).is_ok(), "the operating system gives no entropy");
    }
}

/// A UUID of version 7: its first 48 bits are the time in milliseconds, the rest is random.
#[must_use]
pub fn uuid_v7(now: DateTime<Utc>, random: &dyn Random) -> Uuid {
    let mut bytes = [0; 10];
    random.fill(&mut bytes);
    uuid::Builder::from_unix_timestamp_millis(now.timestamp_millis().unsigned_abs(), &bytes).into_uuid()
}
