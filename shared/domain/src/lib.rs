//! The domain of `ClientConnect`: its words as types and its rules as functions.
//!
//! Nothing here reads a clock, draws a random number or does I/O: `now` and new ids are arguments. Rules are
//! numbered (`A7`, `B3`, `C1`) as in the documentation of the domain.

#[macro_use]
mod code;

pub mod account;
pub mod alert;
pub mod birth_date;
pub mod bulk;
pub mod email;
pub mod fields;
pub mod id;
pub mod image;
pub mod import;
pub mod individual;
pub mod job;
pub mod journal;
pub mod language;
pub mod licence;
pub mod mail;
pub mod name;
#[cfg(test)]
mod samples;
pub mod service;
pub mod service_file;
pub mod service_request;
pub mod session;
pub mod settings;
pub mod statistics;
pub mod text;
pub mod theme;
pub mod throttle;
pub mod worker;

pub use account::{Account, Changed, Refused, State, StateName};
pub use alert::AlertKind;
pub use birth_date::BirthDate;
pub use code::UnknownCode;
pub use email::EmailAddress;
pub use id::{
    AccountId, ClassId, ContactId, CorrelationId, ImageId, IndividualId, JobId, JournalId, MailId,
    ParseIdError, ServiceFileId, ServiceId, ServiceRequestId, SessionId, SiteId, UploadId, WorkerId,
};
pub use individual::{Contact, Individual};
pub use journal::{Actor, JournalEvent, JournalRecord, Subject};
pub use language::Language;
pub use name::PersonName;
pub use service::{Service, ServiceKind};
pub use service_request::ServiceRequest;
pub use session::Session;
pub use settings::Settings;
pub use worker::{Permission, SecurityClass, Worker};
