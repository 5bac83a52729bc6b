//! A copy of an agency's data is made to reach nobody (§5, sandbox safety).

use local::Place;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{INTAKE, NEW_PASSWORD, PASSWORD, SYSTEM, Session, World, agency_file, demo_password};

const ANA: &str = "ana.delgado@example.org";

async fn strip(world: &World) -> Value {
    let event = json!({ "agency": "Alder Quay Community Services" });
    world.local.invoke("jobs.strip_sandbox", event).await.unwrap()
}

async fn accounts(world: &World) -> Value {
    let staff = world.staff(INTAKE).await;
    let body = json!({ "criteria": {} });
    world.admin(Method::POST, "/accounts/search").by(&staff).json(body).send().await.ok()["accounts"].clone()
}

/// Intake, in the stripped copy: sign-in reads its key again after five minutes.
async fn come_back(world: &World) -> Session {
    world.advance(chrono::Duration::minutes(5));
    let token = world.worker_reset_token(INTAKE).await;
    let body = json!({ "token": token, "password": NEW_PASSWORD });
    world.admin(Method::POST, "/password-reset").json(body).send().await.ok();
    let signed_in = world.sign_worker_in(INTAKE, NEW_PASSWORD).await;
    signed_in.ok();
    signed_in.session()
}

#[tokio::test]
async fn nobody_is_reached_from_a_stripped_copy() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (ana, _, token) = world.invite(&staff, "T-01").await;
    let activated = world.activate(&token, "1985-04-12").await;
    activated.ok();
    let client = activated.session();
    world.drain().await;
    let (_, _, pending) = world.invite(&staff, "T-02").await;
    // An invitation and a reset link that are asked for, and on their way.
    let other = world.individual(&staff, "T-03").await;
    world.create(&staff, &other, json!({})).await.ok();
    world.forget(ANA).await.ok();
    let before = world.local.mails().unwrap().len();
    let path = format!("/individuals/{ana}/mails");
    let history = world.admin(Method::GET, &path).by(&staff).send().await.ok();

    let summary = strip(&world).await;
    assert_eq!((&summary["finished"], &summary["refused"]), (&json!(true), &json!(null)), "{summary}");
    assert_eq!((&summary["accounts"], &summary["workers"]), (&json!(3), &json!(8)), "{summary}");
    world.drain().await;
    assert_eq!(world.local.mails().unwrap().len(), before, "what was on its way went out");

    // Nobody is signed in, nobody's password or link is good.
    world.portal(Method::GET, "/home").by(&client).send().await.refused(401);
    world.admin(Method::GET, "/me").by(&staff).send().await.refused(401);
    assert_eq!(world.sign_worker_in(INTAKE, &demo_password(INTAKE)).await.refused(401), "sign_in_failed");
    assert_eq!(world.activate(&pending, "1990-11-30").await.refused(410), "link_closed");
    world.advance(chrono::Duration::seconds(31));
    assert_eq!(world.portal(Method::GET, "/agency").send().await.ok()["enabled"], false);
    assert_eq!(world.sign_in(ANA, PASSWORD).await.refused(503), "portal_off");

    // Workers come in again by a link of the copy's own, and find what was written to clients (B6) and nobody's consent.
    let staff = come_back(&world).await;
    let now = world.admin(Method::GET, &path).by(&staff).send().await.ok();
    let kept = |history: &Value| history["mails"].as_array().unwrap().len();
    assert!(kept(&now) >= kept(&history) && kept(&history) > 0, "{now}");
    let record = world.admin(Method::GET, &format!("/individuals/{ana}")).by(&staff).send().await.ok();
    let communication = &record["individual"]["communication"];
    assert_eq!(communication["consented_contact_id"], json!(null));
    assert_eq!(communication["history"].as_array().unwrap().last().unwrap()["by"], "strip_sandbox");
    assert_eq!(record["account"], json!(null), "{record}");

    // Again, it takes only what was given since.
    let again = strip(&world).await;
    assert_eq!(
        [&again["accounts"], &again["consents"], &again["workers"]],
        [&json!(0), &json!(0), &json!(1)],
        "{again}"
    );
}

#[tokio::test]
async fn what_somebody_chose_who_withdrew_consent_is_taken_too() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (ana, _, token) = world.invite(&staff, "T-01").await;
    let client = world.activate(&token, "1985-04-12").await.session();
    let account = world.portal(Method::GET, "/account").by(&client).send().await.ok();
    let contact = &account["messages"]["contact_id"];
    let wanted = json!({ "event_confirmations": false, "event_updates": false, "contact_id": contact });
    world.portal(Method::PUT, "/account/messages").by(&client).json(wanted).send().await.ok();
    let path = format!("/individuals/{ana}");
    let withdraw = world.admin(Method::PUT, &format!("{path}/communication-settings")).by(&staff);
    withdraw.json(json!({ "email_contact_id": null, "confirmed": true })).send().await.ok();
    let chosen = async |staff: &Session| {
        let record = world.admin(Method::GET, &path).by(staff).send().await.ok();
        record["individual"]["communication"]["event_updates"].clone()
    };
    assert_eq!(chosen(&staff).await, false);
    assert_eq!(strip(&world).await["finished"], true);
    world.drain().await;
    assert_eq!(chosen(&come_back(&world).await).await, true);
}

#[tokio::test]
async fn production_is_nobodys_copy() {
    let world = World::deployed(Place::Scratch, &[("Stage", "production")]).await;
    world.local.invoke("jobs.set_up_agency", agency_file()).await.unwrap();
    let refused = strip(&world).await;
    assert!(refused["refused"].as_str().unwrap().contains("production"), "{refused}");
    world.sign_worker_in(SYSTEM, &demo_password(SYSTEM)).await.ok();
}

#[tokio::test]
async fn another_agencys_name_strips_nothing() {
    let world = World::new().await;
    world.invite(&world.staff(INTAKE).await, "T-01").await;
    let event = json!({ "agency": "Somebody Else" });
    let refused = world.local.invoke("jobs.strip_sandbox", event).await.unwrap();
    assert!(refused["refused"].as_str().unwrap().contains("another name"), "{refused}");
    assert_eq!(accounts(&world).await[0]["state"], "pending");
}
