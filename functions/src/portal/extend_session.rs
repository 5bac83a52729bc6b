//! Moves the session's idle clock, because the client is active. The only thing that does.

use serde::Deserialize;

use crate::context::Context;
use crate::entry::caller::Client;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{EntryRefusal, Failure, NoRefusal};
use crate::signing_in::SessionTimes;

/// Extends the session.
pub struct ExtendSession;

/// Nothing to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {}

impl HttpOperation for ExtendSession {
    type Caller = Client;
    type Request = Request;
    type Response = SessionTimes;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        client: Client,
        _: Request,
    ) -> Result<Reply<SessionTimes>, Failure<NoRefusal>> {
        let extended = client.session.extend(context.now, &client.settings, client.account.value.epoch);
        let session = extended.ok_or(Failure::Entry(EntryRefusal::SessionEnded))?;
        if !context.services.store.extend_session(&session).await? {
            return Err(Failure::Entry(EntryRefusal::SessionEnded));
        }
        Ok(Reply::from(SessionTimes::of(&session, &client.settings, context)))
    }
}
