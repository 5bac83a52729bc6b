//! What staff do.

pub mod add_contact;
pub mod add_to_roster;
pub mod apply_bulk_job;
pub mod begin_second_factor;
pub mod change_password;
pub mod check_authentication_email;
pub mod close_account;
pub mod close_service_file;
pub mod confirm_second_factor;
pub mod create_account;
pub mod create_individual;
pub mod create_security_class;
pub mod create_service;
pub mod create_site;
pub mod create_worker;
pub mod deactivate_worker;
pub mod delete_security_class;
pub mod disable_account;
pub mod enable_account;
pub mod end_other_sessions;
pub mod end_session;
pub mod extend_session;
pub mod force_password_reset;
pub mod get_account_history;
pub mod get_bulk_job;
pub mod get_bulk_results;
pub mod get_image;
pub mod get_individual;
pub mod get_job;
pub mod get_licences;
pub mod get_mail_history;
pub mod get_me;
pub mod get_service;
pub mod get_settings;
pub mod get_statistics;
pub mod get_text;
pub mod get_worker;
pub mod invite_worker;
pub mod list_alerts;
pub mod list_bulk_jobs;
pub mod list_colleagues;
pub mod list_individual_services;
pub mod list_roster;
pub mod list_security_classes;
pub mod list_service_requests;
pub mod list_services;
pub mod list_sessions;
pub mod list_settings_versions;
pub mod list_sites;
pub mod list_workers;
pub mod open_service_file;
pub mod publish_text;
pub mod reactivate_worker;
pub mod remove_from_roster;
pub mod renew_recovery_codes;
pub mod reopen_service_file;
pub mod request_password_reset;
pub mod request_upload;
pub mod resend_activation;
pub mod reset_password;
pub mod reset_second_factor;
pub mod reset_worker_password;
pub mod restore_settings;
pub mod resume_bulk_job;
pub mod retire_contact;
pub mod search_accounts;
pub mod search_individuals;
pub mod send_test_mail;
pub mod set_birth_date;
pub mod set_client_connect;
pub mod set_communication_settings;
pub mod set_communications;
pub mod set_file_attachment;
pub mod set_images;
pub mod set_my_photo;
pub mod set_my_profile;
pub mod set_theme;
pub mod set_worker_photo;
pub mod settle_alerts;
pub mod settle_service_request;
pub mod sign_in;
pub mod sign_out;
pub mod start_bulk_activation;
pub mod start_bulk_change;
pub mod start_bulk_reset;
pub mod start_import;
pub mod stop_bulk_job;
pub mod suspend_account;
pub mod suspend_worker;
pub mod unlock_account;
pub mod unlock_worker;
pub mod update_contact;
pub mod update_individual;
pub mod update_security_class;
pub mod update_service;
pub mod update_service_file;
pub mod update_site;
pub mod update_worker;

use chrono::{DateTime, Utc};
use domain::account::{Account, Action, Changed, Refused, State, StateName};
use domain::alert::AlertKind;
use domain::id::{AccountId, IndividualId, MailId};
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::Reply;
use crate::problem::{Failure, refusals};

/// An account as staff see it.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccountView {
    /// Which one.
    pub account_id: AccountId,
    /// The sign-in email.
    pub email: String,
    /// `pending`, `active`, `locked`, `disabled` or `closed`.
    pub state: domain::account::StateName,
    /// Why it is locked or closed.
    pub reason: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Until when the invitation stands, while pending (A8).
    pub expires_at: Option<DateTime<Utc>>,
    /// Birth dates that may still be tried, while pending (A7).
    pub attempts_left: Option<u8>,
    /// Whether the client has to choose a new password first (A16).
    pub must_reset: bool,
    /// When the client last signed in.
    pub last_sign_in: Option<DateTime<Utc>>,
    /// What of it needs a worker.
    pub alerts: Vec<AlertView>,
}

/// Why an account needs a worker.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertView {
    /// What for.
    pub kind: AlertKind,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl From<&Account> for AccountView {
    fn from(account: &Account) -> Self {
        let (mut reason, mut expires_at, mut must) = (None, None, false);
        match account.state {
            State::Pending { expires_at: at, .. } => expires_at = Some(at),
            State::Active { must_reset, .. } => must = must_reset,
            State::Locked { reason: why, must_reset, .. } => {
                reason = Some(why.code().to_owned());
                must = must_reset;
            }
            State::Closed { reason: why, .. } => reason = Some(why.code().to_owned()),
            State::Disabled { .. } => {}
        }
        Self {
            account_id: account.id,
            email: account.email.as_typed().to_owned(),
            state: account.state.name(),
            reason,
            created_at: account.created_at,
            expires_at,
            attempts_left: expires_at.is_some().then(|| account.attempts_left()),
            must_reset: must,
            last_sign_in: account.last_sign_in,
            alerts: account
                .alerts
                .iter()
                .map(|(kind, since)| AlertView { kind: *kind, since: *since })
                .collect(),
        }
    }
}

/// What became of the activation mail.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Invitation {
    /// The account as it is now.
    pub account: AccountView,
    /// The mail that is on its way; none when the client hears nothing.
    pub mail_id: Option<MailId>,
    /// Why no mail goes out, e.g. `no_consent` (A1).
    pub not_mailed: Option<domain::account::Reason>,
}

impl From<&Changed> for Invitation {
    fn from(changed: &Changed) -> Self {
        let withheld = changed.events.iter().find_map(|event| match event {
            domain::JournalEvent::ActivationWithheld { reason, .. } => Some(*reason),
            _ => None,
        });
        Self { account: AccountView::from(&changed.account), mail_id: changed.mail(), not_mailed: withheld }
    }
}

/// An account that a worker does something to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OneAccount {
    /// Whose.
    pub individual_id: IndividualId,
    /// Which.
    pub account_id: AccountId,
}

refusals! {
    /// Why nothing is done to an account.
    pub enum NotDone {
        /// Not in this state.
        AccountState {
            /// The account's state.
            state: StateName,
            /// What was wanted.
            action: Action,
        } => 409, "account_state", "The account's state does not allow this";
    }
}

/// Does to an account what its state allows, and answers with it as it is then.
async fn change(
    context: &Context<'_>,
    staff: &Staff,
    request: &OneAccount,
    decide: impl FnOnce(&Account) -> Result<Changed, Refused> + Send,
) -> Result<Reply<AccountView>, Failure<NotDone>> {
    let (individual, account) = staff.account(context, request.individual_id, request.account_id).await?;
    let changed = decide(&account)
        .map_err(|refused| NotDone::AccountState { state: refused.state, action: refused.action })?;
    let answer = AccountView::from(&changed.account);
    let transaction = context.account_change(staff.actor(), &changed, account.version, individual.test, None);
    context.commit(transaction, &answer).await?;
    Ok(Reply::from(answer))
}
