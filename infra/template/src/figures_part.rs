//! What is counted from the lines that functions log: metric filters on their log groups.

use functions::operation::Operation;

use crate::metric::OURS;
use crate::text::{blocks, logical_id};

/// Something counted.
struct Figure {
    /// The metric's name.
    name: &'static str,
    /// Whose lines.
    of: fn(&Operation) -> bool,
    /// The lines that count.
    pattern: &'static str,
    /// What a line counts for.
    value: &'static str,
}

const SUCCEEDED: &str = r#"{ ($.message = "answered") && ($.status = 200) }"#;
const REFUSED: &str = r#"{ ($.message = "answered") && ($.status >= 400) && ($.status < 500) }"#;

/// `CloudWatch` asks nothing for the first ten metrics of one's own.
const FIGURES: [Figure; 9] = [
    Figure { name: "SignIns", of: |of| of.name == "portal.sign_in", pattern: SUCCEEDED, value: "1" },
    Figure { name: "SignInsRefused", of: |of| of.name == "portal.sign_in", pattern: REFUSED, value: "1" },
    Figure { name: "WorkerSignIns", of: |of| of.name == "admin.sign_in", pattern: SUCCEEDED, value: "1" },
    Figure {
        name: "WorkerSignInsRefused",
        of: |of| of.name == "admin.sign_in",
        pattern: REFUSED,
        value: "1",
    },
    Figure {
        name: "Activations",
        of: |of| of.name == "portal.activate_account",
        pattern: SUCCEEDED,
        value: "1",
    },
    Figure {
        name: "MailsSent",
        of: sends_mail,
        pattern: r#"{ ($.message = "mail") && ($.fate = "sent") }"#,
        value: "1",
    },
    Figure {
        name: "MailsDropped",
        of: sends_mail,
        pattern: r#"{ ($.message = "mail") && ($.fate = "dropped") }"#,
        value: "1",
    },
    Figure { name: "JobRows", of: works_in_pages, pattern: r#"{ $.message = "page" }"#, value: "$.rows" },
    Figure {
        name: "Faults",
        of: |of| of.name.starts_with("jobs."),
        pattern: r#"{ $.message = "fault" }"#,
        value: "1",
    },
];

fn sends_mail(operation: &Operation) -> bool {
    ["jobs.send_mail", "jobs.send_bulk_mail"].contains(&operation.name)
}

fn works_in_pages(operation: &Operation) -> bool {
    ["jobs.import_file", "jobs.run_bulk_job"].contains(&operation.name)
}

/// The names of all that is counted.
#[cfg(test)]
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    FIGURES.iter().map(|figure| figure.name)
}

/// The metric filters on these operations' log groups.
pub(crate) fn block(operations: &[&Operation]) -> String {
    blocks(operations.iter().flat_map(|operation| {
        FIGURES.iter().filter(|figure| (figure.of)(operation)).map(|figure| filter(operation, figure))
    }))
}

fn filter(operation: &Operation, Figure { name, pattern, value, .. }: &Figure) -> String {
    let id = logical_id(operation.name);
    format!(
        "\
{id}{name}:
  Type: AWS::Logs::MetricFilter
  Properties:
    LogGroupName: !Ref {id}Log
    FilterPattern: '{pattern}'
    MetricTransformations:
      - MetricNamespace: !Sub {OURS}
        MetricName: {name}
        MetricValue: {value}
"
    )
}
