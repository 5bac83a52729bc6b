//! Counters inside versioned items: conditional increments that raise the version, so that no save overwrites them, and
//! that name the attempt, so that the SDK's repetition of one whose answer was lost counts once.

use std::hash::{BuildHasher, Hasher, RandomState};

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure,
};

use crate::ask::FromItem;
use crate::commit::{RETRIES, backoff};
use crate::item::{Map, Stored, Versioned, n, s};
use crate::{Fault, Store, Table};

/// Whether something was counted, and what it is counted in as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counted<T> {
    /// It was, and the count includes it.
    Yes(Versioned<T>),
    /// It was not: the state is another, or the count is full. None where there is no such thing.
    No(Option<Versioned<T>>),
}

/// One more of what.
#[derive(Default)]
pub(crate) struct Counter {
    pub(crate) field: &'static str,
    /// Counted only in this state,
    pub(crate) state: &'static str,
    /// and under this condition
    pub(crate) also: Option<&'static str>,
    /// with these values.
    pub(crate) values: Vec<(&'static str, AttributeValue)>,
    /// A field that keeps when.
    pub(crate) at: Option<(&'static str, AttributeValue)>,
}

impl Counter {
    /// Of sign-ins that failed, while there are fewer than `most`.
    pub(crate) fn of_sign_ins(active: &'static str, most: u16) -> Self {
        Self {
            field: "failed_sign_ins",
            state: active,
            also: Some("failed_sign_ins < :most"),
            values: vec![(":most", n(most))],
            ..Self::default()
        }
    }
}

impl Store {
    /// Counts one more, and repeats it, bounded, while transactions have the item.
    pub(crate) async fn count_in<T: Stored>(
        &self,
        table: Table,
        key: Map,
        counter: Counter,
    ) -> Result<Counted<T>, Fault> {
        let also = counter.also.map(|also| format!(" AND {also}")).unwrap_or_default();
        let once = "(attribute_not_exists(attempt) OR attempt <> :attempt)";
        let attempt = nonce();
        let at = counter.at.as_ref().map(|(field, _)| format!(", {field} = :at")).unwrap_or_default();
        let mut contended = 0;
        let mut request = self
            .client
            .update_item()
            .table_name(self.table(table)?)
            .set_key(Some(key))
            .update_expression(format!(
                "SET {field} = {field} + :one, version = version + :one, attempt = :attempt{at}",
                field = counter.field
            ))
            .condition_expression(format!("#state = :state AND {once}{also}"))
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":state", s(counter.state))
            .expression_attribute_values(":one", n(1))
            .expression_attribute_values(":attempt", s(&attempt))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        if let Some((_, now)) = counter.at {
            request = request.expression_attribute_values(":at", now);
        }
        for (placeholder, value) in counter.values {
            request = request.expression_attribute_values(placeholder, value);
        }
        loop {
            let error = match request.clone().send().await {
                Ok(response) => {
                    let item =
                        response.attributes.ok_or_else(|| Fault::internal("DynamoDB sent no new item"))?;
                    return Ok(Counted::Yes(Versioned::from_item(item)?));
                }
                Err(error) => error,
            };
            match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    let Some(item) = failed.item().cloned().filter(|item| !item.is_empty()) else {
                        return Ok(Counted::No(None));
                    };
                    let ours = item.get("attempt").is_some_and(|last| *last == s(&attempt));
                    let found = Versioned::from_item(item)?;
                    return Ok(if ours { Counted::Yes(found) } else { Counted::No(Some(found)) });
                }
                Some(UpdateItemError::TransactionConflictException(_)) if contended < RETRIES => {
                    tokio::time::sleep(backoff(&attempt, contended)).await;
                    contended += 1;
                }
                Some(UpdateItemError::TransactionConflictException(_)) => return Err(Fault::contention()),
                _ => return Err(error.into()),
            }
        }
    }
}

/// Tells one attempt from every other. It decides nothing but whether two requests are the same one.
pub(crate) fn nonce() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
