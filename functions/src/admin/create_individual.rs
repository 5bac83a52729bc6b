//! Adds an individual, unless it is somebody the agency knows (B12).

use domain::id::{ContactId, IndividualId};
use domain::individual::{ContactError, MOST_CONTACTS, Origin};
use domain::{Individual, JournalEvent, Permission, fields};
use serde::{Deserialize, Serialize};
use store::{CommitError, Conflict, Version};

use crate::change::IndividualChange;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::individuals::{ContactFields, ProfileFields, field, shares_address};
use crate::problem::{Failure, refusals};

/// Creates an individual.
pub struct CreateIndividual;

/// Who they are and how to reach them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Their profile.
    pub profile: ProfileFields,
    /// `YYYY-MM-DD`.
    #[serde(default)]
    pub birth_date: Option<String>,
    /// How to reach them.
    #[serde(default)]
    pub contacts: Vec<ContactFields>,
    /// The place in `contacts`, from 0, of the email contact that consent to email was given for.
    #[serde(default)]
    pub consented_contact: Option<u8>,
    /// Marks a test individual, for good: outside statistics, bulk work and licences.
    #[serde(default)]
    pub test: bool,
    /// The worker has looked at those of the same name and birth date: this is somebody else.
    #[serde(default)]
    pub confirm_duplicate: bool,
}

/// Who was added.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Who.
    pub individual_id: IndividualId,
    /// The record's version.
    pub version: u64,
    /// Somebody else has one of the email addresses, too (B11): bulk activation leaves both out.
    pub shares_address: bool,
}

refusals! {
    /// Why nobody is added.
    pub enum Error {
        /// Somebody has the same name and birth date.
        PossibleDuplicate {
            /// Who.
            individual_ids: Vec<IndividualId>,
        } => 409, "possible_duplicate", "Somebody of this name and birth date is known; look there first, or confirm that this is another person";
        /// An external id is somebody else's.
        ExternalIdTaken => 409, "external_id_taken", "Another individual has one of these external ids";
        /// The worker may not record consent.
        ConsentNotAllowed => 403, "consent_not_allowed", "You may not record consent to email; leave it out";
    }
}

impl HttpOperation for CreateIndividual {
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
        if request.consented_contact.is_some() && !staff.may(Permission::SetCommunicationSettings) {
            return Err(Error::ConsentNotAllowed.into());
        }
        let named = store.ask(request.profile.ask()).await?;
        let profile = request.profile.read(&named, None)?;
        let mut individual = Individual::new(IndividualId::new(context.uuid()), profile, request.test);
        if let Some(typed) = &request.birth_date {
            let today = staff.settings.today(context.now);
            individual.birth_date = Some(field("birth_date", fields::birth_date(typed, today))?);
        }
        request.write_contacts(context, &staff, &mut individual)?;

        if let (Some(birth_date), false) = (individual.birth_date, request.confirm_duplicate) {
            let individual_ids = store.same_person(&individual.name, birth_date).await?;
            if !individual_ids.is_empty() {
                return Err(Error::PossibleDuplicate { individual_ids }.into());
            }
        }
        let change = IndividualChange {
            before: None,
            after: &individual,
            told: Some(JournalEvent::IndividualCreated { individual: individual.id }),
            account: None,
        };
        let (transaction, _) = context.individual_change(staff.actor(), &staff.settings, &change);
        let answer = Response {
            individual_id: individual.id,
            version: Version::NONE.next().number(),
            shares_address: shares_address(context, &individual).await?,
        };
        match context.commit(transaction, &answer).await {
            Ok(()) => Ok(Reply::from(answer)),
            Err(CommitError::Conflict(Conflict::ExternalIdTaken)) => Err(Error::ExternalIdTaken.into()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Request {
    /// Adds the contacts one by one, then consent for one of them.
    fn write_contacts(
        &self,
        context: &Context<'_>,
        staff: &Staff,
        individual: &mut Individual,
    ) -> Result<(), Failure<Error>> {
        let (by, at) = (Origin::Worker(staff.worker.id), context.now);
        for (place, contact) in self.contacts.iter().enumerate() {
            let name = format!("contacts[{place}]");
            let contact = contact.read(&name, ContactId::new(context.uuid()))?;
            individual.put_contact(contact, by, at).map_err(|error| match error {
                ContactError::TooMany => {
                    Failure::invalid("contacts", format!("Give at most {MOST_CONTACTS}"))
                }
                _ => Failure::invalid(&format!("{name}.value"), "Leave out what is there twice"),
            })?;
        }
        let Some(place) = self.consented_contact else { return Ok(()) };
        let contact = individual.contacts.get(usize::from(place)).map(|contact| contact.id);
        let consented = contact.map(|contact| individual.set_communication_settings(Some(contact), by, at));
        match consented {
            Some(Ok(_)) => Ok(()),
            _ => Err(Failure::invalid("consented_contact", "Choose an email contact that is in use")),
        }
    }
}
