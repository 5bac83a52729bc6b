//! *About Me*: what clients see of themselves, and change where their agency lets them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, INTAKE, Session, World};

/// Ana of the fixture, signed in.
async fn ana(world: &World) -> (Session, String) {
    let staff = world.staff(INTAKE).await;
    let (individual, _, token) = world.invite(&staff, "T-01").await;
    let activated = world.activate(&token, "1985-04-12").await;
    activated.ok();
    world.drain().await;
    (activated.session(), individual)
}

async fn profile(world: &World, client: &Session) -> Value {
    world.portal(Method::GET, "/profile").by(client).send().await.ok()
}

fn contact<'p>(profile: &'p Value, kind: &str) -> &'p Value {
    profile["contacts"].as_array().unwrap().iter().find(|contact| contact["kind"] == kind).unwrap()
}

async fn change(world: &World, client: &Session, method: Method, path: &str, body: Value) -> Answer {
    let key = world.key();
    world.portal(method, path).by(client).header("idempotency-key", key).json(body).send().await
}

fn named(version: &Value) -> Value {
    let profile = json!({
        "first_name": "Anna", "last_name": "Delgado Ruiz", "preferred_name": "Ani", "gender": "woman", "language": "es",
    });
    json!({ "version": version, "profile": profile })
}

#[tokio::test]
async fn a_client_corrects_what_is_theirs_and_staff_see_who_did() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (client, individual) = ana(&world).await;
    world.portal(Method::PUT, "/language").by(&client).json(json!({ "language": "fr" })).send().await.ok();
    world.advance(chrono::Duration::minutes(1));
    let before = profile(&world, &client).await;
    assert_eq!((&before["first_name"], &before["birth_date"]), (&json!("Ana"), &json!("1985-04-12")));
    assert_eq!(before["may_edit"], true);

    let saved = change(&world, &client, Method::PUT, "/profile", named(&before["version"])).await.ok();
    let after = profile(&world, &client).await;
    assert_eq!(after["version"], saved["version"]);
    assert_eq!((&after["last_name"], &after["gender"]), (&json!("Delgado Ruiz"), &json!("woman")));
    let home = world.portal(Method::GET, "/home").by(&client).send().await.ok();
    assert_eq!((&home["name"], &home["language"]), (&json!("Ani"), &json!("es")), "{home}");

    let path = format!("/individuals/{individual}");
    let record = world.admin(Method::GET, &path).by(&staff).send().await.ok();
    let record = &record["individual"];
    assert_eq!((&record["first_name"], &record["birth_date"]), (&json!("Anna"), &json!("1985-04-12")));
    assert_eq!(
        record["worker_ids"].as_array().unwrap().len(),
        1,
        "who works with her is the agency's to say"
    );
    assert_eq!(record["external_ids"], json!({ "test": "T-01" }));
    let history = world.admin(Method::GET, &format!("{path}/history")).by(&staff).send().await.ok();
    let newest = history["entries"][0].to_string();
    assert!(newest.contains("client") && newest.contains("gender") && !newest.contains("woman"), "{newest}");
}

#[tokio::test]
async fn two_changes_of_the_same_version_are_told_from_one_made_twice() {
    let world = World::new().await;
    let (client, _) = ana(&world).await;
    let before = profile(&world, &client).await;
    let version = &before["version"];
    let first = change(&world, &client, Method::PUT, "/profile", named(version)).await.ok();
    let again = change(&world, &client, Method::PUT, "/profile", named(version)).await.ok();
    assert_eq!(first, again, "it is as wanted already");
    let mut other = named(version);
    other["profile"]["last_name"] = json!("Else");
    let other = change(&world, &client, Method::PUT, "/profile", other).await;
    assert_eq!(other.refused(409), "record_changed");
    for (field, value) in [("first_name", ""), ("last_name", "a\u{202e}b"), ("gender", &"x".repeat(101))] {
        let mut wrong = named(&first["version"]);
        wrong["profile"][field] = json!(value);
        let refused = change(&world, &client, Method::PUT, "/profile", wrong).await;
        assert_eq!(refused.refused(400), "invalid_request");
        assert_eq!(refused.json()["parameters"]["field"], format!("profile.{field}"));
    }
    let mut born = named(&first["version"]);
    born["profile"]["birth_date"] = json!("1985-04-13");
    assert_eq!(change(&world, &client, Method::PUT, "/profile", born).await.refused(400), "invalid_request");
}

#[tokio::test]
async fn contacts_come_and_go_and_what_ends_consent_is_said_first() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (client, individual) = ana(&world).await;
    let record = format!("/individuals/{individual}");
    let before = profile(&world, &client).await;
    let email = contact(&before, "email");
    assert_eq!((&email["value"], &email["consented"]), (&json!("ana.delgado@example.org"), &json!(true)));
    // What staff note of a contact is not the client's to see or lose.
    let path = format!("{record}/contacts/{}", email["contact_id"].as_str().unwrap());
    let noted = json!({
        "kind": "email", "value": "ana.delgado@example.org", "use_contact": true, "main": true, "instructions": "Mornings",
    });
    let noting = world.admin(Method::PUT, &path).by(&staff);
    noting.json(json!({ "version": before["version"], "contact": noted })).send().await.ok();

    let phone =
        json!({ "contact": { "kind": "phone", "value": "555 0142", "use_contact": true, "main": true } });
    let added = change(&world, &client, Method::POST, "/profile/contacts", phone.clone()).await.ok();
    let twice = change(&world, &client, Method::POST, "/profile/contacts", phone).await;
    assert_eq!(twice.refused(409), "contact_exists");
    let now = profile(&world, &client).await;
    let main: Vec<_> = now["contacts"].as_array().unwrap().iter().filter(|c| c["main"] == true).collect();
    assert!(main.iter().any(|contact| contact["contact_id"] == added["contact_id"]), "{now}");
    assert!(!now.to_string().contains("Mornings"));

    let own = format!("/profile/contacts/{}", email["contact_id"].as_str().unwrap());
    let moved = |confirmed: bool| {
        let contact = json!({ "kind": "email", "value": "ana@else.example.org", "use_contact": true });
        json!({ "version": now["version"], "contact": contact, "confirmed": confirmed })
    };
    let warned = change(&world, &client, Method::PUT, &own, moved(false)).await;
    assert_eq!(warned.refused(409), "consent_would_end");
    assert_eq!(warned.json()["parameters"]["consequences"], json!(["consent_ends", "notices_stop"]));
    assert_eq!(
        contact(&profile(&world, &client).await, "email")["consented"],
        true,
        "nothing happened so far"
    );
    change(&world, &client, Method::PUT, &own, moved(true)).await.ok();
    let seen = world.admin(Method::GET, &record).by(&staff).send().await.ok()["individual"].clone();
    assert_eq!(seen["communication"]["consented_contact_id"], Value::Null);
    let last = seen["communication"]["history"].as_array().unwrap().last().unwrap().clone();
    assert!(last["given"] == false && last["by"].as_str().unwrap().starts_with("acc_"), "{last}");
    assert_eq!(contact(&seen, "email")["instructions"], "Mornings");
    // She signs in as before: that address is changed elsewhere.
    world.sign_in("ana.delgado@example.org", crate::support::PASSWORD).await.ok();

    let removed = change(&world, &client, Method::DELETE, &own, json!({})).await.ok();
    assert_eq!(removed["removal"], "retired", "consent was given for it");
    let phone = format!("/profile/contacts/{}", added["contact_id"].as_str().unwrap());
    assert_eq!(change(&world, &client, Method::DELETE, &phone, json!({})).await.ok()["removal"], "deleted");
    let left = profile(&world, &client).await;
    assert!(left["contacts"].as_array().unwrap().iter().all(|contact| contact["kind"] == "phone"), "{left}");
    for path in [own, phone] {
        assert_eq!(change(&world, &client, Method::DELETE, &path, json!({})).await.refused(404), "not_found");
    }
}

#[tokio::test]
async fn where_the_agency_keeps_the_details_a_client_only_sees_them() {
    let world = World::with(|file| file["about_me"] = json!({ "edit_profile": false })).await;
    let (client, _) = ana(&world).await;
    let seen = profile(&world, &client).await;
    assert_eq!(seen["may_edit"], false);
    let path = format!("/profile/contacts/{}", contact(&seen, "phone")["contact_id"].as_str().unwrap());
    let phone = json!({ "kind": "phone", "value": "555 0142", "use_contact": true });
    for (method, path, body) in [
        (Method::PUT, "/profile", named(&seen["version"])),
        (Method::POST, "/profile/contacts", json!({ "contact": phone })),
        (Method::PUT, path.as_str(), json!({ "version": seen["version"], "contact": phone })),
        (Method::DELETE, path.as_str(), json!({})),
    ] {
        assert_eq!(change(&world, &client, method, path, body).await.refused(403), "editing_off");
    }
    assert_eq!(profile(&world, &client).await, seen);
}
