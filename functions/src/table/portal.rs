//! What clients do.

use domain::image::Picture;
use store::tables::Table;

use super::{APPEND, READ, WRITE, grant, portal};
use crate::operation::Action::{BatchGetItem, ConditionCheckItem, DeleteItem, PutItem, Query, UpdateItem};
use crate::operation::{Access, Grant, Idempotency, Memory, Method, Operation, Run, Secret, Use};

/// What a change of one's own record takes.
const EDITS_ONESELF: &[Grant] = &[
    grant(Table::Individuals, &[BatchGetItem, PutItem, DeleteItem]),
    grant(Table::Accounts, APPEND),
    grant(Table::Journal, APPEND),
];

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        mutates: false,
        grants: &[grant(Table::Settings, READ)],
        ..portal(
            "portal.get_agency",
            "Say whose portal it is",
            Method::Get,
            "/agency",
            Access::Anyone,
            Run::http::<crate::portal::get_agency::GetAgency>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[grant(Table::Settings, READ)],
        ..portal(
            "portal.get_texts",
            "Get the privacy policy and the terms of use",
            Method::Get,
            "/texts",
            Access::Anyone,
            Run::http::<crate::portal::get_texts::GetTexts>(),
        )
    },
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
            Run::http::<crate::portal::look_at_link::LookAtLink>(),
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
            Run::http::<crate::portal::activate_account::ActivateAccount>(),
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
            Run::http::<crate::portal::ask_for_link::AskForLink>(),
        )
    },
    Operation {
        memory: Memory::Hash,
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Accounts, &[BatchGetItem, PutItem, UpdateItem]),
            grant(Table::Credentials, &[BatchGetItem, ConditionCheckItem, UpdateItem]),
            grant(Table::Sessions, &[PutItem, DeleteItem]),
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
            Run::http::<crate::portal::sign_in::SignIn>(),
        )
    },
    Operation {
        grants: &[grant(Table::Requests, APPEND), grant(Table::Throttles, &[UpdateItem])],
        uses: &[Use::Read(Secret::Seal)],
        ..portal(
            "portal.request_password_reset",
            "Ask for a link to choose a new password",
            Method::Post,
            "/password-reset-requests",
            Access::Anyone,
            Run::http::<crate::portal::request_password_reset::RequestPasswordReset>(),
        )
    },
    Operation {
        memory: Memory::Hash,
        grants: &[
            grant(Table::Settings, READ),
            grant(Table::Accounts, WRITE),
            grant(Table::Individuals, READ),
            grant(Table::Credentials, &[UpdateItem]),
            grant(Table::Journal, APPEND),
            grant(Table::AccessLog, APPEND),
            grant(Table::Throttles, &[UpdateItem]),
        ],
        uses: &[Use::Read(Secret::Link), Use::Read(Secret::Seal)],
        ..portal(
            "portal.reset_password",
            "Choose a new password by the mailed link",
            Method::Post,
            "/password-reset",
            Access::Anyone,
            Run::http::<crate::portal::reset_password::ResetPassword>(),
        )
    },
    Operation {
        memory: Memory::Hash,
        grants: &[
            grant(Table::Individuals, READ),
            grant(Table::Accounts, APPEND),
            grant(Table::Credentials, &[BatchGetItem, UpdateItem]),
            grant(Table::Sessions, &[PutItem, DeleteItem]),
            grant(Table::Journal, APPEND),
            grant(Table::AccessLog, APPEND),
            grant(Table::Throttles, &[UpdateItem]),
        ],
        uses: &[Use::Read(Secret::PortalSession)],
        ..portal(
            "portal.change_password",
            "Change the password",
            Method::Post,
            "/password",
            Access::Client,
            Run::http::<crate::portal::change_password::ChangePassword>(),
        )
    },
    Operation {
        grants: &[grant(Table::Sessions, &[DeleteItem]), grant(Table::AccessLog, APPEND)],
        ..portal(
            "portal.sign_out",
            "Sign out",
            Method::Delete,
            "/session",
            Access::Client,
            Run::http::<crate::portal::sign_out::SignOut>(),
        )
    },
    Operation {
        grants: &[grant(Table::Sessions, &[UpdateItem])],
        ..portal(
            "portal.extend_session",
            "Extend the session",
            Method::Post,
            "/session/extend",
            Access::Client,
            Run::http::<crate::portal::extend_session::ExtendSession>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[Grant { table: Table::Sessions, actions: &[], indexes: &["holder"] }],
        ..portal(
            "portal.list_sessions",
            "List where I am signed in",
            Method::Get,
            "/sessions",
            Access::Client,
            Run::http::<crate::portal::list_sessions::ListSessions>(),
        )
    },
    Operation {
        grants: &[grant(Table::Sessions, &[DeleteItem]), grant(Table::AccessLog, APPEND)],
        ..portal(
            "portal.end_session",
            "End one of my sessions",
            Method::Delete,
            "/sessions/{session_id}",
            Access::Client,
            Run::http::<crate::portal::end_session::EndSession>(),
        )
    },
    Operation {
        grants: &[
            grant(Table::Accounts, APPEND),
            grant(Table::Sessions, &[PutItem, DeleteItem]),
            grant(Table::Journal, APPEND),
            grant(Table::AccessLog, APPEND),
        ],
        uses: &[Use::Read(Secret::PortalSession)],
        ..portal(
            "portal.end_other_sessions",
            "End all my sessions but this one",
            Method::Post,
            "/sessions/end-others",
            Access::Client,
            Run::http::<crate::portal::end_other_sessions::EndOtherSessions>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[grant(Table::Individuals, READ)],
        ..portal(
            "portal.get_home",
            "Get the home page",
            Method::Get,
            "/home",
            Access::Client,
            Run::http::<crate::portal::get_home::GetHome>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[grant(Table::Individuals, READ)],
        ..portal(
            "portal.get_account",
            "Get my account",
            Method::Get,
            "/account",
            Access::Client,
            Run::http::<crate::portal::get_account::GetAccount>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[
            grant(Table::ServiceFiles, &[Query]),
            grant(Table::Services, READ),
            grant(Table::Workers, READ),
        ],
        ..portal(
            "portal.list_services",
            "List my services",
            Method::Get,
            "/services",
            Access::Client,
            Run::http::<crate::portal::list_services::ListServices>(),
        )
    },
    Operation {
        grants: &[grant(Table::Accounts, APPEND), grant(Table::Journal, APPEND)],
        ..portal(
            "portal.set_language",
            "Choose my language",
            Method::Put,
            "/language",
            Access::Client,
            Run::http::<crate::portal::set_language::SetLanguage>(),
        )
    },
    Operation {
        grants: EDITS_ONESELF,
        ..portal(
            "portal.set_message_preferences",
            "Choose which messages I get",
            Method::Put,
            "/account/messages",
            Access::Client,
            Run::http::<crate::portal::set_message_preferences::SetMessagePreferences>(),
        )
    },
    Operation {
        memory: Memory::Hash,
        grants: &[
            grant(Table::Credentials, READ),
            grant(Table::Sessions, &[UpdateItem]),
            grant(Table::Journal, APPEND),
            grant(Table::AccessLog, APPEND),
            grant(Table::Throttles, &[UpdateItem]),
        ],
        uses: &[Use::Read(Secret::Seal)],
        ..portal(
            "portal.request_email_change",
            "Ask to sign in with another email",
            Method::Post,
            "/email-change",
            Access::Client,
            Run::http::<crate::portal::request_email_change::RequestEmailChange>(),
        )
    },
    Operation {
        grants: &[
            grant(Table::Accounts, APPEND),
            grant(Table::Credentials, &[BatchGetItem, PutItem, DeleteItem]),
            grant(Table::Sessions, &[UpdateItem]),
            grant(Table::Mail, APPEND),
            grant(Table::Journal, APPEND),
            grant(Table::AccessLog, APPEND),
        ],
        uses: &[Use::Read(Secret::Link)],
        ..portal(
            "portal.confirm_email_change",
            "Confirm another sign-in email by its code",
            Method::Post,
            "/email-change/confirm",
            Access::Client,
            Run::http::<crate::portal::confirm_email_change::ConfirmEmailChange>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[grant(Table::Individuals, READ)],
        ..portal(
            "portal.get_profile",
            "Get my profile and contacts",
            Method::Get,
            "/profile",
            Access::Client,
            Run::http::<crate::portal::get_profile::GetProfile>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: EDITS_ONESELF,
        ..portal(
            "portal.update_profile",
            "Change my profile",
            Method::Put,
            "/profile",
            Access::Client,
            Run::http::<crate::portal::update_profile::UpdateProfile>(),
        )
    },
    Operation {
        idempotency: Idempotency::Required,
        grants: EDITS_ONESELF,
        ..portal(
            "portal.add_contact",
            "Add a contact to mine",
            Method::Post,
            "/profile/contacts",
            Access::Client,
            Run::http::<crate::portal::add_contact::AddContact>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: EDITS_ONESELF,
        ..portal(
            "portal.update_contact",
            "Change one of my contacts",
            Method::Put,
            "/profile/contacts/{contact_id}",
            Access::Client,
            Run::http::<crate::portal::update_contact::UpdateContact>(),
        )
    },
    Operation {
        idempotency: Idempotency::Accepted,
        grants: &[
            grant(Table::Individuals, &[BatchGetItem, PutItem, DeleteItem]),
            grant(Table::Accounts, APPEND),
            grant(Table::Journal, APPEND),
            Grant { table: Table::Mail, actions: &[Query], indexes: &["individual"] },
        ],
        ..portal(
            "portal.retire_contact",
            "Remove one of my contacts",
            Method::Delete,
            "/profile/contacts/{contact_id}",
            Access::Client,
            Run::http::<crate::portal::retire_contact::RetireContact>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[grant(Table::Settings, READ)],
        ..portal(
            "portal.get_theme",
            "Get the theme's stylesheet",
            Method::Get,
            "/theme.css",
            Access::Anyone,
            Run::http::<crate::portal::get_theme::GetTheme>(),
        )
    },
    Operation {
        mutates: false,
        uses: &[Use::ReadImages(Picture::Logo)],
        ..portal(
            "portal.get_logo",
            "Get the agency's logo",
            Method::Get,
            "/logo/{image_id}",
            Access::Anyone,
            Run::http::<crate::portal::get_logo::GetLogo>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[grant(Table::Individuals, READ), grant(Table::Services, READ), grant(Table::Workers, READ)],
        uses: &[Use::ReadImages(Picture::Photo)],
        ..portal(
            "portal.get_worker_photo",
            "Get a photo of a worker of mine",
            Method::Get,
            "/workers/{worker_id}/photo",
            Access::Client,
            Run::http::<crate::portal::get_worker_photo::GetWorkerPhoto>(),
        )
    },
    Operation {
        mutates: false,
        grants: &[
            grant(Table::Services, &[Query]),
            grant(Table::ServiceFiles, &[Query]),
            grant(Table::Individuals, READ),
        ],
        ..portal(
            "portal.list_offered_services",
            "List what I may ask for",
            Method::Get,
            "/offered-services",
            Access::Client,
            Run::http::<crate::portal::list_offered_services::ListOfferedServices>(),
        )
    },
    Operation {
        idempotency: Idempotency::Required,
        grants: &[
            grant(Table::Services, READ),
            grant(Table::ServiceFiles, &[Query, PutItem]),
            grant(Table::Journal, APPEND),
            grant(Table::Throttles, &[UpdateItem]),
        ],
        uses: &[Use::Read(Secret::Seal)],
        ..portal(
            "portal.request_service",
            "Ask for a service",
            Method::Post,
            "/service-requests",
            Access::Client,
            Run::http::<crate::portal::request_service::RequestService>(),
        )
    },
];
