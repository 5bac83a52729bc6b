//! Records what the mail service tells of a mail, in whatever order and however often it tells. A mail that will never
//! arrive, or that its reader calls unwanted, marks the contacts with that address, or the worker, and shows to workers.

use chrono::{DateTime, Utc};
use domain::EmailAddress;
use domain::alert::AlertKind;
use domain::id::{AccountId, IndividualId, JobId, WorkerId};
use domain::journal::{Actor, FieldName, JobName, JournalEvent, JournalRecord, Subject};
use domain::mail::{MailKind, MailOutcome};
use domain::settings::{Proof, Test};
use serde::Deserialize;
use store::{
    CommitError, Conflict, CountedMail, Fate, Fault, Handover, MailRecord, Reader, Told, Transaction, ask,
};

use crate::context::Context;
use crate::entry::event::MessageOperation;

/// How often to look again when another call changed individual, account or worker meanwhile.
const TRIES: usize = 5;

/// Records an outcome.
pub struct RecordMailOutcome;

/// What the rule passes on of an event of SES: no address and no subject. What the event doesn't have is empty.
#[derive(Debug, Deserialize)]
pub struct Event {
    #[serde(rename = "detail-type")]
    kind: String,
    time: DateTime<Utc>,
    detail: Detail,
}

#[derive(Debug, Deserialize)]
struct Detail {
    /// The tag that the mail was sent with.
    mail: String,
    /// SES's own id of it.
    message: String,
    /// The kind of bounce.
    bounce: String,
    /// What the reader's provider calls the complaint.
    feedback: String,
}

impl Event {
    /// What it means; nothing if it means nothing to us.
    fn outcome(&self) -> Option<MailOutcome> {
        match self.kind.as_str() {
            "Email Sent" => Some(MailOutcome::Sent),
            "Email Rejected" => Some(MailOutcome::Rejected),
            "Email Delivered" => Some(MailOutcome::Delivered),
            "Email Bounced" if self.detail.bounce == "Permanent" => Some(MailOutcome::Bounced),
            "Email Bounced" => Some(MailOutcome::Undelivered),
            // A reader may also tell that a mail is wanted.
            "Email Complaint Received" if self.detail.feedback != "not-spam" => Some(MailOutcome::Complained),
            _ => None,
        }
    }
}

impl MessageOperation for RecordMailOutcome {
    type Message = Event;

    async fn handle(context: &Context<'_>, event: Event) -> Result<(), Fault> {
        // The test mail at set-up is nobody's and has no id.
        let (Ok(mail), Some(outcome)) = (event.detail.mail.parse(), event.outcome()) else {
            return Ok(());
        };
        let at = event.time;
        let store = &context.services.store;
        let told = Told { mail, outcome, at };
        let handover = store.mail_handed_over(mail).await?;
        if handover.as_ref().is_some_and(|handover| handover.of.kind == MailKind::Test) {
            tested(context, &told).await?;
        }
        match (outcome, handover) {
            // Its sender may have died before it could note so.
            (MailOutcome::Sent, Some(Handover { of, address, language })) => {
                let fate = Fate::Sent { address, language, message: event.detail.message };
                store.append_mail(&MailRecord { of, fate, at }, context.uuid()).await
            }
            (MailOutcome::Bounced | MailOutcome::Complained, Some(Handover { of, address, .. })) => {
                match of.reader {
                    Reader::Client { individual, account } => {
                        fail(context, &told, individual, account, &address, of.job).await?;
                        match of.job {
                            Some(job) => brake(context, job).await,
                            None => Ok(()),
                        }
                    }
                    Reader::Worker(worker) => fail_to_worker(context, &told, worker, &address).await,
                }
            }
            // Kept even if the mail isn't known here: what is told is never lost.
            _ => store.append_told(&told).await,
        }
    }
}

/// Keeps the failure, marks contacts, raises the alert and journals it, all or nothing, once.
async fn fail(
    context: &Context<'_>,
    told: &Told,
    individual: IndividualId,
    account: AccountId,
    address: &EmailAddress,
    job: Option<JobId>,
) -> Result<(), Fault> {
    let store = &context.services.store;
    for _ in 0..TRIES {
        let (person, before) = store.ask((ask::individual(individual), ask::account(account))).await?;
        let (Some(person), Some(before)) = (person, before) else { return Err(nobody(told)) };
        let marked = person.value.with_undeliverable(address, told.outcome, told.at);
        let alerted = (before.value.email == *address)
            .then(|| before.value.alerted(AlertKind::Bounced, context.now))
            .flatten();
        let changed =
            [marked.is_some().then_some(FieldName::Contacts), alerted.is_some().then_some(FieldName::Alerts)];
        let (mail, outcome) = (told.mail, told.outcome);
        let record = JournalRecord {
            changed: changed.into_iter().flatten().collect(),
            events: vec![JournalEvent::MailFailed { account, individual, mail, outcome }],
            ..context.record(Actor::Job(JobName::RecordMailOutcome), Subject::Individual(individual))
        };
        let mut transaction = Transaction::new(&record);
        transaction.keep_told(told);
        if let Some(job) = job {
            let bounced = told.outcome == MailOutcome::Bounced;
            transaction.count_mail(job, if bounced { CountedMail::Bounced } else { CountedMail::Complained });
        }
        if let Some(marked) = &marked {
            transaction.put_individual(Some(&person), marked);
        }
        if let Some(alerted) = &alerted {
            transaction.put_account(before.version, alerted);
        }
        if kept(store.commit(transaction).await)? {
            return Ok(());
        }
    }
    Err(contended())
}

/// Stops the bulk job that asked for the mail, if too many of its mails came to nothing.
async fn brake(context: &Context<'_>, job: JobId) -> Result<(), Fault> {
    let store = &context.services.store;
    for _ in 0..TRIES {
        let (before, mails) = store.ask((ask::bulk_job(job), ask::bulk_mails(job))).await?;
        let Some(before) = before else { return Ok(()) };
        let Some(reason) = before.brake(mails.unwrap_or_default()) else { return Ok(()) };
        let Some(stopped) = before.stopped(reason, context.now) else { return Ok(()) };
        let record = JournalRecord {
            events: vec![JournalEvent::BulkJobStopped { job, reason }],
            ..context.record(Actor::Job(JobName::RecordMailOutcome), Subject::Job(job))
        };
        let mut transaction = Transaction::new(&record);
        transaction.put_bulk_job(before.version, &stopped);
        if before.applies() {
            transaction.end_applying(job);
        }
        if kept(store.commit(transaction).await)? {
            return Ok(());
        }
    }
    Err(contended())
}

/// The same of a mail to a worker, whom it marks.
async fn fail_to_worker(
    context: &Context<'_>,
    told: &Told,
    worker: WorkerId,
    address: &EmailAddress,
) -> Result<(), Fault> {
    let store = &context.services.store;
    for _ in 0..TRIES {
        let before = store.ask(ask::worker(worker)).await?.ok_or_else(|| nobody(told))?;
        let marked = before.with_undeliverable(address, told.outcome, told.at);
        let (mail, outcome) = (told.mail, told.outcome);
        let record = JournalRecord {
            changed: marked.iter().map(|_| FieldName::Email).collect(),
            events: vec![JournalEvent::WorkerMailFailed { worker, mail, outcome }],
            ..context.record(Actor::Job(JobName::RecordMailOutcome), Subject::Worker(worker))
        };
        let mut transaction = Transaction::new(&record);
        transaction.keep_told(told);
        if let Some(marked) = &marked {
            transaction.put_worker(before.version, marked);
        }
        if kept(store.commit(transaction).await)? {
            return Ok(());
        }
    }
    Err(contended())
}

/// Notes in the settings what became of the authentication email's test mail, if this is the last one. One that came back
/// has failed, whatever else is told of it.
async fn tested(context: &Context<'_>, told: &Told) -> Result<(), Fault> {
    let test = match told.outcome {
        MailOutcome::Delivered => Test::Delivered,
        MailOutcome::Bounced | MailOutcome::Undelivered | MailOutcome::Rejected => Test::Failed,
        MailOutcome::Sent | MailOutcome::Complained => return Ok(()),
    };
    let store = &context.services.store;
    for _ in 0..TRIES {
        let Some(before) = store.ask(ask::settings()).await? else { return Ok(()) };
        let known = before.proof.test;
        if before.proof.test_mail != Some(told.mail) || known == test || known == Test::Failed {
            return Ok(());
        }
        let (mail, outcome) = (told.mail, told.outcome);
        let record = JournalRecord {
            changed: vec![FieldName::Proof],
            events: vec![JournalEvent::AuthenticationEmailTested { mail, outcome }],
            ..context.record(Actor::Job(JobName::RecordMailOutcome), Subject::Agency)
        };
        let after = before.value.clone().proven(Proof { test, ..before.proof });
        let mut transaction = Transaction::new(&record);
        transaction.put_settings(before.version, &after);
        if kept(store.commit(transaction).await)? {
            return Ok(());
        }
    }
    Err(contended())
}

/// Whether it was kept; if not, another call was quicker: look again and decide again.
fn kept(committed: Result<(), CommitError>) -> Result<bool, Fault> {
    match committed {
        Ok(()) => Ok(true),
        Err(CommitError::Conflict(Conflict::Stale(_))) => Ok(false),
        Err(CommitError::Conflict(conflict)) => {
            Err(Fault::Internal { what: conflict.to_string(), source: None })
        }
        Err(CommitError::Fault(fault)) => Err(fault),
    }
}

fn contended() -> Fault {
    let what = "others change the same records".to_owned();
    Fault::Unavailable { what, retry_after: std::time::Duration::from_secs(1) }
}

fn nobody(told: &Told) -> Fault {
    Fault::Internal { what: format!("whom {} went to is not there", told.mail), source: None }
}
