//! Sign-in names (B1), password hashes and second factors, in tables of their own.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use domain::{AccountId, EmailAddress, SessionId, WorkerId};
use serde::{Deserialize, Serialize};

use crate::ask::{FromItem, One};
use crate::commit::{Conflict, Kind, Refusal, Write, pk};
use crate::item::{Map, Shape, attribute, n, parsed, s};
use crate::{Fault, Table, Transaction};

/// Whoever can have a sign-in name: an account or a worker.
pub trait Holder: Copy + fmt::Display + FromStr {
    /// Where their sign-in names lie.
    const TABLE: Table;
}

impl Holder for AccountId {
    const TABLE: Table = Table::Credentials;
}

impl Holder for WorkerId {
    const TABLE: Table = Table::WorkerCredentials;
}

/// What signs somebody in under an address.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials<H> {
    /// Whose address it is.
    pub holder: H,
    /// The password's argon2id hash as a PHC string; none before activation and while Disabled.
    pub password_hash: Option<String>,
    /// What a worker proves themselves by beside it.
    pub second_factor: Option<StoredFactor>,
    /// What they are about to.
    pub begun: Option<BegunFactor>,
}

/// A worker's.
pub type WorkerCredentials = Credentials<WorkerId>;

/// A second factor as it is kept. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFactor {
    /// The authenticator's secret, sealed.
    pub secret: String,
    /// The step whose code was used last: no earlier one is good.
    pub step: i64,
    /// Keyed hashes of the recovery codes that are left.
    pub recovery: Vec<String>,
    /// How often it was used, so that of two who use the same at once one does.
    pub uses: u32,
}

/// A second factor that no code has confirmed. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BegunFactor {
    /// The authenticator's secret, sealed.
    pub secret: String,
    /// The session that began it, which alone confirms it.
    pub session: SessionId,
    /// Until then.
    pub until: DateTime<Utc>,
}

impl fmt::Debug for StoredFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredFactor(…)")
    }
}

impl fmt::Debug for BegunFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BegunFactor(…)")
    }
}

impl StoredFactor {
    /// After the code of that step was used.
    #[must_use]
    pub fn after_step(&self, step: i64) -> Self {
        Self { step, uses: self.uses + 1, ..self.clone() }
    }

    /// After the recovery code was used that is kept under one of these names; none if there is no such code.
    #[must_use]
    pub fn after_recovery(&self, names: &[String]) -> Option<Self> {
        let recovery: Vec<_> = self.recovery.iter().filter(|kept| !names.contains(kept)).cloned().collect();
        let used = recovery.len() < self.recovery.len();
        used.then(|| Self { recovery, uses: self.uses + 1, ..self.clone() })
    }

    /// Recovery codes that are left.
    #[must_use]
    pub fn codes_left(&self) -> u8 {
        u8::try_from(self.recovery.len()).unwrap_or(u8::MAX)
    }
}

/// What becomes of a worker's second factor in one write.
#[derive(Clone, Copy, Debug, Default)]
pub struct FactorWrite<'f> {
    /// It proved the worker: as it was then, unless it was used meanwhile, and as it is to be.
    pub used: Option<&'f (StoredFactor, StoredFactor)>,
    /// Another is begun; without `used`, the first.
    pub begun: Option<&'f BegunFactor>,
    /// What was begun is confirmed.
    pub confirmed: Option<(&'f BegunFactor, &'f StoredFactor)>,
    /// The password is hashed anew besides.
    pub password: Option<&'f str>,
    /// The hash of the password that was verified, unless it was changed meanwhile.
    pub verified: Option<&'f str>,
}

/// The password is the one that was verified.
const AS_VERIFIED: &str = "password_hash = :verified";

impl<H: fmt::Display> fmt::Debug for Credentials<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.holder)
    }
}

#[derive(Serialize, Deserialize)]
struct Item {
    holder: String,
    password_hash: Option<String>,
    second_factor: Option<StoredFactor>,
    second_factor_begun: Option<BegunFactor>,
}

impl Shape for Item {
    const TABLE: Table = Table::Credentials;
}

impl<H: Holder> FromItem for Credentials<H> {
    fn from_item(map: Map) -> Result<Self, Fault> {
        let item = Item::read(map)?;
        Ok(Self {
            holder: parsed(&item.holder, "holder", H::TABLE)?,
            password_hash: item.password_hash,
            second_factor: item.second_factor,
            begun: item.second_factor_begun,
        })
    }
}

pub(crate) fn question<H: Holder>(address: &EmailAddress) -> One<Credentials<H>> {
    One::new(H::TABLE, address.normalized())
}

impl Transaction {
    /// Takes the address as sign-in name; `SignInNameTaken` if it is another's (B1).
    pub fn claim_sign_in_name<H: Holder>(
        &mut self,
        address: &EmailAddress,
        holder: H,
        password_hash: Option<&str>,
    ) -> &mut Self {
        let item = Item {
            holder: holder.to_string(),
            password_hash: password_hash.map(str::to_owned),
            second_factor: None,
            second_factor_begun: None,
        };
        let write = item
            .write(address.normalized(), None)
            .map(|map| Write::put(H::TABLE, map).when_new(Refusal::Conflict(|| Conflict::SignInNameTaken)));
        self.push(write)
    }

    /// Gives the sign-in name back, and the password with it.
    pub fn release_sign_in_name<H: Holder>(&mut self, address: &EmailAddress, holder: H) -> &mut Self {
        let write = Write::delete(H::TABLE, pk(address.normalized()));
        self.push(Ok(held_by(write, holder)))
    }

    /// Takes `to` instead of `from`. The password goes with it: what is given here is what it will be.
    pub fn move_sign_in_name<H: Holder>(
        &mut self,
        from: &EmailAddress,
        to: &EmailAddress,
        holder: H,
        password_hash: Option<&str>,
    ) -> &mut Self {
        self.release_sign_in_name(from, holder).claim_sign_in_name(to, holder, password_hash)
    }

    /// Sets or replaces the password.
    pub fn set_password<H: Holder>(&mut self, address: &EmailAddress, holder: H, hash: &str) -> &mut Self {
        let write = Write::update(H::TABLE, pk(address.normalized()), "SET password_hash = :hash");
        self.push(Ok(held_by(write.value(":hash", s(hash)), holder)))
    }

    /// Writes what becomes of a worker's second factor; `Stale(SecondFactor)` if it isn't as it was.
    pub fn write_factor(
        &mut self,
        address: &EmailAddress,
        worker: WorkerId,
        write: FactorWrite<'_>,
    ) -> &mut Self {
        self.factor_write(address, &worker.to_string(), write)
    }

    fn factor_write(&mut self, address: &EmailAddress, holder: &str, write: FactorWrite<'_>) -> &mut Self {
        let update = factor_update(write).map(|(expression, condition, values)| {
            let mut update = Write::update(Table::WorkerCredentials, pk(address.normalized()), expression);
            for (placeholder, value) in values {
                update = update.value(placeholder, value);
            }
            let condition = format!("holder = :holder AND {condition}");
            update.value(":holder", s(holder)).when(condition, Refusal::Stale(Kind::SecondFactor))
        });
        self.push(update)
    }

    /// What signing in leaves at the sign-in name: a password hashed anew, a second factor used; often nothing. Demands
    /// that the password is the one that was `verified`, by its hash: who changed it meanwhile shut out whoever has the
    /// former.
    pub fn use_credentials<H: Holder>(
        &mut self,
        address: &EmailAddress,
        holder: H,
        verified: &str,
        rehashed: Option<&str>,
        used: Option<&(StoredFactor, StoredFactor)>,
    ) -> &mut Self {
        if used.is_some() {
            let write =
                FactorWrite { used, password: rehashed, verified: Some(verified), ..FactorWrite::default() };
            return self.factor_write(address, &holder.to_string(), write);
        }
        let key = pk(address.normalized());
        let write = match rehashed {
            Some(hash) => Write::update(H::TABLE, key, "SET password_hash = :hash").value(":hash", s(hash)),
            None => Write::check(H::TABLE, key),
        };
        let condition = format!("holder = :holder AND {AS_VERIFIED}");
        let write = write.value(":holder", s(holder.to_string())).value(":verified", s(verified));
        self.push(Ok(write.when(condition, Refusal::Stale(Kind::Credentials))))
    }

    /// Removes a worker's second factor, and one that was begun.
    pub fn remove_factor(&mut self, address: &EmailAddress, worker: WorkerId) -> &mut Self {
        let remove = "REMOVE second_factor, second_factor_begun";
        let write = Write::update(Table::WorkerCredentials, pk(address.normalized()), remove);
        self.push(Ok(held_by(write, worker)))
    }

    /// Removes everything that signs a worker in, and keeps the name.
    pub fn strip_credentials(&mut self, address: &EmailAddress, worker: WorkerId) -> &mut Self {
        let remove = "REMOVE password_hash, second_factor, second_factor_begun";
        let write = Write::update(Table::WorkerCredentials, pk(address.normalized()), remove);
        self.push(Ok(held_by(write, worker)))
    }

    /// Removes the password and keeps the name.
    pub fn remove_password<H: Holder>(&mut self, address: &EmailAddress, holder: H) -> &mut Self {
        let write = Write::update(H::TABLE, pk(address.normalized()), "REMOVE password_hash");
        self.push(Ok(held_by(write, holder)))
    }
}

type Update = (String, String, Vec<(&'static str, aws_sdk_dynamodb::types::AttributeValue)>);

fn factor_update(write: FactorWrite<'_>) -> Result<Update, Fault> {
    let (mut set, mut values) = (Vec::new(), Vec::new());
    let mut condition = "attribute_not_exists(second_factor)";
    let mut remove = "";
    if let Some((before, after)) = write.used {
        condition = "second_factor.uses = :uses";
        set.push("second_factor = :factor");
        values.extend([(":uses", n(before.uses)), (":factor", attribute(after)?)]);
    }
    if let Some(begun) = write.begun {
        set.push("second_factor_begun = :begun");
        values.push((":begun", attribute(begun)?));
    }
    if let Some((begun, confirmed)) = write.confirmed {
        condition = "second_factor_begun.secret = :secret";
        set.push("second_factor = :factor");
        remove = " REMOVE second_factor_begun";
        values.extend([(":secret", s(&begun.secret)), (":factor", attribute(confirmed)?)]);
    }
    if let Some(hash) = write.password {
        set.push("password_hash = :hash");
        values.push((":hash", s(hash)));
    }
    let mut condition = condition.to_owned();
    if let Some(hash) = write.verified {
        condition = format!("{condition} AND {AS_VERIFIED}");
        values.push((":verified", s(hash)));
    }
    Ok((format!("SET {}{remove}", set.join(", ")), condition, values))
}

/// The item of a worker who has a second factor and begins another.
#[cfg(test)]
pub(crate) fn enrolled_item(address: &EmailAddress, of: &WorkerCredentials) -> Map {
    let item = Item {
        holder: of.holder.to_string(),
        password_hash: of.password_hash.clone(),
        second_factor: of.second_factor.clone(),
        second_factor_begun: of.begun.clone(),
    };
    item.write(address.normalized(), None).unwrap()
}

fn held_by<H: Holder>(write: Write, holder: H) -> Write {
    write.value(":holder", s(holder.to_string())).when("holder = :holder", Refusal::Stale(Kind::Credentials))
}
