//! Signing in by address and password: throttled, counted before the password is looked at, one answer for every
//! cause, and the same sequence of store calls for known and unknown addresses (A10, B13).

use credentials::{Password, PasswordHash, session_token};
use domain::EmailAddress;
use domain::id::SessionId;
use domain::journal::{Actor, Audience};
use domain::session::{AuthLevel, Holder};
use domain::settings::Settings;
use domain::throttle::{PASSWORD_ASKED, SIGN_IN};
use store::ask::Ask;
use store::{
    AccessEntry, CommitError, Conflict, Counted, Credentials, Fault, Kind, Store, Transaction, Versioned,
};

use super::{KnownDevice, NewSession, SessionTimes, TypedAddress};
use crate::change::Access;
use crate::context::{Context, defect};
use crate::entry::http::Reply;
use crate::problem::{Failure, Refusal};
use crate::second_factor::{NotProved, Proof};
use crate::throttling::Who;

/// How often to look again when another call changed the account or worker meanwhile.
const TRIES: usize = 5;

/// Whoever signs in by a password: a client by their account, or a worker.
pub(crate) trait SignsIn: Sized + Send + Sync {
    /// Which one.
    type Id: store::Holder + Into<Holder> + Send + Sync;
    /// Why they aren't signed in.
    type Refused: Refusal;

    /// What is brought beside the password.
    type Beside: Sync;

    /// On which site.
    const AUDIENCE: Audience;
    /// What tries are counted as.
    const COUNTED_AS: &'static str;
    /// The one answer for every cause.
    const FAILED: Self::Refused;

    /// Which one this is.
    fn id(&self) -> Self::Id;
    /// Their sign-in name.
    fn address(&self) -> &EmailAddress;
    /// Sessions of an earlier one are over.
    fn epoch(&self) -> u32;
    /// The question for who has an address.
    fn credentials(address: &EmailAddress) -> impl Ask<Answer = Option<Credentials<Self::Id>>> + Send + Sync;
    /// The question for one of them.
    fn again(id: Self::Id) -> impl Ask<Answer = Option<Versioned<Self>>> + Send + Sync;

    /// Whether anybody may sign in at all.
    ///
    /// # Errors
    /// Why not, whoever they are.
    fn admit(settings: &Settings) -> Result<(), Self::Refused>;

    /// Counts an attempt as failed, before it is judged, unless `most` are counted already.
    fn count(
        store: &Store,
        id: Self::Id,
        most: u16,
    ) -> impl Future<Output = Result<Counted<Self>, Fault>> + Send;

    /// Judges what was brought beside the password, which was right. Nothing is asked for but where this says so.
    fn prove(
        _: &Context<'_>,
        _found: &Self,
        _credentials: &Credentials<Self::Id>,
        _beside: &Self::Beside,
    ) -> impl Future<Output = Result<Result<Proof, NotProved>, Fault>> + Send {
        std::future::ready(Ok(Ok(Proof::PASSWORD)))
    }

    /// Why that doesn't let them in.
    #[must_use]
    fn unproved(_: NotProved) -> Self::Refused {
        Self::FAILED
    }

    /// What a right password writes that came without something else that is needed: the attempt counts no more.
    #[must_use]
    fn let_off(found: &Versioned<Self>, access: &AccessEntry) -> Option<Transaction>;

    /// What signing in writes, and the epoch of the session; the password was right.
    ///
    /// # Errors
    /// Why they may not come in all the same.
    fn sign_in(
        found: &Versioned<Self>,
        context: &Context<'_>,
        settings: &Settings,
        access: &AccessEntry,
        proof: &Proof,
    ) -> Result<(Transaction, u32), Self::Refused>;

    /// What a wrong password writes that was the last one allowed; nothing for the others. A wrong code is noted, too.
    fn lock(
        found: &Versioned<Self>,
        context: &Context<'_>,
        settings: &Settings,
        wrong: Wrong,
    ) -> Option<Transaction>;
}

/// What was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// The password, or all of it.
    Password,
    /// The code beside the right password.
    Code,
}

/// Somebody who has signed in.
pub(crate) struct SignedIn<Id> {
    pub(crate) id: Id,
    pub(crate) times: SessionTimes,
    opened: NewSession,
    device: KnownDevice,
}

impl<Id> SignedIn<Id> {
    /// How they proved who they are.
    pub(crate) const fn auth_level(&self) -> AuthLevel {
        self.opened.session.auth_level
    }

    /// The answer, with the cookies of session and device.
    pub(crate) fn reply<T>(self, body: impl FnOnce(Id, SessionTimes) -> T) -> Reply<T> {
        Reply::from(body(self.id, self.times)).with_session(&self.opened).with_device(&self.device)
    }
}

impl Context<'_> {
    /// Signs in whoever the address belongs to, if the password is theirs.
    ///
    /// # Errors
    /// The one answer for every cause; `too_many_requests`; what [`SignsIn`] refuses besides.
    pub(crate) async fn sign_in<W: SignsIn>(
        &self,
        email: &TypedAddress,
        password: &Password,
        beside: &W::Beside,
    ) -> Result<SignedIn<W::Id>, Failure<W::Refused>> {
        let address = email.address();
        self.throttle_sign_in::<W>(&email.name()).await?;
        let asked = (W::credentials(&address), self.ask_settings());
        let (credentials, settings) = self.services.store.ask(asked).await?;
        let settings = self.settings(settings)?;
        W::admit(&settings)?;

        let most = settings.general.failed_sign_ins;
        let counted = self.count_attempt::<W>(credentials.as_ref(), &address, most).await?;
        let kept = credentials
            .as_ref()
            .and_then(|credentials| credentials.password_hash.clone())
            .map(PasswordHash::from_stored);
        let right = password.verify(kept.as_ref());
        match (counted, credentials) {
            (Counted::Yes(found), Some(credentials)) if right => {
                let Some(verified) = kept else { return Err(W::FAILED.into()) };
                let rehashed = verified.is_outdated().then(|| self.hash(password)).transpose()?;
                self.open((found, credentials), beside, &settings, (&verified, rehashed.as_ref())).await
            }
            (Counted::Yes(found), _) => Err(self.fail(Some(found), &settings, Wrong::Password).await?),
            // What isn't counted is never right: nobody has the address, the account isn't Active, or its tries are
            // used up, and whoever was to lock it is about to, or died.
            (Counted::No(found), _) => Err(self.fail(found, &settings, Wrong::Password).await?),
        }
    }

    /// Verifies the password of somebody who is signed in, before what a session alone may not do; a few times an hour,
    /// for a session left open is no place to guess at its owner's password from.
    ///
    /// # Errors
    /// `too_many_requests`, or the store's fault.
    pub(crate) async fn verify_again<R>(
        &self,
        holder: Holder,
        password: &Password,
        kept: Option<String>,
    ) -> Result<bool, Failure<R>> {
        let name = holder.to_string();
        let who = Who { account: Some(&name), ..Who::default() };
        self.throttle("password_asked", PASSWORD_ASKED, who).await?;
        let right = password.verify(kept.map(PasswordHash::from_stored).as_ref());
        if !right {
            self.services.store.log_access(&self.access(Access::Refused, holder.actor())).await?;
        }
        Ok(right)
    }

    /// Hashes a password with a fresh salt.
    ///
    /// # Errors
    /// When hashing fails.
    pub(crate) fn hash(&self, password: &Password) -> Result<PasswordHash, Fault> {
        password.hash(self.random()).map_err(|bad| defect("hashing", bad))
    }

    async fn throttle_sign_in<W: SignsIn>(&self, address: &str) -> Result<(), Failure<W::Refused>> {
        let device = self.known_device(W::AUDIENCE, address).await?;
        let who = Who { address: Some(address), device, ..Who::default() };
        self.throttle(W::COUNTED_AS, SIGN_IN, who).await
    }

    /// Counts the attempt before the password is looked at: on the account or worker, or on a decoy that costs the
    /// same.
    async fn count_attempt<W: SignsIn>(
        &self,
        credentials: Option<&Credentials<W::Id>>,
        address: &EmailAddress,
        most: u16,
    ) -> Result<Counted<W>, Fault> {
        let store = &self.services.store;
        let Some(credentials) = credentials else {
            let name = self.services.seal().await?.name(W::COUNTED_AS, address.normalized());
            store.count_decoy_attempt(&name, self.now).await?;
            return Ok(Counted::No(None));
        };
        match W::count(store, credentials.holder, most).await {
            // Nobody else's address meets contention: it must not show.
            Err(fault) if fault.is_contention() => Ok(Counted::No(None)),
            counted => counted,
        }
    }

    /// Opens a session in the place of the one that the browser brought, unless the password that was verified has been
    /// replaced meanwhile; hashed with older parameters, it was hashed anew and is saved with it.
    async fn open<W: SignsIn>(
        &self,
        (mut found, mut credentials): (Versioned<W>, Credentials<W::Id>),
        beside: &W::Beside,
        settings: &Settings,
        (verified, rehashed): (&PasswordHash, Option<&PasswordHash>),
    ) -> Result<SignedIn<W::Id>, Failure<W::Refused>> {
        let id = found.id();
        let access = self.access(Access::SignedIn, id.into().actor());
        let device = self.remember_device(W::AUDIENCE, found.address().normalized()).await?;
        let holder: Holder = id.into();
        let mut left = self.claimed_session(holder);
        for _ in 0..TRIES {
            let proof = match W::prove(self, &found, &credentials, beside).await? {
                Ok(proof) => proof,
                Err(NotProved::SecondFactorNeeded) => {
                    let why = W::unproved(NotProved::SecondFactorNeeded);
                    return Err(self.let_off(found, Access::SecondFactorAsked, why).await?);
                }
                Err(NotProved::SecondFactorWrong) => {
                    return Err(self.fail(Some(found), settings, Wrong::Code).await?);
                }
            };
            let (mut transaction, epoch) = match W::sign_in(&found, self, settings, &access, &proof) {
                Ok(allowed) => allowed,
                Err(refused) => return Err(self.let_off(found, Access::Refused, refused).await?),
            };
            let opened = self.new_session(holder, epoch, proof.level(), settings).await?;
            transaction.open_session(&opened.session);
            if let Some(left) = left {
                transaction.leave_session(left, holder);
            }
            transaction.use_credentials(
                found.address(),
                id,
                verified.as_str(),
                rehashed.map(PasswordHash::as_str),
                proof.factor.as_ref(),
            );
            match self.services.store.commit(transaction).await {
                Ok(()) => {
                    let times = SessionTimes::of(&opened.session, settings, self);
                    return Ok(SignedIn { id, times, opened, device });
                }
                // The token lied: that session is somebody else's.
                Err(CommitError::Conflict(Conflict::Stale(Kind::Session))) => left = None,
                Err(CommitError::Conflict(Conflict::Stale(_))) => {
                    let again = (W::again(id), W::credentials(found.address()));
                    let (again, known) = self.services.store.ask(again).await?;
                    (found, credentials) = again.zip(known).ok_or(W::FAILED)?;
                    if credentials.password_hash.as_deref() != Some(verified.as_str()) {
                        return Err(self.fail(Some(found), settings, Wrong::Password).await?);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::conflict())
    }

    /// Says what is needed beside the right password, and takes back that the attempt counted.
    async fn let_off<W: SignsIn>(
        &self,
        mut found: Versioned<W>,
        outcome: Access,
        needed: W::Refused,
    ) -> Result<Failure<W::Refused>, Failure<W::Refused>> {
        let access = self.access(outcome, found.id().into().actor());
        for _ in 0..TRIES {
            let Some(transaction) = W::let_off(&found, &access) else {
                self.services.store.log_access(&access).await?;
                return Ok(W::FAILED.into());
            };
            match self.services.store.commit(transaction).await {
                Ok(()) => return Ok(needed.into()),
                Err(CommitError::Conflict(Conflict::Stale(_))) => {
                    found = self.services.store.ask(W::again(found.id())).await?.ok_or(W::FAILED)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::conflict())
    }

    /// The session that the browser brought, if its token claims to be `holder`'s. The store looks whether it is.
    fn claimed_session(&self, holder: Holder) -> Option<SessionId> {
        let (claimed, session) = session_token::claimed(self.session_token.as_deref()?)?;
        (claimed == holder.to_string()).then_some(session)
    }

    /// Records the refusal, and locks if that was the last password allowed (A10, B13). Says the same either way, and
    /// where others write the account all the while: then the next try locks it.
    async fn fail<W: SignsIn>(
        &self,
        found: Option<Versioned<W>>,
        settings: &Settings,
        wrong: Wrong,
    ) -> Result<Failure<W::Refused>, Failure<W::Refused>> {
        let store = &self.services.store;
        let failed = || match wrong {
            Wrong::Password => W::FAILED.into(),
            Wrong::Code => W::unproved(NotProved::SecondFactorWrong).into(),
        };
        let who = found.as_ref().map_or(Actor::Anonymous, |found| found.id().into().actor());
        let access = self.access(Access::Refused, who);
        let mut found = found;
        for _ in 0..TRIES {
            let lock = found.as_ref().and_then(|found| W::lock(found, self, settings, wrong));
            let (Some(mut transaction), Some(tried)) = (lock, &found) else {
                store.log_access(&access).await?;
                return Ok(failed());
            };
            transaction.log_access(&access);
            match store.commit(transaction).await {
                Ok(()) => return Ok(failed()),
                Err(CommitError::Conflict(Conflict::Stale(_))) => {
                    found = store.ask(W::again(tried.id())).await?;
                }
                Err(CommitError::Fault(fault)) if fault.is_contention() => break,
                Err(error) => return Err(error.into()),
            }
        }
        store.log_access(&access).await?;
        Ok(failed())
    }
}
