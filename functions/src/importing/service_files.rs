//! Importing service files.

use std::collections::BTreeMap;

use domain::Individual;
use domain::id::{ServiceFileId, WorkerId};
use domain::import::service_files::{Applied, Column, Draft, Import};
use domain::import::{Header, Outcome, RowError};
use domain::individual::Imported;
use domain::journal::{Actor, JournalEvent};
use domain::service::ServiceKind;
use domain::service_file::{ServiceFile, Team};
use store::{CommitError, Conflict, Fault, Version, Versioned, ask};

use super::enrolments::Named;
use super::{Line, ReportError, ReportRow, Rows, Run, busy};

/// Of an import of service files.
pub(crate) struct ServiceFiles<'r>(pub(crate) &'r Run<'r>);

impl Rows for ServiceFiles<'_> {
    type Column = Column;

    async fn rows(&self, header: &Header<Column>, lines: &[Line]) -> Result<Vec<ReportRow>, Fault> {
        let mut rows = Vec::with_capacity(lines.len());
        let mut seen: BTreeMap<String, u64> = BTreeMap::new();
        for line in lines {
            rows.push(match line.fields().and_then(|fields| Draft::parse(header, fields)) {
                Err(errors) => ReportRow::refused(line.row, errors.into_iter().map(ReportError::from)),
                Ok(draft) => match seen.insert(draft.external_id.clone(), line.row) {
                    Some(earlier) => ReportRow::repeated(line.row, earlier),
                    None => self.row(line.row, &draft).await?,
                },
            });
        }
        Ok(rows)
    }
}

impl ServiceFiles<'_> {
    async fn row(&self, row: u64, draft: &Draft) -> Result<ReportRow, Fault> {
        let import = Import {
            source: &self.0.job.source,
            imported: Imported { job: self.0.job.id, row },
            file: ServiceFileId::new(self.0.derived(row, "service_file")),
            today: self.0.settings.today(self.0.context.now),
        };
        let refused = |error: RowError| Ok(ReportRow::refused(row, [error.into()]));
        for _ in 0..5 {
            let kinds = [ServiceKind::CaseService];
            let named = match self.0.named(&draft.individual_external_id, &draft.service, &kinds).await? {
                Ok(named) => named,
                Err(error) => return refused(error),
            };
            let known = self.known(draft).await?;
            let imported = known.as_ref().and_then(|known| known.imported);
            if let Some(earlier) = self.0.earlier_row(imported, row) {
                return Ok(ReportRow::repeated(row, earlier));
            }
            let team = match self.team(draft, known.as_ref()).await? {
                Ok(team) => team,
                Err(error) => return refused(error),
            };
            let mut individual = named.individual.value.clone();
            let before = known.as_ref().map(|known| &known.value);
            let done = done_before(before, &import);
            let applied = draft.clone().apply(before, &mut individual, &named.service, team, import);
            let applied = match applied {
                Ok(applied) => applied,
                Err(error) => return refused(error),
            };
            let outcome = done.unwrap_or(applied.outcome);
            let report = ReportRow {
                individual_id: Some(individual.id),
                service_id: Some(named.service.id),
                ..ReportRow::taken(row, outcome, &[])
            };
            if done.is_some() || self.0.is_dry() || outcome == Outcome::Unchanged {
                return Ok(report);
            }
            match self.apply(&named, known.as_ref(), &individual, &applied).await {
                Ok(()) => return Ok(report),
                // Somebody changed one of them meanwhile: look again and apply again.
                Err(CommitError::Conflict(Conflict::Stale(_) | Conflict::ExternalIdTaken)) => {}
                Err(CommitError::Fault(fault)) => return Err(fault),
                Err(CommitError::Conflict(other)) => {
                    return Err(Fault::Internal { what: other.to_string(), source: None });
                }
            }
        }
        Err(busy())
    }

    /// The service file that has the row's external id.
    async fn known(&self, draft: &Draft) -> Result<Option<Versioned<ServiceFile>>, Fault> {
        let store = &self.0.context.services.store;
        let owner = ask::service_file_with_external_id(&self.0.job.source, &draft.external_id);
        let owner = store.ask(owner).await?;
        store.ask(owner.map(|owner| ask::service_file(owner.individual, owner.file))).await
    }

    /// The workers by their sign-in emails.
    async fn team(
        &self,
        draft: &Draft,
        known: Option<&Versioned<ServiceFile>>,
    ) -> Result<Result<Team, RowError>, Fault> {
        let store = &self.0.context.services.store;
        let emails = std::iter::once(&draft.primary).chain(draft.others.iter().flatten());
        let holders = store.ask(emails.map(ask::worker_credentials).collect::<Vec<_>>()).await?;
        let ids = holders.into_iter().map(|holder| holder.map(|holder| ask::worker(holder.holder)));
        let workers = store.ask(ids.collect::<Vec<_>>()).await?;
        let serves = |worker: &Versioned<domain::Worker>| {
            worker.may_serve() || known.is_some_and(|known| known.team.all().any(|id| id == worker.id))
        };
        let ids: Vec<Option<WorkerId>> =
            workers.into_iter().map(|worker| worker.filter(serves).map(|worker| worker.id)).collect();
        let unknown = |column: &'static str| RowError {
            column: Some(column),
            code: "unknown_worker",
            help: "write the sign-in email of somebody who works with clients here".to_owned(),
        };
        let Some((Some(primary), others)) = ids.split_first() else {
            return Ok(Err(unknown("primary_worker_email")));
        };
        let Some(others) = others.iter().copied().collect::<Option<Vec<_>>>() else {
            return Ok(Err(unknown("worker_emails")));
        };
        let as_they_are = || known.map(|known| known.team.all().skip(1).collect()).unwrap_or_default();
        let others: Vec<_> = if draft.others.is_some() { others } else { as_they_are() };
        Ok(Ok(Team::new(*primary, others)))
    }

    async fn apply(
        &self,
        named: &Named,
        known: Option<&Versioned<ServiceFile>>,
        individual: &Individual,
        applied: &Applied,
    ) -> Result<(), CommitError> {
        let (context, file) = (self.0.context, &applied.file);
        let was_open = known.is_some_and(|known| known.closed_on.is_none());
        let (individual_id, file_id, service) = (individual.id, file.id, file.service);
        let told = match (known, file.closed_on) {
            (Some(_), Some(_)) if was_open => {
                JournalEvent::ServiceFileClosed { individual: individual_id, file: file_id, service }
            }
            (Some(_), _) => {
                JournalEvent::ServiceFileChanged { individual: individual_id, file: file_id, service }
            }
            (None, _) => {
                JournalEvent::ServiceFileOpened { individual: individual_id, file: file_id, service }
            }
        };
        let actor = Actor::Import(self.0.job.id);
        let mut transaction =
            context.enrolment_change(actor, self.0.settings, &named.individual, individual, told);
        transaction.put_service_file(known.map_or(Version::NONE, |known| known.version), file);
        if known.is_none() && file.closed_on.is_none() {
            transaction.count_enrolled(&named.service, 1);
        }
        if was_open && file.closed_on.is_some() {
            context.leave(file, &mut transaction).await?;
        }
        context.services.store.commit(transaction).await
    }
}

/// What this row did when the page was delivered before.
fn done_before(before: Option<&ServiceFile>, import: &Import<'_>) -> Option<Outcome> {
    let before = before.filter(|before| before.imported == Some(import.imported))?;
    Some(if before.id == import.file { Outcome::Created } else { Outcome::Updated })
}
