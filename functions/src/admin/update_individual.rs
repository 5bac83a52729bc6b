//! Writes an individual's profile anew; the birth date (B3), contacts and consent have their own operations.

use domain::id::IndividualId;
use domain::individual::NotYours;
use domain::journal::FieldName;
use domain::worker::Permission;
use serde::Deserialize;
use store::{CommitError, Conflict, ask};

use crate::change::IndividualChange;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::individuals::{ProfileFields, Saved};
use crate::problem::{Failure, refusals};

/// Updates an individual.
pub struct UpdateIndividual;

/// The whole profile.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The individual.
    pub individual_id: IndividualId,
    /// The version of the record that the worker has seen.
    pub version: u64,
    /// The profile as it is to be.
    pub profile: ProfileFields,
}

refusals! {
    /// Why the profile stays as it is.
    pub enum Error {
        /// Somebody else changed it since it was read.
        RecordChanged => 409, "record_changed", "Somebody changed this record since you opened it; look again, then repeat";
        /// An external id is somebody else's.
        ExternalIdTaken => 409, "external_id_taken", "Another individual has one of these external ids";
        /// For those who take people in.
        FieldNotAllowed {
            /// Which field.
            field: FieldName,
        } => 403, "field_not_allowed", "Only Intake-Mgmt and Admin-Exec may change this; leave it as it is";
    }
}

impl HttpOperation for UpdateIndividual {
    type Caller = Staff;
    type Request = Request;
    type Response = Saved;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Saved>, Failure<Error>> {
        let store = &context.services.store;
        let asked = (ask::individual(request.individual_id), request.profile.ask());
        let (before, named) = store.ask(asked).await?;
        let before = staff.visible(context, request.individual_id, before).await?;
        let mut individual = before.value.clone();
        let profile = request.profile.read(&named, Some(&before))?;
        individual
            .set_profile(profile, staff.may(Permission::CreateIndividual))
            .map_err(|NotYours(field)| Error::FieldNotAllowed { field })?;
        if individual == before.value {
            return Ok(Reply::from(Saved::from(&before)));
        }
        if before.version.number() != request.version {
            return Err(Error::RecordChanged.into());
        }

        let change = IndividualChange::edited(&before, &individual, None);
        let (transaction, _) = context.individual_change(staff.actor(), &staff.settings, &change);
        let answer = Saved::after(&before);
        match context.commit(transaction, &answer).await {
            Ok(()) => Ok(Reply::from(answer)),
            Err(CommitError::Conflict(Conflict::ExternalIdTaken)) => Err(Error::ExternalIdTaken.into()),
            Err(error) => Err(error.into()),
        }
    }
}
