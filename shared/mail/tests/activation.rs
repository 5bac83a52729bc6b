//! The activation mail, as it reaches a client.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use chrono_tz::Tz;
use domain::settings::Agency;
use domain::{Language, PersonName};
use mail::{ActivationMail, Rendered};

const PORTAL: &str = "https://portal.example.org";
const TOKEN: &str = "0401-6a8z-k3m9-q7r2-x5c8-0v1n-4b6t-j9h2-s3d5-f7g8-p0w1-e4y6-u2aa-z9k3-m5q7";
const LINK: &str = "https://portal.example.org/activate#0401-6a8z-k3m9-q7r2-x5c8-0v1n-4b6t-j9h2-s3d5-f7g8-p0w1-e4y6-u2aa-z9k3-m5q7";

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

fn render(language: Language, agency: &Agency, first_name: &str, discreet: bool) -> Rendered {
    let name = PersonName::new(first_name, "", "Moreau", "").unwrap();
    let expires_at = "2026-11-29T20:45:00Z".parse().unwrap();
    ActivationMail { language, agency, name: &name, portal_url: PORTAL, token: TOKEN, expires_at, discreet }
        .render()
}

/// Every language, plain and discreet.
fn all() -> impl Iterator<Item = (Language, bool, Rendered)> {
    let both = |language: &Language| [false, true].map(|discreet| (*language, discreet));
    Language::ALL
        .iter()
        .flat_map(both)
        .map(|(language, discreet)| (language, discreet, render(language, &agency(), "Chloé", discreet)))
}

#[test]
fn reads_well_in_every_language() {
    for (language, discreet, mail) in all() {
        let name = if discreet { format!("{language}_discreet") } else { language.to_string() };
        insta::assert_snapshot!(name, format!("Subject: {}\n\n{}", mail.subject, mail.text));
    }
}

#[test]
fn nothing_is_left_over_or_missing() {
    for (_, _, mail) in all() {
        assert!(!mail.subject.is_empty() && !mail.subject.contains(['{', '}']));
        assert!(
            !mail.html.contains("{{") && !mail.html.contains("mail_") && !mail.html.contains("{expires}")
        );
        assert!(!mail.text.contains(['{', '}']) && !mail.text.contains("mail_"));
        for empty in ["><h1></h1>", "<h2></h2>", "<strong></strong>", "href=\"\""] {
            assert!(!mail.html.contains(empty), "{empty}");
        }
    }
}

#[test]
fn lines_of_the_text_part_fit_a_terminal() {
    for (_, _, mail) in all() {
        for line in mail.text.lines().filter(|line| !line.starts_with("https://")) {
            assert!(line.chars().count() <= 72, "{line}");
            assert_eq!(line, line.trim_end());
        }
    }
}

#[test]
fn the_link_is_where_it_should_be_and_nowhere_else() {
    for (_, _, mail) in all() {
        assert_eq!(mail.html.matches(&format!("href=\"{LINK}\"")).count(), 2, "button and text");
        assert_eq!(mail.html.matches(LINK).count(), 3, "and once to read");
        assert_eq!(mail.text.lines().filter(|line| *line == LINK).count(), 1, "on a line of its own");
        assert_eq!(mail.text.matches(LINK).count(), 1);
        assert!(!mail.subject.contains("0401"));
    }
}

#[test]
fn the_code_can_be_typed_from_a_phone() {
    let rows = ["0401-6a8z-k3m9-q7r2-x5c8", "0v1n-4b6t-j9h2-s3d5-f7g8", "p0w1-e4y6-u2aa-z9k3-m5q7"];
    for (_, _, mail) in all() {
        assert!(mail.html.contains(&rows.join("<br />")));
        for row in rows {
            assert!(mail.text.lines().any(|line| line.trim() == row));
        }
        assert!(mail.text.contains("portal.example.org/activate"));
    }
}

#[test]
fn discreet_mail_names_nobody_before_it_is_read() {
    let (agency, name) = ("Alder Quay", "Chloé");
    for (language, discreet, mail) in all() {
        assert_eq!(mail.subject.contains(agency), !discreet, "{language}");
        let (preview, _) = mail.html.split_once("<h1>").unwrap();
        assert_eq!(preview.contains(agency), !discreet, "{language}");
        assert_eq!(mail.html.contains(name), !discreet, "{language}");
        assert_eq!(mail.text.contains(name), !discreet, "{language}");
        let (_, footer) = mail.text.split_once("\n--\n").unwrap();
        assert!(footer.starts_with(agency), "who writes is always told at the end");
        if discreet {
            assert!(!mail.subject.contains("ClientConnect"));
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
    for language in Language::ALL {
        let mail = render(*language, &agency, "<script>\"'&", false);
        for raw in ["<script", "<img", "<b>", "\"><", "alert(\"x\")"] {
            assert_eq!(
                mail.html.matches(raw).count(),
                mail_without_names(*language).matches(raw).count(),
                "{raw}"
            );
        }
        assert!(mail.html.contains("&lt;script&gt;&quot;&#39;&amp;"));
        assert!(mail.text.contains(r#"<script>"'&"#), "plain text is plain");
    }
}

fn mail_without_names(language: Language) -> String {
    render(language, &agency(), "X", false).html
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
    for (language, _, mail) in all() {
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
        let html = mail_without_names(Language::En);
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
