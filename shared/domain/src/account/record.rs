//! What a change of the individual's record means for their open account (B2, B3).

use chrono::{DateTime, Utc};

use super::{Account, Changed, Context, Rule, State};
use crate::alert::AlertKind;
use crate::individual::{ConsentChange, Individual};

codes! {
    /// What follows when consent to email ends; to be said before it does (B2, B9).
    pub enum Consequence {
        /// Nobody may write to the client by email any more.
        ConsentEnds = "consent_ends",
        /// The link of the invitation refuses and nothing more is mailed; the invitation expires as it would.
        InvitationStops = "invitation_stops",
        /// The client can still sign in, and no notices go out.
        NoticesStop = "notices_stop",
    }
}

impl Consequence {
    /// What follows if consent ends now, `account` being the open one.
    #[must_use]
    pub fn of_lost_consent(account: Option<&Account>, now: DateTime<Utc>) -> Vec<Self> {
        let also = account.and_then(|account| match account.state {
            State::Pending { .. } if !account.is_expired(now) => Some(Self::InvitationStops),
            State::Active { .. } | State::Locked { .. } => Some(Self::NoticesStop),
            _ => None,
        });
        std::iter::once(Self::ConsentEnds).chain(also).collect()
    }
}

/// What changed in an individual's record that their account depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordChange {
    /// Consent to email.
    pub consent: ConsentChange,
    /// A birth date that was known is another now.
    pub birth_date_corrected: bool,
}

impl RecordChange {
    /// What changed from one record to the next. In somebody new, nothing that an account could depend on but consent.
    #[must_use]
    pub fn between(before: Option<&Individual>, after: &Individual) -> Self {
        let consent = |of: &Individual| of.consent().map(|row| (row.contact, row.address.clone()));
        let born = |of: &Individual| of.birth_date;
        let (former, now) = (before.and_then(consent), consent(after));
        Self {
            consent: match (&former, &now) {
                _ if former == now => ConsentChange::Unchanged,
                (_, Some(_)) => ConsentChange::Given,
                (_, None) => ConsentChange::Withdrawn,
            },
            birth_date_corrected: before.and_then(born).is_some_and(|known| Some(known) != after.birth_date),
        }
    }

    /// Whether an account needs to be looked at.
    #[must_use]
    pub fn concerns_accounts(self) -> bool {
        self.birth_date_corrected || self.consent != ConsentChange::Unchanged
    }
}

impl Account {
    /// The account after such a change of the record that `context` shows, if it means something for the account: while
    /// it is Pending, consent sends the activation, without consent it waits for a worker (B2), and a corrected birth
    /// date clears the count of misses (B3).
    #[must_use]
    pub fn record_changed(&self, change: RecordChange, context: Context<'_>) -> Option<Changed> {
        let cleared = self.birth_date_corrected().ok().filter(|_| change.birth_date_corrected);
        let current = cleared.as_ref().map_or(self, |cleared| &cleared.account);
        let consent = match change.consent {
            ConsentChange::Unchanged => None,
            ConsentChange::Given => current.consent_given(context).ok(),
            ConsentChange::Withdrawn => current.consent_withdrawn(context.now),
        };
        let Some(mut changed) = consent else { return cleared };
        changed.events.splice(0..0, cleared.into_iter().flat_map(|cleared| cleared.events));
        Some(changed)
    }

    fn consent_withdrawn(&self, now: DateTime<Utc>) -> Option<Changed> {
        self.alerted(AlertKind::NoConsent, now)?;
        Some(self.to(Rule::B2, self.state).alert(AlertKind::NoConsent, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::LockReason;
    use crate::individual::Origin;
    use crate::samples::{WORKER, account, at, context, date, email_contact, individual, settings};

    const LATER: i64 = 7 * 24;

    fn pending(misses: u8) -> Account {
        account(State::Pending { since: at(0), expires_at: at(LATER), remind_at: None, misses })
    }

    #[test]
    fn what_ends_with_consent_depends_on_the_account() {
        use Consequence::{ConsentEnds, InvitationStops, NoticesStop};
        let of = |account: &Account, hours| Consequence::of_lost_consent(Some(account), at(hours));
        assert_eq!(Consequence::of_lost_consent(None, at(0)), [ConsentEnds]);
        assert_eq!(of(&pending(0), 0), [ConsentEnds, InvitationStops]);
        assert_eq!(of(&pending(0), LATER), [ConsentEnds]);
        let locked = State::Locked { reason: LockReason::Suspended, since: at(0), must_reset: false };
        for state in [State::Active { failed_sign_ins: 0, must_reset: false }, locked] {
            assert_eq!(of(&account(state), 0), [ConsentEnds, NoticesStop]);
        }
        assert_eq!(of(&account(State::Disabled { since: at(0) }), 0), [ConsentEnds]);
    }

    #[test]
    fn what_an_account_depends_on_is_seen_in_the_records() {
        let known = individual();
        let change = |consent, birth_date_corrected| RecordChange { consent, birth_date_corrected };
        let between = |before: Option<&Individual>, after: &Individual| RecordChange::between(before, after);
        assert_eq!(between(None, &known), change(ConsentChange::Given, false));
        assert_eq!(between(Some(&known), &known), change(ConsentChange::Unchanged, false));
        let corrected = Individual { birth_date: Some(date("1991-05-17")), ..known.clone() };
        assert_eq!(between(Some(&known), &corrected), change(ConsentChange::Unchanged, true));
        let unknown = Individual { birth_date: None, ..known.clone() };
        assert_eq!(between(Some(&unknown), &known), change(ConsentChange::Unchanged, false));
        let mut withdrawn = known.clone();
        withdrawn.set_communication_settings(None, Origin::Worker(WORKER), at(0)).unwrap();
        assert_eq!(between(Some(&known), &withdrawn), change(ConsentChange::Withdrawn, false));
        assert_eq!(between(Some(&withdrawn), &known), change(ConsentChange::Given, false));
        let mut moved = known.clone();
        let second = email_contact(20, "second@example.org");
        moved.put_contact(second.clone(), Origin::Worker(WORKER), at(0)).unwrap();
        moved.set_communication_settings(Some(second.id), Origin::Worker(WORKER), at(0)).unwrap();
        assert_eq!(between(Some(&known), &moved), change(ConsentChange::Given, false));
    }

    #[test]
    fn consent_and_a_corrected_birth_date_are_told_together() {
        let (individual, settings) = (individual(), settings());
        let context = context(&individual, &settings, 1);
        let changed = |consent, birth_date_corrected| {
            pending(2).record_changed(RecordChange { consent, birth_date_corrected }, context)
        };
        assert_eq!(changed(ConsentChange::Unchanged, false), None);
        let cleared = changed(ConsentChange::Unchanged, true).unwrap();
        assert_eq!((cleared.transition.rule, cleared.account.attempts_left()), (Rule::B3, 3));
        let invited = changed(ConsentChange::Given, false).unwrap();
        assert_eq!((invited.transition.rule, invited.account.attempts_left()), (Rule::B2, 1));
        let both = changed(ConsentChange::Given, true).unwrap();
        assert_eq!((both.transition.rule, both.account.attempts_left()), (Rule::B2, 3));
        assert_eq!(both.events, [cleared.events, invited.events].concat());
        let waiting = changed(ConsentChange::Withdrawn, false).unwrap();
        assert_eq!((waiting.events, waiting.account.state), (vec![], pending(2).state));
        assert!(waiting.account.alerts.contains_key(&AlertKind::NoConsent));
        let active = account(State::Active { failed_sign_ins: 0, must_reset: false });
        let change = RecordChange { consent: ConsentChange::Withdrawn, birth_date_corrected: true };
        assert_eq!(active.record_changed(change, context), None);
    }
}
