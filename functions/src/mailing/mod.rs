//! From a journal event to the mails it asks for: look again at what they are about, decide, write, claim, hand over,
//! mark. SES has no idempotency token: a sender that died between is relieved after a while, with the same link or code
//! in the mail.

mod clients;
mod ses;
mod workers;

use chrono::TimeDelta;
use credentials::{LinkOf, LinkToken};
use domain::account::Reason;
use domain::journal::{Envelope, JournalEvent};
use domain::mail::{MailKind, ToWorker};
use domain::settings::Settings;
use domain::{EmailAddress, Language};
use mail::Rendered;
use store::{Claim, Fate, Fault, Handover, MailOf, MailRecord};
use tracing::info;

use self::clients::{ClientMail, ToClient};
use crate::context::Context;

pub(crate) use self::ses::{is_verified, mailbox};

/// After this long without an answer, another sender takes over.
const STALE_AFTER: TimeDelta = TimeDelta::seconds(120);

/// A mail that may go.
struct Outgoing {
    /// Name and address.
    from: String,
    to: EmailAddress,
    language: Language,
    rendered: Rendered,
}

/// Sends the mails that an event asks for, or records why one must not go.
pub(crate) async fn send_what_it_asks_for(context: &Context<'_>, told: Envelope) -> Result<(), Fault> {
    use JournalEvent as E;
    let at = told.at;
    let client = |mail, individual, account| ClientMail { mail, individual, account, at, job: None };
    match told.event {
        E::ActivationRequested { account, individual, mail, generation } => {
            let about = ToClient::Activation { generation };
            clients::send(context, client(mail, individual, account), about).await
        }
        E::BulkActivationRequested { account, individual, mail, generation, job } => {
            let asked = ClientMail { job: Some(job), ..client(mail, individual, account) };
            clients::send(context, asked, ToClient::Activation { generation }).await
        }
        E::ActivationReminderRequested { account, individual, mail, generation } => {
            let about = ToClient::ActivationReminder { generation };
            clients::send(context, client(mail, individual, account), about).await
        }
        E::PasswordResetRequested { account, individual, mail, generation } => {
            let about = ToClient::PasswordReset { generation };
            clients::send(context, client(mail, individual, account), about).await
        }
        E::AccountLocked { account, individual, mail: Some(mail), generation: Some(generation), .. } => {
            let about = ToClient::AccountLocked { generation };
            clients::send(context, client(mail, individual, account), about).await
        }
        E::PasswordChanged { account, individual, mail } => {
            clients::send(context, client(mail, individual, account), ToClient::PasswordChanged).await
        }
        E::EmailCodeRequested { account, individual, session, mail } => {
            clients::send(context, client(mail, individual, account), ToClient::EmailCode { session }).await
        }
        E::SignInEmailChanged { account, individual, mail, former_mail } => {
            let to_former = client(former_mail, individual, account);
            clients::send(context, to_former, ToClient::SignInEmailLeft).await?;
            clients::send(context, client(mail, individual, account), ToClient::SignInEmailChanged).await
        }
        E::InvitationAskedFor { individual, mail, .. } => {
            workers::tell_of_invitation_asked_for(context, mail, individual).await
        }
        E::WorkerInvited { worker, mail, generation } => {
            workers::send(context, mail, worker, ToWorker::Invited { generation }, at).await
        }
        E::ServiceRequested { account, individual, mail, .. } => {
            workers::tell_of_service_request(context, mail).await?;
            clients::send(context, client(mail, individual, account), ToClient::ServiceRequestReceived).await
        }
        E::MailFailed { individual, mail, .. } => workers::tell_of_failure(context, mail, individual).await,
        E::TestMailRequested { worker, mail, kind } => workers::send_test(context, mail, worker, kind).await,
        E::WorkerPasswordResetRequested { worker, mail, generation } => {
            let about = ToWorker::PasswordReset { generation };
            workers::send(context, mail, worker, about, at).await
        }
        E::WorkerLocked { worker, mail: Some(mail), generation: Some(generation), .. } => {
            workers::send(context, mail, worker, ToWorker::Locked { generation }, at).await
        }
        E::WorkerPasswordChanged { worker, mail } => {
            workers::send(context, mail, worker, ToWorker::PasswordChanged, at).await
        }
        E::SecondFactorSet { worker, mail } => {
            workers::send(context, mail, worker, ToWorker::SecondFactorSet, at).await
        }
        E::SecondFactorReset { worker, mail } => {
            workers::send(context, mail, worker, ToWorker::SecondFactorReset, at).await
        }
        E::RecoveryCodeUsed { worker, mail } => {
            workers::send(context, mail, worker, ToWorker::RecoveryCodeUsed, at).await
        }
        // Who is suspended is not told by mail.
        E::AccountLocked { .. } | E::WorkerLocked { .. } => Ok(()),
        // The rules bring nothing else; what they may bring one day waits with the dead letters.
        other => Err(missing(&format!("a mail for {other:?}"))),
    }
}

/// Sends a mail once, or records why it is dropped.
async fn conclude(
    context: &Context<'_>,
    settings: &Settings,
    of: MailOf,
    decided: Result<Outgoing, Reason>,
) -> Result<(), Fault> {
    let store = &context.services.store;
    let keep =
        async |fate| store.append_mail(&MailRecord { of, fate, at: context.now }, context.uuid()).await;
    let log = |fate| {
        let (request_id, operation) = (&context.request_id, context.operation.name);
        info!(request_id, operation, kind = of.kind.code(), fate, "mail");
    };
    let outgoing = match decided {
        Ok(outgoing) => outgoing,
        Err(reason) => {
            keep(Fate::Dropped { reason }).await?;
            log("dropped");
            return Ok(());
        }
    };
    let Outgoing { to, language, .. } = &outgoing;
    let handover = Handover { of, address: to.clone(), language: *language };
    match store.claim_mail(&handover, context.now, STALE_AFTER).await? {
        Claim::Claimed { .. } => {}
        Claim::AlreadySent | Claim::AlreadyDropped => return Ok(()),
        Claim::HeldByAnother { until } => {
            let retry_after = (until - context.now).to_std().unwrap_or_default();
            return Err(Fault::Unavailable {
                what: "another sender is at this mail".to_owned(),
                retry_after,
            });
        }
    }
    let message = ses::send(context, settings, &of, &outgoing).await?;
    let Handover { address, language, .. } = handover;
    keep(Fate::Sent { address, language, message }).await?;
    log("sent");
    Ok(())
}

/// A link's secret.
async fn token(context: &Context<'_>, of: LinkOf, generation: u16) -> Result<String, Fault> {
    Ok(context.services.links().await?.write(LinkToken { of, generation }))
}

/// What a worker's mail is for.
const fn kind_to_worker(about: ToWorker) -> MailKind {
    match about {
        ToWorker::Invited { .. } => MailKind::WorkerInvited,
        ToWorker::PasswordReset { .. } => MailKind::WorkerPasswordReset,
        ToWorker::Locked { .. } => MailKind::WorkerLocked,
        ToWorker::PasswordChanged => MailKind::WorkerPasswordChanged,
        ToWorker::SecondFactorSet => MailKind::SecondFactorSet,
        ToWorker::SecondFactorReset => MailKind::SecondFactorReset,
        ToWorker::RecoveryCodeUsed => MailKind::RecoveryCodeUsed,
        ToWorker::InvitationAskedFor => MailKind::InvitationAskedFor,
        ToWorker::ServiceRequested => MailKind::ServiceRequested,
        ToWorker::ClientMailFailed => MailKind::ClientMailFailed,
        ToWorker::Test(_) => MailKind::Test,
    }
}

fn missing(what: &str) -> Fault {
    Fault::Internal { what: format!("there is no {what}"), source: None }
}
