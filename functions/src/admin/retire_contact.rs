//! Removes a contact: retires it if it was ever mailed or consented to, else deletes it (B6). Removing the consented one
//! ends consent (B9): only who may withdraw consent does that.

use domain::account::Consequence;
use domain::id::{ContactId, IndividualId};
use domain::individual::{ConsentChange, ContactError, Origin, Removal};
use domain::worker::Permission;
use serde::{Deserialize, Serialize};
use store::ask;

use crate::change::{Access, IndividualChange};
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::individuals::{Saved, was_mailed};
use crate::problem::{Failure, refusals};

/// Retires a contact.
pub struct RetireContact;

/// Which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The individual.
    pub individual_id: IndividualId,
    /// The contact.
    pub contact_id: ContactId,
    /// The worker was told what ends with consent, and means it (B9).
    #[serde(default)]
    pub confirmed: bool,
}

/// What became of it.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// `retired` or `deleted`.
    pub removal: Removal,
    /// The record's version now.
    pub version: u64,
}

refusals! {
    /// Why it stays.
    pub enum Error {
        /// Consent would end, and nobody confirmed that.
        ConsentWouldEnd {
            /// What would follow, in order.
            consequences: Vec<Consequence>,
        } => 409, "consent_would_end", "The individual's consent to email would end; confirm that it may";
        /// Consent would end, and the worker may not withdraw it.
        EndingConsentNotAllowed => 403, "ending_consent_not_allowed", "This would end the individual's consent to email, which you may not do";
        /// It is retired already.
        ContactRetired => 409, "contact_retired", "This contact is retired; add a new one";
    }
}

impl HttpOperation for RetireContact {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<Error>> {
        let asked = (ask::individual(request.individual_id), ask::holding(request.individual_id));
        let (before, holding) = context.services.store.ask(asked).await?;
        let before = staff.visible(context, request.individual_id, before).await?;
        let Some(contact) = before.contact(request.contact_id) else {
            // Perhaps deleted by this very call, whose answer was lost.
            return match context.first_answer::<Response>().await? {
                Some(first) => first.map(Reply::from).map_err(Failure::Entry),
                None => Err(Failure::not_found()),
            };
        };
        let account = context.open_account(holding).await?;
        let mailed = was_mailed(context, request.individual_id, contact, account.as_deref()).await?;
        let mut individual = before.value.clone();
        let (removal, consent) = individual
            .remove_contact(contact.id, mailed, Origin::Worker(staff.worker.id), context.now)
            .map_err(|error| match error {
                ContactError::Retired(_) => Failure::from(Error::ContactRetired),
                _ => Failure::not_found(),
            })?;
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
        let answer = Response { removal, version: Saved::after(&before).version };
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}
