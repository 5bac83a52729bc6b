//! Adds a worker, who is invited by mail to choose a password within seven days.

use domain::id::WorkerId;
use domain::journal::{FieldName, JournalRecord, Subject};
use domain::{Worker, fields};
use serde::Deserialize;
use store::{CommitError, Conflict, Transaction, Version, ask};

use crate::context::Context;
use crate::entry::caller::{Staff, not_set_up};
use crate::entry::http::{HttpOperation, Reply};
use crate::individuals::field;
use crate::problem::{Failure, refusals};
use crate::workers::{WorkerFields, WorkerRecord};

/// Creates a worker.
pub struct CreateWorker;

/// Who they are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The sign-in email, to which the invitation goes.
    pub email: String,
    /// Everything else.
    pub profile: WorkerFields,
}

refusals! {
    /// Why nobody is added.
    pub enum Error {
        /// Another worker signs in with the address, be it one who no longer works here.
        AddressTaken => 409, "address_taken", "Another worker signs in with this address; look for them in the list";
    }
}

impl HttpOperation for CreateWorker {
    type Caller = Staff;
    type Request = Request;
    type Response = WorkerRecord;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<WorkerRecord>, Failure<Error>> {
        let email = field("email", fields::email(&request.email))?;
        let (classes, sites) = context.services.store.ask((ask::security_classes(), ask::sites())).await?;
        let (classes, sites) = classes.zip(sites).ok_or_else(not_set_up)?;
        let profile = request.profile.read(&classes, &sites, None)?;

        let id = WorkerId::new(context.uuid());
        let (worker, events) = Worker::hire(id, email, profile, context.now, context.mail());
        let record = JournalRecord {
            changed: vec![FieldName::State, FieldName::Email],
            events,
            ..context.record(staff.actor(), Subject::Worker(id))
        };
        let mut transaction = Transaction::new(&record);
        transaction
            .put_worker(Version::NONE, &worker)
            .claim_sign_in_name(&worker.email, id, None)
            // Or the class might be deleted at this moment.
            .put_security_classes(classes.version, &classes.value)
            .while_not_barred(&staff.worker);
        let answer = WorkerRecord::from(&worker);
        match context.commit(transaction, &answer).await {
            Ok(()) => Ok(Reply::from(answer)),
            Err(CommitError::Conflict(Conflict::SignInNameTaken)) => Err(Error::AddressTaken.into()),
            Err(error) => Err(error.into()),
        }
    }
}
