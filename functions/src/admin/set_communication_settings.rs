//! Records consent to email communication for one of an individual's contacts, or its withdrawal (B2, B9).

use domain::account::Consequence;
use domain::id::{ContactId, IndividualId};
use domain::individual::{ConsentChange, ContactError, Origin};
use serde::{Deserialize, Serialize};
use store::ask;

use super::Invitation;
use super::get_individual::CommunicationView;
use crate::change::IndividualChange;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};

/// Sets communication settings.
pub struct SetCommunicationSettings;

/// Consent for which contact.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The individual.
    pub individual_id: IndividualId,
    /// The email contact that consent was given for; null withdraws consent.
    #[serde(deserialize_with = "Option::deserialize")]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub email_contact_id: Option<ContactId>,
    /// The worker was told what ends with consent, and means it (B2).
    #[serde(default)]
    pub confirmed: bool,
}

/// Settings as they are now.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Consent and its history.
    pub communication: CommunicationView,
    /// The invitation that goes out because consent was given while the account was Pending (B2).
    pub invitation: Option<Invitation>,
}

refusals! {
    /// Why they aren't set.
    pub enum Error {
        /// Consent would end, and nobody confirmed that.
        ConsentWouldEnd {
            /// What would follow, in order.
            consequences: Vec<Consequence>,
        } => 409, "consent_would_end", "The individual's consent to email would end; confirm that it may";
        /// Consent is for an email contact in use.
        ContactNotInUse => 409, "contact_not_in_use", "Choose an email contact that is in use";
        /// The individual has no such contact.
        ContactUnknown => 422, "contact_unknown", "This individual has no such contact; look again";
    }
}

impl HttpOperation for SetCommunicationSettings {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<Error>> {
        let store = &context.services.store;
        let (before, holding) =
            store.ask((ask::individual(request.individual_id), ask::holding(request.individual_id))).await?;
        let before = staff.visible(context, request.individual_id, before).await?;
        let mut individual = before.value.clone();
        let origin = Origin::Worker(staff.worker.id);
        let consent = individual
            .set_communication_settings(request.email_contact_id, origin, context.now)
            .map_err(|error| match error {
                ContactError::Unknown(_) => Error::ContactUnknown,
                _ => Error::ContactNotInUse,
            })?;
        let communication = CommunicationView::from(&individual);
        if consent == ConsentChange::Unchanged {
            // Perhaps by this very call, whose answer was lost.
            if let Some(first) = context.first_answer::<Response>().await? {
                return first.map(Reply::from).map_err(Failure::Entry);
            }
            return Ok(Reply::from(Response { communication, invitation: None }));
        }
        let account = context.open_account(holding).await?;
        if consent == ConsentChange::Withdrawn && !request.confirmed {
            let consequences = Consequence::of_lost_consent(account.as_deref(), context.now);
            return Err(Error::ConsentWouldEnd { consequences }.into());
        }
        let change = IndividualChange {
            before: Some(&before),
            after: &individual,
            told: None,
            account: account.as_ref(),
        };
        let (transaction, changed) = context.individual_change(staff.actor(), &staff.settings, &change);
        let invited = changed.filter(|_| consent == ConsentChange::Given);
        let response = Response { communication, invitation: invited.as_ref().map(Invitation::from) };
        context.commit(transaction, &response).await?;
        Ok(Reply::from(response))
    }
}
