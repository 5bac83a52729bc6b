//! What must hold of every template, whatever operations there are.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ::functions::operation::{Access, Api, Method, OPERATIONS, Operation, Secret, Trigger};
use store::tables::{TABLES, TableShape};
use yaml_serde::Value;

use super::{operations_of, stacks};
use crate::text::{dashed, logical_id};
use crate::{alarms_part, dashboard_part, figures_part};

const EDGE: &str = include_str!("../../edge.yaml");
const CONTRACTS: [(Api, &str); 2] = [
    (Api::Portal, include_str!("../../../docs/openapi/portal.json")),
    (Api::Admin, include_str!("../../../docs/openapi/admin.json")),
];

/// The only places of functions' roles with a `*`.
const WILDCARDS: [(&str, &str); 5] = [
    ("s3:::${UploadsBucket}/uploads/*", "uploads are named when they are asked for"),
    ("s3:::${ImagesBucket}/logo/*", "images are named as the uploads they are made of"),
    ("s3:::${ImagesBucket}/photo/*", "the same"),
    ("table/${JournalTable}/stream/*", "AWS lists streams by table, not by their names"),
    ("table/${RequestsTable}/stream/*", "the same"),
];

/// A template, and shorthands for its parts.
struct Template {
    file: &'static str,
    yaml: Value,
}

fn templates() -> Vec<Template> {
    let read = |(file, text): (&'static str, String)| Template {
        file,
        yaml: yaml_serde::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}")),
    };
    stacks().into_iter().chain([("edge.yaml", EDGE.to_owned())]).map(read).collect()
}

fn template(file: &str) -> Template {
    templates().into_iter().find(|template| template.file == file).unwrap()
}

impl Template {
    fn resources(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.yaml["Resources"]
            .as_mapping()
            .unwrap()
            .iter()
            .map(|(id, resource)| (id.as_str().unwrap(), resource))
    }

    fn of_type<'a>(&'a self, kind: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.resources()
            .filter(move |(_, resource)| resource["Type"] == kind)
            .map(|(id, r)| (id, &r["Properties"]))
    }

    fn properties(&self, id: &str) -> &Value {
        &self.yaml["Resources"][id]["Properties"]
    }
}

fn stack_of(operation: &Operation) -> &'static str {
    ["admin", "jobs", "portal"]
        .into_iter()
        .find(|stack| operations_of(stack).iter().any(|other| other.name == operation.name))
        .unwrap()
}

/// A scalar with its tag left out: `!Ref X` is `X`.
fn untagged(value: &Value) -> &Value {
    match value {
        Value::Tagged(tagged) => &tagged.value,
        other => other,
    }
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Sequence(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Mapping(entries) => entries.iter().for_each(|(_, item)| texts(item, found)),
        Value::Tagged(tagged) => texts(&tagged.value, found),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn the_committed_files_are_those_that_would_be_written() {
    let infra = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (file, text) in stacks() {
        let committed = fs::read_to_string(infra.join(file)).unwrap_or_default();
        assert!(
            committed == text,
            "infra/{file} is not what `make template` writes; run it and commit the file"
        );
        assert!(!text.contains("#+"), "a block of {file} is unknown");
    }
}

#[test]
fn every_operation_has_its_function_role_and_log_group() {
    for operation in OPERATIONS {
        let template = template(&format!("{}.yaml", stack_of(operation)));
        let id = logical_id(operation.name);
        let function = template.properties(&id);
        assert_eq!(function["Handler"], operation.name);
        assert_eq!(function["MemorySize"], operation.memory.megabytes());
        assert_eq!(untagged(&function["Role"]), &format!("{id}Role.Arn"));
        assert!(
            template.properties(&format!("{id}Role"))["Policies"][0]["PolicyDocument"]["Statement"]
                .is_sequence()
        );
        let log = template.properties(&format!("{id}Log"));
        assert_eq!(untagged(&log["RetentionInDays"]), "LogDays");
        let longest = format!("clientconnect-production-{}", dashed(operation.name));
        assert!(longest.len() <= 64, "AWS allows 64 characters in a function's name: {longest}");
    }
    let functions = templates()
        .iter()
        .map(|template| template.of_type("AWS::Serverless::Function").count())
        .sum::<usize>();
    assert_eq!(functions, OPERATIONS.len());
}

#[test]
fn http_operations_end_before_the_gateway_gives_up() {
    for operation in OPERATIONS.iter().filter(|operation| matches!(operation.trigger, Trigger::Http { .. })) {
        assert!(operation.timeout_seconds < 30, "{}", operation.name);
    }
}

#[test]
fn roles_name_what_they_allow() {
    for stack in ["portal.yaml", "admin.yaml", "jobs.yaml"] {
        for (id, role) in template(stack).of_type("AWS::IAM::Role") {
            assert!(role["ManagedPolicyArns"].is_null(), "{id}");
            let statements = role["Policies"][0]["PolicyDocument"]["Statement"].as_sequence().unwrap();
            // SES's GetAccount is about the whole AWS account and takes no resource.
            let (of_all, others): (Vec<_>, Vec<_>) =
                statements.iter().partition(|statement| statement["Sid"] == "ReadSendRate");
            for statement in of_all {
                assert_eq!(statement["Action"].as_sequence().unwrap(), &[Value::from("ses:GetAccount")]);
            }
            let mut found = Vec::new();
            for statement in others {
                texts(statement, &mut found);
            }
            for text in found.iter().filter(|text| text.contains(['*', '?'])) {
                assert!(WILDCARDS.iter().any(|(allowed, _)| text.ends_with(allowed)), "{id} allows {text}");
            }
        }
    }
}

#[test]
fn grants_name_indexes_and_streams_that_exist() {
    for operation in OPERATIONS {
        for grant in operation.grants {
            for index in grant.indexes {
                let exists = grant.table.shape().indexes.iter().any(|shape| shape.name == *index);
                assert!(exists, "{}: {} has no index {index}", operation.name, grant.table.name());
            }
        }
        if let Trigger::Stream(table, _) = operation.trigger {
            assert!(table.shape().stream, "{}: {} has no stream", operation.name, table.name());
        }
    }
}

#[test]
fn records_that_are_only_appended_cannot_be_changed_by_any_role() {
    use ::functions::operation::Action::{DeleteItem, UpdateItem};
    for operation in OPERATIONS {
        for (table, touch) in operation.touches().iter().filter(|(table, _)| table.shape().append_only) {
            let changes = touch.actions.iter().any(|action| [UpdateItem, DeleteItem].contains(action));
            assert!(!changes, "{} may change {}", operation.name, table.name());
        }
    }
}

/// One message in a queue of what was given up is an alarm.
fn assert_somebody_is_told(jobs: &Template, queue: &str) {
    let told = jobs.of_type("AWS::CloudWatch::Alarm").any(|(_, alarm)| {
        let mut found = Vec::new();
        texts(alarm, &mut found);
        let name = untagged(&jobs.properties(queue)["QueueName"]);
        found.iter().any(|text| name == text.as_str())
            && found.iter().any(|text| text == "ApproximateNumberOfMessagesVisible")
            && alarm["Threshold"] == 1
            && alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
            && alarm["AlarmActions"].is_sequence()
    });
    assert!(told, "nobody hears of what lies in {queue}");
}

#[test]
fn queues_outlast_their_functions_and_give_up_into_dead_letters() {
    let jobs = template("jobs.yaml");
    for operation in OPERATIONS {
        let Trigger::Queue(queue, _) = operation.trigger else {
            continue;
        };
        let source = &jobs.properties(&logical_id(operation.name))["Events"]["Queue"]["Properties"];
        assert_eq!(source["FunctionResponseTypes"][0], "ReportBatchItemFailures", "{}", operation.name);
        let id = untagged(&source["Queue"]).as_str().unwrap().trim_end_matches(".Arn");
        let properties = jobs.properties(id);
        let visibility = properties["VisibilityTimeout"].as_u64().unwrap();
        assert!(visibility >= 6 * u64::from(operation.timeout_seconds), "{}", queue.name());
        let letters = untagged(&properties["RedrivePolicy"]["deadLetterTargetArn"]).as_str().unwrap();
        assert!(jobs.properties(letters.trim_end_matches(".Arn")).is_mapping(), "{letters}");
        assert_somebody_is_told(&jobs, letters.trim_end_matches(".Arn"));
    }
    for (id, queue) in jobs.of_type("AWS::SQS::Queue") {
        assert_eq!(untagged(&queue["KmsMasterKeyId"]), "KeyArn", "{id} is not encrypted");
    }
}

#[test]
fn streams_give_up_on_a_record_and_say_so() {
    let jobs = template("jobs.yaml");
    for operation in OPERATIONS.iter().filter(|operation| matches!(operation.trigger, Trigger::Stream(..))) {
        let source = &jobs.properties(&logical_id(operation.name))["Events"]["Stream"]["Properties"];
        assert_eq!(source["FunctionResponseTypes"][0], "ReportBatchItemFailures");
        assert_eq!(source["BisectBatchOnFunctionError"], true);
        assert!(source["MaximumRetryAttempts"].as_u64().is_some_and(|retries| retries > 0));
        assert!(source["MaximumRecordAgeInSeconds"].as_u64().is_some_and(|age| age < 86_400));
        let failures = untagged(&source["DestinationConfig"]["OnFailure"]["Destination"]).as_str().unwrap();
        assert!(jobs.properties(failures.trim_end_matches(".Arn")).is_mapping(), "{failures}");
        assert_somebody_is_told(&jobs, failures.trim_end_matches(".Arn"));
    }
}

#[test]
fn tables_are_kept_whatever_happens_to_the_stack() {
    let data = template("data.yaml");
    for (id, resource) in data.resources() {
        let kind = resource["Type"].as_str().unwrap();
        let kept = ["DynamoDB::Table", "KMS::Key", "S3::Bucket", "SecretsManager::Secret", "BackupVault"];
        if kept.iter().any(|ending| kind.ends_with(ending)) {
            assert_eq!(resource["DeletionPolicy"], "Retain", "{id}");
            assert_eq!(resource["UpdateReplacePolicy"], "Retain", "{id}");
        }
    }
    for (id, table) in data.of_type("AWS::DynamoDB::Table") {
        assert_eq!(table["DeletionProtectionEnabled"], true, "{id}");
        assert_eq!(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true, "{id}");
        assert_eq!(untagged(&table["SSESpecification"]["KMSMasterKeyId"]), "Key.Arn", "{id}");
    }
}

#[test]
fn stacks_stay_within_limits_and_cheap() {
    for template in templates() {
        // SAM makes a function's permission or event source, and an API's stage.
        let made_by_sam = template
            .resources()
            .map(|(_, resource)| match resource["Type"].as_str() {
                Some("AWS::Serverless::Function" | "AWS::Serverless::HttpApi") => 1,
                _ => 0,
            })
            .sum::<usize>();
        let resources = template.resources().count() + made_by_sam;
        assert!(resources < 450, "{} has {resources} resources; CloudFormation allows 500", template.file);
        let parameters = template.yaml["Parameters"].as_mapping().map_or(0, yaml_serde::Mapping::len);
        assert!(parameters < 200, "{} has {parameters} parameters", template.file);
    }
    assert!(alarms().len() <= 25);
    let count = |kind: &str| templates().iter().map(|template| template.of_type(kind).count()).sum::<usize>();
    assert_eq!(count("AWS::CloudWatch::Alarm"), alarms().len(), "two alarms have one name");
    // AWS asks nothing for these.
    assert!(figures_part::names().count() <= 10);
    assert!(count("AWS::CloudWatch::Dashboard") <= 3);
    assert_eq!(count("AWS::SecretsManager::Secret"), Secret::ALL.len());
    assert!(Secret::ALL.len() <= 4);
}

#[test]
fn the_root_gives_every_stack_what_it_asks_for() {
    let root = template("template.yaml");
    for (id, stack) in root.of_type("AWS::Serverless::Application") {
        let names = |mapping: &Value| -> BTreeSet<String> {
            mapping.as_mapping().unwrap().keys().map(|name| name.as_str().unwrap().to_owned()).collect()
        };
        let inner = template(stack["Location"].as_str().unwrap());
        let tuned_by_stack =
            ["RequestsPerSecond", "RequestBurst", "RequestsPerAddress", "CredentialsPerAddress"]
                .map(str::to_owned);
        let asked: BTreeSet<String> = &names(&inner.yaml["Parameters"]) - &tuned_by_stack.into();
        assert_eq!(names(&stack["Parameters"]), asked, "{id}");
        for (name, value) in stack["Parameters"].as_mapping().unwrap() {
            if let Some((from, output)) = untagged(value).as_str().unwrap().split_once(".Outputs.") {
                let from = template(root.properties(from)["Location"].as_str().unwrap());
                assert!(!from.yaml["Outputs"][output].is_null(), "{id} asks {} for {name:?}", from.file);
            }
        }
    }
}

/// The paths of requests that somebody may guess with: what anyone may post, and all that takes a password, a link's
/// token or a code.
fn guessable() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    // What everybody may read takes no proof: URLs carry none.
    let public = ["portal.get_agency", "portal.get_texts", "portal.get_theme", "portal.get_logo"];
    let guessed =
        |operation: &&Operation| operation.access == Access::Anyone && !public.contains(&operation.name);
    for operation in OPERATIONS.iter().filter(guessed) {
        let Trigger::Http { api, path, method } = operation.trigger else { continue };
        assert_eq!(method, Method::Post, "{}: the firewall counts POST alone", operation.name);
        found.insert(format!("{}{path}", api.base()));
    }
    for (api, contract) in CONTRACTS {
        let contract: Value = yaml_serde::from_str(contract).unwrap();
        for (path, methods) in contract["paths"].as_mapping().unwrap() {
            let path = path.as_str().unwrap();
            assert!(path.starts_with(api.base()));
            for (method, operation) in methods.as_mapping().unwrap() {
                let body = &operation["requestBody"]["content"]["application/json"]["schema"]["properties"];
                let proof = |(name, kind): (&Value, &Value)| {
                    kind["format"] == "password" || name == "token" || name == "code"
                };
                if body.as_mapping().is_some_and(|fields| fields.iter().any(proof)) {
                    assert_eq!(method, "post", "{path}: the firewall counts POST alone");
                    found.insert(path.to_owned());
                }
            }
        }
    }
    found
}

#[test]
fn the_firewall_slows_down_every_request_that_guesses() {
    let edge = template("edge.yaml");
    let rules = &edge.properties("Firewall")["Rules"];
    let rule = rules.as_sequence().unwrap().iter().find(|rule| rule["Name"] == "credentials").unwrap();
    let conditions =
        &rule["Statement"]["RateBasedStatement"]["ScopeDownStatement"]["AndStatement"]["Statements"];
    let paths = &conditions[1]["RegexMatchStatement"];
    let pattern = paths["RegexString"].as_str().unwrap();
    assert!(pattern.len() <= 512, "AWS WAF takes no longer pattern");
    let alternatives = pattern.strip_prefix("^/api/(portal|admin)/v1/(").unwrap().strip_suffix(")$").unwrap();
    let covered: BTreeSet<String> = alternatives
        .split('|')
        .flat_map(|path| Api::ALL.map(|api| format!("{}/{path}", api.base())))
        .collect();
    let guessable = guessable();
    assert!(guessable.contains("/api/portal/v1/session") && guessable.contains("/api/portal/v1/password"));
    let open: Vec<_> = guessable.difference(&covered).collect();
    assert!(open.is_empty(), "add these to the rule `credentials` of infra/edge.yaml: {open:?}");

    let steps = paths["TextTransformations"].as_sequence().unwrap();
    let steps: Vec<_> =
        steps.iter().map(|step| (&step["Priority"], step["Type"].as_str().unwrap())).collect();
    assert_eq!(steps, [(&Value::from(0), "URL_DECODE"), (&Value::from(1), "NORMALIZE_PATH")]);
}

/// The alarms of all stacks, by what stands after the stage in their names.
fn alarms() -> BTreeSet<String> {
    let name = |alarm: &Value| {
        let name = untagged(&alarm["AlarmName"]).as_str().unwrap();
        name.strip_prefix("clientconnect-${Stage}-").unwrap().to_owned()
    };
    templates()
        .iter()
        .flat_map(|template| {
            template.of_type("AWS::CloudWatch::Alarm").map(|(_, alarm)| name(alarm)).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn every_alarm_has_its_line_in_the_runbook() {
    let runbook = include_str!("../../../docs/operating.md").split("\n## Alarms\n").nth(1).unwrap();
    let runbook = runbook.split("\n## ").next().unwrap();
    let lines = runbook.lines().filter_map(|line| line.strip_prefix("| `"));
    let told: BTreeSet<String> = lines.map(|line| line.split('`').next().unwrap().to_owned()).collect();
    assert_eq!(told, alarms());
}

#[test]
fn what_a_restored_table_lacks_is_in_the_runbook() {
    let runbook = include_str!("../../../docs/operating.md");
    let told = |row: &str| -> BTreeSet<String> {
        let row = runbook.lines().find(|line| line.starts_with(&format!("| {row} |"))).unwrap();
        row.split('|').nth(2).unwrap().split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let tables = |has: fn(&TableShape) -> bool| -> BTreeSet<String> {
        TABLES.iter().filter(|shape| has(shape)).map(|shape| dashed(shape.name)).collect()
    };
    assert_eq!(told("time to live"), tables(|shape| shape.expires));
    assert_eq!(told("a stream"), tables(|shape| shape.stream));
    assert_eq!(told("backups into the vault"), tables(|shape| shape.expires && !shape.append_only));
}

#[test]
fn alarms_watch_what_there_is_and_tell_somebody() {
    let known: BTreeSet<&str> = figures_part::names().collect();
    for template in templates() {
        for (id, alarm) in template.of_type("AWS::CloudWatch::Alarm") {
            let mut told = Vec::new();
            texts(&alarm["AlarmActions"], &mut told);
            assert!(told.contains(&"AlarmTopic".to_owned()), "{id}");
            let several = alarm["Metrics"].as_sequence().map(Vec::as_slice).unwrap_or_default();
            assert!(several.len() <= 11, "{id}: AWS computes with ten metrics at most");
            let metrics = several.iter().map(|one| &one["MetricStat"]["Metric"]).chain([alarm]);
            for metric in metrics.filter(|metric| !metric["MetricName"].is_null()) {
                let name = metric["MetricName"].as_str().unwrap();
                if untagged(&metric["Namespace"]) == "clientconnect-${Stage}" {
                    assert!(known.contains(name), "{id}: nobody counts {name}");
                }
                let of = &metric["Dimensions"][0];
                if of["Name"] == "QueueName" {
                    let queues = template.of_type("AWS::SQS::Queue");
                    let queue =
                        queues.map(|(_, queue)| &queue["QueueName"]).find(|name| **name == of["Value"]);
                    assert!(queue.is_some(), "{id}: there is no queue {:?}", of["Value"]);
                }
                if of["Name"] == "FunctionName" {
                    let functions = template.of_type("AWS::Serverless::Function");
                    let mut names = functions.map(|(_, function)| &function["FunctionName"]);
                    assert!(names.any(|name| *name == of["Value"]), "{id}: there is no {:?}", of["Value"]);
                }
            }
        }
    }
}

#[test]
fn the_dashboard_shows_what_is_counted_what_waits_and_what_was_given_up() {
    let body = dashboard_part::block();
    let dashboard: Value = yaml_serde::from_str(&body).unwrap();
    let widgets = dashboard["widgets"].as_sequence().unwrap();
    let shown: Vec<&Value> = widgets
        .iter()
        .filter(|widget| widget["type"] == "metric")
        .flat_map(|widget| widget["properties"]["metrics"].as_sequence().unwrap())
        .collect();
    assert!(shown.len() <= 50, "AWS asks nothing for a dashboard of fifty metrics");
    for figure in figures_part::names() {
        assert!(shown.iter().any(|metric| metric[1] == figure), "{figure}");
    }
    let jobs = template("jobs.yaml");
    for (id, queue) in jobs.of_type("AWS::SQS::Queue") {
        let name = untagged(&queue["QueueName"]);
        assert!(shown.iter().any(|metric| metric[3] == *name), "{id}");
    }
    let alarms = widgets[0]["properties"]["alarms"].as_sequence().unwrap();
    assert_eq!(alarms.len(), alarms_part::all().len());
}

/// What logs of requests may have: nothing that says who asks, and no path or query of the APIs.
#[test]
fn logs_of_requests_do_not_say_who_asks() {
    let allowed =
        "requestId requestTimeEpoch routeKey status responseLatency responseLength integrationErrorMessage";
    for api in ["portal.yaml", "admin.yaml"] {
        let template = template(api);
        let format = &template.properties("Api")["AccessLogSettings"]["Format"];
        for variable in format.as_str().unwrap().split("$context.").skip(1) {
            let variable = variable.split('"').next().unwrap();
            assert!(allowed.split(' ').any(|known| known == variable), "{api} logs {variable}");
        }
    }
    let edge = template("edge.yaml");
    let personal =
        ["c-ip", "c-port", "cs(Cookie)", "cs(Referer)", "cs(User-Agent)", "cs-uri-query", "x-forwarded-for"];
    let mut logged = 0;
    for (id, delivery) in edge.of_type("AWS::Logs::Delivery") {
        let fields = delivery["RecordFields"].as_sequence().expect("else AWS logs every field");
        assert!(fields.iter().all(|field| !personal.contains(&field.as_str().unwrap())), "{id}");
        logged += 1;
    }
    assert_eq!(logged, edge.of_type("AWS::CloudFront::Distribution").count());
    for (id, distribution) in edge.of_type("AWS::CloudFront::Distribution") {
        assert!(distribution["DistributionConfig"]["Logging"].is_null(), "{id} logs every field");
    }
    let kept = &edge.properties("AccessLogs")["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"];
    assert_eq!(untagged(kept), "LogDays");
}

#[test]
fn what_a_rule_cannot_hand_over_waits_for_somebody() {
    let jobs = template("jobs.yaml");
    for (id, rule) in jobs.of_type("AWS::Events::Rule") {
        let letters = untagged(&rule["Targets"][0]["DeadLetterConfig"]["Arn"]).as_str();
        let letters = letters.unwrap_or_else(|| panic!("{id} loses what it can't hand over"));
        let letters = letters.trim_end_matches(".Arn");
        let sends = jobs.of_type("AWS::SQS::QueuePolicy").any(|(_, policy)| {
            let queues = policy["Queues"].as_sequence().unwrap().iter();
            queues.map(untagged).any(|queue| queue == letters)
        });
        assert!(sends, "{id} may not write to {letters}");
    }
}
