//! What time, events and whoever deploys start.

use store::tables::Table;

use super::{APPEND, READ, WRITE, grant, job};
use crate::jobs;
use crate::operation::Action::{
    BatchGetItem, ConditionCheckItem, DeleteItem, PutItem, Query, Scan, UpdateItem,
};
use crate::operation::{Grant, Memory, Operation, Queue, Run, Secret, Trigger, Use};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        grants: &[
            grant(Table::Settings, WRITE),
            grant(Table::Accounts, APPEND),
            grant(Table::Workers, APPEND),
            grant(Table::WorkerCredentials, APPEND),
            grant(Table::Journal, APPEND),
        ],
        uses: &[
            Use::SendMail,
            Use::ReadIdentity,
            Use::Write(Secret::PortalSession),
            Use::Write(Secret::AdminSession),
        ],
        ..job(
            "jobs.set_up_agency",
            "Set up the agency of a new deployment",
            Trigger::Invoke,
            Memory::Hash,
            60,
            Run::event::<jobs::set_up_agency::SetUpAgency>(),
        )
    },
    Operation {
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Individuals, &[BatchGetItem, Query, PutItem, DeleteItem]),
            grant(Table::Accounts, WRITE),
            grant(Table::Workers, READ),
            grant(Table::WorkerCredentials, READ),
            grant(
                Table::Services,
                &[BatchGetItem, Query, PutItem, UpdateItem, DeleteItem, ConditionCheckItem],
            ),
            grant(Table::ServiceFiles, &[BatchGetItem, Query, PutItem, DeleteItem]),
            grant(Table::Jobs, WRITE),
            grant(Table::Journal, APPEND),
        ],
        uses: &[Use::ReadUploads],
        ..job(
            "jobs.import_file",
            "Import a page of a file",
            Trigger::Queue(Queue::Imports, 1),
            Memory::Bulk,
            120,
            Run::messages::<jobs::import_file::ImportFile>(),
        )
    },
    Operation {
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Individuals, &[BatchGetItem, Query, Scan]),
            grant(Table::Accounts, &[BatchGetItem, Scan, PutItem, UpdateItem]),
            grant(Table::Credentials, &[BatchGetItem, PutItem, UpdateItem, DeleteItem]),
            grant(Table::Jobs, &[BatchGetItem, PutItem, DeleteItem]),
            grant(Table::Journal, WRITE),
        ],
        uses: &[Use::ReadSendRate],
        ..job(
            "jobs.run_bulk_job",
            "Take a step of a bulk job",
            Trigger::Queue(Queue::Bulk, 1),
            Memory::Bulk,
            120,
            Run::messages::<jobs::run_bulk_job::RunBulkJob>(),
        )
    },
    Operation {
        grants: &[
            Grant {
                table: Table::Accounts,
                actions: &[BatchGetItem, PutItem, UpdateItem],
                indexes: &["due"],
            },
            grant(Table::Individuals, READ),
            grant(Table::Credentials, &[DeleteItem]),
            grant(Table::Journal, APPEND),
        ],
        ..job(
            "jobs.expire_activations",
            "Close invitations that nobody took",
            Trigger::Schedule("rate(15 minutes)"),
            Memory::Small,
            300,
            Run::event::<jobs::expire_activations::ExpireActivations>(),
        )
    },
    Operation {
        grants: &[
            Grant { table: Table::Accounts, actions: WRITE, indexes: &["due"] },
            grant(Table::Settings, READ),
            grant(Table::Individuals, READ),
            grant(Table::Journal, APPEND),
        ],
        ..job(
            "jobs.remind_before_expiry",
            "Remind of invitations that end soon",
            Trigger::Schedule("rate(15 minutes)"),
            Memory::Small,
            300,
            Run::event::<jobs::remind_before_expiry::RemindBeforeExpiry>(),
        )
    },
    Operation {
        grants: &[
            Grant { table: Table::Journal, actions: READ, indexes: &["day"] },
            grant(Table::Settings, READ),
            grant(Table::Individuals, READ),
            grant(Table::Mail, READ),
            grant(Table::Accounts, &[Scan, UpdateItem]),
            grant(Table::Statistics, &[BatchGetItem, Query, PutItem]),
        ],
        ..job(
            "jobs.compute_statistics",
            "Compute statistics from the journal",
            Trigger::Schedule("rate(1 hour)"),
            Memory::Small,
            900,
            Run::event::<jobs::compute_statistics::ComputeStatistics>(),
        )
    },
    Operation {
        mutates: false,
        uses: &[Use::PutEvents],
        ..job(
            "jobs.publish_journal",
            "Publish journal events on the bus",
            Trigger::Stream(Table::Journal, 100),
            Memory::Small,
            60,
            Run::records::<jobs::publish_journal::PublishJournal>(),
        )
    },
    Operation {
        grants: &[
            grant(Table::Settings, WRITE),
            grant(Table::Individuals, &[Scan, BatchGetItem, PutItem, DeleteItem]),
            grant(Table::Accounts, &[BatchGetItem, PutItem, UpdateItem]),
            grant(Table::Credentials, &[DeleteItem]),
            grant(Table::Workers, &[Query, BatchGetItem, PutItem]),
            grant(Table::WorkerCredentials, &[BatchGetItem, UpdateItem]),
            grant(Table::Sessions, &[Scan, DeleteItem]),
            grant(Table::WorkerSessions, &[Scan, DeleteItem]),
            grant(Table::Requests, &[Scan, DeleteItem]),
            grant(Table::Idempotency, &[Scan, DeleteItem]),
            grant(Table::Journal, APPEND),
        ],
        uses: &[Use::Stage, Use::Write(Secret::PortalSession), Use::Write(Secret::AdminSession)],
        ..job(
            "jobs.strip_sandbox",
            "Take from a copy of an agency's data what reaches clients",
            Trigger::Invoke,
            Memory::Bulk,
            900,
            Run::event::<jobs::strip_sandbox::StripSandbox>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[Grant { table: Table::Journal, actions: READ, indexes: &["day"] }],
        uses: &[Use::PutEvents],
        ..job(
            "jobs.replay_journal",
            "Publish journal events again",
            Trigger::Invoke,
            Memory::Small,
            900,
            Run::event::<jobs::replay_journal::ReplayJournal>(),
        )
    },
    Operation {
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Credentials, READ),
            grant(Table::Accounts, WRITE),
            grant(Table::Individuals, READ),
            grant(Table::WorkerCredentials, READ),
            grant(Table::Workers, WRITE),
            grant(Table::Journal, APPEND),
        ],
        uses: &[Use::Read(Secret::Seal)],
        ..job(
            "jobs.resolve_requests",
            "Mail the links that were asked for by an address",
            Trigger::Stream(Table::Requests, 20),
            Memory::Small,
            60,
            Run::records::<jobs::resolve_requests::ResolveRequests>(),
        )
    },
    Operation {
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Accounts, READ),
            grant(Table::Individuals, READ),
            grant(Table::Workers, READ),
            grant(Table::Sessions, READ),
            grant(Table::Mail, &[BatchGetItem, Query, PutItem]),
        ],
        uses: &[Use::SendMail, Use::Read(Secret::Link)],
        ..job(
            "jobs.send_mail",
            "Send mail that somebody waits for",
            Trigger::Queue(Queue::MailNow, 5),
            Memory::Small,
            30,
            Run::messages::<jobs::send_mail::SendMail>(),
        )
    },
    Operation {
        grants: &[
            grant(Table::Accounts, READ),
            grant(Table::Workers, READ),
            Grant { table: Table::Sessions, actions: &[DeleteItem], indexes: &["holder"] },
            Grant { table: Table::WorkerSessions, actions: &[DeleteItem], indexes: &["holder"] },
        ],
        ..job(
            "jobs.clean_up_sessions",
            "Remove sessions that have ended",
            Trigger::Queue(Queue::EndedSessions, 5),
            Memory::Small,
            30,
            Run::messages::<jobs::clean_up_sessions::CleanUpSessions>(),
        )
    },
    Operation {
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Accounts, READ),
            grant(Table::Individuals, READ),
            grant(Table::Workers, &[BatchGetItem, Query]),
            grant(Table::Mail, &[Query, PutItem]),
            grant(Table::Jobs, &[UpdateItem]),
        ],
        uses: &[Use::SendMail, Use::ReadSendRate, Use::Read(Secret::Link)],
        ..job(
            "jobs.send_bulk_mail",
            "Send mail that nobody waits for",
            Trigger::Queue(Queue::MailBulk, 5),
            Memory::Small,
            60,
            Run::messages::<jobs::send_bulk_mail::SendBulkMail>(),
        )
    },
    Operation {
        grants: &[
            grant(Table::Settings, WRITE),
            grant(Table::Mail, &[Query, PutItem]),
            grant(Table::Individuals, WRITE),
            grant(Table::Accounts, WRITE),
            grant(Table::Workers, WRITE),
            grant(Table::Jobs, &[BatchGetItem, PutItem, UpdateItem, DeleteItem]),
            grant(Table::Journal, APPEND),
        ],
        ..job(
            "jobs.record_mail_outcome",
            "Record what the mail service tells of a mail",
            Trigger::Queue(Queue::MailOutcomes, 10),
            Memory::Small,
            30,
            Run::messages::<jobs::record_mail_outcome::RecordMailOutcome>(),
        )
    },
];
