//! The way of events that aren't requests: schedules, queues, streams and direct invocations.

use std::future::Future;

use aws_lambda_events::dynamodb;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::{Fault, Image};
use tracing::info;

use super::BoxFuture;
use super::http::log_fault;
use crate::context::{Context, defect};

/// An operation that handles one event and answers with a summary of what it did.
pub trait EventOperation: 'static {
    /// The event.
    type Event: DeserializeOwned + Send;
    /// The summary: counts and codes, never personal data.
    type Summary: Serialize + Send;

    /// Does the work. Whatever started it starts it again after a fault.
    fn handle(
        context: &Context<'_>,
        event: Self::Event,
    ) -> impl Future<Output = Result<Self::Summary, Fault>> + Send;
}

/// An operation that handles messages of a queue, each by itself.
pub trait MessageOperation: 'static {
    /// The body of a message: a journal event as the bus delivers it.
    type Message: DeserializeOwned + Send;

    /// Does the work of one message. After a fault only this message comes again.
    fn handle(
        context: &Context<'_>,
        message: Self::Message,
    ) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// An operation that follows the stream of a table, record by record and in order.
pub trait StreamOperation: 'static {
    /// The kinds of change it looks at: `INSERT`, `MODIFY`. What the broom takes away is nobody's doing.
    const OF: &'static [&'static str];

    /// Looks at the item as it is after the change. After a fault it comes again, with all that follows it.
    fn handle(context: &Context<'_>, image: Image) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// Where a stream goes on, if not at its end.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Progress {
    /// The first record that has to come again.
    batch_item_failures: Vec<Failed>,
}

/// A record by its place in the stream.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failed {
    item_identifier: String,
}

/// The entry of an [`EventOperation`], as the table holds it.
#[must_use]
pub fn handle<'a, O: EventOperation>(
    context: &'a Context<'a>,
    event: Value,
) -> BoxFuture<'a, Result<Value, Fault>> {
    Box::pin(async move {
        let outcome = match shaped("an event", event) {
            Ok(event) => O::handle(context, event).await,
            Err(fault) => Err(fault),
        };
        let summary = outcome.inspect_err(|fault| log_fault(context, fault))?;
        let summary = serde_json::to_value(summary).map_err(|error| defect("a summary", error))?;
        info!(request_id = context.request_id, operation = context.operation.name, %summary, "handled");
        Ok(summary)
    })
}

/// The entry of a [`MessageOperation`]: every message by itself, the failed ones told back so that only they return.
#[must_use]
pub fn each_message<'a, O: MessageOperation>(
    context: &'a Context<'a>,
    event: Value,
) -> BoxFuture<'a, Result<Value, Fault>> {
    Box::pin(async move {
        let event: SqsEvent = shaped("an event", event)?;
        let mut failed = SqsBatchResponse::default();
        for message in event.records {
            if let Err(fault) = one_message::<O>(context, &message).await {
                log_fault(context, &fault);
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = message.message_id.unwrap_or_default();
                failed.batch_item_failures.push(failure);
            }
        }
        info!(
            request_id = context.request_id,
            operation = context.operation.name,
            failed = failed.batch_item_failures.len(),
            "handled"
        );
        serde_json::to_value(failed).map_err(|error| defect("a batch response", error))
    })
}

/// The entry of a [`StreamOperation`]: records in order, up to the first that fails.
#[must_use]
pub fn each_record<'a, O: StreamOperation>(
    context: &'a Context<'a>,
    event: Value,
) -> BoxFuture<'a, Result<Value, Fault>> {
    Box::pin(async move {
        let event: dynamodb::Event = shaped("an event", event)?;
        let mut progress = Progress::default();
        for record in event.records.into_iter().filter(|record| O::OF.contains(&record.event_name.as_str())) {
            let item_identifier = record.change.sequence_number.clone().unwrap_or_default();
            if let Err(fault) = O::handle(context, record.change.new_image).await {
                log_fault(context, &fault);
                progress.batch_item_failures.push(Failed { item_identifier });
                break;
            }
        }
        info!(
            request_id = context.request_id,
            operation = context.operation.name,
            failed = progress.batch_item_failures.len(),
            "handled"
        );
        serde_json::to_value(progress).map_err(|error| defect("a batch response", error))
    })
}

async fn one_message<O: MessageOperation>(context: &Context<'_>, message: &SqsMessage) -> Result<(), Fault> {
    let body = message.body.as_deref().unwrap_or_default();
    // Errors of the parser name a place, never the text that was sent.
    let message = serde_json::from_str(body).map_err(|error| defect("a message that is no JSON", error))?;
    O::handle(context, shaped("a message", message)?).await
}

/// What serde may find wrong with a value; after these words it may quote the value.
pub(crate) const WRONG: &[&str] = &[
    "duplicate field",
    "invalid length",
    "invalid type",
    "invalid value",
    "missing field",
    "unknown field",
    "unknown variant",
];

/// Reads a value. What is wrong with it is told by kind and place, for it may be somebody's.
fn shaped<T: DeserializeOwned>(what: &str, value: Value) -> Result<T, Fault> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let place = error.path().to_string();
        let text = error.into_inner().to_string();
        let wrong = WRONG.iter().find(|wrong| text.starts_with(**wrong)).unwrap_or(&"unreadable");
        let what = format!("{what} of another shape: {wrong} at {place}");
        Fault::Internal { what, source: None }
    })
}
