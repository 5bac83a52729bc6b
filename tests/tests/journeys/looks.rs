//! How the portal looks: logo, tiles, theme, and the photos of workers.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{ADMIN_EXEC, Answer, CLINICAL, INTAKE, OTHER_CLINICAL, SYSTEM, Session, World, png};

async fn ana(world: &World) -> Session {
    let (_, _, token) = world.invite(&world.staff(INTAKE).await, "T-01").await;
    let activated = world.activate(&token, "1985-04-12").await;
    activated.ok();
    activated.session()
}

async fn put(world: &World, by: &Session, path: &str, body: Value) -> Answer {
    world.admin(Method::PUT, path).by(by).json(body).send().await
}

#[track_caller]
fn is_jpeg(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.headers["content-type"], "image/jpeg");
    assert_eq!(
        (answer.headers["cache-control"].as_bytes(), answer.headers["x-content-type-options"].as_bytes()),
        (&b"no-store"[..], &b"nosniff"[..])
    );
    assert!(answer.bytes.starts_with(b"\xff\xd8\xff"));
}

#[tokio::test]
async fn a_client_sees_the_photos_of_their_own_workers_only() {
    let world = World::new().await;
    let client = ana(&world).await;
    let mut workers = Vec::new();
    for email in [CLINICAL, OTHER_CLINICAL] {
        let staff = world.staff(email).await;
        workers.push((world.worker(email).await, staff));
    }
    let photo = async |worker: &str| {
        world.portal(Method::GET, &format!("/workers/{worker}/photo")).by(&client).send().await
    };
    let [(carmen, hers), (tomasz, _)] = &workers[..] else { unreachable!() };
    assert_eq!(photo(carmen).await.refused(404), "not_found", "she has none so far");
    for (_, staff) in &workers {
        world.set_photo(staff).await;
    }
    is_jpeg(&photo(carmen).await);
    assert_eq!(photo(tomasz).await.refused(404), "not_found", "he doesn't work with Ana");
    assert_eq!(photo("wrk_00000000000000000000000000").await.bytes, photo(tomasz).await.bytes);

    // Nor by a service that she doesn't see; by one that she does, she does.
    let intake = world.staff(INTAKE).await;
    let individual = world.individual(&intake, "T-01").await;
    let hidden = world.service(&intake, "case_service", "Risk review", None).await;
    world.open_service_file(&intake, &individual, &hidden, tomasz).await;
    assert_eq!(photo(tomasz).await.refused(404), "not_found");
    let visible = world.offered_service(&intake, "Help with housing").await;
    world.open_service_file(&intake, &individual, &visible, tomasz).await;
    is_jpeg(&photo(tomasz).await);

    let me = world.admin(Method::GET, "/me").by(hers).send().await.ok();
    let path = format!("/images/{}", me["photo"].as_str().unwrap());
    is_jpeg(&world.admin(Method::GET, &path).by(&world.staff(ADMIN_EXEC).await).send().await);
    assert_eq!(put(&world, hers, "/me/photo", json!({ "upload_id": null })).await.ok()["photo"], Value::Null);
    assert_eq!(photo(carmen).await.refused(404), "not_found");
}

#[tokio::test]
async fn where_photos_are_off_no_client_sees_one() {
    let world = World::with(|file| file["file_attachment"] = json!({ "worker_photos": false })).await;
    let client = ana(&world).await;
    world.set_photo(&world.staff(CLINICAL).await).await;
    let path = format!("/workers/{}/photo", world.worker(CLINICAL).await);
    assert_eq!(world.portal(Method::GET, &path).by(&client).send().await.refused(404), "not_found");
}

#[tokio::test]
async fn who_looks_after_photos_sets_a_colleagues() {
    let world = World::new().await;
    let (system, intake) = (world.staff(SYSTEM).await, world.staff(INTAKE).await);
    let path = format!("/workers/{}/photo", world.worker(CLINICAL).await);
    let upload = world.upload_image(&system, &png(50, 80, [200, 100, 0, 255]), "image/png").await;
    let body = json!({ "upload_id": upload });
    let set = put(&world, &system, &path, body.clone()).await.ok();
    assert_eq!(
        put(&world, &system, &path, body.clone()).await.ok(),
        set,
        "the same upload makes the same photo"
    );
    let carmen = world.staff(CLINICAL).await;
    assert_eq!(world.admin(Method::GET, "/me").by(&carmen).send().await.ok()["photo"], set["photo"]);
    assert_eq!(put(&world, &intake, &path, body.clone()).await.refused(403), "not_allowed");
    let theirs = put(&world, &intake, "/me/photo", body).await;
    assert_eq!(theirs.refused(409), "upload_not_found", "nobody uses what somebody else uploaded");
}

#[tokio::test]
async fn files_that_are_no_pictures_are_refused_and_change_nothing() {
    let world = World::new().await;
    let staff = world.staff(CLINICAL).await;
    let before = world.set_photo(&staff).await;
    let picture = png(40, 40, [1, 2, 3, 255]);
    let mut bomb = picture.clone();
    bomb.splice(16..24, [0, 0, 0x27, 0x10, 0, 0, 0x13, 0x88]);
    let sum = crc32(&bomb[12..29]);
    bomb.splice(29..33, sum.to_be_bytes());
    for (file, kind, code) in [
        (&picture[..], "image/jpeg", "image_type_mismatch"),
        (b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>", "image/png", "image_svg"),
        (b"<!doctype html><script>alert(1)</script>", "image/gif", "image_unreadable"),
        (&picture[..60], "image/png", "image_unreadable"),
        (&bomb, "image/png", "image_too_large"),
    ] {
        let upload = world.upload_image(&staff, file, kind).await;
        let refused = put(&world, &staff, "/me/photo", json!({ "upload_id": upload })).await;
        assert_eq!(refused.refused(422), code);
    }
    let csv = world.upload(&world.staff(INTAKE).await, &picture).await;
    let refused = put(&world, &world.staff(INTAKE).await, "/me/photo", json!({ "upload_id": csv })).await;
    assert_eq!(refused.refused(422), "image_type_mismatch", "it was announced as a table");
    assert_eq!(world.admin(Method::GET, "/me").by(&staff).send().await.ok()["photo"], before.as_str());
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

#[tokio::test]
async fn a_place_for_a_file_is_given_for_what_its_worker_may_do_with_it() {
    let world = World::new().await;
    let (clinical, intake) = (world.staff(CLINICAL).await, world.staff(INTAKE).await);
    let sha256 = "ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=";
    let announce = async |by: &Session, kind: &str, content_type: Value, bytes: u64| {
        let body = json!({ "kind": kind, "content_type": content_type, "bytes": bytes, "sha256": sha256 });
        world.admin(Method::POST, "/uploads").by(by).json(body).send().await
    };
    announce(&intake, "csv", Value::Null, 1).await.ok();
    assert_eq!(announce(&clinical, "csv", Value::Null, 1).await.refused(403), "not_allowed");
    announce(&clinical, "image", json!("image/webp"), 10 * 1024 * 1024).await.ok();
    let large = announce(&clinical, "image", json!("image/webp"), 10 * 1024 * 1024 + 1).await;
    assert_eq!(
        (large.refused(413).as_str(), &large.json()["parameters"]["maximum"]),
        ("upload_too_large", &json!(10_485_760))
    );
    assert_eq!(announce(&clinical, "image", json!("image/svg+xml"), 1).await.refused(422), "image_svg");
    for unknown in [Value::Null, json!("image/tiff"), json!("text/html")] {
        assert_eq!(announce(&clinical, "image", unknown, 1).await.refused(400), "invalid_request");
    }
}

#[tokio::test]
async fn the_theme_is_a_stylesheet_for_everybody() {
    let own = json!({ "brand": "#7a1f5c", "brand_dark": "#f0a8d8", "corners": "round" });
    let world = World::set_up_with(|file| file["theme"] = own).await;
    let theme = world.portal(Method::GET, "/theme.css").send().await;
    assert_eq!((theme.status, theme.headers["content-type"].as_bytes()), (StatusCode::OK, &b"text/css"[..]));
    assert_eq!(theme.headers["cache-control"], "public, max-age=20");
    for line in ["--agency-brand: #7a1f5c;", "--agency-on-brand-dark: #000000;", "--agency-radius: 24px;"] {
        assert!(theme.text().contains(line), "{}", theme.text());
    }
}

async fn settings(world: &World, system: &Session) -> Value {
    world.admin(Method::GET, "/settings").by(system).send().await.ok()
}

#[tokio::test]
async fn a_logo_is_everybodys_and_what_was_one_once_stays_and_a_photo_never_is_one() {
    let world = World::new().await;
    let system = world.staff(SYSTEM).await;
    let logo =
        async |id: &Value| world.portal(Method::GET, &format!("/logo/{}", id.as_str().unwrap())).send().await;
    let first = world.set_logo(&system).await["images"]["logo"].clone();
    let shown = logo(&first).await;
    assert_eq!((shown.status, shown.headers["content-type"].as_bytes()), (StatusCode::OK, &b"image/png"[..]));
    assert_eq!(shown.headers["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(shown.headers["x-content-type-options"], "nosniff");
    let mut reader = png::Decoder::new(std::io::Cursor::new(&shown.bytes)).read_info().unwrap();
    assert_eq!((reader.info().width, reader.info().height), (800, 240));
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    assert_eq!(pixels[..4], [0, 128, 255, 128], "half transparent as it was");

    let second = world.set_logo(&system).await;
    assert_ne!(second["images"]["logo"], first);
    assert_eq!(logo(&first).await.status, StatusCode::OK, "pages that are open still show it");
    let body = json!({ "version": second["version"], "logo": "remove", "tiles": second["images"]["tiles"] });
    let removed = put(&world, &system, "/settings/images", body).await.ok();
    assert_eq!(removed["images"]["logo"], Value::Null);

    let photo = world.set_photo(&world.staff(CLINICAL).await).await;
    assert_eq!(logo(&json!(photo)).await.refused(404), "not_found");
    assert_eq!(logo(&json!("img_00000000000000000000000000")).await.bytes, logo(&json!(photo)).await.bytes);
}

#[tokio::test]
async fn a_picture_chosen_for_a_tile_and_a_logo_are_on_the_portal_within_a_minute() {
    let world = World::new().await;
    let system = world.staff(SYSTEM).await;
    let agency = async || world.portal(Method::GET, "/agency").send().await.ok();
    assert_eq!(agency().await["logo"], Value::Null);
    let before = world.set_logo(&system).await;
    let mut tiles = before["images"]["tiles"].clone();
    tiles["inbox"] = json!(4);
    let body = json!({ "version": before["version"], "logo": "keep", "tiles": tiles });
    let saved = put(&world, &system, "/settings/images", body.clone()).await.ok();
    assert_eq!(put(&world, &system, "/settings/images", body).await.ok(), saved, "it is saved already");
    world.advance(chrono::Duration::seconds(60));
    let shown = agency().await;
    assert_eq!((&shown["logo"], &shown["tiles"]["inbox"]), (&before["images"]["logo"], &json!(4)));

    for choice in [json!(0), json!(7)] {
        tiles["inbox"] = choice;
        let body = json!({ "version": saved["version"], "logo": "keep", "tiles": tiles });
        let refused = put(&world, &system, "/settings/images", body).await;
        assert_eq!(refused.refused(422), "settings_refused");
        assert_eq!(refused.json()["parameters"]["fields"][0]["field"], "images.tiles");
    }
    let stale = json!({ "version": before["version"], "logo": "remove", "tiles": before["images"]["tiles"] });
    assert_eq!(put(&world, &system, "/settings/images", stale).await.refused(409), "settings_changed");
    let svg = world.upload_image(&system, b"<svg/>", "image/png").await;
    let body = json!({ "version": saved["version"], "logo": { "upload_id": svg }, "tiles": saved["images"]["tiles"] });
    assert_eq!(put(&world, &system, "/settings/images", body).await.refused(422), "image_svg");
    assert_eq!(settings(&world, &system).await["images"], saved["images"]);
}

#[tokio::test]
async fn colours_that_are_hard_to_read_are_refused_with_the_nearest_that_are_not() {
    let world = World::new().await;
    let system = world.staff(SYSTEM).await;
    let version = settings(&world, &system).await["version"].clone();
    let save = async |brand: &str, brand_dark: &str, corners: &str| {
        let theme = json!({ "brand": brand, "brand_dark": brand_dark, "corners": corners });
        put(&world, &system, "/settings/theme", json!({ "version": version, "theme": theme })).await
    };
    for (brand, brand_dark, field) in
        [("#ffcc00", "#7fd0d6", "theme.brand"), ("#0b5d66", "#333333", "theme.brand_dark")]
    {
        let refused = save(brand, brand_dark, "rounded").await;
        assert_eq!(refused.refused(422), "contrast_too_low");
        let parameters = refused.json()["parameters"].clone();
        assert_eq!((&parameters["field"], &parameters["needed"]), (&json!(field), &json!(4.5)));
        assert!(parameters["ratio"].as_f64().unwrap() < 4.5, "{parameters}");
    }
    for wrong in ["red", "#fff", "#0b5d6g", "url(//evil.example)", "#0b5d66;}body{display:none"] {
        assert_eq!(save(wrong, "#7fd0d6", "rounded").await.refused(400), "invalid_request", "{wrong}");
    }
    assert_eq!(save("#0b5d66", "#7fd0d6", "wavy").await.refused(400), "invalid_request");
    let nearest = save("#ffcc00", "#7fd0d6", "square").await.json()["parameters"]["nearest"].clone();
    save(nearest.as_str().unwrap(), "#7fd0d6", "square").await.ok();
    world.advance(chrono::Duration::seconds(60));
    let theme = world.portal(Method::GET, "/theme.css").send().await.text();
    assert!(theme.contains(&format!("--agency-brand: {};", nearest.as_str().unwrap())), "{theme}");
    assert!(theme.contains("--agency-radius: 0;") && !theme.contains("brand-dark"), "{theme}");
}

#[tokio::test]
async fn photos_are_gone_at_once_when_they_are_switched_off() {
    let world = World::new().await;
    let (client, system) = (ana(&world).await, world.staff(SYSTEM).await);
    world.set_photo(&world.staff(CLINICAL).await).await;
    let path = format!("/workers/{}/photo", world.worker(CLINICAL).await);
    let photo = async || world.portal(Method::GET, &path).by(&client).send().await;
    let switch = async |on: bool| {
        let version = settings(&world, &system).await["version"].clone();
        let body = json!({ "version": version, "file_attachment": { "worker_photos": on } });
        put(&world, &system, "/settings/file-attachment", body).await.ok();
    };
    is_jpeg(&photo().await);
    switch(false).await;
    assert_eq!(photo().await.refused(404), "not_found");
    switch(true).await;
    is_jpeg(&photo().await);
}

#[tokio::test]
async fn a_worker_says_what_clients_see_of_them() {
    let world = World::new().await;
    let (carmen, system) = (world.staff(CLINICAL).await, world.staff(SYSTEM).await);
    let worker = world.worker(CLINICAL).await;
    let record =
        async || world.admin(Method::GET, &format!("/workers/{worker}")).by(&system).send().await.ok();
    let before = record().await;
    let told = json!({ "client_facing_name": "Carmen", "description": "I am here on Mondays." });
    for _ in 0..2 {
        assert_eq!(put(&world, &carmen, "/me/profile", told.clone()).await.ok(), told);
    }
    let me = world.admin(Method::GET, "/me").by(&carmen).send().await.ok();
    assert_eq!(
        (&me["client_facing_name"], &me["description"]),
        (&told["client_facing_name"], &told["description"])
    );
    let after = record().await;
    assert_eq!(after["description"], told["description"]);
    let versions = [&before, &after].map(|record| record["version"].as_u64().unwrap());
    assert_eq!(versions[1], versions[0] + 1, "whoever edits her record meanwhile is told, and once is once");
    for (field, text) in [("client_facing_name", "a\u{202e}b".to_owned()), ("description", "x".repeat(301))] {
        let mut wrong = told.clone();
        wrong[field] = json!(text);
        let refused = put(&world, &carmen, "/me/profile", wrong).await;
        assert_eq!(refused.refused(400), "invalid_request");
        assert_eq!(refused.json()["parameters"]["field"], field);
    }
    let nothing = json!({ "client_facing_name": null, "description": null });
    assert_eq!(put(&world, &carmen, "/me/profile", nothing.clone()).await.ok(), nothing);
}
