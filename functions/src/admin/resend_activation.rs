//! Sends a Pending account's activation again: a new link, older ones die, the expiry restarts (A3).

use domain::account::{Action, Context as Guards, Reason, Refused, StateName};
use domain::id::{AccountId, IndividualId};
use serde::Deserialize;

use super::Invitation;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};

/// Sends the activation again.
pub struct ResendActivation;

/// Which account.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Whose.
    pub individual_id: IndividualId,
    /// Which.
    pub account_id: AccountId,
}

refusals! {
    /// Why it isn't sent again.
    pub enum Error {
        /// ClientConnect isn't ready (C1, C2).
        NotReady {
            /// What is missing, e.g. `client_delivery_off`.
            missing: Reason,
        } => 409, "not_ready", "ClientConnect is not ready to invite clients; a System Administrator can set it up";
        /// Only a Pending account has an activation to send.
        AccountState {
            /// The account's state.
            state: StateName,
            /// What was wanted.
            action: Action,
        } => 409, "account_state", "The account's state does not allow this";
    }
}

impl HttpOperation for ResendActivation {
    type Caller = Staff;
    type Request = Request;
    type Response = Invitation;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Invitation>, Failure<Error>> {
        let (individual, account) = staff.account(context, request.individual_id, request.account_id).await?;

        let guards = Guards {
            individual: &individual,
            settings: &staff.settings,
            now: context.now,
            mail: context.mail(),
        };
        let changed = account.resend(guards).map_err(|refused| refusal(&refused))?;
        let answer = Invitation::from(&changed);
        let transaction =
            context.account_change(staff.actor(), &changed, account.version, individual.test, None);
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}

fn refusal(refused: &Refused) -> Error {
    match refused.reason {
        Reason::WrongState | Reason::TooManyLinks => {
            Error::AccountState { state: refused.state, action: refused.action }
        }
        missing => Error::NotReady { missing },
    }
}
