//! DynamoDB: the embedded one, called directly.

use std::collections::BTreeMap;

use bytes::Bytes;
use dynoxide::{Database, DynoxideError};
use http::{Request, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::{json_reply, parse};
use super::{Ask, AwsError, Grant, LocalAws, Service, Units, arn, target_action};

const ACTIONS: &[&str] = &[
    "BatchGetItem",
    "BatchWriteItem",
    "CreateTable",
    "DeleteItem",
    "DescribeTable",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "TransactGetItems",
    "TransactWriteItems",
    "UpdateItem",
];

/// The tables a request names.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Targets {
    table_name: Option<String>,
    index_name: Option<String>,
    #[serde(default)]
    request_items: BTreeMap<String, Value>,
    #[serde(default)]
    transact_items: Vec<BTreeMap<String, Member>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Member {
    table_name: String,
}

pub(super) fn ask(request: &Request<Bytes>) -> Result<Ask, AwsError> {
    let action = target_action(request, ACTIONS)?;
    let targets: Targets = parse(request.body())?;
    let mut members: Vec<(String, String)> = Vec::new();
    if let Some(table) = &targets.table_name {
        let path = match &targets.index_name {
            Some(index) => format!("{}/index/{index}", name(table)),
            None => name(table).to_owned(),
        };
        members.push((action.clone(), path));
    }
    members.extend(targets.request_items.keys().map(|table| (action.clone(), name(table).to_owned())));
    for (kind, member) in targets.transact_items.iter().flatten() {
        let action = match kind.as_str() {
            "Put" | "Update" | "Delete" | "Get" => format!("{kind}Item"),
            "ConditionCheck" => "ConditionCheckItem".to_owned(),
            other => return Err(AwsError::unknown_action(other)),
        };
        members.push((action, name(&member.table_name).to_owned()));
    }
    let grants = members
        .iter()
        .map(|(action, path)| Grant {
            action: format!("dynamodb:{action}"),
            on: vec![arn("dynamodb", &format!("table/{path}"))],
        })
        .collect();
    let resources = members.into_iter().map(|(_, path)| path.replace("/index/", "/")).collect();
    Ok(Ask { service: Service::DynamoDb, action, grants, resources })
}

/// A table's name, which may be given as an ARN.
fn name(table: &str) -> &str {
    table.rsplit_once(":table/").map_or(table, |(_, name)| name)
}

impl LocalAws {
    /// Performs an action with the units it takes as an extension of the answer, if calls are recorded.
    pub(super) fn dynamodb(&self, ask: &Ask, body: &[u8]) -> Result<Response<Bytes>, AwsError> {
        if !self.faults().is_recording() {
            return Ok(answer(self.run(ask, body)));
        }
        let mut request: Value = parse(body)?;
        let asked = match request.as_object_mut() {
            Some(members) if !matches!(ask.action.as_str(), "CreateTable" | "DescribeTable") => {
                members.insert("ReturnConsumedCapacity".to_owned(), "TOTAL".into()).is_some()
            }
            _ => true,
        };
        let done = self.run(ask, request.to_string().as_bytes());
        let Ok(mut response) = done.as_deref().map_or(Ok(Value::Null), serde_json::from_str) else {
            return Ok(answer(done));
        };
        let units = take_units(&mut response, &ask.action, asked);
        let mut reply = answer(done.map(|_| response.to_string()));
        reply.extensions_mut().insert(units);
        Ok(reply)
    }

    fn run(&self, ask: &Ask, body: &[u8]) -> Result<String, DynoxideError> {
        let done = match ask.action.as_str() {
            "Query" if ask.resources.iter().any(|path| path.contains('/')) => {
                match self.faults().frozen_indexes() {
                    Some(before) => perform(&before, &ask.action, body),
                    None => perform(self.data().tables(), &ask.action, body),
                }
            }
            "GetItem" | "BatchGetItem" | "Query" | "Scan" | "TransactGetItems" | "DescribeTable" => {
                perform(self.data().tables(), &ask.action, body)
            }
            _ => self.data().write_tables(|tables| perform(tables, &ask.action, body)),
        };
        if done.is_ok() {
            for table in ask.resources.iter().filter(|table| self.world().streams.contains(*table)) {
                self.bells().ring(table);
            }
        }
        done
    }

    /// Lets queries on indexes see the rows of this moment, as a lagging index would, until
    /// [`Faults::thaw_indexes`](super::Faults::thaw_indexes).
    ///
    /// # Errors
    /// When there is no place for a temporary copy.
    pub fn freeze_indexes(&self) -> Result<(), crate::data::DataError> {
        let directory = tempfile::tempdir()
            .map_err(|source| crate::data::DataError::Io { path: std::env::temp_dir(), source })?;
        let copy = directory.path().join("frozen.db");
        self.data().copy_to(&copy)?;
        let frozen = Database::memory()?;
        frozen.restore_from(&copy.to_string_lossy())?;
        self.faults().freeze_indexes(frozen);
        Ok(())
    }
}

fn perform(tables: &Database, action: &str, body: &[u8]) -> Result<String, DynoxideError> {
    match action {
        "BatchGetItem" => typed(body, |request| tables.batch_get_item(request)),
        "BatchWriteItem" => typed(body, |request| tables.batch_write_item(request)),
        "CreateTable" => typed(body, |request| tables.create_table(request)),
        "DeleteItem" => typed(body, |request| tables.delete_item(request)),
        "DescribeTable" => typed(body, |request| tables.describe_table(request)),
        "GetItem" => typed(body, |request| tables.get_item(request)),
        "PutItem" => typed(body, |request| tables.put_item(request)),
        "Query" => typed(body, |request| tables.query(request)),
        "Scan" => typed(body, |request| tables.scan(request)),
        "TransactGetItems" => typed(body, |request| tables.transact_get_items(request)),
        "TransactWriteItems" => typed(body, |request| tables.transact_write_items(request)),
        _ => typed(body, |request| tables.update_item(request)),
    }
}

fn typed<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    call: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<String, DynoxideError> {
    let request = serde_json::from_slice(body).map_err(|error| unreadable(&error.to_string()))?;
    serde_json::to_string(&call(request)?)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// What the embedded DynamoDB says of a request it couldn't read: a prefix tells the kind of error.
fn unreadable(message: &str) -> DynoxideError {
    let text = message.split(" at line ").next().unwrap_or(message);
    match text.split_once(':') {
        Some((kind, text)) if kind.starts_with("SERIALIZATION") => {
            DynoxideError::SerializationException(text.to_owned())
        }
        Some((kind, text)) if kind.starts_with("VALIDATION") => {
            DynoxideError::ValidationException(text.to_owned())
        }
        _ => DynoxideError::ValidationException(text.to_owned()),
    }
}

fn answer(done: Result<String, DynoxideError>) -> Response<Bytes> {
    match done {
        Ok(body) => json_reply(StatusCode::OK, body),
        Err(error) => {
            let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::BAD_REQUEST);
            json_reply(status, error.to_json())
        }
    }
}

/// Adds up what a response says was consumed, and takes that out of it unless the caller asked.
fn take_units(response: &mut Value, action: &str, asked: bool) -> Units {
    let Some(members) = response.as_object_mut() else {
        return Units::default();
    };
    let consumed =
        if asked { members.get("ConsumedCapacity").cloned() } else { members.remove("ConsumedCapacity") };
    let each = |one: &Value| one.get("CapacityUnits").and_then(Value::as_f64).unwrap_or_default();
    let units = match &consumed {
        Some(Value::Array(tables)) => tables.iter().map(each).sum(),
        Some(one) => each(one),
        None => 0.0,
    };
    match action {
        "GetItem" | "BatchGetItem" | "Query" | "Scan" | "TransactGetItems" => {
            Units { read: units, write: 0.0 }
        }
        _ => Units { read: 0.0, write: units },
    }
}
