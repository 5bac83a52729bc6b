//! Golden items: what was written once is read for ever, and the newest shapes are written as they were.

use std::fs;
use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::journal::JournalRecord;
use domain::worker::{SecurityClass, Worker};
use domain::{Session, account::CloseReason, job::Job};
use serde_json::{Map as Json, Value, json};

use super::records::{classes, entry, job, mail, public_keys, sent, session, sites, worker};
use super::*;
use crate::ask::FromItem;
use crate::commit::Op;
use crate::item::Map;
use crate::{
    Answered, ClosedAccount, Credentials, Fate, Fault, Holding, MailRecord, Policy, PolicyKind, PublicKeys,
    ReportPage, SetUp, Site, Table, Versioned,
};

type Read = fn(Map) -> Result<String, Fault>;

fn read<T: FromItem + std::fmt::Debug>(map: Map) -> Result<String, Fault> {
    T::from_item(map).map(|value| format!("{value:?}"))
}

/// The items a transaction puts, but for its own record.
fn puts(build: impl FnOnce(&mut Transaction)) -> Vec<Map> {
    let mut transaction = Transaction::new(&record(1, 1));
    build(&mut transaction);
    assert!(transaction.failed.is_none());
    let items = transaction
        .writes
        .into_iter()
        .skip(1)
        .filter_map(|write| match write.op {
            Op::Put(map) => Some(map),
            _ => None,
        });
    items.collect()
}

fn put(build: impl FnOnce(&mut Transaction)) -> Map {
    let [map] = puts(build).try_into().unwrap();
    map
}

/// One item of every kind and state, as it is written today, and how it is read.
fn samples() -> Vec<(String, Map, Option<Read>)> {
    let person = individual(1, "Zoë", "Quinn", "Zoe@example.org");
    let pending = opened(10, &person).account;
    let states = [
        pending.state,
        State::Active {
            failed_sign_ins: 2,
            must_reset: true,
        },
        State::Locked {
            reason: domain::account::LockReason::FailedSignIns,
            since: at(1),
            must_reset: false,
        },
        State::Disabled { since: at(1) },
        State::Closed {
            reason: CloseReason::Expired,
            at: at(1),
        },
    ];
    let mut samples: Vec<(String, Map, Option<Read>)> = Vec::new();
    for state in states {
        let account = with_state(&pending, state);
        let map = put(|t| _ = t.put_account(Version::NONE, &account));
        samples.push((
            format!("account_{}", state.name()),
            map,
            Some(read::<Versioned<Account>>),
        ));
    }
    let individuals = puts(|t| _ = t.put_individual(None, &person));
    for map in individuals {
        let pk = map["pk"].as_s().unwrap();
        let (kind, reader): (&str, Option<Read>) = match pk.split('#').next().unwrap() {
            "external" => ("external_id", Some(read::<crate::ExternalIdOf>)),
            "email" => ("address", None),
            "name" if map["sk"].as_s().unwrap().starts_with("zoe#") => ("name", None),
            "name" => continue,
            "person" => ("person", None),
            _ => ("individual", Some(read::<Versioned<Individual>>)),
        };
        samples.push((kind.to_owned(), map, reader));
    }
    let holding = Holding {
        open: Some(pending.id),
        closed: vec![ClosedAccount {
            account: AccountId::new(uuid(9)),
            reason: CloseReason::Expired,
            at: at(0),
        }],
    };
    let fate = |fate| crate::mail::item(&mail(20, fate)).unwrap();
    let more: Vec<(&str, Map, Read)> = vec![
        (
            "holding",
            crate::account::holding_item(person.id, &holding).unwrap(),
            read::<Holding>,
        ),
        (
            "credentials",
            put(|t| _ = t.claim_sign_in_name(&pending.email, pending.id, Some("$argon2id$"))),
            read::<Credentials<AccountId>>,
        ),
        (
            "worker_credentials",
            put(|t| _ = t.claim_sign_in_name(&worker().email, worker().id, None)),
            read::<Credentials<WorkerId>>,
        ),
        (
            "worker",
            put(|t| _ = t.put_worker(Version::NONE, &worker())),
            read::<Versioned<Worker>>,
        ),
        (
            "settings",
            put(|t| _ = t.put_settings(Version::NONE, &settings())),
            read::<Versioned<Settings>>,
        ),
        (
            "security_classes",
            put(|t| _ = t.put_security_classes(Version::NONE, &classes())),
            read::<Versioned<Vec<SecurityClass>>>,
        ),
        (
            "sites",
            put(|t| _ = t.put_sites(Version::NONE, &sites())),
            read::<Versioned<Vec<Site>>>,
        ),
        (
            "public_keys",
            put(|t| _ = t.put_public_keys(Version::NONE, &public_keys())),
            read::<Versioned<PublicKeys>>,
        ),
        ("set_up", put(|t| _ = t.mark_set_up(at(0))), read::<SetUp>),
        (
            "policy",
            put(|t| {
                _ = t.put_policy(
                    PolicyKind::Privacy,
                    1,
                    Language::En,
                    &Policy("# Privacy".to_owned()),
                )
            }),
            read::<Policy>,
        ),
        (
            "job",
            put(|t| _ = t.put_job(Version::NONE, &job())),
            read::<Versioned<Job>>,
        ),
        (
            "report",
            put(|t| _ = t.put_report(job().id, 1, &ReportPage(json!([{ "row": 2 }])))),
            read::<ReportPage>,
        ),
        (
            "session",
            put(|t| _ = t.open_session(&session())),
            read::<Session>,
        ),
        (
            "idempotency",
            put(|t| _ = t.answer("0f", "1e", "{}", at(0))),
            read::<Answered>,
        ),
        ("mail_sent", fate(sent()), read::<MailRecord>),
        (
            "mail_dropped",
            fate(Fate::Dropped {
                reason: Reason::NoConsent,
            }),
            read::<MailRecord>,
        ),
    ];
    samples.extend(
        more.into_iter()
            .map(|(name, map, reader)| (name.to_owned(), map, Some(reader))),
    );
    samples.push((
        "access_log".to_owned(),
        put(|t| _ = t.log_access(&entry(30))),
        None,
    ));
    samples.push((
        "licences".to_owned(),
        puts(|t| _ = t.put_licences(20)).remove(0),
        None,
    ));
    for (name, event) in events() {
        let record = JournalRecord {
            events: vec![event],
            ..record(1, 1)
        };
        let Op::Put(map) = Transaction::new(&record).writes.remove(0).op else {
            panic!()
        };
        samples.push((format!("journal_{name}"), map, Some(read::<JournalRecord>)));
    }
    samples
}

/// Events of every form: with texts, numbers, flags, and fields left out.
fn events() -> Vec<(&'static str, JournalEvent)> {
    let (account, individual, mail) = (
        AccountId::new(uuid(10)),
        IndividualId::new(uuid(1)),
        MailId::new(uuid(20)),
    );
    let reason = domain::account::LockReason::Suspended;
    vec![
        (
            "created",
            JournalEvent::AccountCreated {
                account,
                individual,
                age_overridden: true,
            },
        ),
        (
            "requested",
            JournalEvent::ActivationRequested {
                account,
                individual,
                mail,
                generation: 3,
            },
        ),
        (
            "closed",
            JournalEvent::AccountClosed {
                account,
                individual,
                reason: CloseReason::WrongBirthDate,
            },
        ),
        (
            "locked",
            JournalEvent::AccountLocked {
                account,
                individual,
                reason,
                mail: None,
                generation: None,
            },
        ),
        (
            "missed",
            JournalEvent::BirthDateMissed {
                account,
                individual,
                misses: 2,
            },
        ),
        (
            "consent",
            JournalEvent::CommunicationConsentChanged {
                individual,
                given: false,
            },
        ),
    ]
}

fn to_json(map: &Map) -> Value {
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
    Value::Object(
        sorted
            .into_iter()
            .map(|(name, of)| (name.clone(), value(of)))
            .collect(),
    )
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
    for (name, map, _) in samples() {
        let file = file(&name, &map);
        let Ok(text) = fs::read_to_string(&file) else {
            panic!(
                "{} is missing: `cargo test -p store keep_new_golden_items -- --ignored` adds it",
                file.display()
            )
        };
        let golden: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            to_json(&map),
            golden,
            "{name} is written in another shape: give it a new `v` and an upcast"
        );
    }
}

#[test]
fn items_of_every_shape_are_read() {
    let samples = samples();
    for entry in fs::read_dir(directory()).unwrap() {
        let path = entry.unwrap().path();
        let name = path
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .split('.')
            .next()
            .unwrap()
            .to_owned();
        let (_, newest, reader) = samples
            .iter()
            .find(|sample| sample.0 == name)
            .unwrap_or_else(|| panic!("{name}"));
        let Some(reader) = reader else { continue };
        let golden = from_json(&serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap());
        let mut next = golden.clone();
        next.insert("v".to_owned(), crate::item::n(99));
        next.insert("field_of_the_next_release".to_owned(), crate::item::s("x"));
        let expected = reader(newest.clone()).unwrap();
        for item in [golden, next] {
            assert_eq!(
                reader(item).unwrap_or_else(|fault| panic!("{}: {fault}", path.display())),
                expected
            );
        }
    }
}

#[test]
fn the_journal_is_read_from_its_stream() {
    for (name, map, _) in samples()
        .into_iter()
        .filter(|sample| sample.0.starts_with("journal_"))
    {
        let record = crate::journal::from_stream(map.clone().into()).unwrap();
        let Op::Put(again) = Transaction::new(&record).writes.remove(0).op else {
            panic!()
        };
        assert_eq!(again, map, "{name}");
    }
}

#[test]
fn an_item_without_its_shape_is_corrupt() {
    for (name, mut map, reader) in samples() {
        let Some(reader) = reader else { continue };
        if name == "external_id" {
            continue;
        }
        map.remove("v");
        assert!(matches!(reader(map), Err(Fault::Corrupt { .. })), "{name}");
    }
    assert_eq!(Table::all().count(), crate::tables::TABLES.len());
}

#[test]
#[ignore = "writes files: run it after adding a kind or shape of item"]
fn keep_new_golden_items() {
    fs::create_dir_all(directory()).unwrap();
    for (name, map, _) in samples() {
        let file = file(&name, &map);
        if !file.exists() {
            fs::write(file, serde_json::to_string_pretty(&to_json(&map)).unwrap() + "\n").unwrap();
        }
    }
}
