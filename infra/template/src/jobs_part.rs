//! Queues and the rules that feed them, of the stack `jobs`.

use functions::operation::{Operation, Queue, Trigger};

use crate::functions_part::{RECEIVES, failures_id, queue_id};
use crate::text::{blocks, dashed, indented, list};

/// Lambda takes a message for so many times the function's timeout, as AWS advises.
const VISIBILITY: u16 = 6;

/// How long SQS keeps messages at most: 14 days.
const RETENTION_SECONDS: u32 = 1_209_600;

/// How long SES's events are kept that EventBridge could not hand over: four days. They lie there as they came, with the
/// reader's address and the subject.
const UNDELIVERED_SECONDS: u32 = 345_600;

/// The blocks of `parts/jobs.yaml` beside its functions.
pub(crate) fn block(name: &str, operations: &[&Operation]) -> Option<String> {
    match name {
        "queues" => Some(blocks(operations.iter().flat_map(|operation| queues(operation)))),
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
            let mut all = vec![
                sqs(&id, &name, RETENTION_SECONDS, &own),
                sqs(&format!("{id}DeadLetters"), &format!("{name}-dead-letters"), RETENTION_SECONDS, ""),
            ];
            if queue.is_fed_by_ses() {
                let undelivered = format!("{name}-undelivered");
                all.push(sqs(&undelivered_id(queue), &undelivered, UNDELIVERED_SECONDS, ""));
            }
            all.push(rule(queue));
            all
        }
        Trigger::Stream(table, _) => {
            let name = format!("{}-failures", dashed(table.name()));
            vec![sqs(&failures_id(table.name()), &name, RETENTION_SECONDS, "")]
        }
        Trigger::Http { .. } | Trigger::Schedule(_) | Trigger::Invoke => Vec::new(),
    }
}

fn sqs(id: &str, name: &str, retention_seconds: u32, more: &str) -> String {
    format!(
        "\
{id}:
  Type: AWS::SQS::Queue
  Properties:
    QueueName: !Sub clientconnect-${{Stage}}-{name}
    MessageRetentionPeriod: {retention_seconds}
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

/// The logical id of the queue of what the rule could not hand over as it should.
fn undelivered_id(queue: Queue) -> String {
    let kind = if queue.is_fed_by_ses() { "Undelivered" } else { "DeadLetters" };
    format!("{}{kind}", queue_id(queue))
}

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
        Arn: !GetAtt {id}.Arn
        DeadLetterConfig:
          Arn: !GetAtt {undelivered}.Arn{rest}

{id}Policy:
  Type: AWS::SQS::QueuePolicy
  Properties:
    Queues: [!Ref {id}, !Ref {undelivered}]
    PolicyDocument:
      Version: '2012-10-17'
      Statement:
        - Sid: TheBus
          Effect: Allow
          Principal:
            Service: events.amazonaws.com
          Action: sqs:SendMessage
          Resource: [!GetAtt {id}.Arn, !GetAtt {undelivered}.Arn]
          Condition:
            ArnEquals:
              aws:SourceArn: !GetAtt {id}Rule.Arn
",
        name = dashed(queue.name()),
        from = if queue.is_fed_by_ses() { FROM_SES } else { FROM_JOURNAL },
        types = list(queue.events().iter().copied()),
        undelivered = undelivered_id(queue),
        rest = if queue.is_fed_by_ses() { OF_SES } else { "" },
    )
}
