//! What the tests work with: an agency that is ready, and an individual who may have an account.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::account::{Account, Context, Opening, State};
use crate::id::{AccountId, ClassId, ContactId, IndividualId, MailId, SiteId, WorkerId};
use crate::individual::{Contact, ContactValue, EventMessages, Individual, Origin};
use crate::settings::{Agency, Communications, Draft, General, Proof, Sender, Settings, Test, Texts};
use crate::worker::{UserGroup, Worker, WorkerState};
use crate::{BirthDate, EmailAddress, Language, PersonName};

pub(crate) const WORKER: WorkerId = WorkerId::new(Uuid::from_u128(7));
pub(crate) const ACCOUNT: AccountId = AccountId::new(Uuid::from_u128(9));
pub(crate) const MAIL: MailId = MailId::new(Uuid::from_u128(11));
pub(crate) const EMAIL_CONTACT: ContactId = ContactId::new(Uuid::from_u128(13));
pub(crate) const SITE: SiteId = SiteId::new(Uuid::from_u128(15));
pub(crate) const TEXTS: Texts = Texts { privacy: Some(3), terms: Some(5) };

/// Hours after a fixed noon in March.
pub(crate) fn at(hours: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_366_400, 0).unwrap() + TimeDelta::hours(hours)
}

pub(crate) fn email(text: &str) -> EmailAddress {
    text.parse().unwrap()
}

pub(crate) fn date(text: &str) -> BirthDate {
    text.parse().unwrap()
}

pub(crate) fn settings() -> Settings {
    settings_with(|_| {})
}

pub(crate) fn settings_with(change: impl FnOnce(&mut Draft)) -> Settings {
    let agency = Agency {
        name: "Harbour House".to_owned(),
        address: "1 Quay Street".to_owned(),
        phone: "555 0100".to_owned(),
        time_zone: chrono_tz::America::Toronto,
        language: Language::En,
        help_url: None,
        privacy_url: None,
        technical_url: None,
        contact_url: Some("https://harbour.example/contact".to_owned()),
    };
    let sender = Sender { name: "Harbour House".to_owned(), address: email("office@harbour.example") };
    let mail = Communications::sent_from(sender);
    let mut draft = Draft {
        general: General {
            enabled: true,
            default_birth_date: Some(date("1900-01-01")),
            ..General::default()
        },
        proof: Proof { identity_verified: true, test: Test::Delivered, ..Proof::default() },
        texts: TEXTS,
        ..Draft::new(agency, Communications { email: true, client_delivery: true, ..mail }, 100)
    };
    change(&mut draft);
    Settings::new(draft).unwrap()
}

/// Has an email contact in use, consented to it, and is old enough.
pub(crate) fn individual() -> Individual {
    let mut individual = Individual {
        id: IndividualId::new(Uuid::from_u128(1)),
        external_ids: [("penelope".to_owned(), "77".to_owned())].into(),
        name: PersonName::new("Zoë", "", "O’Neil", "").unwrap(),
        birth_date: Some(date("1990-05-17")),
        gender: None,
        language: Language::Fr,
        site: SITE,
        contacts: vec![email_contact(13, "zoe@example.org")],
        communication: Vec::new(),
        event_messages: EventMessages::default(),
        workers: [WORKER].into(),
        files: [].into(),
        test: false,
        imported: None,
    };
    individual.set_communication_settings(Some(EMAIL_CONTACT), Origin::Worker(WORKER), at(-100)).unwrap();
    individual
}

pub(crate) fn email_contact(id: u128, address: &str) -> Contact {
    Contact {
        id: ContactId::new(Uuid::from_u128(id)),
        value: ContactValue::Email(email(address)),
        use_contact: true,
        main: true,
        instructions: None,
        retired: false,
        undeliverable: None,
    }
}

pub(crate) fn worker(user_group: UserGroup) -> Worker {
    Worker {
        id: WORKER,
        email: email("sam@harbour.example"),
        name: PersonName::new("Sam", "", "Ortiz", "").unwrap(),
        client_facing_name: None,
        photo: None,
        description: None,
        user_group,
        security_class: ClassId::new(Uuid::from_u128(17)),
        site: SITE,
        language: Language::En,
        epoch: 0,
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

pub(crate) fn context<'a>(individual: &'a Individual, settings: &'a Settings, hours: i64) -> Context<'a> {
    Context { individual, settings, now: at(hours), mail: MAIL }
}

pub(crate) fn opening(context: Context<'_>) -> Opening<'_> {
    Opening { context, open_account: false, address: None, address_confirmed: false, age_override: None }
}

/// Created at hour 0, with a reset link that dies an hour later.
pub(crate) fn account(state: State) -> Account {
    let (individual, settings) = (individual(), settings());
    let created = Account::create(ACCOUNT, &opening(context(&individual, &settings, 0))).unwrap().account;
    Account { state, generation: 4, reset_expires_at: Some(at(1)), ..created }
}
