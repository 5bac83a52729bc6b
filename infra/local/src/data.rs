//! The one `SQLite` file that holds the tables, the mails, the queues and all else that must survive a restart.

use std::fs::{self, File, TryLockError};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dynoxide::Database;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use tempfile::TempDir;

/// What brings a file from one format version to the next; the number of them is the newest version.
const MIGRATIONS: &[&str] = &[include_str!("data/0001.sql")];

/// The first bytes of every `SQLite` file.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Why a data file was not opened. The file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Another server has the file.
    #[error(
        "{} is in use by another local server. Stop that one, or choose another file with LOCAL_DATA.",
        .0.display()
    )]
    InUse(PathBuf),
    /// The file is of a version this program doesn't know.
    #[error(
        "{} was written by a newer version (format {found}; this program knows {known}). \
         It was left as it is. Use the newer program, or choose another file with LOCAL_DATA.",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format version.
        found: usize,
        /// The newest format version known here.
        known: usize,
    },
    /// The file is not one of ours, or broken.
    #[error(
        "{} can't be used: {reason}. It was left as it is. Move it away to begin anew, \
         or choose another file with LOCAL_DATA.",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// `SQLite` refused.
    #[error("the data file: {0}")]
    Sql(#[from] rusqlite::Error),
    /// The embedded DynamoDB refused.
    #[error("the tables: {0}")]
    Tables(#[from] dynoxide::DynoxideError),
}

/// The open data file: the tables through the embedded DynamoDB, everything else through a connection beside it.
#[derive(Clone)]
pub(crate) struct Data(Arc<Inner>);

struct Inner {
    tables: Database,
    /// Also taken by writes to the tables, so that the two connections never wait for each other inside `SQLite`,
    /// which would sleep.
    sql: Mutex<Connection>,
    _lock: Option<File>,
    _scratch: Option<TempDir>,
}

impl Data {
    /// Opens or creates the file, takes its lock and brings it to the newest format.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(|source| io(directory, source))?;
        }
        let lock = lock(path)?;
        let fresh = fs::metadata(path).map_or(true, |file| file.len() == 0);
        if !fresh {
            let version = check(path)?;
            if version < MIGRATIONS.len() {
                migrate_copy(path, version)?;
            }
        }
        let tables = Database::new(&path.to_string_lossy())?;
        // Sets `synchronous = NORMAL`: a killed process loses nothing, and a commit doesn't wait for the disk.
        tables.disable_bulk_loading()?;
        Self::join(tables, path, fresh, Some(lock), None)
    }

    /// A file in a directory of its own that goes with the last handle; a copy of `snapshot` where one is given.
    pub(crate) fn scratch(snapshot: Option<&Path>) -> Result<Self, DataError> {
        let directory = tempfile::tempdir().map_err(|source| io(Path::new("temporary directory"), source))?;
        let path = directory.path().join("scratch.db");
        if let Some(snapshot) = snapshot {
            fs::copy(snapshot, &path).map_err(|source| io(snapshot, source))?;
        }
        let tables = Database::new(&path.to_string_lossy())?;
        tables.enable_bulk_loading()?;
        Self::join(tables, &path, snapshot.is_none(), None, Some(directory))
    }

    fn join(
        tables: Database,
        path: &Path,
        fresh: bool,
        lock: Option<File>,
        scratch: Option<TempDir>,
    ) -> Result<Self, DataError> {
        let sql = Connection::open(path)?;
        let synchronous = if scratch.is_some() { "OFF" } else { "NORMAL" };
        sql.pragma_update(None, "synchronous", synchronous)?;
        if fresh {
            migrate(&sql, 0)?;
        }
        // Without it, each write to a stream reads the whole stream to find the next sequence number.
        sql.execute_batch(
            "CREATE INDEX IF NOT EXISTS local_stream
             ON _stream_records (table_name, CAST(sequence_number AS INTEGER))",
        )?;
        Ok(Self(Arc::new(Inner { tables, sql: Mutex::new(sql), _lock: lock, _scratch: scratch })))
    }

    /// The tables, for reading.
    pub(crate) fn tables(&self) -> &Database {
        &self.0.tables
    }

    /// The tables, for writing.
    pub(crate) fn write_tables<T>(&self, write: impl FnOnce(&Database) -> T) -> T {
        let _turn = self.connection();
        write(&self.0.tables)
    }

    /// Runs `work` in one transaction of everything that isn't a table.
    pub(crate) fn transaction<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    /// Reads, or writes one statement.
    pub(crate) fn sql<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        work(&self.connection())
    }

    /// A small value kept under a name.
    pub(crate) fn meta(&self, key: &str) -> rusqlite::Result<Option<String>> {
        self.sql(|sql| meta(sql, key))
    }

    /// Keeps a small value under a name.
    pub(crate) fn set_meta(&self, key: &str, value: &str) -> rusqlite::Result<()> {
        self.sql(|sql| set_meta(sql, key, value))
    }

    /// Writes a copy of everything to a new file.
    pub(crate) fn copy_to(&self, path: &Path) -> Result<(), DataError> {
        let _turn = self.connection();
        Ok(self.0.tables.vacuum_into(&path.to_string_lossy())?)
    }

    /// Replaces everything by what [`Data::copy_to`] wrote.
    pub(crate) fn restore(&self, path: &Path) -> Result<(), DataError> {
        let _turn = self.connection();
        Ok(self.0.tables.restore_from(&path.to_string_lossy())?)
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.0.sql.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn io(path: &Path, source: std::io::Error) -> DataError {
    DataError::Io { path: path.to_owned(), source }
}

fn lock(path: &Path) -> Result<File, DataError> {
    let beside = beside(path, "lock");
    let file = File::create(&beside).map_err(|source| io(&beside, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DataError::InUse(path.to_owned())),
        Err(TryLockError::Error(source)) => Err(io(&beside, source)),
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

/// The format version of a file that is whole and ours.
fn check(path: &Path) -> Result<usize, DataError> {
    let damaged = |reason: String| DataError::Damaged { path: path.to_owned(), reason };
    let mut magic = [0; 16];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut magic));
    if read.is_err() || magic != MAGIC {
        return Err(damaged("it is not an SQLite database".to_owned()));
    }
    let sql = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let verdict: String = sql
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| damaged(error.to_string()))?;
    if verdict != "ok" {
        return Err(damaged(format!("its check says: {verdict}")));
    }
    let version = meta(&sql, "format")
        .ok()
        .flatten()
        .and_then(|version| version.parse().ok())
        .ok_or_else(|| damaged("it is a database, but not one of this program".to_owned()))?;
    if version > MIGRATIONS.len() {
        return Err(DataError::Newer { path: path.to_owned(), found: version, known: MIGRATIONS.len() });
    }
    Ok(version)
}

/// Migrates a copy and puts it in the file's place; the original stays beside it.
fn migrate_copy(path: &Path, version: usize) -> Result<(), DataError> {
    let copy = beside(path, "migrating");
    if copy.exists() {
        fs::remove_file(&copy).map_err(|source| io(&copy, source))?;
    }
    Connection::open(path)?.execute("VACUUM INTO ?1", params![copy.to_string_lossy()])?;
    migrate(&Connection::open(&copy)?, version)?;
    let original = beside(path, &format!("format-{version}"));
    fs::rename(path, &original).map_err(|source| io(&original, source))?;
    fs::rename(&copy, path).map_err(|source| io(path, source))
}

fn migrate(sql: &Connection, from: usize) -> rusqlite::Result<()> {
    let transaction = sql.unchecked_transaction()?;
    for migration in MIGRATIONS.iter().skip(from) {
        transaction.execute_batch(migration)?;
    }
    set_meta(&transaction, "format", &MIGRATIONS.len().to_string())?;
    transaction.commit()
}

fn meta(sql: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    sql.query_row("SELECT value FROM local_meta WHERE key = ?1", [key], |row| row.get(0)).optional()
}

fn set_meta(sql: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    sql.execute("INSERT OR REPLACE INTO local_meta (key, value) VALUES (?1, ?2)", [key, value]).map(|_| ())
}
