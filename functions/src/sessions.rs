//! What clients and workers do alike with their sessions: go on, sign out, see where they are signed in, end the others.

use std::cmp::Reverse;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::SessionId;
use domain::journal::{FieldName, JournalEvent, JournalRecord, Subject};
use domain::session::{Device, Session};
use domain::settings::Settings;
use serde::{Deserialize, Serialize};
use store::ask::{self, One};
use store::{CommitError, Conflict, Kind, Transaction};

use crate::change::Access;
use crate::context::Context;
use crate::entry::caller::{Caller, Client, Staff, session_cookie};
use crate::entry::http::Reply;
use crate::problem::{EntryRefusal, Failure, NoRefusal};
use crate::signing_in::SessionTimes;

/// Nothing to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Nothing {}

/// Done; there is nothing more to tell.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Done {}

/// One of the caller's sessions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Which {
    /// As the list names it.
    pub session_id: SessionId,
}

/// Where the caller is signed in.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sessions {
    /// Newest first; the one that asks is among them.
    pub sessions: Vec<SessionView>,
}

/// A session as its holder sees it.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionView {
    /// Which one.
    pub session_id: SessionId,
    /// When they signed in.
    pub opened_at: DateTime<Utc>,
    /// When they were last seen active.
    pub extended_at: DateTime<Utc>,
    /// Browser and system, where they are known: names that no language translates.
    pub device: Option<String>,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// A caller who is signed in.
pub(crate) trait InSession: Caller + Sync {
    /// The session.
    fn session(&self) -> &Session;
    /// The agency's settings.
    fn settings(&self) -> &Settings;
    /// Sessions opened under an earlier epoch are over.
    fn epoch(&self) -> u32;
    /// The question for a session of the caller's kind.
    fn find(id: SessionId) -> One<Session>;
    /// Ends every session of the caller: what that writes, and the epoch from then on.
    fn end_all(&self, context: &Context<'_>) -> (Transaction, u32);

    /// Whether another session is the caller's too, and can be used now.
    fn has(&self, session: &Session, now: DateTime<Utc>) -> bool {
        session.holder == self.session().holder && session.is_live(now, self.settings(), self.epoch())
    }
}

impl InSession for Client {
    fn session(&self) -> &Session {
        &self.session
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn epoch(&self) -> u32 {
        self.account.epoch
    }

    fn find(id: SessionId) -> One<Session> {
        ask::session(id)
    }

    fn end_all(&self, context: &Context<'_>) -> (Transaction, u32) {
        let account = self.account.without_sessions();
        let ended = JournalEvent::SessionsEnded { account: account.id, individual: account.individual };
        let record = JournalRecord {
            changed: vec![FieldName::Sessions],
            events: vec![ended],
            ..context.record(self.actor(), Subject::Individual(account.individual))
        };
        let mut transaction = Transaction::new(&record);
        transaction.put_account(self.account.version, &account);
        (transaction, account.epoch)
    }
}

impl InSession for Staff {
    fn session(&self) -> &Session {
        &self.session
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn epoch(&self) -> u32 {
        self.worker.epoch
    }

    fn find(id: SessionId) -> One<Session> {
        ask::worker_session(id)
    }

    fn end_all(&self, context: &Context<'_>) -> (Transaction, u32) {
        let worker = self.worker.without_sessions();
        let record = JournalRecord {
            changed: vec![FieldName::Sessions],
            events: vec![JournalEvent::WorkerSessionsEnded { worker: worker.id }],
            ..context.record(self.actor(), Subject::Worker(worker.id))
        };
        let mut transaction = Transaction::new(&record);
        transaction.put_worker(self.worker.version, &worker);
        (transaction, worker.epoch)
    }
}

/// Moves the session's idle clock. The only thing that does.
pub(crate) async fn extend<C: InSession>(
    context: &Context<'_>,
    caller: &C,
) -> Result<Reply<SessionTimes>, Failure<NoRefusal>> {
    let extended = caller.session().extend(context.now, caller.settings(), caller.epoch());
    let session = extended.ok_or_else(ended)?;
    if !context.services.store.extend_session(&session).await? {
        return Err(ended());
    }
    Ok(Reply::from(SessionTimes::of(&session, caller.settings(), context)))
}

/// Ends the session that asks, and clears what the browser keeps.
pub(crate) async fn sign_out<C: InSession>(
    context: &Context<'_>,
    caller: &C,
) -> Result<Reply<Done>, Failure<NoRefusal>> {
    let mut transaction =
        Transaction::logged(&context.access(Access::SignedOut, caller.session().holder.actor()));
    transaction.close_session(caller.session());
    context.services.store.commit(transaction).await?;
    let cookie = session_cookie(caller.session().holder.audience());
    Ok(Reply::from(Done {}).without_session(cookie))
}

/// Lists where the caller is signed in.
pub(crate) async fn list<C: InSession>(
    context: &Context<'_>,
    caller: &C,
) -> Result<Reply<Sessions>, Failure<NoRefusal>> {
    let own = caller.session();
    let since = context.now - TimeDelta::hours(caller.settings().general.total_hours.into());
    // The index may not have heard yet of the session that asks.
    let mut sessions = vec![own.clone()];
    let mut after = None;
    loop {
        let page = context.services.store.sessions_of(own.holder, since, after.as_ref()).await?;
        let others = page.items.into_iter().filter(|other| other.id != own.id);
        sessions.extend(others.filter(|other| caller.has(other, context.now)));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    sessions.sort_by_key(|session| Reverse((session.opened_at, session.id)));
    let sessions = sessions.iter().map(|session| SessionView {
        session_id: session.id,
        opened_at: session.opened_at,
        extended_at: session.extended_at,
        device: session.device.as_ref().map(Device::as_str).map(str::to_owned),
        current: session.id == own.id,
    });
    Ok(Reply::from(Sessions { sessions: sessions.collect() }))
}

/// Ends one of the caller's sessions. Somebody else's, and one that is over, are as if there were none.
pub(crate) async fn end<C: InSession>(
    context: &Context<'_>,
    caller: &C,
    which: &Which,
) -> Result<Reply<Done>, Failure<NoRefusal>> {
    if which.session_id == caller.session().id {
        return sign_out(context, caller).await;
    }
    let store = &context.services.store;
    let found = store.ask(C::find(which.session_id)).await?;
    let Some(session) = found.filter(|session| caller.has(session, context.now)) else {
        store.log_access(&context.access(Access::Refused, caller.session().holder.actor())).await?;
        return Err(Failure::not_found());
    };
    let mut transaction =
        Transaction::logged(&context.access(Access::EndedSession, caller.session().holder.actor()));
    transaction.close_session(&session);
    store.commit(transaction).await?;
    Ok(Reply::from(Done {}))
}

/// Ends all of the caller's sessions but the one that asks, which goes on under a new id and as long as it would have.
pub(crate) async fn end_others<C: InSession>(
    context: &Context<'_>,
    caller: &C,
) -> Result<Reply<SessionTimes>, Failure<NoRefusal>> {
    let (mut transaction, epoch) = caller.end_all(context);
    let renewed = context.renewed_session(caller.session(), epoch, caller.settings()).await?;
    transaction
        .renew_session(caller.session(), &renewed.session)
        .log_access(&context.access(Access::EndedSession, caller.session().holder.actor()));
    match context.services.store.commit(transaction).await {
        Ok(()) => {
            let times = SessionTimes::of(&renewed.session, caller.settings(), context);
            Ok(Reply::from(times).with_session(&renewed))
        }
        Err(CommitError::Conflict(Conflict::Stale(Kind::Session))) => Err(ended()),
        Err(error) => Err(error.into()),
    }
}

/// The session was ended while this call was under way.
const fn ended() -> Failure<NoRefusal> {
    Failure::Entry(EntryRefusal::SessionEnded)
}
