//! Functions as processes, under a Runtime API that notes when they ask and answer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use crate::Failure;

/// Nothing here takes so long.
const PATIENCE: Duration = Duration::from_mins(1);
/// The same as Lambda's `nodejs` runtime does first: it loads its HTTP client and asks for work.
const NODE: &str = "
const http = require('http');
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true });
http.get({ host, port, agent, path: '/2018-06-01/runtime/invocation/next' }, answer => answer.resume());
";

/// A program to be measured.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    path: PathBuf,
    arguments: Vec<String>,
    variables: BTreeMap<String, String>,
}

impl Program {
    pub(crate) fn new(path: &Path, variables: BTreeMap<String, String>) -> Self {
        Self { path: path.to_owned(), arguments: Vec::new(), variables }
    }

    /// A `hello` in Node, if there is one on this machine.
    pub(crate) fn node() -> Option<Self> {
        let path = std::env::var_os("PATH")?;
        let node = std::env::split_paths(&path)
            .map(|directory| directory.join("node"))
            .find(|node| node.is_file())?;
        Some(Self {
            path: node,
            arguments: vec!["-e".to_owned(), NODE.to_owned()],
            variables: BTreeMap::new(),
        })
    }

    fn start(&self, runtime: &str) -> std::io::Result<Child> {
        Command::new(&self.path)
            .args(&self.arguments)
            .env_clear()
            .envs(&self.variables)
            .env("AWS_LAMBDA_RUNTIME_API", runtime)
            .env("AWS_LAMBDA_FUNCTION_NAME", "measured")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
    }
}

enum Moment {
    Asked(Instant),
    Answered(Instant, Bytes),
}

/// The Runtime API.
pub(crate) struct Runtime {
    address: String,
    moments: mpsc::UnboundedReceiver<Moment>,
    work: Arc<Work>,
}

#[derive(Default)]
struct Work {
    event: Mutex<Bytes>,
    left: AtomicUsize,
}

impl Runtime {
    pub(crate) async fn serve() -> Result<Self, Failure> {
        let (told, moments) = mpsc::unbounded_channel();
        let work = Arc::new(Work::default());
        let served = Arc::clone(&work);
        let app = Router::new().fallback(move |request: Request| {
            let (now, told, work) = (Instant::now(), told.clone(), Arc::clone(&served));
            async move {
                if request.uri().path().ends_with("/next") {
                    told.send(Moment::Asked(now)).ok();
                    let takes = |left: usize| left.checked_sub(1);
                    return match work.left.fetch_update(Ordering::AcqRel, Ordering::Acquire, takes) {
                        Ok(_) => {
                            invocation(work.event.lock().unwrap_or_else(PoisonError::into_inner).clone())
                        }
                        Err(_) => std::future::pending().await,
                    };
                }
                let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap_or_default();
                told.send(Moment::Answered(Instant::now(), body)).ok();
                StatusCode::ACCEPTED.into_response()
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { address, moments, work })
    }

    /// From the start of the process to its first question for work.
    pub(crate) async fn first_poll(&mut self, program: &Program) -> Result<Duration, Failure> {
        let (started, process) = self.start(program, &Value::Null, 0)?;
        loop {
            if let Moment::Asked(at) = self.moment().await? {
                self.end(process).await?;
                return Ok(at - started);
            }
        }
    }

    /// From the start of the process to its answer to an event.
    pub(crate) async fn first_answer(
        &mut self,
        program: &Program,
        event: &Value,
    ) -> Result<Duration, Failure> {
        let (started, process) = self.start(program, event, 1)?;
        let (at, answer) = self.answer().await?;
        self.end(process).await?;
        succeeded(&answer)?;
        Ok(at - started)
    }

    /// The most memory that a process had after so many answers to an event, in MB.
    pub(crate) async fn memory_after(
        &mut self,
        program: &Program,
        event: &Value,
        times: usize,
    ) -> Result<f64, Failure> {
        let (_, process) = self.start(program, event, times)?;
        for _ in 0..times {
            let (_, answer) = self.answer().await?;
            succeeded(&answer)?;
        }
        let status = process.id().map(|id| format!("/proc/{id}/status")).ok_or("the process ended")?;
        let status = std::fs::read_to_string(status)?;
        self.end(process).await?;
        let peak =
            status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM on this system")?;
        Ok(peak.trim().trim_end_matches("kB").trim().parse::<f64>()? / 1024.0)
    }

    fn start(&self, program: &Program, event: &Value, times: usize) -> Result<(Instant, Child), Failure> {
        *self.work.event.lock().unwrap_or_else(PoisonError::into_inner) = Bytes::from(event.to_string());
        self.work.left.store(times, Ordering::Release);
        let started = Instant::now();
        Ok((started, program.start(&self.address)?))
    }

    async fn moment(&mut self) -> Result<Moment, Failure> {
        let moment = tokio::time::timeout(PATIENCE, self.moments.recv()).await;
        moment
            .map_err(|_| "the process asks and answers nothing")?
            .ok_or_else(|| "the Runtime API ended".into())
    }

    async fn answer(&mut self) -> Result<(Instant, Bytes), Failure> {
        loop {
            if let Moment::Answered(at, answer) = self.moment().await? {
                return Ok((at, answer));
            }
        }
    }

    async fn end(&mut self, mut process: Child) -> Result<(), Failure> {
        process.kill().await?;
        // What it said while it ended doesn't belong to the next one.
        while self.moments.try_recv().is_ok() {}
        Ok(())
    }
}

fn succeeded(answer: &Bytes) -> Result<(), Failure> {
    let status =
        serde_json::from_slice::<Value>(answer).ok().and_then(|answer| answer.get("statusCode")?.as_u64());
    if status == Some(200) { Ok(()) } else { Err(String::from_utf8_lossy(answer).into()) }
}

fn invocation(event: Bytes) -> Response {
    let headers = [
        ("content-type", "application/json"),
        ("lambda-runtime-aws-request-id", "measured"),
        // 2100: nothing measured here has a deadline.
        ("lambda-runtime-deadline-ms", "4102444800000"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:measured"),
        ("lambda-runtime-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0"),
    ];
    (headers, event).into_response()
}
