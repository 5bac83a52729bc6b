//! The agency's configuration: one versioned record, read by every rule.

mod availability;
mod link;
mod markdown;
mod sections;

use std::collections::BTreeSet;
use std::ops::{Deref, RangeInclusive};

use chrono::{DateTime, NaiveDate, Utc};

pub use self::availability::{Day, Hours, TimeOfDay};
pub use self::markdown::markdown;
pub use self::sections::{
    AboutMe, Advanced, Agency, AuthenticationEmail, Billing, ClientMessages, Communications, FileAttachment,
    General, Images, Localized, Proof, RequestService, Sender, Test, Texts, Tile,
};
use crate::id::WorkerId;
use crate::journal::FieldName;
use crate::text::{self, TextError};
use crate::theme::Theme;

/// Settings within their bounds. Made by [`Settings::new`], read like the [`Draft`] it was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings(Draft);

/// Settings as somebody wants them, not yet checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Grows by one with every change.
    pub version: u64,
    /// *`ClientConnect` setup, General*
    pub general: General,
    /// *External communications*
    pub communications: Communications,
    /// How far the authentication email has been proven.
    pub proof: Proof,
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
    /// The texts that clients accept (A5).
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

codes! {
    /// What a version of the settings was saved from.
    pub enum Section {
        /// The file that set the agency up.
        SetUp = "set_up",
        /// *External communications*
        Communications = "communications",
        /// *`ClientConnect` setup*
        ClientConnect = "client_connect",
        /// Privacy policy and terms of use.
        Texts = "texts",
        /// *Images*
        Images = "images",
        /// *Theme*
        Theme = "theme",
        /// *File Attachment*
        FileAttachment = "file_attachment",
        /// An earlier version that was brought back.
        Restore = "restore",
        /// A copy of the data, made to reach nobody.
        Sandbox = "sandbox",
    }
}

impl Section {
    /// Whether it is a part of `ClientConnect`, of which nothing can be changed before the authentication email is
    /// known to arrive.
    #[must_use]
    pub const fn needs_authentication_email(self) -> bool {
        matches!(self, Self::ClientConnect | Self::Texts | Self::Images | Self::Theme | Self::Restore)
    }
}

codes! {
    /// A text that clients accept (A5).
    pub enum PolicyKind {
        /// The privacy policy.
        Privacy = "privacy",
        /// The terms of use.
        Terms = "terms",
    }
}

/// A field whose value can't be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {help}")]
pub struct FieldError {
    /// Path of the field, e.g. `general.idle_minutes`.
    pub field: &'static str,
    /// Stable code.
    pub code: &'static str,
    /// What to do, in English.
    pub help: String,
}

codes! {
    /// Why `ClientConnect` can't serve clients (C1, C2).
    pub enum NotReady {
        /// Email or *Enable Client Delivery* is off (C1).
        ClientDeliveryOff = "client_delivery_off",
        /// The authentication email isn't verified and tested.
        AuthenticationEmailNotReady = "authentication_email_not_ready",
        /// No privacy policy.
        NoPrivacyPolicy = "no_privacy_policy",
        /// No terms of use.
        NoTerms = "no_terms",
        /// Everything is there, but it is switched off.
        NotEnabled = "client_connect_not_enabled",
    }
}

impl Draft {
    /// The sections that differ from what they were.
    #[must_use]
    pub fn changed_since(&self, before: &Self) -> Vec<FieldName> {
        let sections = [
            (FieldName::Communications, self.communications != before.communications),
            (FieldName::General, self.general != before.general),
            (FieldName::AboutMe, self.about_me != before.about_me),
            (FieldName::Agency, self.agency != before.agency),
            (FieldName::Advanced, self.advanced != before.advanced),
            (FieldName::RequestService, self.request_service != before.request_service),
            (FieldName::Billing, self.billing != before.billing),
            (FieldName::Privacy, self.texts.privacy != before.texts.privacy),
            (FieldName::Terms, self.texts.terms != before.texts.terms),
            (FieldName::Images, self.images != before.images),
            (FieldName::Theme, self.theme != before.theme),
            (FieldName::FileAttachment, self.file_attachment != before.file_attachment),
        ];
        sections.into_iter().filter_map(|(field, changed)| changed.then_some(field)).collect()
    }

    /// As it was, but for what no restore brings back: the number of the version, what is proven of the authentication
    /// email, the licences.
    pub fn restore(&mut self, former: Self) {
        *self = Self { version: self.version, proof: self.proof, licences: self.licences, ..former };
    }

    /// What an agency of that name begins with: everything at its default, nothing switched on.
    #[must_use]
    pub fn new(agency: Agency, communications: Communications, licences: u32) -> Self {
        Self {
            version: 1,
            general: General::default(),
            communications,
            proof: Proof::default(),
            about_me: AboutMe::default(),
            agency,
            advanced: Advanced::default(),
            request_service: RequestService::default(),
            billing: Billing::default(),
            texts: Texts::default(),
            images: Images::default(),
            theme: Theme::default(),
            file_attachment: FileAttachment::default(),
            licences,
        }
    }
}

/// The most workers who are told of something.
const TOLD: usize = 20;
/// How many pictures each tile has to choose from.
const PICTURES: RangeInclusive<u8> = 1..=6;

/// Collects what is wrong, field by field.
#[derive(Default)]
struct Check(Vec<FieldError>);

impl Check {
    fn refuse(&mut self, field: &'static str, code: &'static str, help: impl Into<String>) {
        self.0.push(FieldError { field, code, help: help.into() });
    }

    fn bound(&mut self, field: &'static str, value: u16, bounds: RangeInclusive<u16>) {
        if !bounds.contains(&value) {
            let help = format!("choose a number from {} to {}", bounds.start(), bounds.end());
            self.refuse(field, "out_of_bounds", help);
        }
    }

    fn cleaned<T>(&mut self, field: &'static str, place: &mut T, cleaned: Result<T, TextError>) {
        match cleaned {
            Ok(text) => *place = text,
            Err(error) => self.refuse(field, error.code(), error.to_string()),
        }
    }

    fn line(&mut self, field: &'static str, line: &mut String, max: usize) {
        let cleaned = text::clean(line, max);
        self.cleaned(field, line, cleaned);
    }

    fn localized(&mut self, fields: [&'static str; 3], texts: &mut Localized, max: usize) {
        for (field, text) in fields.into_iter().zip([&mut texts.en, &mut texts.fr, &mut texts.es]) {
            let cleaned = text::lines(text.as_deref().unwrap_or_default(), max);
            self.cleaned(field, text, cleaned);
        }
    }

    fn link(&mut self, field: &'static str, url: &mut Option<String>, kind: link::Kind) {
        *url = url.take().map(|url| url.trim().to_owned()).filter(|url| !url.is_empty());
        if url.as_deref().is_some_and(|url| !link::is_safe(url, kind)) {
            self.refuse(field, "not_a_link", kind.help());
        }
    }

    /// In the order given, each once.
    fn told(&mut self, field: &'static str, workers: &mut Vec<WorkerId>) {
        let mut known = BTreeSet::new();
        workers.retain(|worker| known.insert(*worker));
        if workers.len() > TOLD {
            self.refuse(field, "too_many", format!("choose at most {TOLD} workers"));
        }
    }
}

impl Settings {
    /// Settings, if every value lies within its bounds. Texts are brought into their stored form.
    ///
    /// # Errors
    /// Every field that doesn't, not just the first.
    pub fn new(mut draft: Draft) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::default();
        check.general(&draft.general);
        check.advanced(&mut draft.advanced);
        check.agency(&mut draft.agency);
        check.communications(&mut draft.communications);
        let request = &mut draft.request_service;
        let fields = ["request_service.text.en", "request_service.text.fr", "request_service.text.es"];
        check.localized(fields, &mut request.text, 1_000);
        check.told("request_service.receivers", &mut request.receivers);
        let tiles = &draft.images.tiles;
        if tiles.len() < Tile::ALL.len() || tiles.values().any(|choice| !PICTURES.contains(choice)) {
            check.refuse("images.tiles", "out_of_bounds", "choose a picture from 1 to 6 for each tile");
        }
        if let Err(faint) = draft.theme.check() {
            check.refuse(faint.field, "contrast_too_low", faint.to_string());
        }
        if check.0.is_empty() { Ok(Self(draft)) } else { Err(check.0) }
    }

    /// The same, of which so much is proven.
    #[must_use]
    pub fn proven(mut self, proof: Proof) -> Self {
        self.0.proof = proof;
        self
    }

    /// The settings as a draft, to be changed and checked again.
    #[must_use]
    pub fn into_draft(self) -> Draft {
        self.0
    }

    /// Whether `ClientConnect` serves clients: create, resend, enable, activate, sign in.
    ///
    /// # Errors
    /// The first thing in the way.
    pub fn ready(&self) -> Result<(), NotReady> {
        self.can_be_enabled()?;
        if self.general.enabled { Ok(()) } else { Err(NotReady::NotEnabled) }
    }

    /// Whether `ClientConnect` may be switched on (C2).
    ///
    /// # Errors
    /// The first thing that is missing.
    pub fn can_be_enabled(&self) -> Result<(), NotReady> {
        self.missing().next().map_or(Ok(()), Err)
    }

    /// All that is missing before `ClientConnect` may be switched on (C2).
    pub fn missing(&self) -> impl Iterator<Item = NotReady> + use<> {
        let there = [
            (NotReady::ClientDeliveryOff, self.communications.reach_clients()),
            (NotReady::AuthenticationEmailNotReady, self.proof.holds()),
            (NotReady::NoPrivacyPolicy, self.texts.privacy.is_some()),
            (NotReady::NoTerms, self.texts.terms.is_some()),
        ];
        there.into_iter().filter_map(|(missing, there)| (!there).then_some(missing))
    }

    /// The settings of a copy of the data, by which no client is reached: client delivery and `ClientConnect` are off,
    /// and the authentication email has to prove itself where the copy is.
    #[must_use]
    pub fn reaching_nobody(mut self) -> Self {
        let Draft { version, general, communications, proof, .. } = &mut self.0;
        *version += 1;
        general.enabled = false;
        communications.client_delivery = false;
        *proof = Proof::default();
        self
    }

    /// Whom activation, reset and security mails come from.
    #[must_use]
    pub fn authentication_sender(&self) -> &Sender {
        self.communications.authentication_sender()
    }

    /// The agency's own date.
    #[must_use]
    pub fn today(&self, now: DateTime<Utc>) -> NaiveDate {
        now.with_timezone(&self.agency.time_zone).date_naive()
    }
}

impl Deref for Settings {
    type Target = Draft;

    fn deref(&self) -> &Draft {
        &self.0
    }
}

impl Check {
    fn general(&mut self, general: &General) {
        self.bound("general.activation_expiry_days", general.activation_expiry_days.into(), 1..=30);
        self.bound("general.reminder_days", general.reminder_days.into(), 0..=29);
        self.bound("general.minimum_age", general.minimum_age.into(), 0..=21);
        self.bound("general.failed_sign_ins", general.failed_sign_ins, 3..=100);
        self.bound("general.password_minimum", general.password_minimum.into(), 12..=64);
        self.bound("general.idle_minutes", general.idle_minutes.into(), 5..=15);
        self.bound("general.total_hours", general.total_hours.into(), 1..=12);
    }

    fn advanced(&mut self, advanced: &mut Advanced) {
        self.bound("advanced.default_event_minutes", advanced.default_event_minutes, 5..=480);
        self.bound("advanced.messages_before_reply", advanced.messages_before_reply.into(), 1..=20);
        if let Err(help) = Hours::check(&mut advanced.availability) {
            self.refuse("advanced.availability", "availability", help);
        }
    }

    fn agency(&mut self, agency: &mut Agency) {
        self.line("agency.name", &mut agency.name, 100);
        let address = text::lines(&agency.address, 300).and_then(|lines| lines.ok_or(TextError::Empty));
        self.cleaned("agency.address", &mut agency.address, address);
        self.line("agency.phone", &mut agency.phone, 50);
        self.link("agency.help_url", &mut agency.help_url, link::Kind::Page);
        self.link("agency.privacy_url", &mut agency.privacy_url, link::Kind::Page);
        self.link("agency.technical_url", &mut agency.technical_url, link::Kind::PageOrMailbox);
        self.link("agency.contact_url", &mut agency.contact_url, link::Kind::PageOrMailbox);
    }

    fn communications(&mut self, mail: &mut Communications) {
        self.line("communications.sender.name", &mut mail.sender.name, 100);
        if let Some(sender) = &mut mail.authentication.sender {
            self.line("communications.authentication.sender.name", &mut sender.name, 100);
        }
        self.told("communications.told_of_failures", &mut mail.told_of_failures);
        let messages = &mut mail.client_messages;
        self.bound("communications.client_messages.hours_before", messages.hours_before.into(), 1..=168);
        if let Some(sender) = &mut messages.sender {
            self.line("communications.client_messages.sender.name", &mut sender.name, 100);
        }
        let footer = [
            "communications.client_messages.footer.en",
            "communications.client_messages.footer.fr",
            "communications.client_messages.footer.es",
        ];
        self.localized(footer, &mut messages.footer, 500);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{WORKER, at, email, settings, settings_with};
    use crate::theme::Colour;

    #[test]
    fn every_field_out_of_bounds_is_told_at_once() {
        let mut draft = settings().into_draft();
        draft.general = General {
            activation_expiry_days: 31,
            reminder_days: 30,
            minimum_age: 22,
            failed_sign_ins: 2,
            password_minimum: 11,
            idle_minutes: 16,
            total_hours: 13,
            ..draft.general
        };
        draft.advanced = Advanced { default_event_minutes: 4, messages_before_reply: 21, ..draft.advanced };
        draft.advanced.availability.extend(Hours::office());
        draft.agency.name = " ".to_owned();
        draft.agency.help_url = Some("javascript:alert(1)".to_owned());
        draft.agency.privacy_url = Some("mailto:help@harbour.example".to_owned());
        let mail = &mut draft.communications;
        mail.authentication.sender = Some(Sender { name: "a\nb".to_owned(), address: email("a@b.example") });
        mail.told_of_failures = (0..21).map(|number| WorkerId::new(uuid::Uuid::from_u128(number))).collect();
        mail.client_messages.hours_before = 0;
        mail.client_messages.footer.es = Some("é".repeat(501));
        draft.request_service.text.fr = Some("a\tb".to_owned());
        draft.images.tiles.insert(Tile::Inbox, 7);
        draft.theme.brand = Colour { rgb: [0x77; 3] };
        let errors = Settings::new(draft).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| (error.field, error.code)).collect();
        assert_eq!(
            fields,
            [
                ("general.activation_expiry_days", "out_of_bounds"),
                ("general.reminder_days", "out_of_bounds"),
                ("general.minimum_age", "out_of_bounds"),
                ("general.failed_sign_ins", "out_of_bounds"),
                ("general.password_minimum", "out_of_bounds"),
                ("general.idle_minutes", "out_of_bounds"),
                ("general.total_hours", "out_of_bounds"),
                ("advanced.default_event_minutes", "out_of_bounds"),
                ("advanced.messages_before_reply", "out_of_bounds"),
                ("advanced.availability", "availability"),
                ("agency.name", "empty"),
                ("agency.help_url", "not_a_link"),
                ("agency.privacy_url", "not_a_link"),
                ("communications.authentication.sender.name", "control_character"),
                ("communications.told_of_failures", "too_many"),
                ("communications.client_messages.hours_before", "out_of_bounds"),
                ("communications.client_messages.footer.es", "too_long"),
                ("request_service.text.fr", "control_character"),
                ("images.tiles", "out_of_bounds"),
                ("theme.brand", "contrast_too_low"),
            ]
        );
        assert_eq!(errors[0].help, "choose a number from 1 to 30");
    }

    #[test]
    fn texts_are_kept_in_one_form() {
        let settings = settings_with(|draft| {
            draft.agency.address = " 1 Quay Street \r\n\r\n Toronto ".to_owned();
            draft.agency.help_url = Some("  ".to_owned());
            draft.request_service.text.en = Some(" ".to_owned());
            draft.communications.told_of_failures = vec![WORKER, WORKER];
        });
        assert_eq!(settings.agency.address, "1 Quay Street\n\nToronto");
        assert_eq!((&settings.agency.help_url, &settings.request_service.text.en), (&None, &None));
        assert_eq!(settings.communications.told_of_failures, [WORKER]);
    }

    #[test]
    fn the_defaults_are_within_bounds_and_off() {
        let settings = settings_with(|draft| draft.general = General::default());
        assert_eq!((settings.ready(), settings.can_be_enabled()), (Err(NotReady::NotEnabled), Ok(())));
    }

    #[test]
    fn days_are_the_agencys() {
        let midnight_in_toronto = at(15) + chrono::TimeDelta::hours(2);
        assert_eq!(
            settings().today(midnight_in_toronto - chrono::TimeDelta::seconds(1)).to_string(),
            "2026-03-01"
        );
        assert_eq!(settings().today(midnight_in_toronto).to_string(), "2026-03-02");
    }
}
