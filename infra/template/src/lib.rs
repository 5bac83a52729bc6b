//! The deployment's templates, written from the table of operations and the shapes of the tables.
//!
//! `parts/` holds what is written by hand. A line `#+ name` in it stands for a block written here, so that no function,
//! role, table, queue or parameter can be forgotten or drift.

#![expect(
    clippy::format_collect,
    clippy::format_push_string,
    reason = "text is put together once, by hand; how it reads here is worth more than an allocation"
)]

mod alarms_part;
mod dashboard_part;
mod figures_part;
mod functions_part;
mod jobs_part;
mod metric;
mod needs;
mod tables_part;
mod text;

use std::collections::BTreeMap;

use ::functions::operation::{Api, OPERATIONS, Operation, Trigger};

use crate::needs::{Need, needs};
use crate::text::{blocks, fill};

/// What every written file begins with.
const HEADER: &str = "# Written by `make template` from infra/template/parts, functions::operation::OPERATIONS and\n\
                      # store::tables::TABLES. Change those.\n";

/// The room of the operations that neither API starts.
const JOBS: &str = "jobs";

/// The written files by their names in `infra/`.
#[must_use]
pub fn stacks() -> BTreeMap<&'static str, String> {
    [
        ("admin.yaml", functions(include_str!("../parts/admin.yaml"), "admin")),
        ("data.yaml", fill(include_str!("../parts/data.yaml"), tables_part::block)),
        ("jobs.yaml", functions(include_str!("../parts/jobs.yaml"), JOBS)),
        ("portal.yaml", functions(include_str!("../parts/portal.yaml"), "portal")),
        ("template.yaml", fill(include_str!("../parts/template.yaml"), root_block)),
    ]
    .map(|(file, text)| (file, format!("{HEADER}{text}")))
    .into()
}

/// The operations of one stack, in the table's order.
fn operations_of(stack: &str) -> Vec<&'static Operation> {
    let of = |operation: &Operation| match operation.trigger {
        Trigger::Http { api: Api::Portal, .. } => "portal",
        Trigger::Http { api: Api::Admin, .. } => "admin",
        _ => JOBS,
    };
    OPERATIONS.iter().filter(|operation| of(operation) == stack).collect()
}

fn functions(part: &str, stack: &'static str) -> String {
    let operations = operations_of(stack);
    fill(part, |name| match name {
        "parameters" => Some(needs(&operations).into_iter().map(Need::parameter).collect()),
        "alarms" => Some(alarms_part::block(stack)),
        "figures" => Some(figures_part::block(&operations)),
        "functions" => Some(blocks(operations.iter().map(|operation| functions_part::function(operation)))),
        _ => jobs_part::block(name, &operations),
    })
}

fn root_block(name: &str) -> Option<String> {
    if let Some(stack) = name.strip_suffix(" arguments") {
        return Some(needs(&operations_of(stack)).into_iter().map(Need::argument).collect());
    }
    if name == "dashboard" {
        return Some(dashboard_part::block());
    }
    tables_part::root_block(name)
}

#[cfg(test)]
mod tests;
