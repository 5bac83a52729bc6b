//! The configuration guide, walked in its order on an empty agency: after each step, what a client sees of it.

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, CLINICAL, INTAKE, SYSTEM, Session, World, png};

const ANA: &str = "ana.delgado@example.org";
const ANA_BORN: &str = "1985-04-12";

async fn settings(world: &World) -> Value {
    world.admin(Method::GET, "/settings").by(&world.staff(SYSTEM).await).send().await.ok()
}

async fn put(world: &World, staff: &Session, path: &str, body: Value) -> Answer {
    world.admin(Method::PUT, path).by(staff).json(body).send().await
}

async fn post(world: &World, staff: &Session, path: &str, body: Value) -> Answer {
    let call = world.admin(Method::POST, path).by(staff).header("idempotency-key", world.key());
    call.json(body).send().await
}

/// Saves a section as it is, with `change`.
async fn save(world: &World, path: &str, sections: &[&str], change: impl FnOnce(&mut Value)) -> Answer {
    let now = settings(world).await;
    let mut body = json!({ "version": now["version"] });
    for section in sections {
        body[section] = now[section].clone();
    }
    change(&mut body);
    put(world, &world.staff(SYSTEM).await, path, body).await
}

async fn communications(world: &World, change: impl FnOnce(&mut Value)) -> Answer {
    save(world, "/settings/communications", &["communications"], |body| change(&mut body["communications"]))
        .await
}

const CLIENT_CONNECT: &[&str] = &["general", "about_me", "agency", "advanced", "request_service", "billing"];

async fn client_connect(world: &World, change: impl FnOnce(&mut Value)) -> Answer {
    save(world, "/settings/client-connect", CLIENT_CONNECT, change).await
}

/// What a client's browser is answered, a minute later at most.
async fn seen(world: &World, client: &Session, path: &str) -> Value {
    world.advance(Duration::seconds(31));
    world.portal(Method::GET, path).by(client).send().await.ok()
}

async fn service(world: &World, body: Value) -> (String, Value) {
    let mut body = body;
    let own = if body["parent_id"].is_string() { "as_service" } else { "hidden" };
    for (field, usual) in [("visibility", json!(own)), ("eligible", json!(false))] {
        if body[field].is_null() {
            body[field] = usual;
        }
    }
    let created = post(world, &world.staff(INTAKE).await, "/services", body).await.ok()["service"].clone();
    (created["service_id"].as_str().unwrap().to_owned(), created)
}

/// Edits a service as the page does: with everything it has, changed.
async fn edit(world: &World, id: &str, change: Value) -> Answer {
    let staff = world.staff(INTAKE).await;
    let path = format!("/services/{id}");
    let now = world.admin(Method::GET, &path).by(&staff).send().await.ok()["service"].clone();
    let mut body = json!({ "version": now["version"] });
    for field in ["name", "client_facing_name", "visibility", "eligible", "event_minutes", "site_id"] {
        body[field] = now[field].clone();
    }
    for (field, value) in change.as_object().unwrap() {
        body[field] = value.clone();
    }
    put(world, &staff, &path, body).await
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|service| service["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_guide_is_walked_on_an_empty_agency() {
    let world = World::set_up_with(|file| {
        file["general"]["enabled"] = json!(false);
        file["communications"]["client_delivery"] = json!(false);
        file["communications"]["authentication"] = json!({ "sender": null });
        for section in ["about_me", "request_service", "file_attachment", "images", "theme"] {
            file.as_object_mut().unwrap().remove(section);
        }
    })
    .await;
    let open = async || world.portal(Method::GET, "/agency").send().await.ok();
    assert_eq!(open().await["enabled"], false);

    // Step 1: external communications. A new authentication email has to prove itself before anything else can be set.
    let sender = json!({ "name": "Alder Quay", "address": "letters@alderquay.example.org" });
    communications(&world, |mail| mail["authentication"]["sender"] = sender).await.ok();
    let early = client_connect(&world, |setup| setup["general"]["minimum_age"] = json!(14)).await;
    assert_eq!(early.refused(409), "authentication_email_not_ready");
    let system = world.staff(SYSTEM).await;
    post(&world, &system, "/settings/authentication-email/test", json!({ "kind": "authentication" }))
        .await
        .ok();
    world.drain().await;
    let test = world.local.mails().unwrap().pop().unwrap();
    assert!(test.from.contains("letters@alderquay.example.org"), "{}", test.from);
    assert_eq!(test.to, [SYSTEM]);
    assert_eq!(settings(&world).await["readiness"]["test"], "delivered");
    let delivered = communications(&world, |mail| {
        mail["client_delivery"] = json!(true);
        mail["client_messages"]["event_confirmations"] = json!(true);
        mail["client_messages"]["event_updates"] = json!(true);
    });
    assert_eq!(delivered.await.ok()["readiness"]["can_be_enabled"], true);

    // Step 2: ClientConnect.
    client_connect(&world, |setup| {
        setup["general"]["enabled"] = json!(true);
        setup["about_me"]["edit_profile"] = json!(true);
        setup["agency"]["help_url"] = json!("https://alderquay.example.org/help");
        setup["advanced"]["default_event_minutes"] = json!(45);
        setup["request_service"]["enabled"] = json!(true);
        setup["request_service"]["text"]["en"] = json!("Tell us what would help.");
    })
    .await
    .ok();
    world.advance(Duration::seconds(31));
    let agency = open().await;
    assert_eq!(
        (&agency["enabled"], &agency["agency"]["help_url"]),
        (&json!(true), &json!("https://alderquay.example.org/help"))
    );
    let csv = "external_id,first_name,last_name,birth_date,email,email_consent\nT-01,Ana,Delgado,1985-04-12,ana.delgado@example.org,yes\n";
    let imported = world.import(csv.as_bytes(), "apply").await;
    assert_eq!(imported["created"], 1, "{imported}");
    let intake = world.staff(INTAKE).await;
    let (ana, _, token) = world.invite(&intake, "T-01").await;
    let mail = world.local.mails().unwrap().pop().unwrap();
    assert_eq!(mail.to, [ANA]);
    assert!(mail.from.contains("letters@alderquay.example.org"), "{}", mail.from);
    assert!(mail.text.contains("https://alderquay.example.org/help"), "{}", mail.text);
    let activated = world.activate(&token, ANA_BORN).await;
    activated.ok();
    let client = activated.session();
    assert_eq!(seen(&world, &client, "/profile").await["may_edit"], true);
    let messages = seen(&world, &client, "/account").await["messages"].clone();
    assert_eq!((&messages["event_confirmations"], &messages["event_updates"]), (&json!(true), &json!(true)));
    assert_eq!(messages["contacts"][0]["value"], ANA);

    // Step 3a: how it looks.
    assert_eq!(open().await["logo"], json!(null));
    let upload = world.upload_image(&system, &png(300, 80, [10, 90, 100, 128]), "image/png").await;
    let tiles = settings(&world).await["images"]["tiles"].clone();
    let with = |mut tiles: Value| {
        tiles["my_services"] = json!(4);
        tiles
    };
    let chosen = json!({
        "version": settings(&world).await["version"], "logo": { "upload_id": upload }, "tiles": with(tiles),
    });
    put(&world, &world.staff(SYSTEM).await, "/settings/images", chosen).await.ok();
    let agency = seen(&world, &client, "/agency").await;
    assert_eq!(agency["tiles"]["my_services"], 4);
    let logo = world.portal(Method::GET, &format!("/logo/{}", agency["logo"].as_str().unwrap())).send().await;
    assert_eq!(logo.headers["content-type"], "image/png");
    assert!(logo.bytes.starts_with(b"\x89PNG"));

    // Configure client facing names; make services visible.
    let (case, _) = service(&world, json!({ "kind": "case_service", "name": "CBT-04" })).await;
    let (group, _) =
        service(&world, json!({ "kind": "group", "parent_id": case, "name": "CBT-04 Tue pm" })).await;
    let (quiet, _) =
        service(&world, json!({ "kind": "group", "parent_id": case, "name": "CBT-04 court" })).await;
    let (informal, _) = service(&world, json!({ "kind": "informal_service", "name": "Drop-in B" })).await;
    let (series, _) = service(
        &world,
        json!({ "kind": "informal_series", "parent_id": informal, "name": "Drop-in B spring" }),
    )
    .await;
    let worker = world.worker(CLINICAL).await;
    let file = json!({
        "service_id": case, "opened_on": "2026-03-02", "primary_worker_id": worker, "worker_ids": [],
    });
    post(&world, &intake, &format!("/individuals/{ana}/service-files"), file).await.ok();
    for roster in [&group, &quiet, &series] {
        let place = json!({ "individual_id": ana });
        world
            .admin(Method::POST, &format!("/services/{roster}/roster"))
            .by(&intake)
            .json(place)
            .send()
            .await
            .ok();
    }
    assert_eq!(seen(&world, &client, "/services").await["services"], json!([]), "services start hidden");

    let nameless = edit(&world, &case, json!({ "visibility": "visible", "confirmed": true })).await;
    assert_eq!(nameless.refused(400), "invalid_request");
    edit(&world, &case, json!({ "client_facing_name": "Talking therapy" })).await.ok();
    edit(&world, &quiet, json!({ "visibility": "hidden" })).await.ok();
    let warned = edit(&world, &case, json!({ "visibility": "visible" })).await;
    assert_eq!(warned.refused(409), "confirm_cascade");
    assert_eq!(
        (&warned.json()["parameters"]["following"], &warned.json()["parameters"]["overridden"]),
        (&json!(1), &json!(1))
    );
    edit(&world, &case, json!({ "visibility": "visible", "confirmed": true })).await.ok();
    let shown = seen(&world, &client, "/services").await;
    assert_eq!(names(&shown["services"]), ["Talking therapy"]);
    assert_eq!(
        names(&shown["services"][0]["groups"]),
        ["Talking therapy"],
        "and not the hidden one: {shown}"
    );
    assert!(!shown.to_string().contains("CBT-04"), "{shown}");
    edit(&world, &group, json!({ "client_facing_name": "Tuesday circle" })).await.ok();
    let shown = seen(&world, &client, "/services").await;
    assert_eq!(names(&shown["services"][0]["groups"]), ["Tuesday circle"]);
    edit(
        &world,
        &informal,
        json!({ "client_facing_name": "Coffee morning", "visibility": "visible", "confirmed": true }),
    )
    .await
    .ok();
    let shown = seen(&world, &client, "/services").await;
    assert_eq!(names(&shown["services"]).len(), 2, "{shown}");
    assert!(names(&shown["services"]).contains(&"Coffee morning"), "{shown}");
    edit(&world, &series, json!({ "client_facing_name": "Coffee in spring" })).await.ok();
    let shown = seen(&world, &client, "/services").await;
    assert!(names(&shown["services"]).contains(&"Coffee in spring"), "{shown}");

    // Step 3b: worker photos.
    world.set_photo(&world.staff(CLINICAL).await).await;
    let photo = format!("/workers/{worker}/photo");
    let workers = |shown: &Value| shown["services"][0]["workers"].clone();
    let of = |shown: &Value| {
        let all = shown["services"].as_array().unwrap();
        let at = all.iter().position(|service| service["name"] == "Talking therapy").unwrap();
        json!({ "services": [all[at]] })
    };
    assert_eq!(workers(&of(&seen(&world, &client, "/services").await))[0]["has_photo"], false);
    world.portal(Method::GET, &photo).by(&client).send().await.refused(404);
    save(&world, "/settings/file-attachment", &["file_attachment"], |body| {
        body["file_attachment"]["worker_photos"] = json!(true);
    })
    .await
    .ok();
    assert_eq!(workers(&of(&seen(&world, &client, "/services").await))[0]["has_photo"], true);
    assert_eq!(world.portal(Method::GET, &photo).by(&client).send().await.status, 200);

    // Pre-enrollment.
    let (offered, _) = service(
        &world,
        json!({ "kind": "case_service", "name": "PAR-1", "client_facing_name": "Parents together", "visibility": "visible" }),
    )
    .await;
    let list = seen(&world, &client, "/offered-services").await;
    assert_eq!((&list["text"], names(&list["services"])), (&json!("Tell us what would help."), vec![]));
    edit(&world, &offered, json!({ "eligible": true })).await.ok();
    let list = seen(&world, &client, "/offered-services").await;
    assert_eq!(names(&list["services"]), ["Parents together"]);
    assert_eq!(list["services"][0]["minutes"], 45, "as the settings say");
    let asked =
        world.portal(Method::POST, "/service-requests").by(&client).header("idempotency-key", world.key());
    asked.json(json!({ "service_id": offered, "message": null })).send().await.ok();
    let intake = world.staff(INTAKE).await;
    let waiting = world.admin(Method::GET, "/service-requests?state=open").by(&intake).send().await.ok();
    assert!(waiting.to_string().contains("PAR-1"), "{waiting}");
}
