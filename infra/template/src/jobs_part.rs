//! Queues, the rules that feed them, and alarms, of the stack `jobs`.

use functions::operation::{Operation, Queue, Trigger};

use crate::functions_part::{RECEIVES, failures_id, queue_id};
use crate::text::{blocks, dashed, indented, list, logical_id};

/// Lambda takes a message for so many times the function's timeout, as AWS advises.
const VISIBILITY: u16 = 6;

/// How long SQS keeps messages at most: 14 days.
const RETENTION_SECONDS: u32 = 1_209_600;

/// Something is wrong when work waits so long.
const WAITS_SECONDS: u32 = 900;

/// The blocks of `parts/jobs.yaml` beside its functions.
pub(crate) fn block(name: &str, operations: &[&Operation]) -> Option<String> {
    match name {
        "queues" => Some(blocks(operations.iter().flat_map(|operation| queues(operation)))),
        "alarms" => {
            Some(blocks(operations.iter().flat_map(|operation| alarms(operation)).chain(common_alarms())))
        }
        _ => None,
    }
}

fn queues(operation: &Operation) -> Vec<String> {
    match operation.trigger {
        Trigger::Queue(queue, _) => {
            let id = queue_id(queue);
            let own = format!(
                "\
VisibilityTimeout: {}
RedrivePolicy:
  deadLetterTargetArn: !GetAtt {id}DeadLetters.Arn
  maxReceiveCount: {RECEIVES}
",
                operation.timeout_seconds * VISIBILITY,
            );
            let name = dashed(queue.name());
            vec![
                sqs(&id, &name, &own),
                sqs(&format!("{id}DeadLetters"), &format!("{name}-dead-letters"), ""),
                rule(queue),
            ]
        }
        Trigger::Stream(table, _) => {
            vec![sqs(&failures_id(table.name()), &format!("{}-failures", dashed(table.name())), "")]
        }
        Trigger::Http { .. } | Trigger::Schedule(_) | Trigger::Invoke => Vec::new(),
    }
}

fn sqs(id: &str, name: &str, more: &str) -> String {
    format!(
        "\
{id}:
  Type: AWS::SQS::Queue
  Properties:
    QueueName: !Sub clientconnect-${{Stage}}-{name}
    MessageRetentionPeriod: {RETENTION_SECONDS}
    KmsMasterKeyId: !Ref KeyArn
{}",
        indented(4, more),
    )
}

/// Where a rule listens, and to what.
const FROM_JOURNAL: &str = "    EventBusName: !Ref BusName
    EventPattern:
      source: [clientconnect]
";

/// SES publishes on the default bus alone, and other deployments in the same AWS account there, too.
const FROM_SES: &str = "    EventPattern:
      source: [aws.ses]
      detail:
        mail:
          tags:
            ses:configuration-set: [!Sub 'clientconnect-${Stage}']
";

/// All that `jobs.record_mail_outcome` reads. The rest of such an event has the reader's address and the subject, which
/// belong on no queue. Every value stands in quotes, as EventBridge leaves out what an event doesn't have.
const OF_SES: &str = r#"
        InputTransformer:
          InputPathsMap:
            kind: $.detail-type
            time: $.time
            mail: $.detail.mail.tags.mail[0]
            message: $.detail.mail.messageId
            bounce: $.detail.bounce.bounceType
            feedback: $.detail.complaint.complaintFeedbackType
          InputTemplate: >-
            {"source": "aws.ses", "detail-type": "<kind>", "time": "<time>",
            "detail": {"mail": "<mail>", "message": "<message>", "bounce": "<bounce>", "feedback": "<feedback>"}}"#;

fn rule(queue: Queue) -> String {
    let id = queue_id(queue);
    format!(
        "\
{id}Rule:
  Type: AWS::Events::Rule
  Properties:
    Name: !Sub clientconnect-${{Stage}}-{name}
{from}      detail-type: {types}
    Targets:
      - Id: queue
        Arn: !GetAtt {id}.Arn{rest}

{id}Policy:
  Type: AWS::SQS::QueuePolicy
  Properties:
    Queues: [!Ref {id}, !Ref {id}DeadLetters]
    PolicyDocument:
      Version: '2012-10-17'
      Statement:
        - Sid: TheBus
          Effect: Allow
          Principal:
            Service: events.amazonaws.com
          Action: sqs:SendMessage
          Resource: [!GetAtt {id}.Arn, !GetAtt {id}DeadLetters.Arn]
          Condition:
            ArnEquals:
              aws:SourceArn: !GetAtt {id}Rule.Arn
",
        name = dashed(queue.name()),
        from = if queue.is_fed_by_ses() { FROM_SES } else { FROM_JOURNAL },
        types = list(queue.events().iter().copied()),
        rest = if queue.is_fed_by_ses() {
            // No dead letters: they would hold the event as it came.
            OF_SES.to_owned()
        } else {
            format!("\n        DeadLetterConfig:\n          Arn: !GetAtt {id}DeadLetters.Arn")
        },
    )
}

/// When a metric is an alarm.
struct Alarm {
    id: String,
    description: String,
    namespace: &'static str,
    metric: &'static str,
    dimension: Option<(&'static str, String)>,
    statistic: &'static str,
    period_seconds: u32,
    threshold: String,
}

impl Alarm {
    fn write(&self) -> String {
        let dimensions = self
            .dimension
            .as_ref()
            .map(|(name, value)| format!("    Dimensions:\n      - Name: {name}\n        Value: {value}\n"))
            .unwrap_or_default();
        format!(
            "\
{}Alarm:
  Type: AWS::CloudWatch::Alarm
  Properties:
    AlarmDescription: {}
    Namespace: {}
    MetricName: {}
{dimensions}    Statistic: {}
    Period: {}
    EvaluationPeriods: 1
    Threshold: {}
    ComparisonOperator: GreaterThanOrEqualToThreshold
    TreatMissingData: notBreaching
    AlarmActions: [!Ref AlarmTopic]
",
            self.id,
            self.description,
            self.namespace,
            self.metric,
            self.statistic,
            self.period_seconds,
            self.threshold,
        )
    }
}

fn alarms(operation: &Operation) -> Vec<String> {
    let id = logical_id(operation.name);
    let queue_alarm = |queue: String, description: &str, metric, threshold: u32| Alarm {
        description: description.to_owned(),
        namespace: "AWS/SQS",
        metric,
        dimension: Some(("QueueName", format!("!GetAtt {queue}.QueueName"))),
        statistic: "Maximum",
        period_seconds: 300,
        threshold: threshold.to_string(),
        id: queue,
    };
    let function_alarm = |description: &str, metric, statistic, period_seconds, threshold: u32| Alarm {
        id: id.clone(),
        description: description.to_owned(),
        namespace: "AWS/Lambda",
        metric,
        dimension: Some(("FunctionName", format!("!Ref {id}"))),
        statistic,
        period_seconds,
        threshold: threshold.to_string(),
    };
    let lost = "ApproximateNumberOfMessagesVisible";
    let alarms = match operation.trigger {
        Trigger::Queue(queue, _) => vec![
            queue_alarm(
                queue_id(queue),
                "Work waits for a quarter of an hour; see the consumer's log.",
                "ApproximateAgeOfOldestMessage",
                WAITS_SECONDS,
            ),
            queue_alarm(
                format!("{}DeadLetters", queue_id(queue)),
                "Messages were given up; docs/operating.md tells how to replay them.",
                lost,
                1,
            ),
        ],
        Trigger::Stream(table, _) => vec![
            function_alarm(
                "A table's stream is followed late; see the function's log.",
                "IteratorAge",
                "Maximum",
                300,
                WAITS_SECONDS * 1000,
            ),
            queue_alarm(
                failures_id(table.name()),
                "Records of a stream were passed over; docs/operating.md tells what to do.",
                lost,
                1,
            ),
        ],
        Trigger::Schedule(_) => vec![function_alarm(
            "A scheduled job fails again and again; it catches up by itself once its cause is gone.",
            "Errors",
            "Sum",
            3600,
            3,
        )],
        Trigger::Http { .. } | Trigger::Invoke => Vec::new(),
    };
    alarms.iter().map(Alarm::write).collect()
}

/// Those that no operation has for itself.
fn common_alarms() -> impl Iterator<Item = String> {
    let throttles = Alarm {
        id: "Throttles".to_owned(),
        description: "Lambda refused to run functions; ask AWS for a higher concurrency quota.".to_owned(),
        namespace: "AWS/Lambda",
        metric: "Throttles",
        dimension: None,
        statistic: "Sum",
        period_seconds: 300,
        threshold: "10".to_owned(),
    };
    // SES reviews an account at 5 % and 0.1 %.
    let reputation =
        [("Bounces", "Reputation.BounceRate", "0.03"), ("Complaints", "Reputation.ComplaintRate", "0.0005")];
    let reputation = reputation.map(|(id, metric, threshold)| Alarm {
        id: id.to_owned(),
        description:
            "SES stops an account whose mails bounce or annoy; stop bulk mails and clean the addresses."
                .to_owned(),
        namespace: "AWS/SES",
        metric,
        dimension: None,
        statistic: "Maximum",
        period_seconds: 3600,
        threshold: threshold.to_owned(),
    });
    [throttles].into_iter().chain(reputation).map(|alarm| alarm.write())
}
