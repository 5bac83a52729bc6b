//! An individual's journal, a page at a time, for the workers who see them.

use domain::JournalRecord;
use domain::id::IndividualId;
use domain::journal::Subject;
use serde::Deserialize;
use store::ask;

use crate::change::Access;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::paging::{NotACursor, Paging};
use crate::problem::Failure;

/// Records on a page.
const PAGE: u32 = 50;

/// Whose history.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HistoryOf {
    /// The individual.
    pub individual_id: IndividualId,
    /// Where the last page ended.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A page of records, newest first, and where to go on.
pub(crate) struct Page {
    pub(crate) records: Vec<JournalRecord>,
    pub(crate) next_cursor: Option<String>,
}

impl HistoryOf {
    /// Reads a page, and notes that the worker saw it.
    ///
    /// # Errors
    /// `not_found`, `cursor_not_valid`, or the store's fault.
    pub(crate) async fn read(
        &self,
        context: &Context<'_>,
        staff: &Staff,
    ) -> Result<Page, Failure<NotACursor>> {
        let (store, id) = (&context.services.store, self.individual_id);
        let paging = Paging::open(context, staff, &id, self.cursor.as_deref()).await?;
        let individual = store.ask(ask::individual(id)).await?;
        staff.visible(context, id, individual).await?;
        let page = store.history(Subject::Individual(id), paging.after(), PAGE).await?;
        staff.log(context, Access::Viewed, Some(id)).await?;
        Ok(Page { records: page.items, next_cursor: paging.next_cursor(page.next.as_ref())? })
    }
}
