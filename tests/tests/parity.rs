//! Every operation is everywhere it has to be, and nothing is left of one that is gone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use functions::openapi::document;
use functions::operation::{Api, OPERATIONS, Queue, Run, Trigger};
use local::template::Template;
use serde_json::{Value, json};

use crate::support::repository;
use crate::sweep::{ROWS, http_of};

fn names() -> BTreeSet<String> {
    OPERATIONS.iter().map(|operation| operation.name.to_owned()).collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The files of a folder, without the ending that all have.
fn files(folder: &str, ending: &str) -> Vec<String> {
    let entries = fs::read_dir(repository().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .map(|name| name.strip_suffix(ending).unwrap_or_else(|| panic!("{folder}/{name}")).to_owned())
        .collect()
}

fn template() -> Template {
    Template::read(&repository().join("infra/template.yaml"), &BTreeMap::new()).unwrap()
}

#[test]
fn a_name_is_a_room_and_a_verb_first() {
    assert_eq!(names().len(), OPERATIONS.len(), "two operations have one name");
    for operation in OPERATIONS {
        let (room, _) = operation.name.split_once('.').unwrap();
        let expected = match operation.trigger {
            Trigger::Http { api: Api::Portal, .. } => "portal",
            Trigger::Http { api: Api::Admin, .. } => "admin",
            _ => "jobs",
        };
        assert_eq!(room, expected, "{}", operation.name);
        assert!(!operation.summary.is_empty() && !operation.summary.ends_with('.'), "{}", operation.name);
    }
}

#[test]
fn every_operation_is_a_file_that_says_what_it_does() {
    let mut found = BTreeSet::new();
    for room in ["portal", "admin", "jobs"] {
        for file in files(&format!("functions/src/{room}"), ".rs").into_iter().filter(|file| file != "mod") {
            let text = read(&format!("functions/src/{room}/{file}.rs"));
            let first = text.lines().next().unwrap();
            assert!(first.starts_with("//! ") && first.len() > 25, "{room}/{file}: {first}");
            let kinds = [
                "impl HttpOperation for ",
                "impl EventOperation for ",
                "impl MessageOperation for ",
                "impl StreamOperation for ",
            ];
            assert_eq!(
                kinds.iter().map(|kind| text.matches(kind).count()).sum::<usize>(),
                1,
                "{room}/{file}"
            );
            found.insert(format!("{room}.{file}"));
        }
    }
    assert_eq!(found, names());
}

#[test]
fn every_operation_has_a_sample_event_that_would_start_it() {
    assert_eq!(files("events", ".json").into_iter().collect::<BTreeSet<_>>(), names());
    for operation in OPERATIONS {
        let event: Value = serde_json::from_str(&read(&format!("events/{}.json", operation.name))).unwrap();
        let name = operation.name;
        match operation.trigger {
            Trigger::Http { api, method, path } => {
                let route = format!("{} {}{path}", method.as_str(), api.base());
                assert_eq!(
                    (&event["routeKey"], &event["requestContext"]["routeKey"]),
                    (&json!(route), &json!(route)),
                    "{name}"
                );
                let parameters = path.split(['{', '}']).skip(1).step_by(2).collect::<BTreeSet<_>>();
                let given = event["pathParameters"]
                    .as_object()
                    .into_iter()
                    .flat_map(|given| given.keys().map(String::as_str));
                assert_eq!(given.collect::<BTreeSet<_>>(), parameters, "{name}");
                if let Some(body) = event["body"].as_str() {
                    assert!(serde_json::from_str::<Value>(&filled(body)).unwrap().is_object(), "{name}");
                }
            }
            Trigger::Queue(queue, _) => {
                let message: Value =
                    serde_json::from_str(event["Records"][0]["body"].as_str().unwrap()).unwrap();
                let kind = message["detail-type"].as_str().unwrap();
                assert!(queue.events().contains(&kind), "{name}: {kind}");
                if queue.is_fed_by_ses() {
                    assert_eq!(message["source"], "aws.ses", "{name}");
                } else {
                    assert_eq!(message["detail"]["type"], kind, "{name}");
                }
            }
            Trigger::Stream(..) => assert_eq!(event["Records"][0]["eventSource"], "aws:dynamodb", "{name}"),
            Trigger::Schedule(_) | Trigger::Invoke => assert!(event.is_object(), "{name}"),
        }
    }
}

/// A sample with its holes filled, by what may stand within quotes and without.
fn filled(sample: &str) -> String {
    let mut parts = sample.split("{{");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| format!("{text}0{}", part.split_once("}}").expect("a hole that ends").1))
}

#[test]
fn the_committed_templates_are_those_written_from_the_tables() {
    for (file, text) in template::stacks() {
        assert!(read(&format!("infra/{file}")) == text, "infra/{file} is old; run `make template`");
    }
}

#[test]
fn every_operation_is_a_function_started_by_what_its_row_names() {
    let template = template();
    let handlers: BTreeSet<_> =
        template.functions.values().map(|function| function.handler.clone()).collect();
    assert_eq!(handlers, names());
    let (mut routes, mut schedules, mut queues, mut streams) = (0, 0, 0, 0);
    for operation in OPERATIONS {
        let runs = |function: &str| template.functions[function].handler == operation.name;
        let name = operation.name;
        match operation.trigger {
            Trigger::Http { api, method, path } => {
                let route = template
                    .routes
                    .iter()
                    .find(|route| runs(&route.function))
                    .unwrap_or_else(|| panic!("{name}"));
                assert_eq!(
                    (route.method.as_str(), &route.path),
                    (method.as_str(), &format!("{}{path}", api.base())),
                    "{name}"
                );
                routes += 1;
            }
            Trigger::Schedule(_) => {
                assert!(template.schedules.iter().any(|schedule| runs(&schedule.function)), "{name}");
                schedules += 1;
            }
            Trigger::Queue(queue, batch) => {
                let reader = template.queue_readers.iter().find(|reader| runs(&reader.function)).unwrap();
                assert!(reader.queue.replace('-', "_").ends_with(queue.name()), "{name}: {}", reader.queue);
                assert_eq!((reader.batch, reader.partial), (batch.into(), true), "{name}");
                queues += 1;
            }
            Trigger::Stream(_, batch) => {
                let reader = template.stream_readers.iter().find(|reader| runs(&reader.function)).unwrap();
                assert_eq!((reader.batch, reader.bisect), (batch.into(), true), "{name}");
                streams += 1;
            }
            Trigger::Invoke => {}
        }
    }
    assert_eq!(
        (routes, schedules, queues, streams),
        (
            template.routes.len(),
            template.schedules.len(),
            template.queue_readers.len(),
            template.stream_readers.len()
        )
    );
}

#[test]
fn every_request_is_in_its_document_and_in_the_sweep() {
    let mut documented = BTreeSet::new();
    for api in Api::ALL {
        for methods in document(api)["paths"].as_object().unwrap().values() {
            documented.extend(
                methods
                    .as_object()
                    .unwrap()
                    .values()
                    .map(|entry| entry["operationId"].as_str().unwrap().to_owned()),
            );
        }
    }
    let requests: BTreeSet<_> =
        OPERATIONS.iter().filter(|of| http_of(of).is_some()).map(|of| of.name.to_owned()).collect();
    assert_eq!(documented, requests);
    assert_eq!(ROWS.iter().map(|row| row.operation.to_owned()).collect::<BTreeSet<_>>(), requests);
    for operation in OPERATIONS {
        assert_eq!(matches!(operation.run, Run::Http(_)), http_of(operation).is_some(), "{}", operation.name);
    }
}

/// Requests have `docs/openapi`; what starts by itself, or by whoever deploys, has no other place.
#[test]
fn every_job_is_spoken_of_in_the_documentation() {
    let folder = fs::read_dir(repository().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let texts = folder.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    let text: String = texts.map(|path| fs::read_to_string(path).unwrap()).collect();
    for operation in OPERATIONS.iter().filter(|of| http_of(of).is_none()) {
        let (_, verb) = operation.name.split_once('.').unwrap();
        assert!(text.contains(verb), "{}", operation.name);
    }
}

#[test]
fn queues_are_fed_with_events_that_the_journal_knows() {
    for queue in Queue::ALL {
        for kind in queue.events().iter().filter(|_| !queue.is_fed_by_ses()) {
            let known = serde_json::from_value::<domain::JournalEvent>(json!({ "type": kind, "data": {} }));
            let error = known.unwrap_err().to_string();
            assert!(error.starts_with("missing field"), "{kind}: {error}");
        }
        let readers = OPERATIONS
            .iter()
            .filter(|of| matches!(of.trigger, Trigger::Queue(read, _) if read == queue))
            .count();
        assert_eq!(readers, 1, "{}", queue.name());
    }
}
