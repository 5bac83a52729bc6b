//! Puts the events of new journal records on the bus, in order. What can't be put comes again with what follows it.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use domain::journal::Envelope;
use serde_json::Value;
use store::{Fault, Image, journal};

use crate::context::{Context, defect};
use crate::entry::event::StreamOperation;

/// What every event of ours says it comes from.
pub const SOURCE: &str = "clientconnect";
/// EventBridge takes no more in one call.
const ENTRIES: usize = 10;

/// Publishes the journal.
pub struct PublishJournal;

impl StreamOperation for PublishJournal {
    // The journal is append only.
    const OF: &'static [&'static str] = &["INSERT"];

    async fn handle(context: &Context<'_>, image: Image) -> Result<(), Fault> {
        let record = journal::from_stream(image)?;
        publish(context, &record.envelopes().collect::<Vec<_>>()).await
    }
}

/// Puts events on the bus, in order.
pub(super) async fn publish(context: &Context<'_>, envelopes: &[Envelope]) -> Result<(), Fault> {
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
