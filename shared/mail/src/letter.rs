//! A mail put together from blocks: the same ones as HTML and as plain text, in one layout.

use domain::Language;
use domain::settings::Agency;

use crate::Rendered;
use crate::catalogue::{self, Message};
use crate::compiled::{self, MAIL_FOOTER_PHONE};
use crate::escape::escape;
use crate::fill::{Hole, fill, one_line, wrap};
use crate::footer::{Footer, phone_link};

/// Characters in a line of plain text.
const LINE: usize = 72;
/// Groups of a typeable code in a row, so that it fits on a phone.
const GROUPS_IN_ROW: usize = 5;
/// Keeps mailboxes from adding the body to the preview that the preheader is meant to fill.
const PREVIEW_PADDING: usize = 80;

/// A block of a mail's body.
pub(crate) enum Block {
    /// What the mail is about; in plain text the subject says it.
    Title(Message),
    /// A paragraph.
    Paragraph(Message),
    /// What the agency wrote, line by line.
    Written(String),
    /// What to press; in plain text a sentence and the link.
    Button { label: Message, sentence: Message, url: String },
    /// How long the link lives, and what then.
    Until(Message, Message),
    /// The link to copy; in plain text it stands where the button is.
    Link(Message, String),
    /// The token as it is typed, in rows.
    Typed(Message, String),
    /// A code of a few digits.
    Digits(Message, String),
    /// The agency's telephone number, if it has one.
    Phone,
    /// A heading with lines below it.
    Section(Message, Vec<Message>),
}

/// A value of a placeholder.
pub(crate) enum Value {
    /// A name: kept from turning the words around it when it is written from right to left.
    Name(String),
    /// An address to type.
    Address(String),
    /// Anything else.
    Plain(String),
}

/// A mail before it is written.
pub(crate) struct Letter<'a> {
    pub(crate) language: Language,
    pub(crate) agency: &'a Agency,
    /// Whether nothing before the greeting tells who writes.
    pub(crate) discreet: bool,
    pub(crate) subject: Message,
    pub(crate) preheader: Message,
    pub(crate) blocks: Vec<Block>,
    pub(crate) footer: Footer<'a>,
    /// Why the reader receives it.
    pub(crate) why: Message,
    pub(crate) values: Vec<(&'static str, Value)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Html,
    Text,
}

impl Letter<'_> {
    pub(crate) fn write(&self) -> Rendered {
        let subject = self.said(self.subject, Form::Text);
        Rendered { html: self.html(&subject), text: self.text(), subject }
    }

    fn text(&self) -> String {
        let blocks: Vec<String> = self.blocks.iter().filter_map(|block| self.text_block(block)).collect();
        let why = self.said(self.why, Form::Text);
        wrap(&format!("{}\n\n--\n{}\n\n{why}\n", blocks.join("\n\n"), self.footer.text()), LINE)
    }

    fn html(&self, subject: &str) -> String {
        let padding = "&#847;&zwnj;&nbsp;".repeat(PREVIEW_PADDING);
        let frame = |hole| match hole {
            Hole::Language => self.language.code().to_owned(),
            Hole::Subject => escape(subject),
            Hole::Preheader => escape(&self.said(self.preheader, Form::Text)) + &padding,
            Hole::Header if self.discreet => String::new(),
            Hole::Header => isolate(&one_line(&self.agency.name)),
            Hole::Footer => self.footer.html(),
            Hole::Why => self.said(self.why, Form::Html),
            Hole::Text | Hole::Url => String::new(),
        };
        let blocks: String = self.blocks.iter().map(|block| self.html_block(block)).collect();
        fill(compiled::START, frame) + &blocks + &fill(compiled::END, frame)
    }

    fn text_block(&self, block: &Block) -> Option<String> {
        let said = |message: &Message| self.said(*message, Form::Text);
        Some(match block {
            Block::Title(_) | Block::Link(..) => return None,
            Block::Paragraph(message) => said(message),
            Block::Written(text) => text.clone(),
            Block::Button { sentence, url, .. } => format!("{}\n\n{url}", said(sentence)),
            Block::Until(until, after) => format!("{}\n{}", said(until), said(after)),
            Block::Typed(sentence, token) => {
                format!("{}\n\n    {}", said(sentence), rows(token).join("\n    "))
            }
            Block::Digits(sentence, code) => format!("{}\n\n    {code}", said(sentence)),
            Block::Phone => {
                self.footer.phone()?;
                said(&MAIL_FOOTER_PHONE)
            }
            Block::Section(title, lines) => {
                std::iter::once(title).chain(lines).map(said).collect::<Vec<_>>().join("\n")
            }
        })
    }

    fn html_block(&self, block: &Block) -> String {
        let said = |message: &Message| self.said(*message, Form::Html);
        let part = |part, text: String, url: &str| {
            fill(part, |hole| match hole {
                Hole::Text => text.clone(),
                Hole::Url => escape(url),
                _ => String::new(),
            })
        };
        match block {
            Block::Title(message) => part(compiled::TITLE, said(message), ""),
            Block::Paragraph(message) => part(compiled::PARAGRAPH, said(message), ""),
            Block::Written(text) => {
                let lines: Vec<String> = text.lines().map(escape).collect();
                part(compiled::PARAGRAPH, lines.join("<br />"), "")
            }
            Block::Button { label, url, .. } => part(compiled::BUTTON, said(label), url),
            Block::Until(until, after) => {
                part(compiled::PARAGRAPH, format!("<strong>{}</strong> {}", said(until), said(after)), "")
            }
            Block::Link(sentence, url) => part(compiled::LINK, said(sentence), url),
            Block::Typed(sentence, token) => {
                let rows: Vec<String> = rows(token).iter().map(|row| escape(row)).collect();
                let code = format!(r#"<span class="code" dir="ltr">{}</span>"#, rows.join("<br />"));
                part(compiled::NOTE, format!("{}<br />{code}", said(sentence)), "")
            }
            Block::Digits(sentence, code) => {
                let code = format!(r#"<span class="digits" dir="ltr">{}</span>"#, escape(code));
                part(compiled::PARAGRAPH, format!("{}<br />{code}", said(sentence)), "")
            }
            Block::Phone if self.footer.phone().is_none() => String::new(),
            Block::Phone => {
                part(compiled::PARAGRAPH, format!("<strong>{}</strong>", said(&MAIL_FOOTER_PHONE)), "")
            }
            Block::Section(title, lines) => {
                let lines: Vec<String> = lines.iter().map(said).collect();
                part(compiled::NOTE, format!("<h2>{}</h2>{}", said(title), lines.join("<br />")), "")
            }
        }
    }

    /// A message with its placeholders filled in.
    fn said(&self, message: Message, form: Form) -> String {
        let text = message.text(self.language);
        let text = if form == Form::Html { escape(text) } else { text.to_owned() };
        let phone = self.footer.phone().map(|phone| match form {
            Form::Html => phone_link(&phone),
            Form::Text => phone,
        });
        let values: Vec<(&str, String)> = self
            .values
            .iter()
            .map(|(name, value)| (*name, value.write(form)))
            .chain(phone.map(|phone| ("phone", phone)))
            .collect();
        let params: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        catalogue::fill(self.language, &text, &params).unwrap_or_default()
    }
}

impl Value {
    fn write(&self, form: Form) -> String {
        match (self, form) {
            (Self::Name(text) | Self::Address(text) | Self::Plain(text), Form::Text) => text.clone(),
            (Self::Name(text), Form::Html) => isolate(text),
            (Self::Address(text), Form::Html) => format!(r#"<strong dir="ltr">{}</strong>"#, escape(text)),
            (Self::Plain(text), Form::Html) => escape(text),
        }
    }
}

fn rows(token: &str) -> Vec<String> {
    let groups: Vec<&str> = token.split('-').collect();
    groups.chunks(GROUPS_IN_ROW).map(|row| row.join("-")).collect()
}

/// The text in HTML, kept from turning the words around it when it is written from right to left.
pub(crate) fn isolate(text: &str) -> String {
    format!("<bdi>{}</bdi>", escape(text))
}
