//! Every action in every state.

use super::{Account, CloseReason, LockReason, Reason, Refused, Rule, State, StateName};
use crate::account::{Action, Changed, Credentials};
use crate::samples::{
    ACCOUNT, MAIL, TEXTS, account, at, context, date, email, individual, opening, settings, settings_with,
};

/// P pending · P* pending, past its expiry · A active · L locked by f(ailed sign-ins) or s(uspended) · D disabled ·
/// C closed: e(xpired), b(irth date wrong), c(ancelled), w(orker closed it) · ! must reset the password.
/// A cell is the rule and the state it leads to, or the reason for refusing; a dot is `wrong_state`, a dash says
/// that nothing happens, and blank that there is no account to do it to.
const TABLE: &str = "
                   | none | P           | P*     | A       | A!      | Lf      | Lf!     | Ls      | Ls!     | D      | Ce       | Cb       | Cc       | Cw
create             | A1 P | exists      | exists | exists  | exists  | exists  | exists  | exists  | exists  | exists | A1 P     | A1 P     | A1 P     | A1 P
create in bulk     | A2 P | exists      | exists | exists  | exists  | exists  | exists  | exists  | exists  | exists | A2 P     | shut_out | A2 P     | shut_out
reopen             |      | .           | .      | .       | .       | .       | .       | .       | .       | .      | A4 P     | A4 P     | A4 P     | shut_out
resend             |      | A3 P        | A3 P   | .       | .       | .       | .       | .       | .       | .      | .        | .        | .        | .
ask again          |      | A3b P       | expired| .       | .       | .       | .       | .       | .       | .      | .        | .        | .        | .
look at the link   |      | -           | expired| .       | .       | .       | .       | .       | .       | .      | .        | .        | .        | .
activate           |      | A5 A        | expired| .       | .       | .       | .       | .       | .       | .      | .        | .        | .        | .
1st wrong birth d. |      | A6 P        | A6 P*  | .       | .       | .       | .       | .       | .       | .      | .        | .        | .        | .
3rd wrong birth d. |      | A7 Cb       | A7 Cb  | .       | .       | .       | .       | .       | .       | .      | .        | .        | .        | .
expire             |      | not_expired | A8 Ce  | .       | .       | .       | .       | .       | .       | .      | .        | .        | .        | .
close              |      | A9 Cc       | A9 Cc  | A15 Cw  | A15 Cw  | A15 Cw  | A15 Cw  | A15 Cw  | A15 Cw  | A15 Cw | .        | .        | .        | .
9th wrong password |      | .           | .      | -       | -       | .       | .       | .       | .       | .      | .        | .        | .        | .
10th wrong passw.  |      | .           | .      | A10 Lf  | A10 Lf! | .       | .       | .       | .       | .      | .        | .        | .        | .
sign in            |      | .           | .      | sign_in A | must_reset | .  | .       | .       | .       | .      | .        | .        | .        | .
suspend            |      | .           | .      | A11 Ls  | A11 Ls! | A11 Ls  | A11 Ls! | .       | .       | .      | .        | .        | .        | .
unlock             |      | .           | .      | .       | .       | A12 A   | A12 A!  | A12 A   | A12 A!  | .      | .        | .        | .        | .
disable            |      | A13 D       | A13 D  | A13 D   | A13 D   | A13 D   | A13 D   | A13 D   | A13 D   | .      | .        | .        | .        | .
enable             |      | .           | .      | .       | .       | .       | .       | .       | .       | A14 P  | .        | .        | .        | .
force reset        |      | .           | .      | A16 A!  | A16 A!  | A16 Lf! | A16 Lf! | A16 Ls! | A16 Ls! | .      | .        | .        | .        | .
change password    |      | .           | .      | A17 A   | A17 A   | .       | .       | .       | .       | .      | .        | .        | .        | .
change email       |      | .           | .      | A18 A   | A18 A!  | .       | .       | .       | .       | .      | .        | .        | .        | .
forget password    |      | A3b P       | expired| A19 A   | A19 A!  | A19 Lf  | A19 Lf! | .       | .       | .      | .        | .        | .        | .
reset password     |      | .           | .      | A19 A   | A19 A   | A12 A   | A12 A   | .       | .       | .      | .        | .        | .        | .
reset, may not unlock |   | .           | .      | A19 A   | A19 A   | A19 Lf  | A19 Lf  | .       | .       | .      | .        | .        | .        | .
give consent       |      | B2 P        | expired| .       | .       | .       | .       | .       | .       | .      | .        | .        | .        | .
correct birth date |      | B3 P        | B3 P*  | .       | .       | .       | .       | .       | .       | .      | .        | .        | .        | .
";

/// What workers do with an account that exists.
const WORKERS: &[Action] = &[
    Action::Reopen,
    Action::Resend,
    Action::Close,
    Action::Suspend,
    Action::Unlock,
    Action::Disable,
    Action::Enable,
    Action::ForceReset,
];

/// The hour of every action; invitations expire an hour before or after it.
const NOW: i64 = 0;

fn state(mark: &str) -> Option<State> {
    let must_reset = mark.ends_with('!');
    let locked = |reason| State::Locked { reason, since: at(-5), must_reset };
    let closed = |reason| State::Closed { reason, at: at(-5) };
    Some(match mark.trim_end_matches('!') {
        "none" => return None,
        "P" => State::Pending { since: at(-30), expires_at: at(NOW + 1), remind_at: None, misses: 1 },
        "P*" => State::Pending { since: at(-30), expires_at: at(NOW), remind_at: None, misses: 1 },
        "A" => State::Active { failed_sign_ins: 9, must_reset },
        "Lf" => locked(LockReason::FailedSignIns),
        "Ls" => locked(LockReason::Suspended),
        "D" => State::Disabled { since: at(-5) },
        "Ce" => closed(CloseReason::Expired),
        "Cb" => closed(CloseReason::WrongBirthDate),
        "Cc" => closed(CloseReason::Cancelled),
        "Cw" => closed(CloseReason::ClosedByWorker),
        unknown => panic!("no state {unknown}"),
    })
}

fn mark(account: &Account) -> String {
    let (mark, must_reset) = match account.state {
        State::Pending { .. } if account.is_expired(at(NOW)) => ("P*", false),
        State::Pending { .. } => ("P", false),
        State::Active { must_reset, .. } => ("A", must_reset),
        State::Locked { reason: LockReason::FailedSignIns, must_reset, .. } => ("Lf", must_reset),
        State::Locked { reason: LockReason::Suspended, must_reset, .. } => ("Ls", must_reset),
        State::Disabled { .. } => ("D", false),
        State::Closed { reason: CloseReason::Expired, .. } => ("Ce", false),
        State::Closed { reason: CloseReason::WrongBirthDate, .. } => ("Cb", false),
        State::Closed { reason: CloseReason::Cancelled, .. } => ("Cc", false),
        State::Closed { reason: CloseReason::ClosedByWorker, .. } => ("Cw", false),
    };
    format!("{mark}{}", if must_reset { "!" } else { "" })
}

/// The account with that many birth dates or passwords tried.
fn having_tried(account: &Account, times: u8) -> Account {
    let mut tried = account.clone();
    match &mut tried.state {
        State::Pending { misses, .. } => *misses = times,
        State::Active { failed_sign_ins, .. } => *failed_sign_ins = times.into(),
        _ => {}
    }
    tried
}

fn act(action: &str, account: Option<&Account>) -> Result<Option<Changed>, Refused> {
    let (individual, settings) = (individual(), settings());
    let context = context(&individual, &settings, NOW);
    let mut opening = opening(context);
    opening.open_account = account.is_some_and(|account| account.state.name().is_open());
    let last_closed = account.and_then(|account| match account.state {
        State::Closed { reason, .. } => Some(reason),
        _ => None,
    });
    match action {
        "create" => return Account::create(ACCOUNT, &opening).map(Some),
        "create in bulk" => {
            return Account::create_in_bulk(ACCOUNT, context, opening.open_account, last_closed, false)
                .map(Some);
        }
        _ => {}
    }
    let account = account.expect("an account");
    let generation = account.generation;
    let birth_date = date("1990-05-17");
    let changed = match action {
        "reopen" => account.reopen(ACCOUNT, &opening),
        "resend" => account.resend(context),
        "ask again" => account.ask_again(context),
        "look at the link" => {
            return account.check_link(&individual, &settings, at(NOW), generation).map(|()| None);
        }
        "activate" => account.activate(&individual, &settings, at(NOW), generation, birth_date, TEXTS),
        "1st wrong birth d." => having_tried(account, 1).miss_birth_date(at(NOW)),
        "3rd wrong birth d." => having_tried(account, 3).miss_birth_date(at(NOW)),
        "expire" => account.expire(at(NOW)),
        "close" => account.close(at(NOW)),
        "9th wrong password" => return having_tried(account, 9).wrong_password(&settings, at(NOW), MAIL),
        "10th wrong passw." => return having_tried(account, 10).wrong_password(&settings, at(NOW), MAIL),
        "sign in" => account.sign_in(&settings, at(NOW)),
        "suspend" => account.suspend(at(NOW)),
        "unlock" => account.unlock(),
        "disable" => account.disable(at(NOW)),
        "enable" => account.enable(&opening),
        "force reset" => account.force_reset(),
        "change password" => account.change_password(MAIL),
        "change email" => account.change_email(email("new@example.org"), MAIL, MAIL),
        "forget password" => account.forget_password(context),
        "reset password" => account.reset_password(generation, context),
        "reset, may not unlock" => {
            let settings = settings_with(|draft| draft.general.client_may_unlock = false);
            account.reset_password(generation, super::Context { settings: &settings, ..context })
        }
        "give consent" => account.consent_given(context),
        "correct birth date" => account.birth_date_corrected(),
        unknown => panic!("no action {unknown}"),
    };
    changed.map(Some)
}

fn cell(outcome: &Result<Option<Changed>, Refused>) -> String {
    match outcome {
        Ok(None) => "-".to_owned(),
        Ok(Some(changed)) => format!("{} {}", changed.transition.rule, mark(&changed.account)),
        Err(Refused { reason: Reason::WrongState, .. }) => ".".to_owned(),
        Err(Refused { reason: Reason::OpenAccountExists, .. }) => "exists".to_owned(),
        Err(refused) => refused.reason.to_string(),
    }
}

/// What holds for every transition, whatever the rule.
fn check(before: Option<&Account>, changed: &Changed) {
    let Changed { account, transition, ends_sessions, credentials, .. } = changed;
    let opens = matches!(transition.rule, Rule::A1 | Rule::A2 | Rule::A4);
    let before = before.filter(|_| !opens);
    assert_eq!(transition.from, before.map_or(StateName::None, |before| before.state.name()));
    assert_eq!(transition.to, account.state.name());
    assert_eq!(account.epoch, before.map_or(0, |before| before.epoch) + u32::from(*ends_sessions));
    assert!(account.generation >= before.map_or(1, |before| before.generation));
    assert_eq!(*credentials == Credentials::Claimed, opens);
    assert_eq!(*credentials == Credentials::Released, transition.to == StateName::Closed);
    assert_eq!(*credentials == Credentials::PasswordRemoved, transition.to == StateName::Disabled);
    let used = |name: StateName| {
        i8::from(matches!(name, StateName::Pending | StateName::Active | StateName::Locked))
    };
    assert_eq!(changed.free_licences(false), used(transition.from) - used(transition.to));
    assert_eq!(changed.free_licences(true), 0);
}

#[test]
fn every_action_in_every_state_does_what_the_table_says() {
    let cells = |line: &'static str| line.split('|').map(str::trim).collect::<Vec<_>>();
    let mut lines = TABLE.lines().filter(|line| !line.is_empty()).map(cells);
    let states = lines.next().unwrap();
    assert_eq!(states.len(), 15);
    let mut rules = std::collections::BTreeSet::new();
    for line in lines {
        assert_eq!(line.len(), states.len(), "{}", line[0]);
        for (column, expected) in line.iter().enumerate().skip(1).filter(|(_, expected)| !expected.is_empty())
        {
            let (action, before) = (line[0], state(states[column]).map(account));
            let outcome = act(action, before.as_ref());
            assert_eq!(cell(&outcome), *expected, "{action} in {}", states[column]);
            if let (Some(before), Ok(action)) = (&before, action.replace(' ', "_").parse::<Action>())
                && WORKERS.contains(&action)
            {
                let offered = before.worker_actions().contains(&action);
                assert_eq!(offered, outcome.is_ok(), "{action} offered in {}", states[column]);
            }
            match &outcome {
                Ok(Some(changed)) => {
                    check(before.as_ref(), changed);
                    rules.insert(changed.transition.rule);
                }
                Ok(None) => {}
                Err(refused) => {
                    let creates = action.starts_with("create");
                    let state =
                        before.as_ref().filter(|_| !creates).map_or(StateName::None, |a| a.state.name());
                    assert_eq!(refused.state, state);
                    assert!(refused.to_string().contains(refused.action.code()), "{refused}");
                }
            }
        }
    }
    assert_eq!(rules, Rule::ALL.iter().copied().collect(), "every rule is in the table");
}
