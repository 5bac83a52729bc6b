//! Finding individuals and reading their history.

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ADMIN_EXEC, CLINICAL, INTAKE, OTHER_CLINICAL, Session, World};

async fn search(world: &World, staff: &Session, body: Value) -> Vec<String> {
    let found = world.admin(Method::POST, "/individuals/search").by(staff).json(body).send().await.ok();
    let mut names: Vec<String> = found["individuals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn names_are_found_by_their_beginnings_whatever_the_accents() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    for (typed, found) in [
        ("elodie", vec!["Élodie Fournier"]),
        ("NUNEZ jose", vec!["José Luis Núñez"]),
        ("zo", vec!["Zoë Noemail"]),
        ("shared", vec!["Pat Shared", "Sam Shared"]),
        ("حداد", vec!["ليلى حداد"]),
        ("nobody at all", vec![]),
    ] {
        assert_eq!(search(&world, &staff, json!({ "name": typed })).await, found, "{typed}");
    }
    assert_eq!(
        search(&world, &staff, json!({ "email": "SHARED@example.org" })).await,
        ["Pat Shared", "Sam Shared"]
    );
}

#[tokio::test]
async fn a_clinical_worker_finds_only_those_they_are_assigned_to() {
    let world = World::new().await;
    let (mine, other) = (world.staff(CLINICAL).await, world.staff(OTHER_CLINICAL).await);
    assert_eq!(search(&world, &mine, json!({ "name": "delgado" })).await, ["Ana Delgado"]);
    assert_eq!(search(&world, &other, json!({ "name": "delgado" })).await, Vec::<String>::new());
    let individual = world.individual(&mine, "T-01").await;
    let unseen = world.admin(Method::GET, &format!("/individuals/{individual}")).by(&other).send().await;
    let unknown =
        world.admin(Method::GET, "/individuals/ind_01kjqdjgr0e9n9wepxthmt01hj").by(&other).send().await;
    assert_eq!(unseen.refused(404), "not_found");
    assert_eq!(unseen.bytes, unknown.bytes);
}

#[tokio::test]
async fn long_lists_come_in_pages_that_are_whole_and_without_repeats() {
    let world = World::set_up().await;
    let mut csv = "external_id,first_name,last_name\n".to_owned();
    for n in 0..60 {
        csv.push_str(&format!("P-{n},Person{n},Paginated\n"));
    }
    world.import(csv.as_bytes(), "apply").await;
    let staff = world.staff(INTAKE).await;
    let mut seen = std::collections::BTreeSet::new();
    let mut cursor = Value::Null;
    loop {
        let mut body = json!({ "name": "paginated" });
        if cursor.is_string() {
            body["cursor"] = cursor.clone();
        }
        let page = world.admin(Method::POST, "/individuals/search").by(&staff).json(body).send().await.ok();
        for found in page["individuals"].as_array().unwrap() {
            assert!(seen.insert(found["individual_id"].to_string()), "twice");
        }
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(seen.len(), 60);
}

#[tokio::test]
async fn history_tells_who_did_what_and_never_a_value() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    world.advance(Duration::seconds(1));
    let (individual, _, token) = world.invite(&staff, "T-01").await;
    world.advance(Duration::seconds(1));
    world.activate(&token, "1985-04-12").await.ok();
    let answer =
        world.admin(Method::GET, &format!("/individuals/{individual}/history")).by(&staff).send().await;
    let history = answer.ok();
    let told: Vec<(&str, &str)> = history["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["actor"]["kind"].as_str().unwrap(), entry["events"][0].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [("client", "account_activated"), ("worker", "account_created"), ("import", "individual_imported")]
    );
    for value in ["Delgado", "1985-04-12", "example.org", "0101"] {
        assert!(!answer.text().contains(value), "{value}");
    }
}

#[tokio::test]
async fn a_long_history_comes_in_pages_whose_cursors_are_good_for_it_alone() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let individual = world.individual(&staff, "T-05").await;
    let path = format!("/individuals/{individual}");
    let record = world.admin(Method::GET, &path).by(&staff).send().await.ok();
    let contact = &record["individual"]["contacts"][0]["contact_id"];
    for given in (0..60).map(|n| n % 2 == 0) {
        world.advance(Duration::seconds(1));
        let body = json!({ "email_contact_id": given.then_some(contact), "confirmed": true });
        world
            .admin(Method::PUT, &format!("{path}/communication-settings"))
            .by(&staff)
            .json(body)
            .send()
            .await
            .ok();
    }
    let page = async |path: &str, cursor: &Value| {
        let query = cursor.as_str().map(|cursor| format!("?cursor={cursor}")).unwrap_or_default();
        world.admin(Method::GET, &format!("{path}/history{query}")).by(&staff).send().await
    };
    let (first, mut ids) = (page(&path, &Value::Null).await.ok(), std::collections::BTreeSet::new());
    let second = page(&path, &first["next_cursor"]).await.ok();
    let entries = |page: &Value| page["entries"].as_array().unwrap().clone();
    assert_eq!(
        (entries(&first).len(), entries(&second).len(), &second["next_cursor"]),
        (50, 11, &json!(null))
    );
    let told: Vec<Value> = [entries(&first), entries(&second)].concat();
    assert!(told.iter().all(|entry| ids.insert(entry["journal_id"].to_string())), "told twice");
    assert!(told.windows(2).all(|two| two[0]["at"].as_str() >= two[1]["at"].as_str()), "newest first");
    assert_eq!(told[60]["events"][0], "individual_imported");

    let cursor = &first["next_cursor"];
    assert!(cursor.as_str().unwrap().len() <= 512);
    let other = format!("/individuals/{}", world.individual(&staff, "T-01").await);
    assert_eq!(page(&other, cursor).await.refused(400), "cursor_not_valid");
    let colleague = world.staff(ADMIN_EXEC).await;
    let path = format!("{path}/history?cursor={}", cursor.as_str().unwrap());
    let answer = world.admin(Method::GET, &path).by(&colleague).send().await;
    assert_eq!(answer.refused(400), "cursor_not_valid");
    let elsewhere = json!({ "name": "noor", "cursor": cursor });
    let answer = world.admin(Method::POST, "/individuals/search").by(&staff).json(elsewhere).send().await;
    assert_eq!(answer.refused(400), "cursor_not_valid");
}

#[tokio::test]
async fn a_cursor_fits_whatever_the_name() {
    let world = World::set_up().await;
    let mut csv = "external_id,first_name,last_name\n".to_owned();
    for n in 0..30 {
        csv.push_str(&format!("L-{n},Person{n},{}\n", "𠀋".repeat(100)));
    }
    world.import(csv.as_bytes(), "apply").await;
    let staff = world.staff(INTAKE).await;
    let search =
        async |body| world.admin(Method::POST, "/individuals/search").by(&staff).json(body).send().await.ok();
    let first = search(json!({ "name": "𠀋𠀋" })).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    assert!(cursor.len() <= 512, "{}", cursor.len());
    let second = search(json!({ "name": "𠀋𠀋", "cursor": cursor })).await;
    assert_eq!((second["individuals"].as_array().unwrap().len(), &second["next_cursor"]), (5, &json!(null)));
}
