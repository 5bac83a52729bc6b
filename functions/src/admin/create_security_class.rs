//! Adds a security class. Nobody belongs to it yet.

use domain::id::ClassId;
use domain::journal::JournalEvent;
use domain::worker::SecurityClass;
use store::ask;

use crate::context::Context;
use crate::entry::caller::{Staff, not_set_up};
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;
use crate::security_classes::{ClassFields, NotSaved, SavedClass, save};

/// Creates a security class.
pub struct CreateSecurityClass;

impl HttpOperation for CreateSecurityClass {
    type Caller = Staff;
    type Request = ClassFields;
    type Response = SavedClass;
    type Refused = NotSaved;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: ClassFields,
    ) -> Result<Reply<SavedClass>, Failure<NotSaved>> {
        let classes = context.services.store.ask(ask::security_classes()).await?.ok_or_else(not_set_up)?;
        let class = request.read(ClassId::new(context.uuid()), &classes)?;
        let all: Vec<SecurityClass> = classes.value.iter().cloned().chain([class.clone()]).collect();
        let created = JournalEvent::SecurityClassCreated { class: class.id };
        save(context, &staff, classes.version, &all, created, (&class, 0)).await
    }
}
