//! Which accounts a worker is looking for, or bulk work is for.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Account, State, StateName, TransitionReason};
use crate::alert::AlertKind;
use crate::birth_date::BirthDate;
use crate::email::EmailAddress;
use crate::fields;
use crate::id::SiteId;
use crate::individual::Individual;
use crate::name;

/// The longest time ahead in which an invitation can expire, in days.
const LONGEST_EXPIRY: u16 = 30;

/// A state, with its reason or with any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Status {
    /// The state.
    pub state: StateName,
    /// Of a Locked or Closed account; none for all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<TransitionReason>,
}

impl Status {
    /// Every status an account can have, those with reasons by reason.
    #[must_use]
    pub fn every() -> Vec<Self> {
        let states = StateName::ALL.iter().filter(|state| **state != StateName::None);
        states.flat_map(|state| Self { state: *state, reason: None }.each()).collect()
    }

    /// The status of an account.
    #[must_use]
    pub const fn of(account: &Account) -> Self {
        Self { state: account.state.name(), reason: account.state.reason() }
    }

    /// The statuses it stands for: of a state that has reasons each of them, unless it names one.
    #[must_use]
    pub fn each(self) -> Vec<Self> {
        let reasons: Vec<_> = match (self.state, self.reason) {
            (StateName::Locked, None) => {
                super::LockReason::ALL.iter().copied().map(TransitionReason::Lock).collect()
            }
            (StateName::Closed, None) => {
                super::CloseReason::ALL.iter().copied().map(TransitionReason::Close).collect()
            }
            _ => return vec![self],
        };
        reasons.into_iter().map(|reason| Self { reason: Some(reason), ..self }).collect()
    }

    fn is_of(self, account: &Account) -> bool {
        let actual = Self::of(account);
        self.state == actual.state && (self.reason.is_none() || self.reason == actual.reason)
    }

    const fn exists(self) -> bool {
        matches!(
            (self.state, self.reason),
            (StateName::Pending | StateName::Active | StateName::Disabled, None)
                | (StateName::Locked, None | Some(TransitionReason::Lock(_)))
                | (StateName::Closed, None | Some(TransitionReason::Close(_)))
        )
    }
}

/// Criteria as they are typed, sent and kept. What is left out doesn't matter; of instants, `from` is within and `to`
/// isn't.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, remote = "Self")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Asked {
    /// One of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<Status>,
    /// Beginnings of the individual's names, at least two characters; accents and case don't matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The whole sign-in email.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The individual's, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    /// The individual's home site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_id: Option<SiteId>,
    /// Created then or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_from: Option<DateTime<Utc>>,
    /// Created before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_to: Option<DateTime<Utc>>,
    /// Last activated then or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activated_from: Option<DateTime<Utc>>,
    /// Last activated before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activated_to: Option<DateTime<Utc>>,
    /// Has signed in, but not since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_signed_in_before: Option<DateTime<Utc>>,
    /// Has never signed in.
    pub never_signed_in: bool,
    /// An invitation that ends within so many days, 1 to 30, and hasn't ended yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiring_within_days: Option<u16>,
    /// A mail to the sign-in email came back, and nobody has settled that.
    pub mail_bounced: bool,
}

impl Serialize for Asked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

/// Takes an object only: a list, too, would be read field by field, and an empty one would find everybody.
impl<'de> Deserialize<'de> for Asked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByName;

        impl<'de> Visitor<'de> for ByName {
            type Value = Asked;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of criteria")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Asked, A::Error> {
                Asked::deserialize(MapAccessDeserializer::new(map))
            }
        }

        deserializer.deserialize_map(ByName)
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asked(…)")
    }
}

/// A criterion that can't be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {help}")]
pub struct NotACriterion {
    /// Which one, as [`Asked`] names it.
    pub field: &'static str,
    /// What to do, in English. Holds nothing of what was typed.
    pub help: String,
}

/// Criteria as they are compared: an account is found if it fits all of them. Without any, every account is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Asked", into = "Asked")]
pub struct Criteria {
    asked: Asked,
    email: Option<EmailAddress>,
    birth_date: Option<BirthDate>,
}

impl fmt::Debug for Criteria {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Criteria(…)")
    }
}

impl From<Criteria> for Asked {
    fn from(criteria: Criteria) -> Self {
        criteria.asked
    }
}

impl TryFrom<Asked> for Criteria {
    type Error = NotACriterion;

    fn try_from(asked: Asked) -> Result<Self, NotACriterion> {
        let wrong = |field, help: &str| Err(NotACriterion { field, help: help.to_owned() });
        if !asked.statuses.iter().all(|status| status.exists()) {
            return wrong(
                "statuses",
                "Choose a state that accounts have, with one of its own reasons or none",
            );
        }
        let too_short = |name: &String| name::tokens(name).iter().all(|word| word.chars().count() < 2);
        if asked.name.as_ref().is_some_and(too_short) {
            return wrong("name", "Write at least two letters of a name");
        }
        for (field, from, to) in [
            ("created_to", asked.created_from, asked.created_to),
            ("activated_to", asked.activated_from, asked.activated_to),
        ] {
            if from.zip(to).is_some_and(|(from, to)| to <= from) {
                return wrong(field, "Choose an end after the beginning");
            }
        }
        if asked.never_signed_in && asked.last_signed_in_before.is_some() {
            return wrong("never_signed_in", "Choose either never signed in or not signed in since");
        }
        if asked.expiring_within_days.is_some_and(|days| !(1..=LONGEST_EXPIRY).contains(&days)) {
            return wrong("expiring_within_days", "Choose 1 to 30 days");
        }
        let email = asked.email.as_deref().map(fields::email).transpose();
        let email = email.map_err(|wrong| NotACriterion { field: "email", help: wrong.help })?;
        let birth_date = asked.birth_date.as_deref().map(str::parse::<BirthDate>).transpose();
        let birth_date =
            birth_date.map_err(|error| NotACriterion { field: "birth_date", help: error.to_string() })?;
        Ok(Self { asked, email, birth_date })
    }
}

impl Criteria {
    /// As they were asked for.
    #[must_use]
    pub const fn asked(&self) -> &Asked {
        &self.asked
    }

    /// The sign-in email that is looked for.
    #[must_use]
    pub const fn email(&self) -> Option<&EmailAddress> {
        self.email.as_ref()
    }

    /// The birth date that is looked for.
    #[must_use]
    pub const fn birth_date(&self) -> Option<BirthDate> {
        self.birth_date
    }

    /// Whether accounts can't be judged without the individuals whose they are.
    #[must_use]
    pub const fn needs_individual(&self) -> bool {
        self.asked.name.is_some() || self.birth_date.is_some() || self.asked.site_id.is_some()
    }

    /// Whether an account fits all of them. Without the individual it doesn't where they are needed.
    #[must_use]
    pub fn fits(&self, account: &Account, individual: Option<&Individual>, now: DateTime<Utc>) -> bool {
        self.fits_account(account, now)
            && (!self.needs_individual()
                || individual.is_some_and(|individual| self.fits_individual(individual)))
    }

    /// Whether an account fits what it can be judged by alone.
    #[must_use]
    pub fn fits_account(&self, account: &Account, now: DateTime<Utc>) -> bool {
        let asked = &self.asked;
        let within = |at: Option<DateTime<Utc>>, from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>| {
            from.is_none_or(|from| at.is_some_and(|at| from <= at))
                && to.is_none_or(|to| at.is_some_and(|at| at < to))
        };
        (asked.statuses.is_empty() || asked.statuses.iter().any(|status| status.is_of(account)))
            && self.email.as_ref().is_none_or(|email| account.email == *email)
            && within(Some(account.created_at), asked.created_from, asked.created_to)
            && within(account.activated_at(), asked.activated_from, asked.activated_to)
            && within(account.last_sign_in, None, asked.last_signed_in_before)
            && !(asked.never_signed_in && account.last_sign_in.is_some())
            && asked.expiring_within_days.is_none_or(|days| expires_within(account, days, now))
            && (!asked.mail_bounced || account.alerts.contains_key(&AlertKind::Bounced))
    }

    fn fits_individual(&self, individual: &Individual) -> bool {
        self.asked.name.as_deref().is_none_or(|name| individual.name.begins_with(name))
            && self.birth_date.is_none_or(|date| individual.birth_date == Some(date))
            && self.asked.site_id.is_none_or(|site| individual.site == site)
    }
}

fn expires_within(account: &Account, days: u16, now: DateTime<Utc>) -> bool {
    let until = now + TimeDelta::days(i64::from(days));
    matches!(account.state, State::Pending { expires_at, .. } if now < expires_at && expires_at <= until)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Acceptance, CloseReason, LockReason};
    use crate::samples::{SITE, account, at, individual};

    const PENDING: State = State::Pending {
        since: DateTime::UNIX_EPOCH,
        expires_at: DateTime::UNIX_EPOCH,
        remind_at: None,
        misses: 0,
    };

    fn asked(change: impl FnOnce(&mut Asked)) -> Asked {
        let mut asked = Asked::default();
        change(&mut asked);
        asked
    }

    fn criteria(change: impl FnOnce(&mut Asked)) -> Criteria {
        asked(change).try_into().unwrap()
    }

    /// Invited at hour 0 until hour 48, activated at hour 5, signed in at hour 9; its mail has bounced.
    fn known(state: State) -> Account {
        Account {
            acceptance: Some(Acceptance { privacy: 3, terms: 5, at: at(5) }),
            last_sign_in: Some(at(9)),
            alerts: [(AlertKind::Bounced, at(10))].into(),
            ..account(state)
        }
    }

    fn active() -> Account {
        known(State::Active { failed_sign_ins: 0, must_reset: false })
    }

    /// Whether an account fits at hour 24.
    fn fits(account: &Account, change: impl FnOnce(&mut Asked)) -> bool {
        criteria(change).fits(account, Some(&individual()), at(24))
    }

    #[test]
    fn without_criteria_every_account_is_found() {
        assert!(fits(&active(), |_| {}));
        assert!(Criteria::try_from(Asked::default()).unwrap().fits(&active(), None, at(24)));
    }

    #[test]
    fn one_of_the_statuses_has_to_be_the_accounts() {
        let locked = |reason| known(State::Locked { reason, since: at(12), must_reset: false });
        let suspended = locked(LockReason::Suspended);
        let status = |state, reason| Status { state, reason };
        let lock = |reason| status(StateName::Locked, Some(TransitionReason::Lock(reason)));
        for (wanted, found) in [
            (vec![status(StateName::Active, None)], false),
            (vec![status(StateName::Locked, None)], true),
            (vec![lock(LockReason::Suspended)], true),
            (vec![lock(LockReason::FailedSignIns)], false),
            (vec![lock(LockReason::FailedSignIns), lock(LockReason::Suspended)], true),
        ] {
            assert_eq!(fits(&suspended, |asked| asked.statuses.clone_from(&wanted)), found, "{wanted:?}");
        }
    }

    #[test]
    fn every_status_is_one_that_exists() {
        let every = Status::every();
        assert_eq!(every.len(), 3 + LockReason::ALL.len() + CloseReason::ALL.len());
        assert!(every.iter().all(|status| status.exists() && status.each() == [*status]));
        assert!(every.contains(&Status::of(&active())));
    }

    #[test]
    fn the_individual_is_looked_at_where_a_criterion_asks_for_it() {
        for (fitting, other) in [
            (
                asked(|asked| asked.name = Some("ZOE on".to_owned())),
                asked(|asked| asked.name = Some("zoa".to_owned())),
            ),
            (
                asked(|asked| asked.birth_date = Some("1990-05-17".to_owned())),
                asked(|asked| asked.birth_date = Some("1990-05-18".to_owned())),
            ),
            (
                asked(|asked| asked.site_id = Some(SITE)),
                asked(|asked| asked.site_id = Some(SiteId::new(uuid::Uuid::from_u128(99)))),
            ),
        ] {
            let fitting = Criteria::try_from(fitting).unwrap();
            assert!(fitting.needs_individual());
            assert!(fitting.fits(&active(), Some(&individual()), at(24)));
            assert!(!fitting.fits(&active(), None, at(24)));
            assert!(!Criteria::try_from(other).unwrap().fits(&active(), Some(&individual()), at(24)));
        }
        assert!(!criteria(|asked| asked.mail_bounced = true).needs_individual());
    }

    #[test]
    fn an_address_is_compared_as_sign_in_names_are() {
        assert!(fits(&active(), |asked| asked.email = Some(" Zoe@EXAMPLE.org".to_owned())));
        assert!(!fits(&active(), |asked| asked.email = Some("zo@example.org".to_owned())));
    }

    #[test]
    fn times_are_from_and_up_to() {
        for (from, to, found) in [(-1, 0, false), (0, 1, true), (-1, 1, true), (1, 2, false)] {
            assert_eq!(
                fits(&active(), |asked| (asked.created_from, asked.created_to) =
                    (Some(at(from)), Some(at(to)))),
                found,
                "created {from}–{to}"
            );
            let activated = |asked: &mut Asked| {
                (asked.activated_from, asked.activated_to) = (Some(at(from + 5)), Some(at(to + 5)));
            };
            assert_eq!(fits(&active(), activated), found, "activated {from}–{to}");
        }
        let invited = Account { acceptance: None, last_sign_in: None, ..active() };
        assert!(!fits(&invited, |asked| asked.activated_to = Some(at(99))), "not activated");
    }

    #[test]
    fn who_never_signed_in_is_not_among_those_who_did_long_ago() {
        let never = Account { last_sign_in: None, ..active() };
        assert!(fits(&never, |asked| asked.never_signed_in = true));
        assert!(!fits(&active(), |asked| asked.never_signed_in = true));
        assert!(!fits(&never, |asked| asked.last_signed_in_before = Some(at(24))));
        assert!(fits(&active(), |asked| asked.last_signed_in_before = Some(at(10))));
        assert!(!fits(&active(), |asked| asked.last_signed_in_before = Some(at(9))));
    }

    #[test]
    fn invitations_that_end_soon_have_not_ended() {
        let until = |hours| {
            let State::Pending { since, remind_at, misses, .. } = PENDING else { unreachable!() };
            known(State::Pending { since, expires_at: at(hours), remind_at, misses })
        };
        for (hours, found) in [(24, false), (25, true), (48, true), (49, false)] {
            assert_eq!(fits(&until(hours), |asked| asked.expiring_within_days = Some(1)), found, "{hours}");
        }
        assert!(!fits(&active(), |asked| asked.expiring_within_days = Some(30)));
    }

    #[test]
    fn a_bounce_counts_until_it_is_settled() {
        assert!(fits(&active(), |asked| asked.mail_bounced = true));
        assert!(!fits(&active().settled(&[AlertKind::Bounced]).unwrap(), |asked| asked.mail_bounced = true));
    }

    #[test]
    fn all_criteria_have_to_fit() {
        let both = |created_from| {
            move |asked: &mut Asked| {
                (asked.never_signed_in, asked.created_from) = (true, Some(at(created_from)));
            }
        };
        let never = Account { last_sign_in: None, ..active() };
        assert!(fits(&never, both(0)));
        assert!(!fits(&never, both(1)));
        assert!(!fits(&active(), both(0)));
    }

    #[test]
    fn what_cannot_be_asked_is_refused_by_its_field() {
        let status = |state, reason| vec![Status { state, reason }];
        let suspended = Some(TransitionReason::Lock(LockReason::Suspended));
        for (asked, field) in [
            (asked(|asked| asked.statuses = status(StateName::None, None)), "statuses"),
            (asked(|asked| asked.statuses = status(StateName::Closed, suspended)), "statuses"),
            (asked(|asked| asked.name = Some("z o".to_owned())), "name"),
            (asked(|asked| asked.name = Some(" ".to_owned())), "name"),
            (asked(|asked| asked.email = Some("zoe".to_owned())), "email"),
            (asked(|asked| asked.birth_date = Some("17 May".to_owned())), "birth_date"),
            (
                asked(|asked| (asked.created_from, asked.created_to) = (Some(at(1)), Some(at(1)))),
                "created_to",
            ),
            (
                asked(|asked| (asked.activated_from, asked.activated_to) = (Some(at(2)), Some(at(1)))),
                "activated_to",
            ),
            (asked(|asked| asked.expiring_within_days = Some(0)), "expiring_within_days"),
            (asked(|asked| asked.expiring_within_days = Some(31)), "expiring_within_days"),
            (
                asked(|asked| {
                    (asked.never_signed_in, asked.last_signed_in_before) = (true, Some(at(1)));
                }),
                "never_signed_in",
            ),
        ] {
            assert_eq!(Criteria::try_from(asked).unwrap_err().field, field);
        }
    }

    #[test]
    fn criteria_are_kept_as_they_were_asked_and_checked_again_when_read() {
        let kept = r#"{"statuses":[{"state":"locked","reason":"suspended"}],"email":"Zoe@example.org","never_signed_in":true,"mail_bounced":false}"#;
        let criteria: Criteria = serde_json::from_str(kept).unwrap();
        assert_eq!(serde_json::to_string(&criteria).unwrap(), kept);
        assert!(!format!("{criteria:?}{:?}", criteria.asked()).contains("example"));
        serde_json::from_str::<Criteria>(r#"{"expiring_within_days":31}"#).unwrap_err();
        for other in [r#"{"state":"active"}"#, "[]", "[[]]", "null"] {
            serde_json::from_str::<Criteria>(other).unwrap_err();
        }
    }
}
