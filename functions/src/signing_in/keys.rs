//! New keys that sign sessions: the private half goes to the secret store, the public one to the agency's records.

use std::collections::BTreeMap;

use credentials::KeyPair;
use domain::journal::{Audience, JournalEvent};
use store::{Fault, PublicKeys};

use crate::context::{Context, defect};
use crate::operation::Secret;

/// A key pair that nobody has yet.
pub(crate) struct NewKeys {
    /// What verifies sessions from now on.
    pub(crate) public: PublicKeys,
    kid: String,
    private: String,
}

impl NewKeys {
    /// One pair for each site.
    ///
    /// # Errors
    /// When no key can be made.
    pub(crate) fn of_both_sites(context: &Context<'_>) -> Result<[Self; 2], Fault> {
        Ok([Self::of(context, Audience::Portal)?, Self::of(context, Audience::Admin)?])
    }

    fn of(context: &Context<'_>, audience: Audience) -> Result<Self, Fault> {
        let kid = context.uuid().simple().to_string();
        let pair = KeyPair::generate(kid.clone()).map_err(|bad| defect("a session key", bad))?;
        let public = PublicKeys { audience, keys: BTreeMap::from([(kid.clone(), pair.public)]) };
        Ok(Self { public, kid, private: pair.private })
    }

    /// For the journal.
    pub(crate) fn event(&self) -> JournalEvent {
        JournalEvent::SignInKeyCreated { audience: self.public.audience, kid: self.kid.clone() }
    }

    /// Puts the private half where only sign-in reads it. Before the public half is known: what nobody can verify does
    /// no harm.
    ///
    /// # Errors
    /// The secret store's fault.
    pub(crate) async fn hide(&self, context: &Context<'_>) -> Result<(), Fault> {
        let secret = match self.public.audience {
            Audience::Portal => Secret::PortalSession,
            Audience::Admin => Secret::AdminSession,
        };
        context.services.write(secret, &self.private).await
    }
}
