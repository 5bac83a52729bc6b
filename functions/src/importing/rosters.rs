//! Importing places on the rosters of groups and series.

use domain::import::rosters::{Column, Draft};
use domain::import::{Header, Outcome, RowError};
use domain::individual::Imported;
use domain::journal::{Actor, JournalEvent};
use domain::service::ServiceKind;
use domain::service_file::Place;
use store::{CommitError, Conflict, Fault, ask};

use super::enrolments::Named;
use super::{Line, ReportError, ReportRow, Rows, Run, busy};

/// Of an import of rosters.
pub(crate) struct Rosters<'r>(pub(crate) &'r Run<'r>);

impl Rows for Rosters<'_> {
    type Column = Column;

    async fn rows(&self, header: &Header<Column>, lines: &[Line]) -> Result<Vec<ReportRow>, Fault> {
        let mut rows = Vec::with_capacity(lines.len());
        for line in lines {
            rows.push(match line.fields().and_then(|fields| Draft::parse(header, fields)) {
                Err(errors) => ReportRow::refused(line.row, errors.into_iter().map(ReportError::from)),
                Ok(draft) => self.row(line.row, &draft).await?,
            });
        }
        Ok(rows)
    }
}

impl Rosters<'_> {
    async fn row(&self, row: u64, draft: &Draft) -> Result<ReportRow, Fault> {
        let imported = Imported { job: self.0.job.id, row };
        let today = self.0.settings.today(self.0.context.now);
        let store = &self.0.context.services.store;
        let refused = |error: RowError| Ok(ReportRow::refused(row, [error.into()]));
        for _ in 0..5 {
            let kinds = [ServiceKind::Group, ServiceKind::InformalSeries];
            let named = match self.0.named(&draft.individual_external_id, &draft.service, &kinds).await? {
                Ok(named) => named,
                Err(error) => return refused(error),
            };
            let Named { individual, service } = &named;
            let report = |outcome| ReportRow {
                individual_id: Some(individual.id),
                service_id: Some(service.id),
                ..ReportRow::taken(row, outcome, &[])
            };
            if let Some(known) = store.ask(ask::place(individual.id, service.id)).await? {
                let mine = known.imported == Some(imported);
                return Ok(report(if mine { Outcome::Created } else { Outcome::Unchanged }));
            }
            let place = match draft.apply(individual, service, imported, today) {
                Ok(place) => place,
                Err(not) => return refused(not.into()),
            };
            if self.0.is_dry() {
                return Ok(report(Outcome::Created));
            }
            match self.apply(&named, &place).await {
                Ok(()) => return Ok(report(Outcome::Created)),
                // Somebody changed one of them meanwhile: look again and apply again.
                Err(CommitError::Conflict(Conflict::Stale(_))) => {}
                Err(CommitError::Fault(fault)) => return Err(fault),
                Err(CommitError::Conflict(other)) => {
                    return Err(Fault::Internal { what: other.to_string(), source: None });
                }
            }
        }
        Err(busy())
    }

    async fn apply(&self, named: &Named, place: &Place) -> Result<(), CommitError> {
        let (context, actor) = (self.0.context, Actor::Import(self.0.job.id));
        let told = JournalEvent::RosterJoined { individual: place.individual, service: place.service };
        let (before, after) = (&named.individual, &named.individual.value);
        let mut transaction = context.enrolment_change(actor, self.0.settings, before, after, told);
        transaction.put_place(place).count_enrolled(&named.service, 1);
        context.services.store.commit(transaction).await
    }
}
