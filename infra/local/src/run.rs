//! What runs by itself: readers of streams and queues, and schedules. Either in the background, or on demand until
//! all is quiet.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, params};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::aws::{ACCOUNT, REGION, arn, random_id};
use crate::data::DataError;
use crate::invoke::InvokeError;
use crate::local::Local;
use crate::queue;
use crate::streams::Step;
use crate::template::{QueueReader, Schedule, StreamReader};

/// Failures in a row, of the same record or message, after which [`Local::drain`] no longer hopes.
const HOPELESS: u32 = 25;
/// The bell of whoever waits for schedules.
const SCHEDULES: &str = "schedules";

/// Why [`Local::drain`] ended before all was quiet.
#[derive(Debug, thiserror::Error)]
pub enum DrainError {
    /// A function fails again and again, and nothing ever gives up.
    #[error("{0} fails again and again")]
    Stuck(String),
    /// The data file can't be used.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl From<rusqlite::Error> for DrainError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Data(error.into())
    }
}

/// Whether a name is in [`Local::run_schedule`]'s reach.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// There is no such schedule.
    #[error("there is no schedule {0}")]
    Unknown(String),
    /// Its function failed.
    #[error(transparent)]
    Failed(#[from] InvokeError),
}

impl Local {
    /// Does all that has become due and all that follows from it, in one order, without waiting: what fails is tried
    /// again at once, and goes to the dead letters when it fails too often. Not for use while served.
    ///
    /// # Errors
    /// When something fails for ever.
    pub async fn drain(&self) -> Result<(), DrainError> {
        let readers = self.queue_readers();
        loop {
            let mut quiet = self.fire_due()? == 0;
            for reader in &self.template().stream_readers {
                quiet &= self.exhaust(&reader.function, async || self.stream_step(reader).await).await?;
            }
            for reader in &readers {
                quiet &=
                    self.exhaust(&reader.function, async || self.queue_step(reader, i64::MAX).await).await?;
            }
            if quiet {
                return Ok(());
            }
        }
    }

    /// Does what is due now, once: each stream and queue gives its reader what it shows at this moment. Whether there was
    /// nothing, and nothing is hidden. Whoever moves the clock between such steps has retries as the cloud has them. Not
    /// for use while served.
    ///
    /// # Errors
    /// When the data file can't be used.
    pub async fn step(&self) -> Result<bool, DataError> {
        let mut quiet = self.fire_due()? == 0;
        for reader in &self.template().stream_readers {
            quiet &= self.stream_step(reader).await? == Step::Idle;
        }
        for reader in &self.queue_readers() {
            let now = self.aws().clock().millis();
            quiet &= self.queue_step(reader, now).await? == Step::Idle
                && self.aws().data().sql(|sql| queue::next_visible(sql, &reader.queue))?.is_none();
        }
        Ok(quiet)
    }

    /// Steps until there is nothing more; whether there was nothing from the start.
    async fn exhaust(
        &self,
        function: &str,
        step: impl AsyncFn() -> Result<Step, DataError>,
    ) -> Result<bool, DrainError> {
        let mut quiet = true;
        loop {
            match step().await? {
                Step::Idle => return Ok(quiet),
                Step::Failed(times) if times > HOPELESS && !self.aws().faults().go_to_the_end() => {
                    return Err(DrainError::Stuck(function.to_owned()));
                }
                Step::Done | Step::Failed(_) => quiet = false,
            }
        }
    }

    /// Runs the function of a schedule now, and waits for it.
    ///
    /// # Errors
    /// When there is no such schedule, or the function fails.
    pub async fn run_schedule(&self, name: &str) -> Result<Value, ScheduleError> {
        let found = self
            .template()
            .schedules
            .iter()
            .find(|schedule| schedule.name == name || schedule.function == name);
        let schedule = found.ok_or_else(|| ScheduleError::Unknown(name.to_owned()))?;
        Ok(self.invoke(&schedule.function, event(schedule, self.aws().clock().now())).await?)
    }

    /// Puts the functions whose time has come into their queues; one that missed several times runs once.
    fn fire_due(&self) -> Result<usize, DataError> {
        let now = self.aws().clock().now();
        let mut fired = Vec::new();
        self.aws().data().transaction(|sql| {
            for schedule in &self.template().schedules {
                let last = last_due(sql, schedule)?;
                let Some(last) = last else {
                    set_last_due(sql, schedule, now)?;
                    continue;
                };
                let mut due = schedule.when.after(last).filter(|due| *due <= now);
                if due.is_none() {
                    continue;
                }
                while let Some(next) =
                    due.and_then(|due| schedule.when.after(due)).filter(|next| *next <= now)
                {
                    due = Some(next);
                }
                let due = due.unwrap_or(now);
                let invocations = Self::invocations(&schedule.function);
                queue::send(sql, &invocations, &event(schedule, due).to_string(), now.timestamp_millis())?;
                set_last_due(sql, schedule, due)?;
                fired.push(invocations);
            }
            Ok(())
        })?;
        for queue in &fired {
            self.aws().bells().ring(queue);
        }
        Ok(fired.len())
    }

    /// When the next schedule is due.
    fn next_due(&self) -> Result<Option<DateTime<Utc>>, DataError> {
        let next = self.aws().data().sql(|sql| {
            let mut next = Vec::new();
            for schedule in &self.template().schedules {
                let last = last_due(sql, schedule)?.unwrap_or_else(|| self.aws().clock().now());
                next.extend(schedule.when.after(last));
            }
            Ok(next.into_iter().min())
        })?;
        Ok(next)
    }

    /// Starts everything that runs by itself. Each task ends, after what it is at, when `stop` turns true.
    pub(crate) fn start_background(&self, tasks: &mut JoinSet<()>, stop: &watch::Receiver<bool>) {
        for reader in self.template().stream_readers.clone() {
            tasks.spawn(self.clone().follow_stream(reader, stop.clone()));
        }
        for reader in self.queue_readers() {
            tasks.spawn(self.clone().follow_queue(reader, stop.clone()));
        }
        tasks.spawn(self.clone().follow_schedules(stop.clone()));
    }

    async fn follow_stream(self, reader: StreamReader, stop: watch::Receiver<bool>) {
        let bell = self.aws().bells().of(&reader.table);
        while !*stop.borrow() {
            let pause = match self.stream_step(&reader).await {
                Ok(Step::Done) => continue,
                Ok(other) => other.pause(),
                Err(error) => Some(troubled(&error)),
            };
            wait(bell.notified(), pause, stop.clone()).await;
        }
    }

    async fn follow_queue(self, reader: QueueReader, stop: watch::Receiver<bool>) {
        let bell = self.aws().bells().of(&reader.queue);
        while !*stop.borrow() {
            let now = self.aws().clock().millis();
            let pause = match self.queue_step(&reader, now).await {
                Ok(Step::Done | Step::Failed(_)) => continue,
                Ok(Step::Idle) => {
                    match self.aws().data().sql(|sql| queue::next_visible(sql, &reader.queue)) {
                        Ok(visible_at) => {
                            visible_at.and_then(|visible_at| self.aws().clock().until(visible_at))
                        }
                        Err(error) => Some(troubled(&error)),
                    }
                }
                Err(error) => Some(troubled(&error)),
            };
            wait(bell.notified(), pause, stop.clone()).await;
        }
    }

    async fn follow_schedules(self, stop: watch::Receiver<bool>) {
        let bell = self.aws().bells().of(SCHEDULES);
        while !*stop.borrow() {
            let pause = match self.fire_due().and_then(|_| self.next_due()) {
                Ok(next) => next.and_then(|next| self.aws().clock().until(next.timestamp_millis())),
                Err(error) => Some(troubled(&error)),
            };
            wait(bell.notified(), pause, stop.clone()).await;
        }
    }
}

/// Until the bell rings, the pause is over, or all is to stop.
async fn wait(bell: impl Future<Output = ()>, pause: Option<Duration>, mut stop: watch::Receiver<bool>) {
    let pause = async {
        match pause {
            Some(pause) => tokio::time::sleep(pause).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = bell => {}
        () = pause => {}
        // An error means that whoever could stop this is gone, which stops it too.
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

fn troubled(error: &dyn std::error::Error) -> Duration {
    tracing::error!(error = %error, "the data file can't be used; trying again");
    Duration::from_secs(1)
}

fn last_due(sql: &rusqlite::Connection, schedule: &Schedule) -> rusqlite::Result<Option<DateTime<Utc>>> {
    let millis = sql
        .query_row("SELECT last_due FROM local_schedule WHERE name = ?1", [&schedule.name], |row| row.get(0))
        .optional()?;
    Ok(millis.and_then(DateTime::from_timestamp_millis))
}

fn set_last_due(sql: &rusqlite::Connection, schedule: &Schedule, at: DateTime<Utc>) -> rusqlite::Result<()> {
    sql.execute(
        "INSERT OR REPLACE INTO local_schedule (name, last_due) VALUES (?1, ?2)",
        params![schedule.name, at.timestamp_millis()],
    )
    .map(|_| ())
}

fn event(schedule: &Schedule, due: DateTime<Utc>) -> Value {
    schedule.input.clone().unwrap_or_else(|| {
        json!({
            "version": "0",
            "id": random_id(),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": ACCOUNT,
            "time": due.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            "region": REGION,
            "resources": [arn("events", &format!("rule/{}", schedule.name))],
            "detail": {},
        })
    })
}
