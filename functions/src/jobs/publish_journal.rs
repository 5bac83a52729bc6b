//! Puts the events of new journal records on the bus, in order. What can't be put comes again with what follows it.

use aws_lambda_events::dynamodb;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use domain::journal::Envelope;
use serde::Serialize;
use serde_json::Value;
use store::{Fault, journal};
use tracing::error;

use crate::context::{Context, defect};
use crate::entry::event::EventOperation;

/// What every event of ours says it comes from.
pub const SOURCE: &str = "clientconnect";
/// EventBridge takes no more in one call.
const ENTRIES: usize = 10;

/// Publishes the journal.
pub struct PublishJournal;

/// Where the stream goes on, if not at its end.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// The first record that has to come again.
    pub batch_item_failures: Vec<Failed>,
}

/// A record by its place in the stream.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failed {
    /// Its sequence number.
    pub item_identifier: String,
}

impl EventOperation for PublishJournal {
    type Event = dynamodb::Event;
    type Summary = Summary;

    async fn handle(context: &Context<'_>, event: dynamodb::Event) -> Result<Summary, Fault> {
        for record in event.records {
            // The journal is append only: anything but an insertion is a broom's or a restore's doing.
            if record.event_name != "INSERT" {
                continue;
            }
            let sequence = record.change.sequence_number.clone().unwrap_or_default();
            if let Err(fault) = publish(context, record).await {
                let (request_id, operation) = (&context.request_id, context.operation.name);
                error!(request_id, operation, %fault, "a journal record was not published");
                return Ok(Summary { batch_item_failures: vec![Failed { item_identifier: sequence }] });
            }
        }
        Ok(Summary { batch_item_failures: Vec::new() })
    }
}

async fn publish(context: &Context<'_>, record: dynamodb::EventRecord) -> Result<(), Fault> {
    let record = journal::from_stream(record.change.new_image)?;
    let envelopes: Vec<Envelope> = record.envelopes().collect();
    let bus = context.services.variable("BUS_NAME")?;
    for envelopes in envelopes.chunks(ENTRIES) {
        let entries = envelopes.iter().map(|envelope| entry(envelope, bus)).collect::<Result<_, _>>()?;
        let answer = context.services.bus()?.put_events().set_entries(Some(entries)).send().await?;
        if answer.failed_entry_count > 0 {
            let codes: Vec<&str> = answer.entries().iter().filter_map(|entry| entry.error_code()).collect();
            return Err(Fault::Internal {
                what: format!("the bus refused events: {}", codes.join(", ")),
                source: None,
            });
        }
    }
    Ok(())
}

fn entry(envelope: &Envelope, bus: &str) -> Result<PutEventsRequestEntry, Fault> {
    let detail = serde_json::to_value(envelope).map_err(|error| defect("an event", error))?;
    let detail_type = detail.get("type").and_then(Value::as_str).unwrap_or_default();
    Ok(PutEventsRequestEntry::builder()
        .event_bus_name(bus)
        .source(SOURCE)
        .detail_type(detail_type)
        .time(aws_smithy_types::DateTime::from_millis(envelope.at.timestamp_millis()))
        .detail(detail.to_string())
        .build())
}
