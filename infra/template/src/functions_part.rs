//! One operation's function, role and log group.

use domain::image::Picture;
use functions::images;
use functions::operation::{Access, Action, Api, Operation, Queue, Touch, Trigger, Use};
use store::tables::Table;

use crate::needs::{Need, secret_id};
use crate::text::{blocks, dashed, indented, list, logical_id, quoted};

/// How often a queue's message may fail before it goes to the dead letters: hours, so that an outage of what the
/// operation calls is over by then.
pub(crate) const RECEIVES: u32 = 100;

/// How often a batch of a stream's records is tried, halved after each failure, before it is reported and passed over.
const STREAM_RETRIES: u32 = 100;

/// Age of a stream's record, in seconds, after which it isn't tried again: half of what the stream keeps.
const STREAM_AGE: u32 = 43_200;

/// Messages of a queue that AWS lets a function take at once without waiting for more.
const UNWINDOWED_BATCH: u16 = 10;

/// The resources of one operation.
pub(crate) fn function(operation: &Operation) -> String {
    let id = logical_id(operation.name);
    let name = dashed(operation.name);
    let environment: String =
        variables(operation).into_iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    let trigger = trigger(operation);
    let events =
        if trigger.is_empty() { String::new() } else { format!("    Events:\n{}", indented(6, &trigger)) };
    let function = format!(
        "\
{id}:
  Type: AWS::Serverless::Function
  Metadata:
    BuildMethod: rust-cargolambda
    BuildProperties:
      Binary: bootstrap
  Properties:
    FunctionName: !Sub clientconnect-${{Stage}}-{name}
    Description: {summary}
    Handler: {handler}
    MemorySize: {memory}
    Timeout: {timeout}
    Role: !GetAtt {id}Role.Arn
    LoggingConfig:
      LogFormat: JSON
      LogGroup: !Ref {id}Log
    Environment:
      Variables:
{environment}{events}",
        summary = quoted(operation.summary),
        handler = operation.name,
        memory = operation.memory.megabytes(),
        timeout = operation.timeout_seconds,
        environment = indented(8, &environment),
    );
    let role = format!(
        "\
{id}Role:
  Type: AWS::IAM::Role
  Properties:
    AssumeRolePolicyDocument:
      Version: '2012-10-17'
      Statement:
        - Effect: Allow
          Principal:
            Service: lambda.amazonaws.com
          Action: sts:AssumeRole
    Policies:
      - PolicyName: operation
        PolicyDocument:
          Version: '2012-10-17'
          Statement:
{}",
        indented(12, &statements(operation)),
    );
    let log = format!(
        "\
{id}Log:
  Type: AWS::Logs::LogGroup
  Properties:
    LogGroupName: !Sub /aws/lambda/clientconnect-${{Stage}}-{name}
    RetentionInDays: !Ref LogDays
    KmsKeyId: !Ref KeyArn
"
    );
    blocks([function, role, log].into_iter())
}

/// What the process finds in its environment.
fn variables(operation: &Operation) -> Vec<(&'static str, String)> {
    let mut variables: Vec<(&str, String)> = operation
        .touches()
        .into_keys()
        .map(|table| (table.env_var(), format!("!Ref {}", Need::Table(table).name())))
        .collect();
    for used in operation.uses {
        match used {
            Use::SendMail => variables.extend([
                ("PORTAL_URL", "!Ref PortalUrl".to_owned()),
                ("ADMIN_URL", "!Ref AdminUrl".to_owned()),
                ("MAIL_CONFIGURATION_SET", "!Sub clientconnect-${Stage}".to_owned()),
            ]),
            Use::PortalUrl => variables.push(("PORTAL_URL", "!Ref PortalUrl".to_owned())),
            Use::Stage => variables.push(("STAGE", "!Ref Stage".to_owned())),
            Use::ReadIdentity => variables.push(("MAIL_DOMAIN", "!Ref MailDomain".to_owned())),
            Use::ReadSendRate => {}
            Use::PutEvents => variables.push(("BUS_NAME", "!Ref BusName".to_owned())),
            Use::ReadUploads | Use::WriteUploads => {
                variables.push(("UPLOADS_BUCKET", "!Ref UploadsBucket".to_owned()));
            }
            Use::ReadImages(_) | Use::WriteImages(_) => {
                variables.push(("IMAGES_BUCKET", "!Ref ImagesBucket".to_owned()));
            }
            Use::Read(secret) | Use::Write(secret) => {
                variables.push((secret.env_var(), format!("!Ref {}", secret_id(*secret))));
            }
        }
    }
    if let Trigger::Http { api, .. } = operation.trigger {
        let url = match api {
            Api::Portal => "!Ref PortalUrl",
            Api::Admin => "!Ref AdminUrl",
        };
        variables.extend([("ORIGINS", url.to_owned()), ("ORIGIN_SECRETS", "!Ref OriginSecrets".to_owned())]);
    }
    if matches!(operation.access, Access::ByPassword | Access::Worker | Access::Permitted(_)) {
        variables.push(("SECOND_FACTOR", "!Ref SecondFactor".to_owned()));
    }
    variables.push(("AWS_ENDPOINT_URL", "!Ref AwsEndpoint".to_owned()));
    variables.sort();
    variables.dedup();
    variables
}

fn trigger(operation: &Operation) -> String {
    match operation.trigger {
        Trigger::Http { api, method, path } => format!(
            "\
Request:
  Type: HttpApi
  Properties:
    ApiId: !Ref Api
    Method: {}
    Path: {}{path}
",
            method.as_str(),
            api.base(),
        ),
        Trigger::Schedule(expression) => format!(
            "\
Schedule:
  Type: Schedule
  Properties:
    Schedule: {expression}
"
        ),
        Trigger::Queue(queue, batch) => {
            let window =
                if batch > UNWINDOWED_BATCH { "    MaximumBatchingWindowInSeconds: 1\n" } else { "" };
            format!(
                "\
Queue:
  Type: SQS
  Properties:
    Queue: !GetAtt {}.Arn
    BatchSize: {batch}
{window}    FunctionResponseTypes: [ReportBatchItemFailures]
    ScalingConfig:
      MaximumConcurrency: {}
",
                queue_id(queue),
                queue.concurrency(),
            )
        }
        Trigger::Stream(table, batch) => format!(
            "\
Stream:
  Type: DynamoDB
  Properties:
    Stream: !Ref {}
    StartingPosition: TRIM_HORIZON
    BatchSize: {batch}
    FunctionResponseTypes: [ReportBatchItemFailures]
    BisectBatchOnFunctionError: true
    MaximumRetryAttempts: {STREAM_RETRIES}
    MaximumRecordAgeInSeconds: {STREAM_AGE}
    DestinationConfig:
      OnFailure:
        Type: SQS
        Destination: !GetAtt {}.Arn
",
            Need::Stream(table).name(),
            failures_id(table.name()),
        ),
        Trigger::Invoke => String::new(),
    }
}

/// The logical id of a queue.
pub(crate) fn queue_id(queue: Queue) -> String {
    format!("{}Queue", logical_id(queue.name()))
}

/// The logical id of the queue that is told what of a table's stream was passed over.
pub(crate) fn failures_id(table: &str) -> String {
    format!("{}Failures", logical_id(table))
}

/// The role's statements: what the operation's row names, and nothing more.
fn statements(operation: &Operation) -> String {
    let id = logical_id(operation.name);
    let mut text =
        statement("Log", &["logs:CreateLogStream", "logs:PutLogEvents"], &[format!("!GetAtt {id}Log.Arn")]);
    for (table, touch) in operation.touches() {
        text += &on_table(table, &touch);
    }
    for used in operation.uses {
        text += &match used {
            Use::SendMail => statement(
                "SendMail",
                &["ses:SendEmail"],
                &[
                    arn("ses", "identity/${MailDomain}"),
                    arn("ses", "configuration-set/clientconnect-${Stage}"),
                ],
            ),
            Use::ReadIdentity => {
                statement("ReadIdentity", &["ses:GetEmailIdentity"], &[arn("ses", "identity/${MailDomain}")])
            }
            // It is about the whole AWS account.
            Use::ReadSendRate => statement("ReadSendRate", &["ses:GetAccount"], &["'*'".to_owned()]),
            Use::PutEvents => {
                statement("PutEvents", &["events:PutEvents"], &[arn("events", "event-bus/${BusName}")])
            }
            // Without the right to list, S3 says of a missing object that it is forbidden.
            Use::ReadUploads => {
                let bucket = "!Sub arn:${AWS::Partition}:s3:::${UploadsBucket}".to_owned();
                statement("ReadUploads", &["s3:GetObject"], &[uploads()])
                    + &statement("FindUploads", &["s3:ListBucket"], &[bucket])
            }
            Use::WriteUploads => statement("WriteUploads", &["s3:PutObject"], &[uploads()]),
            Use::ReadImages(picture) => {
                let sid = format!("Read{}s", logical_id(images::folder(*picture)));
                let bucket = "!Sub arn:${AWS::Partition}:s3:::${ImagesBucket}".to_owned();
                statement(&sid, &["s3:GetObject"], &[kept(*picture)])
                    + &statement(&format!("Find{sid}"), &["s3:ListBucket"], &[bucket])
            }
            Use::WriteImages(picture) => {
                let sid = format!("Keep{}s", logical_id(images::folder(*picture)));
                statement(&sid, &["s3:PutObject"], &[kept(*picture)])
            }
            Use::Read(secret) => {
                let sid = format!("Read{}", secret_id(*secret));
                statement(&sid, &["secretsmanager:GetSecretValue"], &[format!("!Ref {}", secret_id(*secret))])
            }
            Use::PortalUrl | Use::Stage => String::new(),
            Use::Write(secret) => {
                let sid = format!("Write{}", secret_id(*secret));
                statement(&sid, &["secretsmanager:PutSecretValue"], &[format!("!Ref {}", secret_id(*secret))])
            }
        };
    }
    text += &on_source(operation);
    text + &on_key(operation)
}

fn on_table(table: Table, touch: &Touch) -> String {
    let name = logical_id(table.name());
    let table = Need::Table(table).name();
    let actions: Vec<&str> = touch.actions.iter().copied().map(action).collect();
    let mut text = String::new();
    if !actions.is_empty() {
        text += &statement(&name, &actions, &[arn("dynamodb", &format!("table/${{{table}}}"))]);
    }
    if !touch.indexes.is_empty() {
        let indexes: Vec<String> = touch
            .indexes
            .iter()
            .map(|index| arn("dynamodb", &format!("table/${{{table}}}/index/{index}")))
            .collect();
        text += &statement(&format!("{name}Indexes"), &["dynamodb:Query"], &indexes);
    }
    text
}

/// What Lambda does with the function's role to bring it its events.
fn on_source(operation: &Operation) -> String {
    match operation.trigger {
        Trigger::Queue(queue, _) => statement(
            "TakeMessages",
            &[
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
            ],
            &[format!("!GetAtt {}.Arn", queue_id(queue))],
        ),
        Trigger::Stream(table, _) => {
            let stream = format!("table/${{{}}}/stream/*", Need::Table(table).name());
            statement(
                "ReadStream",
                &["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
                &[format!("!Ref {}", Need::Stream(table).name())],
            ) + &statement("FindStream", &["dynamodb:ListStreams"], &[arn("dynamodb", &stream)])
                + &statement(
                    "ReportFailures",
                    &["sqs:SendMessage"],
                    &[format!("!GetAtt {}.Arn", failures_id(table.name()))],
                )
        }
        Trigger::Http { .. } | Trigger::Schedule(_) | Trigger::Invoke => String::new(),
    }
}

/// The key, only through the services that hold what the operation may touch.
fn on_key(operation: &Operation) -> String {
    let uses = |wanted: fn(&Use) -> bool| operation.uses.iter().any(wanted);
    let from_stream = matches!(operation.trigger, Trigger::Stream(..));
    let from_queue = matches!(operation.trigger, Trigger::Queue(..));
    let services = [
        ("dynamodb", from_stream || !operation.touches().is_empty()),
        ("s3", uses(Use::is_of_objects)),
        ("secretsmanager", uses(|used| matches!(used, Use::Read(_) | Use::Write(_)))),
        ("sqs", from_stream || from_queue),
    ];
    let services: String = services
        .iter()
        .filter(|(_, used)| *used)
        .map(|(service, _)| format!("        - !Sub {service}.${{AWS::Region}}.amazonaws.com\n"))
        .collect();
    if services.is_empty() {
        return String::new();
    }
    let writes =
        from_stream || uses(|used| matches!(used, Use::WriteUploads | Use::WriteImages(_) | Use::Write(_)));
    let actions: &[&str] = if writes { &["kms:Decrypt", "kms:GenerateDataKey"] } else { &["kms:Decrypt"] };
    let mut text = statement("Key", actions, &["!Ref KeyArn".to_owned()]);
    text += &format!("  Condition:\n    StringEquals:\n      kms:ViaService:\n{services}");
    text
}

fn uploads() -> String {
    "!Sub arn:${AWS::Partition}:s3:::${UploadsBucket}/uploads/*".to_owned()
}

fn kept(picture: Picture) -> String {
    format!("!Sub arn:${{AWS::Partition}}:s3:::${{ImagesBucket}}/{}/*", images::folder(picture))
}

fn arn(service: &str, resource: &str) -> String {
    format!("!Sub arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}")
}

fn statement(sid: &str, actions: &[&str], resources: &[String]) -> String {
    let resources: String = resources.iter().map(|resource| format!("    - {resource}\n")).collect();
    let actions = list(actions.iter().copied());
    format!("- Sid: {sid}\n  Effect: Allow\n  Action: {actions}\n  Resource:\n{resources}")
}

const fn action(action: Action) -> &'static str {
    match action {
        Action::GetItem => "dynamodb:GetItem",
        Action::BatchGetItem => "dynamodb:BatchGetItem",
        Action::Query => "dynamodb:Query",
        Action::Scan => "dynamodb:Scan",
        Action::PutItem => "dynamodb:PutItem",
        Action::UpdateItem => "dynamodb:UpdateItem",
        Action::DeleteItem => "dynamodb:DeleteItem",
        Action::ConditionCheckItem => "dynamodb:ConditionCheckItem",
    }
}
