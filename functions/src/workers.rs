//! What the operations on workers share: how a worker is shown and looked up, and why one isn't barred.

use chrono::{DateTime, Utc};
use domain::Worker;
use domain::account::{Action, LockReason, StateName};
use domain::id::{ClassId, SiteId, WorkerId};
use domain::worker::{UserGroup, WorkerReason, WorkerRefused};
use serde::{Deserialize, Serialize};
use store::{Versioned, ask};

use crate::admin::get_individual::UndeliverableView;
use crate::context::Context;
use crate::entry::caller::Staff;
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
}
