//! `SESv2`: every mail is kept, and shown in the mailbox, instead of sent.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use rusqlite::params;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::{parse, reply};
use super::{Ask, AwsError, Grant, LocalAws, Service, arn, random_id};

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

const IDENTITIES: &str = "/v2/email/identities/";

pub(super) fn ask(request: &Request<Bytes>) -> Result<Ask, AwsError> {
    if let (&http::Method::GET, Some(identity)) =
        (request.method(), request.uri().path().strip_prefix(IDENTITIES))
    {
        let action = "GetEmailIdentity".to_owned();
        let on = vec![arn("ses", &format!("identity/{identity}"))];
        let grants = vec![Grant { action: format!("ses:{action}"), on }];
        return Ok(Ask { service: Service::Ses, action, grants, resources: vec![identity.to_owned()] });
    }
    if request.method() != http::Method::POST || request.uri().path() != "/v2/email/outbound-emails" {
        return Err(AwsError::unknown_action(&format!("{} {}", request.method(), request.uri().path())));
    }
    let mail: SendEmail = parse(request.body())?;
    let address = bare(&mail.from_email_address);
    let domain = address.rsplit('@').next().unwrap_or_default();
    let identities = [address, domain].map(|identity| arn("ses", &format!("identity/{identity}")));
    let mut grants = vec![Grant { action: "ses:SendEmail".to_owned(), on: identities.to_vec() }];
    if let Some(set) = mail.configuration_set_name {
        let set = arn("ses", &format!("configuration-set/{set}"));
        grants.push(Grant { action: "ses:SendEmail".to_owned(), on: vec![set] });
    }
    Ok(Ask {
        service: Service::Ses,
        action: "SendEmail".to_owned(),
        grants,
        resources: vec![domain.to_owned()],
    })
}

/// The address in `Name <address>`.
fn bare(address: &str) -> &str {
    address.rsplit_once('<').map_or(address, |(_, rest)| rest.trim_end().trim_end_matches('>'))
}

impl LocalAws {
    pub(super) fn ses(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, AwsError> {
        if request.method() == http::Method::GET {
            // Every identity is verified here: what is sent goes no further than the mailbox page.
            let identity = serde_json::json!({ "IdentityType": "DOMAIN", "VerifiedForSendingStatus": true });
            return Ok(Response::new(Bytes::from(identity.to_string())));
        }
        self.send_email(request.body())
    }

    fn send_email(&self, body: &[u8]) -> Result<Response<Bytes>, AwsError> {
        let mail: SendEmail = parse(body)?;
        let refused = |message| Err(AwsError::bad_request("BadRequestException", message));
        if mail.destination.to_addresses.is_empty() {
            return refused("Must have at least one recipient.");
        }
        if mail.destination.to_addresses.iter().any(|to| !bare(to).contains('@')) {
            return refused("Missing final '@domain'");
        }
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
        self.data().sql(|sql| {
            sql.execute(
                "INSERT INTO local_mail (id, sent_at, mail) VALUES (?1, ?2, ?3)",
                params![mail.id, now.timestamp_millis(), json],
            )
        })?;
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
