//! Pages of lists: their cursors are sealed, and good only for the caller, operation and filter they were made for.

use credentials::Seal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{Fault, Position};

use crate::context::{Context, defect};
use crate::entry::caller::Caller;
use crate::problem::{Failure, refusals};

refusals! {
    /// Why there is no such page.
    pub enum NotACursor {
        /// Not a cursor of this list.
        CursorNotValid => 400, "cursor_not_valid", "This page is not there any more; search again from the start";
    }
}

/// The page of a list that is asked for; it goes on after `P`.
pub struct Paging<'c, P = Position> {
    seal: &'c Seal,
    bound: String,
    after: Option<P>,
}

impl<'c, P: Serialize + DeserializeOwned> Paging<'c, P> {
    /// Opens the caller's cursor, if there is one, for the list that `filter` describes: all that the request says but
    /// the cursor. The operation uses the secret `Seal`.
    ///
    /// # Errors
    /// `cursor_not_valid` when it was made for anything else, or the store of secrets fails.
    pub async fn open<R: From<NotACursor>>(
        context: &'c Context<'_>,
        caller: &impl Caller,
        filter: &(impl Serialize + Sync),
        cursor: Option<&str>,
    ) -> Result<Self, Failure<R>> {
        let seal = context.services.seal().await?;
        let filter = serde_json::to_string(filter).map_err(|error| defect("a filter", error))?;
        let bound = format!("{} {} {filter}", caller.name(), context.operation.name);
        let after = cursor.map(|cursor| seal.open(cursor, &bound)).transpose();
        let after = after.map_err(|_| Failure::Refused(NotACursor::CursorNotValid.into()))?;
        Ok(Self { seal, bound, after })
    }

    /// Where the last page ended.
    #[must_use]
    pub fn after(&self) -> Option<&P> {
        self.after.as_ref()
    }

    /// The cursor of the next page, at most 512 bytes.
    ///
    /// # Errors
    /// A defect, should the position be too long for that.
    pub fn next_cursor(&self, next: Option<&P>) -> Result<Option<String>, Fault> {
        let cursor = next.map(|next| self.seal.close(next, &self.bound)).transpose();
        cursor.map_err(|error| defect("a cursor", error))
    }
}
