//! Golden items: what was written once is read for ever, and the newest shapes are written as they were.

use std::fs;
use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::account::{CloseReason, LockReason, Status};
use domain::bulk::StopReason;
use domain::individual::Imported;
use domain::journal::JournalRecord;
use domain::mail::{MailKind, MailOutcome};
use domain::service::{Details, Service, Visibility};
use domain::service_file::{Place, ServiceFile};
use domain::session::EmailChange;
use domain::settings::Section;
use domain::statistics::{Accounts, Day, Sites, Tally};
use domain::worker::{SecondFactor, SecurityClass, Worker};
use domain::{AlertKind, ServiceRequest, Session, StateName, bulk::BulkJob, job::Job};
use serde_json::{Map as Json, Value, json};

use super::records::{
    bulk_job, classes, entry, handover, job, mail, public_keys, reset_request, sent, session, sites, worker,
};
use super::service_files::{enrolled, place};
use super::services::{group, request, service, settled};
use super::*;
use crate::ask::FromItem;
use crate::commit::Op;
use crate::item::Map;
use crate::{
    Answered, BegunFactor, ClosedAccount, CountedAccounts, Credentials, Fate, Fault, Holding, MailAddress,
    MailOf, MailRecord, Mark, Month, Policy, PolicyKind, PublicKeys, Publication, Reader, ReportPage,
    ResetRequest, ServiceFileWithExternalId, ServiceWithExternalId, SettingsVersion, Site,
    StatisticsProgress, StoredFactor, TargetList, Told, Versioned,
};

/// Reads an item into what its `Debug` says.
type Read = fn(Map) -> Result<String, Fault>;

/// An item as it is written today, and how it is read; some rows are read in parts only.
struct Sample {
    name: String,
    item: Map,
    read: Option<Read>,
}

impl Sample {
    fn new(name: impl Into<String>, item: Map, read: Read) -> Self {
        Self { name: name.into(), item, read: Some(read) }
    }
}

fn read<T: FromItem + std::fmt::Debug>(map: Map) -> Result<String, Fault> {
    T::from_item(map).map(|value| format!("{value:?}"))
}

/// The items a transaction puts, but for its own record.
fn puts(build: impl FnOnce(&mut Transaction)) -> Vec<Map> {
    let mut transaction = Transaction::new(&record(1, 1));
    build(&mut transaction);
    assert!(transaction.failed.is_none());
    let items = transaction.writes.into_iter().skip(1).filter_map(|write| match write.op {
        Op::Put(map) => Some(map),
        _ => None,
    });
    items.collect()
}

fn put(build: impl FnOnce(&mut Transaction)) -> Map {
    let [map] = puts(build).try_into().unwrap();
    map
}

/// One item of every kind and state.
fn samples() -> Vec<Sample> {
    let mut samples = account_samples();
    samples.extend(individual_samples());
    samples.extend(agency_samples());
    samples.extend(service_samples());
    samples.extend(enrolment_samples());
    samples.extend(other_samples());
    samples.extend(statistics_samples());
    for (name, event) in events() {
        let record = JournalRecord { events: vec![event], ..record(1, 1) };
        samples.push(Sample::new(format!("journal_{name}"), journal_item(&record), read::<JournalRecord>));
    }
    samples
}

fn journal_item(record: &JournalRecord) -> Map {
    match Transaction::new(record).writes.remove(0).op {
        Op::Put(map) => map,
        _ => panic!("the record is put first"),
    }
}

fn pending() -> Account {
    opened(10, &individual(1, "Zoë", "Quinn", "Zoe@example.org")).account
}

fn account_samples() -> Vec<Sample> {
    let pending = pending();
    let states = [
        pending.state,
        State::Active { failed_sign_ins: 2, must_reset: true },
        State::Locked { reason: LockReason::FailedSignIns, since: at(1), must_reset: false },
        State::Disabled { since: at(1) },
        State::Closed { reason: CloseReason::Expired, at: at(1) },
    ];
    let accounts = states.map(|state| {
        let map = put(|t| _ = t.put_account(Version::NONE, &with_state(&pending, state)));
        Sample::new(format!("account_{}", state.name()), map, read::<Versioned<Account>>)
    });
    let alerted = pending.alerted(AlertKind::Bounced, at(5)).unwrap();
    let alerted = put(|t| _ = t.put_account(Version::NONE, &alerted));
    let closed = ClosedAccount { account: AccountId::new(uuid(9)), reason: CloseReason::Expired, at: at(0) };
    let holding = Holding { open: Some(pending.id), closed: vec![closed] };
    let holding = crate::account::holding_item(pending.individual, &holding).unwrap();
    let credentials = put(|t| _ = t.claim_sign_in_name(&pending.email, pending.id, Some("$argon2id$")));
    let licences = puts(|t| _ = t.put_licences(20)).remove(0);
    let others = [
        Sample::new("account_alerted", alerted, read::<Versioned<Account>>),
        Sample::new("holding", holding, read::<Holding>),
        Sample::new("credentials", credentials, read::<Credentials<AccountId>>),
        Sample { name: "licences".to_owned(), item: licences, read: None },
    ];
    accounts.into_iter().chain(others).collect()
}

fn individual_samples() -> Vec<Sample> {
    let person = individual(1, "Zoë", "Quinn", "Zoe@example.org");
    let mut samples = BTreeMap::new();
    for item in puts(|t| _ = t.put_individual(None, &person)) {
        let pk = item["pk"].as_s().unwrap();
        let (name, read): (&str, Option<Read>) = match pk.split('#').next().unwrap() {
            "external" => ("external_id", Some(read::<crate::ExternalIdOf>)),
            "email" => ("address", None),
            "name" => ("name", None),
            "person" => ("person", None),
            "birth" => ("birth_date", None),
            _ => ("individual", Some(read::<Versioned<Individual>>)),
        };
        samples.insert(name, Sample { name: name.to_owned(), item, read });
    }
    samples.into_values().collect()
}

/// Invited anew, with a second factor, edited twice.
fn hired() -> Worker {
    Worker {
        description: Some("Listens".to_owned()),
        invited: true,
        revision: 2,
        second_factor: Some(SecondFactor { recovery_codes_left: 9, wrong_codes: 1 }),
        ..worker()
    }
}

/// Of a worker who has a second factor and begins another.
fn enrolled_worker() -> Map {
    let factor = StoredFactor {
        secret: "U0VBTEVE".to_owned(),
        step: 59_000_000,
        recovery: vec!["0f".to_owned(), "1e".to_owned()],
        uses: 4,
    };
    let begun =
        BegunFactor { secret: "QUxTTw".to_owned(), session: domain::SessionId::new(uuid(5)), until: at(1) };
    let credentials = Credentials {
        holder: worker().id,
        password_hash: Some("$argon2id$".to_owned()),
        second_factor: Some(factor),
        begun: Some(begun),
    };
    crate::credentials::enrolled_item(&worker().email, &credentials)
}

fn agency_samples() -> Vec<Sample> {
    let text = Policy("# Privacy".to_owned());
    let policy = put(|t| _ = t.put_policy(PolicyKind::Privacy, 1, Language::En, &text));
    let (as_before, of_its_own, classes) = (settings(), settings_of_its_own(), classes());
    let saved = SettingsVersion {
        settings: of_its_own.clone(),
        at: at(2),
        by: Some(worker().id),
        section: Section::Communications,
    };
    let version = puts(|t| _ = t.save_settings(Version::NONE, &saved)).remove(1);
    let publication = Publication { at: at(2), by: worker().id, languages: vec![Language::En, Language::Es] };
    let publication = put(|t| _ = t.put_publication(PolicyKind::Terms, 4, &publication));
    let as_before = put(|t| _ = t.put_settings(Version::NONE, &as_before));
    let of_its_own = put(|t| _ = t.put_settings(Version::NONE, &of_its_own));
    let classes = put(|t| _ = t.put_security_classes(Version::NONE, &classes));
    let [profile, staff] = puts(|t| _ = t.put_worker(Version::NONE, &worker())).try_into().unwrap();
    let [hired, _] = puts(|t| _ = t.put_worker(Version::NONE, &hired())).try_into().unwrap();
    let closed = vec![Site { active: false, ..sites().remove(0) }];
    let worker_name = put(|t| _ = t.claim_sign_in_name(&worker().email, worker().id, None));
    vec![
        Sample::new("worker_credentials", worker_name, read::<Credentials<WorkerId>>),
        Sample::new("worker_credentials_enrolled", enrolled_worker(), read::<Credentials<WorkerId>>),
        Sample::new("worker", profile, read::<Versioned<Worker>>),
        Sample::new("worker_invited", hired, read::<Versioned<Worker>>),
        Sample::new(
            "sites_inactive",
            put(|t| _ = t.put_sites(Version::NONE, &closed)),
            read::<Versioned<Vec<Site>>>,
        ),
        Sample { name: "staff".to_owned(), item: staff, read: None },
        Sample::new("settings", as_before, read::<Versioned<Settings>>),
        Sample::new("settings_of_its_own", of_its_own, read::<Versioned<Settings>>),
        Sample::new("settings_version", version, read::<SettingsVersion>),
        Sample::new("publication", publication, read::<Publication>),
        Sample::new("security_classes", classes, read::<Versioned<Vec<SecurityClass>>>),
        Sample::new("sites", put(|t| _ = t.put_sites(Version::NONE, &sites())), read::<Versioned<Vec<Site>>>),
        Sample::new(
            "public_keys",
            put(|t| _ = t.put_public_keys(Version::NONE, &public_keys())),
            read::<Versioned<PublicKeys>>,
        ),
        Sample::new("set_up", put(|t| _ = t.mark_set_up(at(0))), read::<Mark>),
        Sample::new("policy", policy, read::<Policy>),
    ]
}

fn service_samples() -> Vec<Sample> {
    let parent = service(50, "Counselling");
    let mut run = group(51, "Tuesday circle", &parent);
    run.details = Details {
        client_facing_name: Some("Tuesdays".to_owned()),
        visibility: Visibility::Hidden,
        eligible: true,
        event_minutes: Some(90),
        site: Some(SiteId::new(uuid(1))),
        starts_on: Some(at(0).date_naive()),
        ends_on: Some(at(0).date_naive()),
        ..run.details
    };
    run.imported = Some(Imported { job: job().id, row: 2 });
    let parent_items = puts(|t| _ = t.put_service(None, &parent, None));
    let external = parent_items.into_iter().find(|item| item["pk"].as_s().unwrap().starts_with("external#"));
    let [of_run, _, _, _, _, offered] = puts(|t| _ = t.put_service(None, &run, None)).try_into().unwrap();
    let [request_item, mark] = puts(|t| _ = t.put_service_request(&request(60))).try_into().unwrap();
    let settled = put(|t| _ = t.settle_service_request(Version(1), &settled(request(60))));
    vec![
        Sample::new("service", of_run, read::<Versioned<Service>>),
        Sample { name: "service_offered".to_owned(), item: offered, read: None },
        Sample::new("service_external_id", external.unwrap(), read::<ServiceWithExternalId>),
        Sample::new("service_request", request_item, read::<Versioned<ServiceRequest>>),
        Sample::new("service_request_settled", settled, read::<Versioned<ServiceRequest>>),
        Sample { name: "service_request_open".to_owned(), item: mark, read: None },
    ]
}

fn enrolment_samples() -> Vec<Sample> {
    let profile = |person: &Individual| {
        let items = puts(|t| _ = t.put_individual(None, person));
        items.into_iter().find(|item| item["pk"].as_s().unwrap() == &person.id.to_string()).unwrap()
    };
    let (mut person, file) = enrolled();
    person.external_ids.clear();
    let [file, external] = puts(|t| _ = t.put_service_file(Version::NONE, &file)).try_into().unwrap();
    let place = put(|t| _ = t.put_place(&place(1, 51)));
    let chooses = EventMessages { confirmations: true, updates: false };
    let choosing =
        Individual { event_messages: chooses, ..individual(1, "Zoë", "Quinn", "zoe@example.org") };
    vec![
        Sample::new("individual_choosing", profile(&choosing), read::<Versioned<Individual>>),
        Sample::new("individual_enrolled", profile(&person), read::<Versioned<Individual>>),
        Sample::new("service_file", file, read::<Versioned<ServiceFile>>),
        Sample::new("service_file_external_id", external, read::<ServiceFileWithExternalId>),
        Sample::new("place", place, read::<Place>),
    ]
}

fn other_samples() -> Vec<Sample> {
    let page = ReportPage(json!([{ "row": 2 }]));
    let mail_item = |fate| crate::mail::item(&mail(20, fate)).unwrap();
    let dropped = Fate::Dropped { reason: Reason::NoConsent };
    let access = put(|t| _ = t.log_access(&entry(30)));
    let change = EmailChange::begin("New@example.org".parse().unwrap(), MailId::new(uuid(20)), at(0));
    let session = Session { email_change: Some(change), ..session() };
    let told = Told { mail: MailId::new(uuid(20)), outcome: MailOutcome::Bounced, at: at(40) };
    let claimed = crate::mail::claim(&handover(20), 1, at(0), at(120)).unwrap();
    let mut to_worker = mail(21, sent());
    to_worker.of =
        MailOf { kind: MailKind::WorkerLocked, reader: Reader::Worker(worker().id), ..to_worker.of };
    let mut of_a_job = mail(22, sent());
    of_a_job.of.job = Some(job().id);
    let targets = TargetList { targets: bulk_job().place.left };
    vec![
        Sample::new("mail_of_a_job", crate::mail::item(&of_a_job).unwrap(), read::<MailRecord>),
        Sample::new(
            "bulk_job",
            puts(|t| _ = t.put_bulk_job(Version::NONE, &bulk_job())).remove(0),
            read::<Versioned<BulkJob>>,
        ),
        Sample::new("targets", put(|t| _ = t.put_targets(job().id, 1, &targets)), read::<TargetList>),
        Sample::new("job", put(|t| _ = t.put_job(Version::NONE, &job())), read::<Versioned<Job>>),
        Sample::new("report", put(|t| _ = t.put_report(job().id, 1, &page)), read::<ReportPage>),
        Sample::new("session", put(|t| _ = t.open_session(&session)), read::<Session>),
        Sample::new("idempotency", put(|t| _ = t.answer("0f", "1e", "{}", at(0))), read::<Answered>),
        Sample::new("mail_sent", mail_item(sent()), read::<MailRecord>),
        Sample::new("mail_dropped", mail_item(dropped), read::<MailRecord>),
        Sample { name: "mail_claimed".to_owned(), item: claimed, read: None },
        Sample { name: "mail_told".to_owned(), item: put(|t| _ = t.keep_told(&told)), read: None },
        Sample::new("mail_to_worker", crate::mail::item(&to_worker).unwrap(), read::<MailRecord>),
        Sample::new(
            "mail_address",
            put(|t| _ = t.address_mail(to_worker.of.mail, &worker().email)),
            read::<MailAddress>,
        ),
        Sample::new("reset_request", crate::requests::item(&reset_request()).unwrap(), read::<ResetRequest>),
        Sample { name: "access_log".to_owned(), item: access, read: None },
    ]
}

fn statistics_samples() -> Vec<Sample> {
    use crate::statistics::{accounts_item, day_item, month_item, progress_item};

    let tally = Tally {
        invited: 5,
        activated: 4,
        returned: 3,
        mails_sent: 9,
        mails_bounced: 2,
        mails_complained: 1,
        minutes_to_activate: [(7, 3), (1_440, 1)].into(),
    };
    let (site, now) = (SiteId::new(uuid(5)), at(0));
    let sites: Sites = [(site, tally)].into();
    let month = Month { month: "2026-03".to_owned(), sites: sites.clone(), computed_at: now };
    let day = Day { day: now.date_naive(), sites, waiting: 1, computed_at: now };
    let mut accounts = Accounts::default();
    for status in [StateName::Active, StateName::Locked].map(|state| Status { state, reason: None }) {
        accounts.count(site, status.each()[0]);
    }
    let counted = CountedAccounts { accounts, counted_at: now };
    let progress = StatisticsProgress { settled: now.date_naive(), until: now, computed_at: now };
    vec![
        Sample::new("statistics_day", day_item(&day).unwrap(), read::<Day>),
        Sample::new("statistics_month", month_item(&month).unwrap(), read::<Month>),
        Sample::new("statistics_accounts", accounts_item(&counted).unwrap(), read::<CountedAccounts>),
        Sample::new("statistics_progress", progress_item(&progress).unwrap(), read::<StatisticsProgress>),
    ]
}

/// Events of every form: with texts, numbers, flags, and fields left out.
fn events() -> Vec<(&'static str, JournalEvent)> {
    let (account, individual, mail) =
        (AccountId::new(uuid(10)), IndividualId::new(uuid(1)), MailId::new(uuid(20)));
    let reason = LockReason::Suspended;
    vec![
        ("created", JournalEvent::AccountCreated { account, individual, age_overridden: true }),
        ("requested", JournalEvent::ActivationRequested { account, individual, mail, generation: 3 }),
        ("closed", JournalEvent::AccountClosed { account, individual, reason: CloseReason::WrongBirthDate }),
        ("locked", JournalEvent::AccountLocked { account, individual, reason, mail: None, generation: None }),
        ("missed", JournalEvent::BirthDateMissed { account, individual, misses: 2 }),
        (
            "requested_in_bulk",
            JournalEvent::BulkActivationRequested { account, individual, mail, generation: 1, job: job().id },
        ),
        ("stopped", JournalEvent::BulkJobStopped { job: job().id, reason: StopReason::NoLicence }),
        ("consent", JournalEvent::CommunicationConsentChanged { individual, given: false }),
    ]
}

pub(super) fn to_json(map: &Map) -> Value {
    fn value(of: &AttributeValue) -> Value {
        match of {
            AttributeValue::S(text) => json!({ "S": text }),
            AttributeValue::N(number) => json!({ "N": number }),
            AttributeValue::Bool(flag) => json!({ "BOOL": flag }),
            AttributeValue::Null(_) => json!({ "NULL": true }),
            AttributeValue::L(list) => json!({ "L": list.iter().map(value).collect::<Vec<_>>() }),
            AttributeValue::M(map) => json!({ "M": to_json(map) }),
            other => panic!("{other:?} is not used"),
        }
    }
    let sorted: BTreeMap<_, _> = map.iter().collect();
    Value::Object(sorted.into_iter().map(|(name, of)| (name.clone(), value(of))).collect())
}

fn from_json(json: &Json<String, Value>) -> Map {
    fn value(of: &Value) -> AttributeValue {
        let (kind, of) = of.as_object().unwrap().iter().next().unwrap();
        match (kind.as_str(), of) {
            ("S", Value::String(text)) => AttributeValue::S(text.clone()),
            ("N", Value::String(number)) => AttributeValue::N(number.clone()),
            ("BOOL", Value::Bool(flag)) => AttributeValue::Bool(*flag),
            ("NULL", _) => AttributeValue::Null(true),
            ("L", Value::Array(list)) => AttributeValue::L(list.iter().map(value).collect()),
            ("M", Value::Object(map)) => AttributeValue::M(from_json(map)),
            other => panic!("{other:?}"),
        }
    }
    json.iter().map(|(name, of)| (name.clone(), value(of))).collect()
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

fn file(name: &str, map: &Map) -> PathBuf {
    directory().join(format!("{name}.v{}.json", map["v"].as_n().unwrap()))
}

#[test]
fn items_of_the_newest_shape_are_written_as_they_were() {
    for Sample { name, item, .. } in samples() {
        let file = file(&name, &item);
        let Ok(text) = fs::read_to_string(&file) else {
            panic!(
                "{} is missing: `cargo test -p store keep_new_golden_items -- --ignored` adds it",
                file.display()
            )
        };
        let golden: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            to_json(&item),
            golden,
            "{name} is written in another shape: give it a new `v` and an upcast"
        );
    }
}

#[test]
fn items_of_every_shape_are_read_those_of_the_next_release_too() {
    let samples = samples();
    for entry in fs::read_dir(directory()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().split('.').next().unwrap();
        let sample = samples.iter().find(|sample| sample.name == name).unwrap();
        let Some(read) = sample.read else { continue };
        let golden = from_json(&serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap());
        let mut next = sample.item.clone();
        next.insert("v".to_owned(), crate::item::n(99));
        next.insert("field_of_the_next_release".to_owned(), crate::item::s("x"));
        let expected = read(sample.item.clone()).unwrap();
        for item in [golden, next] {
            assert_eq!(read(item).unwrap_or_else(|fault| panic!("{}: {fault}", path.display())), expected);
        }
    }
}

#[test]
fn the_journal_is_read_from_its_stream() {
    for Sample { name, item, .. } in
        samples().into_iter().filter(|sample| sample.name.starts_with("journal_"))
    {
        let record = crate::journal::from_stream(item.clone().into()).unwrap();
        assert_eq!(journal_item(&record), item, "{name}");
    }
}

#[test]
fn an_item_without_its_version_or_a_field_is_corrupt() {
    for Sample { name, item, read } in samples() {
        let Some(read) = read else { continue };
        for field in item.keys() {
            let mut without = item.clone();
            without.remove(field);
            match read(without) {
                Err(Fault::Corrupt { .. }) => {}
                Err(other) => panic!("{name} without {field}: {other}"),
                Ok(_) => assert_ne!(field, "v", "{name} without {field}"),
            }
        }
    }
}

#[test]
#[ignore = "writes files: run it after adding a kind or shape of item"]
fn keep_new_golden_items() {
    fs::create_dir_all(directory()).unwrap();
    for Sample { name, item, .. } in samples() {
        let file = file(&name, &item);
        if !file.exists() {
            fs::write(file, serde_json::to_string_pretty(&to_json(&item)).unwrap() + "\n").unwrap();
        }
    }
}
