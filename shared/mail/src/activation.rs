//! The invitation to activate an account (A1, A3, A3b, A14).

use std::fmt;

use chrono::{DateTime, Utc};
use domain::settings::Agency;
use domain::{Language, PersonName};

use crate::compiled::{activation_html, activation_text};
use crate::escape::escape;
use crate::fill::{fill, one_line, wrap};
use crate::{Rendered, catalogue, date};

/// Characters in a line of plain text.
const LINE: usize = 72;
/// Groups of the code in a row, so that it fits on a phone.
const GROUPS_IN_ROW: usize = 5;
/// Keeps mailboxes from adding the body to the preview that the preheader is meant to fill.
const PREVIEW_PADDING: usize = 80;

/// What an activation mail says. Its `Debug` shows nothing of it.
pub struct ActivationMail<'a> {
    /// What the client reads.
    pub language: Language,
    /// Who invites; times are in its zone.
    pub agency: &'a Agency,
    /// Who is invited; not named in discreet mail.
    pub name: &'a PersonName,
    /// Origin of the portal, e.g. `https://portal.example.org`: the link is its `/activate#<token>`.
    pub portal_url: &'a str,
    /// The link's secret in its typeable form, groups joined by `-`.
    pub token: &'a str,
    /// When the link ends (A8).
    pub expires_at: DateTime<Utc>,
    /// Whether what shows before the mail is opened tells neither agency nor kind of service.
    pub discreet: bool,
}

impl fmt::Debug for ActivationMail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ActivationMail(…)")
    }
}

/// What the templates ask for, beside messages.
#[derive(Clone, Copy)]
pub(crate) enum Value {
    Subject,
    PreviewEnd,
    Header,
    Greeting,
    Introduction,
    Expires,
    Link,
    ShortAddress,
    Code,
    Footer,
}

impl ActivationMail<'_> {
    /// Writes the mail.
    #[must_use]
    pub fn render(&self) -> Rendered {
        let text = fill(activation_text(self.language), |value| self.text(value));
        Rendered {
            subject: self.text(Value::Subject),
            html: fill(activation_html(self.language), |value| self.html(value)),
            text: wrap(&text, LINE),
        }
    }

    fn text(&self, value: Value) -> String {
        let agency = self.agency_name();
        match value {
            Value::Subject => {
                let key = self.variant("mail_activation_subject", "mail_activation_subject_discreet");
                self.message(key, &[("agency", &agency)], str::to_owned)
            }
            Value::PreviewEnd => String::new(),
            Value::Header => agency,
            Value::Greeting => self.greeting(&one_line(self.name.called()), str::to_owned),
            Value::Introduction => self.introduction(&agency, str::to_owned),
            Value::Expires => date::moment(self.expires_at, self.agency.time_zone, self.language),
            Value::Link => format!("{}#{}", self.page("activate"), self.token),
            Value::ShortAddress => {
                let page = self.page("activate");
                page.split_once("://").map_or(page.as_str(), |(_, address)| address).to_owned()
            }
            Value::Code => format!("    {}", self.code_rows().join("\n    ")),
            Value::Footer => {
                let phone = self.phone().map(|phone| self.phone_line(&phone, str::to_owned));
                let mut lines: Vec<String> =
                    [Some(agency), self.address(), phone].into_iter().flatten().collect();
                for (label, url) in self.footer_links() {
                    lines.push(format!("{label} – {}", url.strip_prefix("mailto:").unwrap_or(&url)));
                }
                lines.join("\n")
            }
        }
    }

    fn html(&self, value: Value) -> String {
        match value {
            Value::PreviewEnd => "&#847;&zwnj;&nbsp;".repeat(PREVIEW_PADDING),
            Value::Header if self.discreet => String::new(),
            Value::Header => isolate(&self.agency_name()),
            Value::Greeting => self.greeting(&isolate(&one_line(self.name.called())), escape),
            Value::Introduction => self.introduction(&isolate(&self.agency_name()), escape),
            Value::Code => self.code_rows().iter().map(|row| escape(row)).collect::<Vec<_>>().join("<br />"),
            Value::ShortAddress => format!(r#"<strong dir="ltr">{}</strong>"#, escape(&self.text(value))),
            Value::Footer => self.html_footer(),
            Value::Subject | Value::Expires | Value::Link => escape(&self.text(value)),
        }
    }

    fn html_footer(&self) -> String {
        let name = format!("<strong>{}</strong>", isolate(&self.agency_name()));
        let address = self.address().map(|address| isolate(&address));
        let phone = self.phone().map(|phone| {
            // An extension is for people to read: dialled with the rest, it would be a wrong number.
            let number = phone.chars().take_while(|c| !c.is_alphabetic());
            let dialled: String = number.filter(|c| c.is_ascii_digit() || *c == '+').collect();
            let shown = format!(r#"<a href="tel:{dialled}" dir="ltr">{}</a>"#, escape(&phone));
            self.phone_line(&shown, escape)
        });
        let anchor =
            |(label, url): (String, String)| format!(r#"<a href="{}">{}</a>"#, escape(&url), escape(&label));
        let anchors: Vec<String> = self.footer_links().into_iter().map(anchor).collect();
        let lines = [Some(name), address, phone, Some(anchors.join(" &#183; "))];
        lines.into_iter().flatten().collect::<Vec<_>>().join("<br />")
    }

    fn phone_line(&self, phone: &str, escape: fn(&str) -> String) -> String {
        self.message("mail_footer_phone", &[("phone", phone)], escape)
    }

    fn greeting(&self, name: &str, escape: fn(&str) -> String) -> String {
        let key = self.variant("mail_activation_greeting", "mail_activation_greeting_discreet");
        self.message(key, &[("name", name)], escape)
    }

    fn introduction(&self, agency: &str, escape: fn(&str) -> String) -> String {
        let key = self.variant("mail_activation_intro", "mail_activation_intro_discreet");
        self.message(key, &[("agency", agency)], escape)
    }

    /// A message with params that are escaped already.
    fn message(&self, key: &str, params: &[(&str, &str)], escape: fn(&str) -> String) -> String {
        let text = escape(catalogue::text(self.language, key).unwrap_or_default());
        catalogue::fill(self.language, &text, params).unwrap_or_default()
    }

    fn variant(&self, plain: &'static str, discreet: &'static str) -> &'static str {
        if self.discreet { discreet } else { plain }
    }

    fn page(&self, name: &str) -> String {
        format!("{}/{name}", self.portal_url.trim_end_matches('/'))
    }

    fn code_rows(&self) -> Vec<String> {
        let groups: Vec<&str> = self.token.split('-').collect();
        groups.chunks(GROUPS_IN_ROW).map(|row| row.join("-")).collect()
    }

    fn agency_name(&self) -> String {
        one_line(&self.agency.name)
    }

    fn address(&self) -> Option<String> {
        Some(one_line(&self.agency.address)).filter(|address| !address.is_empty())
    }

    fn phone(&self) -> Option<String> {
        Some(one_line(&self.agency.phone)).filter(|phone| !phone.is_empty())
    }

    /// Labels and addresses: the agency's own pages, else the portal's where it has one.
    fn footer_links(&self) -> Vec<(String, String)> {
        let agency = self.agency;
        let links = [
            ("mail_footer_contact", agency.contact_url.clone()),
            ("mail_footer_help", Some(agency.help_url.clone().unwrap_or_else(|| self.page("help")))),
            ("mail_footer_technical_problems", agency.technical_url.clone()),
            (
                "mail_footer_privacy_policy",
                Some(agency.privacy_url.clone().unwrap_or_else(|| self.page("privacy"))),
            ),
            ("mail_footer_terms_of_use", Some(self.page("terms"))),
        ];
        let label = |key| catalogue::text(self.language, key).unwrap_or_default().to_owned();
        links.into_iter().filter_map(|(key, url)| Some((label(key), url?))).collect()
    }
}

/// The text in HTML, kept from turning the words around it when it is written from right to left.
fn isolate(text: &str) -> String {
    format!("<bdi>{}</bdi>", escape(text))
}
