//! What every operation has in common: how a request or event comes in, and how the answer goes out.

pub mod caller;
pub mod content;
pub mod event;
pub mod http;

use std::future::Future;
use std::pin::Pin;

use serde_json::Value;
use store::Fault;

use crate::context::Context;

/// A boxed future that borrows its invocation's context.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Answers an API Gateway request.
pub type HttpHandler = for<'a> fn(
    &'a Context<'a>,
    lambda_http::Request,
) -> BoxFuture<'a, lambda_http::Response<lambda_http::Body>>;

/// Handles an event that isn't a request; its answer is what Lambda reports back.
pub type EventHandler = for<'a> fn(&'a Context<'a>, Value) -> BoxFuture<'a, Result<Value, Fault>>;
