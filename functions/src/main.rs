//! The Lambda bootstrap: one artifact for every function; `_HANDLER` names the operation.

mod https;

use std::process::ExitCode;
use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::SdkConfig;
use aws_types::region::Region;
use functions::Environment;
use functions::operation::{OPERATIONS, Operation, Run};
use functions::ports::{SystemClock, SystemEntropy};
use functions::services::Services;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_max_level(tracing::Level::INFO)
        .with_env_filter(tracing_subscriber::EnvFilter::new("info,aws=warn,hyper=warn"))
        .init();
    match run(Environment::of_process()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the function did not start or was stopped");
            ExitCode::FAILURE
        }
    }
}

async fn run(environment: Environment) -> Result<(), lambda_runtime::Error> {
    let operation = operation(environment.get("_HANDLER")?)?;
    let config = sdk_config(&environment)?;
    let services =
        Services::connect(&config, environment, operation, Arc::new(SystemClock), Arc::new(SystemEntropy));
    services.warm(operation).await;
    let services = &services;
    match operation.run {
        Run::Http(_) => {
            let answer = async |request| {
                functions::answer(operation, services, request).await.map_err(lambda_runtime::Error::from)
            };
            lambda_http::run(service_fn(answer)).await
        }
        Run::Event(_) => {
            let handle = async |event: LambdaEvent<Value>| {
                let handled =
                    functions::handle(operation, services, event.payload, event.context.request_id).await;
                handled.map_err(lambda_runtime::Error::from)
            };
            lambda_runtime::run(service_fn(handle)).await
        }
    }
}

fn operation(handler: &str) -> Result<&'static Operation, String> {
    OPERATIONS.iter().find(|operation| operation.name == handler).ok_or_else(|| {
        let names: Vec<&str> = OPERATIONS.iter().map(|operation| operation.name).collect();
        format!("_HANDLER names no operation: `{handler}`. There are: {}", names.join(", "))
    })
}

/// What Lambda gives every function: region and credentials in variables. The SDK's own chain of places to look would
/// cost start-up time and never find anything else.
fn sdk_config(environment: &Environment) -> Result<SdkConfig, lambda_runtime::Error> {
    let credentials = Credentials::new(
        environment.get("AWS_ACCESS_KEY_ID")?,
        environment.get("AWS_SECRET_ACCESS_KEY")?,
        environment.find("AWS_SESSION_TOKEN").map(str::to_owned),
        None,
        "environment",
    );
    let mut config = functions::services::sdk_defaults()
        .http_client(https::client()?)
        .region(Region::new(environment.get("AWS_REGION")?.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(credentials));
    if let Some(endpoint) = environment.find("AWS_ENDPOINT_URL") {
        config = config.endpoint_url(endpoint);
    }
    Ok(config.build())
}
