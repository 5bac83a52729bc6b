//! What a function process holds: its clients, secrets and caches. Made once, and only what its row in the table names.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration as StdDuration;

use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use chrono::{DateTime, Duration, Utc};
use credentials::{LinkKeys, Seal, SigningKey, VerifyingKeys};
use domain::settings::Settings;
use store::tables::TableNames;
use store::{Fault, Store};
use tokio::sync::OnceCell;

use crate::circuit;
use crate::context::defect;
use crate::environment::{Environment, MissingVariable};
use crate::operation::{Api, Operation, Secret, Use};
use crate::ports::{Clock, Random};

/// Settings and public keys may be this old.
const CACHE: Duration = Duration::seconds(30);

/// A key that signs sessions is read again after this time, so that a new one comes into use by itself.
const SIGNING: Duration = Duration::minutes(5);

/// When it was read, and what.
type ReadKey = (DateTime<Utc>, Arc<SigningKey>);

/// The clients, secrets and caches of one function.
pub struct Services {
    /// The domain's records.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for ids, salts and nonces.
    pub random: Arc<dyn Random>,
    /// Its variables.
    pub environment: Environment,
    ses: Option<aws_sdk_sesv2::Client>,
    bus: Option<aws_sdk_eventbridge::Client>,
    objects: Option<aws_sdk_s3::Client>,
    secrets: Option<aws_sdk_secretsmanager::Client>,
    links: OnceCell<LinkKeys>,
    seal: OnceCell<Seal>,
    portal_signing: Mutex<Option<ReadKey>>,
    admin_signing: Mutex<Option<ReadKey>>,
    cache: Mutex<Cache>,
}

/// What was read lately and may be used again.
#[derive(Clone, Default)]
pub(crate) struct Cache {
    pub(crate) settings: Option<(DateTime<Utc>, Arc<Settings>)>,
    pub(crate) keys: Option<(DateTime<Utc>, Arc<VerifyingKeys>)>,
    /// Mails that the mail service takes in a second.
    pub(crate) send_rate: Option<(DateTime<Utc>, f64)>,
}

impl Cache {
    /// Drops what is older than [`CACHE`], or from the future after a clock was set back.
    fn fresh(mut self, now: DateTime<Utc>) -> Self {
        let is_fresh = |read: DateTime<Utc>| read <= now && now - read < CACHE;
        self.settings = self.settings.filter(|(read, _)| is_fresh(*read));
        self.keys = self.keys.filter(|(read, _)| is_fresh(*read));
        self.send_rate = self.send_rate.filter(|(read, _)| is_fresh(*read));
        self
    }
}

impl Services {
    /// Connects what `operation` may use.
    #[must_use]
    pub fn connect(
        config: &SdkConfig,
        environment: Environment,
        operation: &Operation,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        let tables = TableNames::from_lookup(|variable| environment.find(variable).map(str::to_owned));
        let uses = |wanted: fn(&Use) -> bool| operation.uses.iter().any(wanted);
        let guarded = |service| circuit::guard(config, service, &clock);
        Self {
            store: Store::new(aws_sdk_dynamodb::Client::new(&guarded("DynamoDB")), tables),
            ses: uses(|u| matches!(u, Use::SendMail | Use::ReadIdentity | Use::ReadSendRate))
                .then(|| aws_sdk_sesv2::Client::new(&guarded("SES"))),
            bus: uses(|u| matches!(u, Use::PutEvents))
                .then(|| aws_sdk_eventbridge::Client::new(&guarded("EventBridge"))),
            objects: uses(Use::is_of_objects).then(|| objects(&guarded("S3"), &environment)),
            secrets: uses(|u| matches!(u, Use::Read(_) | Use::Write(_)))
                .then(|| aws_sdk_secretsmanager::Client::new(&guarded("Secrets Manager"))),
            links: OnceCell::new(),
            seal: OnceCell::new(),
            portal_signing: Mutex::default(),
            admin_signing: Mutex::default(),
            cache: Mutex::default(),
            clock,
            random,
            environment,
        }
    }

    /// Reads the operation's secrets now, while the start of the process gives the whole core. What can't be read yet
    /// is read, and its fault reported, when it's needed.
    pub async fn warm(&self, operation: &Operation) {
        for secret in operation.uses {
            let Use::Read(secret) = secret else { continue };
            let outcome = match secret {
                Secret::Link => self.links().await.map(drop),
                Secret::Seal => self.seal().await.map(drop),
                Secret::PortalSession => self.signing(Api::Portal).await.map(drop),
                Secret::AdminSession => self.signing(Api::Admin).await.map(drop),
            };
            if let Err(fault) = outcome {
                tracing::warn!(operation = operation.name, %fault, "a secret could not be read at the start");
            }
        }
    }

    /// Whether a browser page of this origin may change things here.
    pub(crate) fn is_our_origin(&self, origin: &str) -> bool {
        self.environment.find("ORIGINS").is_some_and(|ours| ours.split(',').any(|ours| ours.trim() == origin))
    }

    pub(crate) fn cached(&self, now: DateTime<Utc>) -> Cache {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).clone().fresh(now)
    }

    pub(crate) fn keep(&self, cache: Cache) {
        *self.cache.lock().unwrap_or_else(PoisonError::into_inner) = cache;
    }

    /// Mail's client.
    pub(crate) fn ses(&self) -> Result<&aws_sdk_sesv2::Client, Fault> {
        self.ses.as_ref().ok_or_else(|| unnamed("SendMail"))
    }

    /// The bus's client.
    pub(crate) fn bus(&self) -> Result<&aws_sdk_eventbridge::Client, Fault> {
        self.bus.as_ref().ok_or_else(|| unnamed("PutEvents"))
    }

    /// The client of the buckets for uploads and images.
    pub(crate) fn objects(&self) -> Result<&aws_sdk_s3::Client, Fault> {
        self.objects.as_ref().ok_or_else(|| unnamed("uploads or images"))
    }

    /// The keys of links.
    pub(crate) async fn links(&self) -> Result<&LinkKeys, Fault> {
        self.links.get_or_try_init(async || parsed(&self.read(Secret::Link).await?, LinkKeys::parse)).await
    }

    /// The seal of cursors and of throttled addresses.
    pub(crate) async fn seal(&self) -> Result<&Seal, Fault> {
        self.seal.get_or_try_init(async || parsed(&self.read(Secret::Seal).await?, Seal::parse)).await
    }

    /// The seal, if this operation has it and it was read, as it is at the start.
    pub(crate) fn held_seal(&self) -> Option<&Seal> {
        self.seal.get()
    }

    /// The key that signs sessions of one API. While the secret store can't be reached, the one that was read last.
    pub(crate) async fn signing(&self, api: Api) -> Result<Arc<SigningKey>, Fault> {
        let (kept, secret) = match api {
            Api::Portal => (&self.portal_signing, Secret::PortalSession),
            Api::Admin => (&self.admin_signing, Secret::AdminSession),
        };
        let now = self.clock.now();
        let last = kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((read, key)) = &last
            && *read <= now
            && now - *read < SIGNING
        {
            return Ok(Arc::clone(key));
        }
        let value = match (self.read(secret).await, last) {
            (Ok(value), _) => value,
            (Err(Fault::Unavailable { .. }), Some((_, key))) => return Ok(key),
            (Err(fault), _) => return Err(fault),
        };
        let key = Arc::new(parsed(&value, SigningKey::parse)?);
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, Arc::clone(&key)));
        Ok(key)
    }

    async fn read(&self, secret: Secret) -> Result<String, Fault> {
        let secrets = self.secrets.as_ref().ok_or_else(|| unnamed("Read(secret)"))?;
        let answer = secrets.get_secret_value().secret_id(self.variable(secret.env_var())?).send().await?;
        Ok(answer.secret_string.unwrap_or_default())
    }

    /// Puts a new value in a secret's place.
    pub(crate) async fn write(&self, secret: Secret, value: &str) -> Result<(), Fault> {
        let secrets = self.secrets.as_ref().ok_or_else(|| unnamed("Write(secret)"))?;
        let name = self.variable(secret.env_var())?;
        secrets.put_secret_value().secret_id(name).secret_string(value).send().await?;
        Ok(())
    }

    /// A variable that the template sets.
    pub(crate) fn variable(&self, name: &str) -> Result<&str, Fault> {
        self.environment.get(name).map_err(|missing: MissingVariable| defect("configuration", missing))
    }
}

/// What every client shares: three tries, and no wait that outlives the function.
#[must_use]
pub fn sdk_defaults() -> aws_types::sdk_config::Builder {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .retry_config(
            RetryConfig::standard().with_max_attempts(3).with_initial_backoff(StdDuration::from_millis(50)),
        )
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(StdDuration::from_secs(2))
                .operation_attempt_timeout(StdDuration::from_secs(5))
                .operation_timeout(StdDuration::from_secs(12))
                .build(),
        )
}

fn objects(config: &SdkConfig, environment: &Environment) -> aws_sdk_s3::Client {
    let local = environment.find("AWS_ENDPOINT_URL").is_some();
    aws_sdk_s3::Client::from_conf(aws_sdk_s3::config::Builder::from(config).force_path_style(local).build())
}

fn unnamed(what: &str) -> Fault {
    Fault::Internal { what: format!("the operation's row in the table does not name {what}"), source: None }
}

fn parsed<T>(secret: &str, parse: impl Fn(&str) -> Result<T, credentials::BadKey>) -> Result<T, Fault> {
    parse(secret).map_err(|bad| defect("a secret", bad))
}
