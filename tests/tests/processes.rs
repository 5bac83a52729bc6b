//! The artifact as Lambda runs it: one process a function, with the variables and the role that the template gives it,
//! answering the sample event of its operation.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use functions::operation::{OPERATIONS, Operation, Run};
use local::aws::REGION;
use local::{Demo, Listeners, Local, Operations, Options, Pages, Place, Ports, Server};
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use crate::support::{program, repository};

/// Far longer than anything here takes, so that a process that hangs fails the test.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_answers_its_sample_event_as_a_process_of_its_own() {
    let mut wrong = Vec::new();
    let (strips, others): (Vec<_>, Vec<_>) =
        OPERATIONS.iter().partition(|op| op.name == "jobs.strip_sandbox");
    // Each sample signs a worker in, and one address may not sign in so often. Nobody signs in to what was stripped.
    let agency = Agency::open().await;
    let anew = agency.local.snapshot().unwrap();
    for operations in others.chunks(20).chain([&strips[..]]) {
        agency.local.restore(&anew).unwrap();
        for operation in operations {
            if let Err(problem) = agency.answers_its_sample(operation).await {
                wrong.push(format!("{}: {problem}", operation.name));
            }
        }
    }
    agency.server.stop().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_handler_ends_the_start_and_lists_the_valid_ones() {
    let runtime = Runtime::serve(None).await;
    let variables = aws_variables("portal.get_hose", &runtime.address, "http://127.0.0.1:9", "none");
    let process = start(&variables);
    let printed = tokio::time::timeout(PATIENCE, process.wait_with_output()).await.unwrap().unwrap();
    assert!(!printed.status.success());
    let lines = lines(&printed);
    let line = lines.last().expect("a log line");
    assert_eq!(line["level"], "ERROR");
    let error = line["error"].as_str().unwrap();
    assert!(error.contains("`portal.get_hose`"), "{error}");
    for operation in OPERATIONS {
        assert!(error.contains(operation.name), "{} is not listed: {error}", operation.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_region_or_credentials_says_which_variable_is_missing() {
    let runtime = Runtime::serve(None).await;
    for missing in ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        let mut variables = aws_variables("portal.get_home", &runtime.address, "http://127.0.0.1:9", "none");
        variables.remove(missing);
        let process = start(&variables);
        let printed = tokio::time::timeout(PATIENCE, process.wait_with_output()).await.unwrap().unwrap();
        assert!(!printed.status.success());
        let lines = lines(&printed);
        let error = lines.last().expect("a log line")["error"].as_str().unwrap();
        assert!(error.contains(missing), "{error}");
    }
}

/// The demo agency, served as `make run` serves it, with the clock that its other processes go by.
struct Agency {
    local: Local,
    server: Server,
}

impl Agency {
    async fn open() -> Self {
        let infra = repository().join("infra");
        let any_port = Ports { portal: 0, admin: 0, aws: 0, ..Ports::default() };
        let listeners = Listeners::bind(any_port).await.unwrap();
        let parameters = [
            ("PortalUrl", listeners.portal_origin()),
            ("AdminUrl", listeners.admin_origin()),
            ("SecondFactor", "optional".to_owned()),
        ];
        let options = Options {
            template: infra.join("template.yaml"),
            parameters: parameters.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect(),
            place: Place::Scratch,
            stopped_at: None,
        };
        let local = Local::open(&options, |aws, template| {
            aws.set_endpoint(listeners.aws_origin());
            Arc::new(Operations::connect(aws, template))
        })
        .unwrap();
        let demo = Demo::read(&infra.join("local/demo")).unwrap();
        let pages = Pages { demo: Some(demo.sign_ins().clone()), ..Pages::default() };
        let server = local.serve(listeners, pages);
        demo.load(&local, &server.portal, &server.admin).await.unwrap();
        Self { local, server }
    }

    /// The sample event of an operation, filled as `make event` fills it. Its origins are those of the usual ports.
    async fn sample(&self, operation: &str) -> Result<Value, String> {
        let port = |origin: &str| origin.rsplit(':').next().unwrap().to_owned();
        let filled = Command::new("python3")
            .arg(repository().join("scripts/event.py"))
            .arg(operation)
            .env("PORTAL_PORT", port(&self.server.portal))
            .env("ADMIN_PORT", port(&self.server.admin))
            .output()
            .await
            .expect("python3, as the Makefile needs it");
        if !filled.status.success() {
            return Err(String::from_utf8_lossy(&filled.stderr).into_owned());
        }
        let text = String::from_utf8(filled.stdout).unwrap();
        let text = text.replace("http://127.0.0.1:8080", &self.server.portal);
        let text = text.replace("http://127.0.0.1:8081", &self.server.admin);
        if text.contains("{{") {
            return Err(format!("a hole is left in {text}"));
        }
        serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))
    }

    /// What is wrong with how a process of its own answers the operation's sample, if anything is.
    async fn answers_its_sample(&self, operation: &Operation) -> Result<(), String> {
        let event = self.sample(operation.name).await?;
        let mut runtime = Runtime::serve(Some(event)).await;
        let process = start(&self.variables(operation.name, &runtime.address));
        let outcome = tokio::time::timeout(PATIENCE, runtime.outcomes.recv()).await;
        let printed = end(process).await;
        let told = String::from_utf8_lossy(&printed.stdout);
        let answer = match outcome.ok().flatten() {
            Some(Outcome::Answer(answer)) => answer,
            Some(Outcome::Failure(failure)) => return Err(format!("{failure}: {told}")),
            None => return Err(format!("no answer: {told}")),
        };
        let answered = match operation.run {
            Run::Http(_) => answer["statusCode"] == 200,
            Run::Event(_) => answer.get("batchItemFailures").is_none_or(|failures| *failures == json!([])),
        };
        let lines = lines(&printed);
        let told_well = lines.iter().all(|line| {
            line["level"].is_string() && line["timestamp"].is_string() && line["level"] != "ERROR"
        });
        if answered && told_well && printed.stderr.is_empty() {
            return Ok(());
        }
        Err(format!("{answer}: {told}{}", String::from_utf8_lossy(&printed.stderr)))
    }

    /// What Lambda gives the process of an operation's function: the template's variables and its own.
    fn variables(&self, operation: &str, runtime: &str) -> BTreeMap<String, String> {
        let functions = &self.local.template().functions;
        let function = functions.values().find(|function| function.handler == operation);
        let function = function.unwrap_or_else(|| panic!("the template has no function for {operation}"));
        let mut variables = function.environment.clone();
        let secret_key = self.local.aws().secret_key(operation);
        variables.extend(aws_variables(operation, runtime, &self.server.aws, &secret_key));
        variables
    }
}

/// What Lambda itself sets, for a caller of the local services.
fn aws_variables(operation: &str, runtime: &str, aws: &str, secret_key: &str) -> BTreeMap<String, String> {
    let variables = [
        ("_HANDLER", operation),
        ("AWS_ACCESS_KEY_ID", operation),
        ("AWS_SECRET_ACCESS_KEY", secret_key),
        ("AWS_REGION", REGION),
        ("AWS_ENDPOINT_URL", aws),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_NAME", operation),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_RUNTIME_API", runtime),
    ];
    variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The program that cargo put beside the tests, or the one that `BOOTSTRAP` names.
fn bootstrap() -> PathBuf {
    std::env::var_os("BOOTSTRAP").map_or_else(|| program("bootstrap"), PathBuf::from)
}

fn start(variables: &BTreeMap<String, String>) -> Child {
    Command::new(bootstrap())
        .env_clear()
        .envs(variables)
        .current_dir(Path::new("/"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// Ends a process that waits for its next event, as Lambda would.
async fn end(mut process: Child) -> Output {
    process.start_kill().unwrap();
    process.wait_with_output().await.unwrap()
}

/// What a process logged: nothing but JSON, a line each.
fn lines(printed: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&printed.stdout).unwrap();
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    text.lines().map(parse).collect()
}

/// What came of an invocation, or of the start.
enum Outcome {
    Answer(Value),
    Failure(Value),
}

/// Lambda's Runtime API, with one event at most.
struct Runtime {
    address: String,
    outcomes: mpsc::UnboundedReceiver<Outcome>,
}

impl Runtime {
    async fn serve(event: Option<Value>) -> Self {
        let (told, outcomes) = mpsc::unbounded_channel();
        let event = Arc::new(Mutex::new(event));
        let app = Router::new().fallback(move |request: Request| {
            let (told, event) = (told.clone(), Arc::clone(&event));
            async move {
                let path = request.uri().path().to_owned();
                if path == "/2018-06-01/runtime/invocation/next" {
                    let next = event.lock().unwrap().take();
                    return match next {
                        Some(event) => invocation(&event),
                        // As Lambda does with a process that has nothing to do.
                        None => std::future::pending().await,
                    };
                }
                let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
                let body =
                    serde_json::from_slice(&body).unwrap_or_else(|_| json!(String::from_utf8_lossy(&body)));
                let outcome = match path.as_str() {
                    "/2018-06-01/runtime/invocation/request-1/response" => Outcome::Answer(body),
                    _ => Outcome::Failure(json!({ "path": path, "body": body })),
                };
                told.send(outcome).ok();
                axum::http::StatusCode::ACCEPTED.into_response()
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, outcomes }
    }
}

fn invocation(event: &Value) -> Response {
    let deadline = std::time::SystemTime::now() + PATIENCE;
    let deadline = deadline.duration_since(std::time::UNIX_EPOCH).unwrap().as_millis().to_string();
    let headers = [
        ("content-type", "application/json"),
        ("lambda-runtime-aws-request-id", "request-1"),
        ("lambda-runtime-deadline-ms", deadline.as_str()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:under-test"),
        ("lambda-runtime-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0"),
    ];
    (headers, event.to_string()).into_response()
}
