//! Sign-in, sessions and their end; wrong passwords (A10) and what strangers learn: nothing.

use chrono::Duration;
use reqwest::Method;
use serde_json::json;

use crate::support::{CLINICAL, INTAKE, PASSWORD, World};

#[tokio::test]
async fn ten_wrong_passwords_lock_the_account_with_the_same_answer() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (individual, _, token) = world.invite(&staff, "T-01").await;
    let client = world.activate(&token, "1985-04-12").await.session();
    let mut answers = Vec::new();
    for _ in 0..10 {
        answers.push(world.sign_in("ana.delgado@example.org", "not the password at all").await);
    }
    let locked = world.sign_in("ana.delgado@example.org", PASSWORD).await;
    let unknown = world.sign_in("nobody@example.org", PASSWORD).await;
    for answer in answers.iter().chain([&locked, &unknown]) {
        assert_eq!(answer.refused(401), "sign_in_failed");
        assert_eq!(answer.bytes, locked.bytes);
    }
    // A stranger's guesses don't end the client's own session.
    world.portal(Method::GET, "/home").by(&client).send().await.ok();
    let record = world.admin(Method::GET, &format!("/individuals/{individual}")).by(&staff).send().await.ok();
    assert_eq!(
        (&record["account"]["state"], &record["account"]["reason"]),
        (&json!("locked"), &json!("failed_sign_ins"))
    );
}

#[tokio::test]
async fn a_right_password_begins_the_count_anew() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (_, _, token) = world.invite(&staff, "T-01").await;
    world.activate(&token, "1985-04-12").await.ok();
    for _ in 0..2 {
        for _ in 0..9 {
            world.sign_in("ana.delgado@example.org", "not the password at all").await.refused(401);
        }
        world.sign_in("ana.delgado@example.org", PASSWORD).await.ok();
    }
}

#[tokio::test]
async fn too_many_tries_at_one_address_wait_known_or_not() {
    let world = World::new().await;
    let mut last = None;
    for _ in 0..31 {
        last = Some(world.sign_in("nobody@example.org", "whatever it may be").await);
    }
    let refused = last.unwrap();
    assert_eq!(refused.refused(429), "too_many_requests");
    let seconds: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    world.advance(Duration::seconds(i64::try_from(seconds).unwrap()));
    assert_eq!(
        world.sign_in("nobody@example.org", "whatever it may be").await.refused(401),
        "sign_in_failed"
    );
}

#[tokio::test]
async fn a_pending_account_cannot_sign_in() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    world.invite(&staff, "T-01").await;
    assert_eq!(world.sign_in("ana.delgado@example.org", PASSWORD).await.refused(401), "sign_in_failed");
}

#[tokio::test]
async fn a_session_ends_when_idle_and_in_any_case_and_only_extending_moves_it() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (_, _, token) = world.invite(&staff, "T-01").await;
    let client = world.activate(&token, "1985-04-12").await.session();
    let home = async || world.portal(Method::GET, "/home").by(&client).send().await;
    let extend = async || world.portal(Method::POST, "/session/extend").by(&client).send().await;

    world.advance(Duration::minutes(14));
    let times = home().await.ok()["session"].clone();
    assert_eq!(
        (&times["idle_seconds"], &times["warn_seconds"]),
        (&json!(60), &json!(120)),
        "reading does not extend"
    );
    assert_eq!(extend().await.ok()["idle_seconds"], 900);
    world.advance(Duration::minutes(14));
    home().await.ok();
    world.advance(Duration::minutes(1));
    assert_eq!(home().await.refused(401), "session_ended");
    assert_eq!(extend().await.refused(401), "session_ended");

    let client = world.sign_in("ana.delgado@example.org", PASSWORD).await.session();
    for _ in 0..51 {
        world.advance(Duration::minutes(14));
        world.portal(Method::POST, "/session/extend").by(&client).send().await.ok();
    }
    world.advance(Duration::minutes(6));
    let ended = world.portal(Method::GET, "/home").by(&client).send().await;
    assert_eq!(ended.status, 401, "twelve hours are the end");
}

#[tokio::test]
async fn signing_in_gives_a_new_session_and_signing_out_ends_that_one_alone() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (_, _, token) = world.invite(&staff, "T-01").await;
    let one = world.activate(&token, "1985-04-12").await.session();
    let two = world.sign_in("ana.delgado@example.org", PASSWORD).await.session();
    assert_ne!(one.cookie, two.cookie);
    let out = world.portal(Method::DELETE, "/session").by(&one).send().await;
    out.ok();
    assert!(out.headers["clear-site-data"].to_str().unwrap().contains("\"storage\""));
    assert!(out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    world.portal(Method::GET, "/home").by(&two).send().await.ok();
    assert_eq!(world.portal(Method::DELETE, "/session").by(&one).send().await.refused(401), "session_ended");
}

#[tokio::test]
async fn a_worker_learns_what_they_may_do() {
    let world = World::new().await;
    let staff = world.staff(CLINICAL).await;
    let me = world.admin(Method::GET, "/me").by(&staff).send().await.ok();
    let may = |permission: &str| me["permissions"].as_array().unwrap().contains(&json!(permission));
    assert!(may("create_account") && may("see_individuals"));
    assert!(!may("close_account") && !may("import_individuals") && !may("set_up_client_connect"));
    world.admin(Method::DELETE, "/session").by(&staff).send().await.ok();
    assert_eq!(world.admin(Method::GET, "/me").by(&staff).send().await.refused(401), "session_ended");
}

#[tokio::test]
async fn ten_wrong_passwords_lock_a_worker_too() {
    let world = World::new().await;
    let try_in = async |password: &str| {
        world
            .admin(Method::POST, "/session")
            .json(json!({ "email": CLINICAL, "password": password }))
            .send()
            .await
    };
    for _ in 0..10 {
        assert_eq!(try_in("not the password at all").await.refused(401), "sign_in_failed");
    }
    assert_eq!(try_in("demo-only-marble-kite-lantern").await.refused(401), "sign_in_failed");
}
