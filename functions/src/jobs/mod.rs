//! What time and events start.

pub mod clean_up_sessions;
pub mod compute_statistics;
pub mod expire_activations;
pub mod import_file;
pub mod publish_journal;
pub mod record_mail_outcome;
pub mod remind_before_expiry;
pub mod replay_journal;
pub mod resolve_requests;
pub mod run_bulk_job;
pub mod send_bulk_mail;
pub mod send_mail;
pub mod set_up_agency;
pub mod strip_sandbox;

use std::fmt::Display;

use aws_lc_rs::digest;
use domain::JobId;
use domain::journal::Envelope;
use serde::Deserialize;
use tracing::info;
use uuid::Uuid;

use crate::context::Context;

/// A journal event as EventBridge delivers it.
#[derive(Debug, Deserialize)]
pub struct Delivered {
    /// The event.
    pub detail: Envelope,
}

/// Logs how many rows of a job a page got through, which is counted as the job's progress.
pub(crate) fn log_page(context: &Context<'_>, rows: usize) {
    info!(request_id = context.request_id, operation = context.operation.name, rows, "page");
}

impl Delivered {
    /// The invocation as one that the event led to.
    fn caused<'c>(&self, context: &Context<'c>) -> Context<'c> {
        Context {
            correlation: self.detail.correlation,
            causation: Some(self.detail.causation),
            ..context.clone()
        }
    }
}

/// A UUID that is the same for the same part of the same job, with the job's time in it: by what it names, a page that
/// is delivered again finds what it did before.
pub(crate) fn derived(job: JobId, part: impl Display, what: &str) -> Uuid {
    let text = format!("{job}\0{part}\0{what}");
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let mut random = [0; 10];
    random.copy_from_slice(hash.as_ref().get(..10).unwrap_or(&[0; 10]));
    let millis = u64::try_from(job.uuid().as_u128() >> 80).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}
