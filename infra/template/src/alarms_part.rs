//! Alarms: what somebody should be called for. `docs/operating.md` says of each what to do.

use functions::operation::{OPERATIONS, Operation, Queue, Trigger};

use crate::JOBS;
use crate::metric::Metric;
use crate::text::{blocks, dashed, indented, logical_id, sub};

/// Something is wrong when work waits so long, in seconds.
const WAITS: u32 = 900;

/// A metric, or what is computed from several, and when it is an alarm.
pub(crate) struct Alarm {
    /// The stack it stands in.
    stack: &'static str,
    /// After the stage, in its AWS name.
    pub(crate) name: String,
    description: &'static str,
    watched: Watched,
    period_seconds: u32,
    /// Periods in a row.
    periods: u32,
    rings: Rings,
}

enum Watched {
    One(Metric),
    /// Metrics `m1`, `m2` and so on, and what is made of them.
    Several(String, Vec<Metric>),
}

enum Rings {
    From(String),
    /// Silence rings, too.
    Below(&'static str),
}

/// All of them, in the order of the runbook.
pub(crate) fn all() -> Vec<Alarm> {
    ["portal", "admin"].into_iter().flat_map(of_api).chain([sign_ins_refused()]).chain(of_jobs()).collect()
}

/// The alarms of one stack.
pub(crate) fn block(stack: &str) -> String {
    blocks(all().iter().filter(|alarm| alarm.stack == stack).map(Alarm::write))
}

impl Alarm {
    fn write(&self) -> String {
        let (comparison, threshold, silence) = match &self.rings {
            Rings::From(least) => ("GreaterThanOrEqualToThreshold", least.as_str(), "notBreaching"),
            Rings::Below(least) => ("LessThanThreshold", *least, "breaching"),
        };
        format!(
            "\
{}Alarm:
  Type: AWS::CloudWatch::Alarm
  Properties:
    AlarmName: {}
    AlarmDescription: {} See docs/operating.md.
{}    EvaluationPeriods: {}
    Threshold: {threshold}
    ComparisonOperator: {comparison}
    TreatMissingData: {silence}
    AlarmActions: [!Ref AlarmTopic]
",
            logical_id(&self.name),
            sub(&format!("clientconnect-${{Stage}}-{}", self.name)),
            self.description,
            indented(4, &self.watched.write(self.period_seconds)),
            self.periods,
        )
    }
}

impl Watched {
    fn write(&self, period: u32) -> String {
        match self {
            Self::One(metric) => {
                // Of a handful of requests a percentile says nothing.
                let statistic = if metric.statistic.starts_with('p') {
                    format!(
                        "ExtendedStatistic: {}\nEvaluateLowSampleCountPercentile: ignore",
                        metric.statistic
                    )
                } else {
                    format!("Statistic: {}", metric.statistic)
                };
                format!("{}{statistic}\nPeriod: {period}\n", metric.properties())
            }
            Self::Several(expression, metrics) => {
                let mut text = format!(
                    "Metrics:\n  - Id: watched\n    Expression: {expression}\n    ReturnData: true\n"
                );
                for (number, metric) in (1..).zip(metrics) {
                    text += &format!(
                        "  - Id: m{number}\n    ReturnData: false\n    MetricStat:\n      Period: {period}\n      \
                         Stat: {}\n      Metric:\n{}",
                        metric.statistic,
                        indented(8, &metric.properties()),
                    );
                }
                text
            }
        }
    }
}

fn of_api(api: &'static str) -> [Alarm; 2] {
    let metric = |name, statistic| Watched::One(Metric::of_api("${Api}", name, statistic));
    [
        Alarm {
            stack: api,
            name: format!("{api}-errors"),
            description: "The API answered 5xx.",
            watched: metric("5xx", "Sum"),
            period_seconds: 300,
            periods: 1,
            rings: Rings::From("5".to_owned()),
        },
        Alarm {
            stack: api,
            name: format!("{api}-slow"),
            description: "One answer in a hundred takes three seconds or more, for a quarter of an hour.",
            watched: metric("Latency", "p99"),
            period_seconds: 300,
            periods: 3,
            rings: Rings::From("3000".to_owned()),
        },
    ]
}

fn sign_ins_refused() -> Alarm {
    Alarm {
        stack: JOBS,
        name: "sign-ins-refused".to_owned(),
        description: "Many sign-ins are refused; somebody may be guessing passwords.",
        watched: Watched::Several(
            "SUM(METRICS())".to_owned(),
            vec![Metric::counted("SignInsRefused"), Metric::counted("WorkerSignInsRefused")],
        ),
        period_seconds: 900,
        periods: 1,
        rings: Rings::From("200".to_owned()),
    }
}

fn of_jobs() -> Vec<Alarm> {
    let waits = Alarm {
        stack: JOBS,
        name: "work-waits".to_owned(),
        description: "Work waits in a queue for a quarter of an hour; the dashboard says in which.",
        watched: Watched::Several(
            "MAX(METRICS())".to_owned(),
            Queue::ALL.into_iter().map(Metric::waiting).collect(),
        ),
        period_seconds: 300,
        periods: 1,
        rings: Rings::From(WAITS.to_string()),
    };
    let mut alarms = vec![waits];
    alarms.extend(OPERATIONS.iter().flat_map(of_operation));
    alarms.extend(of_account());
    alarms
}

/// Something lies where nothing should.
fn lying(queue: String, description: &'static str) -> Alarm {
    Alarm {
        stack: JOBS,
        watched: Watched::One(Metric::lying(&queue)),
        name: queue,
        description,
        period_seconds: 300,
        periods: 1,
        rings: Rings::From("1".to_owned()),
    }
}

fn of_operation(operation: &Operation) -> Vec<Alarm> {
    match operation.trigger {
        Trigger::Queue(queue, _) => {
            let name = dashed(queue.name());
            let mut alarms =
                vec![lying(format!("{name}-dead-letters"), "Messages of a queue were given up.")];
            if queue.is_fed_by_ses() {
                alarms.push(lying(
                    format!("{name}-undelivered"),
                    "EventBridge could not hand over what SES tells of mails.",
                ));
            }
            alarms
        }
        Trigger::Stream(table, _) => {
            let name = dashed(table.name());
            let late = Alarm {
                stack: JOBS,
                name: format!("{name}-late"),
                description: "A table's stream is followed a quarter of an hour late.",
                watched: Watched::One(Metric::of_function(operation.name, "IteratorAge", "Maximum")),
                period_seconds: 300,
                periods: 1,
                rings: Rings::From((WAITS * 1000).to_string()),
            };
            vec![late, lying(format!("{name}-failures"), "Records of a stream were passed over.")]
        }
        Trigger::Schedule(_) => {
            let (_, job) = operation.name.split_once('.').unwrap_or(("", operation.name));
            let of = |name| Metric::of_function(operation.name, name, "Sum");
            vec![Alarm {
                stack: JOBS,
                name: format!("{}-stopped", dashed(job)),
                description: "A scheduled job has not once succeeded for two hours.",
                watched: Watched::Several("m1 - m2".to_owned(), vec![of("Invocations"), of("Errors")]),
                period_seconds: 3600,
                periods: 2,
                rings: Rings::Below("1"),
            }]
        }
        Trigger::Http { .. } | Trigger::Invoke => Vec::new(),
    }
}

fn of_account() -> [Alarm; 3] {
    let of = |name: &str, description, metric, period_seconds, least: &str| Alarm {
        stack: JOBS,
        name: name.to_owned(),
        description,
        watched: Watched::One(metric),
        period_seconds,
        periods: 1,
        rings: Rings::From(least.to_owned()),
    };
    let reputation = |name| Metric::of_account("AWS/SES", name, "Maximum");
    [
        of(
            "throttles",
            "Lambda refused to run functions.",
            Metric::of_account("AWS/Lambda", "Throttles", "Sum"),
            300,
            "10",
        ),
        // SES reviews an account at 5 % and 0.1 %.
        of("bounces", "Too many mails bounce.", reputation("Reputation.BounceRate"), 3600, "0.03"),
        of(
            "complaints",
            "Too many readers complain of mails.",
            reputation("Reputation.ComplaintRate"),
            3600,
            "0.0005",
        ),
    ]
}
