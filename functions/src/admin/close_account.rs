//! Closes an account: cancels an invitation (A9), or ends the account for good (A15).

use super::{AccountView, NotDone, OneAccount, change};
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;

/// Closes an account.
pub struct CloseAccount;

impl HttpOperation for CloseAccount {
    type Caller = Staff;
    type Request = OneAccount;
    type Response = AccountView;
    type Refused = NotDone;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: OneAccount,
    ) -> Result<Reply<AccountView>, Failure<NotDone>> {
        change(context, &staff, &request, |account| account.close(context.now)).await
    }
}
