//! Workers' own accounts (B13): locked, suspended, unlocked, reset, as clients' are, by System Administrators.

use std::collections::BTreeSet;

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};
use store::tables::Table;

use crate::crash_points::items;
use crate::support::{
    ADMIN_EXEC, Answer, CLINICAL, INTAKE, NEW_PASSWORD, OTHER_CLINICAL, SYSTEM, Session, World,
    demo_password, link_in, morning,
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
async fn a_first_password_of_the_agencys_file_only_leads_to_a_new_one() {
    let world = World::set_up_with(|file| {
        let workers = file["workers"].as_array_mut().unwrap();
        let worker = workers.iter_mut().find(|worker| worker["email"] == CLINICAL).unwrap();
        worker.as_object_mut().unwrap().remove("must_reset");
    })
    .await;
    let first = world.sign_worker_in(CLINICAL, &demo_password(CLINICAL)).await;
    assert_eq!(first.refused(403), "must_reset");
    let token = world.worker_reset_token(CLINICAL).await;
    let body = json!({ "token": token, "password": NEW_PASSWORD });
    world.admin(Method::POST, "/password-reset").json(body).send().await.ok();
    assert!(is_in(&world, &world.sign_worker_in(CLINICAL, NEW_PASSWORD).await.session()).await);
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

/// An agency of 25 workers.
pub async fn crowd() -> World {
    World::set_up_with(|file| {
        let workers = file["workers"].as_array_mut().unwrap();
        let last = workers.last().unwrap().clone();
        workers.extend((workers.len()..25).map(|number| {
            let mut worker = last.clone();
            worker["email"] = json!(format!("more{number}@alderquay.example.org"));
            worker
        }));
    })
    .await
}

/// All of a list, page after page, and how many pages there were.
pub async fn all_of(world: &World, by: &Session, list: &str) -> (Vec<Value>, usize) {
    let mut path = format!("/{list}");
    let (mut listed, mut pages) = (Vec::new(), 0);
    loop {
        let page = world.admin(Method::GET, &path).by(by).send().await.ok();
        listed.extend(page[list].as_array().unwrap().clone());
        pages += 1;
        let Some(cursor) = page["next_cursor"].as_str() else { return (listed, pages) };
        path = format!("/{list}?cursor={cursor}");
    }
}

#[tokio::test]
async fn all_workers_are_listed_page_by_page_for_system_administrators() {
    let world = crowd().await;
    let system = world.staff(SYSTEM).await;
    let carmen = world.worker(CLINICAL).await;
    act(&world, &system, &carmen, "suspend").await.ok();
    let (listed, pages) = all_of(&world, &system, "workers").await;
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

#[tokio::test]
async fn a_worker_who_forgot_the_password_chooses_a_new_one_by_the_mailed_link() {
    let world = World::set_up().await;
    let browsers = [world.staff(CLINICAL).await, world.staff(CLINICAL).await];
    let ask = |email: &'static str| {
        let asked = world.admin(Method::POST, "/password-reset-requests").json(json!({ "email": email }));
        asked.send()
    };
    let before = world.local.mails().unwrap().len();
    let unknown = ask("nobody@example.org").await;
    world.drain().await;
    assert_eq!((unknown.ok(), world.local.mails().unwrap().len()), (json!({}), before));

    let older = world.worker_reset_token(CLINICAL).await;
    let token = world.worker_reset_token(CLINICAL).await;
    let mail = world.local.mails().unwrap().last().unwrap().clone();
    assert_eq!(mail.to, [CLINICAL]);
    assert!(mail.text.contains("http://127.0.0.1:8081/reset#"), "to the workers' site");
    let reset = |token: String, password: &'static str| {
        let body = json!({ "token": token, "password": password });
        world.admin(Method::POST, "/password-reset").json(body).send()
    };
    assert_eq!(reset(older, NEW_PASSWORD).await.refused(410), "link_superseded");
    assert_eq!(reset(token.clone(), "short").await.refused(422), "password_too_short");
    assert_eq!(world.reset(&token, NEW_PASSWORD).await.refused(404), "link_not_valid", "not on the portal");
    for browser in &browsers {
        assert!(is_in(&world, browser).await, "asking ends no session");
    }
    let done = reset(token.clone(), NEW_PASSWORD).await;
    done.ok();
    assert!(!done.headers.contains_key("set-cookie"), "it signs nobody in");
    for browser in &browsers {
        assert!(!is_in(&world, browser).await);
    }
    assert_eq!(reset(token, NEW_PASSWORD).await.refused(410), "link_superseded", "once");
    let old = world.sign_worker_in(CLINICAL, &demo_password(CLINICAL)).await;
    assert_eq!(old.refused(401), "sign_in_failed");
    world.sign_worker_in(CLINICAL, NEW_PASSWORD).await.ok();
    world.drain().await;
    let told = world.local.mails().unwrap().last().unwrap().clone();
    assert_eq!((told.to, link_in(&told.text, "/reset#")), (vec![CLINICAL.to_owned()], None));

    let late = world.worker_reset_token(CLINICAL).await;
    world.advance(Duration::minutes(60));
    assert_eq!(reset(late, NEW_PASSWORD).await.refused(410), "reset_link_expired");
}

#[tokio::test]
async fn a_new_password_ends_what_a_reset_or_wrong_passwords_began() {
    let world = World::set_up().await;
    let (system, carmen) = (world.staff(SYSTEM).await, world.worker(CLINICAL).await);
    let reset = |token: String| {
        let body = json!({ "token": token, "password": NEW_PASSWORD });
        world.admin(Method::POST, "/password-reset").json(body).send()
    };
    let mailed = || link_in(&world.local.mails().unwrap().last().unwrap().text, "/reset#").unwrap();

    act(&world, &system, &carmen, "reset-password").await.ok();
    world.drain().await;
    reset(mailed()).await.ok();
    world.sign_worker_in(CLINICAL, NEW_PASSWORD).await.ok();

    for _ in 0..10 {
        assert_eq!(world.sign_worker_in(CLINICAL, "not the one at all").await.refused(401), "sign_in_failed");
    }
    world.drain().await;
    let token = mailed();
    act(&world, &system, &carmen, "suspend").await.ok();
    assert_eq!(reset(token).await.refused(410), "reset_not_possible", "who is suspended stays out");
    act(&world, &system, &carmen, "unlock").await.ok();
    for _ in 0..10 {
        world.sign_worker_in(CLINICAL, "not the one at all").await.refused(401);
    }
    world.drain().await;
    reset(mailed()).await.ok();
    world.sign_worker_in(CLINICAL, NEW_PASSWORD).await.ok();
}

#[tokio::test]
async fn changing_the_password_ends_the_workers_other_sessions_and_renews_this_one() {
    let world = World::set_up().await;
    let [here, there] = [world.staff(CLINICAL).await, world.staff(CLINICAL).await];
    let change = |by: Session, current: String, new: &'static str| {
        let body = json!({ "current": current, "new": new });
        world.admin(Method::POST, "/password").by(&by).json(body).send()
    };
    let wrong = change(here.clone(), "not the one at all".to_owned(), NEW_PASSWORD).await;
    assert_eq!(wrong.refused(422), "current_password_wrong");
    let weak = change(here.clone(), demo_password(CLINICAL), "short").await;
    assert_eq!(weak.refused(422), "password_too_short");
    let changed = change(here.clone(), demo_password(CLINICAL), NEW_PASSWORD).await;
    changed.ok();
    let renewed = changed.session();
    assert!(is_in(&world, &renewed).await && renewed.cookie != here.cookie);
    assert!(!is_in(&world, &here).await && !is_in(&world, &there).await);
    let again = change(renewed, demo_password(CLINICAL), NEW_PASSWORD).await;
    assert_eq!(again.refused(422), "current_password_wrong", "the former one is worthless");
    world.sign_worker_in(CLINICAL, NEW_PASSWORD).await.ok();
    world.drain().await;
    assert_eq!(world.local.mails().unwrap().last().unwrap().to, [CLINICAL]);
}
