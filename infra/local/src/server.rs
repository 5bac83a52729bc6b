//! The ports: both sites, and the AWS endpoint for other processes.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request};
use axum::serve::ListenerExt as _;
use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::aws::LARGEST_OBJECT;
use crate::dev;
use crate::gateway::{LARGEST, Site};
use crate::local::{Local, StartError};
use crate::sites::Sites;
use crate::uploads;

/// The ports to listen on; 0 takes any that is free.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// The clients' site, and the developer's pages.
    pub portal: u16,
    /// The workers' site.
    pub admin: u16,
    /// The AWS endpoint for other processes.
    pub aws: u16,
    /// The address the AWS endpoint listens on; containers can't reach a loopback one.
    pub aws_address: IpAddr,
}

impl Default for Ports {
    fn default() -> Self {
        Self { portal: 8080, admin: 8081, aws: 8082, aws_address: Ipv4Addr::LOCALHOST.into() }
    }
}

/// The ports, taken.
#[derive(Debug)]
pub struct Listeners {
    portal: TcpListener,
    admin: TcpListener,
    aws: TcpListener,
}

impl Listeners {
    /// Takes the ports, so that nobody else can, before anything else is done.
    ///
    /// # Errors
    /// When one is in use.
    pub async fn bind(ports: Ports) -> Result<Self, StartError> {
        let loopback = Ipv4Addr::LOCALHOST.into();
        Ok(Self {
            portal: bind(loopback, ports.portal, "portal", "PORTAL_PORT").await?,
            admin: bind(loopback, ports.admin, "admin site", "ADMIN_PORT").await?,
            aws: bind(ports.aws_address, ports.aws, "AWS endpoint", "AWS_PORT").await?,
        })
    }

    /// Origin of the clients' site.
    #[must_use]
    pub fn portal_origin(&self) -> String {
        origin(&self.portal)
    }

    /// Origin of the workers' site.
    #[must_use]
    pub fn admin_origin(&self) -> String {
        origin(&self.admin)
    }

    /// Address of the AWS endpoint.
    #[must_use]
    pub fn aws_origin(&self) -> String {
        origin(&self.aws)
    }
}

async fn bind(
    address: IpAddr,
    port: u16,
    what: &'static str,
    variable: &'static str,
) -> Result<TcpListener, StartError> {
    TcpListener::bind((address, port)).await.map_err(|source| match source.kind() {
        ErrorKind::AddrInUse => StartError::PortInUse { port, what, variable },
        _ => StartError::Listen { port, what, source },
    })
}

fn origin(listener: &TcpListener) -> String {
    let port = listener.local_addr().map_or(0, |address| address.port());
    format!("http://127.0.0.1:{port}")
}

/// What is answered beside what the data says.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    /// Answered as `/_local/demo.json`, with this server's addresses in it.
    pub demo: Option<Value>,
    /// Answered as `/_local/openapi.json`.
    pub openapi: Value,
    /// Answered to all that is neither the API's nor the developer's.
    pub sites: Sites,
}

/// Everything running, until it is stopped or dropped.
#[derive(Debug)]
pub struct Server {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
    /// Origin of the clients' site.
    pub portal: String,
    /// Origin of the workers' site.
    pub admin: String,
    /// Address of the AWS endpoint.
    pub aws: String,
}

impl Server {
    /// Takes no more requests and events, and returns when those that run are done.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// What every request needs.
pub(crate) struct Served {
    pub(crate) local: Local,
    pub(crate) pages: Pages,
    pub(crate) origins: [String; 2],
}

impl Local {
    /// Listens, and does in the background what becomes due.
    #[must_use]
    pub fn serve(&self, listeners: Listeners, pages: Pages) -> Server {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let (portal, admin, aws) =
            (listeners.portal_origin(), listeners.admin_origin(), origin(&listeners.aws));
        let served =
            Arc::new(Served { local: self.clone(), pages, origins: [portal.clone(), admin.clone()] });
        for (site, listener) in [(Site::Portal, listeners.portal), (Site::Admin, listeners.admin)] {
            let served = Arc::clone(&served);
            let app = Router::new().fallback(move |viewer: ConnectInfo<SocketAddr>, request: Request| {
                let served = Arc::clone(&served);
                async move { served.answer(site, viewer.0, request).await }
            });
            tasks.spawn(listen(listener, app, stopped.clone()));
        }
        let aws_handler = self.aws().clone();
        let app = Router::new().fallback(move |request: Request| {
            let aws = aws_handler.clone();
            async move {
                match whole(request, LARGEST_OBJECT).await {
                    Ok(request) => aws.handle(&request).map(Body::from),
                    Err(too_large) => too_large.map(Body::from),
                }
            }
        });
        tasks.spawn(listen(listeners.aws, app, stopped.clone()));
        self.start_background(&mut tasks, &stopped);
        Server { tasks, stop, portal, admin, aws }
    }
}

impl Served {
    async fn answer(&self, site: Site, viewer: SocketAddr, request: Request) -> Response<Body> {
        let to_bucket = site == Site::Admin && uploads::is_one(request.uri().path());
        let request = match whole(request, if to_bucket { LARGEST_OBJECT } else { LARGEST }).await {
            Ok(request) => request,
            Err(too_large) => return too_large.map(Body::from),
        };
        let path = request.uri().path();
        let response = if site == Site::Portal && dev::is_here(path) {
            dev::answer(self, &request).await
        } else if to_bucket || path.starts_with("/api/") {
            self.local.http(site, request, &viewer.ip().to_string()).await
        } else {
            self.pages.sites.answer(site, &request)
        };
        response.map(Body::from)
    }
}

async fn listen(listener: TcpListener, app: Router, mut stopped: watch::Receiver<bool>) {
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    // Answers are small: waiting to fill a packet only delays them.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection is slower than it could be");
        }
    });
    let stop = async move {
        if stopped.wait_for(|stop| *stop).await.is_err() {
            tracing::debug!("whoever could stop this server is gone");
        }
    };
    if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(stop).await {
        tracing::error!(%error, "a server ended");
    }
}

/// A request with its body, unless that is too large.
async fn whole(request: Request, largest: usize) -> Result<http::Request<Bytes>, Response<Bytes>> {
    let (parts, body) = request.into_parts();
    if let Ok(body) = to_bytes(body, largest).await {
        return Ok(http::Request::from_parts(parts, body));
    }
    let mut response = Response::new(Bytes::from_static(br#"{"message":"Request Entity Too Large"}"#));
    *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
    Err(response)
}
