//! A client who is signed in changes the password: every other session ends, this one goes on under a new id (A17).

use store::ask;

use crate::context::Context;
use crate::entry::caller::Client;
use crate::entry::http::{HttpOperation, Reply};
use crate::passwords::{Change, Changed, Changing, NotChanged, session_ended};
use crate::problem::Failure;

/// Changes the password.
pub struct ChangePassword;

impl HttpOperation for ChangePassword {
    type Caller = Client;
    type Request = Change;
    type Response = Changed;
    type Refused = NotChanged;

    async fn handle(
        context: &Context<'_>,
        client: Client,
        request: Change,
    ) -> Result<Reply<Changed>, Failure<NotChanged>> {
        let (actor, mail) = (client.actor(), context.mail());
        let Client { session, account, settings } = &client;
        let asked = (ask::credentials(&account.email), ask::individual(account.individual));
        let (credentials, individual) = context.services.store.ask(asked).await?;
        let individual = individual.ok_or_else(session_ended)?.value;
        let changing = Changing {
            holder: account.clone(),
            name: &individual.name,
            kept: credentials.and_then(|credentials| credentials.password_hash),
            session,
            settings,
        };
        let changed = context.change_password(changing, &request, |account, hash| {
            let changed = account.change_password(mail).ok()?;
            let loaded = account.version;
            let transaction = context.account_change(actor, &changed, loaded, individual.test, Some(hash));
            Some((transaction, changed.account.epoch))
        });
        changed.await
    }
}
