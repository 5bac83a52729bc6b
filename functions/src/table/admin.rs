//! What workers do.

use domain::Permission;
use domain::image::Picture;
use store::tables::Table;

use super::{APPEND, READ, WRITE, WRITES_SERVICES, admin, grant};
use crate::operation::Action::{BatchGetItem, ConditionCheckItem, DeleteItem, PutItem, Query, UpdateItem};
use crate::operation::{Access, Grant, Idempotency, Memory, Method, Operation, Run, Secret, Use};

/// What a worker's change to an account that is open and stays so takes.
const CHANGES_ACCOUNTS: &[Grant] =
    &[grant(Table::Individuals, READ), grant(Table::Accounts, WRITE), grant(Table::Journal, APPEND)];

/// What opening an account takes: holding, licence and sign-in name besides the account.
const OPENS_ACCOUNTS: &[Grant] = &[
    grant(Table::Individuals, READ),
    grant(Table::Accounts, &[BatchGetItem, PutItem, UpdateItem]),
    grant(Table::Credentials, &[PutItem, DeleteItem]),
    grant(Table::Journal, APPEND),
];

/// What a change of an individual's record takes that may concern their account.
const EDITS_INDIVIDUALS: &[Grant] = &[
    grant(Table::Individuals, &[BatchGetItem, PutItem, DeleteItem]),
    grant(Table::Accounts, WRITE),
    grant(Table::Journal, APPEND),
];

/// What showing the settings takes: their versions, and the names of who saved them.
const READS_SETTINGS: &[Grant] = &[grant(Table::Settings, READ), grant(Table::Workers, READ)];

/// What saving the settings takes.
const SAVES_SETTINGS: &[Grant] =
    &[grant(Table::Settings, WRITE), grant(Table::Workers, READ), grant(Table::Journal, APPEND)];

/// What a change of another worker takes.
const CHANGES_WORKERS: &[Grant] = &[grant(Table::Workers, APPEND), grant(Table::Journal, APPEND)];

/// What a change of another worker takes by somebody who must not be barred at the same moment.
const STAFFS: &[Grant] =
    &[grant(Table::Workers, &[PutItem, ConditionCheckItem]), grant(Table::Journal, APPEND)];
/// What enrolling somebody takes of the service: that it is as it was loaded, and to be counted there.
const LETS_IN: Grant = grant(Table::Services, &[BatchGetItem, ConditionCheckItem, UpdateItem]);

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        memory: Memory::Hash,
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Workers, &[BatchGetItem, PutItem, UpdateItem]),
            grant(Table::WorkerCredentials, &[BatchGetItem, ConditionCheckItem, UpdateItem]),
            grant(Table::WorkerSessions, &[PutItem, DeleteItem]),
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
            Run::http::<crate::admin::sign_in::SignIn>(),
        )
    },
    Operation {
        grants: &[grant(Table::Requests, APPEND), grant(Table::Throttles, &[UpdateItem])],
        uses: &[Use::Read(Secret::Seal)],
        ..admin(
            "admin.request_password_reset",
            "Ask for a link to choose a new password",
            Method::Post,
            "/password-reset-requests",
            Access::Anyone,
            Run::http::<crate::admin::request_password_reset::RequestPasswordReset>(),
        )
    },
    Operation {
        memory: Memory::Hash,
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Workers, WRITE),
            grant(Table::WorkerCredentials, &[UpdateItem]),
            grant(Table::Journal, APPEND),
            grant(Table::AccessLog, APPEND),
            grant(Table::Throttles, &[UpdateItem]),
        ],
        uses: &[Use::Read(Secret::Link), Use::Read(Secret::Seal)],
        ..admin(
            "admin.reset_password",
            "Choose a new password by the mailed link",
            Method::Post,
            "/password-reset",
            Access::Anyone,
            Run::http::<crate::admin::reset_password::ResetPassword>(),
        )
    },
    Operation {
        memory: Memory::Hash,
        grants: &[
            grant(Table::Workers, APPEND),
            grant(Table::WorkerCredentials, &[BatchGetItem, UpdateItem]),
            grant(Table::WorkerSessions, &[PutItem, DeleteItem]),
            grant(Table::Journal, APPEND),
            grant(Table::Throttles, &[UpdateItem]),
        ],
        uses: &[Use::Read(Secret::AdminSession)],
        ..admin(
            "admin.change_password",
            "Change the password",
            Method::Post,
            "/password",
            Access::Worker,
            Run::http::<crate::admin::change_password::ChangePassword>(),
        )
    },
    Operation {
        grants: &[grant(Table::WorkerSessions, &[DeleteItem])],
        ..admin(
            "admin.sign_out",
            "Sign out",
            Method::Delete,
            "/session",
            Access::ByPassword,
            Run::http::<crate::admin::sign_out::SignOut>(),
        )
    },
    Operation {
        grants: &[grant(Table::WorkerSessions, &[UpdateItem])],
        ..admin(
            "admin.extend_session",
            "Extend the session",
            Method::Post,
            "/session/extend",
            Access::ByPassword,
            Run::http::<crate::admin::extend_session::ExtendSession>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[Grant { table: Table::WorkerSessions, actions: &[], indexes: &["holder"] }],
        ..admin(
            "admin.list_sessions",
            "List where I am signed in",
            Method::Get,
            "/sessions",
            Access::Worker,
            Run::http::<crate::admin::list_sessions::ListSessions>(),
        )
    },
    Operation {
        grants: &[grant(Table::WorkerSessions, &[DeleteItem])],
        ..admin(
            "admin.end_session",
            "End one of my sessions",
            Method::Delete,
            "/sessions/{session_id}",
            Access::Worker,
            Run::http::<crate::admin::end_session::EndSession>(),
        )
    },
    Operation {
        grants: &[
            grant(Table::Workers, APPEND),
            grant(Table::WorkerSessions, &[PutItem, DeleteItem]),
            grant(Table::Journal, APPEND),
        ],
        uses: &[Use::Read(Secret::AdminSession)],
        ..admin(
            "admin.end_other_sessions",
            "End all my sessions but this one",
            Method::Post,
            "/sessions/end-others",
            Access::Worker,
            Run::http::<crate::admin::end_other_sessions::EndOtherSessions>(),
        )
    },
    Operation {
        mutates: false,
        uses: &[Use::PortalUrl],
        ..admin(
            "admin.get_me",
            "Say who I am and what I may do",
            Method::Get,
            "/me",
            Access::ByPassword,
            Run::http::<crate::admin::get_me::GetMe>(),
        )
    },
    Operation {
        mutates: false,
        ..admin(
            "admin.list_sites",
            "List the agency's sites",
            Method::Get,
            "/sites",
            Access::Worker,
            Run::http::<crate::admin::list_sites::ListSites>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[grant(Table::Workers, &[Query])],
        uses: &[Use::Read(Secret::Seal)],
        ..admin(
            "admin.list_colleagues",
            "List who works at the agency",
            Method::Get,
            "/colleagues",
            Access::Permitted(Permission::SeeIndividuals),
            Run::http::<crate::admin::list_colleagues::ListColleagues>(),
        )
    },
    Operation {
        mutates: false,
        uses: &[Use::WriteUploads],
        ..admin(
            "admin.request_upload",
            "Get a place to upload a file",
            Method::Post,
            "/uploads",
            Access::Worker,
            Run::http::<crate::admin::request_upload::RequestUpload>(),
        )
    },
    Operation {
        idempotency: Idempotency::Required,
        grants: &[grant(Table::Jobs, APPEND), grant(Table::Journal, APPEND)],
        uses: &[Use::ReadUploads],
        ..admin(
            "admin.start_import",
            "Start an import",
            Method::Post,
            "/imports",
            Access::Permitted(Permission::ImportIndividuals),
            Run::http::<crate::admin::start_import::StartImport>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[grant(Table::Jobs, READ)],
        ..admin(
            "admin.get_job",
            "Say how far a job is",
            Method::Get,
            "/jobs/{job_id}",
            Access::Permitted(Permission::ImportIndividuals),
            Run::http::<crate::admin::get_job::GetJob>(),
        )
    },
    Operation {
        idempotency: Idempotency::Required,
        grants: &[grant(Table::Jobs, APPEND), grant(Table::Journal, APPEND)],
        ..admin(
            "admin.start_bulk_activation",
            "Start the dry run of a bulk activation",
            Method::Post,
            "/bulk-jobs/activation",
            Access::Permitted(Permission::ActivateInBulk),
            Run::http::<crate::admin::start_bulk_activation::StartBulkActivation>(),
        )
    },
    Operation {
        idempotency: Idempotency::Required,
        grants: &[grant(Table::Jobs, WRITE), grant(Table::Journal, APPEND)],
        ..admin(
            "admin.start_bulk_change",
            "Start the dry run of a change of many accounts",
            Method::Post,
            "/bulk-jobs/change",
            Access::Permitted(Permission::ChangeAccountsInBulk),
            Run::http::<crate::admin::start_bulk_change::StartBulkChange>(),
        )
    },
    Operation {
        idempotency: Idempotency::Required,
        grants: &[grant(Table::Jobs, APPEND), grant(Table::Journal, APPEND)],
        ..admin(
            "admin.start_bulk_reset",
            "Start the dry run of a reset of many passwords",
            Method::Post,
            "/bulk-jobs/password-reset",
            Access::Permitted(Permission::ForceReset),
            Run::http::<crate::admin::start_bulk_reset::StartBulkReset>(),
        )
    },
    Operation {
        idempotency: Idempotency::Required,
        grants: &[grant(Table::Jobs, WRITE), grant(Table::Journal, APPEND)],
        ..admin(
            "admin.apply_bulk_job",
            "Apply a finished dry run",
            Method::Post,
            "/bulk-jobs/{job_id}/apply",
            Access::Permitted(Permission::MaintainAccounts),
            Run::http::<crate::admin::apply_bulk_job::ApplyBulkJob>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: &[grant(Table::Jobs, &[BatchGetItem, PutItem, DeleteItem]), grant(Table::Journal, APPEND)],
        ..admin(
            "admin.stop_bulk_job",
            "Stop a bulk job",
            Method::Post,
            "/bulk-jobs/{job_id}/stop",
            Access::Permitted(Permission::MaintainAccounts),
            Run::http::<crate::admin::stop_bulk_job::StopBulkJob>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: &[grant(Table::Jobs, WRITE), grant(Table::Journal, APPEND)],
        ..admin(
            "admin.resume_bulk_job",
            "Resume a bulk job",
            Method::Post,
            "/bulk-jobs/{job_id}/resume",
            Access::Permitted(Permission::MaintainAccounts),
            Run::http::<crate::admin::resume_bulk_job::ResumeBulkJob>(),
        )
    },
    Operation {
        mutates: false,
        uses: &[Use::Read(Secret::Seal)],
        grants: &[grant(Table::Jobs, &[BatchGetItem, Query])],
        ..admin(
            "admin.list_bulk_jobs",
            "List bulk jobs",
            Method::Get,
            "/bulk-jobs",
            Access::Permitted(Permission::MaintainAccounts),
            Run::http::<crate::admin::list_bulk_jobs::ListBulkJobs>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[grant(Table::Jobs, READ)],
        ..admin(
            "admin.get_bulk_job",
            "Say how far a bulk job is",
            Method::Get,
            "/bulk-jobs/{job_id}",
            Access::Permitted(Permission::MaintainAccounts),
            Run::http::<crate::admin::get_bulk_job::GetBulkJob>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[grant(Table::Jobs, READ), grant(Table::Individuals, READ)],
        ..admin(
            "admin.get_bulk_results",
            "Say what became of each target of a bulk job",
            Method::Get,
            "/bulk-jobs/{job_id}/results",
            Access::Permitted(Permission::MaintainAccounts),
            Run::http::<crate::admin::get_bulk_results::GetBulkResults>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[grant(Table::Individuals, &[BatchGetItem, Query])],
        uses: &[Use::Read(Secret::Seal)],
        ..admin(
            "admin.search_individuals",
            "Search individuals",
            Method::Post,
            "/individuals/search",
            Access::Permitted(Permission::SeeIndividuals),
            Run::http::<crate::admin::search_individuals::SearchIndividuals>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[
            grant(Table::Individuals, &[BatchGetItem, Query]),
            Grant { table: Table::Accounts, actions: READ, indexes: &["status", "sign_in_name", "bounced"] },
        ],
        uses: &[Use::Read(Secret::Seal)],
        ..admin(
            "admin.search_accounts",
            "Search accounts",
            Method::Post,
            "/accounts/search",
            Access::Permitted(Permission::MaintainAccounts),
            Run::http::<crate::admin::search_accounts::SearchAccounts>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[grant(Table::Accounts, READ)],
        ..admin(
            "admin.get_licences",
            "Get how many licences are used and free",
            Method::Get,
            "/licences",
            Access::Permitted(Permission::MaintainAccounts),
            Run::http::<crate::admin::get_licences::GetLicences>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[grant(Table::Accounts, READ), grant(Table::Statistics, &[BatchGetItem, Query])],
        ..admin(
            "admin.get_statistics",
            "Get statistics",
            Method::Get,
            "/statistics",
            Access::Permitted(Permission::SeeStatistics),
            Run::http::<crate::admin::get_statistics::GetStatistics>(),
        )
    },
    Operation {
        idempotency: Idempotency::Required,
        grants: &[grant(Table::Individuals, &[PutItem, Query]), grant(Table::Journal, APPEND)],
        ..admin(
            "admin.create_individual",
            "Add an individual",
            Method::Post,
            "/individuals",
            Access::Permitted(Permission::CreateIndividual),
            Run::http::<crate::admin::create_individual::CreateIndividual>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[grant(Table::Individuals, READ), grant(Table::Accounts, READ)],
        ..admin(
            "admin.get_individual",
            "Get an individual's record",
            Method::Get,
            "/individuals/{individual_id}",
            Access::Permitted(Permission::SeeIndividuals),
            Run::http::<crate::admin::get_individual::GetIndividual>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: &[
            grant(Table::Individuals, &[BatchGetItem, PutItem, DeleteItem]),
            grant(Table::Journal, APPEND),
        ],
        ..admin(
            "admin.update_individual",
            "Change an individual's profile",
            Method::Put,
            "/individuals/{individual_id}/profile",
            Access::Permitted(Permission::EditIndividual),
            Run::http::<crate::admin::update_individual::UpdateIndividual>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: EDITS_INDIVIDUALS,
        ..admin(
            "admin.set_birth_date",
            "Record or correct a birth date",
            Method::Put,
            "/individuals/{individual_id}/birth-date",
            Access::Permitted(Permission::EditIndividual),
            Run::http::<crate::admin::set_birth_date::SetBirthDate>(),
        )
    },
    Operation {
        idempotency: Idempotency::Required,
        grants: &[
            grant(Table::Individuals, &[BatchGetItem, Query, PutItem, DeleteItem]),
            grant(Table::Journal, APPEND),
        ],
        ..admin(
            "admin.add_contact",
            "Add a contact",
            Method::Post,
            "/individuals/{individual_id}/contacts",
            Access::Permitted(Permission::EditIndividual),
            Run::http::<crate::admin::add_contact::AddContact>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: EDITS_INDIVIDUALS,
        ..admin(
            "admin.update_contact",
            "Change a contact",
            Method::Put,
            "/individuals/{individual_id}/contacts/{contact_id}",
            Access::Permitted(Permission::EditIndividual),
            Run::http::<crate::admin::update_contact::UpdateContact>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: &[
            grant(Table::Individuals, &[BatchGetItem, PutItem, DeleteItem]),
            grant(Table::Accounts, WRITE),
            grant(Table::Journal, APPEND),
            Grant { table: Table::Mail, actions: &[Query], indexes: &["individual"] },
        ],
        ..admin(
            "admin.retire_contact",
            "Remove a contact",
            Method::Delete,
            "/individuals/{individual_id}/contacts/{contact_id}",
            Access::Permitted(Permission::EditIndividual),
            Run::http::<crate::admin::retire_contact::RetireContact>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: EDITS_INDIVIDUALS,
        ..admin(
            "admin.set_communication_settings",
            "Record or withdraw consent to email",
            Method::Put,
            "/individuals/{individual_id}/communication-settings",
            Access::Permitted(Permission::SetCommunicationSettings),
            Run::http::<crate::admin::set_communication_settings::SetCommunicationSettings>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[
            grant(Table::Individuals, READ),
            grant(Table::ServiceFiles, &[Query]),
            grant(Table::Services, READ),
        ],
        ..admin(
            "admin.list_individual_services",
            "List what an individual is enrolled in",
            Method::Get,
            "/individuals/{individual_id}/services",
            Access::Permitted(Permission::SeeIndividuals),
            Run::http::<crate::admin::list_individual_services::ListIndividualServices>(),
        )
    },
    Operation {
        idempotency: Idempotency::Required,
        grants: &[
            grant(Table::Individuals, WRITE),
            grant(Table::ServiceFiles, APPEND),
            LETS_IN,
            grant(Table::Journal, APPEND),
        ],
        ..admin(
            "admin.open_service_file",
            "Enrol an individual in a case service",
            Method::Post,
            "/individuals/{individual_id}/service-files",
            Access::Permitted(Permission::ManageServices),
            Run::http::<crate::admin::open_service_file::OpenServiceFile>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: &[
            grant(Table::Individuals, WRITE),
            grant(Table::ServiceFiles, WRITE),
            grant(Table::Journal, APPEND),
        ],
        ..admin(
            "admin.update_service_file",
            "Give a service file other workers",
            Method::Put,
            "/individuals/{individual_id}/service-files/{service_file_id}",
            Access::Permitted(Permission::ManageServices),
            Run::http::<crate::admin::update_service_file::UpdateServiceFile>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: &[
            grant(Table::Individuals, WRITE),
            grant(Table::ServiceFiles, &[BatchGetItem, Query, PutItem, DeleteItem]),
            grant(Table::Services, &[UpdateItem]),
            grant(Table::Journal, APPEND),
        ],
        ..admin(
            "admin.close_service_file",
            "Close a service file",
            Method::Post,
            "/individuals/{individual_id}/service-files/{service_file_id}/close",
            Access::Permitted(Permission::ManageServices),
            Run::http::<crate::admin::close_service_file::CloseServiceFile>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: &[
            grant(Table::Individuals, WRITE),
            grant(Table::ServiceFiles, WRITE),
            LETS_IN,
            grant(Table::Journal, APPEND),
        ],
        ..admin(
            "admin.reopen_service_file",
            "Open a closed service file again",
            Method::Post,
            "/individuals/{individual_id}/service-files/{service_file_id}/reopen",
            Access::Permitted(Permission::ManageServices),
            Run::http::<crate::admin::reopen_service_file::ReopenServiceFile>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[
            grant(Table::Individuals, READ),
            Grant { table: Table::ServiceFiles, actions: READ, indexes: &["roster"] },
            grant(Table::Services, READ),
        ],
        uses: &[Use::Read(Secret::Seal)],
        ..admin(
            "admin.list_roster",
            "List who is in a group or series",
            Method::Get,
            "/services/{service_id}/roster",
            Access::Permitted(Permission::SeeIndividuals),
            Run::http::<crate::admin::list_roster::ListRoster>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: &[
            grant(Table::Individuals, WRITE),
            grant(Table::ServiceFiles, WRITE),
            LETS_IN,
            grant(Table::Journal, APPEND),
        ],
        ..admin(
            "admin.add_to_roster",
            "Put an individual in a group or series",
            Method::Post,
            "/services/{service_id}/roster",
            Access::Permitted(Permission::ManageServices),
            Run::http::<crate::admin::add_to_roster::AddToRoster>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: &[
            grant(Table::Individuals, WRITE),
            grant(Table::ServiceFiles, &[BatchGetItem, DeleteItem]),
            grant(Table::Services, &[BatchGetItem, UpdateItem]),
            grant(Table::Journal, APPEND),
        ],
        ..admin(
            "admin.remove_from_roster",
            "Take an individual out of a group or series",
            Method::Delete,
            "/services/{service_id}/roster/{individual_id}",
            Access::Permitted(Permission::ManageServices),
            Run::http::<crate::admin::remove_from_roster::RemoveFromRoster>(),
        )
    },
    Operation {
        idempotency: Idempotency::Required,
        grants: OPENS_ACCOUNTS,
        ..admin(
            "admin.create_account",
            "Create an account and send the activation",
            Method::Post,
            "/individuals/{individual_id}/accounts",
            Access::Permitted(Permission::CreateAccount),
            Run::http::<crate::admin::create_account::CreateAccount>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: OPENS_ACCOUNTS,
        ..admin(
            "admin.resend_activation",
            "Send the activation again",
            Method::Post,
            "/individuals/{individual_id}/accounts/{account_id}/resend",
            Access::Permitted(Permission::ResendActivation),
            Run::http::<crate::admin::resend_activation::ResendActivation>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: &[
            grant(Table::Individuals, READ),
            grant(Table::Accounts, &[BatchGetItem, PutItem, UpdateItem]),
            grant(Table::Credentials, &[DeleteItem]),
            grant(Table::Journal, APPEND),
        ],
        ..admin(
            "admin.close_account",
            "Close an account",
            Method::Post,
            "/individuals/{individual_id}/accounts/{account_id}/close",
            Access::Permitted(Permission::CloseAccount),
            Run::http::<crate::admin::close_account::CloseAccount>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: CHANGES_ACCOUNTS,
        ..admin(
            "admin.suspend_account",
            "Suspend an account",
            Method::Post,
            "/individuals/{individual_id}/accounts/{account_id}/suspend",
            Access::Permitted(Permission::SuspendAccount),
            Run::http::<crate::admin::suspend_account::SuspendAccount>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: CHANGES_ACCOUNTS,
        ..admin(
            "admin.unlock_account",
            "Unlock an account",
            Method::Post,
            "/individuals/{individual_id}/accounts/{account_id}/unlock",
            Access::Permitted(Permission::UnlockAccount),
            Run::http::<crate::admin::unlock_account::UnlockAccount>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: &[
            grant(Table::Individuals, READ),
            grant(Table::Accounts, &[BatchGetItem, PutItem, UpdateItem]),
            grant(Table::Credentials, &[UpdateItem]),
            grant(Table::Journal, APPEND),
        ],
        ..admin(
            "admin.disable_account",
            "Disable an account",
            Method::Post,
            "/individuals/{individual_id}/accounts/{account_id}/disable",
            Access::Permitted(Permission::DisableAccount),
            Run::http::<crate::admin::disable_account::DisableAccount>(),
        )
    },
    Operation {
        idempotency: Idempotency::Required,
        grants: OPENS_ACCOUNTS,
        ..admin(
            "admin.enable_account",
            "Enable a disabled account and send the activation",
            Method::Post,
            "/individuals/{individual_id}/accounts/{account_id}/enable",
            Access::Permitted(Permission::EnableAccount),
            Run::http::<crate::admin::enable_account::EnableAccount>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: CHANGES_ACCOUNTS,
        ..admin(
            "admin.force_password_reset",
            "Make a client choose a new password",
            Method::Post,
            "/individuals/{individual_id}/accounts/{account_id}/force-reset",
            Access::Permitted(Permission::ForceReset),
            Run::http::<crate::admin::force_password_reset::ForcePasswordReset>(),
        )
    },
    Operation {
        grants: CHANGES_ACCOUNTS,
        ..admin(
            "admin.settle_alerts",
            "Note that alerts of an account are settled",
            Method::Post,
            "/individuals/{individual_id}/accounts/{account_id}/alerts/settle",
            Access::Permitted(Permission::SeeIndividuals),
            Run::http::<crate::admin::settle_alerts::SettleAlerts>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[
            Grant { table: Table::Accounts, actions: READ, indexes: &["alerts"] },
            grant(Table::Individuals, READ),
        ],
        uses: &[Use::Read(Secret::Seal)],
        ..admin(
            "admin.list_alerts",
            "List the accounts that need a worker",
            Method::Get,
            "/alerts",
            Access::Permitted(Permission::SeeIndividuals),
            Run::http::<crate::admin::list_alerts::ListAlerts>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[grant(Table::Individuals, READ), grant(Table::Journal, &[Query]), grant(Table::Mail, READ)],
        uses: &[Use::Read(Secret::Seal)],
        ..admin(
            "admin.get_mail_history",
            "Read which mails went to an individual, and what became of them",
            Method::Get,
            "/individuals/{individual_id}/mails",
            Access::Permitted(Permission::ReadHistory),
            Run::http::<crate::admin::get_mail_history::GetMailHistory>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[grant(Table::Individuals, READ), grant(Table::Journal, &[Query])],
        uses: &[Use::Read(Secret::Seal)],
        ..admin(
            "admin.get_account_history",
            "Read an individual's account history",
            Method::Get,
            "/individuals/{individual_id}/history",
            Access::Permitted(Permission::ReadHistory),
            Run::http::<crate::admin::get_account_history::GetAccountHistory>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[grant(Table::Services, &[BatchGetItem, Query])],
        uses: &[Use::Read(Secret::Seal)],
        ..admin(
            "admin.list_services",
            "List services, groups and series",
            Method::Get,
            "/services",
            Access::Permitted(Permission::SeeIndividuals),
            Run::http::<crate::admin::list_services::ListServices>(),
        )
    },
    Operation {
        idempotency: Idempotency::Required,
        grants: &[
            grant(Table::Services, &[BatchGetItem, PutItem, UpdateItem, ConditionCheckItem]),
            grant(Table::Journal, APPEND),
        ],
        ..admin(
            "admin.create_service",
            "Add a service, group or series",
            Method::Post,
            "/services",
            Access::Permitted(Permission::ManageServices),
            Run::http::<crate::admin::create_service::CreateService>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[grant(Table::Services, READ)],
        ..admin(
            "admin.get_service",
            "Get a service, group or series",
            Method::Get,
            "/services/{service_id}",
            Access::Permitted(Permission::SeeIndividuals),
            Run::http::<crate::admin::get_service::GetService>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: &[grant(Table::Services, WRITES_SERVICES), grant(Table::Journal, APPEND)],
        ..admin(
            "admin.update_service",
            "Change a service, group or series",
            Method::Put,
            "/services/{service_id}",
            Access::Permitted(Permission::ManageServices),
            Run::http::<crate::admin::update_service::UpdateService>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[
            Grant { table: Table::ServiceFiles, actions: READ, indexes: &["requests"] },
            grant(Table::Individuals, READ),
            grant(Table::Services, READ),
        ],
        uses: &[Use::Read(Secret::Seal)],
        ..admin(
            "admin.list_service_requests",
            "List what clients asked for",
            Method::Get,
            "/service-requests",
            Access::Permitted(Permission::SeeIndividuals),
            Run::http::<crate::admin::list_service_requests::ListServiceRequests>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: &[
            grant(Table::ServiceFiles, &[BatchGetItem, Query, PutItem, DeleteItem]),
            grant(Table::Individuals, READ),
            grant(Table::Services, READ),
            grant(Table::Journal, APPEND),
        ],
        ..admin(
            "admin.settle_service_request",
            "Settle what a client asked for",
            Method::Post,
            "/individuals/{individual_id}/service-requests/{request_id}/settle",
            Access::Permitted(Permission::ManageServices),
            Run::http::<crate::admin::settle_service_request::SettleServiceRequest>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[grant(Table::Workers, &[Query])],
        uses: &[Use::Read(Secret::Seal)],
        ..admin(
            "admin.list_workers",
            "List the agency's workers",
            Method::Get,
            "/workers",
            Access::Permitted(Permission::ManageStaff),
            Run::http::<crate::admin::list_workers::ListWorkers>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: STAFFS,
        ..admin(
            "admin.suspend_worker",
            "Suspend a worker",
            Method::Post,
            "/workers/{worker_id}/suspend",
            Access::Permitted(Permission::ManageStaff),
            Run::http::<crate::admin::suspend_worker::SuspendWorker>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: STAFFS,
        ..admin(
            "admin.unlock_worker",
            "Unlock a worker",
            Method::Post,
            "/workers/{worker_id}/unlock",
            Access::Permitted(Permission::ManageStaff),
            Run::http::<crate::admin::unlock_worker::UnlockWorker>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: STAFFS,
        ..admin(
            "admin.reset_worker_password",
            "Make a worker choose a new password",
            Method::Post,
            "/workers/{worker_id}/reset-password",
            Access::Permitted(Permission::ManageStaff),
            Run::http::<crate::admin::reset_worker_password::ResetWorkerPassword>(),
        )
    },
    Operation {
        memory: Memory::Bulk,
        grants: SAVES_SETTINGS,
        uses: &[Use::ReadUploads, Use::WriteImages(Picture::Logo)],
        ..admin(
            "admin.set_images",
            "Save the images",
            Method::Put,
            "/settings/images",
            Access::Permitted(Permission::SetUpImages),
            Run::http::<crate::admin::set_images::SetImages>(),
        )
    },
    Operation {
        grants: SAVES_SETTINGS,
        ..admin(
            "admin.set_theme",
            "Save the theme",
            Method::Put,
            "/settings/theme",
            Access::Permitted(Permission::SetUpImages),
            Run::http::<crate::admin::set_theme::SetTheme>(),
        )
    },
    Operation {
        grants: SAVES_SETTINGS,
        ..admin(
            "admin.set_file_attachment",
            "Save whether clients see photos",
            Method::Put,
            "/settings/file-attachment",
            Access::Permitted(Permission::SetUpWorkerPhotos),
            Run::http::<crate::admin::set_file_attachment::SetFileAttachment>(),
        )
    },
    Operation {
        mutates: false,
        uses: &[Use::ReadImages(Picture::Logo), Use::ReadImages(Picture::Photo)],
        ..admin(
            "admin.get_image",
            "Get a photo or a logo",
            Method::Get,
            "/images/{image_id}",
            Access::Worker,
            Run::http::<crate::admin::get_image::GetImage>(),
        )
    },
    Operation {
        grants: CHANGES_WORKERS,
        ..admin(
            "admin.set_my_profile",
            "Say what clients see of me",
            Method::Put,
            "/me/profile",
            Access::Worker,
            Run::http::<crate::admin::set_my_profile::SetMyProfile>(),
        )
    },
    Operation {
        memory: Memory::Bulk,
        grants: CHANGES_WORKERS,
        uses: &[Use::ReadUploads, Use::WriteImages(Picture::Photo)],
        ..admin(
            "admin.set_my_photo",
            "Set my photo",
            Method::Put,
            "/me/photo",
            Access::Worker,
            Run::http::<crate::admin::set_my_photo::SetMyPhoto>(),
        )
    },
    Operation {
        memory: Memory::Bulk,
        grants: CHANGES_WORKERS,
        uses: &[Use::ReadUploads, Use::WriteImages(Picture::Photo)],
        ..admin(
            "admin.set_worker_photo",
            "Set a worker's photo",
            Method::Put,
            "/workers/{worker_id}/photo",
            Access::Permitted(Permission::SetUpWorkerPhotos),
            Run::http::<crate::admin::set_worker_photo::SetWorkerPhoto>(),
        )
    },
    Operation {
        memory: Memory::Hash,
        grants: &[
            grant(Table::Workers, APPEND),
            grant(Table::WorkerCredentials, &[BatchGetItem, UpdateItem]),
            grant(Table::Journal, APPEND),
            grant(Table::Throttles, &[UpdateItem]),
        ],
        uses: &[Use::Read(Secret::Seal)],
        ..admin(
            "admin.begin_second_factor",
            "Begin to set up a second factor",
            Method::Post,
            "/second-factor",
            Access::ByPassword,
            Run::http::<crate::admin::begin_second_factor::BeginSecondFactor>(),
        )
    },
    Operation {
        grants: &[
            grant(Table::Workers, APPEND),
            grant(Table::WorkerCredentials, &[BatchGetItem, UpdateItem]),
            grant(Table::WorkerSessions, &[PutItem, DeleteItem]),
            grant(Table::Journal, APPEND),
            grant(Table::Throttles, &[UpdateItem]),
        ],
        uses: &[Use::Read(Secret::Seal), Use::Read(Secret::AdminSession)],
        ..admin(
            "admin.confirm_second_factor",
            "Confirm a second factor",
            Method::Post,
            "/second-factor/confirm",
            Access::ByPassword,
            Run::http::<crate::admin::confirm_second_factor::ConfirmSecondFactor>(),
        )
    },
    Operation {
        memory: Memory::Hash,
        grants: &[
            grant(Table::Workers, APPEND),
            grant(Table::WorkerCredentials, &[BatchGetItem, UpdateItem]),
            grant(Table::Journal, APPEND),
            grant(Table::Throttles, &[UpdateItem]),
        ],
        uses: &[Use::Read(Secret::Seal)],
        ..admin(
            "admin.renew_recovery_codes",
            "Get new recovery codes",
            Method::Post,
            "/second-factor/recovery-codes",
            Access::Worker,
            Run::http::<crate::admin::renew_recovery_codes::RenewRecoveryCodes>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: &[
            grant(Table::Workers, &[PutItem, ConditionCheckItem]),
            grant(Table::WorkerCredentials, &[UpdateItem]),
            grant(Table::Journal, APPEND),
        ],
        ..admin(
            "admin.reset_second_factor",
            "Reset a worker's second factor",
            Method::Post,
            "/workers/{worker_id}/second-factor/reset",
            Access::Permitted(Permission::ManageStaff),
            Run::http::<crate::admin::reset_second_factor::ResetSecondFactor>(),
        )
    },
    Operation {
        idempotency: Idempotency::Required,
        grants: &[
            grant(Table::Settings, APPEND),
            grant(Table::Workers, &[PutItem, ConditionCheckItem]),
            grant(Table::WorkerCredentials, APPEND),
            grant(Table::Journal, APPEND),
        ],
        ..admin(
            "admin.create_worker",
            "Add a worker and invite them",
            Method::Post,
            "/workers",
            Access::Permitted(Permission::ManageStaff),
            Run::http::<crate::admin::create_worker::CreateWorker>(),
        )
    },
    Operation {
        mutates: false,
        grants: READS_SETTINGS,
        ..admin(
            "admin.get_settings",
            "Get the agency's settings",
            Method::Get,
            "/settings",
            Access::Permitted(Permission::SetUpClientConnect),
            Run::http::<crate::admin::get_settings::GetSettings>(),
        )
    },
    Operation {
        mutates: false,
        ..admin(
            "admin.get_worker",
            "Show a worker",
            Method::Get,
            "/workers/{worker_id}",
            Access::Permitted(Permission::ManageStaff),
            Run::http::<crate::admin::get_worker::GetWorker>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: &[
            grant(Table::Settings, APPEND),
            grant(Table::Workers, &[PutItem, ConditionCheckItem]),
            grant(Table::Journal, APPEND),
        ],
        ..admin(
            "admin.update_worker",
            "Write a worker anew",
            Method::Put,
            "/workers/{worker_id}",
            Access::Permitted(Permission::ManageStaff),
            Run::http::<crate::admin::update_worker::UpdateWorker>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: STAFFS,
        ..admin(
            "admin.invite_worker",
            "Invite a worker again",
            Method::Post,
            "/workers/{worker_id}/invite",
            Access::Permitted(Permission::ManageStaff),
            Run::http::<crate::admin::invite_worker::InviteWorker>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: &[
            grant(Table::Workers, &[PutItem, ConditionCheckItem]),
            grant(Table::WorkerCredentials, &[UpdateItem]),
            grant(Table::Journal, APPEND),
        ],
        ..admin(
            "admin.deactivate_worker",
            "Deactivate a worker",
            Method::Post,
            "/workers/{worker_id}/deactivate",
            Access::Permitted(Permission::ManageStaff),
            Run::http::<crate::admin::deactivate_worker::DeactivateWorker>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: STAFFS,
        ..admin(
            "admin.reactivate_worker",
            "Reactivate a worker and invite them",
            Method::Post,
            "/workers/{worker_id}/reactivate",
            Access::Permitted(Permission::ManageStaff),
            Run::http::<crate::admin::reactivate_worker::ReactivateWorker>(),
        )
    },
    Operation {
        mutates: false,
        grants: READS_SETTINGS,
        ..admin(
            "admin.list_settings_versions",
            "List the versions of the settings",
            Method::Get,
            "/settings/versions",
            Access::Permitted(Permission::SetUpClientConnect),
            Run::http::<crate::admin::list_settings_versions::ListSettingsVersions>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[grant(Table::Workers, &[Query])],
        ..admin(
            "admin.list_security_classes",
            "List security classes",
            Method::Get,
            "/security-classes",
            Access::Permitted(Permission::ManageStaff),
            Run::http::<crate::admin::list_security_classes::ListSecurityClasses>(),
        )
    },
    Operation {
        idempotency: Idempotency::Required,
        grants: &[grant(Table::Settings, APPEND), grant(Table::Journal, APPEND)],
        ..admin(
            "admin.create_security_class",
            "Add a security class",
            Method::Post,
            "/security-classes",
            Access::Permitted(Permission::ManageStaff),
            Run::http::<crate::admin::create_security_class::CreateSecurityClass>(),
        )
    },
    Operation {
        mutates: false,
        grants: READS_SETTINGS,
        ..admin(
            "admin.get_text",
            "Get a version of the privacy policy or the terms of use",
            Method::Get,
            "/settings/texts/{kind}",
            Access::Permitted(Permission::SetUpClientConnect),
            Run::http::<crate::admin::get_text::GetText>(),
        )
    },
    Operation {
        grants: SAVES_SETTINGS,
        uses: &[Use::ReadIdentity],
        ..admin(
            "admin.set_communications",
            "Save External communications",
            Method::Put,
            "/settings/communications",
            Access::Permitted(Permission::SetUpCommunications),
            Run::http::<crate::admin::set_communications::SetCommunications>(),
        )
    },
    Operation {
        grants: SAVES_SETTINGS,
        uses: &[Use::ReadIdentity],
        ..admin(
            "admin.check_authentication_email",
            "Ask again whether the authentication email's sender is verified",
            Method::Post,
            "/settings/authentication-email/check",
            Access::Permitted(Permission::SetUpCommunications),
            Run::http::<crate::admin::check_authentication_email::CheckAuthenticationEmail>(),
        )
    },
    Operation {
        grants: SAVES_SETTINGS,
        ..admin(
            "admin.set_client_connect",
            "Save ClientConnect setup",
            Method::Put,
            "/settings/client-connect",
            Access::Permitted(Permission::SetUpClientConnect),
            Run::http::<crate::admin::set_client_connect::SetClientConnect>(),
        )
    },
    Operation {
        grants: SAVES_SETTINGS,
        ..admin(
            "admin.publish_text",
            "Publish a privacy policy or terms of use",
            Method::Put,
            "/settings/texts/{kind}",
            Access::Permitted(Permission::SetUpClientConnect),
            Run::http::<crate::admin::publish_text::PublishText>(),
        )
    },
    Operation {
        grants: SAVES_SETTINGS,
        uses: &[Use::ReadIdentity],
        ..admin(
            "admin.restore_settings",
            "Bring an earlier version of the settings back",
            Method::Post,
            "/settings/versions/{number}/restore",
            Access::Permitted(Permission::SetUpClientConnect),
            Run::http::<crate::admin::restore_settings::RestoreSettings>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: &[
            grant(Table::Settings, APPEND),
            grant(Table::Workers, &[Query]),
            grant(Table::Journal, APPEND),
        ],
        ..admin(
            "admin.update_security_class",
            "Write a security class anew",
            Method::Put,
            "/security-classes/{security_class_id}",
            Access::Permitted(Permission::ManageStaff),
            Run::http::<crate::admin::update_security_class::UpdateSecurityClass>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: &[
            grant(Table::Settings, APPEND),
            grant(Table::Workers, &[Query]),
            grant(Table::Journal, APPEND),
        ],
        ..admin(
            "admin.delete_security_class",
            "Delete a security class that nobody belongs to",
            Method::Delete,
            "/security-classes/{security_class_id}",
            Access::Permitted(Permission::ManageStaff),
            Run::http::<crate::admin::delete_security_class::DeleteSecurityClass>(),
        )
    },
    Operation {
        idempotency: Idempotency::Required,
        grants: &[grant(Table::Settings, APPEND), grant(Table::Journal, APPEND)],
        ..admin(
            "admin.create_site",
            "Add a site",
            Method::Post,
            "/sites",
            Access::Permitted(Permission::ManageStaff),
            Run::http::<crate::admin::create_site::CreateSite>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: &[grant(Table::Settings, APPEND), grant(Table::Journal, APPEND)],
        ..admin(
            "admin.update_site",
            "Write a site anew",
            Method::Put,
            "/sites/{site_id}",
            Access::Permitted(Permission::ManageStaff),
            Run::http::<crate::admin::update_site::UpdateSite>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: SAVES_SETTINGS,
        uses: &[Use::ReadIdentity],
        ..admin(
            "admin.send_test_mail",
            "Send a test mail to oneself",
            Method::Post,
            "/settings/authentication-email/test",
            Access::Permitted(Permission::SetUpCommunications),
            Run::http::<crate::admin::send_test_mail::SendTestMail>(),
        )
    },
];
