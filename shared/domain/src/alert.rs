//! What of an account needs a worker. Alerts arise and end with the account's own transitions; some are settled by a worker.

use chrono::{DateTime, TimeDelta, Utc};

use crate::account::{Account, LockReason, Rule, State};

/// Before it expires, an invitation needs a worker for so long.
pub const EXPIRING: TimeDelta = TimeDelta::days(2);

codes! {
    /// Why an account needs a worker.
    pub enum AlertKind {
        /// Three wrong birth dates closed it (A7).
        ThirdMiss = "third_miss",
        /// The invitation ends soon.
        Expiring = "expiring",
        /// Nobody took the invitation in time (A8).
        Expired = "expired",
        /// A mail to the sign-in email came back.
        Bounced = "bounced",
        /// Wrong passwords locked it (A10).
        Locked = "locked",
        /// The invitation waits for consent to email (A1, B2).
        NoConsent = "no_consent",
        /// The client asks for another invitation (A3b).
        InvitationAskedFor = "invitation_asked_for",
    }
}

impl AlertKind {
    /// Whether a worker may settle it; the others last as long as their cause.
    #[must_use]
    pub const fn can_be_settled(self) -> bool {
        matches!(self, Self::ThirdMiss | Self::Expired | Self::Bounced | Self::InvitationAskedFor)
    }

    /// Whether an account in that state can need a worker for it.
    const fn fits(self, state: &State) -> bool {
        match self {
            Self::Expiring | Self::NoConsent => matches!(state, State::Pending { .. }),
            Self::Locked => matches!(state, State::Locked { reason: LockReason::FailedSignIns, .. }),
            Self::ThirdMiss | Self::Expired => matches!(state, State::Closed { .. }),
            Self::Bounced => {
                matches!(state, State::Pending { .. } | State::Active { .. } | State::Locked { .. })
            }
            Self::InvitationAskedFor => matches!(state, State::Pending { .. } | State::Closed { .. }),
        }
    }

    /// Whether it stays when that rule leads an account to that state, its invitation begun anew or not.
    pub(crate) const fn stays(self, rule: Rule, state: &State, invited_anew: bool) -> bool {
        let ended = match self {
            Self::Expiring => invited_anew,
            Self::Bounced => invited_anew || matches!(rule, Rule::A5 | Rule::A18),
            Self::InvitationAskedFor => invited_anew || matches!(rule, Rule::A9 | Rule::A15),
            Self::NoConsent | Self::Locked | Self::ThirdMiss | Self::Expired => false,
        };
        !ended && self.fits(state)
    }
}

impl Account {
    /// The account with an alert that arose now; none if it has it already, or can't in its state.
    #[must_use]
    pub fn alerted(&self, kind: AlertKind, now: DateTime<Utc>) -> Option<Self> {
        let arises = kind.fits(&self.state) && !self.alerts.contains_key(&kind);
        arises.then(|| self.clone().raising(kind, now))
    }

    /// The account without these alerts, which a worker has settled; none if it has none of them.
    #[must_use]
    pub fn settled(&self, kinds: &[AlertKind]) -> Option<Self> {
        let mut settled = self.clone();
        settled.alerts.retain(|kind, _| !(kind.can_be_settled() && kinds.contains(kind)));
        (settled.alerts.len() < self.alerts.len()).then_some(settled)
    }

    /// When the first of its alerts arose.
    #[must_use]
    pub fn needs_worker_since(&self) -> Option<DateTime<Utc>> {
        self.alerts.values().min().copied()
    }

    pub(crate) fn raising(mut self, kind: AlertKind, now: DateTime<Utc>) -> Self {
        self.alerts.entry(kind).or_insert(now);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Account, CloseReason, Reason};
    use crate::individual::{Individual, Origin};
    use crate::journal::JournalEvent;
    use crate::samples::{
        ACCOUNT, MAIL, WORKER, account, at, context, email, individual, opening, settings, settings_with,
    };
    use crate::settings::Draft;

    const EXPIRES: i64 = 7 * 24;

    fn invited(under: impl FnOnce(&mut Draft)) -> Account {
        let (individual, settings) = (individual(), settings_with(under));
        Account::create(ACCOUNT, &opening(context(&individual, &settings, 0))).unwrap().account
    }

    fn alerts(account: &Account) -> Vec<AlertKind> {
        account.alerts.keys().copied().collect()
    }

    fn without_consent() -> Individual {
        let mut individual = individual();
        individual.set_communication_settings(None, Origin::Worker(WORKER), at(-1)).unwrap();
        individual
    }

    /// What is due at that hour: the alert, the reminder's event.
    fn due(account: &Account, individual: &Individual, hours: i64) -> Option<(bool, Option<JournalEvent>)> {
        let settings = settings();
        let reminded = account.remind(context(individual, &settings, hours))?;
        let again = reminded.account.remind(context(individual, &settings, hours));
        assert_eq!(again, None, "what was done isn't due again");
        assert_eq!(reminded.account.generation, account.generation, "the link is the one the client has");
        Some((reminded.account.alerts.contains_key(&AlertKind::Expiring), reminded.event))
    }

    #[test]
    fn an_alert_arises_where_it_can_and_once() {
        let pending = invited(|_| {});
        let bounced = pending.alerted(AlertKind::Bounced, at(1)).unwrap();
        assert_eq!((alerts(&bounced), bounced.needs_worker_since()), (vec![AlertKind::Bounced], Some(at(1))));
        assert_eq!(bounced.alerted(AlertKind::Bounced, at(2)), None);
        assert_eq!(pending.alerted(AlertKind::Locked, at(1)), None);
        let closed = account(State::Closed { reason: CloseReason::Cancelled, at: at(0) });
        assert_eq!(closed.alerted(AlertKind::Bounced, at(1)), None);
        assert!(closed.alerted(AlertKind::InvitationAskedFor, at(1)).is_some());
    }

    #[test]
    fn a_worker_settles_what_has_no_end_of_its_own() {
        let pending = invited(|_| {}).raising(AlertKind::Bounced, at(1)).raising(AlertKind::NoConsent, at(2));
        let settled = pending.settled(AlertKind::ALL).unwrap();
        assert_eq!(alerts(&settled), [AlertKind::NoConsent]);
        assert_eq!(settled.settled(AlertKind::ALL), None);
        assert_eq!(pending.settled(&[AlertKind::Expired]), None);
    }

    #[test]
    fn a_new_address_ends_the_bounces_of_the_old_one() {
        let active = account(State::Active { failed_sign_ins: 0, must_reset: false });
        let bounced = active.alerted(AlertKind::Bounced, at(1)).unwrap();
        assert_eq!(alerts(&bounced.suspend(at(2)).unwrap().account), [AlertKind::Bounced]);
        let moved = bounced.change_email(email("new@example.org"), MAIL, MAIL).unwrap();
        assert_eq!(alerts(&moved.account), []);
    }

    #[test]
    fn consent_given_ends_the_wait_for_it_even_while_nothing_may_go_out() {
        let waiting = invited(|_| {}).alerted(AlertKind::NoConsent, at(1)).unwrap();
        let waiting = waiting.alerted(AlertKind::Expiring, at(1)).unwrap();
        let (individual, off) = (individual(), settings_with(|draft| draft.general.enabled = false));
        let given = waiting.consent_given(context(&individual, &off, 2)).unwrap().account;
        assert_eq!(alerts(&given), [AlertKind::Expiring], "the invitation ends as soon as before");
    }

    #[test]
    fn the_reminder_goes_out_once_with_the_link_the_client_has() {
        let (pending, individual) = (invited(|_| {}), individual());
        assert_eq!(pending.due_at(), Some(at(EXPIRES - 48)));
        assert_eq!(due(&pending, &individual, EXPIRES - 49), None);
        for hours in [EXPIRES - 48, EXPIRES - 1] {
            let (alerted, event) = due(&pending, &individual, hours).unwrap();
            let asked = JournalEvent::ActivationReminderRequested {
                account: pending.id,
                individual: individual.id,
                mail: MAIL,
                generation: pending.generation,
            };
            assert_eq!((alerted, event), (true, Some(asked)), "however late");
        }
        assert_eq!(due(&pending, &individual, EXPIRES), None, "too late");
        let settings = settings();
        let reminded = pending.remind(context(&individual, &settings, EXPIRES - 48)).unwrap().account;
        assert_eq!(reminded.due_at(), Some(at(EXPIRES)));
        let resent = reminded.resend(context(&individual, &settings, EXPIRES - 1)).unwrap().account;
        assert_eq!((resent.due_at(), alerts(&resent)), (Some(at(2 * EXPIRES - 49)), vec![]));
    }

    #[test]
    fn the_reminder_and_the_alert_have_their_own_times() {
        let individual = individual();
        let early = invited(|draft| draft.general.reminder_days = 4);
        assert_eq!(early.due_at(), Some(at(EXPIRES - 96)));
        let (alerted, event) = due(&early, &individual, EXPIRES - 96).unwrap();
        assert!(!alerted && event.is_some());
        let never = invited(|draft| draft.general.reminder_days = 0);
        assert_eq!(due(&never, &individual, EXPIRES - 48), Some((true, None)));
        let at_once = invited(|draft| draft.general.activation_expiry_days = 2);
        assert_eq!(
            due(&at_once, &individual, 0),
            Some((true, None)),
            "a reminder right after the invitation is none"
        );
    }

    #[test]
    fn a_reminder_that_may_not_go_out_is_journalled_and_never_sent() {
        let (pending, settings) = (invited(|_| {}), settings());
        let (_, event) = due(&pending, &without_consent(), EXPIRES - 48).unwrap();
        assert!(
            matches!(event, Some(JournalEvent::ActivationWithheld { reason: Reason::NoConsent, .. })),
            "{event:?}"
        );
        let individual = without_consent();
        let withheld = pending.remind(context(&individual, &settings, EXPIRES - 48)).unwrap().account;
        assert_eq!(due(&withheld, &crate::samples::individual(), EXPIRES - 24), None);
    }
}
