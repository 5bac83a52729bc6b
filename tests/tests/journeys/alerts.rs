//! What needs a worker, and the reminder before an invitation ends (A3b, A7, A8, A10, B2).

use chrono::Duration;
use futures_util::future::join;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, CLINICAL, INTAKE, PASSWORD, Session, World};

const REMIND: &str = "clientconnect-dev-jobs-remind-before-expiry";
const EXPIRE: &str = "clientconnect-dev-jobs-expire-activations";

async fn list(world: &World, staff: &Session, query: &str) -> Value {
    world.admin(Method::GET, &format!("/alerts{query}")).by(staff).send().await.ok()
}

/// Who needs a worker, and for what, in the list's order.
async fn waiting(world: &World, staff: &Session, query: &str) -> Vec<(String, Vec<String>)> {
    let page = list(world, staff, query).await;
    assert_eq!(page["next_cursor"], json!(null));
    let kinds = |entry: &Value| {
        let alerts = entry["account"]["alerts"].as_array().unwrap().iter();
        alerts.map(|alert| alert["kind"].as_str().unwrap().to_owned()).collect()
    };
    let entries = page["accounts"].as_array().unwrap().iter();
    entries.map(|entry| (entry["name"].as_str().unwrap().to_owned(), kinds(entry))).collect()
}

async fn settle(world: &World, staff: &Session, individual: &str, account: &str, kinds: Value) -> Answer {
    let path = format!("/individuals/{individual}/accounts/{account}/alerts/settle");
    world.admin(Method::POST, &path).by(staff).json(json!({ "kinds": kinds })).send().await
}

/// The types of the individual's events, newest first.
async fn events(world: &World, staff: &Session, individual: &str) -> Vec<String> {
    let path = format!("/individuals/{individual}/history");
    let history = world.admin(Method::GET, &path).by(staff).send().await.ok();
    let entries = history["entries"].as_array().unwrap().iter();
    entries
        .flat_map(|entry| entry["events"].as_array().unwrap())
        .map(|event| event.as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn what_happens_to_accounts_shows_to_workers_longest_waiting_first() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    assert_eq!(waiting(&world, &staff, "").await, []);

    // An account without consent to mail its invitation.
    let noor = world.individual(&staff, "T-05").await;
    world.create(&staff, &noor, json!({})).await.ok();
    world.advance(Duration::minutes(1));
    // Three wrong birth dates; then the client asks to be invited again.
    let (jose, joses, token) = world.invite(&staff, "T-03").await;
    for _ in 0..3 {
        assert!(!world.activate(&token, "1978-11-29").await.status.is_success());
    }
    world.portal(Method::POST, "/links/ask").json(json!({ "token": token })).send().await.ok();
    world.advance(Duration::minutes(1));
    // Ten wrong passwords.
    let (ana, anas, token) = world.invite(&staff, "T-01").await;
    world.activate(&token, "1985-04-12").await.ok();
    for _ in 0..10 {
        world.sign_in("ana.delgado@example.org", "not the password at all").await.refused(401);
    }
    let of =
        |name: &str, kinds: &[&str]| (name.to_owned(), kinds.iter().map(|kind| (*kind).to_owned()).collect());
    assert_eq!(
        waiting(&world, &staff, "").await,
        [
            of("Noor Noconsent", &["no_consent"]),
            of("José Luis Núñez", &["third_miss", "invitation_asked_for"]),
            of("Ana Delgado", &["locked"]),
        ]
    );
    assert_eq!(waiting(&world, &staff, "?kind=locked").await, [of("Ana Delgado", &["locked"])]);
    assert_eq!(waiting(&world, &staff, "?kind=bounced").await, []);

    // What has an end of its own can't be settled; the rest can, part by part, and twice.
    let refused = settle(&world, &staff, &ana, &anas, json!(["locked"])).await;
    assert_eq!(
        (refused.refused(409), &refused.json()["parameters"]["kind"]),
        ("alert_lasts".into(), &json!("locked"))
    );
    for _ in 0..2 {
        let settled = settle(&world, &staff, &jose, &joses, json!(["third_miss", "expired"])).await.ok();
        assert_eq!(settled["alerts"][0]["kind"], "invitation_asked_for");
    }
    let told = events(&world, &staff, &jose).await;
    assert_eq!(told.iter().filter(|event| *event == "alerts_settled").count(), 1);
    settle(&world, &staff, &jose, &joses, json!(["invitation_asked_for"])).await.ok();

    let unlock = format!("/individuals/{ana}/accounts/{anas}/unlock");
    world.admin(Method::POST, &unlock).by(&staff).send().await.ok();
    assert_eq!(waiting(&world, &staff, "").await, [of("Noor Noconsent", &["no_consent"])]);
    let record = world.admin(Method::GET, &format!("/individuals/{noor}")).by(&staff).send().await.ok();
    let consent = json!({ "email_contact_id": record["individual"]["contacts"][0]["contact_id"] });
    let path = format!("/individuals/{noor}/communication-settings");
    world.admin(Method::PUT, &path).by(&staff).json(consent).send().await.ok();
    assert_eq!(waiting(&world, &staff, "").await, []);
    world
        .admin(Method::PUT, &path)
        .by(&staff)
        .json(json!({ "email_contact_id": null, "confirmed": true }))
        .send()
        .await
        .ok();
    assert_eq!(waiting(&world, &staff, "").await, [of("Noor Noconsent", &["no_consent"])]);
}

#[tokio::test]
async fn an_invitation_that_is_asked_for_twice_is_one_alert_and_a_new_account_settles_it() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (individual, _, token) = world.invite(&staff, "T-01").await;
    world.advance(Duration::days(8));
    let ask = async || {
        world.portal(Method::POST, "/links/ask").json(json!({ "token": token })).send().await.ok();
    };
    // Past its time, while the job closes it, and afterwards.
    let (_, closed) = join(ask(), world.local.run_schedule(EXPIRE)).await;
    world.drain().await;
    assert!(closed.unwrap()["done"].as_u64().unwrap() <= 1);
    ask().await;
    let staff = world.staff(INTAKE).await;
    let both = ["expired", "invitation_asked_for"].map(str::to_owned).to_vec();
    assert_eq!(waiting(&world, &staff, "").await, [("Ana Delgado".to_owned(), both)]);
    let told = events(&world, &staff, &individual).await;
    assert_eq!(told.iter().filter(|event| *event == "invitation_asked_for").count(), 1);

    world.advance(Duration::seconds(1));
    world.create(&staff, &individual, json!({})).await.ok();
    assert_eq!(waiting(&world, &staff, "").await, []);
    let told = events(&world, &staff, &individual).await;
    assert_eq!(told[..3], ["account_created", "activation_requested", "alerts_settled"]);
}

#[tokio::test]
async fn a_clinical_worker_pages_through_their_own_and_learns_of_no_others() {
    let world = World::new().await;
    let mut file =
        String::from("external_id,first_name,last_name,birth_date,email,email_consent,worker_email\n");
    for number in 0..60 {
        let worker = if number % 20 == 19 { CLINICAL } else { "" };
        file.push_str(&format!(
            "W-{number},Wim,Waits{number},1990-01-01,wim{number}@example.org,no,{worker}\n"
        ));
    }
    world.import(file.as_bytes(), "apply").await;
    let staff = world.staff(INTAKE).await;
    for number in 0..60 {
        let individual = world.individual(&staff, &format!("W-{number}")).await;
        world.create(&staff, &individual, json!({})).await.ok();
    }
    let all = async |staff: &Session| {
        let (mut names, mut cursors, mut query) = (Vec::new(), Vec::new(), String::new());
        loop {
            let page = list(&world, staff, &query).await;
            let entries = page["accounts"].as_array().unwrap().iter();
            names.extend(entries.map(|entry| entry["name"].as_str().unwrap().to_owned()));
            let Some(cursor) = page["next_cursor"].as_str() else { return (names, cursors) };
            query = format!("?cursor={cursor}");
            cursors.push(cursor.to_owned());
        }
    };
    let (names, cursors) = all(&staff).await;
    assert_eq!((names.len(), cursors.len()), (60, 1));
    let clinical = world.staff(CLINICAL).await;
    let (mut names, _) = all(&clinical).await;
    names.sort();
    assert_eq!(names, ["Wim Waits19", "Wim Waits39", "Wim Waits59"]);
    // A cursor is good for whom and for what it was given.
    for (by, query) in [(&clinical, ""), (&staff, "&kind=locked")] {
        let path = format!("/alerts?cursor={}{query}", cursors[0]);
        assert_eq!(world.admin(Method::GET, &path).by(by).send().await.refused(400), "cursor_not_valid");
    }
    let nonsense = world.admin(Method::GET, "/alerts?kind=everything").by(&staff).send().await;
    assert_eq!(nonsense.refused(400), "invalid_request");
}

#[tokio::test]
async fn an_invitation_that_ends_soon_is_told_once_to_client_and_workers() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (individual, account, token) = world.invite(&staff, "T-01").await;
    let run = async || world.local.run_schedule(REMIND).await.unwrap()["done"].as_u64().unwrap();
    let reminders = async || {
        let staff = world.staff(INTAKE).await;
        let told = events(&world, &staff, &individual).await;
        told.iter().filter(|event| *event == "activation_reminder_requested").count()
    };
    world.advance(Duration::days(5) - Duration::seconds(1));
    assert_eq!((run().await, reminders().await), (0, 0));
    world.advance(Duration::seconds(1));
    let (one, two) = join(run(), run()).await;
    assert_eq!((one + two, reminders().await), (1, 1), "two at once");
    world.drain().await;
    let mails = world.local.mails().unwrap();
    let hers = mails.iter().filter(|mail| mail.to == ["ana.delgado@example.org"]);
    assert_eq!((hers.count(), world.newest_token()), (2, token.clone()), "the link she has");
    world.advance(Duration::hours(1));
    assert_eq!((run().await, reminders().await), (0, 1), "and never again");
    let staff = world.staff(INTAKE).await;
    let expiring = ("Ana Delgado".to_owned(), vec!["expiring".to_owned()]);
    assert_eq!(waiting(&world, &staff, "?kind=expiring").await, [expiring]);
    assert_eq!(world.look(&token).await["link"], "usable", "the link the client has stays good");

    // Sent again, it ends later, and is told of then; late is better than never.
    let path = format!("/individuals/{individual}/accounts/{account}/resend");
    world.admin(Method::POST, &path).by(&staff).send().await.ok();
    assert_eq!(waiting(&world, &staff, "").await, []);
    world.advance(Duration::days(7) - Duration::seconds(1));
    assert_eq!((run().await, reminders().await), (1, 2));
    assert_eq!(world.local.run_schedule(EXPIRE).await.unwrap()["done"], 0, "it has a second left");
    world.advance(Duration::seconds(1));
    assert_eq!(run().await, 0);
    assert_eq!(world.local.run_schedule(EXPIRE).await.unwrap()["done"], 1);
    let staff = world.staff(INTAKE).await;
    let expired = ("Ana Delgado".to_owned(), vec!["expired".to_owned()]);
    assert_eq!(waiting(&world, &staff, "").await, [expired]);
}

#[tokio::test]
async fn nobody_is_reminded_after_the_end_without_consent_or_once_active() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (ana, _, _) = world.invite(&staff, "T-01").await;
    let (elodie, _, token) = world.invite(&staff, "T-02").await;
    world.activate(&token, "1990-02-28").await.ok();
    let path = format!("/individuals/{ana}/communication-settings");
    world
        .admin(Method::PUT, &path)
        .by(&staff)
        .json(json!({ "email_contact_id": null, "confirmed": true }))
        .send()
        .await
        .ok();
    world.advance(Duration::days(6));
    assert_eq!(world.local.run_schedule(REMIND).await.unwrap()["done"], 1);
    let staff = world.staff(INTAKE).await;
    let told = events(&world, &staff, &ana).await;
    assert_eq!(told[0], "activation_withheld", "what would have gone is journalled");
    let both = ["expiring", "no_consent"].map(str::to_owned).to_vec();
    assert_eq!(waiting(&world, &staff, "").await, [("Ana Delgado".to_owned(), both)]);
    // Given back, consent is an invitation of its own, not a reminder that was missed.
    let jose = world.invite(&staff, "T-03").await.0;
    world.advance(Duration::days(30));
    assert_eq!(world.local.run_schedule(REMIND).await.unwrap()["done"], 0, "too late is too late");
    let staff = world.staff(INTAKE).await;
    for individual in [&ana, &elodie, &jose] {
        let told = events(&world, &staff, individual).await;
        assert!(!told.contains(&"activation_reminder_requested".to_owned()), "{told:?}");
    }
    assert_eq!(world.sign_in("elodie.fournier@example.org", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn reminders_are_switched_off_by_the_agency_and_the_alert_is_not() {
    let world = World::with(|file| file["general"]["reminder_days"] = json!(0)).await;
    let staff = world.staff(INTAKE).await;
    let (individual, ..) = world.invite(&staff, "T-01").await;
    world.advance(Duration::days(5));
    assert_eq!(world.local.run_schedule(REMIND).await.unwrap()["done"], 1);
    let staff = world.staff(INTAKE).await;
    assert_eq!(waiting(&world, &staff, "").await.len(), 1);
    let told = events(&world, &staff, &individual).await;
    assert!(!told.contains(&"activation_reminder_requested".to_owned()), "{told:?}");
}
