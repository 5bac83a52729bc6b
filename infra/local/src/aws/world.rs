//! What there is to be called, apart from the tables: as the template says.

use std::collections::{BTreeMap, BTreeSet};

use super::{ACCOUNT, REGION};

/// The buses, buckets and secrets there are.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Event buses by name, with what their rules bring where.
    pub buses: BTreeMap<String, Vec<Rule>>,
    /// Names of buckets.
    pub buckets: BTreeSet<String>,
    /// Secrets by name, with the value they are created with.
    pub secrets: BTreeMap<String, Secret>,
    /// Domains and addresses that mails may come from.
    pub identities: BTreeSet<String>,
    /// Configuration sets whose mails' events of these types go to the default bus.
    pub mail_events: BTreeMap<String, BTreeSet<String>>,
    /// Names of the tables whose stream something reads.
    pub streams: BTreeSet<String>,
}

/// Brings events with one of these sources and one of these types to these queues.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Exact sources.
    pub sources: Vec<String>,
    /// Exact detail types; none given matches all.
    pub detail_types: Vec<String>,
    /// What the detail must have in it: members by name, with lists of the values they may have.
    pub detail: serde_json::Value,
    /// Where it brings them.
    pub targets: Vec<Target>,
}

/// A queue that a rule brings events to.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its name.
    pub queue: String,
    /// What it gets of an event; all unless given.
    pub input: Option<InputTransformer>,
}

/// What is made of an event on its way to a target.
#[derive(Clone, Debug)]
pub struct InputTransformer {
    /// JSON paths of the values, by the names of the placeholders.
    pub paths: BTreeMap<String, String>,
    /// JSON with placeholders, `<name>`, within its texts.
    pub template: String,
}

/// The first value of a secret.
#[derive(Clone, Debug)]
pub enum Secret {
    /// None: something puts one later.
    Empty,
    /// This many random letters and digits, alone or as a member of a JSON object.
    Generated {
        /// Number of characters.
        length: usize,
        /// The object, and the name of the member that is added to it.
        member: Option<(serde_json::Map<String, serde_json::Value>, String)>,
    },
}

/// The ARN of something here, such as `arn("sqs", "mail-now")`.
#[must_use]
pub fn arn(service: &str, resource: &str) -> String {
    match service {
        "s3" => format!("arn:aws:s3:::{resource}"),
        "iam" => format!("arn:aws:iam::{ACCOUNT}:{resource}"),
        _ => format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"),
    }
}
