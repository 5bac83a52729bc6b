use domain::service::{Details, Service, ServiceCounts, ServiceKind, Visibility};
use domain::service_request::{RequestOutcome, ServiceRequest, Settled};
use domain::{ServiceId, ServiceRequestId};

use super::*;
use crate::{CommitError, Conflict, Kind, Position, RequestList, ServiceList, Versioned, ask};

fn id(number: u64) -> ServiceId {
    ServiceId::new(uuid(number))
}

pub(super) fn service(number: u64, name: &str) -> Service {
    let kind = ServiceKind::CaseService;
    let mut service = Service::new(id(number), kind, None, Details::new(kind, name.to_owned())).unwrap();
    service.external_ids.insert("penelope".to_owned(), format!("S#{number}"));
    service
}

pub(super) fn group(number: u64, name: &str, parent: &Service) -> Service {
    let kind = ServiceKind::Group;
    Service::new(id(number), kind, Some(parent), Details::new(kind, name.to_owned())).unwrap()
}

pub(super) fn request(number: u64) -> ServiceRequest {
    ServiceRequest {
        id: ServiceRequestId::new(uuid(number)),
        individual: IndividualId::new(uuid(1)),
        account: AccountId::new(uuid(10)),
        service: id(50),
        parent: None,
        message: Some("Mornings".to_owned()),
        requested_at: at(i64::try_from(number).unwrap()),
        settled: None,
    }
}

pub(super) fn settled(request: ServiceRequest) -> ServiceRequest {
    let (by, note) = (WorkerId::new(uuid(7)), Some("Full".to_owned()));
    request.settle(Settled { outcome: RequestOutcome::Declined, by, at: at(90), note }).unwrap()
}

struct Shelf {
    store: Store,
    records: u64,
}

impl Shelf {
    async fn load(&self, number: u64) -> Versioned<Service> {
        self.store.ask(ask::service(id(number))).await.unwrap().unwrap()
    }

    async fn counts(&self, number: u64) -> ServiceCounts {
        self.store.ask(ask::service_counts(id(number))).await.unwrap().unwrap_or_default()
    }

    fn transaction(&mut self) -> Transaction {
        self.records += 1;
        Transaction::new(&record(self.records, 1))
    }

    async fn add(&mut self, service: &Service) {
        let parent = self.store.ask(service.parent.map(ask::service)).await.unwrap();
        let mut transaction = self.transaction();
        transaction.put_service(None, service, parent.as_ref());
        self.store.commit(transaction).await.unwrap();
    }

    async fn change(
        &mut self,
        number: u64,
        reset: bool,
        change: impl FnOnce(&mut Details),
    ) -> Result<(), CommitError> {
        let before = self.load(number).await;
        let parent = self.store.ask(before.parent.map(ask::service)).await.unwrap();
        let mut details = before.details.clone();
        change(&mut details);
        let above = parent.as_ref().map(|parent| &parent.value);
        let after = before.value.clone().change(above, details, reset).unwrap();
        let mut transaction = self.transaction();
        transaction.put_service(Some(&before), &after, parent.as_ref());
        self.store.commit(transaction).await
    }

    /// The names on all pages of a list.
    async fn names(&self, list: ServiceList, active: Option<bool>) -> Vec<String> {
        let (mut names, mut after): (Vec<String>, Option<Position>) = (Vec::new(), None);
        loop {
            let page = self.store.services(list, active, after.as_ref(), 2).await.unwrap();
            names.extend(page.items.iter().map(|service| service.details.name.clone()));
            after = page.next;
            if after.is_none() {
                return names;
            }
        }
    }
}

async fn shelf() -> Shelf {
    let mut shelf = Shelf { store: store().await, records: 100 };
    let counselling = service(50, "Counselling");
    shelf.add(&counselling).await;
    for (number, name) in [(51, "Zorro"), (52, "émile"), (53, "Ábel")] {
        shelf.add(&group(number, name, &counselling)).await;
    }
    shelf
}

fn refused(outcome: Result<(), CommitError>) -> Conflict {
    match outcome.unwrap_err() {
        CommitError::Conflict(conflict) => conflict,
        CommitError::Fault(fault) => panic!("{fault}"),
    }
}

#[tokio::test]
async fn services_stand_in_their_lists_by_name_as_they_are() {
    let mut shelf = shelf().await;
    let runs = ServiceList::RunsOf(id(50));
    assert_eq!(shelf.names(runs, None).await, ["Ábel", "émile", "Zorro"]);
    shelf.change(53, false, |details| details.active = false).await.unwrap();
    shelf.change(52, false, |details| details.name = "Zwei".to_owned()).await.unwrap();
    for list in [runs, ServiceList::Kind(ServiceKind::Group)] {
        assert_eq!(shelf.names(list, None).await, ["Ábel", "Zorro", "Zwei"]);
        assert_eq!(shelf.names(list, Some(true)).await, ["Zorro", "Zwei"]);
        assert_eq!(shelf.names(list, Some(false)).await, ["Ábel"]);
    }
    let named = |name| shelf.store.services_named(ServiceKind::Group, name);
    assert_eq!(named("ZWEI").await.unwrap(), [id(52)]);
    assert_eq!(named("Zw").await.unwrap(), []);
    let found = shelf.store.ask(ask::service_with_external_id("penelope", "S#50")).await.unwrap();
    assert_eq!(found.unwrap().0, id(50));
}

#[tokio::test]
async fn overrides_are_counted_and_reset_all_at_once() {
    let mut shelf = shelf().await;
    for number in [51, 52] {
        shelf.change(number, false, |details| details.visibility = Visibility::Hidden).await.unwrap();
    }
    let below =
        |counts: ServiceCounts| (counts.below.following, counts.below.overridden, counts.below.active);
    assert_eq!(below(shelf.counts(50).await), (1, 2, 3));
    shelf.change(50, true, |_| {}).await.unwrap();
    assert_eq!(below(shelf.counts(50).await), (3, 0, 3));
    // An override that was reset counts no more, whatever else is changed with it; a new one does.
    let as_service = |details: &mut Details| details.visibility = Visibility::AsService;
    shelf.change(51, false, as_service).await.unwrap();
    shelf.change(52, false, |details| details.visibility = Visibility::Hidden).await.unwrap();
    assert_eq!(below(shelf.counts(50).await), (2, 1, 3));
}

#[tokio::test]
async fn an_override_loses_against_the_reset_that_came_before_it() {
    let mut shelf = shelf().await;
    let (before, parent) = (shelf.load(51).await, shelf.load(50).await);
    shelf.change(50, true, |_| {}).await.unwrap();
    let details = Details { visibility: Visibility::Hidden, ..before.details.clone() };
    let after = before.value.clone().change(Some(&parent), details, false).unwrap();
    let mut transaction = shelf.transaction();
    transaction.put_service(Some(&before), &after, Some(&parent));
    assert_eq!(refused(shelf.store.commit(transaction).await), Conflict::Stale(Kind::Service));
}

#[tokio::test]
async fn what_is_in_use_stays_active_and_nobody_gets_into_what_isnt() {
    let mut shelf = shelf().await;
    let close = |details: &mut Details| details.active = false;
    assert_eq!(refused(shelf.change(50, false, close).await), Conflict::ServiceInUse);
    assert_eq!(refused(shelf.change(50, true, close).await), Conflict::ServiceInUse);
    let open = shelf.load(51).await;
    let mut transaction = shelf.transaction();
    transaction.count_enrolled(&open, 1);
    shelf.store.commit(transaction).await.unwrap();
    assert_eq!(refused(shelf.change(51, false, close).await), Conflict::ServiceInUse);
    let mut transaction = shelf.transaction();
    transaction.count_enrolled(&open, -1);
    shelf.store.commit(transaction).await.unwrap();
    for number in [51, 52, 53, 50] {
        shelf.change(number, false, close).await.unwrap();
    }
    let mut transaction = shelf.transaction();
    transaction.count_enrolled(&open, 1);
    assert_eq!(refused(shelf.store.commit(transaction).await), Conflict::Stale(Kind::Service));
}

#[tokio::test]
async fn what_may_be_offered_is_found_with_the_services_above_it() {
    let mut shelf = shelf().await;
    let offer = |details: &mut Details| {
        details.client_facing_name = Some("Tuesdays".to_owned());
        details.eligible = true;
    };
    for number in [51, 52] {
        shelf.change(number, false, offer).await.unwrap();
    }
    shelf.change(52, false, |details| details.active = false).await.unwrap();
    let found = shelf.store.offered_services().await.unwrap();
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), [id(50), id(51)]);
    assert_eq!(found[&id(51)], shelf.load(51).await.value);
}

#[tokio::test]
async fn a_service_is_asked_for_once_until_it_is_settled() {
    let mut shelf = shelf().await;
    let first = request(60);
    let mut transaction = shelf.transaction();
    transaction.put_service_request(&first);
    shelf.store.commit(transaction).await.unwrap();
    let mut transaction = shelf.transaction();
    transaction.put_service_request(&request(61));
    assert_eq!(refused(shelf.store.commit(transaction).await), Conflict::AlreadyRequested);
    let loaded = shelf.store.ask(ask::service_request(first.individual, first.id)).await.unwrap().unwrap();
    assert_eq!(loaded.value, first);
    let (request_62, mut transaction) = (request(62), shelf.transaction());
    transaction.settle_service_request(loaded.version, &settled(loaded.value));
    shelf.store.commit(transaction).await.unwrap();
    let mut transaction = shelf.transaction();
    transaction.put_service_request(&request_62);
    shelf.store.commit(transaction).await.unwrap();
    for (list, expected) in [(RequestList::Open, request_62.id), (RequestList::Settled, first.id)] {
        let page = shelf.store.service_requests(list, None, 10).await.unwrap();
        let ids: Vec<_> = page.items.into_iter().map(|found| found.key().1).collect();
        assert_eq!(ids, [expected]);
    }
}
