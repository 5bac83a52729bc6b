//! The second factor beside a password: what proves it, what that uses up, and what a wrong code does (B13).

use credentials::second_factor::{TotpSecret, TypedCode};
use domain::Worker;
use domain::journal::{Actor, FieldName, JournalEvent, JournalRecord, Subject};
use domain::session::AuthLevel;
use domain::settings::Settings;
use domain::worker::{RECOVERY_CODES, WrongCode};
use store::{
    CommitError, Conflict, Credentials, Fault, StoredFactor, Transaction, Versioned, WorkerCredentials, ask,
};

use crate::change::Access;
use crate::context::{Context, defect};
use crate::problem::{Failure, refusals};

/// How often to look again when another call changed the worker meanwhile.
const TRIES: usize = 5;

refusals! {
    /// Why a code doesn't prove anything.
    pub enum NotProved {
        /// Nothing was given.
        SecondFactorNeeded => 403, "second_factor_needed", "Give the code of your authenticator, or a recovery code";
        /// Not a code that is good now; each is good once.
        SecondFactorWrong => 403, "second_factor_wrong", "This code is not right, or was used; wait for the next one";
    }
}

/// How somebody proved who they are beside the password, and what that used up.
#[derive(Debug)]
pub(crate) struct Proof {
    /// The factor as it was when it proved them, and as it is to be; none of who has none.
    pub(crate) factor: Option<(StoredFactor, StoredFactor)>,
}

impl Proof {
    /// By the password alone.
    pub(crate) const PASSWORD: Self = Self { factor: None };

    /// What a session opened by it is worth.
    pub(crate) const fn level(&self) -> AuthLevel {
        if self.factor.is_some() { AuthLevel::SecondFactor } else { AuthLevel::Password }
    }

    /// Recovery codes left, of who has a factor.
    pub(crate) fn codes_left(&self) -> Option<u8> {
        self.factor.as_ref().map(|(_, after)| after.codes_left())
    }
}

/// What a secret is sealed for: it opens for nobody else.
fn bound(worker: &Worker) -> String {
    format!("second factor of {}", worker.id)
}

impl Context<'_> {
    /// Whether every worker needs a second factor: unless the deployment says otherwise, they do.
    pub(crate) fn second_factor_required(&self) -> bool {
        self.services.environment.find("SECOND_FACTOR") != Some("optional")
    }

    /// Whether a code is a worker's, at a moment when it is good.
    ///
    /// # Errors
    /// When the secret can't be opened.
    pub(crate) async fn prove(
        &self,
        worker: &Worker,
        factor: Option<&StoredFactor>,
        code: Option<&TypedCode>,
    ) -> Result<Result<Proof, NotProved>, Fault> {
        if worker.second_factor.is_none() {
            return Ok(Ok(Proof::PASSWORD));
        }
        let Some(code) = code else { return Ok(Err(NotProved::SecondFactorNeeded)) };
        let Some(factor) = factor else { return Ok(Err(NotProved::SecondFactorWrong)) };
        let secret = self.open_secret(worker, &factor.secret).await?;
        let after = match secret.step_of(code, self.now, Some(factor.step)) {
            Some(step) => Some(factor.after_step(step)),
            None => match self.recovery_names(worker, code).await? {
                Some(names) => factor.after_recovery(&names),
                None => None,
            },
        };
        let proof = after.map(|after| Proof { factor: Some((factor.clone(), after)) });
        Ok(proof.ok_or(NotProved::SecondFactorWrong))
    }

    /// A new secret, sealed for its worker.
    ///
    /// # Errors
    /// When the seal can't be read.
    pub(crate) async fn new_secret(&self, worker: &Worker) -> Result<(TotpSecret, String), Fault> {
        let secret = TotpSecret::new(self.random());
        let sealed = self.services.seal().await?.close(&secret.base32(), &bound(worker));
        Ok((secret, sealed.map_err(|error| defect("sealing", error))?))
    }

    /// A secret that was sealed for this worker.
    ///
    /// # Errors
    /// When the seal can't be read, or is another.
    pub(crate) async fn open_secret(&self, worker: &Worker, sealed: &str) -> Result<TotpSecret, Fault> {
        let base32: String = self
            .services
            .seal()
            .await?
            .open(sealed, &bound(worker))
            .map_err(|error| defect("the secret of a second factor", error))?;
        TotpSecret::from_base32(&base32)
            .ok_or_else(|| Fault::Internal { what: "the secret of a second factor".to_owned(), source: None })
    }

    /// New recovery codes, as they are shown and as they are kept.
    ///
    /// # Errors
    /// When the seal can't be read.
    pub(crate) async fn new_recovery_codes(
        &self,
        worker: &Worker,
    ) -> Result<(Vec<String>, Vec<String>), Fault> {
        let seal = self.services.seal().await?;
        let shown: Vec<String> =
            (0..RECOVERY_CODES).map(|_| credentials::second_factor::recovery_code(self.random())).collect();
        let kept =
            shown.iter().map(|code| seal.name("recovery code", &named(worker, &code.replace('-', ""))));
        Ok((shown.clone(), kept.collect()))
    }

    /// The names under which a typed recovery code may be kept: one for each seal that is accepted.
    async fn recovery_names(&self, worker: &Worker, code: &TypedCode) -> Result<Option<Vec<String>>, Fault> {
        let Some(code) = code.recovery() else { return Ok(None) };
        Ok(Some(self.services.seal().await?.names("recovery code", &named(worker, &code))))
    }

    /// What a worker's call in a session writes who proved themselves by a code: the code as used up, and what a used
    /// recovery code means.
    pub(crate) fn used_factor(
        &self,
        worker: &Versioned<Worker>,
        proof: &Proof,
    ) -> (Worker, Vec<JournalEvent>) {
        match proof.codes_left() {
            Some(left) => worker.with_recovery_codes(left, self.mail()),
            None => (worker.value.clone(), Vec::new()),
        }
    }

    /// The journal record of a change of a worker's second factor.
    pub(crate) fn factor_record(
        &self,
        actor: Actor,
        of: &Worker,
        events: Vec<JournalEvent>,
    ) -> JournalRecord {
        let changed = vec![FieldName::SecondFactor];
        JournalRecord { changed, events, ..self.record(actor, Subject::Worker(of.id)) }
    }

    /// What a wrong code writes: one more in a row, or the lock it leads to (A10).
    pub(crate) fn wrong_code(
        &self,
        worker: &Versioned<Worker>,
        settings: &Settings,
        actor: Actor,
    ) -> Option<Transaction> {
        match worker.wrong_code(settings, self.now, self.mail()).ok()? {
            WrongCode::Counted(counted) => {
                let mut transaction = Transaction::new(&self.factor_record(actor, worker, Vec::new()));
                transaction.put_worker(worker.version, &counted);
                Some(transaction)
            }
            WrongCode::Locked(changed) => Some(self.worker_change(actor, &changed, worker.version, None)),
        }
    }

    /// Proves a worker in their session, before what a session and a password alone may not do. A wrong code counts as at
    /// sign-in.
    ///
    /// # Errors
    /// `second_factor_needed`, `second_factor_wrong`, or the store's fault.
    pub(crate) async fn prove_again<R: From<NotProved> + crate::problem::Refusal>(
        &self,
        worker: &Versioned<Worker>,
        settings: &Settings,
        credentials: &WorkerCredentials,
        code: Option<&TypedCode>,
    ) -> Result<Proof, Failure<R>> {
        let Credentials { second_factor, .. } = credentials;
        let not_proved = match self.prove(worker, second_factor.as_ref(), code).await? {
            Ok(proof) => return Ok(proof),
            Err(not_proved) => not_proved,
        };
        if not_proved == NotProved::SecondFactorWrong {
            self.count_wrong_code(worker.clone(), settings).await?;
        }
        Err(Failure::Refused(not_proved.into()))
    }

    async fn count_wrong_code<R>(
        &self,
        mut worker: Versioned<Worker>,
        settings: &Settings,
    ) -> Result<(), Failure<R>> {
        let actor = Actor::Worker(worker.id);
        for _ in 0..TRIES {
            let Some(mut transaction) = self.wrong_code(&worker, settings, actor) else { return Ok(()) };
            transaction.log_access(&self.access(Access::Refused, actor));
            match self.services.store.commit(transaction).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Conflict(Conflict::Stale(_))) => {
                    let again = self.services.store.ask(ask::worker(worker.id)).await?;
                    worker = again.ok_or_else(Failure::not_found)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::conflict())
    }
}

fn named(worker: &Worker, code: &str) -> String {
    format!("{}\0{code}", worker.id)
}
