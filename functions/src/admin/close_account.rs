//! Closes an account: cancels an invitation (A9), or ends the account for good (A15).

use domain::account::{Action, StateName};
use domain::id::{AccountId, IndividualId};
use serde::Deserialize;

use super::AccountView;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};

/// Closes an account.
pub struct CloseAccount;

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
    /// Why it isn't closed.
    pub enum Error {
        /// It is closed already.
        AccountState {
            /// The account's state.
            state: StateName,
            /// What was wanted.
            action: Action,
        } => 409, "account_state", "The account's state does not allow this";
    }
}

impl HttpOperation for CloseAccount {
    type Caller = Staff;
    type Request = Request;
    type Response = AccountView;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<AccountView>, Failure<Error>> {
        let (individual, account) = staff.account(context, request.individual_id, request.account_id).await?;

        let changed = account
            .close(context.now)
            .map_err(|refused| Error::AccountState { state: refused.state, action: refused.action })?;
        let answer = AccountView::from(&changed.account);
        let transaction =
            context.account_change(staff.actor(), &changed, account.version, individual.test, None);
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}
