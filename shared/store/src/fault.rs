//! What goes wrong between the store and DynamoDB.

use std::error::Error;
use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;

use crate::Table;

const CONTENTION: &str = "contention";

/// A failure that is nobody's decision. Its text and its sources name tables, fields and codes, never values.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Overload, a server error or a broken connection outlived the retries; trying later may help.
    #[error("the store is unavailable ({what}); try again in {} s", retry_after.as_secs())]
    Unavailable {
        /// What happened.
        what: String,
        /// When to try again.
        retry_after: Duration,
    },
    /// A stored item can't be read.
    #[error("corrupt item in table `{}`: {what}", table.name())]
    Corrupt {
        /// Where it lies.
        table: Table,
        /// Which field is wrong, or what is.
        what: String,
    },
    /// The function's role doesn't allow it.
    #[error("the store refused: {0}")]
    Refused(String),
    /// A defect of ours: a request DynamoDB finds invalid, a table without a name.
    #[error("store: {what}")]
    Internal {
        /// What was tried.
        what: String,
        /// What came of it.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
}

impl Fault {
    pub(crate) fn corrupt(table: Table, what: impl Into<String>) -> Self {
        Self::Corrupt { table, what: what.into() }
    }

    pub(crate) fn internal(what: impl Into<String>) -> Self {
        Self::Internal { what: what.into(), source: None }
    }

    /// Others wrote the same items all the while.
    pub(crate) fn contention() -> Self {
        Self::unavailable(CONTENTION)
    }

    /// Whether others wrote the same items all the while, so that nothing was written here.
    #[must_use]
    pub fn is_contention(&self) -> bool {
        matches!(self, Self::Unavailable { what, .. } if what == CONTENTION)
    }

    pub(crate) fn unavailable(what: impl Into<String>) -> Self {
        Self::Unavailable { what: what.into(), retry_after: Duration::from_secs(2) }
    }
}

impl<E, R> From<SdkError<E, R>> for Fault
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: Send + Sync + std::fmt::Debug + 'static,
{
    /// Keeps service, code and request id, by which AWS tells more: its message may quote what was sent, as SES's does
    /// with addresses, and the response may hold items.
    fn from(error: SdkError<E, R>) -> Self {
        match error {
            SdkError::ServiceError(context) => {
                let status_unclear = context.err().code().is_none();
                match context.err().code().unwrap_or("no code") {
                    code @ ("ThrottlingException"
                    | "ProvisionedThroughputExceededException"
                    | "RequestLimitExceeded"
                    | "InternalServerError"
                    | "InternalFailure"
                    | "InternalError"
                    | "InternalException"
                    | "InternalServiceError"
                    | "ServiceUnavailable"
                    | "SlowDown"
                    | "TooManyRequestsException"
                    | "TransactionConflictException"
                    | "TransactionInProgressException"
                    | "LimitExceededException") => Self::unavailable(code),
                    code if status_unclear => Self::unavailable(code),
                    code if code.contains("AccessDenied")
                        || code.contains("UnrecognizedClient")
                        || code.contains("Token")
                        || code.contains("Signature") =>
                    {
                        Self::Refused(code.to_owned())
                    }
                    code => {
                        let id = context.err().meta().request_id().unwrap_or("none");
                        let service = service::<E>();
                        Self::internal(format!("{service} answers {code}, request id {id}"))
                    }
                }
            }
            SdkError::TimeoutError(_) => Self::unavailable("timeout"),
            SdkError::DispatchFailure(failure) if failure.is_user() => {
                Self::unavailable("spared for a while")
            }
            SdkError::DispatchFailure(_) => Self::unavailable("connection"),
            SdkError::ResponseError(_) => Self::unavailable("unreadable response"),
            other => Self::Internal { what: "request not made".to_owned(), source: other.into_source().ok() },
        }
    }
}

/// The service whose error this is, by the name of its crate: `aws_sdk_sesv2`.
fn service<E>() -> &'static str {
    std::any::type_name::<E>().split("::").next().unwrap_or_default()
}
