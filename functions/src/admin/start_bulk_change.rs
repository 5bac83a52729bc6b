//! Starts the dry run of a change of many accounts: which would be closed, suspended, unlocked, disabled or enabled, and
//! which not, by reason.

use domain::account::criteria::Asked;
use domain::bulk::{BulkAction, Targets, Work};
use domain::id::JobId;
use serde::Deserialize;

use crate::bulk::{self, ChosenAccount, NotRun, Started};
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;

/// Starts a change of many accounts.
pub struct StartBulkChange;

/// What to do, and to which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// What.
    pub action: BulkAction,
    /// To which.
    pub target: ChangeTarget,
}

/// The accounts to change.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ChangeTarget {
    /// Those chosen, at most 500.
    Accounts(Vec<ChosenAccount>),
    /// All that match.
    Criteria(Asked),
    /// What a bulk activation opened and nobody has activated; only to be closed, which undoes it.
    OpenedBy(JobId),
}

impl HttpOperation for StartBulkChange {
    type Caller = Staff;
    type Request = Request;
    type Response = Started;
    type Refused = NotRun;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Started>, Failure<NotRun>> {
        let Request { action, target } = request;
        let (targets, chosen) = match target {
            ChangeTarget::Accounts(chosen) => {
                bulk::check_chosen(&chosen)?;
                (Targets::Listed, chosen)
            }
            ChangeTarget::Criteria(asked) => (bulk::criteria(asked)?, Vec::new()),
            ChangeTarget::OpenedBy(_) if action != BulkAction::Close => {
                return Err(Failure::invalid("action", "What a bulk activation opened can only be closed"));
            }
            ChangeTarget::OpenedBy(job) => (Targets::OpenedBy(job), Vec::new()),
        };
        let work = Work::ChangeAccounts { action, targets };
        Ok(Reply::from(bulk::start(context, &staff, work, &chosen).await?))
    }
}
