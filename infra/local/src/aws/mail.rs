//! `SESv2`: every mail is kept, and shown in the mailbox, instead of sent.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use rusqlite::params;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::{parse, reply};
use super::{Ask, AwsError, Grant, LocalAws, Service, arn, random_id};

/// Mails that may be sent in a second, as of an account that has left the sandbox for a while.
const MOST_A_SECOND: f64 = 100.0;
/// Before the name of an identity.
const IDENTITIES: &str = "/v2/email/identities/";

/// A mail that would have been sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// What SES calls the message id.
    pub id: String,
    /// When it was sent, as RFC 3339.
    pub sent_at: String,
    /// The sender, with its name if it has one.
    pub from: String,
    /// All recipients.
    pub to: Vec<String>,
    /// Where answers go.
    pub reply_to: Vec<String>,
    /// The subject.
    pub subject: String,
    /// The HTML part, empty if there is none.
    pub html: String,
    /// The text part, empty if there is none.
    pub text: String,
    /// Names and values of the tags SES would report events with.
    pub tags: Vec<(String, String)>,
    /// Headers added to the usual ones.
    pub headers: Vec<(String, String)>,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("id", &self.id).field("tags", &self.tags).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SendEmail {
    from_email_address: String,
    destination: Destination,
    #[serde(default)]
    reply_to_addresses: Vec<String>,
    content: Content,
    #[serde(default)]
    email_tags: Vec<Pair>,
    configuration_set_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Destination {
    to_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Content {
    simple: Simple,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Simple {
    subject: Text,
    body: Body,
    #[serde(default)]
    headers: Vec<Pair>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Body {
    html: Option<Text>,
    text: Option<Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text {
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Pair {
    name: String,
    value: String,
}

impl From<Pair> for (String, String) {
    fn from(pair: Pair) -> Self {
        (pair.name, pair.value)
    }
}

pub(super) fn ask(request: &Request<Bytes>) -> Result<Ask, AwsError> {
    let path = request.uri().path();
    let asks = |action: &str, on: Vec<Vec<String>>, resource: &str| {
        let grants = on.into_iter().map(|on| Grant { action: format!("ses:{action}"), on }).collect();
        let resources = vec![resource.to_owned()];
        Ok(Ask { service: Service::Ses, action: action.to_owned(), grants, resources })
    };
    let identity = |name: &str| arn("ses", &format!("identity/{name}"));
    if (request.method(), path) == (&Method::GET, "/v2/email/account") {
        return asks("GetAccount", vec![vec!["*".to_owned()]], "");
    }
    if let (&Method::GET, Some(name)) = (request.method(), path.strip_prefix(IDENTITIES)) {
        return asks("GetEmailIdentity", vec![vec![identity(name)]], name);
    }
    if request.method() != Method::POST || path != "/v2/email/outbound-emails" {
        return Err(AwsError::unknown_action(&format!("{} {path}", request.method())));
    }
    let mail: SendEmail = parse(request.body())?;
    let [address, domain] = identities(&mail.from_email_address);
    let set = mail.configuration_set_name.map(|set| vec![arn("ses", &format!("configuration-set/{set}"))]);
    let on = std::iter::once(vec![identity(domain), identity(address)]).chain(set).collect();
    asks("SendEmail", on, domain)
}

/// The identities that a mail from this sender may be sent by: the address and its domain.
fn identities(sender: &str) -> [&str; 2] {
    let address = bare(sender);
    [address, address.rsplit('@').next().unwrap_or_default()]
}

/// The address in `Name <address>`.
fn bare(address: &str) -> &str {
    address.rsplit_once('<').map_or(address, |(_, rest)| rest.trim_end().trim_end_matches('>'))
}

impl LocalAws {
    pub(super) fn ses(&self, ask: &Ask, body: &[u8]) -> Result<Response<Bytes>, AwsError> {
        if ask.action == "SendEmail" {
            return self.send_email(body);
        }
        if ask.action == "GetAccount" {
            let quota =
                json!({ "Max24HourSend": 50_000.0, "MaxSendRate": MOST_A_SECOND, "SentLast24Hours": 0.0 });
            return Ok(reply(StatusCode::OK, &json!({ "SendQuota": quota, "SendingEnabled": true })));
        }
        let name = ask.resources.first().map(String::as_str).unwrap_or_default();
        if !self.world().identities.contains(name) {
            let message = format!("Email identity {name} does not exist.");
            return Err(AwsError::new(StatusCode::NOT_FOUND, "NotFoundException", message));
        }
        let kind = if name.contains('@') { "EMAIL_ADDRESS" } else { "DOMAIN" };
        Ok(reply(
            StatusCode::OK,
            &json!({ "IdentityType": kind, "VerifiedForSendingStatus": true, "VerificationStatus": "SUCCESS" }),
        ))
    }

    fn send_email(&self, body: &[u8]) -> Result<Response<Bytes>, AwsError> {
        let mail: SendEmail = parse(body)?;
        let refused = |message| Err(AwsError::bad_request("BadRequestException", message));
        if !identities(&mail.from_email_address).iter().any(|one| self.world().identities.contains(*one)) {
            return Err(AwsError::bad_request("MessageRejected", "Email address is not verified."));
        }
        if mail.destination.to_addresses.is_empty() {
            return refused("Must have at least one recipient.");
        }
        if mail.destination.to_addresses.iter().any(|to| !bare(to).contains('@')) {
            return refused("Missing final '@domain'");
        }
        let set = mail.configuration_set_name;
        let Content { simple: Simple { subject, body, headers } } = mail.content;
        let text = |part: Option<Text>| part.map(|part| part.data).unwrap_or_default();
        let now = self.clock().now();
        let mail = Mail {
            id: random_id(),
            sent_at: now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            from: mail.from_email_address,
            to: mail.destination.to_addresses,
            reply_to: mail.reply_to_addresses,
            subject: subject.data,
            html: text(body.html),
            text: text(body.text),
            tags: mail.email_tags.into_iter().map(Into::into).collect(),
            headers: headers.into_iter().map(Into::into).collect(),
        };
        let json = serde_json::to_string(&mail).map_err(|error| AwsError::internal(error.to_string()))?;
        let events = set.map(|set| self.mail_events(&mail, &set)).unwrap_or_default();
        self.data().transaction(|sql| {
            sql.execute(
                "INSERT INTO local_mail (id, sent_at, mail) VALUES (?1, ?2, ?3)",
                params![mail.id, now.timestamp_millis(), json],
            )?;
            let rules = self.world().buses.get("default").map(Vec::as_slice).unwrap_or_default();
            events.iter().try_for_each(|event| event.bring(sql, rules, now).map(drop))
        })?;
        self.ring_targets();
        Ok(reply(StatusCode::OK, &json!({ "MessageId": mail.id })))
    }

    /// All mails so far, oldest first.
    ///
    /// # Errors
    /// When the data file can't be read.
    pub fn mails(&self) -> Result<Vec<Mail>, AwsError> {
        let rows: Vec<String> = self.data().sql(|sql| {
            sql.prepare("SELECT mail FROM local_mail ORDER BY number")?
                .query_map([], |row| row.get(0))?
                .collect()
        })?;
        rows.iter()
            .map(|row| serde_json::from_str(row).map_err(|error| AwsError::internal(error.to_string())))
            .collect()
    }

    /// Empties the mailbox.
    pub(crate) fn forget_mails(&self) -> Result<Value, AwsError> {
        let forgotten = self.data().sql(|sql| sql.execute("DELETE FROM local_mail", []))?;
        Ok(json!({ "forgotten": forgotten }))
    }
}
