//! Statistics: what the journal and the accounts come to, by month and site, however often it is computed.

use std::collections::BTreeMap;

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};
use store::tables::Table;

use crate::crash_points::items;
use crate::support::{ADMIN_EXEC, CLINICAL, INTAKE, PASSWORD, RESTRICTED, Session, World};

const COMPUTE: &str = "jobs.compute_statistics";
/// Somebody at another site, somebody to whom mail doesn't get through, somebody who calls it unwanted, and a test.
const MORE: &str = "\
external_id,first_name,last_name,birth_date,email,email_consent,site,test
L-1,Lea,Lakeshore,1985-04-12,lea@example.org,yes,Lakeshore House,no
B-1,Bea,Bounced,1969-01-02,bounce+bea@simulator.amazonses.com,yes,Quayside Centre,no
C-1,Cleo,Complained,1969-01-02,complaint@simulator.amazonses.com,yes,Lakeshore House,no
X-1,Tess,Tester,1990-01-01,tess@example.org,yes,Quayside Centre,yes
";

async fn statistics(world: &World, staff: &Session, query: &str) -> Value {
    world.admin(Method::GET, &format!("/statistics{query}")).by(staff).send().await.ok()
}

async fn invite(world: &World, external_id: &str) -> (String, String, String) {
    world.invite(&world.staff(INTAKE).await, external_id).await
}

async fn act(world: &World, individual: &str, account: &str, action: &str) {
    let staff = world.staff(ADMIN_EXEC).await;
    let path = format!("/individuals/{individual}/accounts/{account}/{action}");
    let act = world.admin(Method::POST, &path).by(&staff).header("idempotency-key", world.key());
    act.json(json!({})).send().await.ok();
}

/// Two months at an agency: March at Quayside, April at both sites.
async fn two_months() -> World {
    let world = World::new().await;
    assert_eq!(world.import(MORE.as_bytes(), "apply").await["created"], 4);
    let (_, _, anas) = invite(&world, "T-01").await;
    world.advance(Duration::minutes(7));
    world.activate(&anas, "1985-04-12").await.ok();
    let (_, _, elodies) = invite(&world, "T-02").await;
    let (_, _, tesss) = invite(&world, "X-1").await;
    world.activate(&tesss, "1990-01-01").await.ok();
    world.advance(Duration::minutes(50));
    world.activate(&elodies, "1990-02-28").await.ok();
    invite(&world, "B-1").await;
    world.drain().await;
    // The same day, that is no return; the next day, once.
    world.sign_in("ana.delgado@example.org", PASSWORD).await.ok();
    world.advance(Duration::days(1));
    for _ in 0..2 {
        world.sign_in("ana.delgado@example.org", PASSWORD).await.ok();
        world.sign_in("tess@example.org", PASSWORD).await.ok();
    }
    world.drain().await;

    world.advance(Duration::days(35));
    world.drain().await;
    let (lea, leas, token) = invite(&world, "L-1").await;
    world.advance(Duration::hours(30));
    world.activate(&token, "1985-04-12").await.ok();
    act(&world, &lea, &leas, "disable").await;
    act(&world, &lea, &leas, "enable").await;
    invite(&world, "C-1").await;
    let (jose, joses, _) = invite(&world, "T-03").await;
    act(&world, &jose, &joses, "close").await;
    let (sam, sams, token) = invite(&world, "T-09").await;
    world.activate(&token, "1970-07-07").await.ok();
    act(&world, &sam, &sams, "suspend").await;
    world.drain().await;
    world
}

/// What every item of the journal, of the mails and of the accounts comes to, counted by other means.
async fn recount(world: &World) -> (BTreeMap<(String, String), [u64; 6]>, BTreeMap<String, u64>) {
    let profiles: BTreeMap<String, (String, bool)> = items(world, Table::Individuals)
        .await
        .iter()
        .filter(|item| item["sk"] == "profile")
        .map(|item| {
            let text = |name: &str| item[name].as_str().unwrap().to_owned();
            (text("pk"), (text("site"), item["test"] == true))
        })
        .collect();
    let sent: Vec<_> =
        items(world, Table::Mail).await.into_iter().filter(|row| row["sk"] == "sent").collect();
    let mut journal = items(world, Table::Journal).await;
    journal.sort_by_key(|record| record["sk"].as_str().unwrap().to_owned());
    let mut numbers: BTreeMap<(String, String), [u64; 6]> = BTreeMap::new();
    let mut activated_on: BTreeMap<String, (String, bool)> = BTreeMap::new();
    for record in &journal {
        let subject = record["pk"].as_str().unwrap().to_owned();
        let Some((site, false)) = profiles.get(&subject) else { continue };
        // In March and April the day in Toronto is the one in UTC for everything that happens in this story.
        let day = record["at"].as_str().unwrap()[..10].to_owned();
        let mut add = |number: usize| {
            numbers.entry((day[..7].to_owned(), site.clone())).or_default()[number] += 1;
        };
        let transition = |name: &str| record["transition"][name].as_str().unwrap_or_default();
        if transition("to") == "pending" && ["none", "disabled"].contains(&transition("from")) {
            add(0);
        }
        match transition("rule") {
            "A5" => {
                add(1);
                activated_on.insert(subject.clone(), (day.clone(), false));
            }
            "sign_in" => {
                let (activated, returned) = activated_on.get_mut(&subject).unwrap();
                if *activated < day && !std::mem::replace(returned, true) {
                    add(2);
                }
            }
            _ => {}
        }
        for event in record["events"].as_array().into_iter().flatten() {
            let mail = &event["data"]["mail"];
            match (event["type"].as_str().unwrap(), event["data"]["outcome"].as_str()) {
                ("mail_failed", Some("bounced")) => add(4),
                ("mail_failed", Some("complained")) => add(5),
                _ if sent.iter().any(|row| row["pk"] == *mail) => add(3),
                _ => {}
            }
        }
    }
    let mut accounts = BTreeMap::new();
    for item in items(world, Table::Accounts).await {
        let Some((_, false)) = item["individual"].as_str().and_then(|whose| profiles.get(whose)) else {
            continue;
        };
        if let Some(state) = item["state"].as_str() {
            let reason = item["lock_reason"].as_str().or(item["close_reason"].as_str()).unwrap_or_default();
            *accounts.entry(format!("{state} {reason}")).or_default() += 1;
        }
    }
    (numbers, accounts)
}

fn numbers(of: &Value) -> [u64; 6] {
    ["invited", "activated", "returned", "mails_sent", "mails_bounced", "mails_complained"]
        .map(|name| of[name].as_u64().unwrap())
}

fn by_month(told: &Value) -> BTreeMap<(String, String), [u64; 6]> {
    let months = told["months"].as_array().unwrap().iter();
    let text = |month: &Value, name: &str| month[name].as_str().unwrap().to_owned();
    months.map(|month| ((text(month, "month"), text(month, "site_id")), numbers(month))).collect()
}

#[tokio::test]
async fn statistics_are_what_the_journal_and_the_accounts_come_to() {
    let world = two_months().await;
    world.local.invoke(COMPUTE, json!({})).await.unwrap();
    let staff = &world.staff(INTAKE).await;
    let told = statistics(&world, staff, "").await;
    let (months, accounts) = recount(&world).await;
    assert_eq!(by_month(&told), months);
    let counted: BTreeMap<_, _> = told["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap_or_default();
            (format!("{} {}", text("state"), text("reason")), row["count"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(counted, accounts);
    let totals = months.values().fold([0; 6], |sum, month| std::array::from_fn(|at| sum[at] + month[at]));
    assert_eq!(numbers(&told["totals"]), totals);
    // Seven were invited, and Lea, once disabled, again; Tess, a test, is in nothing.
    assert_eq!(totals, [8, 4, 1, 8, 1, 1], "{told}");
    assert_eq!(told["licences"], json!({ "total": 500, "used": 5, "free": 495 }));
    assert_eq!(told["computed_until"], told["counted_at"]);

    let again = world.local.invoke(COMPUTE, json!({})).await.unwrap();
    assert_eq!(again["days"], 2, "settled days are left alone: {again}");
    let computed = statistics(&world, staff, "").await;
    assert_eq!((by_month(&computed), &computed["totals"]), (by_month(&told), &told["totals"]));
}

#[tokio::test]
async fn half_of_the_activations_took_at_most_the_median() {
    let world = two_months().await;
    world.local.invoke(COMPUTE, json!({})).await.unwrap();
    let staff = &world.staff(INTAKE).await;
    let march = statistics(&world, staff, "?from=2026-03&to=2026-03").await;
    assert_eq!(march["totals"]["median_minutes_to_activate"], 7, "7 and 50 minutes: {march}");
    let april = statistics(&world, staff, "?from=2026-04&to=2026-04").await;
    assert_eq!(april["totals"]["median_minutes_to_activate"], 0, "at once, and 30 hours: {april}");
    let all = statistics(&world, staff, "?from=2026-01&to=2026-04").await;
    assert_eq!(all["totals"]["median_minutes_to_activate"], 7);
    let months: Vec<_> = all["months"].as_array().unwrap().iter().map(|month| &month["month"]).collect();
    assert_eq!(months, ["2026-03", "2026-04", "2026-04"]);
    let none = statistics(&world, staff, "?from=2025-01&to=2025-12").await;
    assert_eq!((&none["months"], &none["totals"]["invited"]), (&json!([]), &json!(0)));
    assert_eq!(none["totals"]["median_minutes_to_activate"], json!(null));
}

#[tokio::test]
async fn of_one_site_only_its_own_individuals_count() {
    let world = two_months().await;
    world.local.invoke(COMPUTE, json!({})).await.unwrap();
    let staff = &world.staff(INTAKE).await;
    let sites = world.admin(Method::GET, "/sites").by(staff).send().await.ok();
    let lakeshore =
        sites["sites"].as_array().unwrap().iter().find(|site| site["name"] == "Lakeshore House").unwrap();
    let told =
        statistics(&world, staff, &format!("?site_id={}", lakeshore["site_id"].as_str().unwrap())).await;
    assert_eq!(numbers(&told["totals"])[..3], [3, 1, 0], "Lea twice, and Cleo: {told}");
    assert_eq!(told["months"].as_array().unwrap().len(), 1);
    assert_eq!(told["accounts"], json!([{ "state": "pending", "reason": null, "count": 2 }]));
}

#[tokio::test]
async fn a_mail_that_waits_is_counted_when_it_has_gone_out() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let individual = world.individual(&staff, "T-01").await;
    world.create(&staff, &individual, json!({})).await.ok();
    let sent = async || {
        world.local.invoke(COMPUTE, json!({})).await.unwrap();
        let staff = &world.staff(INTAKE).await;
        statistics(&world, staff, "").await["totals"]["mails_sent"].clone()
    };
    assert_eq!(sent().await, 0);
    world.advance(Duration::days(4));
    assert_eq!(sent().await, 0, "it still waits");
    world.drain().await;
    assert_eq!(sent().await, 1, "the day it was asked for is computed again");
}

#[tokio::test]
async fn statistics_are_for_who_may_see_them() {
    let world = World::with(|file| {
        let denials = file["security_classes"][1]["denials"].as_array_mut().unwrap();
        denials.push(json!("statistics"));
    })
    .await;
    for (worker, allowed) in [(INTAKE, true), (ADMIN_EXEC, true), (CLINICAL, false), (RESTRICTED, false)] {
        let staff = world.staff(worker).await;
        let answer = world.admin(Method::GET, "/statistics").by(&staff).send().await;
        if allowed {
            // Before the first computation there is nothing, and that is said.
            assert!(answer.ok()["months"].is_array());
        } else {
            assert_eq!(answer.refused(403), "not_allowed", "{worker}");
        }
    }
}
