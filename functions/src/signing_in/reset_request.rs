//! Asking for a link to choose a new password, the same for clients and workers and for known and unknown addresses:
//! throttled, written down sealed, answered. `jobs.resolve_requests` looks whose address it is.

use domain::EmailAddress;
use domain::id::JournalId;
use domain::journal::Audience;
use domain::throttle::LINK_REQUEST;
use serde::{Deserialize, Serialize};
use store::{Fault, ResetRequest};

use super::TypedAddress;
use crate::context::{Context, defect};
use crate::entry::http::Reply;
use crate::problem::Failure;
use crate::throttling::Who;

/// Whose password was forgotten.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Forgotten {
    /// The sign-in email.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub email: TypedAddress,
}

/// The same for everyone: if there is something to send, it is on its way.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Asked {}

impl Context<'_> {
    /// Writes down that somebody has forgotten the password that goes with an address.
    ///
    /// # Errors
    /// `too_many_requests`, or the store's fault.
    pub(crate) async fn request_password_reset<R>(
        &self,
        audience: Audience,
        email: &TypedAddress,
    ) -> Result<Reply<Asked>, Failure<R>> {
        let typed = email.name();
        let device = self.known_device(audience, &typed).await?;
        let who = Who { address: Some(&typed), device, ..Who::default() };
        let what = match audience {
            Audience::Portal => "password_reset",
            Audience::Admin => "worker_password_reset",
        };
        self.throttle(what, LINK_REQUEST, who).await?;
        let seal = self.services.seal().await?;
        let (name, record) = (seal.name(what, &typed), JournalId::new(self.uuid()));
        let address = email.address();
        let address = seal
            .close(&address.normalized(), &bound(&name, record))
            .map_err(|error| defect("sealing an address", error))?;
        let request =
            ResetRequest { name, record, at: self.now, audience, address, correlation: self.correlation };
        self.services.store.put_request(&request).await?;
        Ok(Reply::from(Asked {}))
    }

    /// The address that a request was made with; none if it was sealed with another key, or isn't that request's.
    ///
    /// # Errors
    /// When the key can't be read.
    pub(crate) async fn address_of(&self, request: &ResetRequest) -> Result<Option<EmailAddress>, Fault> {
        let seal = self.services.seal().await?;
        let address = seal.open::<String>(&request.address, &bound(&request.name, request.record));
        Ok(address.ok().and_then(|address| address.parse().ok()))
    }
}

/// What a sealed address is good for: this one request.
fn bound(name: &str, record: JournalId) -> String {
    format!("{name} {record}")
}
