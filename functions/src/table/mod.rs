//! The rows of the table, a file for each room. What comes with a caller or an idempotency key is granted by
//! [`Operation::touches`] and named in no row.

use store::tables::Table;

use crate::operation::Action::{BatchGetItem, ConditionCheckItem, DeleteItem, PutItem, UpdateItem};
use crate::operation::{Access, Action, Api, Grant, Idempotency, Memory, Method, Operation, Run, Trigger};

use crate::problem::joined;

mod admin;
mod jobs;
mod portal;

const READ: &[Action] = &[BatchGetItem];
const APPEND: &[Action] = &[PutItem];
const WRITE: &[Action] = &[BatchGetItem, PutItem];
/// A service, the lists it stands in, and what is counted beside it and the one above.
const WRITES_SERVICES: &[Action] = &[BatchGetItem, PutItem, UpdateItem, DeleteItem, ConditionCheckItem];

const fn grant(table: Table, actions: &'static [Action]) -> Grant {
    Grant { table, actions, indexes: &[] }
}

/// A request in the portal's API.
const fn portal(
    name: &'static str,
    summary: &'static str,
    method: Method,
    path: &'static str,
    access: Access,
    run: Run,
) -> Operation {
    http(name, summary, Trigger::Http { api: Api::Portal, method, path }, access, run)
}

/// A request in the admin API.
const fn admin(
    name: &'static str,
    summary: &'static str,
    method: Method,
    path: &'static str,
    access: Access,
    run: Run,
) -> Operation {
    http(name, summary, Trigger::Http { api: Api::Admin, method, path }, access, run)
}

const fn http(
    name: &'static str,
    summary: &'static str,
    trigger: Trigger,
    access: Access,
    run: Run,
) -> Operation {
    Operation {
        name,
        summary,
        trigger,
        access,
        mutates: true,
        idempotency: Idempotency::ByNature,
        memory: Memory::Small,
        timeout_seconds: 15,
        grants: &[],
        uses: &[],
        run,
    }
}

const fn job(
    name: &'static str,
    summary: &'static str,
    trigger: Trigger,
    memory: Memory,
    timeout_seconds: u16,
    run: Run,
) -> Operation {
    Operation { memory, timeout_seconds, ..http(name, summary, trigger, Access::System, run) }
}

/// How many operations there are.
const COUNT: usize = portal::OPERATIONS.len() + admin::OPERATIONS.len() + jobs::OPERATIONS.len();

/// Every operation.
pub const OPERATIONS: &[Operation] =
    &joined::<_, COUNT>(&[portal::OPERATIONS, admin::OPERATIONS, jobs::OPERATIONS]);
