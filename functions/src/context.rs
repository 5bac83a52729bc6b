//! What one invocation knows: its time, its request, and the services of its function.

use chrono::{DateTime, Utc};
use domain::account::AcceptedTexts;
use domain::id::{CorrelationId, JournalId};
use domain::session::Device;
use http::HeaderMap;
use http::header::USER_AGENT;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use store::Fault;
use uuid::Uuid;

use crate::entry::caller::{self, ADMIN_COOKIE, ADMIN_DEVICE, PORTAL_COOKIE, PORTAL_DEVICE};
use crate::operation::{Api, Operation, Trigger};
use crate::ports::uuid_v7;
use crate::services::Services;

/// One invocation.
#[derive(Clone)]
pub struct Context<'a> {
    /// The row in the table.
    pub operation: &'static Operation,
    /// Clients, secrets, caches.
    pub services: &'a Services,
    /// When the invocation began; the only time it knows.
    pub now: DateTime<Utc>,
    /// Lambda's id of the invocation; correlates logs and journal.
    pub request_id: String,
    /// The viewer's network address, where a request brought one.
    pub viewer: String,
    /// What the viewer's browser says it is, as far as it can be told.
    pub browser: Option<Device>,
    /// What a browser that signed in before brought to be known by.
    pub(crate) device_cookie: Option<String>,
    /// The session token it brought, unverified.
    pub(crate) session_token: Option<String>,
    /// The same for everything that follows from one request.
    pub correlation: CorrelationId,
    /// The journal record whose event is being handled.
    pub causation: Option<JournalId>,
    /// The texts that a client accepts as they sign in.
    pub(crate) accepted: Option<AcceptedTexts>,
    /// The call by its idempotency key, where the caller gave one.
    pub(crate) idempotency: Option<Call>,
}

/// A call that may be repeated.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// SHA-256 of caller, operation and `Idempotency-Key`.
    pub(crate) name: String,
    /// SHA-256 of the request.
    pub(crate) payload: String,
}

impl<'a> Context<'a> {
    /// An invocation that begins now.
    #[must_use]
    pub fn new(operation: &'static Operation, services: &'a Services, request_id: String) -> Self {
        let now = services.clock.now();
        Self {
            operation,
            services,
            now,
            request_id,
            viewer: String::new(),
            browser: None,
            device_cookie: None,
            session_token: None,
            correlation: CorrelationId::new(uuid_v7(now, services.random.as_ref())),
            causation: None,
            accepted: None,
            idempotency: None,
        }
    }

    /// Takes the viewer's address from where only the gateway, or `CloudFront` before it, can have written it, and the
    /// device from what the browser says and brings.
    #[must_use]
    pub fn with_viewer(mut self, request: &Request) -> Self {
        let (device, session) = match self.operation.trigger {
            Trigger::Http { api: Api::Admin, .. } => (ADMIN_DEVICE, ADMIN_COOKIE),
            _ => (PORTAL_DEVICE, PORTAL_COOKIE),
        };
        let brought = |cookie| caller::cookie(request.headers(), cookie).map(str::to_owned);
        (self.device_cookie, self.session_token) = (brought(device), brought(session));
        let behind_the_edge = self.services.environment.find("ORIGIN_SECRETS").is_some();
        let from_edge =
            request.headers().get("cloudfront-viewer-address").and_then(|value| value.to_str().ok());
        self.viewer = match (behind_the_edge, from_edge, request.request_context_ref()) {
            // The port, after the last colon, changes with every connection.
            (true, Some(address), _) => {
                address.rsplit_once(':').map_or(address, |(address, _)| address).to_owned()
            }
            (false, _, Some(RequestContext::ApiGatewayV2(gateway))) => {
                gateway.http.source_ip.clone().unwrap_or_default()
            }
            _ => String::new(),
        };
        let agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
        self.browser = agent.and_then(Device::of);
        self
    }

    /// The viewer's address under a keyed name, the same as it is counted by, where the operation holds the seal.
    pub(crate) fn viewer_name(&self) -> Option<String> {
        let seal = self.services.held_seal().filter(|_| !self.viewer.is_empty())?;
        Some(seal.name("viewer", &self.viewer))
    }

    /// A fresh `UUIDv7` for an id.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        uuid_v7(self.now, self.services.random.as_ref())
    }

    /// Random bytes for salts.
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.services.random.fill(&mut bytes);
        bytes
    }

    /// Whether the request carries the secret that only our `CloudFront` adds, where one is set.
    pub(crate) fn came_through_the_edge(&self, headers: &HeaderMap) -> bool {
        let Some(accepted) = self.services.environment.find("ORIGIN_SECRETS") else { return true };
        let given = headers.get("x-origin-secret").map(http::HeaderValue::as_bytes).unwrap_or_default();
        accepted.split(',').any(|secret| {
            aws_lc_rs::constant_time::verify_slices_are_equal(secret.trim().as_bytes(), given).is_ok()
        })
    }
}

/// A defect of ours, with its source.
pub(crate) fn defect(what: &str, source: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Fault::Internal { what: what.to_owned(), source: Some(Box::new(source)) }
}
