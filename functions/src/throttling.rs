//! Slowing down those who try too often, before anything costly is done for them.

use std::net::{IpAddr, Ipv6Addr};

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
    /// unknown addresses are counted alike. A refused try takes nothing of what is everybody's.
    ///
    /// # Errors
    /// `too_many_requests` with the longest wait, or the store's fault.
    pub(crate) async fn throttle<R>(
        &self,
        what: &str,
        limits: &[Limit],
        who: Who<'_>,
    ) -> Result<(), Failure<R>> {
        let mut counted = Vec::with_capacity(limits.len());
        for limit in limits {
            let name = match limit.per {
                Per::Account => who.account.map(str::to_owned),
                Per::Address => match (who.device, who.address) {
                    (Some(device), _) => Some(self.services.seal().await?.name("device", device)),
                    (None, Some(address)) => Some(self.services.seal().await?.name("address", address)),
                    (None, None) => None,
                },
                Per::Viewer => Some(self.services.seal().await?.name("viewer", &network(&self.viewer))),
                Per::Global => Some(self.request_id.clone()),
            };
            if let Some(name) = name {
                counted.push((*limit, name));
            }
        }
        let mut wait = 0;
        for verdict in join_all(counted.iter().map(|(limit, name)| self.count(what, *limit, name))).await {
            if let Verdict::Wait(seconds) = verdict? {
                wait = wait.max(seconds);
            }
        }
        if wait == 0 {
            return Ok(());
        }
        for (limit, name) in counted.iter().filter(|(limit, _)| limit.per == Per::Global) {
            self.services.store.take_back(what, *limit, name, self.now).await?;
        }
        Err(Failure::Entry(EntryRefusal::TooManyRequests { retry_after: wait }))
    }

    async fn count(&self, what: &str, limit: Limit, name: &str) -> Result<Verdict, Fault> {
        let hits = self.services.store.hit(what, limit, name, self.now).await?;
        Ok(limit.check(hits, self.now))
    }
}

/// What a viewer is counted by: whoever has one IPv6 address has its whole /64.
fn network(viewer: &str) -> String {
    match viewer.trim_matches(['[', ']']).parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).to_string(),
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => viewer.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_a_whole_network_is_counted_once() {
        for (viewer, counted) in [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
            ("[2001:db8:1:2::1]", "2001:db8:1:2::"),
            ("2001:db8:1:3::1", "2001:db8:1:3::"),
            ("", ""),
        ] {
            assert_eq!(network(viewer), counted, "{viewer}");
        }
    }
}
