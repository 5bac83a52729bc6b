//! The pace of bulk mail: 80 % of what the mail service takes in a second. What is mailed to one person goes besides.

use std::time::Duration;

use aws_sdk_sesv2::types::SendQuota;
use chrono::{DateTime, Utc};
use store::Fault;

use crate::context::Context;

/// The share of the mail service's rate that bulk mail may take.
const SHARE: f64 = 0.8;

/// Keeps what is done from running ahead of the mails that come of it.
pub(crate) struct Pace {
    each: Duration,
    begun: DateTime<Utc>,
    due: Duration,
    paused: Duration,
}

impl Pace {
    /// The pace of one of so many who work at the same time.
    pub(crate) async fn shared_by(context: &Context<'_>, workers: u16) -> Result<Self, Fault> {
        let rate = context.send_rate().await? * SHARE / f64::from(workers);
        let each = Duration::try_from_secs_f64(rate.recip()).unwrap_or_default();
        let begun = context.services.clock.now();
        Ok(Self { each, begun, due: Duration::ZERO, paused: Duration::ZERO })
    }

    /// Waits until so many more mails would have gone out.
    pub(crate) async fn keep(&mut self, context: &Context<'_>, mails: u32) {
        let clock = &context.services.clock;
        self.due += self.each * mails;
        let passed = (clock.now() - self.begun).to_std().unwrap_or_default().max(self.paused);
        let wait = self.due.saturating_sub(passed);
        if !wait.is_zero() {
            clock.pause(wait).await;
            self.paused += wait;
        }
    }

    /// How long the mails so far take.
    pub(crate) const fn due(&self) -> Duration {
        self.due
    }
}

impl Context<'_> {
    /// How many mails the mail service takes in a second.
    async fn send_rate(&self) -> Result<f64, Fault> {
        let mut cache = self.services.cached(self.now);
        if let Some((_, rate)) = cache.send_rate {
            return Ok(rate);
        }
        let account = self.services.ses()?.get_account().send().await?;
        // The least there is: what an account in the sandbox may.
        let rate = account.send_quota().map_or(1.0, SendQuota::max_send_rate).max(1.0);
        cache.send_rate = Some((self.now, rate));
        self.services.keep(cache);
        Ok(rate)
    }
}
