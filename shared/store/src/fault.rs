//! What goes wrong between the store and DynamoDB.

use std::error::Error;
use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::Table;

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

    pub(crate) fn unavailable(what: impl Into<String>) -> Self {
        Self::Unavailable { what: what.into(), retry_after: Duration::from_secs(2) }
    }
}

impl<E, R> From<SdkError<E, R>> for Fault
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: Send + Sync + std::fmt::Debug + 'static,
{
    /// Keeps the service's code, or the error of the connection: the response itself may hold items.
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
                    code => Self::Internal {
                        what: code.to_owned(),
                        source: Some(Box::new(context.err().meta().clone())),
                    },
                }
            }
            SdkError::TimeoutError(_) => Self::unavailable("timeout"),
            SdkError::DispatchFailure(_) => Self::unavailable("connection"),
            SdkError::ResponseError(_) => Self::unavailable("unreadable response"),
            other => Self::Internal { what: "request not made".to_owned(), source: other.into_source().ok() },
        }
    }
}
