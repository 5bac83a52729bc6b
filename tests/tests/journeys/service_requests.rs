//! Asking for a service, and what becomes of it.

use reqwest::Method;
use serde_json::{Value, json};
use store::{Transaction, ask};

use crate::support::{ADMIN_EXEC, Answer, CLINICAL, INTAKE, OTHER_CLINICAL, Session, World};
use crate::sweep;

const ANA: &str = "ana.delgado@example.org";

async fn client(world: &World) -> Session {
    let (_, _, token) = world.invite(&world.staff(INTAKE).await, "T-01").await;
    let activated = world.activate(&token, "1985-04-12").await;
    activated.ok();
    world.drain().await;
    activated.session()
}

async fn offered(world: &World, client: &Session) -> Vec<Value> {
    let listed = world.portal(Method::GET, "/offered-services").by(client).send().await.ok();
    listed["services"].as_array().unwrap().clone()
}

async fn wish(world: &World, client: &Session, service: &str) -> Answer {
    let body = json!({ "service_id": service, "message": "Mornings\nare best" });
    let call = world.portal(Method::POST, "/service-requests").by(client);
    call.header("idempotency-key", world.key()).json(body).send().await
}

async fn waiting(world: &World, staff: &Session, state: &str) -> Vec<Value> {
    let list = world.admin(Method::GET, &format!("/service-requests?state={state}")).by(staff);
    list.send().await.ok()["requests"].as_array().unwrap().clone()
}

async fn settle(world: &World, staff: &Session, request: &Value, body: Value) -> Answer {
    let [whose, id] = ["individual_id", "request_id"].map(|name| request[name].as_str().unwrap());
    let path = format!("/individuals/{whose}/service-requests/{id}/settle");
    world.admin(Method::POST, &path).by(staff).json(body).send().await
}

/// Has the settings changed, as a System Administrator would, and waits until every function knows.
async fn set(world: &World, change: impl FnOnce(&mut domain::settings::Draft)) {
    let store = sweep::store(world);
    let (settings, version) = store.ask(ask::settings()).await.unwrap().unwrap().into_parts();
    let mut draft = settings.into_draft();
    change(&mut draft);
    let settings = domain::Settings::new(draft).unwrap();
    let now = world.local.aws().clock().now();
    let of = format!("jrn_{:0>26}", version.number()).parse().unwrap();
    let record = sweep::record(of, now, domain::Subject::Agency);
    let mut transaction = Transaction::new(&record);
    transaction.put_settings(version, &settings);
    store.commit(transaction).await.unwrap();
    world.advance(chrono::Duration::seconds(31));
}

#[tokio::test]
async fn a_client_asks_once_for_what_is_offered_and_those_who_receive_requests_are_told() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let ingrid = world.worker(INTAKE).await.parse().unwrap();
    set(&world, |draft| {
        draft.request_service.receivers = vec![ingrid];
        draft.communications.client_messages.footer.en = Some("Open on weekdays".to_owned());
    })
    .await;
    let client = client(&world).await;
    let service = world.offered_service(&staff, "Help with housing").await;
    let seen = offered(&world, &client).await;
    assert_eq!(
        seen,
        [
            json!({ "service_id": service, "name": "Help with housing", "kind": "case_service", "minutes": 50 })
        ]
    );
    let before = world.local.mails().unwrap().len();
    let first = wish(&world, &client, &service).await;
    first.ok();
    world.drain().await;
    assert_eq!(wish(&world, &client, &service).await.refused(409), "already_requested");

    let mails = world.local.mails().unwrap();
    let mut told: Vec<_> = mails[before..].iter().map(|mail| mail.to[0].as_str()).collect();
    told.sort_unstable();
    assert_eq!(told, [ANA, INTAKE]);
    for mail in &mails[before..] {
        for secret in ["housing", "Mornings", "Delgado"] {
            assert!(!mail.text.contains(secret) && !mail.html.contains(secret), "{secret} in {}", mail.text);
        }
        let to_client = mail.to[0] == ANA;
        assert_eq!(mail.text.contains("Open on weekdays"), to_client);
        let page = if to_client { "/services" } else { "/service-requests" };
        assert!(mail.text.contains(page), "{}", mail.text);
    }

    let listed = waiting(&world, &staff, "open").await;
    assert_eq!(listed.len(), 1);
    let path = format!("/individuals/{}/mails", listed[0]["individual_id"].as_str().unwrap());
    let history = world.admin(Method::GET, &path).by(&staff).send().await.ok();
    let answered = |mail: &Value| mail["kind"] == "service_request_received" && mail["address"] == ANA;
    assert!(history["mails"].as_array().unwrap().iter().any(answered), "{history}");
    let shown =
        ["individual_name", "service_name", "message", "state", "settled_by"].map(|name| &listed[0][name]);
    assert_eq!(
        json!(shown),
        json!(["Ana Delgado", "Help with housing (internal)", "Mornings\nare best", "open", null])
    );
}

#[tokio::test]
async fn what_is_not_offered_is_as_unknown_as_what_is_not_there() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let client = client(&world).await;
    let hidden = world.service(&staff, "case_service", "Counselling", None).await;
    let shown = world.offered_service(&staff, "Help with housing").await;
    let group = world.service(&staff, "group", "Tuesdays", Some(&shown)).await;
    let put = async |service: &str, body: Value| {
        world.admin(Method::PUT, &format!("/services/{service}")).by(&staff).json(body).send().await.ok()
    };
    let own = json!({ "version": 1, "name": "Tuesdays", "visibility": "hidden", "eligible": true });
    put(&group, own).await;
    let unknown = wish(&world, &client, "svc_00000000000000000000000000").await;
    for service in [&hidden, &group] {
        assert_eq!(wish(&world, &client, service).await.bytes, unknown.bytes);
    }
    assert_eq!(unknown.refused(404), "not_found");
    let names =
        async || offered(&world, &client).await.iter().map(|of| of["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names().await, ["Help with housing"]);
    put(
        &group,
        json!({ "version": 2, "name": "Tuesdays", "client_facing_name": "Tuesday circle",
        "visibility": "as_service", "eligible": true, "event_minutes": 90 }),
    )
    .await;
    assert_eq!(names().await, ["Help with housing", "Tuesday circle"]);
    wish(&world, &client, &group).await.ok();

    set(&world, |draft| draft.request_service.enabled = false).await;
    assert_eq!(wish(&world, &client, &shown).await.bytes, unknown.bytes);
    let listed = world.portal(Method::GET, "/offered-services").by(&client).send().await;
    assert_eq!(listed.refused(404), "not_found");
}

#[tokio::test]
async fn a_request_is_settled_once_and_may_be_made_again() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let client = client(&world).await;
    let service = world.offered_service(&staff, "Help with housing").await;
    wish(&world, &client, &service).await.ok();
    let request = waiting(&world, &staff, "open").await.remove(0);
    assert_eq!(waiting(&world, &world.staff(CLINICAL).await, "open").await.len(), 1, "Ana is Carmen's");
    assert_eq!(waiting(&world, &world.staff(OTHER_CLINICAL).await, "open").await.len(), 0);
    let clinical = world.staff(CLINICAL).await;
    let declined = json!({ "outcome": "declined", "note": "Full until spring" });
    assert_eq!(settle(&world, &clinical, &request, declined.clone()).await.refused(403), "not_allowed");

    let settled = settle(&world, &staff, &request, declined.clone()).await.ok();
    let told = ["state", "settled_by", "note"].map(|name| &settled["request"][name]);
    assert_eq!(json!(told), json!(["declined", "Ingrid Solberg", "Full until spring"]));
    assert_eq!(settle(&world, &staff, &request, declined).await.ok()["request"]["state"], "declined");
    let exec = world.staff(ADMIN_EXEC).await;
    let other = settle(&world, &exec, &request, json!({ "outcome": "enrolled" })).await;
    assert_eq!(other.refused(409), "request_settled");
    assert_eq!(other.json()["parameters"], json!({ "outcome": "declined" }));
    assert!(waiting(&world, &staff, "open").await.is_empty());
    assert_eq!(waiting(&world, &staff, "settled").await.len(), 1);

    wish(&world, &client, &service).await.ok();
    assert_eq!(waiting(&world, &staff, "open").await.len(), 1);
}

#[tokio::test]
async fn who_is_said_to_be_enrolled_is() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let client = client(&world).await;
    let service = world.offered_service(&staff, "Help with housing").await;
    wish(&world, &client, &service).await.ok();
    let request = waiting(&world, &staff, "open").await.remove(0);
    let enrolled = json!({ "outcome": "enrolled" });
    assert_eq!(settle(&world, &staff, &request, enrolled.clone()).await.refused(409), "not_enrolled");
    let file = json!({
        "service_id": service, "opened_on": "2026-03-02", "primary_worker_id": world.worker(CLINICAL).await,
    });
    let path = format!("/individuals/{}/service-files", request["individual_id"].as_str().unwrap());
    let open = world.admin(Method::POST, &path).by(&staff).header("idempotency-key", world.key());
    open.json(file).send().await.ok();
    for _ in 0..2 {
        let settled = settle(&world, &staff, &request, enrolled.clone()).await.ok();
        assert_eq!(settled["request"]["state"], "enrolled");
    }
}
