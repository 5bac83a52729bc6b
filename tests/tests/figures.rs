//! What CloudWatch counts from log lines: the filters of the templates, put to the lines that functions really log.

use std::collections::BTreeMap;
use std::fs;

use reqwest::Method;
use serde_json::{Value, json};

use crate::logs::Log;
use crate::support::{INTAKE, NEW_PASSWORD, PASSWORD, World, activation, repository};

/// One metric filter.
struct Filter {
    metric: String,
    /// The operation whose log group it reads.
    operation: String,
    pattern: String,
    value: String,
}

/// The metric filters of all stacks.
fn filters() -> Vec<Filter> {
    let mut found = Vec::new();
    for file in ["portal", "admin", "jobs"] {
        let text = fs::read_to_string(repository().join(format!("infra/{file}.yaml"))).unwrap();
        let template: yaml_serde::Value = yaml_serde::from_str(&text).unwrap();
        let resources = &template["Resources"];
        for (_, resource) in resources.as_mapping().unwrap() {
            if resource["Type"] != "AWS::Logs::MetricFilter" {
                continue;
            }
            let properties = &resource["Properties"];
            let yaml_serde::Value::Tagged(group) = &properties["LogGroupName"] else {
                panic!("a log group by name")
            };
            let function = group.value.as_str().unwrap().strip_suffix("Log").unwrap();
            let metric = &properties["MetricTransformations"][0];
            found.push(Filter {
                metric: metric["MetricName"].as_str().unwrap().to_owned(),
                operation: resources[function]["Properties"]["Handler"].as_str().unwrap().to_owned(),
                pattern: properties["FilterPattern"].as_str().unwrap().to_owned(),
                value: match &metric["MetricValue"] {
                    yaml_serde::Value::String(field) => field.clone(),
                    number => number.as_i64().unwrap().to_string(),
                },
            });
        }
    }
    found
}

impl Filter {
    /// What the line adds to the metric, as CloudWatch reads `{ ($.field = "text") && ($.field >= number) }`.
    fn counts(&self, line: &Value) -> Option<f64> {
        let terms = self.pattern.strip_prefix("{ ").unwrap().strip_suffix(" }").unwrap();
        for term in terms.split(" && ") {
            let [field, operator, wanted] =
                term.trim_matches(['(', ')']).splitn(3, ' ').collect::<Vec<_>>().try_into().unwrap();
            let found = &line[field.strip_prefix("$.").unwrap()];
            let wanted: Value = serde_json::from_str(wanted).unwrap();
            let holds = match (operator, found.as_f64(), wanted.as_f64()) {
                ("=", ..) => *found == wanted,
                (">=", Some(found), Some(wanted)) => found >= wanted,
                ("<", Some(found), Some(wanted)) => found < wanted,
                (">=" | "<", ..) => false,
                _ => panic!("{term} isn't understood"),
            };
            if !holds {
                return None;
            }
        }
        match self.value.strip_prefix("$.") {
            None => self.value.parse().ok(),
            Some(field) => line[field].as_f64(),
        }
    }
}

/// What each metric comes to.
fn counted(log: &Log) -> BTreeMap<String, f64> {
    let filters = filters();
    let mut counted: BTreeMap<String, f64> =
        filters.iter().map(|filter| (filter.metric.clone(), 0.0)).collect();
    for line in log.text().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        // Each function has a log group of its own.
        for filter in filters.iter().filter(|filter| line["operation"] == filter.operation.as_str()) {
            *counted.get_mut(&filter.metric).unwrap() += filter.counts(&line).unwrap_or_default();
        }
    }
    counted
}

#[tokio::test]
async fn what_happens_is_what_the_metrics_count() {
    let log = Log::default();
    let listening = log.listen();
    let world = World::new().await;
    drop(listening);
    // Setting up signs workers in and imports individuals; what counts begins here.
    let log = Log::default();
    let listening = log.listen();
    let staff = world.staff(INTAKE).await;
    world.sign_worker_in(INTAKE, "not their password at all").await.refused(401);
    let (_, _, token) = world.invite(&staff, "T-01").await;
    world
        .portal(Method::POST, "/activation")
        .json(activation(&token, "1999-09-09"))
        .send()
        .await
        .refused(422);
    world.activate(&token, "1985-04-12").await.ok();
    world.sign_in("ana.delgado@example.org", NEW_PASSWORD).await.refused(401);
    world.sign_in("ana.delgado@example.org", PASSWORD).await.ok();
    let individual = world.individual(&staff, "T-02").await;
    world.create(&staff, &individual, json!({})).await.ok();
    // What nobody may get any more is dropped.
    let settings = format!("/individuals/{individual}/communication-settings");
    let none = json!({ "email_contact_id": null, "confirmed": true });
    world.admin(Method::PUT, &settings).by(&staff).json(none).send().await.ok();
    world.drain().await;
    let file = "external_id,first_name,last_name\nF-1,Ada,One\nF-2,Ben,Two\nF-3,,\n";
    world.start_import(&staff, file.as_bytes(), "apply").await;
    world.drain().await;
    drop(listening);

    let expected = [
        ("Activations", 1.0),
        ("Faults", 0.0),
        ("JobRows", 3.0),
        ("MailsDropped", 1.0),
        ("MailsSent", 1.0),
        ("SignIns", 1.0),
        ("SignInsRefused", 1.0),
        ("WorkerSignIns", 1.0),
        ("WorkerSignInsRefused", 1.0),
    ];
    assert_eq!(counted(&log), expected.map(|(name, value)| (name.to_owned(), value)).into());
}

#[tokio::test]
async fn a_message_that_fails_is_counted_though_its_function_does_not_fail() {
    use local::aws::{Fault, Kind, When};
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let individual = world.individual(&staff, "T-01").await;
    let log = Log::default();
    let listening = log.listen();
    let faults = world.local.aws().faults();
    faults.inject(
        Fault::new(When::Before, Kind::ServerError).concerning(|call| call.caller == "jobs.send_mail"),
    );
    world.create(&staff, &individual, json!({})).await.ok();
    world.drain().await;
    drop(listening);
    let counted = counted(&log);
    assert!(counted["Faults"] >= 1.0, "{counted:?}");
    assert!((counted["MailsSent"] - 1.0).abs() < f64::EPSILON, "sent once, when it came again: {counted:?}");
}
