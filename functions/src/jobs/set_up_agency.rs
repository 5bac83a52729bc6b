//! Sets up the agency of a new deployment from a file: settings, policy and terms, security classes, sites, workers
//! with the first administrator, licences, and the keys that sign sessions. Never runs twice.

use std::collections::{BTreeMap, BTreeSet};

use credentials::Password;
use domain::id::{ClassId, SiteId, WorkerId};
use domain::journal::{Actor, FieldName, JobName, JournalEvent, JournalRecord, Subject};
use domain::settings::{Communications, Draft, Proof, Section, Sender, Settings, Test, Texts};
use domain::worker::{Denial, SecurityClass, UserGroup, Worker, WorkerState};
use domain::{EmailAddress, Language, PersonName};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{CommitError, Fault, Policy, PolicyKind, SettingsVersion, Site, Transaction, Version, ask};

use crate::context::{Context, defect};
use crate::entry::event::EventOperation;
use crate::mailing::is_verified;
use crate::sections::read_over;
use crate::signing_in::NewKeys;

/// As many workers as one transaction takes beside everything else.
const WORKERS: usize = 25;
/// The first version of policy and terms.
const FIRST: u32 = 1;

/// Sets up the agency.
pub struct SetUpAgency;

/// The file. Its fields are those of the settings, which have one form everywhere; what may be left out has the
/// setting's default. Where settings name workers, who have no ids yet, it names those of the file by their email.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgencyFile {
    agency: Value,
    communications: Value,
    #[serde(default)]
    general: Value,
    #[serde(default)]
    about_me: Value,
    #[serde(default)]
    advanced: Value,
    #[serde(default)]
    request_service: Value,
    #[serde(default)]
    billing: Value,
    #[serde(default)]
    images: Value,
    #[serde(default)]
    theme: Value,
    #[serde(default)]
    file_attachment: Value,
    licences: u32,
    privacy_policy: BTreeMap<Language, String>,
    terms_of_use: BTreeMap<Language, String>,
    sites: Vec<SitePart>,
    security_classes: Vec<ClassPart>,
    workers: Vec<WorkerPart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SitePart {
    key: String,
    name: String,
    time_zone: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassPart {
    key: String,
    name: String,
    #[serde(default)]
    allow_activations: bool,
    #[serde(default)]
    denials: BTreeSet<Denial>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WorkerPart {
    email: String,
    first_name: String,
    last_name: String,
    user_group: UserGroup,
    security_class: String,
    site: String,
    language: Language,
    password: Option<Password>,
    /// Whether the first sign-in leads to a new password, by a mailed link.
    #[serde(default = "yes")]
    must_reset: bool,
}

const fn yes() -> bool {
    true
}

/// What was done, or what to mend in the file.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// Whether the agency is set up now, by this run.
    pub set_up: bool,
    /// Whether it had been set up before; nothing was changed then.
    pub already: bool,
    /// What to mend before running it again.
    pub problems: Vec<String>,
}

impl Summary {
    const fn mend(problems: Vec<String>) -> Self {
        Self { set_up: false, already: false, problems }
    }
}

impl EventOperation for SetUpAgency {
    type Event = AgencyFile;
    type Summary = Summary;

    async fn handle(context: &Context<'_>, file: AgencyFile) -> Result<Summary, Fault> {
        let already = Summary { set_up: false, already: true, problems: Vec::new() };
        if context.services.store.ask(ask::set_up()).await?.is_some() {
            return Ok(already);
        }
        let mut plan = match Plan::read(context, &file) {
            Ok(plan) => plan,
            Err(problems) => return Ok(Summary::mend(problems)),
        };
        plan.prove_authentication_email(context).await?;
        let settings = match Settings::new(plan.settings.clone()) {
            Ok(settings) => settings,
            Err(errors) => return Ok(Summary::mend(errors.iter().map(ToString::to_string).collect())),
        };
        if settings.general.enabled
            && let Err(missing) = settings.can_be_enabled()
        {
            return Ok(Summary::mend(vec![format!(
                "general.enabled: ClientConnect can't be enabled yet: {missing}"
            )]));
        }
        let keys = NewKeys::of_both_sites(context)?;
        let transaction = plan.transaction(context, &settings, &keys)?;
        for keys in &keys {
            keys.hide(context).await?;
        }
        match context.services.store.commit(transaction).await {
            Ok(()) => Ok(Summary { set_up: true, already: false, problems: Vec::new() }),
            Err(CommitError::Conflict(_)) => Ok(already),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }
}

/// The file, understood.
struct Plan<'f> {
    settings: Draft,
    sites: Vec<Site>,
    classes: Vec<SecurityClass>,
    workers: Vec<Newcomer<'f>>,
    file: &'f AgencyFile,
}

/// A worker of the file, and the password for their first sign-in.
type Newcomer<'f> = (Worker, Option<&'f Password>);

impl<'f> Plan<'f> {
    fn read(context: &Context<'_>, file: &'f AgencyFile) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let sites: Vec<(&str, Site)> = file
            .sites
            .iter()
            .filter_map(|site| {
                let time_zone = read(&site.time_zone, "sites.time_zone", &mut problems)?;
                Some((
                    site.key.as_str(),
                    Site {
                        id: SiteId::new(context.uuid()),
                        name: site.name.clone(),
                        time_zone,
                        active: true,
                    },
                ))
            })
            .collect();
        let classes: Vec<(&str, SecurityClass)> = file
            .security_classes
            .iter()
            .map(|class| {
                let id = ClassId::new(context.uuid());
                let (allow_activations, denials) = (class.allow_activations, class.denials.clone());
                (
                    class.key.as_str(),
                    SecurityClass { id, name: class.name.clone(), allow_activations, denials },
                )
            })
            .collect();
        let mut workers = Vec::new();
        let mut addresses = BTreeSet::new();
        for part in &file.workers {
            let Some(worker) = worker(context, part, &sites, &classes, &mut problems) else { continue };
            if !addresses.insert(worker.email.normalized().to_owned()) {
                problems.push("workers: two have the same email; give each their own".to_owned());
            }
            workers.push((worker, part.password.as_ref()));
        }
        let settings = settings(file, &workers, &mut problems);
        let agency = settings.as_ref().map_or("", |settings| settings.agency.name.as_str());
        check(file, agency, &workers, &mut problems);
        let settings = settings.filter(|_| problems.is_empty()).ok_or(problems)?;
        Ok(Self {
            settings,
            sites: sites.into_iter().map(|(_, site)| site).collect(),
            classes: classes.into_iter().map(|(_, class)| class).collect(),
            workers,
            file,
        })
    }

    /// C2: the sender's identity as SES reports it, and a test mail that SES takes.
    async fn prove_authentication_email(&mut self, context: &Context<'_>) -> Result<(), Fault> {
        let sender = self.sender();
        let verified = is_verified(context, &sender.address).await?;
        let delivered = verified && self.send_test(context).await?;
        let test = if delivered { Test::Delivered } else { Test::None };
        self.settings.proof = Proof { identity_verified: verified, test, ..Proof::default() };
        Ok(())
    }

    fn sender(&self) -> &Sender {
        self.settings.communications.authentication_sender()
    }

    async fn send_test(&self, context: &Context<'_>) -> Result<bool, Fault> {
        use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
        let Some((administrator, _)) =
            self.workers.iter().find(|(worker, _)| worker.user_group == UserGroup::SystemAdministrator)
        else {
            return Ok(false);
        };
        let line = |key: &str| {
            let agency = [("agency", self.settings.agency.name.as_str())];
            let text = mail::message(administrator.language, key, &agency).unwrap_or_default();
            Content::builder().data(text).charset("UTF-8").build().map_err(|error| defect("a mail", error))
        };
        let message = Message::builder()
            .subject(line("mail_test_subject")?)
            .body(Body::builder().text(line("mail_test_body")?).build())
            .build();
        let sender = self.sender();
        let sent = context
            .services
            .ses()?
            .send_email()
            .from_email_address(crate::mailing::mailbox(&sender.name, &sender.address))
            .destination(Destination::builder().to_addresses(administrator.email.normalized()).build())
            .content(EmailContent::builder().simple(message).build())
            .configuration_set_name(context.services.variable("MAIL_CONFIGURATION_SET")?)
            .send()
            .await;
        match sent {
            Ok(_) => Ok(true),
            Err(error) => match Fault::from(error) {
                // Nobody's refusal: the next run may find the mail service well.
                fault @ Fault::Unavailable { .. } => Err(fault),
                _ => Ok(false),
            },
        }
    }

    /// Everything in one transaction.
    fn transaction(
        &self,
        context: &Context<'_>,
        settings: &Settings,
        keys: &[NewKeys],
    ) -> Result<Transaction, Fault> {
        let mut events = vec![JournalEvent::AgencySetUp { settings_version: settings.version }];
        events.extend(keys.iter().map(NewKeys::event));
        events
            .extend(self.workers.iter().map(|(worker, _)| JournalEvent::WorkerCreated { worker: worker.id }));
        let changed = vec![
            FieldName::Settings,
            FieldName::SecurityClasses,
            FieldName::Sites,
            FieldName::Privacy,
            FieldName::Terms,
            FieldName::Keys,
        ];
        let record = JournalRecord {
            events,
            changed,
            ..context.record(Actor::Job(JobName::SetUpAgency), Subject::Agency)
        };
        let version = SettingsVersion {
            settings: settings.clone(),
            at: context.now,
            by: None,
            section: Section::SetUp,
        };
        let mut transaction = Transaction::new(&record);
        transaction
            .mark_set_up(context.now)
            .save_settings(Version::NONE, &version)
            .put_security_classes(Version::NONE, &self.classes)
            .put_sites(Version::NONE, &self.sites)
            .put_licences(settings.licences);
        for keys in keys {
            transaction.put_public_keys(Version::NONE, &keys.public);
        }
        for (kind, texts) in
            [(PolicyKind::Privacy, &self.file.privacy_policy), (PolicyKind::Terms, &self.file.terms_of_use)]
        {
            for (language, text) in texts {
                transaction.put_policy(kind, FIRST, *language, &Policy(text.clone()));
            }
        }
        for (worker, password) in &self.workers {
            let hash = password
                .map(|password| password.hash(context.random()))
                .transpose()
                .map_err(|bad| defect("hashing", bad))?;
            transaction.put_worker(Version::NONE, worker).claim_sign_in_name(
                &worker.email,
                worker.id,
                hash.as_ref().map(credentials::PasswordHash::as_str),
            );
        }
        Ok(transaction)
    }
}

fn settings(file: &AgencyFile, workers: &[Newcomer<'_>], problems: &mut Vec<String>) -> Option<Draft> {
    let sender = file.communications.get("sender").cloned().unwrap_or_default();
    let communications =
        with_ids(&file.communications, "communications", "told_of_failures", workers, problems);
    let request_service = with_ids(&file.request_service, "request_service", "receivers", workers, problems);
    let mut read = Sections(problems);
    let agency = read.alone("agency", &file.agency);
    let sender = read.alone("communications.sender", &sender);
    let default = Draft::new(agency?, Communications::sent_from(sender?), file.licences);
    let draft = Draft {
        communications: read.over("communications", &communications, default.communications),
        general: read.over("general", &file.general, default.general),
        about_me: read.over("about_me", &file.about_me, default.about_me),
        advanced: read.over("advanced", &file.advanced, default.advanced),
        request_service: read.over("request_service", &request_service, default.request_service),
        billing: read.over("billing", &file.billing, default.billing),
        images: read.over("images", &file.images, default.images),
        theme: read.over("theme", &file.theme, default.theme),
        file_attachment: read.over("file_attachment", &file.file_attachment, default.file_attachment),
        texts: Texts { privacy: Some(FIRST), terms: Some(FIRST) },
        ..default
    };
    Some(draft)
}

/// A section in one of whose fields workers are named by email, with their ids instead.
fn with_ids(
    section: &Value,
    name: &str,
    field: &str,
    workers: &[Newcomer<'_>],
    problems: &mut Vec<String>,
) -> Value {
    let mut section = section.clone();
    if let Some(named) = section.get_mut(field).and_then(Value::as_array_mut) {
        let emails = std::mem::take(named);
        named.extend(emails.iter().filter_map(|one| {
            let email: Option<EmailAddress> = one.as_str().and_then(|text| text.parse().ok());
            let email = email.as_ref().map(EmailAddress::normalized);
            let found = workers.iter().find(|(worker, _)| {
                email == Some(worker.email.normalized())
                    && worker.user_group != UserGroup::SystemAdministrator
            });
            if found.is_none() {
                let help = "name workers of this file who work with individuals, each by their email";
                problems.push(format!("{name}.{field}: {help}"));
            }
            found.map(|(worker, _)| Value::String(worker.id.to_string()))
        }));
    }
    section
}

/// Reads sections, and notes what is wrong with them.
struct Sections<'p>(&'p mut Vec<String>);

impl Sections<'_> {
    /// What the file says of a section, or what the section is by default where that can't be read.
    fn over<T: DeserializeOwned + Serialize>(&mut self, name: &str, given: &Value, default: T) -> T {
        let base = serde_json::to_value(&default).unwrap_or_default();
        self.read(name, given, base).unwrap_or(default)
    }

    /// A section without defaults.
    fn alone<T: DeserializeOwned + Serialize>(&mut self, name: &str, given: &Value) -> Option<T> {
        self.read(name, given, Value::Null)
    }

    fn read<T: DeserializeOwned + Serialize>(&mut self, name: &str, given: &Value, base: Value) -> Option<T> {
        let read = read_over(base, given);
        read.map_err(|wrong| self.0.push(format!("{name}.{wrong}"))).ok()
    }
}

fn worker(
    context: &Context<'_>,
    part: &WorkerPart,
    sites: &[(&str, Site)],
    classes: &[(&str, SecurityClass)],
    problems: &mut Vec<String>,
) -> Option<Worker> {
    let email = read::<EmailAddress>(&part.email, "workers.email", problems)?;
    let name = PersonName::new(&part.first_name, "", &part.last_name, "");
    let site = sites.iter().find(|(key, _)| *key == part.site);
    let class = classes.iter().find(|(key, _)| *key == part.security_class);
    if let (Ok(name), Some((_, site)), Some((_, class))) = (name, site, class) {
        Some(Worker {
            id: WorkerId::new(context.uuid()),
            email,
            name,
            client_facing_name: None,
            photo: None,
            description: None,
            user_group: part.user_group,
            security_class: class.id,
            site: site.id,
            language: part.language,
            epoch: 0,
            generation: 0,
            reset_expires_at: None,
            invited: false,
            revision: 0,
            second_factor: None,
            last_sign_in: None,
            undeliverable: None,
            state: WorkerState::Active { failed_sign_ins: 0, must_reset: part.must_reset },
        })
    } else {
        problems.push(
            "workers: each needs first_name, last_name, and site and security_class by a key of this file"
                .to_owned(),
        );
        None
    }
}

fn check(file: &AgencyFile, agency: &str, workers: &[Newcomer<'_>], problems: &mut Vec<String>) {
    let administrators = |(worker, password): &&Newcomer<'_>| {
        worker.user_group == UserGroup::SystemAdministrator && password.is_some()
    };
    if !workers.iter().any(|worker| administrators(&worker)) {
        problems.push("workers: give one System Administrator a password, to sign in first".to_owned());
    }
    if workers.len() > WORKERS {
        problems.push(format!("workers: at most {WORKERS} in this file; add the others later"));
    }
    for (worker, password) in workers {
        let name = worker.name.full();
        let words = [name.as_str(), worker.email.normalized(), agency];
        if let Some(Err(refused)) = password.map(|password| password.judge(15, &words)) {
            problems.push(format!("workers.password: {refused}"));
        }
    }
    for (field, texts) in [("privacy_policy", &file.privacy_policy), ("terms_of_use", &file.terms_of_use)] {
        for language in Language::ALL {
            if texts.get(language).is_none_or(|text| text.trim().is_empty()) {
                problems.push(format!("{field}.{language}: write it"));
            }
        }
    }
    if file.sites.is_empty() {
        problems.push("sites: name at least one".to_owned());
    }
}

fn read<T: std::str::FromStr<Err: std::fmt::Display>>(
    text: &str,
    field: &str,
    problems: &mut Vec<String>,
) -> Option<T> {
    text.parse().map_err(|error| problems.push(format!("{field}: {error}"))).ok()
}
