use domain::account::StateName;
use domain::bulk::{BulkJob, BulkState, InvitedBefore, MailCounts, Outcome, Place, StopReason, Target, Work};
use domain::job::{Job, JobFailure, JobKind, JobMode, JobState};
use domain::journal::Audience;
use domain::mail::{MailKind, MailOutcome};
use domain::session::{AuthLevel, Device, EmailChange, Holder, Session};
use domain::throttle::{Limit, Per};
use domain::worker::{Denial, SecurityClass, UserGroup, Worker, WorkerState};
use domain::{ClassId, JobId, SessionId, UploadId};

use super::*;
use crate::{
    AccessEntry, Claim, CommitError, Conflict, Counted, Fate, Handover, MailAddress, MailOf, MailRecord,
    Policy, PolicyKind, PublicKeys, Reader, ReportPage, ResetRequest, Site, Told, Versioned, ask, journal,
};

pub(super) fn worker() -> Worker {
    Worker {
        id: WorkerId::new(uuid(7)),
        email: email("Ines@harbour.example"),
        name: PersonName::new("Inés", "", "Moreau", "").unwrap(),
        client_facing_name: Some("Inés".to_owned()),
        photo: None,
        description: None,
        user_group: UserGroup::IntakeMgmt,
        security_class: ClassId::new(uuid(1)),
        site: SiteId::new(uuid(1)),
        language: Language::Es,
        epoch: 4,
        generation: 0,
        reset_expires_at: None,
        invited: false,
        revision: 0,
        second_factor: None,
        last_sign_in: None,
        undeliverable: None,
        state: WorkerState::Active { failed_sign_ins: 0, must_reset: false },
    }
}

pub(super) fn classes() -> Vec<SecurityClass> {
    let mut class = SecurityClass::new(ClassId::new(uuid(1)), "Intake".to_owned());
    class.allow_activations = true;
    class.denials.extend([Denial::Export, Denial::Close]);
    vec![class, SecurityClass::new(ClassId::new(uuid(2)), "Others".to_owned())]
}

pub(super) fn sites() -> Vec<Site> {
    vec![Site {
        id: SiteId::new(uuid(1)),
        name: "Quay".to_owned(),
        time_zone: chrono_tz::America::Toronto,
        active: true,
    }]
}

pub(super) fn public_keys() -> PublicKeys {
    PublicKeys { audience: Audience::Admin, keys: BTreeMap::from([("k1".to_owned(), "BASE64".to_owned())]) }
}

/// A bulk activation that ran out of licences.
pub(super) fn bulk_job() -> BulkJob {
    let groups = BTreeSet::from([InvitedBefore::First, InvitedBefore::Expired]);
    let work = Work::ActivateInBulk { site: Some(SiteId::new(uuid(5))), groups };
    let dry = BulkJob::dry_run(JobId::new(uuid(2)), work, WorkerId::new(uuid(7)), at(0));
    let left = vec![Target { individual: IndividualId::new(uuid(1)), account: None }];
    let opened = Outcome::Opened { group: InvitedBefore::Expired };
    let skipped = Outcome::Skipped { reason: Reason::WrongState, state: Some(StateName::Active) };
    BulkJob {
        id: JobId::new(uuid(3)),
        mode: JobMode::Apply,
        state: BulkState::Stopped(StopReason::NoLicence),
        total: Some(9),
        tallies: BTreeMap::from([(opened, 2), (skipped, 1)]),
        place: Place {
            step: 1,
            individual: Some(IndividualId::new(uuid(8))),
            account: None,
            list: 0,
            row: 0,
            left,
        },
        pages: 1,
        mails_before: MailCounts { sent: 4, bounced: 1, complained: 0 },
        dry_run: Some(dry.id),
        ..dry
    }
}

pub(super) fn job() -> Job {
    let (id, upload, by) = (JobId::new(uuid(3)), UploadId::new(uuid(4)), WorkerId::new(uuid(7)));
    let job =
        Job::new(id, JobKind::ImportIndividuals, JobMode::Apply, upload, "penelope".to_owned(), by, at(0));
    Job { state: JobState::Failed(JobFailure::NotCsv), ..job }
}

pub(super) fn session() -> Session {
    let holder = Holder::Worker(WorkerId::new(uuid(7)));
    let device = Device::of("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0");
    Session::open(SessionId::new(uuid(5)), holder, 4, AuthLevel::Password, device, at(0))
}

pub(super) fn reset_request() -> ResetRequest {
    ResetRequest {
        name: "0f1e2d3c4b5a69788796a5b4c3d2e1f0".to_owned(),
        record: JournalId::new(uuid(40)),
        at: at(0),
        audience: Audience::Portal,
        address: "U0VBTEVE".to_owned(),
        correlation: CorrelationId::new(uuid(41)),
    }
}

pub(super) fn entry(number: u64) -> AccessEntry {
    AccessEntry {
        id: uuid(number),
        at: at(0),
        actor: Actor::Anonymous,
        operation: "admin.sign_in".to_owned(),
        outcome: "wrong_password".to_owned(),
        subject: Some(Subject::Worker(WorkerId::new(uuid(7)))),
        viewer: Some("0f".to_owned()),
    }
}

pub(super) fn mail(number: u64, fate: Fate) -> MailRecord {
    let individual = IndividualId::new(uuid(1));
    let reader = Reader::Client { individual, account: AccountId::new(uuid(10)) };
    let of = MailOf { mail: MailId::new(uuid(number)), kind: MailKind::Activation, reader, job: None };
    MailRecord { of, fate, at: at(30) }
}

pub(super) fn handover(number: u64) -> Handover {
    Handover { of: mail(number, sent()).of, address: email("Zoe@example.org"), language: Language::Fr }
}

pub(super) fn sent() -> Fate {
    Fate::Sent { address: email("Zoe@example.org"), language: Language::Fr, message: "0100-abc".to_owned() }
}

#[tokio::test]
async fn what_the_agency_is_reads_back_as_set_up_and_is_set_up_once() {
    let store = store().await;
    let mut transaction = Transaction::new(&record(1, 1));
    transaction
        .mark_set_up(at(0))
        .put_settings(Version::NONE, &settings())
        .put_security_classes(Version::NONE, &classes())
        .put_sites(Version::NONE, &sites())
        .put_public_keys(Version::NONE, &public_keys())
        .put_policy(PolicyKind::Terms, 2, Language::Fr, &Policy("# Conditions".to_owned()))
        .put_worker(Version::NONE, &worker())
        .claim_sign_in_name(&worker().email, worker().id, Some("$hash"));
    store.commit(transaction).await.unwrap();

    let asked = (
        (ask::set_up(), ask::settings(), ask::security_classes(), ask::sites()),
        (ask::public_keys(Audience::Admin), ask::public_keys(Audience::Portal)),
        (ask::policy(PolicyKind::Terms, 2, Language::Fr), ask::policy(PolicyKind::Privacy, 2, Language::Fr)),
        (ask::worker(worker().id), ask::worker_credentials(&email("ines@harbour.example"))),
    );
    let ((set_up, settings_, classes_, sites_), (admin, portal), (terms, privacy), (worker_, credentials)) =
        store.ask(asked).await.unwrap();
    assert_eq!(set_up.unwrap().at, at(0));
    assert_eq!(settings_.unwrap().value, settings());
    assert_eq!(classes_.unwrap().value, classes());
    assert_eq!(sites_.unwrap().value, sites());
    assert_eq!((admin.unwrap().value, portal), (public_keys(), None));
    assert_eq!((terms.unwrap().0.as_str(), privacy), ("# Conditions", None));
    assert_eq!(worker_.unwrap().value, worker());
    assert_eq!(credentials.unwrap().holder, worker().id);

    let mut again = Transaction::new(&record(2, 1));
    again.mark_set_up(at(1));
    let refused = store.commit(again).await.unwrap_err();
    assert!(matches!(refused, CommitError::Conflict(Conflict::Stale(crate::Kind::SetUp))));
    let Counted::Yes(counted) = store.count_worker_sign_in_attempt(worker().id, 10).await.unwrap() else {
        panic!()
    };
    assert_eq!(counted.state, WorkerState::Active { failed_sign_ins: 1, must_reset: false });
}

#[tokio::test]
async fn of_two_who_bar_each_other_at_once_one_remains() {
    let store = store().await;
    let other = Worker { id: WorkerId::new(uuid(8)), ..worker() };
    let mut transaction = Transaction::new(&record(1, 1));
    transaction.put_worker(Version::NONE, &worker()).put_worker(Version::NONE, &other);
    store.commit(transaction).await.unwrap();
    let (one, two) = store.ask((ask::worker(worker().id), ask::worker(other.id))).await.unwrap();
    let (one, two) = (one.unwrap(), two.unwrap());
    let barring = |by: &Worker, barred: &Versioned<Worker>, id| {
        let mut transaction = Transaction::new(&record(id, 1));
        let barred_now = Worker { epoch: barred.epoch + 1, ..barred.value.clone() };
        transaction.put_worker(barred.version, &barred_now).while_not_barred(by);
        transaction
    };
    // Wrong passwords, which anybody can type, are no bar.
    store.count_worker_sign_in_attempt(one.id, 10).await.unwrap();
    store.commit(barring(&one, &two, 2)).await.unwrap();
    let refused = store.commit(barring(&two, &one, 3)).await.unwrap_err();
    assert!(matches!(refused, CommitError::Conflict(Conflict::Stale(crate::Kind::Worker))));
    assert_eq!(store.ask(ask::worker(one.id)).await.unwrap().unwrap().epoch, one.epoch);
}

#[tokio::test]
async fn sessions_open_extend_and_end() {
    let store = store().await;
    let mut transaction = Transaction::logged(&entry(1));
    transaction.open_session(&session());
    store.commit(transaction).await.unwrap();
    let extended = Session { extended_at: at(60), ..session() };
    assert!(store.extend_session(&extended).await.unwrap());
    let id = session().id;
    let (own, foreign) = store.ask((ask::worker_session(id), ask::session(id))).await.unwrap();
    assert_eq!((own, foreign), (Some(extended.clone()), None));

    let mut transaction = Transaction::logged(&entry(2));
    transaction.close_session(&extended);
    store.commit(transaction).await.unwrap();
    assert_eq!(store.ask(ask::worker_session(id)).await.unwrap(), None);
    assert!(!store.extend_session(&extended).await.unwrap());
    store.log_access(&entry(3)).await.unwrap();
    store.log_access(&entry(3)).await.unwrap();
}

fn clients_session(number: u64, epoch: u32, opened: i64) -> Session {
    let holder = Holder::Client(AccountId::new(uuid(10)));
    Session::open(SessionId::new(uuid(number)), holder, epoch, AuthLevel::Password, None, at(opened))
}

async fn stored(store: &Store, sessions: &[&Session]) {
    let mut transaction = Transaction::logged(&entry(50));
    for session in sessions {
        transaction.open_session(session);
    }
    store.commit(transaction).await.unwrap();
}

#[tokio::test]
async fn somebodys_sessions_are_found_newest_first_and_only_ended_ones_removed() {
    let store = store().await;
    let [old, ended, live] =
        [clients_session(1, 1, 0), clients_session(2, 1, 100), clients_session(3, 2, 200)];
    let others = Session { holder: Holder::Client(AccountId::new(uuid(11))), ..clients_session(4, 1, 300) };
    stored(&store, &[&old, &ended, &live, &others]).await;
    let page = store.sessions_of(live.holder, at(100), None).await.unwrap();
    assert_eq!((page.items, page.next), (vec![live.clone(), ended.clone()], None));

    // What an index says of a session may be old: the item itself decides.
    let stale = Session { epoch: 1, ..live.clone() };
    for (session, removed) in [(&ended, true), (&ended, false), (&stale, false)] {
        assert_eq!(store.remove_ended_session(session, 2).await.unwrap(), removed);
    }
    let asked = (ask::session(ended.id), ask::session(live.id), ask::session(others.id));
    assert_eq!(store.ask(asked).await.unwrap(), (None, Some(live), Some(others)));
}

#[tokio::test]
async fn a_session_that_ended_is_not_renewed() {
    let store = store().await;
    let first = clients_session(1, 1, 0);
    stored(&store, &[&first]).await;
    let renew = |number: u64| {
        let mut transaction = Transaction::new(&record(number, 1));
        transaction.renew_session(&first, &first.renewed(SessionId::new(uuid(number)), 2, at(60)));
        transaction
    };
    store.commit(renew(2)).await.unwrap();
    let refused = store.commit(renew(3)).await.unwrap_err();
    assert!(matches!(refused, CommitError::Conflict(Conflict::Stale(crate::Kind::Session))));
    let asked = [1, 2, 3].map(|number| ask::session(SessionId::new(uuid(number)))).to_vec();
    let kept: Vec<_> = store.ask(asked).await.unwrap().iter().map(Option::is_some).collect();
    assert_eq!(kept, [false, true, false]);
}

#[tokio::test]
async fn a_code_is_tried_five_times_and_a_newer_one_takes_its_place() {
    let store = store().await;
    let session = clients_session(1, 1, 0);
    stored(&store, &[&session]).await;
    let begin =
        |number: u64, address: &str| EmailChange::begin(email(address), MailId::new(uuid(number)), at(0));
    let [first, second] = [begin(20, "New@example.org"), begin(21, "newer@example.org")];
    for (number, change) in [(1, &first), (2, &second)] {
        let mut transaction = Transaction::new(&record(number, 1));
        transaction.begin_email_change(&session, change);
        store.commit(transaction).await.unwrap();
        let kept = store.ask(ask::session(session.id)).await.unwrap().unwrap().email_change.unwrap();
        assert_eq!((&kept, kept.address.as_typed()), (change, change.address.as_typed()));
    }
    assert_eq!(store.claim_code_try(&session, &first).await.unwrap(), None);
    for tries in 1..=5 {
        assert_eq!(store.claim_code_try(&session, &second).await.unwrap(), Some(tries));
    }
    assert_eq!(store.claim_code_try(&session, &second).await.unwrap(), None);

    let end = |number: u64, change: &EmailChange| {
        let mut transaction = Transaction::new(&record(number, 1));
        transaction.end_email_change(&session, change);
        transaction
    };
    assert!(store.commit(end(3, &first)).await.is_err());
    store.commit(end(4, &second)).await.unwrap();
    assert!(store.commit(end(5, &second)).await.is_err());
    assert_eq!(store.claim_code_try(&session, &second).await.unwrap(), None);
    assert_eq!(store.ask(ask::session(session.id)).await.unwrap(), Some(session));
}

#[tokio::test]
async fn a_call_made_twice_gets_the_first_answer() {
    let store = store().await;
    let call = |number, response: &str, now| {
        let mut transaction = Transaction::new(&record(number, 1));
        transaction.answer("call", "payload", response, now);
        transaction
    };
    store.commit(call(1, "first", at(0))).await.unwrap();
    let Err(CommitError::Conflict(Conflict::AlreadyHappened(answered))) =
        store.commit(call(2, "second", at(60))).await
    else {
        panic!("made twice")
    };
    assert_eq!((answered.payload_hash.as_str(), answered.response.as_str()), ("payload", "first"));
    assert_eq!(store.ask(ask::idempotency("call")).await.unwrap(), Some(answered));
    store.commit(call(3, "third", at(86_401))).await.unwrap();
    assert_eq!(store.ask(ask::idempotency("call")).await.unwrap().unwrap().response, "third");
}

#[tokio::test]
async fn history_comes_newest_first_in_pages() {
    let store = store().await;
    for number in 1..=5 {
        store.commit(Transaction::new(&record(number, 1))).await.unwrap();
    }
    store.commit(Transaction::new(&record(6, 2))).await.unwrap();
    let subject = record(1, 1).subject;
    let first = store.history(subject, None, 3).await.unwrap();
    assert_eq!(first.items, [5, 4, 3].map(|number| record(number, 1)));
    let rest = store.history(subject, first.next.as_ref(), 3).await.unwrap();
    assert_eq!(rest.items, [2, 1].map(|number| record(number, 1)));
    assert_eq!(rest.next, None);

    let mut of_day = Vec::new();
    for shard in 0..journal::DAY_SHARDS {
        let mut after = None;
        loop {
            let page = store.journal_of_day(at(0).date_naive(), shard, after.as_ref(), 1).await.unwrap();
            of_day.extend(page.items.into_iter().map(|record| record.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    of_day.sort();
    assert_eq!(of_day, [1, 2, 3, 4, 5, 6].map(|number| record(number, 1).id));
}

#[tokio::test]
async fn all_workers_are_found_a_page_at_a_time() {
    let store = store().await;
    let of = |number| Worker { id: WorkerId::new(uuid(number)), ..worker() };
    for number in [7, 8, 9] {
        let mut transaction = Transaction::new(&record(number, 1));
        transaction.put_worker(Version::NONE, &of(number));
        store.commit(transaction).await.unwrap();
    }
    let first = store.staff(None, 2).await.unwrap();
    assert_eq!(first.items.iter().map(|worker| worker.id).collect::<Vec<_>>(), [of(7).id, of(8).id]);
    let mut transaction = Transaction::new(&record(10, 1));
    transaction.put_worker(first.items[0].version, &Worker { epoch: 1, ..of(7) });
    store.commit(transaction).await.unwrap();
    let rest = store.staff(first.next.as_ref(), 2).await.unwrap();
    assert_eq!(rest.items.iter().map(|worker| worker.id).collect::<Vec<_>>(), [of(9).id]);
    assert_eq!(store.staff(None, 9).await.unwrap().items[0].epoch, 1, "found once, as they are now");
}

#[tokio::test]
async fn a_mail_goes_where_the_change_said() {
    let store = store().await;
    let (id, former) = (MailId::new(uuid(20)), email("Former@example.org"));
    let asking = || {
        let mut transaction = Transaction::new(&record(1, 1));
        transaction.address_mail(id, &former);
        transaction
    };
    assert_eq!(store.ask(ask::mail_address(id)).await.unwrap(), None);
    store.commit(asking()).await.unwrap();
    store.commit(asking()).await.unwrap();
    assert_eq!(store.ask(ask::mail_address(id)).await.unwrap(), Some(MailAddress(former)));
    let claim = store.claim_mail(&handover(20), at(0), TimeDelta::minutes(5)).await.unwrap();
    assert_eq!(claim, Claim::Claimed { again: false });
}

#[tokio::test]
async fn a_mail_is_claimed_by_one_and_kept_for_good() {
    let store = store().await;
    let claimed = handover(20);
    let claim = |seconds| store.claim_mail(&claimed, at(seconds), TimeDelta::minutes(5));
    let both = tokio::join!(claim(0), claim(0));
    let won = |claim: &Result<Claim, _>| matches!(claim, Ok(Claim::Claimed { again: false }));
    assert!(won(&both.0) != won(&both.1), "{both:?}");
    assert_eq!(claim(60).await.unwrap(), Claim::HeldByAnother { until: at(300) });
    assert_eq!(claim(300).await.unwrap(), Claim::Claimed { again: true });
    store.append_mail(&mail(20, sent()), uuid(90)).await.unwrap();
    store
        .append_mail(
            &mail(
                20,
                Fate::Sent {
                    address: email("other@example.org"),
                    language: Language::En,
                    message: "2".to_owned(),
                },
            ),
            uuid(91),
        )
        .await
        .unwrap();
    assert_eq!(claim(900).await.unwrap(), Claim::AlreadySent);

    let dropped = mail(21, Fate::Dropped { reason: Reason::NoConsent });
    store.append_mail(&dropped, uuid(90)).await.unwrap();
    assert_eq!(
        store.claim_mail(&handover(21), at(0), TimeDelta::minutes(5)).await.unwrap(),
        Claim::AlreadyDropped
    );
    let page = store.mail_of(IndividualId::new(uuid(1)), None, 1).await.unwrap();
    assert_eq!(page.items, [dropped]);
    let page = store.mail_of(IndividualId::new(uuid(1)), page.next.as_ref(), 10).await.unwrap();
    assert_eq!(page.items, [mail(20, sent())]);
}

#[tokio::test]
async fn what_is_told_of_a_mail_is_kept_once_in_any_order() {
    let store = store().await;
    let id = MailId::new(uuid(20));
    assert_eq!(store.mail_handed_over(id).await.unwrap(), None);
    let told = |outcome, seconds| Told { mail: id, outcome, at: at(seconds) };
    store.append_told(&told(MailOutcome::Delivered, 40)).await.unwrap();
    store.append_told(&told(MailOutcome::Delivered, 50)).await.unwrap();
    store.claim_mail(&handover(20), at(0), TimeDelta::minutes(5)).await.unwrap();
    assert_eq!(store.mail_handed_over(id).await.unwrap(), Some(handover(20)));
    let known = store.ask(ask::mail(id)).await.unwrap();
    assert_eq!((known.fate, known.told), (None, [(MailOutcome::Delivered, at(40))].into()));

    let failing = |number| {
        let mut transaction = Transaction::new(&record(number, 1));
        transaction.keep_told(&told(MailOutcome::Complained, 60));
        transaction
    };
    store.commit(failing(1)).await.unwrap();
    store.commit(failing(2)).await.unwrap();
    let journal = store.history(Subject::Individual(IndividualId::new(uuid(1))), None, 10).await.unwrap();
    assert_eq!(journal.items.len(), 1, "told again, nothing more follows");

    store.append_mail(&mail(20, sent()), uuid(90)).await.unwrap();
    store.append_mail(&mail(20, Fate::Dropped { reason: Reason::NoConsent }), uuid(90)).await.unwrap();
    assert_eq!(store.mail_handed_over(id).await.unwrap(), Some(handover(20)));
    let known = store.ask(ask::mail(id)).await.unwrap();
    assert_eq!(known.fate, Some((sent(), at(30))));
    assert_eq!(known.told.len(), 2);
}

#[tokio::test]
async fn a_job_and_its_report_read_back() {
    let store = store().await;
    let rows = ReportPage(serde_json::json!([{ "row": 2, "outcome": "created" }]));
    let mut transaction = Transaction::new(&record(1, 1));
    transaction.put_job(Version::NONE, &job()).put_report(job().id, 1, &rows);
    store.commit(transaction).await.unwrap();
    let (job_, page, beyond) =
        store.ask((ask::job(job().id), ask::report(job().id, 1), ask::report(job().id, 2))).await.unwrap();
    assert_eq!(job_.unwrap().value, job());
    assert_eq!((page, beyond), (Some(rows), None));
}

#[tokio::test]
async fn tries_are_counted_by_window() {
    let store = store().await;
    let limit = Limit { per: Per::Account, allowed: 3, window: 60 };
    for expected in 1..=3 {
        assert_eq!(store.hit("sign_in", limit, "acc_1", at(5)).await.unwrap(), expected);
    }
    assert_eq!(store.hit("sign_in", limit, "acc_2", at(5)).await.unwrap(), 1);
    assert_eq!(store.hit("sign_in", limit, "acc_1", at(60)).await.unwrap(), 1);
    let everybody = Limit { per: Per::Global, ..limit };
    assert_eq!(store.hit("sign_in", everybody, "10.0.0.1", at(5)).await.unwrap(), 8);
    assert_eq!(store.hit("sign_in", everybody, "10.0.0.1", at(5)).await.unwrap(), 16);
    for expected in 1..=2 {
        assert_eq!(store.count_decoy_attempt("0f", at(5)).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn more_than_a_hundred_keys_are_asked_for_in_turns() {
    let store = store().await;
    for numbers in [0..90, 90..150] {
        let mut transaction = Transaction::new(&record(1_000 + numbers.start, 1));
        for number in numbers {
            transaction.claim_sign_in_name(
                &email(&format!("c{number}@example.org")),
                AccountId::new(uuid(number)),
                None,
            );
        }
        store.commit(transaction).await.unwrap();
    }
    let names: Vec<_> =
        (0..160).map(|number| ask::credentials(&email(&format!("c{number}@example.org")))).collect();
    let found = store.ask(names).await.unwrap();
    assert_eq!(found.iter().flatten().count(), 150);
    assert!(
        found
            .iter()
            .take(150)
            .zip(0..)
            .all(|(found, number)| found.as_ref().unwrap().holder == AccountId::new(uuid(number)))
    );

    let twice = store
        .ask((ask::credentials(&email("c1@example.org")), ask::credentials(&email("C1@example.org"))))
        .await;
    let (one, same) = twice.unwrap();
    assert!(one.is_some() && one == same);

    let mut huge = Transaction::new(&record(2_000, 1));
    for number in 0..100 {
        huge.claim_sign_in_name(
            &email(&format!("d{number}@example.org")),
            AccountId::new(uuid(number)),
            None,
        );
    }
    assert_eq!(huge.items(), 101);
    assert!(matches!(store.commit(huge).await, Err(CommitError::Fault(crate::Fault::Internal { .. }))));
}
