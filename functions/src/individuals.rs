//! The fields of an individual as workers and clients write them, checked alike wherever they are written.

use std::collections::{BTreeMap, BTreeSet};

use domain::fields::{self, Wrong};
use domain::id::{ContactId, IndividualId, SiteId, WorkerId};
use domain::individual::{ContactKind, ContactValue, MOST_EXTERNAL_IDS, MOST_WORKERS, Profile};
use domain::worker::WorkerState;
use domain::{Account, Contact, Individual, Language, PersonName, Worker};
use serde::{Deserialize, Serialize};
use store::ask::Ask;
use store::{Fate, Fault, Site, Versioned, ask};

use crate::context::Context;
use crate::problem::Failure;

/// A profile, all of it: what is left out is empty.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProfileFields {
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
    /// In the agency's or their own words.
    #[serde(default)]
    pub gender: Option<String>,
    /// What they read.
    pub language: Language,
    /// Their home site.
    pub site_id: SiteId,
    /// Ids in other systems, by system.
    #[serde(default)]
    pub external_ids: BTreeMap<String, String>,
    /// Who works with them.
    #[serde(default)]
    pub worker_ids: BTreeSet<WorkerId>,
}

/// A contact, all of it: what is left out is empty.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContactFields {
    /// Email, phone or postal address.
    pub kind: ContactKind,
    /// The address, as people write it.
    pub value: String,
    /// *Use contact?*
    pub use_contact: bool,
    /// *Main contact*: takes the place of the former one of its kind.
    #[serde(default)]
    pub main: bool,
    /// Communication instructions.
    #[serde(default)]
    pub instructions: Option<String>,
}

/// The sites, and the workers that a profile names, as far as they are there.
pub(crate) type Named = (Option<Versioned<Vec<Site>>>, Vec<Option<Versioned<Worker>>>);

/// Whether somebody else has an email address of this individual in use, read from the addresses' own rows (B11).
/// Bulk activation leaves them all out (A2).
pub(crate) async fn shares_address(context: &Context<'_>, individual: &Individual) -> Result<bool, Fault> {
    for address in individual.emails_in_use() {
        let known = context.services.store.individuals_at(address).await?;
        if known.iter().any(|known| known.individual != individual.id) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether mail went to the contact, or may be on its way: the account signs in with it.
pub(crate) async fn was_mailed(
    context: &Context<'_>,
    individual: IndividualId,
    contact: &Contact,
    account: Option<&Account>,
) -> Result<bool, Fault> {
    let ContactValue::Email(address) = &contact.value else { return Ok(false) };
    if account.is_some_and(|account| account.email == *address) {
        return Ok(true);
    }
    let mut after = None;
    loop {
        let page = context.services.store.mail_of(individual, after.as_ref(), 100).await?;
        let to = |fate: &Fate| matches!(fate, Fate::Sent { address: to, .. } if to == address);
        if page.items.iter().any(|mail| to(&mail.fate)) {
            return Ok(true);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(false),
        }
    }
}

/// A record that was saved.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Saved {
    /// Whose.
    pub individual_id: IndividualId,
    /// Its version now.
    pub version: u64,
}

impl From<&Versioned<Individual>> for Saved {
    /// A record that was left as it is.
    fn from(known: &Versioned<Individual>) -> Self {
        Self { individual_id: known.id, version: known.version.number() }
    }
}

impl Saved {
    /// The record after a change of what was loaded.
    #[must_use]
    pub fn after(known: &Versioned<Individual>) -> Self {
        Self { individual_id: known.id, version: known.version.next().number() }
    }
}

/// A field that was read, or a problem that names it.
pub(crate) fn field<T, R>(name: &str, read: Result<T, Wrong>) -> Result<T, Failure<R>> {
    read.map_err(|wrong| Failure::invalid(name, wrong.help))
}

/// A person's name, as the profile in a request has it.
pub(crate) fn name<R>(
    first: &str,
    middle: Option<&str>,
    last: &str,
    preferred: Option<&str>,
) -> Result<PersonName, Failure<R>> {
    PersonName::new(first, middle.unwrap_or_default(), last, preferred.unwrap_or_default())
        .map_err(|wrong| Failure::invalid(&format!("profile.{}", wrong.part), wrong.error.to_string()))
}

/// Gender, the same.
pub(crate) fn gender<R>(text: Option<&str>) -> Result<Option<String>, Failure<R>> {
    optional("profile.gender", text, fields::gender)
}

pub(crate) fn optional<R>(
    name: &str,
    text: Option<&str>,
    read: fn(&str) -> Result<String, Wrong>,
) -> Result<Option<String>, Failure<R>> {
    field(name, fields::optional(text.unwrap_or_default(), read))
}

impl ProfileFields {
    /// What it names that must be there.
    pub(crate) fn ask(&self) -> impl Ask<Answer = Named> + use<> {
        (ask::sites(), self.worker_ids.iter().copied().map(ask::worker).collect::<Vec<_>>())
    }

    /// The profile, given the answer to [`Self::ask`]. Of somebody `known`, the site may be inactive, and the workers
    /// gone, that they have already.
    pub(crate) fn read<R>(
        &self,
        (sites, workers): &Named,
        known: Option<&Individual>,
    ) -> Result<Profile, Failure<R>> {
        let [middle, preferred] = [&self.middle_name, &self.preferred_name].map(Option::as_deref);
        let has = known.is_some_and(|known| known.site == self.site_id);
        let mut sites = sites.iter().flat_map(|sites| &sites.value);
        if !sites.any(|site| site.id == self.site_id && (site.active || has)) {
            return Err(Failure::invalid("profile.site_id", "Choose one of the agency's active sites"));
        }
        let assigned = |id: &WorkerId| known.is_some_and(|known| known.workers.contains(id));
        let works_here = |id: &WorkerId| {
            workers.iter().flatten().any(|worker| worker.id == *id && worker.state != WorkerState::Disabled)
        };
        if self.worker_ids.len() > MOST_WORKERS
            || !self.worker_ids.iter().all(|id| assigned(id) || works_here(id))
        {
            let help = format!("Choose at most {MOST_WORKERS} of the people who work here");
            return Err(Failure::invalid("profile.worker_ids", help));
        }
        Ok(Profile {
            name: name(&self.first_name, middle, &self.last_name, preferred)?,
            gender: gender(self.gender.as_deref())?,
            language: self.language,
            site: self.site_id,
            external_ids: self.external_ids()?,
            workers: self.worker_ids.clone(),
        })
    }

    fn external_ids<R>(&self) -> Result<BTreeMap<String, String>, Failure<R>> {
        const FIELD: &str = "profile.external_ids";
        if self.external_ids.len() > MOST_EXTERNAL_IDS {
            return Err(Failure::invalid(FIELD, format!("Give at most {MOST_EXTERNAL_IDS} ids")));
        }
        let pairs = self
            .external_ids
            .iter()
            .map(|(source, id)| Ok((fields::source(source)?, fields::external_id(id)?)));
        field(FIELD, pairs.collect())
    }
}

impl ContactFields {
    /// The contact, `at` being where it stands in the request.
    pub(crate) fn read<R>(&self, at: &str, id: ContactId) -> Result<Contact, Failure<R>> {
        Ok(Contact {
            id,
            value: field(&format!("{at}.value"), fields::contact(self.kind, &self.value))?,
            use_contact: self.use_contact,
            main: self.main,
            instructions: optional(
                &format!("{at}.instructions"),
                self.instructions.as_deref(),
                fields::instructions,
            )?,
            retired: false,
            undeliverable: None,
        })
    }
}
