//! Configuring the agency, and what its clients and workers then see.

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    ADMIN_EXEC, Answer, CLINICAL, INTAKE, PASSWORD, SYSTEM, Session, World, activation, agency_file,
};

const CLIENT_CONNECT: [&str; 6] = ["general", "about_me", "agency", "advanced", "request_service", "billing"];
const ANA: &str = "ana.delgado@example.org";
const ANA_BORN: &str = "1985-04-12";

/// A System Administrator at work.
struct Setup<'w> {
    world: &'w World,
    by: Session,
}

impl<'w> Setup<'w> {
    async fn of(world: &'w World) -> Self {
        Self { world, by: world.staff(SYSTEM).await }
    }

    async fn get(&self) -> Value {
        self.read("/settings").await
    }

    async fn read(&self, path: &str) -> Value {
        self.world.admin(Method::GET, path).by(&self.by).send().await.ok()
    }

    async fn put(&self, path: &str, body: Value) -> Answer {
        self.world.admin(Method::PUT, path).by(&self.by).json(body).send().await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.world.admin(Method::POST, path).by(&self.by).json(body).send().await
    }

    /// *ClientConnect setup* as it is, to be changed and put.
    async fn client_connect(&self, change: impl FnOnce(&mut Value)) -> Value {
        let now = self.get().await;
        let mut body = json!({ "version": now["version"] });
        for section in CLIENT_CONNECT {
            body[section] = now[section].clone();
        }
        change(&mut body);
        body
    }

    /// The same, saved and seen by everybody.
    async fn save(&self, change: impl FnOnce(&mut Value)) -> Value {
        let body = self.client_connect(change).await;
        let saved = self.put("/settings/client-connect", body).await.ok();
        self.pass();
        saved
    }

    async fn communications(&self, change: impl FnOnce(&mut Value)) -> Value {
        let now = self.get().await;
        let mut body = json!({ "version": now["version"], "communications": now["communications"] });
        change(&mut body);
        body
    }

    async fn publish(&self, kind: &str, texts: Value) -> Answer {
        let body = json!({ "version": self.get().await["version"], "texts": texts });
        self.put(&format!("/settings/texts/{kind}"), body).await
    }

    /// The time after which a saved change shows everywhere.
    fn pass(&self) {
        self.world.advance(Duration::seconds(31));
    }

    async fn agency(&self) -> Value {
        self.world.portal(Method::GET, "/agency").send().await.ok()
    }
}

async fn activated(world: &World) -> Session {
    let (_, _, token) = world.invite(&world.staff(INTAKE).await, "T-01").await;
    let activated = world.activate(&token, ANA_BORN).await;
    activated.ok();
    activated.session()
}

#[tokio::test]
async fn a_saved_change_shows_within_a_minute_and_is_a_version_that_can_be_brought_back() {
    let world = World::set_up().await;
    let setup = Setup::of(&world).await;
    let first = setup.get().await;
    assert_eq!((&first["version"], &first["saved_by"]), (&json!(1), &json!(null)));
    let before = setup.agency().await;
    let saved = setup
        .save(|body| {
            body["agency"]["phone"] = json!("+1 416-555-0199");
            body["general"]["password_minimum"] = json!(20);
            body["advanced"]["availability"] = json!([{ "day": "friday", "from": "10:00", "to": "12:30" }]);
        })
        .await;
    assert_eq!((&saved["version"], &saved["saved_by"]), (&json!(2), &json!("Robin Ashdown")));
    let told = setup.agency().await;
    assert_eq!(
        [&told["agency"]["phone"], &told["password_minimum"], &told["theme_version"]],
        [&json!("+1 416-555-0199"), &json!(20), &json!(2)]
    );
    assert_eq!(told["availability"], json!([{ "day": "friday", "from": "10:00", "to": "12:30" }]));

    let listed = setup.read("/settings/versions").await;
    let [second, first] = listed["versions"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!([&first["section"], &second["section"]], ["set_up", "client_connect"]);
    assert_eq!((&second["by"]["name"], &first["by"]), (&json!("Robin Ashdown"), &json!(null)));
    let fields: Vec<_> =
        second["changes"].as_array().unwrap().iter().map(|change| &change["field"]).collect();
    assert_eq!(fields, ["advanced.availability", "agency.phone", "general.password_minimum"]);
    assert_eq!([&second["changes"][2]["before"], &second["changes"][2]["after"]], [15, 20]);

    let restored = setup.post("/settings/versions/1/restore", json!({ "version": 2 })).await.ok();
    assert_eq!(restored["version"], 3);
    setup.pass();
    let after = setup.agency().await;
    assert_eq!((&after["agency"], &after["availability"]), (&before["agency"], &before["availability"]));
    let again = setup.post("/settings/versions/1/restore", json!({ "version": 2 })).await.ok();
    assert_eq!(again["version"], 3, "repeated, it has the effect of one");
    assert_eq!(
        setup.post("/settings/versions/9/restore", json!({ "version": 3 })).await.refused(404),
        "not_found"
    );
}

#[tokio::test]
async fn of_two_at_once_the_second_is_told_who_was_first_and_nothing_is_lost() {
    let world = World::set_up().await;
    let setup = Setup::of(&world).await;
    let theirs = setup.client_connect(|body| body["general"]["minimum_age"] = json!(16)).await;
    let mine = setup.client_connect(|body| body["general"]["idle_minutes"] = json!(5)).await;
    setup.put("/settings/client-connect", theirs.clone()).await.ok();
    let refused = setup.put("/settings/client-connect", mine).await;
    assert_eq!(refused.refused(409), "settings_changed");
    let parameters = &refused.json()["parameters"];
    assert_eq!((&parameters["version"], &parameters["by"]), (&json!(2), &json!("Robin Ashdown")));
    assert!(parameters["at"].is_string());
    let now = setup.get().await;
    assert_eq!((&now["general"]["minimum_age"], &now["general"]["idle_minutes"]), (&json!(16), &json!(15)));
    assert_eq!(setup.put("/settings/client-connect", theirs).await.ok()["version"], 2, "saved already");

    let text = json!({ "version": 2, "texts": { "en": "# Mine", "fr": null, "es": null } });
    setup.put("/settings/texts/terms", text.clone()).await.ok();
    assert_eq!(setup.put("/settings/texts/terms", text).await.ok()["version"], 3, "published already");
    let other = json!({ "version": 2, "texts": { "en": "# Another", "fr": null, "es": null } });
    assert_eq!(setup.put("/settings/texts/terms", other).await.refused(409), "settings_changed");
}

#[tokio::test]
async fn what_cannot_be_saved_is_told_field_by_field() {
    let world = World::set_up().await;
    let setup = Setup::of(&world).await;
    let body = setup
        .client_connect(|body| {
            body["general"]["idle_minutes"] = json!(4);
            body["general"]["total_hours"] = json!(13);
            body["agency"]["help_url"] = json!("https://alderquay.example.org@evil.example");
            body["agency"]["contact_url"] = json!("javascript:alert(1)");
        })
        .await;
    let refused = setup.put("/settings/client-connect", body).await;
    assert_eq!(refused.refused(422), "settings_refused");
    let problem = refused.json();
    let fields: Vec<_> =
        problem["parameters"]["fields"].as_array().unwrap().iter().map(|field| &field["field"]).collect();
    assert_eq!(
        fields,
        ["general.idle_minutes", "general.total_hours", "agency.help_url", "agency.contact_url"]
    );

    let strange = setup.client_connect(|body| body["general"]["enable_all"] = json!(true)).await;
    assert_eq!(setup.put("/settings/client-connect", strange).await.refused(400), "invalid_request");
    let zone = setup.client_connect(|body| body["agency"]["time_zone"] = json!("Mars/Olympus")).await;
    assert_eq!(setup.put("/settings/client-connect", zone).await.refused(400), "invalid_request");
    let nobody = json!("wrk_00000000000000000000000000");
    let unknown = setup.client_connect(|body| body["request_service"]["receivers"] = json!([nobody])).await;
    let refused = setup.put("/settings/client-connect", unknown).await;
    assert_eq!(refused.json()["parameters"]["fields"][0]["code"], "worker_unknown");
    for text in ["<script>alert(1)</script>", "[x](javascript:alert(1))", "![x](https://t.example/x.png)"] {
        let refused = setup.publish("privacy", json!({ "en": text, "fr": null, "es": null })).await;
        assert_eq!(refused.refused(422), "settings_refused", "{text}");
    }
    let refused = setup.publish("privacy", json!({ "en": null, "fr": "# Texte", "es": null })).await;
    assert_eq!(refused.json()["parameters"]["fields"][0]["field"], "texts.en");
    assert_eq!(setup.get().await["version"], 1);
}

/// C2, S1: until a mail of a new sender arrives, clients stay out and nothing of ClientConnect changes.
#[tokio::test]
async fn a_new_sender_proves_itself_before_clients_come_in_again() {
    let world = World::new().await;
    let client = activated(&world).await;
    let setup = Setup::of(&world).await;
    let sender = json!({ "name": "Alder Quay", "address": "sign-in@alderquay.example.org" });
    let mut body = setup
        .communications(|body| body["communications"]["authentication"]["sender"] = sender.clone())
        .await;
    assert_eq!(setup.put("/settings/communications", body.clone()).await.refused(409), "would_switch_off");
    body["confirmed"] = json!(true);
    let saved = setup.put("/settings/communications", body).await.ok();
    assert_eq!(
        saved["readiness"],
        json!({
            "authentication_email_ready": false, "identity_verified": true, "test": "none", "test_sent_at": null,
            "can_be_enabled": false, "missing": ["authentication_email_not_ready"],
        })
    );
    setup.pass();
    assert_eq!(setup.agency().await["enabled"], false);
    let home = world.portal(Method::GET, "/home").by(&client).send().await;
    assert_eq!(home.refused(401), "session_ended", "C2");
    assert_eq!(world.sign_in(ANA, PASSWORD).await.refused(503), "portal_off");
    let other = setup.client_connect(|body| body["general"]["minimum_age"] = json!(16)).await;
    let refused = setup.put("/settings/client-connect", other).await;
    assert_eq!(refused.refused(409), "authentication_email_not_ready");
    let texts = json!({ "en": "# Terms", "fr": null, "es": null });
    assert_eq!(setup.publish("terms", texts).await.refused(409), "authentication_email_not_ready");

    let sent =
        setup.post("/settings/authentication-email/test", json!({ "kind": "authentication" })).await.ok();
    assert_eq!(sent["readiness"]["test"], "sent");
    world.drain().await;
    let mail = world.local.mails().unwrap().pop().unwrap();
    assert!(mail.from.contains("sign-in@alderquay.example.org"), "{}", mail.from);
    assert_eq!(mail.to, [SYSTEM]);
    assert_eq!(setup.get().await["readiness"]["test"], "delivered");
    setup.pass();
    world.sign_in(ANA, PASSWORD).await.ok();
    setup.save(|body| body["general"]["minimum_age"] = json!(16)).await;
    // Another test doesn't shut anybody out while it is on its way.
    let again =
        setup.post("/settings/authentication-email/test", json!({ "kind": "authentication" })).await.ok();
    assert_eq!(again["readiness"]["can_be_enabled"], true);
}

#[tokio::test]
async fn a_sender_that_the_mail_service_does_not_know_is_not_tested() {
    let world = World::set_up().await;
    let setup = Setup::of(&world).await;
    let body = setup
        .communications(|body| {
            body["communications"]["authentication"]["sender"] =
                json!({ "name": "Elsewhere", "address": "office@elsewhere.example" });
            body["confirmed"] = json!(true);
        })
        .await;
    let saved = setup.put("/settings/communications", body).await.ok();
    assert_eq!(saved["readiness"]["identity_verified"], false);
    let test = setup.post("/settings/authentication-email/test", json!({ "kind": "authentication" })).await;
    assert_eq!(test.refused(409), "identity_not_verified");
    let checked = setup.post("/settings/authentication-email/check", json!({})).await.ok();
    assert_eq!(checked["readiness"]["identity_verified"], false);
}

#[tokio::test]
async fn mails_that_have_no_test_come_only_from_where_they_can() {
    let world = World::set_up().await;
    let setup = Setup::of(&world).await;
    let elsewhere = json!({ "name": "Elsewhere", "address": "office@elsewhere.example" });
    let own = setup
        .communications(|body| {
            let mail = &mut body["communications"];
            mail["client_messages"]["sender"] = elsewhere.clone();
            mail["authentication"]["sender"] = mail["sender"].clone();
        })
        .await;
    let refused = setup.put("/settings/communications", own).await;
    assert_eq!(refused.refused(422), "settings_refused");
    let field = &refused.json()["parameters"]["fields"][0];
    assert_eq!(
        [&field["field"], &field["code"]],
        ["communications.client_messages.sender.address", "identity_not_verified"]
    );
    let general = setup
        .communications(|body| {
            let mail = &mut body["communications"];
            mail["authentication"]["sender"] = mail["sender"].clone();
            mail["sender"] = elsewhere;
        })
        .await;
    let refused = setup.put("/settings/communications", general).await;
    assert_eq!(refused.refused(422), "settings_refused");
    assert_eq!(refused.json()["parameters"]["fields"][0]["field"], "communications.sender.address");
}

#[tokio::test]
async fn who_sees_no_individuals_is_told_nothing_of_them() {
    let world = World::set_up().await;
    let setup = Setup::of(&world).await;
    let robin = json!([world.worker(SYSTEM).await]);
    let body = setup.communications(|body| body["communications"]["told_of_failures"] = robin.clone()).await;
    assert_eq!(setup.put("/settings/communications", body).await.refused(422), "settings_refused");
    let body = setup.client_connect(|body| body["request_service"]["receivers"] = robin).await;
    assert_eq!(setup.put("/settings/client-connect", body).await.refused(422), "settings_refused");
}

#[tokio::test]
async fn a_text_published_as_it_is_asks_nobody_to_accept_it_anew() {
    let world = World::set_up().await;
    let setup = Setup::of(&world).await;
    let texts = json!({ "en": "# Fair use", "fr": "# Bon usage", "es": null });
    let first = setup.publish("terms", texts.clone()).await.ok();
    let again = setup.publish("terms", texts).await.ok();
    assert_eq!([&again["version"], &again["texts"]], [&first["version"], &first["texts"]]);
    let without = json!({ "en": "# Fair use", "fr": null, "es": null });
    assert_ne!(setup.publish("terms", without).await.ok()["texts"], first["texts"]);
}

#[tokio::test]
async fn a_client_message_shows_its_sender_and_footer() {
    let world = World::set_up().await;
    let setup = Setup::of(&world).await;
    let body = setup
        .communications(|body| {
            body["communications"]["client_messages"]["sender"] =
                json!({ "name": "Reminders", "address": "reminders@alderquay.example.org" });
            body["communications"]["client_messages"]["footer"]["en"] = json!("Call us\nat any time.");
        })
        .await;
    setup.put("/settings/communications", body).await.ok();
    setup.post("/settings/authentication-email/test", json!({ "kind": "client_message" })).await.ok();
    world.drain().await;
    let mail = world.local.mails().unwrap().pop().unwrap();
    assert!(mail.from.contains("reminders@alderquay.example.org"), "{}", mail.from);
    assert!(mail.text.contains("Call us\nat any time."), "{}", mail.text);
    assert_eq!(setup.get().await["readiness"]["test"], "delivered", "of another sender's test");
}

/// A5
#[tokio::test]
async fn clients_accept_new_texts_when_they_sign_in_if_the_agency_asks() {
    let world = World::new().await;
    activated(&world).await;
    let setup = Setup::of(&world).await;
    let texts = json!({ "en": "# Terms\n\nBe kind, [always](https://alderquay.example.org).", "fr": null, "es": null });
    let published = setup.publish("terms", texts.clone()).await.ok();
    let (privacy, terms) = (published["texts"]["privacy"].clone(), published["texts"]["terms"].clone());
    setup.pass();
    let read = world.portal(Method::GET, "/texts?language=fr").send().await.ok();
    assert_eq!((&read["terms"]["markdown"], &read["terms"]["version"]), (&texts["en"], &terms));
    let text = setup.read("/settings/texts/terms").await;
    assert_eq!((&text["texts"], &text["by"]), (&texts, &json!("Robin Ashdown")));
    let former = setup.read("/settings/texts/terms?version=1").await;
    assert!(former["texts"]["fr"].is_string() && former["by"].is_null(), "{former}");

    let refused = world.sign_in(ANA, PASSWORD).await;
    assert_eq!(refused.refused(403), "texts_changed");
    assert_eq!(refused.json()["parameters"], json!({ "privacy": privacy, "terms": terms }));
    let accept = async |privacy: &Value, terms: &Value| {
        let body = json!({
            "email": ANA, "password": PASSWORD, "accepted": { "privacy": privacy, "terms": terms },
        });
        world.portal(Method::POST, "/session").json(body).send().await
    };
    assert_eq!(accept(&privacy, &json!(1)).await.refused(403), "texts_changed", "the former ones");
    let client = accept(&privacy, &terms).await.session();
    let account = world.portal(Method::GET, "/account").by(&client).send().await.ok();
    assert_eq!(account["accepted"]["terms_version"], terms);
    world.sign_in(ANA, PASSWORD).await.ok();

    // Who knows the password and doesn't accept yet is not locked out by that, nor has wrong ones forgotten.
    setup.save(|body| body["general"]["failed_sign_ins"] = json!(3)).await;
    let published = setup.publish("terms", json!({ "en": "# Fair use", "fr": null, "es": null })).await.ok();
    setup.pass();
    for _ in 0..2 {
        world.sign_in(ANA, "not the one at all").await.refused(401);
    }
    for _ in 0..4 {
        assert_eq!(world.sign_in(ANA, PASSWORD).await.refused(403), "texts_changed");
    }
    accept(&privacy, &published["texts"]["terms"]).await.ok();

    setup.save(|body| body["general"]["ask_again"] = json!(false)).await;
    setup.publish("privacy", json!({ "en": "# Privacy", "fr": null, "es": null })).await.ok();
    setup.pass();
    world.sign_in(ANA, PASSWORD).await.ok();
}

/// A1, A8, A10, the reminder, sessions' ends, the look of mails: each switched, and seen.
#[tokio::test]
async fn each_general_setting_does_what_it_says() {
    let world = World::new().await;
    let setup = Setup::of(&world).await;
    let staff = world.staff(INTAKE).await;
    let ana = world.individual(&staff, "T-01").await;
    let create = async || world.create(&staff, &ana, json!({})).await;

    setup.save(|body| body["general"]["default_birth_date"] = json!(ANA_BORN)).await;
    assert_eq!(create().await.refused(409), "default_birth_date");
    setup.save(|body| body["general"]["default_birth_date"] = json!(null)).await;
    let kit = world.individual(&staff, "T-07").await;
    assert_eq!(world.create(&staff, &kit, json!({})).await.refused(409), "too_young");
    setup.save(|body| body["general"]["minimum_age"] = json!(8)).await;
    world.create(&staff, &kit, json!({})).await.ok();
    setup
        .save(|body| {
            body["about_me"]["edit_profile"] = json!(false);
            body["general"]["activation_expiry_days"] = json!(1);
            body["general"]["failed_sign_ins"] = json!(3);
            body["general"]["idle_minutes"] = json!(5);
            body["general"]["total_hours"] = json!(1);
            body["general"]["password_minimum"] = json!(20);
            body["general"]["discreet_mail"] = json!(true);
        })
        .await;
    create().await.ok();
    world.drain().await;
    let mail = world.local.mails().unwrap().pop().unwrap();
    assert!(!mail.subject.contains("ClientConnect"), "{}", mail.subject);
    let token = world.newest_token();
    let mut short = activation(&token, ANA_BORN);
    short["password"] = json!("violin drifts noon");
    let refused = world.portal(Method::POST, "/activation").json(short).send().await;
    assert_ne!(refused.status, 200, "18 characters");
    let client = world.activate(&token, ANA_BORN).await;
    client.ok();
    let client = client.session();
    let home = world.portal(Method::GET, "/home").by(&client).send().await.ok();
    assert_eq!(home["tiles"], json!(["about_me", "my_services", "my_client_connect"]));
    assert_eq!(
        (&home["features"]["edit_profile"], &home["features"]["messages_before_reply"]),
        (&json!(false), &json!(3))
    );
    setup
        .save(|body| {
            body["about_me"]["edit_profile"] = json!(true);
            body["advanced"]["messages_before_reply"] = json!(5);
            body["billing"]["my_account"] = json!(true);
        })
        .await;
    let home = world.portal(Method::GET, "/home").by(&client).send().await.ok();
    let features = &home["features"];
    assert_eq!(
        [&features["edit_profile"], &features["messages_before_reply"], &features["my_account"]],
        [&json!(true), &json!(5), &json!(true)]
    );
    world.advance(Duration::minutes(6));
    assert_eq!(world.portal(Method::GET, "/home").by(&client).send().await.refused(401), "session_ended");
    for _ in 0..3 {
        world.sign_in(ANA, "not the one at all").await.refused(401);
    }
    assert_eq!(world.sign_in(ANA, PASSWORD).await.refused(401), "sign_in_failed", "locked by the third");

    let elodie = world.invite(&world.staff(INTAKE).await, "T-02").await.2;
    world.advance(Duration::hours(25));
    let over = world.activate(&elodie, "1990-02-28").await;
    assert_eq!(over.refused(410), "link_expired", "after a day");
}

/// A10, A12, and the end of sessions.
#[tokio::test]
async fn how_long_sessions_last_and_who_unlocks_an_account_follow_the_settings() {
    let world = World::new().await;
    let client = activated(&world).await;
    let home = async || world.portal(Method::GET, "/home").by(&client).send().await;
    let goes_on = async |minutes: i64| {
        for _ in 0..minutes / 10 {
            world.advance(Duration::minutes(10));
            world.portal(Method::POST, "/session/extend").by(&client).send().await;
        }
        home().await
    };
    assert_eq!(goes_on(70).await.status, 200, "twelve hours by the file");
    let setup = Setup::of(&world).await;
    setup
        .save(|body| {
            body["general"]["total_hours"] = json!(2);
            body["general"]["failed_sign_ins"] = json!(3);
            body["general"]["client_may_unlock"] = json!(false);
        })
        .await;
    assert_eq!(goes_on(40).await.status, 200);
    assert_eq!(goes_on(20).await.refused(401), "session_ended");

    for _ in 0..3 {
        world.sign_in(ANA, "not the one at all").await.refused(401);
    }
    world.drain().await;
    let token = world.reset_token(ANA).await;
    let reset = async |token: &str| world.reset(token, "another walrus in the rain").await.ok();
    assert_eq!(reset(&token).await["may_sign_in"], false);
    let setup = Setup::of(&world).await;
    setup.save(|body| body["general"]["client_may_unlock"] = json!(true)).await;
    let token = world.reset_token(ANA).await;
    assert_eq!(reset(&token).await["may_sign_in"], true);
}

/// C1, C2
#[tokio::test]
async fn switched_off_nobody_is_mailed_and_nobody_comes_in() {
    let world = World::new().await;
    let client = activated(&world).await;
    let setup = Setup::of(&world).await;
    let mut off = setup.client_connect(|body| body["general"]["enabled"] = json!(false)).await;
    assert_eq!(setup.put("/settings/client-connect", off.clone()).await.refused(409), "would_switch_off");
    off["confirmed"] = json!(true);
    setup.put("/settings/client-connect", off).await.ok();
    setup.pass();
    assert_eq!(setup.agency().await["enabled"], false);
    assert_ne!(world.portal(Method::GET, "/home").by(&client).send().await.status, 200, "sessions end");

    let silent = setup.communications(|body| body["communications"]["client_delivery"] = json!(false)).await;
    setup.put("/settings/communications", silent).await.ok();
    let on = setup.client_connect(|body| body["general"]["enabled"] = json!(true)).await;
    let refused = setup.put("/settings/client-connect", on).await;
    assert_eq!(refused.refused(409), "cannot_be_enabled");
    assert_eq!(refused.json()["parameters"]["missing"], json!(["client_delivery_off"]));
    let heard = setup.communications(|body| body["communications"]["client_delivery"] = json!(true)).await;
    setup.put("/settings/communications", heard).await.ok();
    setup.save(|body| body["general"]["enabled"] = json!(true)).await;
    world.sign_in(ANA, PASSWORD).await.ok();
}

#[tokio::test]
async fn those_who_are_to_be_told_learn_that_a_clients_mail_failed() {
    let world = World::new().await;
    let setup = Setup::of(&world).await;
    let carmen = world.worker(CLINICAL).await;
    let body =
        setup.communications(|body| body["communications"]["told_of_failures"] = json!([carmen])).await;
    setup.put("/settings/communications", body).await.ok();
    let csv = "external_id,first_name,last_name,birth_date,email,email_consent,site\nS-2,Bea,Bounced,1985-04-12,bounce+bea@simulator.amazonses.com,yes,Quayside Centre\n";
    world.import(csv.as_bytes(), "apply").await;
    let staff = world.staff(INTAKE).await;
    let bea = world.individual(&staff, "S-2").await;
    world.create(&staff, &bea, json!({})).await.ok();
    world.drain().await;
    let mails = world.local.mails().unwrap();
    let told: Vec<_> = mails.iter().filter(|mail| mail.to == [CLINICAL]).collect();
    let [told] = told.as_slice() else { panic!("{} mails", told.len()) };
    assert!(told.text.contains(&format!("/individuals/{bea}")), "{}", told.text);
    assert!(!told.text.contains("Bea") && !told.text.contains("simulator"), "{}", told.text);
}

#[tokio::test]
async fn only_system_administrators_configure() {
    let world = World::set_up().await;
    for email in [INTAKE, ADMIN_EXEC, CLINICAL] {
        let staff = world.staff(email).await;
        let refused = world.admin(Method::GET, "/settings").by(&staff).send().await;
        assert_eq!(refused.refused(403), "not_allowed");
    }
    assert_eq!(Setup::of(&world).await.get().await["agency"]["name"], agency_file()["agency"]["name"]);
}
