//! Saving the settings: one way for all of their sections.

use chrono::{DateTime, Utc};
use domain::WorkerId;
use domain::journal::{JournalEvent, JournalRecord, Subject};
use domain::settings::{
    AboutMe, Advanced, Agency, Billing, Communications, Draft, FieldError, FileAttachment, General, Images,
    NotReady, Proof, RequestService, Section, Settings, Test, Texts,
};
use domain::theme::Theme;
use domain::worker::{UserGroup, Worker};
use serde::{Deserialize, Serialize};
use store::{CommitError, Conflict, SettingsVersion, Transaction, Versioned, ask};

use crate::context::Context;
use crate::entry::caller::{Staff, not_set_up};
use crate::entry::http::Reply;
use crate::mailing::is_verified;
use crate::problem::{Failure, refusals};

/// How often to look again when something that nobody saved changed meanwhile.
const TRIES: usize = 3;

/// The settings as a page shows them. Each section has the form in which it is saved.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SettingsView {
    /// Which version of the settings this is: a save says it.
    pub version: u64,
    /// When it was saved.
    pub saved_at: Option<DateTime<Utc>>,
    /// The name of the worker who saved it; none at set-up.
    pub saved_by: Option<String>,
    /// What stands between these settings and an enabled `ClientConnect`.
    pub readiness: Readiness,
    /// *External communications*
    pub communications: Communications,
    /// *`ClientConnect` setup, General*
    pub general: General,
    /// *`ClientConnect` setup, About Me*
    pub about_me: AboutMe,
    /// *`ClientConnect` setup, Agency*
    pub agency: Agency,
    /// *`ClientConnect` setup, Advanced*
    pub advanced: Advanced,
    /// *`ClientConnect` setup, Request a Service*
    pub request_service: RequestService,
    /// *`ClientConnect` setup, Billing*
    pub billing: Billing,
    /// The current versions of privacy policy and terms of use.
    pub texts: Texts,
    /// *Images*
    pub images: Images,
    /// *Theme*
    pub theme: Theme,
    /// *File Attachment*
    pub file_attachment: FileAttachment,
    /// How many accounts may be Pending, Active or Locked at once (B7). Set by the deployment.
    pub licences: u32,
}

/// What stands between the settings and an enabled `ClientConnect` (C2).
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Readiness {
    /// Whether anything of `ClientConnect` can be changed.
    pub authentication_email_ready: bool,
    /// Whether the mail service reports the authentication email's sender as verified.
    pub identity_verified: bool,
    /// How far its test mail has come.
    pub test: Test,
    /// When that was asked for.
    pub test_sent_at: Option<DateTime<Utc>>,
    /// Whether `ClientConnect` can be enabled.
    pub can_be_enabled: bool,
    /// What is missing.
    pub missing: Vec<NotReady>,
}

impl SettingsView {
    /// The settings, last saved then and by them.
    pub(crate) fn of(settings: &Settings, saved: Saved) -> Self {
        let Proof { identity_verified, test, test_sent_at, .. } = settings.proof;
        let readiness = Readiness {
            authentication_email_ready: settings.proof.holds(),
            identity_verified,
            test,
            test_sent_at,
            can_be_enabled: settings.can_be_enabled().is_ok(),
            missing: settings.missing().collect(),
        };
        let draft = settings.clone().into_draft();
        Self {
            version: draft.version,
            saved_at: saved.at,
            saved_by: saved.by,
            readiness,
            communications: draft.communications,
            general: draft.general,
            about_me: draft.about_me,
            agency: draft.agency,
            advanced: draft.advanced,
            request_service: draft.request_service,
            billing: draft.billing,
            texts: draft.texts,
            images: draft.images,
            theme: draft.theme,
            file_attachment: draft.file_attachment,
            licences: draft.licences,
        }
    }
}

/// When a version was saved, and the name of who did; neither is known of the oldest.
#[derive(Debug, Default)]
pub(crate) struct Saved {
    pub(crate) at: Option<DateTime<Utc>>,
    pub(crate) by: Option<String>,
}

/// A field that can't be taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefusedField {
    /// Path of the field, e.g. `general.idle_minutes`.
    pub field: String,
    /// Stable code.
    pub code: String,
    /// What to do, in English.
    pub help: String,
}

impl From<FieldError> for RefusedField {
    fn from(FieldError { field, code, help }: FieldError) -> Self {
        Self { field: field.to_owned(), code: code.to_owned(), help }
    }
}

refusals! {
    /// Why settings aren't saved.
    pub enum NotSaved {
        /// Somebody saved others since these were read. Nothing of either is lost.
        SettingsChanged {
            /// The version now.
            version: u64,
            /// Who saved it, by name.
            by: Option<String>,
            /// When.
            at: Option<DateTime<Utc>>,
        } => 409, "settings_changed", "Somebody else saved the settings since you opened them; look at theirs, then save again";
        /// Fields that can't be taken.
        SettingsRefused {
            /// All of them.
            fields: Vec<RefusedField>,
        } => 422, "settings_refused", "Some of these settings can't be taken; mend the fields named";
        /// The authentication email isn't known to arrive (S1).
        AuthenticationEmailNotReady => 409, "authentication_email_not_ready", "Set up the authentication email and its test first";
        /// `ClientConnect` can't be enabled yet (C2).
        CannotBeEnabled {
            /// What is missing.
            missing: Vec<NotReady>,
        } => 409, "cannot_be_enabled", "ClientConnect can't be enabled before everything it needs is there";
        /// Clients who can sign in now could not any more.
        WouldSwitchOff => 409, "would_switch_off", "This switches ClientConnect off for all clients; confirm that it may";
    }
}

impl NotSaved {
    /// One field that can't be taken.
    pub(crate) fn field(field: impl Into<String>, code: &str, help: impl Into<String>) -> Self {
        let field = RefusedField { field: field.into(), code: code.to_owned(), help: help.into() };
        Self::SettingsRefused { fields: vec![field] }
    }
}

/// A save of one section, by somebody who has seen a version.
#[derive(Clone, Copy)]
pub(crate) struct Save {
    /// What is saved.
    pub(crate) section: Section,
    /// The version that was seen.
    pub(crate) seen: u64,
    /// Whether it may switch `ClientConnect` off for clients.
    pub(crate) confirmed: bool,
}

impl Save {
    /// Of what never switches anything off.
    pub(crate) const fn of(section: Section, seen: u64) -> Self {
        Self { section, seen, confirmed: false }
    }
}

impl Staff {
    /// The settings as they are now, read strongly, not from a cache.
    ///
    /// # Errors
    /// The store's fault.
    pub(crate) async fn settings_now<R>(
        &self,
        context: &Context<'_>,
    ) -> Result<Versioned<Settings>, Failure<R>> {
        Ok(context.services.store.ask(ask::settings()).await?.ok_or_else(not_set_up)?)
    }

    /// Saves what `change` makes of the settings: if it may be, if nobody else saved since, as a version of its own, with
    /// its journal record. What changes nothing is answered as if it had been saved, so that a repeated save has the effect
    /// of one.
    ///
    /// # Errors
    /// A [`NotSaved`], or the store's fault.
    pub(crate) async fn save_settings<R: From<NotSaved>>(
        &self,
        context: &Context<'_>,
        save: Save,
        change: impl Fn(&mut Draft) + Send + Sync,
    ) -> Result<Reply<SettingsView>, Failure<R>> {
        self.save_settings_with(context, save, change, |_, _| {}).await
    }

    /// As [`Self::save_settings`], with what is written beside the settings: it is given the new version's number.
    ///
    /// # Errors
    /// A [`NotSaved`], or the store's fault.
    pub(crate) async fn save_settings_with<R: From<NotSaved>>(
        &self,
        context: &Context<'_>,
        save: Save,
        change: impl Fn(&mut Draft) + Send + Sync,
        beside: impl Fn(&mut Transaction, u64) + Send + Sync,
    ) -> Result<Reply<SettingsView>, Failure<R>> {
        for _ in 0..TRIES {
            let loaded = self.settings_now(context).await?;
            let before = &loaded.value;
            let mut draft = before.clone().into_draft();
            change(&mut draft);
            let changed = draft.changed_since(before);
            if changed.is_empty() {
                return Ok(Reply::from(SettingsView::of(before, self.saved(context, before.version).await?)));
            }
            if before.version != save.seen {
                let Saved { by, at } = self.saved(context, before.version).await?;
                return Err(refused(NotSaved::SettingsChanged { version: before.version, by, at }));
            }
            if save.section.needs_authentication_email() && !before.proof.holds() {
                return Err(refused(NotSaved::AuthenticationEmailNotReady));
            }
            draft.version += 1;
            let settings = self.check(context, save, before, draft).await?;
            let record = JournalRecord {
                changed,
                events: vec![JournalEvent::SettingsChanged { settings_version: settings.version }],
                ..context.record(self.actor(), Subject::Agency)
            };
            let by = Some(self.worker.value.id);
            let version = SettingsVersion { settings, at: context.now, by, section: save.section };
            let mut transaction = Transaction::new(&record);
            transaction.save_settings(loaded.version, &version);
            beside(&mut transaction, version.settings.version);
            let saved = Saved { at: Some(context.now), by: Some(self.worker.value.name.full()) };
            let view = SettingsView::of(&version.settings, saved);
            match context.commit(transaction, &view).await {
                Ok(()) => return Ok(Reply::from(view)),
                // By somebody's save, which the next look finds, or by what became of the test mail.
                Err(CommitError::Conflict(Conflict::Stale(_))) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::conflict())
    }

    /// The draft as settings, if they may take the place of those before.
    async fn check<R: From<NotSaved>>(
        &self,
        context: &Context<'_>,
        save: Save,
        before: &Settings,
        mut draft: Draft,
    ) -> Result<Settings, Failure<R>> {
        let sender = |draft: &Draft| draft.communications.authentication_sender().clone();
        if sender(&draft) != sender(before) {
            let identity_verified = is_verified(context, &sender(&draft).address).await?;
            draft.proof = Proof { identity_verified, ..Proof::default() };
        }
        let settings = Settings::new(draft).map_err(|errors| {
            let fields = errors.into_iter().map(RefusedField::from).collect();
            refused(NotSaved::SettingsRefused { fields })
        })?;
        Self::check_senders(context, before, &settings).await?;
        self.check_workers(context, before, &settings).await?;
        if settings.general.enabled && !before.general.enabled && settings.can_be_enabled().is_err() {
            return Err(refused(NotSaved::CannotBeEnabled { missing: settings.missing().collect() }));
        }
        if before.ready().is_ok() && settings.ready().is_err() && !save.confirmed {
            return Err(refused(NotSaved::WouldSwitchOff));
        }
        Ok(settings)
    }

    /// Mails that aren't the authentication email, which has a test of its own, come from where SES lets them: else they
    /// would be lost.
    async fn check_senders<R: From<NotSaved>>(
        context: &Context<'_>,
        before: &Settings,
        after: &Settings,
    ) -> Result<(), Failure<R>> {
        let senders = |settings: &Settings| {
            let mail = &settings.communications;
            [
                ("communications.sender.address", mail.sender.address.clone()),
                ("communications.client_messages.sender.address", mail.message_sender().address.clone()),
            ]
        };
        let tested = &after.authentication_sender().address;
        for ((field, now), (_, then)) in senders(after).into_iter().zip(senders(before)) {
            if now != then && now != *tested && !is_verified(context, &now).await? {
                let help = "choose an address of the domain that is set up for sending";
                return Err(refused(NotSaved::field(field, "identity_not_verified", help)));
            }
        }
        Ok(())
    }

    /// Whoever is newly told of something works here, and with individuals: a System Administrator sees none (§4).
    async fn check_workers<R: From<NotSaved>>(
        &self,
        context: &Context<'_>,
        before: &Settings,
        after: &Settings,
    ) -> Result<(), Failure<R>> {
        let told = |settings: &Settings| -> [(&'static str, Vec<WorkerId>); 2] {
            [
                ("communications.told_of_failures", settings.communications.told_of_failures.clone()),
                ("request_service.receivers", settings.request_service.receivers.clone()),
            ]
        };
        for ((field, mut now), (_, then)) in told(after).into_iter().zip(told(before)) {
            now.retain(|worker| !then.contains(worker));
            if now.is_empty() {
                continue;
            }
            let found =
                context.services.store.ask(now.into_iter().map(ask::worker).collect::<Vec<_>>()).await?;
            let can_act =
                |worker: &Worker| worker.may_sign_in() && worker.user_group != UserGroup::SystemAdministrator;
            if found.iter().any(|worker| worker.as_ref().is_none_or(|worker| !can_act(worker))) {
                let help = "choose workers who can sign in and work with individuals";
                return Err(refused(NotSaved::field(field, "worker_unknown", help)));
            }
        }
        Ok(())
    }

    /// When a version was saved, and by whom.
    pub(crate) async fn saved<R>(&self, context: &Context<'_>, version: u64) -> Result<Saved, Failure<R>> {
        let store = &context.services.store;
        let Some(version) = store.ask(ask::settings_version(version)).await? else {
            return Ok(Saved::default());
        };
        let by = match version.by {
            Some(worker) => store.ask(ask::worker(worker)).await?.map(|worker| worker.name.full()),
            None => None,
        };
        Ok(Saved { at: Some(version.at), by })
    }
}

fn refused<R: From<NotSaved>>(reason: NotSaved) -> Failure<R> {
    Failure::Refused(reason.into())
}
