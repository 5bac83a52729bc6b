//! Before an invitation ends, once: asks for the reminder, which carries the link the client has, and raises the alert by
//! which workers see it. A late run catches up until the end has come; what may not go out is journalled and never sent.

use domain::account::{Account, Context as Guards};
use domain::journal::{Actor, FieldName, JobName, JournalRecord, Subject};
use serde::Deserialize;
use store::{Fault, Transaction};

use crate::context::Context;
use crate::due::{self, Summary};
use crate::entry::event::EventOperation;

/// Reminds.
pub struct RemindBeforeExpiry;

/// The schedule's event; the time in it is not used, so that a late run catches up.
#[derive(Debug, Deserialize)]
pub struct Event {}

impl EventOperation for RemindBeforeExpiry {
    type Event = Event;
    type Summary = Summary;

    async fn handle(context: &Context<'_>, _: Event) -> Result<Summary, Fault> {
        let settings = context.services.store.ask(context.ask_settings()).await?;
        let settings = context.settings(settings)?;
        let still_open = |account: &Account, now| !account.is_expired(now);
        due::walk(context, still_open, |account, individual| {
            let guards = Guards { individual, settings: &settings, now: context.now, mail: context.mail() };
            let reminded = account.remind(guards)?;
            let alerted = reminded.account.alerts.len() > account.alerts.len();
            let subject = Subject::Individual(account.individual);
            let record = JournalRecord {
                changed: alerted.then_some(FieldName::Alerts).into_iter().collect(),
                events: reminded.event.into_iter().collect(),
                ..context.record(Actor::Job(JobName::RemindBeforeExpiry), subject)
            };
            let mut transaction = Transaction::new(&record);
            transaction.put_account(account.version, &reminded.account);
            Some(transaction)
        })
        .await
    }
}
