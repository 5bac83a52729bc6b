//! Sessions of clients and workers, in a table each.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure};
use chrono::{DateTime, TimeDelta, Utc};
use domain::session::{AuthLevel, Device, EmailChange, Holder, Session};
use domain::{MailId, SessionId};
use serde::{Deserialize, Serialize};

use crate::ask::{FromItem, One};
use crate::commit::{Kind, Refusal, Write, pk};
use crate::count::nonce;
use crate::item::{Map, Page, Position, Shape, attribute, n, parsed, s};
use crate::query::Rows;
use crate::tables::HOLDER;
use crate::{Fault, Store, Table, Transaction};

/// No session lives longer, or idle longer, whatever the settings.
const LONGEST: TimeDelta = TimeDelta::hours(12);
const LONGEST_IDLE: TimeDelta = TimeDelta::minutes(15);

#[derive(Serialize, Deserialize)]
struct SessionItem {
    #[serde(skip_serializing)]
    pk: String,
    holder: String,
    epoch: u32,
    auth_level: AuthLevel,
    opened_at: DateTime<Utc>,
    extended_at: DateTime<Utc>,
    device: Option<Device>,
    email_change: Option<EmailChangeItem>,
    ttl: i64,
}

#[derive(Serialize, Deserialize)]
struct EmailChangeItem {
    address: String,
    mail: MailId,
    until: DateTime<Utc>,
    tries: u8,
}

impl From<&EmailChange> for EmailChangeItem {
    fn from(change: &EmailChange) -> Self {
        let EmailChange { address, mail, until, tries } = change;
        Self { address: address.as_typed().to_owned(), mail: *mail, until: *until, tries: *tries }
    }
}

impl TryFrom<EmailChangeItem> for EmailChange {
    type Error = Fault;

    fn try_from(item: EmailChangeItem) -> Result<Self, Fault> {
        let EmailChangeItem { address, mail, until, tries } = item;
        Ok(Self { address: parsed(&address, "address", Table::Sessions)?, mail, until, tries })
    }
}

impl Shape for SessionItem {
    const TABLE: Table = Table::Sessions;
}

impl From<&Session> for SessionItem {
    fn from(session: &Session) -> Self {
        Self {
            pk: session.id.to_string(),
            holder: session.holder.to_string(),
            epoch: session.epoch,
            auth_level: session.auth_level,
            opened_at: session.opened_at,
            extended_at: session.extended_at,
            device: session.device.clone(),
            email_change: session.email_change.as_ref().map(EmailChangeItem::from),
            ttl: ttl(session),
        }
    }
}

impl TryFrom<SessionItem> for Session {
    type Error = Fault;

    fn try_from(item: SessionItem) -> Result<Self, Fault> {
        Ok(Self {
            id: parsed(&item.pk, "pk", Table::Sessions)?,
            holder: holder(&item.holder)?,
            epoch: item.epoch,
            auth_level: item.auth_level,
            opened_at: item.opened_at,
            extended_at: item.extended_at,
            device: item.device,
            email_change: item.email_change.map(EmailChange::try_from).transpose()?,
        })
    }
}

impl FromItem for Session {
    fn from_item(map: Map) -> Result<Self, Fault> {
        SessionItem::read(map)?.try_into()
    }
}

/// When nobody can be using the session any more.
fn ttl(session: &Session) -> i64 {
    (session.extended_at + LONGEST_IDLE).min(session.opened_at + LONGEST).timestamp()
}

fn holder(text: &str) -> Result<Holder, Fault> {
    let client = text.parse().map(Holder::Client);
    client.or_else(|_| parsed(text, "holder", Table::Sessions).map(Holder::Worker))
}

const fn table(holder: Holder) -> Table {
    match holder {
        Holder::Client(_) => Table::Sessions,
        Holder::Worker(_) => Table::WorkerSessions,
    }
}

const STALE: Refusal = Refusal::Stale(Kind::Session);

pub(crate) fn question(table: Table, id: SessionId) -> One<Session> {
    One::new(table, id.to_string())
}

impl Transaction {
    /// Opens a new session.
    pub fn open_session(&mut self, session: &Session) -> &mut Self {
        let write = SessionItem::from(session)
            .write(&session.id.to_string(), None)
            .map(|map| Write::put(table(session.holder), map).when_new(STALE));
        self.push(write)
    }

    /// Ends one session. All sessions of somebody end by their epoch.
    pub fn close_session(&mut self, session: &Session) -> &mut Self {
        self.push(Ok(Write::delete(table(session.holder), pk(session.id.to_string()))))
    }

    /// Ends the session that `holder` says they had before this one, if it is theirs or over.
    pub fn leave_session(&mut self, id: SessionId, holder: Holder) -> &mut Self {
        let delete = Write::delete(table(holder), pk(id.to_string()))
            .when("attribute_not_exists(pk) OR holder = :holder", STALE)
            .value(":holder", s(holder.to_string()));
        self.push(Ok(delete))
    }

    /// Puts the session that goes on in the place of the one it goes on from, unless that has ended meanwhile.
    pub fn renew_session(&mut self, from: &Session, to: &Session) -> &mut Self {
        let delete = Write::delete(table(from.holder), pk(from.id.to_string()));
        self.push(Ok(delete.when("attribute_exists(pk)", STALE))).open_session(to)
    }

    /// Keeps the sign-in email that the session's client wants to have (A18); another they wanted is forgotten.
    pub fn begin_email_change(&mut self, session: &Session, change: &EmailChange) -> &mut Self {
        let write = attribute(&EmailChangeItem::from(change)).map(|change| {
            Write::update(table(session.holder), pk(session.id.to_string()), "SET email_change = :change")
                .when("attribute_exists(pk)", STALE)
                .value(":change", change)
        });
        self.push(write)
    }

    /// Forgets it, as long as it is still the one.
    pub fn end_email_change(&mut self, session: &Session, change: &EmailChange) -> &mut Self {
        let write = Write::update(table(session.holder), pk(session.id.to_string()), "REMOVE email_change")
            .when("email_change.mail = :mail", STALE)
            .value(":mail", s(change.mail.to_string()));
        self.push(Ok(write))
    }
}

impl Store {
    /// Keeps when a session was extended. False when it has ended meanwhile.
    ///
    /// # Errors
    /// `Unavailable` or `Refused`.
    pub async fn extend_session(&self, session: &Session) -> Result<bool, Fault> {
        let at = attribute(&session.extended_at)?;
        let extended = self
            .client
            .update_item()
            .table_name(self.table(table(session.holder))?)
            .set_key(Some(pk(session.id.to_string())))
            .update_expression("SET extended_at = :at, #ttl = :ttl")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":at", at)
            .expression_attribute_values(":ttl", n(ttl(session)))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match extended {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(context)) if context.err().is_conditional_check_failed_exception() => {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Somebody's sessions opened at `since` or after, newest first; ended ones may be among them, and the newest may
    /// be missing: to be shown, not relied on.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn sessions_of(
        &self,
        holder: Holder,
        since: DateTime<Utc>,
        after: Option<&Position>,
    ) -> Result<Page<Session>, Fault> {
        let rows = Rows::of_index(table(holder), &HOLDER, holder.to_string())
            .range("opened_at >= :since", [(":since", attribute(&since)?)])
            .newest_first()
            .page(after, 100);
        self.rows(rows).await?.read(Session::from_item)
    }

    /// Removes a session that its holder's `epoch` has ended; the item itself decides. False when it wasn't so.
    ///
    /// # Errors
    /// `Unavailable` or `Refused`.
    pub async fn remove_ended_session(&self, session: &Session, epoch: u32) -> Result<bool, Fault> {
        let removed = self
            .client
            .delete_item()
            .table_name(self.table(table(session.holder))?)
            .set_key(Some(pk(session.id.to_string())))
            .condition_expression("epoch < :epoch")
            .expression_attribute_values(":epoch", n(epoch))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match removed {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(context)) if context.err().is_conditional_check_failed_exception() => {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Claims one more try at the code of this very change before it is compared (A18). Answers with the number of
    /// tries, this one included; none when they are used up, the session has ended, or another change began.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn claim_code_try(&self, session: &Session, change: &EmailChange) -> Result<Option<u8>, Fault> {
        let attempt = nonce();
        let claimed = self
            .client
            .update_item()
            .table_name(self.table(table(session.holder))?)
            .set_key(Some(pk(session.id.to_string())))
            .update_expression("SET email_change.tries = email_change.tries + :one, attempt = :attempt")
            .condition_expression(
                "email_change.mail = :mail AND email_change.tries < :most \
                 AND (attribute_not_exists(attempt) OR attempt <> :attempt)",
            )
            .expression_attribute_values(":one", n(1))
            .expression_attribute_values(":mail", s(change.mail.to_string()))
            .expression_attribute_values(":most", n(EmailChange::TRIES))
            .expression_attribute_values(":attempt", s(&attempt))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        let item = match claimed {
            Ok(response) => response.attributes,
            Err(SdkError::ServiceError(context)) => match context.err() {
                // Counted already, by a request whose answer was lost.
                UpdateItemError::ConditionalCheckFailedException(failed) => failed
                    .item()
                    .filter(|item| item.get("attempt").is_some_and(|last| *last == s(&attempt)))
                    .cloned(),
                _ => return Err(SdkError::ServiceError(context).into()),
            },
            Err(error) => return Err(error.into()),
        };
        let session = item.map(Session::from_item).transpose()?;
        Ok(session.and_then(|session| session.email_change).map(|change| change.tries))
    }
}
