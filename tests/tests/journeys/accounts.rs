//! What workers do with accounts: suspend, unlock, disable, enable, force a reset, invite again (A4, A9–A16).

use chrono::Duration;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ADMIN_EXEC, Answer, CLINICAL, INTAKE, PASSWORD, Session, World};

const ANA: &str = "ana.delgado@example.org";
const WRONG: &str = "not the password at all";

/// Ana's account, in use in three browsers.
struct Ana {
    individual: String,
    account: String,
    browsers: Vec<Session>,
}

impl Ana {
    async fn in_use(world: &World, staff: &Session) -> Self {
        let (individual, account, token) = world.invite(staff, "T-01").await;
        let mut browsers = vec![world.activate(&token, "1985-04-12").await.session()];
        for _ in 0..2 {
            browsers.push(world.sign_in(ANA, PASSWORD).await.session());
        }
        Self { individual, account, browsers }
    }

    async fn act(&self, world: &World, staff: &Session, action: &str) -> Answer {
        act(world, staff, &self.individual, &self.account, action, json!({})).await
    }

    /// Every cookie she was given opens nothing any more.
    async fn is_signed_out_everywhere(&self, world: &World) {
        for browser in &self.browsers {
            for (method, path) in [(Method::GET, "/home"), (Method::POST, "/session/extend")] {
                let answer = world.portal(method, path).by(browser).send().await;
                assert_eq!(answer.refused(401), "session_ended", "{path}");
            }
        }
    }
}

async fn act(
    world: &World,
    staff: &Session,
    individual: &str,
    account: &str,
    action: &str,
    body: Value,
) -> Answer {
    // The history tells what came first.
    world.advance(Duration::seconds(1));
    let path = format!("/individuals/{individual}/accounts/{account}/{action}");
    let call = world.admin(Method::POST, &path).by(staff).header("idempotency-key", world.key());
    if body == json!({}) { call.send().await } else { call.json(body).send().await }
}

async fn record(world: &World, staff: &Session, individual: &str) -> Value {
    world.admin(Method::GET, &format!("/individuals/{individual}")).by(staff).send().await.ok()
}

/// The right password is answered as a wrong one, and as an address that nobody has.
async fn cannot_sign_in(world: &World) {
    let right = world.sign_in(ANA, PASSWORD).await;
    assert_eq!(right.refused(401), "sign_in_failed");
    for other in [world.sign_in(ANA, WRONG).await, world.sign_in("nobody@example.org", PASSWORD).await] {
        assert_eq!((other.status, &other.bytes), (right.status, &right.bytes));
    }
}

async fn rules(world: &World, staff: &Session, individual: &str) -> Vec<String> {
    let path = format!("/individuals/{individual}/history");
    let history = world.admin(Method::GET, &path).by(staff).send().await.ok();
    let rules = history["entries"].as_array().unwrap().iter();
    rules.filter_map(|entry| entry["transition"]["rule"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_suspended_client_is_out_everywhere_until_a_worker_unlocks() {
    let world = World::new().await;
    let staff = world.staff(CLINICAL).await;
    let ana = Ana::in_use(&world, &staff).await;
    let mails = world.local.mails().unwrap().len();

    let suspended = ana.act(&world, &staff, "suspend").await.ok();
    assert_eq!((&suspended["state"], &suspended["reason"]), (&json!("locked"), &json!("suspended")));
    ana.is_signed_out_everywhere(&world).await;
    cannot_sign_in(&world).await;

    let unlocked = ana.act(&world, &staff, "unlock").await.ok();
    assert_eq!((&unlocked["state"], &unlocked["reason"]), (&json!("active"), &json!(null)));
    ana.is_signed_out_everywhere(&world).await;
    world.advance(Duration::seconds(1));
    world.sign_in(ANA, PASSWORD).await.ok();
    world.drain().await;
    assert_eq!(world.local.mails().unwrap().len(), mails, "nobody is written to");
    assert_eq!(rules(&world, &staff, &ana.individual).await[..3], ["sign_in", "A12", "A11"]);
}

#[tokio::test]
async fn what_wrong_passwords_locked_a_worker_unlocks_and_the_count_begins_anew() {
    let world = World::new().await;
    let staff = world.staff(CLINICAL).await;
    let ana = Ana::in_use(&world, &staff).await;
    let wrongly = async |times: u32| {
        for _ in 0..times {
            world.sign_in(ANA, WRONG).await.refused(401);
        }
    };
    wrongly(10).await;
    assert_eq!(world.sign_in(ANA, PASSWORD).await.refused(401), "sign_in_failed");
    assert_eq!(ana.act(&world, &staff, "unlock").await.ok()["state"], "active");
    wrongly(9).await;
    world.sign_in(ANA, PASSWORD).await.ok();

    // Locked by wrong passwords, it can be suspended, which more of them don't change.
    world.advance(Duration::hours(2));
    wrongly(10).await;
    let staff = world.staff(CLINICAL).await;
    let suspended = ana.act(&world, &staff, "suspend").await.ok();
    assert_eq!((&suspended["reason"], &suspended["alerts"]), (&json!("suspended"), &json!([])));
}

#[tokio::test]
async fn a_disabled_account_keeps_its_address_and_comes_back_as_an_invitation() {
    let world = World::with(|file| file["licences"] = json!(1)).await;
    let staff = world.staff(INTAKE).await;
    let ana = Ana::in_use(&world, &staff).await;
    let elodie = world.individual(&staff, "T-02").await;
    assert_eq!(world.create(&staff, &elodie, json!({})).await.refused(409), "no_licence");

    assert_eq!(ana.act(&world, &staff, "disable").await.ok()["state"], "disabled");
    ana.is_signed_out_everywhere(&world).await;
    cannot_sign_in(&world).await;
    // The licence is free, the address isn't.
    let hers = json!({ "email": ANA, "confirm_email": true });
    assert_eq!(world.create(&staff, &elodie, hers).await.refused(409), "address_taken");
    let created = world.create(&staff, &elodie, json!({})).await.ok();
    let full = ana.act(&world, &staff, "enable").await;
    assert_eq!(full.refused(409), "no_licence");
    let other = created["account"]["account_id"].as_str().unwrap();
    act(&world, &staff, &elodie, other, "close", json!({})).await.ok();

    let enabled = ana.act(&world, &staff, "enable").await.ok();
    assert_eq!(enabled["account"]["account_id"], ana.account.as_str(), "the same account");
    assert_eq!(enabled["account"]["state"], "pending");
    cannot_sign_in(&world).await;
    world.drain().await;
    assert_eq!(world.local.mails().unwrap().last().unwrap().to, [ANA]);
    let token = world.newest_token();
    assert_eq!(world.look(&token).await["attempts_left"], 3);
    world.advance(Duration::seconds(1));
    world.activate(&token, "1985-04-12").await.ok();
    assert_eq!(rules(&world, &staff, &ana.individual).await[..3], ["A5", "A14", "A13"]);
}

#[tokio::test]
async fn creating_enables_what_is_disabled_by_those_who_may_and_closing_ends_it() {
    let world = World::new().await;
    let (staff, clinical) = (world.staff(INTAKE).await, world.staff(CLINICAL).await);
    let mut ana = Ana::in_use(&world, &staff).await;
    ana.act(&world, &staff, "disable").await.ok();
    assert_eq!(record(&world, &staff, &ana.individual).await["actions"], json!(["enable", "close"]));
    assert_eq!(record(&world, &clinical, &ana.individual).await["actions"], json!([]));
    assert_eq!(world.create(&clinical, &ana.individual, json!({})).await.refused(409), "account_open");
    let enabled = world.create(&staff, &ana.individual, json!({})).await.ok();
    assert_eq!(enabled["account"]["account_id"], ana.account.as_str());
    world.drain().await;
    ana.browsers.push(world.activate(&world.newest_token(), "1985-04-12").await.session());
    ana.browsers.push(world.sign_in(ANA, PASSWORD).await.session());
    assert_eq!(ana.act(&world, &staff, "close").await.ok()["reason"], "closed_by_worker");
    ana.is_signed_out_everywhere(&world).await;
    cannot_sign_in(&world).await;
}

#[tokio::test]
async fn an_invitation_put_aside_opens_nothing() {
    let world = World::new().await;
    let staff = world.staff(ADMIN_EXEC).await;
    let (individual, account, token) = world.invite(&staff, "T-01").await;
    assert_eq!(world.activate(&token, "1985-04-13").await.refused(422), "birth_date_wrong");
    act(&world, &staff, &individual, &account, "disable", json!({})).await.ok();
    assert_eq!(world.look(&token).await["link"], "contact_agency");
    assert_eq!(world.activate(&token, "1985-04-12").await.refused(410), "link_closed");
    // Months later, still: nothing expires.
    world.advance(Duration::days(100));
    world.drain().await;
    let staff = world.staff(ADMIN_EXEC).await;
    assert_eq!(record(&world, &staff, &individual).await["account"]["state"], "disabled");
    act(&world, &staff, &individual, &account, "enable", json!({})).await.ok();
    world.drain().await;
    assert_eq!(world.look(&token).await["link"], "superseded");
    assert_eq!(world.look(&world.newest_token()).await["attempts_left"], 3, "the count begins anew");
}

#[tokio::test]
async fn enabling_is_guarded_as_creating_is() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let ana = Ana::in_use(&world, &staff).await;
    world.invite(&staff, "T-02").await;
    ana.act(&world, &staff, "disable").await.ok();
    let enable = async |body: Value| act(&world, &staff, &ana.individual, &ana.account, "enable", body).await;
    assert_eq!(enable(json!({ "email": "ana@else.example.org" })).await.refused(409), "address_differs");
    assert_eq!(enable(json!({ "email": "no address" })).await.refused(400), "invalid_request");
    let taken = json!({ "email": "elodie.fournier@example.org", "confirm_email": true });
    assert_eq!(enable(taken).await.refused(409), "address_taken");
    assert_eq!(enable(json!({ "age_override_reason": " " })).await.refused(403), "age_override_not_allowed");
    let path = format!("/individuals/{}/accounts/{}/enable", ana.individual, ana.account);
    assert_eq!(
        world.admin(Method::POST, &path).by(&staff).send().await.refused(400),
        "idempotency_key_missing"
    );

    let moved = enable(json!({ "email": "ana@else.example.org", "confirm_email": true })).await.ok();
    assert_eq!(moved["account"]["email"], "ana@else.example.org");
    world.drain().await;
    world.activate(&world.newest_token(), "1985-04-12").await.ok();
    world.sign_in("ana@else.example.org", PASSWORD).await.ok();
    assert_eq!(world.sign_in(ANA, PASSWORD).await.refused(401), "sign_in_failed");
}

#[tokio::test]
async fn a_forced_reset_ends_sessions_and_outlives_locks() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let ana = Ana::in_use(&world, &staff).await;
    let forced = ana.act(&world, &staff, "force-reset").await.ok();
    assert_eq!((&forced["state"], &forced["must_reset"]), (&json!("active"), &json!(true)));
    ana.is_signed_out_everywhere(&world).await;
    assert_eq!(world.sign_in(ANA, PASSWORD).await.refused(403), "must_reset");
    assert_eq!(world.sign_in(ANA, WRONG).await.refused(401), "sign_in_failed");
    for (action, state) in [("suspend", "locked"), ("force-reset", "locked"), ("unlock", "active")] {
        let now = ana.act(&world, &staff, action).await.ok();
        assert_eq!((&now["state"], &now["must_reset"]), (&json!(state), &json!(true)), "{action}");
    }
    assert_eq!(world.sign_in(ANA, PASSWORD).await.refused(403), "must_reset");
}

#[tokio::test]
async fn whoever_was_never_activated_is_invited_again_into_a_new_account() {
    let world = World::new().await;
    for closing in ["expired", "cancelled", "wrong_birth_date"] {
        let before = world.local.snapshot().unwrap();
        let staff = world.staff(INTAKE).await;
        let individual = world.individual(&staff, "T-01").await;
        let elsewhere = json!({ "email": "ana@else.example.org", "confirm_email": true });
        let created = world.create(&staff, &individual, elsewhere).await.ok();
        world.drain().await;
        let (account, token) = (created["account"]["account_id"].as_str().unwrap(), world.newest_token());
        match closing {
            "expired" => {
                world.advance(Duration::days(7));
                world.drain().await;
            }
            "cancelled" => drop(act(&world, &staff, &individual, account, "close", json!({})).await.ok()),
            _ => {
                for _ in 0..3 {
                    assert!(!world.activate(&token, "1985-04-13").await.status.is_success());
                }
            }
        }
        let staff = world.staff(INTAKE).await;
        let told = record(&world, &staff, &individual).await;
        assert_eq!(told["closed_accounts"][0]["reason"], closing);
        assert_eq!(told["actions"], json!(["create", "reopen"]));

        let path = format!("/individuals/{individual}/accounts/{account}/resend");
        let call =
            || world.admin(Method::POST, &path).by(&staff).header("idempotency-key", "one-and-the-same");
        let again = call().send().await.ok();
        assert_ne!(again["account"]["account_id"], account);
        assert_eq!(again["account"]["email"], "ana@else.example.org", "the closed one's address");
        assert_eq!(call().send().await.ok(), again, "repeated");
        let anew = act(&world, &staff, &individual, account, "resend", json!({})).await;
        assert_eq!(anew.refused(409), "account_open", "there is one now");

        let told = record(&world, &staff, &individual).await;
        assert_eq!(told["account"], again["account"]);
        assert_eq!(told["closed_accounts"][0]["account_id"], account, "joined to the same history");
        assert_eq!(
            told["closed_accounts"][0]["alerts"],
            json!([]),
            "and nothing of it needs a worker any more"
        );
        world.drain().await;
        assert_eq!(world.look(&token).await["link"], "closed");
        let newer = world.newest_token();
        assert_eq!(world.look(&newer).await["attempts_left"], 3);
        world.activate(&newer, "1985-04-12").await.ok();
        world.local.restore(&before).unwrap();
    }
}

#[tokio::test]
async fn inviting_again_is_guarded_and_what_a_worker_closed_stays_closed() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (individual, account, _) = world.invite(&staff, "T-01").await;
    let resend =
        async |account: &str, body: Value| act(&world, &staff, &individual, account, "resend", body).await;
    let edited = resend(&account, json!({ "email": "ana@else.example.org" })).await;
    assert_eq!(
        (edited.refused(400), &edited.json()["parameters"]["field"]),
        ("invalid_request".into(), &json!("email"))
    );

    act(&world, &staff, &individual, &account, "close", json!({})).await.ok();
    let differs = json!({ "email": "ana@else.example.org" });
    assert_eq!(resend(&account, differs).await.refused(409), "address_differs");
    let confirmed = json!({ "email": "ana@else.example.org", "confirm_email": true });
    let again = resend(&account, confirmed).await.ok();
    world.drain().await;
    assert_eq!(world.local.mails().unwrap().last().unwrap().to, ["ana@else.example.org"]);
    world.activate(&world.newest_token(), "1985-04-12").await.ok();

    let second = again["account"]["account_id"].as_str().unwrap();
    act(&world, &staff, &individual, second, "close", json!({})).await.ok();
    assert_eq!(resend(second, json!({})).await.refused(409), "resend_not_possible");
    assert_eq!(record(&world, &staff, &individual).await["actions"], json!(["create"]));
}

/// In each state: what is offered works, and whatever isn't is refused with the state and the action.
#[tokio::test]
async fn what_is_offered_works_and_all_else_is_refused_with_state_and_action() {
    const ACTIONS: [(&str, &str); 7] = [
        ("resend", "resend"),
        ("suspend", "suspend"),
        ("unlock", "unlock"),
        ("force-reset", "force_reset"),
        ("disable", "disable"),
        ("enable", "enable"),
        ("close", "close"),
    ];
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (individual, account, token) = world.invite(&staff, "T-01").await;
    let mut offered = Vec::new();
    for step in ["", "activate", "suspend", "disable", "close"] {
        match step {
            "" => {}
            "activate" => drop(world.activate(&token, "1985-04-12").await.ok()),
            _ => drop(act(&world, &staff, &individual, &account, step, json!({})).await.ok()),
        }
        let told = record(&world, &staff, &individual).await;
        let actions = told["actions"].as_array().unwrap();
        offered.push(actions.iter().filter(|action| *action != "create").count());
        let state = told["account"]["state"].as_str().unwrap_or("closed").to_owned();
        for (path, action) in ACTIONS {
            let before = world.local.snapshot().unwrap();
            let answer = act(&world, &staff, &individual, &account, path, json!({})).await;
            if actions.contains(&json!(action)) {
                answer.ok();
                // Twice without a key is another request, which the new state may refuse.
            } else if (state.as_str(), action) == ("closed", "resend") {
                assert_eq!(answer.refused(409), "resend_not_possible");
            } else {
                assert_eq!(answer.refused(409), "account_state", "{action} in {state}");
                let parameters = &answer.json()["parameters"];
                assert_eq!((&parameters["state"], &parameters["action"]), (&json!(state), &json!(action)));
            }
            world.local.restore(&before).unwrap();
        }
    }
    assert_eq!(offered, [3, 4, 4, 2, 0]);
}

#[tokio::test]
async fn workers_who_disable_at_once_give_one_licence_back() {
    let world = World::with(|file| file["licences"] = json!(1)).await;
    let staff = world.staff(INTAKE).await;
    let ana = Ana::in_use(&world, &staff).await;
    let answers = join_all((0..6).map(|_| ana.act(&world, &staff, "disable"))).await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status.is_success());
    assert_eq!(done.len(), 1);
    for answer in refused {
        assert!(["account_state", "conflict"].contains(&answer.refused(409).as_str()));
    }
    let elodie = world.individual(&staff, "T-02").await;
    world.create(&staff, &elodie, json!({})).await.ok();
    let jose = world.individual(&staff, "T-03").await;
    assert_eq!(world.create(&staff, &jose, json!({})).await.refused(409), "no_licence");
}

#[tokio::test]
async fn a_repeated_call_is_answered_as_the_first_and_done_once() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let ana = Ana::in_use(&world, &staff).await;
    for action in ["suspend", "unlock", "force-reset", "disable", "enable"] {
        let path = format!("/individuals/{}/accounts/{}/{action}", ana.individual, ana.account);
        let key = world.key();
        world.advance(Duration::seconds(1));
        let call = || world.admin(Method::POST, &path).by(&staff).header("idempotency-key", key.clone());
        let first = call().send().await.ok();
        assert_eq!(call().send().await.ok(), first, "{action}");
        let body = call().json(json!({ "unknown": true })).send().await;
        assert_eq!(body.refused(400), "invalid_request", "{action}");
    }
    let rules = rules(&world, &staff, &ana.individual).await;
    assert_eq!(rules[..5], ["A14", "A13", "A16", "A12", "A11"]);
}
