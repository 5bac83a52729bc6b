//! Sends a mail to the worker who asks, to see whether such mails arrive. What becomes of the authentication email's is
//! noted in the settings (C2).

use domain::journal::{FieldName, JournalEvent, JournalRecord, Subject, TestMailKind};
use domain::settings::{Proof, Test};
use serde::Deserialize;
use store::Transaction;

use crate::configuration::SettingsView;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::mailing::is_verified;
use crate::problem::{Failure, refusals};

/// Sends a test mail.
pub struct SendTestMail;

/// Which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// What it tests.
    pub kind: TestMailKind,
}

refusals! {
    /// Why none is sent.
    pub enum Error {
        /// No mail goes out at all.
        EmailOff => 409, "email_off", "Email is switched off; switch it on first";
        /// The mail service wouldn't take mails from that sender.
        IdentityNotVerified => 409, "identity_not_verified", "The mail service does not know this sender yet; have its domain verified first";
    }
}

impl HttpOperation for SendTestMail {
    type Caller = Staff;
    type Request = Request;
    type Response = SettingsView;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        Request { kind }: Request,
    ) -> Result<Reply<SettingsView>, Failure<Error>> {
        let before = staff.settings_now(context).await?;
        let mails = &before.communications;
        let sender = match kind {
            TestMailKind::Authentication => mails.authentication_sender(),
            TestMailKind::ClientMessage => mails.message_sender(),
        };
        if !mails.email {
            return Err(Error::EmailOff.into());
        }
        if !is_verified(context, &sender.address).await? {
            return Err(Error::IdentityNotVerified.into());
        }
        let (worker, mail) = (staff.worker.value.id, context.mail());
        let proof = match kind {
            TestMailKind::ClientMessage => before.proof,
            // What was proven of this sender stays so while another test is on its way.
            TestMailKind::Authentication => Proof {
                identity_verified: true,
                test: if before.proof.test == Test::Delivered { Test::Delivered } else { Test::Sent },
                test_mail: Some(mail),
                test_sent_at: Some(context.now),
            },
        };
        let record = JournalRecord {
            changed: (proof != before.proof).then_some(FieldName::Proof).into_iter().collect(),
            events: vec![JournalEvent::TestMailRequested { worker, mail, kind }],
            ..context.record(staff.actor(), Subject::Agency)
        };
        let after = before.value.clone().proven(proof);
        let mut transaction = Transaction::new(&record);
        if after != before.value {
            transaction.put_settings(before.version, &after);
        }
        let view = SettingsView::of(&after, staff.saved(context, before.value.version).await?);
        context.commit(transaction, &view).await?;
        Ok(Reply::from(view))
    }
}
