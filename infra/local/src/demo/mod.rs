//! Brings the demo agency into a new data file, by the product's own operations.

use std::path::Path;
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use bytes::Bytes;
use chrono::TimeDelta;
use data_encoding::BASE64;
use http::{Method, Request};
use serde_json::{Value, json};

use self::browser::Browser;
use self::story::Story;
use crate::aws::AwsError;
use crate::data::DataError;
use crate::gateway::Site;
use crate::invoke::InvokeError;
use crate::local::Local;

mod browser;
mod story;

/// How often, and how many times, an import is asked whether it is done.
const LOOKS: (Duration, u32) = (Duration::from_millis(20), 6000);
/// What is imported, each with what came before it.
const IMPORTS: [&str; 4] = ["individuals", "services", "service_files", "rosters"];

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
    /// The data file can't be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The mailbox can't be read.
    #[error(transparent)]
    Mailbox(#[from] AwsError),
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
    /// What is imported, in this order: its kind, and its file.
    imports: Vec<(&'static str, Bytes)>,
    sign_ins: Value,
    stories: Vec<Story>,
}

impl Demo {
    /// Reads `agency.json`, a CSV for each of the imports, `story.json` and `demo.json` of a directory.
    ///
    /// # Errors
    /// When one is missing or malformed.
    pub fn read(directory: &Path) -> Result<Self, DemoError> {
        let read = |name: &str| {
            let error =
                |error: std::io::Error| DemoError::File { file: name.to_owned(), reason: error.to_string() };
            std::fs::read(directory.join(name)).map_err(error)
        };
        let malformed = |name: &str| {
            let file = name.to_owned();
            move |error: serde_json::Error| DemoError::File { file, reason: error.to_string() }
        };
        let json = |name: &str| serde_json::from_slice(&read(name)?).map_err(malformed(name));
        let mut sign_ins: Value = json("demo.json")?;
        let told: Value = json("story.json")?;
        let stories = serde_json::from_value(told.clone()).map_err(malformed("story.json"))?;
        if let Some(sign_ins) = sign_ins.as_object_mut() {
            sign_ins.insert("clients".to_owned(), clients(told));
        }
        Ok(Self {
            agency: json("agency.json")?,
            imports: IMPORTS
                .into_iter()
                .map(|kind| Ok((kind, read(&format!("{kind}.csv"))?.into())))
                .collect::<Result<_, DemoError>>()?,
            sign_ins,
            stories,
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

    /// Sets the agency up, imports its individuals and what they are enrolled in, and brings accounts into every state, as its staff and clients
    /// would: over their APIs, with the clock at the hour when they would have. Needs a server that runs, whose origins
    /// are `portal` and `admin`.
    ///
    /// # Errors
    /// When an operation refuses.
    pub async fn load(&self, local: &Local, portal: &str, admin: &str) -> Result<(), DemoError> {
        let (now, started) = (local.aws().clock().now(), Instant::now());
        local.set_clock(story::beginning(&self.stories, now))?;
        let done = local.invoke("jobs.set_up_agency", self.agency.clone()).await?;
        if done.get("set_up") != Some(&Value::Bool(true)) {
            return Err(DemoError::Answer { step: "setting up the agency", answer: done.to_string() });
        }
        let mut staff = self.staff(local, admin).await?;
        for (kind, file) in &self.imports {
            import(local, &mut staff, kind, file).await?;
        }
        story::tell(self, local, (portal, admin), now).await?;
        let took = TimeDelta::from_std(started.elapsed()).unwrap_or_default();
        story::pass_time(local, now + took).await?;
        local.invoke("jobs.compute_statistics", json!({})).await?;
        Ok(())
    }

    /// The worker who does what is to be done, signed in.
    async fn staff<'a>(&self, local: &'a Local, admin: &'a str) -> Result<Browser<'a>, DemoError> {
        let missing =
            || DemoError::File { file: "agency.json".to_owned(), reason: "no intake worker".to_owned() };
        let (email, password) = self.importer().ok_or_else(missing)?;
        let mut staff = Browser::new(local, Site::Admin, admin);
        let sign_in = json!({ "email": email, "password": password });
        staff.ask("signing in", Method::POST, "/session", &sign_in).await?;
        Ok(staff)
    }
}

/// Imports a file, and waits until every row is taken.
async fn import(
    local: &Local,
    staff: &mut Browser<'_>,
    kind: &'static str,
    file: &Bytes,
) -> Result<(), DemoError> {
    let sum = BASE64.encode(digest::digest(&digest::SHA256, file).as_ref());
    let announced = json!({ "bytes": file.len(), "sha256": sum });
    let place = staff.ask("requesting an upload", Method::POST, "/uploads", &announced).await?;
    upload(local, &place, file)?;
    let import =
        json!({ "kind": kind, "upload_id": place.get("upload_id"), "source": "demo", "mode": "apply" });
    let job = staff.ask("starting an import", Method::POST, "/imports", &import).await?;
    let path = format!("/jobs/{}", job.get("job_id").and_then(Value::as_str).unwrap_or_default());
    let (pause, times) = LOOKS;
    for _ in 0..times {
        let job = staff.ask("looking at the import", Method::GET, &path, &Value::Null).await?;
        match job.get("state").and_then(Value::as_str) {
            Some("done") => return Ok(()),
            Some("waiting" | "running") => tokio::time::sleep(pause).await,
            _ => return Err(DemoError::Answer { step: kind, answer: job.to_string() }),
        }
    }
    Err(DemoError::Answer { step: kind, answer: "nothing: it takes too long".to_owned() })
}

fn upload(local: &Local, place: &Value, file: &Bytes) -> Result<(), DemoError> {
    let error = |answer: String| DemoError::Answer { step: "the upload", answer };
    let url = place.get("url").and_then(Value::as_str).unwrap_or_default();
    let host = url.split('/').nth(2).unwrap_or_default();
    let mut request = Request::put(url).header("host", host);
    for (name, value) in place.get("headers").and_then(Value::as_object).into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap_or_default());
    }
    let request = request.body(file.clone()).map_err(|refused| error(refused.to_string()))?;
    let answer = local.aws().handle(&request);
    if answer.status().is_success() {
        Ok(())
    } else {
        Err(error(String::from_utf8_lossy(answer.body()).into_owned()))
    }
}

/// The stories as `/_local/demo.json` tells them: who, and where their accounts stand.
fn clients(mut stories: Value) -> Value {
    for story in stories.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        story.remove("steps");
    }
    stories
}
