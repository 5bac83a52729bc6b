//! The journal: who did what to whom, and what it means to others. Ids, codes and numbers only, never values.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::account::{CloseReason, LockReason, Reason, Transition};
use crate::bulk::StopReason;
use crate::id::{
    AccountId, ClassId, CorrelationId, IndividualId, JobId, JournalId, MailId, ParseIdError, ServiceFileId,
    ServiceId, ServiceRequestId, SessionId, SiteId, WorkerId,
};
use crate::mail::MailOutcome;
use crate::service_request::RequestOutcome;

codes! {
    /// A job that acts on its own.
    pub enum JobName {
        /// Sets up the agency.
        SetUpAgency = "set_up_agency",
        /// Takes from a copy of the data what reaches clients.
        StripSandbox = "strip_sandbox",
        /// Closes invitations nobody took (A8).
        ExpireActivations = "expire_activations",
        /// Sends mail.
        SendMail = "send_mail",
        /// Publishes journal events.
        PublishJournal = "publish_journal",
        /// Reminds of invitations that end soon.
        RemindBeforeExpiry = "remind_before_expiry",
        /// Records what the mail service tells of a mail.
        RecordMailOutcome = "record_mail_outcome",
        /// Resolves requests made with an email address.
        ResolveRequests = "resolve_requests",
        /// Removes sessions that have ended.
        CleanUpSessions = "clean_up_sessions",
        /// Works through bulk jobs.
        RunBulkJob = "run_bulk_job",
    }
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Actor {
    /// A worker.
    Worker(WorkerId),
    /// A client, signed in or by a link.
    Client(AccountId),
    /// An import that a worker started.
    Import(JobId),
    /// A job.
    Job(JobName),
    /// Whoever it was, it was nobody we know.
    Anonymous,
}

/// What it was done to. The text is the key under which the journal keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The agency as a whole: settings, keys, staff.
    Agency,
    /// An individual, their accounts included.
    Individual(IndividualId),
    /// A worker.
    Worker(WorkerId),
    /// A job.
    Job(JobId),
    /// A service, group or series.
    Service(ServiceId),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agency => f.write_str("agency"),
            Self::Individual(id) => id.fmt(f),
            Self::Worker(id) => id.fmt(f),
            Self::Job(id) => id.fmt(f),
            Self::Service(id) => id.fmt(f),
        }
    }
}

impl FromStr for Subject {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        match text.split('_').next() {
            Some("agency") if text == "agency" => Ok(Self::Agency),
            Some(WorkerId::PREFIX) => text.parse().map(Self::Worker),
            Some(JobId::PREFIX) => text.parse().map(Self::Job),
            Some(ServiceId::PREFIX) => text.parse().map(Self::Service),
            _ => text.parse().map(Self::Individual),
        }
    }
}

impl Serialize for Subject {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

codes! {
    /// A field that changed.
    pub enum FieldName {
        /// Of an account: where it stands.
        State = "state",
        /// Of an account or worker: sign-in name; of a worker, too, that mails to it don't arrive.
        Email = "email",
        /// Of an account or worker.
        Password = "password",
        /// Of an account.
        Acceptance = "acceptance",
        /// Of an account: its current link.
        Link = "link",
        /// Of an account: where activation leads.
        Landing = "landing",
        /// Of an account or worker: when they last signed in.
        LastSignIn = "last_sign_in",
        /// Of an individual, worker or service.
        Name = "name",
        /// Of an individual.
        BirthDate = "birth_date",
        /// Of an individual.
        Gender = "gender",
        /// Of an individual, account or worker.
        Language = "language",
        /// Of an individual, worker or service.
        Site = "site",
        /// Of an individual or service.
        ExternalIds = "external_ids",
        /// Of an individual.
        Contacts = "contacts",
        /// Of an individual: consent to email.
        CommunicationSettings = "communication_settings",
        /// Of an individual: who works with them.
        Workers = "workers",
        /// Of an individual: open service files, and who works on them.
        ServiceFiles = "service_files",
        /// Of an individual: marked as a test.
        Test = "test",
        /// Of a worker.
        Photo = "photo",
        /// Of a worker.
        Description = "description",
        /// Of a worker.
        SecondFactor = "second_factor",
        /// Of a worker.
        UserGroup = "user_group",
        /// Of a worker.
        SecurityClass = "security_class",
        /// Of the agency.
        Settings = "settings",
        /// Of the agency.
        SecurityClasses = "security_classes",
        /// Of the agency.
        Sites = "sites",
        /// Of the agency: privacy policy.
        Privacy = "privacy",
        /// Of the agency: terms of use.
        Terms = "terms",
        /// Of the settings.
        Communications = "communications",
        /// Of the settings.
        General = "general",
        /// Of the settings.
        AboutMe = "about_me",
        /// Of the settings.
        Agency = "agency",
        /// Of the settings.
        Advanced = "advanced",
        /// Of the settings.
        RequestService = "request_service",
        /// Of the settings.
        Billing = "billing",
        /// Of the settings.
        Images = "images",
        /// Of the settings.
        Theme = "theme",
        /// Of the settings.
        FileAttachment = "file_attachment",
        /// Of the settings: how far the authentication email is proven.
        Proof = "proof",
        /// Of the agency: sign-in keys.
        Keys = "keys",
        /// Of an account or worker: which sessions are alive.
        Sessions = "sessions",
        /// Of an account: what of it needs a worker.
        Alerts = "alerts",
        /// Of a service or worker.
        ClientFacingName = "client_facing_name",
        /// Of a service: whether clients see it.
        Visibility = "visibility",
        /// Of a service: whether clients may ask for it.
        Eligible = "eligible",
        /// Of a service: how long its events take.
        EventMinutes = "event_minutes",
        /// Of a group or series: first and last day.
        Dates = "dates",
        /// Of a service: whether people can be enrolled in it.
        Active = "active",
        /// Of a service: which groups or series below have a visibility of their own.
        Overrides = "overrides",
        /// Of an individual: what they asked for.
        ServiceRequests = "service_requests",
    }
}

codes! {
    /// What a test mail tests.
    pub enum TestMailKind {
        /// The authentication email's sender (C2).
        Authentication = "authentication",
        /// Sender and footer of client messages.
        ClientMessage = "client_message",
    }
}

codes! {
    /// Whose sessions a key signs.
    pub enum Audience {
        /// Clients'.
        Portal = "portal",
        /// Workers'.
        Admin = "admin",
    }
}

/// Something that happened and that others may act on. On the bus, `type` is its name in `snake_case`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are ids, codes and numbers that say what they are")]
pub enum JournalEvent {
    /// The agency was set up.
    AgencySetUp { settings_version: u64 },
    /// A copy of the data was made to reach no client (§5, sandbox safety).
    SandboxStripped { settings_version: u64 },
    /// Settings were changed.
    SettingsChanged { settings_version: u64 },
    /// What the mail service says of the authentication email's sender has changed.
    AuthenticationEmailChecked { verified: bool },
    /// A mail is to go to a worker to see whether such mails arrive.
    TestMailRequested { worker: WorkerId, mail: MailId, kind: TestMailKind },
    /// The authentication email's test mail arrived, or came back.
    AuthenticationEmailTested { mail: MailId, outcome: MailOutcome },
    /// A key that signs sessions was made.
    SignInKeyCreated { audience: Audience, kid: String },
    /// A worker was added.
    WorkerCreated { worker: WorkerId },
    /// A worker is invited to choose a password, by the link of that generation.
    WorkerInvited { worker: WorkerId, mail: MailId, generation: u16 },
    /// A System Administrator edited a worker; the record says which fields.
    WorkerChanged { worker: WorkerId },
    /// A worker no longer works here.
    WorkerDeactivated { worker: WorkerId },
    /// A worker works here again.
    WorkerReactivated { worker: WorkerId },
    /// A worker has set up a second factor.
    SecondFactorSet { worker: WorkerId, mail: MailId },
    /// A System Administrator took a worker's second factor away.
    SecondFactorReset { worker: WorkerId, mail: MailId },
    /// A recovery code was used in the place of a worker's second factor.
    RecoveryCodeUsed { worker: WorkerId, mail: MailId },
    /// A security class was added.
    SecurityClassCreated { class: ClassId },
    /// A security class allows or takes away something else, or is called otherwise.
    SecurityClassChanged { class: ClassId },
    /// A security class that nobody belonged to is gone.
    SecurityClassDeleted { class: ClassId },
    /// A site was added.
    SiteCreated { site: SiteId },
    /// A site's name, zone or use changed.
    SiteChanged { site: SiteId },
    /// A worker was locked (B13): by wrong passwords, with a mail that carries a reset link of that generation, or
    /// by another worker, without.
    WorkerLocked {
        worker: WorkerId,
        reason: LockReason,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mail: Option<MailId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        generation: Option<u16>,
    },
    /// A worker may sign in again (B13).
    WorkerUnlocked { worker: WorkerId },
    /// A worker has to choose a new password (B13).
    WorkerPasswordResetForced { worker: WorkerId },
    /// A worker asked for a reset link, or a System Administrator for them (B13).
    WorkerPasswordResetRequested { worker: WorkerId, mail: MailId, generation: u16 },
    /// A worker's password was changed (B13).
    WorkerPasswordChanged { worker: WorkerId, mail: MailId },
    /// A mail to a worker could not be delivered, ever, or they complained of it.
    WorkerMailFailed { worker: WorkerId, mail: MailId, outcome: MailOutcome },
    /// A worker ended their other sessions.
    WorkerSessionsEnded { worker: WorkerId },
    /// A1, A2, A4
    AccountCreated { account: AccountId, individual: IndividualId, age_overridden: bool },
    /// The activation mail is to go out.
    ActivationRequested { account: AccountId, individual: IndividualId, mail: MailId, generation: u16 },
    /// The invitation ends soon, and its reminder is to go out, with the link of that generation.
    ActivationReminderRequested {
        account: AccountId,
        individual: IndividualId,
        mail: MailId,
        generation: u16,
    },
    /// The activation mail would go out, but may not; it is never sent later (C1).
    ActivationWithheld { account: AccountId, individual: IndividualId, reason: Reason },
    /// A5, so many minutes after the invitation
    AccountActivated {
        account: AccountId,
        individual: IndividualId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        minutes: Option<u32>,
    },
    /// A client signed in on a later day than they activated the account, for the first time.
    ClientReturned { account: AccountId, individual: IndividualId },
    /// A6, A7
    BirthDateMissed { account: AccountId, individual: IndividualId, misses: u8 },
    /// B3
    BirthDateMissesCleared { account: AccountId, individual: IndividualId },
    /// A7, A8, A9, A15
    AccountClosed { account: AccountId, individual: IndividualId, reason: CloseReason },
    /// A10, with a mail that carries a reset link of that generation; A11, without
    AccountLocked {
        account: AccountId,
        individual: IndividualId,
        reason: LockReason,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mail: Option<MailId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        generation: Option<u16>,
    },
    /// A12
    AccountUnlocked { account: AccountId, individual: IndividualId },
    /// A13
    AccountDisabled { account: AccountId, individual: IndividualId },
    /// A14
    AccountEnabled { account: AccountId, individual: IndividualId },
    /// A16
    PasswordResetForced { account: AccountId, individual: IndividualId },
    /// A19
    PasswordResetRequested { account: AccountId, individual: IndividualId, mail: MailId, generation: u16 },
    /// A17, A19
    PasswordChanged { account: AccountId, individual: IndividualId, mail: MailId },
    /// A18: a code is to go to the address that a client wants to sign in with; the session knows which.
    EmailCodeRequested { account: AccountId, individual: IndividualId, session: SessionId, mail: MailId },
    /// A18: the new address is told, and the former one.
    SignInEmailChanged { account: AccountId, individual: IndividualId, mail: MailId, former_mail: MailId },
    /// A client ended their other sessions.
    SessionsEnded { account: AccountId, individual: IndividualId },
    /// A client accepted new versions of privacy policy and terms (A5).
    TextsAccepted { account: AccountId, individual: IndividualId, privacy: u32, terms: u32 },
    /// A client chose a language.
    LanguageChosen { account: AccountId, individual: IndividualId },
    /// A client with a dead link asks to be invited again: an alert for staff that opens nothing (A3b). `mail` names
    /// the mails to workers, each its own by that and the worker.
    InvitationAskedFor { account: AccountId, individual: IndividualId, mail: MailId },
    /// A worker has settled what the account's alerts were about.
    AlertsSettled { account: AccountId, individual: IndividualId },
    /// A mail could not be delivered, ever, or its receiver complained of it.
    MailFailed { account: AccountId, individual: IndividualId, mail: MailId, outcome: MailOutcome },
    /// A worker added an individual.
    IndividualCreated { individual: IndividualId },
    /// A worker, or the client, changed an individual's profile or contacts; the record says which fields.
    IndividualChanged { individual: IndividualId },
    /// Consent to email was given or withdrawn.
    CommunicationConsentChanged { individual: IndividualId, given: bool },
    /// A service file was opened for an individual.
    ServiceFileOpened { individual: IndividualId, file: ServiceFileId, service: ServiceId },
    /// A service file got other workers.
    ServiceFileChanged { individual: IndividualId, file: ServiceFileId, service: ServiceId },
    /// A service file was closed, and places in groups of its service were given up.
    ServiceFileClosed { individual: IndividualId, file: ServiceFileId, service: ServiceId },
    /// A closed service file was opened again.
    ServiceFileReopened { individual: IndividualId, file: ServiceFileId, service: ServiceId },
    /// An individual got a place in a group or series.
    RosterJoined { individual: IndividualId, service: ServiceId },
    /// An individual gave up a place in a group or series.
    RosterLeft { individual: IndividualId, service: ServiceId },
    /// An import wrote an individual.
    IndividualImported { individual: IndividualId, job: JobId, row: u64, created: bool },
    /// An import was started.
    ImportStarted { job: JobId },
    /// An import has more to do, from that page of its report on.
    ImportContinues { job: JobId, page: u32 },
    /// An import has come to its end.
    ImportFinished { job: JobId },
    /// A worker started a bulk job: a dry run, or the job that applies one.
    BulkJobStarted { job: JobId },
    /// A bulk job has more to do, from that step on.
    BulkJobContinues { job: JobId, step: u32 },
    /// A bulk job stands still.
    BulkJobStopped { job: JobId, reason: StopReason },
    /// A worker let a bulk job go on.
    BulkJobResumed { job: JobId },
    /// A bulk job has come to its end.
    BulkJobFinished { job: JobId },
    /// A2, A14: as `ActivationRequested`, but nobody waits for it; what becomes of the mail is counted for the job.
    BulkActivationRequested {
        account: AccountId,
        individual: IndividualId,
        mail: MailId,
        generation: u16,
        job: JobId,
    },
    /// A worker added a service, group or series.
    ServiceCreated { service: ServiceId },
    /// A worker changed a service, group or series; the record says which fields.
    ServiceChanged { service: ServiceId },
    /// An import wrote a service, group or series.
    ServiceImported { service: ServiceId, job: JobId, row: u64, created: bool },
    /// A client asked for a service. `mail` is the client's receipt, and names the mails to workers, each its own by
    /// that and the worker.
    ServiceRequested {
        account: AccountId,
        individual: IndividualId,
        request: ServiceRequestId,
        service: ServiceId,
        mail: MailId,
    },
    /// A worker settled what a client asked for.
    ServiceRequestSettled { individual: IndividualId, request: ServiceRequestId, outcome: RequestOutcome },
}

impl JournalEvent {
    /// The version of all events; consumers also take the one before.
    pub const V: u16 = 1;

    /// The mails to clients that it asks for.
    pub fn client_mails(&self) -> impl Iterator<Item = MailId> {
        let (mail, also) = match self {
            Self::SignInEmailChanged { mail, former_mail, .. } => (Some(*mail), Some(*former_mail)),
            Self::InvitationAskedFor { .. }
            | Self::WorkerInvited { .. }
            | Self::SecondFactorSet { .. }
            | Self::SecondFactorReset { .. }
            | Self::RecoveryCodeUsed { .. }
            | Self::WorkerLocked { .. }
            | Self::WorkerPasswordResetRequested { .. }
            | Self::WorkerPasswordChanged { .. }
            | Self::TestMailRequested { .. } => (None, None),
            _ => (self.mail(), None),
        };
        mail.into_iter().chain(also)
    }

    /// The mail that it asks for, if it asks for one.
    #[must_use]
    pub const fn mail(&self) -> Option<MailId> {
        match self {
            Self::ActivationRequested { mail, .. }
            | Self::BulkActivationRequested { mail, .. }
            | Self::PasswordResetRequested { mail, .. }
            | Self::ActivationReminderRequested { mail, .. }
            | Self::PasswordChanged { mail, .. }
            | Self::EmailCodeRequested { mail, .. }
            | Self::SignInEmailChanged { mail, .. }
            | Self::InvitationAskedFor { mail, .. }
            | Self::WorkerInvited { mail, .. }
            | Self::SecondFactorSet { mail, .. }
            | Self::SecondFactorReset { mail, .. }
            | Self::RecoveryCodeUsed { mail, .. }
            | Self::WorkerPasswordResetRequested { mail, .. }
            | Self::WorkerPasswordChanged { mail, .. }
            | Self::TestMailRequested { mail, .. }
            | Self::ServiceRequested { mail, .. } => Some(*mail),
            Self::AccountLocked { mail, .. } | Self::WorkerLocked { mail, .. } => *mail,
            _ => None,
        }
    }
}

/// One change of state: all that was written in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRecord {
    /// Which one; later records of one writer sort later.
    pub id: JournalId,
    /// When.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub actor: Actor,
    /// To whom or what.
    pub subject: Subject,
    /// Whom else it touches.
    pub subjects: Vec<Subject>,
    /// The same for everything that follows from one request.
    pub correlation: CorrelationId,
    /// The record whose event led to this one.
    pub causation: Option<JournalId>,
    /// The account's transition, if it was one (B8).
    pub transition: Option<Transition>,
    /// The fields that changed.
    pub changed: Vec<FieldName>,
    /// What it means to others, in order.
    pub events: Vec<JournalEvent>,
}

/// An event as it travels on the bus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The same whenever it is told again: consumers know it by this.
    pub id: String,
    /// Type and data.
    #[serde(flatten)]
    pub event: JournalEvent,
    /// [`JournalEvent::V`] of the writer.
    pub v: u16,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub actor: Actor,
    /// To whom or what, the first before all.
    pub subjects: Vec<Subject>,
    /// The same for everything that follows from one request.
    pub correlation: CorrelationId,
    /// The journal record it belongs to.
    pub causation: JournalId,
}

impl JournalRecord {
    /// The record's events as they travel on the bus, in order.
    pub fn envelopes(&self) -> impl Iterator<Item = Envelope> {
        self.events.iter().zip(1..).map(|(event, place): (_, u32)| Envelope {
            id: format!("{}-{place}", self.id),
            event: event.clone(),
            v: JournalEvent::V,
            at: self.at,
            actor: self.actor,
            subjects: std::iter::once(self.subject).chain(self.subjects.iter().copied()).collect(),
            correlation: self.correlation,
            causation: self.id,
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::account::{Rule, StateName, TransitionReason};
    use crate::samples::{ACCOUNT, WORKER, at, individual};

    /// Every event as it is stored and sent. Names and fields are only ever added.
    const GOLDEN: &str = r#"
{"type":"agency_set_up","data":{"settings_version":1}}
{"type":"sandbox_stripped","data":{"settings_version":2}}
{"type":"settings_changed","data":{"settings_version":2}}
{"type":"authentication_email_checked","data":{"verified":true}}
{"type":"test_mail_requested","data":{"worker":"wrk_00000000000000000000000007","mail":"mai_0000000000000000000000000b","kind":"authentication"}}
{"type":"authentication_email_tested","data":{"mail":"mai_0000000000000000000000000b","outcome":"delivered"}}
{"type":"sign_in_key_created","data":{"audience":"portal","kid":"p1"}}
{"type":"worker_created","data":{"worker":"wrk_00000000000000000000000007"}}
{"type":"worker_invited","data":{"worker":"wrk_00000000000000000000000007","mail":"mai_0000000000000000000000000b","generation":1}}
{"type":"worker_changed","data":{"worker":"wrk_00000000000000000000000007"}}
{"type":"worker_deactivated","data":{"worker":"wrk_00000000000000000000000007"}}
{"type":"worker_reactivated","data":{"worker":"wrk_00000000000000000000000007"}}
{"type":"second_factor_set","data":{"worker":"wrk_00000000000000000000000007","mail":"mai_0000000000000000000000000b"}}
{"type":"second_factor_reset","data":{"worker":"wrk_00000000000000000000000007","mail":"mai_0000000000000000000000000b"}}
{"type":"recovery_code_used","data":{"worker":"wrk_00000000000000000000000007","mail":"mai_0000000000000000000000000b"}}
{"type":"security_class_created","data":{"class":"cls_00000000000000000000000001"}}
{"type":"security_class_changed","data":{"class":"cls_00000000000000000000000001"}}
{"type":"security_class_deleted","data":{"class":"cls_00000000000000000000000001"}}
{"type":"site_created","data":{"site":"sit_00000000000000000000000001"}}
{"type":"site_changed","data":{"site":"sit_00000000000000000000000001"}}
{"type":"account_created","data":{ACCOUNT,"age_overridden":false}}
{"type":"activation_requested","data":{ACCOUNT,"mail":"mai_0000000000000000000000000b","generation":1}}
{"type":"activation_withheld","data":{ACCOUNT,"reason":"no_consent"}}
{"type":"account_activated","data":{ACCOUNT}}
{"type":"account_activated","data":{ACCOUNT,"minutes":95}}
{"type":"client_returned","data":{ACCOUNT}}
{"type":"birth_date_missed","data":{ACCOUNT,"misses":1}}
{"type":"birth_date_misses_cleared","data":{ACCOUNT}}
{"type":"account_closed","data":{ACCOUNT,"reason":"expired"}}
{"type":"account_locked","data":{ACCOUNT,"reason":"suspended"}}
{"type":"account_locked","data":{ACCOUNT,"reason":"failed_sign_ins","mail":"mai_0000000000000000000000000b","generation":2}}
{"type":"account_unlocked","data":{ACCOUNT}}
{"type":"account_disabled","data":{ACCOUNT}}
{"type":"account_enabled","data":{ACCOUNT}}
{"type":"password_reset_forced","data":{ACCOUNT}}
{"type":"password_reset_requested","data":{ACCOUNT,"mail":"mai_0000000000000000000000000b","generation":3}}
{"type":"password_changed","data":{ACCOUNT,"mail":"mai_0000000000000000000000000b"}}
{"type":"communication_consent_changed","data":{"individual":"ind_00000000000000000000000001","given":true}}
{"type":"individual_imported","data":{"individual":"ind_00000000000000000000000001","job":"job_0000000000000000000000000v","row":2,"created":true}}
{"type":"import_started","data":{"job":"job_0000000000000000000000000v"}}
{"type":"import_continues","data":{"job":"job_0000000000000000000000000v","page":4}}
{"type":"worker_locked","data":{"worker":"wrk_00000000000000000000000007","reason":"failed_sign_ins","mail":"mai_0000000000000000000000000b","generation":3}}
{"type":"worker_unlocked","data":{"worker":"wrk_00000000000000000000000007"}}
{"type":"worker_password_reset_forced","data":{"worker":"wrk_00000000000000000000000007"}}
{"type":"worker_password_reset_requested","data":{"worker":"wrk_00000000000000000000000007","mail":"mai_0000000000000000000000000b","generation":3}}
{"type":"worker_password_changed","data":{"worker":"wrk_00000000000000000000000007","mail":"mai_0000000000000000000000000b"}}
{"type":"worker_mail_failed","data":{"worker":"wrk_00000000000000000000000007","mail":"mai_0000000000000000000000000b","outcome":"bounced"}}
{"type":"worker_sessions_ended","data":{"worker":"wrk_00000000000000000000000007"}}
{"type":"activation_reminder_requested","data":{ACCOUNT,"mail":"mai_0000000000000000000000000b","generation":3}}
{"type":"email_code_requested","data":{ACCOUNT,"session":"ses_00000000000000000000000001","mail":"mai_0000000000000000000000000b"}}
{"type":"sign_in_email_changed","data":{ACCOUNT,"mail":"mai_0000000000000000000000000b","former_mail":"mai_0000000000000000000000000b"}}
{"type":"sessions_ended","data":{ACCOUNT}}
{"type":"texts_accepted","data":{ACCOUNT,"privacy":2,"terms":3}}
{"type":"language_chosen","data":{ACCOUNT}}
{"type":"invitation_asked_for","data":{ACCOUNT,"mail":"mai_0000000000000000000000000b"}}
{"type":"alerts_settled","data":{ACCOUNT}}
{"type":"mail_failed","data":{ACCOUNT,"mail":"mai_0000000000000000000000000b","outcome":"bounced"}}
{"type":"individual_created","data":{"individual":"ind_00000000000000000000000001"}}
{"type":"individual_changed","data":{"individual":"ind_00000000000000000000000001"}}
{"type":"service_file_opened","data":{FILE}}
{"type":"service_file_changed","data":{FILE}}
{"type":"service_file_closed","data":{FILE}}
{"type":"service_file_reopened","data":{FILE}}
{"type":"roster_joined","data":{"individual":"ind_00000000000000000000000001","service":"svc_0000000000000000000000000x"}}
{"type":"roster_left","data":{"individual":"ind_00000000000000000000000001","service":"svc_0000000000000000000000000x"}}
{"type":"import_finished","data":{"job":"job_0000000000000000000000000v"}}
{"type":"bulk_job_started","data":{"job":"job_0000000000000000000000000v"}}
{"type":"bulk_job_continues","data":{"job":"job_0000000000000000000000000v","step":4}}
{"type":"bulk_job_stopped","data":{"job":"job_0000000000000000000000000v","reason":"no_licence"}}
{"type":"bulk_job_resumed","data":{"job":"job_0000000000000000000000000v"}}
{"type":"bulk_job_finished","data":{"job":"job_0000000000000000000000000v"}}
{"type":"bulk_activation_requested","data":{ACCOUNT,"mail":"mai_0000000000000000000000000b","generation":1,"job":"job_0000000000000000000000000v"}}
{"type":"service_created","data":{"service":"svc_0000000000000000000000000e"}}
{"type":"service_changed","data":{"service":"svc_0000000000000000000000000e"}}
{"type":"service_imported","data":{"service":"svc_0000000000000000000000000e","job":"job_0000000000000000000000000v","row":2,"created":true}}
{"type":"service_requested","data":{ACCOUNT,"request":"srq_0000000000000000000000000f","service":"svc_0000000000000000000000000e","mail":"mai_0000000000000000000000000b"}}
{"type":"service_request_settled","data":{"individual":"ind_00000000000000000000000001","request":"srq_0000000000000000000000000f","outcome":"enrolled"}}
"#;

    fn golden() -> Vec<String> {
        let ids =
            r#""account":"acc_00000000000000000000000009","individual":"ind_00000000000000000000000001""#;
        let file = r#""individual":"ind_00000000000000000000000001","file":"sfl_0000000000000000000000000y","service":"svc_0000000000000000000000000x""#;
        GOLDEN.trim().lines().map(|line| line.replace("ACCOUNT", ids).replace("FILE", file)).collect()
    }

    fn record(events: Vec<JournalEvent>) -> JournalRecord {
        JournalRecord {
            id: JournalId::new(Uuid::from_u128(21)),
            at: at(0),
            actor: Actor::Job(JobName::ExpireActivations),
            subject: Subject::Individual(individual().id),
            subjects: vec![Subject::Worker(WORKER)],
            correlation: CorrelationId::new(Uuid::from_u128(22)),
            causation: None,
            transition: None,
            changed: vec![FieldName::State],
            events,
        }
    }

    #[test]
    fn events_keep_their_names_and_fit_in_a_kilobyte() {
        let events: Vec<JournalEvent> =
            golden().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        for (envelope, line) in record(events).envelopes().zip(golden()) {
            assert_eq!(serde_json::to_string(&envelope.event).unwrap(), line);
            let json = serde_json::to_string(&envelope).unwrap();
            // Room for the largest numbers, a long key id and a few more subjects.
            assert!(json.len() <= 700, "{json}");
            assert_eq!(serde_json::from_str::<Envelope>(&json).unwrap(), envelope);
        }
    }

    #[test]
    fn every_event_has_its_golden_line() {
        let unknown =
            serde_json::from_str::<JournalEvent>(r#"{"type":"unknown","data":{}}"#).unwrap_err().to_string();
        let known: Vec<_> = unknown.split('`').skip(3).step_by(2).collect();
        assert!(known.len() > 20, "{unknown}");
        for name in known {
            assert!(golden().iter().any(|line| line.contains(&format!(r#"{{"type":"{name}","#))), "{name}");
        }
    }

    #[test]
    fn an_envelope_looks_like_this() {
        let (account, individual) = (ACCOUNT, individual().id);
        let closed = JournalEvent::AccountClosed { account, individual, reason: CloseReason::WrongBirthDate };
        let envelope = record(vec![closed]).envelopes().next().unwrap();
        let golden = serde_json::json!({
            "id": "jrn_0000000000000000000000000n-1",
            "type": "account_closed",
            "data": {
                "account": "acc_00000000000000000000000009",
                "individual": "ind_00000000000000000000000001",
                "reason": "wrong_birth_date",
            },
            "v": 1,
            "at": "2026-03-01T12:00:00Z",
            "actor": { "kind": "job", "id": "expire_activations" },
            "subjects": ["ind_00000000000000000000000001", "wrk_00000000000000000000000007"],
            "correlation": "cor_0000000000000000000000000p",
            "causation": "jrn_0000000000000000000000000n",
        });
        assert_eq!(serde_json::to_value(envelope).unwrap(), golden);
    }

    #[test]
    fn a_transition_looks_like_this() {
        let reason = Some(TransitionReason::Close(CloseReason::Expired));
        let transition =
            Transition { rule: Rule::A8, from: StateName::Pending, to: StateName::Closed, reason };
        let golden =
            serde_json::json!({ "rule": "A8", "from": "pending", "to": "closed", "reason": "expired" });
        assert_eq!(serde_json::to_value(transition).unwrap(), golden);
        assert_eq!(serde_json::from_value::<Transition>(golden).unwrap(), transition);
    }

    #[test]
    fn subjects_are_read_as_they_are_written() {
        let all = [
            Subject::Agency,
            Subject::Individual(individual().id),
            Subject::Worker(WORKER),
            Subject::Job(JobId::new(Uuid::max())),
            Subject::Service(ServiceId::new(Uuid::max())),
        ];
        for subject in all {
            assert_eq!(subject.to_string().parse(), Ok(subject));
        }
        assert!("agency_1".parse::<Subject>().is_err() && ACCOUNT.to_string().parse::<Subject>().is_err());
    }
}
