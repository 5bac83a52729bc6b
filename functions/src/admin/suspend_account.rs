//! Suspends an account: its sessions end at once, and only a worker lifts it (A11).

use super::{AccountView, NotDone, OneAccount, change};
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;

/// Suspends an account.
pub struct SuspendAccount;

impl HttpOperation for SuspendAccount {
    type Caller = Staff;
    type Request = OneAccount;
    type Response = AccountView;
    type Refused = NotDone;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: OneAccount,
    ) -> Result<Reply<AccountView>, Failure<NotDone>> {
        change(context, &staff, &request, |account| account.suspend(context.now)).await
    }
}
