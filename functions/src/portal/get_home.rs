//! What the client sees first: who they are, what is on, whose portal it is. One call.

use chrono::{DateTime, Utc};
use domain::Language;
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
    /// When the session ends.
    pub session: SessionTimes,
    /// For the footer.
    pub agency: AgencyFooter,
}

/// A tile of the home page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Tile {
    /// *My `ClientConnect`*: the client's own account.
    MyClientConnect,
}

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
            tiles: vec![Tile::MyClientConnect],
            session: SessionTimes::of(&client.session, &client.settings, context),
            agency: AgencyFooter::from(&client.settings.agency),
        }))
    }
}
