//! Writes a service anew: what it is called, how clients see it, whether people can be enrolled in it.

use domain::JournalEvent;
use domain::id::ServiceId;
use domain::journal::{JournalRecord, Subject};
use domain::service::ServiceCounts;
use store::{CommitError, Conflict, Transaction, ask};

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};
use crate::service_records::{SavedService, check_site, request_with_a_service, unfit};

/// Updates a service.
pub struct UpdateService;

request_with_a_service! {
    /// The whole service.
    pub struct Request {
        /// The service.
        pub service_id: ServiceId,
        /// The version of the record that the worker has seen.
        pub version: u64,
        /// *Reset all*: every group or series below follows it from now on.
        #[serde(default)]
        pub reset_overrides: bool,
        /// The worker has seen how many groups or series a change of visibility touches.
        #[serde(default)]
        pub confirmed: bool,
    }
}

refusals! {
    /// Why the service stays as it is.
    pub enum Error {
        /// Somebody else changed it since it was read.
        RecordChanged => 409, "record_changed", "Somebody changed this record since you opened it; look again, then repeat";
        /// Groups or series are below it.
        ConfirmCascade {
            /// How many are as it is.
            following: i64,
            /// How many have a visibility of their own.
            overridden: i64,
        } => 409, "confirm_cascade", "Groups or series are below this service; confirm that clients are to see them differently, too";
        /// It can't be made inactive.
        ServiceInUse {
            /// Active groups or series below it.
            groups: i64,
            /// People in it.
            people: i64,
        } => 409, "service_in_use", "People are in this service, or active groups or series are below it; end that first";
    }
}

impl HttpOperation for UpdateService {
    type Caller = Staff;
    type Request = Request;
    type Response = SavedService;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<SavedService>, Failure<Error>> {
        let (store, id) = (&context.services.store, request.service_id);
        let asked = (ask::service(id), ask::service_counts(id), ask::sites());
        let (before, counts, sites) = store.ask(asked).await?;
        let before = before.ok_or_else(Failure::not_found)?;
        let counts = counts.unwrap_or_default();
        let parent = match before.parent {
            Some(parent) => store.ask(ask::service(parent)).await?,
            None => None,
        };
        let above = parent.as_ref().map(|parent| &parent.value);
        let details = request.details(Some(&before.details));
        check_site(&details, Some(&before.details), sites.as_ref())?;
        let after = before.value.clone().change(above, details, request.reset_overrides).map_err(unfit)?;
        if !after.differs_from(&before, above) {
            return Ok(Reply::from(SavedService::new(&before, before.version.number(), above)));
        }
        if before.version.number() != request.version {
            return Err(Error::RecordChanged.into());
        }
        let seen_otherwise = after.visibility(above) != before.visibility(above) || request.reset_overrides;
        let ServiceCounts { below, enrolled: people } = counts;
        if seen_otherwise && !request.confirmed && below.following + below.overridden > 0 {
            let (following, overridden) = (below.following, below.overridden);
            return Err(Error::ConfirmCascade { following, overridden }.into());
        }

        let record = JournalRecord {
            changed: after.changed_since(Some(&before.value), above),
            events: vec![JournalEvent::ServiceChanged { service: id }],
            ..context.record(staff.actor(), Subject::Service(id))
        };
        let mut transaction = Transaction::new(&record);
        transaction.put_service(Some(&before), &after, parent.as_ref());
        let answer = SavedService::new(&after, before.version.next().number(), above);
        match context.commit(transaction, &answer).await {
            Ok(()) => Ok(Reply::from(answer)),
            Err(CommitError::Conflict(Conflict::ServiceInUse)) => {
                Err(Error::ServiceInUse { groups: below.active, people }.into())
            }
            Err(error) => Err(error.into()),
        }
    }
}
