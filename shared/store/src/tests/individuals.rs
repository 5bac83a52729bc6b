use std::collections::BTreeMap;

use domain::individual::Imported;
use domain::{BirthDate, JobId};
use proptest::prelude::*;

use super::*;
use crate::ask::FromItem;
use crate::commit::Op;
use crate::item::{s, stored};
use crate::{CommitError, Conflict, Fault, Kind, Position, Table, Versioned, ask};

async fn put(store: &Store, number: u64, after: &Individual) -> Result<(), CommitError> {
    let before = store.ask(ask::individual(after.id)).await.unwrap();
    let mut transaction = Transaction::new(&record(number, 1));
    transaction.put_individual(before.as_ref(), after);
    store.commit(transaction).await
}

/// Every page of a search by name, and the names found.
async fn found(store: &Store, text: &str, limit: u32) -> Vec<String> {
    let (mut names, mut after): (Vec<String>, Option<Position>) = (Vec::new(), None);
    loop {
        let page = store.search_name(text, after.as_ref(), limit).await.unwrap();
        names.extend(page.items.iter().map(|individual| individual.name.full()));
        after = page.next;
        if after.is_none() {
            return names;
        }
    }
}

#[tokio::test]
async fn people_are_found_by_the_beginnings_of_their_names_without_accents() {
    let store = store().await;
    let people = [
        ("Zoë", "Łukasiewicz"),
        ("Zoe", "Lukas"),
        ("Søren", "Strauß"),
        ("Ann", "Anna Annand"),
        ("李", "Wang"),
        ("Li", "O’Neil"),
    ];
    for (number, (first, last)) in (1..).zip(people) {
        put(&store, number, &individual(number, first, last, &format!("p{number}@example.org")))
            .await
            .unwrap();
    }
    for limit in [1, 2, 50] {
        assert_eq!(found(&store, "LUKAS zoe", limit).await, ["Zoe Lukas", "Zoë Łukasiewicz"]);
        assert_eq!(found(&store, "soren strauss", limit).await, ["Søren Strauß"]);
        assert_eq!(found(&store, "an", limit).await, ["Ann Anna Annand"], "once, though three words match");
        assert_eq!(found(&store, "李", limit).await, ["李 Wang"]);
        assert_eq!(found(&store, "oneil", limit).await, ["Li O’Neil"]);
        assert_eq!(found(&store, "lukas ann", limit).await, Vec::<String>::new());
    }
    assert_eq!(found(&store, " ,", 10).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_finds_people_changes_with_them() {
    let store = store().await;
    let before = individual(1, "Zoë", "Quinn", "zoe@example.org");
    put(&store, 1, &before).await.unwrap();
    let mut after = before.clone();
    after.name = PersonName::new("Zoë", "", "Brown", "").unwrap();
    after.birth_date = Some("1991-05-02".parse().unwrap());
    after.external_ids = BTreeMap::from([("penelope".to_owned(), "P#2".to_owned())]);
    after.communication.clear();
    put(&store, 2, &after).await.unwrap();

    assert_eq!(found(&store, "quinn", 10).await, Vec::<String>::new());
    assert_eq!(found(&store, "brown", 10).await, ["Zoë Brown"]);
    assert_eq!(store.same_person(&before.name, before.birth_date.unwrap()).await.unwrap(), []);
    assert_eq!(store.same_person(&after.name, after.birth_date.unwrap()).await.unwrap(), [after.id]);
    let born = async |date: BirthDate| store.search_birth_date(date, None, 10).await.unwrap().items;
    assert_eq!(born(before.birth_date.unwrap()).await, []);
    let [born] = &born(after.birth_date.unwrap()).await[..] else { panic!() };
    assert_eq!(born.value, after);
    assert_eq!(store.search_external_id(&["penelope", "other"], "P#1").await.unwrap(), []);
    let [again] = &store.search_external_id(&["penelope", "other"], "P#2").await.unwrap()[..] else {
        panic!()
    };
    assert_eq!(again.value, after);
    let [address] = store.individuals_at(&email("ZOE@example.org")).await.unwrap()[..] else { panic!() };
    assert_eq!((address.individual, address.consented), (after.id, false));
    let [by_address] = &store.search_email(&email("zoe@example.org"), None, 10).await.unwrap().items[..]
    else {
        panic!()
    };
    assert_eq!(by_address.value, after);
}

#[tokio::test]
async fn an_external_id_has_one_owner() {
    let store = store().await;
    let first = individual(1, "Zoë", "Quinn", "zoe@example.org");
    put(&store, 1, &first).await.unwrap();
    let mut second = individual(2, "Zoë", "Quinn", "zoe@example.org");
    let own = std::mem::replace(&mut second.external_ids, first.external_ids.clone());
    let refused = put(&store, 2, &second).await.unwrap_err();
    assert!(matches!(refused, CommitError::Conflict(Conflict::ExternalIdTaken)), "{refused}");
    second.external_ids = own;
    put(&store, 3, &second).await.unwrap();

    let shared = store.individuals_at(&email("zoe@example.org")).await.unwrap();
    assert_eq!(shared.len(), 2);
    assert_eq!(
        store.same_person(&first.name, first.birth_date.unwrap()).await.unwrap(),
        [first.id, second.id]
    );
    let stale = Versioned { value: first.clone(), version: Version(7), changed_by: None };
    let mut transaction = Transaction::new(&record(4, 1));
    transaction.put_individual(Some(&stale), &first);
    let refused = store.commit(transaction).await.unwrap_err();
    assert!(matches!(refused, CommitError::Conflict(Conflict::Stale(Kind::Individual))), "{refused}");
}

#[test]
fn sources_and_ids_do_not_run_together() {
    let mut one = individual(1, "A", "B", "a@example.org");
    let mut other = one.clone();
    one.external_ids = BTreeMap::from([("a#b".to_owned(), "c".to_owned())]);
    other.external_ids = BTreeMap::from([("a".to_owned(), "b#c".to_owned())]);
    assert_ne!(keys(None, &one), keys(None, &other));
}

/// What a save of `after` over `before` does to the rows by which they are found: true for written, false for removed.
fn keys(before: Option<&Individual>, after: &Individual) -> BTreeMap<(String, String), bool> {
    let before =
        before.map(|value| Versioned { value: value.clone(), version: Version(1), changed_by: None });
    let mut transaction = Transaction::new(&record(1, 1));
    transaction.put_individual(before.as_ref(), after);
    let rows = transaction.writes.into_iter().filter(|write| write.table == Table::Individuals);
    let rows = rows.map(|write| match write.op {
        Op::Put(map) => (map, true),
        Op::Delete { key } => (key, false),
        Op::Update { .. } | Op::Check { .. } => panic!("rows are put or deleted"),
    });
    let text = |map: &crate::item::Map, field: &str| map.get(field).unwrap().as_s().unwrap().clone();
    let mut keys = BTreeMap::new();
    for (map, put) in rows {
        let twice = keys.insert((text(&map, "pk"), text(&map, "sk")), put);
        assert_eq!(twice, None, "a transaction writes an item once");
    }
    keys
}

fn people() -> impl Strategy<Value = Individual> {
    let word = "[A-Za-zÀ-žØøłßđ李王'’ -]{0,12}[A-Za-zÀ-ž]";
    let middle = prop::option::of(word);
    let contacts = prop::collection::vec(("[a-c]@[x-z]", any::<bool>(), any::<bool>(), any::<bool>()), 0..4);
    let external = prop::collection::btree_map("[a-b#%]{1,3}", "[0-9#]{1,4}", 0..3);
    let born = prop::option::of(0_u32..20_000);
    (word, middle, word, contacts, external, born, any::<bool>()).prop_map(
        |(first, middle, last, contacts, external_ids, born, consented)| {
            let mut person = individual(1, "A", "B", "a@example.org");
            person.name = PersonName::new(&first, middle.as_deref().unwrap_or_default(), &last, "").unwrap();
            person.external_ids = external_ids;
            person.birth_date = born.map(|days| {
                let day = chrono::NaiveDate::from_ymd_opt(1950, 1, 1).unwrap() + TimeDelta::days(days.into());
                day.to_string().parse().unwrap()
            });
            person.contacts = (1..)
                .zip(contacts)
                .map(|(number, (address, use_contact, retired, main))| Contact {
                    id: ContactId::new(uuid(number)),
                    value: ContactValue::Email(email(&format!("{address}.org"))),
                    use_contact,
                    main,
                    instructions: None,
                    retired,
                    undeliverable: None,
                })
                .collect();
            if !consented {
                person.communication.clear();
            }
            person.imported = consented.then(|| Imported { job: JobId::new(uuid(3)), row: 12 });
            person
        },
    )
}

proptest! {
    #[test]
    fn an_individual_reads_back_as_written(person in people()) {
        let map = stored(&person, Version::NONE, None).unwrap();
        let read = Versioned::<Individual>::from_item(map).unwrap();
        prop_assert_eq!(read.value, person);
    }

    #[test]
    fn the_difference_leads_from_one_set_of_rows_to_the_other(before in people(), after in people()) {
        let mut rows = keys(None, &before);
        for (key, written) in keys(Some(&before), &after) {
            if written { rows.insert(key, true); } else { prop_assert_eq!(rows.remove(&key), Some(true)); }
        }
        prop_assert_eq!(rows, keys(None, &after));
    }
}

#[tokio::test]
async fn a_bad_row_is_a_fault_that_names_no_value() {
    let store = store().await;
    let mut map = stored(&individual(1, "Zoë", "Quinn", "zoe@example.org"), Version::NONE, None).unwrap();
    map.insert("birth_date".to_owned(), s("the second of May"));
    store.append(Table::Individuals, map).await.unwrap();
    let fault = store.ask(ask::individual(IndividualId::new(uuid(1)))).await.unwrap_err();
    assert!(matches!(fault, Fault::Corrupt { table: Table::Individuals, .. }));
    assert_eq!(fault.to_string(), "corrupt item in table `individuals`: `birth_date` can't be read");
}
