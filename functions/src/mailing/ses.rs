//! The way to SES.

use aws_sdk_sesv2::operation::get_email_identity::GetEmailIdentityError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageTag};
use domain::EmailAddress;
use domain::settings::Settings;
use store::{Fault, MailOf};

use super::Outgoing;
use crate::context::{Context, defect};

/// Hands the mail to SES; the answer is SES's id of it.
pub(super) async fn send(
    context: &Context<'_>,
    settings: &Settings,
    of: &MailOf,
    outgoing: &Outgoing,
) -> Result<String, Fault> {
    let Outgoing { from, to, rendered, .. } = outgoing;
    let text = |text: &str| {
        Content::builder().data(text).charset("UTF-8").build().map_err(|error| defect("a mail", error))
    };
    let body = Body::builder().html(text(&rendered.html)?).text(text(&rendered.text)?).build();
    let message = Message::builder().subject(text(&rendered.subject)?).body(body).build();
    let tag = MessageTag::builder()
        .name("mail")
        .value(of.mail.to_string())
        .build()
        .map_err(|error| defect("a mail", error))?;
    let answer = context
        .services
        .ses()?
        .send_email()
        .from_email_address(from)
        .destination(Destination::builder().to_addresses(to.normalized()).build())
        .set_reply_to_addresses(
            settings.communications.reply_to.as_ref().map(|address| vec![address.normalized().to_owned()]),
        )
        .content(EmailContent::builder().simple(message).build())
        .email_tags(tag)
        .configuration_set_name(context.services.variable("MAIL_CONFIGURATION_SET")?)
        .send()
        .await?;
    Ok(answer.message_id.unwrap_or_default())
}

/// Whether SES knows that the agency may send from there. Of other domains than the deployment's it isn't asked, for no
/// function may send from them.
pub(crate) async fn is_verified(context: &Context<'_>, address: &EmailAddress) -> Result<bool, Fault> {
    let own = context.services.variable("MAIL_DOMAIN")?;
    if address.normalized().rsplit_once('@').is_none_or(|(_, domain)| domain != own) {
        return Ok(false);
    }
    match context.services.ses()?.get_email_identity().email_identity(own).send().await {
        Ok(identity) => Ok(identity.verified_for_sending_status),
        Err(error) if error.as_service_error().is_some_and(GetEmailIdentityError::is_not_found_exception) => {
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

/// `"Name" <address>`, the name quoted, or encoded where it isn't ASCII (RFC 2047).
pub(crate) fn mailbox(name: &str, address: &EmailAddress) -> String {
    let address = address.normalized();
    if name.is_ascii() {
        let quoted: String = name.chars().filter(|c| !matches!(c, '"' | '\\' | '\r' | '\n')).collect();
        format!("\"{quoted}\" <{address}>")
    } else {
        format!("=?UTF-8?B?{}?= <{address}>", data_encoding::BASE64.encode(name.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::mailbox;

    #[test]
    fn a_senders_name_cannot_break_out_of_its_header() {
        let address = "office@example.org".parse().unwrap();
        assert_eq!(
            mailbox("Harbour \"Light\"\r\nBcc: x", &address),
            "\"Harbour LightBcc: x\" <office@example.org>"
        );
        assert_eq!(mailbox("Phare é", &address), "=?UTF-8?B?UGhhcmUgw6k=?= <office@example.org>");
    }
}
