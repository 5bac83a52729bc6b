//! Keeps the language that the client chose: pages and the next mails use it.

use domain::Language;
use domain::journal::{FieldName, JournalEvent, JournalRecord, Subject};
use serde::{Deserialize, Serialize};
use store::Transaction;

use crate::context::Context;
use crate::entry::caller::Client;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};

/// Sets the language.
pub struct SetLanguage;

/// Which one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// What the client wants to read.
    pub language: Language,
}

/// Kept.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// What the client reads from now on.
    pub language: Language,
}

impl HttpOperation for SetLanguage {
    type Caller = Client;
    type Request = Request;
    type Response = Response;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        client: Client,
        Request { language }: Request,
    ) -> Result<Reply<Response>, Failure<NoRefusal>> {
        let account = &client.account;
        if account.language != Some(language) {
            let chosen = JournalEvent::LanguageChosen { account: account.id, individual: account.individual };
            let record = JournalRecord {
                changed: vec![FieldName::Language],
                events: vec![chosen],
                ..context.record(client.actor(), Subject::Individual(account.individual))
            };
            let mut transaction = Transaction::new(&record);
            transaction.put_account(account.version, &account.reading(language));
            context.services.store.commit(transaction).await?;
        }
        Ok(Reply::from(Response { language }))
    }
}
