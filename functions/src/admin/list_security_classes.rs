//! Lists the agency's security classes: what each allows and takes away, and how many workers belong to it.

use std::collections::BTreeSet;

use domain::id::ClassId;
use domain::worker::{Denial, SecurityClass};
use serde::{Deserialize, Serialize};
use store::{Version, ask};

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};
use crate::sessions::Nothing;

/// Lists security classes.
pub struct ListSecurityClasses;

/// All classes.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Of all classes together: whoever saves one says which they have seen.
    pub version: u64,
    /// The classes, in the order they came.
    pub classes: Vec<ClassView>,
}

/// A security class.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClassView {
    /// Which one.
    pub security_class_id: ClassId,
    /// What the agency calls it.
    pub name: String,
    /// *Allow `ClientConnect` Activations*.
    pub allow_activations: bool,
    /// What it takes away.
    pub denials: BTreeSet<Denial>,
    /// How many workers belong to it, those who no longer work here among them.
    pub workers: u32,
}

impl ClassView {
    pub(crate) fn of(class: &SecurityClass, workers: u32) -> Self {
        Self {
            security_class_id: class.id,
            name: class.name.clone(),
            allow_activations: class.allow_activations,
            denials: class.denials.clone(),
            workers,
        }
    }
}

impl HttpOperation for ListSecurityClasses {
    type Caller = Staff;
    type Request = Nothing;
    type Response = Response;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        _: Staff,
        _: Nothing,
    ) -> Result<Reply<Response>, Failure<NoRefusal>> {
        let store = &context.services.store;
        let (classes, members) =
            futures_util::future::try_join(store.ask(ask::security_classes()), store.members_of_classes())
                .await?;
        let version = classes.as_ref().map_or(Version::NONE, |classes| classes.version).number();
        let count = |class: &SecurityClass| members.get(&class.id).copied().unwrap_or_default();
        let classes = classes.iter().flat_map(|classes| &classes.value);
        let classes = classes.map(|class| ClassView::of(class, count(class))).collect();
        Ok(Reply::from(Response { version, classes }))
    }
}
