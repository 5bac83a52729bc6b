//! Every operation of ClientConnect: what clients, workers, schedules and events can start.
//!
//! One file is one operation; [`operation::OPERATIONS`] is the table of them all. The same code runs as Lambda
//! functions (`bootstrap`) and in one process on a developer's machine (`infra/local`).

pub mod admin;
pub mod agency;
mod bulk;
mod change;
mod circuit;
pub mod configuration;
pub mod context;
mod due;
pub mod entry;
pub mod environment;
mod history;
pub mod images;
pub mod importing;
mod individuals;
pub mod jobs;
mod mailing;
#[cfg(feature = "openapi")]
pub mod openapi;
mod opening;
pub mod operation;
mod pace;
pub mod paging;
mod passwords;
pub mod portal;
pub mod ports;
pub mod problem;
mod second_factor;
pub mod sections;
mod security_classes;
mod service_files;
pub mod service_records;
pub mod service_requests;
pub mod services;
mod sessions;
mod signing_in;
mod sites;
mod table;
mod throttling;
mod uploads;
pub mod workers;

use lambda_http::request::LambdaRequest;
use lambda_http::{Body, Request, RequestExt, Response};
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use store::Fault;
use tower::ServiceExt;

use crate::context::{Context, defect};
use crate::operation::{Operation, Run};
use crate::services::Services;

pub use crate::environment::Environment;

/// Answers one API Gateway request with the operation's HTTP handler.
///
/// # Errors
/// [`Fault::Internal`] when the operation isn't one that answers requests.
pub async fn answer(
    operation: &'static Operation,
    services: &Services,
    request: Request,
) -> Result<Response<Body>, Fault> {
    let Run::Http(run) = operation.run else { return Err(not_this_kind(operation)) };
    let request_id = request.lambda_context_ref().map(|lambda| lambda.request_id.clone()).unwrap_or_default();
    let context = Context::new(operation, services, request_id).with_viewer(&request);
    Ok((run.handle)(&context, request).await)
}

/// Handles one event that isn't a request.
///
/// # Errors
/// The operation's fault, after it was logged; whatever sent the event sends it again.
pub async fn handle(
    operation: &'static Operation,
    services: &Services,
    event: Value,
    request_id: String,
) -> Result<Value, Fault> {
    let Run::Event(handler) = operation.run else { return Err(not_this_kind(operation)) };
    let context = Context::new(operation, services, request_id);
    handler(&context, event).await
}

/// Runs any operation on the JSON event that Lambda would get, and gives the JSON answer that Lambda would send back.
///
/// # Errors
/// As [`handle`]; also when a request's event is malformed.
pub async fn invoke(
    operation: &'static Operation,
    services: &Services,
    event: Value,
    request_id: String,
) -> Result<Value, Fault> {
    if matches!(operation.run, Run::Event(_)) {
        return handle(operation, services, event, request_id).await;
    }
    let request: LambdaRequest =
        serde_json::from_value(event).map_err(|error| defect("an API Gateway event", error))?;
    let mut lambda = lambda_runtime::Context::default();
    lambda.request_id = request_id;
    let adapter =
        lambda_http::Adapter::from(tower::service_fn(move |request| answer(operation, services, request)));
    let response = adapter.oneshot(LambdaEvent::new(request, lambda)).await?;
    serde_json::to_value(response).map_err(|error| defect("an API Gateway answer", error))
}

fn not_this_kind(operation: &Operation) -> Fault {
    Fault::Internal { what: format!("{} is not started this way", operation.name), source: None }
}
