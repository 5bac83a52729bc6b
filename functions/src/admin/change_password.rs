//! A worker who is signed in changes the password: every other session ends, this one goes on under a new id (B13, as
//! A17).

use store::ask;

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::passwords::{Change, Changed, Changing, NotChanged};
use crate::problem::Failure;

/// Changes the password.
pub struct ChangePassword;

impl HttpOperation for ChangePassword {
    type Caller = Staff;
    type Request = Change;
    type Response = Changed;
    type Refused = NotChanged;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Change,
    ) -> Result<Reply<Changed>, Failure<NotChanged>> {
        let (actor, mail) = (staff.actor(), context.mail());
        let Staff { session, worker, settings, .. } = &staff;
        let credentials = context.services.store.ask(ask::worker_credentials(&worker.email)).await?;
        let changing = Changing {
            holder: worker.clone(),
            name: &worker.name,
            kept: credentials.and_then(|credentials| credentials.password_hash),
            session,
            settings,
        };
        let changed = context.change_password(changing, &request, |worker, hash| {
            let changed = worker.change_password(mail).ok()?;
            let transaction = context.worker_change(actor, &changed, worker.version, Some(hash));
            Some((transaction, changed.worker.epoch))
        });
        changed.await
    }
}
