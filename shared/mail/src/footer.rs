//! Who writes, at the end of every mail, discreet ones too.

use domain::Language;
use domain::settings::Agency;

use crate::catalogue::{self, Message};
use crate::compiled::{
    MAIL_FOOTER_CONTACT, MAIL_FOOTER_HELP, MAIL_FOOTER_PHONE, MAIL_FOOTER_PRIVACY_POLICY,
    MAIL_FOOTER_TECHNICAL_PROBLEMS, MAIL_FOOTER_TERMS_OF_USE,
};
use crate::escape::escape;
use crate::fill::one_line;
use crate::letter::isolate;

/// The agency, and for clients where to read and ask more.
pub(crate) struct Footer<'a> {
    pub(crate) language: Language,
    pub(crate) agency: &'a Agency,
    /// In mails to clients.
    pub(crate) portal: Option<Portal<'a>>,
}

/// The clients' site, as far as a mail leads there.
pub(crate) struct Portal<'a> {
    /// Its origin.
    pub(crate) url: &'a str,
    /// The help article about the mail.
    pub(crate) article: &'static str,
}

impl Footer<'_> {
    pub(crate) fn text(&self) -> String {
        let phone = self.phone().map(|phone| self.phone_line(&phone, str::to_owned));
        let own = [Some(one_line(&self.agency.name)), self.address(), phone].into_iter().flatten();
        let links = self
            .links()
            .into_iter()
            .map(|(label, url)| format!("{label} – {}", url.strip_prefix("mailto:").unwrap_or(&url)));
        own.chain(links).collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn html(&self) -> String {
        let name = format!("<strong>{}</strong>", isolate(&one_line(&self.agency.name)));
        let address = self.address().map(|address| isolate(&address));
        let phone = self.phone().map(|phone| self.phone_line(&phone_link(&phone), escape));
        let anchor =
            |(label, url): (&str, String)| format!(r#"<a href="{}">{}</a>"#, escape(&url), escape(label));
        let anchors: Vec<String> = self.links().into_iter().map(anchor).collect();
        let anchors = Some(anchors.join(" &#183; ")).filter(|anchors| !anchors.is_empty());
        [Some(name), address, phone, anchors].into_iter().flatten().collect::<Vec<_>>().join("<br />")
    }

    pub(crate) fn phone(&self) -> Option<String> {
        Some(one_line(&self.agency.phone)).filter(|phone| !phone.is_empty())
    }

    fn phone_line(&self, phone: &str, escape: fn(&str) -> String) -> String {
        let text = escape(MAIL_FOOTER_PHONE.text(self.language));
        catalogue::fill(self.language, &text, &[("phone", phone)]).unwrap_or_default()
    }

    fn address(&self) -> Option<String> {
        Some(one_line(&self.agency.address)).filter(|address| !address.is_empty())
    }

    /// Labels and addresses: the agency's own pages, else the portal's where it has one.
    fn links(&self) -> Vec<(&'static str, String)> {
        let Some(Portal { url, article }) = self.portal else { return Vec::new() };
        let agency = self.agency;
        let page = |name: &str| format!("{}/{name}", url.trim_end_matches('/'));
        let own = |url: &Option<String>, name: &str| Some(url.clone().unwrap_or_else(|| page(name)));
        let links: [(Message, Option<String>); 5] = [
            (MAIL_FOOTER_CONTACT, agency.contact_url.clone()),
            (MAIL_FOOTER_HELP, own(&agency.help_url, &format!("help/{article}"))),
            (MAIL_FOOTER_TECHNICAL_PROBLEMS, agency.technical_url.clone()),
            (MAIL_FOOTER_PRIVACY_POLICY, own(&agency.privacy_url, "privacy")),
            (MAIL_FOOTER_TERMS_OF_USE, Some(page("terms"))),
        ];
        links.into_iter().filter_map(|(label, url)| Some((label.text(self.language), url?))).collect()
    }
}

/// A telephone number as HTML that can be pressed.
pub(crate) fn phone_link(phone: &str) -> String {
    // An extension is for people to read: dialled with the rest, it would be a wrong number.
    let number = phone.chars().take_while(|c| !c.is_alphabetic());
    let dialled: String = number.filter(|c| c.is_ascii_digit() || *c == '+').collect();
    format!(r#"<a href="tel:{dialled}" dir="ltr">{}</a>"#, escape(phone))
}
