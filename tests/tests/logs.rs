//! Values that may be nowhere but where they belong, driven through every operation: answered, refused and failing.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};

use chrono::Duration;
use functions::operation::{Api, OPERATIONS, Secret, Use};
use local::aws::{Fault, Kind, When};
use reqwest::Method;
use serde_json::{Value, json};
use store::tables::Table;
use tracing_subscriber::EnvFilter;

use crate::crash_points::items;
use crate::support::{
    Answer, Authenticator, CLINICAL, Call, INTAKE, SYSTEM, Session, World, activation, agency_file,
    demo_password, link_in,
};

const BORN: &str = "1961-03-27";
const ADDRESS: &str = "zanthippe.quellhorst@canary.example.org";
const PASSWORD: &str = "canary feathers over velvet dunes";
const CHANGED: &str = "canary feathers under linen hills";
const FILE: &str = "\
external_id,first_name,middle_name,preferred_name,last_name,birth_date,gender,email,email_consent,phone,address
EXTCANARY1,Zanthippe,Ottoline,Zazie,Quellhorst,1961-03-27,gendercanary,zanthippe.quellhorst@canary.example.org,yes,+1 416 867 5309,77 Canary Row
EXTCANARY2,Ysolde,,,Quellhorst,1962-04-28,,ysolde.quellhorst@canary.example.org,yes,,
EXTCANARY3,Wilhelmina,,,Quellhorst,birthcanary,,not-an-address-canary,perhaps-canary,,
";
/// As they are looked for: in small letters.
const CANARIES: &[&str] = &[
    "zanthippe",
    "ottoline",
    "zazie",
    "quellhorst",
    "ysolde",
    "wilhelmina",
    "1961-03-27",
    "1962-04-28",
    "1961-03-28",
    "gendercanary",
    "canary.example.org",
    "8675309",
    "867 5309",
    "867-5309",
    "canary row",
    "extcanary",
    "birthcanary",
    "address-canary",
    "perhaps-canary",
    "canary feathers",
    "wrong canary",
    "reasoncanary",
    "walrus-teapot",
    "queryc4nary",
];

/// All that is logged on this thread, which is the one all of a test runs on, whatever other tests log elsewhere.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let ours = "info,functions=trace,store=trace,credentials=trace,domain=trace,mail=trace,aws=warn";
        let json = tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(EnvFilter::new(ours));
        tracing::subscriber::set_default(json.with_writer(move || log.clone()).finish())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[track_caller]
fn assert_silent(place: &str, text: &str, secrets: &[String]) {
    let low = text.to_lowercase();
    let canaries = CANARIES.iter().copied().chain(secrets.iter().map(String::as_str));
    for canary in canaries {
        if let Some(at) = low.find(&canary.to_lowercase()) {
            let around: String =
                low[..at].chars().rev().take(300).collect::<Vec<_>>().into_iter().rev().collect();
            panic!("{place} tells {canary}: …{around}[{canary}]");
        }
    }
}

/// Once while nothing outside answers, then for good.
async fn send<'w>(world: &World, call: impl Fn() -> Call<'w>) -> Answer {
    let faults = world.local.aws().faults();
    faults.inject(
        Fault::new(When::Before, Kind::Disconnected).and_after().concerning(|call| call.caller != "root"),
    );
    call().send().await;
    faults.clear();
    // As the answer says: the first call after a pause only finds out that it may.
    for _ in 0..3 {
        world.advance(Duration::seconds(5));
        let answer = call().send().await;
        if answer.status != 503 {
            return answer;
        }
    }
    panic!("it doesn't recover")
}

/// Lets each job fail once, and go on.
async fn drain(world: &World) {
    let faults = world.local.aws().faults();
    for job in [
        "jobs.publish_journal",
        "jobs.resolve_requests",
        "jobs.send_mail",
        "jobs.send_bulk_mail",
        "jobs.record_mail_outcome",
        "jobs.import_file",
        "jobs.expire_activations",
        "jobs.compute_statistics",
    ] {
        faults.inject(Fault::new(When::Before, Kind::ServerError).concerning(move |call| call.caller == job));
    }
    world.drain().await;
    faults.clear();
}

/// Everything there is to do for two people; gives what must stay secret.
async fn everything(world: &World) -> Vec<String> {
    let password = "demo-only-walrus-teapot-drizzle";
    let sign_in = |api, email: &'static str, password: &'static str| {
        move || world.api(api, Method::POST, "/session").json(json!({ "email": email, "password": password }))
    };
    send(world, sign_in(Api::Admin, INTAKE, "wrong canary password")).await.refused(401);
    let staff = send(world, sign_in(Api::Admin, INTAKE, password)).await.session();
    let get = |path: String| {
        let staff = &staff;
        move || world.admin(Method::GET, &path).by(staff)
    };
    let post = |path: String, body: Value| {
        let (staff, key) = (&staff, world.key());
        move || {
            world
                .admin(Method::POST, &path)
                .by(staff)
                .header("idempotency-key", key.clone())
                .json(body.clone())
        }
    };
    send(world, get("/me".into())).await.ok();
    send(world, get("/sites".into())).await.ok();
    send(world, get("/colleagues".into())).await.ok();
    for path in ["/agency", "/texts?language=es"] {
        send(world, || world.portal(Method::GET, path)).await.ok();
    }
    send(world, post("/uploads".into(), json!({ "bytes": "queryc4nary", "sha256": "queryc4nary" })))
        .await
        .refused(400);
    let digest = json!({ "bytes": 1, "sha256": data_encoding::BASE64.encode(&[0; 32]) });
    send(world, post("/uploads".into(), digest)).await.ok();
    let upload = world.upload(&staff, FILE.as_bytes()).await;
    let import = json!({ "upload_id": upload, "source": "test", "mode": "apply" });
    let job = send(world, post("/imports".into(), import)).await.ok();
    drain(world).await;
    let job = send(world, get(format!("/jobs/{}", job["job_id"].as_str().unwrap()))).await.ok();
    assert_eq!((&job["created"], &job["refused"]), (&json!(2), &json!(1)), "{job}");

    let art = json!({ "kind": "case_service", "name": "Art", "visibility": "hidden" });
    let art = send(world, post("/services".into(), art)).await.ok();
    let path = format!("/services/{}", art["service"]["service_id"].as_str().unwrap());
    let changed = json!({ "version": 1, "name": "Art at noon", "visibility": "hidden" });
    let staff_of_it = &staff;
    send(world, || world.admin(Method::PUT, &path).by(staff_of_it).json(changed.clone())).await.ok();
    for path in ["/services", path.as_str(), "/services?kind=queryc4nary"] {
        send(world, get(path.into())).await;
    }

    let search = |body| post("/individuals/search".into(), body);
    send(world, search(json!({ "name": "Zanthippe Quellhorst" }))).await.ok();
    send(world, search(json!({ "email": "quellhorst at canary" }))).await.refused(400);
    send(world, search(json!({ "birth_date": "birthcanary" }))).await.refused(400);
    send(world, search(json!({ "birth_date": BORN, "name": "Zazie" }))).await.ok();
    send(world, search(json!({ "email": ADDRESS, "queryc4nary": "canary row" }))).await.refused(400);
    let accounts = |criteria| post("/accounts/search".into(), json!({ "criteria": criteria }));
    send(world, accounts(json!({ "name": "Zanthippe Quellhorst", "birth_date": BORN }))).await.ok();
    send(world, accounts(json!({ "email": ADDRESS }))).await.ok();
    send(world, accounts(json!({ "email": "quellhorst at canary" }))).await.refused(400);
    send(world, accounts(json!({ "birth_date": "birthcanary" }))).await.refused(400);
    send(world, accounts(json!({ "queryc4nary": "canary row" }))).await.refused(400);
    for path in ["/licences", "/statistics", "/statistics?from=queryc4nary"] {
        send(world, get(path.into())).await;
    }
    let found = send(world, search(json!({ "email": ADDRESS }))).await.ok();
    let path = format!("/individuals/{}", found["individuals"][0]["individual_id"].as_str().unwrap());
    let record = send(world, get(path.clone())).await.ok();
    send(world, get(format!("{path}?queryc4nary=zazie"))).await;

    let refused = json!({ "email": "zazie@canary.example.org", "age_override_reason": "reasoncanary" });
    send(world, post(format!("{path}/accounts"), refused)).await.refused(409);
    let created = send(world, post(format!("{path}/accounts"), json!({}))).await.ok();
    let account = created["account"]["account_id"].as_str().unwrap().to_owned();
    drain(world).await;
    send(world, post(format!("{path}/accounts/{account}/resend"), json!({}))).await.ok();
    drain(world).await;
    for contact in [json!(null), record["individual"]["contacts"][0]["contact_id"].clone()] {
        let settings = format!("{path}/communication-settings");
        send(world, || {
            world
                .admin(Method::PUT, &settings)
                .by(&staff)
                .json(json!({ "email_contact_id": contact, "confirmed": true }))
        })
        .await
        .ok();
        drain(world).await;
    }

    change_the_record(world, &staff, &path).await;
    let mut secrets = Vec::new();
    let portal =
        |path: &'static str, body: Value| move || world.portal(Method::POST, path).json(body.clone());
    let token = world.newest_token();
    send(world, portal("/links/look", json!({ "token": token }))).await.ok();
    send(world, portal("/links/look", json!({ "token": "queryc4nary" }))).await.refused(404);
    send(world, portal("/links/ask", json!({ "token": token }))).await.ok();
    drain(world).await;
    secrets.extend([token, world.newest_token()]);
    let mut proof = activation(&world.newest_token(), BORN);
    proof["password"] = json!(PASSWORD);
    let mut wrong = proof.clone();
    wrong["birth_date"] = json!("1961-03-28");
    send(world, portal("/activation", wrong)).await.refused(422);
    wrong = proof.clone();
    wrong["password"] = json!("quellhorst");
    send(world, portal("/activation", wrong)).await.refused(422);
    let broken = || world.portal(Method::POST, "/activation").raw(format!("{{\"password\": \"{PASSWORD}"));
    send(world, broken).await.refused(400);
    let client = send(world, portal("/activation", proof)).await.session();
    send(world, || world.portal(Method::GET, "/home").by(&client)).await.ok();
    send(world, || world.portal(Method::POST, "/session/extend").by(&client).json(json!({}))).await.ok();
    let client = sessions_and_account(world, &client).await;
    let change = json!({ "current": PASSWORD, "new": CHANGED });
    let client = send(world, || world.portal(Method::POST, "/password").by(&client).json(change.clone()))
        .await
        .session();
    send(world, || world.portal(Method::DELETE, "/session").by(&client).json(json!({}))).await.ok();
    send(world, sign_in(Api::Portal, ADDRESS, "wrong canary password")).await.refused(401);
    send(world, sign_in(Api::Portal, "nobody@canary.example.org", "wrong canary password"))
        .await
        .refused(401);
    send(world, portal("/password-reset-requests", json!({ "email": ADDRESS }))).await.ok();
    send(world, portal("/password-reset-requests", json!({ "email": "nobody@canary.example.org" })))
        .await
        .ok();
    drain(world).await;
    let token = link_in(&world.local.mails().unwrap().last().unwrap().text, "/reset#").unwrap();
    let reset = json!({ "token": token, "password": PASSWORD });
    send(world, portal("/password-reset", reset.clone())).await.ok();
    send(world, portal("/password-reset", reset)).await.refused(410);
    secrets.push(token);
    let again = send(world, sign_in(Api::Portal, ADDRESS, PASSWORD)).await.session();
    let kept = items(world, Table::Sessions).await;
    assert!(!kept.is_empty());
    assert_silent("sessions", &json!(kept).to_string(), &secrets);
    let offered = world.offered_service(&staff, "Housing").await;
    send(world, || world.portal(Method::GET, "/offered-services").by(&again)).await.ok();
    let (key, wish) = (world.key(), json!({ "service_id": offered, "message": "queryc4nary: canary row" }));
    let ask = || world.portal(Method::POST, "/service-requests").by(&again).json(wish.clone());
    send(world, || ask().header("idempotency-key", key.clone())).await.ok();
    let wishes = send(world, get("/service-requests".into())).await.ok();
    let wish = wishes["requests"][0]["request_id"].as_str().unwrap();
    let answer = json!({ "outcome": "declined", "note": "queryc4nary: canary row" });
    send(world, post(format!("{path}/service-requests/{wish}/settle"), answer)).await.ok();
    enrolled(world, &staff, &again, &path).await;
    send(world, get(format!("{path}/history"))).await.ok();
    send(world, get(format!("{path}/mails"))).await.ok();
    for action in ["suspend", "unlock", "force-reset", "disable", "enable"] {
        send(world, post(format!("{path}/accounts/{account}/{action}"), json!({}))).await.ok();
    }
    send(world, get("/alerts".into())).await.ok();
    let bounced = json!({ "kinds": ["bounced"] });
    send(world, post(format!("{path}/accounts/{account}/alerts/settle"), bounced)).await.ok();
    send(world, post(format!("{path}/accounts/{account}/close"), json!({}))).await.ok();

    in_bulk(world, &staff).await;
    let found =
        send(world, search(json!({ "external_id": { "source": "test", "id": "EXTCANARY2" } }))).await.ok();
    let other = found["individuals"][0]["individual_id"].as_str().unwrap();
    send(world, post(format!("/individuals/{other}/accounts"), json!({}))).await.ok();
    send(world, post("/session/extend".into(), json!({}))).await.ok();
    send(world, get("/sessions".into())).await.ok();
    let unknown = "/sessions/ses_00000000000000000000000000";
    send(world, || world.admin(Method::DELETE, unknown).by(&staff)).await.refused(404);
    let staff = send(world, post("/sessions/end-others".into(), json!({}))).await.session();
    let leave = || world.admin(Method::DELETE, "/session").by(&staff).json(json!({}));
    send(world, leave).await.ok();
    for session in [staff.clone(), client, again] {
        secrets.extend(session.cookie.split(['=', '.']).filter(|part| part.len() > 40).map(str::to_owned));
    }
    secrets
}

/// Invites and closes in bulk, by criteria that name somebody; the jobs forget them.
async fn in_bulk(world: &World, staff: &Session) {
    let post = async |path: &str, body: Value| {
        let key = world.key();
        let call = || world.admin(Method::POST, path).by(staff).header("idempotency-key", key.clone());
        send(world, || call().json(body.clone())).await
    };
    let id = |started: Answer| started.ok()["job_id"].as_str().unwrap().to_owned();
    let criteria = json!({ "name": "Quellhorst", "email": ADDRESS, "birth_date": BORN });
    let change = json!({ "action": "close", "target": { "criteria": criteria } });
    for job in [
        id(post("/bulk-jobs/activation", json!({ "groups": ["expired"] })).await),
        id(post("/bulk-jobs/change", change).await),
        id(post("/bulk-jobs/password-reset", json!({ "target": { "all": true } })).await),
    ] {
        drain(world).await;
        let applying = id(post(&format!("/bulk-jobs/{job}/apply"), json!({})).await);
        for action in ["stop", "resume"] {
            post(&format!("/bulk-jobs/{applying}/{action}"), json!({})).await.ok();
        }
        drain(world).await;
        for path in ["", "/results"] {
            let path = format!("/bulk-jobs/{applying}{path}");
            send(world, || world.admin(Method::GET, &path).by(staff)).await.ok();
        }
    }
    send(world, || world.admin(Method::GET, "/bulk-jobs").by(staff)).await.ok();
    assert_silent("bulk jobs", &json!(items(world, Table::Jobs).await).to_string(), &[]);
}

/// What a client does with their sessions and account: the session that goes on.
async fn sessions_and_account(world: &World, client: &Session) -> Session {
    let get = |path: &'static str| move || world.portal(Method::GET, path).by(client);
    let post = |path: &'static str, body: Value| {
        move || world.portal(Method::POST, path).by(client).json(body.clone())
    };
    let phone = "Mozilla/5.0 (Android 14; queryc4nary) Firefox/133.0";
    send(world, || get("/sessions")().header("user-agent", phone)).await.ok();
    let account = send(world, get("/account")).await.ok();
    let contact = &account["messages"]["contact_id"];
    let wanted = json!({ "event_confirmations": true, "event_updates": false, "contact_id": contact });
    send(world, || world.portal(Method::PUT, "/account/messages").by(client).json(wanted.clone())).await.ok();
    send(world, || world.portal(Method::PUT, "/language").by(client).json(json!({ "language": "fr" })))
        .await
        .ok();
    about_oneself(world, client).await;
    let unknown = "/sessions/ses_00000000000000000000000000";
    send(world, || world.portal(Method::DELETE, unknown).by(client)).await.refused(404);
    for (email, password) in [
        ("not-an-address-canary", PASSWORD),
        ("other@canary.example.org", "wrong canary password"),
        ("other@canary.example.org", PASSWORD),
    ] {
        let body = json!({ "email": email, "password": password });
        send(world, post("/email-change", body)).await;
    }
    send(world, post("/email-change/confirm", json!({ "code": "queryc4nary" }))).await.refused(422);
    send(world, post("/sessions/end-others", json!({}))).await.session()
}

/// What a client changes of themselves, and whom they look at.
async fn about_oneself(world: &World, client: &Session) {
    let seen = send(world, || world.portal(Method::GET, "/profile").by(client)).await.ok();
    let call = async |method: Method, path: String, body: Value| {
        let key = world.key();
        let call = || {
            let call = world.portal(method.clone(), &path).by(client).header("idempotency-key", key.clone());
            call.json(body.clone())
        };
        send(world, call).await
    };
    let mut profile: Value = ["first_name", "middle_name", "last_name", "preferred_name", "language"]
        .iter()
        .map(|field| ((*field).to_owned(), seen[*field].clone()))
        .collect();
    profile["gender"] = json!("gendercanary, corrected");
    let update = json!({ "version": seen["version"], "profile": profile });
    call(Method::PUT, "/profile".into(), update).await.ok();
    let contact = |value: &str| json!({ "kind": "postal", "value": value, "use_contact": true });
    let add = json!({ "contact": contact("79 Canary Row") });
    let added = call(Method::POST, "/profile/contacts".into(), add).await.ok();
    let place = format!("/profile/contacts/{}", added["contact_id"].as_str().unwrap());
    let moved = json!({ "version": added["version"], "contact": contact("80 Canary Row") });
    call(Method::PUT, place.clone(), moved).await.ok();
    call(Method::DELETE, place, json!({})).await.ok();
    let photo = "/workers/wrk_00000000000000000000000000/photo";
    send(world, || world.portal(Method::GET, photo).by(client)).await.refused(404);
}

/// What a System Administrator does for the portal's looks.
async fn about_looks(world: &World, system: &Session, worker: &str) {
    assert_eq!(send(world, || world.portal(Method::GET, "/theme.css")).await.status, 200);
    let photo = world.set_photo(system).await;
    let path = format!("/images/{photo}");
    assert_eq!(send(world, || world.admin(Method::GET, &path).by(system)).await.status, 200);
    let nothing = "/logo/img_00000000000000000000000000";
    send(world, || world.portal(Method::GET, nothing)).await.refused(404);
    let settings = world.set_logo(system).await;
    let theme = json!({ "brand": "#7a1f5c", "brand_dark": "#f0a8d8", "corners": "round" });
    for (path, section, value) in [
        ("/settings/theme", "theme", theme),
        ("/settings/file-attachment", "file_attachment", json!({ "worker_photos": false })),
    ] {
        let seen = world.admin(Method::GET, "/settings").by(system).send().await.ok();
        let body = json!({ "version": seen["version"], section: value });
        send(world, || world.admin(Method::PUT, path).by(system).json(body.clone())).await.ok();
    }
    assert!(settings["images"]["logo"].is_string());
    let told = json!({ "client_facing_name": "Robin", "description": "Here on Mondays." });
    send(world, || world.admin(Method::PUT, "/me/profile").by(system).json(told.clone())).await.ok();
    for path in ["/me/photo".to_owned(), format!("/workers/{worker}/photo")] {
        let none = || world.admin(Method::PUT, &path).by(system).json(json!({ "upload_id": null }));
        send(world, none).await.ok();
    }
}

/// Enrols the individual, puts them on a roster, and takes all of it back.
async fn enrolled(world: &World, staff: &Session, client: &Session, path: &str) {
    let case = world.service(staff, "case_service", "Evenings", None).await;
    let group = world.service(staff, "group", "Evenings in May", Some(&case)).await;
    let me = world.admin(Method::GET, "/me").by(staff).send().await.ok();
    let worker = me["worker_id"].as_str().unwrap();
    let call = async |method: Method, path: String, body: Value| {
        let key = world.key();
        let call = || world.admin(method.clone(), &path).by(staff).header("idempotency-key", key.clone());
        send(world, || call().json(body.clone())).await.ok()
    };
    let list = format!("{path}/services");
    let read = async || send(world, || world.admin(Method::GET, &list).by(staff)).await.ok();
    let file = json!({ "service_id": case, "opened_on": "2026-01-12", "primary_worker_id": worker });
    call(Method::POST, format!("{path}/service-files"), file).await;
    let individual = path.trim_start_matches("/individuals/");
    let roster = format!("/services/{group}/roster");
    call(Method::POST, roster.clone(), json!({ "individual_id": individual })).await;
    send(world, || world.admin(Method::GET, &roster).by(staff)).await.ok();
    send(world, || world.portal(Method::GET, "/services").by(client)).await.ok();
    call(Method::DELETE, format!("{roster}/{individual}"), json!({})).await;
    let workers = json!({ "primary_worker_id": worker, "worker_ids": [] });
    let closed = json!({ "closed_on": "2026-02-02" });
    for (method, deed, mut body) in
        [(Method::PUT, "", workers), (Method::POST, "/close", closed), (Method::POST, "/reopen", json!({}))]
    {
        let file = read().await["service_files"][0].clone();
        body["version"] = file["version"].clone();
        let place = format!("{path}/service-files/{}{deed}", file["service_file_id"].as_str().unwrap());
        call(method, place, body).await;
    }
}

/// Saves the settings in every way there is, as they are but for a word.
async fn everything_configured(world: &World) {
    let system = world.staff(SYSTEM).await;
    let get = async |path: &str| send(world, || world.admin(Method::GET, path).by(&system)).await;
    let save = async |method: Method, path: &str, body: Value| {
        let key = world.key();
        let call = || world.admin(method.clone(), path).by(&system).header("idempotency-key", key.clone());
        send(world, || call().json(body.clone())).await.ok()
    };
    let seen = async || world.admin(Method::GET, "/settings").by(&system).send().await.ok();
    let first = seen().await;
    let mut mail = json!({ "version": first["version"], "communications": first["communications"] });
    mail["communications"]["client_messages"]["footer"]["en"] = json!("reasoncanary");
    save(Method::PUT, "/settings/communications", mail).await;
    let now = seen().await;
    save(Method::POST, "/settings/authentication-email/check", json!({})).await;
    save(Method::POST, "/settings/authentication-email/test", json!({ "kind": "authentication" })).await;
    drain(world).await;
    let mut setup = json!({ "version": seen().await["version"] });
    for section in ["general", "about_me", "agency", "advanced", "request_service", "billing"] {
        setup[section] = now[section].clone();
    }
    setup["request_service"]["text"]["en"] = json!("reasoncanary");
    save(Method::PUT, "/settings/client-connect", setup).await;
    let text = json!({ "version": seen().await["version"], "texts": { "en": "reasoncanary", "fr": null, "es": null } });
    save(Method::PUT, "/settings/texts/terms", text).await;
    get("/settings/texts/terms").await.ok();
    get("/settings/versions").await.ok();
    let back = json!({ "version": seen().await["version"], "confirmed": true });
    let path = format!("/settings/versions/{}/restore", now["version"]);
    save(Method::POST, &path, back).await;
}

/// Adds somebody else, and changes all there is of a record; what accounts go by is put back.
async fn change_the_record(world: &World, staff: &Session, path: &str) {
    let seen = send(world, || world.admin(Method::GET, path).by(staff)).await.ok()["individual"].clone();
    let call = async |method: Method, path: String, body: Value| {
        let key = world.key();
        let call = || {
            let call = world.admin(method.clone(), &path).by(staff).header("idempotency-key", key.clone());
            call.json(body.clone())
        };
        send(world, call).await
    };
    let fields = ["first_name", "last_name", "language", "site_id", "external_ids", "worker_ids"];
    let mut profile: Value = fields.iter().map(|field| ((*field).to_owned(), seen[*field].clone())).collect();
    profile["gender"] = json!("gendercanary");
    let mut twin = json!({ "profile": profile, "birth_date": BORN });
    twin["profile"]["external_ids"] = json!({});
    call(Method::POST, "/individuals".into(), twin.clone()).await.refused(409);
    twin["confirm_duplicate"] = json!(true);
    call(Method::POST, "/individuals".into(), twin.clone()).await.ok();
    twin["profile"]["external_ids"] = seen["external_ids"].clone();
    call(Method::POST, "/individuals".into(), twin).await.refused(409);

    let mut version = seen["version"].as_u64().unwrap();
    let update = json!({ "version": version, "profile": profile });
    profile["preferred_name"] = json!("zazie");
    call(Method::PUT, format!("{path}/profile"), json!({ "version": 0, "profile": profile }))
        .await
        .refused(409);
    version = call(Method::PUT, format!("{path}/profile"), update).await.ok()["version"].as_u64().unwrap();
    for birth_date in ["birthcanary", "1961-03-28", BORN] {
        let body = json!({ "version": version, "birth_date": birth_date });
        let set = call(Method::PUT, format!("{path}/birth-date"), body).await;
        version = set.json()["version"].as_u64().unwrap_or(version);
    }
    let contact = |value: &str| json!({ "kind": "postal", "value": value, "use_contact": true, "instructions": "reasoncanary" });
    let added =
        call(Method::POST, format!("{path}/contacts"), json!({ "contact": contact("77 Canary Row, again") }))
            .await
            .ok();
    let place = format!("{path}/contacts/{}", added["contact_id"].as_str().unwrap());
    let changed = json!({ "version": added["version"], "contact": contact("78 Canary Row") });
    call(Method::PUT, place.clone(), changed).await.ok();
    call(Method::DELETE, place, json!({})).await.ok();
    drain(world).await;
}

/// Everything there is to do about a worker.
async fn everything_about_a_worker(world: &World) {
    let (system, carmen) = (world.staff(SYSTEM).await, world.worker(CLINICAL).await);
    send(world, || world.admin(Method::GET, "/workers").by(&system)).await.ok();
    about_looks(world, &system, &carmen).await;
    for what in ["suspend", "unlock", "reset-password"] {
        let (path, key) = (format!("/workers/{carmen}/{what}"), world.key());
        let call = || world.admin(Method::POST, &path).by(&system).header("idempotency-key", key.clone());
        send(world, || call().json(json!({}))).await.ok();
    }
    drain(world).await;
    let token = world.worker_reset_token(CLINICAL).await;
    let post = |path: &'static str, body: Value| world.admin(Method::POST, path).json(body);
    send(world, || post("/password-reset-requests", json!({ "email": CLINICAL }))).await.ok();
    let chosen = json!({ "token": token, "password": PASSWORD });
    send(world, || post("/password-reset", chosen.clone())).await;
    let changed = json!({ "current": demo_password(SYSTEM), "new": PASSWORD });
    send(world, || post("/password", changed.clone()).by(&system)).await.ok();
}

/// Everything there is to do about who works here; gives what must stay secret.
async fn everything_about_staff(world: &World) -> Vec<String> {
    let system = world.staff(SYSTEM).await;
    let get = |path: &str| world.admin(Method::GET, path).by(&system);
    let call = |method: Method, path: String, body: Value| {
        let key = world.key();
        let system = system.clone();
        move || {
            let call = world.admin(method.clone(), &path).by(&system).json(body.clone());
            call.header("idempotency-key", key.clone())
        }
    };
    let site = json!({ "name": "Canary Annex", "time_zone": "America/Halifax" });
    let site = send(world, call(Method::POST, "/sites".to_owned(), site)).await.ok();
    let changed = json!({
        "version": site["version"], "name": "Annex", "time_zone": "America/Halifax", "active": true,
    });
    let site = site["site"]["site_id"].as_str().unwrap().to_owned();
    send(world, call(Method::PUT, format!("/sites/{site}"), changed)).await.ok();
    let class = json!({ "name": "Canaries", "allow_activations": false, "denials": [] });
    let class = send(world, call(Method::POST, "/security-classes".to_owned(), class)).await.ok();
    let id = class["security_class"]["security_class_id"].as_str().unwrap();
    let mut changed = json!({ "name": "Canaries", "allow_activations": true, "denials": ["export"] });
    changed["version"] = class["version"].clone();
    send(world, call(Method::PUT, format!("/security-classes/{id}"), changed)).await.ok();
    send(world, call(Method::DELETE, format!("/security-classes/{id}"), json!({}))).await.ok();
    let classes = send(world, || get("/security-classes")).await.ok();

    let mut profile = json!({
        "first_name": "Zanthippe", "last_name": "Quellhorst", "user_group": "clinical_worker", "language": "en",
        "security_class_id": classes["classes"][0]["security_class_id"], "site_id": site,
        "description": "reasoncanary",
    });
    let hired = json!({ "email": ADDRESS, "profile": profile });
    let hired = send(world, call(Method::POST, "/workers".to_owned(), hired)).await.ok();
    let path = format!("/workers/{}", hired["worker_id"].as_str().unwrap());
    profile["first_name"] = json!("Zazie");
    let changed = json!({ "version": hired["version"], "profile": profile });
    send(world, call(Method::PUT, path.clone(), changed)).await.ok();
    for what in ["invite", "deactivate", "reactivate"] {
        send(world, call(Method::POST, format!("{path}/{what}"), json!({}))).await.ok();
    }
    send(world, || get(&path)).await.ok();
    drain(world).await;
    let mails = world.local.mails().unwrap();
    let token = mails.iter().rev().find_map(|mail| link_in(&mail.text, "/reset#")).unwrap();
    let chosen = json!({ "token": token, "password": PASSWORD });
    world.admin(Method::POST, "/password-reset").json(chosen).send().await.ok();
    let own = world.sign_worker_in(ADDRESS, PASSWORD).await.session();
    let post =
        |by: &Session, path: &'static str, body: Value| world.admin(Method::POST, path).by(by).json(body);
    let begun = send(world, || post(&own, "/second-factor", json!({ "password": PASSWORD }))).await.ok();
    let authenticator = Authenticator::of(&begun);
    let code = || json!({ "code": authenticator.code(world) });
    let confirmed = send(world, || post(&own, "/second-factor/confirm", code())).await;
    let mut secrets = vec![begun["secret"].as_str().unwrap().to_owned(), token];
    let mut keep = |answer: &Value| {
        let codes = answer["recovery_codes"].as_array().unwrap().iter();
        secrets.extend(codes.map(|code| code.as_str().unwrap().to_owned()));
    };
    keep(&confirmed.ok());
    let own = confirmed.session();
    world.advance(Duration::minutes(1));
    let proof = || json!({ "password": PASSWORD, "code": authenticator.code(world) });
    let renewed = send(world, || post(&own, "/second-factor/recovery-codes", proof())).await.ok();
    keep(&renewed);
    let used = json!({ "email": ADDRESS, "password": PASSWORD, "code": renewed["recovery_codes"][0] });
    world.admin(Method::POST, "/session").json(used).send().await.ok();
    send(world, call(Method::POST, format!("{path}/second-factor/reset"), json!({}))).await.ok();
    drain(world).await;
    secrets
}

#[tokio::test]
async fn what_aws_answers_is_logged_without_its_words() {
    let log = Log::default();
    let listening = log.listen();
    let world = World::new().await;
    let staff = world.staff(INTAKE).await;
    let individual = world.individual(&staff, "T-01").await;
    // As SES answers in its sandbox.
    let words = "Email address is not verified. The following identities failed the check in region CA-CENTRAL-1: \
                 zanthippe.quellhorst@canary.example.org";
    let faults = world.local.aws().faults();
    faults.inject(
        Fault::new(When::Before, Kind::Rejected(words))
            .and_after()
            .concerning(|call| call.caller == "jobs.send_mail" && call.action == "SendEmail"),
    );
    world.create(&staff, &individual, json!({})).await.ok();
    world.local.drain().await.unwrap_err();
    drop(listening);
    let text = log.text();
    assert!(text.contains("aws_sdk_sesv2 answers MessageRejected, request id "), "{text}");
    assert_silent("the log", &text, &[]);
}

#[tokio::test]
async fn a_file_of_another_shape_is_logged_by_place_alone() {
    let log = Log::default();
    let listening = log.listen();
    let world = World::bare().await;
    let mut file = agency_file();
    file["workers"][1]["user_group"] = json!("zanthippe.quellhorst@canary.example.org");
    let told = world.local.invoke("jobs.set_up_agency", file.clone()).await.unwrap_err();
    let place = "an event of another shape: unknown variant at workers[1].user_group";
    assert!(told.to_string().contains(place), "{told}");
    file["workers"][1]["user_group"] = json!({ "demo-only-walrus-teapot-drizzle": 1 });
    world.local.invoke("jobs.set_up_agency", file).await.unwrap_err();
    drop(listening);
    let text = log.text();
    assert!(text.contains(place), "{text}");
    assert_silent("the log", &text, &[]);
}

#[tokio::test]
async fn what_is_personal_or_secret_stays_where_it_belongs() {
    let log = Log::default();
    let listening = log.listen();
    let world = World::set_up().await;
    let mut secrets = everything(&world).await;
    everything_configured(&world).await;
    secrets.extend(everything_about_staff(&world).await);
    everything_about_a_worker(&world).await;

    // What waits in queues waits for ever while nobody can send mail.
    let faults = world.local.aws().faults();
    faults.inject(
        Fault::new(When::Before, Kind::ServerError)
            .and_after()
            .concerning(|call| call.caller == "jobs.send_mail"),
    );
    world.local.drain().await.unwrap_err();
    faults.clear();
    let queues = world.local.template().queues.keys();
    let bodies: Vec<_> = queues.flat_map(|queue| world.local.queued(queue).unwrap()).collect();
    assert!(!bodies.is_empty());
    assert_silent("a queue", &bodies.concat(), &secrets);
    world.advance(Duration::days(8));
    world.drain().await;
    let ask = json!({ "token": world.newest_token() });
    world.portal(Method::POST, "/links/ask").json(ask).send().await.ok();
    let day = json!({ "from": "2026-03-01", "to": "2026-03-01" });
    world.local.invoke("jobs.replay_journal", day).await.unwrap();
    let named = json!({ "agency": "Alder Quay Community Services" });
    World::set_up().await.local.invoke("jobs.strip_sandbox", named).await.unwrap();
    drain(&world).await;
    world.staff(INTAKE).await;
    drop(listening);

    let text = log.text();
    assert_silent("the log", &text, &secrets);
    let mut heard = BTreeSet::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let target = line["target"].as_str().unwrap();
        if ["functions", "store", "credentials", "domain", "mail"]
            .contains(&target.split("::").next().unwrap())
        {
            // A circuit is the whole process's, not one request's.
            if target == "functions::circuit" {
                assert!(line["service"].is_string(), "{line}");
                continue;
            }
            assert!(line["request_id"].as_str().is_some_and(|id| !id.is_empty()), "{line}");
            heard.insert(line["operation"].as_str().unwrap_or_else(|| panic!("{line}")).to_owned());
        }
    }
    let all: BTreeSet<_> = OPERATIONS.iter().map(|operation| operation.name.to_owned()).collect();
    assert_eq!(heard, all);

    let mut told = BTreeSet::new();
    for entry in items(&world, Table::AccessLog).await {
        let name = entry["operation"].as_str().unwrap().to_owned();
        let operation = OPERATIONS.iter().find(|operation| operation.name == name).unwrap();
        let viewer = entry["viewer"].as_str();
        let sealed = operation.uses.contains(&Use::Read(Secret::Seal));
        assert!(sealed || viewer.is_none(), "{name} holds no seal");
        assert!(viewer.is_none_or(|viewer| viewer.len() >= 32 && !viewer.contains("127.0.0.1")), "{name}");
        told.extend(viewer.is_some().then_some(name));
    }
    for name in ["portal.sign_in", "admin.sign_in", "portal.activate_account", "portal.reset_password"] {
        assert!(told.contains(name), "{name} says from where");
    }

    for table in [
        Table::Journal,
        Table::AccessLog,
        Table::Throttles,
        Table::Requests,
        Table::WorkerSessions,
        Table::Jobs,
        Table::Statistics,
    ] {
        let items = items(&world, table).await;
        assert!(!items.is_empty(), "{table:?}");
        assert_silent(table.name(), &json!(items).to_string(), &secrets);
    }
    for table in Table::all() {
        let text = json!(items(&world, table).await).to_string();
        for secret in secrets.iter().map(String::as_str).chain([PASSWORD, "walrus-teapot"]) {
            assert!(!text.contains(secret), "{} keeps a secret", table.name());
        }
    }
}
