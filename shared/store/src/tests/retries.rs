//! What the embedded DynamoDB never shows: conflicts, throttles, lost answers, unprocessed keys.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use serde_json::{Value, json};

use super::*;
use crate::{CommitError, Conflict, Counted, Fault, Kind, ask};

/// What a call gets.
#[derive(Debug)]
enum Answer {
    Http(u16, Value),
    BrokenConnection,
    /// The condition failed on this item, to which the attempt that the last request names was counted.
    CountedAlready(Value),
}

/// Answers with what it was given, in order, and keeps what it was asked.
#[derive(Debug, Clone, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl HttpConnector for Script {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let asked: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let answer = self.answers.lock().unwrap().pop_front().unwrap();
        let (status, body): (u16, Value) = match answer {
            Answer::Http(status, body) => (status, body),
            Answer::CountedAlready(mut item) => {
                item["attempt"] = asked["ExpressionAttributeValues"][":attempt"].clone();
                let kind = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
                (400, json!({ "__type": kind, "Item": item }))
            }
            Answer::BrokenConnection => {
                return HttpConnectorFuture::ready(Err(ConnectorError::io("connection reset".into())));
            }
        };
        self.asked.lock().unwrap().push(asked);
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), body.to_string().into())))
    }
}

impl HttpClient for Script {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// A store whose calls get these answers, the SDK repeating none.
fn scripted(answers: impl IntoIterator<Item = Answer>) -> (Store, Script) {
    scripted_with(RetryConfig::disabled(), answers)
}

fn scripted_with(retries: RetryConfig, answers: impl IntoIterator<Item = Answer>) -> (Store, Script) {
    let script =
        Script { answers: Arc::new(Mutex::new(answers.into_iter().collect())), asked: Arc::default() };
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
        .retry_config(retries)
        .http_client(script.clone());
    (Store::new(Client::from_conf(config.build()), TableNames::with_prefix("")), script)
}

fn cancelled(codes: &[&str]) -> Answer {
    let reasons: Vec<_> = codes.iter().map(|code| json!({ "Code": code })).collect();
    Answer::Http(
        400,
        json!({ "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", "CancellationReasons": reasons }),
    )
}

fn error(status: u16, code: &str) -> Answer {
    Answer::Http(
        status,
        json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "zoe@example.org" }),
    )
}

fn done() -> Answer {
    Answer::Http(200, json!({}))
}

fn change() -> Transaction {
    let mut transaction = Transaction::new(&record(1, 1));
    transaction.put_account(Version::NONE, &opened(10, &individual(1, "A", "B", "a@example.org")).account);
    transaction.take_licence();
    transaction
}

#[tokio::test]
async fn conflicts_and_throttles_of_a_transaction_are_tried_again_with_the_same_token() {
    let contended = [
        cancelled(&["None", "TransactionConflict", "None"]),
        cancelled(&["ThrottlingError", "None", "None"]),
        error(400, "TransactionInProgressException"),
        done(),
    ];
    let (store, script) = scripted(contended);
    store.commit(change()).await.unwrap();
    let asked = script.asked.lock().unwrap();
    assert_eq!(asked.len(), 4);
    assert!(asked.iter().all(|request| request == &asked[0]));
}

#[tokio::test]
async fn a_transaction_that_is_always_in_conflict_is_given_up() {
    let (store, script) = scripted((0..5).map(|_| cancelled(&["None", "TransactionConflict", "None"])));
    let given_up = store.commit(change()).await.unwrap_err();
    assert!(matches!(given_up, CommitError::Fault(Fault::Unavailable { .. })), "{given_up}");
    assert_eq!(script.asked.lock().unwrap().len(), 5);
}

#[tokio::test]
async fn a_commit_whose_record_exists_has_been_made() {
    let own = cancelled(&["ConditionalCheckFailed", "ConditionalCheckFailed", "None"]);
    let (store, _) = scripted([cancelled(&["TransactionConflict", "None", "None"]), own]);
    store.commit(change()).await.unwrap();
}

#[tokio::test]
async fn a_condition_that_failed_is_told_even_beside_a_conflict() {
    let (store, _) = scripted([cancelled(&["None", "ConditionalCheckFailed", "TransactionConflict"])]);
    let refused = store.commit(change()).await.unwrap_err();
    assert!(matches!(refused, CommitError::Conflict(Conflict::Stale(Kind::Account))), "{refused}");
}

#[tokio::test]
async fn an_empty_shard_of_licences_is_left_for_another_under_another_token() {
    let shards: Vec<_> = (0..8)
        .map(|shard| json!({ "pk": { "S": format!("licence#{shard}") }, "v": { "N": "1" }, "free": { "N": if shard == 3 { "1" } else { "0" } } }))
        .collect();
    let licences = Answer::Http(200, json!({ "Responses": { "accounts": shards }, "UnprocessedKeys": {} }));
    let (store, script) =
        scripted([cancelled(&["None", "None", "ConditionalCheckFailed"]), licences, done()]);
    store.commit(change()).await.unwrap();
    let asked = script.asked.lock().unwrap();
    assert_ne!(asked[0]["ClientRequestToken"], asked[2]["ClientRequestToken"]);
    assert!(
        asked
            .iter()
            .all(|request| { request["ClientRequestToken"].as_str().is_none_or(|token| token.len() <= 36) })
    );
    assert_eq!(asked[2]["TransactItems"][2]["Update"]["Key"]["pk"]["S"], "licence#3");
}

#[tokio::test]
async fn unprocessed_keys_are_asked_for_again() {
    let key = json!({ "pk": { "S": "zoe@example.org" } });
    let item = json!({ "pk": { "S": "zoe@example.org" }, "v": { "N": "1" }, "holder": { "S": AccountId::new(uuid(1)).to_string() } });
    let (store, script) = scripted([
        Answer::Http(
            200,
            json!({ "Responses": {}, "UnprocessedKeys": { "credentials": { "Keys": [key], "ConsistentRead": true } } }),
        ),
        Answer::Http(200, json!({ "Responses": { "credentials": [item] }, "UnprocessedKeys": {} })),
    ]);
    let found = store.ask(ask::credentials(&email("zoe@example.org"))).await.unwrap();
    assert_eq!(found.unwrap().holder, AccountId::new(uuid(1)));
    assert_eq!(script.asked.lock().unwrap()[1]["RequestItems"]["credentials"]["ConsistentRead"], true);
}

#[tokio::test]
async fn faults_say_whether_later_helps_and_quote_nothing() {
    let cases = [
        (error(400, "ThrottlingException"), "unavailable"),
        (error(500, "InternalServerError"), "unavailable"),
        (Answer::Http(503, json!({})), "unavailable"),
        (Answer::BrokenConnection, "unavailable"),
        (error(400, "AccessDeniedException"), "refused"),
        (error(400, "ValidationException"), "internal"),
    ];
    for (answer, expected) in cases {
        let (store, _) = scripted([answer]);
        let fault = store.ask(ask::settings()).await.unwrap_err();
        let kind = match fault {
            Fault::Unavailable { .. } => "unavailable",
            Fault::Refused(_) => "refused",
            Fault::Internal { .. } => "internal",
            Fault::Corrupt { .. } => "corrupt",
        };
        assert_eq!(kind, expected, "{fault}");
        assert!(!fault.to_string().contains("zoe"), "{fault}");
    }
    let nameless = Store::new(scripted([]).0.client, TableNames::default());
    assert!(matches!(nameless.ask(ask::settings()).await, Err(Fault::Refused(_))));
}

#[tokio::test]
async fn a_counter_waits_for_transactions_and_says_when_they_never_end() {
    let account = opened(10, &individual(1, "A", "B", "a@example.org")).account;
    let item = golden::to_json(&crate::item::stored(&account, Version(4), None).unwrap());
    let busy = || error(400, "TransactionConflictException");
    let (store, script) = scripted([busy(), busy(), Answer::Http(200, json!({ "Attributes": item }))]);
    let counted = store.count_sign_in_attempt(account.id, 10).await.unwrap();
    assert!(matches!(counted, Counted::Yes(found) if found.value == account));
    let asked = script.asked.lock().unwrap().clone();
    assert!(asked.len() == 3 && asked.iter().all(|request| request == &asked[0]), "one and the same attempt");

    let (store, script) = scripted((0..5).map(|_| busy()));
    assert!(store.count_sign_in_attempt(account.id, 10).await.unwrap_err().is_contention());
    assert_eq!(script.asked.lock().unwrap().len(), 5);
}

#[tokio::test]
async fn an_attempt_whose_answer_was_lost_counts_once() {
    let mut account = opened(10, &individual(1, "A", "B", "a@example.org")).account;
    account.state = State::Pending { since: at(0), expires_at: at(9), remind_at: None, misses: 3 };
    let item = golden::to_json(&crate::item::stored(&account, Version(4), None).unwrap());
    let retries = RetryConfig::standard().with_initial_backoff(std::time::Duration::from_millis(1));
    let (store, script) = scripted_with(
        retries,
        [error(500, "InternalServerError"), Answer::CountedAlready(item.clone()), error_with(&item)],
    );
    let counted = store.claim_birth_date_attempt(account.id, account.generation, at(1)).await.unwrap();
    assert!(matches!(counted, Counted::Yes(found) if found.value == account));
    let refused = store.claim_birth_date_attempt(account.id, account.generation, at(1)).await.unwrap();
    assert!(matches!(refused, Counted::No(Some(found)) if found.value == account));
    let asked = script.asked.lock().unwrap();
    let attempt = |place: usize| &asked[place]["ExpressionAttributeValues"][":attempt"];
    assert_eq!(attempt(0), attempt(1));
    assert_ne!(attempt(1), attempt(2));
}

fn error_with(item: &Value) -> Answer {
    let kind = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
    Answer::Http(400, json!({ "__type": kind, "Item": item }))
}
