//! The mailbox page: what would have been sent, as its reader would see it.

use std::fmt::Write as _;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};

use super::{nothing_here, refuse};
use crate::aws::Mail;
use crate::local::Local;
use crate::server::Served;

/// For our own pages: their style, and mails in frames.
const OWN: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'";
/// For a mail: no scripts, nothing loaded, links open beside it.
const FOREIGN: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'self'";

/// The list, one mail (`/_local/mail/<id>`), or only its HTML part (`/_local/mail/<id>/html`).
pub(super) fn answer(local: &Local, path: &str) -> Response<Bytes> {
    let mails = match local.mails() {
        Ok(mails) => mails,
        Err(error) => return refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    };
    let Some(rest) = path.strip_prefix("/_local/mail").map(|rest| rest.trim_matches('/')) else {
        return nothing_here();
    };
    if rest.is_empty() {
        return page("Mailbox", &list(&mails), OWN);
    }
    let (id, part) = rest.split_once('/').unwrap_or((rest, ""));
    match (mails.iter().find(|mail| mail.id == id), part) {
        (Some(mail), "") => page(&mail.subject, &message(mail), OWN),
        (Some(mail), "html") => html(format!("<base target=\"_blank\">{}", mail.html), FOREIGN),
        _ => nothing_here(),
    }
}

/// The list of the developer's pages.
pub(super) fn index(served: &Served) -> Response<Bytes> {
    let [portal, admin] = &served.origins;
    let body = format!(
        "<h1>ClientConnect on this machine</h1>\
         <ul><li><a href=\"{portal}\">Clients' site</a>, with its API at <code>{portal}/api/portal/v1</code></li>\
         <li><a href=\"{admin}\">Workers' site</a>, with its API at <code>{admin}/api/admin/v1</code></li>\
         <li><a href=\"/_local/mail\">Mailbox</a>: every mail that would have been sent (<a href=\"/_local/mail.json\">JSON</a>)</li>\
         <li><a href=\"/_local/demo.json\">Demo sign-ins</a></li>\
         <li><a href=\"/_local/openapi.json\">OpenAPI documents</a></li>\
         <li><a href=\"/_local/queues.json\">Queues</a>: what waits, dead letters included; POST to <code>/_local/queues/</code> name <code>/redrive</code> brings dead letters back</li>\
         <li><a href=\"/_local/clock\">Clock</a>: POST <code>{{\"advance_seconds\": 86400}}</code> to move it</li></ul>"
    );
    page("ClientConnect on this machine", &body, OWN)
}

fn list(mails: &[Mail]) -> String {
    let mut body = format!("<h1>Mailbox <small>({})</small></h1>", mails.len());
    if mails.is_empty() {
        body.push_str(
            "<p>No mail yet. What the product sends appears here; reload this page to look again.</p>",
        );
        return body;
    }
    body.push_str("<ul class=\"mails\">");
    for mail in mails.iter().rev() {
        push(
            &mut body,
            format_args!(
                "<li><a href=\"/_local/mail/{}\"><span class=\"subject\">{}</span>\
                 <span class=\"meta\"><span>to {}</span>{}</span></a></li>",
                escaped(&mail.id),
                escaped(&mail.subject),
                escaped(&mail.to.join(", ")),
                time(&mail.sent_at),
            ),
        );
    }
    body.push_str("</ul>");
    body
}

fn message(mail: &Mail) -> String {
    let mut body = format!(
        "<p><a href=\"/_local/mail\">← All mails</a></p><h1>{}</h1><dl><dt>From</dt><dd>{}</dd><dt>To</dt><dd>{}</dd>\
         <dt>Sent</dt><dd>{}</dd>",
        escaped(&mail.subject),
        escaped(&mail.from),
        escaped(&mail.to.join(", ")),
        time(&mail.sent_at),
    );
    if !mail.reply_to.is_empty() {
        push(&mut body, format_args!("<dt>Reply to</dt><dd>{}</dd>", escaped(&mail.reply_to.join(", "))));
    }
    for (label, pairs) in [("Tag", &mail.tags), ("Header", &mail.headers)] {
        for (name, value) in pairs {
            push(&mut body, format_args!("<dt>{label}</dt><dd>{}: {}</dd>", escaped(name), escaped(value)));
        }
    }
    body.push_str("</dl>");
    if !mail.html.is_empty() {
        push(
            &mut body,
            format_args!(
                "<h2>As HTML</h2><iframe title=\"The mail as HTML\" sandbox=\"allow-popups allow-popups-to-escape-sandbox\" \
                 src=\"/_local/mail/{}/html\"></iframe>",
                escaped(&mail.id)
            ),
        );
    }
    if !mail.text.is_empty() {
        push(&mut body, format_args!("<h2>As plain text</h2><pre>{}</pre>", escaped(&mail.text)));
    }
    body
}

fn push(body: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string can't fail.
    if body.write_fmt(text).is_err() {
        tracing::error!("a page could not be written");
    }
}

fn page(title: &str, body: &str, policy: &'static str) -> Response<Bytes> {
    html(
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{}</title><style>{}</style></head>\
             <body><main>{body}</main></body></html>",
            escaped(title),
            include_str!("page.css"),
        ),
        policy,
    )
}

fn html(body: String, policy: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", policy),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// To the minute, for people; exactly, for programs.
fn time(sent_at: &str) -> String {
    let minutes = sent_at.get(..16).unwrap_or(sent_at).replace('T', " ");
    format!("<time datetime=\"{0}\">{1} UTC</time>", escaped(sent_at), escaped(&minutes))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
