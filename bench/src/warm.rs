//! The portal's home when everything is warm: its own time in the handler, and over HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use axum::Router;
use axum::routing::get;
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

/// Adds up the time that calls take from when they leave the SDK until their answers are back.
#[derive(Clone, Debug)]
struct Timed<T> {
    inner: T,
    nanoseconds: Arc<AtomicU64>,
}

impl HttpClient for Timed<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        parts: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, parts);
        SharedHttpConnector::new(Timed { inner, nanoseconds: Arc::clone(&self.nanoseconds) })
    }
}

impl HttpConnector for Timed<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (started, nanoseconds) = (Instant::now(), Arc::clone(&self.nanoseconds));
        let answer = self.inner.call(request);
        HttpConnectorFuture::new(async move {
            let answer = answer.await;
            let took = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
            nanoseconds.fetch_add(took, Ordering::Relaxed);
            answer
        })
    }
}

/// An operation's time without its calls, and the whole time of one bare `GetItem`.
pub(crate) async fn own_time(
    agency: &Agency,
    operation: &str,
    event: &Value,
) -> Result<(Runs, Runs), Failure> {
    let aws = agency.local.aws();
    let found = OPERATIONS.iter().find(|known| known.name == operation).ok_or("no such operation")?;
    let nanoseconds = Arc::new(AtomicU64::new(0));
    let timed = Timed { inner: aws.sdk_http_client(), nanoseconds: Arc::clone(&nanoseconds) };
    let config = aws.sdk_config(operation).into_builder().http_client(SharedHttpClient::new(timed)).build();
    let environment = Environment::from_iter(agency.variables(operation));
    let services =
        Services::connect(&config, environment, found, Arc::new(SystemClock), Arc::new(SystemEntropy));
    let bare = Client::new(&aws.sdk_config(local::aws::ROOT));
    let variables = agency.variables(operation);
    let table = variables.get("SETTINGS_TABLE").ok_or("no settings table")?;
    let (mut ours, mut reference) = (Runs::default(), Runs::default());
    for number in 0..REQUESTS {
        let (event, before) = (event.clone(), nanoseconds.load(Ordering::Relaxed));
        let started = Instant::now();
        let answer = functions::invoke(found, &services, event, "measured".to_owned()).await?;
        let took = started.elapsed();
        let calls = Duration::from_nanos(nanoseconds.load(Ordering::Relaxed) - before);
        if answer.get("statusCode") != Some(&Value::from(200)) {
            return Err(answer.to_string().into());
        }
        let started = Instant::now();
        let item = bare
            .get_item()
            .table_name(table)
            .key("pk", AttributeValue::S("agency".to_owned()))
            .key("sk", AttributeValue::S("settings".to_owned()))
            .send()
            .await?;
        let one = started.elapsed();
        if item.item.is_none() {
            return Err("there are no settings to read".into());
        }
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
