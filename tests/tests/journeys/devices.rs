//! Devices that have signed in before: an outsider who guesses at an address does not shut them out.

use functions::operation::Api;
use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, INTAKE, PASSWORD, Session, World};

const ANA: &str = "ana.delgado@example.org";
const ELODIE: &str = "elodie.fournier@example.org";

/// A hundred wrong passwords lock, so that the throttle comes first.
async fn world() -> World {
    World::with(|file| file["general"]["failed_sign_ins"] = json!(100)).await
}

async fn guess(world: &World, api: Api, email: &str, device: Option<&str>) -> Answer {
    let body = json!({ "email": email, "password": "a guess of somebody outside" });
    let call = world.api(api, Method::POST, "/session").json(body);
    match device {
        Some(device) => call.header("cookie", device),
        None => call,
    }
    .send()
    .await
}

/// Somebody elsewhere uses up all the tries at an address.
async fn exhaust(world: &World, api: Api, email: &str) {
    for _ in 0..=30 {
        let answer = guess(world, api, email, None).await;
        if answer.status == 429 {
            return assert_eq!(answer.refused(429), "too_many_requests");
        }
        answer.refused(401);
    }
    panic!("{email} may be tried for ever");
}

async fn sign_in(world: &World, email: &str, device: &Session) -> Answer {
    let body = json!({ "email": email, "password": PASSWORD });
    world.portal(Method::POST, "/session").json(body).by(device).send().await
}

#[tokio::test]
async fn a_device_that_has_signed_in_is_not_shut_out_by_somebody_elses_guesses() {
    let world = world().await;
    let (_, _, token) = world.invite(&world.staff(INTAKE).await, "T-01").await;
    let activated = world.activate(&token, "1985-04-12").await;
    exhaust(&world, Api::Portal, ANA).await;
    assert_eq!(world.sign_in(ANA, PASSWORD).await.refused(429), "too_many_requests", "from elsewhere");

    let again = sign_in(&world, ANA, &activated.device()).await;
    again.ok();
    assert_eq!(again.device().cookie, activated.device().cookie, "it keeps its name");
    let out = world.portal(Method::DELETE, "/session").by(&again.session()).send().await;
    out.ok();
    assert!(!out.headers["clear-site-data"].to_str().unwrap().contains("cookies"));
    assert!(!out.headers["set-cookie"].to_str().unwrap().contains("device"));
    sign_in(&world, ANA, &again.device()).await.ok();
}

#[tokio::test]
async fn a_device_has_tries_of_its_own_and_no_more() {
    let world = world().await;
    let (_, _, token) = world.invite(&world.staff(INTAKE).await, "T-01").await;
    let device = world.activate(&token, "1985-04-12").await.device().cookie;
    for _ in 0..30 {
        guess(&world, Api::Portal, ANA, Some(&device)).await.refused(401);
    }
    assert_eq!(guess(&world, Api::Portal, ANA, Some(&device)).await.refused(429), "too_many_requests");
    world.sign_in(ANA, PASSWORD).await.ok();
}

#[tokio::test]
async fn only_a_genuine_proof_for_this_address_and_site_counts() {
    let world = world().await;
    let staff = world.staff(INTAKE).await;
    let mut devices = Vec::new();
    for (external_id, born) in [("T-01", "1985-04-12"), ("T-02", "1990-02-28")] {
        let (_, _, token) = world.invite(&staff, external_id).await;
        devices.push(world.activate(&token, born).await.device().cookie);
    }
    let own = devices[0].split_once('=').unwrap().1;
    let (id, proof) = own.split_once('.').unwrap();
    let turned: String = proof.chars().rev().collect();
    exhaust(&world, Api::Portal, ANA).await;
    for worthless in [
        devices[1].clone(),
        format!("__Host-portal-device={id}.{turned}"),
        format!("__Host-portal-device={}0.{proof}", &id[1..]),
        format!("__Host-portal-device={id}."),
        format!("__Host-portal-device={id}"),
        format!("__Host-portal-device=.{proof}"),
        "__Host-portal-device=".to_owned(),
        format!("__Host-admin-device={own}"),
        format!("__Host-portal={own}"),
    ] {
        let refused = sign_in(&world, ANA, &Session { cookie: worthless.clone() }).await;
        assert_eq!(refused.refused(429), "too_many_requests", "{worthless}");
    }
    sign_in(&world, ELODIE, &Session { cookie: devices[1].clone() }).await.ok();

    // Workers' devices are known by the same rules, and clients' are not theirs.
    let password = "demo-only-walrus-teapot-drizzle";
    let worker = |cookie: String| {
        let body = json!({ "email": INTAKE, "password": password });
        world.admin(Method::POST, "/session").json(body).header("cookie", cookie).send()
    };
    let known = worker("none".to_owned()).await.device().cookie;
    exhaust(&world, Api::Admin, INTAKE).await;
    let of_client = format!("__Host-admin-device={own}");
    assert_eq!(worker(of_client).await.refused(429), "too_many_requests");
    worker(known).await.ok();
}

#[tokio::test]
async fn who_brings_a_device_is_answered_at_the_same_cost() {
    let world = world().await;
    let (_, _, token) = world.invite(&world.staff(INTAKE).await, "T-01").await;
    let device = world.activate(&token, "1985-04-12").await.device().cookie;
    guess(&world, Api::Portal, ANA, None).await.refused(401);
    let faults = world.local.aws().faults();
    let mut seen = Vec::new();
    for device in [None, Some(device.as_str()), Some("__Host-portal-device=forged.proof")] {
        faults.record(true);
        let answer = guess(&world, Api::Portal, ANA, device).await;
        let steps: Vec<_> =
            faults.calls().into_iter().map(|call| (call.service, call.action, call.resources)).collect();
        seen.push((answer.refused(401), answer.bytes, steps));
    }
    assert!(seen.iter().all(|other| *other == seen[0]), "{seen:?}");
}
