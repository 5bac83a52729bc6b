//! *My ClientConnect*: what a client sees of their own account, and the language they read.

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, INTAKE, PASSWORD, SYSTEM, Session, World};

const ANA: &str = "ana.delgado@example.org";
const NEW: &str = "Ana.New@example.org";

/// Ana, signed in.
async fn ana(world: &World) -> Session {
    let (_, _, token) = world.invite(&world.staff(INTAKE).await, "T-01").await;
    world.activate(&token, "1985-04-12").await.session()
}

async fn account(world: &World, client: &Session) -> Value {
    world.portal(Method::GET, "/account").by(client).send().await.ok()
}

#[tokio::test]
async fn a_client_sees_their_account_and_what_they_accepted() {
    let world = World::new().await;
    let client = ana(&world).await;
    let seen = account(&world, &client).await;
    assert_eq!(
        (&seen["email"], &seen["language"], &seen["language_chosen"]),
        (&json!(ANA), &json!("en"), &json!(false))
    );
    assert_eq!(
        (&seen["accepted"]["privacy_version"], &seen["accepted"]["terms_version"]),
        (&json!(1), &json!(1))
    );
    assert_eq!((&seen["last_sign_in"], &seen["email_change"]), (&seen["accepted"]["at"], &json!(null)));

    world.advance(Duration::hours(2));
    let client = world.sign_in(ANA, PASSWORD).await.session();
    assert_ne!(account(&world, &client).await["last_sign_in"], seen["last_sign_in"]);
}

#[tokio::test]
async fn a_client_reads_the_language_they_chose() {
    let world = World::new().await;
    let client = ana(&world).await;
    let choose = async |language: &str| {
        world.portal(Method::PUT, "/language").by(&client).json(json!({ "language": language })).send().await
    };
    for _ in 0..2 {
        assert_eq!(choose("fr").await.ok(), json!({ "language": "fr" }));
    }
    assert_eq!(choose("de").await.refused(400), "invalid_request");
    let seen = account(&world, &client).await;
    assert_eq!((&seen["language"], &seen["language_chosen"]), (&json!("fr"), &json!(true)));
    assert_eq!(world.portal(Method::GET, "/home").by(&client).send().await.ok()["language"], "fr");

    let staff = world.staff(INTAKE).await;
    let individual = world.individual(&staff, "T-01").await;
    let history =
        world.admin(Method::GET, &format!("/individuals/{individual}/history")).by(&staff).send().await.ok();
    let events = history.to_string();
    assert_eq!(events.matches("language_chosen").count(), 1, "chosen twice, told once: {events}");
}

async fn want(world: &World, client: &Session, email: &str) -> Answer {
    let wanted = json!({ "email": email, "password": PASSWORD });
    world.portal(Method::POST, "/email-change").by(client).json(wanted).send().await
}

async fn confirm(world: &World, client: &Session, code: &str) -> Answer {
    world.portal(Method::POST, "/email-change/confirm").by(client).json(json!({ "code": code })).send().await
}

/// Asks for another sign-in email, and reads the code in the mail to it.
async fn code_for(world: &World, client: &Session, email: &str) -> String {
    want(world, client, email).await.ok();
    world.drain().await;
    assert_eq!(world.local.mails().unwrap().last().unwrap().to, [email.to_lowercase()]);
    world.newest_code()
}

/// Eight digits that aren't these.
fn another(code: &str) -> String {
    code.chars()
        .map(|c| {
            if c == '9' {
                '8'
            } else if c.is_ascii_digit() {
                '9'
            } else {
                c
            }
        })
        .collect()
}

#[tokio::test]
async fn a_client_signs_in_with_another_email_and_both_addresses_are_told() {
    let world = World::new().await;
    let client = ana(&world).await;
    let elsewhere = world.sign_in(ANA, PASSWORD).await.session();
    let code = code_for(&world, &client, NEW).await;
    let wanted = account(&world, &client).await["email_change"].clone();
    assert_eq!((&wanted["email"], &wanted["tries_left"]), (&json!(NEW), &json!(5)));
    assert_eq!(account(&world, &elsewhere).await["email_change"], json!(null));
    world.sign_in(NEW, PASSWORD).await.refused(401);

    let digits: String = code.chars().filter(char::is_ascii_digit).collect();
    let spaced = format!(" {} {} ", &digits[..3], &digits[3..]);
    assert_eq!(confirm(&world, &client, &spaced).await.ok(), json!({ "email": NEW }));
    assert_eq!(confirm(&world, &client, &code).await.refused(409), "no_email_change");
    let seen = account(&world, &elsewhere).await;
    assert_eq!((&seen["email"], &seen["email_change"]), (&json!(NEW), &json!(null)));

    let before = world.local.mails().unwrap().len();
    world.drain().await;
    let mails = world.local.mails().unwrap().split_off(before);
    let to: std::collections::BTreeSet<_> = mails.iter().flat_map(|mail| mail.to.clone()).collect();
    assert_eq!((mails.len(), to), (2, [ANA.to_owned(), NEW.to_lowercase()].into()));
    let left = mails.iter().find(|mail| mail.to == [ANA]).unwrap();
    assert!(!left.text.to_lowercase().contains("ana.new") && !left.html.to_lowercase().contains("ana.new"));

    assert_eq!(world.sign_in(ANA, PASSWORD).await.refused(401), "sign_in_failed");
    world.sign_in(NEW, PASSWORD).await.ok();
    // The former address is free again: for others, and to come back to.
    let code = code_for(&world, &client, ANA).await;
    confirm(&world, &client, &code).await.ok();
    world.sign_in(ANA, PASSWORD).await.ok();
}

#[tokio::test]
async fn a_code_is_worth_something_in_its_own_session_for_ten_minutes_and_five_tries() {
    let world = World::new().await;
    let client = ana(&world).await;
    let elsewhere = world.sign_in(ANA, PASSWORD).await.session();
    assert_eq!(confirm(&world, &client, "1234 5678").await.refused(409), "no_email_change");

    let [first, other] = [code_for(&world, &client, NEW).await, code_for(&world, &elsewhere, NEW).await];
    for (session, code) in [(&client, &other), (&elsewhere, &first)] {
        assert_eq!(confirm(&world, session, code).await.refused(422), "code_wrong");
    }
    // A newer one takes the older one's place, and has tries of its own.
    let code = code_for(&world, &client, "ana.newer@example.org").await;
    let before = world.local.snapshot().unwrap();
    let wrong = std::iter::once(first).chain(std::iter::repeat_n(another(&code), 4));
    for (code, left) in wrong.zip([4, 3, 2, 1, 0]) {
        let refused = confirm(&world, &client, &code).await;
        assert_eq!(refused.refused(422), "code_wrong");
        assert_eq!(refused.json()["parameters"]["tries_left"], left);
    }
    assert_eq!(confirm(&world, &client, &code).await.refused(410), "code_expired");
    assert_eq!(account(&world, &client).await["email_change"], json!(null));

    for (minutes, status) in [(10, 410), (9, 200)] {
        world.local.restore(&before).unwrap();
        world.advance(Duration::minutes(minutes));
        assert_eq!(confirm(&world, &client, &code).await.status, status, "after {minutes} minutes");
    }
}

#[tokio::test]
async fn tries_made_at_once_are_five_all_the_same() {
    let world = World::new().await;
    let client = ana(&world).await;
    let code = code_for(&world, &client, NEW).await;
    let wrong = another(&code);
    let answers = futures_util::future::join_all((0..12).map(|_| confirm(&world, &client, &wrong))).await;
    let looked_at = answers.iter().filter(|answer| answer.status == 422).count();
    assert_eq!((looked_at, answers.iter().filter(|answer| answer.status == 410).count()), (5, 7));
    assert_eq!(confirm(&world, &client, &code).await.refused(410), "code_expired");
    world.sign_in(ANA, PASSWORD).await.ok();
}

#[tokio::test]
async fn that_an_address_is_taken_is_told_to_whoever_reads_its_mail_and_to_nobody_else() {
    let world = World::new().await;
    let client = ana(&world).await;
    let (_, _, token) = world.invite(&world.staff(INTAKE).await, "T-02").await;
    world.activate(&token, "1990-02-28").await.ok();
    let (free, taken) =
        (want(&world, &client, NEW).await, want(&world, &client, "elodie.fournier@example.org").await);
    let told = |answer: &Answer, email: &str| answer.text().replace(email, "");
    assert_eq!(told(&free, NEW), told(&taken, "elodie.fournier@example.org"));
    world.drain().await;
    let code = world.newest_code();
    assert_eq!(confirm(&world, &client, &another(&code)).await.refused(422), "code_wrong");
    assert_eq!(confirm(&world, &client, &code).await.refused(409), "address_taken");
    assert_eq!(account(&world, &client).await["email"], ANA);
    world.sign_in(ANA, PASSWORD).await.ok();
    world.sign_in("elodie.fournier@example.org", PASSWORD).await.ok();
}

#[tokio::test]
async fn another_email_is_asked_for_with_the_password_and_three_times_an_hour() {
    let world = World::new().await;
    let client = ana(&world).await;
    for (email, code, status) in [
        (" ", "email_empty", 422),
        ("ana", "email_form", 422),
        ("añita@example.org", "email_non_ascii_local_part", 422),
        ("ana..new@example.org", "email_local_part", 422),
        ("ana@example", "email_domain", 422),
        (&format!("{}@example.org", "a".repeat(65)), "email_too_long", 422),
        ("ANA.Delgado@example.org", "same_address", 409),
    ] {
        assert_eq!(want(&world, &client, email).await.refused(status), code, "{email}");
    }
    let guess = async || {
        let wanted = json!({ "email": NEW, "password": "not the password at all" });
        world.portal(Method::POST, "/email-change").by(&client).json(wanted).send().await
    };
    assert_eq!(guess().await.refused(422), "current_password_wrong");
    world.drain().await;
    assert!(world.local.mails().unwrap().iter().all(|mail| mail.to != [NEW.to_lowercase()]));

    for _ in 0..3 {
        want(&world, &client, NEW).await.ok();
    }
    let waits = want(&world, &client, NEW).await;
    assert_eq!(waits.refused(429), "too_many_requests");
    assert!(waits.headers.contains_key("retry-after"));
    // Guessing at the password ends sooner than it gets anywhere, and the client signs in all the same.
    let mut last = guess().await;
    for _ in 0..8 {
        last = guess().await;
    }
    assert_eq!(last.refused(429), "too_many_requests");
    world.sign_in(ANA, PASSWORD).await.ok();
}

#[tokio::test]
async fn the_next_mail_is_in_the_language_the_client_chose() {
    let world = World::new().await;
    let client = ana(&world).await;
    let mut texts = Vec::new();
    for language in ["en", "fr", "es"] {
        let chosen = json!({ "language": language });
        world.portal(Method::PUT, "/language").by(&client).json(chosen).send().await.ok();
        code_for(&world, &client, NEW).await;
        let mail = world.local.mails().unwrap().pop().unwrap();
        assert!(mail.html.contains(&format!("lang=\"{language}\"")), "{language}");
        texts.push(mail.text);
    }
    assert!(texts[0] != texts[1] && texts[1] != texts[2]);
}

/// Saves what a client wants to be written about, and where to.
async fn choose_messages(world: &World, client: &Session, updates: bool, contact: &Value) -> Answer {
    let wanted = json!({ "event_confirmations": true, "event_updates": updates, "contact_id": contact });
    world.portal(Method::PUT, "/account/messages").by(client).json(wanted).send().await
}

#[tokio::test]
async fn a_client_chooses_which_messages_come_and_where_to() {
    let world = World::new().await;
    let client = ana(&world).await;
    let messages = account(&world, &client).await["messages"].clone();
    assert_eq!((&messages["event_confirmations"], &messages["event_updates"]), (&json!(true), &json!(true)));
    let first = messages["contact_id"].clone();
    assert_eq!(messages["contacts"], json!([{ "contact_id": first, "value": ANA }]));
    let add = world
        .portal(Method::POST, "/profile/contacts")
        .by(&client)
        .header("idempotency-key", "second-contact");
    let contact = json!({ "kind": "email", "value": "Second@example.org", "use_contact": true });
    let second = add.json(json!({ "contact": contact })).send().await.ok()["contact_id"].clone();
    // An open session is not enough to have messages sent anywhere: the agency has to have recorded consent once.
    assert_eq!(choose_messages(&world, &client, true, &second).await.refused(409), "contact_not_in_use");
    let staff = world.staff(INTAKE).await;
    let individual = world.individual(&staff, "T-01").await;
    for contact in [&second, &first] {
        let path = format!("/individuals/{individual}/communication-settings");
        let consent = world.admin(Method::PUT, &path).by(&staff);
        consent.json(json!({ "email_contact_id": contact })).send().await.ok();
    }
    assert_eq!(account(&world, &client).await["messages"]["contacts"].as_array().unwrap().len(), 2);

    for _ in 0..2 {
        let chosen = choose_messages(&world, &client, false, &second).await.ok();
        assert_eq!((&chosen["event_updates"], &chosen["contact_id"]), (&json!(false), &second));
        assert_eq!(account(&world, &client).await["messages"], chosen);
    }
    let record = world.admin(Method::GET, &format!("/individuals/{individual}")).by(&staff).send().await.ok();
    let communication = &record["individual"]["communication"];
    assert_eq!(
        (&communication["consented_contact_id"], &communication["event_updates"]),
        (&second, &json!(false))
    );
    let given = communication["history"].as_array().unwrap();
    assert_eq!(given.len(), 4, "chosen twice, consented once: {communication}");
    assert!(given[3]["by"].as_str().unwrap().starts_with("acc_"), "{communication}");
}

#[tokio::test]
async fn messages_go_to_a_contact_of_ones_own_that_is_in_use() {
    let world = World::new().await;
    let client = ana(&world).await;
    let staff = world.staff(INTAKE).await;
    let other = world.individual(&staff, "T-02").await;
    let other = world.admin(Method::GET, &format!("/individuals/{other}")).by(&staff).send().await.ok();
    let theirs = &other["individual"]["contacts"][0]["contact_id"];
    assert!(theirs.is_string(), "{other}");
    let profile = world.portal(Method::GET, "/profile").by(&client).send().await.ok();
    let phone = profile["contacts"].as_array().unwrap().iter().find(|contact| contact["kind"] == "phone");
    for contact in [Some(theirs), phone.map(|phone| &phone["contact_id"])].into_iter().flatten() {
        let refused = choose_messages(&world, &client, true, contact).await;
        assert_eq!(refused.refused(409), "contact_not_in_use");
    }
    assert_eq!(choose_messages(&world, &client, true, &Value::Null).await.refused(400), "invalid_request");
}

#[tokio::test]
async fn while_the_agency_sends_only_one_kind_there_is_nothing_to_choose() {
    let world = World::new().await;
    let client = ana(&world).await;
    let contact = account(&world, &client).await["messages"]["contact_id"].clone();
    let system = world.staff(SYSTEM).await;
    let now = world.admin(Method::GET, "/settings").by(&system).send().await.ok();
    let mut body = json!({ "version": now["version"], "communications": now["communications"] });
    body["communications"]["client_messages"]["event_updates"] = json!(false);
    world.admin(Method::PUT, "/settings/communications").by(&system).json(body).send().await.ok();
    world.advance(Duration::minutes(1));
    assert_eq!(account(&world, &client).await["messages"], Value::Null);
    let home = world.portal(Method::GET, "/home").by(&client).send().await.ok();
    assert_eq!(home["features"]["message_preferences"], false);
    let refused = choose_messages(&world, &client, true, &contact).await;
    assert_eq!(refused.refused(403), "message_preferences_off");
}
