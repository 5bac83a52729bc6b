//! Counters inside versioned items: conditional increments that raise the version, so that no save overwrites them.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure,
};

use crate::ask::FromItem;
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
pub(crate) struct Counter {
    pub(crate) field: &'static str,
    /// Counted only in this state,
    pub(crate) state: &'static str,
    /// and under this condition
    pub(crate) also: Option<&'static str>,
    /// with these values.
    pub(crate) values: Vec<(&'static str, AttributeValue)>,
}

impl Store {
    pub(crate) async fn count_in<T: Stored>(
        &self,
        table: Table,
        key: Map,
        counter: Counter,
    ) -> Result<Counted<T>, Fault> {
        let condition = match counter.also {
            Some(also) => format!("#state = :state AND {also}"),
            None => "#state = :state".to_owned(),
        };
        let mut request = self
            .client
            .update_item()
            .table_name(self.table(table)?)
            .set_key(Some(key))
            .update_expression(format!(
                "SET {field} = {field} + :one, version = version + :one",
                field = counter.field
            ))
            .condition_expression(condition)
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":state", s(counter.state))
            .expression_attribute_values(":one", n(1))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        for (placeholder, value) in counter.values {
            request = request.expression_attribute_values(placeholder, value);
        }
        match request.send().await {
            Ok(response) => {
                let item = response.attributes.ok_or_else(|| Fault::internal("DynamoDB sent no new item"))?;
                Ok(Counted::Yes(Versioned::from_item(item)?))
            }
            Err(SdkError::ServiceError(context)) => match context.err() {
                UpdateItemError::ConditionalCheckFailedException(failed) => {
                    let item = failed.item().cloned().filter(|item| !item.is_empty());
                    Ok(Counted::No(item.map(Versioned::from_item).transpose()?))
                }
                _ => Err(SdkError::ServiceError(context).into()),
            },
            Err(error) => Err(error.into()),
        }
    }
}
