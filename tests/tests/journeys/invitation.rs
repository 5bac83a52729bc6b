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

#[tokio::test]
async fn each_client_is_written_to_in_their_own_language() {
    let world = World::new().await;
    let staff = world.staff(CLINICAL).await;
    for (external_id, lang) in [("T-01", "en"), ("T-02", "fr"), ("T-03", "es")] {
        let (_, _, token) = world.invite(&staff, external_id).await;
        let mail = world.local.mails().unwrap().pop().unwrap();
        assert!(mail.html.contains(&format!("lang=\"{lang}\"")), "{external_id}");
        assert!(mail.text.contains(&format!("http://127.0.0.1:8080/activate#{token}")));
        assert!(!mail.subject.to_lowercase().contains("counsel"), "{}", mail.subject);
        assert_eq!(world.look(&token).await["language"], lang);
    }
}

#[tokio::test]
async fn an_invitation_nobody_took_expires_at_its_instant_and_by_schedule() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (individual, _, token) = world.invite(&staff, "T-01").await;

    world.advance(Duration::days(7) - Duration::seconds(1));
    assert_eq!(world.look(&token).await["link"], "usable");
    world.advance(Duration::seconds(1));
    // The link refuses itself before any job has run.
    assert_eq!(world.look(&token).await["link"], "expired");
    assert_eq!(world.activate(&token, "1985-04-12").await.refused(410), "link_expired");

    world.drain().await;
    let staff = world.staff(INTAKE).await;
    let record = world.admin(Method::GET, &format!("/individuals/{individual}")).by(&staff).send().await.ok();
    assert_eq!(record["account"], json!(null));
    assert_eq!(record["closed_accounts"][0]["reason"], "expired");
    assert_eq!(world.look(&token).await["link"], "closed");

    // The address and the individual are free for a new account.
    let (_, _, newer) = world.invite(&staff, "T-01").await;
    assert_eq!(world.look(&newer).await["link"], "usable");
    assert_eq!(world.look(&token).await["link"], "closed");
}

#[tokio::test]
async fn a_schedule_that_was_missed_catches_up() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    for external_id in ["T-01", "T-02", "T-03"] {
        world.invite(&staff, external_id).await;
    }
    world.advance(Duration::days(400));
    let summary = world.local.run_schedule("clientconnect-dev-jobs-expire-activations").await.unwrap();
    assert_eq!((&summary["done"], &summary["more"]), (&json!(3), &json!(false)));
    let again = world.local.run_schedule("clientconnect-dev-jobs-expire-activations").await.unwrap();
    assert_eq!(again["done"], 0);
}

#[tokio::test]
async fn resending_kills_older_links_and_restarts_the_expiry_but_not_the_count() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (individual, account, first) = world.invite(&staff, "T-01").await;
    assert_eq!(world.activate(&first, "1985-04-13").await.refused(422), "birth_date_wrong");
    world.advance(Duration::days(6));
    let staff = world.staff(INTAKE).await;
    let path = format!("/individuals/{individual}/accounts/{account}/resend");
    let resent = world.admin(Method::POST, &path).by(&staff).send().await.ok();
    assert_eq!(resent["account"]["attempts_left"], 2);
    world.drain().await;
    let second = world.newest_token();
    assert_ne!(first, second);
    assert_eq!(world.look(&first).await["link"], "superseded");
    assert_eq!(world.activate(&first, "1985-04-12").await.refused(410), "link_superseded");
    world.advance(Duration::days(6));
    assert_eq!(world.look(&second).await["link"], "usable");
    world.activate(&second, "1985-04-12").await.ok();
}

#[tokio::test]
async fn a_client_gets_the_link_again_or_asks_for_an_invitation_with_the_same_answer() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (individual, account, token) = world.invite(&staff, "T-01").await;
    let ask = async |token: &str| {
        world.portal(Method::POST, "/links/ask").json(json!({ "token": token })).send().await
    };

    let pending = ask(&token).await;
    world.drain().await;
    let newer = world.newest_token();
    assert_ne!(token, newer);
    assert_eq!(world.look(&token).await["link"], "superseded");

    world
        .admin(Method::POST, &format!("/individuals/{individual}/accounts/{account}/close"))
        .by(&staff)
        .send()
        .await
        .ok();
    let mailed = || {
        let mails = world.local.mails().unwrap();
        mails.iter().filter(|mail| mail.to == ["ana.delgado@example.org"]).count()
    };
    let before = mailed();
    world.advance(Duration::seconds(1));
    let closed = ask(&newer).await;
    world.drain().await;
    assert_eq!((pending.status, pending.bytes), (closed.status, closed.bytes));
    assert_eq!(mailed(), before, "nothing is mailed to the client of a closed account");
    let history =
        world.admin(Method::GET, &format!("/individuals/{individual}/history")).by(&staff).send().await.ok();
    assert_eq!(history["entries"][0]["events"][0], "invitation_asked_for");

    // Throttled per account: one an hour, three at once.
    ask(&newer).await.ok();
    let refused = ask(&newer).await;
    assert_eq!(refused.refused(429), "too_many_requests");
    assert!(refused.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn closing_cancels_the_invitation_and_gives_the_address_back() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (individual, account, token) = world.invite(&staff, "T-01").await;
    let path = format!("/individuals/{individual}/accounts/{account}/close");
    let key = world.key();
    let closed =
        world.admin(Method::POST, &path).by(&staff).header("idempotency-key", key.clone()).send().await.ok();
    assert_eq!((&closed["state"], &closed["reason"]), (&json!("closed"), &json!("cancelled")));
    let repeated =
        world.admin(Method::POST, &path).by(&staff).header("idempotency-key", key).send().await.ok();
    assert_eq!(repeated, closed);
    let anew = world.admin(Method::POST, &path).by(&staff).send().await;
    assert_eq!(anew.refused(409), "account_state");
    assert_eq!(anew.json()["parameters"]["state"], "closed");
    assert_eq!(world.look(&token).await["link"], "closed");
    assert_eq!(world.activate(&token, "1985-04-12").await.refused(410), "link_closed");
    world.invite(&staff, "T-01").await;
}

#[tokio::test]
async fn closing_an_active_account_ends_its_sessions_and_its_password() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (individual, account, token) = world.invite(&staff, "T-01").await;
    let client = world.activate(&token, "1985-04-12").await.session();
    world
        .admin(Method::POST, &format!("/individuals/{individual}/accounts/{account}/close"))
        .by(&staff)
        .send()
        .await
        .ok();
    assert_eq!(world.portal(Method::GET, "/home").by(&client).send().await.refused(401), "session_ended");
    assert_eq!(world.sign_in("ana.delgado@example.org", PASSWORD).await.refused(401), "sign_in_failed");
}
