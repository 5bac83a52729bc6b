//! The domain kept in DynamoDB. `docs/data.md` lists the questions it answers, and what they cost.
//!
//! Questions by key go together in one read ([`Store::ask`] with what [`ask`] offers); changes go together in one
//! [`Transaction`], with the journal record that tells of them; the rest are functions of [`Store`].

use std::sync::Arc;

use aws_sdk_dynamodb::Client;

mod access_log;
mod account;
mod agency;
pub mod ask;
mod bulk;
mod commit;
mod count;
mod credentials;
mod fault;
mod idempotency;
mod individual;
mod item;
mod job;
pub mod journal;
mod licences;
mod mail;
mod query;
pub mod requests;
mod service;
mod service_file;
mod service_request;
mod session;
mod settings;
mod statistics;
pub mod tables;
#[cfg(test)]
mod tests;
mod throttles;
mod worker;

pub use access_log::AccessEntry;
pub use account::{ClosedAccount, DUE_SHARDS, Holding, ScannedAccount};
pub use agency::{Mark, Policy, PublicKeys, Publication, Site};
pub use bulk::{CountedMail, TargetList, Walked};
pub use commit::{CommitError, Conflict, Kind, Transaction};
pub use count::Counted;
pub use credentials::{BegunFactor, Credentials, FactorWrite, Holder, StoredFactor, WorkerCredentials};
pub use domain::settings::PolicyKind;
pub use fault::Fault;
pub use idempotency::Answered;
pub use individual::{AddressOf, ExternalIdOf};
pub use item::{Page, Position, Stale, Version, Versioned};
pub use job::ReportPage;
pub use journal::RecordName;
pub use licences::{FreeLicences, LICENCE_SHARDS, Licences};
pub use mail::{
    Claim, Fate, FateOf, Handover, MailAddress, MailOf, MailRecord, MailStory, Reader, StoryOf, Told,
};
pub use requests::ResetRequest;
pub use service::{ServiceList, ServiceWithExternalId};
pub use service_file::{Enrolments, ServiceFileWithExternalId};
pub use service_request::RequestList;
pub use settings::SettingsVersion;
pub use statistics::{CountedAccounts, Month, StatisticsProgress};
pub use tables::{Table, TableNames};

/// An item as the stream of its table carries it.
pub type Image = serde_dynamo::Item;

/// The agency's data.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    names: Arc<TableNames>,
}

impl Store {
    /// Works through `client` on the tables named. The client's own retries (throttles, server errors, connections) stay
    /// on.
    #[must_use]
    pub fn new(client: Client, names: TableNames) -> Self {
        Self { client, names: Arc::new(names) }
    }

    /// The physical name of a table, without which the function was not meant to touch it.
    fn table(&self, table: Table) -> Result<&str, Fault> {
        self.names.get(table).ok_or_else(|| Fault::Refused(format!("{} is not set", table.env_var())))
    }
}

/// A request of ours that lacks a part.
#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err takes")]
fn unbuilt(error: aws_sdk_dynamodb::error::BuildError) -> Fault {
    Fault::internal(error.to_string())
}
