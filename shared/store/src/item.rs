//! Items: how a domain type is written to a table and read back.

use std::collections::HashMap;
use std::ops::Deref;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::JournalId;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::ask::FromItem;
use crate::commit::{Refusal, Write, unchanged};
use crate::{Fault, Kind, Table, Transaction};

/// An item as DynamoDB has it.
pub(crate) type Map = HashMap<String, AttributeValue>;

/// Brings an item of one shape to the next.
pub(crate) type Upcast = fn(&mut Map);

/// The stored shape of a kind of item.
pub(crate) trait Shape: Serialize + DeserializeOwned {
    /// Where such items lie.
    const TABLE: Table;
    /// Steps from each former shape to the next, oldest first. The newest `v` is one more than their number.
    const UPCASTS: &'static [Upcast] = &[];

    /// Reads an item of any shape, also of the release after this one, whose new fields are ignored.
    fn read(mut map: Map) -> Result<Self, Fault> {
        let v = map
            .get("v")
            .and_then(|v| v.as_n().ok())
            .and_then(|v| v.parse::<usize>().ok())
            .filter(|v| *v > 0)
            .ok_or_else(|| Fault::corrupt(Self::TABLE, "`v` is missing or not a version"))?;
        for upcast in Self::UPCASTS.iter().skip(v - 1) {
            upcast(&mut map);
        }
        serde_dynamo::from_item(map).map_err(|error| Fault::corrupt(Self::TABLE, shown(&error)))
    }

    /// Writes the newest shape at this key. Absent fields are left out, not written as null.
    fn write(&self, pk: &str, sk: Option<&str>) -> Result<Map, Fault> {
        let mut map: Map = serde_dynamo::to_item(self).map_err(|error| Fault::Internal {
            what: format!("writing an item of `{}`", Self::TABLE.name()),
            source: Some(Box::new(error)),
        })?;
        map.retain(|_, value| !value.is_null());
        map.insert("v".to_owned(), n(Self::UPCASTS.len() + 1));
        map.insert("pk".to_owned(), s(pk));
        if let Some(sk) = sk {
            map.insert("sk".to_owned(), s(sk));
        }
        Ok(map)
    }
}

/// What serde says about a bad item, without the value that it may quote.
fn shown(error: &serde_dynamo::Error) -> String {
    let text = error.to_string();
    let end = if text.starts_with("missing field") {
        text.len()
    } else {
        text.find([':', '`', '"', ',']).unwrap_or(text.len())
    };
    text.get(..end).unwrap_or_default().trim_end().to_owned()
}

pub(crate) fn s(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

#[expect(clippy::needless_pass_by_value, reason = "called with numbers, which are copied")]
pub(crate) fn n(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// Part of an item.
pub(crate) fn attribute(value: &impl Serialize) -> Result<AttributeValue, Fault> {
    serde_dynamo::to_attribute_value(value).map_err(|error| Fault::Internal {
        what: "writing a part of an item".to_owned(),
        source: Some(Box::new(error)),
    })
}

pub(crate) fn string(map: &Map, field: &str, table: Table) -> Result<String, Fault> {
    map.get(field)
        .and_then(|value| value.as_s().ok())
        .cloned()
        .ok_or_else(|| Fault::corrupt(table, format!("`{field}` is missing or not a string")))
}

/// Reads a stored string as `T`, as which `field` is corrupt if it can't be.
pub(crate) fn parsed<T: std::str::FromStr>(value: &str, field: &str, table: Table) -> Result<T, Fault> {
    value.parse().map_err(|_| Fault::corrupt(table, format!("`{field}` can't be read")))
}

/// A domain type kept as an item that is changed in place.
pub(crate) trait Stored: Sized {
    /// Its stored form.
    type Item: Shape + for<'a> From<&'a Self> + TryInto<Self, Error = Fault>;
    /// What a lost race over it is called.
    const KIND: Kind;

    /// Where it lies: partition key and, in a sorted table, sort key.
    fn key(&self) -> (String, Option<&'static str>);

    /// The sort key, where there are several under one partition key.
    fn sort_key(&self) -> Option<String> {
        self.key().1.map(str::to_owned)
    }
}

impl<T: Stored> FromItem for Versioned<T> {
    fn from_item(map: Map) -> Result<Self, Fault> {
        let table = T::Item::TABLE;
        let version = map
            .get("version")
            .and_then(|version| version.as_n().ok()?.parse().ok())
            .ok_or_else(|| Fault::corrupt(table, "`version` is missing or not a number"))?;
        let changed_by = match map.get("changed_by") {
            None => None,
            Some(AttributeValue::S(id)) => Some(parsed(id, "changed_by", table)?),
            Some(_) => return Err(Fault::corrupt(table, "`changed_by` is not a string")),
        };
        Ok(Self { value: T::Item::read(map)?.try_into()?, version: Version(version), changed_by })
    }
}

/// The item of `value`, one version on.
pub(crate) fn stored<T: Stored>(
    value: &T,
    version: Version,
    changed_by: Option<JournalId>,
) -> Result<Map, Fault> {
    let (pk, _) = value.key();
    let mut map = T::Item::from(value).write(&pk, value.sort_key().as_deref())?;
    map.insert("version".to_owned(), n(version.next().number()));
    if let Some(id) = changed_by {
        map.insert("changed_by".to_owned(), s(id.to_string()));
    }
    Ok(map)
}

impl Transaction {
    /// Writes `value` where it was loaded with `version`, or anew.
    pub(crate) fn put_versioned<T: Stored>(&mut self, version: Version, value: &T) -> &mut Self {
        let write = stored(value, version, self.changed_by)
            .map(|map| unchanged(Write::put(T::Item::TABLE, map), version, T::KIND));
        self.push(write)
    }

    /// Writes what is written once and never changed.
    pub(crate) fn put_once<I: Shape>(
        &mut self,
        item: &I,
        pk: &str,
        sk: Option<&str>,
        kind: Kind,
    ) -> &mut Self {
        let write = item.write(pk, sk).map(|map| Write::put(I::TABLE, map).when_new(Refusal::Stale(kind)));
        self.push(write)
    }
}

/// How often an item has been written: what a load returns and a save demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version(pub(crate) u64);

impl Version {
    /// The item must not exist yet.
    pub const NONE: Self = Self(0);

    /// As it is shown to who will say which one they have seen.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The one after a write that demands this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// Something loaded by key, with what a save of it demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// What was loaded.
    pub value: T,
    /// Its version.
    pub version: Version,
    /// The journal record that last changed it, by which a repeated call finds its own commit.
    pub changed_by: Option<JournalId>,
}

impl<T> Versioned<T> {
    /// The value, to be consumed by a transition, and the version its save demands.
    pub fn into_parts(self) -> (T, Version) {
        (self.value, self.version)
    }
}

impl<T> Deref for Versioned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Something that an index named. Indexes are behind, so no transition accepts it: reload it by its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stale<K>(pub(crate) K);

impl<K> Stale<K> {
    /// What to reload.
    pub fn key(self) -> K {
        self.0
    }
}

/// How far a paged question has been answered; handed back to go on. It may hold personal data (a name's token), so
/// it leaves the house only sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub(crate) String);

impl std::fmt::Debug for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Position(…)")
    }
}

/// A page of answers. It may be short, even empty, while there is more.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The answers.
    pub items: Vec<T>,
    /// Where to go on; `None` at the end.
    pub next: Option<Position>,
}
