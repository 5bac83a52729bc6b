//! The messages of the queues, in the data file.

use rusqlite::{Connection, params};

use crate::aws::random_id;
use crate::data::Data;

/// A received message.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) number: i64,
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) sent_at: i64,
    /// How often it was received, this time included.
    pub(crate) receives: i64,
    pub(crate) first_received_at: i64,
}

/// Puts a message into a queue.
pub(crate) fn send(sql: &Connection, queue: &str, body: &str, now: i64) -> rusqlite::Result<()> {
    sql.execute(
        "INSERT INTO local_queue (queue, id, body, sent_at, visible_at) VALUES (?1, ?2, ?3, ?4, ?4)",
        params![queue, random_id(), body, now],
    )?;
    Ok(())
}

/// Takes up to `limit` messages that are visible, in the order they were sent, and hides them for a while.
pub(crate) fn receive(
    sql: &Connection,
    queue: &str,
    limit: u32,
    visible_at: i64,
    now: i64,
    hidden_until: i64,
) -> rusqlite::Result<Vec<Message>> {
    let mut statement = sql.prepare_cached(
        "UPDATE local_queue
         SET receives = receives + 1, visible_at = ?4, first_received_at = COALESCE(first_received_at, ?2)
         WHERE number IN (SELECT number FROM local_queue WHERE queue = ?1 AND visible_at <= ?5
                          ORDER BY number LIMIT ?3)
         RETURNING number, id, body, sent_at, receives, first_received_at",
    )?;
    let rows = statement.query_map(params![queue, now, limit, hidden_until, visible_at], |row| {
        Ok(Message {
            number: row.get(0)?,
            id: row.get(1)?,
            body: row.get(2)?,
            sent_at: row.get(3)?,
            receives: row.get(4)?,
            first_received_at: row.get(5)?,
        })
    })?;
    let mut messages = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    messages.sort_by_key(|message| message.number);
    Ok(messages)
}

/// Removes a message that was dealt with.
pub(crate) fn delete(sql: &Connection, number: i64) -> rusqlite::Result<()> {
    sql.execute("DELETE FROM local_queue WHERE number = ?1", [number]).map(|_| ())
}

/// Moves the visible messages that were received in vain too often to another queue.
pub(crate) fn bury(
    sql: &Connection,
    queue: &str,
    visible_at: i64,
    most: i64,
    dead_letters: &str,
    now: i64,
) -> rusqlite::Result<()> {
    let buried = sql
        .prepare_cached(
            "UPDATE local_queue SET queue = ?4, visible_at = ?5, receives = 0, first_received_at = NULL
             WHERE queue = ?1 AND visible_at <= ?2 AND receives >= ?3",
        )?
        .execute(params![queue, visible_at, most, dead_letters, now])?;
    if buried > 0 {
        tracing::error!(queue, dead_letters, buried, "messages failed too often");
    }
    Ok(())
}

/// Moves all messages of a dead-letter queue back to where they failed: how many.
pub(crate) fn redrive(
    sql: &Connection,
    dead_letters: &str,
    queue: &str,
    now: i64,
) -> rusqlite::Result<usize> {
    sql.execute(
        "UPDATE local_queue SET queue = ?2, visible_at = ?3, receives = 0, first_received_at = NULL
         WHERE queue = ?1",
        params![dead_letters, queue, now],
    )
}

/// How many messages a queue has, and when the oldest was sent.
pub(crate) fn backlog(sql: &Connection, queue: &str) -> rusqlite::Result<(usize, Option<i64>)> {
    sql.query_row("SELECT COUNT(*), MIN(sent_at) FROM local_queue WHERE queue = ?1", [queue], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// Shows every hidden message: at the start, when whoever had received them is gone.
pub(crate) fn show_all(sql: &Connection, now: i64) -> rusqlite::Result<usize> {
    sql.execute("UPDATE local_queue SET visible_at = ?1 WHERE visible_at > ?1", [now])
}

/// When the next message of a queue becomes visible.
pub(crate) fn next_visible(sql: &Connection, queue: &str) -> rusqlite::Result<Option<i64>> {
    sql.query_row("SELECT MIN(visible_at) FROM local_queue WHERE queue = ?1", [queue], |row| row.get(0))
}

/// The bodies of all messages in a queue, oldest first.
pub(crate) fn bodies(data: &Data, queue: &str) -> rusqlite::Result<Vec<String>> {
    data.sql(|sql| {
        sql.prepare("SELECT body FROM local_queue WHERE queue = ?1 ORDER BY number")?
            .query_map([queue], |row| row.get(0))?
            .collect()
    })
}
