//! Sign-in, sessions and their end; wrong passwords (A10) and what strangers learn: nothing.

use chrono::Duration;
use reqwest::Method;
use serde_json::json;

use functions::operation::Api;
use local::aws::{Fault, Kind, When};

use crate::crash_points::items;
use crate::support::{Answer, CLINICAL, INTAKE, PASSWORD, Session, World};

const ANA: &str = "ana.delgado@example.org";
const ANA_BORN: &str = "1985-04-12";
const CLINICAL_PASSWORD: &str = "demo-only-marble-kite-lantern";

async fn activate_ana(world: &World) -> Session {
    let (_, _, token) = world.invite(&world.staff(INTAKE).await, "T-01").await;
    let activated = world.activate(&token, ANA_BORN).await;
    activated.ok();
    activated.session()
}

async fn try_in(world: &World, (api, email): (Api, &str), password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    world.api(api, Method::POST, "/session").json(body).send().await
}

/// From now on others always write the items that calls of this kind write.
fn contend(world: &World, action: &'static str, table: &'static str) {
    let busy = Fault::new(When::Before, Kind::Conflict).and_after();
    world.local.aws().faults().inject(busy.concerning(move |call| {
        call.action == action && call.resources.iter().any(|name| name.ends_with(table))
    }));
}

/// Guesses made at once are counted before the first of them can lock: none beyond the tenth may be right.
#[tokio::test]
async fn no_password_is_right_once_the_tries_are_used_up_even_before_the_lock() {
    let world = World::new().await;
    activate_ana(&world).await;
    let tenth =
        [((Api::Portal, ANA), "accounts", PASSWORD), ((Api::Admin, CLINICAL), "workers", CLINICAL_PASSWORD)];
    for (who, table, right) in tenth {
        let unknown = try_in(&world, (who.0, "nobody@example.org"), right).await;
        for _ in 0..9 {
            try_in(&world, who, "not the password at all").await.refused(401);
        }
        // The tenth can't lock yet.
        contend(&world, "TransactWriteItems", table);
        let tenth = try_in(&world, who, "not the password at all").await;
        world.local.aws().faults().clear();
        let eleventh = try_in(&world, who, right).await;
        for answer in [tenth, eleventh] {
            assert_eq!(
                (answer.refused(401), answer.bytes),
                ("sign_in_failed".to_owned(), unknown.bytes.clone())
            );
        }
        let all = match who.0 {
            Api::Portal => items(&world, store::Table::Accounts).await,
            Api::Admin => items(&world, store::Table::Workers).await,
        };
        let locked = all.iter().filter(|item| item["lock_reason"] == "failed_sign_ins").count();
        assert_eq!(locked, 1, "whoever comes next locks");
    }
}

/// Only an address that somebody has can meet others who write its account.
#[tokio::test]
async fn contention_does_not_tell_who_is_known() {
    let world = World::new().await;
    activate_ana(&world).await;
    for (who, table, right) in
        [((Api::Portal, ANA), "accounts", PASSWORD), ((Api::Admin, CLINICAL), "workers", CLINICAL_PASSWORD)]
    {
        let unknown = try_in(&world, (who.0, "nobody@example.org"), right).await;
        contend(&world, "UpdateItem", table);
        for password in ["not the password at all", right] {
            let answer = try_in(&world, who, password).await;
            assert_eq!(
                (answer.refused(401), answer.bytes),
                ("sign_in_failed".to_owned(), unknown.bytes.clone())
            );
        }
        world.local.aws().faults().clear();
        // Once is nothing.
        let busy = Fault::new(When::Before, Kind::Conflict);
        world.local.aws().faults().inject(busy.concerning(move |call| {
            call.action == "UpdateItem" && call.resources.iter().all(|name| name.ends_with(table))
        }));
        try_in(&world, who, right).await.ok();
    }
}

#[tokio::test]
async fn signing_in_again_ends_the_session_that_was_brought_and_nobody_elses() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let ana = activate_ana(&world).await;
    let (_, _, token) = world.invite(&staff, "T-02").await;
    let elodie = world.activate(&token, "1990-02-28").await.session();
    let again = async |brought: String| {
        let body = json!({ "email": ANA, "password": PASSWORD });
        let call = world.portal(Method::POST, "/session").json(body).header("cookie", brought);
        let answer = call.send().await;
        answer.ok();
        answer.session()
    };
    let home = async |session: &Session| world.portal(Method::GET, "/home").by(session).send().await;

    let library = world.sign_in(ANA, PASSWORD).await.session();
    let second = again(ana.cookie.clone()).await;
    assert_eq!(home(&ana).await.refused(401), "session_ended");
    for alive in [&second, &library] {
        home(alive).await.ok();
    }
    // Somebody else's, one that claims somebody else's session, one that is over, and none at all.
    let claims = |sub: &str, sid: &str| {
        let claims = json!({ "iss": "clientconnect", "aud": "portal", "sub": sub, "sid": sid, "iat": 0, "nbf": 0, "exp": 0 });
        let part = |text: String| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
        let header = json!({ "alg": "ES256", "typ": "session+jwt", "kid": "k1" });
        format!("__Host-portal={}.{}.AAAA", part(header.to_string()), part(claims.to_string()))
    };
    let of = |session: &Session| {
        let payload = session.cookie.split('.').nth(1).unwrap();
        let bytes = data_encoding::BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        ["sub", "sid"].map(|claim| claims[claim].as_str().unwrap().to_owned())
    };
    let ([ana_id, ana_session], [_, elodie_session]) = (of(&ana), of(&elodie));
    for brought in [
        elodie.cookie.clone(),
        claims(&ana_id, &elodie_session),
        claims(&ana_id, &ana_session),
        "__Host-portal=nothing".to_owned(),
    ] {
        let third = again(brought).await;
        for alive in [&third, &second, &library, &elodie] {
            home(alive).await.ok();
        }
    }

    let body = json!({ "email": INTAKE, "password": "demo-only-walrus-teapot-drizzle" });
    world.admin(Method::POST, "/session").by(&staff).json(body).send().await.ok();
    assert_eq!(world.admin(Method::GET, "/me").by(&staff).send().await.refused(401), "session_ended");
}

#[tokio::test]
async fn who_is_refused_uses_up_nothing_of_what_is_everybodys() {
    let world = World::new().await;
    let mut refused = 0;
    for number in 0..40 {
        refused += u32::from(world.forget(&format!("stranger{number}@example.org")).await.status == 429);
    }
    let counters = items(&world, store::Table::Throttles).await;
    let everybodys =
        counters.iter().filter(|item| item["pk"].as_str().unwrap().starts_with("password_reset#global#"));
    let counted: u64 = everybodys.map(|item| item["hits"].as_u64().unwrap()).sum();
    assert_eq!((refused, counted), (10, 30));
}

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
