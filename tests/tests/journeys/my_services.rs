//! What a client sees of the services they are in: client facing names, and nothing of what is not visible.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{CLINICAL, INTAKE, OTHER_CLINICAL, Session, World};

const SERVICES: &[u8] = b"\
external_id,kind,name,parent_external_id,client_facing_name,visible,site
S-1,case_service,CBT-04,,Talking it through,yes,Quayside Centre
S-2,case_service,SUD-11,,,no,
S-3,case_service,FAM-02,,Family support,yes,
G-1,group,CBT-04 Tue,S-1,,as_service,
G-2,group,CBT-04 Wed,S-1,Wednesday group,no,
G-3,group,SUD-11 Thu,S-2,Thursday circle,yes,
G-4,group,SUD-11 Fri,S-2,Friday circle,as_service,
I-1,informal_service,DROP,,Community kitchen,yes,
R-1,informal_series,DROP winter,I-1,,as_service,
R-2,informal_series,DROP helpers,I-1,Kitchen helpers,no,
";

/// An agency with those services, Ana in all of them, and Ana herself.
async fn ana(change: impl FnOnce(&mut Value)) -> (World, Session) {
    let world = World::with(change).await;
    let staff = world.staff(INTAKE).await;
    let files = format!(
        "external_id,individual_external_id,service_external_id,opened_on,closed_on,primary_worker_email,worker_emails\n\
         F-1,T-01,S-1,2026-01-12,,{CLINICAL},{OTHER_CLINICAL}\n\
         F-2,T-01,S-2,2026-01-19,,{CLINICAL},\n\
         F-3,T-01,S-3,2024-01-08,2025-05-30,{OTHER_CLINICAL},\n"
    );
    let places = "individual_external_id,service_external_id,since\n\
        T-01,G-1,2026-01-13\nT-01,G-2,2026-01-14\nT-01,G-3,2026-01-22\nT-01,G-4,2026-01-23\n\
        T-01,R-1,2026-02-02\nT-01,R-2,2026-02-02\n";
    for (kind, file) in
        [("services", SERVICES), ("service_files", files.as_bytes()), ("rosters", places.as_bytes())]
    {
        let job = world.import_of(kind, file, "apply").await;
        assert_eq!((&job["state"], &job["refused"]), (&json!("done"), &json!(0)), "{kind}: {job}");
    }
    let (_, _, token) = world.invite(&staff, "T-01").await;
    let client = world.activate(&token, "1985-04-12").await.session();
    (world, client)
}

async fn seen(world: &World, client: &Session) -> Value {
    world.portal(Method::GET, "/services").by(client).send().await.ok()
}

fn names(seen: &Value) -> Vec<&str> {
    seen["services"].as_array().unwrap().iter().map(|service| service["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_client_sees_visible_services_by_their_client_facing_names_and_nothing_of_the_others() {
    let (world, client) = ana(|_| {}).await;
    let page = seen(&world, &client).await;
    assert_eq!(
        names(&page),
        ["Community kitchen", "Thursday circle", "Talking it through", "Family support"],
        "open ones by their first day, the last first; then the closed"
    );
    let text = page.to_string();
    for hidden in ["CBT", "SUD", "FAM", "DROP", "Wednesday", "Friday", "helpers"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    let services = page["services"].as_array().unwrap();
    let circle = &services[1];
    assert_eq!((&circle["kind"], &circle["service_file_id"]), (&json!("group"), &Value::Null));
    assert_eq!(circle["workers"], json!([]), "who works on a hidden service isn't told");

    let talking = &services[2];
    assert_eq!((&talking["opened_on"], &talking["site"]), (&json!("2026-01-12"), &json!("Quayside Centre")));
    let groups = talking["groups"].as_array().unwrap();
    assert_eq!(groups.iter().map(|group| &group["name"]).collect::<Vec<_>>(), ["Talking it through"]);
    let workers = talking["workers"].as_array().unwrap();
    let workers: Vec<_> =
        workers.iter().map(|worker| (worker["name"].as_str().unwrap(), worker["primary"] == true)).collect();
    assert_eq!(workers, [("Carmen Ibáñez", true), ("Tomasz Wróbel", false)]);
    assert_eq!(services[3]["closed_on"], "2025-05-30");
    assert_eq!(page["requests"], json!([]));
}

#[tokio::test]
async fn what_staff_change_of_a_service_the_client_sees_at_once() {
    let (world, client) = ana(|_| {}).await;
    let job = world
        .import_of(
            "services",
            b"external_id,kind,name,client_facing_name,visible\nS-1,case_service,CBT-04,,no\nG-2,group,CBT-04 Wed,,yes\n",
            "apply",
        )
        .await;
    assert_eq!(job["updated"], 2, "{job}");
    let page = seen(&world, &client).await;
    assert_eq!(
        names(&page),
        ["Community kitchen", "Thursday circle", "Wednesday group", "Family support"],
        "a group that is visible shows by itself"
    );
    let job = world
        .import_of("services", b"external_id,kind,name,visible\nG-3,group,SUD-11 Thu,no\n", "apply")
        .await;
    assert_eq!(job["updated"], 1, "{job}");
    assert_eq!(
        names(&seen(&world, &client).await),
        ["Community kitchen", "Wednesday group", "Family support"]
    );
}

#[tokio::test]
async fn an_agency_may_hide_last_names_and_sites() {
    let (world, client) = ana(|file| {
        file["communications"]["hide_worker_last_name"] = json!(true);
        file["communications"]["hide_site"] = json!(true);
    })
    .await;
    let page = seen(&world, &client).await;
    let text = page.to_string();
    assert!(text.contains("Carmen") && !text.contains("Ibáñez") && !text.contains("Wróbel"), "{text}");
    assert!(!text.contains("Quayside"), "{text}");
}

#[tokio::test]
async fn who_is_in_nothing_sees_nothing_of_others() {
    let (world, _) = ana(|_| {}).await;
    let staff = world.staff(INTAKE).await;
    let (_, _, token) = world.invite(&staff, "T-02").await;
    let client = world.activate(&token, "1990-02-28").await.session();
    assert_eq!(seen(&world, &client).await, json!({ "services": [], "requests": [] }));
}
