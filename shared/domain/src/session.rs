//! Sessions: how long they live.

use chrono::{DateTime, TimeDelta, Utc};

use crate::id::{AccountId, SessionId, WorkerId};
use crate::settings::Settings;

codes! {
    /// How a session's holder proved who they are.
    pub enum AuthLevel {
        /// By a password, or by activating.
        Password = "password",
        /// By a password and a second factor.
        SecondFactor = "second_factor",
    }
}

/// Whose session it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A client's.
    Client(AccountId),
    /// A worker's.
    Worker(WorkerId),
}

/// A session. Ended ones are removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which one; new at every sign-in.
    pub id: SessionId,
    /// Whose.
    pub holder: Holder,
    /// The holder's epoch when it was opened.
    pub epoch: u32,
    /// How they signed in.
    pub auth_level: AuthLevel,
    /// When.
    pub opened_at: DateTime<Utc>,
    /// When it was last extended; reads never do.
    pub extended_at: DateTime<Utc>,
}

impl Session {
    /// A new session.
    #[must_use]
    pub const fn open(
        id: SessionId,
        holder: Holder,
        epoch: u32,
        auth_level: AuthLevel,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            holder,
            epoch,
            auth_level,
            opened_at: now,
            extended_at: now,
        }
    }

    /// When it ends in any case.
    #[must_use]
    pub fn ends_at(&self, settings: &Settings) -> DateTime<Utc> {
        self.opened_at + TimeDelta::hours(settings.general.total_hours.into())
    }

    /// When it ends unless extended before.
    #[must_use]
    pub fn idle_until(&self, settings: &Settings) -> DateTime<Utc> {
        let idle = self.extended_at + TimeDelta::minutes(settings.general.idle_minutes.into());
        idle.min(self.ends_at(settings))
    }

    /// Whether it may be used: not idle too long, not too old, and its holder's epoch unchanged.
    #[must_use]
    pub fn is_live(&self, now: DateTime<Utc>, settings: &Settings, holders_epoch: u32) -> bool {
        now < self.idle_until(settings) && self.epoch == holders_epoch
    }

    /// The session with its idle clock set back; none when it is over.
    #[must_use]
    pub fn extend(&self, now: DateTime<Utc>, settings: &Settings, holders_epoch: u32) -> Option<Self> {
        // A clock that stepped back must not shorten what was promised.
        let extended_at = now.max(self.extended_at);
        self.is_live(now, settings, holders_epoch).then(|| Self {
            extended_at,
            ..self.clone()
        })
    }
}
