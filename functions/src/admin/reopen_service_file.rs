//! Opens a closed service file again, with the workers it had. Places in groups are not given back.

use domain::id::{IndividualId, ServiceFileId};
use domain::journal::JournalEvent;
use domain::service_file::{MOST_OPEN, NotEnrolled};
use serde::Deserialize;
use store::ask;

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};
use crate::service_files::FileSaved;

/// Reopens a service file.
pub struct ReopenServiceFile;

/// Which.
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
}

refusals! {
    /// Why it stays closed.
    pub enum Error {
        /// Somebody else changed it since it was read.
        RecordChanged => 409, "record_changed", "Somebody changed this record since you opened it; look again, then repeat";
        /// Another one is open for the same service.
        ServiceFileOpen {
            /// Which one.
            service_file_id: ServiceFileId,
        } => 409, "service_file_open", "A service file is open for this service; work with that one, or close it first";
        /// Nobody is enrolled in the service any more.
        ServiceInactive => 409, "service_inactive", "This service is not active; choose another, or make it active first";
        /// There are enough open ones.
        TooManyServiceFiles {
            /// The most there may be.
            maximum: usize,
        } => 409, "too_many_service_files", "There are too many open service files; close one first";
    }
}

impl From<NotEnrolled> for Error {
    fn from(not: NotEnrolled) -> Self {
        match not {
            NotEnrolled::FileOpen(service_file_id) => Self::ServiceFileOpen { service_file_id },
            NotEnrolled::TooManyFiles => Self::TooManyServiceFiles { maximum: MOST_OPEN },
            _ => Self::ServiceInactive,
        }
    }
}

impl HttpOperation for ReopenServiceFile {
    type Caller = Staff;
    type Request = Request;
    type Response = FileSaved;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<FileSaved>, Failure<Error>> {
        let (before, known) =
            staff.service_file(context, request.individual_id, request.service_file_id).await?;
        if known.closed_on.is_none() {
            return Ok(Reply::from(FileSaved::from(&known)));
        }
        if known.version.number() != request.version {
            return Err(Error::RecordChanged.into());
        }
        let service = context.services.store.ask(ask::service(known.service)).await?;
        let service = service.ok_or_else(Failure::not_found)?;
        let mut individual = before.value.clone();
        let file = known.value.clone().reopen(&mut individual, &service).map_err(Error::from)?;

        let told = JournalEvent::ServiceFileReopened {
            individual: individual.id,
            file: file.id,
            service: file.service,
        };
        let mut transaction =
            context.enrolment_change(staff.actor(), &staff.settings, &before, &individual, told);
        transaction.put_service_file(known.version, &file).count_enrolled(&service, 1);
        let answer = FileSaved::after(&known);
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}
