//! The contract: OpenAPI 3.1, one document per API, made from the table and the operations' types.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema as _, ToSchema};

use crate::entry::caller::Caller;
use crate::entry::content::Content;
use crate::entry::http::HttpOperation;
use crate::operation::{Access, Api, Idempotency, Method, OPERATIONS, Operation, Run, Trigger};
use crate::problem::{EntryRefusal, Refusal};

/// A schema that others refer to by its name.
pub type Named = (String, RefOr<Schema>);

/// What the document says of one operation's types.
pub struct Description {
    request: Value,
    /// By content type.
    response: Value,
    schemas: Vec<(String, Value)>,
    refusals: &'static [(&'static str, u16, &'static str)],
    parameters: &'static [&'static [&'static str]],
    /// The session cookie the caller sends, if any.
    cookie: Option<&'static str>,
}

/// Describes an operation from its types.
#[must_use]
pub fn describe<O: HttpOperation>() -> Description {
    let mut schemas = Vec::new();
    O::Request::schemas(&mut schemas);
    let response =
        O::Response::schema(&mut schemas).map_or_else(|| json!({}), |schema| json!({ "schema": schema }));
    let value = |schema| serde_json::to_value(schema).unwrap_or_default();
    Description {
        request: value(O::Request::schema()),
        response: O::Response::TYPES.iter().map(|kind| ((*kind).to_owned(), response.clone())).collect(),
        schemas: schemas.into_iter().map(|(name, schema)| (name, value(schema))).collect(),
        refusals: O::Refused::ALL,
        parameters: O::Refused::PARAMETERS,
        cookie: O::Caller::COOKIE,
    }
}

/// Every refusal an operation may answer with: its own, and those of the entry that can meet it.
#[must_use]
pub fn refusals(operation: &Operation) -> Vec<(&'static str, u16, &'static str)> {
    let Run::Http(run) = operation.run else { return Vec::new() };
    let mutating = !matches!(operation.trigger, Trigger::Http { method: Method::Get, .. });
    let signed_in = !matches!(operation.access, Access::Anyone);
    let entry = EntryRefusal::ALL.iter().filter(|(code, ..)| match *code {
        "unsupported_content_type" | "request_too_large" => mutating,
        "not_signed_in" | "session_ended" => signed_in,
        "second_factor_required" => matches!(operation.access, Access::Worker | Access::Permitted(_)),
        "not_allowed" => matches!(operation.access, Access::Permitted(_)),
        "idempotency_key_missing" | "idempotency_key_reused" => {
            operation.idempotency != Idempotency::ByNature
        }
        _ => true,
    });
    let own = (run.describe)().refusals;
    own.iter().chain(entry).copied().collect()
}

/// The names of the parameters that come with one of an operation's refusals.
#[must_use]
pub fn parameters(operation: &Operation, code: &str) -> &'static [&'static str] {
    let Run::Http(run) = operation.run else { return &[] };
    let own = (run.describe)();
    let mut named =
        own.refusals.iter().zip(own.parameters).chain(EntryRefusal::ALL.iter().zip(EntryRefusal::PARAMETERS));
    named.find(|((known, ..), _)| *known == code).map_or(&[], |(_, names)| *names)
}

/// The document of one API.
#[must_use]
pub fn document(api: Api) -> Value {
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    let mut schemas: BTreeMap<String, Value> = BTreeMap::from([("Problem".to_owned(), problem_schema())]);
    let mut cookie = "";
    for operation in OPERATIONS {
        let (Trigger::Http { api: of, method, path }, Run::Http(run)) = (operation.trigger, operation.run)
        else {
            continue;
        };
        if of != api {
            continue;
        }
        let description = (run.describe)();
        cookie = description.cookie.unwrap_or(cookie);
        let entry = path_item(operation, method, path, &description);
        schemas.extend(description.schemas);
        paths
            .entry(format!("{}{path}", api.base()))
            .or_default()
            .insert(method.as_str().to_lowercase(), entry);
    }
    let (title, text) = match api {
        Api::Portal => ("ClientConnect portal", "What a client does: activate, sign in, see what is theirs."),
        Api::Admin => {
            ("ClientConnect admin", "What staff do: create and manage the accounts of the people they serve.")
        }
    };
    json!({
        "openapi": "3.1.0",
        "info": { "title": title, "description": text, "version": "1" },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "session": { "type": "apiKey", "in": "cookie", "name": cookie } },
        },
    })
}

fn path_item(operation: &Operation, method: Method, path: &str, description: &Description) -> Value {
    let mut body = description.request.clone();
    let mut parameters = Vec::new();
    let names: Vec<String> = path.split(['{', '}']).skip(1).step_by(2).map(str::to_owned).collect();
    if let Some(properties) = body.get_mut("properties").and_then(Value::as_object_mut) {
        for name in &names {
            let schema = properties.remove(name).unwrap_or_else(|| json!({ "type": "string" }));
            parameters.push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
        }
        if method == Method::Get {
            for (name, schema) in std::mem::take(properties) {
                parameters.push(json!({ "name": name, "in": "query", "required": false, "schema": schema }));
            }
        }
    }
    if let Some(required) = body.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| name.as_str().is_none_or(|name| !names.iter().any(|known| known == name)));
    }
    if operation.idempotency != Idempotency::ByNature {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": operation.idempotency == Idempotency::Required,
            "description": "Makes a repeated call have the effect of one, for 24 hours.",
            "schema": { "type": "string", "pattern": "^[A-Za-z0-9_-]{8,64}$" },
        }));
    }
    let mut entry = json!({
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": parameters,
        "responses": responses(operation, description),
    });
    let Some(object) = entry.as_object_mut() else { return entry };
    let has_body =
        body.get("properties").and_then(Value::as_object).is_some_and(|properties| !properties.is_empty());
    if method != Method::Get && has_body {
        object.insert(
            "requestBody".to_owned(),
            json!({ "required": true, "content": { "application/json": { "schema": body } } }),
        );
    }
    if operation.access != Access::Anyone {
        object.insert("security".to_owned(), json!([{ "session": [] }]));
    }
    entry
}

fn responses(operation: &Operation, description: &Description) -> Value {
    let mut by_status: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    for (code, status, title) in refusals(operation) {
        by_status.entry(status).or_default().push(format!("`{code}`: {title}"));
    }
    let mut responses = Map::new();
    responses.insert("200".to_owned(), json!({ "description": "Done", "content": description.response }));
    for (status, lines) in by_status {
        responses.insert(
            status.to_string(),
            json!({
                "description": lines.join("\n\n"),
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
            }),
        );
    }
    Value::Object(responses)
}

fn problem_schema() -> Value {
    json!({
        "type": "object",
        "description": "A problem document (RFC 9457). Translate by `code`; `parameters` fill the text.",
        "required": ["type", "title", "status", "code"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "code": { "type": "string" },
            "parameters": { "type": "object" },
        },
    })
}
