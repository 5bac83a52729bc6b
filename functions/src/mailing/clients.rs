//! Mails to clients: about their account, to their sign-in email, but for those of a change of just that (A18); and client
//! messages, to the contact they consented to (B9).

use chrono::{DateTime, Utc};
use credentials::LinkOf;
use domain::account::{Account, Reason, State};
use domain::mail::{
    Decision, MailKind, decide_activation_mail, decide_client_message, decide_locked_mail, decide_reset_mail,
    decide_security_mail,
};
use domain::session::Session;
use domain::settings::Settings;
use domain::{AccountId, EmailAddress, Individual, IndividualId, JobId, MailId, SessionId};
use mail::{Link, Mail, Says};
use store::{Fault, MailAddress, MailOf, Reader, ask};

use super::{Outgoing, conclude, mailbox, missing, token};
use crate::context::Context;

/// A mail asked for, and about whom.
pub(super) struct ClientMail {
    pub(super) mail: MailId,
    pub(super) individual: IndividualId,
    pub(super) account: AccountId,
    /// When it was asked for.
    pub(super) at: DateTime<Utc>,
    /// The bulk job that asked for it.
    pub(super) job: Option<JobId>,
}

/// What it is about.
#[derive(Clone, Copy)]
pub(super) enum ToClient {
    Activation { generation: u16 },
    ActivationReminder { generation: u16 },
    PasswordReset { generation: u16 },
    AccountLocked { generation: u16 },
    PasswordChanged,
    SignInEmailChanged,
    SignInEmailLeft,
    EmailCode { session: SessionId },
    ServiceRequestReceived,
}

/// All that a decision looks at.
struct Seen {
    account: Account,
    individual: Individual,
    settings: Settings,
    session: Option<Session>,
    former: Option<MailAddress>,
}

pub(super) async fn send(context: &Context<'_>, asked: ClientMail, about: ToClient) -> Result<(), Fault> {
    let ClientMail { mail, individual, account, at, job } = asked;
    let reader = Reader::Client { individual, account };
    let of = MailOf { mail, kind: about.kind(), reader, job };
    let questions = (
        ask::account(account),
        ask::individual(individual),
        ask::settings(),
        about.session().map(ask::session),
        matches!(about, ToClient::SignInEmailLeft).then(|| ask::mail_address(mail)),
    );
    let (account, individual, settings, session, former) = context.services.store.ask(questions).await?;
    let (Some(account), Some(individual)) = (account, individual) else {
        return Err(missing(&format!("account or individual of {mail}")));
    };
    // Settings are read, not taken from a cache: a mail uses what was saved before it.
    let settings = context.settings(settings)?;
    let seen = Seen {
        account: account.value,
        individual: individual.value,
        settings: Settings::clone(&settings),
        session,
        former,
    };
    let decided = match seen.decide(about, mail, context.now)? {
        Decision::Send(to) => Ok(write(context, &seen, about, mail, at, to).await?),
        Decision::Drop(reason) => Err(reason),
    };
    conclude(context, &seen.settings, of, decided).await
}

impl Seen {
    fn decide(&self, about: ToClient, mail: MailId, now: DateTime<Utc>) -> Result<Decision, Fault> {
        let Self { account, individual, settings, .. } = self;
        Ok(match about {
            ToClient::Activation { generation } | ToClient::ActivationReminder { generation } => {
                decide_activation_mail(account, individual, settings, now, generation)
            }
            ToClient::PasswordReset { generation } => decide_reset_mail(account, settings, now, generation),
            ToClient::AccountLocked { generation } => decide_locked_mail(account, settings, generation),
            ToClient::PasswordChanged | ToClient::SignInEmailChanged => {
                decide_security_mail(account, settings)
            }
            ToClient::SignInEmailLeft => {
                let MailAddress(former) =
                    self.former.clone().ok_or_else(|| missing(&format!("address of {mail}")))?;
                instead(decide_security_mail(account, settings), former)
            }
            ToClient::ServiceRequestReceived => decide_client_message(account, individual, settings),
            ToClient::EmailCode { .. } => match self.wanted_address(mail, now) {
                Some(wanted) => instead(decide_security_mail(account, settings), wanted),
                None => Decision::Drop(Reason::SessionOver),
            },
        })
    }

    /// The address that the session still waits to see proven by this mail's code.
    fn wanted_address(&self, mail: MailId, now: DateTime<Utc>) -> Option<EmailAddress> {
        let session = self.session.as_ref().filter(|session| session.epoch == self.account.epoch)?;
        let change = session.email_change.as_ref()?;
        (change.mail == mail && change.tries_left(now) > 0).then(|| change.address.clone())
    }
}

fn instead(decision: Decision, address: EmailAddress) -> Decision {
    match decision {
        Decision::Send(_) => Decision::Send(address),
        dropped @ Decision::Drop(_) => dropped,
    }
}

async fn write(
    context: &Context<'_>,
    seen: &Seen,
    about: ToClient,
    mail: MailId,
    at: DateTime<Utc>,
    to: EmailAddress,
) -> Result<Outgoing, Fault> {
    let Seen { account, individual, settings, .. } = seen;
    let secret = match about {
        ToClient::Activation { generation } | ToClient::ActivationReminder { generation } => {
            token(context, LinkOf::Activation(account.id), generation).await?
        }
        ToClient::PasswordReset { generation } | ToClient::AccountLocked { generation } => {
            token(context, LinkOf::PasswordReset(account.id), generation).await?
        }
        ToClient::EmailCode { session } => context.services.links().await?.email_code(session, mail, &to),
        _ => String::new(),
    };
    let language = account.language.unwrap_or(individual.language);
    let link = || link(account, &secret).ok_or_else(|| missing(&format!("end of the link in {mail}")));
    let says = match about {
        ToClient::Activation { .. } => Says::Activation(link()?),
        ToClient::ActivationReminder { .. } => Says::ActivationReminder(link()?),
        ToClient::PasswordReset { .. } => Says::PasswordReset(link()?),
        ToClient::AccountLocked { generation } => {
            let opens = settings.general.client_may_unlock
                && account.check_reset_link(settings, context.now, generation).is_ok();
            Says::AccountLocked(if opens { Some(link()?) } else { None })
        }
        ToClient::PasswordChanged => Says::PasswordChanged(at),
        ToClient::SignInEmailChanged => Says::SignInEmailChanged(at),
        ToClient::SignInEmailLeft => Says::SignInEmailLeft(at),
        ToClient::EmailCode { .. } => Says::EmailCode(&secret),
        ToClient::ServiceRequestReceived => {
            let footer = &settings.communications.client_messages.footer;
            let footer =
                footer.in_language(language).or_else(|| footer.in_language(settings.agency.language));
            Says::ServiceRequestReceived(footer)
        }
    };
    let mail = Mail {
        language,
        agency: &settings.agency,
        name: &individual.name,
        portal_url: context.services.variable("PORTAL_URL")?,
        admin_url: context.services.variable("ADMIN_URL")?,
        discreet: settings.general.discreet_mail,
        says,
    };
    let sender = match about {
        ToClient::ServiceRequestReceived => settings.communications.message_sender(),
        _ => settings.authentication_sender(),
    };
    let unnamed = mail.discreet.then(|| mail::message(language, "mail_sender_discreet", &[])).flatten();
    let from = mailbox(unnamed.as_ref().unwrap_or(&sender.name), &sender.address);
    Ok(Outgoing { from, to, language, rendered: mail.render() })
}

/// The account's link, which ends when the invitation does, or the reset.
fn link<'a>(account: &Account, token: &'a str) -> Option<Link<'a>> {
    let expires_at = match account.state {
        State::Pending { expires_at, .. } => Some(expires_at),
        _ => account.reset_expires_at,
    };
    expires_at.map(|expires_at| Link { token, expires_at })
}

impl ToClient {
    const fn kind(self) -> MailKind {
        match self {
            Self::Activation { .. } => MailKind::Activation,
            Self::ActivationReminder { .. } => MailKind::ActivationReminder,
            Self::PasswordReset { .. } => MailKind::PasswordReset,
            Self::AccountLocked { .. } => MailKind::AccountLocked,
            Self::PasswordChanged => MailKind::PasswordChanged,
            Self::SignInEmailChanged => MailKind::SignInEmailChanged,
            Self::SignInEmailLeft => MailKind::SignInEmailLeft,
            Self::EmailCode { .. } => MailKind::EmailCode,
            Self::ServiceRequestReceived => MailKind::ServiceRequestReceived,
        }
    }

    const fn session(self) -> Option<SessionId> {
        match self {
            Self::EmailCode { session } => Some(session),
            _ => None,
        }
    }
}
