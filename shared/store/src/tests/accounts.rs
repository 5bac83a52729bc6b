use domain::AlertKind;
use domain::account::{CloseReason, Landing, LockReason};
use proptest::prelude::*;

use super::*;
use crate::commit::spread;
use crate::item::{Shape, stored};
use crate::{CommitError, Conflict, Counted, DUE_SHARDS, Kind, Versioned, ask};

#[tokio::test]
async fn an_account_is_opened_used_and_closed() {
    let store = store_with_licences(1).await;
    let person = individual(1, "Zoë", "Quinn", "Zoe@Example.org");
    let changed = opened(10, &person);
    store.commit(opening(100, &changed)).await.unwrap();

    let id = changed.account.id;
    let name = ask::credentials(&email("zoe@example.ORG"));
    let (account, holding, licences, credentials) =
        store.ask((ask::account(id), ask::holding(person.id), ask::licences(), name.clone())).await.unwrap();
    let account = account.unwrap();
    assert_eq!(account.value, changed.account);
    assert_eq!(account.changed_by, Some(record(100, 1).id));
    assert_eq!(holding.unwrap().open, Some(id));
    assert_eq!(licences.free(), 0);
    let credentials = credentials.unwrap();
    assert_eq!((credentials.holder, credentials.password_hash), (id, None));

    let settings = settings();
    let activated = with_state(&account, State::Active { failed_sign_ins: 0, must_reset: false });
    let signed_in = activated.sign_in(&settings, at(5)).unwrap();
    let mut transaction = Transaction::new(&record(101, 1));
    transaction.change_account(account.version, &signed_in, false, None).set_password(
        &account.email,
        id,
        "$hash",
    );
    store.commit(transaction).await.unwrap();

    let (account, credentials) = store.ask((ask::account(id), name.clone())).await.unwrap();
    let account = account.unwrap();
    assert_eq!(credentials.unwrap().password_hash.as_deref(), Some("$hash"));

    let closed = account.close(at(9)).unwrap();
    let mut transaction = Transaction::new(&record(102, 1));
    transaction.change_account(account.version, &closed, false, None);
    store.commit(transaction).await.unwrap();

    let (account, holding, licences, credentials) =
        store.ask((ask::account(id), ask::holding(person.id), ask::licences(), name)).await.unwrap();
    assert_eq!(account.unwrap().value, closed.account);
    let holding = holding.unwrap();
    assert_eq!(holding.open, None);
    let last = holding.closed.last().unwrap();
    assert_eq!((last.account, last.reason, last.at), (id, CloseReason::ClosedByWorker, at(9)));
    assert_eq!(licences.free(), 1);
    assert_eq!(credentials, None);
}

async fn conflict(store: &Store, transaction: Transaction) -> Conflict {
    match store.commit(transaction).await {
        Err(CommitError::Conflict(conflict)) => conflict,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_individual_has_one_open_account() {
    let store = store_with_licences(5).await;
    let person = individual(1, "Zoë", "Quinn", "zoe@example.org");
    let both = [opening(100, &opened(10, &person)), opening(101, &opened(11, &person))];
    let [first, second] = both.map(|transaction| store.commit(transaction));
    let results = tokio::join!(first, second);
    let refused = match results {
        (Ok(()), Err(refused)) | (Err(refused), Ok(())) => refused,
        other => panic!("{other:?}"),
    };
    assert!(matches!(refused, CommitError::Conflict(Conflict::OpenAccountExists)), "{refused}");
    assert_eq!(store.ask(ask::licences()).await.unwrap().free(), 4);
}

#[tokio::test]
async fn a_sign_in_name_is_unique_in_its_normal_form() {
    let store = store_with_licences(5).await;
    let first = opened(10, &individual(1, "Zoë", "Quinn", "Zoe@Bücher.example"));
    store.commit(opening(100, &first)).await.unwrap();
    let second = opened(11, &individual(2, "Zo", "Quinn", " zoe@xn--bcher-kva.example"));
    assert_eq!(conflict(&store, opening(101, &second)).await, Conflict::SignInNameTaken);
    let other = opened(11, &individual(2, "Zo", "Quinn", "zo.e@bücher.example"));
    store.commit(opening(102, &other)).await.unwrap();
}

#[tokio::test]
async fn a_refused_change_leaves_nothing() {
    let store = store_with_licences(5).await;
    let person = individual(1, "Zoë", "Quinn", "zoe@example.org");
    store.commit(opening(100, &opened(10, &person))).await.unwrap();
    let mut second = opening(101, &opened(11, &person));
    second.answer("call", "payload", "{}", at(0));
    conflict(&store, second).await;

    let nothing = (ask::account(AccountId::new(uuid(11))), ask::idempotency("call"), ask::licences());
    let (account, answered, licences) = store.ask(nothing).await.unwrap();
    assert_eq!((account, answered), (None, None));
    assert_eq!(licences.free(), 4);
    let history = store.history(Subject::Individual(person.id), None, 10).await.unwrap();
    assert_eq!(history.items, [record(100, 1)]);
}

#[tokio::test]
async fn a_save_demands_the_version_that_was_loaded() {
    let store = store_with_licences(5).await;
    let changed = opened(10, &individual(1, "Zoë", "Quinn", "zoe@example.org"));
    store.commit(opening(100, &changed)).await.unwrap();
    let loaded = store.ask(ask::account(changed.account.id)).await.unwrap().unwrap();
    for (number, expected) in [(101, None), (102, Some(Conflict::Stale(Kind::Account)))] {
        let mut transaction = Transaction::new(&record(number, 1));
        transaction.put_account(loaded.version, &loaded.remembering(Landing::new("/tasks").unwrap()));
        match expected {
            None => store.commit(transaction).await.unwrap(),
            Some(expected) => assert_eq!(conflict(&store, transaction).await, expected),
        }
    }
    assert_eq!(conflict(&store, opening(103, &changed)).await, Conflict::OpenAccountExists);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn licences_never_overshoot() {
    let store = store_with_licences(20).await;
    let mut callers = tokio::task::JoinSet::new();
    for number in 0..50 {
        let person = individual(number, "A", "B", &format!("client{number}@example.org"));
        let transaction = opening(1_000 + number, &opened(number, &person));
        let store = store.clone();
        callers.spawn(async move { store.commit(transaction).await });
    }
    let (mut opened, mut refused) = (0, 0);
    while let Some(result) = callers.join_next().await {
        match result.unwrap() {
            Ok(()) => opened += 1,
            Err(CommitError::Conflict(Conflict::NoLicence)) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((opened, refused), (20, 30));
    assert_eq!(store.ask(ask::licences()).await.unwrap().free(), 0);
}

#[tokio::test]
async fn a_test_individual_takes_no_licence() {
    let store = store_with_licences(0).await;
    let changed = opened(10, &individual(1, "Zoë", "Quinn", "zoe@example.org"));
    let mut transaction = Transaction::new(&record(100, 1));
    transaction.change_account(Version::NONE, &changed, true, None);
    store.commit(transaction).await.unwrap();
    assert_eq!(
        conflict(&store, opening(101, &opened(11, &individual(2, "A", "B", "a@example.org")))).await,
        Conflict::NoLicence
    );
}

#[tokio::test]
async fn birth_date_attempts_are_claimed_three_times_for_the_current_link() {
    let store = store_with_licences(5).await;
    let changed = opened(10, &individual(1, "Zoë", "Quinn", "zoe@example.org"));
    store.commit(opening(100, &changed)).await.unwrap();
    let (id, generation) = (changed.account.id, changed.account.generation);

    let wrong_link = store.claim_birth_date_attempt(id, generation + 1, at(1)).await.unwrap();
    assert!(matches!(wrong_link, Counted::No(Some(account)) if account.value == changed.account));
    for left in [2, 1, 0] {
        let Counted::Yes(account) = store.claim_birth_date_attempt(id, generation, at(1)).await.unwrap()
        else {
            panic!("not counted with {left} left")
        };
        assert_eq!(account.attempts_left(), left);
    }
    assert!(matches!(
        store.claim_birth_date_attempt(id, generation, at(1)).await.unwrap(),
        Counted::No(Some(_))
    ));
    let nobody = store.claim_birth_date_attempt(AccountId::new(uuid(99)), 1, at(1)).await.unwrap();
    assert_eq!(nobody, Counted::No(None));
}

#[tokio::test]
async fn a_counted_attempt_makes_older_loads_stale() {
    let store = store_with_licences(5).await;
    let changed = opened(10, &individual(1, "Zoë", "Quinn", "zoe@example.org"));
    store.commit(opening(100, &changed)).await.unwrap();
    let id = changed.account.id;
    assert!(matches!(store.count_sign_in_attempt(id, 10).await.unwrap(), Counted::No(Some(_))), "Pending");

    let loaded = store.ask(ask::account(id)).await.unwrap().unwrap();
    let active = with_state(&loaded, State::Active { failed_sign_ins: 0, must_reset: false });
    let mut transaction = Transaction::new(&record(101, 1));
    transaction.put_account(loaded.version, &active);
    store.commit(transaction).await.unwrap();

    let before = store.ask(ask::account(id)).await.unwrap().unwrap();
    let Counted::Yes(counted) = store.count_sign_in_attempt(id, 10).await.unwrap() else {
        panic!("not counted")
    };
    assert_eq!(counted.state, State::Active { failed_sign_ins: 1, must_reset: false });
    let mut late = Transaction::new(&record(102, 1));
    late.put_account(before.version, &active);
    assert_eq!(conflict(&store, late).await, Conflict::Stale(Kind::Account));
    let mut transaction = Transaction::new(&record(103, 1));
    transaction.put_account(counted.version, &active);
    store.commit(transaction).await.unwrap();
}

#[tokio::test]
async fn of_sign_ins_no_more_are_counted_than_may_fail() {
    let store = store_with_licences(5).await;
    let opened = opened(10, &individual(1, "Zoë", "Quinn", "zoe@example.org"));
    store.commit(opening(100, &opened)).await.unwrap();
    let loaded = store.ask(ask::account(opened.account.id)).await.unwrap().unwrap();
    let active = with_state(&loaded, State::Active { failed_sign_ins: 0, must_reset: false });
    let mut transaction = Transaction::new(&record(101, 1));
    transaction.put_account(loaded.version, &active);
    store.commit(transaction).await.unwrap();

    let mut counted = 0;
    for _ in 0..30 {
        let count = store.count_sign_in_attempt(active.id, 10).await.unwrap();
        counted += u32::from(matches!(count, Counted::Yes(_)));
    }
    assert_eq!(counted, 10);
    let full = State::Active { failed_sign_ins: 10, must_reset: false };
    assert!(
        matches!(store.count_sign_in_attempt(active.id, 10).await.unwrap(), Counted::No(Some(found)) if found.state == full)
    );
}

#[tokio::test]
async fn due_accounts_are_those_whose_time_has_come() {
    let store = store_with_licences(20).await;
    let mut ids = Vec::new();
    for number in 0..9 {
        let mut changed = opened(number, &individual(number, "A", "B", &format!("c{number}@example.org")));
        let remind_at = at(100 + i64::try_from(number).unwrap());
        changed.account.state =
            State::Pending { since: at(0), expires_at: at(1_000_000), remind_at: Some(remind_at), misses: 0 };
        store.commit(opening(100 + number, &changed)).await.unwrap();
        ids.push(changed.account.id);
    }
    let mut activated = Transaction::new(&record(200, 1));
    let first = store.ask(ask::account(*ids.first().unwrap())).await.unwrap().unwrap();
    activated.put_account(
        first.version,
        &with_state(&first, State::Active { failed_sign_ins: 0, must_reset: false }),
    );
    store.commit(activated).await.unwrap();

    let mut due = Vec::new();
    for shard in 0..DUE_SHARDS {
        let mut after = None;
        loop {
            let page = store.due_accounts(shard, at(105), after.as_ref(), 1).await.unwrap();
            due.extend(page.items.into_iter().map(crate::Stale::key));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    due.sort();
    assert_eq!(due, ids[1..=5]);
}

#[tokio::test]
async fn accounts_that_need_a_worker_come_longest_waiting_first_until_they_are_settled() {
    let store = store_with_licences(20).await;
    let mut waiting = Vec::new();
    for number in 0..6 {
        let individual = individual(number, "A", "B", &format!("c{number}@example.org"));
        let mut changed = opened(number, &individual);
        // The last first; and two at once.
        let since = at(100 - i64::try_from(number / 2).unwrap());
        changed.account = changed.account.alerted(AlertKind::Bounced, since).unwrap();
        store.commit(opening(100 + number, &changed)).await.unwrap();
        waiting.push((since, individual.id, changed.account.id));
    }
    waiting.sort();
    let listed = async || {
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let page = store.accounts_with_alerts(after.as_ref(), 1).await.unwrap();
            listed.extend(page.items.into_iter().map(crate::Stale::key));
            after = page.next;
            if after.is_none() {
                return listed;
            }
        }
    };
    let keys = |waiting: &[(_, IndividualId, AccountId)]| {
        waiting.iter().map(|(_, individual, account)| (*individual, *account)).collect::<Vec<_>>()
    };
    assert_eq!(listed().await, keys(&waiting));

    let account = store.ask(ask::account(waiting[0].2)).await.unwrap().unwrap();
    let mut transaction = Transaction::new(&record(200, 1));
    transaction.put_account(account.version, &account.settled(&[AlertKind::Bounced]).unwrap());
    store.commit(transaction).await.unwrap();
    assert_eq!(listed().await, keys(&waiting[1..]));
}

#[tokio::test]
async fn a_sign_in_name_moves_with_its_password() {
    let store = store_with_licences(5).await;
    let (old, new, holder) = (email("old@example.org"), email("new@example.org"), AccountId::new(uuid(10)));
    let mut transaction = Transaction::new(&record(100, 1));
    transaction.claim_sign_in_name(&old, holder, Some("$hash"));
    store.commit(transaction).await.unwrap();

    let stranger = AccountId::new(uuid(11));
    let mut theft = Transaction::new(&record(101, 1));
    theft.set_password(&old, stranger, "$mine");
    assert_eq!(conflict(&store, theft).await, Conflict::Stale(Kind::Credentials));

    let mut transaction = Transaction::new(&record(102, 1));
    transaction.move_sign_in_name(&old, &new, holder, Some("$hash"));
    store.commit(transaction).await.unwrap();
    let (gone, moved) = store.ask((ask::credentials(&old), ask::credentials(&new))).await.unwrap();
    assert_eq!(gone, None);
    assert_eq!(moved.unwrap().password_hash.as_deref(), Some("$hash"));
}

fn states() -> impl Strategy<Value = State> {
    let instant = || {
        (0_i64..4_000_000_000, 0_u32..1_000_000_000)
            .prop_map(|(s, n)| DateTime::from_timestamp(s, n).unwrap())
    };
    let lock = prop_oneof![Just(LockReason::Suspended), Just(LockReason::FailedSignIns)];
    let close = prop::sample::select(CloseReason::ALL);
    prop_oneof![
        (instant(), instant(), prop::option::of(instant()), any::<u8>()).prop_map(
            |(since, expires_at, remind_at, misses)| State::Pending { since, expires_at, remind_at, misses }
        ),
        (any::<u16>(), any::<bool>())
            .prop_map(|(failed_sign_ins, must_reset)| State::Active { failed_sign_ins, must_reset }),
        (lock, instant(), any::<bool>()).prop_map(|(reason, since, must_reset)| State::Locked {
            reason,
            since,
            must_reset
        }),
        instant().prop_map(|since| State::Disabled { since }),
        (close, instant()).prop_map(|(reason, at)| State::Closed { reason, at }),
    ]
}

proptest! {
    #[test]
    fn an_account_reads_back_as_written(
        state in states(), epoch: u32, generation: u16, landing: bool,
        alerts in prop::sample::subsequence(AlertKind::ALL, 0..=3),
    ) {
        let account = opened(10, &individual(1, "Zoë", "Quinn", "zoe@example.org")).account;
        let landing = landing.then(|| Landing::new("/tasks/tsk_1").unwrap());
        let alerts: BTreeMap<_, _> = alerts.into_iter().map(|kind| (kind, at(7))).collect();
        let needs_worker = !alerts.is_empty();
        let account = Account { state, epoch, generation, landing, alerts, ..account };
        let map = stored(&account, Version::NONE, None).unwrap();
        let size: usize = map.iter().map(|(name, value)| name.len() + format!("{value:?}").len()).sum();
        prop_assert!(size < 1024, "an account must cost one unit");
        let pending = account.state.name() == domain::StateName::Pending;
        prop_assert_eq!(map.contains_key("due_shard"), pending);
        prop_assert_eq!((map.contains_key("alert_list"), map.contains_key("alert_at")), (needs_worker, needs_worker));
        let read: Versioned<Account> = crate::ask::FromItem::from_item(map).unwrap();
        prop_assert_eq!(read.value, account);
    }

    #[test]
    fn places_are_spread(text in ".{0,40}", shards in 1_u32..64) {
        prop_assert!(spread(&text, shards) < shards);
    }
}

#[test]
fn an_account_without_the_data_of_its_state_is_corrupt() {
    let account = opened(10, &individual(1, "Zoë", "Quinn", "zoe@example.org")).account;
    let mut map = stored(&account, Version::NONE, None).unwrap();
    map.remove("expires_at");
    let fault = <Versioned<Account> as crate::ask::FromItem>::from_item(map.clone()).unwrap_err();
    assert_eq!(fault.to_string(), "corrupt item in table `accounts`: `state` lacks its data");
    map.insert("email".to_owned(), crate::item::n(5));
    let fault = <Versioned<Account> as crate::ask::FromItem>::from_item(map.clone()).unwrap_err();
    assert_eq!(fault.to_string(), "corrupt item in table `accounts`: Expected string");
    map.remove("v");
    assert!(crate::account::AccountItem::read(map).is_err());
}
