//! Forgotten, reset and changed passwords (A10, A12, A17, A19), with the mails read from the mailbox.

use chrono::Duration;
use reqwest::Method;
use serde_json::json;

use crate::support::{INTAKE, NEW_PASSWORD, PASSWORD, Session, World, link_in};

const ANA: &str = "ana.delgado@example.org";
const ANA_BORN: &str = "1985-04-12";

async fn ana(world: &World) -> Session {
    let (_, _, token) = world.invite(&world.staff(INTAKE).await, "T-01").await;
    let activated = world.activate(&token, ANA_BORN).await;
    activated.ok();
    world.drain().await;
    activated.session()
}

/// Whatever the session is brought to, it opens nothing.
async fn assert_dead(world: &World, session: &Session) {
    for (method, path) in [
        (Method::GET, "/home"),
        (Method::POST, "/session/extend"),
        (Method::POST, "/password"),
        (Method::DELETE, "/session"),
    ] {
        let answer = world.portal(method, path).by(session).json(json!({})).send().await;
        assert_eq!(answer.refused(401), "session_ended", "{path}");
    }
}

#[tokio::test]
async fn a_forgotten_password_is_chosen_anew_by_the_mailed_link() {
    let world = World::new().await;
    let phone = ana(&world).await;
    let library = world.sign_in(ANA, PASSWORD).await.session();
    let token = world.reset_token("  Ana.DELGADO@example.org ").await;
    let mail = world.local.mails().unwrap().last().unwrap().clone();
    assert_eq!(mail.to, [ANA]);

    for _ in 0..50 {
        let looked = world.look(&token).await;
        assert_eq!((&looked["purpose"], &looked["link"]), (&json!("password_reset"), &json!("usable")));
        assert_eq!(looked["expires_at"], "2026-03-02T15:00:00Z");
        assert_eq!((&looked["texts"], &looked["attempts_left"]), (&json!(null), &json!(null)));
    }
    world.portal(Method::GET, "/home").by(&phone).send().await.ok();
    let weak = world.reset(&token, "short").await;
    assert_eq!(
        (weak.refused(422), &weak.json()["parameters"]["minimum"]),
        ("password_too_short".into(), &json!(15))
    );
    assert_eq!(world.reset(&token, ANA).await.refused(422), "password_guessable");
    assert_eq!(world.reset(&token, &"x".repeat(129)).await.refused(422), "password_too_long");

    let reset = world.reset(&token, NEW_PASSWORD).await;
    assert_eq!(reset.ok()["may_sign_in"], true);
    assert!(!reset.headers.contains_key("set-cookie"), "it signs nobody in");
    for session in [&phone, &library] {
        assert_dead(&world, session).await;
    }
    assert_eq!(world.reset(&token, PASSWORD).await.refused(410), "link_superseded", "once");
    assert_eq!(world.look(&token).await["link"], "superseded");
    assert_eq!(world.sign_in(ANA, PASSWORD).await.refused(401), "sign_in_failed");
    world.sign_in(ANA, NEW_PASSWORD).await.ok();

    world.drain().await;
    let told = world.local.mails().unwrap().last().unwrap().clone();
    assert_eq!(told.to, [ANA]);
    assert_ne!(told.subject, mail.subject);
    assert_eq!(link_in(&told.text, "/reset#"), None, "that it was done needs no link");
}

#[tokio::test]
async fn the_newest_link_alone_works_and_for_an_hour() {
    let world = World::new().await;
    let (_, _, invitation) = world.invite(&world.staff(INTAKE).await, "T-01").await;
    world.activate(&invitation, ANA_BORN).await.ok();
    let older = world.reset_token(ANA).await;
    let newer = world.reset_token(ANA).await;
    assert_ne!(older, newer);
    assert_eq!(world.look(&older).await["link"], "superseded");
    assert_eq!(world.reset(&older, NEW_PASSWORD).await.refused(410), "link_superseded");
    for other in [invitation.as_str(), &newer[..newer.len() - 1], "", "no link"] {
        assert_eq!(world.reset(other, NEW_PASSWORD).await.refused(404), "link_not_valid", "{other}");
    }
    assert_eq!(world.activate(&newer, ANA_BORN).await.refused(404), "link_not_valid");
    let ask = world.portal(Method::POST, "/links/ask").json(json!({ "token": newer })).send().await;
    assert_eq!(ask.refused(404), "link_not_valid");

    world.advance(Duration::minutes(60) - Duration::seconds(1));
    assert_eq!(world.look(&newer).await["link"], "usable");
    world.advance(Duration::seconds(1));
    assert_eq!(world.look(&newer).await["link"], "expired");
    assert_eq!(world.reset(&newer, NEW_PASSWORD).await.refused(410), "reset_link_expired");
    world.sign_in(ANA, PASSWORD).await.ok();
}

#[tokio::test]
async fn a_new_password_unlocks_what_wrong_ones_locked() {
    let world = World::new().await;
    ana(&world).await;
    for _ in 0..10 {
        world.sign_in(ANA, "not the password at all").await.refused(401);
    }
    world.drain().await;
    let mail = world.local.mails().unwrap().last().unwrap().clone();
    let token = link_in(&mail.text, "/reset#").expect("the mail that tells of the lock has a link");
    assert_eq!(world.sign_in(ANA, PASSWORD).await.refused(401), "sign_in_failed");
    assert_eq!(world.reset(&token, NEW_PASSWORD).await.ok()["may_sign_in"], true);
    world.sign_in(ANA, NEW_PASSWORD).await.ok();
}

#[tokio::test]
async fn where_clients_may_not_unlock_a_new_password_waits_for_the_worker() {
    let world = World::with(|file| file["general"]["client_may_unlock"] = json!(false)).await;
    ana(&world).await;
    for _ in 0..10 {
        world.sign_in(ANA, "not the password at all").await.refused(401);
    }
    world.drain().await;
    let token = world.reset_token(ANA).await;
    assert_eq!(world.reset(&token, NEW_PASSWORD).await.ok()["may_sign_in"], false);
    assert_eq!(world.sign_in(ANA, NEW_PASSWORD).await.refused(401), "sign_in_failed");
}

#[tokio::test]
async fn who_is_mailed_what_is_decided_apart_from_the_answer() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (_, _, invitation) = world.invite(&staff, "T-01").await;
    let before = world.local.mails().unwrap().len();

    // Nobody, nobody's, and text that is no address at all.
    for email in ["nobody@example.org", "no address", "", "élodie@example.org", INTAKE] {
        assert_eq!(world.forget(email).await.ok(), json!({}), "{email}");
        world.drain().await;
        assert_eq!(world.local.mails().unwrap().len(), before, "{email}");
    }

    // Pending: the invitation again (A3b), whose older link dies.
    assert_eq!(world.forget(ANA).await.ok(), json!({}));
    world.drain().await;
    let again = world.newest_token();
    assert_ne!(again, invitation);
    assert_eq!(world.look(&invitation).await["link"], "superseded");
    world.activate(&again, ANA_BORN).await.ok();
    world.drain().await;

    // Closed: nothing.
    let (individual, account, _) = world.invite(&staff, "T-02").await;
    let close = format!("/individuals/{individual}/accounts/{account}/close");
    world.admin(Method::POST, &close).by(&staff).send().await.ok();
    world.drain().await;
    let before = world.local.mails().unwrap().len();
    assert_eq!(world.forget("elodie.fournier@example.org").await.ok(), json!({}));
    world.drain().await;
    assert_eq!(world.local.mails().unwrap().len(), before);
}

#[tokio::test]
async fn a_mailed_link_dies_with_a_suspension() {
    let world = World::new().await;
    ana(&world).await;
    let token = world.reset_token(ANA).await;
    let staff = world.staff(INTAKE).await;
    let individual = world.individual(&staff, "T-01").await;
    let record = world.admin(Method::GET, &format!("/individuals/{individual}")).by(&staff).send().await.ok();
    let account = record["account"]["account_id"].as_str().unwrap();
    for doing in ["suspend", "unlock"] {
        let path = format!("/individuals/{individual}/accounts/{account}/{doing}");
        world.admin(Method::POST, &path).by(&staff).json(json!({})).send().await.ok();
    }
    assert_eq!(world.look(&token).await["link"], "superseded");
    assert_eq!(world.reset(&token, NEW_PASSWORD).await.refused(410), "link_superseded");
    world.sign_in(ANA, PASSWORD).await.ok();
    world.reset_token(ANA).await;
}

#[tokio::test]
async fn a_sign_in_under_way_with_the_former_password_comes_to_nothing() {
    let world = World::new().await;
    ana(&world).await;
    let mut former = PASSWORD.to_owned();
    // The password is replaced after its hash was read (three updates count for throttles before the one that counts on
    // the account), and after it was verified.
    for (round, (action, before)) in [("UpdateItem", 3), ("TransactWriteItems", 0)].into_iter().enumerate() {
        let token = world.reset_token(ANA).await;
        let next = format!("{NEW_PASSWORD} {round}");
        for _ in 0..before {
            world.local.aws().faults().hold("portal.sign_in", action).open();
        }
        let gate = world.local.aws().faults().hold("portal.sign_in", action);
        let reset = async {
            gate.reached().await;
            world.reset(&token, &next).await.ok();
            gate.open();
        };
        let (late, ()) = futures_util::future::join(world.sign_in(ANA, &former), reset).await;
        assert_eq!(late.refused(401), "sign_in_failed", "{action}");
        world.sign_in(ANA, &next).await.ok();
        former = next;
        world.advance(Duration::hours(2));
    }
}

#[tokio::test]
async fn a_workers_sign_in_under_way_with_the_former_password_comes_to_nothing() {
    let world = World::new().await;
    let token = world.worker_reset_token(INTAKE).await;
    let gate = world.local.aws().faults().hold("admin.sign_in", "TransactWriteItems");
    let reset = async {
        gate.reached().await;
        let body = json!({ "token": token, "password": NEW_PASSWORD });
        world.admin(Method::POST, "/password-reset").json(body).send().await.ok();
        gate.open();
    };
    let former = "demo-only-walrus-teapot-drizzle";
    let (late, ()) = futures_util::future::join(world.sign_worker_in(INTAKE, former), reset).await;
    assert_eq!(late.refused(401), "sign_in_failed");
    world.sign_worker_in(INTAKE, NEW_PASSWORD).await.ok();
}

#[tokio::test]
async fn three_requests_at_once_and_then_one_has_to_wait_known_or_not() {
    let world = World::new().await;
    ana(&world).await;
    for email in [ANA, "nobody@example.org", "no address"] {
        for _ in 0..3 {
            world.forget(email).await.ok();
        }
        let refused = world.forget(email).await;
        assert_eq!(refused.refused(429), "too_many_requests", "{email}");
        assert!(refused.headers.contains_key("retry-after"));
    }
    world.drain().await;
    world.advance(Duration::hours(3));
    world.reset_token(ANA).await;
}

#[tokio::test]
async fn a_changed_password_ends_every_other_session_and_renews_this_one() {
    let world = World::new().await;
    let phone = ana(&world).await;
    let library = world.sign_in(ANA, PASSWORD).await.session();
    world.advance(Duration::minutes(10));

    let short = world.change_password(&phone, PASSWORD, "short").await;
    assert_eq!(short.refused(422), "password_too_short");
    let wrong = world.change_password(&phone, "not the password at all", NEW_PASSWORD).await;
    assert_eq!(wrong.refused(422), "current_password_wrong");
    assert!(!wrong.headers.contains_key("set-cookie"));
    world.portal(Method::GET, "/home").by(&library).send().await.ok();

    let changed = world.change_password(&phone, PASSWORD, NEW_PASSWORD).await;
    let times = changed.ok()["session"].clone();
    let (idle, total) = (times["idle_seconds"].as_i64().unwrap(), times["total_seconds"].as_i64().unwrap());
    assert_eq!((idle, total), (15 * 60, 12 * 3600 - 10 * 60), "twelve hours in all stay twelve");
    let renewed = changed.session();
    assert_ne!(renewed.cookie, phone.cookie);
    for ended in [&phone, &library] {
        assert_dead(&world, ended).await;
    }
    world.portal(Method::GET, "/home").by(&renewed).send().await.ok();
    assert_eq!(world.sign_in(ANA, PASSWORD).await.refused(401), "sign_in_failed");
    world.sign_in(ANA, NEW_PASSWORD).await.ok();
    world.drain().await;
    assert_eq!(world.local.mails().unwrap().last().unwrap().to, [ANA], "the client is told");

    // A repeated call comes with a session that is over.
    assert_eq!(world.change_password(&phone, PASSWORD, NEW_PASSWORD).await.refused(401), "session_ended");
}

#[tokio::test]
async fn a_session_that_ends_while_the_password_is_changed_is_over() {
    let world = World::new().await;
    let phone = ana(&world).await;
    let (left, changed) = tokio::join!(
        world.portal(Method::DELETE, "/session").by(&phone).send(),
        world.change_password(&phone, PASSWORD, NEW_PASSWORD),
    );
    left.ok();
    assert_eq!(changed.refused(401), "session_ended");
    assert_dead(&world, &phone).await;
    world.sign_in(ANA, PASSWORD).await.ok();
}

#[tokio::test]
async fn a_session_left_open_is_no_place_to_guess_at_the_password_from() {
    let world = World::new().await;
    let phone = ana(&world).await;
    for _ in 0..8 {
        let wrong = world.change_password(&phone, "a guess at the password", NEW_PASSWORD).await;
        assert_eq!(wrong.refused(422), "current_password_wrong");
    }
    let right = world.change_password(&phone, PASSWORD, NEW_PASSWORD).await;
    assert_eq!(right.refused(429), "too_many_requests");
    // Neither locks the account nor ends the session, which is not the thief's to do.
    world.portal(Method::GET, "/home").by(&phone).send().await.ok();
    let home = world.sign_in(ANA, PASSWORD).await.session();
    world.advance(Duration::hours(1));
    assert_eq!(world.portal(Method::GET, "/home").by(&home).send().await.refused(401), "session_ended");
    let home = world.sign_in(ANA, PASSWORD).await.session();
    world.change_password(&home, PASSWORD, NEW_PASSWORD).await.ok();
}
