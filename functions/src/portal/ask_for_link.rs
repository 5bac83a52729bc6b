//! A client with a dead link asks for it again, or, once the account is closed, for an invitation (A3b). Everyone gets
//! the same answer.

use credentials::LinkOf;
use domain::account::{Account, Context as Guards, StateName};
use domain::alert::AlertKind;
use domain::journal::{Actor, FieldName, JournalEvent, JournalRecord, Subject};
use domain::throttle::LINK_REQUEST;
use serde::{Deserialize, Serialize};
use store::{CommitError, Conflict, Transaction, Versioned, ask};

use crate::context::Context;
use crate::entry::caller::Anyone;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};
use crate::throttling::Who;

/// How often to look again when another call changed the account meanwhile.
const TRIES: usize = 5;

/// Asks for a link or an invitation.
pub struct AskForLink;

/// The link that doesn't work.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// From the link's fragment, or as typed.
    pub token: String,
}

/// The same for everyone: if there is something to send, it is on its way.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {}

refusals! {
    /// Why nothing was asked for.
    pub enum Error {
        /// Not a token of ours.
        LinkNotValid => 404, "link_not_valid", "This is not a link of ours; copy it whole from the newest mail";
    }
}

impl HttpOperation for AskForLink {
    type Caller = Anyone;
    type Request = Request;
    type Response = Response;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        _: Anyone,
        request: Request,
    ) -> Result<Reply<Response>, Failure<Error>> {
        let token = context.services.links().await?.read(&request.token).ok_or(Error::LinkNotValid)?;
        let LinkOf::Activation(id) = token.of else { return Err(Error::LinkNotValid.into()) };
        let who = Who { account: Some(&id.to_string()), ..Who::default() };
        context.throttle("link_request", LINK_REQUEST, who).await?;
        let (account, settings) =
            context.services.store.ask((ask::account(id), context.ask_settings())).await?;
        let settings = context.settings(settings)?;
        let Some(account) = account else { return Ok(Reply::from(Response {})) };
        let individual = context.services.store.ask(ask::individual(account.value.individual)).await?;
        let Some(individual) = individual else { return Ok(Reply::from(Response {})) };

        let guards = Guards {
            individual: &individual.value,
            settings: &settings,
            now: context.now,
            mail: context.mail(),
        };
        let actor = Actor::Client(id);
        let Ok(changed) = account.value.ask_again(guards) else {
            ask_for_invitation(context, actor, account).await?;
            return Ok(Reply::from(Response {}));
        };
        let transaction =
            context.account_change(actor, &changed, account.version, individual.value.test, None);
        match context.services.store.commit(transaction).await {
            // Somebody was quicker: whatever they did, a newer link or a decision is on its way.
            Ok(()) | Err(CommitError::Conflict(Conflict::Stale(_))) => Ok(Reply::from(Response {})),
            Err(error) => Err(error.into()),
        }
    }
}

/// Raises the alert, if it may be; the account may be closed by its job at this very moment.
async fn ask_for_invitation(
    context: &Context<'_>,
    actor: Actor,
    mut account: Versioned<Account>,
) -> Result<(), Failure<Error>> {
    let store = &context.services.store;
    for _ in 0..TRIES {
        let Some(transaction) = invitation_asked_for(context, actor, &account) else { return Ok(()) };
        match store.commit(transaction).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Conflict(Conflict::Stale(_))) => {
                let Some(again) = store.ask(ask::account(account.id)).await? else { return Ok(()) };
                account = again;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::conflict())
}

/// An alert for staff that opens nothing: for accounts that are over or past their time, once until it is settled.
fn invitation_asked_for(
    context: &Context<'_>,
    actor: Actor,
    before: &Versioned<Account>,
) -> Option<Transaction> {
    let account = &before.value;
    if account.state.name() != StateName::Closed && !account.is_expired(context.now) {
        return None;
    }
    let alerted = account.alerted(AlertKind::InvitationAskedFor, context.now)?;
    let record = JournalRecord {
        changed: vec![FieldName::Alerts],
        events: vec![JournalEvent::InvitationAskedFor {
            account: account.id,
            individual: account.individual,
            mail: context.mail(),
        }],
        ..context.record(actor, Subject::Individual(account.individual))
    };
    let mut transaction = Transaction::new(&record);
    transaction.put_account(before.version, &alerted);
    Some(transaction)
}
