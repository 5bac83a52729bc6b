//! How clients get to the local services: an HTTP client for the SDK that stays in the process, and its config.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use http_body_util::BodyExt;
use std::time::Duration;

use super::error::Lost;
use super::{LocalAws, REGION};

/// An SDK connector that calls the handler directly.
#[derive(Clone, Debug)]
struct InProcess(LocalAws);

impl LocalAws {
    /// An HTTP client for SDK clients in this process.
    #[must_use]
    pub fn sdk_http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(InProcess(self.clone()))
    }

    /// What an SDK client in this process needs to call as `caller`: `root`, or one named by
    /// [`LocalAws::add_caller`].
    #[must_use]
    pub fn sdk_config(&self, caller: &str) -> SdkConfig {
        let credentials = Credentials::new(caller, self.secret_key(caller), None, None, "local");
        // Nothing here needs time to recover.
        let retries = RetryConfig::standard()
            .with_initial_backoff(Duration::from_millis(2))
            .with_max_backoff(Duration::from_millis(20));
        SdkConfig::builder()
            .behavior_version(aws_smithy_runtime_api::client::behavior_version::BehaviorVersion::latest())
            .region(Region::from_static(REGION))
            .endpoint_url(self.endpoint())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(self.sdk_http_client())
            .retry_config(retries)
            .time_source(self.clock().clone())
            .build()
    }
}

impl HttpClient for InProcess {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let aws = self.0.clone();
        HttpConnectorFuture::new(async move { aws.call(request).await })
    }
}

impl LocalAws {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(ConnectorError::io)?.to_bytes();
        // A call over a network lets others go on meanwhile; so does this, even on one thread.
        tokio::task::yield_now().await;
        let request = http::Request::from_parts(parts, body);
        if let Some(gate) = self.faults().gate(&request) {
            gate.pass().await;
        }
        let response = self.handle(&request);
        match response.extensions().get() {
            Some(Lost::Disconnected) => Err(ConnectorError::io("the connection broke".into())),
            Some(Lost::TimedOut) => Err(ConnectorError::timeout("there was no answer in time".into())),
            None => HttpResponse::try_from(response.map(SdkBody::from))
                .map_err(|error| ConnectorError::other(error.into(), None)),
        }
    }
}
