//! The portal's home when everything is warm: its own time in the handler, and over HTTP.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use axum::Router;
use axum::routing::get;
use data_encoding::BASE64URL_NOPAD;
use functions::Environment;
use functions::operation::OPERATIONS;
use functions::ports::{SystemClock, SystemEntropy};
use functions::services::Services;
use serde_json::Value;

use crate::Failure;
use crate::agency::Agency;
use crate::figures::Runs;
use crate::http::Connection;

/// Requests in a row, for the times of single ones.
const REQUESTS: usize = 2_000;
/// How many ask at once, over HTTP.
const CONNECTIONS: usize = 8;
/// How long a round over HTTP lasts.
const ROUND: Duration = Duration::from_millis(200);

/// The reads that the home page makes, by the SDK alone: the operation's time beside them is its own.
struct Reads {
    client: Client,
    /// What is read together: tables and keys.
    steps: [Vec<(String, HashMap<String, AttributeValue>)>; 2],
}

impl Reads {
    /// Finds out what the event's session leads to.
    async fn of(
        agency: &Agency,
        event: &Value,
        variables: &BTreeMap<String, String>,
    ) -> Result<Self, Failure> {
        let client = Client::new(&agency.local.aws().sdk_config(local::aws::ROOT));
        let text = |value: &str| AttributeValue::S(value.to_owned());
        let table = |name: &str| variables.get(name).cloned().ok_or_else(|| format!("there is no {name}"));
        let cookie = event.pointer("/cookies/0").and_then(Value::as_str).unwrap_or_default();
        let claims = cookie.split('.').nth(1).ok_or("the sample has no session")?;
        let claims: Value = serde_json::from_slice(&BASE64URL_NOPAD.decode(claims.as_bytes())?)?;
        let claim = |name: &str| text(claims.get(name).and_then(Value::as_str).unwrap_or_default());
        let account = HashMap::from([("pk".to_owned(), claim("sub"))]);
        let accounts = table("ACCOUNTS_TABLE")?;
        let found = client.get_item().table_name(&accounts).set_key(Some(account.clone())).send().await?;
        let individual = found.item().and_then(|item| item.get("individual")).ok_or("no such account")?;
        let session = HashMap::from([("pk".to_owned(), claim("sid"))]);
        let profile =
            HashMap::from([("pk".to_owned(), individual.clone()), ("sk".to_owned(), text("profile"))]);
        let steps = [
            vec![(table("SESSIONS_TABLE")?, session), (accounts, account)],
            vec![(table("INDIVIDUALS_TABLE")?, profile)],
        ];
        Ok(Self { client, steps })
    }

    async fn make(&self) -> Result<(), Failure> {
        for step in &self.steps {
            let mut batch = self.client.batch_get_item();
            for (table, key) in step {
                let keys = KeysAndAttributes::builder().keys(key.clone()).consistent_read(true).build()?;
                batch = batch.request_items(table, keys);
            }
            let found = batch.send().await?.responses.unwrap_or_default();
            if found.values().map(Vec::len).sum::<usize>() != step.len() {
                return Err("a record of the home page is missing".into());
            }
        }
        Ok(())
    }
}

/// The home page's time beside its reads, and the time of one bare `GetItem`.
pub(crate) async fn own_time(agency: &Agency, event: &Value) -> Result<(Runs, Runs), Failure> {
    let name = "portal.get_home";
    let found = OPERATIONS.iter().find(|known| known.name == name).ok_or("no such operation")?;
    let variables = agency.variables(name);
    let config = agency.local.aws().sdk_config(name);
    let environment = Environment::from_iter(variables.clone());
    let services =
        Services::connect(&config, environment, found, Arc::new(SystemClock), Arc::new(SystemEntropy));
    let reads = Reads::of(agency, event, &variables).await?;
    let (table, key) = reads.steps[1].first().ok_or("nothing is read")?;
    let (mut ours, mut reference) = (Runs::default(), Runs::default());
    for number in 0..REQUESTS {
        let event = event.clone();
        let started = Instant::now();
        let answer = functions::invoke(found, &services, event, "measured".to_owned()).await?;
        let took = started.elapsed();
        if answer.get("statusCode") != Some(&Value::from(200)) {
            return Err(answer.to_string().into());
        }
        let started = Instant::now();
        reads.make().await?;
        let calls = started.elapsed();
        let started = Instant::now();
        reads.client.get_item().table_name(table).set_key(Some(key.clone())).send().await?;
        let one = started.elapsed();
        // The first ones connect and fill caches.
        if number >= REQUESTS / 20 {
            ours.took(took.saturating_sub(calls));
            reference.took(one);
        }
    }
    Ok((ours, reference))
}

/// Requests per second of the home page, and of the bare server framework with a body of the same size; by turns.
pub(crate) async fn rates(agency: &Agency, event: &Value, runs: usize) -> Result<(Runs, Runs), Failure> {
    let cookie = event.pointer("/cookies/0").and_then(Value::as_str).unwrap_or_default();
    let headers = format!("cookie: {cookie}\r\n");
    let path = event.get("rawPath").and_then(Value::as_str).unwrap_or_default();
    let ours = &agency.server.portal;
    let body = Connection::open(ours).await?.send("GET", path, &headers, &[]).await?.ok()?.to_string();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let bare = format!("http://{}", listener.local_addr()?);
    let json = [("content-type", "application/json")];
    let app = Router::new().route(path, get(move || std::future::ready((json, body.clone()))));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let (mut home, mut reference) = (Runs::default(), Runs::default());
    for _ in 0..runs {
        home.push(rate(ours, path, &headers).await?);
        reference.push(rate(&bare, path, &headers).await?);
    }
    Ok((home, reference))
}

async fn rate(origin: &str, path: &str, headers: &str) -> Result<f64, Failure> {
    let mut askers = tokio::task::JoinSet::new();
    let started = Instant::now();
    for _ in 0..CONNECTIONS {
        let [origin, path, headers] = [origin, path, headers].map(str::to_owned);
        askers.spawn(async move {
            let mut connection = Connection::open(&origin).await?;
            let mut answered = 0_u32;
            while started.elapsed() < ROUND {
                connection.send("GET", &path, &headers, &[]).await?.ok()?;
                answered += 1;
            }
            Ok::<_, std::io::Error>(answered)
        });
    }
    let mut answered = 0;
    while let Some(asker) = askers.join_next().await {
        answered += asker??;
    }
    Ok(f64::from(answered) / started.elapsed().as_secs_f64())
}
