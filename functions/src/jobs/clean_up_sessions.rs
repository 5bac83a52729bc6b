//! Removes sessions that have ended because their holder's epoch rose: locked, disabled, closed, another password, signed
//! out everywhere. They are dead without it; this is so that nothing of them is kept.

use chrono::DateTime;
use domain::journal::JournalEvent as Event;
use domain::session::Holder;
use store::{Fault, ask};

use super::Delivered;
use crate::context::Context;
use crate::entry::event::MessageOperation;

/// Cleans up.
pub struct CleanUpSessions;

impl MessageOperation for CleanUpSessions {
    type Message = Delivered;

    async fn handle(context: &Context<'_>, message: Delivered) -> Result<(), Fault> {
        let Some(holder) = whose(&message.detail.event) else {
            let what = format!("no sessions end by {:?}", message.detail.event);
            return Err(Fault::Internal { what, source: None });
        };
        let store = &context.services.store;
        let epoch = match holder {
            Holder::Client(id) => store.ask(ask::account(id)).await?.map(|account| account.epoch),
            Holder::Worker(id) => store.ask(ask::worker(id)).await?.map(|worker| worker.epoch),
        };
        let Some(epoch) = epoch else { return Ok(()) };
        let mut after = None;
        loop {
            let page = store.sessions_of(holder, DateTime::UNIX_EPOCH, after.as_ref()).await?;
            for session in page.items.iter().filter(|session| session.epoch < epoch) {
                store.remove_ended_session(session, epoch).await?;
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}

/// Whose sessions an event may have ended.
const fn whose(event: &Event) -> Option<Holder> {
    match event {
        Event::AccountLocked { account, .. }
        | Event::AccountDisabled { account, .. }
        | Event::AccountClosed { account, .. }
        | Event::PasswordChanged { account, .. }
        | Event::PasswordResetForced { account, .. }
        | Event::SessionsEnded { account, .. } => Some(Holder::Client(*account)),
        Event::WorkerLocked { worker, .. }
        | Event::WorkerPasswordChanged { worker, .. }
        | Event::WorkerPasswordResetForced { worker }
        | Event::WorkerSessionsEnded { worker } => Some(Holder::Worker(*worker)),
        _ => None,
    }
}
