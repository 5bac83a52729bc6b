//! Links opened by machines, used twice, tried with wrong birth dates and weak passwords (A5–A7, B3, B5).

use chrono::Duration;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::support::{INTAKE, World, activation};

#[tokio::test]
async fn machines_that_open_a_link_fifty_times_change_nothing() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (_, _, token) = world.invite(&staff, "T-01").await;
    for _ in 0..50 {
        let looked = world.look(&token).await;
        assert_eq!((&looked["link"], &looked["attempts_left"]), (&json!("usable"), &json!(3)));
    }
    world.activate(&token, "1985-04-12").await.ok();
}

#[tokio::test]
async fn two_wrong_birth_dates_are_told_and_the_third_closes_the_account() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (individual, _, token) = world.invite(&staff, "T-01").await;
    for left in [2, 1] {
        world.advance(Duration::seconds(1));
        let missed = world.activate(&token, "1985-12-04").await;
        assert_eq!(missed.refused(422), "birth_date_wrong");
        assert_eq!(missed.json()["parameters"]["attempts_left"], left);
        assert_eq!(world.look(&token).await["attempts_left"], left);
    }
    world.advance(Duration::seconds(1));
    assert_eq!(world.activate(&token, "1985-12-04").await.refused(410), "birth_date_third_miss");
    assert_eq!(world.activate(&token, "1985-04-12").await.refused(410), "link_closed");
    let record = world.admin(Method::GET, &format!("/individuals/{individual}")).by(&staff).send().await.ok();
    assert_eq!(record["closed_accounts"][0]["reason"], "wrong_birth_date");
    let history =
        world.admin(Method::GET, &format!("/individuals/{individual}/history")).by(&staff).send().await.ok();
    let rules: Vec<_> = history["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| entry["transition"]["rule"].as_str())
        .collect();
    assert_eq!(rules, ["A7", "A6", "A6", "A1"]);
}

#[tokio::test]
async fn twenty_guesses_at_once_are_still_only_three() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (_, _, token) = world.invite(&staff, "T-01").await;
    let guesses = (0..20).map(|_| world.activate(&token, "1985-05-01"));
    let mut codes: Vec<String> = Vec::new();
    for answer in join_all(guesses).await {
        assert!(!answer.status.is_success());
        codes.push(answer.json()["code"].as_str().unwrap().to_owned());
    }
    let compared = codes.iter().filter(|code| code.starts_with("birth_date")).count();
    assert!(codes.iter().filter(|code| *code == "birth_date_wrong").count() <= 2, "{codes:?}");
    assert!(compared >= 1, "{codes:?}");
    assert_eq!(world.activate(&token, "1985-04-12").await.refused(410), "link_closed");
}

#[tokio::test]
async fn a_link_used_twice_at_once_activates_once() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (_, _, token) = world.invite(&staff, "T-01").await;
    let answers = join_all((0..4).map(|_| world.activate(&token, "1985-04-12"))).await;
    let successes = answers.iter().filter(|answer| answer.status.is_success()).count();
    assert_eq!(successes, 1);
    for answer in answers.iter().filter(|answer| !answer.status.is_success()) {
        let code = answer.json()["code"].clone();
        assert!(["already_active", "conflict"].contains(&code.as_str().unwrap()), "{code}");
    }
    assert_eq!(world.look(&token).await["link"], "already_active");
}

#[tokio::test]
async fn what_the_client_can_mend_costs_no_attempt() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (_, _, token) = world.invite(&staff, "T-01").await;
    let send =
        async |body: serde_json::Value| world.portal(Method::POST, "/activation").json(body).send().await;
    let with = |field: &str, value: serde_json::Value| {
        let mut body = activation(&token, "1985-04-12");
        body[field] = value;
        body
    };
    let short = send(with("password", json!("short"))).await;
    assert_eq!(short.refused(422), "password_too_short");
    assert_eq!(short.json()["parameters"]["minimum"], 15);
    assert_eq!(send(with("password", json!("x".repeat(129)))).await.refused(422), "password_too_long");
    assert_eq!(
        send(with("password", json!("ana.delgado@example.org"))).await.refused(422),
        "password_guessable"
    );
    assert_eq!(send(with("accepted_terms_version", json!(2))).await.refused(409), "terms_not_accepted");
    for nonsense in ["12/04/1985", "1985-02-30", "tomorrow", ""] {
        let refused = send(with("birth_date", json!(nonsense))).await;
        assert_eq!(refused.refused(400), "invalid_request");
        assert_eq!(refused.json()["parameters"]["field"], "birth_date");
    }
    assert_eq!(world.look(&token).await["attempts_left"], 3);
    world.activate(&token, "1985-04-12").await.ok();
}

#[tokio::test]
async fn forged_and_mistyped_links_say_only_that_they_are_not_ours() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (_, _, token) = world.invite(&staff, "T-01").await;
    let mut tampered = token.clone().into_bytes();
    let last = tampered.len() - 1;
    tampered[last] = if tampered[last] == b'2' { b'3' } else { b'2' };
    let tampered = String::from_utf8(tampered).unwrap();
    for bad in ["", "no link", &tampered, &token[..20], &"z".repeat(5000)] {
        for path in ["/links/look", "/links/ask"] {
            let answer = world.portal(Method::POST, path).json(json!({ "token": bad })).send().await;
            assert_eq!(answer.refused(404), "link_not_valid", "{path}");
        }
        assert_eq!(world.activate(bad, "1985-04-12").await.refused(404), "link_not_valid");
    }
    // However it is typed, it is the same link.
    assert_eq!(world.look(&token.to_uppercase().replace('-', " ")).await["link"], "usable");
}

#[tokio::test]
async fn a_leap_day_and_a_right_to_left_name_activate_like_any_other() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (_, _, token) = world.invite(&staff, "T-12").await;
    assert_eq!(world.activate(&token, "2004-03-01").await.refused(422), "birth_date_wrong");
    world.activate(&token, "2004-02-29").await.ok();
    let (_, _, token) = world.invite(&staff, "T-11").await;
    let client = world.activate(&token, "1983-03-03").await.session();
    let home = world.portal(Method::GET, "/home").by(&client).send().await.ok();
    assert_eq!(home["name"], "ليلى");
}
