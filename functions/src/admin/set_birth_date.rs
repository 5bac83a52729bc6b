//! Records or corrects an individual's birth date. While their account is Pending, attempts begin anew (B3).

use domain::account::{Reason, check_age};
use domain::fields;
use domain::id::IndividualId;
use serde::{Deserialize, Serialize};
use store::ask;

use super::AccountView;
use crate::change::IndividualChange;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::individuals::{Saved, field};
use crate::problem::{Failure, refusals};

/// Sets a birth date.
pub struct SetBirthDate;

/// Whose, and which.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The individual.
    pub individual_id: IndividualId,
    /// `YYYY-MM-DD`.
    pub birth_date: String,
    /// The version of the record that the worker has seen.
    pub version: u64,
}

/// The record, and what the date means for accounts.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// The individual.
    pub individual_id: IndividualId,
    /// The record's version now.
    pub version: u64,
    /// Why no account can be opened by this date, or only by an exception: it is the agency's default one, by which an
    /// open invitation can't be activated either, or the individual is below the minimum age.
    pub bars_account: Option<Reason>,
    /// The Pending account whose attempts begin anew.
    pub account: Option<AccountView>,
}

refusals! {
    /// Why the date stays as it is.
    pub enum Error {
        /// Somebody else changed the record since it was read.
        RecordChanged => 409, "record_changed", "Somebody changed this record since you opened it; look again, then repeat";
    }
}

impl HttpOperation for SetBirthDate {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<Error>> {
        let asked = (ask::individual(request.individual_id), ask::holding(request.individual_id));
        let (before, holding) = context.services.store.ask(asked).await?;
        let before = staff.visible(context, request.individual_id, before).await?;
        let today = staff.settings.today(context.now);
        let birth_date = field("birth_date", fields::birth_date(&request.birth_date, today))?;

        let mut individual = before.value.clone();
        individual.birth_date = Some(birth_date);
        let bars_account = check_age(&individual, &staff.settings, context.now).err();
        let answer = |Saved { individual_id, version }, account| Response {
            individual_id,
            version,
            bars_account,
            account,
        };
        if individual == before.value {
            // Perhaps by this very call, whose answer was lost.
            if let Some(first) = context.first_answer::<Response>().await? {
                return first.map(Reply::from).map_err(Failure::Entry);
            }
            return Ok(Reply::from(answer(Saved::from(&before), None)));
        }
        if before.version.number() != request.version {
            return Err(Error::RecordChanged.into());
        }
        let account = context.open_account(holding).await?;
        let change = IndividualChange::edited(&before, &individual, account.as_ref());
        let (transaction, changed) = context.individual_change(staff.actor(), &staff.settings, &change);
        let account = changed.as_ref().map(|changed| AccountView::from(&changed.account));
        let answer = answer(Saved::after(&before), account);
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}
