//! A worker invites, a client activates and signs in, or doesn't (A1–A9).

use chrono::Duration;
use reqwest::Method;
use serde_json::json;

use crate::support::{CLINICAL, INTAKE, PASSWORD, World};

#[tokio::test]
async fn a_client_is_invited_activates_signs_in_and_signs_out() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let individual = world.individual(&staff, "T-01").await;
    let created = world.create(&staff, &individual, json!({})).await.ok();
    assert_eq!(created["account"]["state"], "pending");
    assert_eq!(created["account"]["email"], "ana.delgado@example.org");
    assert!(created["mail_id"].is_string() && created["not_mailed"].is_null());
    world.drain().await;

    let mails = world.local.mails().unwrap();
    let mail = mails.last().unwrap();
    assert_eq!(mail.to, ["ana.delgado@example.org"]);
    let token = world.newest_token();
    let looked = world.look(&token).await;
    assert_eq!((&looked["link"], &looked["attempts_left"]), (&json!("usable"), &json!(3)));
    assert!(looked["texts"]["privacy"].as_str().unwrap().len() > 100);

    let activated = world.activate(&token, "1985-04-12").await;
    activated.ok();
    let client = activated.session();
    let home = world.portal(Method::GET, "/home").by(&client).send().await.ok();
    assert_eq!((&home["name"], &home["email"]), (&json!("Ana"), &json!("ana.delgado@example.org")));

    assert_eq!(world.look(&token).await["link"], "already_active");
    world.portal(Method::DELETE, "/session").by(&client).send().await.ok();
    let gone = world.portal(Method::GET, "/home").by(&client).send().await;
    assert_eq!(gone.refused(401), "session_ended");

    let again = world.sign_in("ANA.Delgado@Example.ORG ", PASSWORD).await;
    again.ok();
    world.portal(Method::GET, "/home").by(&again.session()).send().await.ok();
}
