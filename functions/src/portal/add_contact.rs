//! Adds a contact to the client's own, where the agency lets them.

use domain::id::ContactId;
use domain::individual::{ContactError, MOST_CONTACTS, Origin};
use serde::{Deserialize, Serialize};

use super::{Edited, OwnContactFields};
use crate::change::IndividualChange;
use crate::context::Context;
use crate::entry::caller::Client;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};

/// Adds a contact.
pub struct AddContact;

/// Which.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The contact.
    pub contact: OwnContactFields,
}

/// The contact that was added.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Which.
    pub contact_id: ContactId,
    /// The profile's version now.
    pub version: u64,
}

refusals! {
    /// Why it isn't added.
    pub enum Error {
        /// The agency doesn't let clients edit.
        EditingOff => 403, "editing_off", "The agency keeps these details itself; ask the agency to change them";
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
    type Caller = Client;
    type Request = Request;
    type Response = Response;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        client: Client,
        request: Request,
    ) -> Result<Reply<Response>, Failure<Error>> {
        if !client.settings.about_me.edit_profile {
            return Err(Error::EditingOff.into());
        }
        let before = client.record(context).await?;
        let contact = request.contact.read(ContactId::new(context.uuid()), None)?;
        let contact_id = contact.id;
        let mut individual = before.value.clone();
        individual.put_contact(contact, Origin::Client(client.account.id), context.now).map_err(|error| {
            match error {
                ContactError::TooMany => Error::TooManyContacts { maximum: MOST_CONTACTS },
                // From here on the agency keeps them.
                ContactError::Full => Error::EditingOff,
                _ => Error::ContactExists,
            }
        })?;

        let change = IndividualChange::edited(&before, &individual, None);
        let (transaction, _) = context.individual_change(client.actor(), &client.settings, &change);
        let answer = Response { contact_id, version: Edited::after(&before).version };
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}
