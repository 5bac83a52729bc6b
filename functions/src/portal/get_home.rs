//! What the client sees first: who they are, what is on, whose portal it is. One call.

use chrono::{DateTime, Utc};
use domain::settings::Tile;
use domain::{Language, Settings};
use serde::{Deserialize, Serialize};
use store::ask;

use crate::agency::AgencyFooter;
use crate::context::Context;
use crate::entry::caller::Client;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};
use crate::signing_in::SessionTimes;

/// Gets home.
pub struct GetHome;

/// Nothing to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {}

/// The home page.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// What to call the client.
    pub name: String,
    /// What they read.
    pub language: Language,
    /// Their sign-in email.
    pub email: String,
    /// When they signed in, this time.
    pub signed_in_at: DateTime<Utc>,
    /// The tiles that are on, in order.
    pub tiles: Vec<Tile>,
    /// What the agency has switched on.
    pub features: Features,
    /// When the session ends.
    pub session: SessionTimes,
    /// For the footer.
    pub agency: AgencyFooter,
}

/// What the agency has switched on for its clients.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(clippy::struct_excessive_bools, reason = "each switches a part of a page")]
pub struct Features {
    /// Whether the client may edit their profile and contacts.
    pub edit_profile: bool,
    /// Whether they may ask for a service.
    pub request_service: bool,
    /// Whether they may start discussions.
    pub start_discussions: bool,
    /// Messages they may write before a worker replies.
    pub messages_before_reply: u8,
    /// Whether they see their balance and invoices.
    pub my_account: bool,
    /// Whether they may pay one event.
    pub pay_event: bool,
    /// Whether they may pay one invoice.
    pub pay_invoice: bool,
    /// Whether they may pay all they owe.
    pub pay_balance: bool,
    /// Whether they may write to the accounting department.
    pub accounting_discussion: bool,
    /// Whether they choose which messages they get.
    pub message_preferences: bool,
}

impl From<&Settings> for Features {
    fn from(settings: &Settings) -> Self {
        let (advanced, billing) = (&settings.advanced, &settings.billing);
        Self {
            edit_profile: settings.about_me.edit_profile,
            request_service: settings.request_service.enabled,
            start_discussions: advanced.clients_may_start_discussions,
            messages_before_reply: advanced.messages_before_reply,
            my_account: billing.my_account,
            pay_event: billing.pay_event,
            pay_invoice: billing.pay_invoice,
            pay_balance: billing.pay_balance,
            accounting_discussion: billing.accounting_discussion,
            message_preferences: settings.communications.client_messages.chosen_by_clients(),
        }
    }
}

/// The tiles that there are pages for.
const TILES: [Tile; 3] = [Tile::AboutMe, Tile::MyServices, Tile::MyClientConnect];

impl HttpOperation for GetHome {
    type Caller = Client;
    type Request = Request;
    type Response = Response;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        client: Client,
        _: Request,
    ) -> Result<Reply<Response>, Failure<NoRefusal>> {
        let account = &client.account.value;
        let individual = context.services.store.ask(ask::individual(account.individual)).await?;
        let individual = individual.ok_or_else(Failure::not_found)?.value;
        Ok(Reply::from(Response {
            name: individual.name.called().to_owned(),
            language: account.language.unwrap_or(individual.language),
            email: account.email.as_typed().to_owned(),
            signed_in_at: client.session.opened_at,
            tiles: TILES.to_vec(),
            features: Features::from(&*client.settings),
            session: SessionTimes::of(&client.session, &client.settings, context),
            agency: AgencyFooter::from(&client.settings.agency),
        }))
    }
}
