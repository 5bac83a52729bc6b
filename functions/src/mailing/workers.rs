//! Mails to workers: about their own sign-in (B13), and that a client asks to be invited again (A3b) or for a service.

use chrono::{DateTime, Utc};
use credentials::LinkOf;
use domain::journal::TestMailKind;
use domain::mail::{Decision, ToWorker, decide_worker_mail};
use domain::settings::Settings;
use domain::worker::{UserGroup, visible};
use domain::{EmailAddress, IndividualId, MailId, Worker, WorkerId};
use mail::{Link, Mail, Says};
use store::{Fault, MailOf, Reader, ask};

use super::{Outgoing, conclude, kind_to_worker, mailbox, missing, token};
use crate::context::Context;

/// Sends a worker a mail about their sign-in.
pub(super) async fn send(
    context: &Context<'_>,
    mail: MailId,
    worker: WorkerId,
    about: ToWorker,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    let (worker, settings) = context.services.store.ask((ask::worker(worker), ask::settings())).await?;
    let worker = worker.ok_or_else(|| missing(&format!("worker of {mail}")))?.value;
    let settings = context.settings(settings)?;
    let token = match about {
        ToWorker::Invited { generation }
        | ToWorker::PasswordReset { generation }
        | ToWorker::Locked { generation } => {
            token(context, LinkOf::WorkerPasswordReset(worker.id), generation).await?
        }
        _ => String::new(),
    };
    let link = worker
        .reset_expires_at
        .filter(|dies| *dies > context.now)
        .map(|expires_at| Link { token: &token, expires_at });
    let says = match about {
        ToWorker::Invited { .. } => link.map(Says::WorkerInvited),
        ToWorker::PasswordReset { .. } => link.map(Says::WorkerPasswordReset),
        ToWorker::Locked { .. } => Some(Says::WorkerLocked(link)),
        ToWorker::SecondFactorSet => Some(Says::SecondFactorSet(at)),
        ToWorker::SecondFactorReset => Some(Says::SecondFactorReset(at)),
        ToWorker::RecoveryCodeUsed => Some(Says::RecoveryCodeUsed(at)),
        _ => Some(Says::WorkerPasswordChanged(at)),
    };
    tell(context, &settings, mail, &worker, about, says).await
}

/// Tells the workers of an individual who may sign in and see them, else everybody in Intake-Mgmt, each by a mail of
/// their own.
pub(super) async fn tell_of_invitation_asked_for(
    context: &Context<'_>,
    mail: MailId,
    individual: IndividualId,
) -> Result<(), Fault> {
    let store = &context.services.store;
    let (found, settings) = store.ask((ask::individual(individual), ask::settings())).await?;
    let found = found.ok_or_else(|| missing(&format!("individual of {mail}")))?.value;
    let settings = context.settings(settings)?;
    let own = store.ask(found.workers.iter().copied().map(ask::worker).collect::<Vec<_>>()).await?;
    let mut told: Vec<Worker> = own.into_iter().flatten().map(|worker| worker.value).collect();
    told.retain(|worker| worker.may_sign_in() && visible(worker, &found));
    if told.is_empty() {
        told = everybody_in_intake(context).await?;
    }
    let mut outcome = Ok(());
    for worker in told {
        let mail = mail.to_worker(worker.id);
        let says = Some(Says::InvitationAskedFor(individual));
        let sent = tell(context, &settings, mail, &worker, ToWorker::InvitationAskedFor, says).await;
        // One that can't be sent now keeps nobody else from theirs; all come again, and none goes twice.
        outcome = outcome.and(sent);
    }
    outcome
}

/// Tells those who receive service requests that one waits, each by a mail of their own.
pub(super) async fn tell_of_service_request(context: &Context<'_>, mail: MailId) -> Result<(), Fault> {
    let store = &context.services.store;
    let settings = context.settings(store.ask(ask::settings()).await?)?;
    let receivers: Vec<_> = settings.request_service.receivers.iter().copied().map(ask::worker).collect();
    if receivers.is_empty() {
        return Ok(());
    }
    let mut outcome = Ok(());
    for worker in store.ask(receivers).await?.into_iter().flatten() {
        let own = mail.to_worker(worker.id);
        let says = Some(Says::ServiceRequested);
        let sent = tell(context, &settings, own, &worker, ToWorker::ServiceRequested, says).await;
        // One that can't be sent now keeps nobody else from theirs; all come again, and none goes twice.
        outcome = outcome.and(sent);
    }
    outcome
}

/// Tells those who are to be told that a mail to a client didn't arrive, each by a mail of their own.
pub(super) async fn tell_of_failure(
    context: &Context<'_>,
    mail: MailId,
    individual: IndividualId,
) -> Result<(), Fault> {
    let store = &context.services.store;
    let settings = context.settings(store.ask(ask::settings()).await?)?;
    let told = settings.communications.told_of_failures.iter().copied().map(ask::worker).collect::<Vec<_>>();
    if told.is_empty() {
        return Ok(());
    }
    let mut outcome = Ok(());
    for worker in store.ask(told).await?.into_iter().flatten() {
        let says = Some(Says::ClientMailFailed(individual));
        let own = mail.to_worker(worker.value.id);
        let sent = tell(context, &settings, own, &worker.value, ToWorker::ClientMailFailed, says).await;
        // One that can't be sent now keeps nobody else from theirs; all come again, and none goes twice.
        outcome = outcome.and(sent);
    }
    outcome
}

/// Sends a worker a mail that shows whether such mails arrive.
pub(super) async fn send_test(
    context: &Context<'_>,
    mail: MailId,
    worker: WorkerId,
    kind: TestMailKind,
) -> Result<(), Fault> {
    let (worker, settings) = context.services.store.ask((ask::worker(worker), ask::settings())).await?;
    let worker = worker.ok_or_else(|| missing(&format!("worker of {mail}")))?.value;
    let settings = context.settings(settings)?;
    let footer = match kind {
        TestMailKind::Authentication => None,
        TestMailKind::ClientMessage => {
            let footer = &settings.communications.client_messages.footer;
            footer.in_language(worker.language).or_else(|| footer.in_language(settings.agency.language))
        }
    };
    tell(context, &settings, mail, &worker, ToWorker::Test(kind), Some(Says::Test(footer))).await
}

async fn everybody_in_intake(context: &Context<'_>) -> Result<Vec<Worker>, Fault> {
    let mut intake = Vec::new();
    let mut after = None;
    loop {
        let page = context.services.store.staff(after.as_ref(), 100).await?;
        intake.extend(page.items.into_iter().map(|worker| worker.value));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    intake.retain(|worker| worker.user_group == UserGroup::IntakeMgmt && worker.may_sign_in());
    Ok(intake)
}

/// Sends a worker one mail, or records why not; without `says`, when there is nothing left to say.
async fn tell(
    context: &Context<'_>,
    settings: &Settings,
    mail: MailId,
    worker: &Worker,
    about: ToWorker,
    says: Option<Says<'_>>,
) -> Result<(), Fault> {
    let of = MailOf { mail, kind: kind_to_worker(about), reader: Reader::Worker(worker.id), job: None };
    let decided = match (decide_worker_mail(worker, settings, context.now, about), says) {
        (Decision::Send(to), Some(says)) => Ok(write(context, settings, worker, about, says, to)?),
        (Decision::Send(_), None) => return Err(missing(&format!("link in {mail}"))),
        (Decision::Drop(reason), _) => Err(reason),
    };
    conclude(context, settings, of, decided).await
}

fn write(
    context: &Context<'_>,
    settings: &Settings,
    worker: &Worker,
    about: ToWorker,
    says: Says<'_>,
    to: EmailAddress,
) -> Result<Outgoing, Fault> {
    let mail = Mail {
        language: worker.language,
        agency: &settings.agency,
        name: &worker.name,
        portal_url: context.services.variable("PORTAL_URL")?,
        admin_url: context.services.variable("ADMIN_URL")?,
        discreet: false,
        says,
    };
    let sender = match about {
        ToWorker::InvitationAskedFor | ToWorker::ServiceRequested | ToWorker::ClientMailFailed => {
            &settings.communications.sender
        }
        ToWorker::Test(TestMailKind::ClientMessage) => settings.communications.message_sender(),
        _ => settings.authentication_sender(),
    };
    let from = mailbox(&sender.name, &sender.address);
    Ok(Outgoing { from, to, language: worker.language, rendered: mail.render() })
}
