//! What time and events start.

pub mod clean_up_sessions;
pub mod compute_statistics;
pub mod expire_activations;
pub mod import_individuals;
pub mod publish_journal;
pub mod record_mail_outcome;
pub mod remind_before_expiry;
pub mod replay_journal;
pub mod resolve_requests;
pub mod send_bulk_mail;
pub mod send_mail;
pub mod set_up_agency;

use domain::journal::Envelope;
use serde::Deserialize;
use tracing::info;

use crate::context::Context;

/// A journal event as EventBridge delivers it.
#[derive(Debug, Deserialize)]
pub struct Delivered {
    /// The event.
    pub detail: Envelope,
}

/// Logs how many rows of a job a page got through, which is counted as the job's progress.
fn log_page(context: &Context<'_>, rows: usize) {
    info!(request_id = context.request_id, operation = context.operation.name, rows, "page");
}
