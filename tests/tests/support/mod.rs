//! A whole agency in one process, reached as its users reach it: over HTTP, with its mailbox and its clock.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Duration, TimeZone, Utc};
use credentials::second_factor::TotpSecret;
use functions::operation::Api;
use local::{Local, Operations, Options, Place, Site};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

pub const INTAKE: &str = "ingrid.solberg@alderquay.example.org";
pub const ADMIN_EXEC: &str = "amadou.keita@alderquay.example.org";
pub const CLINICAL: &str = "carmen.ibanez@alderquay.example.org";
pub const OTHER_CLINICAL: &str = "tomasz.wrobel@alderquay.example.org";
pub const RESTRICTED: &str = "daniel.whitfield@alderquay.example.org";
pub const SYSTEM: &str = "robin.ashdown@alderquay.example.org";
/// A password that passes the agency's rules.
pub const PASSWORD: &str = "copper violin drifts past noon";
/// Another.
pub const NEW_PASSWORD: &str = "seven lanterns over the harbour";

/// The agency, with the individuals of `fixtures/individuals.csv`, at nine in the morning.
pub struct World {
    pub local: Local,
    http: reqwest::Client,
    portal: String,
    admin: String,
    keys: std::sync::atomic::AtomicU64,
    /// The file it was set up from.
    agency: Value,
}

/// A signed-in worker or client.
#[derive(Clone, Debug)]
pub struct Session {
    pub cookie: String,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The body of a success.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text());
        self.json()
    }

    /// The code of a refusal, after checking that it is a problem document.
    #[track_caller]
    pub fn refused(&self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        problem["code"].as_str().unwrap().to_owned()
    }

    /// The session cookie that was set.
    #[track_caller]
    pub fn session(&self) -> Session {
        let cookie = self.headers["set-cookie"].to_str().unwrap();
        for attribute in ["Path=/", "HttpOnly", "Secure", "SameSite=Strict"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(cookie.starts_with("__Host-"));
        Session { cookie: cookie.split(';').next().unwrap().to_owned() }
    }
}

impl Answer {
    /// What lets the device be known when it comes again.
    #[track_caller]
    pub fn device(&self) -> Session {
        let cookies = self.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
        let cookie = cookies.rev().find(|cookie| cookie.contains("-device=")).expect("a device's cookie");
        for attribute in ["__Host-", "Path=/", "HttpOnly", "Secure", "SameSite=Strict", "Max-Age=34560000"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        Session { cookie: cookie.split(';').next().unwrap().to_owned() }
    }
}

/// What a worker has on their phone.
pub struct Authenticator(TotpSecret);

impl Authenticator {
    /// From the secret that was begun with.
    #[track_caller]
    pub fn of(begun: &Value) -> Self {
        Self(TotpSecret::from_base32(begun["secret"].as_str().unwrap()).unwrap())
    }

    /// The code it shows now.
    pub fn code(&self, world: &World) -> String {
        self.0.code_at(world.local.aws().clock().now())
    }

    /// The one after it.
    pub fn next_code(&self, world: &World) -> String {
        self.0.code_at(world.local.aws().clock().now() + Duration::seconds(30))
    }
}

/// A request being made.
pub struct Call<'w> {
    world: &'w World,
    api: Api,
    method: Method,
    path: String,
    body: Option<Vec<u8>>,
    headers: Vec<(&'static str, String)>,
    origin: bool,
}

impl Call<'_> {
    pub fn by(mut self, session: &Session) -> Self {
        self.headers.push(("cookie", session.cookie.clone()));
        self
    }

    pub fn json(mut self, body: Value) -> Self {
        self.body = Some(body.to_string().into_bytes());
        self
    }

    pub fn raw(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.origin &= name != "origin";
        self
    }

    pub async fn send(self) -> Answer {
        let base = match self.api {
            Api::Portal => &self.world.portal,
            Api::Admin => &self.world.admin,
        };
        let mut request =
            self.world.http.request(self.method.clone(), format!("{base}{}{}", self.api.base(), self.path));
        if self.origin
            && self.method != Method::GET
            && !self.headers.iter().any(|(name, _)| *name == "origin")
        {
            request = request.header("origin", own_origin(self.api));
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if let Some(body) = self.body {
            request = request.body(body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { status, headers, bytes: response.bytes().await.unwrap().to_vec() }
    }
}

/// The origins that the template's defaults name.
pub fn own_origin(api: Api) -> &'static str {
    match api {
        Api::Portal => "http://127.0.0.1:8080",
        Api::Admin => "http://127.0.0.1:8081",
    }
}

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A program that cargo put beside the tests.
pub fn program(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let path = tests.ancestors().nth(2).unwrap().join(name);
    assert!(path.is_file(), "there is no {}: build it by `cargo build --workspace --bins`", path.display());
    path
}

pub fn agency_file() -> Value {
    let text = std::fs::read_to_string(repository().join("infra/local/demo/agency.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The password of a worker of the demo.
pub fn demo_password(email: &str) -> String {
    let workers = agency_file()["workers"].as_array().unwrap().clone();
    let worker = workers.into_iter().find(|worker| worker["email"] == email).unwrap();
    worker["password"].as_str().unwrap().to_owned()
}

pub fn morning() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 14, 0, 0).unwrap()
}

impl World {
    /// An empty deployment: nothing set up.
    pub async fn bare() -> Self {
        Self::at(Place::Scratch).await
    }

    /// The deployment whose data is there; a new one begins in the morning. A second factor is for who wants one, as in
    /// the demo.
    pub async fn at(place: Place) -> Self {
        Self::deployed(place, &[]).await
    }

    /// Set up where every worker needs a second factor, without individuals.
    pub async fn required() -> Self {
        let world = Self::deployed(Place::Scratch, &[("SecondFactor", "required")]).await;
        world.set_up_agency().await;
        world
    }

    /// The same, with values for the template's parameters.
    pub async fn deployed(place: Place, parameters: &[(&str, &str)]) -> Self {
        let logs = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_test_writer()
            .with_env_filter("info,aws=warn");
        drop(logs.try_init());
        let options = Options {
            template: repository().join("infra/template.yaml"),
            parameters: [("SecondFactor", "optional")]
                .iter()
                .chain(parameters)
                .map(|(name, value)| ((*name).to_owned(), json!(value)))
                .collect(),
            place,
            stopped_at: Some(morning()),
        };
        let [portal, admin, aws] = [listen().await, listen().await, listen().await];
        let local = Local::open(&options, |emulated, template| {
            emulated.set_endpoint(aws.1.clone());
            Arc::new(Operations::connect(emulated, template))
        });
        let local = local.unwrap();
        let [portal, admin, _] = [(portal, Some(Site::Portal)), (admin, Some(Site::Admin)), (aws, None)]
            .map(|(port, site)| serve(&local, port, site));
        let keys = std::sync::atomic::AtomicU64::default();
        Self { local, http: reqwest::Client::new(), portal, admin, keys, agency: agency_file() }
    }

    /// Set up, without individuals.
    pub async fn set_up() -> Self {
        Self::set_up_with(|_| {}).await
    }

    /// Set up from the demo's file, changed.
    pub async fn set_up_with(change: impl FnOnce(&mut Value)) -> Self {
        let mut world = Self::bare().await;
        change(&mut world.agency);
        world.set_up_agency().await;
        world
    }

    async fn set_up_agency(&self) {
        let summary = self.local.invoke("jobs.set_up_agency", self.agency.clone()).await.unwrap();
        assert_eq!(summary["set_up"], true, "{summary}");
        self.local.drain().await.unwrap();
    }

    /// Sets up a second factor: the session that goes on, what makes codes, and the recovery codes.
    pub async fn enrol(&self, by: &Session, password: &str) -> (Session, Authenticator, Vec<String>) {
        let begin = self.admin(Method::POST, "/second-factor").by(by).json(json!({ "password": password }));
        let authenticator = Authenticator::of(&begin.send().await.ok());
        let code = json!({ "code": authenticator.code(self) });
        let confirmed = self.admin(Method::POST, "/second-factor/confirm").by(by).json(code).send().await;
        let codes = confirmed.ok()["recovery_codes"].as_array().unwrap().clone();
        let codes = codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
        self.drain().await;
        (confirmed.session(), authenticator, codes)
    }

    /// Set up, with the individuals of the fixture.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same, from a changed file.
    pub async fn with(change: impl FnOnce(&mut Value)) -> Self {
        let world = Self::set_up_with(change).await;
        let csv =
            std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/individuals.csv")).unwrap();
        let job = world.import(&csv, "apply").await;
        assert_eq!((&job["state"], &job["created"]), (&json!("done"), &json!(12)), "{job}");
        world
    }

    /// How many licences it was set up with.
    pub fn licences(&self) -> u64 {
        self.agency["licences"].as_u64().unwrap()
    }

    fn call(&self, api: Api, method: Method, path: &str) -> Call<'_> {
        let headers = match method {
            Method::GET => Vec::new(),
            _ => vec![("content-type", "application/json".to_owned())],
        };
        Call { world: self, api, method, path: path.to_owned(), body: None, headers, origin: true }
    }

    pub fn portal(&self, method: Method, path: &str) -> Call<'_> {
        self.call(Api::Portal, method, path)
    }

    pub fn admin(&self, method: Method, path: &str) -> Call<'_> {
        self.call(Api::Admin, method, path)
    }

    pub fn api(&self, api: Api, method: Method, path: &str) -> Call<'_> {
        self.call(api, method, path)
    }

    /// A fresh idempotency key.
    pub fn key(&self) -> String {
        format!("test-key-{}", self.keys.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    }

    pub fn advance(&self, by: Duration) {
        let now = self.local.aws().clock().now();
        self.local.set_clock(now + by).unwrap();
    }

    pub async fn drain(&self) {
        self.local.drain().await.unwrap();
    }

    pub async fn staff(&self, email: &str) -> Session {
        let workers = self.agency["workers"].as_array().unwrap();
        let worker = workers.iter().find(|worker| worker["email"] == email).unwrap();
        let answer = self.sign_worker_in(email, worker["password"].as_str().unwrap()).await;
        answer.ok();
        answer.session()
    }

    /// The id of a worker who can sign in.
    pub async fn worker(&self, email: &str) -> String {
        let own = self.staff(email).await;
        let me = self.admin(Method::GET, "/me").by(&own).send().await.ok();
        me["worker_id"].as_str().unwrap().to_owned()
    }

    /// Tries to sign a worker in.
    pub async fn sign_worker_in(&self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.admin(Method::POST, "/session").json(body).send().await
    }

    /// The individual with that id in the fixture's system.
    pub async fn individual(&self, staff: &Session, external_id: &str) -> String {
        let body = json!({ "external_id": { "source": "test", "id": external_id } });
        let found = self.admin(Method::POST, "/individuals/search").by(staff).json(body).send().await.ok();
        found["individuals"][0]["individual_id"]
            .as_str()
            .unwrap_or_else(|| panic!("{external_id}: {found}"))
            .to_owned()
    }

    /// Opens a service file: its id.
    pub async fn open_service_file(
        &self,
        staff: &Session,
        individual: &str,
        service: &str,
        worker: &str,
    ) -> String {
        let body = json!({ "service_id": service, "opened_on": "2026-01-12", "primary_worker_id": worker });
        let path = format!("/individuals/{individual}/service-files");
        let call = self.admin(Method::POST, &path).by(staff).header("idempotency-key", self.key());
        call.json(body).send().await.ok()["service_file_id"].as_str().unwrap().to_owned()
    }

    pub async fn create(&self, staff: &Session, individual: &str, body: Value) -> Answer {
        let path = format!("/individuals/{individual}/accounts");
        self.admin(Method::POST, &path)
            .by(staff)
            .header("idempotency-key", self.key())
            .json(body)
            .send()
            .await
    }

    /// Creates an account for somebody of the fixture and reads the link from the mail: individual, account, token.
    pub async fn invite(&self, staff: &Session, external_id: &str) -> (String, String, String) {
        let individual = self.individual(staff, external_id).await;
        let created = self.create(staff, &individual, json!({})).await.ok();
        self.drain().await;
        let account = created["account"]["account_id"].as_str().unwrap().to_owned();
        (individual, account, self.newest_token())
    }

    /// The token of the newest activation link that was mailed.
    pub fn newest_token(&self) -> String {
        let mails = self.local.mails().unwrap();
        let newest = mails.iter().rev().find(|mail| mail.text.contains("/activate#"));
        token_in(&newest.expect("a mail with a link").text)
    }

    /// The code in the newest mail that has one.
    pub fn newest_code(&self) -> String {
        let mails = self.local.mails().unwrap();
        mails.iter().rev().find_map(|mail| code_in(&mail.text)).expect("a mail with a code")
    }

    pub async fn look(&self, token: &str) -> Value {
        self.portal(Method::POST, "/links/look").json(json!({ "token": token })).send().await.ok()
    }

    pub async fn activate(&self, token: &str, birth_date: &str) -> Answer {
        let body = activation(token, birth_date);
        self.portal(Method::POST, "/activation").json(body).send().await
    }

    pub async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.portal(Method::POST, "/session")
            .json(json!({ "email": email, "password": password }))
            .send()
            .await
    }

    /// Asks for a link to choose a new password.
    pub async fn forget(&self, email: &str) -> Answer {
        self.portal(Method::POST, "/password-reset-requests").json(json!({ "email": email })).send().await
    }

    /// The token of the newest mail's link to choose a new password, after one was asked for.
    pub async fn reset_token(&self, email: &str) -> String {
        assert_eq!(self.forget(email).await.ok(), json!({}));
        self.drain().await;
        link_in(&self.local.mails().unwrap().last().expect("a mail").text, "/reset#").expect("a link")
    }

    /// The same for a worker.
    pub async fn worker_reset_token(&self, email: &str) -> String {
        let asked = self.admin(Method::POST, "/password-reset-requests").json(json!({ "email": email }));
        assert_eq!(asked.send().await.ok(), json!({}));
        self.drain().await;
        link_in(&self.local.mails().unwrap().last().expect("a mail").text, "/reset#").expect("a link")
    }

    pub async fn reset(&self, token: &str, password: &str) -> Answer {
        let body = json!({ "token": token, "password": password });
        self.portal(Method::POST, "/password-reset").json(body).send().await
    }

    pub async fn change_password(&self, by: &Session, current: &str, new: &str) -> Answer {
        let body = json!({ "current": current, "new": new });
        self.portal(Method::POST, "/password").by(by).json(body).send().await
    }

    /// Adds a service, or a group or series of one: its id.
    pub async fn service(&self, staff: &Session, kind: &str, name: &str, parent: Option<&str>) -> String {
        let visibility = if parent.is_some() { "as_service" } else { "hidden" };
        let body = json!({ "kind": kind, "name": name, "parent_id": parent, "visibility": visibility });
        let call = self.admin(Method::POST, "/services").by(staff).header("idempotency-key", self.key());
        let created = call.json(body).send().await.ok();
        created["service"]["service_id"].as_str().unwrap().to_owned()
    }

    /// Adds a case service that clients may ask for, by the name they know it by: its id.
    pub async fn offered_service(&self, staff: &Session, name: &str) -> String {
        let body = json!({ "kind": "case_service", "name": format!("{name} (internal)"), "client_facing_name": name,
            "visibility": "visible", "eligible": true });
        let call = self.admin(Method::POST, "/services").by(staff).header("idempotency-key", self.key());
        let created = call.json(body).send().await.ok();
        created["service"]["service_id"].as_str().unwrap().to_owned()
    }

    /// Uploads a file of individuals and imports it to its end: the job as it is then.
    pub async fn import(&self, csv: &[u8], mode: &str) -> Value {
        self.import_of("individuals", csv, mode).await
    }

    /// The same of what a file lists.
    pub async fn import_of(&self, kind: &str, csv: &[u8], mode: &str) -> Value {
        let staff = self.staff(INTAKE).await;
        let job = self.start_import_of(kind, &staff, csv, mode).await;
        self.drain().await;
        self.admin(Method::GET, &format!("/jobs/{job}"))
            .by(&staff)
            .send()
            .await
            .ok()
            .as_object()
            .map(|job_view| {
                let mut view = job_view.clone();
                view.insert("id".to_owned(), json!(job));
                Value::Object(view)
            })
            .unwrap()
    }

    /// Says which file will come, and hears where to put it.
    pub async fn announce(&self, staff: &Session, csv: &[u8]) -> Value {
        use aws_lc_rs::digest::{SHA256, digest};
        let digest = data_encoding::BASE64.encode(digest(&SHA256, csv).as_ref());
        let announced = json!({ "bytes": csv.len(), "sha256": digest });
        self.admin(Method::POST, "/uploads").by(staff).json(announced).send().await.ok()
    }

    pub async fn upload(&self, staff: &Session, csv: &[u8]) -> String {
        let upload = self.announce(staff, csv).await;
        let put = self.put_upload(&upload, upload["path"].as_str().unwrap(), csv).await;
        assert!(put.status().is_success(), "{}", put.text().await.unwrap());
        upload["upload_id"].as_str().unwrap().to_owned()
    }

    /// Uploads an image of that type: its upload's id.
    pub async fn upload_image(&self, staff: &Session, image: &[u8], kind: &str) -> String {
        use aws_lc_rs::digest::{SHA256, digest};
        let sha256 = data_encoding::BASE64.encode(digest(&SHA256, image).as_ref());
        let body = json!({ "kind": "image", "content_type": kind, "bytes": image.len(), "sha256": sha256 });
        let upload = self.admin(Method::POST, "/uploads").by(staff).json(body).send().await.ok();
        let put = self.put_upload(&upload, upload["path"].as_str().unwrap(), image).await;
        assert!(put.status().is_success(), "{}", put.text().await.unwrap());
        upload["upload_id"].as_str().unwrap().to_owned()
    }

    /// Gives a worker a photo: its id.
    pub async fn set_photo(&self, staff: &Session) -> String {
        let upload = self.upload_image(staff, &png(90, 60, [0, 128, 255, 255]), "image/png").await;
        let set = self.admin(Method::PUT, "/me/photo").by(staff).json(json!({ "upload_id": upload }));
        set.send().await.ok()["photo"].as_str().unwrap().to_owned()
    }

    /// Gives the agency a logo: the settings with it.
    pub async fn set_logo(&self, system: &Session) -> Value {
        let upload = self.upload_image(system, &png(1_600, 480, [0, 128, 255, 128]), "image/png").await;
        let settings = self.admin(Method::GET, "/settings").by(system).send().await.ok();
        let logo = json!({ "upload_id": upload });
        let body =
            json!({ "version": settings["version"], "logo": logo, "tiles": settings["images"]["tiles"] });
        self.admin(Method::PUT, "/settings/images").by(system).json(body).send().await.ok()
    }

    /// Puts a file as a page of the workers' site does: to a path of its own origin.
    pub async fn put_upload(&self, upload: &Value, path: &str, csv: &[u8]) -> reqwest::Response {
        let mut request = self.http.put(format!("{}{path}", self.admin)).body(csv.to_vec());
        for (name, value) in upload["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        request.send().await.unwrap()
    }

    pub async fn start_import(&self, staff: &Session, csv: &[u8], mode: &str) -> String {
        self.start_import_of("individuals", staff, csv, mode).await
    }

    pub async fn start_import_of(&self, kind: &str, staff: &Session, csv: &[u8], mode: &str) -> String {
        let upload = self.upload(staff, csv).await;
        let body = json!({ "kind": kind, "upload_id": upload, "source": "test", "mode": mode });
        let started = self
            .admin(Method::POST, "/imports")
            .by(staff)
            .header("idempotency-key", self.key())
            .json(body)
            .send()
            .await
            .ok();
        started["job_id"].as_str().unwrap().to_owned()
    }

    /// A page of a job's report.
    pub async fn report(&self, staff: &Session, job: &Value, page: u32) -> Vec<Value> {
        let path = format!("/jobs/{}?page={page}", job["id"].as_str().unwrap());
        self.admin(Method::GET, &path).by(staff).send().await.ok()["report"].as_array().unwrap().clone()
    }
}

/// An image all of one colour.
pub fn png(width: u32, height: u32, rgba: [u8; 4]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgba);
    let mut writer = encoder.write_header().unwrap();
    let pixels: Vec<u8> = (0..width * height).flat_map(|_| rgba).collect();
    writer.write_image_data(&pixels).unwrap();
    writer.finish().unwrap();
    file
}

pub fn activation(token: &str, birth_date: &str) -> Value {
    json!({
        "token": token,
        "birth_date": birth_date,
        "password": PASSWORD,
        "accepted_privacy_version": 1,
        "accepted_terms_version": 1,
    })
}

/// The token in a mail's link.
pub fn token_in(text: &str) -> String {
    link_in(text, "/activate#").expect("a link")
}

/// The token in a mail's link to that page, if it has one.
pub fn link_in(text: &str, page: &str) -> Option<String> {
    let (_, rest) = text.split_once(page)?;
    rest.split_whitespace().next().map(str::to_owned)
}

/// The eight digits in a mail, as they are shown.
pub fn code_in(text: &str) -> Option<String> {
    let digits = |line: &&str| line.chars().filter(char::is_ascii_digit).count() == 8;
    let line = text
        .lines()
        .map(str::trim)
        .find(|line| digits(line) && line.chars().all(|c| c.is_ascii_digit() || c.is_whitespace()));
    line.map(str::to_owned)
}

async fn listen() -> (tokio::net::TcpListener, String) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    (listener, address)
}

/// Serves one of the sites, or AWS itself. Nothing else runs by itself: `drain` does that.
fn serve(
    local: &Local,
    (listener, address): (tokio::net::TcpListener, String),
    site: Option<Site>,
) -> String {
    let local = local.clone();
    let app = axum::Router::new().fallback(move |request: axum::extract::Request| {
        let local = local.clone();
        async move {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let request = axum::http::Request::from_parts(parts, body);
            let response = match site {
                Some(site) => local.http(site, request, "203.0.113.7").await,
                None => local.aws().handle(&request),
            };
            response.map(axum::body::Body::from)
        }
    });
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}
