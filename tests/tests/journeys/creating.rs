//! The guards of creating an account (A1), and what happens when it's done twice or by two (B1, B7).

use std::collections::BTreeMap;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{CLINICAL, INTAKE, RESTRICTED, SYSTEM, Session, World};

#[tokio::test]
async fn every_guard_refuses_with_what_to_do() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    for (external_id, code) in [
        ("T-04", "no_email_contact"),
        ("T-06", "default_birth_date"),
        ("T-07", "too_young"),
        ("T-08", "no_birth_date"),
    ] {
        let individual = world.individual(&staff, external_id).await;
        assert_eq!(world.create(&staff, &individual, json!({})).await.refused(409), code);
    }
}

/// What a record says would be refused, by action: the problem's code and parameters.
async fn bars(world: &World, staff: &Session, individual: &str) -> BTreeMap<String, Value> {
    let record = world.admin(Method::GET, &format!("/individuals/{individual}")).by(staff).send().await.ok();
    let bars = record["bars"].as_array().unwrap().iter();
    bars.map(|bar| (bar["action"].as_str().unwrap().to_owned(), bar.clone())).collect()
}

#[tokio::test]
async fn a_record_says_beforehand_what_create_would_refuse_and_why() {
    let world = World::new().await;
    let (intake, clinical) = (world.staff(INTAKE).await, world.staff(CLINICAL).await);
    for external_id in ["T-01", "T-04", "T-05", "T-06", "T-07", "T-08"] {
        let individual = world.individual(&intake, external_id).await;
        let barred = bars(&world, &intake, &individual).await;
        let answer = world.create(&intake, &individual, json!({})).await;
        let Some(bar) = barred.get("create") else {
            answer.ok();
            continue;
        };
        let code = answer.refused(409);
        assert_eq!(bar["code"], code.as_str(), "{external_id}");
        assert_eq!(bar["parameters"], answer.json().get("parameters").cloned().unwrap_or(json!({})));
        let young = external_id == "T-07";
        assert_eq!(bar["may_override_age"], young, "{external_id}");
        let may = &bars(&world, &clinical, &individual).await["create"]["may_override_age"];
        assert_eq!(may, false, "only management may");
    }
}

#[tokio::test]
async fn a_record_says_beforehand_what_resend_and_enable_would_refuse() {
    let world = World::with(|file| file["licences"] = json!(1)).await;
    let staff = world.staff(INTAKE).await;
    let (individual, account, _) = world.invite(&staff, "T-01").await;
    assert_eq!(bars(&world, &staff, &individual).await, BTreeMap::new());
    let act = async |what: &str| {
        let path = format!("/individuals/{individual}/accounts/{account}/{what}");
        let call = world.admin(Method::POST, &path).by(&staff).header("idempotency-key", world.key());
        call.json(json!({})).send().await
    };
    act("disable").await.ok();
    assert_eq!(bars(&world, &staff, &individual).await, BTreeMap::new(), "its licence is free again");
    let (other, other_account, _) = world.invite(&staff, "T-02").await;
    let barred = bars(&world, &staff, &individual).await;
    assert_eq!((barred.len(), &barred["enable"]["code"]), (1, &json!("no_licence")));
    assert_eq!(act("enable").await.refused(409), "no_licence");
    assert_eq!(bars(&world, &staff, &other).await, BTreeMap::new(), "who holds the last one needs none");

    // Both ways to invite somebody whose invitation was cancelled are barred.
    let path = format!("/individuals/{other}/accounts/{other_account}/close");
    world.admin(Method::POST, &path).by(&staff).send().await.ok();
    act("enable").await.ok();
    let barred = bars(&world, &staff, &other).await;
    let codes: Vec<_> = barred.iter().map(|(action, bar)| (action.as_str(), &bar["code"])).collect();
    assert_eq!(codes, [("create", &json!("no_licence")), ("reopen", &json!("no_licence"))]);
}

#[tokio::test]
async fn a_record_says_why_no_mail_would_reach_the_client() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    for (external_id, reason) in [("T-01", Value::Null), ("T-05", json!("no_consent"))] {
        let individual = world.individual(&staff, external_id).await;
        let path = format!("/individuals/{individual}");
        let record = world.admin(Method::GET, &path).by(&staff).send().await.ok();
        assert_eq!(record["not_mailed"], reason, "{external_id}");
        let created = world.create(&staff, &individual, json!({})).await.ok();
        assert_eq!(created["not_mailed"], reason, "{external_id}");
    }
}

#[tokio::test]
async fn only_management_overrides_the_minimum_age_and_only_with_a_reason() {
    let world = World::new().await;
    let intake = world.staff(INTAKE).await;
    let clinical = world.staff(CLINICAL).await;
    let individual = world.individual(&intake, "T-07").await;
    let with = |reason: &str| json!({ "age_override_reason": reason });
    assert_eq!(
        world.create(&clinical, &individual, with("guardian agrees")).await.refused(403),
        "age_override_not_allowed"
    );
    assert_eq!(world.create(&intake, &individual, with(" ")).await.refused(403), "age_override_not_allowed");
    let created = world.create(&intake, &individual, with("guardian agrees")).await.ok();
    assert_eq!(created["account"]["state"], "pending");
}

#[tokio::test]
async fn who_may_not_activate_is_refused() {
    let world = World::new().await;
    let individual = world.individual(&world.staff(INTAKE).await, "T-01").await;
    for worker in [RESTRICTED, SYSTEM] {
        let staff = world.staff(worker).await;
        assert_eq!(
            world.create(&staff, &individual, json!({})).await.refused(403),
            "not_allowed",
            "{worker}"
        );
    }
}

#[tokio::test]
async fn an_address_is_one_sign_in_name_however_it_is_written() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    world.invite(&staff, "T-09").await;
    // T-10 shares the address in other letters.
    let other = world.individual(&staff, "T-10").await;
    assert_eq!(world.create(&staff, &other, json!({})).await.refused(409), "address_taken");
    let typed = json!({ "email": "  SHARED@EXAMPLE.ORG" });
    assert_eq!(world.create(&staff, &other, typed).await.refused(409), "address_taken");
}

#[tokio::test]
async fn another_address_than_the_offered_one_has_to_be_confirmed() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let individual = world.individual(&staff, "T-01").await;
    let typed = json!({ "email": "ana@elsewhere.example.org" });
    assert_eq!(world.create(&staff, &individual, typed).await.refused(409), "address_differs");
    let confirmed = json!({ "email": "ana@elsewhere.example.org", "confirm_email": true });
    world.create(&staff, &individual, confirmed).await.ok();
    world.drain().await;
    assert_eq!(world.local.mails().unwrap().last().unwrap().to, ["ana@elsewhere.example.org"]);
    for bad in ["no address", "näme@example.org", "a@b@c"] {
        let refused = world.create(&staff, &individual, json!({ "email": bad })).await;
        assert_eq!(refused.refused(400), "invalid_request", "{bad}");
    }
}

#[tokio::test]
async fn a_repeated_create_is_one_account_and_one_mail() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let individual = world.individual(&staff, "T-01").await;
    let path = format!("/individuals/{individual}/accounts");
    let before = world.local.mails().unwrap().len();
    let mut answers: Vec<Value> = Vec::new();
    for _ in 0..3 {
        let call = world
            .admin(Method::POST, &path)
            .by(&staff)
            .header("idempotency-key", "the-same-key")
            .json(json!({}));
        answers.push(call.send().await.ok());
        world.drain().await;
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(world.local.mails().unwrap().len(), before + 1);
    let other = world.admin(Method::POST, &path).by(&staff).header("idempotency-key", "the-same-key");
    assert_eq!(
        other.json(json!({ "confirm_email": true })).send().await.refused(422),
        "idempotency_key_reused"
    );
    let anew = world.create(&staff, &individual, json!({})).await;
    assert_eq!(anew.refused(409), "account_open");
}

#[tokio::test]
async fn workers_who_create_the_same_account_at_once_make_one() {
    let world = World::new().await;
    let (one, two) = (world.staff(INTAKE).await, world.staff(CLINICAL).await);
    let individual = world.individual(&one, "T-01").await;
    let answers =
        join_all((0..6).map(|n| world.create(if n % 2 == 0 { &one } else { &two }, &individual, json!({}))))
            .await;
    let made = answers.iter().filter(|answer| answer.status.is_success()).count();
    assert_eq!(made, 1);
    for answer in answers.iter().filter(|answer| !answer.status.is_success()) {
        assert_eq!(answer.refused(409), "account_open");
    }
    world.drain().await;
    let mails = world.local.mails().unwrap();
    assert_eq!(mails.iter().filter(|mail| mail.to == ["ana.delgado@example.org"]).count(), 1);
}

#[tokio::test]
async fn licences_are_never_overshot_and_come_back_when_an_account_closes() {
    let world = World::with(|file| file["licences"] = json!(2)).await;
    let staff = world.staff(INTAKE).await;
    let mut individuals = Vec::new();
    for external_id in ["T-01", "T-02", "T-03", "T-09", "T-11", "T-12"] {
        individuals.push(world.individual(&staff, external_id).await);
    }
    let answers =
        join_all(individuals.iter().map(|individual| world.create(&staff, individual, json!({})))).await;
    let opened: Vec<(usize, Value)> = answers
        .iter()
        .enumerate()
        .filter(|(_, answer)| answer.status.is_success())
        .map(|(n, answer)| (n, answer.json()))
        .collect();
    assert_eq!(opened.len(), 2);
    for answer in answers.iter().filter(|answer| !answer.status.is_success()) {
        assert_eq!(answer.refused(409), "no_licence");
    }
    let (n, first) = &opened[0];
    let path = format!(
        "/individuals/{}/accounts/{}/close",
        individuals[*n],
        first["account"]["account_id"].as_str().unwrap()
    );
    world.admin(Method::POST, &path).by(&staff).send().await.ok();
    let refused = answers.iter().position(|answer| !answer.status.is_success()).unwrap();
    world.create(&staff, &individuals[refused], json!({})).await.ok();
}

#[tokio::test]
async fn nothing_is_created_while_client_delivery_is_off() {
    let world = World::with(|file| {
        file["communications"]["client_delivery"] = json!(false);
        file["general"]["enabled"] = json!(false);
    })
    .await;
    let staff = world.staff(INTAKE).await;
    let individual = world.individual(&staff, "T-01").await;
    let refused = world.create(&staff, &individual, json!({})).await;
    assert_eq!(refused.refused(409), "not_ready");
    assert_eq!(refused.json()["parameters"]["missing"], "client_delivery_off");
    let record = world.admin(Method::GET, &format!("/individuals/{individual}")).by(&staff).send().await.ok();
    assert_eq!(record["bars"][0]["parameters"], refused.json()["parameters"]);
    assert_eq!(record["not_mailed"], "client_delivery_off");
}
