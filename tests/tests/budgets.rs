//! What each operation asks of other services: counted, not timed. And what must look the same from outside: known and
//! unknown addresses, and tokens that nobody gave out.

use std::fmt::Write;

use functions::operation::Api;
use local::aws::{Call, Service};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Answer, CLINICAL, INTAKE, NEW_PASSWORD, OTHER_CLINICAL, PASSWORD, SYSTEM, Session, World, activation,
    demo_password, link_in,
};

/// What one call of an operation takes, besides the secrets it reads once in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Cost {
    /// Counters of tries, all at once.
    throttles: usize,
    /// Reads, one after the other.
    reads: usize,
    /// Counters in a record, before the check they are for.
    counters: usize,
    transactions: usize,
    /// Single writes: the access log, sessions.
    writes: usize,
    /// Calls of anything but the tables.
    others: usize,
    read_units: f64,
    write_units: f64,
}

impl Cost {
    fn of(calls: &[Call]) -> Self {
        let mut cost = Self::default();
        for call in calls {
            let on = |table: &str| call.resources.iter().all(|resource| resource.ends_with(table));
            cost.read_units += call.units.read;
            cost.write_units += call.units.write;
            *match (call.service, call.action.as_str()) {
                (Service::DynamoDb, "UpdateItem") if on("throttles") => &mut cost.throttles,
                (Service::DynamoDb, "UpdateItem") if on("accounts") || on("workers") => &mut cost.counters,
                (Service::DynamoDb, "BatchGetItem" | "Query") => &mut cost.reads,
                (Service::DynamoDb, "TransactWriteItems") => &mut cost.transactions,
                (Service::DynamoDb, _) => &mut cost.writes,
                _ => &mut cost.others,
            } += 1;
        }
        cost
    }

    /// What every request keeps to.
    fn is_affordable(&self) -> bool {
        let reads = if self.transactions == 0 { 4 } else { 3 };
        // A state that is left is one more row of an index taken out and put in; a sign-in holds its password against the
        // one that is kept.
        self.reads <= reads && self.transactions <= 1 && self.counters <= 1 && self.write_units <= 19.0
    }

    fn calls(&self) -> [usize; 6] {
        [self.throttles, self.reads, self.counters, self.transactions, self.writes, self.others]
    }
}

/// What a System Administrator does a few times a year: these read once more, what everybody's class or the last save was,
/// and a published text is as long as it is.
const SELDOM: &[&str] = &[
    "admin.delete_security_class",
    "admin.publish_text",
    "admin.send_test_mail",
    "admin.update_security_class",
];

/// What a request that was carried out cost, if that is more than it may.
pub fn excess(operation: &str, calls: &[Call]) -> Option<impl std::fmt::Debug> {
    let mut cost = Cost::of(calls);
    if SELDOM.contains(&operation) {
        cost.reads -= 1;
        cost.write_units -= 4.0;
    }
    Some(cost).filter(|cost| !cost.is_affordable())
}

/// The calls that functions make meanwhile.
pub async fn calls<T>(world: &World, doing: impl Future<Output = T>) -> (T, Vec<Call>) {
    let faults = world.local.aws().faults();
    faults.record(true);
    let done = doing.await;
    let calls = faults.calls();
    faults.record(false);
    (done, calls)
}

/// Does everything once, so that every function has read its secrets; then measures.
struct Bill(Vec<(&'static str, Cost)>);

impl Bill {
    async fn add(
        &mut self,
        world: &World,
        operation: &'static str,
        doing: impl Future<Output = Answer>,
    ) -> Answer {
        let (answer, calls) = calls(world, doing).await;
        assert!(calls.iter().all(|call| call.caller == operation), "{operation}: {calls:?}");
        self.0.retain(|(name, _)| *name != operation);
        self.0.push((operation, Cost::of(&calls)));
        answer
    }

    fn print(&self) {
        // On demand, in us-east-1: 0.125 USD for a million read units, 0.625 for a million write units.
        let mut table =
            String::from("operation                          calls  reads  writes  USD per million\n");
        for (operation, cost) in &self.0 {
            let usd = cost.read_units * 0.125 + cost.write_units * 0.625;
            let calls: usize = cost.calls().iter().sum();
            writeln!(
                table,
                "{operation:<34} {calls:>5} {:>6} {:>7} {usd:>16.2}",
                cost.read_units, cost.write_units
            )
            .unwrap();
        }
        println!("{table}");
    }
}

/// Throttles, reads, counters, transactions, single writes, others; reads of requests with a session begin with one for
/// the session, and a state change takes at most two more.
const CALLS: &[(&str, [usize; 6])] = &[
    ("admin.sign_in", [3, 1, 1, 1, 0, 0]),
    ("admin.get_me", [0, 1, 0, 0, 0, 0]),
    ("admin.list_sites", [0, 2, 0, 0, 0, 0]),
    ("admin.list_colleagues", [0, 3, 0, 0, 0, 0]),
    ("portal.get_agency", [0, 0, 0, 0, 0, 0]),
    ("portal.get_texts", [0, 1, 0, 0, 0, 0]),
    ("portal.get_theme", [0, 0, 0, 0, 0, 0]),
    ("admin.search_individuals", [0, 3, 0, 0, 1, 0]),
    ("admin.create_account", [0, 2, 0, 1, 0, 0]),
    ("admin.get_individual", [0, 3, 0, 0, 1, 0]),
    ("admin.resend_activation", [0, 2, 0, 1, 0, 0]),
    ("admin.get_account_history", [0, 3, 0, 0, 1, 0]),
    ("admin.get_mail_history", [0, 4, 0, 0, 1, 0]),
    ("admin.set_communication_settings", [0, 3, 0, 1, 0, 0]),
    ("portal.look_at_link", [2, 2, 0, 0, 0, 0]),
    ("portal.ask_for_link", [3, 2, 0, 1, 0, 0]),
    ("portal.activate_account", [2, 2, 1, 1, 0, 0]),
    ("portal.get_home", [0, 2, 0, 0, 0, 0]),
    ("portal.extend_session", [0, 1, 0, 0, 1, 0]),
    ("portal.list_sessions", [0, 2, 0, 0, 0, 0]),
    ("portal.end_session", [0, 2, 0, 1, 0, 0]),
    ("portal.end_other_sessions", [0, 1, 0, 1, 0, 0]),
    ("portal.get_account", [0, 2, 0, 0, 0, 0]),
    ("portal.list_services", [0, 3, 0, 0, 0, 0]),
    ("portal.set_language", [0, 1, 0, 1, 0, 0]),
    ("portal.set_message_preferences", [0, 2, 0, 1, 0, 0]),
    ("portal.get_profile", [0, 2, 0, 0, 0, 0]),
    ("portal.update_profile", [0, 2, 0, 1, 0, 0]),
    ("portal.add_contact", [0, 2, 0, 1, 0, 0]),
    ("portal.update_contact", [0, 2, 0, 1, 0, 0]),
    ("portal.retire_contact", [0, 3, 0, 1, 0, 0]),
    ("portal.get_worker_photo", [0, 2, 0, 0, 0, 1]),
    ("portal.list_offered_services", [0, 4, 0, 0, 0, 0]),
    ("portal.request_service", [2, 3, 0, 1, 0, 0]),
    ("admin.list_service_requests", [0, 4, 0, 0, 1, 0]),
    ("admin.settle_service_request", [0, 3, 0, 1, 0, 0]),
    ("portal.request_email_change", [4, 2, 0, 1, 0, 0]),
    ("portal.confirm_email_change", [0, 2, 0, 1, 1, 0]),
    ("portal.change_password", [1, 2, 0, 1, 0, 0]),
    ("portal.sign_out", [0, 1, 0, 1, 0, 0]),
    ("portal.request_password_reset", [3, 0, 0, 0, 1, 0]),
    ("portal.reset_password", [2, 2, 0, 1, 0, 0]),
    ("portal.sign_in", [3, 1, 1, 1, 0, 0]),
    ("admin.suspend_account", [0, 2, 0, 1, 0, 0]),
    ("admin.unlock_account", [0, 2, 0, 1, 0, 0]),
    ("admin.force_password_reset", [0, 2, 0, 1, 0, 0]),
    ("admin.disable_account", [0, 2, 0, 1, 0, 0]),
    ("admin.enable_account", [0, 2, 0, 1, 0, 0]),
    ("admin.close_account", [0, 2, 0, 1, 0, 0]),
    ("admin.list_alerts", [0, 3, 0, 0, 1, 0]),
    ("admin.settle_alerts", [0, 2, 0, 1, 0, 0]),
    ("admin.search_accounts", [0, 3, 0, 0, 1, 0]),
    ("admin.get_licences", [0, 2, 0, 0, 0, 0]),
    ("admin.get_statistics", [0, 3, 0, 0, 0, 0]),
    ("admin.start_import", [0, 1, 0, 1, 0, 1]),
    ("admin.get_job", [0, 2, 0, 0, 0, 0]),
    ("admin.extend_session", [0, 1, 0, 0, 1, 0]),
    ("admin.sign_out", [0, 1, 0, 1, 0, 0]),
    ("admin.list_workers", [0, 4, 0, 0, 0, 0]),
    ("admin.suspend_worker", [0, 2, 0, 1, 0, 0]),
    ("admin.unlock_worker", [0, 2, 0, 1, 0, 0]),
    ("admin.reset_worker_password", [0, 2, 0, 1, 0, 0]),
    ("admin.request_password_reset", [3, 0, 0, 0, 1, 0]),
    ("admin.reset_password", [2, 1, 0, 1, 0, 0]),
    ("admin.change_password", [1, 2, 0, 1, 0, 0]),
    ("admin.create_service", [0, 2, 0, 1, 0, 0]),
    ("admin.update_service", [0, 3, 0, 1, 0, 0]),
    ("admin.get_service", [0, 3, 0, 0, 0, 0]),
    ("admin.list_services", [0, 4, 0, 0, 0, 0]),
    ("admin.open_service_file", [0, 2, 0, 1, 0, 0]),
    ("admin.update_service_file", [0, 3, 0, 1, 0, 0]),
    ("admin.add_to_roster", [0, 2, 0, 1, 0, 0]),
    ("admin.list_roster", [0, 4, 0, 0, 1, 0]),
    ("admin.list_individual_services", [0, 4, 0, 0, 1, 0]),
    ("admin.remove_from_roster", [0, 2, 0, 1, 0, 0]),
    ("admin.close_service_file", [0, 3, 0, 1, 0, 0]),
    ("admin.reopen_service_file", [0, 3, 0, 1, 0, 0]),
];

async fn everything(world: &World, bill: &mut Bill, individual: &str, address: &str, born: &str, mark: &str) {
    let password = "demo-only-walrus-teapot-drizzle";
    let signing_in =
        world.admin(Method::POST, "/session").json(json!({ "email": INTAKE, "password": password }));
    let staff = &bill.add(world, "admin.sign_in", signing_in.send()).await.session();
    let get = |path: String| world.admin(Method::GET, &path).by(staff);
    let post = |path: String, body| world.admin(Method::POST, &path).by(staff).json(body);
    let keyed = |path: String, body| post(path, body).header("idempotency-key", world.key());

    bill.add(world, "admin.get_me", get("/me".into()).send()).await.ok();
    bill.add(world, "admin.list_sites", get("/sites".into()).send()).await.ok();
    bill.add(world, "admin.list_colleagues", get("/colleagues".into()).send()).await.ok();
    // The settings were read before, and are kept for a moment.
    for (operation, path) in
        [("portal.get_agency", "/agency"), ("portal.get_texts", "/texts"), ("portal.get_theme", "/theme.css")]
    {
        let answer = bill.add(world, operation, world.portal(Method::GET, path).send()).await;
        assert_eq!(answer.status, 200, "{operation}");
    }
    let search = json!({ "external_id": { "source": "test", "id": individual } });
    let found = bill
        .add(world, "admin.search_individuals", post("/individuals/search".into(), search).send())
        .await
        .ok();
    let individual = found["individuals"][0]["individual_id"].as_str().unwrap().to_owned();
    let path = format!("/individuals/{individual}");

    let created = bill
        .add(world, "admin.create_account", keyed(format!("{path}/accounts"), json!({})).send())
        .await
        .ok();
    let account = created["account"]["account_id"].as_str().unwrap().to_owned();
    world.drain().await;
    let record = bill.add(world, "admin.get_individual", get(path.clone()).send()).await.ok();
    let resend = keyed(format!("{path}/accounts/{account}/resend"), json!({}));
    bill.add(world, "admin.resend_activation", resend.send()).await.ok();
    world.drain().await;
    bill.add(world, "admin.get_account_history", get(format!("{path}/history")).send()).await.ok();
    bill.add(world, "admin.get_mail_history", get(format!("{path}/mails")).send()).await.ok();
    for contact in [json!(null), record["individual"]["contacts"][0]["contact_id"].clone()] {
        let put = world.admin(Method::PUT, &format!("{path}/communication-settings")).by(staff);
        let put = put
            .header("idempotency-key", world.key())
            .json(json!({ "email_contact_id": contact, "confirmed": true }));
        bill.add(world, "admin.set_communication_settings", put.send()).await.ok();
    }
    world.drain().await;

    let token = json!({ "token": world.newest_token() });
    let portal = |path: &str, body| world.portal(Method::POST, path).json(body);
    bill.add(world, "portal.look_at_link", portal("/links/look", token.clone()).send()).await.ok();
    bill.add(world, "portal.ask_for_link", portal("/links/ask", token).send()).await.ok();
    world.drain().await;
    let proof = activation(&world.newest_token(), born);
    let client =
        bill.add(world, "portal.activate_account", portal("/activation", proof).send()).await.session();
    bill.add(world, "portal.get_home", world.portal(Method::GET, "/home").by(&client).send()).await.ok();
    bill.add(world, "portal.extend_session", portal("/session/extend", json!({})).by(&client).send())
        .await
        .ok();
    let client = sessions(world, bill, &client, address).await;
    let change = json!({ "current": PASSWORD, "new": NEW_PASSWORD });
    let client = bill
        .add(world, "portal.change_password", portal("/password", change).by(&client).send())
        .await
        .session();
    let leave = world.portal(Method::DELETE, "/session").by(&client).json(json!({}));
    bill.add(world, "portal.sign_out", leave.send()).await.ok();
    let forgotten = portal("/password-reset-requests", json!({ "email": address }));
    bill.add(world, "portal.request_password_reset", forgotten.send()).await.ok();
    world.drain().await;
    let mails = world.local.mails().unwrap();
    let token = link_in(&mails.last().unwrap().text, "/reset#").unwrap();
    let reset = portal("/password-reset", json!({ "token": token, "password": PASSWORD }));
    bill.add(world, "portal.reset_password", reset.send()).await.ok();
    let again = portal("/session", json!({ "email": address, "password": PASSWORD }));
    bill.add(world, "portal.sign_in", again.send()).await.ok();

    for (operation, action) in [
        ("admin.suspend_account", "suspend"),
        ("admin.unlock_account", "unlock"),
        ("admin.force_password_reset", "force-reset"),
        ("admin.disable_account", "disable"),
        ("admin.enable_account", "enable"),
        ("admin.close_account", "close"),
    ] {
        let call = keyed(format!("{path}/accounts/{account}/{action}"), json!({}));
        bill.add(world, operation, call.send()).await.ok();
    }
    world.drain().await;
    // The link is dead, and its client asks for another invitation.
    world.portal(Method::POST, "/links/ask").json(json!({ "token": world.newest_token() })).send().await.ok();
    bill.add(world, "admin.list_alerts", get("/alerts".into()).send()).await.ok();
    let settle = post(
        format!("{path}/accounts/{account}/alerts/settle"),
        json!({ "kinds": ["invitation_asked_for"] }),
    );
    let settled = bill.add(world, "admin.settle_alerts", settle.send()).await.ok();
    assert_eq!(settled["alerts"], json!([]));
    let cancelled = json!({ "criteria": { "statuses": [{ "state": "closed", "reason": "cancelled" }] } });
    let found = bill
        .add(world, "admin.search_accounts", post("/accounts/search".into(), cancelled).send())
        .await
        .ok();
    assert!(!found["accounts"].as_array().unwrap().is_empty());
    bill.add(world, "admin.get_licences", get("/licences".into()).send()).await.ok();
    bill.add(world, "admin.get_statistics", get("/statistics".into()).send()).await.ok();
    let upload = world
        .upload(staff, format!("external_id,first_name,last_name\n{mark},Neu,{mark}\n").as_bytes())
        .await;
    let import = json!({ "upload_id": upload, "source": "test", "mode": "apply" });
    let job = bill.add(world, "admin.start_import", keyed("/imports".into(), import).send()).await.ok();
    world.drain().await;
    bill.add(world, "admin.get_job", get(format!("/jobs/{}", job["job_id"].as_str().unwrap())).send())
        .await
        .ok();
    bill.add(world, "admin.extend_session", post("/session/extend".into(), json!({})).send()).await.ok();
    let leave = world.admin(Method::DELETE, "/session").by(staff).json(json!({}));
    bill.add(world, "admin.sign_out", leave.send()).await.ok();
}

/// What a System Administrator does with a worker, and that worker with their password.
async fn workers(world: &World, bill: &mut Bill) {
    let system = &world.staff(SYSTEM).await;
    let tomasz = world.worker(OTHER_CLINICAL).await;
    let list = world.admin(Method::GET, "/workers").by(system);
    bill.add(world, "admin.list_workers", list.send()).await.ok();
    for (operation, action) in [
        ("admin.suspend_worker", "suspend"),
        ("admin.unlock_worker", "unlock"),
        ("admin.reset_worker_password", "reset-password"),
    ] {
        let act = world.admin(Method::POST, &format!("/workers/{tomasz}/{action}")).by(system);
        bill.add(world, operation, act.header("idempotency-key", world.key()).send()).await.ok();
    }
    world.drain().await;
    let post = |path: &str, body| world.admin(Method::POST, path).json(body);
    let forgotten = post("/password-reset-requests", json!({ "email": OTHER_CLINICAL }));
    bill.add(world, "admin.request_password_reset", forgotten.send()).await.ok();
    world.drain().await;
    let token = link_in(&world.local.mails().unwrap().last().unwrap().text, "/reset#").unwrap();
    let reset = post("/password-reset", json!({ "token": token, "password": PASSWORD }));
    bill.add(world, "admin.reset_password", reset.send()).await.ok();
    let tomasz = world.sign_worker_in(OTHER_CLINICAL, PASSWORD).await.session();
    let change = post("/password", json!({ "current": PASSWORD, "new": demo_password(OTHER_CLINICAL) }));
    bill.add(world, "admin.change_password", change.by(&tomasz).send()).await.ok();
}

/// Chooses which messages to get.
async fn messages(world: &World, bill: &mut Bill, client: &Session) {
    let account = world.portal(Method::GET, "/account").by(client).send().await.ok();
    let contact = &account["messages"]["contact_id"];
    let wanted = json!({ "event_confirmations": true, "event_updates": false, "contact_id": contact });
    let choose = world.portal(Method::PUT, "/account/messages").by(client).json(wanted);
    bill.add(world, "portal.set_message_preferences", choose.send()).await.ok();
}

/// What a client does on *About Me*, and a photo of a worker of theirs.
async fn about_oneself(world: &World, bill: &mut Bill, client: &Session) {
    let get = world.portal(Method::GET, "/profile").by(client);
    let profile = bill.add(world, "portal.get_profile", get.send()).await.ok();
    let call = |method, path: &str, body| {
        world.portal(method, path).by(client).header("idempotency-key", world.key()).json(body)
    };
    let named = |name: &str| profile[name].clone();
    let changed =
        json!({ "first_name": named("first_name"), "last_name": "Else", "language": named("language") });
    let put = call(Method::PUT, "/profile", json!({ "version": named("version"), "profile": changed }));
    let saved = bill.add(world, "portal.update_profile", put.send()).await.ok();
    assert_ne!(saved["version"], named("version"));
    let contact = |value: &str| json!({ "kind": "email", "value": value, "use_contact": true });
    let add = call(Method::POST, "/profile/contacts", json!({ "contact": contact("one@example.org") }));
    let added = bill.add(world, "portal.add_contact", add.send()).await.ok();
    let path = format!("/profile/contacts/{}", added["contact_id"].as_str().unwrap());
    let body = json!({ "version": added["version"], "contact": contact("two@example.org") });
    bill.add(world, "portal.update_contact", call(Method::PUT, &path, body).send()).await.ok();
    bill.add(world, "portal.retire_contact", call(Method::DELETE, &path, json!({})).send()).await.ok();
    let carmen = world.staff(CLINICAL).await;
    world.set_photo(&carmen).await;
    let path = format!("/workers/{}/photo", world.worker(CLINICAL).await);
    let photo = world.portal(Method::GET, &path).by(client);
    assert_eq!(bill.add(world, "portal.get_worker_photo", photo.send()).await.status, 200);
}

/// What a client asks for, and what becomes of it.
async fn wishes(world: &World, bill: &mut Bill, client: &Session) {
    let staff = &world.staff(INTAKE).await;
    let service = world.offered_service(staff, "Housing").await;
    let offered = world.portal(Method::GET, "/offered-services").by(client);
    bill.add(world, "portal.list_offered_services", offered.send()).await.ok();
    let ask =
        world.portal(Method::POST, "/service-requests").by(client).json(json!({ "service_id": service }));
    let ask = ask.header("idempotency-key", world.key());
    bill.add(world, "portal.request_service", ask.send()).await.ok();
    world.drain().await;
    let list = world.admin(Method::GET, "/service-requests").by(staff);
    let list = bill.add(world, "admin.list_service_requests", list.send()).await.ok();
    let [whose, id] = ["individual_id", "request_id"].map(|name| list["requests"][0][name].as_str().unwrap());
    let path = format!("/individuals/{whose}/service-requests/{id}/settle");
    let settle = world.admin(Method::POST, &path).by(staff).json(json!({ "outcome": "declined" }));
    bill.add(world, "admin.settle_service_request", settle.send()).await.ok();
}

/// What a worker does with a service, and with a group of it.
async fn services(world: &World, bill: &mut Bill) {
    let staff = &world.staff(INTAKE).await;
    let service = json!({ "kind": "case_service", "name": "Counselling", "visibility": "hidden" });
    let create = world.admin(Method::POST, "/services").by(staff).header("idempotency-key", world.key());
    let created = bill.add(world, "admin.create_service", create.json(service).send()).await.ok();
    let service = created["service"]["service_id"].as_str().unwrap();
    let group = world.service(staff, "group", "Tuesdays", Some(service)).await;
    let path = format!("/services/{group}");
    let hidden = json!({ "version": 1, "name": "Tuesdays", "visibility": "hidden" });
    let put = world.admin(Method::PUT, &path).by(staff).json(hidden);
    bill.add(world, "admin.update_service", put.send()).await.ok();
    let get = |path: &str| world.admin(Method::GET, path).by(staff);
    bill.add(world, "admin.get_service", get(&path).send()).await.ok();
    bill.add(world, "admin.list_services", get("/services?kind=group").send()).await.ok();
    enrolments(world, bill, staff, service, &group).await;
}

/// What a worker does with somebody's service file, and with their place in a group.
async fn enrolments(world: &World, bill: &mut Bill, staff: &Session, service: &str, group: &str) {
    let individual = world.individual(staff, "T-05").await;
    let [carmen, tomasz] = [CLINICAL, OTHER_CLINICAL];
    let (carmen, tomasz) = (world.worker(carmen).await, world.worker(tomasz).await);
    let call = |method, path: &str, body: Value| {
        world.admin(method, path).by(staff).header("idempotency-key", world.key()).json(body).send()
    };
    let files = format!("/individuals/{individual}/service-files");
    let open = json!({ "service_id": service, "opened_on": "2026-01-12", "primary_worker_id": carmen });
    let opened = bill.add(world, "admin.open_service_file", call(Method::POST, &files, open)).await.ok();
    let file = format!("{files}/{}", opened["service_file_id"].as_str().unwrap());
    let other = json!({ "version": 1, "primary_worker_id": tomasz });
    bill.add(world, "admin.update_service_file", call(Method::PUT, &file, other)).await.ok();
    let roster = format!("/services/{group}/roster");
    let whom = json!({ "individual_id": individual });
    bill.add(world, "admin.add_to_roster", call(Method::POST, &roster, whom.clone())).await.ok();
    let get = |path: &str| world.admin(Method::GET, path).by(staff).send();
    bill.add(world, "admin.list_roster", get(&roster)).await.ok();
    let listed = get(&format!("/individuals/{individual}/services"));
    bill.add(world, "admin.list_individual_services", listed).await.ok();
    let place = format!("{roster}/{individual}");
    bill.add(world, "admin.remove_from_roster", call(Method::DELETE, &place, json!({}))).await.ok();
    call(Method::POST, &roster, whom).await.ok();
    let close = json!({ "version": 2, "closed_on": "2026-02-27" });
    bill.add(world, "admin.close_service_file", call(Method::POST, &format!("{file}/close"), close))
        .await
        .ok();
    let reopen = call(Method::POST, &format!("{file}/reopen"), json!({ "version": 3 }));
    bill.add(world, "admin.reopen_service_file", reopen).await.ok();
}

/// What a client does with their sessions and account; the session that goes on.
async fn sessions(world: &World, bill: &mut Bill, client: &Session, address: &str) -> Session {
    world.sign_in(address, PASSWORD).await.ok();
    let list = world.portal(Method::GET, "/sessions").by(client);
    let list = bill.add(world, "portal.list_sessions", list.send()).await.ok();
    let list = list["sessions"].as_array().unwrap();
    let other = list.iter().find(|session| session["current"] == false).unwrap();
    let path = format!("/sessions/{}", other["session_id"].as_str().unwrap());
    let end = world.portal(Method::DELETE, &path).by(client);
    bill.add(world, "portal.end_session", end.send()).await.ok();
    let end = world.portal(Method::POST, "/sessions/end-others").by(client);
    let client = bill.add(world, "portal.end_other_sessions", end.send()).await.session();
    let account = world.portal(Method::GET, "/account").by(&client);
    bill.add(world, "portal.get_account", account.send()).await.ok();
    let services = world.portal(Method::GET, "/services").by(&client);
    bill.add(world, "portal.list_services", services.send()).await.ok();
    let language = world.portal(Method::PUT, "/language").by(&client).json(json!({ "language": "es" }));
    bill.add(world, "portal.set_language", language.send()).await.ok();
    messages(world, bill, &client).await;
    about_oneself(world, bill, &client).await;
    wishes(world, bill, &client).await;
    let post = |path: &str, body| world.portal(Method::POST, path).by(&client).json(body);
    // There, and back again.
    for email in [format!("new.{address}"), address.to_owned()] {
        let wanted = json!({ "email": email, "password": PASSWORD });
        bill.add(world, "portal.request_email_change", post("/email-change", wanted).send()).await.ok();
        world.drain().await;
        let code = json!({ "code": world.newest_code() });
        bill.add(world, "portal.confirm_email_change", post("/email-change/confirm", code).send()).await.ok();
        world.drain().await;
    }
    client
}

#[tokio::test]
async fn every_operation_takes_what_it_may() {
    let world = World::new().await;
    let mut bill = Bill(Vec::new());
    everything(&world, &mut bill, "T-02", "elodie.fournier@example.org", "1990-02-28", "W-1").await;
    everything(&world, &mut bill, "T-01", "ana.delgado@example.org", "1985-04-12", "W-2").await;
    // Once for the secrets that functions read at first, and once to measure.
    for _ in 0..2 {
        workers(&world, &mut bill).await;
    }
    for _ in 0..2 {
        services(&world, &mut bill).await;
    }
    bill.print();
    let counted: Vec<_> = bill.0.iter().map(|(operation, cost)| (*operation, cost.calls())).collect();
    assert_eq!(counted, CALLS);
    for (operation, cost) in &bill.0 {
        assert!(cost.is_affordable(), "{operation}: {cost:?}");
    }
}

/// The jobs that follow an invitation: its event published, the mail sent, and twice SES's word of it.
#[tokio::test]
async fn what_an_invitation_sets_off() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    world.invite(&staff, "T-01").await;
    let individual = world.individual(&staff, "T-02").await;
    world.create(&staff, &individual, json!({})).await.ok();
    let ((), called) = calls(&world, world.drain()).await;
    let mut bill = Bill(Vec::new());
    for operation in ["jobs.publish_journal", "jobs.send_mail", "jobs.record_mail_outcome"] {
        let (its, _): (Vec<Call>, _) = called.iter().cloned().partition(|call| call.caller == operation);
        bill.0.push((operation, Cost::of(&its)));
    }
    bill.print();
    assert!(
        called.iter().all(|call| bill.0.iter().any(|(operation, _)| call.caller == *operation)),
        "{called:?}"
    );
    for (operation, cost) in &bill.0 {
        assert!(cost.read_units <= 8.0 && cost.write_units <= 8.0, "{operation}: {cost:?}");
    }
}

/// What somebody outside could tell apart: everything but the date.
fn seen(answer: &Answer) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let headers = answer.headers.iter().filter(|(name, _)| *name != "date");
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    (answer.status.as_u16(), headers.collect(), answer.bytes.clone())
}

fn steps(calls: &[Call]) -> Vec<(Service, String, usize)> {
    calls.iter().map(|call| (call.service, call.action.clone(), call.resources.len())).collect()
}

/// Somebody in every state that an account can be in, and some who have none.
async fn somebody_of_each_kind(world: &World) -> Vec<(&'static str, &'static str)> {
    let staff = world.staff(INTAKE).await;
    for (external_id, born, then) in [
        ("T-01", "1985-04-12", None),
        ("T-03", "1978-11-30", None),
        ("T-09", "1970-07-07", Some("suspend")),
        ("T-11", "1983-03-03", Some("close")),
        ("T-12", "2004-02-29", Some("disable")),
    ] {
        let (individual, account, token) = world.invite(&staff, external_id).await;
        world.activate(&token, born).await.ok();
        if let Some(then) = then {
            let path = format!("/individuals/{individual}/accounts/{account}/{then}");
            world.admin(Method::POST, &path).by(&staff).send().await.ok();
        }
    }
    for _ in 0..10 {
        world.sign_in("jose.nunez@example.org", "not the password at all").await.refused(401);
    }
    world.invite(&staff, "T-02").await;
    world.drain().await;
    vec![
        ("active", "ana.delgado@example.org"),
        ("pending", "elodie.fournier@example.org"),
        ("locked", "jose.nunez@example.org"),
        ("suspended", "shared@example.org"),
        ("disabled", "leap@example.org"),
        ("closed", "layla@example.org"),
        ("without an account", "noor@example.org"),
        ("unknown", "nobody@example.org"),
        ("a worker", INTAKE),
        ("no address", "no address"),
        ("nothing", ""),
    ]
}

#[tokio::test]
async fn neither_signing_in_nor_asking_for_a_reset_tells_who_is_known() {
    let world = World::new().await;
    let everybody = somebody_of_each_kind(&world).await;
    let sign_in = |email: &str| {
        let body = json!({ "email": email, "password": "wrong but long enough" });
        world.portal(Method::POST, "/session").json(body).send()
    };
    sign_in("nobody@example.org").await.refused(401);
    world.forget("somebody@example.org").await.ok();
    let mut told = Vec::new();
    for (kind, email) in everybody {
        let before = credentials::password::hashed();
        let (refused, tried) = calls(&world, sign_in(email)).await;
        assert_eq!(refused.refused(401), "sign_in_failed", "{kind}");
        let verified = credentials::password::hashed() - before;
        assert_eq!(verified, 1, "{kind}: one verification either way");
        let (answered, asked) = calls(&world, world.forget(email)).await;
        assert_eq!(answered.ok(), json!({}), "{kind}");
        told.push((kind, seen(&refused), steps(&tried), seen(&answered), steps(&asked)));
    }
    let (_, refused, tried, answered, asked) = told[0].clone();
    for other in told {
        assert_eq!(other, (other.0, refused.clone(), tried.clone(), answered.clone(), asked.clone()));
    }
}

#[tokio::test]
async fn signing_a_worker_in_does_not_tell_who_is_known() {
    let world = World::new().await;
    let sign_in = |email: &'static str| {
        let body = json!({ "email": email, "password": "wrong but long enough" });
        world.admin(Method::POST, "/session").json(body).send()
    };
    sign_in("nobody@example.org").await.refused(401);
    let (answer, known) = calls(&world, sign_in(INTAKE)).await;
    assert_eq!(answer.refused(401), "sign_in_failed");
    for other in ["nobody@example.org", "no address", "ana.delgado@example.org"] {
        let (unknown_answer, unknown) = calls(&world, sign_in(other)).await;
        assert_eq!((seen(&unknown_answer), steps(&unknown)), (seen(&answer), steps(&known)), "{other}");
    }
}

/// Whoever holds a genuine link hears the same, whatever has become of the account.
#[tokio::test]
async fn asking_for_a_link_tells_nothing_of_the_account() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let mut answers = Vec::new();
    for (external_id, born, closed) in
        [("T-01", None, false), ("T-02", Some("1990-02-28"), false), ("T-03", None, true)]
    {
        let (individual, account, token) = world.invite(&staff, external_id).await;
        if let Some(born) = born {
            world.activate(&token, born).await.ok();
        }
        if closed {
            let close = format!("/individuals/{individual}/accounts/{account}/close");
            world.admin(Method::POST, &close).by(&staff).send().await.ok();
        }
        let asked = world.portal(Method::POST, "/links/ask").json(json!({ "token": token })).send().await;
        asked.ok();
        answers.push(seen(&asked));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn forged_tokens_cost_nothing() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (_, _, token) = world.invite(&staff, "T-01").await;
    world.look(&token).await;
    let activated = world.activate(&token, "1985-04-12").await.session();
    world.portal(Method::GET, "/home").by(&activated).send().await.ok();
    world.admin(Method::GET, "/me").by(&staff).send().await.ok();

    for (api, path, session) in [(Api::Portal, "/home", &activated), (Api::Admin, "/me", &staff)] {
        let (rest, signature) = session.cookie.rsplit_once('.').unwrap();
        let turned: String = signature.chars().rev().collect();
        let (answer, called) = calls(
            &world,
            world.api(api, Method::GET, path).by(&Session { cookie: format!("{rest}.{turned}") }).send(),
        )
        .await;
        assert_eq!((answer.refused(401).as_str(), called.len()), ("not_signed_in", 0));
    }
    let turned: String = token.chars().rev().collect();
    for path in ["/links/look", "/links/ask"] {
        // Once for the secret.
        world.portal(Method::POST, path).json(json!({ "token": turned })).send().await;
        let (_, called) =
            calls(&world, world.portal(Method::POST, path).json(json!({ "token": turned })).send()).await;
        assert_eq!(called, []);
    }
}

#[tokio::test]
async fn searching_takes_as_many_calls_among_many_as_among_few() {
    let file = |rows: std::ops::Range<u32>| {
        let mut file = String::from("external_id,first_name,last_name,birth_date,email,email_consent\n");
        rows.for_each(|row| {
            writeln!(file, "F-{row},Filler,Person{row},1990-01-01,filler{row}@example.org,yes").unwrap()
        });
        file
    };
    let world = World::set_up().await;
    let mut first = None;
    for rows in [0..10, 10..1000] {
        world.import(file(rows).as_bytes(), "apply").await;
        let staff = world.staff(INTAKE).await;
        let mut costs = Vec::new();
        for body in [
            json!({ "name": "person7" }),
            json!({ "email": "filler7@example.org" }),
            json!({ "external_id": { "source": "test", "id": "F-7" } }),
            json!({ "birth_date": "1990-01-01", "name": "filler" }),
        ] {
            let search =
                || world.admin(Method::POST, "/individuals/search").by(&staff).json(body.clone()).send();
            search().await.ok();
            let (found, called) = calls(&world, search()).await;
            assert!(!found.ok()["individuals"].as_array().unwrap().is_empty());
            costs.push(Cost::of(&called).calls());
        }
        assert_eq!(*first.get_or_insert_with(|| costs.clone()), costs);
    }
}

/// What the client of T-01 sees, and what it took.
async fn my_services(world: &World, client: &Session) -> (usize, [usize; 6]) {
    let list = || world.portal(Method::GET, "/services").by(client).send();
    list().await.ok();
    let (seen, called) = calls(world, list()).await;
    (seen.ok()["services"].as_array().unwrap().len(), Cost::of(&called).calls())
}

#[tokio::test]
async fn my_services_take_as_many_calls_for_many_as_for_few() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (_, _, token) = world.invite(&staff, "T-01").await;
    let client = world.activate(&token, "1985-04-12").await.session();
    let (mut services, mut files, mut places) = (
        String::from("external_id,kind,name,client_facing_name,visible,parent_external_id\n"),
        String::from(
            "external_id,individual_external_id,service_external_id,opened_on,primary_worker_email\n",
        ),
        String::from("individual_external_id,service_external_id\n"),
    );
    for number in 0..15 {
        writeln!(services, "S-{number},case_service,Internal,Service {number},yes,").unwrap();
        writeln!(services, "G-{number},group,Internal,Group {number},,S-{number}").unwrap();
        writeln!(files, "F-{number},T-01,S-{number},2026-01-12,{CLINICAL}").unwrap();
        writeln!(places, "T-01,G-{number}").unwrap();
    }
    assert_eq!(my_services(&world, &client).await, (0, [0, 3, 0, 0, 0, 0]));
    for (kind, file) in [("services", services), ("service_files", files), ("rosters", places)] {
        let job = world.import_of(kind, file.as_bytes(), "apply").await;
        assert_eq!(job["refused"], 0, "{kind}: {job}");
    }
    assert_eq!(my_services(&world, &client).await, (15, [0, 3, 0, 0, 0, 0]));
}

/// Puts so many more accounts beside one, as pending as that.
async fn multiply(world: &World, account: &str, times: u32) {
    let client = aws_sdk_dynamodb::Client::new(&world.local.aws().sdk_config("root"));
    let table = crate::crash_points::table_name(world, store::tables::Table::Accounts);
    let key = aws_sdk_dynamodb::types::AttributeValue::S(account.to_owned());
    let item = client.get_item().table_name(&table).key("pk", key).send().await.unwrap().item.unwrap();
    for number in 0..times {
        let mut copy = item.clone();
        let id = format!("acc_{number:026}");
        copy.insert("pk".to_owned(), aws_sdk_dynamodb::types::AttributeValue::S(id));
        client.put_item().table_name(&table).set_item(Some(copy)).send().await.unwrap();
    }
}

#[tokio::test]
async fn searching_accounts_takes_as_many_calls_among_many_as_among_few() {
    let world = World::new().await;
    let staff = &world.staff(INTAKE).await;
    let (_, account, _) = world.invite(staff, "T-01").await;
    // Of all fifty of a page, one read of accounts and individuals; of a page of names, one more for what they hold.
    let (listed, held) = ([0, 3, 0, 0, 1, 0], [0, 4, 0, 0, 1, 0]);
    for stored in [60, 1_000] {
        multiply(&world, &account, stored).await;
        for (criteria, cost) in [
            (json!({}), listed),
            (
                json!({ "statuses": [{ "state": "pending" }], "site_id": null, "never_signed_in": true }),
                listed,
            ),
            (json!({ "expiring_within_days": 7 }), listed),
            (json!({ "created_from": "2026-01-01T00:00:00Z" }), listed),
            (json!({ "email": "ana.delgado@example.org" }), listed),
            (json!({ "name": "ana" }), held),
            (json!({ "birth_date": "1985-04-12" }), held),
        ] {
            let body = json!({ "criteria": criteria });
            let search = || world.admin(Method::POST, "/accounts/search").by(staff).json(body.clone()).send();
            search().await.ok();
            let (found, called) = calls(&world, search()).await;
            assert!(!found.ok()["accounts"].as_array().unwrap().is_empty(), "{criteria}");
            assert_eq!(Cost::of(&called).calls(), cost, "{criteria} among {stored}");
        }
    }
}

#[tokio::test]
async fn statistics_take_as_many_calls_of_many_accounts_as_of_few() {
    let world = World::new().await;
    let staff = &world.staff(INTAKE).await;
    let (_, account, _) = world.invite(staff, "T-01").await;
    for stored in [0, 1_000] {
        multiply(&world, &account, stored).await;
        let computed = world.local.invoke("jobs.compute_statistics", json!({})).await.unwrap();
        assert_eq!(computed["accounts"], stored + 1, "{computed}");
        let get = || world.admin(Method::GET, "/statistics").by(staff).send();
        get().await.ok();
        let (told, called) = calls(&world, get()).await;
        assert_eq!(told.ok()["accounts"][0]["count"], stored + 1);
        assert_eq!(Cost::of(&called).calls(), [0, 3, 0, 0, 0, 0]);
    }
}
