//! Service requests as workers see them.

use chrono::{DateTime, Utc};
use domain::id::{IndividualId, ServiceId, ServiceRequestId};
use domain::service_request::ServiceRequest;
use domain::{Individual, Service, Worker};
use serde::{Deserialize, Serialize};

/// What a client asked for, and what became of it.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceRequestView {
    /// Which one.
    pub request_id: ServiceRequestId,
    /// Whose.
    pub individual_id: IndividualId,
    /// Their full name.
    pub individual_name: String,
    /// For what.
    pub service_id: ServiceId,
    /// What staff call it.
    pub service_name: String,
    /// When.
    pub requested_at: DateTime<Utc>,
    /// What the client wrote with it.
    pub message: Option<String>,
    /// `open`, `enrolled` or `declined`.
    pub state: String,
    /// The worker who settled it.
    pub settled_by: Option<String>,
    /// When they did.
    pub settled_at: Option<DateTime<Utc>>,
    /// What they noted for other workers.
    pub note: Option<String>,
}

impl ServiceRequestView {
    /// The request, with the names it is shown with.
    #[must_use]
    pub fn new(
        request: &ServiceRequest,
        individual: &Individual,
        service: Option<&Service>,
        settler: Option<&Worker>,
    ) -> Self {
        let settled = request.settled.as_ref();
        Self {
            request_id: request.id,
            individual_id: individual.id,
            individual_name: individual.name.full(),
            service_id: request.service,
            service_name: service.map(|service| service.details.name.clone()).unwrap_or_default(),
            requested_at: request.requested_at,
            message: request.message.clone(),
            state: settled.map_or("open", |settled| settled.outcome.code()).to_owned(),
            settled_by: settler.map(|worker| worker.name.full()),
            settled_at: settled.map(|settled| settled.at),
            note: settled.and_then(|settled| settled.note.clone()),
        }
    }
}
