//! Adds a contact to an individual.

use domain::id::{ContactId, IndividualId};
use domain::individual::{ContactError, MOST_CONTACTS, Origin};
use serde::{Deserialize, Serialize};
use store::ask;

use crate::change::IndividualChange;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::individuals::{ContactFields, Saved, shares_address};
use crate::problem::{Failure, refusals};

/// Adds a contact.
pub struct AddContact;

/// To whom, and which.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The individual.
    pub individual_id: IndividualId,
    /// The contact.
    pub contact: ContactFields,
}

/// The contact that was added.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Which.
    pub contact_id: ContactId,
    /// The record's version now.
    pub version: u64,
    /// Somebody else has one of the individual's email addresses, too (B11): bulk activation leaves both out.
    pub shares_address: bool,
}

refusals! {
    /// Why it isn't added.
    pub enum Error {
        /// It is there.
        ContactExists => 409, "contact_exists", "This is one of the individual's contacts already";
        /// There are enough.
        TooManyContacts {
            /// The most there may be.
            maximum: usize,
        } => 409, "too_many_contacts", "There are too many contacts; remove one first";
    }
}

impl HttpOperation for AddContact {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<Error>> {
        let before = context.services.store.ask(ask::individual(request.individual_id)).await?;
        let before = staff.visible(context, request.individual_id, before).await?;
        let contact = request.contact.read("contact", ContactId::new(context.uuid()))?;
        let contact_id = contact.id;
        let mut individual = before.value.clone();
        individual.put_contact(contact, Origin::Worker(staff.worker.id), context.now).map_err(|error| {
            match error {
                ContactError::TooMany | ContactError::Full => {
                    Error::TooManyContacts { maximum: MOST_CONTACTS }
                }
                _ => Error::ContactExists,
            }
        })?;

        let change = IndividualChange::edited(&before, &individual, None);
        let (transaction, _) = context.individual_change(staff.actor(), &staff.settings, &change);
        let answer = Response {
            contact_id,
            version: Saved::after(&before).version,
            shares_address: shares_address(context, &individual).await?,
        };
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}
