//! Removes one of the client's own contacts, where the agency lets them: retires it if it was ever mailed or consented to,
//! else deletes it (B6). Removing the consented one ends consent (B9).

use domain::account::Consequence;
use domain::id::ContactId;
use domain::individual::{ConsentChange, Origin, Removal};
use serde::{Deserialize, Serialize};

use super::Edited;
use crate::change::IndividualChange;
use crate::context::Context;
use crate::entry::caller::Client;
use crate::entry::http::{HttpOperation, Reply};
use crate::individuals::was_mailed;
use crate::problem::{Failure, refusals};

/// Retires a contact.
pub struct RetireContact;

/// Which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The contact.
    pub contact_id: ContactId,
    /// The client was told what ends with consent, and means it (B9).
    #[serde(default)]
    pub confirmed: bool,
}

/// What became of it.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// `retired` or `deleted`.
    pub removal: Removal,
    /// The profile's version now.
    pub version: u64,
}

refusals! {
    /// Why it stays.
    pub enum Error {
        /// The agency doesn't let clients edit.
        EditingOff => 403, "editing_off", "The agency keeps these details itself; ask the agency to change them";
        /// Consent would end, and nobody confirmed that.
        ConsentWouldEnd {
            /// What would follow, in order.
            consequences: Vec<Consequence>,
        } => 409, "consent_would_end", "The individual's consent to email would end; confirm that it may";
    }
}

impl HttpOperation for RetireContact {
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
        let Some(contact) = before.contact(request.contact_id).filter(|contact| !contact.retired) else {
            // Perhaps removed by this very call, whose answer was lost.
            return match context.first_answer::<Response>().await? {
                Some(first) => first.map(Reply::from).map_err(Failure::Entry),
                None => Err(Failure::not_found()),
            };
        };
        let account = &client.account;
        let mailed = was_mailed(context, before.id, contact, Some(account)).await?;
        let mut individual = before.value.clone();
        let (removal, consent) = individual
            .remove_contact(contact.id, mailed, Origin::Client(account.id), context.now)
            .map_err(|_| Failure::not_found())?;
        if consent == ConsentChange::Withdrawn && !request.confirmed {
            let consequences = Consequence::of_lost_consent(Some(account), context.now);
            return Err(Error::ConsentWouldEnd { consequences }.into());
        }

        let change = IndividualChange::edited(&before, &individual, Some(account));
        let (transaction, _) = context.individual_change(client.actor(), &client.settings, &change);
        let answer = Response { removal, version: Edited::after(&before).version };
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}
