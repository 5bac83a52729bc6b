//! What clients do.

pub mod activate_account;
pub mod add_contact;
pub mod ask_for_link;
pub mod change_password;
pub mod confirm_email_change;
pub mod end_other_sessions;
pub mod end_session;
pub mod extend_session;
pub mod get_account;
pub mod get_agency;
pub mod get_home;
pub mod get_logo;
pub mod get_profile;
pub mod get_texts;
pub mod get_theme;
pub mod get_worker_photo;
pub mod list_offered_services;
pub mod list_services;
pub mod list_sessions;
pub mod look_at_link;
pub mod request_email_change;
pub mod request_password_reset;
pub mod request_service;
pub mod reset_password;
pub mod retire_contact;
pub mod set_language;
pub mod set_message_preferences;
pub mod sign_in;
pub mod sign_out;
pub mod update_contact;
pub mod update_profile;

use chrono::{DateTime, Utc};
use domain::id::ContactId;
use domain::individual::{ConsentRow, ContactKind, Origin};
use domain::session::EmailChange;
use domain::{Account, Contact, EmailAddress, Individual};
use serde::{Deserialize, Serialize};
use store::{Versioned, ask};

use crate::context::Context;
use crate::entry::caller::Client;
use crate::individuals::ContactFields;
use crate::problem::Failure;

/// A sign-in email that waits for its code (A18).
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WantedEmail {
    /// The new address, as it was typed.
    pub email: String,
    /// Until when the code may be typed.
    pub until: DateTime<Utc>,
    /// How often it may still be tried.
    pub tries_left: u8,
}

impl WantedEmail {
    fn of(change: &EmailChange, now: DateTime<Utc>) -> Self {
        Self {
            email: change.address.as_typed().to_owned(),
            until: change.until,
            tries_left: change.tries_left(now),
        }
    }
}

/// A contact as a client writes it, all of it. What staff noted of it stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnContactFields {
    /// Email, phone or postal address.
    pub kind: ContactKind,
    /// The address, as people write it.
    pub value: String,
    /// *Use contact?*
    pub use_contact: bool,
    /// *Main contact*: takes the place of the former one of its kind.
    #[serde(default)]
    pub main: bool,
}

impl OwnContactFields {
    fn read<R>(self, id: ContactId, instructions: Option<String>) -> Result<Contact, Failure<R>> {
        let Self { kind, value, use_contact, main } = self;
        ContactFields { kind, value, use_contact, main, instructions }.read("contact", id)
    }
}

/// A client's own record after they edited it.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Edited {
    /// The profile's version now.
    pub version: u64,
}

impl Edited {
    fn after(before: &Versioned<Individual>) -> Self {
        Self { version: before.version.next().number() }
    }

    fn unchanged(known: &Versioned<Individual>) -> Self {
        Self { version: known.version.number() }
    }
}

/// Which messages about their events a client gets, and where to.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessagePreferences {
    /// A message before each event.
    pub event_confirmations: bool,
    /// A message when an event moves or is off.
    pub event_updates: bool,
    /// The contact that consent is in force for; without one, nothing is sent.
    pub contact_id: Option<ContactId>,
    /// The email contacts to choose from.
    pub contacts: Vec<EmailContact>,
}

/// An email contact in use.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EmailContact {
    /// The contact.
    pub contact_id: ContactId,
    /// Its address, as it was typed.
    pub value: String,
}

impl MessagePreferences {
    /// Offers the address they sign in with, which they proved, and those that the agency once recorded consent for:
    /// else whoever finds a session open could have messages sent anywhere.
    fn of(individual: &Individual, account: &Account) -> Self {
        let recorded = |id: ContactId, address: &EmailAddress| {
            let by_agency = |row: &&ConsentRow| row.given && !matches!(row.by, Origin::Client(_));
            let rows = individual.communication.iter().filter(by_agency);
            rows.map(|row| (row.contact, row.address.normalized()))
                .any(|row| row == (id, address.normalized()))
        };
        let in_use = individual.contacts.iter().filter_map(|contact| {
            let address = contact.email_in_use()?;
            let own = address.normalized() == account.email.normalized();
            let offered = EmailContact { contact_id: contact.id, value: address.as_typed().to_owned() };
            (own || recorded(contact.id, address)).then_some(offered)
        });
        Self {
            event_confirmations: individual.event_messages.confirmations,
            event_updates: individual.event_messages.updates,
            contact_id: individual.consent().map(|row| row.contact),
            contacts: in_use.collect(),
        }
    }
}

impl Client {
    /// The client's own record.
    ///
    /// # Errors
    /// The store's fault.
    async fn record<R>(&self, context: &Context<'_>) -> Result<Versioned<Individual>, Failure<R>> {
        let individual = context.services.store.ask(ask::individual(self.account.individual)).await?;
        individual.ok_or_else(Failure::not_found)
    }
}
