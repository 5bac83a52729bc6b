//! Sends a mail that somebody waits for. Looks again at account, consent and settings first, and records why if it must
//! not go. SES has no idempotency token: claim, send with the mail's id as tag, mark. A sender that died between is
//! relieved after a while, with the same link in the mail.

use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageTag};
use chrono::TimeDelta;
use credentials::{LinkOf, LinkToken};
use domain::account::{Account, State};
use domain::journal::JournalEvent;
use domain::mail::{Decision, MailKind, decide_activation_mail};
use domain::settings::Settings;
use domain::{EmailAddress, Individual, Language};
use mail::{ActivationMail, Rendered};
use store::{Claim, Fate, Fault, MailOf, MailRecord, ask};

use super::Delivered;
use crate::context::{Context, defect};
use crate::entry::event::MessageOperation;

/// After this long without an answer, another sender takes over.
const STALE_AFTER: TimeDelta = TimeDelta::seconds(120);

/// Sends mail.
pub struct SendMail;

impl MessageOperation for SendMail {
    type Message = Delivered;

    async fn handle(context: &Context<'_>, message: Delivered) -> Result<(), Fault> {
        match message.detail.event {
            JournalEvent::ActivationRequested { account, individual, mail, generation } => {
                send_activation(
                    context,
                    MailOf { mail, kind: MailKind::Activation, individual, account },
                    generation,
                )
                .await
            }
            // Its rule brings nothing else; what it may bring one day waits with the dead letters.
            other => Err(Fault::Internal { what: format!("no mail for {other:?}"), source: None }),
        }
    }
}

async fn send_activation(context: &Context<'_>, of: MailOf, generation: u16) -> Result<(), Fault> {
    let store = &context.services.store;
    let asked = (ask::account(of.account), ask::individual(of.individual), ask::settings());
    let (account, individual, settings) = store.ask(asked).await?;
    // Settings are read, not taken from a cache: a mail uses what was saved before it.
    let settings = context.settings(settings)?;
    let (Some(account), Some(individual)) = (account, individual) else {
        return Err(Fault::Internal {
            what: format!("{} has no account or individual", of.mail),
            source: None,
        });
    };
    let address = match decide_activation_mail(&account, &individual, &settings, context.now, generation) {
        Decision::Send(address) => address,
        Decision::Drop(reason) => {
            return store
                .append_mail(&MailRecord { of, fate: Fate::Dropped { reason }, at: context.now })
                .await;
        }
    };
    match store.claim_mail(of.mail, context.now, STALE_AFTER).await? {
        Claim::Claimed { .. } => {}
        Claim::AlreadySent | Claim::AlreadyDropped => return Ok(()),
        Claim::HeldByAnother { until } => {
            let retry_after = (until - context.now).to_std().unwrap_or_default();
            return Err(Fault::Unavailable {
                what: "another sender is at this mail".to_owned(),
                retry_after,
            });
        }
    }
    let language = account.language.unwrap_or(individual.language);
    let rendered = render(context, &account, &individual, &settings, language).await?;
    let message = send(context, &settings, &address, &of, rendered).await?;
    store
        .append_mail(&MailRecord { of, fate: Fate::Sent { address, language, message }, at: context.now })
        .await
}

async fn render(
    context: &Context<'_>,
    account: &Account,
    individual: &Individual,
    settings: &Settings,
    language: Language,
) -> Result<Rendered, Fault> {
    let State::Pending { expires_at, .. } = account.state else {
        return Err(Fault::Internal { what: format!("{} is not pending", account.id), source: None });
    };
    let token = LinkToken { of: LinkOf::Activation(account.id), generation: account.generation };
    let token = context.services.links().await?.write(token);
    let mail = ActivationMail {
        language,
        agency: &settings.agency,
        name: &individual.name,
        portal_url: context.services.variable("PORTAL_URL")?,
        token: &token,
        expires_at,
        discreet: settings.general.discreet_mail,
    };
    Ok(mail.render())
}

/// Hands the mail to SES; the answer is SES's id of it.
pub(super) async fn send(
    context: &Context<'_>,
    settings: &Settings,
    to: &EmailAddress,
    of: &MailOf,
    rendered: Rendered,
) -> Result<String, Fault> {
    let sender = settings.authentication_sender();
    let text = |text: String| {
        Content::builder().data(text).charset("UTF-8").build().map_err(|error| defect("a mail", error))
    };
    let body = Body::builder().html(text(rendered.html)?).text(text(rendered.text)?).build();
    let message = Message::builder().subject(text(rendered.subject)?).body(body).build();
    let tag = MessageTag::builder()
        .name("mail")
        .value(of.mail.to_string())
        .build()
        .map_err(|error| defect("a mail", error))?;
    let answer = context
        .services
        .ses()?
        .send_email()
        .from_email_address(mailbox(&sender.name, &sender.address))
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

/// `"Name" <address>`, the name quoted, or encoded where it isn't ASCII (RFC 2047).
pub(super) fn mailbox(name: &str, address: &EmailAddress) -> String {
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
