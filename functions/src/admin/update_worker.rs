//! Writes a worker anew, but for the sign-in email. Another user group or security class ends their sessions at once.

use domain::id::WorkerId;
use domain::journal::{JournalRecord, Subject};
use serde::Deserialize;
use store::{Transaction, ask};

use crate::context::Context;
use crate::entry::caller::{Staff, not_set_up};
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};
use crate::workers::{WorkerFields, WorkerRecord};

/// Updates a worker.
pub struct UpdateWorker;

/// All of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Who.
    pub worker_id: WorkerId,
    /// The version of the record that was seen.
    pub version: u64,
    /// As they are to be.
    pub profile: WorkerFields,
}

refusals! {
    /// Why the worker stays as they are.
    pub enum Error {
        /// Somebody else changed the record since it was read.
        RecordChanged => 409, "record_changed", "Somebody changed this record since you opened it; look again, then repeat";
        /// Nobody changes their own group or class: a System Administrator always remains.
        OwnAccount => 409, "own_account", "Ask another System Administrator to do this";
    }
}

impl HttpOperation for UpdateWorker {
    type Caller = Staff;
    type Request = Request;
    type Response = WorkerRecord;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<WorkerRecord>, Failure<Error>> {
        let asked = (ask::worker(request.worker_id), ask::security_classes(), ask::sites());
        let (worker, classes, sites) = context.services.store.ask(asked).await?;
        let worker = worker.ok_or_else(Failure::not_found)?;
        let (classes, sites) = classes.zip(sites).ok_or_else(not_set_up)?;
        let profile = request.profile.read(&classes, &sites, Some(&worker))?;
        let edited = worker.edit(staff.worker.id, profile).map_err(|_| Error::OwnAccount)?;
        let answer = WorkerRecord::from(&edited.worker);
        if edited.changed.is_empty() {
            return Ok(Reply::from(answer));
        }
        if WorkerRecord::from(&worker.value).version != request.version {
            return Err(Error::RecordChanged.into());
        }

        let record = JournalRecord {
            changed: edited.changed,
            events: edited.events,
            ..context.record(staff.actor(), Subject::Worker(worker.id))
        };
        let mut transaction = Transaction::new(&record);
        transaction.put_worker(worker.version, &edited.worker);
        if edited.worker.security_class != worker.security_class {
            // Or the class might be deleted at this moment.
            transaction.put_security_classes(classes.version, &classes.value);
        }
        if worker.id != staff.worker.id {
            transaction.while_not_barred(&staff.worker);
        }
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}
