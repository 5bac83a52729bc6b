//! Writes the client's own profile anew, where the agency lets them. The birth date stays: activation checks it.

use domain::{Individual, Language};
use serde::Deserialize;

use super::Edited;
use crate::change::IndividualChange;
use crate::context::Context;
use crate::entry::caller::Client;
use crate::entry::http::{HttpOperation, Reply};
use crate::individuals;
use crate::problem::{Failure, refusals};

/// Updates the profile.
pub struct UpdateProfile;

/// The whole profile.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The version that the client has seen.
    pub version: u64,
    /// The profile as it is to be.
    pub profile: OwnProfile,
}

/// What a client may write of themselves: what is left out is empty.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnProfile {
    /// First name.
    pub first_name: String,
    /// Middle name.
    #[serde(default)]
    pub middle_name: Option<String>,
    /// Last name.
    pub last_name: String,
    /// What they are called.
    #[serde(default)]
    pub preferred_name: Option<String>,
    /// In their own words.
    #[serde(default)]
    pub gender: Option<String>,
    /// What they read, here and in mails.
    pub language: Language,
}

refusals! {
    /// Why the profile stays as it is.
    pub enum Error {
        /// The agency doesn't let clients edit.
        EditingOff => 403, "editing_off", "The agency keeps these details itself; ask the agency to change them";
        /// It was changed since it was read.
        RecordChanged => 409, "record_changed", "Somebody changed this record since you opened it; look again, then repeat";
    }
}

impl HttpOperation for UpdateProfile {
    type Caller = Client;
    type Request = Request;
    type Response = Edited;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        client: Client,
        Request { version, profile }: Request,
    ) -> Result<Reply<Edited>, Failure<Error>> {
        if !client.settings.about_me.edit_profile {
            return Err(Error::EditingOff.into());
        }
        let before = client.record(context).await?;
        let individual = profile.read(&before)?;
        if individual == before.value {
            return Ok(Reply::from(Edited::unchanged(&before)));
        }
        if before.version.number() != version {
            return Err(Error::RecordChanged.into());
        }

        let change = IndividualChange::edited(&before, &individual, None);
        let (mut transaction, _) = context.individual_change(client.actor(), &client.settings, &change);
        // A language that was chosen for the portal alone would hide this one.
        let account = &client.account;
        if individual.language != before.language && account.language.is_some() {
            transaction.put_account(account.version, &account.reading(individual.language));
        }
        let answer = Edited::after(&before);
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}

impl OwnProfile {
    /// The individual with this profile; what is the agency's to say stays as it is.
    fn read<R>(&self, before: &Individual) -> Result<Individual, Failure<R>> {
        let [middle, preferred] = [&self.middle_name, &self.preferred_name].map(Option::as_deref);
        let name = individuals::name(&self.first_name, middle, &self.last_name, preferred)?;
        let gender = individuals::gender(self.gender.as_deref())?;
        Ok(Individual { name, gender, language: self.language, ..before.clone() })
    }
}
