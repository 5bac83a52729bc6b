//! Running functions: as Lambda does, with a timeout, and a panic that stays inside.

use std::pin::Pin;
use std::time::Duration;

use serde_json::Value;

use crate::aws::random_id;
use crate::local::Local;

/// What an invocation comes to: the function's answer, or its error in words.
pub type Answer = Pin<Box<dyn Future<Output = Result<Value, String>> + Send>>;

/// Runs the code of functions.
pub trait Invoker: Send + Sync + 'static {
    /// Runs a function of the template on an event.
    fn invoke(&self, function: &str, event: Value, request_id: String) -> Answer;
}

/// Why an invocation has no answer.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvokeError {
    /// The template has no function of this name or handler.
    #[error("there is no function {0}")]
    Unknown(String),
    /// It answered with an error, or panicked.
    #[error("{function} failed: {error}")]
    Failed {
        /// The function.
        function: String,
        /// What it said.
        error: String,
    },
    /// It took longer than the template gives it.
    #[error("{function} was stopped after {seconds} s")]
    TimedOut {
        /// The function.
        function: String,
        /// Its timeout.
        seconds: u64,
    },
}

impl Local {
    /// Runs a function, named as in the template or by its operation, and waits for its answer.
    ///
    /// # Errors
    /// When there is no such function, or it fails.
    pub async fn invoke(&self, function: &str, event: Value) -> Result<Value, InvokeError> {
        let name = self.function(function)?.to_owned();
        let seconds = self.template().functions.get(&name).map_or(3, |function| function.timeout);
        let mut task = tokio::spawn(self.invoker().invoke(&name, event, random_id()));
        let outcome = match tokio::time::timeout(Duration::from_secs(seconds), &mut task).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(panicked)) => Err(panicked.to_string()),
            Err(_) => {
                task.abort();
                tracing::error!(function = name, seconds, "the function was stopped");
                return Err(InvokeError::TimedOut { function: name, seconds });
            }
        };
        outcome.map_err(|error| {
            tracing::warn!(function = name, error, "the function failed");
            InvokeError::Failed { function: name, error }
        })
    }

    /// The name in the template of a function that is called by it or by its operation.
    pub(crate) fn function<'a>(&'a self, called: &'a str) -> Result<&'a str, InvokeError> {
        let functions = &self.template().functions;
        let by_handler =
            || functions.iter().find(|(_, function)| function.handler == called).map(|(name, _)| name);
        functions
            .get_key_value(called)
            .map(|(name, _)| name)
            .or_else(by_handler)
            .map(String::as_str)
            .ok_or_else(|| InvokeError::Unknown(called.to_owned()))
    }
}
