//! What the operations on sites share: how one is saved, and why it isn't.

use chrono_tz::Tz;
use domain::fields;
use domain::journal::{FieldName, JournalEvent, JournalRecord, Subject};
use serde::{Deserialize, Serialize};
use store::{Site, Transaction, Version};

use crate::admin::list_sites::SiteView;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::Reply;
use crate::individuals::field;
use crate::problem::{Failure, refusals};
use crate::security_classes::is_taken;

/// As many as one record keeps.
const MOST: u16 = 100;

/// A site that was saved.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SavedSite {
    /// Of all sites together.
    pub version: u64,
    /// The site as it is now.
    pub site: SiteView,
}

refusals! {
    /// Why a site isn't saved.
    pub enum NotSaved {
        /// Somebody changed the sites since they were read.
        RecordChanged => 409, "record_changed", "Somebody changed this record since you opened it; look again, then repeat";
        /// Another site has the name.
        NameTaken => 409, "name_taken", "Another one has this name; choose a different name";
        /// One has to be offered.
        LastSite => 409, "last_site", "This is the last active site; activate or add another one first";
        /// There is no room for more.
        TooManySites {
            /// How many there may be.
            maximum: u16,
        } => 409, "too_many_sites", "There are as many sites as there can be; use one that is inactive for the new one";
    }
}

/// Its zone by its IANA name.
pub(crate) fn time_zone<R>(name: &str) -> Result<Tz, Failure<R>> {
    let help = "Give a time zone by its IANA name, as America/Toronto";
    name.trim().parse().map_err(|_| Failure::invalid("time_zone", help))
}

/// Its name, that no other site has.
pub(crate) fn name(typed: &str, others: &[&Site]) -> Result<String, Failure<NotSaved>> {
    let name = field("name", fields::label(typed))?;
    if is_taken(&name, others.iter().map(|site| site.name.as_str())) {
        return Err(NotSaved::NameTaken.into());
    }
    if others.len() >= MOST.into() {
        return Err(NotSaved::TooManySites { maximum: MOST }.into());
    }
    Ok(name)
}

/// Saves all sites with what became of one, and answers with it.
pub(crate) async fn save(
    context: &Context<'_>,
    staff: &Staff,
    loaded: Version,
    sites: &Vec<Site>,
    event: JournalEvent,
    saved: &Site,
) -> Result<Reply<SavedSite>, Failure<NotSaved>> {
    let answer = SavedSite { version: loaded.next().number(), site: SiteView::from(saved) };
    let record = JournalRecord {
        changed: vec![FieldName::Sites],
        events: vec![event],
        ..context.record(staff.actor(), Subject::Agency)
    };
    let mut transaction = Transaction::new(&record);
    transaction.put_sites(loaded, sites);
    context.commit(transaction, &answer).await?;
    Ok(Reply::from(answer))
}
