//! Slowing down those who try too often, before anything costly is done for them.

use domain::throttle::{Limit, Per, Verdict};
use futures_util::future::join_all;
use store::Fault;

use crate::context::Context;
use crate::problem::{EntryRefusal, Failure};

/// Whom a try is counted for, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Who<'a> {
    /// The account's id.
    pub(crate) account: Option<&'a str>,
    /// The address as typed, in its normal form; counted under a keyed name.
    pub(crate) address: Option<&'a str>,
    /// A device that has signed in at that address before: counted instead of the address, so that nobody's guesses
    /// elsewhere shut it out.
    pub(crate) device: Option<&'a str>,
}

impl Context<'_> {
    /// Counts one more try against every limit that applies, all at once, and refuses when one is used up. Known and
    /// unknown addresses are counted alike.
    ///
    /// # Errors
    /// `too_many_requests` with the longest wait, or the store's fault.
    pub(crate) async fn throttle<R>(
        &self,
        what: &str,
        limits: &[Limit],
        who: Who<'_>,
    ) -> Result<(), Failure<R>> {
        let mut verdicts = Vec::with_capacity(limits.len());
        for limit in limits {
            let name = match limit.per {
                Per::Account => who.account.map(str::to_owned),
                Per::Address => match (who.device, who.address) {
                    (Some(device), _) => Some(self.services.seal().await?.name("device", device)),
                    (None, Some(address)) => Some(self.services.seal().await?.name("address", address)),
                    (None, None) => None,
                },
                Per::Viewer => Some(self.services.seal().await?.name("viewer", &self.viewer)),
                Per::Global => Some(self.request_id.clone()),
            };
            if let Some(name) = name {
                verdicts.push(self.count(what, *limit, name));
            }
        }
        let mut wait = 0;
        for verdict in join_all(verdicts).await {
            if let Verdict::Wait(seconds) = verdict? {
                wait = wait.max(seconds);
            }
        }
        if wait == 0 {
            Ok(())
        } else {
            Err(Failure::Entry(EntryRefusal::TooManyRequests { retry_after: wait }))
        }
    }

    async fn count(&self, what: &str, limit: Limit, name: String) -> Result<Verdict, Fault> {
        let hits = self.services.store.hit(what, limit, &name, self.now).await?;
        Ok(limit.check(hits, self.now))
    }
}
