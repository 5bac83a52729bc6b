//! EventBridge: what is put on a bus goes to the queues its rules name, before the call is answered.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Request, Response, StatusCode};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::error::{parse, reply};
use super::{
    ACCOUNT, Ask, AwsError, Grant, InputTransformer, LocalAws, REGION, Rule, Service, arn, random_id,
    target_action,
};
use crate::queue;

/// Entries a call may have.
const ENTRIES: usize = 10;
/// Bytes all entries of a call may have together.
const BYTES: usize = 256 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    source: String,
    #[serde(default)]
    detail_type: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    resources: Vec<String>,
    time: Option<f64>,
    #[serde(default = "default_bus")]
    event_bus_name: String,
}

fn default_bus() -> String {
    "default".to_owned()
}

/// A bus's name, which may be given as an ARN.
fn name(bus: &str) -> &str {
    bus.rsplit_once('/').map_or(bus, |(_, name)| name)
}

pub(super) fn ask(request: &Request<Bytes>) -> Result<Ask, AwsError> {
    let action = target_action(request, &["PutEvents"])?;
    let put: PutEvents = parse(request.body())?;
    let buses: std::collections::BTreeSet<&str> =
        put.entries.iter().map(|entry| name(&entry.event_bus_name)).collect();
    let grants = buses
        .iter()
        .map(|bus| Grant {
            action: "events:PutEvents".to_owned(),
            on: vec![arn("events", &format!("event-bus/{bus}"))],
        })
        .collect();
    let resources = buses.into_iter().map(ToOwned::to_owned).collect();
    Ok(Ask { service: Service::EventBridge, action, grants, resources })
}

impl Entry {
    fn bytes(&self) -> usize {
        let time = if self.time.is_some() { 14 } else { 0 };
        let resources: usize = self.resources.iter().map(String::len).sum();
        time + self.source.len() + self.detail_type.len() + self.detail.len() + resources
    }

    /// The entry's detail, or the code and message of what is wrong with it.
    fn detail(&self) -> Result<Map<String, Value>, (&'static str, &'static str)> {
        if self.source.is_empty() || self.detail_type.is_empty() || self.detail.is_empty() {
            return Err((
                "InvalidArgument",
                "Parameter Source, DetailType or Detail is not valid. Reason: it is missing.",
            ));
        }
        if self.source.starts_with("aws.") {
            return Err(("NotAuthorizedForSourceException", "Not authorized for the source."));
        }
        serde_json::from_str(&self.detail).map_err(|_| ("MalformedDetail", "Detail is malformed."))
    }
}

impl LocalAws {
    pub(super) fn put_events(&self, body: &[u8]) -> Result<Response<Bytes>, AwsError> {
        let put: PutEvents = parse(body)?;
        if put.entries.is_empty() || put.entries.len() > ENTRIES {
            return Err(AwsError::bad_request("ValidationException", "A call takes one to ten entries."));
        }
        if put.entries.iter().map(Entry::bytes).sum::<usize>() > BYTES {
            return Err(AwsError::bad_request(
                "ValidationException",
                "Total size of the entries in the request is over the limit.",
            ));
        }
        let now = self.clock().now();
        let mut failed = 0;
        let results = self.data().transaction(|sql| {
            put.entries
                .iter()
                .map(|entry| {
                    let rules = self.world().buses.get(name(&entry.event_bus_name));
                    let (detail, rules) = match (entry.detail(), rules) {
                        (Ok(detail), Some(rules)) => (detail, rules),
                        (Err((code, message)), _) => {
                            failed += 1;
                            return Ok(json!({ "ErrorCode": code, "ErrorMessage": message }));
                        }
                        (_, None) => {
                            failed += 1;
                            let message = format!("Event bus {} does not exist.", entry.event_bus_name);
                            return Ok(
                                json!({ "ErrorCode": "ResourceNotFoundException", "ErrorMessage": message }),
                            );
                        }
                    };
                    let event = Event {
                        source: &entry.source,
                        detail_type: &entry.detail_type,
                        resources: entry.resources.clone(),
                        detail: Value::Object(detail),
                    };
                    event.bring(sql, rules, now).map(|id| json!({ "EventId": id }))
                })
                .collect::<rusqlite::Result<Vec<Value>>>()
        })?;
        self.ring_targets();
        Ok(reply(StatusCode::OK, &json!({ "FailedEntryCount": failed, "Entries": results })))
    }
}

/// An event on its way through a bus.
pub(super) struct Event<'a> {
    pub(super) source: &'a str,
    pub(super) detail_type: &'a str,
    pub(super) resources: Vec<String>,
    pub(super) detail: Value,
}

impl Event<'_> {
    /// Puts it into the queues of the rules that match: its id.
    pub(super) fn bring(
        &self,
        sql: &Connection,
        rules: &[Rule],
        now: DateTime<Utc>,
    ) -> rusqlite::Result<String> {
        let id = random_id();
        let event = json!({
            "version": "0",
            "id": id,
            "detail-type": self.detail_type,
            "source": self.source,
            "account": ACCOUNT,
            "time": now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            "region": REGION,
            "resources": self.resources,
            "detail": self.detail,
        });
        for to in rules.iter().filter(|rule| rule.matches(self)).flat_map(|rule| &rule.targets) {
            let input = to.input.as_ref().map_or_else(|| event.to_string(), |input| input.fill(&event));
            queue::send(sql, &to.queue, &input, now.timestamp_millis())?;
        }
        Ok(id)
    }
}

impl LocalAws {
    pub(super) fn ring_targets(&self) {
        for target in self.world().buses.values().flatten().flat_map(|rule| &rule.targets) {
            self.bells().ring(&target.queue);
        }
    }
}

impl Rule {
    fn matches(&self, event: &Event<'_>) -> bool {
        self.sources.iter().any(|each| each == event.source)
            && (self.detail_types.is_empty()
                || self.detail_types.iter().any(|each| each == event.detail_type))
            && has(&event.detail, &self.detail)
    }
}

impl InputTransformer {
    /// The template with the event's values, escaped as texts are; nothing for what the event doesn't have.
    pub(crate) fn fill(&self, event: &Value) -> String {
        let mut parts = self.template.split('<');
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('>').unwrap_or_default();
            let value = self.paths.get(name).and_then(|path| event.pointer(&pointer(path)));
            let value = value.map(Value::to_string).unwrap_or_default();
            whole.push_str(value.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&value));
            whole.push_str(rest);
        }
        whole
    }
}

/// A JSON path of names and indices, `$.detail.tags[0]`, as a JSON pointer.
fn pointer(path: &str) -> String {
    path.trim_start_matches('$').replace(['.', '['], "/").replace(']', "")
}

/// Whether a value has all that a pattern asks for: members by name, and of each one of the exact values listed; of a list,
/// one of its values is enough.
fn has(value: &Value, pattern: &Value) -> bool {
    match pattern {
        Value::Null => true,
        Value::Object(members) => {
            members.iter().all(|(name, pattern)| value.get(name).is_some_and(|value| has(value, pattern)))
        }
        Value::Array(allowed) => match value {
            Value::Array(values) => values.iter().any(|value| allowed.contains(value)),
            value => allowed.contains(value),
        },
        _ => false,
    }
}
