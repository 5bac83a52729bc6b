//! Errors in the words and shapes of AWS.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::{ACCOUNT, Service};

/// An error as an AWS service answers it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub struct AwsError {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) details: Map<String, Value>,
    /// No answer reaches the client.
    pub(super) lost: Option<Lost>,
}

/// How an answer never reaches its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// The connection breaks.
    Disconnected,
    /// The client no longer waits for it.
    TimedOut,
}

impl AwsError {
    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), details: Map::new(), lost: None }
    }

    pub(crate) fn bad_request(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", message)
    }

    pub(super) fn unknown_service() -> Self {
        Self::bad_request(
            "UnknownOperationException",
            "The local server answers DynamoDB, SESv2, EventBridge, Secrets Manager and S3 only.",
        )
    }

    pub(super) fn unknown_action(action: &str) -> Self {
        Self::bad_request(
            "UnknownOperationException",
            format!("The local server doesn't answer the action {action:?}."),
        )
    }

    pub(super) fn unknown_caller() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        )
    }

    pub(super) fn bad_signature(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "InvalidSignatureException", message)
    }

    pub(super) fn denied(role: &str, caller: &str, action: &str, resource: &str) -> Self {
        Self::bad_request(
            "AccessDeniedException",
            format!(
                "User: arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{caller} is not authorized to perform: {action} \
                 on resource: {resource} because no identity-based policy allows the {action} action"
            ),
        )
    }

    pub(super) fn render(self, service: Option<Service>) -> Response<Bytes> {
        let mut response = match service {
            Some(Service::S3) => self.xml(),
            Some(Service::Ses) => {
                let mut response = reply(self.status, &json!({ "message": self.message }));
                if let Ok(code) = HeaderValue::from_str(&self.code) {
                    response.headers_mut().insert("x-amzn-errortype", code);
                }
                response
            }
            _ => {
                let mut body = self.details;
                body.insert("__type".to_owned(), Value::String(self.code));
                // DynamoDB says `message`, and `Message` where a transaction was cancelled; clients read either.
                body.insert("message".to_owned(), Value::String(self.message));
                reply(self.status, &Value::Object(body))
            }
        };
        if let Some(lost) = self.lost {
            response.extensions_mut().insert(lost);
        }
        response
    }

    fn xml(&self) -> Response<Bytes> {
        let (status, code) = match self.code.as_str() {
            "AccessDeniedException" => (StatusCode::FORBIDDEN, "AccessDenied"),
            "UnrecognizedClientException" => (StatusCode::FORBIDDEN, "InvalidAccessKeyId"),
            "InvalidSignatureException" => (StatusCode::FORBIDDEN, "SignatureDoesNotMatch"),
            "InternalServerError" => (StatusCode::INTERNAL_SERVER_ERROR, "InternalError"),
            code => (self.status, code),
        };
        let message = self.message.replace('&', "&amp;").replace('<', "&lt;");
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        );
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = status;
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/xml"));
        response
    }
}

impl From<rusqlite::Error> for AwsError {
    fn from(error: rusqlite::Error) -> Self {
        Self::internal(error.to_string())
    }
}

/// A JSON answer.
pub(super) fn reply(status: StatusCode, body: &Value) -> Response<Bytes> {
    json_reply(status, body.to_string())
}

/// An answer that is JSON already.
pub(super) fn json_reply(status: StatusCode, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/x-amz-json-1.0"));
    if let Ok(id) = HeaderValue::from_str(&super::random_id()) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

/// Reads a request's body.
pub(super) fn parse<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, AwsError> {
    serde_json::from_slice(body)
        .map_err(|error| AwsError::bad_request("SerializationException", error.to_string()))
}
