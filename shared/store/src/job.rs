//! Long work and its reports.

use chrono::{DateTime, Utc};
use domain::job::{Counts, Job, JobFailure, JobKind, JobMode, JobState, Position};
use domain::{JobId, UploadId, WorkerId};
use serde::{Deserialize, Serialize};

use crate::ask::{FromItem, One};
use crate::commit::Kind;
use crate::item::{Map, Shape, Stored, Version, Versioned, parsed};
use crate::{Fault, Table, Transaction};

const TABLE: Table = Table::Jobs;
const JOB: &str = "job";

#[derive(Serialize, Deserialize)]
pub(crate) struct JobItem {
    #[serde(skip_serializing)]
    pk: String,
    kind: JobKind,
    mode: JobMode,
    upload: UploadId,
    source: String,
    state: String,
    failure: Option<JobFailure>,
    counts: CountsItem,
    byte: u64,
    row: u64,
    page: u32,
    by: WorkerId,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct CountsItem {
    created: u64,
    updated: u64,
    unchanged: u64,
    refused: u64,
    duplicates: u64,
}

impl Shape for JobItem {
    const TABLE: Table = TABLE;
}

impl From<&Job> for JobItem {
    fn from(job: &Job) -> Self {
        let (state, failure) = match job.state {
            JobState::Waiting => ("waiting", None),
            JobState::Running => ("running", None),
            JobState::Done => ("done", None),
            JobState::Failed(failure) => ("failed", Some(failure)),
        };
        let Counts { created, updated, unchanged, refused, duplicates } = job.counts;
        let Position { byte, row, page } = job.position;
        Self {
            pk: job.id.to_string(),
            kind: job.kind,
            mode: job.mode,
            upload: job.upload,
            source: job.source.clone(),
            state: state.to_owned(),
            failure,
            counts: CountsItem { created, updated, unchanged, refused, duplicates },
            byte,
            row,
            page,
            by: job.by,
            created_at: job.created_at,
            updated_at: job.updated_at,
        }
    }
}

impl TryFrom<JobItem> for Job {
    type Error = Fault;

    fn try_from(item: JobItem) -> Result<Self, Fault> {
        let state = match (item.state.as_str(), item.failure) {
            ("waiting", None) => JobState::Waiting,
            ("running", None) => JobState::Running,
            ("done", None) => JobState::Done,
            ("failed", Some(failure)) => JobState::Failed(failure),
            _ => return Err(Fault::corrupt(TABLE, "`state` is unknown or lacks its data")),
        };
        let CountsItem { created, updated, unchanged, refused, duplicates } = item.counts;
        Ok(Self {
            id: parsed(&item.pk, "pk", TABLE)?,
            kind: item.kind,
            mode: item.mode,
            upload: item.upload,
            source: item.source,
            state,
            counts: Counts { created, updated, unchanged, refused, duplicates },
            position: Position { byte: item.byte, row: item.row, page: item.page },
            by: item.by,
            created_at: item.created_at,
            updated_at: item.updated_at,
        })
    }
}

impl Stored for Job {
    type Item = JobItem;
    const KIND: Kind = Kind::Job;

    fn key(&self) -> (String, Option<&'static str>) {
        (self.id.to_string(), Some(JOB))
    }
}

pub(crate) fn question(id: JobId) -> One<Versioned<Job>> {
    One::sorted(TABLE, id.to_string(), JOB)
}

/// A page of a job's report: JSON whose shape is the job's own. Row numbers, ids and codes, no values of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportPage(pub serde_json::Value);

#[derive(Serialize, Deserialize)]
struct ReportItem {
    rows: serde_json::Value,
}

impl Shape for ReportItem {
    const TABLE: Table = TABLE;
}

impl FromItem for ReportPage {
    fn from_item(map: Map) -> Result<Self, Fault> {
        ReportItem::read(map).map(|ReportItem { rows }| Self(rows))
    }
}

fn report_sk(page: u32) -> String {
    format!("report#{page:06}")
}

pub(crate) fn report(id: JobId, page: u32) -> One<ReportPage> {
    One::sorted(TABLE, id.to_string(), report_sk(page))
}

impl Transaction {
    /// Writes a job where it was loaded with `version`, or anew.
    pub fn put_job(&mut self, version: Version, job: &Job) -> &mut Self {
        self.put_versioned(version, job)
    }

    /// Adds a page to a job's report. At most 400 KB, as any item.
    pub fn put_report(&mut self, job: JobId, page: u32, rows: &ReportPage) -> &mut Self {
        let item = ReportItem { rows: rows.0.clone() };
        self.put_once(&item, &job.to_string(), Some(&report_sk(page)), Kind::Report)
    }
}
