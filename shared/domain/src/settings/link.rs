//! Addresses that the agency's pages and mails lead to: nothing that runs, hides where it leads, or isn't encrypted.

use crate::email::EmailAddress;

/// Where a link may lead.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// To a page.
    Page,
    /// To a page, or to somebody's mailbox.
    PageOrMailbox,
}

impl Kind {
    pub(super) const fn help(self) -> &'static str {
        match self {
            Self::Page => {
                "write the address of a page: it begins with https:// and has at most 500 characters"
            }
            Self::PageOrMailbox => {
                "write the address of a page that begins with https://, or mailto: and an email address, of at most 500 characters"
            }
        }
    }
}

/// Whether the address may be shown to clients as a link.
pub(super) fn is_safe(url: &str, kind: Kind) -> bool {
    let plain = |c: char| {
        !c.is_whitespace() && !c.is_control() && !is_invisible(c) && !matches!(c, '"' | '<' | '>' | '\\')
    };
    if url.len() > 500 || !url.chars().all(plain) {
        return false;
    }
    if let Some(address) = url.strip_prefix("mailto:") {
        return kind == Kind::PageOrMailbox && address.parse::<EmailAddress>().is_ok();
    }
    let Some(rest) = url.strip_prefix("https://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    // A name before an @ would let https://agency.example@evil.example look like the agency's.
    let port_is_one = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let host_is_one =
        !host.is_empty() && idna::domain_to_ascii_strict(host).is_ok_and(|host| !host.is_empty());
    port_is_one && host_is_one
}

/// Whether nothing shows where the character stands (Unicode's *default ignorable*): names would look alike.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_and_mailboxes_that_show_where_they_lead() {
        let safe = |url| is_safe(url, Kind::PageOrMailbox);
        for url in [
            "https://agency.example.org",
            "https://agency.example.org:8443/help?topic=a#start",
            "https://münchen.example/à",
            "mailto:help@agency.example.org",
        ] {
            assert!(safe(url), "{url}");
        }
        for url in [
            "",
            "https://",
            "https:///path",
            "https://:443",
            "http://agency.example.org",
            "HTTPS://agency.example.org",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://agency.example.org@evil.example",
            "https://user:pass@evil.example",
            "https://agency.example.org:port",
            "https://agency.example.org:0",
            "https://a b.example",
            "https://agency.example\u{ad}.evil.example",
            "https://agency.example.org\u{200b}",
            "https://a..b.example",
            "https://evil.example\\@agency.example.org",
            "https://agency.example.org/\"><script>",
            "//agency.example.org",
            "mailto:",
            "mailto:nobody",
            "mailto:a@b.example?bcc=c@d.example",
        ] {
            assert!(!safe(url), "{url}");
        }
        assert!(!safe(&format!("https://agency.example.org/{}", "a".repeat(500))));
        assert!(!is_safe("mailto:help@agency.example.org", Kind::Page));
    }
}
