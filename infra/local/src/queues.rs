//! Queues: batches of messages to the functions that read them, and to the dead letters what fails too often.

use serde_json::{Value, json};

use crate::aws::{ACCOUNT, REGION, Service, arn};
use crate::data::DataError;
use crate::local::Local;
use crate::queue::{self, Message};
use crate::streams::{Step, reports};
use crate::template::{Queue, QueueReader};

/// Before the name of the function whose asynchronous invocations a queue holds.
const INVOCATIONS: &str = "invoke:";
/// Holds asynchronous invocations that failed three times.
pub(crate) const FAILED_INVOCATIONS: &str = "failed-invocations";

impl Local {
    /// Puts an invocation into the queue of those that nobody waits for. It is tried three times.
    ///
    /// # Errors
    /// When the data file can't be written.
    pub fn invoke_later(&self, function: &str, event: &Value) -> Result<(), DataError> {
        let queue = format!("{INVOCATIONS}{function}");
        let now = self.aws().clock().millis();
        self.aws().data().sql(|sql| queue::send(sql, &queue, &event.to_string(), now))?;
        self.aws().bells().ring(&queue);
        Ok(())
    }

    /// The queue of a function's asynchronous invocations.
    pub(crate) fn invocations(function: &str) -> String {
        format!("{INVOCATIONS}{function}")
    }

    /// Every reader of a queue: those of the template, and each function for its asynchronous invocations.
    pub(crate) fn queue_readers(&self) -> Vec<QueueReader> {
        let invocations = self.template().functions.keys().map(|function| QueueReader {
            queue: Self::invocations(function),
            function: function.clone(),
            batch: 1,
            partial: false,
        });
        self.template().queue_readers.iter().cloned().chain(invocations).collect()
    }

    fn queue(&self, reader: &QueueReader) -> Queue {
        self.template().queues.get(&reader.queue).cloned().unwrap_or_else(|| Queue {
            visibility: 60,
            dead_letters: Some((3, FAILED_INVOCATIONS.to_owned())),
        })
    }

    /// Gives a reader the messages that are visible at a time, as many as it takes at once.
    pub(crate) async fn queue_step(&self, reader: &QueueReader, visible_at: i64) -> Result<Step, DataError> {
        let queue = self.queue(reader);
        let now = self.aws().clock().millis();
        let hidden_until = now.saturating_add(queue.visibility * 1000);
        let messages = self.aws().data().transaction(|sql| {
            if let Some((most, dead_letters)) = &queue.dead_letters {
                queue::bury(sql, &reader.queue, visible_at, *most, dead_letters, now)?;
            }
            queue::receive(sql, &reader.queue, reader.batch, visible_at, now, hidden_until)
        })?;
        if messages.is_empty() {
            return Ok(Step::Idle);
        }
        let worst = |messages: &mut dyn Iterator<Item = &Message>| {
            let receives = messages.map(|message| message.receives).max();
            receives.map_or(Step::Done, |receives| Step::Failed(u32::try_from(receives).unwrap_or(u32::MAX)))
        };
        let lost = |action| self.aws().faults().lose(&reader.function, Service::Sqs, action, &reader.queue);
        if lost("ReceiveMessage") {
            return Ok(worst(&mut messages.iter()));
        }
        let outcome = self.invoke(&reader.function, event(reader, &messages)).await;
        if lost("DeleteMessageBatch") {
            return Ok(worst(&mut messages.iter()));
        }
        let failed = |message: &&Message| match &outcome {
            Ok(answer) => reader.partial && reports(answer, &message.id),
            Err(_) => true,
        };
        self.aws().data().transaction(|sql| {
            messages
                .iter()
                .filter(|message| !failed(message))
                .try_for_each(|message| queue::delete(sql, message.number))
        })?;
        Ok(worst(&mut messages.iter().filter(failed)))
    }

    /// Puts a message into a queue, as a rule or whoever may send to it would.
    ///
    /// # Errors
    /// When the data file can't be written.
    pub fn send(&self, queue: &str, body: &str) -> Result<(), DataError> {
        let now = self.aws().clock().millis();
        self.aws().data().sql(|sql| queue::send(sql, queue, body, now))?;
        self.aws().bells().ring(queue);
        Ok(())
    }

    /// Brings the messages of a dead-letter queue back to the queue where they failed, as SQS's message move task does:
    /// how many, or nothing if no queue has such dead letters.
    ///
    /// # Errors
    /// When the data file can't be written.
    pub fn redrive(&self, dead_letters: &str) -> Result<Option<usize>, DataError> {
        let queues = &self.template().queues;
        let of = |queue: &Queue| queue.dead_letters.as_ref().is_some_and(|(_, name)| name == dead_letters);
        let Some((queue, _)) = queues.iter().find(|(_, queue)| of(queue)) else { return Ok(None) };
        let now = self.aws().clock().millis();
        let moved = self.aws().data().sql(|sql| queue::redrive(sql, dead_letters, queue, now))?;
        self.aws().bells().ring(queue);
        Ok(Some(moved))
    }

    /// What the alarms look at: of each queue of the template, how many messages wait in it, and for how many seconds the
    /// oldest has.
    ///
    /// # Errors
    /// When the data file can't be read.
    pub fn backlog(&self) -> Result<Vec<(String, usize, i64)>, DataError> {
        let now = self.aws().clock().millis();
        Ok(self.aws().data().sql(|sql| {
            let queues = self.template().queues.keys();
            let backlog = queues.map(|queue| {
                let (waiting, oldest) = queue::backlog(sql, queue)?;
                Ok((queue.clone(), waiting, oldest.map_or(0, |sent_at| (now - sent_at) / 1000)))
            });
            backlog.collect()
        })?)
    }

    /// Shows at once what an earlier process had received and didn't finish.
    pub(crate) fn resume(&self) -> Result<(), DataError> {
        let now = self.aws().clock().millis();
        self.aws().data().sql(|sql| queue::show_all(sql, now))?;
        Ok(())
    }
}

fn event(reader: &QueueReader, messages: &[Message]) -> Value {
    if reader.queue.starts_with(INVOCATIONS) {
        return messages
            .first()
            .and_then(|message| serde_json::from_str(&message.body).ok())
            .unwrap_or_default();
    }
    let record = |message: &Message| {
        json!({
            "messageId": message.id,
            "receiptHandle": format!("{}-{}", message.id, message.receives),
            "body": message.body,
            "attributes": {
                "ApproximateReceiveCount": message.receives.to_string(),
                "SentTimestamp": message.sent_at.to_string(),
                "SenderId": ACCOUNT,
                "ApproximateFirstReceiveTimestamp": message.first_received_at.to_string(),
            },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": arn("sqs", &reader.queue),
            "awsRegion": REGION,
        })
    };
    json!({ "Records": messages.iter().map(record).collect::<Vec<_>>() })
}
