//! Statistics: what a day, or a month, of the journal comes to.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::account::Status;
use crate::id::SiteId;
use crate::journal::JournalEvent;
use crate::mail::MailOutcome;

/// How long after its end a day is computed again, for what is told late.
const OPEN_FOR: TimeDelta = TimeDelta::days(1);
/// How long that goes on while mails that were asked for on it wait to be sent.
const WAITING_FOR: TimeDelta = TimeDelta::days(7);

/// What happened to the individuals of one site in some time. Test individuals are in none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Invitations that began: accounts created, opened again or enabled (A1, A2, A4, A14). One sent again doesn't count.
    pub invited: u64,
    /// Accounts activated (A5).
    pub activated: u64,
    /// Clients who signed in on a later day than they activated, for the first time.
    pub returned: u64,
    /// Mails to clients that were asked for then and were sent.
    pub mails_sent: u64,
    /// Mails to clients of which it was told then that they can't be delivered.
    pub mails_bounced: u64,
    /// Mails to clients that were called unwanted then.
    pub mails_complained: u64,
    /// How many of the activations took so many minutes, rounded, from invitation to activation. Those that a release
    /// told which didn't say so are not among them.
    pub minutes_to_activate: BTreeMap<u32, u64>,
}

/// By home site.
pub type Sites = BTreeMap<SiteId, Tally>;

impl Tally {
    /// Counts an event, if it is one that counts.
    pub fn count(&mut self, event: &JournalEvent) {
        match event {
            JournalEvent::AccountCreated { .. } | JournalEvent::AccountEnabled { .. } => self.invited += 1,
            JournalEvent::AccountActivated { minutes, .. } => {
                self.activated += 1;
                if let Some(minutes) = minutes {
                    *self.minutes_to_activate.entry(rounded(*minutes)).or_default() += 1;
                }
            }
            JournalEvent::ClientReturned { .. } => self.returned += 1,
            JournalEvent::MailFailed { outcome: MailOutcome::Bounced, .. } => self.mails_bounced += 1,
            JournalEvent::MailFailed { outcome: MailOutcome::Complained, .. } => self.mails_complained += 1,
            _ => {}
        }
    }

    /// Adds what happened in another time, or at another site.
    pub fn add(&mut self, other: &Self) {
        self.invited += other.invited;
        self.activated += other.activated;
        self.returned += other.returned;
        self.mails_sent += other.mails_sent;
        self.mails_bounced += other.mails_bounced;
        self.mails_complained += other.mails_complained;
        for (minutes, times) in &other.minutes_to_activate {
            *self.minutes_to_activate.entry(*minutes).or_default() += times;
        }
    }

    /// Half of the activations took at most so many minutes; none where there were none.
    #[must_use]
    pub fn median_minutes_to_activate(&self) -> Option<u32> {
        let half = self.minutes_to_activate.values().sum::<u64>().div_ceil(2);
        let mut so_far = 0;
        self.minutes_to_activate.iter().find_map(|(minutes, times)| {
            so_far += times;
            (so_far >= half).then_some(*minutes)
        })
    }
}

/// Adds what happened in another time, site by site.
pub fn add(to: &mut Sites, other: &Sites) {
    for (site, tally) in other {
        to.entry(*site).or_default().add(tally);
    }
}

/// Down to the minute in the first hour, to ten minutes in the first day, then to six hours: so that what is kept of a
/// day has an end.
#[must_use]
pub const fn rounded(minutes: u32) -> u32 {
    let step = match minutes {
        0..60 => 1,
        60..1_440 => 10,
        _ => 360,
    };
    minutes / step * step
}

/// What a day (UTC) came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// Which day.
    pub day: NaiveDate,
    /// What happened on it.
    pub sites: Sites,
    /// Mails that were asked for on it and wait to be sent.
    pub waiting: u64,
    /// When this was computed.
    pub computed_at: DateTime<Utc>,
}

impl Day {
    /// Whether nothing that is told later can change it any more.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let Some(end) = self.day.succ_opt().and_then(|next| next.and_hms_opt(0, 0, 0)) else { return false };
        let after = if self.waiting == 0 { OPEN_FOR } else { WAITING_FOR };
        self.computed_at >= end.and_utc() + after
    }
}

/// How many accounts have a status, by their individuals' home site. Test individuals' are not counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// So many.
    pub counts: BTreeMap<(SiteId, Status), u64>,
}

impl Accounts {
    /// Counts an account.
    pub fn count(&mut self, site: SiteId, status: Status) {
        *self.counts.entry((site, status)).or_default() += 1;
    }

    /// Adds accounts that were counted beside these.
    pub fn add(&mut self, other: &Self) {
        for (of, count) in &other.counts {
            *self.counts.entry(*of).or_default() += count;
        }
    }

    /// How many there are in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Account, State};
    use crate::id::MailId;
    use crate::samples::{ACCOUNT, MAIL, SITE, account, individual};

    fn activated(minutes: u32) -> JournalEvent {
        JournalEvent::AccountActivated {
            account: ACCOUNT,
            individual: individual().id,
            minutes: Some(minutes),
        }
    }

    fn tally(events: &[JournalEvent]) -> Tally {
        let mut tally = Tally::default();
        for event in events {
            tally.count(event);
        }
        tally
    }

    #[test]
    fn what_counts_is_counted_and_nothing_else() {
        let (account, individual, mail) = (ACCOUNT, individual().id, MAIL);
        let failed = |outcome| JournalEvent::MailFailed { account, individual, mail, outcome };
        let events = [
            JournalEvent::AccountCreated { account, individual, age_overridden: false },
            JournalEvent::ActivationRequested { account, individual, mail, generation: 1 },
            JournalEvent::AccountEnabled { account, individual },
            JournalEvent::AccountActivated { account, individual, minutes: None },
            JournalEvent::ClientReturned { account, individual },
            failed(MailOutcome::Bounced),
            failed(MailOutcome::Complained),
        ];
        let expected = Tally {
            invited: 2,
            activated: 1,
            returned: 1,
            mails_bounced: 1,
            mails_complained: 1,
            ..Tally::default()
        };
        assert_eq!(tally(&events), expected);
    }

    #[test]
    fn half_of_the_activations_took_at_most_the_median() {
        let median = |minutes: &[u32]| {
            tally(&minutes.iter().map(|minutes| activated(*minutes)).collect::<Vec<_>>())
                .median_minutes_to_activate()
        };
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[7]), Some(7));
        assert_eq!(median(&[50, 3]), Some(3));
        assert_eq!(median(&[50, 3, 1_439]), Some(50));
        assert_eq!(median(&[9_000, 1_439, 9_000]), Some(9_000));
        assert_eq!(median(&[1_439]), Some(1_430));
        assert_eq!(median(&[1_799]), Some(1_440));
    }

    #[test]
    fn times_add_up_to_what_a_longer_one_is() {
        let (morning, evening) = (tally(&[activated(1), activated(9)]), tally(&[activated(9)]));
        let mut day = morning;
        day.add(&evening);
        assert_eq!(day, tally(&[activated(9), activated(1), activated(9)]));
        let mut sites = Sites::new();
        add(&mut sites, &[(SITE, day.clone())].into());
        add(&mut sites, &[(SITE, evening)].into());
        assert_eq!(sites[&SITE].activated, 4);
    }

    #[test]
    fn a_day_is_settled_a_day_after_its_end_or_a_week_while_mails_wait() {
        let day = |hours, waiting| {
            let day = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
            let computed_at = day.and_hms_opt(0, 0, 0).unwrap().and_utc() + TimeDelta::hours(hours);
            Day { day, sites: Sites::new(), waiting, computed_at }.is_settled()
        };
        assert_eq!((day(47, 0), day(48, 0)), (false, true));
        assert_eq!((day(48, 1), day(191, 1), day(192, 1)), (false, false, true));
    }

    #[test]
    fn accounts_are_counted_by_site_and_status() {
        let mut accounts = Accounts::default();
        let active: Account = account(State::Active { failed_sign_ins: 0, must_reset: false });
        accounts.count(SITE, Status::of(&active));
        accounts.count(SITE, Status::of(&active));
        accounts.add(&accounts.clone());
        assert_eq!((accounts.total(), accounts.counts.len()), (4, 1));
    }

    #[test]
    fn mails_to_clients_are_those_an_event_asks_for() {
        let (account, individual, mail) = (ACCOUNT, individual().id, MAIL);
        let former_mail = MailId::new(uuid::Uuid::from_u128(12));
        let mails = |event: JournalEvent| event.client_mails().collect::<Vec<_>>();
        assert_eq!(
            mails(JournalEvent::SignInEmailChanged { account, individual, mail, former_mail }),
            [mail, former_mail]
        );
        assert_eq!(mails(JournalEvent::PasswordChanged { account, individual, mail }), [mail]);
        assert_eq!(mails(JournalEvent::InvitationAskedFor { account, individual, mail }), []);
    }
}
