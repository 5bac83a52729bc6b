//! Imports an uploaded CSV, a page at a time: dry run or for good, with a report row by row. A row is all or nothing, a
//! file isn't (B12). A page that is delivered again finds what it did the first time.

use domain::job::JobKind;
use domain::journal::JournalEvent;
use store::{Fault, ask};

use super::Delivered;
use crate::context::Context;
use crate::entry::event::MessageOperation;
use crate::importing::Run;
use crate::importing::individuals::Individuals;
use crate::importing::rosters::Rosters;
use crate::importing::service_files::ServiceFiles;
use crate::importing::services::Services;

/// Imports a page of a file.
pub struct ImportFile;

impl MessageOperation for ImportFile {
    type Message = Delivered;

    async fn handle(context: &Context<'_>, message: Delivered) -> Result<(), Fault> {
        let context = message.caused(context);
        let JournalEvent::ImportContinues { job, page } = message.detail.event else {
            return Err(Fault::Internal { what: "not an import".to_owned(), source: None });
        };
        let asked = (ask::job(job), ask::settings(), ask::sites());
        let (found, settings, sites) = context.services.store.ask(asked).await?;
        let settings = context.settings(settings)?;
        let Some(job) = found else {
            return Err(Fault::Internal { what: format!("{job} does not exist"), source: None });
        };
        if job.is_over() || job.position.page != page {
            return Ok(());
        }
        let sites = sites.map(|sites| sites.value).unwrap_or_default();
        let run = Run { context: &context, job: &job, settings: &settings, sites: &sites };
        let done = match job.kind {
            JobKind::ImportIndividuals => run.page(&Individuals(&run)).await?,
            JobKind::ImportServices => run.page(&Services(&run)).await?,
            JobKind::ImportServiceFiles => run.page(&ServiceFiles(&run)).await?,
            JobKind::ImportRosters => run.page(&Rosters(&run)).await?,
        };
        run.save(done).await
    }
}
