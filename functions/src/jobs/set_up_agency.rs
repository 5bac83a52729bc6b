//! Sets up the agency of a new deployment from a file: settings, policy and terms, security classes, sites, workers
//! with the first administrator, licences, and the keys that sign sessions. Never runs twice.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;
use credentials::{KeyPair, Password};
use domain::id::{ClassId, SiteId, WorkerId};
use domain::journal::{Actor, Audience, FieldName, JobName, JournalEvent, JournalRecord, Subject};
use domain::settings::{
    Agency, AuthenticationEmail, Communications, Draft, General, Sender, Settings, Texts,
};
use domain::worker::{Denial, SecurityClass, UserGroup, Worker, WorkerState};
use domain::{EmailAddress, Language, PersonName};
use serde::{Deserialize, Serialize};
use store::{CommitError, Fault, Policy, PolicyKind, PublicKeys, Site, Transaction, Version, ask};

use crate::context::{Context, defect};
use crate::entry::event::EventOperation;
use crate::operation::Secret;

/// As many workers as one transaction takes beside everything else.
const WORKERS: usize = 25;
/// The first version of policy and terms.
const FIRST: u32 = 1;

/// Sets up the agency.
pub struct SetUpAgency;

/// The file. Its fields are those of the settings; what may be left out has the setting's default.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgencyFile {
    agency: AgencyPart,
    #[serde(default)]
    general: GeneralPart,
    communications: CommunicationsPart,
    licences: u32,
    privacy_policy: BTreeMap<Language, String>,
    terms_of_use: BTreeMap<Language, String>,
    sites: Vec<SitePart>,
    security_classes: Vec<ClassPart>,
    workers: Vec<WorkerPart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgencyPart {
    name: String,
    address: String,
    phone: String,
    time_zone: String,
    language: Language,
    help_url: Option<String>,
    privacy_url: Option<String>,
    technical_url: Option<String>,
    contact_url: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct GeneralPart {
    enabled: Option<bool>,
    activation_expiry_days: Option<u8>,
    reminder_days: Option<u8>,
    default_birth_date: Option<String>,
    minimum_age: Option<u8>,
    failed_sign_ins: Option<u16>,
    client_may_unlock: Option<bool>,
    password_minimum: Option<u8>,
    idle_minutes: Option<u8>,
    total_hours: Option<u8>,
    discreet_mail: Option<bool>,
    ask_again: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CommunicationsPart {
    email: bool,
    client_delivery: bool,
    sender: SenderPart,
    reply_to: Option<String>,
    /// The authentication email's own sender.
    authentication_sender: Option<SenderPart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SenderPart {
    name: String,
    address: String,
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
        let (transaction, secrets) = plan.transaction(context, &settings)?;
        for (secret, value) in secrets {
            context.services.write(secret, &value).await?;
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
    workers: Vec<(Worker, Option<&'f Password>)>,
    file: &'f AgencyFile,
}

impl<'f> Plan<'f> {
    fn read(context: &Context<'_>, file: &'f AgencyFile) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let settings = settings(file, &mut problems);
        let sites: Vec<(&str, Site)> = file
            .sites
            .iter()
            .filter_map(|site| {
                let time_zone = read(&site.time_zone, "sites.time_zone", &mut problems)?;
                Some((
                    site.key.as_str(),
                    Site { id: SiteId::new(context.uuid()), name: site.name.clone(), time_zone },
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
        check(file, &workers, &mut problems);
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
        let (_, domain) = sender.address.normalized().rsplit_once('@').unwrap_or_default();
        let ses = context.services.ses()?;
        let identity = match ses.get_email_identity().email_identity(domain).send().await {
            Ok(identity) => Some(identity),
            Err(error) if error.as_service_error().is_some_and(aws_sdk_sesv2::operation::get_email_identity::GetEmailIdentityError::is_not_found_exception) => {
                None
            }
            Err(error) => return Err(error.into()),
        };
        let verified = identity.is_some_and(|identity| identity.verified_for_sending_status);
        let delivered = verified && self.send_test(context).await?;
        self.settings.communications.authentication.identity_verified = verified;
        self.settings.communications.authentication.test_delivered = delivered;
        Ok(())
    }

    fn sender(&self) -> &Sender {
        let mail = &self.settings.communications;
        mail.authentication.sender.as_ref().unwrap_or(&mail.sender)
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

    /// Everything in one transaction, and the private keys that go to the secret store before it.
    fn transaction(
        &self,
        context: &Context<'_>,
        settings: &Settings,
    ) -> Result<(Transaction, Vec<(Secret, String)>), Fault> {
        let mut secrets = Vec::new();
        let mut public = Vec::new();
        let mut events = vec![JournalEvent::AgencySetUp { settings_version: settings.version }];
        for (audience, secret) in
            [(Audience::Portal, Secret::PortalSession), (Audience::Admin, Secret::AdminSession)]
        {
            let kid = context.uuid().simple().to_string();
            let pair = KeyPair::generate(kid.clone()).map_err(|bad| defect("a session key", bad))?;
            public.push(PublicKeys { audience, keys: BTreeMap::from([(kid.clone(), pair.public)]) });
            secrets.push((secret, pair.private));
            events.push(JournalEvent::SignInKeyCreated { audience, kid });
        }
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
        let mut transaction = Transaction::new(&record);
        transaction
            .mark_set_up(context.now)
            .put_settings(Version::NONE, settings)
            .put_security_classes(Version::NONE, &self.classes)
            .put_sites(Version::NONE, &self.sites)
            .put_licences(settings.licences);
        for keys in &public {
            transaction.put_public_keys(Version::NONE, keys);
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
        Ok((transaction, secrets))
    }
}

fn settings(file: &AgencyFile, problems: &mut Vec<String>) -> Option<Draft> {
    let (part, default) = (&file.general, General::default());
    let default_birth_date = match &part.default_birth_date {
        Some(date) => Some(read(date, "general.default_birth_date", problems)?),
        None => None,
    };
    let general = General {
        enabled: part.enabled.unwrap_or(default.enabled),
        activation_expiry_days: part.activation_expiry_days.unwrap_or(default.activation_expiry_days),
        reminder_days: part.reminder_days.unwrap_or(default.reminder_days),
        default_birth_date,
        minimum_age: part.minimum_age.unwrap_or(default.minimum_age),
        failed_sign_ins: part.failed_sign_ins.unwrap_or(default.failed_sign_ins),
        client_may_unlock: part.client_may_unlock.unwrap_or(default.client_may_unlock),
        password_minimum: part.password_minimum.unwrap_or(default.password_minimum),
        idle_minutes: part.idle_minutes.unwrap_or(default.idle_minutes),
        total_hours: part.total_hours.unwrap_or(default.total_hours),
        discreet_mail: part.discreet_mail.unwrap_or(default.discreet_mail),
        ask_again: part.ask_again.unwrap_or(default.ask_again),
    };
    let mail = &file.communications;
    let reply_to = match &mail.reply_to {
        Some(address) => Some(read(address, "communications.reply_to", problems)?),
        None => None,
    };
    let own_sender = match &mail.authentication_sender {
        Some(part) => Some(sender(part, "communications.authentication_sender.address", problems)?),
        None => None,
    };
    let communications = Communications {
        email: mail.email,
        client_delivery: mail.client_delivery,
        sender: sender(&mail.sender, "communications.sender.address", problems)?,
        reply_to,
        authentication: AuthenticationEmail { sender: own_sender, ..AuthenticationEmail::default() },
    };
    let agency = &file.agency;
    Some(Draft {
        version: 1,
        general,
        communications,
        agency: Agency {
            name: agency.name.clone(),
            address: agency.address.clone(),
            phone: agency.phone.clone(),
            time_zone: read::<Tz>(&agency.time_zone, "agency.time_zone", problems)?,
            language: agency.language,
            help_url: agency.help_url.clone(),
            privacy_url: agency.privacy_url.clone(),
            technical_url: agency.technical_url.clone(),
            contact_url: agency.contact_url.clone(),
        },
        texts: Texts { privacy: Some(FIRST), terms: Some(FIRST) },
        licences: file.licences,
    })
}

fn sender(part: &SenderPart, field: &str, problems: &mut Vec<String>) -> Option<Sender> {
    Some(Sender { name: part.name.clone(), address: read(&part.address, field, problems)? })
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
            user_group: part.user_group,
            security_class: class.id,
            site: site.id,
            language: part.language,
            epoch: 0,
            generation: 0,
            reset_expires_at: None,
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

fn check(file: &AgencyFile, workers: &[(Worker, Option<&Password>)], problems: &mut Vec<String>) {
    let administrators = |(worker, password): &&(Worker, Option<&Password>)| {
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
        let words = [name.as_str(), worker.email.normalized(), file.agency.name.as_str()];
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
