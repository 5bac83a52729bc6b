//! Enables a disabled account: the same one, with a fresh activation and a fresh count of attempts (A14).

use domain::id::{AccountId, IndividualId};
use serde::Deserialize;

use super::Invitation;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::opening::{Held, NotOpened, Wishes, refusal, save};
use crate::problem::Failure;

/// Enables an account.
pub struct EnableAccount;

/// Which account, and where the activation goes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Whose.
    pub individual_id: IndividualId,
    /// Which.
    pub account_id: AccountId,
    /// The sign-in email; the one it had if left out.
    #[serde(default)]
    pub email: Option<String>,
    /// The worker was warned that this is neither that one nor the one that would be offered, and means it (B9).
    #[serde(default)]
    pub confirm_email: bool,
    /// Why an individual below the minimum age gets an account; Intake-Mgmt and Admin-Exec only.
    #[serde(default)]
    pub age_override_reason: Option<String>,
}

impl HttpOperation for EnableAccount {
    type Caller = Staff;
    type Request = Request;
    type Response = Invitation;
    type Refused = NotOpened;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Invitation>, Failure<NotOpened>> {
        let (individual, account) = staff.account(context, request.individual_id, request.account_id).await?;
        let Request { email, confirm_email, age_override_reason, .. } = request;
        let wishes = Wishes { email, confirm_email, age_override_reason };

        let opening = wishes.opening(context, &staff, &individual, false)?;
        let changed = account.enable(&opening).map_err(|refused| refusal(&refused, &staff))?;
        save(context, &staff, &individual, &changed, account.version, &Held::default()).await
    }
}
