//! Every operation × every kind of caller: who gets in, who is told that there is nothing, and who is told to sign in.
//!
//! What is expected comes from the table of operations and from `domain::worker`; an operation without a row here
//! fails [`every_operation_has_a_row`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::Duration;
use credentials::{Claims, KeyPair, SigningKey};
use data_encoding::BASE64URL_NOPAD;
use domain::journal::Audience;
use domain::worker::{Denial, Permission, SecurityClass, UserGroup, Worker, permits, visible};
use functions::Environment;
use functions::operation::{Access, Api, Method as Verb, OPERATIONS, Operation, Trigger};
use functions::ports::SystemEntropy;
use functions::services::Services;
use reqwest::Method;
use serde_json::{Value, json};
use store::{Store, TableNames, ask};

use crate::budgets::{calls, excess};
use crate::contract;
use crate::support::{
    self, ADMIN_EXEC, Answer, Authenticator, CLINICAL, Call, INTAKE, NEW_PASSWORD, OTHER_CLINICAL, PASSWORD,
    RESTRICTED, SYSTEM, Session, World, activation, repository,
};

const PRIYA: &str = "priya.raman@alderquay.example.org";
const SYSTEM_RESTRICTED: &str = "system.restricted@alderquay.example.org";
const EXEC_RESTRICTED: &str = "exec.restricted@alderquay.example.org";
/// A worker whom wrong passwords have locked.
const LOCKED: &str = "elodie.marchand@alderquay.example.org";
/// Every user group with every security class.
const WORKERS: [&str; 9] = [
    SYSTEM,
    SYSTEM_RESTRICTED,
    INTAKE,
    RESTRICTED,
    ADMIN_EXEC,
    EXEC_RESTRICTED,
    CLINICAL,
    PRIYA,
    OTHER_CLINICAL,
];
/// An id nobody has, of each kind a path names.
const UNKNOWN: &[(&str, &str)] = &[
    ("individual_id", "ind_00000000000000000000000000"),
    ("account_id", "acc_00000000000000000000000000"),
    ("contact_id", "cnt_00000000000000000000000000"),
    ("job_id", "job_00000000000000000000000000"),
    ("service_id", "svc_00000000000000000000000000"),
    ("request_id", "srq_00000000000000000000000000"),
    ("session_id", "ses_00000000000000000000000000"),
    ("worker_id", "wrk_00000000000000000000000000"),
    ("image_id", "img_00000000000000000000000000"),
    ("security_class_id", "cls_00000000000000000000000000"),
    ("site_id", "sit_00000000000000000000000000"),
    ("service_file_id", "sfl_00000000000000000000000000"),
];

/// How an operation is called so that it works, for those who may.
pub struct Row {
    pub operation: &'static str,
    pub body: fn(&Stage) -> Value,
}

const fn row(operation: &'static str, body: fn(&Stage) -> Value) -> Row {
    Row { operation, body }
}

pub const ROWS: &[Row] = &[
    row("portal.get_agency", |_| Value::Null),
    row("portal.get_texts", |_| Value::Null),
    row("portal.look_at_link", |stage| json!({ "token": stage.token })),
    row("portal.activate_account", |stage| activation(&stage.token, "1978-11-30")),
    row("portal.ask_for_link", |stage| json!({ "token": stage.token })),
    row("portal.sign_in", |_| json!({ "email": "ana.delgado@example.org", "password": PASSWORD })),
    row("portal.request_password_reset", |_| json!({ "email": "ana.delgado@example.org" })),
    row("portal.reset_password", |stage| json!({ "token": stage.reset_token, "password": NEW_PASSWORD })),
    row("portal.change_password", |_| json!({ "current": PASSWORD, "new": NEW_PASSWORD })),
    row("portal.sign_out", |_| Value::Null),
    row("portal.extend_session", |_| Value::Null),
    row("portal.list_sessions", |_| Value::Null),
    row("portal.end_session", |_| Value::Null),
    row("portal.end_other_sessions", |_| Value::Null),
    row("portal.get_home", |_| Value::Null),
    row("portal.get_account", |_| Value::Null),
    row("portal.list_services", |_| Value::Null),
    row("portal.set_language", |_| json!({ "language": "fr" })),
    row("portal.set_message_preferences", |stage| {
        let contact = &stage.of_clients[0]["contact_id"];
        json!({ "event_confirmations": true, "event_updates": false, "contact_id": contact })
    }),
    row(
        "portal.request_email_change",
        |_| json!({ "email": "another.address@example.org", "password": PASSWORD }),
    ),
    row("portal.confirm_email_change", |stage| json!({ "code": stage.email_code })),
    row("portal.get_profile", |_| Value::Null),
    row(
        "portal.update_profile",
        |_| json!({ "version": 1, "profile": { "first_name": "Ana", "last_name": "Nova", "language": "fr" } }),
    ),
    row(
        "portal.add_contact",
        |_| json!({ "contact": { "kind": "phone", "value": "555 0199", "use_contact": true } }),
    ),
    row("portal.update_contact", |_| {
        let contact = json!({ "kind": "email", "value": "another@example.org", "use_contact": true });
        json!({ "version": 1, "contact": contact, "confirmed": true })
    }),
    row("portal.retire_contact", |_| json!({ "confirmed": true })),
    row("portal.get_theme", |_| Value::Null),
    row("portal.get_logo", |_| Value::Null),
    row("portal.get_worker_photo", |_| Value::Null),
    row("portal.list_offered_services", |_| Value::Null),
    row("portal.request_service", |stage| json!({ "service_id": stage.offered })),
    row("admin.sign_in", |_| json!({ "email": EXEC_RESTRICTED, "password": PASSWORD })),
    row("admin.request_password_reset", |_| json!({ "email": OTHER_CLINICAL })),
    row(
        "admin.reset_password",
        |stage| json!({ "token": stage.worker_reset_token, "password": NEW_PASSWORD }),
    ),
    row("admin.change_password", |_| json!({ "current": PASSWORD, "new": NEW_PASSWORD })),
    row("admin.sign_out", |_| Value::Null),
    row("admin.extend_session", |_| Value::Null),
    row("admin.list_sessions", |_| Value::Null),
    row("admin.end_session", |_| Value::Null),
    row("admin.end_other_sessions", |_| Value::Null),
    row("admin.get_me", |_| Value::Null),
    row("admin.get_settings", |_| Value::Null),
    row("admin.list_settings_versions", |_| Value::Null),
    row("admin.get_text", |_| Value::Null),
    row("admin.set_communications", |stage| stage.section(&["communications"])),
    row("admin.check_authentication_email", |_| json!({})),
    row("admin.send_test_mail", |_| json!({ "kind": "client_message" })),
    row("admin.set_client_connect", |stage| {
        stage.section(&["general", "about_me", "agency", "advanced", "request_service", "billing"])
    }),
    row(
        "admin.publish_text",
        |stage| json!({ "version": stage.settings["version"], "texts": { "en": "# New", "fr": null, "es": null } }),
    ),
    row("admin.restore_settings", |stage| json!({ "version": stage.settings["version"] })),
    row("admin.list_sites", |_| Value::Null),
    row("admin.list_colleagues", |_| Value::Null),
    row("admin.request_upload", |_| {
        let sha256 = "ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=";
        json!({ "kind": "image", "content_type": "image/png", "bytes": 1, "sha256": sha256 })
    }),
    row(
        "admin.start_import",
        |stage| json!({ "upload_id": stage.upload, "source": "test", "mode": "apply" }),
    ),
    row("admin.get_job", |_| Value::Null),
    row("admin.start_bulk_activation", |_| json!({})),
    row(
        "admin.start_bulk_change",
        |_| json!({ "action": "suspend", "target": { "criteria": { "statuses": [{ "state": "active" }] } } }),
    ),
    row("admin.start_bulk_reset", |_| json!({ "target": { "all": true } })),
    row("admin.apply_bulk_job", |_| Value::Null),
    row("admin.stop_bulk_job", |_| Value::Null),
    row("admin.resume_bulk_job", |_| Value::Null),
    row("admin.list_bulk_jobs", |_| Value::Null),
    row("admin.get_bulk_job", |_| Value::Null),
    row("admin.get_bulk_results", |_| Value::Null),
    row("admin.search_individuals", |_| json!({ "name": "delgado" })),
    row("admin.search_accounts", |_| json!({ "criteria": { "statuses": [{ "state": "active" }] } })),
    row("admin.get_licences", |_| Value::Null),
    row("admin.get_statistics", |_| Value::Null),
    row("admin.create_individual", |stage| {
        let mut profile = stage.profile.clone();
        profile["external_ids"] = json!({});
        json!({ "profile": profile })
    }),
    row("admin.get_individual", |_| Value::Null),
    row("admin.update_individual", |stage| json!({ "version": 1, "profile": stage.profile })),
    row("admin.set_birth_date", |_| json!({ "version": 1, "birth_date": "1978-11-03" })),
    row(
        "admin.add_contact",
        |_| json!({ "contact": { "kind": "phone", "value": "555 0199", "use_contact": true } }),
    ),
    row("admin.update_contact", |_| {
        let contact = json!({ "kind": "email", "value": "another@example.org", "use_contact": true });
        json!({ "version": 1, "contact": contact, "confirmed": true })
    }),
    row("admin.retire_contact", |_| json!({ "confirmed": true })),
    row("admin.set_communication_settings", |_| json!({ "email_contact_id": null, "confirmed": true })),
    row("admin.list_individual_services", |_| Value::Null),
    row("admin.open_service_file", |stage| {
        let (service, worker) = (&stage.services[1], &stage.own["worker_id"]);
        json!({ "service_id": service, "opened_on": "2026-01-12", "primary_worker_id": worker, "worker_ids": [] })
    }),
    row(
        "admin.update_service_file",
        |stage| json!({ "version": 1, "primary_worker_id": stage.own["worker_id"] }),
    ),
    row("admin.close_service_file", |_| json!({ "version": 1, "closed_on": "2026-02-27" })),
    row("admin.reopen_service_file", |_| json!({ "version": 1 })),
    row("admin.list_roster", |_| Value::Null),
    row("admin.add_to_roster", |stage| json!({ "individual_id": stage.fresh })),
    row("admin.remove_from_roster", |_| Value::Null),
    row("admin.create_account", |_| json!({})),
    row("admin.resend_activation", |_| json!({})),
    row("admin.close_account", |_| Value::Null),
    row("admin.suspend_account", |_| Value::Null),
    row("admin.unlock_account", |_| Value::Null),
    row("admin.disable_account", |_| Value::Null),
    row("admin.enable_account", |_| json!({})),
    row("admin.force_password_reset", |_| Value::Null),
    row("admin.settle_alerts", |_| json!({ "kinds": ["bounced"] })),
    row("admin.list_alerts", |_| Value::Null),
    row("admin.get_mail_history", |_| Value::Null),
    row("admin.get_account_history", |_| Value::Null),
    row("admin.list_services", |_| Value::Null),
    row("admin.create_service", |_| json!({ "kind": "case_service", "name": "Art", "visibility": "hidden" })),
    row("admin.get_service", |_| Value::Null),
    row("admin.update_service", |_| json!({ "version": 1, "name": "Art at noon", "visibility": "hidden" })),
    row("admin.list_service_requests", |_| Value::Null),
    row("admin.settle_service_request", |_| json!({ "outcome": "declined" })),
    row("admin.list_workers", |_| Value::Null),
    row("admin.suspend_worker", |_| Value::Null),
    row("admin.unlock_worker", |_| Value::Null),
    row("admin.reset_worker_password", |_| Value::Null),
    row(
        "admin.set_images",
        |stage| json!({ "version": stage.settings["version"], "logo": "remove", "tiles": stage.settings["images"]["tiles"] }),
    ),
    row("admin.set_theme", |stage| {
        let theme = json!({ "brand": "#7a1f5c", "brand_dark": "#f0a8d8", "corners": "round" });
        json!({ "version": stage.settings["version"], "theme": theme })
    }),
    row(
        "admin.set_file_attachment",
        |stage| json!({ "version": stage.settings["version"], "file_attachment": { "worker_photos": false } }),
    ),
    row("admin.get_image", |_| Value::Null),
    row(
        "admin.set_my_profile",
        |_| json!({ "client_facing_name": "Ingrid", "description": "Here on Mondays." }),
    ),
    row("admin.set_my_photo", |_| json!({ "upload_id": null })),
    row("admin.set_worker_photo", |_| json!({ "upload_id": null })),
    row("admin.begin_second_factor", |_| json!({ "password": PASSWORD })),
    row("admin.confirm_second_factor", |stage| json!({ "code": stage.code })),
    row("admin.renew_recovery_codes", |stage| json!({ "password": PASSWORD, "code": stage.enrolled_code })),
    row("admin.reset_second_factor", |_| Value::Null),
    row(
        "admin.create_worker",
        |stage| json!({ "email": "noor.sample@example.org", "profile": stage.worker_profile }),
    ),
    row("admin.get_worker", |_| Value::Null),
    row("admin.update_worker", |stage| json!({ "version": 1, "profile": stage.worker_profile })),
    row("admin.invite_worker", |_| Value::Null),
    row("admin.deactivate_worker", |_| Value::Null),
    row("admin.reactivate_worker", |_| Value::Null),
    row("admin.list_security_classes", |_| Value::Null),
    row(
        "admin.create_security_class",
        |_| json!({ "name": "Volunteers", "allow_activations": false, "denials": ["import"] }),
    ),
    row("admin.update_security_class", |stage| {
        let version = stage.classes_version;
        json!({ "version": version, "name": "Volunteers", "allow_activations": true, "denials": [] })
    }),
    row("admin.delete_security_class", |_| Value::Null),
    row("admin.create_site", |_| json!({ "name": "Annex", "time_zone": "America/Halifax" })),
    row(
        "admin.update_site",
        |_| json!({ "version": 1, "name": "Annex", "time_zone": "America/Halifax", "active": true }),
    ),
];

impl Row {
    pub fn operation(&self) -> &'static Operation {
        OPERATIONS.iter().find(|operation| operation.name == self.operation).unwrap()
    }
}

pub fn http_of(operation: &Operation) -> Option<(Api, Verb, &'static str)> {
    match operation.trigger {
        Trigger::Http { api, method, path } => Some((api, method, path)),
        _ => None,
    }
}

/// An agency with somebody in every state that an operation needs.
pub struct Stage {
    pub world: World,
    /// A link that can be used.
    pub token: String,
    /// A link to choose a new password, of the second client's.
    pub reset_token: String,
    /// A link to choose a new password, of a worker's who calls nothing.
    worker_reset_token: String,
    /// A code that proves another sign-in email of the first client's.
    email_code: String,
    /// A file of Intake's.
    pub upload: String,
    /// A dry run of suspending accounts.
    bulk_job: String,
    /// A service that clients may ask for.
    offered: String,
    /// What a path names: of those assigned to Carmen; `fresh` has no account.
    pub own: BTreeMap<&'static str, String>,
    pub fresh: String,
    /// By operation, those of hers whose account is in the state for it, where that isn't Pending.
    fitting: BTreeMap<&'static str, (String, String)>,
    /// What a path of the clients' names: of the first client, and of nobody they know.
    of_clients: [BTreeMap<&'static str, String>; 2],
    /// Of those who are assigned to nobody.
    foreign: BTreeMap<&'static str, String>,
    foreign_fresh: String,
    /// A case service in which the fresh ones are, another, and a group of the first.
    services: [String; 3],
    /// The service files of the fresh ones.
    files: [String; 2],
    /// Of somebody Carmen works with, with one thing changed.
    pub profile: Value,
    /// Of a worker, with a class that nobody else belongs to.
    worker_profile: Value,
    /// Of all security classes.
    classes_version: u64,
    /// Of the second factor that Intake has begun to set up.
    code: String,
    /// Of Admin-Exec's, who has one.
    enrolled_code: String,
    /// By operation, a worker who is in the state for it, where that isn't locked.
    staffed: BTreeMap<&'static str, String>,
    /// As a System Administrator reads them.
    pub settings: Value,
    pub clients: [Session; 2],
    pub workers: BTreeMap<&'static str, (Session, Worker, SecurityClass)>,
}

impl Stage {
    pub async fn new() -> Self {
        let world = World::with(|file| {
            for worker in file["workers"].as_array_mut().unwrap() {
                worker["password"] = json!(PASSWORD);
            }
            for (email, group) in [(SYSTEM_RESTRICTED, "system_administrator"), (EXEC_RESTRICTED, "admin_exec")] {
                file["workers"].as_array_mut().unwrap().push(json!({
                    "email": email, "password": PASSWORD, "must_reset": false, "first_name": "Rae", "last_name": "Stone",
                    "user_group": group, "security_class": "restricted", "site": "quayside", "language": "en",
                }));
            }
        })
        .await;
        let mut workers = BTreeMap::new();
        for email in WORKERS {
            let session = world.staff(email).await;
            let me = world.admin(Method::GET, "/me").by(&session).send().await.ok();
            let worker = me["worker_id"].as_str().unwrap().parse().unwrap();
            let (worker, classes) =
                store(&world).ask((ask::worker(worker), ask::security_classes())).await.unwrap();
            let worker = worker.unwrap().value;
            let class =
                classes.unwrap().value.into_iter().find(|class| class.id == worker.security_class).unwrap();
            workers.insert(email, (session, worker, class));
        }
        let staff = workers[INTAKE].0.clone();
        let mut clients = Vec::new();
        for (external_id, birth_date) in [("T-01", "1985-04-12"), ("T-02", "1990-02-28")] {
            let (_, _, token) = world.invite(&staff, external_id).await;
            let activated = world.activate(&token, birth_date).await;
            activated.ok();
            clients.push(activated.session());
        }
        let wanted = json!({ "email": "ana.new@example.org", "password": PASSWORD });
        world.portal(Method::POST, "/email-change").by(&clients[0]).json(wanted).send().await.ok();
        world.drain().await;
        let email_code = world.newest_code();
        let fitting = accounts_in_other_states(&world, &staff).await;
        let csv = b"external_id,first_name\n";
        let job = world.start_import(&staff, csv, "apply").await;
        let upload = world.upload(&staff, csv).await;
        world.drain().await;
        let suspend = json!({ "action": "suspend", "target": { "criteria": {} } });
        let suspend = world.admin(Method::POST, "/bulk-jobs/change").by(&staff).json(suspend);
        let bulk_job = suspend.header("idempotency-key", world.key()).send().await.ok();
        let bulk_job = bulk_job["job_id"].as_str().unwrap().to_owned();
        world.drain().await;
        let reset_token = world.reset_token("elodie.fournier@example.org").await;
        let worker_reset_token = world.worker_reset_token(OTHER_CLINICAL).await;
        let foreign = world.invite(&staff, "T-09").await;
        let own = world.invite(&staff, "T-03").await;
        let locked = lock(&world, LOCKED).await;
        world.set_photo(&workers[CLINICAL].0).await;
        let logo = world.set_logo(&workers[SYSTEM].0).await;
        let logo = logo["images"]["logo"].as_str().unwrap().to_owned();
        let mut of_clients = Vec::new();
        for (client, worker) in clients.iter().zip([workers[CLINICAL].1.id.to_string(), locked.clone()]) {
            let profile = world.portal(Method::GET, "/profile").by(client).send().await.ok();
            let contacts = profile["contacts"].as_array().unwrap();
            let consented = contacts.iter().find(|contact| contact["consented"] == true).unwrap();
            let consented = consented["contact_id"].as_str().unwrap().to_owned();
            of_clients.push(BTreeMap::from([("contact_id", consented), ("worker_id", worker)]));
        }
        let service = world.service(&staff, "case_service", "Counselling", None).await;
        let system = &workers[SYSTEM].0;
        let class = json!({ "name": "Empty", "allow_activations": false, "denials": [] });
        let class = world.admin(Method::POST, "/security-classes").by(system).json(class);
        let class = class.header("idempotency-key", world.key()).send().await.ok();
        let class = class["security_class"]["security_class_id"].as_str().unwrap().to_owned();
        let site = workers[SYSTEM].1.site.to_string();
        let worker_profile = json!({
            "first_name": "Noor", "last_name": "Sample", "user_group": "clinical_worker", "language": "en",
            "security_class_id": workers[SYSTEM].1.security_class.to_string(), "site_id": site,
        });
        let mut staffed = BTreeMap::new();
        for (operation, address) in
            [("admin.invite_worker", "invited@example.org"), ("admin.reactivate_worker", "gone@example.org")]
        {
            let hired = json!({ "email": address, "profile": worker_profile });
            let hired = world.admin(Method::POST, "/workers").by(system).json(hired);
            let hired = hired.header("idempotency-key", world.key()).send().await.ok();
            staffed.insert(operation, hired["worker_id"].as_str().unwrap().to_owned());
        }
        let gone = format!("/workers/{}/deactivate", staffed["admin.reactivate_worker"]);
        world.admin(Method::POST, &gone).by(system).send().await.ok();
        let begun = world.admin(Method::POST, "/second-factor").by(&workers[INTAKE].0);
        let begun = begun.json(json!({ "password": PASSWORD })).send().await.ok();
        let code = Authenticator::of(&begun).code(&world);
        let (session, authenticator, _) = world.enrol(&workers[ADMIN_EXEC].0, PASSWORD).await;
        let enrolled_code = authenticator.next_code(&world);
        staffed.insert("admin.reset_second_factor", workers[ADMIN_EXEC].1.id.to_string());
        workers.get_mut(ADMIN_EXEC).unwrap().0 = session;
        let system = &workers[SYSTEM].0;
        let classes = world.admin(Method::GET, "/security-classes").by(system).send().await.ok();
        let classes_version = classes["version"].as_u64().unwrap();
        world.drain().await;
        let mut records = Vec::new();
        for individual in [&own.0, &foreign.0] {
            let call = world.admin(Method::GET, &format!("/individuals/{individual}")).by(&staff);
            records.push(call.send().await.ok()["individual"].clone());
        }
        let contact = |record: &Value| record["contacts"][0]["contact_id"].as_str().unwrap().to_owned();
        let (own_contact, foreign_contact) = (contact(&records[0]), contact(&records[1]));
        let fields = ["first_name", "last_name", "language", "site_id", "external_ids", "worker_ids"];
        let mut profile: Value =
            fields.iter().map(|field| ((*field).to_owned(), records[0][*field].clone())).collect();
        profile["preferred_name"] = json!("Pepe");
        let offered = world.offered_service(&staff, "Housing").await;
        let own_request = asked_for(&world, [&own.0, &own.1, &service]).await;
        let foreign_request = asked_for(&world, [&foreign.0, &foreign.1, &service]).await;
        let named = |(individual, account): (&String, &String), contact: &String, request: &String| {
            BTreeMap::from([
                ("individual_id", individual.clone()),
                ("account_id", account.clone()),
                ("contact_id", contact.clone()),
                ("job_id", job.clone()),
                ("worker_id", locked.clone()),
                ("image_id", logo.clone()),
                ("service_id", service.clone()),
                ("security_class_id", class.clone()),
                ("site_id", site.clone()),
                ("request_id", request.clone()),
            ])
        };
        let [fresh, foreign_fresh] =
            [world.individual(&staff, "T-05").await, world.individual(&staff, "T-12").await];
        let counselling = world.service(&staff, "case_service", "Counselling", None).await;
        let support = world.service(&staff, "case_service", "Family support", None).await;
        let circle = world.service(&staff, "group", "Tuesday circle", Some(&counselling)).await;
        let amadou = workers[ADMIN_EXEC].1.id.to_string();
        let files = [
            world.open_service_file(&staff, &fresh, &counselling, &amadou).await,
            world.open_service_file(&staff, &foreign_fresh, &counselling, &amadou).await,
        ];
        Self {
            token: own.2,
            reset_token,
            worker_reset_token,
            email_code,
            upload,
            bulk_job,
            offered,
            own: named((&own.0, &own.1), &own_contact, &own_request),
            foreign: named((&foreign.0, &foreign.1), &foreign_contact, &foreign_request),
            fitting,
            of_clients: of_clients.try_into().unwrap(),
            worker_profile,
            classes_version,
            code,
            enrolled_code,
            staffed,
            fresh,
            foreign_fresh,
            services: [counselling, support, circle],
            files,
            profile,
            settings: world.admin(Method::GET, "/settings").by(&workers[SYSTEM].0).send().await.ok(),
            clients: clients.try_into().unwrap(),
            workers,
            world,
        }
    }

    /// A call of the row's operation, on what the path names.
    pub fn call(&self, row: &Row, aim: Aim) -> Call<'_> {
        let operation = row.operation();
        let (api, verb, path) = http_of(operation).unwrap();
        let mut named = match aim {
            Aim::Own | Aim::AccountOfAnother => self.own.clone(),
            Aim::Foreign => self.foreign.clone(),
            Aim::Unknown => UNKNOWN.iter().map(|(name, id)| (*name, (*id).to_owned())).collect(),
        };
        if let (Api::Portal, Aim::Own | Aim::Foreign) = (api, aim) {
            named.extend(self.of_clients[usize::from(aim == Aim::Foreign)].clone());
        }
        named.insert("kind", "privacy".to_owned());
        named.insert("number", if aim == Aim::Unknown { "999999" } else { "1" }.to_owned());
        if aim != Aim::Unknown && path.starts_with("/bulk-jobs/") {
            named.insert("job_id", self.bulk_job.clone());
        }
        if row.operation == "admin.create_account" {
            match aim {
                Aim::Own => drop(named.insert("individual_id", self.fresh.clone())),
                Aim::Foreign => drop(named.insert("individual_id", self.foreign_fresh.clone())),
                _ => {}
            }
        }
        if let (Aim::Own | Aim::Foreign, Some(worker)) = (aim, self.staffed.get(row.operation)) {
            named.insert("worker_id", worker.clone());
        }
        if aim != Aim::Unknown && path.contains("/roster") {
            named.insert("service_id", self.services[2].clone());
        }
        if path.contains("{service_file_id}") {
            let (whose, file) = match aim {
                Aim::Foreign => (&self.foreign_fresh, &self.files[1]),
                Aim::AccountOfAnother => (&self.fresh, &self.files[1]),
                _ => (&self.fresh, &self.files[0]),
            };
            if aim != Aim::Unknown {
                named.extend([("individual_id", whose.clone()), ("service_file_id", file.clone())]);
            }
        }
        match aim {
            Aim::Own => drop(named.insert("session_id", self.session_of(api, 0))),
            Aim::Foreign => drop(named.insert("session_id", self.session_of(api, 1))),
            _ => {}
        }
        if let (Aim::Own, Some((individual, account))) = (aim, self.fitting.get(row.operation)) {
            named.insert("individual_id", individual.clone());
            named.insert("account_id", account.clone());
        }
        if aim == Aim::AccountOfAnother {
            for name in ["account_id", "contact_id", "request_id"] {
                named.insert(name, self.foreign[name].clone());
            }
        }
        let path =
            named.iter().fold(path.to_owned(), |path, (name, id)| path.replace(&format!("{{{name}}}"), id));
        let method = Method::from_bytes(verb.as_str().as_bytes()).unwrap();
        let call = self.world.api(api, method, &path);
        let call = match (row.body)(self) {
            Value::Null => call,
            body => call.json(body),
        };
        match operation.idempotency {
            functions::operation::Idempotency::Required => call.header("idempotency-key", self.world.key()),
            _ => call,
        }
    }

    /// Sections of the settings as they are, to be saved.
    fn section(&self, names: &[&str]) -> Value {
        let mut body = json!({ "version": self.settings["version"] });
        for name in names {
            body[*name] = self.settings[*name].clone();
        }
        body
    }

    /// The session of whoever fits, or of somebody else.
    fn session_of(&self, api: Api, which: usize) -> String {
        let session = match api {
            Api::Portal => &self.clients[which],
            Api::Admin => &self.workers[[INTAKE, CLINICAL][which]].0,
        };
        decoded(session.cookie.split('.').nth(1).unwrap()).unwrap()["sid"].as_str().unwrap().to_owned()
    }

    /// Whether the session that the path names at this aim is the one a cookie is for.
    fn is_session_of(&self, api: Api, aim: Aim, cookie: Option<&str>) -> bool {
        let which = match aim {
            Aim::Own => 0,
            Aim::Foreign => 1,
            _ => return false,
        };
        let session = self.session_of(api, which);
        let claims = cookie.and_then(|cookie| cookie.split('.').nth(1)).and_then(decoded);
        claims.is_some_and(|claims| claims["sid"] == session.as_str())
    }

    /// Somebody who may call the row's operation.
    pub fn fitting(&self, row: &Row) -> Option<&Session> {
        match (row.operation().access, http_of(row.operation()).unwrap().0) {
            (Access::Anyone, _) => None,
            _ if row.operation == "admin.renew_recovery_codes" => Some(&self.workers[ADMIN_EXEC].0),
            (_, Api::Portal) => Some(&self.clients[0]),
            (Access::Permitted(permission), Api::Admin) => [INTAKE, SYSTEM]
                .map(|email| &self.workers[email])
                .into_iter()
                .find(|(_, worker, class)| permits(worker.user_group, class, permission))
                .map(|(session, ..)| session),
            (_, Api::Admin) => Some(&self.workers[INTAKE].0),
        }
    }

    async fn as_fitting(&self, row: &Row, change: impl FnOnce(Call<'_>) -> Call<'_>) -> Answer {
        let call = self.call(row, Aim::Own);
        let call = match self.fitting(row) {
            Some(session) => call.by(session),
            None => call,
        };
        change(call).send().await
    }
}

/// Individuals of Carmen's whose accounts are active, suspended and disabled, by the operations that they are for.
async fn accounts_in_other_states(
    world: &World,
    staff: &Session,
) -> BTreeMap<&'static str, (String, String)> {
    let mut file =
        String::from("external_id,first_name,last_name,birth_date,email,email_consent,worker_email\n");
    for name in ["active", "suspended", "disabled"] {
        file.push_str(&format!("S-{name},Sol,{name},1980-01-01,{name}@example.org,yes,{CLINICAL}\n"));
    }
    world.import(file.as_bytes(), "apply").await;
    let mut accounts = BTreeMap::new();
    for (name, action) in [("active", None), ("suspended", Some("suspend")), ("disabled", Some("disable"))] {
        let (individual, account, token) = world.invite(staff, &format!("S-{name}")).await;
        world.activate(&token, "1980-01-01").await.ok();
        if let Some(action) = action {
            let path = format!("/individuals/{individual}/accounts/{account}/{action}");
            world.admin(Method::POST, &path).by(staff).send().await.ok();
        }
        let operations: &[&'static str] = match name {
            "active" => &["admin.suspend_account", "admin.force_password_reset"],
            "suspended" => &["admin.unlock_account"],
            _ => &["admin.enable_account"],
        };
        accounts.extend(operations.iter().map(|of| (*of, (individual.clone(), account.clone()))));
    }
    accounts
}

/// A record of something that is done here beside all operations.
pub fn record(
    of: domain::JournalId,
    at: chrono::DateTime<chrono::Utc>,
    subject: domain::Subject,
) -> domain::JournalRecord {
    domain::JournalRecord {
        id: of,
        at,
        actor: domain::Actor::Anonymous,
        subject,
        subjects: Vec::new(),
        correlation: domain::CorrelationId::new(of.uuid()),
        causation: None,
        transition: None,
        changed: Vec::new(),
        events: Vec::new(),
    }
}

/// Has that individual ask for that service, with that account: the request.
async fn asked_for(world: &World, [individual, account, service]: [&String; 3]) -> String {
    // Named as the individual is, so that there is one for each.
    let number = individual.parse::<domain::IndividualId>().unwrap().uuid();
    let asked = domain::ServiceRequest {
        id: domain::ServiceRequestId::new(number),
        individual: individual.parse().unwrap(),
        account: account.parse().unwrap(),
        service: service.parse().unwrap(),
        parent: None,
        message: Some("Mornings".to_owned()),
        requested_at: world.local.aws().clock().now(),
        settled: None,
    };
    let record = record(
        domain::JournalId::new(number),
        asked.requested_at,
        domain::Subject::Individual(asked.individual),
    );
    let mut transaction = store::Transaction::new(&record);
    transaction.put_service_request(&asked);
    store(world).commit(transaction).await.unwrap();
    asked.id.to_string()
}

/// What the path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// Somebody Carmen works with.
    Own,
    /// Somebody she doesn't.
    Foreign,
    /// Nobody.
    Unknown,
    /// Somebody she works with, and an account or contact of somebody else's.
    AccountOfAnother,
}

/// What a part of a token says, if it is one.
fn decoded(part: &str) -> Option<Value> {
    serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).ok()?).ok()
}

/// Locks a worker by wrong passwords: which one it is.
async fn lock(world: &World, email: &str) -> String {
    let worker = world.worker(email).await;
    for _ in 0..10 {
        world.sign_worker_in(email, "not the one at all").await.refused(401);
    }
    worker
}

async fn sign_in(world: &World, email: &str) -> Session {
    let body = json!({ "email": email, "password": PASSWORD });
    let answer = world.admin(Method::POST, "/session").json(body).send().await;
    answer.ok();
    answer.session()
}

pub fn root(world: &World) -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::new(&world.local.aws().sdk_config("root"))
}

/// The variables of all functions together.
pub fn variables(world: &World) -> BTreeMap<String, String> {
    world.local.template().functions.values().flat_map(|function| function.environment.clone()).collect()
}

/// The agency's data, whoever asks.
pub fn store(world: &World) -> Store {
    let variables = variables(world);
    Store::new(root(world), TableNames::from_lookup(|variable| variables.get(variable).cloned()))
}

/// Who calls, for what is expected.
enum Who<'s> {
    Nobody,
    Ended,
    Client,
    Worker(&'s Worker, &'s SecurityClass),
}

/// Where a caller gets, who sees what the path names or doesn't: let through (`None`), or refused so.
fn expected(row: &Row, who: &Who<'_>, aim: Aim, sees: bool) -> Option<(u16, &'static str)> {
    let operation = row.operation();
    let path = http_of(operation).unwrap().2;
    let nothing_there = path.contains('{')
        && !path.contains("{kind}")
        && match aim {
            Aim::Own | Aim::Foreign => {
                let everybodys = [
                    "{job_id}",
                    "{worker_id}",
                    "{image_id}",
                    "{service_id}",
                    "{security_class_id}",
                    "{site_id}",
                    "{number}",
                ];
                let of_staff =
                    matches!(who, Who::Worker(..)) && everybodys.iter().any(|name| path.contains(name));
                !of_staff && !sees
            }
            Aim::Unknown | Aim::AccountOfAnother => true,
        };
    let permitted = match (who, operation.access) {
        (Who::Worker(worker, class), Access::Permitted(permission)) => {
            permits(worker.user_group, class, permission)
        }
        _ => true,
    };
    match who {
        _ if operation.access == Access::Anyone => {
            (aim == Aim::Unknown && path.contains("{image_id}")).then_some((404, "not_found"))
        }
        Who::Nobody => Some((401, "not_signed_in")),
        Who::Ended => Some((401, "session_ended")),
        Who::Client if nothing_there => Some((404, "not_found")),
        Who::Client => None,
        Who::Worker(..) if !permitted => Some((403, "not_allowed")),
        Who::Worker(..) if nothing_there => Some((404, "not_found")),
        // The row's job suspends accounts.
        Who::Worker(worker, class)
            if ["admin.apply_bulk_job", "admin.stop_bulk_job", "admin.resume_bulk_job"]
                .contains(&row.operation)
                && !permits(worker.user_group, class, Permission::ChangeAccountsInBulk) =>
        {
            Some((403, "not_allowed"))
        }
        // The row's contact is the one that consent is for.
        Who::Worker(worker, class)
            if ["admin.update_contact", "admin.retire_contact"].contains(&row.operation)
                && !permits(worker.user_group, class, Permission::SetCommunicationSettings) =>
        {
            Some((403, "ending_consent_not_allowed"))
        }
        Who::Worker(..) => None,
    }
}

/// Tokens that somebody without our keys could make of a genuine one.
fn forged(token: &str, audience: Audience, world: &World) -> Vec<(&'static str, String)> {
    let parts: Vec<&str> = token.split('.').collect();
    let encoded = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let (header, claims) = (decoded(parts[0]).unwrap(), decoded(parts[1]).unwrap());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let now = world.local.aws().clock().now();
    let same = Claims::new(
        audience,
        text(&claims["sub"]),
        text(&claims["sid"]).parse().unwrap(),
        now,
        now + Duration::hours(1),
    );
    let own_key = SigningKey::parse(&KeyPair::generate(text(&header["kid"])).unwrap().private).unwrap();
    let with = |of: &Value, name: &str, value: Value| {
        let mut changed = of.clone();
        changed[name] = value;
        encoded(&changed)
    };
    let [none, hmac] = ["none", "HS256"].map(|algorithm| with(&header, "alg", json!(algorithm)));
    let later = with(&claims, "exp", json!(claims["exp"].as_i64().unwrap() + 3600));
    vec![
        ("another key", own_key.sign(&same).unwrap()),
        ("no algorithm", format!("{none}.{}.", parts[1])),
        ("no algorithm, old signature", format!("{none}.{}.{}", parts[1], parts[2])),
        ("HMAC", format!("{hmac}.{}.{}", parts[1], parts[2])),
        ("unknown kid", format!("{}.{}.{}", with(&header, "kid", json!("k0")), parts[1], parts[2])),
        ("later end", format!("{}.{later}.{}", parts[0], parts[2])),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("cut", token[..token.len() - 8].to_owned()),
        ("garbage", "garbage".to_owned()),
        ("dots", "..".to_owned()),
        ("empty", String::new()),
        ("endless", "a".repeat(6_000)),
    ]
}

/// Every caller of one API: what to call them, their cookie, and what they are.
async fn callers(stage: &Stage, api: Api) -> Vec<(String, Option<String>, Who<'_>)> {
    let world = &stage.world;
    let (client, worker) = (&stage.clients[0], &stage.workers[INTAKE].0);
    let (own, other, audience) = match api {
        Api::Portal => (client, worker, Audience::Portal),
        Api::Admin => (worker, client, Audience::Admin),
    };
    let (cookie, token) = own.cookie.split_once('=').unwrap();
    let (other_cookie, other_token) = other.cookie.split_once('=').unwrap();
    let mut callers = vec![
        ("nobody".to_owned(), None, Who::Nobody),
        ("the other site's".to_owned(), Some(format!("{other_cookie}={other_token}")), Who::Nobody),
        ("the other site's, by our name".to_owned(), Some(format!("{cookie}={other_token}")), Who::Nobody),
        ("a genuine token by another name".to_owned(), Some(format!("session={token}")), Who::Nobody),
    ];
    for (name, token) in forged(token, audience, world) {
        callers.push((name.to_owned(), Some(format!("{cookie}={token}")), Who::Nobody));
    }
    let ended = match api {
        Api::Portal => world.sign_in("ana.delgado@example.org", PASSWORD).await.session(),
        Api::Admin => sign_in(world, EXEC_RESTRICTED).await,
    };
    world.api(api, Method::DELETE, "/session").by(&ended).send().await.ok();
    callers.push(("signed out".to_owned(), Some(ended.cookie), Who::Ended));
    match api {
        Api::Portal => {
            callers.extend(
                stage
                    .clients
                    .iter()
                    .map(|client| ("a client".to_owned(), Some(client.cookie.clone()), Who::Client)),
            );
        }
        Api::Admin => callers.extend(stage.workers.iter().map(|(email, (session, worker, class))| {
            ((*email).to_owned(), Some(session.cookie.clone()), Who::Worker(worker, class))
        })),
    }
    callers
}

#[test]
fn every_operation_has_a_row() {
    let mut rows: Vec<_> = ROWS.iter().map(|row| row.operation).collect();
    let requests = OPERATIONS.iter().filter(|operation| http_of(operation).is_some());
    let mut operations: Vec<_> = requests.map(|operation| operation.name).collect();
    rows.sort_unstable();
    operations.sort_unstable();
    assert_eq!(rows, operations);
}

/// What every answer carries: nothing of it is kept anywhere, but what is the same for everybody.
#[track_caller]
pub fn assert_headers(operation: &Operation, answer: &Answer, about: &str) {
    let public = answer.status == 200
        && ["portal.get_agency", "portal.get_texts", "portal.get_theme"].contains(&operation.name);
    let kept = match operation.name {
        "portal.get_logo" if answer.status == 200 => "public, max-age=31536000, immutable",
        _ if public => "public, max-age=20",
        _ => "no-store",
    };
    for (name, value) in [
        ("cache-control", kept),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("content-security-policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
        ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ] {
        assert_eq!(
            answer.headers.get(name).unwrap_or_else(|| panic!("{about}: no {name}")),
            value,
            "{about}"
        );
    }
}

#[tokio::test]
async fn everyone_gets_where_they_may_and_nowhere_else() {
    let stage = Stage::new().await;
    let [own, foreign] =
        [&stage.own, &stage.foreign].map(|named| ask::individual(named["individual_id"].parse().unwrap()));
    let (own, foreign) = store(&stage.world).ask((own, foreign)).await.unwrap();
    let (own, foreign) = (own.unwrap().value, foreign.unwrap().value);
    let everyone = [callers(&stage, Api::Portal).await, callers(&stage, Api::Admin).await];
    let before = stage.world.local.snapshot().unwrap();
    let mut answered = 0;
    let mut dear = BTreeMap::new();
    for row in ROWS {
        let (api, _, path) = http_of(row.operation()).unwrap();
        for (name, cookie, who) in &everyone[api as usize] {
            let mut aims = vec![Aim::Own];
            if path.contains('{') {
                aims.extend([Aim::Foreign, Aim::Unknown]);
            }
            let theirs = ["{account_id}", "{contact_id}", "{service_file_id}", "{request_id}"];
            if theirs.iter().any(|name| path.contains(name)) {
                aims.push(Aim::AccountOfAnother);
            }
            let mut nothing = BTreeSet::new();
            for aim in aims {
                let about = format!("{} by {name} on {aim:?}", row.operation);
                let mut call = stage.call(row, aim);
                if let Some(cookie) = cookie {
                    call = call.header("cookie", cookie.clone());
                }
                let (answer, made) = calls(&stage.world, call.send()).await;
                answered += 1;
                assert_headers(row.operation(), &answer, &about);
                contract::assert_conforms(row.operation(), &answer, &about);
                let status = answer.status.as_u16();
                let named = if aim == Aim::Foreign { &foreign } else { &own };
                let sees = match who {
                    _ if path.contains("{session_id}") => stage.is_session_of(api, aim, cookie.as_deref()),
                    Who::Worker(worker, _) => visible(worker, named),
                    Who::Client if path.contains("{contact_id}") => {
                        let of = if aim == Aim::Own { 0 } else { 1 };
                        cookie.as_ref() == Some(&stage.clients[of].cookie)
                    }
                    Who::Client if path.contains("{worker_id}") => aim == Aim::Own,
                    _ => true,
                };
                match expected(row, who, aim, sees) {
                    Some((expected, code)) => {
                        assert_eq!((status, &answer.json()["code"]), (expected, &json!(code)), "{about}");
                        if expected == 404 {
                            nothing.insert(answer.bytes);
                        }
                    }
                    None => {
                        // Who has a second factor proves it to set up another.
                        let proof = status == 403 && answer.json()["code"] == "second_factor_needed";
                        assert!(
                            (proof || ![401, 403, 404].contains(&status)) && status < 500,
                            "{about}: {}",
                            answer.text()
                        );
                        let fits = stage.fitting(row).is_some_and(|fit| cookie.as_ref() == Some(&fit.cookie));
                        // A code is good in the session that asked for it, and messages go to a contact of one's own.
                        let asked = !["portal.confirm_email_change", "portal.set_message_preferences"]
                            .contains(&row.operation)
                            || cookie.as_ref() == Some(&stage.clients[0].cookie);
                        if fits && aim == Aim::Own || matches!(who, Who::Client) && asked {
                            assert_eq!(status, 200, "{about}: {}", answer.text());
                        }
                        if status == 200
                            && let Some(cost) = excess(row.operation, &made)
                        {
                            dear.insert(row.operation, format!("{cost:?}"));
                        }
                        if status == 200 && row.operation().trigger_changes() {
                            stage.world.local.restore(&before).unwrap();
                        }
                    }
                }
            }
            assert!(
                nothing.len() <= 1,
                "{} by {name}: what isn't theirs and what isn't there differ",
                row.operation
            );
        }
    }
    assert!(answered > 500, "{answered}");
    assert!(dear.is_empty(), "more than any may take: {dear:#?}");
}

/// Whether answering leaves something behind, be it a counter.
trait Changes {
    fn trigger_changes(&self) -> bool;
}

impl Changes for Operation {
    fn trigger_changes(&self) -> bool {
        http_of(self).is_some_and(|(_, verb, _)| verb != Verb::Get)
    }
}

#[tokio::test]
async fn each_client_is_at_home_with_themselves() {
    let stage = Stage::new().await;
    for (client, email) in
        stage.clients.iter().zip(["ana.delgado@example.org", "elodie.fournier@example.org"])
    {
        let home = stage.world.portal(Method::GET, "/home").by(client).send().await.ok();
        assert_eq!(home["email"], email);
    }
}

#[tokio::test]
async fn lists_hold_only_those_the_worker_sees() {
    let stage = Stage::new().await;
    let searches = [
        json!({ "name": "shared" }),
        json!({ "email": "shared@example.org" }),
        json!({ "external_id": { "source": "test", "id": "T-09" } }),
        json!({ "name": "delgado" }),
        json!({ "email": "ana.delgado@example.org" }),
        json!({ "external_id": { "source": "test", "id": "T-01" } }),
        json!({ "birth_date": "1970-07-07" }),
        json!({ "birth_date": "1985-04-12" }),
    ];
    for (email, found) in [
        (INTAKE, [2, 2, 1, 1, 1, 1, 1, 1]),
        (ADMIN_EXEC, [2, 2, 1, 1, 1, 1, 1, 1]),
        (CLINICAL, [0, 0, 0, 1, 1, 1, 0, 1]),
        (OTHER_CLINICAL, [0; 8]),
    ] {
        for (search, found) in searches.iter().zip(found) {
            let call = stage.world.admin(Method::POST, "/individuals/search").by(&stage.workers[email].0);
            let page = call.json(search.clone()).send().await.ok();
            assert_eq!(page["individuals"].as_array().unwrap().len(), found, "{email}: {search}");
        }
    }
    for email in [SYSTEM, SYSTEM_RESTRICTED] {
        let call = stage.world.admin(Method::POST, "/individuals/search").by(&stage.workers[email].0);
        assert_eq!(call.json(searches[0].clone()).send().await.refused(403), "not_allowed");
    }
}

#[tokio::test]
async fn sessions_end_by_their_clocks_whatever_is_called() {
    let stage = Stage::new().await;
    let signed_in = || ROWS.iter().filter(|row| row.operation().access != Access::Anyone);
    let before = stage.world.local.snapshot().unwrap();
    for (by, code) in [(Duration::minutes(15), "session_ended"), (Duration::hours(13), "not_signed_in")] {
        stage.world.advance(by);
        for row in signed_in() {
            let answer = stage.as_fitting(row, |call| call).await;
            assert_eq!(answer.refused(401), code, "{} after {by}", row.operation);
        }
        stage.world.local.restore(&before).unwrap();
    }
    // Before its time, a token opens nothing either.
    stage.world.advance(-Duration::hours(1));
    for row in signed_in() {
        assert_eq!(
            stage.as_fitting(row, |call| call).await.refused(401),
            "not_signed_in",
            "{}",
            row.operation
        );
    }
}

#[tokio::test]
async fn closing_an_account_ends_its_sessions_and_locking_a_worker_theirs() {
    let stage = Stage::new().await;
    let world = &stage.world;
    let staff = &stage.workers[INTAKE].0;
    let individual = world.individual(staff, "T-01").await;
    let record = world.admin(Method::GET, &format!("/individuals/{individual}")).by(staff).send().await.ok();
    let account = record["account"]["account_id"].as_str().unwrap();
    world
        .admin(Method::POST, &format!("/individuals/{individual}/accounts/{account}/close"))
        .by(staff)
        .send()
        .await
        .ok();
    for _ in 0..10 {
        let body = json!({ "email": OTHER_CLINICAL, "password": "not the one at all" });
        assert_eq!(
            world.admin(Method::POST, "/session").json(body).send().await.refused(401),
            "sign_in_failed"
        );
    }
    for row in ROWS.iter().filter(|row| row.operation().access != Access::Anyone) {
        let session = match http_of(row.operation()).unwrap().0 {
            Api::Portal => &stage.clients[0],
            Api::Admin => &stage.workers[OTHER_CLINICAL].0,
        };
        let answer = stage.call(row, Aim::Own).by(session).send().await;
        assert_eq!(answer.refused(401), "session_ended", "{}", row.operation);
    }
}

#[tokio::test]
async fn however_its_holder_ends_a_session_its_cookie_is_dead_everywhere_at_once() {
    let stage = Stage::new().await;
    let world = &stage.world;
    let people = [
        (Api::Portal, &stage.clients[0], world.sign_in("ana.delgado@example.org", PASSWORD).await.session()),
        (Api::Admin, &stage.workers[INTAKE].0, world.staff(INTAKE).await),
    ];
    let before = world.local.snapshot().unwrap();
    for (api, session, elsewhere) in &people {
        let one = format!("/sessions/{}", stage.session_of(*api, 0));
        let endings = [
            (Method::DELETE, "/session", *session),
            (Method::DELETE, one.as_str(), *session),
            (Method::DELETE, one.as_str(), elsewhere),
            (Method::POST, "/sessions/end-others", *session),
            (Method::POST, "/sessions/end-others", elsewhere),
        ];
        for (method, path, by) in endings {
            world.local.restore(&before).unwrap();
            world.api(*api, method.clone(), path).by(by).send().await.ok();
            for row in ROWS.iter().filter(|row| row.operation().access != Access::Anyone) {
                if http_of(row.operation()).unwrap().0 == *api {
                    let answer = stage.call(row, Aim::Own).by(session).send().await;
                    assert_eq!(
                        answer.refused(401),
                        "session_ended",
                        "{} after {method} {path}",
                        row.operation
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn what_comes_from_elsewhere_or_not_as_json_is_refused_before_anything_else() {
    let stage = Stage::new().await;
    let faults = stage.world.local.aws().faults();
    for row in ROWS.iter().filter(|row| row.operation().trigger_changes()) {
        let own = support::own_origin(http_of(row.operation()).unwrap().0);
        let other = support::own_origin(if own.ends_with('0') { Api::Admin } else { Api::Portal });
        let suffixed = format!("{own}.evil.example");
        let origins = [
            None,
            Some("null"),
            Some("https://evil.example"),
            Some(other),
            Some(suffixed.as_str()),
            Some(""),
            Some("https://"),
        ];
        for origin in origins {
            faults.record(true);
            let answer = stage.as_fitting(row, |call| match origin {
                None => call.without("origin"),
                Some(origin) => call.header("origin", origin),
            });
            let answer = answer.await;
            let about = format!("{} from {origin:?}", row.operation);
            assert_eq!(answer.refused(403), "origin_refused", "{about}");
            assert_headers(row.operation(), &answer, &about);
            assert_eq!(faults.calls(), [], "{about}");
        }
        let kinds = [
            None,
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
            Some("multipart/form-data; boundary=x"),
            Some("application/jsonp"),
        ];
        for kind in kinds {
            faults.record(true);
            let answer = stage.as_fitting(row, |call| match kind {
                None => call.without("content-type"),
                Some(kind) => call.header("content-type", kind),
            });
            let about = format!("{} as {kind:?}", row.operation);
            assert_eq!(answer.await.refused(415), "unsupported_content_type", "{about}");
            assert_eq!(faults.calls(), [], "{about}");
        }
    }
    faults.record(false);
    let row = ROWS.iter().find(|row| row.operation == "portal.extend_session").unwrap();
    stage.as_fitting(row, |call| call.header("content-type", "Application/JSON; charset=utf-8")).await.ok();
}

#[tokio::test]
async fn who_was_refused_what_is_in_the_access_log() {
    let stage = Stage::new().await;
    let individual = stage.foreign["individual_id"].as_str();
    let mut refused = BTreeSet::new();
    for row in ROWS.iter().filter(|row| http_of(row.operation()).unwrap().0 == Api::Admin) {
        let about_them = http_of(row.operation()).unwrap().2.contains("{individual_id}");
        for (session, worker, class) in stage.workers.values() {
            let sees = if http_of(row.operation()).unwrap().2.contains("{session_id}") {
                stage.is_session_of(Api::Admin, Aim::Foreign, Some(&session.cookie))
            } else {
                [UserGroup::IntakeMgmt, UserGroup::AdminExec].contains(&worker.user_group)
            };
            let Some((status, code)) = expected(row, &Who::Worker(worker, class), Aim::Foreign, sees) else {
                continue;
            };
            stage.call(row, Aim::Foreign).by(session).send().await.refused(status);
            // Who may not do it at all isn't asked for whom.
            let subject = if code != "not_allowed" && about_them { individual } else { "" };
            let fresh = row.operation == "admin.create_account" && status == 404;
            let subject = if fresh { stage.foreign_fresh.as_str() } else { subject };
            refused.insert((row.operation.to_owned(), worker.id.to_string(), subject.to_owned()));
        }
    }
    let (session, worker, _) = &stage.workers[INTAKE];
    let of_one = |row: &&Row| {
        let path = http_of(row.operation()).unwrap().2;
        path.contains("{account_id}") || path.contains("{service_file_id}")
    };
    for row in ROWS.iter().filter(of_one) {
        stage.call(row, Aim::AccountOfAnother).by(session).send().await.refused(404);
        let of_a_file = http_of(row.operation()).unwrap().2.contains("{service_file_id}");
        let subject = if of_a_file { stage.fresh.clone() } else { stage.own["individual_id"].clone() };
        refused.insert((row.operation.to_owned(), worker.id.to_string(), subject));
    }
    assert!(refused.len() > 30 && refused.iter().any(|(_, _, subject)| !subject.is_empty()));
    let mut logged = BTreeSet::new();
    let table = &variables(&stage.world)["ACCESS_LOG_TABLE"];
    let scanned = root(&stage.world).scan().table_name(table).send().await.unwrap();
    let of = |item: &HashMap<String, AttributeValue>, name: &str| item[name].as_s().unwrap().clone();
    // Those of the worker whom wrong passwords locked aside.
    let told =
        |item: &&HashMap<_, _>| of(item, "outcome") == "refused" && of(item, "operation") != "admin.sign_in";
    for item in scanned.items().iter().filter(told) {
        let text =
            |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
        let actor = item["actor"].as_m().unwrap()["id"].as_s().unwrap().clone();
        logged.insert((text("operation"), actor, text("subject")));
    }
    assert_eq!(logged, refused);
}

/// What every class can be made of: nothing taken away, activations allowed or not, and each thing taken away by itself.
fn every_class(id: domain::ClassId) -> Vec<SecurityClass> {
    let class = |allow_activations, denials| SecurityClass {
        id,
        name: "Full".to_owned(),
        allow_activations,
        denials,
    };
    let denied = Denial::ALL.iter().map(|denial| class(true, BTreeSet::from([*denial])));
    [class(true, BTreeSet::new()), class(false, BTreeSet::new())].into_iter().chain(denied).collect()
}

/// Every operation × every user group × every class that takes one thing away: half an object is told to be none by who
/// may call, and nothing at all by who may not.
#[tokio::test]
async fn a_class_takes_from_every_group_exactly_what_it_names() {
    let stage = Stage::new().await;
    let world = &stage.world;
    let by = &stage.workers[SYSTEM_RESTRICTED].0;
    let id = stage.workers[SYSTEM].2.id;
    let (mut version, mut refused, mut taken) = (stage.classes_version, 0, BTreeSet::new());
    for class in every_class(id) {
        let body = json!({
            "version": version, "name": class.name, "allow_activations": class.allow_activations,
            "denials": class.denials,
        });
        let path = format!("/security-classes/{id}");
        let saved = world.admin(Method::PUT, &path).by(by).json(body).send().await.ok();
        version = saved["version"].as_u64().unwrap();
        for email in [SYSTEM, INTAKE, ADMIN_EXEC, CLINICAL] {
            let (session, worker, full) = &stage.workers[email];
            assert_eq!(full.id, id, "{email} belongs to the class");
            for row in ROWS.iter().filter(|row| http_of(row.operation()).unwrap().0 == Api::Admin) {
                let may = match row.operation().access {
                    Access::Anyone => continue,
                    Access::Permitted(permission) => permits(worker.user_group, &class, permission),
                    _ => true,
                };
                let answer = stage.call(row, Aim::Own).by(session).raw("{").send().await;
                let about = format!("{} by {email} with {class:?}", row.operation);
                let (status, code) = if may { (400, "invalid_request") } else { (403, "not_allowed") };
                assert_eq!(
                    (answer.status.as_u16(), &answer.json()["code"]),
                    (status, &json!(code)),
                    "{about}"
                );
                refused += usize::from(!may);
                if !may && class.denials.len() == 1 {
                    taken.extend(class.denials.iter().copied());
                }
            }
        }
    }
    assert!(refused > 500, "{refused}");
    assert!(taken.contains(&Denial::Close) && taken.contains(&Denial::Import), "{taken:?}");
}

/// Where a second factor is required, who has signed in by the password alone gets nowhere but to setting one up.
#[tokio::test]
async fn the_password_alone_opens_only_the_way_to_a_second_factor() {
    let world = World::required().await;
    for email in [SYSTEM, INTAKE, ADMIN_EXEC, CLINICAL] {
        let half = world.staff(email).await;
        let open = everything_open_to(&world, &half).await;
        let expected = [
            "admin.sign_out",
            "admin.extend_session",
            "admin.get_me",
            "admin.begin_second_factor",
            "admin.confirm_second_factor",
        ];
        assert_eq!(open, expected, "{email}");
        let (whole, ..) = world.enrol(&half, &support::demo_password(email)).await;
        assert!(everything_open_to(&world, &whole).await.len() > expected.len() + 10, "{email}");
    }
}

/// What isn't refused for want of a second factor.
async fn everything_open_to(world: &World, session: &Session) -> Vec<&'static str> {
    let mut open = Vec::new();
    for row in ROWS.iter().filter(|row| row.operation().access != Access::Anyone) {
        let (Api::Admin, verb, path) = http_of(row.operation()).unwrap() else { continue };
        let path =
            UNKNOWN.iter().fold(path.to_owned(), |path, (name, id)| path.replace(&format!("{{{name}}}"), id));
        let method = Method::from_bytes(verb.as_str().as_bytes()).unwrap();
        let answer = world.admin(method, &path).by(session).raw("{").send().await;
        if answer.json()["code"] != "second_factor_required" {
            open.push(row.operation);
        }
    }
    open
}

/// Behind the edge, only what carries one of its two secrets comes in, whatever is called.
#[tokio::test]
async fn behind_the_edge_nothing_comes_in_round_it() {
    let world = World::bare().await;
    let aws = world.local.aws();
    let secrets = ["a".repeat(32), "b".repeat(32)];
    let both = secrets.join(",");
    for row in ROWS {
        let operation = row.operation();
        let functions = &world.local.template().functions;
        let function = functions.values().find(|function| function.handler == row.operation).unwrap();
        let mut variables = function.environment.clone();
        assert_eq!(
            variables.insert("ORIGIN_SECRETS".to_owned(), both.clone()).as_deref(),
            Some(""),
            "{}",
            row.operation
        );
        let (clock, random) = (Arc::new(aws.clock().clone()), Arc::new(SystemEntropy));
        let config = aws.sdk_config(row.operation);
        let services =
            Services::connect(&config, Environment::from_iter(variables), operation, clock, random);
        let sample =
            std::fs::read_to_string(repository().join(format!("events/{}.json", row.operation))).unwrap();
        let wrong = [None, Some(""), Some("a"), Some(both.as_str())].map(|secret| (secret, false));
        let right = [&secrets[0], &secrets[1]].map(|secret| (Some(secret.as_str()), true));
        for (secret, comes_in) in wrong.into_iter().chain(right) {
            let mut event: Value = serde_json::from_str(&sample).unwrap();
            event["headers"]["origin"] = json!(support::own_origin(http_of(operation).unwrap().0));
            if let Some(secret) = secret {
                event["headers"]["x-origin-secret"] = json!(secret);
            }
            let answer = functions::invoke(operation, &services, event, "request".to_owned()).await.unwrap();
            let problem: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
            assert_eq!(
                problem["code"] != "origin_refused",
                comes_in,
                "{} with {secret:?}: {problem}",
                row.operation
            );
        }
    }
}
