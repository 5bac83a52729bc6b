//! Starts the dry run of making many clients choose a new password (A16): all who have one, those who match, or some.

use domain::account::criteria::Asked;
use domain::account::{StateName, Status};
use domain::bulk::{BulkAction, Targets, Work};
use serde::Deserialize;

use crate::bulk::{self, ChosenAccount, NotRun, Started};
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;

/// Starts a reset of many passwords.
pub struct StartBulkReset;

/// Whose.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The accounts.
    pub target: ResetTarget,
}

/// The accounts whose passwords to reset.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ResetTarget {
    /// All that have a password, which must be said by `true`.
    All(bool),
    /// Those chosen, at most 500.
    Accounts(Vec<ChosenAccount>),
    /// All that match.
    Criteria(Asked),
}

impl HttpOperation for StartBulkReset {
    type Caller = Staff;
    type Request = Request;
    type Response = Started;
    type Refused = NotRun;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Started>, Failure<NotRun>> {
        let (targets, chosen) = match request.target {
            ResetTarget::All(true) => {
                let status = |state| Status { state, reason: None };
                let statuses = vec![status(StateName::Active), status(StateName::Locked)];
                (bulk::criteria(Asked { statuses, ..Asked::default() })?, Vec::new())
            }
            ResetTarget::All(false) => {
                return Err(Failure::invalid("target.all", "Say true, or choose accounts or criteria"));
            }
            ResetTarget::Accounts(chosen) => {
                bulk::check_chosen(&chosen)?;
                (Targets::Listed, chosen)
            }
            ResetTarget::Criteria(asked) => (bulk::criteria(asked)?, Vec::new()),
        };
        let work = Work::ChangeAccounts { action: BulkAction::ForceReset, targets };
        Ok(Reply::from(bulk::start(context, &staff, work, &chosen).await?))
    }
}
