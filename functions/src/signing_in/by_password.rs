//! Signing in by address and password: throttled, counted before the password is looked at, one answer for every
//! cause, and the same sequence of store calls for known and unknown addresses (A10, B13).

use credentials::{Password, PasswordHash, session_token};
use domain::EmailAddress;
use domain::id::SessionId;
use domain::journal::{Actor, Audience};
use domain::session::Holder;
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
use crate::throttling::Who;

/// How often to look again when another call changed the account or worker meanwhile.
const TRIES: usize = 5;

/// Whoever signs in by a password: a client by their account, or a worker.
pub(crate) trait SignsIn: Sized + Send + Sync {
    /// Which one.
    type Id: store::Holder + Into<Holder> + Send + Sync;
    /// Why they aren't signed in.
    type Refused: Refusal;

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

    /// What signing in writes, and the epoch of the session; the password was right.
    ///
    /// # Errors
    /// Why they may not come in all the same.
    fn sign_in(
        found: &Versioned<Self>,
        context: &Context<'_>,
        settings: &Settings,
        access: &AccessEntry,
    ) -> Result<(Transaction, u32), Self::Refused>;

    /// What a wrong password writes that was the last one allowed; nothing for the others.
    fn lock(found: &Versioned<Self>, context: &Context<'_>, settings: &Settings) -> Option<Transaction>;
}

/// Somebody who has signed in.
pub(crate) struct SignedIn<Id> {
    pub(crate) id: Id,
    pub(crate) times: SessionTimes,
    opened: NewSession,
    device: KnownDevice,
}

impl<Id> SignedIn<Id> {
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
    ) -> Result<SignedIn<W::Id>, Failure<W::Refused>> {
        let address = email.address();
        self.throttle_sign_in::<W>(&email.name()).await?;
        let asked = (W::credentials(&address), self.ask_settings());
        let (credentials, settings) = self.services.store.ask(asked).await?;
        let settings = self.settings(settings)?;
        W::admit(&settings)?;

        let most = settings.general.failed_sign_ins;
        let counted = self.count_attempt::<W>(credentials.as_ref(), &address, most).await?;
        let kept =
            credentials.and_then(|credentials| credentials.password_hash).map(PasswordHash::from_stored);
        let right = password.verify(kept.as_ref());
        match counted {
            Counted::Yes(found) if right => {
                let outdated = kept.is_some_and(|kept| kept.is_outdated());
                let rehashed = outdated.then(|| self.hash(password)).transpose()?;
                self.open(found, &settings, rehashed.as_ref()).await
            }
            Counted::Yes(found) => Err(self.fail(Some(found), &settings).await?),
            // What isn't counted is never right: nobody has the address, the account isn't Active, or its tries are
            // used up, and whoever was to lock it is about to, or died.
            Counted::No(found) => Err(self.fail(found, &settings).await?),
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

    /// Opens a session in the place of the one that the browser brought; a password hashed with older parameters was
    /// hashed anew and is saved with it.
    async fn open<W: SignsIn>(
        &self,
        mut found: Versioned<W>,
        settings: &Settings,
        rehashed: Option<&PasswordHash>,
    ) -> Result<SignedIn<W::Id>, Failure<W::Refused>> {
        let id = found.id();
        let access = self.access(Access::SignedIn, id.into().actor());
        let device = self.remember_device(W::AUDIENCE, found.address().normalized()).await?;
        let holder: Holder = id.into();
        let mut left = self.claimed_session(holder);
        for _ in 0..TRIES {
            let (mut transaction, epoch) = match W::sign_in(&found, self, settings, &access) {
                Ok(allowed) => allowed,
                Err(refused) => {
                    let access = self.access(Access::Refused, id.into().actor());
                    self.services.store.log_access(&access).await?;
                    return Err(refused.into());
                }
            };
            let opened = self.new_session(holder, epoch, settings).await?;
            transaction.open_session(&opened.session);
            if let Some(left) = left {
                transaction.leave_session(left, holder);
            }
            if let Some(hash) = rehashed {
                transaction.set_password(found.address(), id, hash.as_str());
            }
            match self.services.store.commit(transaction).await {
                Ok(()) => {
                    let times = SessionTimes::of(&opened.session, settings, self);
                    return Ok(SignedIn { id, times, opened, device });
                }
                // The token lied: that session is somebody else's.
                Err(CommitError::Conflict(Conflict::Stale(Kind::Session))) => left = None,
                Err(CommitError::Conflict(Conflict::Stale(_))) => {
                    found = self.services.store.ask(W::again(id)).await?.ok_or(W::FAILED)?;
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
    ) -> Result<Failure<W::Refused>, Failure<W::Refused>> {
        let store = &self.services.store;
        let who = found.as_ref().map_or(Actor::Anonymous, |found| found.id().into().actor());
        let access = self.access(Access::Refused, who);
        let mut found = found;
        for _ in 0..TRIES {
            let lock = found.as_ref().and_then(|found| W::lock(found, self, settings));
            let (Some(mut transaction), Some(tried)) = (lock, &found) else {
                store.log_access(&access).await?;
                return Ok(W::FAILED.into());
            };
            transaction.log_access(&access);
            match store.commit(transaction).await {
                Ok(()) => return Ok(W::FAILED.into()),
                Err(CommitError::Conflict(Conflict::Stale(_))) => {
                    found = store.ask(W::again(tried.id())).await?;
                }
                Err(CommitError::Fault(fault)) if fault.is_contention() => break,
                Err(error) => return Err(error.into()),
            }
        }
        store.log_access(&access).await?;
        Ok(W::FAILED.into())
    }
}
