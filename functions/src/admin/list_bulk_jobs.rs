//! The bulk jobs there are, dry runs among them, newest first.

use serde::{Deserialize, Serialize};

use crate::bulk::BulkJobView;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::paging::{NotACursor, Paging};
use crate::problem::Failure;

/// Jobs on a page.
const PAGE: u32 = 20;

/// Lists bulk jobs.
pub struct ListBulkJobs;

/// Which page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Where the last page ended.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A page of jobs.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Newest first.
    pub jobs: Vec<BulkJobView>,
    /// Where to go on; none at the end.
    pub next_cursor: Option<String>,
}

impl HttpOperation for ListBulkJobs {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = NotACursor;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<NotACursor>> {
        let paging = Paging::open(context, &staff, &(), request.cursor.as_deref()).await?;
        let page = context.services.store.bulk_jobs(paging.after(), PAGE).await?;
        let jobs: Vec<_> = page.items.iter().map(|job| &job.value).collect();
        let jobs = BulkJobView::of(context, &jobs).await?;
        Ok(Reply::from(Response { jobs, next_cursor: paging.next_cursor(page.next.as_ref())? }))
    }
}
