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
        Self { id, holder, epoch, auth_level, opened_at: now, extended_at: now }
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
        self.is_live(now, settings, holders_epoch).then(|| Self { extended_at, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::samples::{ACCOUNT, at, settings};

    fn session() -> Session {
        Session::open(
            SessionId::new(Uuid::from_u128(1)),
            Holder::Client(ACCOUNT),
            2,
            AuthLevel::Password,
            at(0),
        )
    }

    #[test]
    fn a_session_ends_idle_in_all_and_by_epoch() {
        let (session, settings) = (session(), settings());
        let live = |minutes, epoch| session.is_live(at(0) + TimeDelta::minutes(minutes), &settings, epoch);
        assert!(live(14, 2) && !live(15, 2) && !live(1, 3) && !live(1, 1));
    }

    #[test]
    fn only_a_live_session_is_extended_and_none_beyond_its_end() {
        let (mut session, settings) = (session(), settings());
        assert_eq!(session.extend(at(1), &settings, 2), None);
        for minutes in (10..12 * 60).step_by(10) {
            session = session.extend(at(0) + TimeDelta::minutes(minutes), &settings, 2).unwrap();
        }
        assert_eq!((session.idle_until(&settings), session.is_live(at(12), &settings, 2)), (at(12), false));
        let stepped_back = session.extend(at(11), &settings, 2).unwrap();
        assert_eq!(stepped_back.extended_at, session.extended_at);
    }
}
