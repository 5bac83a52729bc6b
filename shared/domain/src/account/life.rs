//! The account's life: random actions, against a model that knows nothing of the code.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::{Account, BIRTH_DATE_ATTEMPTS, Changed, Judged, LockReason, Refused, State, StateName};
use crate::alert::AlertKind;
use crate::individual::{ConsentChange, Individual, Origin};
use crate::samples::{
    ACCOUNT, EMAIL_CONTACT, MAIL, TEXTS, WORKER, at, context, date, email, individual, opening, settings_with,
};
use crate::settings::Settings;

#[derive(Clone, Copy, Debug)]
enum Step {
    Create,
    Reopen,
    Resend,
    AskAgain,
    TryBirthDate { right: bool, old_link: bool },
    Expire,
    Close,
    WrongPassword,
    SignIn,
    ChangeEmail,
    Suspend,
    Unlock,
    Disable,
    Enable,
    ForceReset,
    ForgetPassword,
    ResetPassword { old_link: bool },
    SetConsent(bool),
    CorrectBirthDate,
    Wait(i64),
    Remind,
    Bounce,
    AskForInvitation,
    Settle,
}

fn step() -> impl Strategy<Value = Step> {
    use Step::{
        AskAgain, AskForInvitation, Bounce, ChangeEmail, Close, CorrectBirthDate, Create, Disable, Enable,
        Expire, ForceReset, ForgetPassword, Remind, Reopen, Resend, ResetPassword, SetConsent, Settle,
        SignIn, Suspend, TryBirthDate, Unlock, Wait, WrongPassword,
    };
    let seldom = prop_oneof![
        Just(Reopen),
        Just(Close),
        Just(Suspend),
        Just(Unlock),
        Just(Disable),
        Just(Enable),
        Just(ForceReset),
        Just(ChangeEmail),
        Just(CorrectBirthDate),
        Just(Expire),
        Just(Bounce),
        Just(AskForInvitation),
        Just(Settle),
        any::<bool>().prop_map(SetConsent),
    ];
    let often = prop_oneof![
        Just(Create),
        Just(Resend),
        Just(AskAgain),
        Just(SignIn),
        Just(ForgetPassword),
        Just(Remind),
        Just(WrongPassword),
        Just(WrongPassword),
        (0_i64..6).prop_map(|half_days| Wait(12 * half_days)),
        any::<bool>().prop_map(|old_link| ResetPassword { old_link }),
        (any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(right, old_link)| TryBirthDate { right, old_link }),
    ];
    prop_oneof![2 => often, 1 => seldom]
}

/// The account as a few plain words would tell it.
#[derive(Clone, Debug, Default)]
struct Model {
    /// N(one), P(ending), A(ctive), F(ailed sign-ins), S(uspended), D(isabled), C(losed).
    state: char,
    expires: i64,
    misses: u8,
    wrong: u16,
    must_reset: bool,
    consent: bool,
    reset_link_until: Option<i64>,
    by_worker: bool,
    /// What needs a worker: the (t)hird miss, (e)xpiring, e(x)pired, (b)ounced, (l)ocked, (n)o consent, (i)nvitation.
    alerts: BTreeSet<char>,
}

impl Model {
    /// Does the step, and says whether it may be done.
    fn does(&mut self, step: Step, now: i64) -> bool {
        let (before, expires) = (self.state, self.expires);
        let done = self.moves(step, now);
        let anew = self.state == 'P' && (self.expires != expires || before != 'P');
        if done {
            self.alert(step, anew, before, now);
        }
        done
    }

    /// What needs a worker after a step that was done.
    fn alert(&mut self, step: Step, anew: bool, before: char, now: i64) {
        let ended: &str = match step {
            Step::Create | Step::Reopen | Step::Enable | Step::Disable | Step::Close => "texbnli",
            Step::Expire => "ebn",
            Step::TryBirthDate { .. } if self.state == 'A' => "ebni",
            Step::TryBirthDate { .. } if self.state == 'C' => "ebn",
            Step::Resend | Step::SetConsent(true) if anew => "ebni",
            Step::Resend => "n",
            Step::SetConsent(true) if now < self.expires => "n",
            Step::Suspend | Step::Unlock | Step::ResetPassword { .. } if self.state != 'F' => "l",
            Step::ChangeEmail => "b",
            Step::Settle => "txbi",
            _ => "",
        };
        self.alerts.retain(|alert| !ended.contains(*alert));
        self.alerts.extend(match step {
            Step::Expire => Some('x'),
            Step::TryBirthDate { .. } if self.state == 'C' => Some('t'),
            Step::WrongPassword if self.state == 'F' && before == 'A' => Some('l'),
            Step::Bounce => Some('b'),
            Step::AskForInvitation => Some('i'),
            Step::Remind if self.expires - now <= 48 => Some('e'),
            Step::SetConsent(false) | Step::Create | Step::Reopen | Step::Enable | Step::Resend
                if self.state == 'P' && !self.consent =>
            {
                Some('n')
            }
            _ => None,
        });
    }

    /// Changes all but what needs a worker.
    fn moves(&mut self, step: Step, now: i64) -> bool {
        const LIFE: i64 = 7 * 24;
        let late = now >= self.expires;
        let begin = |model: &mut Self| {
            (model.state, model.expires, model.misses, model.must_reset) = ('P', now + LIFE, 0, false);
        };
        let close = |model: &mut Self, by_worker| (model.state, model.by_worker) = ('C', by_worker);
        let unlocked = |model: &mut Self| (model.state, model.wrong) = ('A', 0);
        match (step, self.state) {
            (Step::Wait(_) | Step::SetConsent(_), _) => {
                if let Step::SetConsent(consent) = step {
                    if consent && !self.consent && self.state == 'P' && !late {
                        self.expires = now + LIFE;
                    }
                    self.consent = consent;
                }
            }
            (Step::Create, 'N' | 'C') | (Step::Enable, 'D') => {
                begin(self);
                if matches!(step, Step::Create) {
                    self.reset_link_until = None;
                }
            }
            (Step::Reopen, 'C') if !self.by_worker => {
                begin(self);
                self.reset_link_until = None;
            }
            (Step::Resend, 'P') => self.expires = now + LIFE,
            (Step::Bounce, 'P' | 'A' | 'F' | 'S') if !self.alerts.contains(&'b') => {}
            (Step::AskForInvitation, 'P' | 'C') if !self.alerts.contains(&'i') => {}
            (Step::Remind, 'P') if !late && now + 48 >= self.expires && !self.alerts.contains(&'e') => {}
            (Step::Settle, _) if self.alerts.iter().any(|alert| "txbi".contains(*alert)) => {}
            (Step::AskAgain | Step::ForgetPassword, 'P') if !late && self.consent => {}
            (Step::TryBirthDate { right, old_link: false }, 'P') if !late && self.consent => {
                self.misses += 1;
                if right {
                    unlocked(self);
                    self.must_reset = false;
                } else if self.misses == 3 {
                    close(self, false);
                }
            }
            (Step::Expire, 'P') if late => close(self, false),
            (Step::Close, 'P') => close(self, false),
            (Step::Close, 'A' | 'F' | 'S' | 'D') => close(self, true),
            (Step::WrongPassword, 'A') => {
                self.wrong += 1;
                if self.wrong >= 3 {
                    (self.state, self.reset_link_until) = ('F', Some(now + 1));
                }
            }
            (Step::SignIn, 'A') if !self.must_reset => self.wrong = 0,
            (Step::ChangeEmail, 'A') => self.reset_link_until = None,
            (Step::Suspend, 'A' | 'F') => (self.state, self.reset_link_until) = ('S', None),
            (Step::Unlock, 'F' | 'S') => unlocked(self),
            (Step::Disable, 'P' | 'A' | 'F' | 'S') => self.state = 'D',
            (Step::ForceReset, 'A' | 'F' | 'S') => self.must_reset = true,
            (Step::CorrectBirthDate, 'P') => self.misses = 0,
            (Step::ForgetPassword, 'A' | 'F') => self.reset_link_until = Some(now + 1),
            (Step::ResetPassword { old_link: false }, 'A' | 'F')
                if self.reset_link_until.is_some_and(|until| now < until) =>
            {
                unlocked(self);
                (self.must_reset, self.reset_link_until) = (false, None);
            }
            _ => return false,
        }
        true
    }
}

/// The rules' own telling of the same, with the counts that a store would keep.
struct Life {
    account: Option<Account>,
    individual: Individual,
    settings: Settings,
    free: i8,
}

impl Life {
    /// Does the step, and says whether it could be done.
    fn does(&mut self, step: Step, now: i64) -> bool {
        match self.decide(step, now) {
            Ok(Some(changed)) => self.take(changed),
            Ok(None) => {}
            Err(_) => return false,
        }
        true
    }

    fn decide(&mut self, step: Step, now: i64) -> Result<Option<Changed>, Option<Refused>> {
        if let Step::SetConsent(consent) = step {
            let contact = consent.then_some(EMAIL_CONTACT);
            let by = Origin::Worker(WORKER);
            let change = self.individual.set_communication_settings(contact, by, at(now)).unwrap();
            let context = context(&self.individual, &self.settings, now);
            let account = self.account.as_ref().filter(|_| change == ConsentChange::Given);
            if let Some(alerted) = self.account.as_ref().and_then(|account| {
                account.alerted(AlertKind::NoConsent, at(now)).filter(|_| change == ConsentChange::Withdrawn)
            }) {
                self.account = Some(alerted);
                return Ok(None);
            }
            return Ok(account.and_then(|account| account.consent_given(context).ok()));
        }
        if let Step::Wait(_) = step {
            return Ok(None);
        }
        let (individual, settings) = (&self.individual, &self.settings);
        let context = context(individual, settings, now);
        let mut opening = opening(context);
        opening.open_account = self.account.as_ref().is_some_and(|account| account.state.name().is_open());
        if let Step::Create = step {
            return Ok(Some(Account::create(ACCOUNT, &opening)?));
        }
        let account = self.account.as_mut().ok_or(None)?;
        let without_transition = match step {
            Step::Remind => Some(account.remind(context).map(|reminded| reminded.account)),
            Step::Bounce => Some(account.alerted(AlertKind::Bounced, at(now))),
            Step::AskForInvitation => Some(account.alerted(AlertKind::InvitationAskedFor, at(now))),
            Step::Settle => Some(account.settled(AlertKind::ALL)),
            _ => None,
        };
        if let Some(changed) = without_transition {
            *account = changed.ok_or(None)?;
            return Ok(None);
        }
        let generation = |account: &Account, old_link: bool| account.generation - u16::from(old_link);
        let changed = match step {
            Step::Reopen => account.reopen(ACCOUNT, &opening)?,
            Step::Resend => account.resend(context)?,
            Step::AskAgain => account.ask_again(context)?,
            Step::TryBirthDate { right, old_link } => {
                let generation = generation(account, old_link);
                account.check_link(individual, settings, at(now), generation)?;
                if let State::Pending { misses, .. } = &mut account.state {
                    *misses += 1;
                }
                let given = date(if right { "1990-05-17" } else { "1990-05-18" });
                match account.judge_birth_date(individual, given) {
                    Judged::Matched => {
                        account.activate(individual, settings, at(now), generation, given, TEXTS)?
                    }
                    Judged::Missed { .. } | Judged::LastMiss => account.miss_birth_date(at(now))?,
                }
            }
            Step::Expire => account.expire(at(now))?,
            Step::Close => account.close(at(now))?,
            Step::WrongPassword => {
                if let State::Active { failed_sign_ins, .. } = &mut account.state {
                    *failed_sign_ins += 1;
                }
                return Ok(account.wrong_password(settings, at(now), MAIL)?);
            }
            Step::SignIn => account.sign_in(settings, at(now))?,
            Step::ChangeEmail => {
                let another = ["zoe@example.org", "new@example.org"].map(email);
                let another = another.into_iter().find(|address| *address != account.email);
                account.change_email(another.unwrap(), MAIL, MAIL)?
            }
            Step::Suspend => account.suspend(at(now))?,
            Step::Unlock => account.unlock()?,
            Step::Disable => account.disable(at(now))?,
            Step::Enable => account.enable(&opening)?,
            Step::ForceReset => account.force_reset()?,
            Step::ForgetPassword => account.forget_password(context)?,
            Step::ResetPassword { old_link } => {
                account.reset_password(generation(account, old_link), context)?
            }
            Step::CorrectBirthDate => account.birth_date_corrected()?,
            _ => return Ok(None),
        };
        Ok(Some(changed))
    }

    fn take(&mut self, changed: Changed) {
        self.free += changed.free_licences(false);
        if let Some(before) = self.account.as_ref().filter(|_| changed.transition.from != StateName::None) {
            assert_ne!(before.state.name(), StateName::Closed, "closed is final");
            assert!(changed.account.generation >= before.generation, "generations never fall");
            assert_eq!(changed.account.epoch > before.epoch, changed.ends_sessions, "sessions end by epoch");
        }
        self.account = Some(changed.account);
    }

    fn alerts(&self) -> BTreeSet<char> {
        let kinds = self.account.iter().flat_map(|account| account.alerts.keys());
        kinds
            .map(|kind| match kind {
                AlertKind::ThirdMiss => 't',
                AlertKind::Expiring => 'e',
                AlertKind::Expired => 'x',
                AlertKind::Bounced => 'b',
                AlertKind::Locked => 'l',
                AlertKind::NoConsent => 'n',
                AlertKind::InvitationAskedFor => 'i',
            })
            .collect()
    }

    fn state(&self) -> char {
        match self.account.as_ref().map(|account| account.state) {
            None => 'N',
            Some(State::Pending { .. }) => 'P',
            Some(State::Active { .. }) => 'A',
            Some(State::Locked { reason: LockReason::FailedSignIns, .. }) => 'F',
            Some(State::Locked { reason: LockReason::Suspended, .. }) => 'S',
            Some(State::Disabled { .. }) => 'D',
            Some(State::Closed { .. }) => 'C',
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_261_122),
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_life_strays_from_the_rules(steps in prop::collection::vec(step(), 1..60)) {
        let settings = settings_with(|draft| draft.general.failed_sign_ins = 3);
        let mut life = Life { account: None, individual: individual(), settings, free: 5 };
        let mut model = Model { state: 'N', consent: true, ..Model::default() };
        let mut now = 0;
        for step in steps {
            if let Step::Wait(hours) = step {
                now += hours;
            }
            prop_assert_eq!(life.does(step, now), model.does(step, now), "{:?} in {:?}", step, model);
            prop_assert_eq!(life.state(), model.state, "after {:?}", step);
            prop_assert_eq!(life.alerts(), model.alerts.clone(), "after {:?}", step);
            prop_assert_eq!(life.free, 5 - i8::from("PAFS".contains(model.state)), "free and used are all there are");
            match life.account.as_ref().map(|account| account.state) {
                Some(State::Pending { expires_at, misses, .. }) => {
                    prop_assert_eq!((expires_at, misses), (at(model.expires), model.misses));
                    prop_assert!(misses < BIRTH_DATE_ATTEMPTS);
                }
                Some(State::Active { failed_sign_ins, must_reset }) => {
                    prop_assert_eq!((failed_sign_ins, must_reset), (model.wrong, model.must_reset));
                }
                Some(State::Locked { must_reset, .. }) => prop_assert_eq!(must_reset, model.must_reset),
                _ => {}
            }
        }
    }
}
