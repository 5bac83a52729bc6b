//! Asks the mail service again whether the authentication email's sender is verified.

use domain::journal::{FieldName, JournalEvent, JournalRecord, Subject};
use domain::settings::Proof;
use serde::Deserialize;
use store::Transaction;

use crate::configuration::SettingsView;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::mailing::is_verified;
use crate::problem::{Failure, NoRefusal};

/// Checks the authentication email.
pub struct CheckAuthenticationEmail;

/// Nothing to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {}

impl HttpOperation for CheckAuthenticationEmail {
    type Caller = Staff;
    type Request = Request;
    type Response = SettingsView;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        _: Request,
    ) -> Result<Reply<SettingsView>, Failure<NoRefusal>> {
        let before = staff.settings_now(context).await?;
        let identity_verified = is_verified(context, &before.authentication_sender().address).await?;
        let saved = staff.saved(context, before.value.version).await?;
        if identity_verified == before.proof.identity_verified {
            return Ok(Reply::from(SettingsView::of(&before.value, saved)));
        }
        let after = before.value.clone().proven(Proof { identity_verified, ..before.proof });
        let record = JournalRecord {
            changed: vec![FieldName::Proof],
            events: vec![JournalEvent::AuthenticationEmailChecked { verified: identity_verified }],
            ..context.record(staff.actor(), Subject::Agency)
        };
        let mut transaction = Transaction::new(&record);
        transaction.put_settings(before.version, &after);
        let view = SettingsView::of(&after, saved);
        context.commit(transaction, &view).await?;
        Ok(Reply::from(view))
    }
}
