//! What everybody may know of the agency, and the names that staff pages show for ids.

use std::collections::BTreeSet;

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use super::staff::{all_of, crowd};
use crate::support::{ADMIN_EXEC, CLINICAL, INTAKE, RESTRICTED, SYSTEM, Session, World, agency_file};

async fn public(world: &World, path: &str) -> Value {
    world.portal(Method::GET, path).send().await.ok()
}

async fn get(world: &World, by: &Session, path: &str) -> Value {
    world.admin(Method::GET, path).by(by).send().await.ok()
}

#[tokio::test]
async fn whoever_comes_sees_whose_portal_it_is() {
    let world = World::set_up().await;
    let told = public(&world, "/agency").await;
    assert_eq!(told["enabled"], true);
    let file = &agency_file()["agency"];
    for field in ["name", "address", "phone", "time_zone", "privacy_url", "technical_url", "contact_url"] {
        assert_eq!(told["agency"][field], file[field], "{field}");
    }
    assert_eq!(
        [&told["language"], &told["password_minimum"], &told["client_may_unlock"]],
        [&json!("en"), &json!(15), &json!(true)]
    );
    assert_eq!([&told["has_privacy"], &told["has_terms"]], [true, true]);
}

#[tokio::test]
async fn the_agencys_own_choices_are_told() {
    let world = World::set_up_with(|file| {
        file["agency"]["language"] = json!("fr");
        file["agency"]["help_url"] = json!("https://aide.example.org");
        file["general"]["password_minimum"] = json!(20);
        file["general"]["client_may_unlock"] = json!(false);
    })
    .await;
    let told = public(&world, "/agency").await;
    assert_eq!([&told["language"], &told["agency"]["help_url"]], ["fr", "https://aide.example.org"]);
    assert_eq!([&told["password_minimum"], &told["client_may_unlock"]], [&json!(20), &json!(false)]);
}

/// C1, C2: when nobody can sign in, the page doesn't ask anybody to.
#[tokio::test]
async fn off_is_off_however_it_is_switched() {
    for (delivery, enabled) in [(true, false), (false, false)] {
        let world = World::set_up_with(|file| {
            file["communications"]["client_delivery"] = json!(delivery);
            file["general"]["enabled"] = json!(enabled);
        })
        .await;
        let told = public(&world, "/agency").await;
        assert_eq!(told["enabled"], false);
        assert_eq!(told["agency"]["phone"], agency_file()["agency"]["phone"], "it can still be called");
    }
}

#[tokio::test]
async fn policy_and_terms_can_be_read_at_any_time_as_they_are_accepted() {
    let world = World::new().await;
    let (_, _, token) = world.invite(&world.staff(INTAKE).await, "T-01").await;
    for language in ["en", "fr", "es"] {
        let read = public(&world, &format!("/texts?language={language}")).await;
        assert_eq!(read["language"], language);
        let body = json!({ "token": token, "language": language });
        let accepted = world.portal(Method::POST, "/links/look").json(body).send().await.ok();
        for text in ["privacy", "terms"] {
            assert_eq!(read[text]["markdown"], accepted["texts"][text], "{language}");
            assert_eq!(read[text]["version"], accepted["texts"][format!("{text}_version")]);
        }
        assert!(read["terms"]["markdown"].as_str().unwrap().contains("ClientConnect"));
    }
    assert_eq!(public(&world, "/texts").await["language"], "en", "the agency's");
    let unknown = world.portal(Method::GET, "/texts?language=de").send().await;
    assert_eq!(unknown.refused(400), "invalid_request");
}

#[tokio::test]
async fn workers_see_sites_and_colleagues_by_their_names() {
    let world = World::set_up().await;
    let (carmen, system) = (world.worker(CLINICAL).await, world.staff(SYSTEM).await);
    world.advance(Duration::seconds(1));
    world.admin(Method::POST, &format!("/workers/{carmen}/suspend")).by(&system).send().await.ok();
    for email in [INTAKE, ADMIN_EXEC, RESTRICTED] {
        let staff = world.staff(email).await;
        let sites = get(&world, &staff, "/sites").await["sites"].clone();
        let named: Vec<_> = sites.as_array().unwrap().iter().map(|site| &site["name"]).collect();
        assert_eq!(named, ["Quayside Centre", "Lakeshore House", "Maison du Vieux-Port"]);
        assert_eq!(sites[1]["time_zone"], "America/Winnipeg");

        let answer = world.admin(Method::GET, "/colleagues").by(&staff).send().await;
        let page = answer.ok();
        assert!(!answer.text().contains('@'), "no addresses");
        assert_eq!((page["colleagues"].as_array().unwrap().len(), &page["next_cursor"]), (8, &Value::Null));
        let mut colleagues = page["colleagues"].as_array().unwrap().iter();
        let found = colleagues.find(|colleague| colleague["worker_id"] == carmen.as_str()).unwrap();
        assert_eq!(
            [&found["name"], &found["user_group"], &found["state"], &found["site_id"]],
            [&json!("Carmen Ibáñez"), &json!("clinical_worker"), &json!("locked"), &sites[0]["site_id"]]
        );
    }
    let refused = world.admin(Method::GET, "/colleagues").by(&system).send().await;
    assert_eq!(refused.refused(403), "not_allowed", "they see no individuals, whose names these go with");
    get(&world, &system, "/sites").await;
}

#[tokio::test]
async fn many_colleagues_come_in_pages_that_are_whole_and_without_repeats() {
    let world = crowd().await;
    let (listed, pages) = all_of(&world, &world.staff(INTAKE).await, "colleagues").await;
    let ids: BTreeSet<_> = listed.iter().map(|colleague| colleague["worker_id"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), listed.len(), pages), (25, 25, 2));
}

#[tokio::test]
async fn workers_know_the_agencys_zone_its_links_and_the_clients_site() {
    let world = World::set_up().await;
    let me = get(&world, &world.staff(INTAKE).await, "/me").await;
    assert_eq!(me["portal_url"], "http://127.0.0.1:8080");
    let footer = public(&world, "/agency").await["agency"].clone();
    assert_eq!((&me["agency_footer"], &footer["time_zone"]), (&footer, &json!("America/Toronto")));
}
