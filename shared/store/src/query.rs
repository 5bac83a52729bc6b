//! Questions answered by a range of rows, a page at a time.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use serde_json::Value;

use crate::item::{Map, Page, Position, n, s};
use crate::tables::{IndexShape, KeyType};
use crate::{Fault, Store, Table};

/// Which rows.
pub(crate) struct Rows {
    table: Table,
    index: Option<&'static IndexShape>,
    pk: String,
    range: Option<&'static str>,
    values: Vec<(&'static str, AttributeValue)>,
    consistent: bool,
    newest_first: bool,
    after: Option<Position>,
    limit: u32,
}

impl Rows {
    pub(crate) fn of(table: Table, pk: impl Into<String>) -> Self {
        Self {
            table,
            index: None,
            pk: pk.into(),
            range: None,
            values: Vec::new(),
            consistent: false,
            newest_first: false,
            after: None,
            limit: 100,
        }
    }

    pub(crate) fn of_index(table: Table, index: &'static IndexShape, hash: impl Into<String>) -> Self {
        Self { index: Some(index), ..Self::of(table, hash) }
    }

    /// Only those whose sort key fulfils the condition.
    pub(crate) fn range<const N: usize>(
        mut self,
        condition: &'static str,
        values: [(&'static str, AttributeValue); N],
    ) -> Self {
        self.range = Some(condition);
        self.values.extend(values);
        self
    }

    /// Read strongly, as the rows are at this moment.
    pub(crate) fn consistent(mut self) -> Self {
        self.consistent = true;
        self
    }

    pub(crate) fn newest_first(self) -> Self {
        self.backwards(true)
    }

    pub(crate) fn backwards(mut self, backwards: bool) -> Self {
        self.newest_first = backwards;
        self
    }

    pub(crate) fn page(mut self, after: Option<&Position>, limit: u32) -> Self {
        self.after = after.cloned();
        self.limit = limit.clamp(1, 1000);
        self
    }

    /// The key attributes by which DynamoDB goes on, the question's own partition left out.
    fn position_fields(&self) -> Vec<(&'static str, KeyType)> {
        let index = self.index.map(|index| index.range);
        let own = self.table.shape().sorted.then_some(("sk", KeyType::S));
        let mut fields: Vec<_> = index.into_iter().collect();
        // A key of an index holds the table's own key too.
        let keys = index.map(|_| ("pk", KeyType::S)).into_iter().chain(own);
        fields.extend(keys.filter(|key| Some(*key) != index));
        fields
    }

    fn partition(&self) -> &'static str {
        self.index.map_or("pk", |index| index.hash.0)
    }

    fn start(&self) -> Result<Option<Map>, Fault> {
        let Some(Position(text)) = &self.after else {
            return Ok(None);
        };
        let bad = || Fault::internal("a position of another question");
        let values: Vec<Value> = serde_json::from_str(text).map_err(|_| bad())?;
        let fields = self.position_fields();
        if fields.len() != values.len() {
            return Err(bad());
        }
        let mut key = Map::from([(self.partition().to_owned(), s(&self.pk))]);
        for ((field, kind), value) in fields.into_iter().zip(&values) {
            let value = match (kind, value) {
                (KeyType::S, Value::String(text)) => s(text),
                (KeyType::N, Value::Number(number)) => n(number),
                _ => return Err(bad()),
            };
            key.insert(field.to_owned(), value);
        }
        Ok(Some(key))
    }

    fn position(&self, last: &Map) -> Option<Position> {
        let values = self.position_fields().into_iter().map(|(field, _)| match last.get(field)? {
            AttributeValue::S(text) => Some(Value::from(text.clone())),
            AttributeValue::N(number) => number.parse::<i64>().ok().map(Value::from),
            _ => None,
        });
        Some(Position(Value::from(values.collect::<Option<Vec<_>>>()?).to_string()))
    }
}

/// One of several equal parts of a table's items of one kind, told by how a key begins.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    pub(crate) table: Table,
    pub(crate) key: (&'static str, &'static str),
    pub(crate) segment: u32,
    pub(crate) segments: u32,
}

impl Page<Map> {
    pub(crate) fn read<T>(self, read: impl FnMut(Map) -> Result<T, Fault>) -> Result<Page<T>, Fault> {
        Ok(Page { items: self.items.into_iter().map(read).collect::<Result<_, _>>()?, next: self.next })
    }
}

impl Store {
    pub(crate) async fn rows(&self, rows: Rows) -> Result<Page<Map>, Fault> {
        let mut condition = "#hash = :hash".to_owned();
        if let Some(range) = rows.range {
            condition = format!("{condition} AND {range}");
        }
        let mut request = self
            .client
            .query()
            .table_name(self.table(rows.table)?)
            .set_index_name(rows.index.map(|index| index.name.to_owned()))
            .key_condition_expression(condition)
            .expression_attribute_names("#hash", rows.partition())
            .expression_attribute_values(":hash", s(&rows.pk))
            .set_exclusive_start_key(rows.start()?)
            .consistent_read(rows.consistent)
            .scan_index_forward(!rows.newest_first)
            .limit(i32::try_from(rows.limit).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        for (placeholder, value) in &rows.values {
            request = request.expression_attribute_values(*placeholder, value.clone());
        }
        let response = request.send().await?;
        let next = response.last_evaluated_key.as_ref().and_then(|last| rows.position(last));
        Ok(Page { items: response.items.unwrap_or_default(), next })
    }

    /// Removes every item of a table whose items expire anyhow: sessions, requests, answers. For jobs alone. Answers
    /// with how many there were.
    ///
    /// # Errors
    /// `Unavailable` or `Refused`; what was removed until then is gone.
    pub async fn clear(&self, table: Table) -> Result<usize, Fault> {
        if !table.shape().expires || table.shape().append_only {
            return Err(Fault::internal("a table that keeps what it has"));
        }
        let name = self.table(table)?;
        let (mut cleared, mut start) = (0, None);
        loop {
            let scan = self.client.scan().table_name(name).consistent_read(true).projection_expression("pk");
            let page = scan
                .set_exclusive_start_key(start)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await?;
            for key in page.items.unwrap_or_default() {
                let delete = self.client.delete_item().table_name(name).set_key(Some(key));
                delete.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await?;
                cleared += 1;
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(cleared);
            }
        }
    }

    /// Reads on through a whole table, strongly; `limit` counts items of every kind. For jobs only.
    pub(crate) async fn scan(
        &self,
        part: Part,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<Map>, Fault> {
        let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        let bad = |_| Fault::internal("a position of another question");
        let start: Option<HashMap<String, String>> =
            after.map(|Position(text)| serde_json::from_str(text)).transpose().map_err(bad)?;
        let start = start.map(|key| key.into_iter().map(|(field, value)| (field, s(value))).collect());
        let (field, prefix) = part.key;
        let response = self
            .client
            .scan()
            .table_name(self.table(part.table)?)
            .filter_expression("begins_with(#key, :prefix)")
            .expression_attribute_names("#key", field)
            .expression_attribute_values(":prefix", s(prefix))
            .segment(number(part.segment))
            .total_segments(number(part.segments))
            .consistent_read(true)
            .set_exclusive_start_key(start)
            .limit(number(limit.clamp(1, 1000)))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        let next = response.last_evaluated_key.map(|last| {
            let key = last.iter().filter_map(|(field, value)| Some((field, value.as_s().ok()?)));
            Position(serde_json::json!(key.collect::<HashMap<_, _>>()).to_string())
        });
        Ok(Page { items: response.items.unwrap_or_default(), next })
    }
}
