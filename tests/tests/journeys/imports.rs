//! Importing individuals from files as agencies really have them (B12).

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{CLINICAL, INTAKE, RESTRICTED, SYSTEM, World};

fn problem_of(rows: &[Value]) -> Vec<(u64, String)> {
    let refused = rows.iter().filter(|row| row["outcome"] == "refused");
    refused
        .flat_map(|row| {
            row["errors"]
                .as_array()
                .unwrap()
                .iter()
                .map(|error| (row["row"].as_u64().unwrap(), error["code"].as_str().unwrap().to_owned()))
        })
        .collect()
}

#[tokio::test]
async fn a_spreadsheets_export_is_read_as_it_is() {
    let world = World::set_up().await;
    // A byte order mark, CRLF, quotes around commas and line breaks, another order of columns.
    let csv = "\u{feff}Last Name,first_name,EXTERNAL_ID,address\r\n\"O'Neil, Jr\",Shéa,A-1,\"1 Quay\r\nHarbour\"\r\n=SUM(A1),\"Quote \"\"Q\"\"\",A-2,\r\n";
    let job = world.import(csv.as_bytes(), "apply").await;
    assert_eq!(
        (&job["state"], &job["created"], &job["refused"]),
        (&json!("done"), &json!(2), &json!(0)),
        "{job}"
    );
    let staff = world.staff(INTAKE).await;
    let individual = world.individual(&staff, "A-1").await;
    let record = world.admin(Method::GET, &format!("/individuals/{individual}")).by(&staff).send().await.ok();
    assert_eq!(record["individual"]["last_name"], "O'Neil, Jr");
    let formula = world.individual(&staff, "A-2").await;
    let record = world.admin(Method::GET, &format!("/individuals/{formula}")).by(&staff).send().await.ok();
    assert_eq!(record["individual"]["last_name"], "=SUM(A1)");
}

#[tokio::test]
async fn a_bad_row_is_refused_whole_and_the_others_are_taken() {
    let world = World::set_up().await;
    let csv = "external_id,first_name,last_name,birth_date,email,email_consent,site,worker_email\n\
        B-1,Good,Row,1990-01-01,good@example.org,yes,,\n\
        B-2,Bad,Date,01/02/1990,,,,\n\
        B-3,Bad,Email,,not an address,,,\n\
        B-4,,Noname,,,,,\n\
        B-5,Consent,Without,,,yes,,\n\
        B-6,Bad,Site,,,,Nowhere,\n\
        B-7,Bad,Worker,,,,,nobody@example.org\n\
        B-8,Too,Few\n\
        B-1,Same,Id,,,,,\n";
    let job = world.import(csv.as_bytes(), "apply").await;
    assert_eq!(
        (&job["state"], &job["created"], &job["refused"]),
        (&json!("done"), &json!(1), &json!(8)),
        "{job}"
    );
    let staff = world.staff(INTAKE).await;
    let rows = world.report(&staff, &job, 1).await;
    assert_eq!(rows.len(), 9);
    let problems = problem_of(&rows);
    let rows_with_problems: Vec<u64> = problems.iter().map(|(row, _)| *row).collect();
    for row in 3..=10 {
        assert!(rows_with_problems.contains(&row), "{problems:?}");
    }
    assert!(problems.contains(&(10, "repeated_external_id".to_owned())), "{problems:?}");
    for row in rows.iter().filter(|row| row["outcome"] == "refused") {
        assert!(row["errors"][0]["help"].as_str().unwrap().len() > 5);
    }
}

#[tokio::test]
async fn files_that_are_not_lists_of_people_are_refused_with_what_to_do() {
    let world = World::set_up().await;
    let utf16: Vec<u8> = "external_id,first_name\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (file, failure) in [
        (b"%PDF-1.7\n\x00\x01\x02".to_vec(), "not_csv"),
        (utf16, "not_csv"),
        (b"name;date\nAna;1990\n".to_vec(), "bad_header"),
        (b"first_name,last_name\nAna,Delgado\n".to_vec(), "bad_header"),
        (b"external_id,first_name,last_name,last_name\n1,A,B,C\n".to_vec(), "bad_header"),
        (
            [b"external_id,first_name,last_name\n1,\"".to_vec(), vec![b'x'; 2 * 1024 * 1024]].concat(),
            "not_csv",
        ),
    ] {
        let job = world.import(&file, "apply").await;
        assert_eq!(
            (&job["state"], &job["failure"], &job["created"]),
            (&json!("failed"), &json!(failure), &json!(0)),
            "{job}"
        );
        let staff = world.staff(INTAKE).await;
        assert!(world.report(&staff, &job, 1).await[0]["errors"][0]["help"].as_str().unwrap().len() > 20);
    }
}

#[tokio::test]
async fn a_dry_run_reports_and_changes_nothing() {
    let world = World::set_up().await;
    let csv = b"external_id,first_name,last_name\nD-1,Dry,Run\n";
    let job = world.import(csv, "dry_run").await;
    assert_eq!((&job["state"], &job["created"]), (&json!("done"), &json!(1)));
    let staff = world.staff(INTAKE).await;
    let found = world
        .admin(Method::POST, "/individuals/search")
        .by(&staff)
        .json(json!({ "name": "dry" }))
        .send()
        .await
        .ok();
    assert_eq!(found["individuals"], json!([]));
}

#[tokio::test]
async fn importing_again_updates_what_changed_and_nothing_else() {
    let world = World::new().await;
    let same = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/individuals.csv")).unwrap();
    let job = world.import(&same, "apply").await;
    assert_eq!(
        (&job["unchanged"], &job["created"], &job["updated"]),
        (&json!(12), &json!(0), &json!(0)),
        "{job}"
    );
    let changed = b"external_id,first_name,last_name,phone\nT-01,Ana,Delgado-Ruiz,+1 555 0199\n";
    let job = world.import(changed, "apply").await;
    assert_eq!(job["updated"], 1, "{job}");
    let staff = world.staff(INTAKE).await;
    let individual = world.individual(&staff, "T-01").await;
    let record = world.admin(Method::GET, &format!("/individuals/{individual}")).by(&staff).send().await.ok();
    assert_eq!(record["individual"]["last_name"], "Delgado-Ruiz");
    assert_eq!(
        record["individual"]["birth_date"], "1985-04-12",
        "a column that isn't there leaves what is known"
    );
}

#[tokio::test]
async fn same_name_and_birth_date_is_reported_and_never_merged() {
    let world = World::new().await;
    let csv = b"external_id,first_name,last_name,birth_date\nX-1,ANA,Delgado,1985-04-12\n";
    let job = world.import(csv, "apply").await;
    assert_eq!((&job["created"], &job["duplicates"]), (&json!(1), &json!(1)), "{job}");
}

#[tokio::test]
async fn a_corrected_birth_date_clears_the_misses_of_a_pending_account() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let (_, _, token) = world.invite(&staff, "T-01").await;
    world.activate(&token, "1985-04-21").await.refused(422);
    world.activate(&token, "1985-04-21").await.refused(422);
    let csv = b"external_id,first_name,last_name,birth_date\nT-01,Ana,Delgado,1985-04-21\n";
    assert_eq!(world.import(csv, "apply").await["updated"], 1);
    assert_eq!(world.look(&token).await["attempts_left"], 3);
    world.activate(&token, "1985-04-21").await.ok();
}

#[tokio::test]
async fn a_hundred_thousand_rows_are_read_in_pages() {
    let world = World::set_up().await;
    let mut csv = String::with_capacity(4_000_000);
    csv.push_str("external_id,first_name,last_name\n");
    for n in 0..100_000 {
        csv.push_str(&format!("L-{n},First{n},Last\n"));
    }
    let job = world.import(csv.as_bytes(), "dry_run").await;
    assert_eq!(
        (&job["state"], &job["created"], &job["refused"]),
        (&json!("done"), &json!(100_000), &json!(0)),
        "{job}"
    );
    assert_eq!(job["pages"], 100);
}

#[tokio::test]
async fn an_import_is_its_uploaders_and_needs_the_permission() {
    let world = World::set_up().await;
    let staff = world.staff(INTAKE).await;
    let upload = world.upload(&staff, b"external_id,first_name,last_name\n1,A,B\n").await;
    let start = |upload: &str| json!({ "upload_id": upload, "source": "test", "mode": "apply" });
    let restricted = world.staff(RESTRICTED).await;
    let post = async |session, body: Value| {
        world
            .admin(Method::POST, "/imports")
            .by(session)
            .header("idempotency-key", world.key())
            .json(body)
            .send()
            .await
    };
    assert_eq!(post(&restricted, start(&upload)).await.refused(403), "not_allowed");
    let other = world.staff(crate::support::ADMIN_EXEC).await;
    assert_eq!(post(&other, start(&upload)).await.refused(409), "upload_not_found");
    assert_eq!(post(&staff, start("upl_00000000000000000000000000")).await.refused(409), "upload_not_found");
    let mut bad_source = start(&upload);
    bad_source["source"] = json!("Not A Source!");
    assert_eq!(post(&staff, bad_source).await.refused(400), "invalid_request");
}

#[tokio::test]
async fn an_agency_is_set_up_once_and_a_bad_file_says_what_to_mend() {
    let world = World::bare().await;
    let mut bad = crate::support::agency_file();
    bad["agency"]["time_zone"] = json!("Mars/Olympus");
    bad["general"]["idle_minutes"] = json!(90);
    bad["privacy_policy"]["fr"] = json!("");
    let summary = world.local.invoke("jobs.set_up_agency", bad).await.unwrap();
    assert_eq!(summary["set_up"], false);
    assert!(summary["problems"].as_array().unwrap().len() >= 2, "{summary}");
    let file = crate::support::agency_file();
    assert_eq!(world.local.invoke("jobs.set_up_agency", file.clone()).await.unwrap()["set_up"], true);
    let mut other = file;
    other["agency"]["name"] = json!("Another agency");
    let again = world.local.invoke("jobs.set_up_agency", other).await.unwrap();
    assert_eq!((&again["set_up"], &again["already"]), (&json!(false), &json!(true)));
    let staff = world.staff(INTAKE).await;
    assert_ne!(world.admin(Method::GET, "/me").by(&staff).send().await.ok()["agency"], "Another agency");
}

#[tokio::test]
async fn who_may_not_record_consent_records_none_by_a_file() {
    let world = World::with(|file| {
        let classes = file["security_classes"].as_array_mut().unwrap();
        let restricted = classes.iter_mut().find(|class| class["key"] == "restricted").unwrap();
        restricted["denials"] = json!(["consent"]);
    })
    .await;
    let csv = "external_id,first_name,last_name,email,email_consent\nT-01,Ana,Delgado,ana.delgado@example.org,no\nT-90,Nia,Brandt,nia@example.org,yes\nT-91,Li,Wu,li@example.org,\n";
    let daniel = world.staff(RESTRICTED).await;
    let job = world.start_import_of("individuals", &daniel, csv.as_bytes(), "apply").await;
    world.drain().await;
    let done = world.admin(Method::GET, &format!("/jobs/{job}?page=1")).by(&daniel).send().await.ok();
    let rows = done["report"].as_array().unwrap();
    let refused = ["consent_not_allowed"; 2].map(ToOwned::to_owned).into_iter();
    assert_eq!(problem_of(rows), [2, 3].into_iter().zip(refused).collect::<Vec<_>>());
    assert_eq!(rows[2]["outcome"], "created");
}

#[tokio::test]
async fn whom_the_agency_has_told_is_named_by_email_in_the_file() {
    let world = World::bare().await;
    let mut file = crate::support::agency_file();
    file["request_service"] = json!({ "enabled": true, "receivers": [INTAKE.to_uppercase()] });
    file["communications"]["told_of_failures"] = json!(["nobody@alderquay.example.org"]);
    let summary = world.local.invoke("jobs.set_up_agency", file.clone()).await.unwrap();
    let mend = "communications.told_of_failures: name workers of this file who work with individuals, each by their email";
    assert_eq!((&summary["set_up"], &summary["problems"]), (&json!(false), &json!([mend])));

    file["communications"]["told_of_failures"] = json!([CLINICAL, INTAKE]);
    assert_eq!(world.local.invoke("jobs.set_up_agency", file).await.unwrap()["set_up"], true);
    let me = async |who| {
        let me = world.admin(Method::GET, "/me").by(&world.staff(who).await).send().await.ok();
        me["worker_id"].clone()
    };
    let administrator = world.staff(SYSTEM).await;
    let settings = world.admin(Method::GET, "/settings").by(&administrator).send().await.ok();
    let intake = me(INTAKE).await;
    assert_eq!(settings["communications"]["told_of_failures"], json!([me(CLINICAL).await, intake]));
    assert_eq!(settings["request_service"]["receivers"], json!([intake]));
}

#[tokio::test]
async fn a_page_uploads_to_its_own_origin_what_was_announced_and_nothing_else() {
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let csv = b"external_id,first_name,last_name\nU-1,Ulla,Upton\n";
    let place = world.announce(&staff, csv).await;
    let path = place["path"].as_str().unwrap();
    assert!(path.starts_with("/uploads/") && place["url"].as_str().unwrap().ends_with(path), "{place}");

    let longer = path.replace("X-Amz-Expires=900", "X-Amz-Expires=90000");
    let elsewhere = path.replacen("/uploads/", "/uploads/other/", 1);
    let unsigned = path.split('?').next().unwrap();
    for (path, body, status) in [
        (longer.as_str(), &csv[..], 403),
        (elsewhere.as_str(), csv, 403),
        (unsigned, csv, 403),
        (path, b"external_id,first_name,last_name\nU-1,Ulla,Upson\n", 400),
    ] {
        assert_eq!(world.put_upload(&place, path, body).await.status(), status, "{path}");
    }
    let import = json!({ "upload_id": place["upload_id"], "source": "test", "mode": "apply" });
    let start = || {
        let call = world.admin(Method::POST, "/imports").by(&staff).header("idempotency-key", world.key());
        call.json(import.clone()).send()
    };
    assert_eq!(start().await.refused(409), "upload_not_found");

    assert_eq!(world.put_upload(&place, path, csv).await.status(), 200);
    let job = start().await.ok()["job_id"].as_str().unwrap().to_owned();
    world.drain().await;
    let job = world.admin(Method::GET, &format!("/jobs/{job}")).by(&staff).send().await.ok();
    assert_eq!((&job["state"], &job["created"]), (&json!("done"), &json!(1)), "{job}");
}
