//! The table of operations: what starts each, who may, what it may touch.
//!
//! The template, the OpenAPI documents, the authorisation sweep and the local server are all made from this table.

use std::collections::{BTreeMap, BTreeSet};

use domain::image::Picture;
use domain::worker::Permission;
use store::tables::Table;

use crate::entry::event::{EventOperation, MessageOperation, StreamOperation};
use crate::entry::http::HttpOperation;
use crate::entry::{self, EventHandler, HttpHandler};

pub use crate::table::OPERATIONS;

/// One operation: one Lambda function.
#[derive(Clone, Copy)]
pub struct Operation {
    /// `room.verb_noun`, as in the template's `Handler` and in `_HANDLER`.
    pub name: &'static str,
    /// One line for OpenAPI and the template.
    pub summary: &'static str,
    /// What starts it.
    pub trigger: Trigger,
    /// Who may.
    pub access: Access,
    /// Whether it changes anything that lasts.
    pub mutates: bool,
    /// Whether callers give an `Idempotency-Key`.
    pub idempotency: Idempotency,
    /// Memory class.
    pub memory: Memory,
    /// Longest run.
    pub timeout_seconds: u16,
    /// The tables it may touch, and how, beside what [`Operation::touches`] adds for its caller.
    pub grants: &'static [Grant],
    /// What else it may use.
    pub uses: &'static [Use],
    /// The code.
    pub run: Run,
}

/// All that an operation may do with one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touch {
    /// The actions on it.
    pub actions: BTreeSet<Action>,
    /// The indexes that may be queried.
    pub indexes: BTreeSet<&'static str>,
}

impl Operation {
    /// The tables it may touch, and how: its own grants, and what finding out who calls and keeping the answer for an
    /// idempotency key take.
    #[must_use]
    pub fn touches(&self) -> BTreeMap<Table, Touch> {
        use Action::{BatchGetItem, PutItem};
        let caller: &[(Table, Action)] = match self.access {
            Access::Anyone | Access::System => &[],
            Access::Client => &[
                (Table::Settings, BatchGetItem),
                (Table::Accounts, BatchGetItem),
                (Table::Sessions, BatchGetItem),
            ],
            Access::ByPassword | Access::Worker | Access::Permitted(_) => &[
                (Table::Settings, BatchGetItem),
                (Table::Workers, BatchGetItem),
                (Table::WorkerSessions, BatchGetItem),
                (Table::AccessLog, PutItem),
            ],
        };
        let answers: &[(Table, Action)] = match self.idempotency {
            Idempotency::ByNature => &[],
            Idempotency::Accepted | Idempotency::Required => {
                &[(Table::Idempotency, BatchGetItem), (Table::Idempotency, PutItem)]
            }
        };
        let mut touches: BTreeMap<Table, Touch> = BTreeMap::new();
        for (table, action) in caller.iter().chain(answers) {
            touches.entry(*table).or_default().actions.insert(*action);
        }
        for grant in self.grants {
            let touch = touches.entry(grant.table).or_default();
            touch.actions.extend(grant.actions);
            touch.indexes.extend(grant.indexes);
        }
        touches
    }
}

/// The two HTTP APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Api {
    /// For clients, under `/api/portal/v1`.
    Portal,
    /// For workers, under `/api/admin/v1`.
    Admin,
}

impl Api {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Portal, Self::Admin];

    /// The path every route of it starts with.
    #[must_use]
    pub const fn base(self) -> &'static str {
        match self {
            Self::Portal => "/api/portal/v1",
            Self::Admin => "/api/admin/v1",
        }
    }
}

/// HTTP's methods, as far as operations use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// Reads; changes nothing.
    Get,
    /// Does something, or searches with personal data that may not be in a URL.
    Post,
    /// Sets.
    Put,
    /// Ends.
    Delete,
}

impl Method {
    /// As written in a request.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// What starts an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A request; the path is relative to the API's base.
    Http {
        /// Which API.
        api: Api,
        /// The method.
        method: Method,
        /// With `{parameters}`.
        path: &'static str,
    },
    /// EventBridge's clock, as a schedule expression.
    Schedule(&'static str),
    /// Messages of an SQS queue, so many at most at a time.
    Queue(Queue, u16),
    /// The stream of a table, so many records at most at a time.
    Stream(Table, u16),
    /// Lambda's Invoke API, by whoever deploys.
    Invoke,
}

/// The SQS queues, each fed with some types of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Queue {
    /// Mail that somebody waits for.
    MailNow,
    /// Mail that nobody waits for, of which there may be much at once.
    MailBulk,
    /// Pages of imports.
    Imports,
    /// Steps of bulk jobs.
    Bulk,
    /// What the mail service tells of mails.
    MailOutcomes,
    /// Whose sessions have ended.
    EndedSessions,
}

impl Queue {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::MailNow, Self::MailBulk, Self::MailOutcomes, Self::Imports, Self::Bulk, Self::EndedSessions];

    /// The logical name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MailNow => "mail_now",
            Self::MailBulk => "mail_bulk",
            Self::Imports => "imports",
            Self::Bulk => "bulk",
            Self::MailOutcomes => "mail_outcomes",
            Self::EndedSessions => "ended_sessions",
        }
    }

    /// Whether SES feeds it, through the account's default bus, and not the journal through ours.
    #[must_use]
    pub const fn is_fed_by_ses(self) -> bool {
        matches!(self, Self::MailOutcomes)
    }

    /// The types of events that the bus brings to it.
    #[must_use]
    pub const fn events(self) -> &'static [&'static str] {
        match self {
            Self::MailNow => &[
                "activation_requested",
                "account_locked",
                "password_reset_requested",
                "password_changed",
                "email_code_requested",
                "sign_in_email_changed",
                "worker_invited",
                "worker_locked",
                "worker_password_reset_requested",
                "worker_password_changed",
                "second_factor_set",
                "second_factor_reset",
                "recovery_code_used",
                "service_requested",
                "test_mail_requested",
            ],
            Self::MailBulk => &[
                "activation_reminder_requested",
                "invitation_asked_for",
                "bulk_activation_requested",
                "mail_failed",
            ],
            Self::Imports => &["import_continues"],
            Self::Bulk => &["bulk_job_continues"],
            Self::MailOutcomes => &[
                "Email Sent",
                "Email Delivered",
                "Email Bounced",
                "Email Complaint Received",
                "Email Rejected",
            ],
            Self::EndedSessions => &[
                "account_locked",
                "account_disabled",
                "account_closed",
                "password_changed",
                "password_reset_forced",
                "sessions_ended",
                "worker_locked",
                "worker_password_changed",
                "worker_password_reset_forced",
                "worker_sessions_ended",
            ],
        }
    }

    /// How many functions work on it at the same time; new AWS accounts may run ten in all.
    #[must_use]
    pub const fn concurrency(self) -> u16 {
        match self {
            Self::MailNow | Self::Imports => 4,
            Self::MailBulk | Self::MailOutcomes | Self::Bulk | Self::EndedSessions => 2,
        }
    }
}

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone: the operation itself checks a link or a password, and is throttled; or it tells what everybody may know.
    Anyone,
    /// A client with a live session.
    Client,
    /// A worker with a live session, be it one that the password alone has opened where more is required: to set up what is.
    ByPassword,
    /// A worker with a live session.
    Worker,
    /// A worker whose user group and security class permit it.
    Permitted(Permission),
    /// Time, events and whoever deploys: no HTTP.
    System,
}

/// Whether an operation takes an `Idempotency-Key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idempotency {
    /// Repeating it has the effect of one by its nature.
    ByNature,
    /// The caller may send a key.
    Accepted,
    /// The caller must send a key.
    Required,
}

/// Memory classes, in MB; chosen by measurement (docs/decisions.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// Reads and small writes.
    Small,
    /// Argon2id: a full core.
    Hash,
    /// Pages of many rows.
    Bulk,
}

impl Memory {
    /// Megabytes.
    #[must_use]
    pub const fn megabytes(self) -> u16 {
        match self {
            Self::Small => 256,
            Self::Hash => 1769,
            Self::Bulk => 1024,
        }
    }
}

/// What may be done to one table.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    /// The table.
    pub table: Table,
    /// The actions on it.
    pub actions: &'static [Action],
    /// The indexes that may be queried.
    pub indexes: &'static [&'static str],
}

/// DynamoDB's actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// One item.
    GetItem,
    /// Several items by key.
    BatchGetItem,
    /// Items of one partition.
    Query,
    /// All items; for jobs only.
    Scan,
    /// A whole item.
    PutItem,
    /// Part of an item.
    UpdateItem,
    /// An item away.
    DeleteItem,
    /// A condition in a transaction.
    ConditionCheckItem,
}

/// What an operation may use beside tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// SES, from the agency's identity.
    SendMail,
    /// The origin of the clients' site, to name it.
    PortalUrl,
    /// The deployment's stage.
    Stage,
    /// What SES says of the agency's identity.
    ReadIdentity,
    /// How many mails SES takes in a second.
    ReadSendRate,
    /// The EventBridge bus.
    PutEvents,
    /// Objects of the uploads bucket, to read.
    ReadUploads,
    /// Objects of the uploads bucket, to presign a PUT.
    WriteUploads,
    /// Pictures of that kind, to read.
    ReadImages(Picture),
    /// Pictures of that kind, to keep.
    WriteImages(Picture),
    /// A secret's value.
    Read(Secret),
    /// A new value for a secret.
    Write(Secret),
}

impl Use {
    /// Whether S3 has it.
    #[must_use]
    pub const fn is_of_objects(&self) -> bool {
        matches!(self, Self::ReadUploads | Self::WriteUploads | Self::ReadImages(_) | Self::WriteImages(_))
    }
}

/// The deployment's secrets; four at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Secret {
    /// HMAC keys of links.
    Link,
    /// The clients' session signing key.
    PortalSession,
    /// The workers' session signing key.
    AdminSession,
    /// Seals cursors, names throttled addresses.
    Seal,
}

impl Secret {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Link, Self::PortalSession, Self::AdminSession, Self::Seal];

    /// The variable that holds its ARN.
    #[must_use]
    pub const fn env_var(self) -> &'static str {
        match self {
            Self::Link => "LINK_SECRET",
            Self::PortalSession => "PORTAL_SESSION_SECRET",
            Self::AdminSession => "ADMIN_SESSION_SECRET",
            Self::Seal => "SEAL_SECRET",
        }
    }
}

/// The code of an operation.
#[derive(Clone, Copy)]
pub enum Run {
    /// Answers a request.
    Http(HttpRun),
    /// Handles an event.
    Event(EventHandler),
}

/// An operation that answers requests, with what OpenAPI says of it.
#[derive(Clone, Copy)]
pub struct HttpRun {
    /// The code.
    pub handle: HttpHandler,
    /// The types, for the contract.
    #[cfg(feature = "openapi")]
    pub describe: fn() -> crate::openapi::Description,
}

impl Run {
    /// An operation that answers requests.
    #[must_use]
    pub const fn http<O: HttpOperation>() -> Self {
        Self::Http(HttpRun {
            handle: entry::http::serve::<O>,
            #[cfg(feature = "openapi")]
            describe: crate::openapi::describe::<O>,
        })
    }

    /// An operation that handles one event.
    #[must_use]
    pub const fn event<O: EventOperation>() -> Self {
        Self::Event(entry::event::handle::<O>)
    }

    /// An operation that follows the stream of a table.
    #[must_use]
    pub const fn records<O: StreamOperation>() -> Self {
        Self::Event(entry::event::each_record::<O>)
    }

    /// An operation that handles messages of a queue, each by itself.
    #[must_use]
    pub const fn messages<O: MessageOperation>() -> Self {
        Self::Event(entry::event::each_message::<O>)
    }
}
