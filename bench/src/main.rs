//! `make bench`: every figure of docs/performance.md, each against a reference measured in the same run.

mod accounts;
mod agency;
mod figures;
mod http;
mod process;
mod warm;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use functions::operation::OPERATIONS;
use serde_json::{Value, json};

use crate::agency::{Agency, Cost};
use crate::figures::{Runs, Table};
use crate::process::{Program, Runtime};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const USAGE: &str = "bench [--bootstrap FILE] [--bare DIRECTORY] [--runs N] [--individuals N]\n\
    --bootstrap    the artifact; else the one that `make build` made\n\
    --bare         where the programs of bench/bare are, built as the artifact was; else beside this program\n\
    --runs         runs of each start, at least 30 for figures that count\n\
    --individuals  how many are stored when import, bulk activation and search are measured with many (100000)\n\
    --accounts     how many accounts are stored when their search is measured with many (1000000)";

struct Options {
    bootstrap: PathBuf,
    bare: PathBuf,
    runs: usize,
    individuals: usize,
    accounts: usize,
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match options() {
        Ok(options) => run(&options).await,
        Err(wrong) => Err(format!("{wrong}\n\n{USAGE}").into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Result<Options, Failure> {
    let mut given = BTreeMap::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        given.insert(name, value);
    }
    let bootstrap = given.remove("--bootstrap").map_or_else(built, |path| Ok(PathBuf::from(path)))?;
    let bare = match given.remove("--bare") {
        Some(path) => PathBuf::from(path),
        None => std::env::current_exe()?.with_file_name(""),
    };
    let mut number = |name: &str, usual| given.remove(name).map_or(Ok(usual), |text| text.parse::<usize>());
    let (runs, individuals) = (number("--runs", 40)?.max(1), number("--individuals", 100_000)?.max(1));
    let accounts = number("--accounts", 1_000_000)?.max(1);
    match given.keys().next() {
        Some(unknown) => Err(format!("there is no option {unknown}").into()),
        None => Ok(Options { bootstrap, bare, runs, individuals, accounts }),
    }
}

/// What `make build` made.
fn built() -> Result<PathBuf, Failure> {
    let missing = || "there is no artifact in .aws-sam/build: `make build` first";
    let directories = std::fs::read_dir(".aws-sam/build").map_err(|_| missing())?;
    let artifacts = directories.filter_map(|entry| Some(entry.ok()?.path().join("bootstrap")));
    Ok(artifacts.into_iter().find(|path| path.is_file()).ok_or_else(missing)?)
}

/// A program of `bench/bare`.
fn bare_program(options: &Options, name: &str) -> Result<PathBuf, Failure> {
    let path = options.bare.join(name);
    path.canonicalize().map_err(|_| format!("there is no {}: build bench/bare", path.display()).into())
}

async fn run(options: &Options) -> Result<(), Failure> {
    let mut table = Table::default();
    let mut operations = String::new();
    let measured = measure(options, &mut table, &mut operations).await;
    // What was measured before something went wrong is still worth reading.
    writeln!(std::io::stdout(), "\n{}\n{operations}", table.render())?;
    measured
}

async fn measure(options: &Options, table: &mut Table, operations: &mut String) -> Result<(), Failure> {
    let agency = Agency::open(false).await?;
    processes(options, &agency, table).await?;
    size(&options.bootstrap, table)?;
    warm(options, &agency, table).await?;
    *operations = costs(agency, table).await?;
    let mut agency = Agency::open(true).await?;
    many(options, &mut agency, table).await?;
    agency.server.stop().await;
    Ok(())
}

fn say(what: &str) {
    eprintln!("· {what}");
}

/// Starts, first answers and memory of the artifact.
async fn processes(options: &Options, agency: &Agency, table: &mut Table) -> Result<(), Failure> {
    let bootstrap = options.bootstrap.canonicalize()?;
    let home = "portal.get_home";
    let ours = Program::new(&bootstrap, agency.variables(home));
    let bare = Program::new(&bare_program(options, "hello")?, BTreeMap::new());
    let node = Program::node();
    let mut runtime = Runtime::serve().await?;

    say("starts");
    let [mut our_starts, mut bare_starts, mut node_starts] =
        [Runs::default(), Runs::default(), Runs::default()];
    for _ in 0..options.runs {
        our_starts.took(runtime.first_poll(&ours).await?);
        bare_starts.took(runtime.first_poll(&bare).await?);
        if let Some(node) = &node {
            node_starts.took(runtime.first_poll(node).await?);
        }
    }
    table.at_most("process start → first poll", &our_starts, ("bare lambda_http", &bare_starts), 4.0);
    if node.is_some() {
        table.at_most("process start → first poll", &our_starts, ("Node", &node_starts), 0.125);
    }

    say("first answers");
    let me = "admin.get_me";
    let event = agency.sample(me).await?;
    let reads = agency.cost(me, event.clone()).await?.calls;
    let mut variables = agency.variables(me);
    let ours_reading = Program::new(&bootstrap, variables.clone());
    variables.extend(agency.credentials(local::aws::ROOT));
    let bare_reading = Program::new(&bare_program(options, "get_item")?, variables);
    let [mut our_answers, mut bare_answers] = [Runs::default(), Runs::default()];
    for _ in 0..options.runs {
        our_answers.took(runtime.first_answer(&ours_reading, &event).await?);
        bare_answers.took(runtime.first_answer(&bare_reading, &event).await?);
    }
    let figure = format!("process start → first answer of {me}, {reads} DynamoDB read, HTTP");
    table.at_most(&figure, &our_answers, ("bare GetItem", &bare_answers), 3.0);

    say("memory");
    let event = agency.sample(home).await?;
    let peak = runtime.memory_after(&ours, &event, 1_000).await?;
    let bare_peak = runtime.memory_after(&bare, &event, 1_000).await?;
    let more = peak - bare_peak;
    table.row(
        &format!("peak memory after 1,000 {home}"),
        &format!("{peak:.1} MB"),
        &format!("bare lambda_http: {bare_peak:.1} MB"),
        &format!("+{more:.1} MB"),
        ("≤ +16 MB", more <= 16.0),
    );
    Ok(())
}

/// How large the artifact is, deflated as a zip holds it.
fn size(bootstrap: &Path, table: &mut Table) -> Result<(), Failure> {
    let deflated = Command::new("gzip").arg("-c").arg(bootstrap).output()?;
    if !deflated.status.success() {
        return Err(String::from_utf8_lossy(&deflated.stderr).into());
    }
    let megabytes = |bytes: u64| f64::from(u32::try_from(bytes / 1024).unwrap_or(u32::MAX)) / 1024.0;
    let zipped = megabytes(u64::try_from(deflated.stdout.len())?);
    let whole = megabytes(std::fs::metadata(bootstrap)?.len());
    table.row(
        "artifact, zipped",
        &format!("{zipped:.2} MB"),
        &format!("unpacked: {whole:.2} MB"),
        &format!("{:.3}×", zipped / whole),
        ("≤ 8 MB", zipped <= 8.0),
    );
    Ok(())
}

/// The portal's home when everything is warm.
async fn warm(options: &Options, agency: &Agency, table: &mut Table) -> Result<(), Failure> {
    say("warm reads");
    let home = "portal.get_home";
    let event = agency.sample(home).await?;
    let (own, bare) = warm::own_time(agency, &event).await?;
    for (what, share, budget) in [("median", 0.5, 0.3), ("p99", 0.99, 1.0)] {
        let ratio = own.quantile(share) / bare.quantile(share);
        table.row(
            &format!("{home}, own time, warm: {what}"),
            &own.in_ms(),
            &format!("bare GetItem: {}", bare.in_ms()),
            &format!("{ratio:.3}×"),
            (&format!("≤ {budget}×"), ratio <= budget),
        );
    }
    say("requests per second");
    let (home, bare) = warm::rates(agency, &event, options.runs).await?;
    let ratio = home.median() / bare.median();
    // Of rates, the slowest percentile is the first.
    let rates = |runs: &Runs| format!("{:.0} / {:.0} a second", runs.median(), runs.quantile(0.01));
    table.row(
        "portal home over HTTP, local server",
        &rates(&home),
        &format!("bare axum: {}", rates(&bare)),
        &format!("{ratio:.3}×"),
        ("≥ 0.5×", ratio >= 0.5),
    );
    Ok(())
}

/// What every operation calls, and what that costs.
async fn costs(mut agency: Agency, table: &mut Table) -> Result<String, Failure> {
    use std::fmt::Write as _;
    say("calls and units");
    let mut text = "| operation | calls | read units | write units | USD per million |\n\
                    | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for operation in OPERATIONS {
        agency.rest()?;
        let event = if let Ok(event) = agency.sample(operation.name).await {
            event
        } else {
            // A bulk activation leaves nobody whom another sample could invite.
            agency.server.stop().await;
            agency = Agency::open(false).await?;
            agency.sample(operation.name).await?
        };
        // What follows in the background from filling the sample shall not be counted here.
        quiet(&agency).await?;
        let Cost { calls, read, write, usd } = agency.cost(operation.name, event).await?;
        writeln!(text, "| {} | {calls} | {read} | {write} | {:.2} |", operation.name, usd * 1e6)?;
        if operation.name == "portal.get_home" {
            let met = calls <= 4;
            table.row("portal.get_home, calls", &calls.to_string(), "", "", ("≤ 4", met));
        }
    }
    agency.server.stop().await;
    Ok(text)
}

/// Waits until nothing has been called for a while.
async fn quiet(agency: &Agency) -> Result<(), Failure> {
    let faults = agency.local.aws().faults();
    for _ in 0..100 {
        faults.record(true);
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        if faults.calls().is_empty() {
            return Ok(());
        }
    }
    Err("the agency never comes to rest".into())
}

/// Search, import and bulk activation with few and with many stored.
async fn many(options: &Options, agency: &mut Agency, table: &mut Table) -> Result<(), Failure> {
    const FEW: usize = 1_000;
    say("import and search with 1,000");
    let first = agency.import(FEW).await?;
    let (few_cost, few) = search(agency, options.runs).await?;
    say("bulk activation of 1,000");
    accounts::license(agency).await?;
    let few_activated = accounts::activate(agency).await?.each();
    let (few_accounts_cost, few_accounts) = search_accounts(agency, options.runs).await?;
    let rest = options.individuals.saturating_sub(FEW).max(FEW);
    say(&format!("import of {rest} more"));
    let second = agency.import(rest).await?;
    say("search with all of them");
    let (many_cost, many) = search(agency, options.runs).await?;
    say(&format!("bulk activation of {rest} more"));
    let many_activated = accounts::activate(agency).await?.each();
    say(&format!("{} more accounts", options.accounts));
    accounts::store_copies(agency, options.accounts).await?;
    let (many_accounts_cost, many_accounts) = search_accounts(agency, options.runs).await?;
    let total_accounts = options.accounts;
    table.row(
        &format!("account search by status, {total_accounts} stored: calls"),
        &many_accounts_cost.calls.to_string(),
        &format!("1,000 stored: {}", few_accounts_cost.calls),
        "",
        ("the same", many_accounts_cost.calls == few_accounts_cost.calls),
    );
    let ratio = many_accounts.median() / few_accounts.median();
    table.row(
        &format!("account search by status, {total_accounts} stored: time"),
        &many_accounts.in_ms(),
        &format!("1,000 stored: {}", few_accounts.in_ms()),
        &format!("{ratio:.3}×"),
        ("≤ 1.5×", ratio <= 1.5),
    );
    for ((what, budget), (many, few)) in [("ms", 1.5), ("calls", 1.01), ("write units", 1.01)]
        .into_iter()
        .zip(many_activated.into_iter().zip(few_activated))
    {
        table.row(
            &format!("bulk activation of {rest}, each: {what}"),
            &format!("{many:.2}"),
            &format!("of 1,000: {few:.2}"),
            &format!("{:.3}×", many / few),
            (&format!("≤ {budget}×"), many <= few * budget),
        );
    }
    let [_, _, units] = many_activated;
    table.row("bulk activation, each", &format!("{units:.2} write units"), "", "", ("≤ 16", units <= 16.0));
    let total = FEW + rest;
    table.row(
        &format!("search by name, {total} stored: calls"),
        &many_cost.calls.to_string(),
        &format!("1,000 stored: {}", few_cost.calls),
        "",
        ("the same", many_cost.calls == few_cost.calls),
    );
    let ratio = many.median() / few.median();
    table.row(
        &format!("search by name, {total} stored: time"),
        &many.in_ms(),
        &format!("1,000 stored: {}", few.in_ms()),
        &format!("{ratio:.3}×"),
        ("≤ 1.5×", ratio <= 1.5),
    );
    let per_row = |total: f64, rows: usize| total / f64::from(u32::try_from(rows).unwrap_or(u32::MAX));
    let [(time, writes), (many_time, many_writes)] = [&first, &second].map(|imported| {
        (
            per_row(imported.took.as_secs_f64() * 1000.0, imported.rows),
            per_row(imported.cost.write, imported.rows),
        )
    });
    let ratio = many_time / time;
    table.row(
        &format!("import, a row of {rest}: time"),
        &format!("{many_time:.2} ms"),
        &format!("a row of 1,000: {time:.2} ms"),
        &format!("{ratio:.3}×"),
        ("≤ 1.5×", ratio <= 1.5),
    );
    table.row(
        &format!("import, a row of {rest}: write units"),
        &format!("{many_writes:.2}"),
        &format!("a row of 1,000: {writes:.2}"),
        &format!("{:.3}×", many_writes / writes),
        ("≤ 1.01×", many_writes <= writes * 1.01),
    );
    Ok(())
}

async fn search(agency: &Agency, runs: usize) -> Result<(Cost, Runs), Failure> {
    let by_name = json!({ "name": "Anneli" });
    searching(agency, "admin.search_individuals", "/individuals/search", &by_name, runs).await
}

async fn search_accounts(agency: &Agency, runs: usize) -> Result<(Cost, Runs), Failure> {
    let pending = json!({ "criteria": { "statuses": [{ "state": "pending" }] } });
    searching(agency, "admin.search_accounts", "/accounts/search", &pending, runs).await
}

/// What a search costs once its function has read its secrets, and how long it takes.
async fn searching(
    agency: &Agency,
    operation: &str,
    path: &str,
    what: &Value,
    runs: usize,
) -> Result<(Cost, Runs), Failure> {
    let mut staff = agency.staff().await?;
    let mut times = Runs::default();
    for _ in 0..runs {
        let started = Instant::now();
        staff.ask("POST", path, what).await?;
        times.took(started.elapsed());
    }
    let mut event = agency.sample(operation).await?;
    if let Some(body) = event.get_mut("body") {
        *body = Value::from(what.to_string());
    }
    Ok((agency.cost(operation, event).await?, times))
}
