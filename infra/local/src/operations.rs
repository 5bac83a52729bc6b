//! Runs the product's own operations, each with the clients, variables and role of its function.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use functions::Environment;
use functions::entry::BoxFuture;
use functions::operation::{OPERATIONS, Operation, Run};
use functions::ports::{Clock, Random, SystemEntropy};
use functions::services::Services;
use lambda_http::request::LambdaRequest;
use lambda_http::{Body, Context, Request, RequestExt, Response};
use serde_json::{Map, Value, json};

use crate::aws::LocalAws;
use crate::clock::LocalClock;
use crate::invoke::{Answer, Invoker};
use crate::template::Template;

impl Clock for LocalClock {
    fn now(&self) -> DateTime<Utc> {
        LocalClock::now(self)
    }

    fn pause(&self, time: Duration) -> BoxFuture<'_, ()> {
        Box::pin(LocalClock::pause(self, time))
    }
}

/// The functions of the template, each connected once, as a warm Lambda function is.
pub struct Operations(HashMap<String, (&'static Operation, Arc<Services>)>);

impl std::fmt::Debug for Operations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Operations {
    /// Connects every function of the template whose handler is an operation.
    #[must_use]
    pub fn connect(aws: &LocalAws, template: &Template) -> Self {
        Self::with_random(aws, template, &(Arc::new(SystemEntropy) as Arc<dyn Random>))
    }

    /// The same with another source of randomness.
    #[must_use]
    pub fn with_random(aws: &LocalAws, template: &Template, random: &Arc<dyn Random>) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(aws.clock().clone());
        let connect = |(name, function): (&String, &crate::template::Function)| {
            let operation = OPERATIONS.iter().find(|operation| operation.name == function.handler)?;
            let environment = Environment::from_iter(function.environment.clone());
            let config = aws.sdk_config(&function.handler);
            let services =
                Services::connect(&config, environment, operation, Arc::clone(&clock), Arc::clone(random));
            Some((name.clone(), (operation, Arc::new(services))))
        };
        Self(template.functions.iter().filter_map(connect).collect())
    }
}

impl Invoker for Operations {
    fn invoke(&self, function: &str, event: Value, request_id: String) -> Answer {
        let Some((operation, services)) = self.0.get(function) else {
            let unknown = format!("the handler of {function} is no operation");
            return Box::pin(async { Err(unknown) });
        };
        let (operation, services) = (*operation, Arc::clone(services));
        Box::pin(async move {
            let Run::Http(_) = operation.run else {
                let handled = functions::handle(operation, &services, event, request_id).await;
                return handled.map_err(|fault| fault.to_string());
            };
            let request: LambdaRequest = serde_json::from_value(event).map_err(|error| error.to_string())?;
            let mut context = Context::default();
            context.request_id = request_id;
            let request = Request::from(request).with_lambda_context(context);
            let answer =
                functions::answer(operation, &services, request).await.map_err(|fault| fault.to_string())?;
            Ok(as_json(&answer))
        })
    }
}

/// A response in the form in which Lambda gives it to API Gateway.
fn as_json(response: &Response<Body>) -> Value {
    let mut headers = Map::new();
    let mut cookies = Vec::new();
    for (name, value) in response.headers() {
        let value = Value::from(String::from_utf8_lossy(value.as_bytes()));
        if name == "set-cookie" {
            cookies.push(value);
        } else {
            headers.insert(name.to_string(), value);
        }
    }
    let (body, binary) = match response.body() {
        Body::Text(text) => (text.clone(), false),
        Body::Binary(bytes) => (BASE64.encode(bytes), true),
        _ => (String::new(), false),
    };
    json!({
        "statusCode": response.status().as_u16(),
        "headers": headers,
        "cookies": cookies,
        "body": body,
        "isBase64Encoded": binary,
    })
}
