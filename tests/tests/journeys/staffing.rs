//! Who works at the agency, which security class they belong to, and where: added, edited, and gone.

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    ADMIN_EXEC, Answer, CLINICAL, INTAKE, NEW_PASSWORD, PASSWORD, SYSTEM, Session, World, link_in,
};

const NOOR: &str = "Noor.Haddad@example.org";
const SECOND: &str = "second.system@example.org";

async fn get(world: &World, by: &Session, path: &str) -> Value {
    world.admin(Method::GET, path).by(by).send().await.ok()
}

async fn act(world: &World, by: &Session, path: &str) -> Answer {
    world.admin(Method::POST, path).by(by).send().await
}

async fn add(world: &World, by: &Session, path: &str, body: Value) -> Answer {
    let call = world.admin(Method::POST, path).by(by).header("idempotency-key", world.key());
    call.json(body).send().await
}

async fn put(world: &World, by: &Session, path: &str, body: Value) -> Answer {
    world.admin(Method::PUT, path).by(by).json(body).send().await
}

/// What is written of a worker: class and site of whoever is signed in.
async fn profile(world: &World, of: &Session, group: &str) -> Value {
    let me = get(world, of, "/me").await;
    let classes = get(world, of, "/security-classes").await;
    json!({
        "first_name": "Noor", "last_name": "Haddad", "user_group": group, "language": "fr",
        "security_class_id": classes["classes"][0]["security_class_id"], "site_id": me["site_id"],
        "client_facing_name": "Noor", "description": "Listens.",
    })
}

/// The reset link in the newest mail to an address.
fn link_to(world: &World, address: &str) -> String {
    let mails = world.local.mails().unwrap();
    let mail = mails.iter().rev().find(|mail| mail.to == [address.to_lowercase()]).expect("a mail");
    link_in(&mail.text, "/reset#").expect("a link")
}

async fn choose(world: &World, token: &str, password: &str) -> Answer {
    let body = json!({ "token": token, "password": password });
    world.admin(Method::POST, "/password-reset").json(body).send().await
}

/// Somebody new, who has chosen a password and signed in.
async fn hired(world: &World, system: &Session, address: &str, group: &str) -> (String, Session) {
    let body = json!({ "email": address, "profile": profile(world, system, group).await });
    let hired = add(world, system, "/workers", body).await.ok();
    world.drain().await;
    choose(world, &link_to(world, address), PASSWORD).await.ok();
    let session = world.sign_worker_in(address, PASSWORD).await.session();
    (hired["worker_id"].as_str().unwrap().to_owned(), session)
}

#[tokio::test]
async fn a_new_worker_is_invited_and_chooses_a_password_once() {
    let world = World::set_up().await;
    let system = world.staff(SYSTEM).await;
    let body = json!({ "email": NOOR, "profile": profile(&world, &system, "clinical_worker").await });
    let twice = || {
        let call =
            world.admin(Method::POST, "/workers").by(&system).header("idempotency-key", "once-and-for-all");
        call.json(body.clone()).send()
    };
    let noor = twice().await.ok();
    assert_eq!(twice().await.ok(), noor);
    assert_eq!(add(&world, &system, "/workers", body.clone()).await.refused(409), "address_taken");
    world.drain().await;
    let mails = world.local.mails().unwrap();
    assert_eq!(mails.iter().filter(|mail| mail.to == [NOOR.to_lowercase()]).count(), 1);
    assert!(mails.last().unwrap().text.contains("Choisissez"), "in the worker's language");
    assert!(!noor["invited_until"].is_null() && noor["second_factor"] == false, "{noor}");

    let older = link_to(&world, NOOR);
    let path = format!("/workers/{}", noor["worker_id"].as_str().unwrap());
    act(&world, &system, &format!("{path}/invite")).await.ok();
    world.drain().await;
    world.advance(Duration::days(7) - Duration::seconds(1));
    let system = world.staff(SYSTEM).await;
    assert_eq!(choose(&world, &older, PASSWORD).await.refused(410), "link_superseded");
    let link = link_to(&world, NOOR);
    choose(&world, &link, PASSWORD).await.ok();
    assert_eq!(choose(&world, &link, NEW_PASSWORD).await.refused(410), "link_superseded", "once");
    let own = world.sign_worker_in(&NOOR.to_uppercase(), PASSWORD).await.session();
    assert_eq!(get(&world, &own, "/me").await["name"], "Noor");
    assert_eq!(get(&world, &system, &path).await["invited_until"], Value::Null);
    let again = act(&world, &system, &format!("{path}/invite")).await;
    assert_eq!(again.refused(409), "worker_state", "who has a password is reset, not invited");
}

#[tokio::test]
async fn an_invitation_that_is_over_opens_nothing() {
    let world = World::set_up().await;
    let system = world.staff(SYSTEM).await;
    let body = json!({ "email": NOOR, "profile": profile(&world, &system, "admin_exec").await });
    add(&world, &system, "/workers", body).await.ok();
    world.drain().await;
    world.advance(Duration::days(7));
    assert_eq!(choose(&world, &link_to(&world, NOOR), PASSWORD).await.refused(410), "reset_link_expired");
    assert_eq!(world.sign_worker_in(NOOR, PASSWORD).await.refused(401), "sign_in_failed");
}

#[tokio::test]
async fn another_group_counts_at_once_and_a_stale_form_overwrites_nothing() {
    let world = World::set_up().await;
    let system = world.staff(SYSTEM).await;
    let (id, own) = hired(&world, &system, NOOR, "clinical_worker").await;
    let path = format!("/workers/{id}");
    let seen = get(&world, &system, &path).await["version"].clone();
    // Signing in is no edit.
    world.sign_worker_in(NOOR, PASSWORD).await.ok();
    let mut wanted = profile(&world, &system, "clinical_worker").await;
    wanted["last_name"] = json!("Sayegh");
    let renamed = put(&world, &system, &path, json!({ "version": seen, "profile": wanted })).await.ok();
    assert_eq!(renamed["last_name"], "Sayegh");
    get(&world, &own, "/me").await;
    wanted["user_group"] = json!("admin_exec");
    let stale = put(&world, &system, &path, json!({ "version": seen, "profile": wanted })).await;
    assert_eq!(stale.refused(409), "record_changed");
    let moved = json!({ "version": renamed["version"], "profile": wanted });
    put(&world, &system, &path, moved).await.ok();
    assert_eq!(world.admin(Method::GET, "/me").by(&own).send().await.refused(401), "session_ended");
    let again = world.sign_worker_in(NOOR, PASSWORD).await.session();
    assert_eq!(get(&world, &again, "/me").await["user_group"], "admin_exec");
}

#[tokio::test]
async fn who_is_deactivated_is_out_and_comes_back_by_a_new_password() {
    let world = World::set_up().await;
    let system = world.staff(SYSTEM).await;
    let (id, own) = hired(&world, &system, NOOR, "clinical_worker").await;
    let forgotten = world.worker_reset_token(NOOR).await;
    let gone = act(&world, &system, &format!("/workers/{id}/deactivate")).await.ok();
    assert_eq!(gone["state"], "disabled");
    assert_eq!(world.admin(Method::GET, "/me").by(&own).send().await.refused(401), "session_ended");
    assert_eq!(world.sign_worker_in(NOOR, PASSWORD).await.refused(401), "sign_in_failed");
    assert_eq!(choose(&world, &forgotten, PASSWORD).await.refused(410), "reset_not_possible");
    let again = act(&world, &system, &format!("/workers/{id}/deactivate")).await;
    assert_eq!(again.refused(409), "worker_state");
    let taken = json!({ "email": NOOR, "profile": profile(&world, &system, "admin_exec").await });
    assert_eq!(add(&world, &system, "/workers", taken).await.refused(409), "address_taken");

    act(&world, &system, &format!("/workers/{id}/reactivate")).await.ok();
    assert_eq!(
        world.sign_worker_in(NOOR, PASSWORD).await.refused(401),
        "sign_in_failed",
        "not by the old one"
    );
    world.drain().await;
    choose(&world, &link_to(&world, NOOR), NEW_PASSWORD).await.ok();
    world.sign_worker_in(NOOR, NEW_PASSWORD).await.ok();
    assert_eq!(act(&world, &system, &format!("/workers/{id}/reactivate")).await.refused(409), "worker_state");
}

#[tokio::test]
async fn a_system_administrator_always_remains() {
    let world = World::set_up().await;
    let first = world.staff(SYSTEM).await;
    let own = get(&world, &first, "/me").await["worker_id"].as_str().unwrap().to_owned();
    let version = get(&world, &first, &format!("/workers/{own}")).await["version"].clone();
    let demoted = json!({ "version": version, "profile": profile(&world, &first, "admin_exec").await });
    let path = format!("/workers/{own}");
    assert_eq!(put(&world, &first, &path, demoted.clone()).await.refused(409), "own_account");
    let deactivated = act(&world, &first, &format!("{path}/deactivate")).await;
    assert_eq!(deactivated.refused(409), "own_account");

    // Two who bar each other at the same moment.
    let (other, second) = hired(&world, &first, SECOND, "system_administrator").await;
    let before = world.local.snapshot().unwrap();
    let to_demote = json!({ "version": 1, "profile": demoted["profile"] });
    for round in 0..6 {
        let answers = if round % 2 == 0 {
            let (there, here) = (format!("/workers/{other}/deactivate"), format!("{path}/deactivate"));
            tokio::join!(act(&world, &first, &there), act(&world, &second, &here))
        } else {
            let there = format!("/workers/{other}");
            let demotes = put(&world, &first, &there, to_demote.clone());
            tokio::join!(demotes, put(&world, &second, &path, to_demote.clone()))
        };
        let done = [&answers.0, &answers.1].iter().filter(|answer| answer.status == 200).count();
        assert_eq!(done, 1, "{} {}", answers.0.text(), answers.1.text());
        let remains = if answers.0.status == 200 { &first } else { &second };
        get(&world, remains, "/workers").await;
        world.local.restore(&before).unwrap();
    }
}

fn class(name: &str, allow_activations: bool, denials: &[&str]) -> Value {
    json!({ "name": name, "allow_activations": allow_activations, "denials": denials })
}

#[tokio::test]
async fn what_a_class_takes_away_is_gone_at_the_next_call() {
    let world = World::set_up().await;
    let (system, exec) = (world.staff(SYSTEM).await, world.staff(ADMIN_EXEC).await);
    let listed = get(&world, &system, "/security-classes").await;
    let full = listed["classes"].as_array().unwrap().iter().find(|class| class["name"] == "Full").unwrap();
    assert!(full["workers"].as_u64().unwrap() > 3 && full["allow_activations"] == true, "{full}");
    let path = format!("/security-classes/{}", full["security_class_id"].as_str().unwrap());
    get(&world, &exec, "/statistics").await;
    let mut reduced = class("Full", true, &["statistics", "close"]);
    reduced["version"] = listed["version"].clone();
    let saved = put(&world, &system, &path, reduced.clone()).await.ok();
    assert_eq!(saved["security_class"]["denials"], json!(["close", "statistics"]));
    let answer = world.admin(Method::GET, "/statistics").by(&exec).send().await;
    assert_eq!(answer.refused(403), "not_allowed");
    assert_eq!(put(&world, &system, &path, reduced).await.refused(409), "record_changed");
    let mut taken = class(" restricted", true, &[]);
    taken["version"] = saved["version"].clone();
    assert_eq!(put(&world, &system, &path, taken).await.refused(409), "name_taken");
}

#[tokio::test]
async fn a_class_that_somebody_is_given_at_this_moment_is_not_deleted() {
    let world = World::set_up().await;
    let system = world.staff(SYSTEM).await;
    let added = add(&world, &system, "/security-classes", class("Volunteers", false, &["import"])).await.ok();
    let id = added["security_class"]["security_class_id"].clone();
    let path = format!("/security-classes/{}", id.as_str().unwrap());
    let mut wanted = profile(&world, &system, "clinical_worker").await;
    wanted["security_class_id"] = id;
    let carmen = world.worker(CLINICAL).await;
    let before = world.local.snapshot().unwrap();
    for round in 0..6 {
        let delete = world.admin(Method::DELETE, &path).by(&system).send();
        let (deleted, given) = if round % 2 == 0 {
            let body = json!({ "email": NOOR, "profile": wanted });
            tokio::join!(delete, add(&world, &system, "/workers", body))
        } else {
            let body = json!({ "version": 1, "profile": wanted });
            let given = format!("/workers/{carmen}");
            tokio::join!(delete, put(&world, &system, &given, body))
        };
        let done = [&deleted, &given].iter().filter(|answer| answer.status == 200).count();
        assert_eq!(done, 1, "{} {}", deleted.text(), given.text());
        if given.status == 200 {
            let in_use = world.admin(Method::DELETE, &path).by(&system).send().await;
            assert_eq!(in_use.refused(409), "class_in_use");
            assert_eq!(in_use.json()["parameters"]["workers"], 1);
        }
        world.local.restore(&before).unwrap();
    }
}

#[tokio::test]
async fn an_inactive_site_stays_where_it_is_used_and_is_offered_no_more() {
    let world = World::new().await;
    let (system, intake) = (world.staff(SYSTEM).await, world.staff(INTAKE).await);
    let sites = get(&world, &system, "/sites").await;
    let all = sites["sites"].as_array().unwrap().clone();
    let save = |site: &Value, version: &Value, active: bool| {
        let body = json!({
            "version": version, "name": site["name"], "time_zone": site["time_zone"], "active": active,
        });
        let path = format!("/sites/{}", site["site_id"].as_str().unwrap());
        let (world, system) = (&world, &system);
        async move { put(world, system, &path, body).await }
    };
    let mut version = sites["version"].clone();
    for site in &all[1..] {
        version = save(site, &version, false).await.ok()["version"].clone();
    }
    assert_eq!(save(&all[0], &version, false).await.refused(409), "last_site");
    let annex = json!({ "name": "Annex", "time_zone": "America/Halifax" });
    let annex = add(&world, &system, "/sites", annex).await.ok();
    save(&all[0], &annex["version"], false).await.ok();

    let individual = world.individual(&intake, "T-01").await;
    let record = get(&world, &intake, &format!("/individuals/{individual}")).await["individual"].clone();
    let site = record["site_id"].clone();
    let newcomer = json!({ "first_name": "A", "last_name": "B", "language": "en", "site_id": site });
    let refused = add(&world, &intake, "/individuals", json!({ "profile": newcomer })).await;
    assert_eq!(refused.refused(400), "invalid_request");
    assert_eq!(refused.json()["parameters"]["field"], "profile.site_id");
    let fields = ["last_name", "language", "site_id", "external_ids", "worker_ids"];
    let mut kept: Value = fields.iter().map(|field| ((*field).to_owned(), record[*field].clone())).collect();
    kept["first_name"] = json!("Anna");
    let body = json!({ "version": record["version"], "profile": kept });
    put(&world, &intake, &format!("/individuals/{individual}/profile"), body).await.ok();
    let mut worker = profile(&world, &system, "clinical_worker").await;
    worker["site_id"] = site;
    let refused = add(&world, &system, "/workers", json!({ "email": NOOR, "profile": worker })).await;
    assert_eq!(refused.json()["parameters"]["field"], "profile.site_id");
    worker["site_id"] = annex["site"]["site_id"].clone();
    add(&world, &system, "/workers", json!({ "email": NOOR, "profile": worker })).await.ok();
}

#[tokio::test]
async fn a_site_has_a_name_of_its_own_and_a_zone_there_is() {
    let world = World::set_up().await;
    let system = world.staff(SYSTEM).await;
    for (name, zone, field) in [
        ("Annex", "Eastern", "time_zone"),
        ("Annex", "America/Atlantis", "time_zone"),
        ("\u{7}", "UTC", "name"),
    ] {
        let refused = add(&world, &system, "/sites", json!({ "name": name, "time_zone": zone })).await;
        assert_eq!(refused.refused(400), "invalid_request");
        assert_eq!(refused.json()["parameters"]["field"], field);
    }
    let taken = json!({ "name": "QUAYSIDE centre", "time_zone": "America/Toronto" });
    assert_eq!(add(&world, &system, "/sites", taken).await.refused(409), "name_taken");
}
