//! Sessions: how long they live, where they were opened, and the change of sign-in email that one waits to confirm.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::email::EmailAddress;
use crate::id::{AccountId, MailId, SessionId, WorkerId};
use crate::journal::{Actor, Audience};
use crate::settings::Settings;

/// How long the code that proves a new sign-in email may be typed (A18).
const CODE_MINUTES: i64 = 10;

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

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(account) => account.fmt(f),
            Self::Worker(worker) => worker.fmt(f),
        }
    }
}

impl Holder {
    /// On which site.
    #[must_use]
    pub const fn audience(self) -> Audience {
        match self {
            Self::Client(_) => Audience::Portal,
            Self::Worker(_) => Audience::Admin,
        }
    }

    /// Who they are to the journal.
    #[must_use]
    pub const fn actor(self) -> Actor {
        match self {
            Self::Client(account) => Actor::Client(account),
            Self::Worker(worker) => Actor::Worker(worker),
        }
    }
}

impl From<AccountId> for Holder {
    fn from(account: AccountId) -> Self {
        Self::Client(account)
    }
}

impl From<WorkerId> for Holder {
    fn from(worker: WorkerId) -> Self {
        Self::Worker(worker)
    }
}

/// What a session was opened on, as far as its holder would know it again: browser and system, without versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Device(String);

/// What a `User-Agent` holds, and what it tells; browsers name those they descend from, so the first one found counts.
const BROWSERS: &[(&str, &str)] = &[
    ("SamsungBrowser/", "Samsung Internet"),
    ("OPR/", "Opera"),
    ("OPT/", "Opera"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("Edg/", "Edge"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: &[(&str, &str)] = &[
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

impl Device {
    /// Makes it of a browser's `User-Agent`; none if that names nothing we know.
    #[must_use]
    pub fn of(user_agent: &str) -> Option<Self> {
        let first = |known: &[(&str, &'static str)]| {
            known.iter().find(|(sign, _)| user_agent.contains(sign)).map(|(_, name)| *name)
        };
        let known: Vec<&str> = [first(BROWSERS), first(SYSTEMS)].into_iter().flatten().collect();
        (!known.is_empty()).then(|| Self(known.join(" · ")))
    }

    /// As its holder reads it: "Firefox · Android".
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A new sign-in email that waits for the code sent to it (A18).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailChange {
    /// The new address.
    pub address: EmailAddress,
    /// The mail with the code.
    pub mail: MailId,
    /// From then on the code is worth nothing.
    pub until: DateTime<Utc>,
    /// How many codes were tried.
    pub tries: u8,
}

impl EmailChange {
    /// Codes that may be tried.
    pub const TRIES: u8 = 5;

    /// Begins a change whose code is yet to be sent.
    #[must_use]
    pub fn begin(address: EmailAddress, mail: MailId, now: DateTime<Utc>) -> Self {
        Self { address, mail, until: now + TimeDelta::minutes(CODE_MINUTES), tries: 0 }
    }

    /// How many more codes may be tried at `now`.
    #[must_use]
    pub fn tries_left(&self, now: DateTime<Utc>) -> u8 {
        if now < self.until { Self::TRIES.saturating_sub(self.tries) } else { 0 }
    }
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
    /// On what it was opened, if that is known.
    pub device: Option<Device>,
    /// The sign-in email that its client wants to have (A18).
    pub email_change: Option<EmailChange>,
}

impl Session {
    /// A new session.
    #[must_use]
    pub const fn open(
        id: SessionId,
        holder: Holder,
        epoch: u32,
        auth_level: AuthLevel,
        device: Option<Device>,
        now: DateTime<Utc>,
    ) -> Self {
        Self { id, holder, epoch, auth_level, opened_at: now, extended_at: now, device, email_change: None }
    }

    /// The session that goes on in this one's place, under a new id, when all others of its holder end. It lives no
    /// longer than this one could have.
    #[must_use]
    pub fn renewed(&self, id: SessionId, epoch: u32, now: DateTime<Utc>) -> Self {
        let extended_at = now.max(self.extended_at);
        Self { id, epoch, extended_at, email_change: None, ..self.clone() }
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
            None,
            at(0),
        )
    }

    #[test]
    fn a_device_is_told_without_its_versions() {
        let chrome = "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) \
                      Chrome/131.0.0.0 Safari/537.36";
        for (user_agent, device) in [
            (
                "Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0",
                Some("Firefox · Android"),
            ),
            (chrome, Some("Chrome · ChromeOS")),
            (
                &chrome.replace("X11; CrOS x86_64 14541.0.0", "Windows NT 10.0; Win64; x64"),
                Some("Chrome · Windows"),
            ),
            (&format!("{chrome} Edg/131.0").replace("CrOS", "Linux"), Some("Edge · Linux")),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Safari/604.1",
                Some("Safari · iPhone"),
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 Safari/605",
                Some("Safari · macOS"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-S918B) Chrome/121 SamsungBrowser/25.0",
                Some("Samsung Internet · Android"),
            ),
            ("curl/8.5.0", None),
            ("", None),
            ("Lynx/2.9 on Linux <script>", Some("Linux")),
        ] {
            assert_eq!(Device::of(user_agent).as_ref().map(Device::as_str), device, "{user_agent}");
        }
    }

    #[test]
    fn a_code_may_be_tried_five_times_in_ten_minutes() {
        let mut change =
            EmailChange::begin("new@example.org".parse().unwrap(), MailId::new(Uuid::from_u128(3)), at(0));
        let left = |change: &EmailChange, seconds| change.tries_left(at(0) + TimeDelta::seconds(seconds));
        assert_eq!((left(&change, 0), left(&change, 599), left(&change, 600)), (5, 5, 0));
        change.tries = 4;
        assert_eq!(left(&change, 0), 1);
        change.tries = 6;
        assert_eq!(left(&change, 0), 0);
    }

    #[test]
    fn a_renewed_session_ends_when_the_first_would_have() {
        let change =
            EmailChange::begin("new@example.org".parse().unwrap(), MailId::new(Uuid::from_u128(3)), at(0));
        let first = Session { device: Device::of("Firefox/1"), email_change: Some(change), ..session() };
        let (id, later, settings) =
            (SessionId::new(Uuid::from_u128(2)), at(0) + TimeDelta::minutes(10), settings());
        let renewed = first.renewed(id, 3, later);
        assert_eq!(renewed.ends_at(&settings), first.ends_at(&settings));
        assert_eq!(renewed.idle_until(&settings), later + TimeDelta::minutes(15));
        assert!(renewed.is_live(later, &settings, 3) && !first.is_live(later, &settings, 3));
        assert_eq!((renewed.id, &renewed.device, renewed.email_change), (id, &first.device, None));
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
