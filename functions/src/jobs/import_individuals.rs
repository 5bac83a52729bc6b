//! Imports individuals from an uploaded CSV, a page at a time: dry run or for good, with a report row by row. A row is
//! all or nothing, a file isn't (B12). A page that is delivered again finds what it did the first time.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use csv::{ByteRecord, ReaderBuilder};
use domain::account::RecordChange;
use domain::birth_date::BirthDate;
use domain::id::{ContactId, IndividualId, SiteId, WorkerId};
use domain::import::{Column, Directory, Draft, Header, Import, Outcome, RowError, Warning};
use domain::individual::Imported;
use domain::job::{Counts, Job, JobFailure, JobMode, JobState, Position};
use domain::journal::{Actor, JournalEvent, JournalRecord, Subject};
use domain::settings::Settings;
use domain::{EmailAddress, Individual};
use serde::{Deserialize, Serialize};
use store::{CommitError, Conflict, ExternalIdOf, Fault, ReportPage, Site, Transaction, Versioned, ask};

use super::{Delivered, derived, log_page};
use crate::change::IndividualChange;
use crate::context::{Context, defect};
use crate::entry::event::MessageOperation;
use crate::uploads;

/// Bytes read at a time: also the longest row.
const CHUNK: u64 = 1024 * 1024;
/// Rows of a page that writes: each is a transaction.
const ROWS_APPLIED: usize = 200;
/// Rows of a page that only reports.
const ROWS_REPORTED: usize = 1000;

/// Imports individuals.
pub struct ImportIndividuals;

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
            errors: errors.into_iter().collect(),
            warnings: Vec::new(),
        }
    }
}

impl From<RowError> for ReportError {
    fn from(error: RowError) -> Self {
        Self {
            column: error.column.map(|column| column.code().to_owned()),
            code: error.code.to_owned(),
            help: error.help,
        }
    }
}

fn wrong(code: &str, help: impl Into<String>) -> ReportError {
    ReportError { column: None, code: code.to_owned(), help: help.into() }
}

impl MessageOperation for ImportIndividuals {
    type Message = Delivered;

    async fn handle(context: &Context<'_>, message: Delivered) -> Result<(), Fault> {
        let context = message.caused(context);
        let JournalEvent::ImportContinues { job, page } = message.detail.event else {
            return Err(Fault::Internal { what: "not an import".to_owned(), source: None });
        };
        let asked = (ask::job(job), ask::settings(), ask::sites());
        let (found, settings, sites) = context.services.store.ask(asked).await?;
        let settings = context.settings(settings)?;
        let Some(job) = found else {
            return Err(Fault::Internal { what: format!("{job} does not exist"), source: None });
        };
        if job.is_over() || job.position.page != page {
            return Ok(());
        }
        let sites = sites.map(|sites| sites.value).unwrap_or_default();
        let run = Run { context: &context, job: &job, settings: &settings, sites: &sites };
        let done = run.page().await?;
        run.save(done).await
    }
}

/// What a page did, to be saved with the job.
struct Done {
    rows: Vec<ReportRow>,
    position: Position,
    state: JobState,
}

/// A row as it stands in the file.
struct Line {
    row: u64,
    record: ByteRecord,
}

struct Run<'a> {
    context: &'a Context<'a>,
    job: &'a Versioned<Job>,
    settings: &'a Settings,
    sites: &'a [Site],
}

impl Run<'_> {
    async fn page(&self) -> Result<Done, Fault> {
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
            rows: self.rows(&header, &lines).await?,
            position: Position { byte: from + read, row, page: self.job.position.page + 1 },
            state: if finished { JobState::Done } else { JobState::Running },
        })
    }

    fn failed(&self, failure: JobFailure, error: ReportError) -> Done {
        let page = self.job.position.page + 1;
        let rows = vec![ReportRow::refused(self.job.position.row.max(1), [error])];
        Done { rows, position: Position { page, ..self.job.position }, state: JobState::Failed(failure) }
    }

    async fn rows(&self, header: &Header, lines: &[Line]) -> Result<Vec<ReportRow>, Fault> {
        let today = self.settings.today(self.context.now);
        let mut directory =
            Known { today, sites: self.sites, workers: BTreeMap::new(), wanted: RefCell::default() };
        for line in lines {
            drop(parse(header, line, &directory));
        }
        directory.workers = self.workers(directory.wanted.take()).await?;
        let drafts: Vec<(u64, Result<Draft, Vec<RowError>>)> =
            lines.iter().map(|line| (line.row, parse(header, line, &directory))).collect();
        let mut known = self.known(drafts.iter().filter_map(|(_, draft)| draft.as_ref().ok())).await?;
        let mut rows = Vec::with_capacity(drafts.len());
        let mut seen: BTreeMap<String, u64> = BTreeMap::new();
        for (row, draft) in drafts {
            rows.push(match draft {
                Err(errors) => ReportRow::refused(row, errors.into_iter().map(ReportError::from)),
                Ok(draft) => {
                    let before = known.remove(&draft.external_id);
                    let earlier = seen
                        .insert(draft.external_id.clone(), row)
                        .or_else(|| self.earlier_row(before.as_ref(), row));
                    match earlier {
                        Some(earlier) => ReportRow::refused(row, [repeated(earlier)]),
                        None => self.row(row, draft, before).await?,
                    }
                }
            });
        }
        Ok(rows)
    }

    /// The row of this same file that an individual comes from, if it isn't this one.
    fn earlier_row(&self, before: Option<&Versioned<Individual>>, row: u64) -> Option<u64> {
        let imported = before?.imported?;
        (imported.job == self.job.id && imported.row != row).then_some(imported.row)
    }

    async fn workers(&self, wanted: BTreeSet<String>) -> Result<BTreeMap<String, WorkerId>, Fault> {
        let addresses: Vec<EmailAddress> = wanted.iter().filter_map(|address| address.parse().ok()).collect();
        let found = self
            .context
            .services
            .store
            .ask(addresses.iter().map(ask::worker_credentials).collect::<Vec<_>>())
            .await?;
        let named = addresses
            .iter()
            .zip(found)
            .filter_map(|(address, found)| Some((address.normalized().to_owned(), found?.holder)));
        Ok(named.collect())
    }

    /// The individuals that have the rows' external ids.
    async fn known(
        &self,
        drafts: impl Iterator<Item = &Draft>,
    ) -> Result<BTreeMap<String, Versioned<Individual>>, Fault> {
        let store = &self.context.services.store;
        let ids: BTreeSet<&str> = drafts.map(|draft| draft.external_id.as_str()).collect();
        let owners = store
            .ask(ids.iter().map(|id| ask::external_id(&self.job.source, id)).collect::<Vec<_>>())
            .await?;
        let owned: Vec<(&str, IndividualId)> = ids
            .into_iter()
            .zip(owners)
            .filter_map(|(id, owner)| Some((id, owner.map(|ExternalIdOf(owner)| owner)?)))
            .collect();
        let found =
            store.ask(owned.iter().map(|(_, owner)| ask::individual(*owner)).collect::<Vec<_>>()).await?;
        Ok(owned.iter().zip(found).filter_map(|((id, _), found)| Some(((*id).to_owned(), found?))).collect())
    }

    async fn row(
        &self,
        row: u64,
        draft: Draft,
        mut before: Option<Versioned<Individual>>,
    ) -> Result<ReportRow, Fault> {
        let external_id = draft.external_id.clone();
        let import = self.import(row)?;
        for _ in 0..5 {
            let done = done_before(before.as_ref(), &import);
            let mut applied = draft.clone().apply(before.as_ref().map(|before| &before.value), import);
            applied.outcome = done.unwrap_or(applied.outcome);
            let individual = &applied.individual;
            if let (Outcome::Created, Some(birth_date)) = (applied.outcome, individual.birth_date)
                && self.has_a_double(individual, birth_date, row).await?
            {
                applied.warnings.push(Warning::SameNameAndBirthDate);
            }
            let report = ReportRow {
                row,
                outcome: applied.outcome.code().to_owned(),
                individual_id: (self.job.mode == JobMode::Apply || before.is_some()).then_some(individual.id),
                errors: Vec::new(),
                warnings: applied.warnings.clone(),
            };
            if done.is_some() || self.job.mode == JobMode::DryRun || applied.outcome == Outcome::Unchanged {
                return Ok(report);
            }
            match self.apply(row, before.as_ref(), &applied).await {
                Ok(()) => return Ok(report),
                // Somebody changed the individual meanwhile: look again and apply again.
                Err(CommitError::Conflict(Conflict::Stale(_) | Conflict::ExternalIdTaken)) => {
                    before = self.known(std::iter::once(&draft)).await?.remove(&external_id);
                }
                Err(CommitError::Fault(fault)) => return Err(fault),
                Err(CommitError::Conflict(other)) => {
                    return Err(Fault::Internal { what: other.to_string(), source: None });
                }
            }
        }
        Err(Fault::Unavailable {
            what: "a row is changed all the time".to_owned(),
            retry_after: std::time::Duration::from_secs(5),
        })
    }

    /// Whether somebody else has the name and birth date (B12). Later rows of this file, which only a page that is
    /// delivered again can meet, don't count.
    async fn has_a_double(
        &self,
        individual: &Individual,
        birth_date: BirthDate,
        row: u64,
    ) -> Result<bool, Fault> {
        let store = &self.context.services.store;
        let same = store.same_person(&individual.name, birth_date).await?;
        let others: Vec<_> =
            same.into_iter().filter(|other| *other != individual.id).map(ask::individual).collect();
        if others.is_empty() {
            return Ok(false);
        }
        let is_later = |imported: Imported| imported.job == self.job.id && imported.row > row;
        Ok(store.ask(others).await?.into_iter().flatten().any(|other| !other.imported.is_some_and(is_later)))
    }

    /// The same ids whenever the row is read again.
    fn import(&self, row: u64) -> Result<Import<'_>, Fault> {
        let id = |what: &str| derived(self.job.id, row, what);
        let no_site = || Fault::Internal { what: "the agency has no site".to_owned(), source: None };
        Ok(Import {
            source: &self.job.source,
            imported: Imported { job: self.job.id, row },
            at: self.context.now,
            individual: IndividualId::new(id("individual")),
            contacts: [
                ContactId::new(id("email")),
                ContactId::new(id("phone")),
                ContactId::new(id("postal")),
            ],
            language: self.settings.agency.language,
            site: self.sites.first().map(|site| site.id).ok_or_else(no_site)?,
        })
    }

    /// Writes a row in one transaction, with what it means for a Pending account (B2, B3).
    async fn apply(
        &self,
        row: u64,
        before: Option<&Versioned<Individual>>,
        applied: &domain::import::Applied,
    ) -> Result<(), CommitError> {
        let (context, individual) = (self.context, &applied.individual);
        let change = RecordChange::between(before.map(|before| &before.value), individual);
        let account = if before.is_some() && change.concerns_accounts() {
            context.open_account(context.services.store.ask(ask::holding(individual.id)).await?).await?
        } else {
            None
        };
        let told = JournalEvent::IndividualImported {
            individual: individual.id,
            job: self.job.id,
            row,
            created: applied.outcome == Outcome::Created,
        };
        let change =
            IndividualChange { before, after: individual, told: Some(told), account: account.as_ref() };
        let (transaction, _) = context.individual_change(Actor::Import(self.job.id), self.settings, &change);
        context.services.store.commit(transaction).await
    }

    /// Saves the page's report and where the job goes on, and asks for the next page, in one transaction.
    async fn save(&self, done: Done) -> Result<(), Fault> {
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

fn repeated(earlier: u64) -> ReportError {
    ReportError {
        column: Some(Column::ExternalId.code().to_owned()),
        code: "repeated_external_id".to_owned(),
        help: format!("row {earlier} of this file has the same external_id: keep one of the two"),
    }
}

/// What this row did when the page was delivered before.
fn done_before(before: Option<&Versioned<Individual>>, import: &Import<'_>) -> Option<Outcome> {
    let before = before.filter(|before| before.imported == Some(import.imported))?;
    Some(if before.id == import.individual { Outcome::Created } else { Outcome::Updated })
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
fn header(start: &[u8]) -> Result<(Header, u64), (JobFailure, ReportError)> {
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

fn parse(header: &Header, line: &Line, directory: &Known<'_>) -> Result<Draft, Vec<RowError>> {
    let fields = line.record.iter().map(std::str::from_utf8).collect::<Result<Vec<_>, _>>();
    let fields = fields.map_err(|_| {
        vec![RowError { column: None, code: "not_utf8", help: "save the file as \"CSV UTF-8\"".to_owned() }]
    })?;
    Draft::parse(header, fields, directory)
}

/// The sites, and the workers as far as they were looked up; the others are noted.
struct Known<'a> {
    today: NaiveDate,
    sites: &'a [Site],
    workers: BTreeMap<String, WorkerId>,
    wanted: RefCell<BTreeSet<String>>,
}

impl Directory for Known<'_> {
    fn today(&self) -> NaiveDate {
        self.today
    }

    fn site(&self, name: &str) -> Option<SiteId> {
        let name = name.to_lowercase();
        self.sites.iter().find(|site| site.name.to_lowercase() == name).map(|site| site.id)
    }

    fn worker(&self, email: &EmailAddress) -> Option<WorkerId> {
        let known = self.workers.get(email.normalized()).copied();
        if known.is_none() {
            self.wanted.borrow_mut().insert(email.normalized().to_owned());
        }
        known
    }
}
