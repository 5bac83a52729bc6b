//! The demo agency in this process, and what is asked of it while it is measured.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use chrono::TimeDelta;
use data_encoding::{BASE64, HEXLOWER};
use functions::ports::{Clock as _, SystemClock};
use local::aws::{Call, REGION, Service};
use local::{Demo, Listeners, Local, Operations, Options, Pages, Place, Ports, Server};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::Failure;
use crate::http::Connection;

/// Rows of one uploaded file: an upload has a largest size.
const ROWS_OF_A_FILE: usize = 100_000;

/// The agency, served on any free ports.
pub(crate) struct Agency {
    pub(crate) local: Local,
    pub(crate) server: Server,
    rows: usize,
}

/// A worker with a session.
pub(crate) struct Staff {
    connection: Connection,
    headers: String,
    asked: u32,
}

/// What an import came to.
pub(crate) struct Imported {
    pub(crate) rows: usize,
    pub(crate) took: Duration,
    pub(crate) cost: Cost,
}

/// Calls of services, and the units of `DynamoDB` they took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cost {
    pub(crate) calls: usize,
    pub(crate) read: f64,
    pub(crate) write: f64,
    pub(crate) usd: f64,
}

impl Cost {
    /// Of one time, in USD of us-east-1 on demand without free tiers, as listed in November 2025. Not in it: Lambda and
    /// API Gateway, which every request pays alike.
    pub(crate) fn of(calls: &[Call]) -> Self {
        const READ_UNIT: f64 = 0.125e-6;
        const WRITE_UNIT: f64 = 0.625e-6;
        const MAIL: f64 = 100e-6;
        const EVENT: f64 = 1e-6;
        const SECRET_READ: f64 = 5e-6;
        const OBJECT_REQUEST: f64 = 0.4e-6;
        const QUEUE_REQUEST: f64 = 0.4e-6;
        let mut cost = Self { calls: calls.len(), ..Self::default() };
        for call in calls {
            cost.read += call.units.read;
            cost.write += call.units.write;
            cost.usd += match call.service {
                Service::DynamoDb => call.units.read * READ_UNIT + call.units.write * WRITE_UNIT,
                Service::Ses => MAIL,
                Service::EventBridge => EVENT,
                Service::SecretsManager => SECRET_READ,
                Service::S3 => OBJECT_REQUEST,
                Service::Sqs => QUEUE_REQUEST,
                // Lambda reads them free of charge.
                Service::Streams => 0.0,
            };
        }
        cost
    }
}

impl Agency {
    /// With a clock that stands still, what waits for mail to be sent at its pace goes on at once.
    pub(crate) async fn open(stopped: bool) -> Result<Self, Failure> {
        let infra = Path::new("infra");
        let listeners = Listeners::bind(Ports { portal: 0, admin: 0, aws: 0, ..Ports::default() }).await?;
        let parameters = [
            ("PortalUrl", listeners.portal_origin()),
            ("AdminUrl", listeners.admin_origin()),
            ("SecondFactor", "optional".to_owned()),
        ];
        let options = Options {
            template: infra.join("template.yaml"),
            parameters: parameters.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect(),
            place: Place::Scratch,
            stopped_at: stopped.then(|| SystemClock.now()),
        };
        let local = Local::open(&options, |aws, template| {
            aws.set_endpoint(listeners.aws_origin());
            Arc::new(Operations::connect(aws, template))
        })?;
        let demo = Demo::read(&infra.join("local/demo"))?;
        let pages = Pages { demo: Some(demo.sign_ins().clone()), ..Pages::default() };
        let server = local.serve(listeners, pages);
        demo.load(&local, &server.portal, &server.admin).await?;
        Ok(Self { local, server, rows: 0 })
    }

    /// The sample event of an operation, filled from this agency.
    pub(crate) async fn sample(&self, operation: &str) -> Result<Value, Failure> {
        let port = |origin: &str| origin.rsplit(':').next().unwrap_or_default().to_owned();
        let filled = Command::new("python3")
            .args(["scripts/event.py", operation])
            .env("PORTAL_PORT", port(&self.server.portal))
            .env("ADMIN_PORT", port(&self.server.admin))
            .output()
            .await?;
        if !filled.status.success() {
            return Err(String::from_utf8_lossy(&filled.stderr).into());
        }
        let text = String::from_utf8(filled.stdout)?;
        // The samples name the usual ports.
        let text = text.replace("http://127.0.0.1:8080", &self.server.portal);
        Ok(serde_json::from_str(&text.replace("http://127.0.0.1:8081", &self.server.admin))?)
    }

    /// What Lambda gives the process of an operation's function.
    pub(crate) fn variables(&self, operation: &str) -> BTreeMap<String, String> {
        let functions = &self.local.template().functions;
        let function = functions.values().find(|function| function.handler == operation);
        let mut variables = function.map(|function| function.environment.clone()).unwrap_or_default();
        variables.insert("_HANDLER".to_owned(), operation.to_owned());
        variables.extend(self.credentials(operation));
        variables
    }

    /// What a caller of the local services needs.
    pub(crate) fn credentials(&self, caller: &str) -> BTreeMap<String, String> {
        let secret = self.local.aws().secret_key(caller);
        let variables = [
            ("AWS_ACCESS_KEY_ID", caller),
            ("AWS_SECRET_ACCESS_KEY", &secret),
            ("AWS_REGION", REGION),
            ("AWS_ENDPOINT_URL", &self.server.aws),
        ];
        variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// What an operation calls, once.
    pub(crate) async fn cost(&self, operation: &str, event: Value) -> Result<Cost, Failure> {
        let faults = self.local.aws().faults();
        faults.record(true);
        let done = self.local.invoke(operation, event).await;
        let mut calls = faults.calls();
        faults.record(false);
        calls.retain(|call| call.caller == operation);
        let answer = done?;
        if answer.get("statusCode").is_some_and(|status| status != 200) {
            return Err(format!("{operation}: {answer}").into());
        }
        Ok(Cost::of(&calls))
    }

    /// Lets so much time pass that nobody is throttled for the sign-ins before.
    pub(crate) fn rest(&self) -> Result<(), Failure> {
        Ok(self.local.aws().clock().advance(TimeDelta::minutes(15))?)
    }

    /// Signs the demo's intake worker in.
    pub(crate) async fn staff(&self) -> Result<Staff, Failure> {
        self.rest()?;
        let event = self.sample("admin.sign_in").await?;
        let body = event.get("body").and_then(Value::as_str).unwrap_or_default();
        let mut connection = Connection::open(&self.server.admin).await?;
        let own = format!("origin: {}\r\ncontent-type: application/json\r\n", self.server.admin);
        let answer = connection.send("POST", "/api/admin/v1/session", &own, body.as_bytes()).await?;
        let cookie = answer.cookie.clone().unwrap_or_default();
        answer.ok()?;
        Ok(Staff { connection, headers: format!("{own}cookie: {cookie}\r\n"), asked: 0 })
    }

    /// Imports so many more individuals, by the product's own import.
    pub(crate) async fn import(&mut self, rows: usize) -> Result<Imported, Failure> {
        let aws = self.local.aws().clone();
        aws.faults().record(true);
        let started = Instant::now();
        let mut left = rows;
        while left > 0 {
            let file = left.min(ROWS_OF_A_FILE);
            self.import_file(file).await?;
            left -= file;
        }
        let took = started.elapsed();
        let mut calls = aws.faults().calls();
        aws.faults().record(false);
        calls.retain(|call| call.caller.starts_with("jobs."));
        Ok(Imported { rows, took, cost: Cost::of(&calls) })
    }

    async fn import_file(&mut self, rows: usize) -> Result<(), Failure> {
        let mut staff = self.staff().await?;
        let file = self.individuals(rows);
        let sum = BASE64.encode(digest(&SHA256, file.as_bytes()).as_ref());
        let place = staff.ask("POST", "/uploads", &json!({ "bytes": file.len(), "sha256": sum })).await?;
        let url = place.get("url").and_then(Value::as_str).unwrap_or_default();
        let path = url.strip_prefix(&self.server.aws).ok_or("the upload goes elsewhere")?;
        let mut headers = String::new();
        for (name, value) in place.get("headers").and_then(Value::as_object).into_iter().flatten() {
            if !["host", "content-length"].contains(&name.as_str()) {
                write!(headers, "{name}: {}\r\n", value.as_str().unwrap_or_default())?;
            }
        }
        let put =
            Connection::open(&self.server.aws).await?.send("PUT", path, &headers, file.as_bytes()).await?;
        if put.status != 200 {
            return Err(format!("the upload: {}", String::from_utf8_lossy(&put.body)).into());
        }
        let import = json!({ "upload_id": place.get("upload_id"), "source": "bench", "mode": "apply" });
        let job = staff.ask("POST", "/imports", &import).await?;
        let path = format!("/jobs/{}", job.get("job_id").and_then(Value::as_str).unwrap_or_default());
        loop {
            let job = staff.ask("GET", &path, &Value::Null).await?;
            match job.get("state").and_then(Value::as_str) {
                Some("done") if job.get("created") == Some(&json!(rows)) => return Ok(()),
                Some("waiting" | "running") => tokio::time::sleep(Duration::from_millis(200)).await,
                _ => return Err(format!("the import: {job}").into()),
            }
        }
    }

    /// Rows like those of other systems: names that share beginnings, addresses, consent.
    fn individuals(&mut self, rows: usize) -> String {
        const FIRST: [&str; 16] = [
            "Ana", "Andre", "Anneli", "Bao", "Carla", "Dmitri", "Esi", "Farid", "Grace", "Hana", "Ibrahim",
            "Jun", "Kofi", "Lucia", "Mei", "Noor",
        ];
        const LAST: [&str; 16] = [
            "Abara",
            "Bauer",
            "Castillo",
            "Dubois",
            "Evans",
            "Fontaine",
            "Garcia",
            "Haddad",
            "Ito",
            "Jansen",
            "Kaya",
            "Lindqvist",
            "Moreau",
            "Nguyen",
            "Okafor",
            "Petrov",
        ];
        let mut text = "external_id,first_name,last_name,birth_date,email,email_consent\n".to_owned();
        for number in self.rows..self.rows + rows {
            let [first, last] = [(FIRST, number), (LAST, number / 16)]
                .map(|(names, at)| names.get(at % 16).copied().unwrap_or_default());
            let (year, month, day) = (1940 + number / 256 % 60, 1 + number % 12, 1 + number % 28);
            // Numbers in letters, so that names differ as names do.
            let letters: String =
                format!("{number:06}").bytes().map(|digit| char::from(digit + (b'a' - b'0'))).collect();
            writeln!(
                text,
                "B{number},{first},{last}-{letters},{year}-{month:02}-{day:02},b{number}@example.org,yes"
            )
            .ok();
        }
        self.rows += rows;
        text
    }
}

impl Staff {
    pub(crate) async fn ask(&mut self, method: &str, path: &str, body: &Value) -> Result<Value, Failure> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.asked += 1;
        let key = digest(&SHA256, format!("{} {} {path}", self.headers, self.asked).as_bytes());
        let key = HEXLOWER.encode(key.as_ref());
        let headers = format!("{}idempotency-key: {key}\r\n", self.headers);
        let answer =
            self.connection.send(method, &format!("/api/admin/v1{path}"), &headers, body.as_bytes()).await?;
        answer.ok().map_err(|error| format!("{method} {path}: {error}").into())
    }
}
