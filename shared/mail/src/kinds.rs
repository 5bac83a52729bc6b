//! What each kind of mail says.

use std::fmt;

use chrono::{DateTime, Utc};
use domain::settings::Agency;
use domain::{IndividualId, Language, PersonName};

use crate::catalogue::Message;
#[cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "the mails' texts, each by its name"))]
use crate::compiled::*;
use crate::fill::one_line;
use crate::footer::{Footer, Portal};
use crate::letter::{Block, Letter, Value};
use crate::{Rendered, date};

/// A mail to a client or worker. Its `Debug` shows nothing of it.
pub struct Mail<'a> {
    /// What the reader reads.
    pub language: Language,
    /// Who writes; times are in its zone.
    pub agency: &'a Agency,
    /// Who reads; not named in discreet mail.
    pub name: &'a PersonName,
    /// Origin of the portal, e.g. `https://portal.example.org`.
    pub portal_url: &'a str,
    /// Origin of the workers' site.
    pub admin_url: &'a str,
    /// Whether what shows before a client's mail is opened tells neither agency nor kind of service.
    pub discreet: bool,
    /// What it is about.
    pub says: Says<'a>,
}

impl fmt::Debug for Mail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mail(…)")
    }
}

/// A link's secret, and when it ends.
#[derive(Clone, Copy)]
pub struct Link<'a> {
    /// In its typeable form, groups joined by `-`.
    pub token: &'a str,
    /// From then on it refuses.
    pub expires_at: DateTime<Utc>,
}

/// What a mail is about, with what only that kind needs.
#[derive(Clone, Copy)]
pub enum Says<'a> {
    /// The invitation to activate an account (A1, A3, A3b, A14).
    Activation(Link<'a>),
    /// The invitation ends soon.
    ActivationReminder(Link<'a>),
    /// The link to choose a new password (A19).
    PasswordReset(Link<'a>),
    /// Wrong passwords have locked the account (A10); no link where the agency unlocks.
    AccountLocked(Option<Link<'a>>),
    /// The password was changed then (A12, A17, A19).
    PasswordChanged(DateTime<Utc>),
    /// The reader's address is now the one to sign in with (A18).
    SignInEmailChanged(DateTime<Utc>),
    /// The reader's address is the one to sign in with no longer (A18).
    SignInEmailLeft(DateTime<Utc>),
    /// The code that proves the reader's address (A18).
    EmailCode(&'a str),
    /// To a worker: this individual asks to be invited again (A3b).
    InvitationAskedFor(IndividualId),
    /// To a worker: the invitation to choose their first password.
    WorkerInvited(Link<'a>),
    /// The client's service request has come; with what client messages have at their foot.
    ServiceRequestReceived(Option<&'a str>),
    /// To a worker: a client asks for a service.
    ServiceRequested,
    /// To a worker: a mail to this individual didn't arrive.
    ClientMailFailed(IndividualId),
    /// To a worker: mails arrive; with what client messages have at their foot.
    Test(Option<&'a str>),
    /// To a worker: the link to choose a new password (B13).
    WorkerPasswordReset(Link<'a>),
    /// To a worker: wrong passwords have locked them out (B13).
    WorkerLocked(Option<Link<'a>>),
    /// To a worker: their password was changed then (B13).
    WorkerPasswordChanged(DateTime<Utc>),
    /// To a worker: their second factor was set up then.
    SecondFactorSet(DateTime<Utc>),
    /// To a worker: a System Administrator took it away then.
    SecondFactorReset(DateTime<Utc>),
    /// To a worker: a recovery code was used in its place then.
    RecoveryCodeUsed(DateTime<Utc>),
}

/// What a kind of mail says beside its frame.
struct Content {
    /// And the discreet one.
    subject: [Message; 2],
    preheader: Message,
    blocks: Vec<Block>,
    why: Message,
}

impl Mail<'_> {
    /// Writes the mail.
    #[must_use]
    pub fn render(&self) -> Rendered {
        let discreet = self.discreet && !self.is_to_worker();
        let Content { subject: [plain, quiet], preheader, mut blocks, why } = self.content();
        let greeting = if discreet || matches!(self.says, Says::EmailCode(_)) {
            MAIL_GREETING_DISCREET
        } else {
            MAIL_GREETING
        };
        blocks.insert(1.min(blocks.len()), Block::Paragraph(greeting));
        let letter = Letter {
            language: self.language,
            agency: self.agency,
            discreet,
            subject: if discreet { quiet } else { plain },
            preheader,
            blocks,
            footer: Footer {
                language: self.language,
                agency: self.agency,
                portal: self.help_article().map(|article| Portal { url: self.portal_url, article }),
            },
            why,
            values: self.values(),
        };
        letter.write()
    }

    /// The portal's help article about it, for clients.
    const fn help_article(&self) -> Option<&'static str> {
        match self.says {
            Says::Activation(_) | Says::ActivationReminder(_) => Some("activate"),
            Says::PasswordReset(_) | Says::PasswordChanged(_) => Some("password"),
            Says::AccountLocked(_) => Some("sign-in"),
            Says::SignInEmailChanged(_) | Says::SignInEmailLeft(_) | Says::EmailCode(_) => {
                Some("sign-in-email")
            }
            Says::ServiceRequestReceived(_) => Some("services"),
            Says::InvitationAskedFor(_)
            | Says::WorkerInvited(_)
            | Says::ServiceRequested
            | Says::ClientMailFailed(_)
            | Says::Test(_)
            | Says::WorkerPasswordReset(_)
            | Says::WorkerLocked(_)
            | Says::WorkerPasswordChanged(_)
            | Says::SecondFactorSet(_)
            | Says::SecondFactorReset(_)
            | Says::RecoveryCodeUsed(_) => None,
        }
    }

    const fn is_to_worker(&self) -> bool {
        self.help_article().is_none()
    }

    #[expect(clippy::too_many_lines, reason = "an arm for each mail")]
    fn content(&self) -> Content {
        match self.says {
            Says::Activation(link) => Content {
                subject: [MAIL_ACTIVATION_SUBJECT, MAIL_ACTIVATION_SUBJECT_DISCREET],
                preheader: MAIL_LINK_PREHEADER,
                blocks: self.invitation(
                    MAIL_ACTIVATION_TITLE,
                    [MAIL_ACTIVATION_INTRO, MAIL_ACTIVATION_INTRO_DISCREET],
                    link,
                ),
                why: MAIL_FOOTER_WHY,
            },
            Says::ActivationReminder(link) => Content {
                subject: [MAIL_REMINDER_SUBJECT, MAIL_REMINDER_SUBJECT_DISCREET],
                preheader: MAIL_LINK_PREHEADER,
                blocks: self.invitation(
                    MAIL_REMINDER_TITLE,
                    [MAIL_REMINDER_INTRO, MAIL_REMINDER_INTRO_DISCREET],
                    link,
                ),
                why: MAIL_FOOTER_WHY,
            },
            Says::PasswordReset(link) => Content {
                subject: [MAIL_RESET_SUBJECT, MAIL_RESET_SUBJECT_DISCREET],
                preheader: MAIL_LINK_PREHEADER,
                blocks: self.reset(MAIL_RESET_TITLE, MAIL_RESET_INTRO, link, MAIL_RESET_UNEXPECTED),
                why: MAIL_FOOTER_WHY_ACCOUNT,
            },
            Says::AccountLocked(link) => self.locked(link),
            Says::PasswordChanged(_) => Content {
                subject: [MAIL_PASSWORD_CHANGED_SUBJECT, MAIL_PASSWORD_CHANGED_SUBJECT_DISCREET],
                preheader: MAIL_PASSWORD_CHANGED_PREHEADER,
                blocks: vec![
                    Block::Title(MAIL_PASSWORD_CHANGED_TITLE),
                    Block::Paragraph(MAIL_PASSWORD_CHANGED_INTRO),
                    Block::Paragraph(MAIL_CHANGED_BY_YOU),
                    Block::Section(MAIL_NOT_YOU_TITLE, vec![MAIL_PASSWORD_CHANGED_NOT_YOU]),
                    Block::Phone,
                ],
                why: MAIL_FOOTER_WHY_ACCOUNT,
            },
            Says::SignInEmailChanged(_) => Content {
                subject: [MAIL_EMAIL_CHANGED_SUBJECT, MAIL_EMAIL_CHANGED_SUBJECT_DISCREET],
                preheader: MAIL_EMAIL_CHANGED_PREHEADER,
                blocks: vec![
                    Block::Title(MAIL_EMAIL_CHANGED_TITLE),
                    Block::Paragraph(MAIL_EMAIL_CHANGED_INTRO),
                    Block::Section(MAIL_NOT_YOU_TITLE, vec![MAIL_EMAIL_CHANGED_NOT_YOU]),
                    Block::Phone,
                ],
                why: MAIL_FOOTER_WHY_ACCOUNT,
            },
            Says::SignInEmailLeft(_) => Content {
                subject: [MAIL_EMAIL_CHANGED_SUBJECT, MAIL_EMAIL_CHANGED_SUBJECT_DISCREET],
                preheader: MAIL_EMAIL_LEFT_PREHEADER,
                blocks: vec![
                    Block::Title(MAIL_EMAIL_CHANGED_TITLE),
                    Block::Paragraph(MAIL_EMAIL_LEFT_INTRO),
                    Block::Paragraph(MAIL_CHANGED_BY_YOU),
                    Block::Section(MAIL_NOT_YOU_TITLE, vec![MAIL_EMAIL_LEFT_NOT_YOU]),
                    Block::Phone,
                ],
                why: MAIL_FOOTER_WHY_LEFT,
            },
            Says::EmailCode(code) => Content {
                subject: [MAIL_CODE_SUBJECT, MAIL_CODE_SUBJECT_DISCREET],
                preheader: MAIL_CODE_PREHEADER,
                blocks: vec![
                    Block::Title(MAIL_CODE_TITLE),
                    Block::Digits(MAIL_CODE_INTRO, code.to_owned()),
                    Block::Until(MAIL_CODE_UNTIL, MAIL_CODE_AFTER),
                    Block::Section(MAIL_SAFE_TITLE, vec![MAIL_CODE_SAFE]),
                    Block::Section(MAIL_NOT_YOU_TITLE, vec![MAIL_CODE_NOT_YOU]),
                ],
                why: MAIL_FOOTER_WHY_CODE,
            },
            Says::InvitationAskedFor(individual) => self.asked_for(individual),
            Says::WorkerInvited(link) => Content {
                subject: [MAIL_WORKER_INVITED_SUBJECT; 2],
                preheader: MAIL_LINK_PREHEADER,
                blocks: self.worker_invited(link),
                why: MAIL_FOOTER_WHY_WORKER,
            },
            Says::ServiceRequestReceived(footer) => self.request_received(footer),
            Says::ServiceRequested => self.service_requested(),
            Says::ClientMailFailed(individual) => {
                let url = self.page(&format!("individuals/{individual}"));
                Content {
                    subject: [MAIL_FAILED_SUBJECT; 2],
                    preheader: MAIL_FAILED_PREHEADER,
                    blocks: vec![
                        Block::Title(MAIL_FAILED_SUBJECT),
                        Block::Paragraph(MAIL_FAILED_INTRO),
                        Block::Paragraph(MAIL_FAILED_WHAT_TO_DO),
                        Block::Button {
                            label: MAIL_ASKED_BUTTON,
                            sentence: MAIL_ASKED_LINK_TEXT,
                            url: url.clone(),
                        },
                        Block::Link(MAIL_LINK_COPY, url),
                    ],
                    why: MAIL_FOOTER_WHY_WORKER,
                }
            }
            Says::Test(footer) => Content {
                subject: [MAIL_TEST_SUBJECT; 2],
                preheader: MAIL_TEST_BODY,
                blocks: [Block::Title(MAIL_TEST_SUBJECT), Block::Paragraph(MAIL_TEST_BODY)]
                    .into_iter()
                    .chain(footer.map(|footer| Block::Written(footer.to_owned())))
                    .collect(),
                why: MAIL_FOOTER_WHY_WORKER,
            },
            Says::WorkerPasswordReset(link) => Content {
                subject: [MAIL_WORKER_RESET_SUBJECT; 2],
                preheader: MAIL_LINK_PREHEADER,
                blocks: self.reset(
                    MAIL_RESET_TITLE,
                    MAIL_WORKER_RESET_INTRO,
                    link,
                    MAIL_WORKER_RESET_UNEXPECTED,
                ),
                why: MAIL_FOOTER_WHY_WORKER,
            },
            Says::WorkerLocked(link) => self.worker_locked(link),
            Says::SecondFactorSet(_) => Self::second_factor(
                MAIL_FACTOR_SET_SUBJECT,
                MAIL_FACTOR_SET_PREHEADER,
                MAIL_FACTOR_SET_TITLE,
                MAIL_FACTOR_SET_INTRO,
            ),
            Says::SecondFactorReset(_) => Self::second_factor(
                MAIL_FACTOR_RESET_SUBJECT,
                MAIL_FACTOR_RESET_PREHEADER,
                MAIL_FACTOR_RESET_TITLE,
                MAIL_FACTOR_RESET_INTRO,
            ),
            Says::RecoveryCodeUsed(_) => Self::second_factor(
                MAIL_RECOVERY_USED_SUBJECT,
                MAIL_RECOVERY_USED_PREHEADER,
                MAIL_RECOVERY_USED_TITLE,
                MAIL_RECOVERY_USED_INTRO,
            ),
            Says::WorkerPasswordChanged(_) => Content {
                subject: [MAIL_WORKER_PASSWORD_CHANGED_SUBJECT; 2],
                preheader: MAIL_PASSWORD_CHANGED_PREHEADER,
                blocks: vec![
                    Block::Title(MAIL_PASSWORD_CHANGED_TITLE),
                    Block::Paragraph(MAIL_WORKER_PASSWORD_CHANGED_INTRO),
                    Block::Paragraph(MAIL_CHANGED_BY_YOU),
                    Block::Section(MAIL_NOT_YOU_TITLE, vec![MAIL_WORKER_PASSWORD_CHANGED_NOT_YOU]),
                ],
                why: MAIL_FOOTER_WHY_WORKER,
            },
        }
    }

    fn second_factor(subject: Message, preheader: Message, title: Message, intro: Message) -> Content {
        Content {
            subject: [subject; 2],
            preheader,
            blocks: vec![
                Block::Title(title),
                Block::Paragraph(intro),
                Block::Paragraph(MAIL_CHANGED_BY_YOU),
                Block::Section(MAIL_NOT_YOU_TITLE, vec![MAIL_WORKER_PASSWORD_CHANGED_NOT_YOU]),
            ],
            why: MAIL_FOOTER_WHY_WORKER,
        }
    }

    fn asked_for(&self, individual: IndividualId) -> Content {
        let url = self.page(&format!("individuals/{individual}"));
        Content {
            subject: [MAIL_ASKED_SUBJECT; 2],
            preheader: MAIL_ASKED_PREHEADER,
            blocks: vec![
                Block::Title(MAIL_ASKED_TITLE),
                Block::Paragraph(MAIL_ASKED_INTRO),
                Block::Paragraph(MAIL_ASKED_WHAT_TO_DO),
                Block::Button { label: MAIL_ASKED_BUTTON, sentence: MAIL_ASKED_LINK_TEXT, url: url.clone() },
                Block::Link(MAIL_LINK_COPY, url),
            ],
            why: MAIL_FOOTER_WHY_WORKER,
        }
    }

    fn worker_invited(&self, link: Link<'_>) -> Vec<Block> {
        let url = format!("{}#{}", self.page("reset"), link.token);
        vec![
            Block::Title(MAIL_WORKER_INVITED_TITLE),
            Block::Paragraph(MAIL_WORKER_INVITED_INTRO),
            Block::Button {
                label: MAIL_WORKER_INVITED_BUTTON,
                sentence: MAIL_WORKER_INVITED_LINK_TEXT,
                url: url.clone(),
            },
            Block::Until(MAIL_LINK_UNTIL, MAIL_WORKER_INVITED_AFTER),
            Block::Link(MAIL_LINK_COPY, url),
            Block::Section(MAIL_SAFE_TITLE, vec![MAIL_SAFE_LINK]),
            Block::Section(MAIL_UNEXPECTED_TITLE, vec![MAIL_WORKER_INVITED_UNEXPECTED]),
        ]
    }

    fn request_received(&self, footer: Option<&str>) -> Content {
        let url = self.page("services");
        let blocks = [
            Block::Title(MAIL_REQUEST_RECEIVED_TITLE),
            Block::Paragraph(MAIL_REQUEST_RECEIVED_INTRO),
            Block::Button {
                label: MAIL_REQUEST_RECEIVED_BUTTON,
                sentence: MAIL_REQUEST_RECEIVED_LINK_TEXT,
                url: url.clone(),
            },
            Block::Link(MAIL_LINK_COPY, url),
            Block::Section(MAIL_NOT_YOU_TITLE, vec![MAIL_REQUEST_RECEIVED_NOT_YOU]),
            Block::Phone,
        ];
        Content {
            subject: [MAIL_REQUEST_RECEIVED_SUBJECT, MAIL_REQUEST_RECEIVED_SUBJECT_DISCREET],
            preheader: MAIL_REQUEST_RECEIVED_PREHEADER,
            blocks: blocks.into_iter().chain(footer.map(|text| Block::Written(text.to_owned()))).collect(),
            why: MAIL_FOOTER_WHY,
        }
    }

    fn service_requested(&self) -> Content {
        let url = self.page("service-requests");
        Content {
            subject: [MAIL_SERVICE_REQUESTED_SUBJECT; 2],
            preheader: MAIL_SERVICE_REQUESTED_PREHEADER,
            blocks: vec![
                Block::Title(MAIL_SERVICE_REQUESTED_SUBJECT),
                Block::Paragraph(MAIL_SERVICE_REQUESTED_INTRO),
                Block::Button {
                    label: MAIL_SERVICE_REQUESTED_BUTTON,
                    sentence: MAIL_SERVICE_REQUESTED_LINK_TEXT,
                    url: url.clone(),
                },
                Block::Link(MAIL_LINK_COPY, url),
            ],
            why: MAIL_FOOTER_WHY_WORKER,
        }
    }

    fn worker_locked(&self, link: Option<Link<'_>>) -> Content {
        let (title, intro) = (MAIL_LOCKED_TITLE, MAIL_WORKER_LOCKED_INTRO);
        let blocks = match link {
            Some(link) => self.reset(title, intro, link, MAIL_WORKER_LOCKED_NOT_YOU),
            None => vec![Block::Title(title), Block::Paragraph(intro)],
        };
        Content {
            subject: [MAIL_WORKER_LOCKED_SUBJECT; 2],
            preheader: MAIL_WORKER_LOCKED_PREHEADER,
            blocks,
            why: MAIL_FOOTER_WHY_WORKER,
        }
    }

    fn invitation(&self, title: Message, [plain, quiet]: [Message; 2], link: Link<'_>) -> Vec<Block> {
        let url = format!("{}#{}", self.page("activate"), link.token);
        vec![
            Block::Title(title),
            Block::Paragraph(if self.discreet { quiet } else { plain }),
            Block::Paragraph(MAIL_ACTIVATION_WHAT_YOU_NEED),
            Block::Button {
                label: MAIL_ACTIVATION_BUTTON,
                sentence: MAIL_ACTIVATION_LINK_TEXT,
                url: url.clone(),
            },
            Block::Until(MAIL_LINK_UNTIL, MAIL_ACTIVATION_AFTER),
            Block::Link(MAIL_LINK_COPY, url),
            Block::Typed(MAIL_ACTIVATION_CODE, link.token.to_owned()),
            Block::Section(MAIL_SAFE_TITLE, vec![MAIL_SAFE_LINK, MAIL_SAFE_SHARED]),
            Block::Section(MAIL_UNEXPECTED_TITLE, vec![MAIL_ACTIVATION_UNEXPECTED]),
        ]
    }

    /// A reset link's mail, for clients and workers.
    fn reset(&self, title: Message, intro: Message, link: Link<'_>, unexpected: Message) -> Vec<Block> {
        let url = format!("{}#{}", self.page("reset"), link.token);
        let safe =
            if self.is_to_worker() { vec![MAIL_SAFE_LINK] } else { vec![MAIL_SAFE_LINK, MAIL_SAFE_SHARED] };
        vec![
            Block::Title(title),
            Block::Paragraph(intro),
            Block::Button { label: MAIL_RESET_BUTTON, sentence: MAIL_RESET_LINK_TEXT, url: url.clone() },
            Block::Until(MAIL_RESET_UNTIL, MAIL_RESET_AFTER),
            Block::Link(MAIL_LINK_COPY, url),
            Block::Section(MAIL_SAFE_TITLE, safe),
            Block::Section(MAIL_NOT_YOU_TITLE, vec![unexpected]),
        ]
    }

    fn locked(&self, link: Option<Link<'_>>) -> Content {
        let mut blocks = match link {
            Some(link) => {
                let mut blocks = self.reset(MAIL_LOCKED_TITLE, MAIL_LOCKED_INTRO, link, MAIL_LOCKED_NOT_YOU);
                blocks.insert(2, Block::Paragraph(MAIL_LOCKED_UNLOCK));
                blocks
            }
            None => vec![
                Block::Title(MAIL_LOCKED_TITLE),
                Block::Paragraph(MAIL_LOCKED_INTRO),
                Block::Paragraph(MAIL_LOCKED_CONTACT),
                Block::Section(MAIL_NOT_YOU_TITLE, vec![MAIL_LOCKED_NOT_YOU]),
            ],
        };
        blocks.push(Block::Phone);
        Content {
            subject: [MAIL_LOCKED_SUBJECT, MAIL_LOCKED_SUBJECT_DISCREET],
            preheader: if link.is_some() { MAIL_LOCKED_PREHEADER } else { MAIL_LOCKED_PREHEADER_CONTACT },
            blocks,
            why: MAIL_FOOTER_WHY_ACCOUNT,
        }
    }

    fn values(&self) -> Vec<(&'static str, Value)> {
        let page = self.page("activate");
        let short = page.split_once("://").map_or(page.as_str(), |(_, address)| address);
        let moment = |at| Value::Plain(date::moment(at, self.agency.time_zone, self.language));
        let time = match self.says {
            Says::Activation(link)
            | Says::ActivationReminder(link)
            | Says::PasswordReset(link)
            | Says::AccountLocked(Some(link))
            | Says::WorkerInvited(link)
            | Says::WorkerPasswordReset(link)
            | Says::WorkerLocked(Some(link)) => Some(("expires", moment(link.expires_at))),
            Says::PasswordChanged(at)
            | Says::SignInEmailChanged(at)
            | Says::SignInEmailLeft(at)
            | Says::WorkerPasswordChanged(at)
            | Says::SecondFactorSet(at)
            | Says::SecondFactorReset(at)
            | Says::RecoveryCodeUsed(at) => Some(("at", moment(at))),
            _ => None,
        };
        let own = [
            ("agency", Value::Name(one_line(&self.agency.name))),
            ("name", Value::Name(one_line(self.name.called()))),
            ("short_address", Value::Address(short.to_owned())),
        ];
        own.into_iter().chain(time).collect()
    }

    /// A page of the reader's site.
    fn page(&self, name: &str) -> String {
        let site = if self.is_to_worker() { self.admin_url } else { self.portal_url };
        format!("{}/{name}", site.trim_end_matches('/'))
    }
}
