//! The template with its data, ready to run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::Value;
use tempfile::TempPath;

use crate::aws::{AwsError, LocalAws, Mail};
use crate::clock::LocalClock;
use crate::data::{Data, DataError};
use crate::invoke::Invoker;
use crate::queue;
use crate::streams::Progress;
use crate::template::{Template, TemplateError};

/// Where the data is.
#[derive(Clone, Debug, Default)]
pub enum Place {
    /// In a temporary file that goes with the last handle.
    #[default]
    Scratch,
    /// The same, begun as a copy of a snapshot.
    CopyOf(PathBuf),
    /// In this file, which stays.
    File(PathBuf),
}

/// How far a new data file has been filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// Nothing was begun.
    No,
    /// A start was ended on the way: nobody has used this data yet.
    Begun,
    /// Whole.
    Whole,
}

/// What [`Local::open`] needs.
#[derive(Clone, Debug)]
pub struct Options {
    /// The root template.
    pub template: PathBuf,
    /// Values for its parameters.
    pub parameters: BTreeMap<String, Value>,
    /// Where the data is.
    pub place: Place,
    /// Stops the clock at a time, until it is moved; only in a new data file.
    pub stopped_at: Option<DateTime<Utc>>,
}

/// Why nothing was started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The template can't be run.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The data file can't be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A port is taken.
    #[error(
        "port {port}, for the {what}, is in use by another program. Stop that one, or choose another port: \
         {variable}={} make run", port.wrapping_add(1000)
    )]
    PortInUse {
        /// The port.
        port: u16,
        /// What it is for.
        what: &'static str,
        /// The environment variable that chooses another.
        variable: &'static str,
    },
    /// The network refused in another way.
    #[error("the {what} can't listen on port {port}: {source}")]
    Listen {
        /// The port.
        port: u16,
        /// What it is for.
        what: &'static str,
        /// Why.
        source: std::io::Error,
    },
}

/// A copy of everything at one moment, deleted with this handle.
#[derive(Debug)]
pub struct Snapshot(TempPath);

impl Snapshot {
    /// The file, for [`Place::CopyOf`].
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// The whole product in one process. Clones share it.
#[derive(Clone)]
pub struct Local(Arc<Inner>);

struct Inner {
    aws: LocalAws,
    template: Template,
    invoker: Arc<dyn Invoker>,
    streams: Mutex<BTreeMap<String, Progress>>,
}

impl std::fmt::Debug for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Local").finish_non_exhaustive()
    }
}

impl Local {
    /// Reads the template, opens the data, creates what is missing. Nothing runs by itself until [`Local::serve`];
    /// until then, [`Local::drain`] does what has become due.
    ///
    /// # Errors
    /// When the template or the data file can't be used.
    pub fn open(
        options: &Options,
        invoker: impl FnOnce(&LocalAws, &Template) -> Arc<dyn Invoker>,
    ) -> Result<Self, StartError> {
        let template = Template::read(&options.template, &options.parameters)?;
        let data = match &options.place {
            Place::Scratch => Data::scratch(None)?,
            Place::CopyOf(snapshot) => Data::scratch(Some(snapshot))?,
            Place::File(path) => Data::open(path)?,
        };
        let clock = LocalClock::open(&data, options.stopped_at)?;
        let aws = LocalAws::open(data, clock, template.world.clone())?;
        aws.create_tables(&template.tables)?;
        for function in template.functions.values() {
            aws.add_caller(&function.handler, function.role.clone());
        }
        let invoker = invoker(&aws, &template);
        let local = Self(Arc::new(Inner { aws, template, invoker, streams: Mutex::default() }));
        local.resume()?;
        Ok(local)
    }

    /// How far the demo agency, or whatever else a new data file needs, has been loaded into this one.
    ///
    /// # Errors
    /// When the data file can't be read.
    pub fn loaded(&self) -> Result<Loaded, DataError> {
        Ok(match self.aws().data().meta("loaded")?.as_deref() {
            None => Loaded::No,
            Some("begun") => Loaded::Begun,
            Some(_) => Loaded::Whole,
        })
    }

    /// Says how far it has been loaded.
    ///
    /// # Errors
    /// When the data file can't be written.
    pub fn mark_loaded(&self, loaded: Loaded) -> Result<(), DataError> {
        let text = if loaded == Loaded::Whole { "yes" } else { "begun" };
        Ok(self.aws().data().set_meta("loaded", text)?)
    }

    /// What answers for AWS.
    #[must_use]
    pub fn aws(&self) -> &LocalAws {
        &self.0.aws
    }

    /// What is run.
    #[must_use]
    pub fn template(&self) -> &Template {
        &self.0.template
    }

    pub(crate) fn invoker(&self) -> &dyn Invoker {
        self.0.invoker.as_ref()
    }

    /// Moves the clock; what has become due runs at once if this is being served.
    ///
    /// # Errors
    /// When the data file can't be written.
    pub fn set_clock(&self, to: DateTime<Utc>) -> Result<(), DataError> {
        self.aws().clock().set(to)?;
        self.aws().bells().ring_all();
        Ok(())
    }

    /// All mails so far, oldest first.
    ///
    /// # Errors
    /// When the data file can't be read.
    pub fn mails(&self) -> Result<Vec<Mail>, AwsError> {
        self.aws().mails()
    }

    /// The bodies of a queue's messages, oldest first; dead-letter queues are queues too.
    ///
    /// # Errors
    /// When the data file can't be read.
    pub fn queued(&self, queue: &str) -> Result<Vec<String>, DataError> {
        Ok(queue::bodies(self.aws().data(), queue)?)
    }

    /// Copies everything there is.
    ///
    /// # Errors
    /// When there is no place for the copy.
    pub fn snapshot(&self) -> Result<Snapshot, DataError> {
        let io = |source| DataError::Io { path: std::env::temp_dir(), source };
        let path = tempfile::NamedTempFile::new().map_err(io)?.into_temp_path();
        self.aws().data().copy_to(&path)?;
        Ok(Snapshot(path))
    }

    /// Makes everything as it was.
    ///
    /// # Errors
    /// When the data can't be replaced.
    pub fn restore(&self, snapshot: &Snapshot) -> Result<(), DataError> {
        self.aws().data().restore(snapshot.path())?;
        self.aws().clock().reload()?;
        self.0.streams.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.aws().bells().ring_all();
        Ok(())
    }

    /// How far the reader of a table's stream has got with what it is at.
    pub(crate) fn progress<T>(&self, table: &str, look: impl FnOnce(&mut Progress) -> T) -> T {
        let mut streams = self.0.streams.lock().unwrap_or_else(PoisonError::into_inner);
        look(streams.entry(table.to_owned()).or_default())
    }
}
