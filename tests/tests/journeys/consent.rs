//! Consent to email and what hangs on it (A1, B2, B9).

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{INTAKE, Session, World};

async fn set(world: &World, staff: &Session, individual: &str, contact: Value) -> Value {
    let path = format!("/individuals/{individual}/communication-settings");
    world
        .admin(Method::PUT, &path)
        .by(staff)
        .json(json!({ "email_contact_id": contact, "confirmed": true }))
        .send()
        .await
        .ok()
}

async fn record(world: &World, staff: &Session, individual: &str) -> Value {
    world.admin(Method::GET, &format!("/individuals/{individual}")).by(staff).send().await.ok()
}

#[tokio::test]
async fn without_consent_no_mail_goes_out_until_it_is_given() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let individual = world.individual(&staff, "T-05").await;
    let before = world.local.mails().unwrap().len();
    let created = world.create(&staff, &individual, json!({})).await.ok();
    assert_eq!((&created["mail_id"], &created["not_mailed"]), (&json!(null), &json!("no_consent")));
    world.drain().await;
    assert_eq!(world.local.mails().unwrap().len(), before);

    let contact =
        record(&world, &staff, &individual).await["individual"]["contacts"][0]["contact_id"].clone();
    let given = set(&world, &staff, &individual, contact.clone()).await;
    assert!(given["invitation"]["mail_id"].is_string());
    world.drain().await;
    assert_eq!(world.local.mails().unwrap().len(), before + 1);

    // Saying it again changes nothing and mails nothing.
    let again = set(&world, &staff, &individual, contact).await;
    assert_eq!(again["invitation"], json!(null));
    world.drain().await;
    assert_eq!(world.local.mails().unwrap().len(), before + 1);
    world.activate(&world.newest_token(), "1988-08-08").await.ok();
}

#[tokio::test]
async fn a_link_refuses_while_consent_is_withdrawn() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (individual, _, token) = world.invite(&staff, "T-01").await;
    let withdrawn = set(&world, &staff, &individual, json!(null)).await;
    assert_eq!(withdrawn["communication"]["consented_contact_id"], json!(null));
    assert_eq!(withdrawn["communication"]["history"].as_array().unwrap().len(), 2);
    assert_eq!(world.look(&token).await["link"], "consent_needed");
    assert_eq!(world.activate(&token, "1985-04-12").await.refused(409), "consent_needed");
}

#[tokio::test]
async fn consent_withdrawn_before_the_mail_went_out_stops_it() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let individual = world.individual(&staff, "T-01").await;
    let before = world.local.mails().unwrap().len();
    world.create(&staff, &individual, json!({})).await.ok();
    set(&world, &staff, &individual, json!(null)).await;
    world.drain().await;
    assert_eq!(world.local.mails().unwrap().len(), before);
}

#[tokio::test]
async fn consent_is_for_an_email_contact_in_use() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let individual = world.individual(&staff, "T-01").await;
    let contacts = record(&world, &staff, &individual).await["individual"]["contacts"].clone();
    let phone = contacts.as_array().unwrap().iter().find(|contact| contact["kind"] == "phone").unwrap();
    let path = format!("/individuals/{individual}/communication-settings");
    let put = async |body: Value| world.admin(Method::PUT, &path).by(&staff).json(body).send().await;
    assert_eq!(
        put(json!({ "email_contact_id": phone["contact_id"] })).await.refused(409),
        "contact_not_in_use"
    );
    let unknown = json!({ "email_contact_id": "cnt_00000000000000000000000000" });
    assert_eq!(put(unknown).await.refused(422), "contact_unknown");
    assert_eq!(put(json!({})).await.refused(400), "invalid_request");
}
