//! Workers' own accounts (B13): locked, suspended, unlocked, reset, as clients' are, by System Administrators.

use std::collections::BTreeSet;

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};
use store::tables::Table;

use crate::crash_points::items;
use crate::support::{
    ADMIN_EXEC, Answer, CLINICAL, INTAKE, OTHER_CLINICAL, SYSTEM, Session, World, demo_password, morning,
};

/// Somebody does something with a worker, a little later.
async fn act(world: &World, by: &Session, worker: &str, what: &str) -> Answer {
    world.advance(Duration::seconds(1));
    world.admin(Method::POST, &format!("/workers/{worker}/{what}")).by(by).send().await
}

/// Whether a cookie opens anything.
async fn is_in(world: &World, session: &Session) -> bool {
    let answer = world.admin(Method::GET, "/me").by(session).send().await;
    if answer.status == 200 {
        return true;
    }
    assert_eq!(answer.refused(401), "session_ended");
    false
}

/// What the journal tells of a worker, oldest first: rule, from, to, reason, who did it.
async fn told_of(world: &World, worker: &str) -> Vec<String> {
    let mut records = items(world, Table::Journal).await;
    records.retain(|record| record["pk"] == worker && !record["transition"].is_null());
    records.sort_by_key(|record| record["sk"].as_str().unwrap().to_owned());
    let told = records.iter().map(|record| {
        let of = |name: &str| record["transition"][name].as_str().unwrap_or("-").to_owned();
        let actor = &record["actor"]["kind"];
        format!("{} {} {} {} by {}", of("rule"), of("from"), of("to"), of("reason"), actor.as_str().unwrap())
    });
    told.collect()
}

#[tokio::test]
async fn a_suspended_worker_is_out_at_once_until_unlocked() {
    let world = World::set_up().await;
    let (system, carmen) = (world.staff(SYSTEM).await, world.worker(CLINICAL).await);
    let browsers = [world.staff(CLINICAL).await, world.staff(CLINICAL).await];

    let suspended = act(&world, &system, &carmen, "suspend").await.ok();
    assert_eq!((&suspended["state"], &suspended["reason"]), (&json!("locked"), &json!("suspended")));
    for browser in &browsers {
        assert!(!is_in(&world, browser).await);
    }
    let right = world.sign_worker_in(CLINICAL, &demo_password(CLINICAL)).await;
    let unknown = world.sign_worker_in("nobody@example.org", &demo_password(CLINICAL)).await;
    assert_eq!((right.refused(401).as_str(), &right.bytes), ("sign_in_failed", &unknown.bytes));

    let again = act(&world, &system, &carmen, "suspend").await;
    assert_eq!(again.refused(409), "worker_state");
    assert_eq!(again.json()["parameters"], json!({ "state": "locked", "action": "suspend" }));

    let unlocked = act(&world, &system, &carmen, "unlock").await.ok();
    assert_eq!((&unlocked["state"], &unlocked["reason"]), (&json!("active"), &Value::Null));
    assert_eq!(act(&world, &system, &carmen, "unlock").await.refused(409), "worker_state");
    for browser in &browsers {
        assert!(!is_in(&world, browser).await, "unlocking brings no session back");
    }
    assert!(is_in(&world, &world.staff(CLINICAL).await).await);
    let rules = ["A11 active locked suspended by worker", "A12 locked active - by worker"];
    assert_eq!(told_of(&world, &carmen).await, rules);
}

#[tokio::test]
async fn wrong_passwords_lock_a_worker_and_end_their_sessions_for_good() {
    let world = World::set_up().await;
    let (system, carmen) = (world.staff(SYSTEM).await, world.worker(CLINICAL).await);
    let browser = world.staff(CLINICAL).await;
    for _ in 0..10 {
        assert_eq!(world.sign_worker_in(CLINICAL, "not the one at all").await.refused(401), "sign_in_failed");
    }
    assert!(!is_in(&world, &browser).await);
    let unlocked = act(&world, &system, &carmen, "unlock").await.ok();
    assert_eq!(unlocked["worker_id"], carmen.as_str());
    assert!(!is_in(&world, &browser).await, "unlocking brings no session back");
    assert!(is_in(&world, &world.staff(CLINICAL).await).await);
    let rules = ["A10 active locked failed_sign_ins by anonymous", "A12 locked active - by worker"];
    assert_eq!(told_of(&world, &carmen).await, rules);
}

#[tokio::test]
async fn who_is_reset_is_out_until_they_choose_a_new_password() {
    let world = World::set_up().await;
    let (system, carmen) = (world.staff(SYSTEM).await, world.worker(CLINICAL).await);
    let browser = world.staff(CLINICAL).await;
    let reset = act(&world, &system, &carmen, "reset-password").await.ok();
    assert_eq!((&reset["mailed"], &reset["worker"]["must_reset"]), (&json!(true), &json!(true)));
    assert!(!is_in(&world, &browser).await);
    let right = world.sign_worker_in(CLINICAL, &demo_password(CLINICAL)).await;
    assert_eq!(right.refused(403), "must_reset");
    let wrong = world.sign_worker_in(CLINICAL, "not the one at all").await;
    assert_eq!(wrong.refused(401), "sign_in_failed", "who doesn't know the password learns nothing");

    // Suspended, they get no link; unlocked, they still have to.
    act(&world, &system, &carmen, "suspend").await.ok();
    assert_eq!(act(&world, &system, &carmen, "reset-password").await.ok()["mailed"], false);
    assert_eq!(act(&world, &system, &carmen, "unlock").await.ok()["must_reset"], true);
    let right = world.sign_worker_in(CLINICAL, &demo_password(CLINICAL)).await;
    assert_eq!(right.refused(403), "must_reset");
}

#[tokio::test]
async fn nobody_bars_themselves_so_that_a_system_administrator_remains() {
    let world = World::set_up().await;
    let system = world.staff(SYSTEM).await;
    let own = world.admin(Method::GET, "/me").by(&system).send().await.ok()["worker_id"].clone();
    for what in ["suspend", "reset-password"] {
        let refused = act(&world, &system, own.as_str().unwrap(), what).await;
        assert_eq!(refused.refused(409), "own_account", "{what}");
    }
    assert!(is_in(&world, &system).await);
}

#[tokio::test]
async fn only_system_administrators_touch_workers() {
    let world = World::set_up().await;
    let carmen = world.worker(CLINICAL).await;
    for email in [INTAKE, ADMIN_EXEC, CLINICAL] {
        let staff = world.staff(email).await;
        for what in ["suspend", "unlock", "reset-password"] {
            assert_eq!(
                act(&world, &staff, &carmen, what).await.refused(403),
                "not_allowed",
                "{email} {what}"
            );
        }
    }
    assert!(told_of(&world, &carmen).await.is_empty());
}

#[tokio::test]
async fn all_workers_are_listed_page_by_page_for_system_administrators() {
    let world = World::set_up_with(|file| {
        let workers = file["workers"].as_array_mut().unwrap();
        let last = workers.last().unwrap().clone();
        workers.extend((workers.len()..25).map(|number| {
            let mut worker = last.clone();
            worker["email"] = json!(format!("more{number}@alderquay.example.org"));
            worker
        }));
    })
    .await;
    let system = world.staff(SYSTEM).await;
    let carmen = world.worker(CLINICAL).await;
    act(&world, &system, &carmen, "suspend").await.ok();
    let mut path = "/workers".to_owned();
    let (mut listed, mut pages) = (Vec::new(), 0);
    loop {
        let page = world.admin(Method::GET, &path).by(&system).send().await.ok();
        listed.extend(page["workers"].as_array().unwrap().clone());
        pages += 1;
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/workers?cursor={cursor}");
    }
    let emails: BTreeSet<_> = listed.iter().map(|entry| entry["worker"]["email"].as_str().unwrap()).collect();
    assert_eq!((emails.len(), listed.len(), pages), (25, 25, 2));
    let entry = listed.iter().find(|entry| entry["worker"]["worker_id"] == carmen.as_str()).unwrap();
    assert_eq!((&entry["security_class"], &entry["site"]), (&json!("Full"), &json!("Quayside Centre")));
    let worker = &entry["worker"];
    assert_eq!(
        [&worker["name"], &worker["email"], &worker["user_group"], &worker["state"], &worker["reason"]],
        ["Carmen Ibáñez", CLINICAL, "clinical_worker", "locked", "suspended"]
    );
    assert_eq!(worker["last_sign_in"], json!(morning()));
    for email in [INTAKE, ADMIN_EXEC, OTHER_CLINICAL] {
        let staff = world.staff(email).await;
        assert_eq!(world.admin(Method::GET, "/workers").by(&staff).send().await.refused(403), "not_allowed");
    }
}
