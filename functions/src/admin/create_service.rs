//! Adds a case service, group, informal service or informal series.

use domain::JournalEvent;
use domain::id::ServiceId;
use domain::journal::{JournalRecord, Subject};
use domain::service::{Service, ServiceKind};
use store::{Transaction, Version, ask};

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};
use crate::service_records::{SavedService, check_site, request_with_a_service, unfit};

/// Creates a service.
pub struct CreateService;

request_with_a_service! {
    /// What it is.
    pub struct Request {
        /// What kind of service, for good.
        pub kind: ServiceKind,
        /// Of a group or series, the service it is a run of, for good.
        #[serde(default)]
        pub parent_id: Option<ServiceId>,
    }
}

impl HttpOperation for CreateService {
    type Caller = Staff;
    type Request = Request;
    type Response = SavedService;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<SavedService>, Failure<NoRefusal>> {
        let asked = (request.parent_id.map(ask::service), ask::sites());
        let (parent, sites) = context.services.store.ask(asked).await?;
        if request.parent_id.is_some() && parent.is_none() {
            return Err(Failure::invalid("parent_id", "Choose one of the agency's services"));
        }
        let details = request.details(None);
        check_site(&details, None, sites.as_ref())?;
        let above = parent.as_ref().map(|parent| &parent.value);
        let id = ServiceId::new(context.uuid());
        let service = Service::new(id, request.kind, above, details).map_err(unfit)?;

        let record = JournalRecord {
            changed: service.changed_since(None, above),
            events: vec![JournalEvent::ServiceCreated { service: id }],
            ..context.record(staff.actor(), Subject::Service(id))
        };
        let mut transaction = Transaction::new(&record);
        transaction.put_service(None, &service, parent.as_ref());
        let answer = SavedService::new(&service, Version::NONE.next().number(), above);
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}
