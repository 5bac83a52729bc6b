//! Makes a client choose a new password: sessions end, and the next sign-in leads to a reset by email (A16).

use domain::Account;

use super::{AccountView, NotDone, OneAccount, change};
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;

/// Forces a password reset.
pub struct ForcePasswordReset;

impl HttpOperation for ForcePasswordReset {
    type Caller = Staff;
    type Request = OneAccount;
    type Response = AccountView;
    type Refused = NotDone;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: OneAccount,
    ) -> Result<Reply<AccountView>, Failure<NotDone>> {
        change(context, &staff, &request, Account::force_reset).await
    }
}
