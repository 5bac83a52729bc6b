//! Records consent to email communication for one of an individual's contacts, or its withdrawal (B2, B9).

use domain::account::{Account, Context as Guards};
use domain::alert::AlertKind;
use domain::id::{ContactId, IndividualId};
use domain::individual::{ConsentChange, ContactError, Origin};
use domain::journal::{FieldName, JournalEvent, Subject};
use domain::{Individual, JournalRecord};
use serde::{Deserialize, Serialize};
use store::{Transaction, Versioned, ask};

use super::Invitation;
use super::get_individual::CommunicationView;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};

/// Sets communication settings.
pub struct SetCommunicationSettings;

/// Consent for which contact.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The individual.
    pub individual_id: IndividualId,
    /// The email contact that consent was given for; null withdraws consent.
    #[serde(deserialize_with = "Option::deserialize")]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub email_contact_id: Option<ContactId>,
}

/// Settings as they are now.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Consent and its history.
    pub communication: CommunicationView,
    /// The invitation that goes out because consent was given while the account was Pending (B2).
    pub invitation: Option<Invitation>,
}

refusals! {
    /// Why they aren't set.
    pub enum Error {
        /// Consent is for an email contact in use.
        ContactNotInUse => 409, "contact_not_in_use", "Choose an email contact that is in use";
        /// The individual has no such contact.
        ContactUnknown => 422, "contact_unknown", "This individual has no such contact; look again";
    }
}

impl HttpOperation for SetCommunicationSettings {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<Error>> {
        let store = &context.services.store;
        let (before, holding) =
            store.ask((ask::individual(request.individual_id), ask::holding(request.individual_id))).await?;
        let before = staff.visible(context, request.individual_id, before).await?;
        let mut individual = before.value.clone();
        let origin = Origin::Worker(staff.worker.id);
        let change = individual
            .set_communication_settings(request.email_contact_id, origin, context.now)
            .map_err(|error| match error {
                ContactError::Unknown(_) => Error::ContactUnknown,
                ContactError::NotAnEmailInUse(_) | ContactError::Retired(_) => Error::ContactNotInUse,
            })?;
        let communication = CommunicationView::from(&individual);
        if change == ConsentChange::Unchanged {
            // Perhaps by this very call, whose answer was lost.
            if let Some(first) = context.first_answer::<Response>().await? {
                return first.map(Reply::from).map_err(Failure::Entry);
            }
            return Ok(Reply::from(Response { communication, invitation: None }));
        }
        let account = match holding.unwrap_or_default().open {
            Some(open) => store.ask(ask::account(open)).await?,
            None => None,
        };
        let (transaction, invitation) =
            consent_change(context, &staff, &before, &individual, change, account);
        let response = Response { communication, invitation };
        context.commit(transaction, &response).await?;
        Ok(Reply::from(response))
    }
}

/// The individual's new settings, and what they mean to a Pending account: consent sends its activation, and without
/// consent it needs a worker (B2).
fn consent_change(
    context: &Context<'_>,
    staff: &Staff,
    before: &Versioned<Individual>,
    individual: &Individual,
    change: ConsentChange,
    account: Option<Versioned<Account>>,
) -> (Transaction, Option<Invitation>) {
    let guards = Guards { individual, settings: &staff.settings, now: context.now, mail: context.mail() };
    let given = change == ConsentChange::Given;
    let (mut resent, mut waiting) = (None, None);
    if let Some(account) = account {
        if given {
            resent = account.consent_given(guards).ok().map(|changed| (changed, account.version));
        } else {
            waiting =
                account.alerted(AlertKind::NoConsent, context.now).map(|alerted| (alerted, account.version));
        }
    }
    let mut record = JournalRecord {
        changed: vec![FieldName::CommunicationSettings],
        events: vec![JournalEvent::CommunicationConsentChanged { individual: individual.id, given }],
        ..context.record(staff.actor(), Subject::Individual(individual.id))
    };
    if let Some((changed, _)) = &resent {
        record.transition = Some(changed.transition);
        record.changed.push(FieldName::State);
        record.events.extend(changed.events.iter().cloned());
    }
    if waiting.is_some() {
        record.changed.push(FieldName::Alerts);
    }
    let mut transaction = Transaction::new(&record);
    transaction.put_individual(Some(before), individual);
    if let Some((account, version)) = waiting {
        transaction.put_account(version, &account);
    }
    let invitation = resent.map(|(changed, version)| {
        transaction.change_account(version, &changed, individual.test, None);
        Invitation::from(&changed)
    });
    (transaction, invitation)
}
