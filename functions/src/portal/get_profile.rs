//! What *About Me* shows: the client's own profile and contacts.

use domain::id::ContactId;
use domain::individual::ContactKind;
use domain::{Individual, Language};
use serde::{Deserialize, Serialize};
use store::Versioned;

use crate::context::Context;
use crate::entry::caller::Client;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};

/// Gets the profile.
pub struct GetProfile;

/// Nothing to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {}

/// The client, as the agency knows them.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Changes are made to this version.
    pub version: u64,
    /// First name.
    pub first_name: String,
    /// Middle name.
    pub middle_name: Option<String>,
    /// Last name.
    pub last_name: String,
    /// What they are called.
    pub preferred_name: Option<String>,
    /// Shown, never edited here: activation checks it.
    pub birth_date: Option<String>,
    /// In their own words, or the agency's.
    pub gender: Option<String>,
    /// What they read.
    pub language: Language,
    /// How they are reached, retired contacts left out.
    pub contacts: Vec<OwnContact>,
    /// Whether they may edit it: *Enable Edit Your Profile on About Me*.
    pub may_edit: bool,
}

/// A contact, as the client whose it is sees it.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnContact {
    /// Which.
    pub contact_id: ContactId,
    /// Email, phone or postal address.
    pub kind: ContactKind,
    /// The address.
    pub value: String,
    /// *Use contact?*
    pub use_contact: bool,
    /// *Main contact* of its kind.
    pub main: bool,
    /// Consent to email is in force for it: another address would end it (B9).
    pub consented: bool,
}

impl HttpOperation for GetProfile {
    type Caller = Client;
    type Request = Request;
    type Response = Response;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        client: Client,
        _: Request,
    ) -> Result<Reply<Response>, Failure<NoRefusal>> {
        let individual = client.record(context).await?;
        Ok(Reply::from(Response::of(&individual, client.settings.about_me.edit_profile)))
    }
}

impl Response {
    fn of(individual: &Versioned<Individual>, may_edit: bool) -> Self {
        let name = &individual.name;
        let consented = individual.consent().map(|row| row.contact);
        let contacts = individual.contacts.iter().filter(|contact| !contact.retired);
        Self {
            version: individual.version.number(),
            first_name: name.first().to_owned(),
            middle_name: name.middle().map(str::to_owned),
            last_name: name.last().to_owned(),
            preferred_name: name.preferred().map(str::to_owned),
            birth_date: individual.birth_date.map(|date| date.to_string()),
            gender: individual.gender.clone(),
            language: individual.language,
            contacts: contacts
                .map(|contact| OwnContact {
                    contact_id: contact.id,
                    kind: contact.value.kind(),
                    value: contact.value.as_str().to_owned(),
                    use_contact: contact.use_contact,
                    main: contact.main,
                    consented: consented == Some(contact.id),
                })
                .collect(),
            may_edit,
        }
    }
}
