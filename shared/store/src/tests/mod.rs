//! The store against the embedded DynamoDB.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType as SdkKeyType,
    Projection, ProjectionType, ScalarAttributeType,
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::account::{Changed, Context, Opening, Reason, State};
use domain::individual::{ConsentRow, Contact, ContactValue, EventMessages, Individual, Origin};
use domain::journal::{Actor, JobName, JournalEvent, JournalRecord, Subject};
use domain::settings::{
    Agency, ClientMessages, Communications, Draft, General, Localized, Proof, RequestService, Sender,
    Settings, Test, Texts, Tile,
};
use domain::theme::Corners;
use domain::{
    Account, AccountId, ContactId, CorrelationId, EmailAddress, ImageId, IndividualId, JournalId, Language,
    MailId, PersonName, SiteId, WorkerId,
};
use uuid::Uuid;

use crate::tables::{KeyType, TABLES, TableShape};
use crate::{Store, TableNames, Transaction, Version};

mod accounts;
mod documented;
mod golden;
mod individuals;
mod records;
mod retries;
mod service_files;
mod services;

/// A store on tables of its own.
async fn store() -> Store {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let database = dynoxide::Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
        .endpoint_url(endpoint);
    let client = Client::from_conf(config.build());
    for shape in TABLES {
        create(&client, shape).await;
    }
    Store::new(client, TableNames::with_prefix("test-"))
}

async fn create(client: &Client, shape: &TableShape) {
    let key =
        |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    let mut attributes = BTreeMap::from([("pk", KeyType::S)]);
    let mut request = client
        .create_table()
        .table_name(format!("test-{}", shape.name))
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key("pk", SdkKeyType::Hash));
    if shape.sorted {
        attributes.insert("sk", KeyType::S);
        request = request.key_schema(key("sk", SdkKeyType::Range));
    }
    for index in shape.indexes {
        attributes.extend([index.hash, index.range]);
        let projection = if index.whole_items { ProjectionType::All } else { ProjectionType::KeysOnly };
        let index = GlobalSecondaryIndex::builder()
            .index_name(index.name)
            .key_schema(key(index.hash.0, SdkKeyType::Hash))
            .key_schema(key(index.range.0, SdkKeyType::Range))
            .projection(Projection::builder().projection_type(projection).build());
        request = request.global_secondary_indexes(index.build().unwrap());
    }
    for (name, kind) in attributes {
        let kind = match kind {
            KeyType::S => ScalarAttributeType::S,
            KeyType::N => ScalarAttributeType::N,
        };
        let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(kind);
        request = request.attribute_definitions(attribute.build().unwrap());
    }
    request.send().await.unwrap();
}

/// 1 March 2026, noon, plus seconds.
fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_366_400 + seconds, 0).unwrap()
}

fn uuid(number: u64) -> Uuid {
    Uuid::from_u128(0x019c_a9a8_0000_7000_8000_0000_0000_0000 + u128::from(number))
}

fn email(text: &str) -> EmailAddress {
    text.parse().unwrap()
}

/// A record about an individual, of that number.
fn record(number: u64, individual: u64) -> JournalRecord {
    JournalRecord {
        id: JournalId::new(uuid(number)),
        at: at(0) + TimeDelta::seconds(i64::try_from(number % 10_000).unwrap()),
        actor: Actor::Job(JobName::SetUpAgency),
        subject: Subject::Individual(IndividualId::new(uuid(individual))),
        subjects: Vec::new(),
        correlation: CorrelationId::new(uuid(number)),
        causation: None,
        transition: None,
        changed: Vec::new(),
        events: vec![JournalEvent::SettingsChanged { settings_version: number }],
    }
}

fn settings() -> Settings {
    let agency = Agency {
        name: "Harbour Family Services".to_owned(),
        address: "1 Quay Street".to_owned(),
        phone: "+1 555 0100".to_owned(),
        time_zone: chrono_tz::America::Toronto,
        language: Language::En,
        help_url: None,
        privacy_url: Some("https://harbour.example/privacy".to_owned()),
        technical_url: None,
        contact_url: None,
    };
    let sender = Sender { name: "Harbour".to_owned(), address: email("care@harbour.example") };
    let mail = Communications {
        email: true,
        client_delivery: true,
        reply_to: Some(email("desk@harbour.example")),
        ..Communications::sent_from(sender)
    };
    Settings::new(Draft {
        version: 3,
        general: General {
            enabled: true,
            default_birth_date: Some("1900-01-01".parse().unwrap()),
            ..General::default()
        },
        proof: Proof { identity_verified: true, test: Test::Delivered, ..Proof::default() },
        texts: Texts { privacy: Some(1), terms: Some(2) },
        ..Draft::new(agency, mail, 20)
    })
    .unwrap()
}

/// With a value of its own in every section that the first shape of the item didn't have.
fn settings_of_its_own() -> Settings {
    let mut draft = settings().into_draft();
    let worker = WorkerId::new(uuid(7));
    let texts = Localized { fr: Some("Bonjour".to_owned()), ..Localized::default() };
    let mail = &mut draft.communications;
    mail.authentication.sender = Some(mail.sender.clone());
    mail.told_of_failures = vec![worker];
    mail.client_messages = ClientMessages {
        event_updates: true,
        sender: Some(mail.sender.clone()),
        footer: texts.clone(),
        ..ClientMessages::default()
    };
    draft.proof.test_mail = Some(MailId::new(uuid(20)));
    draft.proof.test_sent_at = Some(at(1));
    draft.about_me.edit_profile = true;
    draft.advanced.availability.truncate(1);
    draft.request_service = RequestService { enabled: true, text: texts, receivers: vec![worker] };
    draft.billing.my_account = true;
    draft.images.logo = Some(ImageId::new(uuid(8)));
    draft.images.tiles.insert(Tile::Inbox, 6);
    draft.theme.corners = Corners::Square;
    draft.file_attachment.worker_photos = true;
    Settings::new(draft).unwrap()
}

/// An individual of that number with one consented address, born 2 May 1990.
fn individual(number: u64, first: &str, last: &str, address: &str) -> Individual {
    let contact = ContactId::new(uuid(number));
    Individual {
        id: IndividualId::new(uuid(number)),
        external_ids: BTreeMap::from([("penelope".to_owned(), format!("P#{number}"))]),
        name: PersonName::new(first, "", last, "").unwrap(),
        birth_date: Some("1990-05-02".parse().unwrap()),
        gender: None,
        language: Language::Fr,
        site: SiteId::new(uuid(1)),
        contacts: vec![Contact {
            id: contact,
            value: ContactValue::Email(email(address)),
            use_contact: true,
            main: true,
            instructions: Some("after six".to_owned()),
            retired: false,
            undeliverable: None,
        }],
        communication: vec![ConsentRow {
            given: true,
            contact,
            address: email(address),
            by: Origin::Worker(WorkerId::new(uuid(7))),
            at: at(-60),
        }],
        event_messages: EventMessages::default(),
        workers: BTreeSet::from([WorkerId::new(uuid(7))]),
        files: BTreeMap::new(),
        test: false,
        imported: None,
    }
}

/// What the domain says of opening that individual's account of that number.
fn opened(number: u64, individual: &Individual) -> Changed {
    let settings = settings();
    let context = Context { individual, settings: &settings, now: at(0), mail: MailId::new(uuid(number)) };
    let opening =
        Opening { context, open_account: false, address: None, address_confirmed: false, age_override: None };
    Account::create(AccountId::new(uuid(number)), &opening).unwrap()
}

/// The transaction that opens it, told by the record of that number.
fn opening(record_number: u64, changed: &Changed) -> Transaction {
    let mut transaction = Transaction::new(&record(record_number, 1));
    transaction.change_account(Version::NONE, changed, false, None);
    transaction
}

/// A store with that many licences.
async fn store_with_licences(total: u32) -> Store {
    let store = store().await;
    let mut transaction = Transaction::new(&record(900_000, 2));
    transaction.put_licences(total);
    store.commit(transaction).await.unwrap();
    store
}

/// An account in another state, for what no transition leads to quickly.
fn with_state(account: &Account, state: State) -> Account {
    Account { state, ..account.clone() }
}
