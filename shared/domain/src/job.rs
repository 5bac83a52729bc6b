//! Long work: its progress and its outcome.

use chrono::{DateTime, Utc};

use crate::id::{JobId, UploadId, WorkerId};

codes! {
    /// What a job does.
    pub enum JobKind {
        /// Imports individuals from a file.
        ImportIndividuals = "import_individuals",
        /// Imports services, groups and series from a file.
        ImportServices = "import_services",
        /// Imports service files from a file.
        ImportServiceFiles = "import_service_files",
        /// Imports places on rosters from a file.
        ImportRosters = "import_rosters",
    }
}

codes! {
    /// Whether a job changes anything.
    pub enum JobMode {
        /// Reports what would happen.
        DryRun = "dry_run",
        /// Does it.
        Apply = "apply",
    }
}

codes! {
    /// Why a job stopped before its end.
    pub enum JobFailure {
        /// The file isn't there, or was changed after the job began.
        FileMissing = "file_missing",
        /// The file is too large.
        FileTooLarge = "file_too_large",
        /// The file isn't CSV in UTF-8.
        NotCsv = "not_csv",
        /// Columns are missing, unknown or there twice.
        BadHeader = "bad_header",
        /// Tried as often as it makes sense.
        GaveUp = "gave_up",
    }
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// Not begun.
    Waiting,
    /// Under way.
    Running,
    /// At its end.
    Done,
    /// Stopped; what it had done stays done.
    Failed(JobFailure),
}

/// What became of the rows so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counts {
    /// What is new.
    pub created: u64,
    /// What changed.
    pub updated: u64,
    /// What was so already.
    pub unchanged: u64,
    /// Rows refused; none of their content was taken.
    pub refused: u64,
    /// Rows taken whose name and birth date somebody else has (B12).
    pub duplicates: u64,
}

impl Counts {
    /// Rows read so far.
    #[must_use]
    pub const fn rows(self) -> u64 {
        self.created + self.updated + self.unchanged + self.refused
    }
}

/// Where a job goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Position {
    /// Bytes of the file that are done with.
    pub byte: u64,
    /// Rows of the file that are done with, the header being row 1.
    pub row: u64,
    /// Pages of the report that are written.
    pub page: u32,
}

/// A piece of long work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Which one.
    pub id: JobId,
    /// What it does.
    pub kind: JobKind,
    /// Whether it changes anything.
    pub mode: JobMode,
    /// The file it reads.
    pub upload: UploadId,
    /// The system the file comes from, whose ids it has (B12).
    pub source: String,
    /// How far it is.
    pub state: JobState,
    /// What became of the rows so far.
    pub counts: Counts,
    /// Where it goes on.
    pub position: Position,
    /// Who started it.
    pub by: WorkerId,
    /// When it was started.
    pub created_at: DateTime<Utc>,
    /// When it last got further.
    pub updated_at: DateTime<Utc>,
}

impl Job {
    /// A job that has not begun.
    #[must_use]
    pub const fn new(
        id: JobId,
        kind: JobKind,
        mode: JobMode,
        upload: UploadId,
        source: String,
        by: WorkerId,
        now: DateTime<Utc>,
    ) -> Self {
        let counts = Counts { created: 0, updated: 0, unchanged: 0, refused: 0, duplicates: 0 };
        let position = Position { byte: 0, row: 0, page: 0 };
        Self {
            id,
            kind,
            mode,
            upload,
            source,
            state: JobState::Waiting,
            counts,
            position,
            by,
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether nothing more will happen.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.state, JobState::Done | JobState::Failed(_))
    }
}
