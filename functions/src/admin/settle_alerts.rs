//! Notes that a worker has settled what an account needed one for.

use domain::alert::AlertKind;
use domain::id::{AccountId, IndividualId};
use domain::journal::{FieldName, JournalEvent, JournalRecord, Subject};
use serde::Deserialize;
use store::Transaction;

use super::AccountView;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};

/// Settles alerts.
pub struct SettleAlerts;

/// Which alerts of which account; those it hasn't are settled already.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Whose.
    pub individual_id: IndividualId,
    /// Which.
    pub account_id: AccountId,
    /// What was settled.
    pub kinds: Vec<AlertKind>,
}

refusals! {
    /// Why they aren't settled.
    pub enum Error {
        /// It lasts as long as its cause.
        AlertLasts {
            /// Which.
            kind: AlertKind,
        } => 409, "alert_lasts", "This ends with its cause: unlock the account, record consent, or send the activation again";
    }
}

impl HttpOperation for SettleAlerts {
    type Caller = Staff;
    type Request = Request;
    type Response = AccountView;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<AccountView>, Failure<Error>> {
        let (individual, account) = staff.account(context, request.individual_id, request.account_id).await?;
        if let Some(kind) = request.kinds.iter().find(|kind| !kind.can_be_settled()) {
            return Err(Error::AlertLasts { kind: *kind }.into());
        }
        let Some(settled) = account.settled(&request.kinds) else {
            return Ok(Reply::from(AccountView::from(&account.value)));
        };

        let record = JournalRecord {
            changed: vec![FieldName::Alerts],
            events: vec![JournalEvent::AlertsSettled { account: account.id, individual: individual.id }],
            ..context.record(staff.actor(), Subject::Individual(individual.id))
        };
        let mut transaction = Transaction::new(&record);
        transaction.put_account(account.version, &settled);
        context.services.store.commit(transaction).await?;
        Ok(Reply::from(AccountView::from(&settled)))
    }
}
