//! Input that no page of ours sends: each gets a problem that names the field and what to do, and writes nothing.

use functions::operation::{Api, Method as Verb};
use local::aws::Service;
use reqwest::Method;
use serde_json::{Value, json};

use crate::contract;
use crate::support::{ADMIN_EXEC, Answer, INTAKE, Session, World};
use crate::sweep::{Aim, ROWS, Row, Stage, assert_headers, http_of, variables};

/// The calls so far that would change a table other than the throttles.
fn writes(world: &World) -> Vec<String> {
    let throttles = variables(world)["THROTTLES_TABLE"].clone();
    let calls = world.local.aws().faults().calls().into_iter();
    calls
        .filter(|call| {
            call.service == Service::DynamoDb
                && !["BatchGetItem", "GetItem", "Query"].contains(&call.action.as_str())
        })
        .filter(|call| call.resources != [throttles.as_str()])
        .map(|call| format!("{} {:?}", call.action, call.resources))
        .collect()
}

/// Sends a body as somebody who may call the operation.
async fn send(stage: &Stage, row: &Row, body: impl Into<Vec<u8>>) -> Answer {
    stage.world.local.aws().faults().record(true);
    let call = stage.call(row, Aim::Own).raw(body);
    let call = match stage.fitting(row) {
        Some(session) => call.by(session),
        None => call,
    };
    call.send().await
}

/// Refused with the status and code, as documented, with nothing written: the problem.
#[track_caller]
fn refused(stage: &Stage, row: &Row, answer: &Answer, status: u16, code: &str, about: &str) -> Value {
    let about = format!("{} given {about}", row.operation);
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["code"]),
        (status, &json!(code)),
        "{about}: {}",
        answer.text()
    );
    contract::assert_conforms(row.operation(), answer, &about);
    assert_headers(row.operation(), answer, &about);
    assert!(writes(&stage.world).is_empty(), "{about}: {:?}", writes(&stage.world));
    answer.json()["parameters"].clone()
}

/// What the operation's document says of its body, and a body that is right.
fn body_of(row: &Row, stage: &Stage) -> Option<(Value, Value)> {
    let (api, verb, path) = http_of(row.operation()).unwrap();
    let document = functions::openapi::document(api);
    let entry = &document["paths"][format!("{}{path}", api.base())][verb.as_str().to_lowercase()];
    let schema = entry.pointer("/requestBody/content/application~1json/schema")?;
    Some((schema.clone(), (row.body)(stage)))
}

fn with_bodies() -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(|row| http_of(row.operation()).unwrap().1 != Verb::Get)
}

#[tokio::test]
async fn what_is_no_json_object_is_refused_whatever_is_called() {
    let stage = Stage::new().await;
    let nested = |open: &str, close: &str| format!("{{\"a\":{}{}}}", open.repeat(2_000), close.repeat(2_000));
    let bodies: [(&str, Vec<u8>); 17] = [
        ("half an object", b"{".to_vec()),
        ("half a text", b"{\"a\":\"".to_vec()),
        ("words", b"token=1&language=en".to_vec()),
        ("an array", b"[]".to_vec()),
        ("an array of objects", b"[{}]".to_vec()),
        ("null", b"null".to_vec()),
        ("a number", b"7".to_vec()),
        ("a text", b"\"{}\"".to_vec()),
        ("two objects", b"{}{}".to_vec()),
        ("a comment", b"{} // x".to_vec()),
        ("a comma too many", b"{\"a\":1,}".to_vec()),
        ("deep arrays", nested("[", "]").into_bytes()),
        ("deep objects", nested("{\"a\":", "}").replace(":}", ":1}").into_bytes()),
        ("invalid UTF-8", b"{\"a\":\"\xff\xfe\"}".to_vec()),
        ("a bare NUL", b"{\"a\":\"\0\"}".to_vec()),
        ("a lone surrogate", b"{\"a\":\"\\ud800\"}".to_vec()),
        ("a number beyond all", b"{\"a\":1e999}".to_vec()),
    ];
    let before = stage.world.local.snapshot().unwrap();
    for row in with_bodies() {
        for (about, body) in &bodies {
            let answer = send(&stage, row, body.clone()).await;
            let problem = refused(&stage, row, &answer, 400, "invalid_request", about);
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.starts_with("Send one "), "{}: {about}: {detail}", row.operation);
        }
        let largest = 64 * 1024;
        let padded = |length: usize| format!("{{}}{}", " ".repeat(length - 2));
        let answer = send(&stage, row, padded(largest + 1)).await;
        let problem = refused(&stage, row, &answer, 413, "request_too_large", "one byte too many");
        assert_eq!(problem["maximum"], largest);
        assert_ne!(send(&stage, row, padded(largest)).await.status, 413, "{}", row.operation);
        stage.world.local.restore(&before).unwrap();
    }
}

#[tokio::test]
async fn every_field_is_checked_and_named() {
    let stage = Stage::new().await;
    let mut checked = 0;
    for row in with_bodies() {
        let path = http_of(row.operation()).unwrap().2;
        let (schema, right) = body_of(row, &stage).unwrap_or((json!({}), json!({})));
        let changed = |name: &str, value: Value| {
            let mut body = right.clone();
            body[name] = value;
            body.to_string()
        };
        let answer = send(&stage, row, changed("surprise", json!(1))).await;
        let problem = refused(&stage, row, &answer, 400, "invalid_request", "an unknown field");
        assert!(problem.to_string().contains("surprise"), "{}: {problem}", row.operation);

        for name in path.split(['{', '}']).skip(1).step_by(2) {
            let answer = send(&stage, row, changed(name, json!("ind_1"))).await;
            let problem = refused(&stage, row, &answer, 400, "invalid_request", "a path parameter again");
            assert_eq!(problem["field"], name, "{}", row.operation);
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let mut body = right.clone();
            body.as_object_mut().unwrap().remove(name);
            let answer = send(&stage, row, body.to_string()).await;
            let problem = refused(&stage, row, &answer, 400, "invalid_request", &format!("no {name}"));
            assert!(problem.to_string().contains(name), "{}: {problem}", row.operation);
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let kinds =
                property["type"].as_array().cloned().unwrap_or_else(|| vec![property["type"].clone()]);
            let mut wrong = vec![json!([[]]), json!({ "surprise": {} })];
            if !kinds.contains(&json!("boolean")) {
                wrong.push(json!(true));
            }
            if kinds.contains(&json!("integer")) {
                wrong.extend([json!(-1), json!(1.5), json!("1"), json!(1e300), json!(u64::MAX as f64 * 4.0)]);
            } else {
                wrong.push(json!(7));
            }
            for value in wrong {
                let about = format!("{value} as {name}");
                let answer = send(&stage, row, changed(name, value)).await;
                let problem = refused(&stage, row, &answer, 400, "invalid_request", &about);
                let field = problem["field"].as_str().unwrap();
                assert!(
                    field.split(['.', '[']).next() == Some(name),
                    "{}: {about}: {problem}",
                    row.operation
                );
                assert!(!problem["detail"].as_str().unwrap().is_empty());
                checked += 1;
            }
        }
    }
    assert!(checked > 40, "{checked}");
}

#[tokio::test]
async fn an_id_of_another_kind_is_named_as_such_and_never_looked_up() {
    let stage = Stage::new().await;
    let staff = &stage.workers[INTAKE].0;
    let (individual, account) = (&stage.own["individual_id"], &stage.own["account_id"]);
    let too_high = individual.replacen("ind_0", "ind_8", 1);
    let upper = individual.to_uppercase();
    let long = format!("{individual}0");
    let ids = [
        account.as_str(),
        "ind_",
        "ind_1",
        "1",
        &too_high,
        &upper,
        &long,
        "null",
        "%00",
        "ind_%00",
        "..%2f..%2fme",
        "%2e%2e%2fme",
        "ind_%2e%2e%2f%2e%2e",
        "%5c..%5c",
        "%E2%80%AE",
        "*",
        "%27%20or%201%3D1",
        "%ff%fe",
    ];
    for row in ROWS.iter().filter(|row| http_of(row.operation()).unwrap().2.contains("{individual_id}")) {
        let (_, verb, path) = http_of(row.operation()).unwrap();
        for id in ids {
            stage.world.local.aws().faults().record(true);
            let path = path.replace("{individual_id}", id).replace("{account_id}", account);
            let path = path.replace("{contact_id}", &stage.own["contact_id"]);
            let method = Method::from_bytes(verb.as_str().as_bytes()).unwrap();
            let mut call =
                stage.world.admin(method, &path).by(staff).header("idempotency-key", stage.world.key());
            if verb != Verb::Get {
                call = call.json((row.body)(&stage).as_object().map_or(json!({}), |body| json!(body)));
            }
            let problem = refused(&stage, row, &call.send().await, 400, "invalid_request", id);
            assert_eq!(problem["field"], "individual_id", "{id}");
            assert!(problem["detail"].as_str().unwrap().contains("expected ind_"), "{id}: {problem}");
        }
    }
    let import = ROWS.iter().find(|row| row.operation == "admin.start_import").unwrap();
    let body = json!({ "upload_id": individual, "source": "test", "mode": "apply" });
    let answer = send(&stage, import, body.to_string()).await;
    assert_eq!(
        refused(&stage, import, &answer, 400, "invalid_request", "an individual")["field"],
        "upload_id"
    );
}

#[tokio::test]
async fn queries_are_checked_as_bodies_are() {
    let stage = Stage::new().await;
    for row in ROWS.iter().filter(|row| http_of(row.operation()).unwrap().1 == Verb::Get) {
        let (api, _, path) = http_of(row.operation()).unwrap();
        let path = stage.own.iter().fold(path.replace("{kind}", "privacy"), |path, (name, id)| {
            path.replace(&format!("{{{name}}}"), id)
        });
        let mut queries = vec![("surprise=1", "surprise")];
        match row.operation {
            "admin.get_job" => queries.extend([
                ("page=-1", "page"),
                ("page=x", "page"),
                ("page=99999999999", "page"),
                ("page=1&page=2", "page"),
                ("page=1.5", "page"),
                ("job_id=1", "job_id"),
            ]),
            "admin.get_bulk_results" => queries.extend([("page=-1", "page"), ("page=x", "page")]),
            "admin.list_alerts" => {
                queries.extend([("kind=all", "kind"), ("kind=locked&kind=locked", "kind")])
            }
            "admin.get_statistics" => queries.extend([
                ("from=2026-13", "from"),
                ("to=march", "to"),
                ("from=2026-03&to=2026-02", "to"),
                ("from=2020-01&to=2026-03", "from"),
                ("site_id=1", "site_id"),
            ]),
            "admin.list_services" => queries.extend([
                ("kind=clinic", "kind"),
                ("parent=1", "parent"),
                ("active=maybe", "active"),
                ("cursor=1&cursor=2", "cursor"),
            ]),
            "admin.list_service_requests" => {
                queries.extend([("state=lost", "state"), ("state=open&state=open", "state")])
            }
            "admin.get_individual" => queries.push(("individual_id=1", "individual_id")),
            "portal.get_texts" => {
                queries.extend([("language=de", "language"), ("language=en&language=fr", "language")])
            }
            _ => {}
        }
        for (query, field) in queries {
            stage.world.local.aws().faults().record(true);
            let call = stage.world.api(api, Method::GET, &format!("{path}?{query}"));
            let call = match stage.fitting(row) {
                Some(session) => call.by(session),
                None => call,
            };
            let answer = call.send().await;
            let problem = refused(&stage, row, &answer, 400, "invalid_request", query);
            assert!(problem.to_string().contains(field), "{query}: {problem}");
        }
    }
}

#[tokio::test]
async fn characters_that_nobody_types_do_no_harm() {
    let stage = Stage::new().await;
    let before = stage.world.local.snapshot().unwrap();
    let mut taken = Vec::new();
    let texts = [
        "\0",
        "a\0b",
        "\u{1b}[2J",
        "\r\nBcc: x@example.org",
        "\u{202e}abc",
        "\u{feff}",
        "😀😀",
        "' or 1=1",
        "<script>",
        "a\u{301}",
        "ind#x",
    ];
    for row in with_bodies() {
        let Some((schema, right)) = body_of(row, &stage) else { continue };
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if !property["type"].to_string().contains("string") {
                continue;
            }
            for text in texts.map(str::to_owned).into_iter().chain(["x".repeat(60_000)]) {
                let mut body = right.clone();
                body[name] = json!(text);
                let about =
                    format!("{}: {name} = {:?}", row.operation, text.chars().take(20).collect::<String>());
                let answer = send(&stage, row, body.to_string()).await;
                assert!(answer.status.as_u16() < 500, "{about}: {}", answer.text());
                contract::assert_conforms(row.operation(), &answer, &about);
                if answer.status == 200 {
                    let harmless = [
                        "admin.search_individuals",
                        "admin.create_account",
                        "admin.enable_account",
                        // What a worker says of themselves may be anything, too.
                        "admin.set_my_profile",
                        // So may what a client writes to the agency, and what staff note of it.
                        "admin.settle_service_request",
                        "portal.request_service",
                        // What the agency calls its own may be any one line.
                        "admin.create_security_class",
                        "admin.update_security_class",
                        "admin.create_site",
                        "admin.update_site",
                        "admin.create_service",
                        "admin.update_service",
                        // A code means nothing to who has no second factor.
                        "admin.sign_in",
                        "admin.begin_second_factor",
                        // A password may be anything.
                        "portal.activate_account",
                        "portal.reset_password",
                        "portal.change_password",
                        "admin.reset_password",
                        "admin.change_password",
                        // Answers everyone alike.
                        "portal.request_password_reset",
                        "admin.request_password_reset",
                    ];
                    taken.extend((!harmless.contains(&row.operation)).then_some(about));
                }
                stage.world.local.restore(&before).unwrap();
            }
        }
    }
    assert!(taken.is_empty(), "{taken:#?}");
}

#[tokio::test]
async fn a_cursor_is_good_for_one_caller_one_operation_and_one_filter() {
    let stage = Stage::new().await;
    let world = &stage.world;
    let (intake, exec) = (&stage.workers[INTAKE].0, &stage.workers[ADMIN_EXEC].0);
    let rows: String =
        (0..30).map(|number| format!("C-{number},Cursor,Number{number},1980-01-01,en\n")).collect();
    let job = world
        .import(format!("external_id,first_name,last_name,birth_date,language\n{rows}").as_bytes(), "apply")
        .await;
    assert_eq!(job["created"], 30, "{job}");
    let search = async |session: &Session, body: Value| {
        world.admin(Method::POST, "/individuals/search").by(session).json(body).send().await
    };
    let first = search(intake, json!({ "name": "cursor" })).await.ok();
    let cursor = first["next_cursor"].as_str().unwrap();
    assert!(cursor.len() <= 512 && first["individuals"].as_array().unwrap().len() == 25);
    let second = search(intake, json!({ "name": "cursor", "cursor": cursor })).await.ok();
    assert_eq!((second["individuals"].as_array().unwrap().len(), &second["next_cursor"]), (5, &Value::Null));

    let mut wrong = vec![
        (exec, json!({ "name": "cursor", "cursor": cursor }), "of another worker"),
        (intake, json!({ "name": "curso", "cursor": cursor }), "of another filter"),
        (intake, json!({ "email": "cursor@example.org", "cursor": cursor }), "of another kind of filter"),
    ];
    let swap = |at: usize| {
        let mut bytes = cursor.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    let mut forged: Vec<String> = (0..cursor.len() - 1).step_by(11).map(swap).collect();
    forged.extend([
        "".to_owned(),
        "null".to_owned(),
        "!".to_owned(),
        "A".repeat(5_000),
        cursor[1..].to_owned(),
        format!("{cursor}A"),
    ]);
    wrong.extend(
        forged.iter().map(|cursor| (intake, json!({ "name": "cursor", "cursor": cursor }), "forged")),
    );
    for (session, body, about) in wrong {
        world.local.aws().faults().record(true);
        assert_eq!(search(session, body.clone()).await.refused(400), "cursor_not_valid", "{about}: {body}");
        assert!(writes(world).is_empty(), "{about}");
    }
    let individual = &stage.own["individual_id"];
    for cursor in forged.iter().map(String::as_str).filter(|cursor| *cursor != "!").chain([cursor]) {
        let path = format!("/individuals/{individual}/history?cursor={cursor}");
        let answer = world.admin(Method::GET, &path).by(intake).send().await;
        assert_eq!(answer.refused(400), "cursor_not_valid", "{cursor}");
    }
}

#[tokio::test]
async fn an_idempotency_key_names_one_call_of_one_worker() {
    let stage = Stage::new().await;
    let world = &stage.world;
    let (intake, exec) = (&stage.workers[INTAKE].0, &stage.workers[ADMIN_EXEC].0);
    let create = async |session: &Session, individual: &str, key: &str, body: Value| {
        let path = format!("/individuals/{individual}/accounts");
        world.admin(Method::POST, &path).by(session).header("idempotency-key", key).json(body).send().await
    };
    let individual = stage.fresh.clone();
    let bad = [
        "",
        "short-7",
        "spaces in the key",
        "under_the_limit!",
        "ключ-ключ-ключ",
        &"k".repeat(65),
        "a,b,c,d,e,f",
        "tab\there-it-is",
    ];
    for key in bad {
        world.local.aws().faults().record(true);
        assert_eq!(
            create(intake, &individual, key, json!({})).await.refused(400),
            "idempotency_key_missing",
            "{key}"
        );
        assert!(writes(world).is_empty(), "{key}");
        // Where a key is only accepted, a bad one isn't quietly left aside either.
        let path = format!("/individuals/{individual}/communication-settings");
        let settings = world
            .admin(Method::PUT, &path)
            .by(intake)
            .header("idempotency-key", key)
            .json(json!({ "email_contact_id": null, "confirmed": true }));
        assert_eq!(settings.send().await.refused(400), "idempotency_key_missing", "{key}");
    }
    let path = format!("/individuals/{individual}/accounts");
    let none = world.admin(Method::POST, &path).by(intake).json(json!({})).send().await;
    assert_eq!(none.refused(400), "idempotency_key_missing");

    let key = "k".repeat(64);
    let first = create(intake, &individual, &key, json!({})).await;
    first.ok();
    let again = create(intake, &individual, &key, json!({})).await;
    assert_eq!(
        (again.status, &again.bytes),
        (first.status, &first.bytes),
        "the same call has the same answer"
    );
    let other = create(intake, &individual, &key, json!({ "confirm_email": true })).await;
    assert_eq!(other.refused(422), "idempotency_key_reused");
    let elsewhere = world.individual(intake, "T-12").await;
    assert_eq!(create(intake, &elsewhere, &key, json!({})).await.refused(422), "idempotency_key_reused");
    create(exec, &elsewhere, &key, json!({})).await.ok();
    let import = json!({ "upload_id": stage.upload, "source": "test", "mode": "dry_run" });
    world
        .admin(Method::POST, "/imports")
        .by(intake)
        .header("idempotency-key", key.clone())
        .json(import)
        .send()
        .await
        .ok();

    // After a day, the key is free again: the call is judged anew.
    world.advance(chrono::Duration::hours(24));
    let intake = &world.staff(INTAKE).await;
    assert_eq!(create(intake, &individual, &key, json!({})).await.refused(409), "account_open");
}

#[tokio::test]
async fn other_methods_and_other_paths_lead_nowhere() {
    let stage = Stage::new().await;
    let world = &stage.world;
    let staff = &stage.workers[INTAKE].0;
    let faults = world.local.aws().faults();
    let nowhere = async |api: Api, method: Method, path: &str| {
        faults.record(true);
        let session = if api == Api::Portal { &stage.clients[0] } else { staff };
        let answer = world
            .api(api, method.clone(), path)
            .by(session)
            .header("access-control-request-method", "POST")
            .send()
            .await;
        let about = format!("{method} {path}");
        assert_eq!(answer.status, 404, "{about}: {}", answer.text());
        assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control")), "{about}");
        assert_eq!(faults.calls(), [], "{about}");
    };
    // `/individuals/{individual_id}` takes `/individuals/search` too.
    let takes = |known: &str, path: &str| {
        let pairs = known.split('/').zip(path.split('/'));
        known.split('/').count() == path.split('/').count()
            && pairs.into_iter().all(|(known, given)| known == given || known.starts_with('{'))
    };
    let offered = |api: Api, path: &str, method: &Method| {
        let known = ROWS.iter().filter_map(|row| http_of(row.operation()));
        known
            .into_iter()
            .any(|(of, verb, known)| (of, verb.as_str()) == (api, method.as_str()) && takes(known, path))
    };
    for row in ROWS {
        let (api, _, path) = http_of(row.operation()).unwrap();
        let filled = stage
            .own
            .iter()
            .fold(path.to_owned(), |path, (name, id)| path.replace(&format!("{{{name}}}"), id));
        for method in [
            Method::HEAD,
            Method::OPTIONS,
            Method::PATCH,
            Method::TRACE,
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::DELETE,
        ] {
            if !offered(api, path, &method) {
                nowhere(api, method, &filled).await;
            }
        }
        let method = Method::from_bytes(http_of(row.operation()).unwrap().1.as_str().as_bytes()).unwrap();
        for path in [
            format!("{filled}/"),
            format!("/{filled}"),
            format!("{filled}/more"),
            filled.to_uppercase(),
            format!("{filled}%2f"),
        ] {
            // A segment that is a parameter takes anything; its operation refuses what is no id.
            let parameter = path.ends_with("%2f") && http_of(row.operation()).unwrap().2.ends_with('}');
            if !parameter && !offered(api, &path, &method) {
                nowhere(api, method.clone(), &path).await;
            }
        }
    }
    for path in [
        "",
        "/",
        "/nothing",
        "/session/..%2fme",
        "/..%2f..%2fadmin%2fv1%2fme",
        "/individuals/",
        "/individuals//accounts",
    ] {
        nowhere(Api::Portal, Method::GET, path).await;
        nowhere(Api::Admin, Method::GET, path).await;
    }
    // Each site has its own API only.
    nowhere(Api::Portal, Method::GET, "/me").await;
    nowhere(Api::Admin, Method::GET, "/home").await;
}
