//! How far a job is, and its report, row by row.

use chrono::{DateTime, Utc};
use domain::id::JobId;
use domain::job::{JobFailure, JobKind, JobMode, JobState};
use serde::{Deserialize, Serialize};
use store::ask;

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::importing::ReportRow;
use crate::problem::{Failure, NoRefusal};

/// Gets a job.
pub struct GetJob;

/// Which, and which page of its report.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The job.
    pub job_id: JobId,
    /// A page of the report, from `1` on; the progress alone if left out.
    #[serde(default)]
    pub page: Option<String>,
}

/// The job.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// What it does.
    pub kind: JobKind,
    /// Report only, or for good.
    pub mode: JobMode,
    /// `waiting`, `running`, `done` or `failed`.
    pub state: String,
    /// Why it failed.
    pub failure: Option<JobFailure>,
    /// Rows so far: what is new.
    pub created: u64,
    /// What changed.
    pub updated: u64,
    /// What was so already.
    pub unchanged: u64,
    /// Rows refused; the report says why.
    pub refused: u64,
    /// Rows whose name and birth date somebody else has (B12).
    pub duplicates: u64,
    /// Pages of the report so far.
    pub pages: u32,
    /// When it was started.
    pub created_at: DateTime<Utc>,
    /// When it last got further.
    pub updated_at: DateTime<Utc>,
    /// The rows of the page that was asked for.
    pub report: Option<Vec<ReportRow>>,
}

impl HttpOperation for GetJob {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        _: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<NoRefusal>> {
        let page = request.page.map(|page| page.parse::<u32>()).transpose();
        let page = page.map_err(|_| Failure::invalid("page", "Write a number from 1 on"))?;
        let asked = (ask::job(request.job_id), page.map(|page| ask::report(request.job_id, page)));
        let (job, report) = context.services.store.ask(asked).await?;
        let job = job.ok_or_else(Failure::not_found)?;
        let (state, failure) = match job.state {
            JobState::Waiting => ("waiting", None),
            JobState::Running => ("running", None),
            JobState::Done => ("done", None),
            JobState::Failed(failure) => ("failed", Some(failure)),
        };
        let report = match (page, report) {
            (Some(_), Some(report)) => Some(ReportRow::read(report)?),
            (Some(_), None) => return Err(Failure::not_found()),
            (None, _) => None,
        };
        Ok(Reply::from(Response {
            kind: job.kind,
            mode: job.mode,
            state: state.to_owned(),
            failure,
            created: job.counts.created,
            updated: job.counts.updated,
            unchanged: job.counts.unchanged,
            refused: job.counts.refused,
            duplicates: job.counts.duplicates,
            pages: job.position.page,
            created_at: job.created_at,
            updated_at: job.updated_at,
            report,
        }))
    }
}
