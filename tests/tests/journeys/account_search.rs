//! Searching accounts by what is known of them, and the licences they use (B7).

use std::collections::BTreeSet;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};
use store::tables::Table;

use crate::crash_points::table_name;
use crate::support::{ADMIN_EXEC, Answer, CLINICAL, INTAKE, PASSWORD, RESTRICTED, Session, World};

/// Somebody at another site, somebody to whom mail doesn't get through, and a test individual.
const MORE: &str = "\
external_id,first_name,last_name,birth_date,email,email_consent,site,test
L-1,Lea,Lakeshore,1985-04-12,lea@example.org,yes,Lakeshore House,no
B-1,Bea,Bounced,1969-01-02,bounce+bea@simulator.amazonses.com,yes,Quayside Centre,no
X-1,Tess,Tester,1990-01-01,tess@example.org,yes,Quayside Centre,yes
";

async fn ask(world: &World, staff: &Session, body: Value) -> Answer {
    world.admin(Method::POST, "/accounts/search").by(staff).json(body).send().await
}

/// Everything that fits, page after page.
async fn all(world: &World, staff: &Session, criteria: &Value, newest_first: bool) -> Vec<Value> {
    let mut found = Vec::new();
    let mut body = json!({ "criteria": criteria, "newest_first": newest_first });
    for _ in 0..20 {
        let page = ask(world, staff, body.clone()).await.ok();
        found.extend(page["accounts"].as_array().unwrap().clone());
        if page["next_cursor"].is_null() {
            return found;
        }
        body["cursor"] = page["next_cursor"].clone();
    }
    panic!("no end: {criteria}");
}

async fn names(world: &World, staff: &Session, criteria: Value) -> Vec<String> {
    let found = all(world, staff, &criteria, false).await;
    let mut names: Vec<_> = found.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

async fn act(world: &World, individual: &str, account: &str, action: &str) {
    let staff = world.staff(INTAKE).await;
    let path = format!("/individuals/{individual}/accounts/{account}/{action}");
    world.admin(Method::POST, &path).by(&staff).json(json!({})).send().await.ok();
}

async fn invite(world: &World, external_id: &str) -> (String, String, String) {
    world.invite(&world.staff(INTAKE).await, external_id).await
}

/// An account in every state: on the first day Ana's and Tess's, on the second the others.
async fn agency() -> World {
    let world = World::new().await;
    assert_eq!(world.import(MORE.as_bytes(), "apply").await["created"], 3);
    let (_, _, token) = invite(&world, "T-01").await;
    world.activate(&token, "1985-04-12").await.ok();
    invite(&world, "X-1").await;
    world.advance(Duration::days(1));
    world.sign_in("ana.delgado@example.org", PASSWORD).await.ok();

    invite(&world, "T-02").await;
    invite(&world, "L-1").await;
    let (_, _, token) = invite(&world, "T-03").await;
    for _ in 0..3 {
        world.activate(&token, "1978-11-29").await;
    }
    let (individual, account, token) = invite(&world, "T-09").await;
    world.activate(&token, "1970-07-07").await.ok();
    act(&world, &individual, &account, "suspend").await;
    let (individual, account, _) = invite(&world, "T-11").await;
    act(&world, &individual, &account, "close").await;
    let (individual, account, token) = invite(&world, "T-12").await;
    world.activate(&token, "2004-02-29").await.ok();
    act(&world, &individual, &account, "disable").await;
    invite(&world, "B-1").await;
    world.drain().await;
    world
}

#[tokio::test]
async fn accounts_are_found_by_each_criterion_and_by_all_together() {
    let world = agency().await;
    let staff = &world.staff(INTAKE).await;
    let everybody = [
        "Ana Delgado",
        "Bea Bounced",
        "José Luis Núñez",
        "Lea Lakeshore",
        "Leap Day",
        "Sam Shared",
        "Tess Tester",
        "Élodie Fournier",
        "ليلى حداد",
    ];
    let sites = world.admin(Method::GET, "/sites").by(staff).send().await.ok();
    let sites = sites["sites"].as_array().unwrap();
    let lakeshore = sites.iter().find(|site| site["name"] == "Lakeshore House").unwrap();
    let status = |state: &str| json!({ "statuses": [{ "state": state }] });
    for (criteria, expected) in [
        (json!({}), &everybody[..]),
        (status("pending"), &["Bea Bounced", "Lea Lakeshore", "Tess Tester", "Élodie Fournier"]),
        (status("active"), &["Ana Delgado"]),
        (status("locked"), &["Sam Shared"]),
        (status("disabled"), &["Leap Day"]),
        (status("closed"), &["José Luis Núñez", "ليلى حداد"]),
        (json!({ "statuses": [{ "state": "closed", "reason": "cancelled" }] }), &["ليلى حداد"]),
        (json!({ "statuses": [{ "state": "locked", "reason": "failed_sign_ins" }] }), &[]),
        (
            json!({ "statuses": [{ "state": "closed", "reason": "wrong_birth_date" }, { "state": "active" }] }),
            &["Ana Delgado", "José Luis Núñez"],
        ),
        (json!({ "name": "le" }), &["Lea Lakeshore", "Leap Day"]),
        (json!({ "name": "NUNEZ jose" }), &["José Luis Núñez"]),
        (json!({ "email": "Shared@Example.org" }), &["Sam Shared"]),
        (json!({ "email": "nobody@example.org" }), &[]),
        (json!({ "birth_date": "1985-04-12" }), &["Ana Delgado", "Lea Lakeshore"]),
        (json!({ "site_id": lakeshore["site_id"] }), &["Lea Lakeshore"]),
        (json!({ "created_to": "2026-03-03T00:00:00Z" }), &["Ana Delgado", "Tess Tester"]),
        (
            json!({ "created_from": "2026-03-03T00:00:00Z", "created_to": "2026-03-04T00:00:00Z" }),
            &[
                "Bea Bounced",
                "José Luis Núñez",
                "Lea Lakeshore",
                "Leap Day",
                "Sam Shared",
                "Élodie Fournier",
                "ليلى حداد",
            ],
        ),
        (json!({ "activated_to": "2026-03-03T00:00:00Z" }), &["Ana Delgado"]),
        (json!({ "activated_from": "2026-03-03T00:00:00Z" }), &["Leap Day", "Sam Shared"]),
        (
            json!({ "last_signed_in_before": "2026-03-04T00:00:00Z" }),
            &["Ana Delgado", "Leap Day", "Sam Shared"],
        ),
        (json!({ "last_signed_in_before": "2026-03-03T14:00:00Z" }), &[]),
        (
            json!({ "never_signed_in": true, "statuses": [{ "state": "pending" }, { "state": "disabled" }] }),
            &["Bea Bounced", "Lea Lakeshore", "Tess Tester", "Élodie Fournier"],
        ),
        (json!({ "expiring_within_days": 6 }), &["Tess Tester"]),
        (json!({ "expiring_within_days": 5 }), &[]),
        (json!({ "mail_bounced": true }), &["Bea Bounced"]),
        (json!({ "mail_bounced": true, "statuses": [{ "state": "active" }] }), &[]),
        (
            json!({ "name": "lea", "birth_date": "1985-04-12", "email": "lea@example.org", "site_id": lakeshore["site_id"],
                "statuses": [{ "state": "pending" }], "created_from": "2026-03-03T00:00:00Z", "never_signed_in": true,
                "expiring_within_days": 30 }),
            &["Lea Lakeshore"],
        ),
        (json!({ "name": "lea", "birth_date": "1985-04-12", "statuses": [{ "state": "active" }] }), &[]),
    ] {
        assert_eq!(names(&world, staff, criteria.clone()).await, expected, "{criteria}");
    }
}

#[tokio::test]
async fn a_row_says_what_a_worker_decides_by() {
    let world = agency().await;
    let staff = &world.staff(ADMIN_EXEC).await;
    let row = async |criteria: Value| all(&world, staff, &criteria, false).await.remove(0);
    let tess = row(json!({ "name": "tess" })).await;
    assert_eq!(
        (&tess["test"], &tess["state"], &tess["reason"]),
        (&json!(true), &json!("pending"), &json!(null))
    );
    assert_eq!(tess["expires_at"], "2026-03-09T14:00:00Z");
    assert_eq!((&tess["last_sign_in"], &tess["activated_at"]), (&json!(null), &json!(null)));
    let ana = row(json!({ "email": "ana.delgado@example.org" })).await;
    assert_eq!(
        (&ana["email"], &ana["birth_date"]),
        (&json!("ana.delgado@example.org"), &json!("1985-04-12"))
    );
    assert_eq!((&ana["since"], &ana["activated_at"]), (&json!("2026-03-02T14:00:00Z"), &ana["since"]));
    assert_eq!(ana["last_sign_in"], "2026-03-03T14:00:00Z");
    assert_eq!((&ana["must_reset"], &ana["mail_bounced"]), (&json!(false), &json!(false)));
    act(&world, ana["individual_id"].as_str().unwrap(), ana["account_id"].as_str().unwrap(), "force-reset")
        .await;
    assert_eq!(row(json!({ "name": "ana" })).await["must_reset"], true);
    let sam = row(json!({ "statuses": [{ "state": "locked" }] })).await;
    assert_eq!((&sam["reason"], &sam["since"]), (&json!("suspended"), &json!("2026-03-03T14:00:00Z")));
    assert_eq!(row(json!({ "mail_bounced": true })).await["mail_bounced"], true);

    // A worker who has settled the bounce doesn't find it any more.
    let bea = row(json!({ "name": "bea" })).await;
    let [individual, account] = ["individual_id", "account_id"].map(|id| bea[id].as_str().unwrap());
    let path = format!("/individuals/{individual}/accounts/{account}/alerts/settle");
    world.admin(Method::POST, &path).by(staff).json(json!({ "kinds": ["bounced"] })).send().await.ok();
    assert_eq!(all(&world, staff, &json!({ "mail_bounced": true }), false).await, [] as [Value; 0]);
}

#[tokio::test]
async fn former_accounts_are_found_by_the_person_and_the_address_they_had() {
    let world = World::new().await;
    let (individual, account, _) = invite(&world, "T-01").await;
    act(&world, &individual, &account, "close").await;
    invite(&world, "T-01").await;
    let staff = &world.staff(INTAKE).await;
    for criteria in [
        json!({ "name": "ana" }),
        json!({ "birth_date": "1985-04-12" }),
        json!({ "email": "ana.delgado@example.org" }),
        json!({}),
    ] {
        let found = all(&world, staff, &criteria, false).await;
        let states: BTreeSet<_> = found.iter().map(|row| row["state"].as_str().unwrap()).collect();
        assert_eq!((found.len(), states), (2, BTreeSet::from(["closed", "pending"])), "{criteria}");
    }
}

#[tokio::test]
async fn page_after_page_every_account_comes_once() {
    let world = World::new().await;
    let rows: String = (0..60)
        .map(|row| format!("P-{row},Page,Number{row},1990-01-01,page{row}@example.org,yes,Quayside Centre\n"))
        .collect();
    let header = "external_id,first_name,last_name,birth_date,email,email_consent,site\n";
    assert_eq!(world.import(format!("{header}{rows}").as_bytes(), "apply").await["created"], 60);
    let staff = world.staff(INTAKE).await;
    for row in 0..60 {
        world.advance(Duration::seconds(1));
        let individual = world.individual(&staff, &format!("P-{row}")).await;
        let created = world.create(&staff, &individual, json!({})).await.ok();
        if row % 3 == 0 {
            let account = created["account"]["account_id"].as_str().unwrap();
            act(&world, &individual, account, "close").await;
        }
    }
    let staff = &world.staff(INTAKE).await;
    for criteria in [json!({}), json!({ "name": "page" }), json!({ "birth_date": "1990-01-01" })] {
        for newest_first in [false, true] {
            let found = all(&world, staff, &criteria, newest_first).await;
            let accounts: BTreeSet<_> = found.iter().map(|row| row["account_id"].to_string()).collect();
            assert_eq!((found.len(), accounts.len()), (60, 60), "{criteria} {newest_first}");
        }
    }
    let pending = json!({ "statuses": [{ "state": "pending" }] });
    let mut found = all(&world, staff, &pending, false).await;
    assert!(found.is_sorted_by_key(|row| row["expires_at"].as_str().unwrap().to_owned()));
    found.reverse();
    assert_eq!(all(&world, staff, &pending, true).await, found);

    // What doesn't fit is passed over, and the page says how far it has looked.
    let nobody = json!({ "criteria": { "never_signed_in": true, "created_to": "2026-03-02T14:00:01Z" } });
    let page = ask(&world, staff, nobody).await.ok();
    assert_eq!(page["accounts"], json!([]));
    assert_eq!(page["searched_to"]["state"], "closed", "{page}");
    assert!(page["next_cursor"].is_string() || page["searched_to"]["reason"] == "cancelled");
}

#[tokio::test]
async fn a_page_is_for_who_asked_and_what_they_asked() {
    let world = World::new().await;
    let rows: String = (0..52)
        .map(|row| format!("P-{row},Page,Number{row},1990-01-01,page{row}@example.org,yes\n"))
        .collect();
    let header = "external_id,first_name,last_name,birth_date,email,email_consent\n";
    world.import(format!("{header}{rows}").as_bytes(), "apply").await;
    let staff = &world.staff(INTAKE).await;
    for row in 0..52 {
        let individual = world.individual(staff, &format!("P-{row}")).await;
        world.create(staff, &individual, json!({})).await.ok();
    }
    let pending = json!({ "statuses": [{ "state": "pending" }] });
    let cursor = ask(&world, staff, json!({ "criteria": pending })).await.ok()["next_cursor"].clone();
    assert!(cursor.as_str().unwrap().len() <= 512, "{cursor}");
    let other = &world.staff(ADMIN_EXEC).await;
    for (by, body) in [
        (other, json!({ "criteria": pending, "cursor": cursor })),
        (staff, json!({ "criteria": {}, "cursor": cursor })),
        (staff, json!({ "criteria": pending, "newest_first": true, "cursor": cursor })),
        (staff, json!({ "criteria": pending, "cursor": "forged" })),
    ] {
        assert_eq!(ask(&world, by, body.clone()).await.refused(400), "cursor_not_valid", "{body}");
    }
    let individuals = json!({ "name": "page", "cursor": cursor });
    let elsewhere = world.admin(Method::POST, "/individuals/search").by(staff).json(individuals).send().await;
    assert_eq!(elsewhere.refused(400), "cursor_not_valid");
    let rest = ask(&world, staff, json!({ "criteria": pending, "cursor": cursor })).await.ok();
    assert_eq!(rest["accounts"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn only_who_maintains_accounts_may_search_them() {
    let world = World::with(|file| {
        let denials = file["security_classes"][1]["denials"].as_array_mut().unwrap();
        denials.push(json!("maintenance"));
    })
    .await;
    for (worker, allowed) in [(INTAKE, true), (ADMIN_EXEC, true), (CLINICAL, false), (RESTRICTED, false)] {
        let staff = &world.staff(worker).await;
        let licences = world.admin(Method::GET, "/licences").by(staff).send().await;
        for answer in [ask(&world, staff, json!({ "criteria": {} })).await, licences] {
            if allowed {
                answer.ok();
            } else {
                assert_eq!(answer.refused(403), "not_allowed", "{worker}");
            }
        }
    }
}

#[tokio::test]
async fn what_cannot_be_searched_for_is_said_by_its_field() {
    let world = World::set_up().await;
    let staff = &world.staff(INTAKE).await;
    for (criteria, field) in [
        (json!({ "statuses": [{ "state": "closed", "reason": "suspended" }] }), "criteria.statuses"),
        (json!({ "name": "a" }), "criteria.name"),
        (json!({ "email": "not an address" }), "criteria.email"),
        (json!({ "birth_date": "12 April" }), "criteria.birth_date"),
        (json!({ "expiring_within_days": 31 }), "criteria.expiring_within_days"),
        (json!({ "surname": "Delgado" }), "criteria.surname"),
    ] {
        let answer = ask(&world, staff, json!({ "criteria": criteria })).await;
        assert_eq!(answer.refused(400), "invalid_request", "{criteria}");
        assert_eq!(answer.json()["parameters"]["field"], field, "{}", answer.text());
    }
}

#[tokio::test]
async fn accounts_of_a_former_release_are_found_once_a_job_has_seen_them() {
    let world = World::new().await;
    let (_, account, _) = invite(&world, "T-01").await;
    invite(&world, "T-02").await;
    let client = Client::new(&world.local.aws().sdk_config("root"));
    let update = client
        .update_item()
        .table_name(table_name(&world, Table::Accounts))
        .key("pk", AttributeValue::S(account))
        .update_expression("SET v = :v REMOVE #status, status_at, sign_in_name")
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":v", AttributeValue::N("1".to_owned()));
    update.send().await.unwrap();
    let staff = &world.staff(INTAKE).await;
    assert_eq!(names(&world, staff, json!({ "name": "ana" })).await, ["Ana Delgado"], "read all the same");
    assert_eq!(names(&world, staff, json!({})).await, ["Élodie Fournier"]);
    let summary = world.local.invoke("jobs.compute_statistics", json!({})).await.unwrap();
    assert_eq!((&summary["listed"], &summary["accounts"]), (&json!(1), &json!(2)), "{summary}");
    assert_eq!(names(&world, staff, json!({})).await, ["Ana Delgado", "Élodie Fournier"]);
    assert_eq!(names(&world, staff, json!({ "email": "ana.delgado@example.org" })).await, ["Ana Delgado"]);
    let summary = world.local.invoke("jobs.compute_statistics", json!({})).await.unwrap();
    assert_eq!(summary["listed"], 0, "{summary}");
}

#[tokio::test]
async fn licences_are_those_of_open_accounts_but_tests() {
    let world = agency().await;
    let staff = &world.staff(INTAKE).await;
    let licences = world.admin(Method::GET, "/licences").by(staff).send().await.ok();
    // Ana, Bea, Lea, Sam and Élodie; Tess is a test, Leap is disabled, the others are closed.
    assert_eq!(licences, json!({ "total": 500, "used": 5, "free": 495 }));
}
