//! What SES tells of a mail, for a configuration set with an event destination: as its mailbox simulator behaves for the
//! simulator's addresses, and for all others that it was delivered.

use serde_json::{Map, Value, json};

use super::events::Event;
use super::mail::Mail;
use super::{ACCOUNT, LocalAws, arn};

/// Where the simulator lives.
const SIMULATOR: &str = "@simulator.amazonses.com";

/// What happens to a mail.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Happening {
    Send,
    Delivery,
    /// With the reason that SES gives.
    Bounce(&'static str),
    Complaint,
}

impl Happening {
    /// All that happens to a mail to that address, in order.
    fn all(address: &str) -> &'static [Self] {
        let simulated = address.strip_suffix(SIMULATOR).map(|local| local.split('+').next().unwrap_or(local));
        match simulated {
            Some("bounce") => &[Self::Send, Self::Bounce("General")],
            Some("suppressionlist") => &[Self::Send, Self::Bounce("Suppressed")],
            Some("complaint") => &[Self::Send, Self::Delivery, Self::Complaint],
            // `success`, and `ooto`, whose answer goes to the sender.
            _ => &[Self::Send, Self::Delivery],
        }
    }

    /// Its event type, as an event destination names it, and as the event does.
    const fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Send => ("SEND", "Send", "Email Sent"),
            Self::Delivery => ("DELIVERY", "Delivery", "Email Delivered"),
            Self::Bounce(_) => ("BOUNCE", "Bounce", "Email Bounced"),
            Self::Complaint => ("COMPLAINT", "Complaint", "Email Complaint Received"),
        }
    }

    /// The member of the detail that tells more, and what it tells.
    fn more(self, address: &str, at: &str) -> (&'static str, Value) {
        match self {
            Self::Send => ("send", json!({})),
            Self::Delivery => (
                "delivery",
                json!({
                    "timestamp": at, "processingTimeMillis": 0, "recipients": [address],
                    "smtpResponse": "250 2.6.0 Message received", "reportingMTA": "local",
                }),
            ),
            Self::Bounce(why) => (
                "bounce",
                json!({
                    "bounceType": "Permanent", "bounceSubType": why, "timestamp": at, "feedbackId": "local",
                    "bouncedRecipients": [{
                        "emailAddress": address, "action": "failed", "status": "5.1.1",
                        "diagnosticCode": "smtp; 550 5.1.1 user unknown",
                    }],
                }),
            ),
            Self::Complaint => (
                "complaint",
                json!({
                    "timestamp": at, "feedbackId": "local", "complaintFeedbackType": "abuse",
                    "complaintSubType": null, "complainedRecipients": [{ "emailAddress": address }],
                }),
            ),
        }
    }
}

impl LocalAws {
    /// The events of a mail that its configuration set publishes.
    pub(super) fn mail_events(&self, mail: &Mail, set: &str) -> Vec<Event<'static>> {
        let Some(published) = self.world().mail_events.get(set) else { return Vec::new() };
        let own = [("ses:configuration-set", set), ("ses:operation", "SendEmail")];
        let given = mail.tags.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let tags: Map<String, Value> =
            own.into_iter().chain(given).map(|(name, value)| (name.to_owned(), json!([value]))).collect();
        let about = json!({
            "timestamp": mail.sent_at, "source": mail.from, "sendingAccountId": ACCOUNT, "messageId": mail.id,
            "destination": mail.to, "headersTruncated": false, "tags": tags,
        });
        let to =
            mail.to.iter().flat_map(|to| Happening::all(to).iter().map(move |happening| (to, *happening)));
        to.filter(|(_, happening)| published.contains(happening.names().0))
            .map(|(to, happening)| {
                let (_, event_type, detail_type) = happening.names();
                let (member, more) = happening.more(to, &mail.sent_at);
                let detail = json!({ "eventType": event_type, "mail": about, member: more });
                let resources = vec![arn("ses", &format!("configuration-set/{set}"))];
                Event { source: "aws.ses", detail_type, resources, detail }
            })
            .collect()
    }
}
