//! Who is calling: nobody in particular, a client or a worker, established before an operation runs.

use std::future::Future;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use credentials::session_token::{self, Claims, VerifyingKeys};
use domain::Individual;
use domain::account::Account;
use domain::id::{AccountId, IndividualId};
use domain::journal::{Actor, Audience, Subject};
use domain::session::{AuthLevel, Holder, Session};
use domain::settings::Settings;
use domain::worker::{self, Permission, SecurityClass, Worker};
use http::HeaderMap;
use http::header::COOKIE;
use store::{AccessEntry, Fault, PublicKeys, Versioned, ask};

use crate::change::Access;
use crate::context::{Context, defect};
use crate::operation;
use crate::problem::{EntryRefusal, Failure};
use crate::services::Cache;

/// The clients' session cookie.
pub const PORTAL_COOKIE: &str = "__Host-portal";
/// The workers' session cookie; another name, for cookies don't know ports.
pub const ADMIN_COOKIE: &str = "__Host-admin";

/// The cookie by which a browser that signed in as a client before is known, with or without a session.
pub const PORTAL_DEVICE: &str = "__Host-portal-device";
/// The same of workers.
pub const ADMIN_DEVICE: &str = "__Host-admin-device";

/// The session cookie of those whose sessions these are.
pub(crate) const fn session_cookie(audience: Audience) -> &'static str {
    match audience {
        Audience::Portal => PORTAL_COOKIE,
        Audience::Admin => ADMIN_COOKIE,
    }
}

/// The device cookie of the same.
pub(crate) const fn device_cookie(audience: Audience) -> &'static str {
    match audience {
        Audience::Portal => PORTAL_DEVICE,
        Audience::Admin => ADMIN_DEVICE,
    }
}

/// Somebody who calls, as far as an operation's row asks.
pub trait Caller: Sized + Send {
    /// The session cookie it is known by, if any.
    const COOKIE: Option<&'static str>;

    /// Finds out who calls, with what the request brings.
    fn establish<R: Send>(
        context: &Context<'_>,
        headers: &HeaderMap,
    ) -> impl Future<Output = Result<Self, Failure<R>>> + Send;

    /// What its idempotency keys and cursors are bound to.
    fn name(&self) -> String;
}

/// Anyone at all: the operation checks a link or a password itself, or tells what everybody may know.
#[derive(Clone, Copy, Debug)]
pub struct Anyone;

impl Caller for Anyone {
    const COOKIE: Option<&'static str> = None;

    async fn establish<R: Send>(_: &Context<'_>, _: &HeaderMap) -> Result<Self, Failure<R>> {
        Ok(Self)
    }

    fn name(&self) -> String {
        "anyone".to_owned()
    }
}

/// A client with a live session.
#[derive(Debug)]
pub struct Client {
    /// The session.
    pub session: Session,
    /// Their account.
    pub account: Versioned<Account>,
    /// The agency's settings.
    pub settings: Arc<Settings>,
}

impl Caller for Client {
    const COOKIE: Option<&'static str> = Some(PORTAL_COOKIE);

    async fn establish<R: Send>(context: &Context<'_>, headers: &HeaderMap) -> Result<Self, Failure<R>> {
        let presented = Presented::read(context, headers, Audience::Portal)?;
        let account = presented.holder.parse().map_err(|_| not_signed_in())?;
        let (session, account, settings, keys) = context
            .services
            .store
            .ask((
                ask::session(presented.session),
                ask::account(account),
                presented.cache.settings.is_none().then(ask::settings),
                presented.cache.keys.is_none().then(|| ask::public_keys(Audience::Portal)),
            ))
            .await?;
        let settings = presented.finish(context, settings, keys)?;
        let (Some(session), Some(account)) = (session, account) else { return Err(session_ended()) };
        let live = session.holder == Holder::Client(account.value.id)
            && session.is_live(context.now, &settings, account.value.epoch)
            // C2: off, whatever it is that isn't there, ClientConnect ends sessions.
            && settings.ready().is_ok();
        if live { Ok(Self { session, account, settings }) } else { Err(session_ended()) }
    }

    fn name(&self) -> String {
        self.account.value.id.to_string()
    }
}

impl Client {
    /// The client, for the journal.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::Client(self.account.value.id)
    }
}

/// A worker with a live session, permitted what the operation's row asks.
#[derive(Debug)]
pub struct Staff {
    /// The session.
    pub session: Session,
    /// The worker.
    pub worker: Versioned<Worker>,
    /// What their security class takes away.
    pub class: SecurityClass,
    /// The agency's settings.
    pub settings: Arc<Settings>,
}

impl Caller for Staff {
    const COOKIE: Option<&'static str> = Some(ADMIN_COOKIE);

    async fn establish<R: Send>(context: &Context<'_>, headers: &HeaderMap) -> Result<Self, Failure<R>> {
        let presented = Presented::read(context, headers, Audience::Admin)?;
        let worker = presented.holder.parse().map_err(|_| not_signed_in())?;
        let (session, worker, classes, settings, keys) = context
            .services
            .store
            .ask((
                ask::worker_session(presented.session),
                ask::worker(worker),
                ask::security_classes(),
                presented.cache.settings.is_none().then(ask::settings),
                presented.cache.keys.is_none().then(|| ask::public_keys(Audience::Admin)),
            ))
            .await?;
        let settings = presented.finish(context, settings, keys)?;
        let (Some(session), Some(worker), Some(classes)) = (session, worker, classes) else {
            return Err(session_ended());
        };
        let live = session.holder == Holder::Worker(worker.value.id)
            && session.is_live(context.now, &settings, worker.value.epoch)
            && worker.value.may_sign_in();
        if !live {
            return Err(session_ended());
        }
        let class = classes
            .value
            .into_iter()
            .find(|class| class.id == worker.value.security_class)
            .ok_or_else(|| unknown_class(&worker.value))?;
        let staff = Self { session, worker, class, settings };
        staff.check_second_factor(context).await?;
        if let operation::Access::Permitted(permission) = context.operation.access {
            staff.require(context, &[permission]).await?;
        }
        Ok(staff)
    }

    fn name(&self) -> String {
        self.worker.value.id.to_string()
    }
}

impl Staff {
    /// Whether user group and security class permit it.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        worker::permits(self.worker.value.user_group, &self.class, permission)
    }

    /// Refuses, and logs it, who has proved less than they need to: a second factor, where it is required or set up. The
    /// few operations that lead to one take the password alone.
    async fn check_second_factor<R>(&self, context: &Context<'_>) -> Result<(), Failure<R>> {
        let enough = self.session.auth_level == AuthLevel::SecondFactor
            || context.operation.access == operation::Access::ByPassword
            || !context.second_factor_required() && self.worker.second_factor.is_none();
        if enough {
            return Ok(());
        }
        self.log(context, Access::Refused, None).await?;
        Err(Failure::Entry(EntryRefusal::SecondFactorRequired))
    }

    /// Refuses, and logs it, unless user group and security class permit all of these.
    ///
    /// # Errors
    /// `not_allowed`, or the store's fault.
    pub(crate) async fn require<R>(
        &self,
        context: &Context<'_>,
        permissions: &[Permission],
    ) -> Result<(), Failure<R>> {
        if permissions.iter().all(|permission| self.may(*permission)) {
            return Ok(());
        }
        self.log(context, Access::Refused, None).await?;
        Err(Failure::Entry(EntryRefusal::NotAllowed))
    }

    /// The worker, for the journal.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::Worker(self.worker.value.id)
    }

    /// The individual, if there is one and this worker sees them: one answer, and one line in the access log, for
    /// *isn't there* and *isn't yours*.
    ///
    /// # Errors
    /// `not_found`, or the store's fault.
    pub async fn visible<R>(
        &self,
        context: &Context<'_>,
        id: IndividualId,
        individual: Option<Versioned<Individual>>,
    ) -> Result<Versioned<Individual>, Failure<R>> {
        let seen = individual.filter(|individual| worker::visible(&self.worker.value, &individual.value));
        if seen.is_none() {
            self.log(context, Access::Refused, Some(id)).await?;
        }
        seen.ok_or_else(Failure::not_found)
    }

    /// An individual this worker sees, and one of that individual's accounts, in one read. An account of somebody else
    /// is refused and logged as one that isn't there.
    ///
    /// # Errors
    /// `not_found`, or the store's fault.
    pub async fn account<R>(
        &self,
        context: &Context<'_>,
        id: IndividualId,
        account: AccountId,
    ) -> Result<(Versioned<Individual>, Versioned<Account>), Failure<R>> {
        let (individual, account) =
            context.services.store.ask((ask::individual(id), ask::account(account))).await?;
        let individual = self.visible(context, id, individual).await?;
        let account = account.filter(|account| account.individual == individual.id);
        if account.is_none() {
            self.log(context, Access::Refused, Some(id)).await?;
        }
        Ok((individual, account.ok_or_else(Failure::not_found)?))
    }

    /// Records that this worker looked at an individual, or was refused. What can't be recorded isn't shown.
    ///
    /// # Errors
    /// The store's fault.
    pub async fn log(
        &self,
        context: &Context<'_>,
        access: Access,
        individual: Option<IndividualId>,
    ) -> Result<(), Fault> {
        let subject = individual.map(Subject::Individual);
        let entry = AccessEntry { subject, ..context.access(access, self.actor()) };
        context.services.store.log_access(&entry).await
    }
}

fn not_signed_in<R>() -> Failure<R> {
    Failure::Entry(EntryRefusal::NotSignedIn)
}

fn session_ended<R>() -> Failure<R> {
    Failure::Entry(EntryRefusal::SessionEnded)
}

fn unknown_class(worker: &Worker) -> Fault {
    Fault::Internal { what: format!("{} has a security class that does not exist", worker.id), source: None }
}

/// A token as it was sent: verified at once where the keys are known, else as soon as they came with the session.
struct Presented<'t> {
    token: &'t str,
    audience: Audience,
    holder: String,
    session: domain::id::SessionId,
    verified: bool,
    cache: Cache,
}

impl<'t> Presented<'t> {
    fn read<R>(
        context: &Context<'_>,
        headers: &'t HeaderMap,
        audience: Audience,
    ) -> Result<Self, Failure<R>> {
        let token = cookie(headers, session_cookie(audience)).ok_or_else(not_signed_in)?;
        let cache = context.services.cached(context.now);
        if let Some((_, keys)) = &cache.keys {
            let Claims { sub: holder, sid: session, .. } = verified(keys, token, audience, context.now)?;
            return Ok(Self { token, audience, holder, session, verified: true, cache });
        }
        let (holder, session) = session_token::claimed(token).ok_or_else(not_signed_in)?;
        Ok(Self { token, audience, holder, session, verified: false, cache })
    }

    /// Verifies what isn't verified yet, and keeps settings and keys for the next call.
    fn finish<R>(
        mut self,
        context: &Context<'_>,
        settings: Option<Versioned<Settings>>,
        keys: Option<Versioned<PublicKeys>>,
    ) -> Result<Arc<Settings>, Failure<R>> {
        if let Some(keys) = keys {
            let pairs = keys.keys.iter().map(|(kid, key)| (kid.as_str(), key.as_str()));
            let keys = VerifyingKeys::parse(pairs).map_err(|bad| defect("the public keys", bad))?;
            self.cache.keys = Some((context.now, Arc::new(keys)));
        }
        let Some((_, keys)) = &self.cache.keys else { return Err(not_signed_in()) };
        if !self.verified {
            verified::<R>(keys, self.token, self.audience, context.now)?;
        }
        if let Some(settings) = settings {
            self.cache.settings = Some((context.now, Arc::new(settings.value)));
        }
        let settings = self.cache.settings.clone().ok_or_else(not_set_up)?;
        context.services.keep(self.cache);
        Ok(settings.1)
    }
}

fn verified<R>(
    keys: &VerifyingKeys,
    token: &str,
    audience: Audience,
    now: DateTime<Utc>,
) -> Result<Claims, Failure<R>> {
    keys.verify(token, audience, now).map_err(|_| not_signed_in())
}

/// An agency whose set-up hasn't run has no settings.
pub(crate) fn not_set_up() -> Fault {
    Fault::Internal { what: "the agency is not set up: invoke jobs.set_up_agency".to_owned(), source: None }
}

pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}
