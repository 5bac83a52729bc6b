//! Enrolling individuals in case services, groups and series, and who sees them by it.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ADMIN_EXEC, Answer, CLINICAL, INTAKE, OTHER_CLINICAL, SYSTEM, Session, World};

/// An agency with somebody whom nobody is assigned to, and a case service with a group.
struct Practice {
    world: World,
    staff: Session,
    individual: String,
    service: String,
    group: String,
    carmen: String,
    tomasz: String,
}

impl Practice {
    async fn open() -> Self {
        let world = World::new().await;
        let staff = world.staff(INTAKE).await;
        let individual = world.individual(&staff, "T-09").await;
        let service = world.service(&staff, "case_service", "Counselling", None).await;
        let group = world.service(&staff, "group", "Tuesday circle", Some(&service)).await;
        let (carmen, tomasz) = (world.worker(CLINICAL).await, world.worker(OTHER_CLINICAL).await);
        Self { world, staff, individual, service, group, carmen, tomasz }
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Answer {
        let call = self.world.admin(method, path).by(&self.staff).header("idempotency-key", self.world.key());
        call.json(body).send().await
    }

    async fn open_file(&self, body: Value) -> Answer {
        self.call(Method::POST, &format!("/individuals/{}/service-files", self.individual), body).await
    }

    async fn enrol(&self) -> String {
        self.world.open_service_file(&self.staff, &self.individual, &self.service, &self.carmen).await
    }

    async fn change_file(&self, method: Method, file: &str, action: &str, body: Value) -> Answer {
        let path = format!("/individuals/{}/service-files/{file}{action}", self.individual);
        self.call(method, &path, body).await
    }

    async fn join(&self, service: &str) -> Answer {
        let body = json!({ "individual_id": self.individual });
        self.call(Method::POST, &format!("/services/{service}/roster"), body).await
    }

    async fn listed(&self) -> Value {
        let path = format!("/individuals/{}/services", self.individual);
        self.world.admin(Method::GET, &path).by(&self.staff).send().await.ok()
    }

    /// Whether that worker sees the individual: in their record, in a search, on the roster.
    async fn sees(&self, email: &str) -> [bool; 3] {
        let by = self.world.staff(email).await;
        let path = format!("/individuals/{}", self.individual);
        let record = self.world.admin(Method::GET, &path).by(&by).send().await;
        let search = json!({ "external_id": { "source": "test", "id": "T-09" } });
        let search = self.world.admin(Method::POST, "/individuals/search").by(&by).json(search).send().await;
        let roster = format!("/services/{}/roster", self.group);
        let roster = self.world.admin(Method::GET, &roster).by(&by).send().await.ok();
        let found = |page: &Value, list: &str| !page[list].as_array().unwrap().is_empty();
        [record.status == 200, found(&search.ok(), "individuals"), found(&roster, "places")]
    }
}

#[tokio::test]
async fn a_clinical_worker_sees_somebody_from_being_put_on_their_file_to_its_end() {
    let of = Practice::open().await;
    assert_eq!(of.sees(CLINICAL).await, [false; 3]);
    let file = of.enrol().await;
    of.join(&of.group).await.ok();
    assert_eq!((of.sees(CLINICAL).await, of.sees(OTHER_CLINICAL).await), ([true; 3], [false; 3]));
    assert_eq!((of.sees(INTAKE).await, of.sees(ADMIN_EXEC).await), ([true; 3], [true; 3]));

    let both = json!({ "version": 1, "primary_worker_id": of.tomasz, "worker_ids": [of.carmen, of.tomasz] });
    let saved = of.change_file(Method::PUT, &file, "", both).await.ok();
    assert_eq!((of.sees(CLINICAL).await, of.sees(OTHER_CLINICAL).await), ([true; 3], [true; 3]));
    let listed = of.listed().await;
    let shown = &listed["service_files"][0];
    assert_eq!(shown["primary_worker"]["worker_id"], json!(of.tomasz));
    assert_eq!(shown["workers"].as_array().unwrap().len(), 1, "the primary worker isn't listed twice");
    assert_eq!(shown["groups"][0]["service_name"], "Tuesday circle");

    let alone = json!({ "version": saved["version"], "primary_worker_id": of.tomasz });
    let saved = of.change_file(Method::PUT, &file, "", alone).await.ok();
    assert_eq!((of.sees(CLINICAL).await, of.sees(OTHER_CLINICAL).await), ([false; 3], [true; 3]));

    let close = json!({ "version": saved["version"], "closed_on": "2026-03-02" });
    let saved = of.change_file(Method::POST, &file, "/close", close).await.ok();
    assert_eq!(of.sees(OTHER_CLINICAL).await, [false; 3]);
    let listed = of.listed().await;
    assert_eq!(listed["service_files"][0]["closed_on"], "2026-03-02");
    assert_eq!(listed["service_files"][0]["groups"], json!([]), "closing leaves the groups");
    let roster = format!("/services/{}/roster", of.group);
    let roster = of.world.admin(Method::GET, &roster).by(&of.staff).send().await.ok();
    assert_eq!(roster["places"], json!([]));

    of.change_file(Method::POST, &file, "/reopen", json!({ "version": saved["version"] })).await.ok();
    assert_eq!(of.sees(OTHER_CLINICAL).await, [true, true, false], "places aren't given back");
    of.join(&of.group).await.ok();
    assert_eq!(of.sees(OTHER_CLINICAL).await, [true; 3]);
}

#[tokio::test]
async fn one_file_is_open_for_a_service_however_often_and_by_how_many_it_is_opened() {
    let of = Practice::open().await;
    let body = json!({ "service_id": of.service, "opened_on": "2026-01-12", "primary_worker_id": of.carmen });
    let path = format!("/individuals/{}/service-files", of.individual);
    let repeated = || {
        let call = of.world.admin(Method::POST, &path).by(&of.staff).header("idempotency-key", "twice-over");
        call.json(body.clone()).send()
    };
    let opened = repeated().await.ok();
    assert_eq!(repeated().await.ok(), opened);
    let again = of.open_file(body.clone()).await;
    assert_eq!(again.refused(409), "service_file_open");
    assert_eq!(again.json()["parameters"]["service_file_id"], opened["service_file_id"]);

    let file = opened["service_file_id"].as_str().unwrap();
    let close = json!({ "version": 1, "closed_on": "2026-02-27" });
    let closed = of.change_file(Method::POST, file, "/close", close.clone()).await.ok();
    assert_eq!(of.change_file(Method::POST, file, "/close", close).await.ok(), closed, "done is done");
    let many = join_all((0..5).map(|_| of.open_file(body.clone()))).await;
    assert_eq!(many.iter().filter(|answer| answer.status == 200).count(), 1);
    let refused = many.iter().filter(|answer| answer.status != 200).map(|answer| answer.refused(409));
    for code in refused {
        assert!(["conflict", "service_file_open"].contains(&code.as_str()), "{code}");
    }
    let reopened = of.change_file(Method::POST, file, "/reopen", json!({ "version": 2 })).await;
    assert_eq!(reopened.refused(409), "service_file_open");
    let files = of.listed().await["service_files"].as_array().unwrap().clone();
    let open = files.iter().map(|file| file["closed_on"].is_null()).collect::<Vec<_>>();
    assert_eq!(open, [true, false], "open ones first");
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_the_field_that_says_it() {
    let of = Practice::open().await;
    let system = of.world.worker(SYSTEM).await;
    let nobody = "wrk_00000000000000000000000000";
    let good = json!({ "service_id": of.service, "opened_on": "2026-01-12", "primary_worker_id": of.carmen });
    for (field, value) in [
        ("service_id", json!("svc_00000000000000000000000000")),
        ("service_id", json!(of.group)),
        ("opened_on", json!("2026-03-03")),
        ("opened_on", json!("12/01/2026")),
        ("opened_on", json!("2026-02-30")),
        ("primary_worker_id", json!(nobody)),
        ("primary_worker_id", json!(system)),
        ("worker_ids", json!([system])),
        ("worker_ids", json!([nobody])),
    ] {
        let mut body = good.clone();
        body[field] = value.clone();
        let answer = of.open_file(body).await;
        assert_eq!(answer.refused(400), "invalid_request", "{field}: {value}");
        assert_eq!(answer.json()["parameters"]["field"], field, "{value}");
    }
    let file = of.enrol().await;
    for (closed_on, field) in [("2026-01-11", "closed_on"), ("2026-03-03", "closed_on")] {
        let body = json!({ "version": 1, "closed_on": closed_on });
        let answer = of.change_file(Method::POST, &file, "/close", body).await;
        assert_eq!(
            (answer.refused(400).as_str(), &answer.json()["parameters"]["field"]),
            ("invalid_request", &json!(field))
        );
    }
    let stale = json!({ "version": 7, "primary_worker_id": of.tomasz });
    let stale = of.change_file(Method::PUT, &file, "", stale).await;
    assert_eq!(stale.refused(409), "record_changed");
    let close = json!({ "version": 1, "closed_on": "2026-01-12" });
    of.change_file(Method::POST, &file, "/close", close).await.ok();
    let late = json!({ "version": 2, "primary_worker_id": of.tomasz });
    assert_eq!(of.change_file(Method::PUT, &file, "", late).await.refused(409), "service_file_closed");
}

#[tokio::test]
async fn a_group_takes_who_is_in_its_service_and_a_series_takes_anybody() {
    let of = Practice::open().await;
    let drop_in = of.world.service(&of.staff, "informal_service", "Drop-in", None).await;
    let series = of.world.service(&of.staff, "informal_series", "Spring mornings", Some(&drop_in)).await;
    assert_eq!(of.join(&of.group).await.refused(409), "no_service_file");
    assert_eq!(of.join(&of.service).await.refused(409), "no_roster");
    let joined = of.join(&series).await.ok();
    assert_eq!(of.join(&series).await.ok(), joined, "once");
    of.enrol().await;
    of.join(&of.group).await.ok();
    let listed = of.listed().await;
    assert_eq!(listed["series"][0]["service_name"], "Spring mornings");
    assert_eq!(listed["series"].as_array().unwrap().len(), 1, "a group stands with its file");

    for roster in [&series, &of.group] {
        let place = format!("/services/{roster}/roster/{}", of.individual);
        for _ in 0..2 {
            of.call(Method::DELETE, &place, json!({})).await.ok();
        }
    }
    let listed = of.listed().await;
    assert_eq!((&listed["series"], &listed["service_files"][0]["groups"]), (&json!([]), &json!([])));
    of.join(&of.group).await.ok();
}

#[tokio::test]
async fn a_service_that_people_are_in_stays_active_and_an_inactive_one_takes_nobody() {
    let of = Practice::open().await;
    let put = async |service: &str, active: bool| {
        let path = format!("/services/{service}");
        let known = of.world.admin(Method::GET, &path).by(&of.staff).send().await.ok();
        let visibility = &known["service"]["visibility"];
        let body = json!({
            "version": known["service"]["version"], "name": known["service"]["name"], "visibility": visibility,
            "active": active, "confirmed": true,
        });
        of.call(Method::PUT, &path, body).await
    };
    let file = of.enrol().await;
    of.join(&of.group).await.ok();
    assert_eq!(put(&of.group, false).await.refused(409), "service_in_use");
    of.change_file(Method::POST, &file, "/close", json!({ "version": 1, "closed_on": "2026-03-02" }))
        .await
        .ok();
    put(&of.group, false).await.ok();
    put(&of.service, false).await.ok();
    let body = json!({ "service_id": of.service, "opened_on": "2026-01-12", "primary_worker_id": of.carmen });
    assert_eq!(of.open_file(body).await.refused(409), "service_inactive");
    let reopen = of.change_file(Method::POST, &file, "/reopen", json!({ "version": 2 })).await;
    assert_eq!(reopen.refused(409), "service_inactive");
    assert_eq!(of.join(&of.group).await.refused(409), "service_inactive");
}

#[tokio::test]
async fn history_tells_of_enrolments_and_only_those_who_manage_services_make_them() {
    let of = Practice::open().await;
    of.world.advance(chrono::Duration::minutes(1));
    let file = of.enrol().await;
    of.world.advance(chrono::Duration::minutes(1));
    of.join(&of.group).await.ok();
    of.world.advance(chrono::Duration::minutes(1));
    of.change_file(Method::POST, &file, "/close", json!({ "version": 1, "closed_on": "2026-03-02" }))
        .await
        .ok();
    let path = format!("/individuals/{}/history", of.individual);
    let history = of.world.admin(Method::GET, &path).by(&of.staff).send().await.ok();
    let events: Vec<_> =
        history["entries"].as_array().unwrap().iter().map(|entry| &entry["events"][0]).collect();
    assert_eq!(events[..3], ["service_file_closed", "roster_joined", "service_file_opened"]);

    let body = json!({ "service_id": of.service, "opened_on": "2026-01-12", "primary_worker_id": of.carmen });
    for email in [CLINICAL, SYSTEM] {
        let by = of.world.staff(email).await;
        let path = format!("/individuals/{}/service-files", of.individual);
        let call = of.world.admin(Method::POST, &path).by(&by).header("idempotency-key", of.world.key());
        assert_eq!(call.json(body.clone()).send().await.refused(403), "not_allowed", "{email}");
    }
}

#[tokio::test]
async fn files_and_rosters_are_imported_row_by_row_and_a_second_time_change_nothing() {
    let world = World::new().await;
    let services =
        b"external_id,kind,name,parent_external_id\nS-1,case_service,Counselling,\nG-1,group,Circle,S-1\n\
        S-2,case_service,Twin,\nS-3,case_service,Twin,\n";
    world.import_of("services", services, "apply").await;
    let header = "external_id,individual_external_id,service_external_id,service,opened_on,closed_on,primary_worker_email,worker_emails";
    let good = format!(
        "{header}\nF-1,T-09,S-1,,2026-01-12,,{CLINICAL},{OTHER_CLINICAL}\nF-2,T-02,,counselling,2026-01-12,,{CLINICAL},\n"
    );
    for (mode, created) in [("dry_run", 2), ("apply", 2), ("apply", 0)] {
        let job = world.import_of("service_files", good.as_bytes(), mode).await;
        assert_eq!(
            (&job["kind"], &job["created"]),
            (&json!("import_service_files"), &json!(created)),
            "{job}"
        );
        assert_eq!(job["unchanged"], 2 - created, "{job}");
    }
    let bad = format!(
        "{header}\nF-3,NOBODY,S-1,,2026-01-12,,{CLINICAL},\nF-4,T-05,S-9,,2026-01-12,,{CLINICAL},\n\
         F-5,T-05,,Twin,2026-01-12,,{CLINICAL},\nF-6,T-05,G-1,,2026-01-12,,{CLINICAL},\n\
         F-7,T-05,S-1,,2026-01-12,,{SYSTEM},\nF-8,T-05,S-1,,2026-01-12,,{CLINICAL},nobody@example.org\n\
         F-9,T-09,S-1,,2026-01-12,,{CLINICAL},\nF-1,T-02,S-1,,2026-01-12,,{CLINICAL},\nF-1,T-09,S-1,,2026-01-12,,{CLINICAL},\n"
    );
    let job = world.import_of("service_files", bad.as_bytes(), "apply").await;
    assert_eq!((&job["created"], &job["refused"]), (&json!(0), &json!(9)), "{job}");
    let staff = world.staff(INTAKE).await;
    let codes: Vec<_> = world
        .report(&staff, &job, 1)
        .await
        .iter()
        .map(|row| row["errors"][0]["code"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        codes,
        [
            "unknown_individual",
            "unknown_service",
            "ambiguous_service",
            "not_a_case_service",
            "unknown_worker",
            "unknown_worker",
            "service_file_open",
            "individual_differs",
            "repeated_external_id",
        ]
    );

    let rosters =
        b"individual_external_id,service,since\nT-09,Circle,2026-01-20\nT-05,Circle,\nT-02,Nowhere,\n";
    for (mode, created) in [("dry_run", 1), ("apply", 1), ("apply", 0)] {
        let job = world.import_of("rosters", rosters, mode).await;
        assert_eq!((&job["created"], &job["refused"]), (&json!(created), &json!(2)), "{job}");
    }
    let close = format!("{header}\nF-1,T-09,S-1,,2026-01-12,2026-02-27,{CLINICAL},\n");
    let job = world.import_of("service_files", close.as_bytes(), "apply").await;
    assert_eq!(job["updated"], 1, "{job}");
    let individual = world.individual(&staff, "T-09").await;
    let path = format!("/individuals/{individual}/services");
    let listed = world.admin(Method::GET, &path).by(&staff).send().await.ok();
    assert_eq!(listed["service_files"][0]["closed_on"], "2026-02-27");
    let services = world.admin(Method::GET, "/services?kind=group").by(&staff).send().await.ok();
    let roster = format!("/services/{}/roster", services["services"][0]["service_id"].as_str().unwrap());
    let roster = world.admin(Method::GET, &roster).by(&staff).send().await.ok();
    assert_eq!(roster["places"], json!([]), "closing by a file leaves the groups, too");
}
