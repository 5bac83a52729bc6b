//! Keeps which messages about their events a client wants, and where to, while the agency sends both kinds (S1). Choosing
//! the contact is consent for it (B9): messages go where consent is.

use domain::id::ContactId;
use domain::individual::{ContactError, EventMessages, Origin};
use serde::Deserialize;

use super::MessagePreferences;
use crate::change::IndividualChange;
use crate::context::Context;
use crate::entry::caller::Client;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};

/// Sets message preferences.
pub struct SetMessagePreferences;

/// What the client wants.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// A message before each event.
    pub event_confirmations: bool,
    /// A message when an event moves or is off.
    pub event_updates: bool,
    /// The email contact they go to.
    pub contact_id: ContactId,
}

refusals! {
    /// Why they stay as they are.
    pub enum Error {
        /// The agency doesn't send both kinds.
        PreferencesOff => 403, "message_preferences_off", "The agency decides which messages it sends; ask the agency to change that";
        /// Messages go to an email contact in use.
        ContactNotInUse => 409, "contact_not_in_use", "Choose an email contact that is in use";
    }
}

impl HttpOperation for SetMessagePreferences {
    type Caller = Client;
    type Request = Request;
    type Response = MessagePreferences;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        client: Client,
        request: Request,
    ) -> Result<Reply<MessagePreferences>, Failure<Error>> {
        if !client.settings.communications.client_messages.chosen_by_clients() {
            return Err(Error::PreferencesOff.into());
        }
        let before = client.record(context).await?;
        let offered = MessagePreferences::of(&before, &client.account).contacts;
        if !offered.iter().any(|contact| contact.contact_id == request.contact_id) {
            return Err(Error::ContactNotInUse.into());
        }
        let mut individual = before.value.clone();
        individual.event_messages =
            EventMessages { confirmations: request.event_confirmations, updates: request.event_updates };
        individual
            .set_communication_settings(
                Some(request.contact_id),
                Origin::Client(client.account.id),
                context.now,
            )
            .map_err(|refused| match refused {
                // From here on the agency chooses.
                ContactError::Full => Error::PreferencesOff,
                _ => Error::ContactNotInUse,
            })?;
        if individual != before.value {
            let change = IndividualChange::edited(&before, &individual, Some(&client.account));
            let (transaction, _) = context.individual_change(client.actor(), &client.settings, &change);
            context.services.store.commit(transaction).await?;
        }
        Ok(Reply::from(MessagePreferences::of(&individual, &client.account)))
    }
}
