//! `clientconnect run`: the whole product on this machine.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use functions::Environment;
use local::{Demo, Listeners, Loaded, Local, Operations, Options, Pages, Place, Ports, Sites};
use serde_json::json;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> ExitCode {
    let command = std::env::args().nth(1);
    let outcome = match command.as_deref() {
        None | Some("run") => run(&Environment::of_process()).await,
        Some(other) => {
            Err(format!("there is no command {other:?}; `clientconnect run` runs everything").into())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{error}");
            ExitCode::FAILURE
        }
    }
}

/// The directory that holds the templates, relative to where this is started: the repository's root.
const INFRA: &str = "infra";

async fn run(environment: &Environment) -> Result<(), Failure> {
    let started = Instant::now();
    let file = PathBuf::from(environment.find("LOCAL_DATA").unwrap_or(".local/clientconnect.db"));
    let log = file.with_file_name("log.jsonl");
    keep_log(&log)?;
    let listeners = Listeners::bind(ports(environment)?).await?;
    let demo = Demo::read(Path::new(environment.find("DEMO_DIR").unwrap_or("infra/local/demo")))?;
    let mut local = open(&file, &listeners)?;
    if local.loaded()? == Loaded::Begun {
        say("An earlier start was ended while it loaded the demo agency: beginning anew.");
        drop(local);
        remove(&file)?;
        local = open(&file, &listeners)?;
    }
    let sites = Sites::open(
        Path::new(environment.find("SITES").unwrap_or("web")),
        &Path::new(INFRA).join("edge.yaml"),
    )?;
    let pages = Pages { demo: Some(demo.sign_ins().clone()), openapi: local::openapi(), sites };
    let server = local.serve(listeners, pages);
    if local.loaded()? == Loaded::No {
        local.mark_loaded(Loaded::Begun)?;
        say(&format!("Loading the demo agency into {} …", file.display()));
        demo.load(&local, &server.portal, &server.admin).await?;
        local.mark_loaded(Loaded::Whole)?;
    }
    let [portal, admin, aws] = [&server.portal, &server.admin, &server.aws];
    say(&format!(
        "\nClientConnect runs (ready after {:.1} s).\n\
         \n  Clients' site  {portal}\
         \n  Workers' site  {admin}\
         \n  Their APIs     {portal}/api/portal/v1, {admin}/api/admin/v1\
         \n  Mailbox        {portal}/_local/mail\
         \n  Demo sign-ins  {portal}/_local/demo.json\
         \n  OpenAPI        {portal}/_local/openapi.json\
         \n  Clock          {portal}/_local/clock\
         \n  AWS endpoint   {aws}\
         \n  Data           {} (make run DEMO=fresh begins anew)\
         \n  Log            {}\
         \n\nThe README shows what to try. Ctrl-C ends.",
        started.elapsed().as_secs_f64(),
        file.display(),
        log.display(),
    ));
    stop_asked().await?;
    say("\nFinishing what runs …");
    server.stop().await;
    Ok(())
}

/// Opens the data file, with the templates at these addresses.
fn open(file: &Path, listeners: &Listeners) -> Result<Local, Failure> {
    let parameters = [
        ("PortalUrl", listeners.portal_origin()),
        ("AdminUrl", listeners.admin_origin()),
        // Whoever looks at the demo has no authenticator of its workers.
        ("SecondFactor", "optional".to_owned()),
    ];
    let options = Options {
        template: Path::new(INFRA).join("template.yaml"),
        parameters: BTreeMap::from(parameters.map(|(name, value)| (name.to_owned(), json!(value)))),
        place: Place::File(file.to_owned()),
        stopped_at: None,
    };
    let local = Local::open(&options, |aws, template| {
        // Before the functions connect: the addresses they presign lead there.
        aws.set_endpoint(listeners.aws_origin());
        Arc::new(Operations::connect(aws, template))
    })?;
    Ok(local)
}

/// Removes a data file, with what the database keeps beside it.
fn remove(file: &Path) -> Result<(), Failure> {
    for beside in ["", "-wal", "-shm"] {
        let mut path = file.as_os_str().to_owned();
        path.push(beside);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(format!("{}: {error}", Path::new(&path).display()).into());
            }
            _ => {}
        }
    }
    Ok(())
}

/// Tells the person at the terminal, if one is still there.
fn say(text: &str) {
    writeln!(io::stdout(), "{text}").ok();
}

fn ports(environment: &Environment) -> Result<Ports, Failure> {
    let mut ports = Ports::default();
    for (variable, port) in
        [("PORTAL_PORT", &mut ports.portal), ("ADMIN_PORT", &mut ports.admin), ("AWS_PORT", &mut ports.aws)]
    {
        if let Some(text) = environment.find(variable) {
            *port = text.parse().map_err(|_| format!("{variable} isn't a port: {text}"))?;
        }
    }
    if let Some(text) = environment.find("AWS_ADDRESS") {
        ports.aws_address =
            text.parse::<IpAddr>().map_err(|_| format!("AWS_ADDRESS isn't an address: {text}"))?;
    }
    Ok(ports)
}

/// Functions log as they do in the cloud, to a file; what is wrong is on the terminal too.
fn keep_log(path: &Path) -> Result<(), Failure> {
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;
    use tracing_subscriber::{EnvFilter, Layer as _, fmt};
    let error = |error: io::Error| format!("{}: {error}", path.display());
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(error)?;
    }
    let file: File = OpenOptions::new().create(true).append(true).open(path).map_err(error)?;
    let to_file = fmt::layer().json().flatten_event(true).with_writer(Mutex::new(file));
    let to_terminal = fmt::layer().compact().with_writer(io::stderr);
    tracing_subscriber::registry()
        .with(to_file.with_filter(EnvFilter::new("info,aws=warn,hyper=warn")))
        .with(to_terminal.with_filter(EnvFilter::new("error,local::aws=warn")))
        .init();
    Ok(())
}

#[cfg(unix)]
async fn stop_asked() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn stop_asked() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
