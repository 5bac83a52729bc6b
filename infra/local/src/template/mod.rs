//! The SAM template, as far as it is run here: a listed subset, and a refusal that names the place for anything else.

mod edge;
mod names;
mod resources;
mod stack;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

pub(crate) use self::edge::site_headers;
use crate::aws::{Role, Table, World};
use crate::schedule::Expression;

/// Where in which file something stands.
#[derive(Clone, Debug)]
struct Place {
    file: PathBuf,
    line: usize,
    resource: String,
}

impl Place {
    fn refuse(&self, what: impl Into<String>) -> TemplateError {
        TemplateError {
            file: self.file.clone(),
            line: self.line,
            resource: self.resource.clone(),
            what: what.into(),
        }
    }
}

/// What the local server can't run, and where it stands.
#[derive(Debug, thiserror::Error)]
#[error("{}:{line}: {resource}{}{what}", file.display(), if resource.is_empty() { "" } else { ": " })]
pub struct TemplateError {
    /// The template file.
    pub file: PathBuf,
    /// Its line, from 1; 0 where it isn't known.
    pub line: usize,
    /// The resource, parameter or section; empty for the whole file.
    pub resource: String,
    /// What is wrong.
    pub what: String,
}

/// What the template describes.
#[derive(Debug, Default)]
pub struct Template {
    /// The tables.
    pub tables: Vec<Table>,
    /// Buses, buckets, secrets.
    pub world: World,
    /// Queues by name.
    pub queues: BTreeMap<String, Queue>,
    /// Functions by name, which is their logical id unless they have another.
    pub functions: BTreeMap<String, Function>,
    /// The routes of all APIs.
    pub routes: Vec<Route>,
    /// What runs at set times.
    pub schedules: Vec<Schedule>,
    /// What reads queues.
    pub queue_readers: Vec<QueueReader>,
    /// What reads streams of tables.
    pub stream_readers: Vec<StreamReader>,
}

/// A queue.
#[derive(Clone, Debug)]
pub struct Queue {
    /// How long a received message stays hidden, in seconds.
    pub visibility: i64,
    /// After how many receives in vain a message goes to which queue.
    pub dead_letters: Option<(i64, String)>,
}

/// A function.
#[derive(Clone, Debug)]
pub struct Function {
    /// The operation it runs.
    pub handler: String,
    /// Its variables.
    pub environment: BTreeMap<String, String>,
    /// Seconds it may run.
    pub timeout: u64,
    /// What it may do.
    pub role: Role,
}

/// A route of an API.
#[derive(Clone, Debug)]
pub struct Route {
    /// The API's logical id.
    pub api: String,
    /// `GET` and so on, or `ANY`.
    pub method: String,
    /// With `{parameters}`.
    pub path: String,
    /// The function that answers.
    pub function: String,
}

/// Something that runs at set times.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Its name, under which the last run is kept.
    pub name: String,
    /// When.
    pub when: Expression,
    /// What the function gets instead of the usual event.
    pub input: Option<Value>,
    /// The function.
    pub function: String,
}

/// A function that reads a queue.
#[derive(Clone, Debug)]
pub struct QueueReader {
    /// The queue.
    pub queue: String,
    /// The function.
    pub function: String,
    /// Messages at a time.
    pub batch: u32,
    /// Whether it reports which messages of a batch failed.
    pub partial: bool,
}

/// A function that reads a table's stream.
#[derive(Clone, Debug)]
pub struct StreamReader {
    /// The table.
    pub table: String,
    /// The function.
    pub function: String,
    /// Records at a time.
    pub batch: u32,
    /// Whether it reports which record of a batch failed.
    pub partial: bool,
    /// Whether a failed batch is halved.
    pub bisect: bool,
    /// How often a batch is tried again before it is given up; no end if unset.
    pub retries: Option<u32>,
    /// The queue that hears of records given up.
    pub on_failure: Option<String>,
}

impl Template {
    /// Reads a template and the stacks nested in it, with these values for its parameters.
    ///
    /// # Errors
    /// When something in it is beyond the subset that is run here.
    pub fn read(file: &Path, parameters: &BTreeMap<String, Value>) -> Result<Self, TemplateError> {
        resources::read(file, parameters)
    }
}
