//! Adding individuals, changing their profile and birth date, and what ends with a contact (B2, B3, B6, B9, B12).

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    ADMIN_EXEC, Answer, CLINICAL, INTAKE, OTHER_CLINICAL, PASSWORD, RESTRICTED, Session, World,
};

const UNKNOWN: &str = "ind_00000000000000000000000000";

async fn record(world: &World, staff: &Session, individual: &str) -> Value {
    let path = format!("/individuals/{individual}");
    world.admin(Method::GET, &path).by(staff).send().await.ok()["individual"].clone()
}

async fn change(world: &World, staff: &Session, method: Method, path: &str, body: Value) -> Answer {
    let call = world.admin(method, &format!("/individuals{path}")).by(staff);
    call.header("idempotency-key", world.key()).json(body).send().await
}

async fn names(world: &World, staff: &Session, search: Value) -> Vec<Value> {
    let found = change(world, staff, Method::POST, "/search", search).await.ok();
    found["individuals"].as_array().unwrap().iter().map(|found| found["name"].clone()).collect()
}

/// The profile of a record, as it is sent back.
fn profile(record: &Value) -> Value {
    let fields = [
        "first_name",
        "middle_name",
        "last_name",
        "preferred_name",
        "gender",
        "language",
        "site_id",
        "external_ids",
        "worker_ids",
    ];
    fields.iter().map(|field| ((*field).to_owned(), record[*field].clone())).collect()
}

/// Sofía: with a birth date, two contacts, consent and Carmen.
async fn sofia(world: &World, staff: &Session) -> Value {
    let ana = record(world, staff, &world.individual(staff, "T-01").await).await;
    json!({
        "profile": {
            "first_name": " Sofía ", "middle_name": "", "last_name": "Marín", "preferred_name": "Sofi", "gender": "woman",
            "language": "es", "site_id": ana["site_id"], "external_ids": { "old-system": "S-1" },
            "worker_ids": ana["worker_ids"],
        },
        "birth_date": "1993-09-21",
        "contacts": [
            { "kind": "postal", "value": "77 Quay Street\nHarbour", "use_contact": true },
            { "kind": "email", "value": "Sofia@example.org", "use_contact": true, "main": true, "instructions": "after six" },
        ],
        "consented_contact": 1,
    })
}

#[tokio::test]
async fn somebody_new_is_there_for_all_that_follows() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let created = change(&world, &staff, Method::POST, "", sofia(&world, &staff).await).await.ok();
    let id = created["individual_id"].as_str().unwrap();
    let seen = record(&world, &staff, id).await;
    assert_eq!((&created["version"], &seen["version"]), (&json!(1), &json!(1)));
    assert_eq!(created["shares_address"], false);
    assert_eq!((&seen["first_name"], &seen["middle_name"]), (&json!("Sofía"), &json!(null)));
    assert_eq!((&seen["birth_date"], &seen["test"]), (&json!("1993-09-21"), &json!(false)));
    assert_eq!(seen["external_ids"], json!({ "old-system": "S-1" }));
    let contacts = seen["contacts"].as_array().unwrap();
    assert_eq!(contacts[0]["value"], "77 Quay Street, Harbour");
    assert_eq!((&contacts[1]["main"], &contacts[1]["instructions"]), (&json!(true), &json!("after six")));
    assert_eq!(seen["communication"]["consented_contact_id"], contacts[1]["contact_id"]);
    assert_eq!(seen["communication"]["history"].as_array().unwrap().len(), 1);

    let clinical = world.staff(CLINICAL).await;
    for search in [
        json!({ "name": "marin" }),
        json!({ "email": "sofia@example.org" }),
        json!({ "birth_date": "1993-09-21" }),
        json!({ "external_id": { "source": "old-system", "id": "S-1" } }),
        json!({ "name": "sofi", "birth_date": "1993-09-21", "email": "SOFIA@example.org" }),
    ] {
        assert_eq!(names(&world, &clinical, search.clone()).await, ["Sofía Marín"], "{search}");
    }
    let told = world.admin(Method::GET, &format!("/individuals/{id}/history")).by(&staff).send().await;
    assert_eq!(
        told.ok()["entries"][0]["events"],
        json!(["individual_created", "communication_consent_changed"])
    );
    for value in ["Sof", "Mar", "1993", "example.org", "Quay", "S-1", "after six"] {
        assert!(!told.text().contains(value), "{value}");
    }
    world.create(&staff, id, json!({})).await.ok();
    world.drain().await;
    assert_eq!(world.local.mails().unwrap().last().unwrap().to, ["sofia@example.org"]);
    world.activate(&world.newest_token(), "1993-09-21").await.ok();
}

#[tokio::test]
async fn whoever_is_known_already_is_not_added_unseen() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let sofia = sofia(&world, &staff).await;
    let send = async |key: &str, body: &Value| {
        let call = world.admin(Method::POST, "/individuals").by(&staff).header("idempotency-key", key);
        call.json(body.clone()).send().await
    };
    let first = send("one-and-the-same", &sofia).await;
    first.ok();
    assert_eq!(send("one-and-the-same", &sofia).await.bytes, first.bytes);
    let twin = send("another-call", &sofia).await;
    assert_eq!(twin.refused(409), "possible_duplicate");
    assert_eq!(twin.json()["parameters"]["individual_ids"], json!([first.ok()["individual_id"]]));

    let mut confirmed = sofia.clone();
    confirmed["confirm_duplicate"] = json!(true);
    assert_eq!(send("yet-another-call", &confirmed).await.refused(409), "external_id_taken");
    confirmed["profile"]["external_ids"] = json!({ "old-system": "S-2" });
    let second = send("and-another-call", &confirmed).await;
    assert_eq!(second.ok()["shares_address"], true, "B11");
    assert_eq!(send("and-another-call", &confirmed).await.bytes, second.bytes);
    assert_ne!(second.ok()["individual_id"], first.ok()["individual_id"]);
    assert_eq!(names(&world, &staff, json!({ "birth_date": "1993-09-21" })).await.len(), 2);
}

#[tokio::test]
async fn what_is_wrong_with_somebody_new_is_said_by_field() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let sofia = sofia(&world, &staff).await;
    for (place, value, field) in [
        ("/profile/first_name", json!(" "), "profile.first_name"),
        ("/profile/last_name", json!("x".repeat(101)), "profile.last_name"),
        ("/profile/gender", json!("a\u{202e}b"), "profile.gender"),
        ("/profile/language", json!("de"), "profile.language"),
        ("/profile/site_id", json!("sit_00000000000000000000000000"), "profile.site_id"),
        ("/profile/worker_ids", json!(["wrk_00000000000000000000000000"]), "profile.worker_ids"),
        ("/profile/external_ids", json!({ "Old System": "1" }), "profile.external_ids"),
        ("/birth_date", json!("1993-02-30"), "birth_date"),
        ("/birth_date", json!("2026-03-03"), "birth_date"),
        ("/contacts/1/value", json!("no address"), "contacts[1].value"),
        ("/contacts/0/kind", json!("fax"), "contacts[0].kind"),
        (
            "/contacts/0",
            json!({ "kind": "email", "value": "sofia@EXAMPLE.org", "use_contact": true }),
            "contacts[1].value",
        ),
        ("/contacts/1/use_contact", json!(false), "consented_contact"),
        ("/consented_contact", json!(0), "consented_contact"),
        ("/consented_contact", json!(2), "consented_contact"),
    ] {
        let mut body = sofia.clone();
        *body.pointer_mut(place).unwrap() = value;
        let answer = change(&world, &staff, Method::POST, "", body).await;
        assert_eq!(answer.refused(400), "invalid_request", "{place}");
        assert_eq!(answer.json()["parameters"]["field"], field, "{place}: {}", answer.text());
    }
    assert!(names(&world, &staff, json!({ "name": "marin" })).await.is_empty());

    let clinical = world.staff(CLINICAL).await;
    assert_eq!(change(&world, &clinical, Method::POST, "", sofia.clone()).await.refused(403), "not_allowed");
    let restricted = world.staff(RESTRICTED).await;
    let refused = change(&world, &restricted, Method::POST, "", sofia.clone()).await;
    assert_eq!(refused.refused(403), "consent_not_allowed");
    let mut without = sofia;
    without["consented_contact"] = Value::Null;
    change(&world, &restricted, Method::POST, "", without).await.ok();
}

#[tokio::test]
async fn a_profile_is_never_overwritten_unseen() {
    let world = World::new().await;
    let (staff, exec) = (world.staff(INTAKE).await, world.staff(ADMIN_EXEC).await);
    let ana = world.individual(&staff, "T-01").await;
    let path = format!("/{ana}/profile");
    let seen = record(&world, &staff, &ana).await;
    let put = async |who: &Session, version: &Value, last_name: &str| {
        let mut profile = profile(&seen);
        profile["last_name"] = json!(last_name);
        let body = json!({ "version": version, "profile": profile });
        change(&world, who, Method::PUT, &path, body).await
    };
    world.advance(Duration::seconds(1));
    let saved = put(&staff, &seen["version"], "Delgado Ruiz").await.ok();
    assert_eq!(saved["version"], json!(2));
    assert_eq!(put(&exec, &seen["version"], "Delgada").await.refused(409), "record_changed");
    assert_eq!(put(&staff, &seen["version"], "Delgado Ruiz").await.ok(), saved, "said again");
    assert_eq!(put(&exec, &saved["version"], "Ruiz").await.ok()["version"], json!(3));
    assert_eq!(names(&world, &staff, json!({ "name": "ana ruiz" })).await, ["Ana Ruiz"]);
    assert!(names(&world, &staff, json!({ "name": "delgado" })).await.is_empty());
    let now = record(&world, &staff, &ana).await;
    for field in ["birth_date", "contacts", "communication", "external_ids"] {
        assert_eq!(now[field], seen[field]);
    }
    let history =
        world.admin(Method::GET, &format!("/individuals/{ana}/history")).by(&staff).send().await.ok();
    let entry = &history["entries"][0];
    assert_eq!((&entry["events"], &entry["changed"]), (&json!(["individual_changed"]), &json!(["name"])));
}

#[tokio::test]
async fn only_those_who_take_people_in_say_who_works_with_them() {
    let world = World::new().await;
    let (staff, clinical) = (world.staff(INTAKE).await, world.staff(CLINICAL).await);
    let ana = world.individual(&staff, "T-01").await;
    let seen = record(&world, &clinical, &ana).await;
    let put = async |who: &Session, individual: &str, version: u64, field: &str, value: Value| {
        let mut profile = profile(&seen);
        profile[field] = value;
        let body = json!({ "version": version, "profile": profile });
        change(&world, who, Method::PUT, &format!("/{individual}/profile"), body).await
    };
    for (field, value) in [("worker_ids", json!([])), ("external_ids", json!({ "test": "T-99" }))] {
        let refused = put(&clinical, &ana, 1, field, value).await;
        assert_eq!(refused.refused(403), "field_not_allowed");
        assert_eq!(refused.json()["parameters"]["field"], field.replace("worker_ids", "workers"));
    }
    put(&clinical, &ana, 1, "gender", json!("woman")).await.ok();
    let taken = put(&staff, &ana, 2, "external_ids", json!({ "test": "T-02" })).await;
    assert_eq!(taken.refused(409), "external_id_taken");
    put(&staff, &ana, 2, "worker_ids", json!([])).await.ok();
    let gone = put(&clinical, &ana, 3, "gender", json!("x")).await;
    let unknown = put(&clinical, UNKNOWN, 3, "gender", json!("x")).await;
    assert_eq!((gone.refused(404), &gone.bytes), ("not_found".to_owned(), &unknown.bytes));
}

#[tokio::test]
async fn a_corrected_birth_date_counts_from_the_next_attempt() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (ana, _, token) = world.invite(&staff, "T-01").await;
    for _ in 0..2 {
        assert_eq!(world.activate(&token, "1985-04-21").await.refused(422), "birth_date_wrong");
    }
    let set = async |who: &Session, individual: &str, version: u64, date: &str| {
        let body = json!({ "version": version, "birth_date": date });
        change(&world, who, Method::PUT, &format!("/{individual}/birth-date"), body).await
    };
    for impossible in ["2026-03-03", "1985-02-29", "12/04/1985", "1874-12-31"] {
        let refused = set(&staff, &ana, 1, impossible).await;
        assert_eq!(
            (refused.refused(400), refused.json()["parameters"]["field"].as_str()),
            ("invalid_request".to_owned(), Some("birth_date"))
        );
    }
    let corrected = set(&staff, &ana, 1, "1985-04-21").await.ok();
    assert_eq!((&corrected["version"], &corrected["account"]["attempts_left"]), (&json!(2), &json!(3)));
    assert_eq!(corrected["bars_account"], json!(null));
    assert_eq!(set(&staff, &ana, 1, "1985-04-22").await.refused(409), "record_changed");
    assert_eq!(set(&staff, &ana, 1, "1985-04-21").await.ok()["version"], json!(2), "said again");
    let stranger = world.staff(OTHER_CLINICAL).await;
    let [foreign, unknown] =
        [set(&stranger, &ana, 2, "1985-04-22").await, set(&stranger, UNKNOWN, 2, "1985-04-22").await];
    assert_eq!((foreign.refused(404), &foreign.bytes), ("not_found".to_owned(), &unknown.bytes));

    let default = set(&staff, &ana, 2, "1900-01-01").await.ok();
    assert_eq!(default["bars_account"], "default_birth_date");
    assert!(world.activate(&token, "1900-01-01").await.status.is_client_error());
    assert_eq!(set(&staff, &ana, 3, "2016-05-05").await.ok()["bars_account"], "too_young");
    set(&staff, &ana, 4, "1985-04-21").await.ok();
    assert!(names(&world, &staff, json!({ "birth_date": "1985-04-12" })).await.is_empty());
    assert_eq!(
        names(&world, &staff, json!({ "birth_date": "1985-04-21", "name": "del" })).await,
        ["Ana Delgado"]
    );
    assert!(
        names(&world, &staff, json!({ "birth_date": "1985-04-21", "name": "fournier" })).await.is_empty()
    );
    world.activate(&token, "1985-04-21").await.ok();
}

/// A contact of that kind among somebody's, by its place.
fn nth(record: &Value, kind: &str, place: usize) -> Value {
    let contacts = record["contacts"].as_array().unwrap();
    contacts.iter().filter(|contact| contact["kind"] == kind).nth(place).unwrap().clone()
}

#[tokio::test]
async fn contacts_are_added_changed_and_retired_or_deleted() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let ana = world.individual(&staff, "T-01").await;
    let path = format!("/{ana}/contacts");
    let add = async |who: &Session, value: &str| {
        let contact = json!({ "kind": "email", "value": value, "use_contact": true, "main": true });
        change(&world, who, Method::POST, &path, json!({ "contact": contact })).await
    };
    let added = add(&staff, "ana.second@example.org").await.ok();
    assert_eq!(added["shares_address"], false);
    assert_eq!(add(&staff, "ANA.second@example.org").await.refused(409), "contact_exists");
    let stranger = world.staff(OTHER_CLINICAL).await;
    assert_eq!(add(&stranger, "third@example.org").await.refused(404), "not_found");
    let seen = record(&world, &staff, &ana).await;
    let (first, second) = (nth(&seen, "email", 0), nth(&seen, "email", 1));
    assert_eq!((&second["contact_id"], &seen["version"]), (&added["contact_id"], &added["version"]));
    assert_eq!((&first["main"], &second["main"]), (&json!(false), &json!(true)));
    // Consent stays where it was given.
    assert_eq!(seen["communication"]["consented_contact_id"], first["contact_id"]);
    assert_eq!(names(&world, &staff, json!({ "email": "ana.second@example.org" })).await, ["Ana Delgado"]);

    let contact = |value: &str| json!({ "kind": "email", "value": value, "use_contact": true });
    let put = async |id: &Value, version: &Value, contact: Value| {
        let body = json!({ "version": version, "contact": contact });
        change(&world, &staff, Method::PUT, &format!("{path}/{}", id.as_str().unwrap()), body).await
    };
    let (id, version) = (&second["contact_id"], &seen["version"]);
    assert_eq!(put(id, version, contact("ana.delgado@example.org")).await.refused(409), "contact_exists");
    assert_eq!(put(id, &json!(1), contact("other@example.org")).await.refused(409), "record_changed");
    let phone = json!({ "kind": "phone", "value": "1", "use_contact": true });
    assert_eq!(put(id, version, phone).await.json()["parameters"]["field"], "contact.kind");
    let changed = put(id, version, contact("other@example.org")).await.ok();
    assert_eq!(put(id, version, contact("other@example.org")).await.ok(), changed, "said again");
    let unknown = json!("cnt_00000000000000000000000000");
    assert_eq!(put(&unknown, version, contact("other@example.org")).await.refused(404), "not_found");

    let remove = async |id: &Value, confirmed: bool| {
        let path = format!("{path}/{}", id.as_str().unwrap());
        change(&world, &staff, Method::DELETE, &path, json!({ "confirmed": confirmed })).await
    };
    // Nobody wrote to it, nor to the phone.
    assert_eq!(remove(id, false).await.ok()["removal"], "deleted");
    assert_eq!(remove(id, false).await.refused(404), "not_found");
    assert_eq!(remove(&nth(&seen, "phone", 0)["contact_id"], false).await.ok()["removal"], "deleted");
    assert_eq!(remove(&first["contact_id"], true).await.ok()["removal"], "retired");
    assert_eq!(remove(&first["contact_id"], true).await.refused(409), "contact_retired");
    let now = record(&world, &staff, &ana).await;
    let left = now["contacts"].as_array().unwrap();
    assert_eq!((left.len(), &left[0]["retired"], &left[0]["value"]), (1, &json!(true), &first["value"]));
    let retired = put(&first["contact_id"], &now["version"], contact("again@example.org")).await;
    assert_eq!(retired.refused(409), "contact_retired");
    assert_eq!(now["communication"]["history"].as_array().unwrap().len(), 2);
    assert!(names(&world, &staff, json!({ "email": "ana.delgado@example.org" })).await.is_empty());
}

#[tokio::test]
async fn a_contact_that_was_mailed_is_kept() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let ana = world.individual(&staff, "T-01").await;
    let path = format!("/{ana}/contacts");
    let mut ids = Vec::new();
    for address in ["mailed@example.org", "signs.in@example.org"] {
        let contact = json!({ "kind": "email", "value": address, "use_contact": true });
        let added = change(&world, &staff, Method::POST, &path, json!({ "contact": contact })).await.ok();
        ids.push(added["contact_id"].as_str().unwrap().to_owned());
        let account = json!({ "email": address, "confirm_email": true });
        let created = world.create(&staff, &ana, account).await.ok();
        if address.starts_with("mailed") {
            world.drain().await;
            let account = created["account"]["account_id"].as_str().unwrap();
            change(&world, &staff, Method::POST, &format!("/{ana}/accounts/{account}/close"), json!({}))
                .await
                .ok();
        }
    }
    // One has got mail; to the other it is still on its way.
    for id in ids {
        let removed = change(&world, &staff, Method::DELETE, &format!("{path}/{id}"), json!({})).await;
        assert_eq!(removed.ok()["removal"], "retired");
    }
}

#[tokio::test]
async fn what_ends_with_consent_is_said_before_it_does() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let ana = world.individual(&staff, "T-01").await;
    let nobody = world.local.snapshot().unwrap();
    let (_, _, token) = world.invite(&staff, "T-01").await;
    let pending = world.local.snapshot().unwrap();
    world.activate(&token, "1985-04-12").await.ok();
    let active = world.local.snapshot().unwrap();

    let contact =
        nth(&record(&world, &staff, &ana).await, "email", 0)["contact_id"].as_str().unwrap().to_owned();
    let contacts = format!("/{ana}/contacts/{contact}");
    let fields = |value: &str, used: bool| json!({ "kind": "email", "value": value, "use_contact": used });
    let ways = [
        (Method::PUT, format!("/{ana}/communication-settings"), json!({ "email_contact_id": null })),
        (Method::PUT, contacts.clone(), json!({ "version": 1, "contact": fields("new@example.org", true) })),
        (
            Method::PUT,
            contacts.clone(),
            json!({ "version": 1, "contact": fields("ana.delgado@example.org", false) }),
        ),
        (Method::DELETE, contacts, json!({})),
    ];
    for (state, before, also) in [
        ("none", nobody, None),
        ("pending", pending, Some("invitation_stops")),
        ("active", active, Some("notices_stop")),
    ] {
        for (method, path, body) in &ways {
            world.local.restore(&before).unwrap();
            let about = format!("{method} {path} {body} while {state}");
            let unsaid = change(&world, &staff, method.clone(), path, body.clone()).await;
            assert_eq!(unsaid.refused(409), "consent_would_end", "{about}");
            let follows: Vec<_> = std::iter::once("consent_ends").chain(also).collect();
            assert_eq!(unsaid.json()["parameters"]["consequences"], json!(follows), "{about}");
            let untouched = record(&world, &staff, &ana).await;
            assert_eq!(
                (&untouched["version"], untouched["communication"]["history"].as_array().unwrap().len()),
                (&json!(1), 1)
            );

            let mut confirmed = body.clone();
            confirmed["confirmed"] = json!(true);
            change(&world, &staff, method.clone(), path, confirmed).await.ok();
            let now = record(&world, &staff, &ana).await;
            assert_eq!(now["communication"]["consented_contact_id"], json!(null), "{about}");
            assert_eq!(now["communication"]["history"][1]["given"], false, "{about}");
            if state == "pending" {
                assert_eq!(world.look(&token).await["link"], "consent_needed", "{about}");
            }
            // The sign-in address is the account's own (A18): a changed contact takes nobody's way in.
            if state == "active" {
                world.sign_in("ana.delgado@example.org", PASSWORD).await.ok();
            }
        }
    }
}

#[tokio::test]
async fn who_may_not_withdraw_consent_does_not_end_it_by_changing_contacts() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let restricted = world.staff(RESTRICTED).await;
    let ana = world.individual(&staff, "T-01").await;
    let seen = record(&world, &staff, &ana).await;
    let place =
        |kind: &str| format!("/{ana}/contacts/{}", nth(&seen, kind, 0)["contact_id"].as_str().unwrap());
    let email = |value: &str, used: bool| json!({ "kind": "email", "value": value, "use_contact": used });
    for confirmed in [false, true] {
        for (method, body) in [
            (Method::PUT, json!({ "version": 1, "contact": email("new@example.org", true) })),
            (Method::PUT, json!({ "version": 1, "contact": email("ana.delgado@example.org", false) })),
            (Method::DELETE, json!({})),
        ] {
            let mut body = body;
            body["confirmed"] = json!(confirmed);
            let refused = change(&world, &restricted, method, &place("email"), body.clone()).await;
            assert_eq!(refused.refused(403), "ending_consent_not_allowed", "{body}");
            assert_eq!(record(&world, &staff, &ana).await, seen, "{body}");
        }
    }
    // What leaves consent as it is stays theirs to do.
    let phone = json!({ "kind": "phone", "value": "555 0142", "use_contact": true });
    let body = json!({ "version": 1, "contact": phone });
    change(&world, &restricted, Method::PUT, &place("phone"), body).await.ok();
}

#[tokio::test]
async fn a_change_that_keeps_the_address_keeps_consent() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let ana = world.individual(&staff, "T-01").await;
    let seen = record(&world, &staff, &ana).await;
    let contact = nth(&seen, "email", 0)["contact_id"].clone();
    let path = format!("/{ana}/contacts/{}", contact.as_str().unwrap());
    let fields = json!({ "kind": "email", "value": "Ana.Delgado@example.org", "use_contact": true, "instructions": "mornings" });
    world.advance(Duration::minutes(1));
    change(&world, &staff, Method::PUT, &path, json!({ "version": 1, "contact": fields })).await.ok();
    let now = record(&world, &staff, &ana).await;
    assert_eq!(now["communication"]["consented_contact_id"], contact);
    assert_eq!(nth(&now, "email", 0)["instructions"], "mornings");
}
