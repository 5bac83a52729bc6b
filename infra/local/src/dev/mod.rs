//! What only a developer needs, on the portal's port: mailbox, clock, queues, contract, demo sign-ins, Lambda's Invoke API.

mod mailbox;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::invoke::InvokeError;
use crate::server::Served;

/// Where Lambda's Invoke API is.
const INVOKE: &str = "/2015-03-31/functions/";

/// Where the dead letters of a queue are brought back: its name, then `/redrive`.
const QUEUES: &str = "/_local/queues/";

/// Whether a path is one of these.
pub(crate) fn is_here(path: &str) -> bool {
    path == "/_local" || path.starts_with("/_local/") || path.starts_with(INVOKE)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MoveClock {
    advance_seconds: Option<i64>,
    now: Option<DateTime<Utc>>,
}

pub(crate) async fn answer(served: &Served, request: &Request<Bytes>) -> Response<Bytes> {
    if !is_from_here(served, request) {
        return refuse(
            StatusCode::FORBIDDEN,
            "The developer's pages are for this machine's own pages and programs.",
        );
    }
    let path = request.uri().path();
    let local = &served.local;
    match (request.method(), path) {
        (&Method::POST, "/_local/clock") => move_clock(served, request),
        (&Method::GET, "/_local/clock") => {
            reply(StatusCode::OK, &json!({ "now": local.aws().clock().now() }))
        }
        (&Method::GET, "/_local/openapi.json") => reply(StatusCode::OK, &served.pages.openapi),
        (&Method::GET, "/_local/demo.json") => demo(served),
        (&Method::GET, "/_local/mail.json") => match local.mails() {
            Ok(mails) => reply(StatusCode::OK, &json!({ "mails": mails })),
            Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        },
        (&Method::GET, "/_local/queues.json") => match local.backlog() {
            Ok(backlog) => {
                let queue = |(queue, waiting, oldest): &(String, usize, i64)| json!({ "queue": queue, "waiting": waiting, "oldest_seconds": oldest });
                let queues: Vec<Value> = backlog.iter().map(queue).collect();
                reply(StatusCode::OK, &json!({ "queues": queues }))
            }
            Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        },
        (&Method::GET, "/_local" | "/_local/") => mailbox::index(served),
        (&Method::GET, path) if path.starts_with("/_local/mail") => mailbox::answer(local, path),
        (&Method::DELETE, "/_local/mail.json") => match local.aws().forget_mails() {
            Ok(forgotten) => reply(StatusCode::OK, &forgotten),
            Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        },
        (&Method::POST, path) if path.starts_with(QUEUES) => redrive(served, path),
        (&Method::POST, path) => {
            match path.strip_prefix(INVOKE).and_then(|path| path.strip_suffix("/invocations")) {
                Some(function) => invoke(served, function, request).await,
                None => nothing_here(),
            }
        }
        _ => nothing_here(),
    }
}

/// Keeps pages of other sites out, which a browser on this machine may have open: neither a name that only leads
/// here, nor a script from elsewhere.
fn is_from_here(served: &Served, request: &Request<Bytes>) -> bool {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let host = header("host").unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let origin = header("origin");
    // Whoever sends a person here can't read what they see.
    let is_followed_link = request.method() == Method::GET && header("sec-fetch-mode") == Some("navigate");
    matches!(name, "127.0.0.1" | "localhost" | "[::1]" | "host.docker.internal")
        && origin.is_none_or(|origin| served.origins.iter().any(|ours| ours == origin))
        && (header("sec-fetch-site") != Some("cross-site") || is_followed_link)
}

fn move_clock(served: &Served, request: &Request<Bytes>) -> Response<Bytes> {
    let clock = served.local.aws().clock();
    let to = match serde_json::from_slice(request.body()) {
        Ok(MoveClock { advance_seconds: Some(seconds), now: None }) => {
            TimeDelta::try_seconds(seconds).and_then(|by| clock.now().checked_add_signed(by))
        }
        Ok(MoveClock { advance_seconds: None, now: Some(now) }) => Some(now),
        _ => None,
    };
    let Some(to) = to else {
        return refuse(
            StatusCode::BAD_REQUEST,
            r#"Send {"advance_seconds": 86400} or {"now": "2026-11-22T12:00:00Z"}."#,
        );
    };
    match served.local.set_clock(to) {
        Ok(()) => reply(StatusCode::OK, &json!({ "now": clock.now() })),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// Brings the messages of a dead-letter queue back to where they failed.
fn redrive(served: &Served, path: &str) -> Response<Bytes> {
    let queue = path.strip_prefix(QUEUES).and_then(|path| path.strip_suffix("/redrive")).unwrap_or_default();
    match served.local.redrive(queue) {
        Ok(Some(moved)) => reply(StatusCode::OK, &json!({ "moved": moved })),
        Ok(None) => {
            refuse(StatusCode::NOT_FOUND, "No queue has such dead letters; /_local/queues.json lists them.")
        }
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn demo(served: &Served) -> Response<Bytes> {
    let Some(Value::Object(demo)) = &served.pages.demo else {
        return refuse(StatusCode::NOT_FOUND, "This data has no demo agency.");
    };
    let mut demo = demo.clone();
    let [portal, admin] = &served.origins;
    for (name, address) in
        [("portal", portal.clone()), ("admin", admin.clone()), ("mailbox", format!("{portal}/_local/mail"))]
    {
        demo.insert(name.to_owned(), address.into());
    }
    reply(StatusCode::OK, &Value::Object(demo))
}

/// Lambda's Invoke: waits for the answer, or only takes the event, as the caller wishes.
async fn invoke(served: &Served, function: &str, request: &Request<Bytes>) -> Response<Bytes> {
    let local = &served.local;
    let event =
        if request.body().is_empty() { Ok(json!({})) } else { serde_json::from_slice(request.body()) };
    let (name, event) = match (local.function(function), event) {
        (Err(unknown), _) => return refuse(StatusCode::NOT_FOUND, &unknown.to_string()),
        (_, Err(error)) => {
            return refuse(StatusCode::BAD_REQUEST, &format!("Could not parse request body: {error}"));
        }
        (Ok(name), Ok(event)) => (name, event),
    };
    match request.headers().get("x-amz-invocation-type").and_then(|kind| kind.to_str().ok()) {
        Some("Event") => match local.invoke_later(name, &event) {
            Ok(()) => bare(StatusCode::ACCEPTED),
            Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        },
        Some("DryRun") => bare(StatusCode::NO_CONTENT),
        _ => match local.invoke(name, event).await {
            Ok(answer) => reply(StatusCode::OK, &answer),
            Err(failed) => {
                let kind = if matches!(failed, InvokeError::TimedOut { .. }) {
                    "Sandbox.Timedout"
                } else {
                    "Unhandled"
                };
                let body = json!({ "errorType": kind, "errorMessage": failed.to_string() });
                let mut response = reply(StatusCode::OK, &body);
                response.headers_mut().insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
                response
            }
        },
    }
}

fn nothing_here() -> Response<Bytes> {
    refuse(StatusCode::NOT_FOUND, "There is nothing here; /_local lists what there is.")
}

fn bare(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

fn reply(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(format!("{body}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    response.headers_mut().insert("cache-control", HeaderValue::from_static("no-store"));
    response
}

fn refuse(status: StatusCode, message: &str) -> Response<Bytes> {
    reply(status, &json!({ "message": message }))
}
