//! Devices that have signed in before (OWASP's device cookies): who brings one is throttled by it and not by the
//! address, so that an outsider who guesses at an address can't shut out those it belongs to.

use aws_lc_rs::constant_time;
use data_encoding::HEXLOWER;
use domain::journal::Audience;
use store::Fault;

use crate::context::Context;

/// The cookie that lets a device be known at one address; nothing of it is stored.
#[derive(Debug)]
pub(crate) struct KnownDevice {
    pub(crate) audience: Audience,
    pub(crate) value: String,
}

impl Context<'_> {
    /// The name of the device, if it has proof of having signed in at this address.
    ///
    /// # Errors
    /// When the key can't be read.
    pub(crate) async fn known_device(
        &self,
        audience: Audience,
        address: &str,
    ) -> Result<Option<&str>, Fault> {
        let Some((id, proof)) = self.device_cookie.as_deref().and_then(|cookie| cookie.split_once('.'))
        else {
            return Ok(None);
        };
        let expected = self.proof(audience, address, id).await?;
        let genuine = constant_time::verify_slices_are_equal(expected.as_bytes(), proof.as_bytes()).is_ok();
        Ok(genuine.then_some(id))
    }

    /// The cookie for a device that has just signed in at this address: under its own name, if it has one there.
    ///
    /// # Errors
    /// When the key can't be read.
    pub(crate) async fn remember_device(
        &self,
        audience: Audience,
        address: &str,
    ) -> Result<KnownDevice, Fault> {
        let id = match self.known_device(audience, address).await? {
            Some(id) => id.to_owned(),
            None => HEXLOWER.encode(&self.random::<16>()),
        };
        let proof = self.proof(audience, address, &id).await?;
        Ok(KnownDevice { audience, value: format!("{id}.{proof}") })
    }

    async fn proof(&self, audience: Audience, address: &str, id: &str) -> Result<String, Fault> {
        Ok(self.services.seal().await?.name("device", &format!("{audience}\0{address}\0{id}")))
    }
}
