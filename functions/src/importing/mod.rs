//! Importing from files: the header, rows a page at a time, the report, and where the job goes on. What a row means is
//! said by the kind of import.

use std::future::Future;

use csv::{ByteRecord, ReaderBuilder};
use domain::id::{IndividualId, ServiceId, SiteId};
use domain::import::{Columns, Header, Outcome, RowError, Warning};
use domain::individual::Imported;
use domain::job::{Counts, Job, JobFailure, JobMode, JobState, Position};
use domain::journal::{Actor, JournalEvent, JournalRecord, Subject};
use domain::settings::Settings;
use serde::{Deserialize, Serialize};
use store::{CommitError, Conflict, Fault, ReportPage, Site, Transaction, Versioned};
use uuid::Uuid;

use crate::context::{Context, defect};
use crate::jobs::{derived, log_page};
use crate::uploads;

mod enrolments;
pub(crate) mod individuals;
pub(crate) mod rosters;
pub(crate) mod service_files;
pub(crate) mod services;

/// Bytes read at a time: also the longest row.
const CHUNK: u64 = 1024 * 1024;
/// Rows of a page that writes: each is a transaction.
const ROWS_APPLIED: usize = 200;
/// Rows of a page that only reports.
const ROWS_REPORTED: usize = 1000;

/// What became of a row: codes and ids, no values of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportRow {
    /// Its number, the header being row 1.
    pub row: u64,
    /// `created`, `updated`, `unchanged` or `refused`.
    pub outcome: String,
    /// The individual it stands for; none when refused, or new in a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub individual_id: Option<IndividualId>,
    /// The service it stands for; none when refused, or new in a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_id: Option<ServiceId>,
    /// Everything that is wrong with a refused row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ReportError>,
    /// What staff should know of a row that was taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// A field that could not be taken, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportError {
    /// The column; none when the whole row is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Stable code.
    pub code: String,
    /// What to do, in English.
    pub help: String,
}

impl ReportRow {
    /// Reads a page of a report.
    ///
    /// # Errors
    /// When it isn't one.
    pub fn read(page: ReportPage) -> Result<Vec<Self>, Fault> {
        serde_json::from_value(page.0).map_err(|error| defect("a report page", error))
    }

    fn refused(row: u64, errors: impl IntoIterator<Item = ReportError>) -> Self {
        Self {
            row,
            outcome: "refused".to_owned(),
            individual_id: None,
            service_id: None,
            errors: errors.into_iter().collect(),
            warnings: Vec::new(),
        }
    }

    fn taken(row: u64, outcome: Outcome, warnings: &[Warning]) -> Self {
        Self { outcome: outcome.code().to_owned(), warnings: warnings.to_vec(), ..Self::refused(row, []) }
    }

    /// Refused, for an earlier row of the file is about the same.
    fn repeated(row: u64, earlier: u64) -> Self {
        let error = ReportError {
            column: Some("external_id".to_owned()),
            code: "repeated_external_id".to_owned(),
            help: format!("row {earlier} of this file has the same external_id: keep one of the two"),
        };
        Self::refused(row, [error])
    }
}

impl From<RowError> for ReportError {
    fn from(error: RowError) -> Self {
        Self { column: error.column.map(str::to_owned), code: error.code.to_owned(), help: error.help }
    }
}

fn wrong(code: &str, help: impl Into<String>) -> ReportError {
    ReportError { column: None, code: code.to_owned(), help: help.into() }
}

/// What a page did, to be saved with the job.
pub(crate) struct Done {
    rows: Vec<ReportRow>,
    position: Position,
    state: JobState,
}

/// A row as it stands in the file.
pub(crate) struct Line {
    row: u64,
    record: ByteRecord,
}

/// A page of an import being done.
pub(crate) struct Run<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) job: &'a Versioned<Job>,
    pub(crate) settings: &'a Settings,
    pub(crate) sites: &'a [Site],
}

/// What an import of one kind does with the rows of a page.
pub(crate) trait Rows {
    /// The columns of its files.
    type Column: Columns;

    /// What became of each of them.
    fn rows(
        &self,
        header: &Header<Self::Column>,
        lines: &[Line],
    ) -> impl Future<Output = Result<Vec<ReportRow>, Fault>> + Send;
}

impl Run<'_> {
    /// Reads the next page of the file and does what `kind` does with its rows.
    ///
    /// # Errors
    /// The bucket's fault or the store's.
    pub(crate) async fn page<R: Rows>(&self, kind: &R) -> Result<Done, Fault> {
        let key = uploads::key(self.job.by, self.job.upload);
        let Some(start) = self.context.upload_range(&key, 0, CHUNK).await? else {
            return Ok(self.failed(
                JobFailure::FileMissing,
                wrong("file_missing", "Upload the file again and start a new import"),
            ));
        };
        let (header, header_end) = match header(&start.bytes) {
            Ok(header) => header,
            Err((failure, error)) => return Ok(self.failed(failure, error)),
        };
        let from = self.job.position.byte.max(header_end);
        let chunk = match usize::try_from(from).ok().filter(|_| from == header_end && start.total <= CHUNK) {
            Some(from) => start.bytes.get(from..).unwrap_or_default().to_vec(),
            None => self
                .context
                .upload_range(&key, from, CHUNK)
                .await?
                .map(|range| range.bytes)
                .unwrap_or_default(),
        };
        let to_the_end = from + chunk.len() as u64 >= start.total;
        let most = if self.job.mode == JobMode::Apply { ROWS_APPLIED } else { ROWS_REPORTED };
        let (lines, read) = lines(&chunk, to_the_end, most, self.job.position.row.max(1));
        if lines.is_empty() && !to_the_end {
            return Ok(self.failed(
                JobFailure::NotCsv,
                wrong("row_too_long", "A row is longer than 1 MB: look for a quote that is never closed"),
            ));
        }
        let row = lines.last().map_or(self.job.position.row.max(1), |line| line.row);
        let finished = to_the_end && read == chunk.len() as u64;
        Ok(Done {
            rows: kind.rows(&header, &lines).await?,
            position: Position { byte: from + read, row, page: self.job.position.page + 1 },
            state: if finished { JobState::Done } else { JobState::Running },
        })
    }

    fn failed(&self, failure: JobFailure, error: ReportError) -> Done {
        let page = self.job.position.page + 1;
        let rows = vec![ReportRow::refused(self.job.position.row.max(1), [error])];
        Done { rows, position: Position { page, ..self.job.position }, state: JobState::Failed(failure) }
    }

    /// The row of this same file that something comes from, if it isn't this one.
    fn earlier_row(&self, imported: Option<Imported>, row: u64) -> Option<u64> {
        let imported = imported?;
        (imported.job == self.job.id && imported.row != row).then_some(imported.row)
    }

    /// The site of that name, whatever its case.
    fn site(&self, name: &str) -> Option<SiteId> {
        let name = name.to_lowercase();
        self.sites.iter().find(|site| site.name.to_lowercase() == name).map(|site| site.id)
    }

    /// The same id whenever the row is read again.
    fn derived(&self, row: u64, what: &str) -> Uuid {
        derived(self.job.id, row, what)
    }

    /// Whether rows are only looked at.
    fn is_dry(&self) -> bool {
        self.job.mode == JobMode::DryRun
    }

    /// Saves the page's report and where the job goes on, and asks for the next page, in one transaction.
    ///
    /// # Errors
    /// The store's fault.
    pub(crate) async fn save(&self, done: Done) -> Result<(), Fault> {
        let mut job = self.job.value.clone();
        count(&mut job.counts, &done.rows);
        job.position = done.position;
        job.state = done.state;
        job.updated_at = self.context.now;
        let event = match done.state {
            JobState::Waiting | JobState::Running => {
                JournalEvent::ImportContinues { job: job.id, page: job.position.page }
            }
            JobState::Done | JobState::Failed(_) => JournalEvent::ImportFinished { job: job.id },
        };
        let record = JournalRecord {
            events: vec![event],
            ..self.context.record(Actor::Import(job.id), Subject::Job(job.id))
        };
        let rows = serde_json::to_value(&done.rows).map_err(|error| defect("a report page", error))?;
        let mut transaction = Transaction::new(&record);
        transaction.put_job(self.job.version, &job).put_report(job.id, job.position.page, &ReportPage(rows));
        match self.context.services.store.commit(transaction).await {
            Ok(()) => {
                log_page(self.context, done.rows.len());
                Ok(())
            }
            // Another delivery of the same page was quicker.
            Err(CommitError::Conflict(Conflict::Stale(_))) => Ok(()),
            Err(CommitError::Fault(fault)) => Err(fault),
            Err(CommitError::Conflict(other)) => {
                Err(Fault::Internal { what: other.to_string(), source: None })
            }
        }
    }
}

fn count(counts: &mut Counts, rows: &[ReportRow]) {
    for row in rows {
        match row.outcome.as_str() {
            "created" => counts.created += 1,
            "updated" => counts.updated += 1,
            "unchanged" => counts.unchanged += 1,
            _ => counts.refused += 1,
        }
        counts.duplicates += u64::from(row.warnings.contains(&Warning::SameNameAndBirthDate));
    }
}

/// The header, and where it ends.
fn header<C: Columns>(start: &[u8]) -> Result<(Header<C>, u64), (JobFailure, ReportError)> {
    let not_csv = || {
        let help = "This is not a CSV file in UTF-8: save it from the spreadsheet as \"CSV UTF-8\", separated by commas";
        (JobFailure::NotCsv, wrong("not_csv", help))
    };
    let mut reader = reader(start);
    let mut record = ByteRecord::new();
    if start.contains(&0) || !reader.read_byte_record(&mut record).map_err(|_| not_csv())? {
        return Err(not_csv());
    }
    let names =
        record.iter().map(std::str::from_utf8).collect::<Result<Vec<_>, _>>().map_err(|_| not_csv())?;
    let header =
        Header::parse(names).map_err(|error| (JobFailure::BadHeader, wrong("bad_header", error.help())))?;
    Ok((header, reader.position().byte()))
}

fn reader(bytes: &[u8]) -> csv::Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes)
}

/// The whole rows at the start of a chunk, and how many bytes they take. A row that the chunk may have cut off is left
/// to the next one.
fn lines(chunk: &[u8], to_the_end: bool, most: usize, before: u64) -> (Vec<Line>, u64) {
    let mut reader = reader(chunk);
    let mut lines = Vec::new();
    let mut read = 0;
    let mut record = ByteRecord::new();
    while lines.len() < most {
        match reader.read_byte_record(&mut record) {
            Ok(true) if to_the_end || reader.position().byte() < chunk.len() as u64 => {
                read = reader.position().byte();
                lines.push(Line { row: before + 1 + lines.len() as u64, record: record.clone() });
            }
            Ok(false) if to_the_end => return (lines, chunk.len() as u64),
            _ => break,
        }
    }
    (lines, read)
}

impl Line {
    /// Its fields.
    fn fields(&self) -> Result<Vec<&str>, Vec<RowError>> {
        let fields = self.record.iter().map(std::str::from_utf8).collect::<Result<Vec<_>, _>>();
        fields.map_err(|_| {
            let help = "save the file as \"CSV UTF-8\"".to_owned();
            vec![RowError { column: None, code: "not_utf8", help }]
        })
    }
}

/// A row that others change whenever it is to be written.
fn busy() -> Fault {
    Fault::Unavailable {
        what: "a row is changed all the time".to_owned(),
        retry_after: std::time::Duration::from_secs(5),
    }
}
