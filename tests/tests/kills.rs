//! The whole server killed, as a machine's failure kills it, in the middle of a bulk activation; started again, until all
//! is done.

use std::process::Stdio;

use local::{Loaded, Place};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::crash_points::{Everything, items};
use crate::support::{INTAKE, World, demo_password, program, repository};
use store::tables::Table;

const INDIVIDUALS: usize = 2_000;
const LICENCES: u64 = 2_500;
/// Where it is killed: a place in what there is to do, accounts and mails together, and so many looks at it later.
const KILLS: [(u64, u32); 7] =
    [(3, 2), (430, 17), (1_270, 5), (1_930, 29), (2_410, 11), (2_980, 3), (3_720, 23)];
/// Longer than a sender that was killed holds its mail.
const RELIEF_SECONDS: u32 = 200;
/// Looks without any progress after which only time helps.
const STALLED: u32 = 200;

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_activation_survives_being_killed_again_and_again() {
    let home = TempDir::new().unwrap();
    let data = home.path().join("clientconnect.db");
    prepare(&data).await;

    let ports = free_ports();
    let mut server = Server::start(&data, ports).await;
    let dry = server.started("/bulk-jobs/activation", json!({}), "dry-run-of-the-kills").await;
    server.until(&dry, |job| job["state"] == "done").await;
    let job = server.started(&format!("/bulk-jobs/{dry}/apply"), json!({}), "apply-of-the-kills").await;
    for (place, looks) in KILLS {
        server.until(&job, |job| done(job) >= place).await;
        for _ in 0..looks {
            server.job(&job).await;
        }
        server.kill().await;
        server = Server::start(&data, ports).await;
    }
    server.until(&job, |job| job["state"] == "done" && job["mails"]["sent"] == INDIVIDUALS).await;
    server.until_quiet().await;
    let finished = server.job(&job).await;
    let outcomes = finished["outcomes"].as_array().unwrap();
    assert_eq!(outcomes.len(), 1, "{finished}");
    assert_eq!((&outcomes[0]["outcome"], &outcomes[0]["count"]), (&json!("opened"), &json!(INDIVIDUALS)));
    server.kill().await;

    let world = World::at(Place::File(data)).await;
    let accounts = items(&world, Table::Accounts).await;
    let holders: std::collections::BTreeSet<_> = accounts
        .iter()
        .filter(|item| item["state"] == "pending")
        .map(|account| account["individual"].as_str().unwrap())
        .collect();
    assert_eq!(holders.len(), INDIVIDUALS, "an account for everybody");
    assert_eq!(
        accounts.iter().filter(|item| item["state"].is_string()).count(),
        INDIVIDUALS,
        "and one alone"
    );
    // One sender is at one mail when the machine fails: that one may go out again, with the same link.
    let mut all = Everything::read(&world).await;
    all.licences = LICENCES;
    all.check(KILLS.len());
}

/// What of a job has been done: accounts opened, and mails sent.
fn done(job: &Value) -> u64 {
    job["handled"].as_u64().unwrap() + job["mails"]["sent"].as_u64().unwrap_or_default()
}

/// An agency of so many individuals, none of them invited, on a clock that stands still until it is moved.
async fn prepare(data: &std::path::Path) {
    let world = World::set_up_with(|agency| agency["licences"] = json!(LICENCES)).await;
    let mut csv = "external_id,first_name,last_name,birth_date,language,email,email_consent\n".to_owned();
    for number in 0..INDIVIDUALS {
        csv += &format!("K-{number},Kim,Number{number},1990-01-31,en,kim.{number}@example.org,yes\n");
    }
    let imported = world.import(csv.as_bytes(), "apply").await;
    assert_eq!(
        (&imported["state"], &imported["created"]),
        (&json!("done"), &json!(INDIVIDUALS)),
        "{imported}"
    );
    world.local.mark_loaded(Loaded::Whole).unwrap();
    std::fs::copy(world.local.snapshot().unwrap().path(), data).unwrap();
}

/// Ports that nobody has, the same at every start, as they are in the links of mails.
fn free_ports() -> [u16; 3] {
    let listeners = [(); 3].map(|()| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.each_ref().map(|listener| listener.local_addr().unwrap().port())
}

/// `clientconnect run`, as a process, with somebody signed in.
struct Server {
    process: Child,
    http: reqwest::Client,
    portal: String,
    admin: String,
    cookie: String,
}

impl Server {
    /// Starts it and waits until it says that it runs.
    async fn start(data: &std::path::Path, [portal, admin, aws]: [u16; 3]) -> Self {
        let mut process = Command::new(program("clientconnect"))
            .env_clear()
            .envs(
                [("PORTAL_PORT", portal), ("ADMIN_PORT", admin), ("AWS_PORT", aws)]
                    .map(|(n, p)| (n, p.to_string())),
            )
            .env("LOCAL_DATA", data)
            .current_dir(repository())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains("Ctrl-C ends") {
                break;
            }
        }
        let [portal, admin] = [portal, admin].map(|port| format!("http://127.0.0.1:{port}"));
        let mut server = Self { process, http: reqwest::Client::new(), portal, admin, cookie: String::new() };
        server.wait_out().await;
        server
    }

    /// SIGKILL.
    async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }

    fn call(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let call = self.http.request(method, format!("{}/api/admin/v1{path}", self.admin));
        call.header("origin", &self.admin).header("cookie", &self.cookie)
    }

    async fn started(&self, path: &str, body: Value, key: &str) -> String {
        let call = self.call(Method::POST, path).header("idempotency-key", key).json(&body);
        let answer: Value = call.send().await.unwrap().json().await.unwrap();
        answer["job_id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    async fn job(&self, job: &str) -> Value {
        let call = self.call(Method::GET, &format!("/bulk-jobs/{job}"));
        call.send().await.unwrap().json().await.unwrap()
    }

    /// Looks at a job until it is as wished. Where nothing moves, a sender that was killed still holds its mail.
    async fn until(&mut self, job: &str, wished: impl Fn(&Value) -> bool) {
        let (mut last, mut looks) = (Value::Null, 0);
        loop {
            let now = self.job(job).await;
            assert!(!["stopped", "failed"].contains(&now["state"].as_str().unwrap()), "{now}");
            if wished(&now) {
                return;
            }
            looks = if now == last { looks + 1 } else { 0 };
            if looks == STALLED {
                self.wait_out().await;
                looks = 0;
            }
            last = now;
        }
    }

    async fn until_quiet(&mut self) {
        for look in 1.. {
            let queues = self.http.get(format!("{}/_local/queues.json", self.portal));
            let queues: Value = queues.send().await.unwrap().json().await.unwrap();
            if queues["queues"].as_array().unwrap().iter().all(|queue| queue["waiting"] == 0) {
                return;
            }
            if look % STALLED == 0 {
                self.wait_out().await;
            }
        }
    }

    /// Moves the clock past what a killed process still holds. A session may not live as long.
    async fn wait_out(&mut self) {
        let clock = self.http.post(format!("{}/_local/clock", self.portal));
        let answer = clock.json(&json!({ "advance_seconds": RELIEF_SECONDS })).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        let who = json!({ "email": INTAKE, "password": demo_password(INTAKE) });
        let answer = self.call(Method::POST, "/session").json(&who).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        self.cookie = cookie.split(';').next().unwrap().to_owned();
    }
}
