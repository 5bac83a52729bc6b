//! Streams, queues, schedules and the data file, with functions that only a test has.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use chrono::TimeDelta;
use http::Request;
use serde_json::{Value, json};

use crate::invoke::{Answer, InvokeError, Invoker};
use crate::server::{Listeners, Pages, Ports};
use crate::{DrainError, Local, Options, Place, Site, StartError};

const TEMPLATE: &str = "
Transform: AWS::Serverless-2016-10-31
Resources:
  Journal:
    Type: AWS::DynamoDB::Table
    Properties:
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_IMAGE}
  Dead: {Type: AWS::SQS::Queue, Properties: {}}
  Lost: {Type: AWS::SQS::Queue, Properties: {}}
  Mails:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 60
      RedrivePolicy: {maxReceiveCount: 3, deadLetterTargetArn: !GetAtt Dead.Arn}
  Open:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Mails]
      PolicyDocument:
        Statement:
          - {Effect: Allow, Principal: {Service: events.amazonaws.com}, Action: 'sqs:SendMessage', Resource: !GetAtt Mails.Arn}
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: bus}}
  ToMails:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      EventPattern: {source: [us], detail-type: [said]}
      Targets: [{Id: mails, Arn: !GetAtt Mails.Arn}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}]
      Policies: [{PolicyDocument: {Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}}]
  Api: {Type: AWS::Serverless::HttpApi, Properties: {Name: the-portal}}
  Publish:
    Type: AWS::Serverless::Function
    Properties:
      Handler: jobs.publish
      Role: !GetAtt Role.Arn
      Events:
        Stream:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Journal.StreamArn
            BatchSize: 4
            BisectBatchOnFunctionError: true
            MaximumRetryAttempts: 2
            DestinationConfig: {OnFailure: {Destination: !GetAtt Lost.Arn}}
  Send:
    Type: AWS::Serverless::Function
    Properties:
      Handler: jobs.send
      Role: !GetAtt Role.Arn
      Events:
        Mails:
          Type: SQS
          Properties: {Queue: !GetAtt Mails.Arn, BatchSize: 10, FunctionResponseTypes: [ReportBatchItemFailures]}
  Sweep:
    Type: AWS::Serverless::Function
    Properties:
      Handler: jobs.sweep
      Role: !GetAtt Role.Arn
      Events:
        Hourly: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 hour)}}
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      Handler: portal.echo
      Role: !GetAtt Role.Arn
      Events:
        Request: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: post, Path: '/echo/{id}'}}
";

/// Notes every invocation, and fails where its body or key says so.
#[derive(Clone, Default)]
struct Functions(Arc<Mutex<Vec<(String, Value)>>>);

impl Functions {
    fn of(&self, function: &str) -> Vec<Value> {
        self.0
            .lock()
            .unwrap()
            .iter()
            .filter(|(name, _)| name == function)
            .map(|(_, event)| event.clone())
            .collect()
    }

    /// The keys of the records that the publisher was given, batch by batch.
    fn published(&self) -> Vec<Vec<String>> {
        let key = |record: &Value| record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap().to_owned();
        self.of("Publish")
            .iter()
            .map(|event| event["Records"].as_array().unwrap().iter().map(key).collect())
            .collect()
    }
}

impl Invoker for Functions {
    fn invoke(&self, function: &str, event: Value, _: String) -> Answer {
        self.0.lock().unwrap().push((function.to_owned(), event.clone()));
        let text = event.to_string();
        let answer = match function {
            "Send" => {
                let failing =
                    event["Records"].as_array().unwrap().iter().filter(|one| one["body"] == "\"poison\"");
                let failing: Vec<Value> =
                    failing.map(|one| json!({ "itemIdentifier": one["messageId"] })).collect();
                Ok(json!({ "batchItemFailures": failing }))
            }
            "Echo" => Ok(json!({ "statusCode": 200, "body": text })),
            _ if text.contains("poison") => Err("poison".to_owned()),
            _ if text.contains("panic") => return Box::pin(async { panic!("asked to") }),
            _ => Ok(json!({})),
        };
        Box::pin(async { answer })
    }
}

pub(crate) struct Home {
    pub(crate) directory: tempfile::TempDir,
    functions: Functions,
}

impl Home {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("template.yaml"), TEMPLATE).unwrap();
        Self { directory, functions: Functions::default() }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("data.db")
    }

    fn try_open(&self, place: Place) -> Result<Local, StartError> {
        let options = Options {
            template: self.directory.path().join("template.yaml"),
            parameters: BTreeMap::new(),
            place,
            stopped_at: "2026-01-01T00:00:00Z".parse().ok(),
        };
        Local::open(&options, |_, _| Arc::new(self.functions.clone()))
    }

    pub(crate) fn open(&self) -> Local {
        self.try_open(Place::File(self.file())).unwrap()
    }
}

async fn write(local: &Local, keys: &[&str]) {
    let client = aws_sdk_dynamodb::Client::new(&local.aws().sdk_config("root"));
    for key in keys {
        let key = AttributeValue::S((*key).to_owned());
        client.put_item().table_name("Journal").item("pk", key).send().await.unwrap();
    }
}

async fn say(local: &Local, bodies: &[&str]) {
    let client = aws_sdk_eventbridge::Client::new(&local.aws().sdk_config("root"));
    for body in bodies {
        let entry = aws_sdk_eventbridge::types::PutEventsRequestEntry::builder()
            .source("us")
            .detail_type("said")
            .event_bus_name("bus")
            .detail(json!({ "what": body }).to_string())
            .build();
        client.put_events().entries(entry).send().await.unwrap();
    }
}

#[tokio::test]
async fn a_stream_is_read_in_order_and_only_once() {
    let home = Home::new();
    let local = home.open();
    write(&local, &["a", "b", "c", "d", "e"]).await;
    local.drain().await.unwrap();
    local.drain().await.unwrap();
    assert_eq!(home.functions.published(), [vec!["a", "b", "c", "d"], vec!["e"]]);
}

#[tokio::test]
async fn a_failing_batch_is_halved_until_only_the_poison_is_given_up() {
    let home = Home::new();
    let local = home.open();
    write(&local, &["a", "b", "poison", "d"]).await;
    local.drain().await.unwrap();
    let batches = home.functions.published();
    assert_eq!(batches.iter().filter(|batch| *batch == &["poison"]).count(), 3, "{batches:?}");
    assert_eq!(batches.last().unwrap(), &["d"]);
    let lost = local.queued("Lost").unwrap();
    assert_eq!(lost.len(), 1);
    assert!(lost[0].contains("RetryAttemptsExhausted") && !lost[0].contains("poison"));
}

#[tokio::test]
async fn what_was_written_before_a_crash_is_delivered_after_it() {
    let home = Home::new();
    let local = home.open();
    write(&local, &["a", "b"]).await;
    say(&local, &["hello"]).await;
    local.invoke_later("Sweep", &json!({ "by": "hand" })).unwrap();
    drop(local);
    let local = home.open();
    local.drain().await.unwrap();
    assert_eq!(home.functions.published(), [["a", "b"]]);
    assert_eq!(home.functions.of("Send").len(), 1);
    assert_eq!(home.functions.of("Sweep"), [json!({ "by": "hand" })]);
}

#[tokio::test]
async fn a_message_that_fails_returns_alone_and_is_buried_after_its_last_try() {
    let home = Home::new();
    let local = home.open();
    local
        .aws()
        .data()
        .transaction(|sql| {
            ["\"good\"", "\"poison\"", "\"better\""]
                .iter()
                .try_for_each(|body| crate::queue::send(sql, "Mails", body, 0))
        })
        .unwrap();
    local.drain().await.unwrap();
    let counts: Vec<usize> =
        home.functions.of("Send").iter().map(|event| event["Records"].as_array().unwrap().len()).collect();
    assert_eq!(counts, [3, 1, 1]);
    let last = &home.functions.of("Send")[2]["Records"][0];
    assert_eq!(last["attributes"]["ApproximateReceiveCount"], "3");
    assert_eq!(last["eventSourceARN"], "arn:aws:sqs:us-east-1:000000000000:Mails");
    assert_eq!(local.queued("Dead").unwrap(), ["\"poison\""]);
    assert!(local.queued("Mails").unwrap().is_empty());
}

#[tokio::test]
async fn a_received_message_is_hidden_for_its_time_but_not_from_the_next_process() {
    let home = Home::new();
    let local = home.open();
    say(&local, &["hello"]).await;
    let receive = |local: &Local, seconds: i64| {
        let now = local.aws().clock().now().timestamp_millis() + seconds * 1000;
        local
            .aws()
            .data()
            .sql(|sql| crate::queue::receive(sql, "Mails", 10, now, now, now + 60_000))
            .unwrap()
            .len()
    };
    assert_eq!((receive(&local, 0), receive(&local, 59), receive(&local, 60)), (1, 0, 1));
    drop(local);
    assert_eq!(receive(&home.open(), 0), 1);
}

#[tokio::test]
async fn a_schedule_catches_up_once_and_waits_for_its_next_time() {
    let home = Home::new();
    let local = home.open();
    local.drain().await.unwrap();
    assert!(home.functions.of("Sweep").is_empty());
    local.aws().clock().advance(TimeDelta::minutes(200)).unwrap();
    local.drain().await.unwrap();
    assert_eq!(home.functions.of("Sweep").len(), 1);
    assert_eq!(home.functions.of("Sweep")[0]["time"], "2026-01-01T03:00:00Z");
    drop(local);
    let local = home.open();
    local.aws().clock().advance(TimeDelta::minutes(39)).unwrap();
    local.drain().await.unwrap();
    assert_eq!(home.functions.of("Sweep").len(), 1);
    local.aws().clock().advance(TimeDelta::minutes(1)).unwrap();
    local.drain().await.unwrap();
    assert_eq!(home.functions.of("Sweep").len(), 2);
    local.run_schedule("Sweep").await.unwrap();
    assert_eq!(home.functions.of("Sweep").len(), 3);
}

#[tokio::test]
async fn a_panic_stays_inside_its_function() {
    let home = Home::new();
    let local = home.open();
    let failed = local.invoke("jobs.sweep", json!("panic")).await.unwrap_err();
    assert!(matches!(failed, InvokeError::Failed { .. }), "{failed}");
    assert!(local.invoke("jobs.sweep", json!({})).await.is_ok());
    assert_eq!(local.invoke("jobs.none", json!({})).await, Err(InvokeError::Unknown("jobs.none".to_owned())));
}

#[tokio::test]
async fn a_function_that_nobody_waits_for_is_tried_three_times() {
    let home = Home::new();
    let local = home.open();
    local.invoke_later("Sweep", &json!("poison")).unwrap();
    local.drain().await.unwrap();
    assert_eq!(home.functions.of("Sweep").len(), 3);
    assert_eq!(local.queued(crate::queues::FAILED_INVOCATIONS).unwrap(), ["\"poison\""]);
}

#[tokio::test]
async fn a_stream_nobody_gives_up_on_is_said_to_be_stuck() {
    let home = Home::new();
    let endless = TEMPLATE.replace("MaximumRetryAttempts: 2", "MaximumRetryAttempts: -1");
    fs::write(home.directory.path().join("template.yaml"), endless).unwrap();
    let local = home.open();
    write(&local, &["poison"]).await;
    assert!(matches!(local.drain().await, Err(DrainError::Stuck(function)) if function == "Publish"));
}

#[tokio::test]
async fn a_request_arrives_as_api_gateway_would_bring_it() {
    let home = Home::new();
    let local = home.open();
    let request = |method: &str, path: &str| {
        Request::builder()
            .method(method)
            .uri(path)
            .header("host", "127.0.0.1:8080")
            .header("Cookie", "a=1; b=2")
            .header("x-twice", "1")
            .header("x-twice", "2")
            .body(Bytes::from_static(b"{\"k\":1}"))
            .unwrap()
    };
    let answer = local.http(Site::Portal, request("POST", "/echo/a%2Fb?q=%20x"), "203.0.113.9").await;
    let event: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["routeKey"], "POST /echo/{id}");
    assert_eq!(event["pathParameters"], json!({ "id": "a/b" }));
    assert_eq!(event["queryStringParameters"], json!({ "q": " x" }));
    assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(event["headers"]["x-twice"], "1,2");
    assert_eq!(event["requestContext"]["http"]["sourceIp"], "203.0.113.9");
    assert_eq!(event["body"], "{\"k\":1}");
    for (site, method, path) in
        [(Site::Portal, "GET", "/echo/a"), (Site::Portal, "POST", "/other"), (Site::Admin, "POST", "/echo/a")]
    {
        let answer = local.http(site, request(method, path), "::1").await;
        assert_eq!(
            (answer.status().as_u16(), answer.body().as_ref()),
            (404, br#"{"message":"Not Found"}"#.as_ref())
        );
    }
    let mut large = request("POST", "/echo/a");
    *large.body_mut() = vec![b' '; 10 * 1024 * 1024 + 1].into();
    assert_eq!(local.http(Site::Portal, large, "::1").await.status(), 413);
}

#[tokio::test]
async fn a_snapshot_brings_everything_back() {
    let home = Home::new();
    let local = home.open();
    write(&local, &["a"]).await;
    say(&local, &["hello"]).await;
    let snapshot = local.snapshot().unwrap();
    local.drain().await.unwrap();
    local.set_clock("2027-06-01T00:00:00Z".parse().unwrap()).unwrap();
    local.restore(&snapshot).unwrap();
    assert_eq!(local.aws().clock().now().to_rfc3339(), "2026-01-01T00:00:00+00:00");
    local.drain().await.unwrap();
    let copy = home.try_open(Place::CopyOf(snapshot.path().to_owned())).unwrap();
    copy.drain().await.unwrap();
    assert_eq!(home.functions.published().len(), 3);
    assert_eq!(home.functions.of("Send").len(), 3);
}

#[test]
fn two_servers_cant_have_one_file() {
    let home = Home::new();
    let first = home.open();
    let second = home.try_open(Place::File(home.file())).unwrap_err().to_string();
    assert!(second.contains("in use by another local server") && second.contains("LOCAL_DATA"), "{second}");
    drop(first);
    home.open();
}

#[test]
fn a_newer_or_damaged_file_is_refused_and_stays_as_it_is() {
    let home = Home::new();
    drop(home.open());
    let refused = |what: &str| {
        let before = fs::read(home.file()).unwrap();
        let message = home.try_open(Place::File(home.file())).unwrap_err().to_string();
        assert!(message.contains(what) && message.contains("left as it is"), "{message}");
        assert_eq!(fs::read(home.file()).unwrap(), before);
    };
    let sql = |statement: &str| {
        let sql = rusqlite::Connection::open(home.file()).unwrap();
        sql.execute_batch(statement).unwrap();
        sql.pragma_update(None, "journal_mode", "DELETE").unwrap();
    };
    sql("UPDATE local_meta SET value = '99' WHERE key = 'format'");
    refused("newer version (format 99");
    sql("DELETE FROM local_meta WHERE key = 'format'");
    refused("not one of this program");
    let mut bytes = fs::read(home.file()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 9000].fill(0x5a);
    fs::write(home.file(), &bytes).unwrap();
    refused("can't be used");
    fs::write(home.file(), "no database at all, but long enough").unwrap();
    refused("not an SQLite database");
}

#[tokio::test]
async fn an_older_file_is_migrated_from_a_copy() {
    let home = Home::new();
    let local = home.open();
    write(&local, &["a"]).await;
    drop(local);
    let sql = rusqlite::Connection::open(home.file()).unwrap();
    sql.execute_batch("UPDATE local_meta SET value = '0' WHERE key = 'format'").unwrap();
    drop(sql);
    let local = home.open();
    local.drain().await.unwrap();
    assert_eq!(home.functions.published(), [["a"]]);
    assert!(home.directory.path().join("data.db.format-0").exists());
    assert!(!home.directory.path().join("data.db.migrating").exists());
}

#[tokio::test]
async fn a_port_in_use_is_named_with_the_way_out() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let ports = Ports { portal: 0, admin: port, aws: 0, ..Ports::default() };
    let message = Listeners::bind(ports).await.unwrap_err().to_string();
    assert!(
        message.contains(&format!("port {port}, for the admin site")) && message.contains("ADMIN_PORT="),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_does_by_itself_what_becomes_due_and_ends_when_told() {
    let home = Home::new();
    let local = home.open();
    let listeners = Listeners::bind(Ports { portal: 0, admin: 0, aws: 0, ..Ports::default() }).await.unwrap();
    let server = local.serve(listeners, Pages::default());
    write(&local, &["a"]).await;
    say(&local, &["hello"]).await;
    let portal = server.portal.trim_start_matches("http://").to_owned();
    let moved = send(&portal, "POST", "/_local/clock", "", r#"{"advance_seconds":7200}"#).await;
    assert!(moved.contains("2026-01-01T02:00:00"), "{moved}");
    while home.functions.published().is_empty()
        || home.functions.of("Send").is_empty()
        || home.functions.of("Sweep").is_empty()
    {
        tokio::task::yield_now().await;
    }
    let invoked =
        send(&portal, "POST", "/2015-03-31/functions/jobs.sweep/invocations", "", "\"poison\"").await;
    assert!(invoked.contains("x-amz-function-error: Unhandled"), "{invoked}");
    let mailbox = send(&portal, "GET", "/_local/mail", "", "").await;
    assert!(mailbox.contains("200 OK") && mailbox.contains("No mail yet"), "{mailbox}");
    let foreign = send(&portal, "GET", "/_local/mail.json", "Origin: http://elsewhere.example\r\n", "").await;
    assert!(foreign.contains("403 Forbidden"), "{foreign}");
    server.stop().await;
    assert!(tokio::net::TcpStream::connect(&portal).await.is_err());
}

/// One request over a connection of its own, and all that was answered.
pub(crate) async fn send(to: &str, method: &str, path: &str, headers: &str, body: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(to).await.unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[test]
fn a_changed_template_adds_to_an_existing_file() {
    let home = Home::new();
    drop(home.open());
    let more = TEMPLATE.replace(
        "      KeySchema: [{AttributeName: pk, KeyType: HASH}]\n",
        "      KeySchema: [{AttributeName: pk, KeyType: HASH}]\n      GlobalSecondaryIndexes:\n        - {IndexName: day, \
         KeySchema: [{AttributeName: day, KeyType: HASH}], Projection: {ProjectionType: ALL}}\n",
    );
    fs::write(home.directory.path().join("template.yaml"), &more).unwrap();
    home.open();
    let other = more.replace("KeySchema: [{AttributeName: pk,", "KeySchema: [{AttributeName: id,");
    fs::write(home.directory.path().join("template.yaml"), other).unwrap();
    let refused = home.try_open(Place::File(home.file())).unwrap_err().to_string();
    assert!(refused.contains("Journal") && refused.contains("other keys"), "{refused}");
    assert!(Path::new(&home.file()).exists());
}
