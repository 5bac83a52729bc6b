//! Deletes a security class that nobody belongs to, not even somebody who no longer works here.

use domain::id::ClassId;
use domain::journal::JournalEvent;
use serde::{Deserialize, Serialize};
use store::{Transaction, ask};

use crate::context::Context;
use crate::entry::caller::{Staff, not_set_up};
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};
use crate::security_classes::record;

/// Deletes a security class.
pub struct DeleteSecurityClass;

/// Which one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Which one.
    pub security_class_id: ClassId,
}

/// It is gone.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Of the classes that are left.
    pub version: u64,
}

refusals! {
    /// Why the class stays.
    pub enum Error {
        /// Workers belong to it.
        InUse {
            /// How many.
            workers: u32,
        } => 409, "class_in_use", "Workers belong to this security class; give them another one first";
    }
}

impl HttpOperation for DeleteSecurityClass {
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
        // The classes first: whoever is given one of them afterwards writes them, too, and then this is not saved.
        let mut classes = store.ask(ask::security_classes()).await?.ok_or_else(not_set_up)?;
        let id = request.security_class_id;
        if !classes.iter().any(|class| class.id == id) {
            // Perhaps deleted by this very call, whose answer was lost.
            let first = context.first_answer::<Response>().await?.ok_or_else(Failure::not_found)?;
            return first.map(Reply::from).map_err(Failure::Entry);
        }
        if let Some(workers) = store.members_of_classes().await?.get(&id) {
            return Err(Error::InUse { workers: *workers }.into());
        }

        classes.value.retain(|class| class.id != id);
        let answer = Response { version: classes.version.next().number() };
        let deleted = JournalEvent::SecurityClassDeleted { class: id };
        let mut transaction = Transaction::new(&record(context, &staff, deleted));
        transaction.put_security_classes(classes.version, &classes.value);
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}
