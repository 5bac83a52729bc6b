//! The tables, as data: the template, the local runner and the tests make them from [`TABLES`].

use std::collections::HashMap;

/// A table by its logical name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// The agency's settings, classes, sites, keys and texts.
    Settings,
    /// Individuals and the rows they are found by.
    Individuals,
    /// Accounts, who holds which, and licences.
    Accounts,
    /// Sign-in names of open accounts, with password hashes.
    Credentials,
    /// Workers.
    Workers,
    /// Sign-in names of workers, with password hashes.
    WorkerCredentials,
    /// Clients' sessions.
    Sessions,
    /// Workers' sessions.
    WorkerSessions,
    /// Counters that slow callers down.
    Throttles,
    /// Answers of calls that may be repeated.
    Idempotency,
    /// Audit trail and outbox; append only.
    Journal,
    /// Sign-ins, refusals, staff views; append only.
    AccessLog,
    /// What became of each mail; append only.
    Mail,
    /// Long work and its reports.
    Jobs,
    /// What was asked for by an address, until a job has looked whose it is.
    Requests,
    /// What happened, by day and month, and how many accounts there are.
    Statistics,
    /// Services, groups and series.
    Services,
    /// What each individual is enrolled in, and asked for.
    ServiceFiles,
}

/// Type of a key attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    /// A string.
    S,
    /// A number.
    N,
}

/// A key attribute: its name and type.
pub type KeyAttribute = (&'static str, KeyType);

/// A secondary index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexShape {
    /// Its name.
    pub name: &'static str,
    /// Partition key.
    pub hash: KeyAttribute,
    /// Sort key.
    pub range: KeyAttribute,
    /// Projects whole items rather than keys only.
    pub whole_items: bool,
}

/// What a table is made of. Partition keys are always `pk` and sort keys `sk`, both strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own")]
pub struct TableShape {
    /// Which table.
    pub table: Table,
    /// Name in `docs/data.md` and in the template.
    pub name: &'static str,
    /// Environment variable that carries the physical name.
    pub env_var: &'static str,
    /// Has a sort key.
    pub sorted: bool,
    /// Its secondary indexes.
    pub indexes: &'static [IndexShape],
    /// Items carry `ttl`, epoch seconds after which DynamoDB may remove them.
    pub expires: bool,
    /// Its stream carries new images.
    pub stream: bool,
    /// Items are never changed or deleted.
    pub append_only: bool,
}

const fn shape(table: Table, name: &'static str, env_var: &'static str) -> TableShape {
    TableShape {
        table,
        name,
        env_var,
        sorted: true,
        indexes: &[],
        expires: false,
        stream: false,
        append_only: false,
    }
}

const fn expiring(table: Table, name: &'static str, env_var: &'static str) -> TableShape {
    TableShape { sorted: false, expires: true, ..shape(table, name, env_var) }
}

/// Accounts with which something is to be done at a time.
pub(crate) const DUE: IndexShape = IndexShape {
    name: "due",
    hash: ("due_shard", KeyType::S),
    range: ("due_at", KeyType::N),
    whole_items: false,
};

/// Accounts that need a worker.
pub(crate) const ALERTS: IndexShape = IndexShape {
    name: "alerts",
    hash: ("alert_list", KeyType::S),
    range: ("alert_at", KeyType::S),
    whole_items: false,
};

/// Accounts by state and reason: Pending ones by when their invitation ends, others by since when.
pub(crate) const STATUS: IndexShape = IndexShape {
    name: "status",
    hash: ("status", KeyType::S),
    range: ("status_at", KeyType::S),
    whole_items: false,
};

/// Accounts by sign-in name, closed ones too.
pub(crate) const SIGN_IN_NAME: IndexShape = IndexShape {
    name: "sign_in_name",
    hash: ("sign_in_name", KeyType::S),
    range: ("individual", KeyType::S),
    whole_items: false,
};

/// Accounts to whose sign-in email a mail came back.
pub(crate) const BOUNCED: IndexShape = IndexShape {
    name: "bounced",
    hash: ("bounced_list", KeyType::S),
    range: ("bounced_at", KeyType::S),
    whole_items: false,
};

/// The journal by day.
pub(crate) const DAY: IndexShape = IndexShape {
    name: "day",
    hash: ("day_shard", KeyType::S),
    range: ("sk", KeyType::S),
    whole_items: false,
};

/// Mails by individual.
pub(crate) const INDIVIDUAL: IndexShape = IndexShape {
    name: "individual",
    hash: ("individual", KeyType::S),
    range: ("pk", KeyType::S),
    whole_items: true,
};

/// Sessions by whose they are.
pub(crate) const HOLDER: IndexShape = IndexShape {
    name: "holder",
    hash: ("holder", KeyType::S),
    range: ("opened_at", KeyType::S),
    whole_items: true,
};

/// Service requests by whether they wait.
pub(crate) const REQUESTS: IndexShape = IndexShape {
    name: "requests",
    hash: ("request_list", KeyType::S),
    range: ("request_at", KeyType::S),
    whole_items: false,
};

/// Places on the rosters of groups and series.
pub(crate) const ROSTER: IndexShape =
    IndexShape { name: "roster", hash: ("roster", KeyType::S), range: ("pk", KeyType::S), whole_items: true };

/// Every table, in the order of [`Table`].
pub const TABLES: &[TableShape] = &[
    shape(Table::Settings, "settings", "SETTINGS_TABLE"),
    shape(Table::Individuals, "individuals", "INDIVIDUALS_TABLE"),
    TableShape {
        sorted: false,
        indexes: &[DUE, ALERTS, STATUS, SIGN_IN_NAME, BOUNCED],
        ..shape(Table::Accounts, "accounts", "ACCOUNTS_TABLE")
    },
    TableShape { sorted: false, ..shape(Table::Credentials, "credentials", "CREDENTIALS_TABLE") },
    shape(Table::Workers, "workers", "WORKERS_TABLE"),
    TableShape {
        sorted: false,
        ..shape(Table::WorkerCredentials, "worker_credentials", "WORKER_CREDENTIALS_TABLE")
    },
    TableShape { indexes: &[HOLDER], ..expiring(Table::Sessions, "sessions", "SESSIONS_TABLE") },
    TableShape {
        indexes: &[HOLDER],
        ..expiring(Table::WorkerSessions, "worker_sessions", "WORKER_SESSIONS_TABLE")
    },
    expiring(Table::Throttles, "throttles", "THROTTLES_TABLE"),
    expiring(Table::Idempotency, "idempotency", "IDEMPOTENCY_TABLE"),
    TableShape {
        indexes: &[DAY],
        stream: true,
        append_only: true,
        ..shape(Table::Journal, "journal", "JOURNAL_TABLE")
    },
    TableShape {
        expires: true,
        append_only: true,
        ..shape(Table::AccessLog, "access_log", "ACCESS_LOG_TABLE")
    },
    TableShape { indexes: &[INDIVIDUAL], append_only: true, ..shape(Table::Mail, "mail", "MAIL_TABLE") },
    shape(Table::Jobs, "jobs", "JOBS_TABLE"),
    TableShape { stream: true, ..expiring(Table::Requests, "requests", "REQUESTS_TABLE") },
    shape(Table::Statistics, "statistics", "STATISTICS_TABLE"),
    shape(Table::Services, "services", "SERVICES_TABLE"),
    TableShape {
        indexes: &[REQUESTS, ROSTER],
        ..shape(Table::ServiceFiles, "service_files", "SERVICE_FILES_TABLE")
    },
];

impl Table {
    /// Its shape.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "TABLES has every table in this order, which a test checks")]
    pub const fn shape(self) -> &'static TableShape {
        &TABLES[self as usize]
    }

    /// Its name in `docs/data.md` and in the template.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.shape().name
    }

    /// The environment variable that carries its physical name.
    #[must_use]
    pub const fn env_var(self) -> &'static str {
        self.shape().env_var
    }

    /// Every table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLES.iter().map(|shape| shape.table)
    }
}

/// Physical names of the tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableNames(HashMap<Table, String>);

impl TableNames {
    /// Takes each name from `lookup`, which is given the environment variable's name. A table that a function may not
    /// touch has none.
    pub fn from_lookup(mut lookup: impl FnMut(&'static str) -> Option<String>) -> Self {
        Self(Table::all().filter_map(|table| Some((table, lookup(table.env_var())?))).collect())
    }

    /// Physical names that are the logical names after `prefix`.
    #[must_use]
    pub fn with_prefix(prefix: &str) -> Self {
        Self(Table::all().map(|table| (table, format!("{prefix}{}", table.name()))).collect())
    }

    /// The physical name, where the function was given one.
    #[must_use]
    pub fn get(&self, table: Table) -> Option<&str> {
        self.0.get(&table).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_its_own_shape() {
        for (place, shape) in TABLES.iter().enumerate() {
            assert_eq!(shape.table as usize, place, "{}", shape.name);
            assert_eq!(shape.env_var, format!("{}_TABLE", shape.name.to_uppercase()));
        }
    }
}
