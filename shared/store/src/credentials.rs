//! Sign-in names (B1) and password hashes, in tables of their own.

use std::fmt;
use std::str::FromStr;

use domain::{AccountId, EmailAddress, WorkerId};
use serde::{Deserialize, Serialize};

use crate::ask::{FromItem, One};
use crate::commit::{Conflict, Kind, Refusal, Write, pk};
use crate::item::{Map, Shape, parsed, s};
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
}

impl<H: fmt::Display> fmt::Debug for Credentials<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.holder)
    }
}

#[derive(Serialize, Deserialize)]
struct Item {
    holder: String,
    password_hash: Option<String>,
}

impl Shape for Item {
    const TABLE: Table = Table::Credentials;
}

impl<H: Holder> FromItem for Credentials<H> {
    fn from_item(map: Map) -> Result<Self, Fault> {
        let item = Item::read(map)?;
        Ok(Self { holder: parsed(&item.holder, "holder", H::TABLE)?, password_hash: item.password_hash })
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
        let item = Item { holder: holder.to_string(), password_hash: password_hash.map(str::to_owned) };
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

    /// Removes the password and keeps the name.
    pub fn remove_password<H: Holder>(&mut self, address: &EmailAddress, holder: H) -> &mut Self {
        let write = Write::update(H::TABLE, pk(address.normalized()), "REMOVE password_hash");
        self.push(Ok(held_by(write, holder)))
    }
}

fn held_by<H: Holder>(write: Write, holder: H) -> Write {
    write.value(":holder", s(holder.to_string())).when("holder = :holder", Refusal::Stale(Kind::Credentials))
}
