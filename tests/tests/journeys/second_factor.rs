//! The second factor of workers: set up by themselves, asked for on every way in from then on, and no way round it.

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};
use store::tables::Table;

use crate::crash_points::items;
use crate::support::{
    Answer, Authenticator, CLINICAL, INTAKE, NEW_PASSWORD, SYSTEM, Session, World, demo_password, link_in,
};

async fn sign_in(world: &World, password: &str, code: Option<&str>) -> Answer {
    let body = json!({ "email": CLINICAL, "password": password, "code": code });
    world.admin(Method::POST, "/session").json(body).send().await
}

async fn post(world: &World, by: &Session, path: &str, body: Value) -> Answer {
    world.admin(Method::POST, path).by(by).json(body).send().await
}

async fn me(world: &World, by: &Session) -> Value {
    world.admin(Method::GET, "/me").by(by).send().await.ok()
}

/// Carmen, who has set up a second factor; a minute later.
async fn enrolled(world: &World) -> (Session, Authenticator, Vec<String>) {
    let carmen = world.staff(CLINICAL).await;
    let enrolled = world.enrol(&carmen, &demo_password(CLINICAL)).await;
    world.advance(Duration::minutes(1));
    enrolled
}

fn mails_to_carmen(world: &World) -> usize {
    world.local.mails().unwrap().iter().filter(|mail| mail.to == [CLINICAL]).count()
}

#[tokio::test]
async fn where_it_is_required_the_password_alone_leads_to_it_and_nowhere_else() {
    let world = World::required().await;
    let password = demo_password(CLINICAL);
    let signed_in = sign_in(&world, &password, None).await;
    assert_eq!(signed_in.ok()["auth_level"], "password");
    let half = signed_in.session();
    let own = me(&world, &half).await;
    assert_eq!(
        own["second_factor"],
        json!({ "enrolled": false, "required": true, "recovery_codes_left": 0 })
    );
    for (method, path) in [
        (Method::GET, "/sites"),
        (Method::GET, "/sessions"),
        (Method::POST, "/sessions/end-others"),
        (Method::POST, "/password"),
        (Method::POST, "/individuals/search"),
        (Method::POST, "/second-factor/recovery-codes"),
    ] {
        let refused = world.admin(method, path).by(&half).json(json!({})).send().await;
        assert_eq!(refused.refused(403), "second_factor_required", "{path}");
    }
    post(&world, &half, "/session/extend", json!({})).await.ok();

    let (whole, authenticator, codes) = world.enrol(&half, &password).await;
    assert_eq!((codes.len(), mails_to_carmen(&world)), (10, 1));
    let ended = world.admin(Method::GET, "/me").by(&half).send().await;
    assert_eq!(ended.refused(401), "session_ended");
    world.admin(Method::GET, "/sites").by(&whole).send().await.ok();
    let own = me(&world, &whole).await;
    assert_eq!(
        (&own["auth_level"], &own["second_factor"]["recovery_codes_left"]),
        (&json!("second_factor"), &json!(10))
    );

    world.advance(Duration::seconds(30));
    let asked = sign_in(&world, &password, None).await;
    assert_eq!(asked.refused(403), "second_factor_needed");
    assert!(!asked.headers.contains_key("set-cookie"));
    let wrong = sign_in(&world, "not the one at all", Some(&authenticator.code(&world))).await;
    assert_eq!(wrong.refused(401), "sign_in_failed", "who doesn't know the password learns nothing");
    let signed_in = sign_in(&world, &password, Some(&authenticator.code(&world))).await;
    assert_eq!(signed_in.ok()["auth_level"], "second_factor");
    world.admin(Method::GET, "/sites").by(&signed_in.session()).send().await.ok();
}

#[tokio::test]
async fn a_code_is_good_once_and_around_now() {
    let world = World::set_up().await;
    let password = demo_password(CLINICAL);
    let carmen = world.staff(CLINICAL).await;
    let (_, authenticator, _) = world.enrol(&carmen, &password).await;
    let confirming = authenticator.code(&world);
    let again = sign_in(&world, &password, Some(&confirming)).await;
    assert_eq!(again.refused(403), "second_factor_wrong", "the code that confirmed it was used");
    let old = authenticator.code(&world);
    world.advance(Duration::minutes(1));
    assert_eq!(sign_in(&world, &password, Some(&old)).await.refused(403), "second_factor_wrong");

    let code = authenticator.code(&world);
    let (one, other) =
        tokio::join!(sign_in(&world, &password, Some(&code)), sign_in(&world, &password, Some(&code)));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 403], "{} {}", one.text(), other.text());
    assert_eq!(sign_in(&world, &password, Some(&code)).await.refused(403), "second_factor_wrong");
}

#[tokio::test]
async fn once_it_is_set_up_no_way_in_is_without_it() {
    let world = World::set_up().await;
    let system = world.staff(SYSTEM).await;
    let (password, before) = (demo_password(CLINICAL), world.staff(CLINICAL).await);
    let device = world.sign_worker_in(CLINICAL, &password).await.device();
    let (session, authenticator, _) = enrolled(&world).await;
    let id = me(&world, &session).await["worker_id"].as_str().unwrap().to_owned();
    let ended = world.admin(Method::GET, "/sites").by(&before).send().await;
    assert_eq!(ended.refused(401), "session_ended", "no session of the password alone goes on");
    let body = json!({ "email": CLINICAL, "password": password });
    let known = world.admin(Method::POST, "/session").by(&device).json(body).send().await;
    assert_eq!(known.refused(403), "second_factor_needed", "a known device is no factor");

    let choose = |token: String, password: &'static str| {
        let body = json!({ "token": token, "password": password });
        world.admin(Method::POST, "/password-reset").json(body).send()
    };
    let reset = choose(world.worker_reset_token(CLINICAL).await, NEW_PASSWORD).await;
    reset.ok();
    assert!(!reset.headers.contains_key("set-cookie"));
    assert_eq!(sign_in(&world, NEW_PASSWORD, None).await.refused(403), "second_factor_needed");

    let mailed = || link_in(&world.local.mails().unwrap().last().unwrap().text, "/reset#").unwrap();
    post(&world, &system, &format!("/workers/{id}/reset-password"), json!({})).await.ok();
    world.drain().await;
    choose(mailed(), "three kettles in the evening rain").await.ok();
    let after = sign_in(&world, "three kettles in the evening rain", None).await;
    assert_eq!(after.refused(403), "second_factor_needed", "after a forced reset");

    for what in ["deactivate", "reactivate"] {
        post(&world, &system, &format!("/workers/{id}/{what}"), json!({})).await.ok();
    }
    world.drain().await;
    choose(mailed(), NEW_PASSWORD).await.ok();
    assert_eq!(
        sign_in(&world, NEW_PASSWORD, None).await.refused(403),
        "second_factor_needed",
        "who came back"
    );
    sign_in(&world, NEW_PASSWORD, Some(&authenticator.code(&world))).await.ok();
}

#[tokio::test]
async fn wrong_codes_lock_and_knowing_the_password_clears_no_count() {
    let world = World::set_up().await;
    let system = world.staff(SYSTEM).await;
    let password = demo_password(CLINICAL);
    let (session, authenticator, _) = enrolled(&world).await;
    let id = me(&world, &session).await["worker_id"].as_str().unwrap().to_owned();
    let ten_wrong = async || {
        for _ in 0..10 {
            let wrong = sign_in(&world, &password, Some("000000")).await;
            assert_eq!(wrong.refused(403), "second_factor_wrong");
            let asked = sign_in(&world, &password, None).await;
            assert!([401, 403].contains(&asked.status.as_u16()));
        }
        world.advance(Duration::minutes(15));
        let right = sign_in(&world, &password, Some(&authenticator.code(&world))).await;
        assert_eq!(right.refused(401), "sign_in_failed", "locked");
        world.drain().await;
    };
    ten_wrong().await;
    let locked = world.admin(Method::GET, "/me").by(&session).send().await;
    assert_eq!(locked.refused(401), "session_ended");
    let mails = mails_to_carmen(&world);
    let token = link_in(&world.local.mails().unwrap().last().unwrap().text, "/reset#").unwrap();
    let body = json!({ "token": token, "password": password });
    world.admin(Method::POST, "/password-reset").json(body).send().await.ok();

    // The mail and the password are one factor: who has both doesn't go on guessing at the other.
    ten_wrong().await;
    let last = world.local.mails().unwrap().last().unwrap().clone();
    assert!(
        mails_to_carmen(&world) > mails && link_in(&last.text, "/reset#").is_none(),
        "told, without a link"
    );
    let mails = mails_to_carmen(&world);
    let asked = world.admin(Method::POST, "/password-reset-requests").json(json!({ "email": CLINICAL }));
    asked.send().await.ok();
    world.drain().await;
    assert_eq!(mails_to_carmen(&world), mails, "no link unlocks");
    let system = if world.admin(Method::GET, "/me").by(&system).send().await.status == 200 {
        system
    } else {
        world.staff(SYSTEM).await
    };
    post(&world, &system, &format!("/workers/{id}/unlock"), json!({})).await.ok();
    sign_in(&world, &password, Some(&authenticator.code(&world))).await.ok();
}

#[tokio::test]
async fn a_recovery_code_signs_in_once_and_is_told_and_new_ones_end_the_old() {
    let world = World::set_up().await;
    let password = demo_password(CLINICAL);
    let (_, authenticator, codes) = enrolled(&world).await;
    let mails = mails_to_carmen(&world);
    let typed = codes[3].to_uppercase().replace('-', " ");
    let by_code = sign_in(&world, &password, Some(&typed)).await;
    assert_eq!(by_code.ok()["auth_level"], "second_factor");
    world.drain().await;
    assert_eq!(mails_to_carmen(&world), mails + 1);
    assert_eq!(sign_in(&world, &password, Some(&codes[3])).await.refused(403), "second_factor_wrong", "once");
    let session = by_code.session();
    assert_eq!(me(&world, &session).await["second_factor"]["recovery_codes_left"], 9);

    let renew = |password: String, code: String| {
        let body = json!({ "password": password, "code": code });
        post(&world, &session, "/second-factor/recovery-codes", body)
    };
    let wrong = renew("not the one at all".to_owned(), authenticator.code(&world)).await;
    assert_eq!(wrong.refused(422), "current_password_wrong");
    assert_eq!(renew(password.clone(), "000000".to_owned()).await.refused(403), "second_factor_wrong");
    let renewed = renew(password.clone(), authenticator.code(&world)).await.ok();
    let renewed = renewed["recovery_codes"].as_array().unwrap();
    assert_eq!(
        (renewed.len(), &me(&world, &session).await["second_factor"]["recovery_codes_left"]),
        (10, &json!(10))
    );
    assert_eq!(sign_in(&world, &password, Some(&codes[5])).await.refused(403), "second_factor_wrong");
    sign_in(&world, &password, renewed[0].as_str()).await.ok();
}

#[tokio::test]
async fn another_phone_is_set_up_only_by_who_has_the_first_or_a_recovery_code() {
    let world = World::set_up().await;
    let password = demo_password(CLINICAL);
    let (session, first, codes) = enrolled(&world).await;
    let begin = |code: Option<String>| {
        post(&world, &session, "/second-factor", json!({ "password": password, "code": code }))
    };
    assert_eq!(begin(None).await.refused(403), "second_factor_needed");
    assert_eq!(begin(Some("000000".to_owned())).await.refused(403), "second_factor_wrong");
    let begun = begin(Some(codes[0].clone())).await.ok();
    let second = Authenticator::of(&begun);
    let by_first =
        post(&world, &session, "/second-factor/confirm", json!({ "code": first.code(&world) })).await;
    assert_eq!(by_first.refused(403), "second_factor_wrong");
    let confirmed =
        post(&world, &session, "/second-factor/confirm", json!({ "code": second.code(&world) })).await;
    confirmed.ok();
    world.advance(Duration::minutes(1));
    let by_first = sign_in(&world, &password, Some(&first.code(&world))).await;
    assert_eq!(by_first.refused(403), "second_factor_wrong", "the first is worth nothing");
    sign_in(&world, &password, Some(&second.code(&world))).await.ok();
}

#[tokio::test]
async fn what_was_begun_is_confirmed_in_the_same_session_and_soon() {
    let world = World::set_up().await;
    let password = demo_password(CLINICAL);
    let [here, there] = [world.staff(CLINICAL).await, world.staff(CLINICAL).await];
    let wrong = post(&world, &here, "/second-factor", json!({ "password": "not the one at all" })).await;
    assert_eq!(wrong.refused(422), "current_password_wrong");
    let confirm = async |by: &Session, code: String| {
        post(&world, by, "/second-factor/confirm", json!({ "code": code })).await
    };
    let begun = post(&world, &here, "/second-factor", json!({ "password": password })).await.ok();
    let authenticator = Authenticator::of(&begun);
    assert!(begun["uri"].as_str().unwrap().starts_with("otpauth://totp/Alder%20Quay"), "{begun}");
    assert_eq!(confirm(&there, authenticator.code(&world)).await.refused(409), "second_factor_not_begun");
    assert_eq!(confirm(&here, "000000".to_owned()).await.refused(403), "second_factor_wrong");
    world.advance(Duration::minutes(10));
    post(&world, &here, "/session/extend", json!({})).await.ok();
    world.advance(Duration::minutes(5));
    assert_eq!(confirm(&here, authenticator.code(&world)).await.refused(409), "second_factor_not_begun");
    sign_in(&world, &password, None).await.ok();
}

#[tokio::test]
async fn only_another_system_administrator_takes_it_away() {
    let world = World::set_up().await;
    let (system, intake) = (world.staff(SYSTEM).await, world.staff(INTAKE).await);
    let (session, _, _) = enrolled(&world).await;
    let id = me(&world, &session).await["worker_id"].as_str().unwrap().to_owned();
    let reset = |by: Session, id: String| {
        let world = &world;
        async move { post(world, &by, &format!("/workers/{id}/second-factor/reset"), json!({})).await }
    };
    assert_eq!(reset(intake, id.clone()).await.refused(403), "not_allowed");
    assert_eq!(reset(session.clone(), id.clone()).await.refused(403), "not_allowed");
    let own = me(&world, &system).await["worker_id"].as_str().unwrap().to_owned();
    assert_eq!(reset(system.clone(), own).await.refused(409), "own_account");
    let mails = mails_to_carmen(&world);
    assert_eq!(reset(system.clone(), id.clone()).await.ok()["second_factor"], false);
    world.drain().await;
    assert_eq!(mails_to_carmen(&world), mails + 1, "she is told");
    assert_eq!(world.admin(Method::GET, "/me").by(&session).send().await.refused(401), "session_ended");
    assert_eq!(reset(system, id).await.refused(409), "no_second_factor");
    let signed_in = sign_in(&world, &demo_password(CLINICAL), None).await;
    assert_eq!(signed_in.ok()["auth_level"], "password");
}

#[tokio::test]
async fn no_table_tells_a_secret_or_a_recovery_code() {
    let world = World::set_up().await;
    let carmen = world.staff(CLINICAL).await;
    let begun =
        post(&world, &carmen, "/second-factor", json!({ "password": demo_password(CLINICAL) })).await.ok();
    let secret = begun["secret"].as_str().unwrap().to_lowercase();
    let code = Authenticator::of(&begun).code(&world);
    let confirmed = post(&world, &carmen, "/second-factor/confirm", json!({ "code": code })).await.ok();
    let mut hidden = vec![secret];
    for code in confirmed["recovery_codes"].as_array().unwrap() {
        hidden.extend([code.as_str().unwrap().to_owned(), code.as_str().unwrap().replace('-', "")]);
    }
    world.drain().await;
    for table in
        [Table::WorkerCredentials, Table::Workers, Table::WorkerSessions, Table::Journal, Table::Idempotency]
    {
        for item in items(&world, table).await {
            let shown = item.to_string().to_lowercase();
            assert!(hidden.iter().all(|secret| !shown.contains(secret)), "{shown}");
        }
    }
}
