//! Unlocks an account, whether a worker suspended it or wrong passwords locked it (A12).

use domain::Account;

use super::{AccountView, NotDone, OneAccount, change};
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;

/// Unlocks an account.
pub struct UnlockAccount;

impl HttpOperation for UnlockAccount {
    type Caller = Staff;
    type Request = OneAccount;
    type Response = AccountView;
    type Refused = NotDone;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: OneAccount,
    ) -> Result<Reply<AccountView>, Failure<NotDone>> {
        change(context, &staff, &request, Account::unlock).await
    }
}
