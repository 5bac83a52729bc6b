//! Bulk work on accounts, from the dry run to what became of each.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::Duration;
use local::aws::{Fault, Kind, When};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    ADMIN_EXEC, Answer, CLINICAL, INTAKE, PASSWORD, RESTRICTED, Session, World, link_in, token_in,
};

async fn post(world: &World, staff: &Session, path: &str, body: Value) -> Answer {
    let call = world.admin(Method::POST, path).by(staff).header("idempotency-key", world.key());
    call.json(body).send().await
}

async fn get(world: &World, staff: &Session, path: &str) -> Value {
    world.admin(Method::GET, path).by(staff).send().await.ok()
}

fn id(started: &Value) -> String {
    started["job_id"].as_str().unwrap().to_owned()
}

async fn job(world: &World, staff: &Session, id: &str) -> Value {
    get(world, staff, &format!("/bulk-jobs/{id}")).await
}

/// A dry run at its end.
async fn dry_run(world: &World, staff: &Session, kind: &str, body: Value) -> String {
    let started = id(&post(world, staff, &format!("/bulk-jobs/{kind}"), body).await.ok());
    world.drain().await;
    assert_eq!(job(world, staff, &started).await["state"], "done");
    started
}

/// A dry run, and the job that applies it, begun.
async fn begin(world: &World, staff: &Session, kind: &str, body: Value) -> String {
    let dry = dry_run(world, staff, kind, body).await;
    id(&post(world, staff, &format!("/bulk-jobs/{dry}/apply"), json!({})).await.ok())
}

/// The same at its end, and the job as it is then.
async fn apply(world: &World, staff: &Session, kind: &str, body: Value) -> (String, Value) {
    let applying = begin(world, staff, kind, body).await;
    world.drain().await;
    let shown = job(world, staff, &applying).await;
    assert_eq!(shown["state"], "done", "{shown}");
    (applying, shown)
}

/// How many came to what.
fn outcomes(job: &Value) -> BTreeMap<String, u64> {
    let named = |outcome: &Value| {
        let parts = ["outcome", "reason", "state"].map(|part| outcome[part].as_str().unwrap_or_default());
        parts.join(" ").trim().to_owned()
    };
    let counts = job["outcomes"].as_array().unwrap().iter();
    counts.map(|outcome| (named(outcome), outcome["count"].as_u64().unwrap())).collect()
}

fn counted<const N: usize>(counts: [(&str, u64); N]) -> BTreeMap<String, u64> {
    counts.map(|(outcome, count)| (outcome.to_owned(), count)).into()
}

async fn results(world: &World, staff: &Session, id: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    for page in 1.. {
        let answer = get(world, staff, &format!("/bulk-jobs/{id}/results?page={page}")).await;
        rows.extend(answer["rows"].as_array().unwrap().clone());
        if page >= answer["pages"].as_u64().unwrap() {
            break;
        }
    }
    rows
}

/// Accounts as they are chosen, of rows of results.
fn chosen<'v>(rows: impl IntoIterator<Item = &'v Value>) -> Value {
    let of = |row: &Value| json!({ "individual_id": row["individual_id"], "account_id": row["account_id"] });
    rows.into_iter().map(of).collect()
}

/// Adds so many who can be invited; their addresses begin as given.
async fn add(world: &World, count: u32, address: &str, domain: &str) {
    let mut file = String::from("external_id,first_name,last_name,birth_date,email,email_consent\n");
    for n in 0..count {
        writeln!(file, "{address}-{n},Filler,Person{n},1990-01-01,{address}+{n}@{domain},yes").unwrap();
    }
    let job = world.import(file.as_bytes(), "apply").await;
    assert_eq!(job["created"], count, "{job}");
}

async fn world_of(count: u32) -> (World, Session) {
    let world = World::set_up().await;
    add(&world, count, "filler", "example.org").await;
    let staff = world.staff(INTAKE).await;
    (world, staff)
}

async fn act(world: &World, staff: &Session, (individual, account): (&str, &str), action: &str) {
    let path = format!("/individuals/{individual}/accounts/{account}/{action}");
    world.admin(Method::POST, &path).by(staff).json(json!({})).send().await.ok();
}

/// How many were mailed.
fn invitations(world: &World) -> u64 {
    world.local.mails().unwrap().iter().filter(|mail| mail.text.contains("/activate#")).count() as u64
}

/// Lets every call of the job fail from the nth of a kind on, and runs it until nothing but that is left to do.
async fn run_until_it_fails(world: &World, action: &'static str, nth: usize) {
    let faults = world.local.aws().faults();
    let fault = Fault::new(When::Before, Kind::ServerError).nth(nth).and_after();
    faults.inject(fault.concerning(move |call| call.caller == "jobs.run_bulk_job" && call.action == action));
    world.local.drain().await.unwrap_err();
    faults.clear();
}

async fn free(world: &World) -> u32 {
    crate::crash_points::root(world).ask(store::ask::licences()).await.unwrap().free()
}

#[tokio::test]
async fn a_dry_run_says_whom_it_would_invite_and_whom_not_and_applying_does_just_that() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    world.import(b"external_id,first_name,last_name,birth_date,email,email_consent,test\nT-99,Tess,Test,1990-01-01,tess@example.org,yes,yes\n", "apply").await;
    // One has an account, one let the invitation pass, one's was withdrawn, one was shut out.
    world.invite(&staff, "T-02").await;
    world.advance(Duration::days(8));
    world.local.invoke("jobs.expire_activations", json!({})).await.unwrap();
    let staff = world.staff(INTAKE).await;
    let cancelled = world.invite(&staff, "T-03").await;
    act(&world, &staff, (&cancelled.0, &cancelled.1), "close").await;
    let shut_out = world.invite(&staff, "T-11").await;
    world.activate(&shut_out.2, "1983-03-03").await.ok();
    act(&world, &staff, (&shut_out.0, &shut_out.1), "close").await;
    world.invite(&staff, "T-01").await;

    let (mails, licences) = (invitations(&world), free(&world).await);
    let dry = dry_run(&world, &staff, "activation", json!({})).await;
    let shown = job(&world, &staff, &dry).await;
    let skipped = [
        ("skipped no_birth_date", 1),
        ("skipped no_consent", 1),
        ("skipped no_email_contact", 1),
        ("skipped default_birth_date", 1),
        ("skipped open_account_exists", 1),
        ("skipped shared_address", 2),
        ("skipped shut_out", 1),
        ("skipped test_individual", 1),
        ("skipped too_young", 1),
        ("opened", 1),
        ("opened cancelled", 1),
        ("opened expired", 1),
    ];
    assert_eq!(outcomes(&shown), counted(skipped), "{shown}");
    assert_eq!(
        (&shown["mode"], &shown["total"], &shown["mails"]),
        (&json!("dry_run"), &json!(13), &json!(null))
    );
    assert_eq!((invitations(&world), free(&world).await), (mails, licences), "nothing is done");

    world.advance(Duration::seconds(1));
    let applying = id(&post(&world, &staff, &format!("/bulk-jobs/{dry}/apply"), json!({})).await.ok());
    let again = post(&world, &staff, &format!("/bulk-jobs/{dry}/apply"), json!({})).await.ok();
    assert_eq!(id(&again), applying, "a dry run is applied once");
    world.drain().await;
    let shown = job(&world, &staff, &applying).await;
    assert_eq!((&shown["state"], outcomes(&shown)), (&json!("done"), counted(skipped)));
    assert_eq!((&shown["dry_run"], &shown["handled"]), (&json!(dry), &json!(13)));
    assert_eq!(shown["mails"], json!({ "sent": 3, "bounced": 0, "complained": 0 }));
    assert_eq!(free(&world).await, licences - 3);
    assert_eq!(job(&world, &staff, &dry).await["applied_by"], json!(applying));

    let rows = results(&world, &staff, &applying).await;
    assert_eq!(rows.len(), 13);
    let of = |name: &str| rows.iter().find(|row| row["name"].as_str().unwrap().contains(name)).unwrap();
    assert_eq!((&of("Leap")["outcome"], &of("Noor")["reason"]), (&json!("opened"), &json!("no_consent")));
    assert!(of("Leap")["account_id"].is_string() && of("Noor")["account_id"].is_null());
    let list = get(&world, &staff, "/bulk-jobs").await;
    let listed: Vec<_> = list["jobs"].as_array().unwrap().iter().map(|job| &job["job_id"]).collect();
    assert_eq!(listed, [&json!(applying), &json!(dry)]);
    assert_eq!(list["jobs"][0]["by"]["name"], "Ingrid Solberg");
}

#[tokio::test]
async fn invitations_in_bulk_carry_links_that_work() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    apply(&world, &staff, "activation", json!({})).await;
    let mails = world.local.mails().unwrap();
    let leap = mails.iter().find(|mail| mail.to == ["leap@example.org"]).expect("an invitation");
    world.activate(&token_in(&leap.text), "2004-02-29").await.ok();
    // What a closed account needed a worker for is settled by the new one.
    world.advance(Duration::days(8));
    world.local.invoke("jobs.expire_activations", json!({})).await.unwrap();
    let staff = world.staff(INTAKE).await;
    let alerts = get(&world, &staff, "/alerts?kind=expired").await;
    assert_eq!(alerts["accounts"].as_array().unwrap().len(), 4, "{alerts}");
    let groups = json!({ "groups": ["expired"] });
    let (_, shown) = apply(&world, &staff, "activation", groups).await;
    assert_eq!(outcomes(&shown), counted([("opened expired", 4)]));
    assert_eq!(get(&world, &staff, "/alerts?kind=expired").await["accounts"], json!([]));
}

#[tokio::test]
async fn each_is_invited_once_in_the_mail_services_time() {
    let (world, staff) = world_of(230).await;
    let (first, shown) = apply(&world, &staff, "activation", json!({})).await;
    assert_eq!(outcomes(&shown), counted([("opened", 230)]));
    assert_eq!(invitations(&world), 230);
    let rows = results(&world, &staff, &first).await;
    let accounts: std::collections::BTreeSet<_> =
        rows.iter().map(|row| row["account_id"].as_str().unwrap()).collect();
    assert_eq!(accounts.len(), 230);
    // 80 of 100 a second are opened; their mails are sent by two functions at half of that each.
    let paused = world.local.aws().clock().paused().as_secs_f64();
    assert!((8.6..=8.7).contains(&paused), "{paused}");
    let (_, again) = apply(&world, &staff, "activation", json!({})).await;
    assert_eq!(outcomes(&again), counted([("skipped open_account_exists", 230)]));
}

#[tokio::test]
async fn a_step_that_is_delivered_again_does_nothing_twice() {
    let (world, staff) = world_of(20).await;
    let applying = begin(&world, &staff, "activation", json!({})).await;
    // Everything is opened; what the step did can't be saved, again and again.
    run_until_it_fails(&world, "TransactWriteItems", 21).await;
    assert_eq!(job(&world, &staff, &applying).await["handled"], 0);
    world.drain().await;
    let shown = job(&world, &staff, &applying).await;
    assert_eq!((&shown["state"], outcomes(&shown)), (&json!("done"), counted([("opened", 20)])));
    assert_eq!((invitations(&world), &shown["mails"]["sent"]), (20, &json!(20)));
}

#[tokio::test]
async fn a_job_is_stopped_at_once_and_goes_on_where_it_stood() {
    let (world, staff) = world_of(130).await;
    let applying = begin(&world, &staff, "activation", json!({})).await;
    let path = |action: &str| format!("/bulk-jobs/{applying}/{action}");
    let stopped = post(&world, &staff, &path("stop"), json!({})).await.ok();
    assert_eq!((&stopped["state"], &stopped["stopped_for"]), (&json!("stopped"), &json!("by_worker")));
    world.drain().await;
    assert_eq!(invitations(&world), 0, "nothing had begun");

    // Stopped after its first step.
    assert_eq!(post(&world, &staff, &path("resume"), json!({})).await.ok()["state"], "running");
    run_until_it_fails(&world, "Scan", 2).await;
    let stopped = post(&world, &staff, &path("stop"), json!({})).await.ok();
    let so_far = stopped["handled"].as_u64().unwrap();
    assert!((1..130).contains(&so_far), "{stopped}");
    world.drain().await;
    assert_eq!(invitations(&world), so_far);

    post(&world, &staff, &path("resume"), json!({})).await.ok();
    world.drain().await;
    let done = job(&world, &staff, &applying).await;
    assert_eq!((&done["state"], outcomes(&done)), (&json!("done"), counted([("opened", 130)])));
    assert_eq!(invitations(&world), 130);
    assert_eq!(post(&world, &staff, &path("stop"), json!({})).await.ok()["state"], "done");
}

#[tokio::test]
async fn a_job_whose_step_was_given_up_says_so_and_can_be_resumed() {
    let (world, staff) = world_of(10).await;
    let applying = begin(&world, &staff, "activation", json!({})).await;
    run_until_it_fails(&world, "BatchGetItem", 1).await;
    world.advance(Duration::hours(21));
    let staff = world.staff(INTAKE).await;
    let failed = job(&world, &staff, &applying).await;
    assert_eq!((&failed["state"], &failed["failure"]), (&json!("failed"), &json!("gave_up")));
    let resumed = post(&world, &staff, &format!("/bulk-jobs/{applying}/resume"), json!({})).await.ok();
    assert_eq!(resumed["state"], "running");
    // Its step is there twice now.
    world.drain().await;
    assert_eq!(outcomes(&job(&world, &staff, &applying).await), counted([("opened", 10)]));
    assert_eq!(invitations(&world), 10);
}

#[tokio::test]
async fn a_job_that_runs_out_of_licences_stops_and_says_so_and_goes_on_with_more() {
    let world = World::with(|file| file["licences"] = json!(3)).await;
    let staff = world.staff(INTAKE).await;
    let applying = begin(&world, &staff, "activation", json!({ "groups": ["first"] })).await;
    world.drain().await;
    let stopped = job(&world, &staff, &applying).await;
    assert_eq!((&stopped["state"], &stopped["stopped_for"]), (&json!("stopped"), &json!("no_licence")));
    assert_eq!((outcomes(&stopped)["opened"], free(&world).await), (3, 0), "{stopped}");
    assert_eq!(invitations(&world), 3);

    // Two of the three are closed: room for the two that were left.
    let rows = results(&world, &staff, &applying).await;
    let opened: Vec<_> = rows.iter().filter(|row| row["outcome"] == "opened").take(2).collect();
    let (_, closed) = apply(
        &world,
        &staff,
        "change",
        json!({ "action": "close", "target": { "accounts": chosen(opened) } }),
    )
    .await;
    assert_eq!(outcomes(&closed), counted([("changed", 2)]));
    post(&world, &staff, &format!("/bulk-jobs/{applying}/resume"), json!({})).await.ok();
    world.drain().await;
    let done = job(&world, &staff, &applying).await;
    assert_eq!(
        (&done["state"], outcomes(&done)["opened"], &done["handled"]),
        (&json!("done"), 5, &json!(12))
    );
    assert_eq!(results(&world, &staff, &applying).await.len(), 12, "everybody once");
}

/// A job that stops itself, as mails of its first steps tell what became of them while it goes on.
async fn brakes(address: &str) -> (World, Session, String) {
    let world = World::set_up().await;
    add(&world, 205, "filler", "example.org").await;
    add(&world, 45, address, "simulator.amazonses.com").await;
    let staff = world.staff(INTAKE).await;
    let applying = begin(&world, &staff, "activation", json!({})).await;
    world.drain().await;
    (world, staff, applying)
}

#[tokio::test]
async fn a_job_whose_mails_bounce_stops_itself_and_counts_anew_when_resumed() {
    let (world, staff, applying) = brakes("bounce").await;
    let stopped = job(&world, &staff, &applying).await;
    assert_eq!(
        (&stopped["state"], &stopped["stopped_for"]),
        (&json!("stopped"), &json!("bounces")),
        "{stopped}"
    );
    let (sent, bounced) = (&stopped["mails"]["sent"], &stopped["mails"]["bounced"]);
    assert!(sent.as_u64().unwrap() >= 100 && bounced.as_u64().unwrap() >= 3, "{stopped}");
    let handled = stopped["handled"].as_u64().unwrap();
    assert!(handled < 250, "{stopped}");
    assert_eq!(invitations(&world), handled);
    let resumed = post(&world, &staff, &format!("/bulk-jobs/{applying}/resume"), json!({})).await.ok();
    assert_eq!(resumed["state"], "running");
    world.drain().await;
    assert_eq!(job(&world, &staff, &applying).await["handled"], 250);
}

#[tokio::test]
async fn a_single_complaint_stops_a_job() {
    let (world, staff, applying) = brakes("complaint").await;
    let stopped = job(&world, &staff, &applying).await;
    assert_eq!(
        (&stopped["state"], &stopped["stopped_for"]),
        (&json!("stopped"), &json!("complaints")),
        "{stopped}"
    );
}

#[tokio::test]
async fn fifty_accounts_are_closed_at_once() {
    let (world, staff) = world_of(55).await;
    let (opening, _) = apply(&world, &staff, "activation", json!({})).await;
    let rows = results(&world, &staff, &opening).await;
    let before = free(&world).await;
    let fifty = chosen(&rows[..50]);
    let close = json!({ "action": "close", "target": { "accounts": fifty } });
    let (closing, shown) = apply(&world, &staff, "change", close.clone()).await;
    assert_eq!((outcomes(&shown), &shown["total"]), (counted([("changed", 50)]), &json!(50)));
    assert_eq!((free(&world).await, results(&world, &staff, &closing).await.len()), (before + 50, 50));
    let (_, again) = apply(&world, &staff, "change", close).await;
    assert_eq!(outcomes(&again), counted([("skipped wrong_state closed", 50)]));
    let pending =
        json!({ "action": "disable", "target": { "criteria": { "statuses": [{ "state": "pending" }] } } });
    let (_, matching) = apply(&world, &staff, "change", pending).await;
    assert_eq!((outcomes(&matching), &matching["total"]), (counted([("changed", 5)]), &json!(5)));
}

#[tokio::test]
async fn matching_accounts_are_those_of_the_dry_run_each_decided_anew() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    apply(&world, &staff, "activation", json!({})).await;
    let criteria = json!({ "statuses": [{ "state": "pending" }], "name": "leap" });
    let dry =
        dry_run(&world, &staff, "change", json!({ "action": "close", "target": { "criteria": criteria } }))
            .await;
    assert_eq!(outcomes(&job(&world, &staff, &dry).await), counted([("changed", 1)]));
    let mails = world.local.mails().unwrap();
    let leap = mails.iter().find(|mail| mail.to == ["leap@example.org"]).unwrap();
    world.activate(&token_in(&leap.text), "2004-02-29").await.ok();
    let applying = id(&post(&world, &staff, &format!("/bulk-jobs/{dry}/apply"), json!({})).await.ok());
    world.drain().await;
    let shown = job(&world, &staff, &applying).await;
    assert_eq!(outcomes(&shown), counted([("changed", 1)]), "active by now, it is closed all the same");
    assert_eq!(results(&world, &staff, &applying).await[0]["name"], "Leap Day");
}

#[tokio::test]
async fn enabling_in_bulk_invites_for_the_job() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (individual, account, _) = world.invite(&staff, "T-01").await;
    act(&world, &staff, (&individual, &account), "disable").await;
    let one = json!([{ "individual_id": individual, "account_id": account }]);
    let (_, shown) =
        apply(&world, &staff, "change", json!({ "action": "enable", "target": { "accounts": one } })).await;
    assert_eq!((outcomes(&shown), &shown["mails"]["sent"]), (counted([("changed", 1)]), &json!(1)));
    world.activate(&world.newest_token(), "1985-04-12").await.ok();
}

#[tokio::test]
async fn an_activation_is_undone_but_for_those_whom_it_let_in() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (opening, _) = apply(&world, &staff, "activation", json!({})).await;
    let mails = world.local.mails().unwrap();
    let mail = |to: &str| token_in(&mails.iter().find(|mail| mail.to == [to]).unwrap().text);
    world.activate(&mail("leap@example.org"), "2004-02-29").await.ok();
    let undo = json!({ "action": "close", "target": { "opened_by": opening } });
    let (_, shown) = apply(&world, &staff, "change", undo).await;
    assert_eq!(outcomes(&shown), counted([("changed", 4), ("skipped wrong_state active", 1)]));
    let ana = mail("ana.delgado@example.org");
    assert_eq!(world.activate(&ana, "1985-04-12").await.refused(410), "link_closed");
    world.sign_in("leap@example.org", PASSWORD).await.ok();
    let suspend = json!({ "action": "suspend", "target": { "opened_by": opening } });
    assert_eq!(post(&world, &staff, "/bulk-jobs/change", suspend).await.refused(400), "invalid_request");
    let unknown = json!({ "action": "close", "target": { "opened_by": "job_00000000000000000000000000" } });
    assert_eq!(post(&world, &staff, "/bulk-jobs/change", unknown).await.refused(404), "not_found");
}

#[tokio::test]
async fn every_client_has_to_choose_a_new_password() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let mut sessions = Vec::new();
    for (external_id, birth_date) in [("T-01", "1985-04-12"), ("T-02", "1990-02-28")] {
        let (_, _, token) = world.invite(&staff, external_id).await;
        sessions.push(world.activate(&token, birth_date).await.session());
    }
    world.invite(&staff, "T-03").await;
    let (_, shown) = apply(&world, &staff, "password-reset", json!({ "target": { "all": true } })).await;
    assert_eq!((outcomes(&shown), &shown["action"]), (counted([("changed", 2)]), &json!("force_reset")));
    for session in &sessions {
        let home = world.portal(Method::GET, "/home").by(session).send().await;
        assert_eq!(home.refused(401), "session_ended");
    }
    assert_ne!(world.sign_in("ana.delgado@example.org", PASSWORD).await.status, 200);
    world.forget("ana.delgado@example.org").await.ok();
    world.drain().await;
    assert!(link_in(&world.local.mails().unwrap().last().unwrap().text, "/reset#").is_some());
}

#[tokio::test]
async fn bulk_work_is_for_those_whose_class_allows_it() {
    let world = World::with(|file| {
        let classes = file["security_classes"].as_array_mut().unwrap();
        let restricted = classes.iter_mut().find(|class| class["key"] == "restricted").unwrap();
        (restricted["denials"], restricted["allow_activations"]) = (json!(["bulk"]), json!(true));
    })
    .await;
    let staff = world.staff(INTAKE).await;
    let (individual, account, _) = world.invite(&staff, "T-01").await;
    let one = json!([{ "individual_id": individual, "account_id": account }]);
    let dry =
        dry_run(&world, &staff, "change", json!({ "action": "suspend", "target": { "accounts": one } }))
            .await;
    for email in [RESTRICTED, CLINICAL] {
        let other = world.staff(email).await;
        for (path, body) in [
            ("/bulk-jobs/activation".to_owned(), json!({})),
            ("/bulk-jobs/change".to_owned(), json!({ "action": "close", "target": { "accounts": one } })),
            ("/bulk-jobs/password-reset".to_owned(), json!({ "target": { "all": true } })),
            (format!("/bulk-jobs/{dry}/apply"), json!({})),
            (format!("/bulk-jobs/{dry}/stop"), json!({})),
            (format!("/bulk-jobs/{dry}/resume"), json!({})),
        ] {
            assert_eq!(post(&world, &other, &path, body).await.refused(403), "not_allowed", "{email} {path}");
        }
    }
    world.drain().await;
    assert_eq!(get(&world, &staff, "/bulk-jobs").await["jobs"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn one_job_is_applied_at_a_time_and_only_after_its_dry_run() {
    let (world, staff) = world_of(3).await;
    let exec = world.staff(ADMIN_EXEC).await;
    let waiting = id(&post(&world, &staff, "/bulk-jobs/activation", json!({})).await.ok());
    let early = post(&world, &staff, &format!("/bulk-jobs/{waiting}/apply"), json!({})).await;
    assert_eq!(early.refused(409), "dry_run_not_finished");
    let other = dry_run(&world, &exec, "activation", json!({})).await;
    let first = id(&post(&world, &staff, &format!("/bulk-jobs/{waiting}/apply"), json!({})).await.ok());
    let second = async || post(&world, &exec, &format!("/bulk-jobs/{other}/apply"), json!({})).await;
    assert_eq!(second().await.refused(409), "job_running");
    let undo = json!({ "action": "close", "target": { "opened_by": first } });
    assert_eq!(post(&world, &staff, "/bulk-jobs/change", undo).await.refused(409), "job_running");
    post(&world, &staff, &format!("/bulk-jobs/{first}/stop"), json!({})).await.ok();
    let second = id(&second().await.ok());
    let resumed = post(&world, &staff, &format!("/bulk-jobs/{first}/resume"), json!({})).await;
    assert_eq!(resumed.refused(409), "job_running");
    world.drain().await;
    assert_eq!(outcomes(&job(&world, &exec, &second).await), counted([("opened", 3)]));
    let not_a_dry_run = post(&world, &exec, &format!("/bulk-jobs/{second}/apply"), json!({})).await;
    assert_eq!(not_a_dry_run.refused(409), "dry_run_not_finished");
}

#[tokio::test]
async fn what_is_asked_for_has_to_make_sense() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let too_many = vec![
        json!({ "individual_id": "ind_00000000000000000000000000", "account_id": "acc_00000000000000000000000000" });
        501
    ];
    for (path, body) in [
        ("activation", json!({ "groups": [] })),
        ("activation", json!({ "site_id": "sit_00000000000000000000000000" })),
        ("change", json!({ "action": "close", "target": { "accounts": [] } })),
        ("change", json!({ "action": "close", "target": { "accounts": too_many } })),
        ("change", json!({ "action": "close", "target": { "criteria": { "name": "x" } } })),
        ("change", json!({ "action": "close", "target": {} })),
        ("password-reset", json!({ "target": { "all": false } })),
    ] {
        let refused = post(&world, &staff, &format!("/bulk-jobs/{path}"), body).await;
        assert_eq!(refused.refused(400), "invalid_request", "{path}");
    }
    let nobody = json!([{ "individual_id": "ind_00000000000000000000000000", "account_id": "acc_00000000000000000000000000" }]);
    let (_, shown) =
        apply(&world, &staff, "change", json!({ "action": "close", "target": { "accounts": nobody } })).await;
    assert_eq!(outcomes(&shown), counted([("skipped no_such_account", 1)]));
}
