use domain::service_file::{Place, ServiceFile, Team};
use domain::{ServiceFileId, ServiceId};

use super::services::{request, service};
use super::*;
use crate::{CommitError, Conflict, Kind, Versioned, ask};

/// Somebody with an open service file of number 70, for the service of number 50.
pub(super) fn enrolled() -> (Individual, ServiceFile) {
    let mut person = individual(1, "Zoë", "Quinn", "zoe@example.org");
    let (id, opened_on) = (ServiceFileId::new(uuid(70)), at(0).date_naive());
    let team = Team::new(WorkerId::new(uuid(7)), [WorkerId::new(uuid(8))]);
    let counselling = service(50, "Counselling");
    let mut file = ServiceFile::open(id, &mut person, &counselling, opened_on, team, opened_on).unwrap();
    file.external_ids.insert("penelope".to_owned(), "F#1".to_owned());
    (person, file)
}

/// A place of the individual of that number in the group of that number.
pub(super) fn place(individual: u64, group: u64) -> Place {
    Place {
        individual: IndividualId::new(uuid(individual)),
        service: ServiceId::new(uuid(group)),
        parent: ServiceId::new(uuid(50)),
        since: at(0).date_naive(),
        imported: None,
    }
}

async fn commit(store: &Store, number: u64, build: impl FnOnce(&mut Transaction)) -> Result<(), CommitError> {
    let mut transaction = Transaction::new(&record(number, 1));
    build(&mut transaction);
    store.commit(transaction).await
}

fn conflict(made: Result<(), CommitError>) -> Conflict {
    match made.unwrap_err() {
        CommitError::Conflict(conflict) => conflict,
        CommitError::Fault(fault) => panic!("{fault}"),
    }
}

#[tokio::test]
async fn what_somebody_is_enrolled_in_and_asked_for_is_one_page_and_theirs_alone() {
    let store = store().await;
    let (person, file) = enrolled();
    let group = ServiceId::new(uuid(51));
    commit(&store, 1, |t| {
        t.put_individual(None, &person).put_service_file(Version::NONE, &file);
        t.put_place(&place(1, 51)).put_service_request(&request(60));
    })
    .await
    .unwrap();
    commit(&store, 2, |t| _ = t.put_place(&place(2, 51))).await.unwrap();

    let found = store.enrolments(person.id).await.unwrap();
    let files: Vec<_> = found.files.iter().map(|file| &file.value).collect();
    assert_eq!((files, &found.places), (vec![&file], &vec![place(1, 51)]));
    assert_eq!(found.requests.len(), 1, "the mark that it waits is no request");
    let loaded = store.ask(ask::individual(person.id)).await.unwrap().unwrap();
    assert!(loaded.is_served_by(WorkerId::new(uuid(8))));
    let of_another = ask::service_file(IndividualId::new(uuid(2)), file.id);
    assert_eq!(store.ask(of_another).await.unwrap(), None);
    let external = store.ask(ask::service_file_with_external_id("penelope", "F#1")).await.unwrap().unwrap();
    assert_eq!((external.individual, external.file), (person.id, file.id));

    let roster = store.roster(group, None, 1).await.unwrap();
    let rest = store.roster(group, roster.next.as_ref(), 10).await.unwrap();
    assert_eq!([roster.items, rest.items].concat(), [place(1, 51), place(2, 51)]);
}

#[tokio::test]
async fn nobody_is_put_on_a_roster_or_taken_off_it_twice() {
    let store = store().await;
    let there = place(1, 51);
    commit(&store, 1, |t| _ = t.put_place(&there)).await.unwrap();
    let again = commit(&store, 2, |t| _ = t.put_place(&there)).await;
    assert_eq!(conflict(again), Conflict::Stale(Kind::Place));
    commit(&store, 3, |t| _ = t.remove_place(&there)).await.unwrap();
    let again = commit(&store, 4, |t| _ = t.remove_place(&there)).await;
    assert_eq!(conflict(again), Conflict::Stale(Kind::Place));
    assert_eq!(store.ask(ask::place(there.individual, there.service)).await.unwrap(), None);
}

#[tokio::test]
async fn a_file_is_changed_as_it_was_loaded_and_its_external_id_is_its_own() {
    let store = store().await;
    let (_, file) = enrolled();
    commit(&store, 1, |t| _ = t.put_service_file(Version::NONE, &file)).await.unwrap();
    let Versioned { value: loaded, version, .. } =
        store.ask(ask::service_file(file.individual, file.id)).await.unwrap().unwrap();
    commit(&store, 2, |t| _ = t.put_service_file(version, &loaded)).await.unwrap();
    let late = commit(&store, 3, |t| _ = t.put_service_file(version, &loaded)).await;
    assert_eq!(conflict(late), Conflict::Stale(Kind::ServiceFile));
    let other = ServiceFile { id: ServiceFileId::new(uuid(71)), ..file };
    let taken = commit(&store, 4, |t| _ = t.put_service_file(Version::NONE, &other)).await;
    assert_eq!(conflict(taken), Conflict::ExternalIdTaken);
}
