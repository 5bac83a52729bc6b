CREATE TABLE IF NOT EXISTS local_meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS local_mail (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    mail TEXT NOT NULL
);

-- Times are milliseconds since 1970 of the local clock.
CREATE TABLE IF NOT EXISTS local_queue (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    visible_at INTEGER NOT NULL,
    receives INTEGER NOT NULL DEFAULT 0,
    first_received_at INTEGER
);
CREATE INDEX IF NOT EXISTS local_queue_next ON local_queue (queue, visible_at, number);

CREATE TABLE IF NOT EXISTS local_object (
    bucket TEXT NOT NULL,
    key TEXT NOT NULL,
    body BLOB NOT NULL,
    headers TEXT NOT NULL,
    stored_at INTEGER NOT NULL,
    PRIMARY KEY (bucket, key)
);

CREATE TABLE IF NOT EXISTS local_secret (
    name TEXT PRIMARY KEY,
    version TEXT NOT NULL,
    value TEXT NOT NULL,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS local_schedule (
    name TEXT PRIMARY KEY,
    last_due INTEGER NOT NULL
) WITHOUT ROWID;
