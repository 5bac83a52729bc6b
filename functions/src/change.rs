//! From what the domain decided to what the store writes: one transaction with its journal record.

use credentials::PasswordHash;
use domain::account::{Account, Changed, Context as Guards, Credentials, RecordChange};
use domain::id::{JournalId, MailId};
use domain::individual::ConsentChange;
use domain::journal::{Actor, FieldName, JournalEvent, JournalRecord, Subject};
use domain::worker::{ChangedWorker, Worker};
use domain::{Individual, Settings};
use serde::Serialize;
use store::{
    AccessEntry, Answered, CommitError, Conflict, Fault, Holding, Transaction, Version, Versioned, ask,
};

use crate::context::{Context, defect};
use crate::entry::content::Content;
use crate::problem::{EntryRefusal, Failure};

/// A change of an individual's record.
pub(crate) struct IndividualChange<'c> {
    /// As it was loaded; none of somebody new.
    pub(crate) before: Option<&'c Versioned<Individual>>,
    /// As it is to be.
    pub(crate) after: &'c Individual,
    /// What happened, beside what it means for consent and account.
    pub(crate) told: Option<JournalEvent>,
    /// The open account, if the change may concern it ([`RecordChange`]).
    pub(crate) account: Option<&'c Versioned<Account>>,
}

impl<'c> IndividualChange<'c> {
    /// A worker's change of a profile, birth date or contact, or the client's own.
    pub(crate) fn edited(
        before: &'c Versioned<Individual>,
        after: &'c Individual,
        account: Option<&'c Versioned<Account>>,
    ) -> Self {
        let told = Some(JournalEvent::IndividualChanged { individual: after.id });
        Self { before: Some(before), after, told, account }
    }
}

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
            viewer: self.viewer_name(),
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
        let accepts = |event: &JournalEvent| matches!(event, JournalEvent::TextsAccepted { .. });
        fields.extend(changed.events.iter().any(accepts).then_some(FieldName::Acceptance));
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

    /// The open account of what an individual holds.
    ///
    /// # Errors
    /// The store's fault.
    pub(crate) async fn open_account(
        &self,
        holding: Option<Holding>,
    ) -> Result<Option<Versioned<Account>>, Fault> {
        match holding.and_then(|holding| holding.open) {
            Some(open) => self.services.store.ask(ask::account(open)).await,
            None => Ok(None),
        }
    }

    /// Everything that a change of an individual's record writes, with what it means for consent and for their open
    /// account (B2, B3); and that account, if it changed.
    pub(crate) fn individual_change(
        &self,
        actor: Actor,
        settings: &Settings,
        change: &IndividualChange<'_>,
    ) -> (Transaction, Option<Changed>) {
        let individual = change.after;
        let before = change.before.map(|before| &before.value);
        let between = RecordChange::between(before, individual);
        let guards = Guards { individual, settings, now: self.now, mail: self.mail() };
        let meant = change
            .account
            .and_then(|account| Some((account.version, account.record_changed(between, guards)?)));
        let given = between.consent == ConsentChange::Given;
        let consent = JournalEvent::CommunicationConsentChanged { individual: individual.id, given };
        let consent = (between.consent != ConsentChange::Unchanged).then_some(consent);
        let mut record = JournalRecord {
            changed: individual.changed_since(before),
            events: change.told.iter().cloned().chain(consent).collect(),
            ..self.record(actor, Subject::Individual(individual.id))
        };
        if let (Some(account), Some((_, changed))) = (change.account, &meant) {
            record.transition = Some(changed.transition);
            let alerts = account.alerts != changed.account.alerts;
            record.changed.push(FieldName::State);
            record.changed.extend(alerts.then_some(FieldName::Alerts));
            record.events.extend(changed.events.iter().cloned());
        }
        let mut transaction = Transaction::new(&record);
        transaction.put_individual(change.before, individual);
        if let Some((version, changed)) = &meant {
            transaction.change_account(*version, changed, individual.test, None);
        }
        (transaction, meant.map(|(_, changed)| changed))
    }

    /// The journal record of a worker's transition (B13).
    #[must_use]
    pub fn worker_transition(&self, actor: Actor, changed: &ChangedWorker) -> JournalRecord {
        let mut fields = vec![FieldName::State];
        fields.extend((changed.credentials != Credentials::Kept).then_some(FieldName::Password));
        JournalRecord {
            transition: Some(changed.transition),
            changed: fields,
            events: changed.events.clone(),
            ..self.record(actor, Subject::Worker(changed.worker.id))
        }
    }

    /// Everything a worker's transition writes: the worker, their password, and the journal record (B13).
    #[must_use]
    pub fn worker_change(
        &self,
        actor: Actor,
        changed: &ChangedWorker,
        loaded: Version,
        password: Option<&PasswordHash>,
    ) -> Transaction {
        let mut transaction = Transaction::new(&self.worker_transition(actor, changed));
        transaction.put_worker(loaded, &changed.worker);
        let ChangedWorker { worker: Worker { email, id, .. }, credentials, .. } = changed;
        if let Some(password) = password {
            transaction.set_password(email, *id, password.as_str());
        } else if *credentials == Credentials::PasswordRemoved {
            transaction.remove_password(email, *id);
        }
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
    pub(crate) async fn first_answer<T: Content>(&self) -> Result<Option<Result<T, EntryRefusal>>, Fault> {
        let Some(call) = &self.idempotency else { return Ok(None) };
        let Some(answered) = self.services.store.ask(store::ask::idempotency(&call.name)).await? else {
            return Ok(None);
        };
        self.same_answer(&answered, &call.payload)
    }

    fn same_answer<T: Content>(
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
        T::read(&answered.response).map(|body| Some(Ok(body))).map_err(|error| defect("a kept answer", error))
    }
}

/// What the access log tells of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Somebody signed in.
    SignedIn,
    /// A password was right, and the second factor yet to come.
    SecondFactorAsked,
    /// Somebody signed out.
    SignedOut,
    /// Somebody ended a session of theirs elsewhere, or all of them.
    EndedSession,
    /// Somebody set their password.
    PasswordSet,
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
            Self::SecondFactorAsked => "second_factor_asked",
            Self::SignedOut => "signed_out",
            Self::EndedSession => "ended_session",
            Self::PasswordSet => "password_set",
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
