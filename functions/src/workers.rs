//! What the operations on workers share: how a worker is shown, written and looked up, and why one isn't barred.

use chrono::{DateTime, Utc};
use domain::account::{Action, LockReason, StateName};
use domain::id::{ClassId, ImageId, SiteId, WorkerId};
use domain::worker::{ChangedWorker, SecurityClass, UserGroup, WorkerProfile, WorkerReason, WorkerRefused};
use domain::{Language, PersonName, Worker, fields};
use serde::{Deserialize, Serialize};
use store::{Site, Versioned, ask};

use crate::admin::get_individual::UndeliverableView;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::Reply;
use crate::individuals::optional;
use crate::problem::{Failure, refusals};

/// Workers on a page.
pub(crate) const PAGE: u32 = 20;

/// A worker as System Administrators see them.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkerView {
    /// Who.
    pub worker_id: WorkerId,
    /// Their full name.
    pub name: String,
    /// The sign-in email.
    pub email: String,
    /// What they may do at most.
    pub user_group: UserGroup,
    /// The class that takes some of it away.
    pub security_class_id: ClassId,
    /// Where they work.
    pub site_id: SiteId,
    /// `active`, `locked` or `disabled`.
    pub state: StateName,
    /// Why they are locked.
    pub reason: Option<LockReason>,
    /// Whether they have to choose a new password first (A16).
    pub must_reset: bool,
    /// When they last signed in.
    pub last_sign_in: Option<DateTime<Utc>>,
    /// Why mails to their address don't arrive, if they don't, until they use a mailed link.
    pub undeliverable: Option<UndeliverableView>,
}

impl From<&Worker> for WorkerView {
    fn from(worker: &Worker) -> Self {
        Self {
            worker_id: worker.id,
            name: worker.name.full(),
            email: worker.email.as_typed().to_owned(),
            user_group: worker.user_group,
            security_class_id: worker.security_class,
            site_id: worker.site,
            state: worker.state.name(),
            reason: worker.state.lock_reason(),
            must_reset: worker.state.must_reset(),
            last_sign_in: worker.last_sign_in,
            undeliverable: worker.undeliverable.map(UndeliverableView::from),
        }
    }
}

/// A worker as System Administrators edit them.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkerRecord {
    /// Who.
    pub worker_id: WorkerId,
    /// Of the record: whoever saves says which one they have seen.
    pub version: u64,
    /// The sign-in email.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// What they may do at most.
    pub user_group: UserGroup,
    /// The class that takes some of it away.
    pub security_class_id: ClassId,
    /// Where they work.
    pub site_id: SiteId,
    /// What they read.
    pub language: Language,
    /// What clients see instead of the name.
    pub client_facing_name: Option<String>,
    /// Their photo, which `admin.get_image` shows.
    pub photo: Option<ImageId>,
    /// What clients read about them.
    pub description: Option<String>,
    /// `active`, `locked` or `disabled`.
    pub state: StateName,
    /// Why they are locked.
    pub reason: Option<LockReason>,
    /// Whether they have to choose a password first (A16).
    pub must_reset: bool,
    /// When they last signed in.
    pub last_sign_in: Option<DateTime<Utc>>,
    /// Why mails to their address don't arrive, if they don't, until they use a mailed link.
    pub undeliverable: Option<UndeliverableView>,
    /// Until when their newest link is good, while they have still to choose a password.
    pub invited_until: Option<DateTime<Utc>>,
    /// Whether they have a second factor.
    pub second_factor: bool,
}

impl From<&Worker> for WorkerRecord {
    fn from(worker: &Worker) -> Self {
        Self {
            worker_id: worker.id,
            version: worker.revision + 1,
            email: worker.email.as_typed().to_owned(),
            first_name: worker.name.first().to_owned(),
            last_name: worker.name.last().to_owned(),
            user_group: worker.user_group,
            security_class_id: worker.security_class,
            site_id: worker.site,
            language: worker.language,
            client_facing_name: worker.client_facing_name.clone(),
            photo: worker.photo,
            description: worker.description.clone(),
            state: worker.state.name(),
            reason: worker.state.lock_reason(),
            must_reset: worker.state.must_reset(),
            last_sign_in: worker.last_sign_in,
            undeliverable: worker.undeliverable.map(UndeliverableView::from),
            invited_until: worker.invited_until(),
            second_factor: worker.second_factor.is_some(),
        }
    }
}

/// One worker.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OneWorker {
    /// Who.
    pub worker_id: WorkerId,
}

/// What is written of a worker, all of it: what is left out is empty.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkerFields {
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// What they may do at most.
    pub user_group: UserGroup,
    /// The class that takes some of it away.
    pub security_class_id: ClassId,
    /// Where they work: an active site, or the one they have.
    pub site_id: SiteId,
    /// What they read.
    pub language: Language,
    /// What clients see instead of the name.
    #[serde(default)]
    pub client_facing_name: Option<String>,
    /// What clients read about them, at most 300 characters.
    #[serde(default)]
    pub description: Option<String>,
}

impl WorkerFields {
    /// Checks them against the agency's classes and sites; `known` is whom they are written of, if not of somebody new.
    pub(crate) fn read<R>(
        &self,
        classes: &[SecurityClass],
        sites: &[Site],
        known: Option<&Worker>,
    ) -> Result<WorkerProfile, Failure<R>> {
        let name = PersonName::new(&self.first_name, "", &self.last_name, "");
        let name = name
            .map_err(|wrong| Failure::invalid(&format!("profile.{}", wrong.part), wrong.error.to_string()))?;
        if !classes.iter().any(|class| class.id == self.security_class_id) {
            return Err(Failure::invalid(
                "profile.security_class_id",
                "Choose one of the agency's security classes",
            ));
        }
        let has = known.is_some_and(|known| known.site == self.site_id);
        if !has && !sites.iter().any(|site| site.id == self.site_id && site.active) {
            return Err(Failure::invalid("profile.site_id", "Choose one of the agency's active sites"));
        }
        Ok(WorkerProfile {
            name,
            client_facing_name: optional(
                "profile.client_facing_name",
                self.client_facing_name.as_deref(),
                fields::label,
            )?,
            description: optional("profile.description", self.description.as_deref(), fields::description)?,
            user_group: self.user_group,
            security_class: self.security_class_id,
            site: self.site_id,
            language: self.language,
        })
    }
}

refusals! {
    /// Why a worker isn't suspended, or reset.
    pub enum NotBarred {
        /// They are suspended or disabled already, or were sent as many links as there can be.
        WorkerState {
            /// The worker's state.
            state: StateName,
            /// What was wanted.
            action: Action,
        } => 409, "worker_state", "The worker's state does not allow this";
        /// Nobody bars themselves: a System Administrator always remains.
        OwnAccount => 409, "own_account", "Ask another System Administrator to do this";
    }
}

refusals! {
    /// Why a worker isn't invited.
    pub enum NotInvited {
        /// They have a password, or don't work here, or were sent as many links as there can be.
        WorkerState {
            /// The worker's state.
            state: StateName,
            /// What was wanted.
            action: Action,
        } => 409, "worker_state", "The worker's state does not allow this";
    }
}

impl From<WorkerRefused> for NotInvited {
    fn from(refused: WorkerRefused) -> Self {
        Self::WorkerState { state: refused.state, action: refused.action }
    }
}

impl From<WorkerRefused> for NotBarred {
    fn from(refused: WorkerRefused) -> Self {
        match refused.reason {
            WorkerReason::Oneself => Self::OwnAccount,
            _ => Self::WorkerState { state: refused.state, action: refused.action },
        }
    }
}

impl Staff {
    /// A worker of the agency, whoever they are.
    ///
    /// # Errors
    /// `not_found`, or the store's fault.
    pub(crate) async fn colleague<R>(
        &self,
        context: &Context<'_>,
        id: WorkerId,
    ) -> Result<Versioned<Worker>, Failure<R>> {
        context.services.store.ask(ask::worker(id)).await?.ok_or_else(Failure::not_found)
    }

    /// Saves a worker's transition and answers with them as they are then.
    ///
    /// # Errors
    /// As the store's commit.
    pub(crate) async fn change_worker<R>(
        &self,
        context: &Context<'_>,
        worker: &Versioned<Worker>,
        changed: &ChangedWorker,
    ) -> Result<Reply<WorkerRecord>, Failure<R>> {
        let answer = WorkerRecord::from(&changed.worker);
        let mut transaction = context.worker_change(self.actor(), changed, worker.version, None);
        transaction.while_not_barred(&self.worker);
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}
