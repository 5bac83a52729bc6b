//! `docs/data.md` says what is so.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use super::*;

const DATA: &str = include_str!("../../../../docs/data.md");
const ASK: &str = include_str!("../ask.rs");
const STORE: &[&str] = &[
    include_str!("../access_log.rs"),
    include_str!("../account.rs"),
    include_str!("../bulk.rs"),
    include_str!("../individual.rs"),
    include_str!("../journal.rs"),
    include_str!("../mail.rs"),
    include_str!("../query.rs"),
    include_str!("../requests.rs"),
    include_str!("../service.rs"),
    include_str!("../service_file.rs"),
    include_str!("../service_request.rs"),
    include_str!("../session.rs"),
    include_str!("../statistics.rs"),
    include_str!("../throttles.rs"),
    include_str!("../worker.rs"),
];

/// The rows of every table whose first column has this name, by column.
fn rows(first: &str) -> Vec<BTreeMap<&'static str, &'static str>> {
    let cells = |line: &'static str| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>();
    let mut found = Vec::new();
    let mut lines = DATA.lines();
    while let Some(line) = lines.next() {
        if line.starts_with(&format!("| {first} |")) {
            let columns = cells(line);
            let body = lines.by_ref().take_while(|line| line.starts_with('|')).skip(1);
            found.extend(body.map(|line| {
                let cells = cells(line);
                assert_eq!(cells.len(), columns.len(), "{line}");
                columns.iter().copied().zip(cells).collect()
            }));
        }
    }
    found
}

#[test]
fn the_tables_are_those_documented() {
    let index = |(name, kind): (&str, KeyType)| {
        if kind == KeyType::N { format!("{name}:N") } else { name.to_owned() }
    };
    let built: Vec<[String; 7]> = TABLES
        .iter()
        .map(|shape| {
            let indexes = shape.indexes.iter().map(|of| {
                let whole = if of.whole_items { " ALL" } else { "" };
                format!("{} ({}, {}){whole}", of.name, index(of.hash), index(of.range))
            });
            let when = |flag: bool, text: &str| if flag { text.to_owned() } else { String::new() };
            [
                shape.name.to_owned(),
                shape.env_var.to_owned(),
                if shape.sorted { "pk, sk" } else { "pk" }.to_owned(),
                indexes.collect::<Vec<_>>().join("; "),
                when(shape.expires, "ttl"),
                when(shape.stream, "NEW_IMAGE"),
                when(shape.append_only, "yes"),
            ]
        })
        .collect();
    let columns = ["table", "env", "key", "indexes", "ttl", "stream", "append only"];
    let documented: Vec<_> =
        rows("table").iter().map(|row| columns.map(|column| row[column].to_owned())).collect();
    assert_eq!(documented, built);
}

#[test]
fn every_question_has_its_table_and_its_function() {
    let mut named = BTreeSet::new();
    for row in rows("question") {
        let (question, later) = (row["question"], row["when"].starts_with("later"));
        let table = TABLES.iter().find(|shape| shape.name == row["table"]);
        assert!(table.is_some() || later, "{question}: no table {}", row["table"]);
        let index = row["index"];
        let known = table.is_some_and(|table| table.indexes.iter().any(|of| of.name == index));
        assert!(index.is_empty() || later || known, "{question}: no index {index}");
        assert_eq!(row["store"].is_empty(), later, "{question}: what is asked now is asked of the store");
        named.extend(
            row["store"]
                .split(", ")
                .filter(|name| !name.is_empty())
                .map(|name| name.trim_matches('`').to_owned()),
        );
    }
    let functions = |text: &str, begin: &str| -> Vec<String> {
        let after = text.split(begin).skip(1);
        after.map(|rest| rest.split(['(', '<']).next().unwrap().to_owned()).collect()
    };
    let mut public: BTreeSet<String> =
        functions(ASK, "\npub fn ").iter().map(|name| format!("ask::{name}")).collect();
    for text in STORE {
        public.extend(functions(text, "    pub async fn ").iter().map(|name| format!("Store::{name}")));
    }
    let elsewhere = [
        "Transaction::begin_applying",
        "Transaction::claim_sign_in_name",
        "Transaction::take_licence",
        "journal::from_stream",
        "requests::from_stream",
    ];
    public.extend(elsewhere.map(str::to_owned));
    assert_eq!(named, public);
}

/// What a transaction takes, in write units.
async fn units(store: &Store, transaction: Transaction) -> f64 {
    let items = transaction.writes.into_iter().map(|write| write.into_sdk(store).unwrap()).collect();
    let request = store.client.transact_write_items().set_transact_items(Some(items));
    let response = request.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await.unwrap();
    response
        .consumed_capacity()
        .iter()
        .filter_map(aws_sdk_dynamodb::types::ConsumedCapacity::capacity_units)
        .sum()
}

#[tokio::test]
async fn opening_and_ending_an_account_cost_what_is_documented() {
    let store = store_with_licences(80).await;
    let changed = opened(10, &individual(1, "Zoë", "Quinn", "zoe@example.org"));
    let told = |number| JournalRecord {
        transition: Some(changed.transition),
        events: changed.events.clone(),
        ..record(number, 1)
    };
    let mut transaction = Transaction::new(&told(100));
    transaction.change_account(Version::NONE, &changed, false, None).answer("call", "0f", "{}", at(0));
    assert!((units(&store, transaction).await - 16.0).abs() < 0.1);

    let bulk = opened(11, &individual(2, "Zoë", "Quinn", "zoe2@example.org"));
    let mut transaction = Transaction::new(&told(101));
    transaction.change_account(Version::NONE, &bulk, false, None);
    assert!((units(&store, transaction).await - 14.0).abs() < 0.1);

    let closed = changed.account.close(at(5)).unwrap();
    let mut transaction = Transaction::new(&told(102));
    transaction.change_account(Version(1), &closed, false, None).answer("other", "0f", "{}", at(0));
    assert!((units(&store, transaction).await - 16.0).abs() < 0.1);
}
