//! Importing individuals.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use domain::account::RecordChange;
use domain::birth_date::BirthDate;
use domain::id::{ContactId, IndividualId, SiteId, WorkerId};
use domain::import::individuals::{Applied, Column, Directory, Draft, Import};
use domain::import::{Header, Outcome, RowError, Warning};
use domain::individual::Imported;
use domain::journal::{Actor, JournalEvent};
use domain::worker::{Permission, permits};
use domain::{EmailAddress, Individual};
use store::{CommitError, Conflict, ExternalIdOf, Fault, Versioned, ask};

use super::{Line, ReportError, ReportRow, Rows, Run, busy};
use crate::change::IndividualChange;

/// Of an import of individuals.
pub(crate) struct Individuals<'r>(pub(crate) &'r Run<'r>);

impl Rows for Individuals<'_> {
    type Column = Column;

    async fn rows(&self, header: &Header<Column>, lines: &[Line]) -> Result<Vec<ReportRow>, Fault> {
        let today = self.0.settings.today(self.0.context.now);
        let mut directory = Known {
            today,
            run: self.0,
            workers: BTreeMap::new(),
            wanted: RefCell::default(),
            records_consent: false,
        };
        for line in lines {
            drop(parse(header, line, &directory));
        }
        self.look_up(&mut directory).await?;
        let drafts: Vec<(u64, Result<Draft, Vec<RowError>>)> =
            lines.iter().map(|line| (line.row, parse(header, line, &directory))).collect();
        let mut known = self.known(drafts.iter().filter_map(|(_, draft)| draft.as_ref().ok())).await?;
        let mut rows = Vec::with_capacity(drafts.len());
        let mut seen: BTreeMap<String, u64> = BTreeMap::new();
        for (row, draft) in drafts {
            rows.push(match draft {
                Err(errors) => ReportRow::refused(row, errors.into_iter().map(ReportError::from)),
                Ok(draft) => {
                    let before = known.remove(&draft.external_id);
                    let earlier = seen.insert(draft.external_id.clone(), row).or_else(|| {
                        self.0.earlier_row(before.as_ref().and_then(|before| before.imported), row)
                    });
                    match earlier {
                        Some(earlier) => ReportRow::repeated(row, earlier),
                        None => self.row(row, draft, before).await?,
                    }
                }
            });
        }
        Ok(rows)
    }
}

impl Individuals<'_> {
    /// The workers whom rows name, and what the one may record who started it.
    async fn look_up(&self, directory: &mut Known<'_>) -> Result<(), Fault> {
        let wanted = directory.wanted.take();
        let addresses: Vec<EmailAddress> = wanted.iter().filter_map(|address| address.parse().ok()).collect();
        let named = addresses.iter().map(ask::worker_credentials).collect::<Vec<_>>();
        let asked = (named, ask::worker(self.0.job.by), ask::security_classes());
        let (found, by, classes) = self.0.context.services.store.ask(asked).await?;
        directory.workers = addresses
            .iter()
            .zip(found)
            .filter_map(|(address, found)| Some((address.normalized().to_owned(), found?.holder)))
            .collect();
        directory.records_consent = by.zip(classes).is_some_and(|(by, classes)| {
            let class = classes.value.iter().find(|class| class.id == by.security_class);
            class.is_some_and(|class| permits(by.user_group, class, Permission::SetCommunicationSettings))
        });
        Ok(())
    }

    /// The individuals that have the rows' external ids.
    async fn known(
        &self,
        drafts: impl Iterator<Item = &Draft>,
    ) -> Result<BTreeMap<String, Versioned<Individual>>, Fault> {
        let store = &self.0.context.services.store;
        let ids: BTreeSet<&str> = drafts.map(|draft| draft.external_id.as_str()).collect();
        let owners = store
            .ask(ids.iter().map(|id| ask::external_id(&self.0.job.source, id)).collect::<Vec<_>>())
            .await?;
        let owned: Vec<(&str, IndividualId)> = ids
            .into_iter()
            .zip(owners)
            .filter_map(|(id, owner)| Some((id, owner.map(|ExternalIdOf(owner)| owner)?)))
            .collect();
        let found =
            store.ask(owned.iter().map(|(_, owner)| ask::individual(*owner)).collect::<Vec<_>>()).await?;
        Ok(owned.iter().zip(found).filter_map(|((id, _), found)| Some(((*id).to_owned(), found?))).collect())
    }

    async fn row(
        &self,
        row: u64,
        draft: Draft,
        mut before: Option<Versioned<Individual>>,
    ) -> Result<ReportRow, Fault> {
        let external_id = draft.external_id.clone();
        let import = self.import(row)?;
        for _ in 0..5 {
            let done = done_before(before.as_ref(), &import);
            let mut applied = draft.clone().apply(before.as_ref().map(|before| &before.value), import);
            applied.outcome = done.unwrap_or(applied.outcome);
            let individual = &applied.individual;
            if let (Outcome::Created, Some(birth_date)) = (applied.outcome, individual.birth_date)
                && self.has_a_double(individual, birth_date, row).await?
            {
                applied.warnings.push(Warning::SameNameAndBirthDate);
            }
            let report = ReportRow {
                individual_id: (!self.0.is_dry() || before.is_some()).then_some(individual.id),
                ..ReportRow::taken(row, applied.outcome, &applied.warnings)
            };
            if done.is_some() || self.0.is_dry() || applied.outcome == Outcome::Unchanged {
                return Ok(report);
            }
            match self.apply(row, before.as_ref(), &applied).await {
                Ok(()) => return Ok(report),
                // Somebody changed the individual meanwhile: look again and apply again.
                Err(CommitError::Conflict(Conflict::Stale(_) | Conflict::ExternalIdTaken)) => {
                    before = self.known(std::iter::once(&draft)).await?.remove(&external_id);
                }
                Err(CommitError::Fault(fault)) => return Err(fault),
                Err(CommitError::Conflict(other)) => {
                    return Err(Fault::Internal { what: other.to_string(), source: None });
                }
            }
        }
        Err(busy())
    }

    /// Whether somebody else has the name and birth date (B12). Later rows of this file, which only a page that is
    /// delivered again can meet, don't count.
    async fn has_a_double(
        &self,
        individual: &Individual,
        birth_date: BirthDate,
        row: u64,
    ) -> Result<bool, Fault> {
        let store = &self.0.context.services.store;
        let same = store.same_person(&individual.name, birth_date).await?;
        let others: Vec<_> =
            same.into_iter().filter(|other| *other != individual.id).map(ask::individual).collect();
        if others.is_empty() {
            return Ok(false);
        }
        let is_later = |imported: Imported| imported.job == self.0.job.id && imported.row > row;
        Ok(store.ask(others).await?.into_iter().flatten().any(|other| !other.imported.is_some_and(is_later)))
    }

    /// The same ids whenever the row is read again.
    fn import(&self, row: u64) -> Result<Import<'_>, Fault> {
        let id = |what: &str| self.0.derived(row, what);
        let no_site = || Fault::Internal { what: "the agency has no site".to_owned(), source: None };
        Ok(Import {
            source: &self.0.job.source,
            imported: Imported { job: self.0.job.id, row },
            at: self.0.context.now,
            individual: IndividualId::new(id("individual")),
            contacts: [
                ContactId::new(id("email")),
                ContactId::new(id("phone")),
                ContactId::new(id("postal")),
            ],
            language: self.0.settings.agency.language,
            site: self.0.sites.iter().find(|site| site.active).map(|site| site.id).ok_or_else(no_site)?,
        })
    }

    /// Writes a row in one transaction, with what it means for a Pending account (B2, B3).
    async fn apply(
        &self,
        row: u64,
        before: Option<&Versioned<Individual>>,
        applied: &Applied,
    ) -> Result<(), CommitError> {
        let (context, individual) = (self.0.context, &applied.individual);
        let change = RecordChange::between(before.map(|before| &before.value), individual);
        let account = if before.is_some() && change.concerns_accounts() {
            context.open_account(context.services.store.ask(ask::holding(individual.id)).await?).await?
        } else {
            None
        };
        let told = JournalEvent::IndividualImported {
            individual: individual.id,
            job: self.0.job.id,
            row,
            created: applied.outcome == Outcome::Created,
        };
        let change =
            IndividualChange { before, after: individual, told: Some(told), account: account.as_ref() };
        let (transaction, _) =
            context.individual_change(Actor::Import(self.0.job.id), self.0.settings, &change);
        context.services.store.commit(transaction).await
    }
}

/// What this row did when the page was delivered before.
fn done_before(before: Option<&Versioned<Individual>>, import: &Import<'_>) -> Option<Outcome> {
    let before = before.filter(|before| before.imported == Some(import.imported))?;
    Some(if before.id == import.individual { Outcome::Created } else { Outcome::Updated })
}

fn parse(header: &Header<Column>, line: &Line, directory: &Known<'_>) -> Result<Draft, Vec<RowError>> {
    Draft::parse(header, line.fields()?, directory)
}

/// The sites, and the workers as far as they were looked up; the others are noted.
struct Known<'a> {
    today: NaiveDate,
    run: &'a Run<'a>,
    workers: BTreeMap<String, WorkerId>,
    wanted: RefCell<BTreeSet<String>>,
    records_consent: bool,
}

impl Directory for Known<'_> {
    fn records_consent(&self) -> bool {
        self.records_consent
    }

    fn today(&self) -> NaiveDate {
        self.today
    }

    fn site(&self, name: &str) -> Option<SiteId> {
        self.run.site(name)
    }

    fn worker(&self, email: &EmailAddress) -> Option<WorkerId> {
        let known = self.workers.get(email.normalized()).copied();
        if known.is_none() {
            self.wanted.borrow_mut().insert(email.normalized().to_owned());
        }
        known
    }
}
