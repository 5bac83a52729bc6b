//! Writes a contact anew. Another address, or taking it out of use, ends the consent that was given for it (B9): only
//! who may withdraw consent does that. The address an account signs in with stays as it is: the client changes that (A18).

use domain::account::Consequence;
use domain::id::{ContactId, IndividualId};
use domain::individual::{ConsentChange, ContactError, Origin};
use domain::worker::Permission;
use serde::Deserialize;
use store::ask;

use crate::change::{Access, IndividualChange};
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::individuals::{ContactFields, Saved};
use crate::problem::{Failure, refusals};

/// Updates a contact.
pub struct UpdateContact;

/// Which, and as what.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The individual.
    pub individual_id: IndividualId,
    /// The contact.
    pub contact_id: ContactId,
    /// The version of the record that the worker has seen.
    pub version: u64,
    /// The contact as it is to be; it keeps its kind.
    pub contact: ContactFields,
    /// The worker was told what ends with consent, and means it (B9).
    #[serde(default)]
    pub confirmed: bool,
}

refusals! {
    /// Why the contact stays as it is.
    pub enum Error {
        /// Consent would end, and nobody confirmed that.
        ConsentWouldEnd {
            /// What would follow, in order.
            consequences: Vec<Consequence>,
        } => 409, "consent_would_end", "The individual's consent to email would end; confirm that it may";
        /// Consent would end, and the worker may not withdraw it.
        EndingConsentNotAllowed => 403, "ending_consent_not_allowed", "This would end the individual's consent to email, which you may not do";
        /// Somebody else changed the record since it was read.
        RecordChanged => 409, "record_changed", "Somebody changed this record since you opened it; look again, then repeat";
        /// Retired contacts stay as they are.
        ContactRetired => 409, "contact_retired", "This contact is retired; add a new one";
        /// Another contact is the same.
        ContactExists => 409, "contact_exists", "This is one of the individual's contacts already";
    }
}

impl HttpOperation for UpdateContact {
    type Caller = Staff;
    type Request = Request;
    type Response = Saved;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Saved>, Failure<Error>> {
        let asked = (ask::individual(request.individual_id), ask::holding(request.individual_id));
        let (before, holding) = context.services.store.ask(asked).await?;
        let before = staff.visible(context, request.individual_id, before).await?;
        let known = before.contact(request.contact_id).ok_or_else(Failure::not_found)?;
        let contact = request.contact.read("contact", known.id)?;
        if contact.value.kind() != known.value.kind() {
            return Err(Failure::invalid("contact.kind", "A contact keeps its kind: add a new one"));
        }
        let mut individual = before.value.clone();
        let consent = individual.put_contact(contact, Origin::Worker(staff.worker.id), context.now).map_err(
            |error| match error {
                ContactError::Retired(_) => Error::ContactRetired,
                _ => Error::ContactExists,
            },
        )?;
        if individual == before.value {
            return Ok(Reply::from(Saved::from(&before)));
        }
        if before.version.number() != request.version {
            return Err(Error::RecordChanged.into());
        }
        let account = context.open_account(holding).await?;
        if consent == ConsentChange::Withdrawn && !staff.may(Permission::SetCommunicationSettings) {
            staff.log(context, Access::Refused, Some(request.individual_id)).await?;
            return Err(Error::EndingConsentNotAllowed.into());
        }
        if consent == ConsentChange::Withdrawn && !request.confirmed {
            let consequences = Consequence::of_lost_consent(account.as_deref(), context.now);
            return Err(Error::ConsentWouldEnd { consequences }.into());
        }

        let change = IndividualChange::edited(&before, &individual, account.as_ref());
        let (transaction, _) = context.individual_change(staff.actor(), &staff.settings, &change);
        let answer = Saved::after(&before);
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}
