//! Sends an activation again. While Pending: a new link, older ones die, the expiry restarts (A3). Once the account closed
//! without having been activated, a new one is opened in its place, with the closed one's address (A4).

use domain::account::{Account, Context as Guards, StateName};
use domain::id::{AccountId, IndividualId};
use serde::Deserialize;
use store::{Version, ask};

use super::Invitation;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::opening::{Held, NotOpened, Wishes, refusal, save};
use crate::problem::Failure;

/// Sends the activation again.
pub struct ResendActivation;

/// Which account; the other fields are for a new one in its place.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Whose.
    pub individual_id: IndividualId,
    /// Which.
    pub account_id: AccountId,
    /// The sign-in email; the closed account's if left out.
    #[serde(default)]
    pub email: Option<String>,
    /// The worker was warned that this is neither that one nor the one that would be offered, and means it (B9).
    #[serde(default)]
    pub confirm_email: bool,
    /// Why an individual below the minimum age gets an account; Intake-Mgmt and Admin-Exec only.
    #[serde(default)]
    pub age_override_reason: Option<String>,
}

impl HttpOperation for ResendActivation {
    type Caller = Staff;
    type Request = Request;
    type Response = Invitation;
    type Refused = NotOpened;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Invitation>, Failure<NotOpened>> {
        let Request { individual_id, account_id, email, confirm_email, age_override_reason } = request;
        let wishes = Wishes { email, confirm_email, age_override_reason };
        let (individual, account) = staff.account(context, individual_id, account_id).await?;
        if account.state.name() == StateName::Closed {
            return reopen(context, &staff, &individual, &account, wishes).await;
        }
        if let Some(field) = wishes.first() {
            return Err(Failure::invalid(field, "Leave this out while the invitation is open"));
        }

        let settings = &staff.settings;
        let guards = Guards { individual: &individual, settings, now: context.now, mail: context.mail() };
        let changed = account.resend(guards).map_err(|refused| refusal(&refused, &staff))?;
        save(context, &staff, &individual, &changed, account.version, &Held::default()).await
    }
}

/// A new account in the place of one that was never activated.
async fn reopen(
    context: &Context<'_>,
    staff: &Staff,
    individual: &domain::Individual,
    closed: &Account,
    wishes: Wishes,
) -> Result<Reply<Invitation>, Failure<NotOpened>> {
    let holding = context.services.store.ask(ask::holding(individual.id)).await?;
    let held = Held::of(context, holding).await?;
    let opening = wishes.opening(context, staff, individual, held.open.is_some())?;
    let changed = closed
        .reopen(AccountId::new(context.uuid()), &opening)
        .map_err(|refused| refusal(&refused, staff))?;
    save(context, staff, individual, &changed, Version::NONE, &held).await
}
