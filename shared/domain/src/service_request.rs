//! What clients ask for, and what became of it.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::id::{AccountId, IndividualId, ServiceId, ServiceRequestId, WorkerId};

/// The most characters of what a client writes with a request, or a worker with its outcome.
pub const LONGEST_MESSAGE: usize = 500;

codes! {
    /// What became of a service request.
    pub enum RequestOutcome {
        /// The client is in the service now.
        Enrolled = "enrolled",
        /// It was answered in another way.
        Declined = "declined",
    }
}

/// What a worker made of a service request.
#[derive(Clone, PartialEq, Eq)]
pub struct Settled {
    /// How.
    pub outcome: RequestOutcome,
    /// By whom.
    pub by: WorkerId,
    /// When.
    pub at: DateTime<Utc>,
    /// For other workers.
    pub note: Option<String>,
}

/// A client's wish for a service: a Pre-Enrollment that waits for staff. It is never deleted (B6).
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceRequest {
    /// Which one.
    pub id: ServiceRequestId,
    /// Whose.
    pub individual: IndividualId,
    /// The account it was made with.
    pub account: AccountId,
    /// For what.
    pub service: ServiceId,
    /// Of a group or series, the service that it is a run of.
    pub parent: Option<ServiceId>,
    /// What the client wrote with it.
    pub message: Option<String>,
    /// When.
    pub requested_at: DateTime<Utc>,
    /// What became of it; none while it waits.
    pub settled: Option<Settled>,
}

impl fmt::Debug for ServiceRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = self.settled.as_ref().map(|settled| settled.outcome);
        f.debug_struct("ServiceRequest")
            .field("id", &self.id)
            .field("outcome", &outcome)
            .finish_non_exhaustive()
    }
}

impl ServiceRequest {
    /// The request as a worker settled it.
    ///
    /// # Errors
    /// What it was settled as before.
    pub fn settle(mut self, settled: Settled) -> Result<Self, RequestOutcome> {
        if let Some(before) = &self.settled {
            return Err(before.outcome);
        }
        self.settled = Some(settled);
        Ok(self)
    }
}
