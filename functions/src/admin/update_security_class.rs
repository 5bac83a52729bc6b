//! Writes a security class anew: what it allows and takes away counts from the next call of whoever belongs to it.

use std::collections::BTreeSet;

use domain::id::ClassId;
use domain::journal::JournalEvent;
use domain::worker::Denial;
use serde::Deserialize;
use store::ask;

use crate::context::Context;
use crate::entry::caller::{Staff, not_set_up};
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;
use crate::security_classes::{ClassFields, NotSaved, SavedClass, save};

/// Updates a security class.
pub struct UpdateSecurityClass;

/// All of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Which one.
    pub security_class_id: ClassId,
    /// The version of the classes that was seen.
    pub version: u64,
    /// What the agency calls it; no other has the name.
    pub name: String,
    /// *Allow `ClientConnect` Activations*.
    pub allow_activations: bool,
    /// What it takes away.
    pub denials: BTreeSet<Denial>,
}

impl HttpOperation for UpdateSecurityClass {
    type Caller = Staff;
    type Request = Request;
    type Response = SavedClass;
    type Refused = NotSaved;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<SavedClass>, Failure<NotSaved>> {
        let store = &context.services.store;
        let (classes, members) =
            futures_util::future::try_join(store.ask(ask::security_classes()), store.members_of_classes())
                .await?;
        let mut classes = classes.ok_or_else(not_set_up)?;
        let Request { security_class_id: id, version, name, allow_activations, denials } = request;
        if !classes.iter().any(|class| class.id == id) {
            return Err(Failure::not_found());
        }
        if classes.version.number() != version {
            return Err(NotSaved::RecordChanged.into());
        }
        let class = ClassFields { name, allow_activations, denials }.read(id, &classes)?;
        for known in classes.value.iter_mut().filter(|known| known.id == id) {
            *known = class.clone();
        }
        let workers = members.get(&id).copied().unwrap_or_default();
        let changed = JournalEvent::SecurityClassChanged { class: id };
        save(context, &staff, classes.version, &classes.value, changed, (&class, workers)).await
    }
}
