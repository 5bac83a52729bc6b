//! The rows of the table.

use domain::Permission;
use store::tables::Table;

use crate::operation::Action::{BatchGetItem, DeleteItem, PutItem, Query, UpdateItem};
use crate::operation::{
    Access, Action, Api, Grant, Idempotency, Memory, Method, Operation, Queue, Run, Secret, Trigger, Use,
};
use crate::{admin, jobs, portal};

const READ: &[Action] = &[BatchGetItem];
const APPEND: &[Action] = &[PutItem];
const WRITE: &[Action] = &[BatchGetItem, PutItem];

const fn grant(table: Table, actions: &'static [Action]) -> Grant {
    Grant { table, actions, indexes: &[] }
}

/// A request in the portal's API.
const fn portal(
    name: &'static str,
    summary: &'static str,
    method: Method,
    path: &'static str,
    access: Access,
    run: Run,
) -> Operation {
    http(name, summary, Trigger::Http { api: Api::Portal, method, path }, access, run)
}

/// A request in the admin API.
const fn admin(
    name: &'static str,
    summary: &'static str,
    method: Method,
    path: &'static str,
    access: Access,
    run: Run,
) -> Operation {
    http(name, summary, Trigger::Http { api: Api::Admin, method, path }, access, run)
}

const fn http(
    name: &'static str,
    summary: &'static str,
    trigger: Trigger,
    access: Access,
    run: Run,
) -> Operation {
    Operation {
        name,
        summary,
        trigger,
        access,
        mutates: true,
        idempotency: Idempotency::ByNature,
        memory: Memory::Small,
        timeout_seconds: 15,
        grants: &[],
        uses: &[],
        run,
    }
}

const fn job(
    name: &'static str,
    summary: &'static str,
    trigger: Trigger,
    memory: Memory,
    timeout_seconds: u16,
    run: Run,
) -> Operation {
    Operation { memory, timeout_seconds, ..http(name, summary, trigger, Access::System, run) }
}

/// Every operation.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        mutates: false,
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Accounts, READ),
            grant(Table::Individuals, READ),
            grant(Table::Throttles, &[UpdateItem]),
        ],
        uses: &[Use::Read(Secret::Link), Use::Read(Secret::Seal)],
        ..portal(
            "portal.look_at_link",
            "Say what a mailed link is for",
            Method::Post,
            "/links/look",
            Access::Anyone,
            Run::http::<portal::look_at_link::LookAtLink>(),
        )
    },
    Operation {
        memory: Memory::Hash,
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Accounts, &[BatchGetItem, PutItem, UpdateItem]),
            grant(Table::Individuals, READ),
            grant(Table::Credentials, &[UpdateItem, DeleteItem]),
            grant(Table::Sessions, APPEND),
            grant(Table::Journal, APPEND),
            grant(Table::AccessLog, APPEND),
            grant(Table::Throttles, &[UpdateItem]),
        ],
        uses: &[Use::Read(Secret::Link), Use::Read(Secret::Seal), Use::Read(Secret::PortalSession)],
        ..portal(
            "portal.activate_account",
            "Activate the account and sign in",
            Method::Post,
            "/activation",
            Access::Anyone,
            Run::http::<portal::activate_account::ActivateAccount>(),
        )
    },
    Operation {
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Accounts, WRITE),
            grant(Table::Individuals, READ),
            grant(Table::Journal, APPEND),
            grant(Table::Throttles, &[UpdateItem]),
        ],
        uses: &[Use::Read(Secret::Link), Use::Read(Secret::Seal)],
        ..portal(
            "portal.ask_for_link",
            "Ask for the link again, or for an invitation",
            Method::Post,
            "/links/ask",
            Access::Anyone,
            Run::http::<portal::ask_for_link::AskForLink>(),
        )
    },
    Operation {
        memory: Memory::Hash,
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Accounts, &[BatchGetItem, PutItem, UpdateItem]),
            grant(Table::Credentials, &[BatchGetItem, UpdateItem]),
            grant(Table::Sessions, APPEND),
            grant(Table::Journal, APPEND),
            grant(Table::AccessLog, APPEND),
            grant(Table::Throttles, &[UpdateItem]),
        ],
        uses: &[Use::Read(Secret::Seal), Use::Read(Secret::PortalSession)],
        ..portal(
            "portal.sign_in",
            "Sign in",
            Method::Post,
            "/session",
            Access::Anyone,
            Run::http::<portal::sign_in::SignIn>(),
        )
    },
    Operation {
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Accounts, READ),
            grant(Table::Sessions, &[BatchGetItem, DeleteItem]),
            grant(Table::AccessLog, APPEND),
        ],
        ..portal(
            "portal.sign_out",
            "Sign out",
            Method::Delete,
            "/session",
            Access::Client,
            Run::http::<portal::sign_out::SignOut>(),
        )
    },
    Operation {
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Accounts, READ),
            grant(Table::Sessions, &[BatchGetItem, UpdateItem]),
        ],
        ..portal(
            "portal.extend_session",
            "Extend the session",
            Method::Post,
            "/session/extend",
            Access::Client,
            Run::http::<portal::extend_session::ExtendSession>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Accounts, READ),
            grant(Table::Sessions, READ),
            grant(Table::Individuals, READ),
        ],
        ..portal(
            "portal.get_home",
            "Get the home page",
            Method::Get,
            "/home",
            Access::Client,
            Run::http::<portal::get_home::GetHome>(),
        )
    },
    Operation {
        memory: Memory::Hash,
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Workers, &[BatchGetItem, PutItem, UpdateItem]),
            grant(Table::WorkerCredentials, &[BatchGetItem, UpdateItem]),
            grant(Table::WorkerSessions, APPEND),
            grant(Table::Journal, APPEND),
            grant(Table::AccessLog, APPEND),
            grant(Table::Throttles, &[UpdateItem]),
        ],
        uses: &[Use::Read(Secret::Seal), Use::Read(Secret::AdminSession)],
        ..admin(
            "admin.sign_in",
            "Sign in",
            Method::Post,
            "/session",
            Access::Anyone,
            Run::http::<admin::sign_in::SignIn>(),
        )
    },
    Operation {
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Workers, READ),
            grant(Table::WorkerSessions, &[BatchGetItem, DeleteItem]),
            grant(Table::AccessLog, APPEND),
        ],
        ..admin(
            "admin.sign_out",
            "Sign out",
            Method::Delete,
            "/session",
            Access::Worker,
            Run::http::<admin::sign_out::SignOut>(),
        )
    },
    Operation {
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Workers, READ),
            grant(Table::WorkerSessions, &[BatchGetItem, UpdateItem]),
        ],
        ..admin(
            "admin.extend_session",
            "Extend the session",
            Method::Post,
            "/session/extend",
            Access::Worker,
            Run::http::<admin::extend_session::ExtendSession>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Workers, READ),
            grant(Table::WorkerSessions, READ),
        ],
        ..admin(
            "admin.get_me",
            "Say who I am and what I may do",
            Method::Get,
            "/me",
            Access::Worker,
            Run::http::<admin::get_me::GetMe>(),
        )
    },
    Operation {
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Workers, READ),
            grant(Table::WorkerSessions, READ),
            grant(Table::AccessLog, APPEND),
        ],
        mutates: false,
        uses: &[Use::WriteUploads],
        ..admin(
            "admin.request_upload",
            "Get a place to upload a file",
            Method::Post,
            "/uploads",
            Access::Permitted(Permission::ImportIndividuals),
            Run::http::<admin::request_upload::RequestUpload>(),
        )
    },
    Operation {
        idempotency: Idempotency::Required,
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Workers, READ),
            grant(Table::WorkerSessions, READ),
            grant(Table::Jobs, APPEND),
            grant(Table::Journal, APPEND),
            grant(Table::Idempotency, WRITE),
            grant(Table::AccessLog, APPEND),
        ],
        uses: &[Use::ReadUploads],
        ..admin(
            "admin.start_import",
            "Start an import of individuals",
            Method::Post,
            "/imports",
            Access::Permitted(Permission::ImportIndividuals),
            Run::http::<admin::start_import::StartImport>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Workers, READ),
            grant(Table::WorkerSessions, READ),
            grant(Table::Jobs, READ),
            grant(Table::AccessLog, APPEND),
        ],
        ..admin(
            "admin.get_job",
            "Say how far a job is",
            Method::Get,
            "/jobs/{job_id}",
            Access::Worker,
            Run::http::<admin::get_job::GetJob>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Workers, READ),
            grant(Table::WorkerSessions, READ),
            grant(Table::Individuals, &[BatchGetItem, Query]),
            grant(Table::AccessLog, APPEND),
        ],
        uses: &[Use::Read(Secret::Seal)],
        ..admin(
            "admin.search_individuals",
            "Search individuals",
            Method::Post,
            "/individuals/search",
            Access::Permitted(Permission::SeeIndividuals),
            Run::http::<admin::search_individuals::SearchIndividuals>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Workers, READ),
            grant(Table::WorkerSessions, READ),
            grant(Table::Individuals, READ),
            grant(Table::Accounts, READ),
            grant(Table::AccessLog, APPEND),
        ],
        ..admin(
            "admin.get_individual",
            "Get an individual's record",
            Method::Get,
            "/individuals/{individual_id}",
            Access::Permitted(Permission::SeeIndividuals),
            Run::http::<admin::get_individual::GetIndividual>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Workers, READ),
            grant(Table::WorkerSessions, READ),
            grant(Table::Individuals, &[BatchGetItem, PutItem, DeleteItem]),
            grant(Table::Accounts, WRITE),
            grant(Table::Journal, APPEND),
            grant(Table::Idempotency, WRITE),
            grant(Table::AccessLog, APPEND),
        ],
        ..admin(
            "admin.set_communication_settings",
            "Record or withdraw consent to email",
            Method::Put,
            "/individuals/{individual_id}/communication-settings",
            Access::Permitted(Permission::SetCommunicationSettings),
            Run::http::<admin::set_communication_settings::SetCommunicationSettings>(),
        )
    },
    Operation {
        idempotency: Idempotency::Required,
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Workers, READ),
            grant(Table::WorkerSessions, READ),
            grant(Table::Individuals, READ),
            grant(Table::Accounts, &[BatchGetItem, PutItem, UpdateItem]),
            grant(Table::Credentials, &[PutItem, DeleteItem]),
            grant(Table::Journal, APPEND),
            grant(Table::Idempotency, WRITE),
            grant(Table::AccessLog, APPEND),
        ],
        ..admin(
            "admin.create_account",
            "Create an account and send the activation",
            Method::Post,
            "/individuals/{individual_id}/accounts",
            Access::Permitted(Permission::CreateAccount),
            Run::http::<admin::create_account::CreateAccount>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Workers, READ),
            grant(Table::WorkerSessions, READ),
            grant(Table::Individuals, READ),
            grant(Table::Accounts, WRITE),
            grant(Table::Journal, APPEND),
            grant(Table::Idempotency, WRITE),
            grant(Table::AccessLog, APPEND),
        ],
        ..admin(
            "admin.resend_activation",
            "Send the activation again",
            Method::Post,
            "/individuals/{individual_id}/accounts/{account_id}/resend",
            Access::Permitted(Permission::ResendActivation),
            Run::http::<admin::resend_activation::ResendActivation>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Workers, READ),
            grant(Table::WorkerSessions, READ),
            grant(Table::Individuals, READ),
            grant(Table::Accounts, &[BatchGetItem, PutItem, UpdateItem]),
            grant(Table::Credentials, &[DeleteItem]),
            grant(Table::Journal, APPEND),
            grant(Table::Idempotency, WRITE),
            grant(Table::AccessLog, APPEND),
        ],
        ..admin(
            "admin.close_account",
            "Close an account",
            Method::Post,
            "/individuals/{individual_id}/accounts/{account_id}/close",
            Access::Permitted(Permission::CloseAccount),
            Run::http::<admin::close_account::CloseAccount>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Workers, READ),
            grant(Table::WorkerSessions, READ),
            grant(Table::Individuals, READ),
            grant(Table::Journal, &[Query]),
            grant(Table::AccessLog, APPEND),
        ],
        uses: &[Use::Read(Secret::Seal)],
        ..admin(
            "admin.get_account_history",
            "Read an individual's account history",
            Method::Get,
            "/individuals/{individual_id}/history",
            Access::Permitted(Permission::ReadHistory),
            Run::http::<admin::get_account_history::GetAccountHistory>(),
        )
    },
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
            grant(Table::WorkerCredentials, READ),
            grant(Table::Jobs, WRITE),
            grant(Table::Journal, APPEND),
        ],
        uses: &[Use::ReadUploads],
        ..job(
            "jobs.import_individuals",
            "Import a page of individuals",
            Trigger::Queue(Queue::Imports, 1),
            Memory::Bulk,
            120,
            Run::messages::<jobs::import_individuals::ImportIndividuals>(),
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
        mutates: false,
        uses: &[Use::PutEvents],
        ..job(
            "jobs.publish_journal",
            "Publish journal events on the bus",
            Trigger::Stream(Table::Journal, 100),
            Memory::Small,
            60,
            Run::event::<jobs::publish_journal::PublishJournal>(),
        )
    },
    Operation {
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Accounts, READ),
            grant(Table::Individuals, READ),
            grant(Table::Mail, &[Query, PutItem]),
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
];
