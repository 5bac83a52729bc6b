//! From what the domain decided to what the store writes: one transaction with its journal record.

use credentials::PasswordHash;
use domain::account::{Changed, Credentials};
use domain::id::{JournalId, MailId};
use domain::journal::{Actor, FieldName, JournalRecord, Subject};
use serde::Serialize;
use store::{AccessEntry, Answered, CommitError, Conflict, Fault, Transaction, Version};

use crate::context::{Context, defect};
use crate::problem::{EntryRefusal, Failure};

impl Context<'_> {
    /// A journal record of this invocation, for the caller to fill with what happened.
    #[must_use]
    pub fn record(&self, actor: Actor, subject: Subject) -> JournalRecord {
        JournalRecord {
            id: JournalId::new(self.uuid()),
            at: self.now,
            actor,
            subject,
            subjects: Vec::new(),
            correlation: self.correlation,
            causation: self.causation,
            transition: None,
            changed: Vec::new(),
            events: Vec::new(),
        }
    }

    /// An access-log entry of this invocation.
    #[must_use]
    pub fn access(&self, outcome: Access, actor: Actor) -> AccessEntry {
        AccessEntry {
            id: self.uuid(),
            at: self.now,
            actor,
            operation: self.operation.name.to_owned(),
            outcome: outcome.code().to_owned(),
            subject: None,
            viewer: None,
        }
    }

    /// The id of a mail, should the change ask for one.
    #[must_use]
    pub fn mail(&self) -> MailId {
        MailId::new(self.uuid())
    }

    /// The journal record of a transition.
    #[must_use]
    pub fn transition(&self, actor: Actor, changed: &Changed) -> JournalRecord {
        let mut fields = vec![FieldName::State];
        match &changed.credentials {
            Credentials::Claimed | Credentials::Moved { .. } => fields.push(FieldName::Email),
            Credentials::PasswordSet | Credentials::PasswordRemoved => fields.push(FieldName::Password),
            Credentials::Released => fields.extend([FieldName::Email, FieldName::Password]),
            Credentials::Kept => {}
        }
        JournalRecord {
            transition: Some(changed.transition),
            changed: fields,
            events: changed.events.clone(),
            ..self.record(actor, Subject::Individual(changed.account.individual))
        }
    }

    /// Everything a transition writes: the account, its sign-in name, its licence, who holds it, and the journal record.
    pub fn account_change(
        &self,
        actor: Actor,
        changed: &Changed,
        loaded: Version,
        test_individual: bool,
        password: Option<&PasswordHash>,
    ) -> Transaction {
        let mut transaction = Transaction::new(&self.transition(actor, changed));
        transaction.change_account(loaded, changed, test_individual, password.map(PasswordHash::as_str));
        transaction
    }

    /// Commits, keeping the answer for the caller's idempotency key in the same transaction.
    ///
    /// # Errors
    /// As the store's commit.
    pub async fn commit(
        &self,
        mut transaction: Transaction,
        answer: &(impl Serialize + Sync),
    ) -> Result<(), CommitError> {
        if let Some(call) = &self.idempotency {
            let answer = serde_json::to_string(answer)
                .map_err(|error| CommitError::Fault(defect("an answer", error)))?;
            transaction.answer(&call.name, &call.payload, &answer, self.now);
        }
        self.services.store.commit(transaction).await
    }

    /// What this idempotency key was answered before, if it was; or that it was used for something else.
    ///
    /// # Errors
    /// The store's fault.
    pub(crate) async fn first_answer<T: serde::de::DeserializeOwned>(
        &self,
    ) -> Result<Option<Result<T, EntryRefusal>>, Fault> {
        let Some(call) = &self.idempotency else { return Ok(None) };
        let Some(answered) = self.services.store.ask(store::ask::idempotency(&call.name)).await? else {
            return Ok(None);
        };
        self.same_answer(&answered, &call.payload)
    }

    fn same_answer<T: serde::de::DeserializeOwned>(
        &self,
        answered: &Answered,
        payload: &str,
    ) -> Result<Option<Result<T, EntryRefusal>>, Fault> {
        if answered.until <= self.now {
            return Ok(None);
        }
        if answered.payload_hash != payload {
            return Ok(Some(Err(EntryRefusal::IdempotencyKeyReused)));
        }
        serde_json::from_str(&answered.response)
            .map(|body| Some(Ok(body)))
            .map_err(|error| defect("a kept answer", error))
    }
}

/// What the access log tells of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Somebody signed in.
    SignedIn,
    /// Somebody signed out.
    SignedOut,
    /// Somebody ended a session of theirs elsewhere, or all of them.
    EndedSession,
    /// A worker saw an individual's record.
    Viewed,
    /// A worker searched individuals.
    Searched,
    /// Somebody was refused.
    Refused,
}

impl Access {
    const fn code(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::SignedOut => "signed_out",
            Self::EndedSession => "ended_session",
            Self::Viewed => "viewed",
            Self::Searched => "searched",
            Self::Refused => "refused",
        }
    }
}

/// What a failed commit means to callers of an operation that has no refusal of its own for it.
impl<R> From<CommitError> for Failure<R> {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Fault(fault) => Self::Fault(fault),
            CommitError::Conflict(Conflict::AlreadyHappened(_) | Conflict::Stale(_)) => Self::conflict(),
            CommitError::Conflict(other) => Self::Fault(Fault::Internal {
                what: format!("a conflict the operation does not expect: {other}"),
                source: None,
            }),
        }
    }
}
