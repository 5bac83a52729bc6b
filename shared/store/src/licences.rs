//! Licences (B7): the free ones, spread over shards so that many accounts can be opened at once.

use domain::licence;
use serde::{Deserialize, Serialize};

use crate::ask::{Ask, Found, FromItem, Key, One};
use crate::commit::{Kind, Refusal, Write, pk};
use crate::item::{Map, Shape, n};
use crate::{Fault, Table, Transaction};

/// Number of shards.
pub const LICENCE_SHARDS: u32 = 8;

/// The free licences, by shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licences(Vec<u32>);

impl Licences {
    /// How many are free.
    #[must_use]
    pub fn free(&self) -> u32 {
        self.0.iter().sum()
    }

    /// A shard with one free, looked for from `start` on.
    pub(crate) fn shard_with_one_free(&self, start: u32) -> Option<u32> {
        licence::order(start, LICENCE_SHARDS)
            .find(|shard| self.0.get(*shard as usize).is_some_and(|free| *free > 0))
    }
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Shard {
    free: u32,
}

impl Shape for Shard {
    const TABLE: Table = Table::Accounts;
}

impl FromItem for Shard {
    fn from_item(map: Map) -> Result<Self, Fault> {
        Self::read(map)
    }
}

/// How many licences are free.
#[derive(Debug, Clone)]
pub struct FreeLicences(Vec<One<Shard>>);

impl Ask for FreeLicences {
    type Answer = Licences;

    fn keys(&self, keys: &mut Vec<Key>) {
        self.0.keys(keys);
    }

    fn answer(&self, found: &Found) -> Result<Licences, Fault> {
        let shards = self.0.answer(found)?;
        Ok(Licences(shards.into_iter().map(|shard| shard.map_or(0, |shard| shard.free)).collect()))
    }
}

pub(crate) fn question() -> FreeLicences {
    FreeLicences((0..LICENCE_SHARDS).map(|shard| One::new(Table::Accounts, name(shard))).collect())
}

fn name(shard: u32) -> String {
    format!("licence#{shard}")
}

pub(crate) fn key(shard: u32) -> Map {
    pk(name(shard))
}

impl Transaction {
    /// Takes one free licence, from whichever shard has one (B7): when the first one tried is empty, the commit reads them all.
    /// `NoLicence` if none has any.
    pub fn take_licence(&mut self) -> &mut Self {
        let write =
            Write::update(Table::Accounts, key(self.shard(LICENCE_SHARDS)), "SET #free = #free - :one");
        self.push(Ok(write.name("#free", "free").value(":one", n(1)).when("#free >= :one", Refusal::Licence)))
    }

    /// Gives one back.
    pub fn give_licence(&mut self) -> &mut Self {
        let write =
            Write::update(Table::Accounts, key(self.shard(LICENCE_SHARDS)), "SET #free = #free + :one");
        self.push(Ok(write
            .name("#free", "free")
            .value(":one", n(1))
            .when("attribute_exists(pk)", Refusal::Stale(Kind::Licences))))
    }

    /// Lays down all the licences the agency has, at set-up, when none is used.
    pub fn put_licences(&mut self, total: u32) -> &mut Self {
        for (shard, free) in (0..).zip(licence::split(total, LICENCE_SHARDS)) {
            self.put_once(&Shard { free }, &name(shard), None, Kind::Licences);
        }
        self
    }
}
