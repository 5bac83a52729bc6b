//! Brings the demo agency into a new data file, by the product's own operations.

use std::path::Path;
use std::time::Duration;

use aws_lc_rs::digest;
use bytes::Bytes;
use data_encoding::BASE64;
use http::{Method, Request};
use serde_json::{Value, json};

use crate::aws::random_id;
use crate::gateway::Site;
use crate::invoke::InvokeError;
use crate::local::Local;

/// How often, and how many times, the import is asked whether it is done.
const LOOKS: (Duration, u32) = (Duration::from_millis(100), 1200);

/// Why there is no demo agency.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A file of it is missing or malformed.
    #[error("{file}: {reason}")]
    File {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
    /// An operation failed.
    #[error(transparent)]
    Invoke(#[from] InvokeError),
    /// An operation answered otherwise than expected.
    #[error("{step} was answered with {answer}")]
    Answer {
        /// What was asked.
        step: &'static str,
        /// The answer.
        answer: String,
    },
}

/// The demo agency's files.
#[derive(Clone, Debug)]
pub struct Demo {
    agency: Value,
    individuals: Bytes,
    sign_ins: Value,
}

impl Demo {
    /// Reads `agency.json`, `individuals.csv` and `demo.json` of a directory.
    ///
    /// # Errors
    /// When one is missing or malformed.
    pub fn read(directory: &Path) -> Result<Self, DemoError> {
        let read = |name: &str| {
            let error =
                |error: std::io::Error| DemoError::File { file: name.to_owned(), reason: error.to_string() };
            std::fs::read(directory.join(name)).map_err(error)
        };
        let json = |name: &str| {
            let error = |error: serde_json::Error| DemoError::File {
                file: name.to_owned(),
                reason: error.to_string(),
            };
            serde_json::from_slice(&read(name)?).map_err(error)
        };
        Ok(Self {
            agency: json("agency.json")?,
            individuals: read("individuals.csv")?.into(),
            sign_ins: json("demo.json")?,
        })
    }

    /// What `/_local/demo.json` tells.
    #[must_use]
    pub fn sign_ins(&self) -> &Value {
        &self.sign_ins
    }

    /// The worker who takes people in and may import them: the first of that group in the file.
    fn importer(&self) -> Option<(&str, &str)> {
        let workers = self.agency.get("workers")?.as_array()?;
        let text = |worker: &'_ Value, name| worker.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
        let intake =
            workers.iter().find(|worker| text(worker, "user_group").as_deref() == Some("intake_mgmt"))?;
        Some((intake.get("email")?.as_str()?, intake.get("password")?.as_str()?))
    }

    /// Sets the agency up and imports its individuals, as its staff would: over the workers' API. Needs a server that
    /// runs, whose origin of the workers' site is `admin`.
    ///
    /// # Errors
    /// When an operation refuses.
    pub async fn load(&self, local: &Local, admin: &str) -> Result<(), DemoError> {
        let done = local.invoke("jobs.set_up_agency", self.agency.clone()).await?;
        // An earlier start may have been ended on the way.
        let is_set_up = ["set_up", "already"].iter().any(|name| done.get(name) == Some(&Value::Bool(true)));
        if !is_set_up {
            return Err(DemoError::Answer { step: "setting up the agency", answer: done.to_string() });
        }
        let missing =
            || DemoError::File { file: "agency.json".to_owned(), reason: "no intake worker".to_owned() };
        let (email, password) = self.importer().ok_or_else(missing)?;
        let mut staff = Staff { local, admin, cookie: String::new() };
        staff
            .ask("signing in", Method::POST, "/session", &json!({ "email": email, "password": password }))
            .await?;
        let sum = BASE64.encode(digest::digest(&digest::SHA256, &self.individuals).as_ref());
        let announced = json!({ "bytes": self.individuals.len(), "sha256": sum });
        let place = staff.ask("requesting an upload", Method::POST, "/uploads", &announced).await?;
        self.upload(local, &place)?;
        let import = json!({ "upload_id": place.get("upload_id"), "source": "demo", "mode": "apply" });
        let job = staff.ask("starting the import", Method::POST, "/imports", &import).await?;
        let path = format!("/jobs/{}", job.get("job_id").and_then(Value::as_str).unwrap_or_default());
        let (pause, times) = LOOKS;
        for _ in 0..times {
            let job = staff.ask("looking at the import", Method::GET, &path, &Value::Null).await?;
            match job.get("state").and_then(Value::as_str) {
                Some("done") => return Ok(()),
                Some("waiting" | "running") => tokio::time::sleep(pause).await,
                _ => return Err(DemoError::Answer { step: "the import", answer: job.to_string() }),
            }
        }
        Err(DemoError::Answer { step: "the import", answer: "nothing: it takes too long".to_owned() })
    }

    fn upload(&self, local: &Local, place: &Value) -> Result<(), DemoError> {
        let error = |answer: String| DemoError::Answer { step: "the upload", answer };
        let url = place.get("url").and_then(Value::as_str).unwrap_or_default();
        let host = url.split('/').nth(2).unwrap_or_default();
        let mut request = Request::put(url).header("host", host);
        for (name, value) in place.get("headers").and_then(Value::as_object).into_iter().flatten() {
            request = request.header(name, value.as_str().unwrap_or_default());
        }
        let request = request.body(self.individuals.clone()).map_err(|refused| error(refused.to_string()))?;
        let answer = local.aws().handle(&request);
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(error(String::from_utf8_lossy(answer.body()).into_owned()))
        }
    }
}

/// A worker with a browser.
struct Staff<'a> {
    local: &'a Local,
    admin: &'a str,
    cookie: String,
}

impl Staff<'_> {
    async fn ask(
        &mut self,
        step: &'static str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<Value, DemoError> {
        let request = Request::builder()
            .method(method.clone())
            .uri(format!("{}/api/admin/v1{path}", self.admin))
            .header("host", self.admin.trim_start_matches("http://"))
            .header("origin", self.admin)
            .header("cookie", &self.cookie)
            .header("content-type", "application/json")
            .header("idempotency-key", random_id())
            .body(if method == Method::GET { Bytes::new() } else { Bytes::from(body.to_string()) });
        let error = |answer: String| DemoError::Answer { step, answer };
        let request = request.map_err(|refused| error(refused.to_string()))?;
        let answer = self.local.http(Site::Admin, request, "127.0.0.1").await;
        if let Some(cookie) = answer.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok()) {
            cookie.split(';').next().unwrap_or_default().clone_into(&mut self.cookie);
        }
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        match serde_json::from_str(&text) {
            Ok(body) if answer.status().is_success() => Ok(body),
            _ => Err(error(text)),
        }
    }
}
