//! What the operations on security classes share: how one is written and saved, and why it isn't.

use std::collections::BTreeSet;

use domain::fields;
use domain::id::ClassId;
use domain::journal::{FieldName, JournalEvent, JournalRecord, Subject};
use domain::worker::{Denial, SecurityClass};
use serde::{Deserialize, Serialize};
use store::{Transaction, Version};

use crate::admin::list_security_classes::ClassView;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::Reply;
use crate::individuals::field;
use crate::problem::{Failure, refusals};

/// As many as one record keeps.
const MOST: u16 = 30;

/// A security class as it is written, all of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClassFields {
    /// What the agency calls it; no other has the name.
    pub name: String,
    /// *Allow `ClientConnect` Activations*.
    pub allow_activations: bool,
    /// What it takes away.
    pub denials: BTreeSet<Denial>,
}

/// A class that was saved.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SavedClass {
    /// Of all classes together.
    pub version: u64,
    /// The class as it is now.
    pub security_class: ClassView,
}

refusals! {
    /// Why a class isn't saved.
    pub enum NotSaved {
        /// Somebody changed the classes since they were read.
        RecordChanged => 409, "record_changed", "Somebody changed this record since you opened it; look again, then repeat";
        /// Another class has the name.
        NameTaken => 409, "name_taken", "Another one has this name; choose a different name";
        /// There is no room for more.
        TooManyClasses {
            /// How many there may be.
            maximum: u16,
        } => 409, "too_many_classes", "There are as many security classes as there can be; delete one that nobody belongs to";
    }
}

impl ClassFields {
    /// The class, to stand among these.
    pub(crate) fn read(
        self,
        id: ClassId,
        among: &[SecurityClass],
    ) -> Result<SecurityClass, Failure<NotSaved>> {
        let name = field("name", fields::label(&self.name))?;
        let others = || among.iter().filter(|class| class.id != id);
        if is_taken(&name, others().map(|class| class.name.as_str())) {
            return Err(NotSaved::NameTaken.into());
        }
        if others().count() >= MOST.into() {
            return Err(NotSaved::TooManyClasses { maximum: MOST }.into());
        }
        let Self { allow_activations, denials, .. } = self;
        Ok(SecurityClass { id, name, allow_activations, denials })
    }
}

/// Whether one of the others is called the same, whatever the case.
pub(crate) fn is_taken<'n>(name: &str, mut others: impl Iterator<Item = &'n str>) -> bool {
    let name = name.to_lowercase();
    others.any(|other| other.to_lowercase() == name)
}

/// Saves all classes with what became of one, and answers with it and how many workers belong to it.
pub(crate) async fn save(
    context: &Context<'_>,
    staff: &Staff,
    loaded: Version,
    classes: &Vec<SecurityClass>,
    event: JournalEvent,
    (saved, workers): (&SecurityClass, u32),
) -> Result<Reply<SavedClass>, Failure<NotSaved>> {
    let answer =
        SavedClass { version: loaded.next().number(), security_class: ClassView::of(saved, workers) };
    let mut transaction = Transaction::new(&record(context, staff, event));
    transaction.put_security_classes(loaded, classes);
    context.commit(transaction, &answer).await?;
    Ok(Reply::from(answer))
}

/// The journal record of a change of the classes.
pub(crate) fn record(context: &Context<'_>, staff: &Staff, event: JournalEvent) -> JournalRecord {
    JournalRecord {
        changed: vec![FieldName::SecurityClasses],
        events: vec![event],
        ..context.record(staff.actor(), Subject::Agency)
    }
}
