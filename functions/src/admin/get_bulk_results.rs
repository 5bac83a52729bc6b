//! What became of each target of a bulk job, or would, with the names of whom it is about.

use domain::StateName;
use domain::id::{AccountId, IndividualId, JobId};
use serde::{Deserialize, Serialize};
use store::ask;

use crate::bulk::{ResultRow, codes};
use crate::change::Access;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};

/// Gets results of a bulk job.
pub struct GetBulkResults;

/// Which page of which job.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The job.
    pub job_id: JobId,
    /// From `1` on, which it is if left out.
    #[serde(default)]
    pub page: Option<String>,
}

/// A page of results.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// In the order in which they were dealt with.
    pub rows: Vec<Row>,
    /// Pages so far.
    pub pages: u32,
}

/// What became of one target.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Row {
    /// Who.
    pub individual_id: IndividualId,
    /// The account; none where none was opened, or would be.
    pub account_id: Option<AccountId>,
    /// Their full name.
    pub name: String,
    /// `opened`, `changed` or `skipped`.
    pub outcome: String,
    /// Why it was skipped, e.g. `no_consent`; of an opened one `expired` or `cancelled` if an invitation ended so before.
    pub reason: Option<String>,
    /// The account's state, where `wrong_state` is the reason.
    pub state: Option<StateName>,
}

impl HttpOperation for GetBulkResults {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<NoRefusal>> {
        let page = request.page.as_deref().unwrap_or("1").parse::<u32>();
        let page = page.map_err(|_| Failure::invalid("page", "Write a number from 1 on"))?;
        let store = &context.services.store;
        let asked = (ask::bulk_job(request.job_id), ask::report(request.job_id, page));
        let (job, report) = store.ask(asked).await?;
        let job = job.ok_or_else(Failure::not_found)?;
        let rows = match report {
            Some(report) => ResultRow::read(report)?,
            // Nothing is dealt with so far.
            None if page == 1 => Vec::new(),
            None => return Err(Failure::not_found()),
        };
        let whose =
            store.ask(rows.iter().map(|row| ask::individual(row.individual)).collect::<Vec<_>>()).await?;
        staff.log(context, Access::Viewed, None).await?;
        let rows = rows.iter().zip(whose).map(|(row, individual)| {
            let (outcome, reason, state) = codes(row.outcome);
            Row {
                individual_id: row.individual,
                account_id: row.account,
                name: individual.map(|individual| individual.name.full()).unwrap_or_default(),
                outcome,
                reason,
                state,
            }
        });
        Ok(Reply::from(Response { rows: rows.collect(), pages: job.pages }))
    }
}
