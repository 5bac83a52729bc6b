//! Services, groups and series: what they are called, how clients would see them, and how many a change touches.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, CLINICAL, INTAKE, RESTRICTED, SYSTEM, Session, World};

async fn get(world: &World, staff: &Session, path: &str) -> Value {
    world.admin(Method::GET, path).by(staff).send().await.ok()
}

async fn create(world: &World, staff: &Session, body: Value) -> Answer {
    let call = world.admin(Method::POST, "/services").by(staff).header("idempotency-key", world.key());
    call.json(body).send().await
}

async fn put(world: &World, staff: &Session, service: &str, body: Value) -> Answer {
    world.admin(Method::PUT, &format!("/services/{service}")).by(staff).json(body).send().await
}

/// The names on all pages of a list.
async fn names(world: &World, staff: &Session, query: &str) -> Vec<String> {
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(world, staff, &format!("/services?{query}{cursor}")).await;
        let services = page["services"].as_array().unwrap();
        names.extend(services.iter().map(|service| service["name"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return names,
        }
    }
}

fn id(answer: &Answer) -> String {
    answer.ok()["service"]["service_id"].as_str().unwrap().to_owned()
}

fn counselling() -> Value {
    json!({
        "name": " CBT-04 individual ", "client_facing_name": "Talking it over", "visibility": "visible",
        "eligible": true, "event_minutes": 50,
    })
}

fn with(mut of: Value, name: &str, value: Value) -> Value {
    of[name] = value;
    of
}

#[tokio::test]
async fn a_service_is_added_once_and_never_overwritten_unseen() {
    let world = World::set_up().await;
    let staff = world.staff(INTAKE).await;
    let send = async |body: Value| {
        let call = world.admin(Method::POST, "/services").by(&staff);
        call.header("idempotency-key", "one-and-the-same").json(body).send().await
    };
    let body = with(counselling(), "kind", json!("case_service"));
    let first = send(body.clone()).await;
    assert_eq!(send(body).await.bytes, first.bytes);
    assert_eq!(names(&world, &staff, "kind=case_service").await, ["CBT-04 individual"]);
    let service = id(&first);
    let seen = get(&world, &world.staff(CLINICAL).await, &format!("/services/{service}")).await;
    assert_eq!(seen["service"], first.ok()["service"]);
    let shown = ["shown_name", "visible", "offered", "active", "version"].map(|name| &seen["service"][name]);
    assert_eq!(json!(shown), json!(["Talking it over", true, true, true, 1]));

    let renamed = with(with(counselling(), "version", json!(1)), "name", json!("CBT"));
    let saved = put(&world, &staff, &service, renamed.clone()).await;
    assert_eq!(saved.ok()["service"]["version"], 2);
    assert_eq!(put(&world, &staff, &service, renamed.clone()).await.ok(), saved.ok(), "said again");
    let other = with(renamed, "name", json!("Other"));
    assert_eq!(put(&world, &staff, &service, other).await.refused(409), "record_changed");
    let unseen = json!({ "version": 2, "name": "CBT", "client_facing_name": "Talking it over",
        "visibility": "hidden", "eligible": true });
    let saved = put(&world, &staff, &service, unseen).await.ok();
    assert_eq!(saved["warnings"], json!(["eligible_but_hidden"]));
    assert_eq!(
        (&saved["service"]["offered"], &saved["service"]["event_minutes"]),
        (&json!(false), &json!(null))
    );
    for other in [RESTRICTED, CLINICAL, SYSTEM] {
        let other_staff = world.staff(other).await;
        let answer = create(&world, &other_staff, with(counselling(), "kind", json!("case_service"))).await;
        assert_eq!(answer.status, if other == RESTRICTED { 200 } else { 403 }, "{other}");
    }
}

#[tokio::test]
async fn what_does_not_fit_is_said_by_field() {
    let world = World::set_up().await;
    let staff = world.staff(INTAKE).await;
    let service = world.service(&staff, "case_service", "Counselling", None).await;
    let group =
        json!({ "kind": "group", "parent_id": service, "name": "Tuesdays", "visibility": "as_service" });
    for (name, value, field) in [
        ("kind", json!("clinic"), "kind"),
        ("parent_id", json!("svc_00000000000000000000000000"), "parent_id"),
        ("parent_id", json!(null), "parent_id"),
        ("kind", json!("informal_series"), "parent_id"),
        ("kind", json!("case_service"), "parent_id"),
        ("name", json!(" "), "name"),
        ("name", json!("x".repeat(101)), "name"),
        ("client_facing_name", json!("a\u{202e}b"), "client_facing_name"),
        ("visibility", json!("visible"), "client_facing_name"),
        ("visibility", json!("sometimes"), "visibility"),
        ("eligible", json!(true), "client_facing_name"),
        ("event_minutes", json!(4), "event_minutes"),
        ("event_minutes", json!(70_000), "event_minutes"),
        ("site_id", json!("sit_00000000000000000000000000"), "site_id"),
        ("starts_on", json!("2026-02-30"), "starts_on"),
        ("surprise", json!(1), "surprise"),
    ] {
        let answer = create(&world, &staff, with(group.clone(), name, value)).await;
        assert_eq!(answer.refused(400), "invalid_request", "{name}");
        assert_eq!(answer.json()["parameters"]["field"], field, "{name}: {}", answer.text());
    }
    let backwards = with(with(group, "starts_on", json!("2026-03-02")), "ends_on", json!("2026-03-01"));
    assert_eq!(create(&world, &staff, backwards).await.json()["parameters"]["field"], "ends_on");
    assert!(names(&world, &staff, "kind=group").await.is_empty());
    let reset = json!({ "version": 1, "name": "T", "visibility": "hidden", "reset_overrides": true });
    let group = world.service(&staff, "group", "Tuesdays", Some(&service)).await;
    let refused = put(&world, &staff, &group, reset).await;
    assert_eq!(refused.json()["parameters"]["field"], "reset_overrides", "{}", refused.text());
}

/// Two thousand groups, more than pages and transactions hold; three of them go their own way.
#[tokio::test]
async fn a_change_says_how_many_it_touches_and_overrides_stay_until_all_are_reset() {
    let world = World::set_up().await;
    let staff = world.staff(INTAKE).await;
    let mut file = String::from("external_id,kind,name,parent_external_id,client_facing_name,visible\n");
    file.push_str("S,case_service,Counselling,,Talking it over,no\n");
    for number in 0..2_000 {
        let visible = ["as_service", "no", "yes", "yes"].get(number).copied().unwrap_or_default();
        file.push_str(&format!("G-{number:04},group,Group {number:04},S,,{visible}\n"));
    }
    let job = world.import_of("services", file.as_bytes(), "apply").await;
    assert_eq!((&job["created"], &job["refused"]), (&json!(2_001), &json!(0)), "{job}");
    let listed = get(&world, &staff, "/services").await;
    let service = listed["services"][0]["service_id"].as_str().unwrap().to_owned();
    let runs = format!("parent={service}");
    assert_eq!(names(&world, &staff, &runs).await.len(), 2_000);
    let path = format!("/services/{service}");
    let counts = async || {
        let seen = get(&world, &staff, &path).await;
        json!([seen["following"], seen["overridden"], seen["open_files"]])
    };
    assert_eq!(counts().await, json!([1_997, 3, 0]));
    let shown = async || {
        let page = get(&world, &staff, &format!("/services?{runs}")).await;
        let first = page["services"].as_array().unwrap().iter().take(4);
        first.map(|group| group["visible"] == true).collect::<Vec<_>>()
    };
    assert_eq!(shown().await, [false, false, true, true]);

    let visible = json!({ "version": 1, "name": "Counselling", "client_facing_name": "Talking it over",
        "visibility": "visible" });
    let asked = put(&world, &staff, &service, visible.clone()).await;
    assert_eq!(asked.refused(409), "confirm_cascade");
    assert_eq!(asked.json()["parameters"], json!({ "following": 1_997, "overridden": 3 }));
    assert_eq!(shown().await, [false, false, true, true], "nothing changes unconfirmed");
    put(&world, &staff, &service, with(visible.clone(), "confirmed", json!(true))).await.ok();
    assert_eq!(shown().await, [true, false, true, true], "overrides stay");

    let reset = with(with(visible, "version", json!(2)), "reset_overrides", json!(true));
    assert_eq!(put(&world, &staff, &service, reset.clone()).await.refused(409), "confirm_cascade");
    put(&world, &staff, &service, with(reset, "confirmed", json!(true))).await.ok();
    assert_eq!(shown().await, [true; 4]);
    assert_eq!(counts().await, json!([2_000, 0, 0]));

    // One that was reset says so, and goes its own way again.
    let page = get(&world, &staff, &format!("/services?{runs}")).await;
    let group = &page["services"][1];
    assert_eq!(
        (&group["visibility"], &group["shown_name"]),
        (&json!("as_service"), &json!("Talking it over"))
    );
    let own = json!({ "version": group["version"], "name": group["name"], "visibility": "hidden" });
    put(&world, &staff, group["service_id"].as_str().unwrap(), own).await.ok();
    assert_eq!(shown().await, [true, false, true, true]);
    assert_eq!(counts().await, json!([1_999, 1, 0]));
}

#[tokio::test]
async fn what_is_in_use_stays_active() {
    let world = World::set_up().await;
    let staff = world.staff(INTAKE).await;
    let service = world.service(&staff, "informal_service", "Open kitchen", None).await;
    let series = world.service(&staff, "informal_series", "Spring", Some(&service)).await;
    let inactive = |name: &str, visibility: &str, version: u64| json!({ "version": version, "name": name, "visibility": visibility, "active": false });
    let refused = put(&world, &staff, &service, inactive("Open kitchen", "hidden", 1)).await;
    assert_eq!(refused.refused(409), "service_in_use");
    assert_eq!(refused.json()["parameters"], json!({ "groups": 1, "people": 0 }));
    put(&world, &staff, &series, inactive("Spring", "as_service", 1)).await.ok();
    put(&world, &staff, &service, inactive("Open kitchen", "hidden", 1)).await.ok();
    for (query, found) in [("active=true", 0), ("active=false", 1), ("", 1)] {
        assert_eq!(names(&world, &staff, &format!("kind=informal_series&{query}")).await.len(), found);
    }
    let active = json!({ "version": 2, "name": "Spring", "visibility": "as_service", "active": true });
    assert_eq!(put(&world, &staff, &series, active).await.json()["parameters"]["field"], "active");
}

#[tokio::test]
async fn a_file_of_services_is_tried_taken_and_taken_again_without_effect() {
    let world = World::set_up().await;
    let staff = world.staff(INTAKE).await;
    let file = b"Kind,external id,name,parent_external_id,client_facing_name,visible,eligible,event_minutes,site,starts_on,ends_on,active\n\
        Case Service,C-1,Counselling,,Talking it over,no,yes,50,,,,\n\
        group,G-1,Tuesdays,C-1,,,,,Quayside Centre,2026-01-06,2026-06-30,\n\
        informal_series,G-2,Spring,C-1,,,,,,,,\n\
        group,G-3,Orphans,C-9,,,,,,,,\n\
        group,G-4,Fridays,C-1,,perhaps,,500,Nowhere,1/2/2026,,\n\
        case_service,C-1,Counselling again,,,,,,,,,\n";
    for (mode, listed) in [("dry_run", 0), ("apply", 1)] {
        let job = world.import_of("services", file, mode).await;
        assert_eq!(
            (&job["kind"], &job["created"], &job["refused"]),
            (&json!("import_services"), &json!(2), &json!(4)),
            "{job}"
        );
        let rows = world.report(&staff, &job, 1).await;
        assert_eq!(rows[0]["warnings"], json!(["eligible_but_hidden"]));
        assert_eq!(rows[0]["service_id"].is_string(), mode == "apply");
        let codes: Vec<_> =
            rows.iter().map(|row| row["errors"][0]["code"].as_str().unwrap_or_default()).collect();
        assert_eq!(
            codes,
            ["", "", "wrong_service_above", "unknown_service", "visibility", "repeated_external_id"]
        );
        assert_eq!(names(&world, &staff, "kind=group").await.len(), listed);
    }
    let same = file.split_inclusive(|byte| *byte == b'\n').take(3).flatten().copied().collect::<Vec<_>>();
    let again = world.import_of("services", &same, "apply").await;
    assert_eq!((&again["unchanged"], &again["updated"]), (&json!(2), &json!(0)), "{again}");
    let close =
        b"kind,external_id,name,active\ncase_service,C-1,Counselling,no\ngroup,G-1,Tuesdays at six,\n";
    let changed = world.import_of("services", close, "apply").await;
    assert_eq!((&changed["updated"], &changed["refused"]), (&json!(1), &json!(1)), "{changed}");
    assert_eq!(world.report(&staff, &changed, 1).await[0]["errors"][0]["code"], "in_use");
    assert_eq!(names(&world, &staff, "kind=group").await, ["Tuesdays at six"]);
}
