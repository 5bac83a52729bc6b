//! Streams of tables: records in order to the function that reads them, and away once it is done with them.

use std::time::Duration;

use rusqlite::params;
use serde_json::{Value, json};

use crate::aws::{REGION, Service, arn, random_id};
use crate::data::DataError;
use crate::local::Local;
use crate::queue;
use crate::template::StreamReader;

/// What came of looking at a stream or queue once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// There was nothing.
    Idle,
    /// Something was dealt with.
    Done,
    /// A function failed, for the n-th time on the same; it is tried again.
    Failed(u32),
}

impl Step {
    /// How long to wait before a failed batch of a stream is tried again.
    pub(crate) fn pause(self) -> Option<Duration> {
        match self {
            Self::Failed(times) => Some(Duration::from_millis(100 << times.min(7))),
            Self::Idle | Self::Done => None,
        }
    }
}

/// How far a reader has got with the records at the head of its stream.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// Records at a time, after batches were halved.
    size: Option<usize>,
    failures: u32,
}

/// One record, with the number it is deleted by.
struct Record {
    number: i64,
    sequence: String,
    json: Value,
}

impl Local {
    /// Gives the reader of a stream its next records.
    pub(crate) async fn stream_step(&self, reader: &StreamReader) -> Result<Step, DataError> {
        let Progress { size, failures } = self.progress(&reader.table, |progress| *progress);
        let records = self.records(reader, size.unwrap_or(reader.batch as usize))?;
        if records.is_empty() {
            return Ok(Step::Idle);
        }
        let lost =
            |action| self.aws().faults().lose(&reader.function, Service::Streams, action, &reader.table);
        if lost("GetRecords") {
            return Ok(Step::Failed(1));
        }
        let event = json!({ "Records": records.iter().map(|record| &record.json).collect::<Vec<_>>() });
        let done = match self.invoke(&reader.function, event).await {
            Ok(answer) if reader.partial => {
                records.iter().take_while(|record| !reports(&answer, &record.sequence)).count()
            }
            Ok(_) => records.len(),
            Err(_) => 0,
        };
        // What Lambda remembers of how far it got.
        if lost("Checkpoint") {
            return Ok(Step::Failed(1));
        }
        self.forget(records.iter().take(done))?;
        if done == records.len() {
            self.progress(&reader.table, |progress| *progress = Progress::default());
            return Ok(Step::Done);
        }
        let left = records.len() - done;
        if reader.bisect && left > 1 {
            self.progress(&reader.table, |progress| progress.size = Some(left.div_ceil(2)));
            return Ok(Step::Done);
        }
        let failures = if done > 0 { 1 } else { failures + 1 };
        if reader.retries.is_some_and(|most| failures > most) {
            self.give_up(reader, &records, done, failures)?;
            self.progress(&reader.table, |progress| *progress = Progress::default());
            return Ok(Step::Done);
        }
        self.progress(&reader.table, |progress| progress.failures = failures);
        Ok(Step::Failed(failures))
    }

    fn records(&self, reader: &StreamReader, limit: usize) -> Result<Vec<Record>, DataError> {
        let stream = arn("dynamodb", &format!("table/{}/stream/local", reader.table));
        let table = self.template().tables.iter().find(|table| table.name == reader.table);
        let view = table.and_then(|table| table.stream.clone());
        let parse =
            |text: Option<String>| text.map(|text| serde_json::from_str::<Value>(&text).unwrap_or_default());
        let records = self.aws().data().sql(|sql| {
            sql.prepare_cached(
                "SELECT id, event_name, keys_json, new_image, old_image, CAST(sequence_number AS INTEGER), created_at,
                        event_id, length(keys_json) + COALESCE(length(new_image), 0) + COALESCE(length(old_image), 0)
                 FROM _stream_records WHERE table_name = ?1
                 ORDER BY CAST(sequence_number AS INTEGER) LIMIT ?2",
            )?
            .query_map(params![reader.table, limit], |row| {
                let sequence = format!("{:021}", row.get::<_, i64>(5)?);
                let mut change = json!({
                    "Keys": parse(row.get(2)?),
                    "SequenceNumber": sequence,
                    "ApproximateCreationDateTime": row.get::<_, i64>(6)?,
                    "SizeBytes": row.get::<_, i64>(8)?,
                    "StreamViewType": view,
                });
                for (name, image) in [("NewImage", parse(row.get(3)?)), ("OldImage", parse(row.get(4)?))] {
                    if let (Some(image), Some(change)) = (image, change.as_object_mut()) {
                        change.insert(name.to_owned(), image);
                    }
                }
                let json = json!({
                    "eventID": row.get::<_, Option<String>>(7)?,
                    "eventName": row.get::<_, String>(1)?,
                    "eventVersion": "1.1",
                    "eventSource": "aws:dynamodb",
                    "awsRegion": REGION,
                    "dynamodb": change,
                    "eventSourceARN": stream,
                });
                Ok(Record { number: row.get(0)?, sequence, json })
            })?
            .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        Ok(records)
    }

    fn forget<'a>(&self, records: impl Iterator<Item = &'a Record>) -> Result<(), DataError> {
        Ok(self.aws().data().transaction(|sql| {
            let mut delete = sql.prepare_cached("DELETE FROM _stream_records WHERE id = ?1")?;
            for record in records {
                delete.execute([record.number])?;
            }
            Ok(())
        })?)
    }

    /// Lets go of records that failed too often, and tells the reader's queue for that which they were.
    fn give_up(
        &self,
        reader: &StreamReader,
        records: &[Record],
        done: usize,
        failures: u32,
    ) -> Result<(), DataError> {
        let lost = records.get(done..).unwrap_or_default();
        let now = self.aws().clock().now();
        let sequence = |record: Option<&Record>| record.map(|record| record.sequence.clone());
        let report = json!({
            "version": "1.0",
            "timestamp": now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            "requestContext": {
                "requestId": random_id(),
                "functionArn": arn("lambda", &format!("function:{}", reader.function)),
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": failures,
            },
            "DDBStreamBatchInfo": {
                "shardId": "shardId-local",
                "startSequenceNumber": sequence(lost.first()),
                "endSequenceNumber": sequence(lost.last()),
                "batchSize": lost.len(),
                "streamArn": arn("dynamodb", &format!("table/{}/stream/local", reader.table)),
            },
        });
        tracing::error!(
            function = reader.function,
            table = reader.table,
            records = lost.len(),
            "records were given up"
        );
        self.aws().data().transaction(|sql| {
            if let Some(queue) = &reader.on_failure {
                queue::send(sql, queue, &report.to_string(), now.timestamp_millis())?;
            }
            for record in lost {
                sql.execute("DELETE FROM _stream_records WHERE id = ?1", [record.number])?;
            }
            Ok(())
        })?;
        if let Some(queue) = &reader.on_failure {
            self.aws().bells().ring(queue);
        }
        Ok(())
    }
}

/// Whether a partial batch response names this item as failed.
pub(crate) fn reports(answer: &Value, item: &str) -> bool {
    let failures = answer.get("batchItemFailures").and_then(Value::as_array);
    failures.is_some_and(|failures| {
        failures.iter().any(|failure| failure.get("itemIdentifier").and_then(Value::as_str) == Some(item))
    })
}
