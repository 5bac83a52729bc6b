//! Puts an account aside: sessions and password go, the sign-in email stays taken (A13).

use super::{AccountView, NotDone, OneAccount, change};
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;

/// Disables an account.
pub struct DisableAccount;

impl HttpOperation for DisableAccount {
    type Caller = Staff;
    type Request = OneAccount;
    type Response = AccountView;
    type Refused = NotDone;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: OneAccount,
    ) -> Result<Reply<AccountView>, Failure<NotDone>> {
        change(context, &staff, &request, |account| account.disable(context.now)).await
    }
}
