//! The AWS services the product uses, answered in this process.
//!
//! [`LocalAws::handle`] takes a signed request as the SDK or any other client makes it, finds out who calls and what
//! for, refuses what the caller's role doesn't allow, and answers from the data file.

mod client;
mod dynamodb;
mod error;
mod events;
mod faults;
mod mail;
mod mail_events;
mod objects;
mod roles;
mod secrets;
mod signature;
mod tables;
#[cfg(test)]
mod tests;
mod world;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::{hmac, rand};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use http::{Request, Response};

pub use self::error::AwsError;
pub use self::faults::{Call, Fault, Faults, Gate, Kind, Storm, Strike, Units, When};
pub use self::mail::Mail;
pub(crate) use self::objects::{LARGEST as LARGEST_OBJECT, etag, percent_decoded};
pub use self::roles::{Effect, Role, Statement};
pub(crate) use self::secrets::secret_arn;
pub use self::tables::{Index, Table};
pub use self::world::{InputTransformer, Rule, Secret, Target, World, arn};
use crate::bells::Bells;
use crate::clock::LocalClock;
use crate::data::{Data, DataError};

/// The one region there is.
pub const REGION: &str = "us-east-1";
/// The one account there is.
pub const ACCOUNT: &str = "000000000000";
/// The caller who may do everything.
pub const ROOT: &str = "root";

/// A service the product uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// The tables.
    DynamoDb,
    /// Outgoing mail (`SESv2`).
    Ses,
    /// The event bus.
    EventBridge,
    /// Generated secrets.
    SecretsManager,
    /// Uploads.
    S3,
    /// The queues, as far as those who bring their messages to functions ask it.
    Sqs,
    /// The streams of tables, likewise.
    Streams,
}

/// Everything local that answers for AWS. Clones share it.
#[derive(Clone)]
pub struct LocalAws(Arc<Inner>);

struct Inner {
    data: Data,
    clock: LocalClock,
    world: World,
    roles: RwLock<HashMap<String, Arc<Role>>>,
    signing: hmac::Key,
    endpoint: RwLock<String>,
    faults: Faults,
    bells: Bells,
}

/// What a request asks for.
struct Ask {
    service: Service,
    action: String,
    grants: Vec<Grant>,
    /// Names of the tables (`table` or `table/index`), buckets and so on.
    resources: Vec<String>,
}

/// An IAM action that the caller's role must allow on one of these ARNs.
struct Grant {
    action: String,
    on: Vec<String>,
}

impl std::fmt::Debug for LocalAws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalAws").finish_non_exhaustive()
    }
}

impl LocalAws {
    /// An empty AWS for a test, with nothing but tables to be created and a clock that stands still at the start
    /// of 2026.
    ///
    /// # Errors
    /// When there is no place for a temporary file.
    pub fn scratch() -> Result<Self, DataError> {
        let data = Data::scratch(None)?;
        let start = chrono::DateTime::from_timestamp(1_767_225_600, 0);
        let clock = LocalClock::open(&data, start)?;
        Self::open(data, clock, World::default())
    }

    pub(crate) fn open(data: Data, clock: LocalClock, world: World) -> Result<Self, DataError> {
        let signing = hmac::Key::new(hmac::HMAC_SHA256, &signing_secret(&data)?);
        let aws = Self(Arc::new(Inner {
            data,
            clock,
            world,
            roles: RwLock::default(),
            signing,
            endpoint: RwLock::new("http://127.0.0.1".to_owned()),
            faults: Faults::default(),
            bells: Bells::default(),
        }));
        aws.create_secrets()?;
        Ok(aws)
    }

    /// The clock signatures, mails and queues go by.
    #[must_use]
    pub fn clock(&self) -> &LocalClock {
        &self.0.clock
    }

    /// What is called, and what goes wrong.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// Where clients outside this process, and presigned URLs, find these services.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.0.endpoint.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says where this is being served, for the addresses it gives to others.
    pub fn set_endpoint(&self, endpoint: String) {
        *self.0.endpoint.write().unwrap_or_else(PoisonError::into_inner) = endpoint;
    }

    /// Lets a caller sign with its name as the access key id, and do what `role` allows.
    pub fn add_caller(&self, name: impl Into<String>, role: Role) {
        self.0.roles.write().unwrap_or_else(PoisonError::into_inner).insert(name.into(), Arc::new(role));
    }

    /// The secret access key of a caller; the same at every start with the same data file.
    #[must_use]
    pub fn secret_key(&self, caller: &str) -> String {
        HEXLOWER.encode(hmac::sign(&self.0.signing, caller.as_bytes()).as_ref())
    }

    /// What rings when there is something in a stream or queue, or the clock was moved.
    pub(crate) fn bells(&self) -> &Bells {
        &self.0.bells
    }

    pub(crate) fn data(&self) -> &Data {
        &self.0.data
    }

    pub(crate) fn world(&self) -> &World {
        &self.0.world
    }

    /// Answers one request of an AWS client.
    #[must_use]
    pub fn handle(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let service = Service::of(request);
        self.answer(request, service).unwrap_or_else(|error| error.render(service))
    }

    fn answer(
        &self,
        request: &Request<Bytes>,
        service: Option<Service>,
    ) -> Result<Response<Bytes>, AwsError> {
        let service = service.ok_or_else(AwsError::unknown_service)?;
        let caller = self.authenticate(request)?;
        let ask = match service {
            Service::DynamoDb => dynamodb::ask(request)?,
            Service::Ses => mail::ask(request)?,
            Service::EventBridge => events::ask(request)?,
            Service::SecretsManager => secrets::ask(request)?,
            Service::S3 => objects::ask(request)?,
            // No function calls them: only those who bring records and messages do, who are in this process.
            Service::Sqs | Service::Streams => return Err(AwsError::unknown_service()),
        };
        self.authorize(&caller, &ask)?;
        let invocation = request.headers().get("amz-sdk-invocation-id").and_then(|id| id.to_str().ok());
        let arrival = self.0.faults.arrives(&caller, &ask, invocation);
        if let Some((fault, When::Before)) = arrival.fault {
            return Err(fault.error(&ask));
        }
        let answer = match service {
            Service::DynamoDb => self.dynamodb(&ask, request.body()),
            Service::Ses => self.ses(&ask, request.body()),
            Service::EventBridge => self.put_events(request.body()),
            Service::SecretsManager => self.secrets(&ask, request.body()),
            Service::S3 => self.objects(&ask, request),
            Service::Sqs | Service::Streams => Err(AwsError::unknown_service()),
        };
        if let Ok(answer) = &answer {
            self.0.faults.used(arrival, answer.extensions().get().copied().unwrap_or_default());
        }
        match arrival.fault {
            Some((fault, _)) => Err(fault.error(&ask)),
            None => answer,
        }
    }

    fn authenticate(&self, request: &Request<Bytes>) -> Result<String, AwsError> {
        let signed = signature::Signed::read(request)?;
        if signed.access_key != ROOT && self.role(&signed.access_key).is_none() {
            return Err(AwsError::unknown_caller());
        }
        signed.verify(request, &self.secret_key(&signed.access_key), self.0.clock.now())?;
        Ok(signed.access_key)
    }

    fn authorize(&self, caller: &str, ask: &Ask) -> Result<(), AwsError> {
        if caller == ROOT {
            return Ok(());
        }
        let role = self.role(caller).ok_or_else(AwsError::unknown_caller)?;
        let refused = |grant: &&Grant| !grant.on.iter().any(|resource| role.allows(&grant.action, resource));
        match ask.grants.iter().find(refused) {
            None => Ok(()),
            Some(Grant { action, on }) => {
                let resource = on.first().map_or("*", String::as_str);
                tracing::warn!(
                    caller,
                    action,
                    resource,
                    "refused: the role in the template doesn't allow it"
                );
                Err(AwsError::denied(&role.name, caller, action, resource))
            }
        }
    }

    fn role(&self, caller: &str) -> Option<Arc<Role>> {
        self.0.roles.read().unwrap_or_else(PoisonError::into_inner).get(caller).cloned()
    }
}

impl Service {
    /// The service a request is for: by its target, its path, or for S3 by being nothing else.
    fn of(request: &Request<Bytes>) -> Option<Self> {
        let path = request.uri().path();
        match request.headers().get("x-amz-target").map(|target| target.to_str().unwrap_or_default()) {
            Some(target) if target.starts_with("DynamoDB_20120810.") => Some(Self::DynamoDb),
            Some(target) if target.starts_with("AWSEvents.") => Some(Self::EventBridge),
            Some(target) if target.starts_with("secretsmanager.") => Some(Self::SecretsManager),
            None if path.starts_with("/v2/email/") => Some(Self::Ses),
            None if path.len() > 1 => Some(Self::S3),
            _ => None,
        }
    }

    /// The name before the colon of its IAM actions.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::DynamoDb => "dynamodb",
            Self::Ses => "ses",
            Self::EventBridge => "events",
            Self::SecretsManager => "secretsmanager",
            Self::S3 => "s3",
            Self::Sqs => "sqs",
            Self::Streams => "dynamodbstreams",
        }
    }
}

/// The action of a request that names it in its target, refused unless it is among those answered here.
fn target_action(request: &Request<Bytes>, known: &[&str]) -> Result<String, AwsError> {
    let target =
        request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let action = target.rsplit('.').next().unwrap_or_default();
    if known.contains(&action) { Ok(action.to_owned()) } else { Err(AwsError::unknown_action(action)) }
}

fn signing_secret(data: &Data) -> Result<Vec<u8>, DataError> {
    if let Some(kept) = data.meta("signing_secret")?.and_then(|hex| HEXLOWER.decode(hex.as_bytes()).ok()) {
        return Ok(kept);
    }
    let fresh = random::<32>().to_vec();
    data.set_meta("signing_secret", &HEXLOWER.encode(&fresh))?;
    Ok(fresh)
}

/// Bytes from the operating system's random source. Zeros are never given: without randomness the process ends.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if rand::fill(&mut bytes).is_err() {
        tracing::error!("no random numbers to be had");
        std::process::abort();
    }
    bytes
}

/// A random id in the shape of a UUID, for requests, messages and records of the local services.
pub(crate) fn random_id() -> String {
    let hex = HEXLOWER.encode(&random::<16>());
    let parts: Vec<&str> = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)]
        .iter()
        .filter_map(|&(from, to)| hex.get(from..to))
        .collect();
    parts.join("-")
}
