//! What the table can't show: guards of opening and activating, and what transitions bring about.

use super::{
    Acceptance, Account, AgeOverride, Changed, Context, Credentials, Judged, Landing, Opening, Reason, Rule,
    State, StateName,
};
use crate::account::CloseReason;
use crate::individual::{Individual, Origin};
use crate::journal::JournalEvent;
use crate::mail::{Decision, decide_activation_mail};
use crate::samples::{
    ACCOUNT, EMAIL_CONTACT, MAIL, TEXTS, WORKER, account, at, context, date, email, email_contact,
    individual, opening, settings, settings_with, worker,
};
use crate::settings::{Draft, Settings, Test, Texts};
use crate::worker::{SecurityClass, UserGroup};

const PENDING_FOR_A_WEEK: i64 = 7 * 24;

fn pending() -> Account {
    account(State::Pending { since: at(0), expires_at: at(PENDING_FOR_A_WEEK), remind_at: None, misses: 0 })
}

fn without_consent() -> Individual {
    let mut individual = individual();
    individual.set_communication_settings(None, Origin::Worker(WORKER), at(-1)).unwrap();
    individual
}

fn names(changed: &Changed) -> Vec<String> {
    let name =
        |event: &JournalEvent| serde_json::to_value(event).unwrap()["type"].as_str().unwrap().to_owned();
    changed.events.iter().map(name).collect()
}

/// Why create is refused, after a change to what it looks at.
fn create(
    of: impl FnOnce(&mut Individual),
    under: impl FnOnce(&mut Draft),
    with: impl FnOnce(&mut Opening<'_>),
) -> Result<Changed, Reason> {
    let mut individual = individual();
    of(&mut individual);
    let settings = settings_with(under);
    let mut opening = opening(context(&individual, &settings, 0));
    with(&mut opening);
    Account::create(ACCOUNT, &opening).map_err(|refused| refused.reason)
}

#[test]
fn create_is_refused_by_each_guard_of_a1() {
    let refused = |outcome: Result<Changed, Reason>| outcome.map(|_| ()).unwrap_err();
    let settings = |change: fn(&mut Draft)| refused(create(|_| {}, change, |_| {}));
    assert_eq!(settings(|s| s.communications.client_delivery = false), Reason::ClientDeliveryOff);
    assert_eq!(settings(|s| s.communications.email = false), Reason::ClientDeliveryOff);
    let auth = |s: &mut Draft| s.proof.test = Test::Sent;
    assert_eq!(settings(auth), Reason::AuthenticationEmailNotReady);
    assert_eq!(settings(|s| s.texts.privacy = None), Reason::NoPrivacyPolicy);
    assert_eq!(settings(|s| s.texts.terms = None), Reason::NoTerms);
    assert_eq!(settings(|s| s.general.enabled = false), Reason::NotEnabled);

    let individual = |change: fn(&mut Individual)| refused(create(change, |_| {}, |_| {}));
    assert_eq!(individual(|i| i.contacts.clear()), Reason::NoEmailContact);
    assert_eq!(individual(|i| i.contacts[0].use_contact = false), Reason::NoEmailContact);
    assert_eq!(individual(|i| i.birth_date = None), Reason::NoBirthDate);
    assert_eq!(individual(|i| i.birth_date = Some(date("1900-01-01"))), Reason::DefaultBirthDate);
    assert_eq!(individual(|i| i.birth_date = Some(date("2013-03-02"))), Reason::TooYoung);

    assert_eq!(refused(create(|_| {}, |_| {}, |o| o.open_account = true)), Reason::OpenAccountExists);
    let another = |o: &mut Opening<'_>| o.address = Some(email("other@example.org"));
    assert_eq!(refused(create(|_| {}, |_| {}, another)), Reason::AddressNotConfirmed);
}

#[test]
fn create_opens_a_pending_account_and_asks_for_the_mail() {
    let changed = create(|i| i.birth_date = Some(date("2013-03-01")), |_| {}, |_| {}).unwrap();
    let expected = State::Pending {
        since: at(0),
        expires_at: at(PENDING_FOR_A_WEEK),
        remind_at: Some(at(5 * 24)),
        misses: 0,
    };
    assert_eq!((changed.account.state, changed.account.generation), (expected, 1));
    assert_eq!(changed.account.email.as_typed(), "zoe@example.org");
    assert_eq!(
        (names(&changed), changed.mail()),
        (vec!["account_created".into(), "activation_requested".into()], Some(MAIL))
    );

    let same = create(|_| {}, |_| {}, |o| o.address = Some(email("ZOE@Example.org"))).unwrap();
    assert_eq!(same.account.email.as_typed(), "ZOE@Example.org");
    let confirmed = create(
        |_| {},
        |_| {},
        |o| {
            (o.address, o.address_confirmed) = (Some(email("other@example.org")), true);
        },
    );
    assert_eq!(confirmed.unwrap().account.email.normalized(), "other@example.org");
}

#[test]
fn without_consent_the_account_is_created_and_no_mail_goes_out() {
    let (individual, settings) = (without_consent(), settings());
    let changed = Account::create(ACCOUNT, &opening(context(&individual, &settings, 0))).unwrap();
    assert_eq!((names(&changed)[1].as_str(), changed.mail()), ("activation_withheld", None));
    let resent = changed.account.resend(context(&individual, &settings, 5)).unwrap();
    assert_eq!(resent.mail(), None);
    assert!(!resent.account.is_expired(at(PENDING_FOR_A_WEEK)), "the expiry restarts, mailed or not");
}

#[test]
fn the_minimum_age_is_lifted_by_a_recorded_reason_of_who_may() {
    let class = SecurityClass::new(worker(UserGroup::AdminExec).security_class, "Everybody".to_owned());
    let attempt = |group, reason| AgeOverride::new(&worker(group), &class, reason);
    assert_eq!(attempt(UserGroup::ClinicalWorker, "asked for"), Err(Reason::NotPermitted));
    assert_eq!(attempt(UserGroup::AdminExec, "  "), Err(Reason::OverrideReasonMissing));
    let lifted = attempt(UserGroup::IntakeMgmt, "parents agreed").unwrap();
    assert!(!format!("{lifted:?}").contains("parents"));
    let changed = create(
        |i| i.birth_date = Some(date("2020-01-01")),
        |_| {},
        |o| o.age_override = Some(lifted.clone()),
    );
    assert_eq!(changed.unwrap().account.age_override, Some(lifted));
}

#[test]
fn bulk_activation_skips_with_a_reason() {
    let skip = |change: fn(&mut Individual), last_closed, shared| {
        let (mut individual, settings) = (individual(), settings());
        change(&mut individual);
        let context = context(&individual, &settings, 0);
        Account::create_in_bulk(ACCOUNT, context, false, last_closed, shared)
            .map(|_| ())
            .map_err(|refused| refused.reason)
    };
    assert_eq!(skip(|_| {}, Some(CloseReason::Cancelled), false), Ok(()));
    assert_eq!(skip(|_| {}, Some(CloseReason::ClosedByWorker), false), Err(Reason::ShutOut));
    assert_eq!(skip(|_| {}, None, true), Err(Reason::SharedAddress));
    assert_eq!(skip(|i| i.test = true, None, false), Err(Reason::TestIndividual));
    assert_eq!(skip(|i| i.communication.clear(), None, false), Err(Reason::NoConsent));
    assert_eq!(skip(|i| i.birth_date = Some(date("2020-01-01")), None, false), Err(Reason::TooYoung));
}

#[test]
fn an_opened_again_account_offers_the_former_address() {
    let (individual, settings) = (individual(), settings());
    let mut opening = opening(context(&individual, &settings, 0));
    let mut closed = account(State::Closed { reason: CloseReason::Expired, at: at(-1) });
    closed.email = email("former@example.org");
    assert_eq!(closed.reopen(ACCOUNT, &opening).unwrap().account.email, closed.email);
    opening.address = Some(email("zoe@example.org"));
    assert_eq!(closed.reopen(ACCOUNT, &opening).unwrap().account.email.normalized(), "zoe@example.org");
    opening.address = Some(email("third@example.org"));
    assert_eq!(closed.reopen(ACCOUNT, &opening).unwrap_err().reason, Reason::AddressNotConfirmed);

    let disabled = Account { state: State::Disabled { since: at(-1) }, ..closed };
    opening.address = Some(email("zoe@example.org"));
    let enabled = disabled.enable(&opening).unwrap();
    assert_eq!(enabled.credentials, Credentials::Moved { from: email("former@example.org") });
    assert_eq!((enabled.account.id, enabled.account.generation), (disabled.id, disabled.generation + 1));
}

#[test]
fn only_a_workers_resend_restarts_the_expiry_and_none_the_count() {
    let (individual, settings) = (individual(), settings());
    let tried = account(State::Pending {
        since: at(0),
        expires_at: at(PENDING_FOR_A_WEEK),
        remind_at: None,
        misses: 2,
    });
    let context = context(&individual, &settings, 10);
    let after = |changed: Changed| (changed.account.state, changed.account.generation);
    let restarted = State::Pending {
        since: at(0),
        expires_at: at(PENDING_FOR_A_WEEK + 10),
        remind_at: Some(at(5 * 24 + 10)),
        misses: 2,
    };
    assert_eq!(after(tried.resend(context).unwrap()), (restarted, 5));
    assert_eq!(after(tried.consent_given(context).unwrap()), (restarted, 5));
    assert_eq!(after(tried.ask_again(context).unwrap()), (tried.state, 5));
    let spent = Account { generation: u16::MAX, ..tried };
    assert_eq!(spent.ask_again(context).unwrap_err().reason, Reason::TooManyLinks);
}

#[test]
fn a_changed_expiry_counts_from_the_next_invitation() {
    let (individual, settings) =
        (individual(), settings_with(|draft| draft.general.activation_expiry_days = 1));
    let pending = pending();
    assert!(!pending.is_expired(at(PENDING_FOR_A_WEEK) - chrono::TimeDelta::seconds(1)));
    assert!(pending.is_expired(at(PENDING_FOR_A_WEEK)));
    assert!(pending.resend(context(&individual, &settings, 10)).unwrap().account.is_expired(at(34)));
}

#[test]
fn a_link_refuses_and_its_mail_is_dropped_for_the_same_reasons() {
    fn check(
        account: &Account,
        individual: &Individual,
        settings: &Settings,
        hours: i64,
        generation: u16,
        why: Reason,
    ) {
        let refused = account.check_link(individual, settings, at(hours), generation).unwrap_err();
        assert_eq!(refused.reason, why);
        let decision = decide_activation_mail(account, individual, settings, at(hours), generation);
        assert_eq!(decision, Decision::Drop(why));
    }
    let (anna, ready, pending) = (individual(), settings(), pending());
    let send = decide_activation_mail(&pending, &anna, &ready, at(1), 4);
    assert_eq!(send, Decision::Send(pending.email.clone()));
    check(&pending, &anna, &ready, 1, 3, Reason::Superseded);
    check(&pending, &anna, &ready, PENDING_FOR_A_WEEK, 4, Reason::Expired);
    check(&pending, &without_consent(), &ready, 1, 4, Reason::NoConsent);
    check(&pending, &Individual { birth_date: None, ..anna.clone() }, &ready, 1, 4, Reason::NoBirthDate);
    let off = settings_with(|draft| draft.communications.client_delivery = false);
    check(&pending, &anna, &off, 1, 4, Reason::ClientDeliveryOff);
    let tried = account(State::Pending { since: at(0), expires_at: at(9), remind_at: None, misses: 3 });
    check(&tried, &anna, &ready, 1, 4, Reason::NoAttemptsLeft);
    check(&account(State::Disabled { since: at(0) }), &anna, &ready, 1, 4, Reason::WrongState);
}

#[test]
fn activation_takes_the_right_birth_date_and_the_current_texts() {
    let (individual, settings) = (individual(), settings());
    let activate = |misses, given, texts| {
        let pending = account(State::Pending { since: at(0), expires_at: at(9), remind_at: None, misses });
        pending
            .activate(&individual, &settings, at(1), 4, date(given), texts)
            .map_err(|refused| refused.reason)
    };
    let activated = activate(3, "1990-05-17", TEXTS).expect("the last attempt counts too");
    assert_eq!(
        (activated.credentials, activated.account.last_sign_in),
        (Credentials::PasswordSet, Some(at(1)))
    );
    let acceptance = activated.account.acceptance.unwrap();
    assert_eq!((acceptance.privacy, acceptance.terms, acceptance.at), (3, 5, at(1)));
    assert!(matches!(activated.events[..], [JournalEvent::AccountActivated { minutes: Some(60), .. }]));
    assert_eq!(activate(1, "1990-05-18", TEXTS).unwrap_err(), Reason::WrongBirthDate);
    for texts in [Texts { terms: None, ..TEXTS }, Texts { privacy: Some(2), ..TEXTS }, Texts::default()] {
        assert_eq!(activate(1, "1990-05-17", texts).unwrap_err(), Reason::TextsNotAccepted);
    }
}

#[test]
fn the_first_sign_in_on_a_later_day_than_the_activation_is_told_once() {
    let settings = settings();
    let active = account(State::Active { failed_sign_ins: 0, must_reset: false });
    // Noon in UTC is seven in the morning in Toronto, where the day ends 17 hours later.
    let activated = Account {
        acceptance: Some(Acceptance { privacy: 3, terms: 5, at: at(0) }),
        last_sign_in: Some(at(0)),
        ..active.clone()
    };
    let same_day = activated.sign_in(&settings, at(16)).unwrap();
    assert_eq!(names(&same_day), [""; 0]);
    let returned = same_day.account.sign_in(&settings, at(17)).unwrap();
    assert_eq!(names(&returned), ["client_returned"]);
    assert_eq!(names(&returned.account.sign_in(&settings, at(48)).unwrap()), [""; 0]);
    assert_eq!(names(&active.sign_in(&settings, at(48)).unwrap()), [""; 0], "never activated");
}

#[test]
fn three_wrong_birth_dates_close_the_account_unless_staff_correct_it() {
    let individual = individual();
    let tried = |misses| account(State::Pending { since: at(0), expires_at: at(9), remind_at: None, misses });
    let judge = |misses, given| tried(misses).judge_birth_date(&individual, date(given));
    assert_eq!(judge(1, "1990-05-18"), Judged::Missed { left: 2 });
    assert_eq!(judge(2, "1990-05-18"), Judged::Missed { left: 1 });
    assert_eq!(judge(3, "1990-05-18"), Judged::LastMiss);
    assert_eq!(judge(3, "1990-05-17"), Judged::Matched);
    let closed = tried(3).miss_birth_date(at(1)).unwrap();
    assert_eq!(names(&closed), ["birth_date_missed", "account_closed"]);
    assert_eq!(tried(2).birth_date_corrected().unwrap().account.attempts_left(), 3);
}

#[test]
fn a_third_miss_that_nobody_recorded_is_known_after_a_minute() {
    let tried = |misses, attempted_at| {
        let state = State::Pending { since: at(0), expires_at: at(9), remind_at: None, misses };
        Account { attempted_at, ..account(state) }
    };
    let minute = chrono::TimeDelta::minutes(1);
    assert!(!tried(3, Some(at(1))).is_abandoned(at(1) + minute - chrono::TimeDelta::milliseconds(1)));
    assert!(tried(3, Some(at(1))).is_abandoned(at(1) + minute));
    assert!(!tried(2, Some(at(1))).is_abandoned(at(2)), "an attempt is left");
    let closed = tried(3, Some(at(1))).miss_birth_date(at(2)).unwrap();
    assert!(!closed.account.is_abandoned(at(3)));
}

#[test]
fn consent_given_while_nothing_may_go_out_is_journalled_and_changes_nothing() {
    let individual = individual();
    let off = settings_with(|draft| draft.communications.client_delivery = false);
    let changed = pending().consent_given(context(&individual, &off, 1)).unwrap();
    assert_eq!((names(&changed), changed.account), (vec!["activation_withheld".to_owned()], pending()));
}

#[test]
fn wrong_passwords_lock_and_the_mailed_link_unlocks_once() {
    let (individual, settings) = (individual(), settings());
    let tried = account(State::Active { failed_sign_ins: 10, must_reset: true });
    let locked = tried.wrong_password(&settings, at(0), MAIL).unwrap().unwrap();
    assert_eq!((locked.mail(), locked.account.generation, locked.ends_sessions), (Some(MAIL), 5, false));
    let reset =
        |hours, generation| locked.account.reset_password(generation, context(&individual, &settings, hours));
    assert_eq!(reset(0, 4).unwrap_err().reason, Reason::Superseded);
    assert_eq!(reset(1, 5).unwrap_err().reason, Reason::Expired);
    let unlocked = reset(0, 5).unwrap();
    assert_eq!(unlocked.account.state, State::Active { failed_sign_ins: 0, must_reset: false });
    let again = unlocked.account.reset_password(5, context(&individual, &settings, 0));
    assert_eq!(again.unwrap_err().reason, Reason::Superseded);

    let spent = Account { generation: u16::MAX, ..tried };
    let locked = spent.wrong_password(&settings, at(0), MAIL).unwrap().unwrap();
    assert_eq!((locked.transition.rule, locked.mail()), (Rule::A10, None));
}

#[test]
fn a_reset_link_outlives_neither_a_change_of_address_nor_a_suspension() {
    let (individual, settings) = (individual(), settings());
    let asked = account(State::Active { failed_sign_ins: 0, must_reset: false });
    let asked = asked.forget_password(context(&individual, &settings, 0)).unwrap().account;
    let moved = asked.change_email(email("new@example.org"), MAIL, MAIL).unwrap().account;
    let back = asked.suspend(at(0)).unwrap().account.unlock().unwrap().account;
    let check = |account: &Account| account.check_reset_link(&settings, at(0), asked.generation);
    assert_eq!(check(&asked), Ok(()));
    for account in [moved, back] {
        assert_eq!(check(&account).unwrap_err().reason, Reason::Superseded);
        let again = account.forget_password(context(&individual, &settings, 0)).unwrap().account;
        assert_eq!(again.check_reset_link(&settings, at(0), again.generation), Ok(()));
    }
}

#[test]
fn while_client_connect_is_off_clients_can_do_nothing() {
    let individual = individual();
    let off = settings_with(|draft| draft.general.enabled = false);
    let context = context(&individual, &off, 0);
    let active = account(State::Active { failed_sign_ins: 0, must_reset: false });
    let refusals = [
        active.sign_in(&off, at(0)),
        active.forget_password(context),
        active.reset_password(4, context),
        pending().ask_again(context),
        pending().resend(context),
        pending().activate(&individual, &off, at(0), 4, date("1990-05-17"), TEXTS),
    ];
    assert!(
        refusals
            .iter()
            .all(|refusal| { refusal.as_ref().is_err_and(|refused| refused.reason == Reason::NotEnabled) })
    );
    assert!(pending().expire(at(PENDING_FOR_A_WEEK)).is_ok(), "expiry goes on");
}

#[test]
fn a_landing_is_a_path_of_this_site() {
    let landed = pending().remembering(Landing::new("/tasks/tsk_1").unwrap());
    assert_eq!(landed.landing.unwrap().as_str(), "/tasks/tsk_1");
    for elsewhere in ["", "tasks", "//evil.example", "https://evil.example", "/a?b=c", "/\\evil", "/a b"] {
        assert_eq!(Landing::new(elsewhere), None, "{elsewhere}");
    }
}

#[test]
fn a_refusal_names_account_state_and_action() {
    let refused = account(State::Disabled { since: at(0) }).suspend(at(1)).unwrap_err();
    assert_eq!(refused.to_string(), format!("can't suspend {ACCOUNT} while disabled: wrong_state"));
    assert_eq!(refused.state, StateName::Disabled);
}

#[test]
fn consent_needs_the_contact_as_it_was_consented_to() {
    let (mut individual, settings) = (individual(), settings());
    individual.put_contact(email_contact(13, "new@example.org"), Origin::Worker(WORKER), at(0)).unwrap();
    let refused = pending().check_link(&individual, &settings, at(1), 4).unwrap_err();
    assert_eq!((refused.reason, individual.contact(EMAIL_CONTACT).is_some()), (Reason::NoConsent, true));
    let context = Context { individual: &individual, settings: &settings, now: at(1), mail: MAIL };
    assert_eq!(pending().ask_again(context).unwrap_err().reason, Reason::NoConsent);
}
