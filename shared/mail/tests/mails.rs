//! The mails, as they reach clients and workers.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use chrono_tz::Tz;
use domain::settings::Agency;
use domain::{IndividualId, Language, PersonName};
use mail::{Link, Mail, Rendered, Says};

const PORTAL: &str = "https://portal.example.org";
const ADMIN: &str = "https://staff.example.org";
const CODE: &str = "04170358";
const TOKEN: &str = "0401-6a8z-k3m9-q7r2-x5c8-0v1n-4b6t-j9h2-s3d5-f7g8-p0w1-e4y6-u2aa-z9k3-m5q7";

fn agency() -> Agency {
    Agency {
        name: "Alder Quay Community Services".to_owned(),
        address: "240 Demonstration Street, Toronto, ON".to_owned(),
        phone: "+1 416-555-0100 ext. 7".to_owned(),
        time_zone: Tz::America__Toronto,
        language: Language::En,
        help_url: Some("https://agency.example.org/help?topic=start&from=mail".to_owned()),
        privacy_url: None,
        technical_url: None,
        contact_url: Some("mailto:hello@agency.example.org".to_owned()),
    }
}

fn link() -> Link<'static> {
    Link { token: TOKEN, expires_at: "2026-11-29T20:45:00Z".parse().unwrap() }
}

/// Every mail that can be written, with a name and the address of the page that its link opens.
fn kinds() -> [(&'static str, Says<'static>, Option<String>); 22] {
    let at = "2026-11-29T20:45:00Z".parse().unwrap();
    let individual: IndividualId = "ind_00000000000000000000000001".parse().unwrap();
    let page = |page: &str| Some(format!("{page}#{TOKEN}"));
    let (activate, reset) =
        (page("https://portal.example.org/activate"), page("https://portal.example.org/reset"));
    let staff_reset = page("https://staff.example.org/reset");
    [
        ("activation", Says::Activation(link()), activate.clone()),
        ("activation reminder", Says::ActivationReminder(link()), activate),
        ("password reset", Says::PasswordReset(link()), reset.clone()),
        ("account locked", Says::AccountLocked(Some(link())), reset),
        ("account locked, for the agency to unlock", Says::AccountLocked(None), None),
        ("password changed", Says::PasswordChanged(at), None),
        ("sign-in email changed", Says::SignInEmailChanged(at), None),
        ("sign-in email left", Says::SignInEmailLeft(at), None),
        ("email code", Says::EmailCode(CODE), None),
        (
            "invitation asked for",
            Says::InvitationAskedFor(individual),
            Some(format!("https://staff.example.org/individuals/{individual}")),
        ),
        ("worker invited", Says::WorkerInvited(link()), staff_reset.clone()),
        (
            "service request received",
            Says::ServiceRequestReceived(Some("Alder Quay, open on weekdays\nAnswers take two days")),
            Some("https://portal.example.org/services".to_owned()),
        ),
        (
            "worker told of a service request",
            Says::ServiceRequested,
            Some("https://staff.example.org/service-requests".to_owned()),
        ),
        ("worker password reset", Says::WorkerPasswordReset(link()), staff_reset.clone()),
        ("worker locked", Says::WorkerLocked(Some(link())), staff_reset),
        (
            "worker told of a mail that failed",
            Says::ClientMailFailed(individual),
            Some(format!("https://staff.example.org/individuals/{individual}")),
        ),
        ("worker test", Says::Test(Some("Call us at any time.\n<1 Quay Street>")), None),
        ("worker locked, link over", Says::WorkerLocked(None), None),
        ("worker password changed", Says::WorkerPasswordChanged(at), None),
        ("worker has set a second factor", Says::SecondFactorSet(at), None),
        ("worker has no second factor any more", Says::SecondFactorReset(at), None),
        ("worker used a recovery code", Says::RecoveryCodeUsed(at), None),
    ]
}

fn write(language: Language, agency: &Agency, first_name: &str, discreet: bool, says: Says<'_>) -> Rendered {
    let name = PersonName::new(first_name, "", "Moreau", "").unwrap();
    Mail { language, agency, name: &name, portal_url: PORTAL, admin_url: ADMIN, discreet, says }.render()
}

/// An activation mail.
fn render(language: Language, agency: &Agency, first_name: &str, discreet: bool) -> Rendered {
    write(language, agency, first_name, discreet, Says::Activation(link()))
}

/// A mail and how it was made.
struct Made {
    kind: &'static str,
    says: Says<'static>,
    link: Option<String>,
    language: Language,
    discreet: bool,
    mail: Rendered,
}

impl Made {
    fn is_to_client(&self) -> bool {
        !self.kind.starts_with("worker") && self.kind != "invitation asked for"
    }
}

/// Every kind in every language, plain and discreet.
fn all() -> impl Iterator<Item = Made> {
    let both = |language: &Language| [false, true].map(|discreet| (*language, discreet));
    Language::ALL.iter().flat_map(both).flat_map(|(language, discreet)| {
        kinds().map(|(kind, says, link)| {
            let mail = write(language, &agency(), "Chloé", discreet, says);
            Made { kind, says, link, language, discreet, mail }
        })
    })
}

#[test]
fn reads_well_in_every_language() {
    for language in Language::ALL {
        for discreet in [false, true] {
            let mails = all().filter(|made| made.language == *language && made.discreet == discreet);
            let book: Vec<String> = mails
                .map(|Made { kind, mail, .. }| {
                    format!("======== {kind}\nSubject: {}\n\n{}\n", mail.subject, mail.text)
                })
                .collect();
            let name = if discreet { format!("{language}_discreet") } else { language.to_string() };
            insta::assert_snapshot!(name, book.concat());
        }
    }
}

#[test]
fn nothing_is_left_over_or_missing() {
    for Made { kind, mail, .. } in all() {
        assert!(!mail.subject.is_empty() && !mail.subject.contains(['{', '}']));
        assert!(!mail.html.contains("{{") && !mail.html.contains("mail_"), "{kind}");
        let (_, body) = mail.html.split_once("<h1>").unwrap();
        assert!(!body.contains(['{', '}']), "{kind}");
        assert!(!mail.text.contains(['{', '}']) && !mail.text.contains("mail_"));
        let empty = [
            "<h1></h1>",
            "<h2></h2>",
            "</h2></div>",
            "<strong></strong>",
            "href=\"\"",
            "><br /><br /></div>",
        ];
        for empty in empty {
            assert!(!mail.html.contains(empty), "{kind}: {empty}");
        }
        assert!(!mail.text.starts_with('\n') && !mail.text.contains("\n\n\n"), "{kind}");
    }
}

#[test]
fn lines_of_the_text_part_fit_a_terminal() {
    for Made { mail, .. } in all() {
        for line in mail.text.lines().filter(|line| !line.starts_with("https://")) {
            assert!(line.chars().count() <= 72, "{line}");
            assert_eq!(line, line.trim_end());
        }
    }
}

#[test]
fn the_link_is_where_it_should_be_and_nowhere_else() {
    for Made { kind, link, mail, .. } in all() {
        assert!(!mail.subject.contains("0401"));
        let Some(link) = link else {
            assert!(!mail.html.contains("0401") && !mail.text.contains("0401"), "{kind}");
            continue;
        };
        assert_eq!(mail.html.matches(&format!("href=\"{link}\"")).count(), 2, "{kind}: button and text");
        assert_eq!(mail.html.matches(&link).count(), 3, "{kind}: and once to read");
        assert_eq!(mail.text.lines().filter(|line| *line == link).count(), 1, "{kind}: on a line of its own");
        assert_eq!(mail.text.matches(&link).count(), 1);
    }
}

#[test]
fn the_token_can_be_typed_from_a_phone() {
    let rows = ["0401-6a8z-k3m9-q7r2-x5c8", "0v1n-4b6t-j9h2-s3d5-f7g8", "p0w1-e4y6-u2aa-z9k3-m5q7"];
    for made in all().filter(|made| made.kind.starts_with("activation")) {
        assert!(made.mail.html.contains(&rows.join("<br />")));
        for row in rows {
            assert!(made.mail.text.lines().any(|line| line.trim() == row));
        }
        assert!(made.mail.text.contains("portal.example.org/activate"));
    }
}

#[test]
fn a_code_stands_by_itself_and_not_in_the_subject() {
    for Made { mail, .. } in all().filter(|made| made.kind == "email code") {
        assert!(mail.html.contains(&format!(">{CODE}<")));
        assert!(mail.text.lines().any(|line| line.trim() == CODE));
        let (preview, _) = mail.html.split_once("<h1>").unwrap();
        assert!(!mail.subject.contains(CODE) && !preview.contains(CODE), "a locked screen shows neither");
        assert!(!mail.html.contains("Chloé"), "the address may be somebody else's");
    }
}

#[test]
fn discreet_mail_names_nobody_before_it_is_read() {
    let (agency, name) = ("Alder Quay", "Chloé");
    for made in all().filter(Made::is_to_client) {
        let Made { kind, language, discreet, mail, .. } = made;
        assert_eq!(mail.subject.contains(agency), !discreet, "{kind} {language}");
        let (preview, _) = mail.html.split_once("<h1>").unwrap();
        assert_eq!(preview.contains(agency), !discreet, "{kind} {language}");
        let named = !discreet && kind != "email code";
        assert_eq!(mail.html.contains(name), named, "{kind} {language}");
        assert_eq!(mail.text.contains(name), named, "{kind} {language}");
        let (_, footer) = mail.text.split_once("\n--\n").unwrap();
        assert!(footer.starts_with(agency), "who writes is always told at the end");
        if discreet {
            assert!(!mail.subject.contains("ClientConnect"));
        }
    }
}

#[test]
fn workers_are_not_sent_to_the_portal() {
    for Made { kind, mail, .. } in all().filter(|made| !made.is_to_client()) {
        assert!(!mail.html.contains(PORTAL) && !mail.text.contains(PORTAL), "{kind}");
    }
}

#[test]
fn help_opens_the_article_about_the_mail_or_the_agencys_own() {
    let articles = [
        ("activation", "activate"),
        ("activation reminder", "activate"),
        ("password reset", "password"),
        ("account locked", "sign-in"),
        ("account locked, for the agency to unlock", "sign-in"),
        ("password changed", "password"),
        ("sign-in email changed", "sign-in-email"),
        ("sign-in email left", "sign-in-email"),
        ("email code", "sign-in-email"),
        ("service request received", "services"),
    ];
    let own = agency();
    let without = Agency { help_url: None, ..agency() };
    for Made { kind, says, language, discreet, .. } in all() {
        let article = articles.iter().find(|(known, _)| *known == kind);
        let address = article.map(|(_, article)| format!("https://portal.example.org/help/{article}"));
        for (agency, expected) in [(&own, address.as_ref().and(own.help_url.clone())), (&without, address)] {
            let mail = write(language, agency, "Chloé", discreet, says);
            let helps = mail.text.lines().filter(|line| line.contains("/help"));
            let helps: Vec<_> = helps.map(|line| line.split_once(" – ").unwrap().1.to_owned()).collect();
            assert_eq!(helps, expected.iter().cloned().collect::<Vec<_>>(), "{kind}");
            if let Some(url) = expected {
                let link = format!("<a href=\"{}\">", url.replace('&', "&amp;"));
                assert_eq!(mail.html.matches(&link).count(), 1, "{kind}");
            }
        }
    }
}

#[test]
fn a_mail_that_only_tells_has_no_link_that_acts() {
    let telling =
        ["password changed", "sign-in email changed", "sign-in email left", "worker password changed"];
    for Made { kind, mail, .. } in all().filter(|made| telling.contains(&made.kind)) {
        for acting in ["/activate", "/reset", "#"] {
            assert!(!mail.text.contains(acting), "{kind}: {acting}");
        }
    }
}

#[test]
fn what_people_are_called_is_text_and_never_markup() {
    let mut agency = agency();
    agency.name = r#"<script>alert("x")</script> & 'Co'"#.to_owned();
    agency.address = "</td><img src=x onerror=alert(1)>".to_owned();
    agency.phone = "\"><b>1".to_owned();
    agency.help_url = Some("https://agency.example.org/\"><script>".to_owned());
    for Made { kind, says, language, mail: plain, .. } in all().filter(|made| !made.discreet) {
        let mail = write(language, &agency, "<script>\"'&", false, says);
        for raw in ["<script", "<img", "<b>", "\"><", "alert(\"x\")"] {
            let expected = plain.html.matches(raw).count();
            assert_eq!(mail.html.matches(raw).count(), expected, "{kind}: {raw}");
        }
        if kind != "email code" {
            assert!(mail.html.contains("&lt;script&gt;&quot;&#39;&amp;"), "{kind}");
            assert!(mail.text.contains(r#"<script>"'&"#), "plain text is plain");
        }
    }
}

#[test]
fn names_written_from_right_to_left_stay_in_their_place() {
    let mail = render(Language::Es, &agency(), "עדי", false);
    assert!(mail.html.contains("Hola, <bdi>עדי</bdi>:"));
    assert!(mail.html.contains("<bdi>Alder Quay Community Services</bdi>"));
}

#[test]
fn a_subject_cannot_begin_another_header() {
    let mut agency = agency();
    agency.name = "Alder\r\nBcc: everybody@example.org\u{2028}\u{202E}\0Quay".to_owned();
    let mail = render(Language::En, &agency, "Chloé", false);
    assert_eq!(mail.subject, "Alder Bcc: everybody@example.org Quay: set up your online account");
}

#[test]
fn the_html_says_what_it_is_and_loads_nothing() {
    for Made { language, mail, .. } in all() {
        assert!(mail.html.starts_with(&format!("<!doctype html><html lang=\"{language}\" dir=\"ltr\"")));
        assert!(mail.html.contains("prefers-color-scheme: dark"));
        for loading in ["<img", "<link", "@import", "url(", "src=", "<script", "<iframe", "background="] {
            assert!(!mail.html.contains(loading), "{loading}");
        }
        assert!(mail.html.len() < 60 * 1024, "{}", mail.html.len());
    }
}

#[test]
fn colours_have_enough_contrast_in_light_and_dark() {
    for (text, ground) in [
        ("1d2730", "ffffff"),
        ("1d2730", "eef1f4"),
        ("3d4a55", "eef1f4"),
        ("0b5c75", "ffffff"),
        ("0b5c75", "eef1f4"),
        ("ffffff", "0b5c75"),
        ("eef3f6", "1d262d"),
        ("eef3f6", "12181d"),
        ("8fd3ea", "1d262d"),
        ("8fd3ea", "12181d"),
        ("0b2530", "8fd3ea"),
    ] {
        let html = render(Language::En, &agency(), "X", false).html;
        assert!(
            html.contains(&format!("#{text}")) && html.contains(&format!("#{ground}")),
            "not in the mail"
        );
        let (one, two) = (luminance(text), luminance(ground));
        let contrast = (one.max(two) + 0.05) / (one.min(two) + 0.05);
        assert!(contrast >= 4.5, "{text} on {ground}: {contrast:.2}");
    }
}

/// As WCAG 2.2 defines it.
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}

#[test]
fn the_footer_has_the_agency_and_leaves_out_what_it_has_not() {
    let mail = render(Language::En, &agency(), "Chloé", false);
    assert!(mail.html.contains("<a href=\"tel:+14165550100\""));
    assert!(mail.html.contains("href=\"https://agency.example.org/help?topic=start&amp;from=mail\""));
    assert!(mail.html.contains("href=\"https://portal.example.org/privacy\""));
    assert!(mail.text.contains("Contact us – hello@agency.example.org"));
    let mut bare = agency();
    bare.phone.clear();
    bare.address.clear();
    bare.contact_url = None;
    let mail = render(Language::En, &bare, "Chloé", false);
    assert!(!mail.text.contains("Phone") && !mail.html.contains("tel:") && !mail.text.contains("Contact us"));
    assert!(!mail.text.contains("\n\n\n") && !mail.html.contains("<bdi></bdi>"));
}

#[test]
fn times_are_the_agencys() {
    let mut agency = agency();
    agency.time_zone = Tz::Pacific__Auckland;
    let mail = render(Language::En, &agency, "Chloé", false);
    assert!(mail.text.contains("Monday, November 30, 2026"), "{}", mail.text);
}

#[test]
fn debug_output_tells_nothing() {
    let mail = render(Language::En, &agency(), "Chloé", false);
    assert_eq!(format!("{mail:?}"), "Rendered(…)");
}
