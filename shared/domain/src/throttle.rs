//! Throttles: how often a thing may be tried, counted in fixed windows before any costly work.

use chrono::{DateTime, Utc};

codes! {
    /// What a limit counts by.
    pub enum Per {
        /// One account.
        Account = "account",
        /// One email address, known or not.
        Address = "address",
        /// The network address of whoever calls.
        Viewer = "viewer",
        /// Everybody together.
        Global = "global",
    }
}

/// At most `allowed` tries in each `window` of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What is counted by.
    pub per: Per,
    /// Tries in a window that are let through.
    pub allowed: u32,
    /// Length of a window in seconds.
    pub window: u32,
}

/// What a limit says to one more try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Ok,
    /// Refuse, and say after how many seconds (at least 1) a try may succeed: `Retry-After`.
    Wait(u32),
}

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;

/// Sign-in, to be checked in this order.
pub const SIGN_IN: &[Limit] = &[
    Limit { per: Per::Global, allowed: 3_000, window: MINUTE },
    Limit { per: Per::Viewer, allowed: 100, window: 15 * MINUTE },
    Limit { per: Per::Address, allowed: 30, window: 15 * MINUTE },
    Limit { per: Per::Account, allowed: 30, window: 15 * MINUTE },
];

/// A link asked for by a client or worker (A3b, A19, B13): one an hour, three of them at once.
pub const LINK_REQUEST: &[Limit] = &[
    Limit { per: Per::Global, allowed: 600, window: MINUTE },
    Limit { per: Per::Viewer, allowed: 30, window: HOUR },
    Limit { per: Per::Address, allowed: 3, window: 3 * HOUR },
    Limit { per: Per::Account, allowed: 3, window: 3 * HOUR },
];

/// The password asked again of somebody who is signed in: in the 12 hours that a session lives at most there are less
/// than the hundred guesses that NIST SP 800-63B-4 allows.
pub const PASSWORD_ASKED: &[Limit] = &[Limit { per: Per::Account, allowed: 8, window: HOUR }];

/// A code that confirms a second factor about to be set up: few guesses, beside the million that there are, for who has
/// come by a session in which somebody else has begun to.
pub const CODE_CONFIRMED: &[Limit] = &[Limit { per: Per::Account, allowed: 20, window: HOUR }];

/// Another sign-in email asked for by a client whose password was right (A18): each mails a code to an address that
/// may be a stranger's.
pub const EMAIL_CHANGE: &[Limit] = &[
    Limit { per: Per::Global, allowed: 600, window: MINUTE },
    Limit { per: Per::Viewer, allowed: 30, window: HOUR },
    Limit { per: Per::Account, allowed: 3, window: HOUR },
];

/// Services asked for by a client: each tells workers by mail.
pub const SERVICE_REQUEST: &[Limit] = &[
    Limit { per: Per::Global, allowed: 600, window: MINUTE },
    Limit { per: Per::Account, allowed: 10, window: HOUR },
];

/// Looking at a link and trying to activate: the birth date has its own count (A7), this guards the hashing.
pub const LINK_USE: &[Limit] = &[
    Limit { per: Per::Global, allowed: 3_000, window: MINUTE },
    Limit { per: Per::Viewer, allowed: 120, window: 15 * MINUTE },
];

impl Limit {
    /// The window that `now` falls in: part of the counter's key.
    #[must_use]
    pub fn window_at(self, now: DateTime<Utc>) -> i64 {
        now.timestamp().div_euclid(i64::from(self.window))
    }

    /// When the window of `now` ends, in Unix seconds: from then on its counter may be forgotten.
    #[must_use]
    pub fn window_ends(self, now: DateTime<Utc>) -> i64 {
        (self.window_at(now) + 1) * i64::from(self.window)
    }

    /// Judges a try that was counted already: `count` includes it.
    #[must_use]
    pub fn check(self, count: u32, now: DateTime<Utc>) -> Verdict {
        if count <= self.allowed {
            return Verdict::Ok;
        }
        let wait = u32::try_from(self.window_ends(now) - now.timestamp()).unwrap_or(self.window);
        Verdict::Wait(wait.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::at;

    #[test]
    fn what_goes_over_a_limit_waits_for_the_next_window() {
        let limit = Limit { per: Per::Account, allowed: 3, window: HOUR };
        let late = at(0) + chrono::TimeDelta::minutes(50);
        assert_eq!((limit.check(3, late), limit.check(4, late)), (Verdict::Ok, Verdict::Wait(600)));
        assert_eq!(limit.window_at(at(0)) + 1, limit.window_at(at(1)));
        assert_eq!(limit.window_ends(late), at(1).timestamp());
        assert_eq!(limit.check(4, at(1) - chrono::TimeDelta::milliseconds(1)), Verdict::Wait(1));
    }
}
