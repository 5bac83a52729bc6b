//! The contract: what the `OpenAPI` documents say is committed, complete, translated, and what is answered.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use domain::Language;
use functions::openapi::{document, parameters, refusals};
use functions::operation::{Api, OPERATIONS, Operation};
use serde_json::Value;

use crate::support::{Answer, repository};
use crate::sweep::http_of;

static DOCUMENTS: LazyLock<[Value; 2]> = LazyLock::new(|| Api::ALL.map(document));

fn file(api: Api) -> PathBuf {
    repository().join("docs/openapi").join(match api {
        Api::Portal => "portal.json",
        Api::Admin => "admin.json",
    })
}

fn written(api: Api) -> String {
    format!("{:#}\n", document(api))
}

#[test]
fn the_committed_documents_are_the_code_s() {
    for api in Api::ALL {
        let committed = std::fs::read_to_string(file(api)).unwrap_or_default();
        let same = committed == written(api);
        assert!(
            same,
            "{} is old; write it: cargo test -p tests --test all -- --ignored write_the_documents",
            file(api).display()
        );
    }
}

#[test]
#[ignore = "writes docs/openapi"]
fn write_the_documents() {
    for api in Api::ALL {
        std::fs::create_dir_all(file(api).parent().unwrap()).unwrap();
        std::fs::write(file(api), written(api)).unwrap();
    }
}

/// A site fills a problem's text from nothing but the refusal's parameters.
#[test]
fn every_refusal_reads_in_every_language() {
    let mut known = BTreeMap::new();
    for operation in OPERATIONS {
        for (code, status, title) in refusals(operation) {
            let names = parameters(operation, code);
            let filled: Vec<_> = names.iter().map(|name| (*name, "7")).collect();
            for language in Language::ALL {
                let text = mail::problem_title(*language, code, &filled);
                assert!(text.is_some(), "{}: problem_{code} in {language:?} from {names:?}", operation.name);
            }
            let first = *known.entry(code).or_insert((status, names));
            assert_eq!(first, (status, names), "{}: `{code}` means one thing everywhere", operation.name);
            assert!(
                (400..600).contains(&status) && !title.is_empty() && !title.ends_with('.'),
                "{code}: {title}"
            );
        }
    }
}

#[test]
fn every_schema_that_is_named_is_there() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    for document in DOCUMENTS.iter() {
        let mut found = Vec::new();
        references(document, &mut found);
        assert!(!found.is_empty());
        for reference in found {
            assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
        }
    }
}

/// An answer is one that the operation's document promises: its status, its body's shape, or its problem's code.
#[track_caller]
pub fn assert_conforms(operation: &Operation, answer: &Answer, about: &str) {
    let (api, verb, path) = http_of(operation).unwrap();
    let document = &DOCUMENTS[api as usize];
    let promised =
        &document["paths"][format!("{}{path}", api.base())][verb.as_str().to_lowercase()]["responses"];
    let status = answer.status.as_u16();
    let response = &promised[status.to_string()];
    assert!(response.is_object(), "{about}: {status} is not promised: {}", answer.text());
    let kind = answer.headers["content-type"].to_str().unwrap();
    let content = &response["content"][kind];
    assert!(content.is_object(), "{about}: {kind} is not promised");
    if !kind.ends_with("json") {
        return;
    }
    let body = answer.json();
    if let Err(error) = fits(document, &content["schema"], &body) {
        panic!("{about}: {error}\n{body}");
    }
    if status != 200 {
        let code = body["code"].as_str().unwrap();
        let known = refusals(operation).into_iter().find(|(known, ..)| *known == code);
        let (_, documented, title) = known.unwrap_or_else(|| panic!("{about}: `{code}` is not promised"));
        assert_eq!((documented, title), (status, body["title"].as_str().unwrap()), "{about}");
        let given: Vec<_> =
            body["parameters"].as_object().into_iter().flat_map(|given| given.keys()).collect();
        let mut named = parameters(operation, code).to_vec();
        named.sort_unstable();
        assert_eq!(given, named, "{about}");
    }
}

/// Whether a value is what a schema says, as far as our schemas say anything.
fn fits(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        return fits(document, document.pointer(&reference[1..]).ok_or(reference)?, value);
    }
    for (several, at_least) in [("oneOf", 1), ("anyOf", 1)] {
        if let Some(schemas) = schema[several].as_array() {
            let fitting = schemas.iter().filter(|schema| fits(document, schema, value).is_ok()).count();
            if fitting < at_least {
                return Err(format!("{value} fits none of {schemas:?}"));
            }
        }
    }
    for schema in schema["allOf"].as_array().into_iter().flatten() {
        fits(document, schema, value)?;
    }
    let is = |kind: &str| match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    let right_kind = match &schema["type"] {
        Value::String(kind) => is(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).any(is),
        _ => true,
    };
    if !right_kind {
        return Err(format!("{value} is not of type {}", schema["type"]));
    }
    if schema["enum"].as_array().is_some_and(|known| !known.contains(value)) {
        return Err(format!("{value} is none of {}", schema["enum"]));
    }
    if let Some(members) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            members.get(name).ok_or_else(|| format!("no {name}"))?;
        }
        let known = schema["properties"].as_object();
        for (name, member) in members {
            match known.and_then(|known| known.get(name)) {
                Some(schema) => fits(document, schema, member).map_err(|error| format!("{name}: {error}"))?,
                None if known.is_some_and(|known| !known.is_empty()) => {
                    return Err(format!("{name} is not documented"));
                }
                None => {}
            }
        }
    }
    for item in value.as_array().into_iter().flatten().filter(|_| schema["items"].is_object()) {
        fits(document, &schema["items"], item)?;
    }
    Ok(())
}
