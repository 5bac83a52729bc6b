//! Making the tables, and what a changed template adds to them.

use dynoxide::DynoxideError;
use serde_json::{Value, json};

use super::LocalAws;
use crate::data::DataError;

/// A table as the template describes it.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Its physical name.
    pub name: String,
    /// The partition key.
    pub pk: String,
    /// The sort key.
    pub sk: Option<String>,
    /// Global secondary indexes.
    pub indexes: Vec<Index>,
    /// Key attributes that are numbers; the others are strings.
    pub numbers: Vec<String>,
    /// The attribute that holds an expiry time, in seconds since 1970. Nothing expires here.
    pub ttl: Option<String>,
    /// What the stream shows (`NEW_IMAGE` and so on), if there is a stream.
    pub stream: Option<String>,
}

/// A global secondary index.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// The partition key.
    pub pk: String,
    /// The sort key.
    pub sk: Option<String>,
    /// `ALL`, `KEYS_ONLY` or `INCLUDE`.
    pub projection: String,
    /// What an `INCLUDE` includes.
    pub includes: Vec<String>,
}

fn keys(pk: &str, sk: Option<&str>) -> Value {
    let mut keys = vec![json!({ "AttributeName": pk, "KeyType": "HASH" })];
    keys.extend(sk.map(|sk| json!({ "AttributeName": sk, "KeyType": "RANGE" })));
    Value::Array(keys)
}

impl Index {
    fn json(&self) -> Value {
        let projection = if self.includes.is_empty() {
            json!({ "ProjectionType": self.projection })
        } else {
            json!({ "ProjectionType": self.projection, "NonKeyAttributes": self.includes })
        };
        json!({
            "IndexName": self.name, "KeySchema": keys(&self.pk, self.sk.as_deref()), "Projection": projection,
        })
    }
}

impl Table {
    fn attributes(&self) -> Value {
        let own = [Some(&self.pk), self.sk.as_ref()];
        let mut names: Vec<&String> = own
            .into_iter()
            .chain(self.indexes.iter().flat_map(|index| [Some(&index.pk), index.sk.as_ref()]))
            .flatten()
            .collect();
        names.sort();
        names.dedup();
        let kind = |name| if self.numbers.contains(name) { "N" } else { "S" };
        names.into_iter().map(|name| json!({ "AttributeName": name, "AttributeType": kind(name) })).collect()
    }

    fn creation(&self) -> Value {
        let mut creation = json!({
            "TableName": self.name,
            "KeySchema": keys(&self.pk, self.sk.as_deref()),
            "AttributeDefinitions": self.attributes(),
            "BillingMode": "PAY_PER_REQUEST",
        });
        let Some(members) = creation.as_object_mut() else { return creation };
        if !self.indexes.is_empty() {
            let indexes = self.indexes.iter().map(Index::json).collect();
            members.insert("GlobalSecondaryIndexes".to_owned(), indexes);
        }
        if let Some(view) = &self.stream {
            let stream = json!({ "StreamEnabled": true, "StreamViewType": view });
            members.insert("StreamSpecification".to_owned(), stream);
        }
        creation
    }
}

impl LocalAws {
    /// Creates the tables that don't exist, and adds the indexes and streams that existing ones lack. What a table
    /// has beyond its description stays.
    ///
    /// # Errors
    /// When a description is refused, or an existing table has other keys.
    pub fn create_tables(&self, tables: &[Table]) -> Result<(), DataError> {
        tables.iter().try_for_each(|table| self.data().write_tables(|database| create(database, table)))?;
        Ok(())
    }
}

fn create(database: &dynoxide::Database, table: &Table) -> Result<(), DynoxideError> {
    let Some(existing) = database.get_table_metadata(&table.name)? else {
        database.create_table(request(table.creation())?)?;
        return set_ttl(database, table);
    };
    let schema: Value = serde_json::from_str(&existing.key_schema).unwrap_or_default();
    if schema != keys(&table.pk, table.sk.as_deref()) {
        return Err(DynoxideError::ValidationException(format!(
            "the table {} exists with other keys than the template gives it",
            table.name
        )));
    }
    let indexes = existing.gsi_definitions.unwrap_or_default();
    for index in table.indexes.iter().filter(|index| !indexes.contains(&format!("\"{}\"", index.name))) {
        database.update_table(request(json!({
            "TableName": table.name,
            "AttributeDefinitions": table.attributes(),
            "GlobalSecondaryIndexUpdates": [{ "Create": index.json() }],
        }))?)?;
    }
    if let Some(view) = table.stream.as_ref().filter(|_| !existing.stream_enabled) {
        database.update_table(request(json!({
            "TableName": table.name,
            "StreamSpecification": { "StreamEnabled": true, "StreamViewType": view },
        }))?)?;
    }
    set_ttl(database, table)
}

fn set_ttl(database: &dynoxide::Database, table: &Table) -> Result<(), DynoxideError> {
    let current = database.get_table_metadata(&table.name)?.and_then(|metadata| metadata.ttl_attribute);
    if let Some(attribute) = table.ttl.as_ref().filter(|ttl| current.as_ref() != Some(ttl)) {
        database.update_time_to_live(request(json!({
            "TableName": table.name,
            "TimeToLiveSpecification": { "AttributeName": attribute, "Enabled": true },
        }))?)?;
    }
    Ok(())
}

fn request<T: serde::de::DeserializeOwned>(json: Value) -> Result<T, DynoxideError> {
    serde_json::from_value(json).map_err(|error| DynoxideError::ValidationException(error.to_string()))
}
