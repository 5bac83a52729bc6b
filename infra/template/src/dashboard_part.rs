//! The dashboard, of the root stack: what is happening, what waits, what went wrong.

use functions::operation::{OPERATIONS, Queue, Trigger};

use crate::alarms_part;
use crate::metric::Metric;
use crate::text::{dashed, indented};

/// Columns of a dashboard, and of one widget.
const WIDTH: usize = 24;
const WIDGET: usize = 8;
const HEIGHT: usize = 6;

/// Metrics by what a reader calls them.
type Lines = Vec<(String, Metric)>;

/// What the dashboard resource has in its body, for `!Sub`.
pub(crate) fn block() -> String {
    let mut widgets = vec![alarms()];
    let top = HEIGHT;
    for (number, (title, lines)) in widgets_of_metrics().into_iter().enumerate() {
        let in_row = WIDTH / WIDGET;
        let (x, y) = ((number % in_row) * WIDGET, top + number / in_row * HEIGHT);
        widgets.push(widget(x, y, title, &lines));
    }
    format!("{{\"widgets\": [\n{}\n]}}\n", indented(2, &widgets.join(",\n")).trim_end())
}

fn widgets_of_metrics() -> Vec<(&'static str, Lines)> {
    let counted = |label: &str, name| (label.to_owned(), Metric::counted(name));
    let of_account = |label: &str, namespace, name, statistic| {
        (label.to_owned(), Metric::of_account(namespace, name, statistic))
    };
    let of_ses = |name| of_account(&format!("SES: {name}"), "AWS/SES", name, "Sum");
    let of_apis = |names: &[(&'static str, &'static str)]| -> Lines {
        let of = |&(name, statistic): &(&'static str, &'static str)| {
            let label = if statistic == "Sum" { name } else { statistic };
            [("portal", "${Portal.Outputs.ApiId}"), ("admin", "${Admin.Outputs.ApiId}")]
                .map(|(api, id)| (format!("{api} {label}"), Metric::of_api(id, name, statistic)))
        };
        names.iter().flat_map(of).collect()
    };
    vec![
        (
            "Sign-ins and activations",
            vec![
                counted("clients signed in", "SignIns"),
                counted("clients refused", "SignInsRefused"),
                counted("workers signed in", "WorkerSignIns"),
                counted("workers refused", "WorkerSignInsRefused"),
                counted("activations", "Activations"),
            ],
        ),
        (
            "Mails",
            vec![
                counted("sent", "MailsSent"),
                counted("dropped", "MailsDropped"),
                of_ses("Delivery"),
                of_ses("Bounce"),
                of_ses("Complaint"),
                of_ses("Reject"),
            ],
        ),
        (
            "Mail reputation (SES reviews at 0.05 and 0.001)",
            vec![
                of_account("bounces", "AWS/SES", "Reputation.BounceRate", "Maximum"),
                of_account("complaints", "AWS/SES", "Reputation.ComplaintRate", "Maximum"),
            ],
        ),
        ("Requests", of_apis(&[("Count", "Sum")])),
        ("Latency, ms", of_apis(&[("Latency", "p50"), ("Latency", "p99")])),
        (
            "Errors",
            [
                of_apis(&[("5xx", "Sum"), ("4xx", "Sum")]),
                vec![
                    counted("faults of jobs", "Faults"),
                    of_account("functions that failed", "AWS/Lambda", "Errors", "Sum"),
                    of_account("functions refused", "AWS/Lambda", "Throttles", "Sum"),
                ],
            ]
            .concat(),
        ),
        ("Rows that imports and bulk jobs got through", vec![counted("rows", "JobRows")]),
        (
            "Oldest message, seconds",
            Queue::ALL.into_iter().map(|queue| (dashed(queue.name()), Metric::waiting(queue))).collect(),
        ),
        ("Given up: dead letters and records passed over", given_up()),
        ("Streams behind, ms", streams()),
        (
            "Functions at the same time",
            vec![of_account("all", "AWS/Lambda", "ConcurrentExecutions", "Maximum")],
        ),
    ]
}

fn streams() -> Lines {
    let of = |operation: &functions::operation::Operation| match operation.trigger {
        Trigger::Stream(table, _) => {
            Some((dashed(table.name()), Metric::of_function(operation.name, "IteratorAge", "Maximum")))
        }
        _ => None,
    };
    OPERATIONS.iter().filter_map(of).collect()
}

/// Where what was given up lies.
fn given_up() -> Lines {
    let of = |operation: &functions::operation::Operation| match operation.trigger {
        Trigger::Queue(queue, _) => {
            let name = dashed(queue.name());
            let undelivered = queue.is_fed_by_ses().then(|| format!("{name}-undelivered"));
            [Some(format!("{name}-dead-letters")), undelivered]
        }
        Trigger::Stream(table, _) => [Some(format!("{}-failures", dashed(table.name()))), None],
        Trigger::Http { .. } | Trigger::Schedule(_) | Trigger::Invoke => [None, None],
    };
    OPERATIONS.iter().flat_map(of).flatten().map(|queue| (queue.clone(), Metric::lying(&queue))).collect()
}

fn alarms() -> String {
    let arns: Vec<String> = alarms_part::all()
        .iter()
        .map(|alarm| {
            format!(
                "\"arn:${{AWS::Partition}}:cloudwatch:${{AWS::Region}}:${{AWS::AccountId}}:alarm:clientconnect-${{Stage}}-{}\"",
                alarm.name
            )
        })
        .collect();
    format!(
        "{{\"type\": \"alarm\", \"x\": 0, \"y\": 0, \"width\": {WIDTH}, \"height\": {HEIGHT}, \"properties\": \
         {{\"title\": \"Alarms\", \"alarms\": [\n{}]}}}}",
        indented(2, &arns.join(",\n")).trim_end(),
    )
}

fn widget(x: usize, y: usize, title: &str, lines: &[(String, Metric)]) -> String {
    let metrics: Vec<String> = lines
        .iter()
        .map(|(label, metric)| {
            let of = metric.of.as_ref().map(|(name, of)| format!("\"{name}\", \"{of}\", "));
            format!(
                "[\"{}\", \"{}\", {}{{\"stat\": \"{}\", \"label\": \"{label}\"}}]",
                metric.namespace,
                metric.name,
                of.unwrap_or_default(),
                metric.statistic,
            )
        })
        .collect();
    format!(
        "{{\"type\": \"metric\", \"x\": {x}, \"y\": {y}, \"width\": {WIDGET}, \"height\": {HEIGHT}, \"properties\": \
         {{\"title\": \"{title}\", \"region\": \"${{AWS::Region}}\", \"period\": 300, \"metrics\": [\n{}]}}}}",
        indented(2, &metrics.join(",\n")).trim_end(),
    )
}
