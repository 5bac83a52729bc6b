//! The mails to an individual, newest first: what was asked for, and what became of it.

use chrono::{DateTime, Utc};
use domain::JournalRecord;
use domain::account::Reason;
use domain::id::MailId;
use domain::journal::JournalEvent;
use domain::mail::{MailKind, MailOutcome};
use serde::{Deserialize, Serialize};
use store::{Fate, MailStory, ask};

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::history::{HistoryOf, Page};
use crate::paging::NotACursor;
use crate::problem::Failure;

/// Gets the mail history.
pub struct GetMailHistory;

/// A page of mails: those of a page of the journal, so that it may be short, or empty, before the last.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Newest first.
    pub mails: Vec<MailView>,
    /// Where to go on; none at the end.
    pub next_cursor: Option<String>,
}

/// A mail to an individual.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MailView {
    /// Which; none if it was known from the start that it may not go out.
    pub mail_id: Option<MailId>,
    /// What for.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub kind: MailKind,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// How far it came.
    pub state: MailState,
    /// When it came so far; none while queued.
    pub state_at: Option<DateTime<Utc>>,
    /// Why it was dropped.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub reason: Option<Reason>,
    /// Where it went.
    pub address: Option<String>,
}

/// How far a mail came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum MailState {
    /// Waits to be sent.
    Queued,
    /// The mail service took it.
    Sent,
    /// The receiver's mail server took it.
    Delivered,
    /// It could not be delivered in the time there was, and isn't sent again.
    Undelivered,
    /// The receiver's mail server refused it for good, or the mail service did.
    Bounced,
    /// The receiver called it unwanted.
    Complained,
    /// It was not sent.
    Dropped,
}

impl HttpOperation for GetMailHistory {
    type Caller = Staff;
    type Request = HistoryOf;
    type Response = Response;
    type Refused = NotACursor;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: HistoryOf,
    ) -> Result<Reply<Response>, Failure<NotACursor>> {
        let Page { records, next_cursor } = request.read(context, &staff).await?;
        let asked: Vec<Asked> = records.iter().flat_map(asked_for).collect();
        let of = asked.iter().filter_map(|asked| asked.mail.ok()).map(ask::mail).collect::<Vec<_>>();
        let mut told = context.services.store.ask(of).await?.into_iter();
        let mails = asked.into_iter().map(|asked| {
            let known = asked.mail.ok().and_then(|_| told.next());
            asked.view(known.unwrap_or_default())
        });
        Ok(Reply::from(Response { mails: mails.collect(), next_cursor }))
    }
}

/// A mail that an event asked for, or would have if it could go out.
struct Asked {
    mail: Result<MailId, Reason>,
    kind: MailKind,
    at: DateTime<Utc>,
}

/// The mails to the client that a record asks for, the last one first.
fn asked_for(record: &JournalRecord) -> Vec<Asked> {
    let mut asked = Vec::new();
    for event in &record.events {
        let mut add = |mail, kind| asked.push(Asked { mail, kind, at: record.at });
        match event {
            JournalEvent::ActivationRequested { mail, .. } => add(Ok(*mail), MailKind::Activation),
            JournalEvent::ActivationReminderRequested { mail, .. } => {
                add(Ok(*mail), MailKind::ActivationReminder);
            }
            JournalEvent::ActivationWithheld { reason, .. } => add(Err(*reason), MailKind::Activation),
            JournalEvent::AccountLocked { mail: Some(mail), .. } => add(Ok(*mail), MailKind::AccountLocked),
            JournalEvent::PasswordResetRequested { mail, .. } => add(Ok(*mail), MailKind::PasswordReset),
            JournalEvent::PasswordChanged { mail, .. } => add(Ok(*mail), MailKind::PasswordChanged),
            JournalEvent::EmailCodeRequested { mail, .. } => add(Ok(*mail), MailKind::EmailCode),
            JournalEvent::SignInEmailChanged { mail, former_mail, .. } => {
                add(Ok(*former_mail), MailKind::SignInEmailLeft);
                add(Ok(*mail), MailKind::SignInEmailChanged);
            }
            JournalEvent::ServiceRequested { mail, .. } => add(Ok(*mail), MailKind::ServiceRequestReceived),
            _ => {}
        }
    }
    asked.reverse();
    asked
}

impl Asked {
    fn view(self, story: MailStory) -> MailView {
        let told = |outcome| story.told.get(&outcome).copied();
        let (mut address, mut reason) = (None, self.mail.err());
        let sent = match story.fate {
            Some((Fate::Sent { address: to, .. }, at)) => {
                address = Some(to.as_typed().to_owned());
                Some((MailState::Sent, at))
            }
            Some((Fate::Dropped { reason: why }, at)) => {
                reason = Some(why);
                Some((MailState::Dropped, at))
            }
            None => reason.map(|_| (MailState::Dropped, self.at)),
        };
        // What weighs most first: a bounce may be told after a delivery, and either before the sender noted it.
        let outcomes = [
            (MailOutcome::Complained, MailState::Complained),
            (MailOutcome::Bounced, MailState::Bounced),
            (MailOutcome::Rejected, MailState::Bounced),
            (MailOutcome::Delivered, MailState::Delivered),
            (MailOutcome::Undelivered, MailState::Undelivered),
        ];
        let (state, state_at) = outcomes
            .into_iter()
            .find_map(|(outcome, state)| Some((state, told(outcome)?)))
            .or(sent)
            .map_or((MailState::Queued, None), |(state, at)| (state, Some(at)));
        let (mail_id, kind, asked_at) = (self.mail.ok(), self.kind, self.at);
        MailView { mail_id, kind, asked_at, state, state_at, reason, address }
    }
}
