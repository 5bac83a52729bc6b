//! Writes one of the client's own contacts anew, where the agency lets them. Another address, or taking it out of use, ends
//! the consent that was given for it (B9). What the client signs in with stays as it is (A18).

use domain::account::Consequence;
use domain::id::ContactId;
use domain::individual::{ConsentChange, Origin};
use serde::Deserialize;

use super::{Edited, OwnContactFields};
use crate::change::IndividualChange;
use crate::context::Context;
use crate::entry::caller::Client;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};

/// Updates a contact.
pub struct UpdateContact;

/// Which, and as what.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The contact.
    pub contact_id: ContactId,
    /// The version of the profile that the client has seen.
    pub version: u64,
    /// The contact as it is to be; it keeps its kind.
    pub contact: OwnContactFields,
    /// The client was told what ends with consent, and means it (B9).
    #[serde(default)]
    pub confirmed: bool,
}

refusals! {
    /// Why the contact stays as it is.
    pub enum Error {
        /// The agency doesn't let clients edit.
        EditingOff => 403, "editing_off", "The agency keeps these details itself; ask the agency to change them";
        /// Consent would end, and nobody confirmed that.
        ConsentWouldEnd {
            /// What would follow, in order.
            consequences: Vec<Consequence>,
        } => 409, "consent_would_end", "The individual's consent to email would end; confirm that it may";
        /// It was changed since it was read.
        RecordChanged => 409, "record_changed", "Somebody changed this record since you opened it; look again, then repeat";
        /// Another contact is the same.
        ContactExists => 409, "contact_exists", "This is one of the individual's contacts already";
    }
}

impl HttpOperation for UpdateContact {
    type Caller = Client;
    type Request = Request;
    type Response = Edited;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        client: Client,
        request: Request,
    ) -> Result<Reply<Edited>, Failure<Error>> {
        if !client.settings.about_me.edit_profile {
            return Err(Error::EditingOff.into());
        }
        let before = client.record(context).await?;
        let known = before.contact(request.contact_id).filter(|known| !known.retired);
        let known = known.ok_or_else(Failure::not_found)?;
        let contact = request.contact.read(known.id, known.instructions.clone())?;
        if contact.value.kind() != known.value.kind() {
            return Err(Failure::invalid("contact.kind", "A contact keeps its kind: add a new one"));
        }
        let mut individual = before.value.clone();
        let by = Origin::Client(client.account.id);
        let consent = individual.put_contact(contact, by, context.now).map_err(|_| Error::ContactExists)?;
        if individual == before.value {
            return Ok(Reply::from(Edited::unchanged(&before)));
        }
        if before.version.number() != request.version {
            return Err(Error::RecordChanged.into());
        }
        if consent == ConsentChange::Withdrawn && !request.confirmed {
            let consequences = Consequence::of_lost_consent(Some(&client.account), context.now);
            return Err(Error::ConsentWouldEnd { consequences }.into());
        }

        let change = IndividualChange::edited(&before, &individual, Some(&client.account));
        let (transaction, _) = context.individual_change(client.actor(), &client.settings, &change);
        let answer = Edited::after(&before);
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}
