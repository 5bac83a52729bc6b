//! The way of a request: origin, caller, body, operation, answer.

use std::future::Future;

use aws_lc_rs::digest;
use data_encoding::HEXLOWER;
use http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, RETRY_AFTER, SET_COOKIE,
};
use lambda_http::{Body, Request, RequestExt, Response};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use store::Fault;
use tracing::{error, info};

use super::BoxFuture;
use super::caller::{Caller, device_cookie, session_cookie};
use super::content::Content;
use crate::context::{Call, Context};
use crate::operation::{Idempotency, Method, Trigger};
use crate::problem::{EntryRefusal, Failure, Problem, Refusal};
use crate::signing_in::{KnownDevice, NewSession};

/// No request needs more; files go straight to the bucket.
pub const MAXIMUM_BODY: usize = 64 * 1024;

/// 400 days, the longest that browsers keep a cookie.
const DEVICE_KEPT: &str = "; Max-Age=34560000";

/// An operation that answers requests: its caller, request, response and refusals as types, and its work.
pub trait HttpOperation: 'static {
    /// Who calls, established before `handle` runs.
    type Caller: Caller;
    /// Body, path parameters and query together, as one object.
    type Request: DeserializeOwned + Described + Send;
    /// The body of a success; read back when a call is repeated.
    type Response: Content;
    /// What it expects to refuse.
    type Refused: Refusal;

    /// Does the work.
    fn handle(
        context: &Context<'_>,
        caller: Self::Caller,
        request: Self::Request,
    ) -> impl Future<Output = Result<Reply<Self::Response>, Failure<Self::Refused>>> + Send;
}

/// What OpenAPI can describe; anything at all in the artifact, which carries no OpenAPI.
#[cfg(feature = "openapi")]
pub trait Described: utoipa::ToSchema {}
#[cfg(feature = "openapi")]
impl<T: utoipa::ToSchema> Described for T {}
/// What OpenAPI can describe; anything at all in the artifact, which carries no OpenAPI.
#[cfg(not(feature = "openapi"))]
pub trait Described {}
#[cfg(not(feature = "openapi"))]
impl<T> Described for T {}

/// How long browsers may keep what is the same for everybody: with the 30 seconds that settings are kept here, a saved
/// change shows within a minute.
const PUBLIC: &str = "public, max-age=20";
/// What has a name of its own for every content, and is the same for everybody.
const UNCHANGING: &str = "public, max-age=31536000, immutable";
/// Data of somebody's.
const PRIVATE: &str = "no-store";

/// A success: the body, cookies to set or clear, whether it may be kept.
#[derive(Debug)]
pub struct Reply<T> {
    body: T,
    cache: &'static str,
    cookies: Vec<String>,
    clear_site_data: bool,
}

impl<T> From<T> for Reply<T> {
    fn from(body: T) -> Self {
        Self { body, cache: PRIVATE, cookies: Vec::new(), clear_site_data: false }
    }
}

impl<T> Reply<T> {
    /// The same for everybody, so that browsers may keep it for a moment.
    #[must_use]
    pub(crate) fn for_everybody(self) -> Self {
        Self { cache: PUBLIC, ..self }
    }

    /// The same for everybody, for ever.
    #[must_use]
    pub(crate) fn unchanging(self) -> Self {
        Self { cache: UNCHANGING, ..self }
    }

    /// Also sets the session's cookie, for as long as the browser runs; the session's own clocks are on the server.
    #[must_use]
    pub(crate) fn with_session(self, opened: &NewSession) -> Self {
        self.with_cookie(session_cookie(opened.session.holder.audience()), &opened.token, "")
    }

    /// Also lets the browser be known when it comes again.
    #[must_use]
    pub(crate) fn with_device(self, device: &KnownDevice) -> Self {
        self.with_cookie(device_cookie(device.audience), &device.value, DEVICE_KEPT)
    }

    /// Also clears the session cookie and what the browser keeps of the site; that its device is known here it keeps.
    #[must_use]
    pub fn without_session(mut self, cookie_name: &str) -> Self {
        self.clear_site_data = true;
        self.with_cookie(cookie_name, "", "; Max-Age=0")
    }

    fn with_cookie(mut self, name: &str, value: &str, lifetime: &str) -> Self {
        self.cookies.push(format!("{name}={value}; Path=/; HttpOnly; Secure; SameSite=Strict{lifetime}"));
        self
    }
}

/// The entry of one operation, as the table holds it.
pub fn serve<'a, O: HttpOperation>(
    context: &'a Context<'a>,
    request: Request,
) -> BoxFuture<'a, Response<Body>> {
    Box::pin(async move {
        let answer = match attempt::<O>(context, &request).await {
            Ok(reply) => success(reply),
            Err(failure) => refusal(context, &failure),
        };
        info!(
            request_id = context.request_id,
            operation = context.operation.name,
            status = answer.status().as_u16(),
            "answered"
        );
        answer
    })
}

async fn attempt<O: HttpOperation>(
    context: &Context<'_>,
    request: &Request,
) -> Result<Reply<O::Response>, Failure<O::Refused>> {
    check_entry(context, request).map_err(Failure::Entry)?;
    let caller = O::Caller::establish(context, request.headers()).await?;
    let body = read_body(request).map_err(Failure::Entry)?;
    let input = merge(request, body).map_err(Failure::Entry)?;
    let key = idempotency_key::<O>(context, request.headers(), &caller, &input).map_err(Failure::Entry)?;
    let input = typed::<O::Request>(Value::Object(input)).map_err(Failure::Entry)?;
    let Some(key) = key else { return O::handle(context, caller, input).await };

    let context = Context { idempotency: Some(key), ..context.clone() };
    match O::handle(&context, caller, input).await {
        // The work may be refused *because* it was done before: only then is it worth asking for the first answer.
        Err(refused @ (Failure::Refused(_) | Failure::Entry(EntryRefusal::Conflict))) => {
            match context.first_answer::<O::Response>().await? {
                None => Err(refused),
                Some(Ok(body)) => Ok(Reply::from(body)),
                Some(Err(other)) => Err(Failure::Entry(other)),
            }
        }
        other => other,
    }
}

/// What has to hold before anybody is asked anything: the way in, the origin, the content type, the size.
fn check_entry(context: &Context<'_>, request: &Request) -> Result<(), EntryRefusal> {
    let headers = request.headers();
    if !context.came_through_the_edge(headers) {
        return Err(EntryRefusal::OriginRefused);
    }
    if matches!(context.operation.trigger, Trigger::Http { method: Method::Get, .. }) {
        return Ok(());
    }
    let origin = text(headers, &ORIGIN).ok_or(EntryRefusal::OriginRefused)?;
    let own =
        text(headers, &HOST).and_then(|host| origin.strip_prefix("https://").map(|origin| origin == host));
    if own != Some(true) && !context.services.is_our_origin(origin) {
        return Err(EntryRefusal::OriginRefused);
    }
    let kind = text(headers, &CONTENT_TYPE).and_then(|kind| kind.split(';').next()).map(str::trim);
    if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("application/json")) {
        return Err(EntryRefusal::UnsupportedContentType);
    }
    if request.body().len() > MAXIMUM_BODY {
        return Err(EntryRefusal::RequestTooLarge { maximum: MAXIMUM_BODY as u64 });
    }
    Ok(())
}

fn read_body(request: &Request) -> Result<Map<String, Value>, EntryRefusal> {
    let bytes: &[u8] = request.body();
    if bytes.is_empty() {
        return Ok(Map::new());
    }
    // Errors of the parser name a place, never the text that was sent.
    let invalid = |detail: String| EntryRefusal::InvalidRequest { field: String::new(), detail };
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(body)) => Ok(body),
        Ok(_) => Err(invalid("Send one JSON object".to_owned())),
        Err(error) => Err(invalid(format!(
            "Send one well-formed JSON object; yours stops being one at line {}, column {}",
            error.line(),
            error.column()
        ))),
    }
}

/// Path parameters and query join the body; a name that is given twice is refused.
fn merge(request: &Request, mut body: Map<String, Value>) -> Result<Map<String, Value>, EntryRefusal> {
    let path = request.path_parameters();
    let query = request.query_string_parameters();
    for (name, value) in path.iter().chain(query.iter()) {
        if body.insert(name.to_owned(), Value::String(value.to_owned())).is_some() {
            return Err(EntryRefusal::InvalidRequest {
                field: name.to_owned(),
                detail: "Given twice: leave it out of the body".to_owned(),
            });
        }
    }
    Ok(body)
}

fn typed<T: DeserializeOwned>(input: Value) -> Result<T, EntryRefusal> {
    serde_path_to_error::deserialize(input).map_err(|error| EntryRefusal::InvalidRequest {
        field: Some(error.path().to_string()).filter(|path| path != ".").unwrap_or_default(),
        detail: error.into_inner().to_string(),
    })
}

fn idempotency_key<O: HttpOperation>(
    context: &Context<'_>,
    headers: &HeaderMap,
    caller: &O::Caller,
    input: &Map<String, Value>,
) -> Result<Option<Call>, EntryRefusal> {
    if context.operation.idempotency == Idempotency::ByNature {
        return Ok(None);
    }
    let given = headers.get("idempotency-key");
    if given.is_none() && context.operation.idempotency == Idempotency::Accepted {
        return Ok(None);
    }
    let given = given
        .and_then(|key| key.to_str().ok())
        .filter(|key| {
            (8..=64).contains(&key.len())
                && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        })
        .ok_or(EntryRefusal::IdempotencyKeyMissing)?;
    let payload = serde_json::to_vec(input).map_err(|_| EntryRefusal::Internal)?;
    Ok(Some(Call {
        name: sha256(format!("{}\0{}\0{given}", caller.name(), context.operation.name).as_bytes()),
        payload: sha256(&payload),
    }))
}

fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn success<T: Content>(reply: Reply<T>) -> Response<Body> {
    let Ok((content_type, body)) = reply.body.write() else {
        return respond(500, "application/json", Body::Text("{}".to_owned()));
    };
    let mut response = respond(200, content_type, body);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(reply.cache));
    for cookie in reply.cookies.iter().filter_map(|cookie| HeaderValue::from_str(cookie).ok()) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    if reply.clear_site_data {
        let kept = HeaderValue::from_static("\"cache\", \"storage\"");
        response.headers_mut().insert(HeaderName::from_static("clear-site-data"), kept);
    }
    response
}

fn refusal<R: Refusal>(context: &Context<'_>, failure: &Failure<R>) -> Response<Body> {
    let problem = match failure {
        Failure::Refused(refusal) => Problem::of(refusal),
        Failure::Entry(refusal) => Problem::of(refusal),
        Failure::Fault(fault) => {
            log_fault(context, fault);
            match fault {
                Fault::Unavailable { .. } => Problem::of(&EntryRefusal::Unavailable { retry_after: 5 }),
                _ => Problem::of(&EntryRefusal::Internal),
            }
        }
    };
    info!(
        request_id = context.request_id,
        operation = context.operation.name,
        code = problem.code(),
        "refused"
    );
    let mut response =
        respond(problem.status.as_u16(), "application/problem+json", Body::Text(problem.body.to_string()));
    if let Some(seconds) = problem.retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Logs a fault with its sources, once, here at the edge.
pub(super) fn log_fault(context: &Context<'_>, fault: &Fault) {
    let mut sources = Vec::new();
    let mut source = std::error::Error::source(fault);
    while let Some(cause) = source {
        sources.push(cause.to_string());
        source = cause.source();
    }
    error!(
        request_id = context.request_id,
        operation = context.operation.name,
        fault = %fault,
        sources = sources.join(": "),
        "fault"
    );
}

fn respond(status: u16, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() =
        http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, PRIVATE),
        (HeaderName::from_static("x-content-type-options"), "nosniff"),
        (HeaderName::from_static("referrer-policy"), "no-referrer"),
        (
            HeaderName::from_static("content-security-policy"),
            "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
        ),
        (HeaderName::from_static("strict-transport-security"), "max-age=63072000; includeSubDomains"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
