//! Signing in, the same for clients and workers, and what every way of it ends with: a session, and its token.

mod by_password;
mod device;
mod keys;
mod reset_request;

pub(crate) use by_password::{SignsIn, Wrong};
pub(crate) use device::KnownDevice;
pub(crate) use keys::NewKeys;
pub(crate) use reset_request::{Asked, Forgotten};

use std::sync::Arc;

use chrono::Duration;
use credentials::session_token::Claims;
use domain::EmailAddress;
use domain::id::SessionId;
use domain::session::{AuthLevel, Holder, Session};
use domain::settings::Settings;
use store::{Fault, Versioned, ask};

use crate::context::{Context, defect};
use crate::entry::caller::not_set_up;
use crate::operation::Api;

/// A session not yet stored, and the token that will open it.
pub(crate) struct NewSession {
    pub(crate) session: Session,
    pub(crate) token: String,
}

impl Context<'_> {
    /// A new session for somebody who proved who they are, with a new id (never one that was brought).
    ///
    /// # Errors
    /// When the signing key can't be read.
    pub(crate) async fn new_session(
        &self,
        holder: Holder,
        epoch: u32,
        proved: AuthLevel,
        settings: &Settings,
    ) -> Result<NewSession, Fault> {
        let (id, device) = (SessionId::new(self.uuid()), self.browser.clone());
        let session = Session::open(id, holder, epoch, proved, device, self.now);
        let token = self.token(&session, settings).await?;
        Ok(NewSession { session, token })
    }

    /// The session that goes on in this one's place under a new id, now that its holder's epoch has ended all.
    ///
    /// # Errors
    /// When the signing key can't be read.
    pub(crate) async fn renewed_session(
        &self,
        session: &Session,
        epoch: u32,
        settings: &Settings,
    ) -> Result<NewSession, Fault> {
        let session = session.renewed(SessionId::new(self.uuid()), epoch, self.now);
        let token = self.token(&session, settings).await?;
        Ok(NewSession { session, token })
    }

    /// A token that is good until the session ends in any case.
    ///
    /// # Errors
    /// When the signing key can't be read.
    pub(crate) async fn token(&self, session: &Session, settings: &Settings) -> Result<String, Fault> {
        let (api, holder) = match session.holder {
            Holder::Client(account) => (Api::Portal, account.to_string()),
            Holder::Worker(worker) => (Api::Admin, worker.to_string()),
        };
        let audience = session.holder.audience();
        let claims = Claims::new(audience, holder, session.id, self.now, session.ends_at(settings));
        self.services.signing(api).await?.sign(&claims).map_err(|bad| defect("a session token", bad))
    }

    /// The question for the settings, unless they were read lately.
    pub(crate) fn ask_settings(&self) -> Option<ask::One<Versioned<Settings>>> {
        self.services.cached(self.now).settings.is_none().then(ask::settings)
    }

    /// The settings, where nothing else is asked with them.
    ///
    /// # Errors
    /// The store's fault, or when the agency isn't set up.
    pub(crate) async fn read_settings(&self) -> Result<Arc<Settings>, Fault> {
        let read = match self.ask_settings() {
            Some(question) => self.services.store.ask(question).await?,
            None => None,
        };
        self.settings(read)
    }

    /// The settings that [`Context::ask_settings`] brought, or those read lately.
    ///
    /// # Errors
    /// When the agency isn't set up.
    pub(crate) fn settings(&self, read: Option<Versioned<Settings>>) -> Result<Arc<Settings>, Fault> {
        let mut cache = self.services.cached(self.now);
        if let Some(settings) = read {
            cache.settings = Some((self.now, Arc::new(settings.value)));
            self.services.keep(cache.clone());
        }
        cache.settings.map(|(_, settings)| settings).ok_or_else(not_set_up)
    }
}

/// When a session ends, as the sites count it down.
#[expect(clippy::struct_field_names, reason = "the unit belongs to the name in the API")]
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionTimes {
    /// Seconds until it ends unless extended.
    pub idle_seconds: i64,
    /// Seconds until it ends in any case.
    pub total_seconds: i64,
    /// Seconds before the end at which to warn.
    pub warn_seconds: i64,
}

impl SessionTimes {
    /// As seen at `context`'s instant.
    pub(crate) fn of(session: &Session, settings: &Settings, context: &Context<'_>) -> Self {
        Self {
            idle_seconds: (session.idle_until(settings) - context.now).num_seconds(),
            total_seconds: (session.ends_at(settings) - context.now).num_seconds(),
            warn_seconds: Duration::minutes(2).num_seconds(),
        }
    }
}

/// A sign-in name as typed. Its `Debug` doesn't show it.
#[derive(serde::Deserialize)]
#[serde(transparent)]
pub struct TypedAddress(String);

impl TypedAddress {
    /// The address; one that can't be one becomes one that nobody has, so that it is treated like an unknown one.
    #[must_use]
    pub fn address(&self) -> EmailAddress {
        self.0.parse().unwrap_or_else(|_| nobody())
    }

    /// What tries at it are counted by: the address in its normal form, or the text that isn't one.
    #[must_use]
    pub fn name(&self) -> String {
        let address = self.0.parse::<EmailAddress>();
        address.map_or_else(|_| self.0.clone(), |address| address.normalized().to_owned())
    }
}

impl std::fmt::Debug for TypedAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TypedAddress(…)")
    }
}

#[expect(clippy::unwrap_used, reason = "a constant that parses; RFC 2606 keeps `invalid` unused for ever")]
fn nobody() -> EmailAddress {
    "nobody@unknown.invalid".parse().unwrap()
}
