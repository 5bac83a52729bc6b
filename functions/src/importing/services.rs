//! Importing services, groups and series.

use std::collections::BTreeMap;

use domain::id::ServiceId;
use domain::import::services::{Applied, Column, Draft, Import};
use domain::import::{Header, Outcome, RowError};
use domain::individual::Imported;
use domain::journal::{Actor, JournalEvent, JournalRecord, Subject};
use domain::service::Service;
use store::{CommitError, Conflict, Fault, ServiceWithExternalId, Transaction, Versioned, ask};

use super::{Line, ReportError, ReportRow, Rows, Run, busy};

/// Of an import of services.
pub(crate) struct Services<'r>(pub(crate) &'r Run<'r>);

/// A service, and the one that it is a run of, as they are known.
#[derive(Default)]
struct Known {
    service: Option<Versioned<Service>>,
    parent: Option<Versioned<Service>>,
}

impl Rows for Services<'_> {
    type Column = Column;

    async fn rows(&self, header: &Header<Column>, lines: &[Line]) -> Result<Vec<ReportRow>, Fault> {
        let mut rows = Vec::with_capacity(lines.len());
        let mut seen: BTreeMap<String, u64> = BTreeMap::new();
        // What a dry run would have written: later rows may be runs of it.
        let mut written: BTreeMap<String, Service> = BTreeMap::new();
        for line in lines {
            let site = |name: &str| self.0.site(name);
            let draft = line.fields().and_then(|fields| Draft::parse(header, fields, site));
            rows.push(match draft {
                Err(errors) => ReportRow::refused(line.row, errors.into_iter().map(ReportError::from)),
                Ok(draft) => match seen.insert(draft.external_id.clone(), line.row) {
                    Some(earlier) => ReportRow::repeated(line.row, earlier),
                    None => self.row(line.row, draft, &mut written).await?,
                },
            });
        }
        Ok(rows)
    }
}

impl Services<'_> {
    async fn row(
        &self,
        row: u64,
        draft: Draft,
        written: &mut BTreeMap<String, Service>,
    ) -> Result<ReportRow, Fault> {
        let import = Import {
            source: &self.0.job.source,
            imported: Imported { job: self.0.job.id, row },
            service: ServiceId::new(self.0.derived(row, "service")),
        };
        for _ in 0..5 {
            let known = self.known(&draft).await?;
            let before = known.service.as_ref();
            let imported = before.and_then(|before| before.imported);
            if let Some(earlier) = self.0.earlier_row(imported, row) {
                return Ok(ReportRow::repeated(row, earlier));
            }
            let as_written = draft.parent_external_id.as_ref().and_then(|id| written.get(id));
            let parent = as_written.or_else(|| known.parent.as_ref().map(|parent| &parent.value));
            let applied = draft.clone().apply(before.map(|before| &before.value), parent, import);
            let applied = match applied {
                Ok(applied) => applied,
                Err(error) => return Ok(ReportRow::refused(row, [error.into()])),
            };
            let done = done_before(before, &import);
            let outcome = done.unwrap_or(applied.outcome);
            let report = ReportRow {
                service_id: (!self.0.is_dry() || before.is_some()).then_some(applied.service.id),
                ..ReportRow::taken(row, outcome, &applied.warnings)
            };
            if self.0.is_dry() {
                written.insert(draft.external_id, applied.service);
                return Ok(report);
            }
            if done.is_some() || outcome == Outcome::Unchanged {
                return Ok(report);
            }
            match self.apply(row, &known, &applied).await {
                Ok(()) => return Ok(report),
                Err(CommitError::Conflict(Conflict::ServiceInUse)) => {
                    return Ok(ReportRow::refused(row, [in_use().into()]));
                }
                // Somebody changed it meanwhile: look again and apply again.
                Err(CommitError::Conflict(Conflict::Stale(_) | Conflict::ExternalIdTaken)) => {}
                Err(CommitError::Fault(fault)) => return Err(fault),
                Err(CommitError::Conflict(other)) => {
                    return Err(Fault::Internal { what: other.to_string(), source: None });
                }
            }
        }
        Err(busy())
    }

    async fn known(&self, draft: &Draft) -> Result<Known, Fault> {
        let (store, source) = (&self.0.context.services.store, &self.0.job.source);
        let above = draft.parent_external_id.as_ref();
        let (own, above) = store
            .ask((
                ask::service_with_external_id(source, &draft.external_id),
                above.map(|id| ask::service_with_external_id(source, id)),
            ))
            .await?;
        let id =
            |found: Option<ServiceWithExternalId>| found.map(|ServiceWithExternalId(id)| ask::service(id));
        let (service, named) = store.ask((id(own), id(above))).await?;
        let parent = match (named, &service) {
            (None, Some(service)) if draft.parent_external_id.is_none() => {
                store.ask(service.parent.map(ask::service)).await?
            }
            (named, _) => named,
        };
        Ok(Known { service, parent })
    }

    async fn apply(&self, row: u64, known: &Known, applied: &Applied) -> Result<(), CommitError> {
        let (job, service) = (self.0.job.id, &applied.service);
        let created = applied.outcome == Outcome::Created;
        let (before, parent) = (known.service.as_ref(), known.parent.as_ref());
        let record = JournalRecord {
            changed: service
                .changed_since(before.map(|before| &before.value), parent.map(|parent| &parent.value)),
            events: vec![JournalEvent::ServiceImported { service: service.id, job, row, created }],
            ..self.0.context.record(Actor::Import(job), Subject::Service(service.id))
        };
        let mut transaction = Transaction::new(&record);
        transaction.put_service(before, service, parent);
        self.0.context.services.store.commit(transaction).await
    }
}

/// What this row did when the page was delivered before.
fn done_before(before: Option<&Versioned<Service>>, import: &Import<'_>) -> Option<Outcome> {
    let before = before.filter(|before| before.imported == Some(import.imported))?;
    Some(if before.id == import.service { Outcome::Created } else { Outcome::Updated })
}

fn in_use() -> RowError {
    RowError {
        column: Some("active"),
        code: "in_use",
        help: "people are in it, or something active is below it: end that first".to_owned(),
    }
}
