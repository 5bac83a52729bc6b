//! Closes invitations that nobody took in time (A8). Every run takes whatever is due, however late it comes; links
//! refuse themselves from the instant on, whether or not this has run.

use domain::account::Account;
use domain::journal::{Actor, JobName};
use serde::Deserialize;
use store::Fault;

use crate::context::Context;
use crate::due::{self, Summary};
use crate::entry::event::EventOperation;

/// Expires activations.
pub struct ExpireActivations;

/// The schedule's event; the time in it is not used, so that a late run catches up.
#[derive(Debug, Deserialize)]
pub struct Event {}

impl EventOperation for ExpireActivations {
    type Event = Event;
    type Summary = Summary;

    async fn handle(context: &Context<'_>, _: Event) -> Result<Summary, Fault> {
        let actor = Actor::Job(JobName::ExpireActivations);
        due::walk(context, Account::is_expired, |account, individual| {
            let changed = account.expire(context.now).ok()?;
            Some(context.account_change(actor, &changed, account.version, individual.test, None))
        })
        .await
    }
}
