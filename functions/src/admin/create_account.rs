//! Creates an individual's account and sends the activation (A1); on a disabled account, enables it (A14).

use domain::Permission;
use domain::account::{Account, StateName};
use domain::id::{AccountId, IndividualId};
use serde::Deserialize;
use store::{Version, ask};

use super::Invitation;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::opening::{Held, NotOpened, Wishes, refusal, save};
use crate::problem::Failure;

/// Creates an account.
pub struct CreateAccount;

/// For whom, and where the activation goes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The individual.
    pub individual_id: IndividualId,
    /// The sign-in email; the consented or main address if left out (B9).
    #[serde(default)]
    pub email: Option<String>,
    /// The worker was warned that this isn't the address that was offered, and means it (B9).
    #[serde(default)]
    pub confirm_email: bool,
    /// Why an individual below the minimum age gets an account; Intake-Mgmt and Admin-Exec only.
    #[serde(default)]
    pub age_override_reason: Option<String>,
}

impl HttpOperation for CreateAccount {
    type Caller = Staff;
    type Request = Request;
    type Response = Invitation;
    type Refused = NotOpened;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Invitation>, Failure<NotOpened>> {
        let asked = (ask::individual(request.individual_id), ask::holding(request.individual_id));
        let (individual, holding) = context.services.store.ask(asked).await?;
        let individual = staff.visible(context, request.individual_id, individual).await?;
        let held = Held::of(context, holding).await?;
        let Request { email, confirm_email, age_override_reason, .. } = request;
        let wishes = Wishes { email, confirm_email, age_override_reason };

        let opening = wishes.opening(context, &staff, &individual, held.open.is_some())?;
        let (decided, loaded) = match &held.open {
            Some(account)
                if account.state.name() == StateName::Disabled && staff.may(Permission::EnableAccount) =>
            {
                (account.enable(&opening), account.version)
            }
            _ => (Account::create(AccountId::new(context.uuid()), &opening), Version::NONE),
        };
        let changed = decided.map_err(|refused| refusal(&refused, &staff))?;
        save(context, &staff, &individual, &changed, loaded, &held).await
    }
}
