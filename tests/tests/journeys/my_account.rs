//! *My ClientConnect*: what a client sees of their own account, and the language they read.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{INTAKE, PASSWORD, Session, World};

const ANA: &str = "ana.delgado@example.org";

/// Ana, signed in.
async fn ana(world: &World) -> Session {
    let (_, _, token) = world.invite(&world.staff(INTAKE).await, "T-01").await;
    world.activate(&token, "1985-04-12").await.session()
}

async fn account(world: &World, client: &Session) -> Value {
    world.portal(Method::GET, "/account").by(client).send().await.ok()
}

#[tokio::test]
async fn a_client_sees_their_account_and_what_they_accepted() {
    let world = World::new().await;
    let client = ana(&world).await;
    let seen = account(&world, &client).await;
    assert_eq!(
        (&seen["email"], &seen["language"], &seen["language_chosen"]),
        (&json!(ANA), &json!("en"), &json!(false))
    );
    assert_eq!(
        (&seen["accepted"]["privacy_version"], &seen["accepted"]["terms_version"]),
        (&json!(1), &json!(1))
    );
    assert_eq!((&seen["last_sign_in"], &seen["email_change"]), (&seen["accepted"]["at"], &json!(null)));

    world.advance(chrono::Duration::hours(2));
    let client = world.sign_in(ANA, PASSWORD).await.session();
    assert_ne!(account(&world, &client).await["last_sign_in"], seen["last_sign_in"]);
}

#[tokio::test]
async fn a_client_reads_the_language_they_chose() {
    let world = World::new().await;
    let client = ana(&world).await;
    let choose = async |language: &str| {
        world.portal(Method::PUT, "/language").by(&client).json(json!({ "language": language })).send().await
    };
    for _ in 0..2 {
        assert_eq!(choose("fr").await.ok(), json!({ "language": "fr" }));
    }
    assert_eq!(choose("de").await.refused(400), "invalid_request");
    let seen = account(&world, &client).await;
    assert_eq!((&seen["language"], &seen["language_chosen"]), (&json!("fr"), &json!(true)));
    assert_eq!(world.portal(Method::GET, "/home").by(&client).send().await.ok()["language"], "fr");

    let staff = world.staff(INTAKE).await;
    let individual = world.individual(&staff, "T-01").await;
    let history =
        world.admin(Method::GET, &format!("/individuals/{individual}/history")).by(&staff).send().await.ok();
    let events = history.to_string();
    assert_eq!(events.matches("language_chosen").count(), 1, "chosen twice, told once: {events}");
}
