//! Closes a service file: its workers no longer see the individual by it, and places in groups of its service are given
//! up. The file stays.

use domain::id::{IndividualId, ServiceFileId};
use domain::journal::JournalEvent;
use serde::Deserialize;

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;
use crate::service_files::{FileSaved, NotChanged, day};

/// Closes a service file.
pub struct CloseServiceFile;

/// Which, and when.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The individual.
    pub individual_id: IndividualId,
    /// The service file.
    pub service_file_id: ServiceFileId,
    /// The version of the file that the worker has seen.
    pub version: u64,
    /// `YYYY-MM-DD`, today or earlier, but not before the file was opened.
    pub closed_on: String,
}

impl HttpOperation for CloseServiceFile {
    type Caller = Staff;
    type Request = Request;
    type Response = FileSaved;
    type Refused = NotChanged;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<FileSaved>, Failure<NotChanged>> {
        let closed_on = day("closed_on", &request.closed_on)?;
        let (before, known) =
            staff.service_file(context, request.individual_id, request.service_file_id).await?;
        if known.closed_on == Some(closed_on) {
            return Ok(Reply::from(FileSaved::from(&known)));
        }
        if known.version.number() != request.version {
            return Err(NotChanged::RecordChanged.into());
        }
        let mut individual = before.value.clone();
        let today = staff.settings.today(context.now);
        let file = known.value.clone().close(&mut individual, closed_on, today)?;

        let told = JournalEvent::ServiceFileClosed {
            individual: individual.id,
            file: file.id,
            service: file.service,
        };
        let mut transaction =
            context.enrolment_change(staff.actor(), &staff.settings, &before, &individual, told);
        transaction.put_service_file(known.version, &file);
        context.leave(&file, &mut transaction).await?;
        let answer = FileSaved::after(&known);
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}
