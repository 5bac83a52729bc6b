//! What became of mails, from SES's events to what workers see.

use reqwest::Method;
use serde_json::{Value, json};

use super::staff::all_of;
use crate::support::{CLINICAL, INTAKE, NEW_PASSWORD, OTHER_CLINICAL, SYSTEM, Session, World, link_in};

/// Individuals whose addresses behave as SES's mailbox simulator does.
const SIMULATED: &str = "\
external_id,first_name,last_name,birth_date,email,email_consent,site
S-1,Ada,Delivered,1985-04-12,success@simulator.amazonses.com,yes,Quayside Centre
S-2,Bea,Bounced,1985-04-12,bounce+bea@simulator.amazonses.com,yes,Quayside Centre
S-3,Cleo,Complained,1985-04-12,complaint@simulator.amazonses.com,yes,Quayside Centre
S-4,Dot,Suppressed,1985-04-12,suppressionlist@simulator.amazonses.com,yes,Quayside Centre
S-5,Eve,Away,1985-04-12,ooto@simulator.amazonses.com,yes,Quayside Centre
";

async fn world() -> (World, Session) {
    let world = World::new().await;
    let job = world.import(SIMULATED.as_bytes(), "apply").await;
    assert_eq!(job["created"], 5, "{job}");
    let staff = world.staff(INTAKE).await;
    (world, staff)
}

async fn mails(world: &World, staff: &Session, individual: &str) -> Vec<Value> {
    let path = format!("/individuals/{individual}/mails");
    let answer = world.admin(Method::GET, &path).by(staff).send().await.ok();
    assert_eq!(answer["next_cursor"], json!(null));
    answer["mails"].as_array().unwrap().clone()
}

async fn record(world: &World, staff: &Session, individual: &str) -> Value {
    world.admin(Method::GET, &format!("/individuals/{individual}")).by(staff).send().await.ok()
}

#[tokio::test]
async fn a_worker_sees_how_far_each_mail_came() {
    let (world, staff) = world().await;
    for (external_id, state) in [
        ("S-1", "delivered"),
        ("S-2", "bounced"),
        ("S-3", "complained"),
        ("S-4", "bounced"),
        ("S-5", "delivered"),
    ] {
        let individual = world.individual(&staff, external_id).await;
        world.create(&staff, &individual, json!({})).await.ok();
        let queued = mails(&world, &staff, &individual).await;
        assert_eq!((&queued[0]["state"], &queued[0]["kind"]), (&json!("queued"), &json!("activation")));
        assert_eq!((&queued[0]["state_at"], &queued[0]["address"]), (&json!(null), &json!(null)));
        world.drain().await;
        let [mail] = &mails(&world, &staff, &individual).await[..] else { panic!("one mail") };
        assert_eq!(mail["state"], state, "{external_id}");
        assert!(mail["address"].as_str().unwrap().ends_with("@simulator.amazonses.com"));
        assert!(mail["state_at"].is_string() && mail["reason"].is_null(), "{mail}");
    }
}

#[tokio::test]
async fn a_hard_bounce_marks_the_contact_and_raises_the_alert() {
    let (world, staff) = world().await;
    let individual = world.individual(&staff, "S-2").await;
    world.create(&staff, &individual, json!({})).await.ok();
    assert_eq!(
        record(&world, &staff, &individual).await["individual"]["contacts"][0]["undeliverable"],
        json!(null)
    );
    world.drain().await;
    let shown = record(&world, &staff, &individual).await;
    assert_eq!(shown["individual"]["contacts"][0]["undeliverable"]["reason"], "bounced");
    assert!(shown["individual"]["contacts"][0]["undeliverable"]["since"].is_string());
    let path = format!("/individuals/{individual}/history");
    let history = world.admin(Method::GET, &path).by(&staff).send().await.ok();
    let failed =
        history["entries"].as_array().unwrap().iter().find(|entry| entry["events"] == json!(["mail_failed"]));
    assert_eq!(failed.unwrap()["changed"], json!(["contacts", "alerts"]), "{history}");
}

#[tokio::test]
async fn what_is_told_twice_or_before_the_mail_was_noted_counts_once() {
    let (world, staff) = world().await;
    let individual = world.individual(&staff, "S-2").await;
    world.create(&staff, &individual, json!({})).await.ok();
    world.drain().await;
    let mail = mails(&world, &staff, &individual).await[0]["mail_id"].clone();
    let bounce = told("Email Bounced", &mail);
    let before = history(&world, &staff, &individual).await;
    for _ in 0..2 {
        world.local.invoke("jobs.record_mail_outcome", bounce.clone()).await.unwrap();
    }
    assert_eq!(history(&world, &staff, &individual).await, before, "nothing more is journalled");

    // Nothing is lost of a mail that isn't known here, nor does it stop others.
    let unknown = told("Email Delivered", &json!("mai_00000000000000000000000001"));
    let answer = world.local.invoke("jobs.record_mail_outcome", unknown).await.unwrap();
    assert_eq!(answer["batchItemFailures"], json!([]));
}

async fn history(world: &World, staff: &Session, individual: &str) -> usize {
    let path = format!("/individuals/{individual}/history");
    let answer = world.admin(Method::GET, &path).by(staff).send().await.ok();
    let events =
        answer["entries"].as_array().unwrap().iter().flat_map(|entry| entry["events"].as_array().unwrap());
    events.filter(|event| *event == "mail_failed").count()
}

/// A message as the rule makes it of SES's event.
fn told(kind: &str, mail: &Value) -> Value {
    let detail = json!({ "mail": mail, "message": "1", "bounce": "Permanent", "feedback": "" });
    let body = json!({ "detail-type": kind, "time": "2026-03-02T14:00:05Z", "detail": detail }).to_string();
    json!({ "Records": [{ "messageId": "one", "body": body, "eventSource": "aws:sqs" }] })
}

#[tokio::test]
async fn no_queue_holds_whom_a_mail_went_to_or_what_it_said() {
    use local::aws::{Fault, Kind, When};
    let (world, staff) = world().await;
    for external_id in ["S-1", "S-2", "S-3"] {
        let individual = world.individual(&staff, external_id).await;
        world.create(&staff, &individual, json!({})).await.ok();
    }
    let unheard = |call: &local::aws::Call| call.caller == "jobs.record_mail_outcome";
    let faults = world.local.aws().faults();
    faults.inject(Fault::new(When::Before, Kind::Throttled).and_after().concerning(unheard));
    world.local.drain().await.unwrap_err();
    faults.clear();
    // What is given up goes to the dead letters as it is.
    let queued = world.local.queued("clientconnect-dev-mail-outcomes").unwrap();
    assert_eq!(queued.len(), 7, "{queued:?}");
    for mail in world.local.mails().unwrap() {
        for personal in mail.to.iter().chain([&mail.subject, &mail.from]) {
            assert!(!queued.iter().any(|message| message.contains(personal)), "{personal} in {queued:?}");
        }
    }
    assert!(!queued.iter().any(|message| message.contains('@')), "{queued:?}");

    world.advance(chrono::Duration::minutes(10));
    world.drain().await;
    for (external_id, state) in [("S-1", "delivered"), ("S-2", "bounced"), ("S-3", "complained")] {
        let individual = world.individual(&staff, external_id).await;
        assert_eq!(mails(&world, &staff, &individual).await[0]["state"], state);
    }
}

#[tokio::test]
async fn a_mail_that_ses_took_without_an_answer_is_not_sent_again() {
    use local::aws::{Fault, Kind, When};
    let (world, staff) = world().await;
    let individual = world.individual(&staff, "S-1").await;
    world.create(&staff, &individual, json!({})).await.ok();
    let before = world.local.mails().unwrap().len();
    let faults = world.local.aws().faults();
    faults.inject(
        Fault::new(When::After, Kind::Disconnected)
            .and_after()
            .concerning(|call| call.caller == "jobs.send_mail" && call.action == "SendEmail"),
    );
    world.local.drain().await.unwrap_err();
    faults.clear();
    let taken = world.local.mails().unwrap().len();
    assert!(taken > before);
    world.advance(chrono::Duration::minutes(10));
    world.drain().await;
    assert_eq!(world.local.mails().unwrap().len(), taken);
    assert_eq!(mails(&world, &staff, &individual).await[0]["state"], "delivered");
}

#[tokio::test]
async fn what_may_not_go_out_is_in_the_history_with_its_reason() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let individual = world.individual(&staff, "T-05").await;
    world.create(&staff, &individual, json!({})).await.ok();
    world.drain().await;
    let mails = mails(&world, &staff, &individual).await;
    assert_eq!((&mails[0]["state"], &mails[0]["reason"]), (&json!("dropped"), &json!("no_consent")));

    // A link that was superseded before its mail went out.
    let other = world.individual(&staff, "T-01").await;
    let created = world.create(&staff, &other, json!({})).await.ok();
    let account = created["account"]["account_id"].as_str().unwrap().to_owned();
    world.advance(chrono::Duration::seconds(1));
    let path = format!("/individuals/{other}/accounts/{account}/resend");
    world.admin(Method::POST, &path).by(&staff).header("idempotency-key", world.key()).send().await.ok();
    world.drain().await;
    let mails = self::mails(&world, &staff, &other).await;
    let seen: Vec<_> = mails.iter().map(|mail| (mail["state"].clone(), mail["reason"].clone())).collect();
    assert_eq!(seen, [(json!("delivered"), json!(null)), (json!("dropped"), json!("superseded"))]);
}

#[tokio::test]
async fn mails_of_an_individual_are_seen_by_who_sees_them() {
    let (world, _) = world().await;
    let theirs = world.staff(CLINICAL).await;
    let individual = world.individual(&theirs, "T-01").await;
    mails(&world, &theirs, &individual).await;
    let other = world.staff(OTHER_CLINICAL).await;
    let path = format!("/individuals/{individual}/mails");
    let foreign = world.admin(Method::GET, &path).by(&other).send().await;
    let unknown =
        world.admin(Method::GET, "/individuals/ind_00000000000000000000000001/mails").by(&other).send().await;
    assert_eq!((foreign.status, &foreign.bytes), (unknown.status, &unknown.bytes));
    foreign.refused(404);
}

/// A System Administrator sees whom no link reaches, until it reaches them.
#[tokio::test]
async fn a_bounced_mail_to_a_worker_shows_until_they_use_a_link() {
    let bouncing = "bounce+tomasz@simulator.amazonses.com";
    let world = World::set_up_with(|file| {
        for worker in file["workers"].as_array_mut().unwrap() {
            if worker["email"] == OTHER_CLINICAL {
                worker["email"] = json!(bouncing);
            }
        }
    })
    .await;
    let system = world.staff(SYSTEM).await;
    let marks = async || {
        let workers = all_of(&world, &system, "workers").await.0.into_iter();
        let marked = workers.filter(|listed| !listed["worker"]["undeliverable"].is_null());
        marked.map(|listed| listed["worker"].clone()).collect::<Vec<_>>()
    };
    world.worker_reset_token(CLINICAL).await;
    assert_eq!(marks().await, [] as [Value; 0]);
    let token = world.worker_reset_token(bouncing).await;
    let [marked] = &marks().await[..] else { panic!("one worker") };
    assert_eq!((&marked["email"], &marked["undeliverable"]["reason"]), (&json!(bouncing), &json!("bounced")));
    assert!(marked["undeliverable"]["since"].is_string());

    // The link was handed on, or the mailbox was mended.
    let reset = json!({ "token": token, "password": NEW_PASSWORD });
    world.admin(Method::POST, "/password-reset").json(reset).send().await.ok();
    assert_eq!(marks().await, [] as [Value; 0]);
    world.drain().await;
    let told = world.local.mails().unwrap().last().unwrap().clone();
    assert_eq!((told.to, link_in(&told.text, "/reset#")), (vec![bouncing.to_owned()], None));
}
