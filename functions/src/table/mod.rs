//! The rows of the table, a file for each room. What comes with a caller or an idempotency key is granted by
//! [`Operation::touches`] and named in no row.

use store::tables::Table;

use crate::operation::Action::{BatchGetItem, PutItem};
use crate::operation::{Access, Action, Api, Grant, Idempotency, Memory, Method, Operation, Run, Trigger};

mod admin;
mod jobs;
mod portal;

const READ: &[Action] = &[BatchGetItem];
const APPEND: &[Action] = &[PutItem];
const WRITE: &[Action] = &[BatchGetItem, PutItem];

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
pub const OPERATIONS: &[Operation] = &all();

#[expect(clippy::indexing_slicing, reason = "evaluated at build: a place out of bounds stops it")]
const fn all() -> [Operation; COUNT] {
    let rooms = [portal::OPERATIONS, admin::OPERATIONS, jobs::OPERATIONS];
    let mut all = [portal::OPERATIONS[0]; COUNT];
    let (mut room, mut place, mut next) = (0, 0, 0);
    while room < rooms.len() {
        if place < rooms[room].len() {
            all[next] = rooms[room][place];
            (place, next) = (place + 1, next + 1);
        } else {
            (room, place) = (room + 1, 0);
        }
    }
    all
}
