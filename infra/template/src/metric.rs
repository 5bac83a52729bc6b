//! A metric by its `CloudWatch` name, as alarms and dashboard watch it.

use functions::operation::Queue;

use crate::text::{dashed, sub};

/// The namespace of what is counted from logs.
pub(crate) const OURS: &str = "clientconnect-${Stage}";

/// One metric of one thing, or of all there are in the account.
#[derive(Clone)]
pub(crate) struct Metric {
    pub(crate) namespace: &'static str,
    pub(crate) name: &'static str,
    /// Of which thing; its name as `!Sub` takes it.
    pub(crate) of: Option<(&'static str, String)>,
    pub(crate) statistic: &'static str,
}

impl Metric {
    /// Of the whole account: an account is one deployment.
    pub(crate) const fn of_account(
        namespace: &'static str,
        name: &'static str,
        statistic: &'static str,
    ) -> Self {
        Self { namespace, name, of: None, statistic }
    }

    /// What is counted from logs.
    pub(crate) const fn counted(name: &'static str) -> Self {
        Self::of_account(OURS, name, "Sum")
    }

    /// Of an HTTP API, by its id as `!Sub` takes it.
    pub(crate) fn of_api(id: &str, name: &'static str, statistic: &'static str) -> Self {
        Self { namespace: "AWS/ApiGateway", name, of: Some(("ApiId", id.to_owned())), statistic }
    }

    /// Of a function.
    pub(crate) fn of_function(operation: &str, name: &'static str, statistic: &'static str) -> Self {
        let function = format!("clientconnect-${{Stage}}-{}", dashed(operation));
        Self { namespace: "AWS/Lambda", name, of: Some(("FunctionName", function)), statistic }
    }

    /// How long the oldest message of a queue has waited, in seconds.
    pub(crate) fn waiting(queue: Queue) -> Self {
        Self::of_queue(&dashed(queue.name()), "ApproximateAgeOfOldestMessage")
    }

    /// How many messages lie in a queue that nobody reads by itself.
    pub(crate) fn lying(queue: &str) -> Self {
        Self::of_queue(queue, "ApproximateNumberOfMessagesVisible")
    }

    fn of_queue(queue: &str, name: &'static str) -> Self {
        let queue = format!("clientconnect-${{Stage}}-{queue}");
        Self { namespace: "AWS/SQS", name, of: Some(("QueueName", queue)), statistic: "Maximum" }
    }

    /// Namespace, name and dimension, as an alarm has them.
    pub(crate) fn properties(&self) -> String {
        let mut text = format!("Namespace: {}\nMetricName: {}\n", sub(self.namespace), self.name);
        if let Some((dimension, of)) = &self.of {
            text += &format!("Dimensions:\n  - Name: {dimension}\n    Value: {}\n", sub(of));
        }
        text
    }
}
