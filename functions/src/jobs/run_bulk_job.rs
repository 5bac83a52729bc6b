//! Works through a bulk job, a step at a time: activation or change of many accounts, dry run or for good, with a report of
//! each. Whoever was dealt with is known by records named after job and individual, so that a step that is delivered
//! again, or goes on after a stop, does nothing twice.

use std::time::Duration;

use domain::account::{Account, CloseReason, Context as Guards, Criteria, Reason};
use domain::bulk::{
    BulkJob, BulkState, InvitedBefore, Outcome, Place, StopReason, Target, Targets, Work, Worked,
};
use domain::id::{AccountId, IndividualId, JournalId, MailId};
use domain::job::JobMode;
use domain::journal::{Actor, JobName, JournalEvent, JournalRecord, Subject};
use domain::settings::Settings;
use domain::{Changed, Individual};
use futures_util::future::join_all;
use store::{
    CommitError, Conflict, Fault, RecordName, ReportPage, TargetList, Transaction, Version, Versioned,
    Walked, ask,
};

use super::{Delivered, derived, log_page};
use crate::bulk::ResultRow;
use crate::context::{Context, defect};
use crate::entry::event::MessageOperation;
use crate::opening::Held;
use crate::pace::Pace;

/// Targets of a step.
const STEP: usize = 100;
/// Targets that are dealt with at the same time.
const AT_ONCE: usize = 8;
/// Calls that look for targets in a step, and how many it finds at most before the last of them.
const WALKS: usize = 20;
const FOUND: usize = 500;
/// A step ends in good time before its function is stopped.
const LONGEST: Duration = Duration::from_mins(1);
/// How often to look again when others change the same account.
const TRIES: usize = 5;

/// Runs a step of a bulk job.
pub struct RunBulkJob;

impl MessageOperation for RunBulkJob {
    type Message = Delivered;

    async fn handle(context: &Context<'_>, message: Delivered) -> Result<(), Fault> {
        let context = message.caused(context);
        let JournalEvent::BulkJobContinues { job, step } = message.detail.event else {
            return Err(Fault::Internal { what: "not a bulk job".to_owned(), source: None });
        };
        let asked = (ask::bulk_job(job), ask::bulk_mails(job), ask::settings());
        let (found, mails, settings) = context.services.store.ask(asked).await?;
        let settings = context.settings(settings)?;
        let Some(job) = found else {
            return Err(Fault::Internal { what: format!("{job} does not exist"), source: None });
        };
        if !job.is_going() || job.place.step != step {
            return Ok(());
        }
        let run = Run { context: &context, job: &job, settings: &settings };
        let not_ready = job.sends_mail() && settings.ready().is_err();
        let stop = not_ready.then_some(StopReason::NotReady).or(job.brake(mails.unwrap_or_default()));
        match (stop, job.looks_for()) {
            (Some(reason), _) => run.save(Done::stopped(&job, reason)).await,
            (None, Some(criteria)) => run.look_for_targets(criteria).await,
            (None, None) => run.save(run.work().await?).await,
        }
    }
}

/// What a step did, to be saved with the job.
struct Done {
    rows: Vec<ResultRow>,
    place: Place,
    state: BulkState,
}

impl Done {
    fn stopped(job: &BulkJob, reason: StopReason) -> Self {
        Self { rows: Vec::new(), place: job.place.clone(), state: BulkState::Stopped(reason) }
    }
}

/// The targets of a step.
struct Batch {
    targets: Vec<Target>,
    /// Whether none comes after them.
    last: bool,
    from: Source,
}

/// Where a batch comes from, and so, where the job goes on after it.
enum Source {
    PassedOver,
    Walk,
    List,
}

impl Batch {
    /// Where the job goes on when so many of the batch are dealt with, but for those passed over.
    fn place(&self, before: &Place, dealt_with: usize, passed_over: Vec<Target>) -> Place {
        let rest = self.targets.get(dealt_with..).unwrap_or_default();
        let mut place = before.clone();
        match self.from {
            Source::PassedOver => place.left = rest.to_vec(),
            Source::Walk => {
                let last = dealt_with.checked_sub(1).and_then(|last| self.targets.get(last));
                place.individual = last.map(|last| last.individual).or(before.individual);
            }
            Source::List if rest.is_empty() => (place.list, place.row) = (before.list + 1, 0),
            Source::List => place.row += dealt_with,
        }
        place.left.extend(passed_over);
        place
    }
}

/// What became of one target.
enum Dealt {
    /// It is in the report.
    Row(ResultRow),
    /// It isn't what the job is for.
    NotMeant,
    /// No licence is free (B7).
    NoLicence,
}

/// A decision about one target, and whom it is about.
struct Decided {
    individual: Versioned<Individual>,
    account: Option<AccountId>,
    loaded: Version,
    held: Held,
    /// What it comes to, if it is made.
    outcome: Outcome,
    changed: Changed,
}

/// A decision, or what is known without one.
enum Looked {
    Decided(Box<Decided>),
    Known(Option<AccountId>, Outcome),
    NotMeant,
}

struct Run<'a> {
    context: &'a Context<'a>,
    job: &'a Versioned<BulkJob>,
    settings: &'a Settings,
}

impl Run<'_> {
    async fn work(&self) -> Result<Done, Fault> {
        let batch = self.batch().await?;
        let mut pace =
            if self.job.sends_mail() { Some(Pace::shared_by(self.context, 1).await?) } else { None };
        let begun = self.context.services.clock.now();
        let (mut rows, mut left, mut dealt_with) = (Vec::new(), Vec::new(), 0);
        for targets in batch.targets.chunks(AT_ONCE) {
            let passed = (self.context.services.clock.now() - begun).to_std().unwrap_or_default();
            let passed = passed.max(pace.as_ref().map(Pace::due).unwrap_or_default());
            if dealt_with > 0 && (passed >= LONGEST || self.was_stopped().await?) {
                break;
            }
            let mut mails = 0;
            for (target, dealt) in
                targets.iter().zip(join_all(targets.iter().map(|target| self.deal(*target))).await)
            {
                match dealt? {
                    Dealt::Row(row) => {
                        mails += u32::from(!matches!(row.outcome, Outcome::Skipped { .. }));
                        rows.push(row);
                    }
                    Dealt::NotMeant => {}
                    Dealt::NoLicence => left.push(*target),
                }
            }
            dealt_with += targets.len();
            if let Some(pace) = &mut pace {
                pace.keep(self.context, mails).await;
            }
            if !left.is_empty() {
                break;
            }
        }
        let state = if !left.is_empty() {
            BulkState::Stopped(StopReason::NoLicence)
        } else if batch.last && dealt_with == batch.targets.len() {
            BulkState::Done
        } else {
            BulkState::Running
        };
        Ok(Done { rows, place: batch.place(&self.job.place, dealt_with, left), state })
    }

    async fn batch(&self) -> Result<Batch, Fault> {
        let (store, place) = (&self.context.services.store, &self.job.place);
        if !place.left.is_empty() {
            return Ok(Batch { targets: place.left.clone(), last: false, from: Source::PassedOver });
        }
        let Work::ChangeAccounts { targets, .. } = &self.job.work else {
            let Walked { items, ended } = store.walk_individuals(place.individual, STEP).await?;
            let targets = items.into_iter().map(|individual| Target { individual, account: None });
            return Ok(Batch { targets: targets.collect(), last: ended, from: Source::Walk });
        };
        let last = place.list + 1 >= self.job.lists;
        if place.list >= self.job.lists {
            return Ok(Batch { targets: Vec::new(), last, from: Source::List });
        }
        let number = place.list + 1;
        let listed = match targets {
            Targets::Listed | Targets::Matching(_) => {
                let found = store.ask(ask::targets(self.job.lists_of(), number)).await?;
                found.map(|list| list.targets)
            }
            Targets::OpenedBy(opening) => {
                let page = store.ask(ask::report(*opening, number)).await?;
                page.map(ResultRow::read)
                    .transpose()?
                    .map(|rows| rows.iter().filter_map(ResultRow::opened).collect())
            }
        };
        let no_list =
            || Fault::Internal { what: format!("{} has no list {number}", self.job.id), source: None };
        let targets = listed.ok_or_else(no_list)?.into_iter().skip(place.row).collect();
        Ok(Batch { targets, last, from: Source::List })
    }

    /// Finds more of the accounts that fit, and lists them: the snapshot that dry run and apply work on.
    async fn look_for_targets(&self, criteria: &Criteria) -> Result<(), Fault> {
        let (store, now) = (&self.context.services.store, self.context.now);
        let (mut found, mut walked_to, mut ended) = (Vec::new(), self.job.place.account, false);
        for _ in 0..WALKS {
            let Walked { mut items, ended: at_the_end } = store.walk_accounts(walked_to).await?;
            walked_to = items.last().map(|last| last.id).or(walked_to);
            items.retain(|account| criteria.fits_account(account, now));
            let whose = criteria.needs_individual().then_some(&items).into_iter().flatten();
            let whose = store
                .ask(whose.map(|account| ask::individual(account.individual)).collect::<Vec<_>>())
                .await?;
            let mut whose = whose.into_iter();
            let fitting = items.into_iter().filter(|account| {
                let individual = whose.next().flatten();
                criteria.fits(account, individual.as_ref().map(|individual| &individual.value), now)
            });
            found.extend(
                fitting.map(|account| Target { individual: account.individual, account: Some(account.id) }),
            );
            ended = at_the_end;
            if ended || found.len() >= FOUND {
                break;
            }
        }
        let lists: Vec<_> = found.chunks(STEP).map(<[Target]>::to_vec).collect();
        let up_to = walked_to.filter(|_| !ended);
        let after =
            self.job.found(found.len() as u64, u32::try_from(lists.len()).unwrap_or(u32::MAX), up_to, now);
        let mut transaction = self.saving(self.job, &after, &serde_json::Value::Null);
        for (targets, number) in lists.into_iter().zip(self.job.lists + 1..) {
            transaction.put_targets(self.job.id, number, &TargetList { targets });
        }
        match store.commit(transaction).await {
            // Another delivery of this step was quicker, or the job was stopped: resumed, it looks again from here.
            Ok(()) | Err(CommitError::Conflict(Conflict::Stale(_))) => Ok(()),
            Err(CommitError::Fault(fault)) => Err(fault),
            Err(CommitError::Conflict(other)) => {
                Err(Fault::Internal { what: other.to_string(), source: None })
            }
        }
    }

    async fn was_stopped(&self) -> Result<bool, Fault> {
        let job = self.context.services.store.ask(ask::bulk_job(self.job.id)).await?;
        Ok(!job.is_some_and(|job| job.is_going() && job.place.step == self.job.place.step))
    }

    async fn deal(&self, target: Target) -> Result<Dealt, Fault> {
        let row =
            |account, outcome| Dealt::Row(ResultRow { individual: target.individual, account, outcome });
        for _ in 0..TRIES {
            let decided = match self.look(target).await? {
                Looked::Decided(decided) => decided,
                Looked::Known(account, outcome) => return Ok(row(account, outcome)),
                Looked::NotMeant => return Ok(Dealt::NotMeant),
            };
            if self.job.mode == JobMode::DryRun {
                return Ok(row(decided.account, decided.outcome));
            }
            match self.make(&decided).await {
                Ok(()) => return Ok(row(Some(decided.changed.account.id), decided.outcome)),
                // Somebody was at this account meanwhile: look again and decide again.
                Err(CommitError::Conflict(Conflict::Stale(_) | Conflict::OpenAccountExists)) => {}
                Err(CommitError::Conflict(Conflict::SignInNameTaken)) => {
                    return Ok(row(target.account, skipped(Reason::EmailTaken)));
                }
                Err(CommitError::Conflict(Conflict::NoLicence)) => return Ok(Dealt::NoLicence),
                Err(CommitError::Fault(fault)) => return Err(fault),
                Err(CommitError::Conflict(other)) => {
                    return Err(Fault::Internal { what: other.to_string(), source: None });
                }
            }
        }
        Err(Fault::Unavailable {
            what: "an account is changed all the time".to_owned(),
            retry_after: Duration::from_secs(5),
        })
    }

    async fn look(&self, target: Target) -> Result<Looked, Fault> {
        match (&self.job.work, target.account) {
            (Work::ActivateInBulk { .. }, _) => self.look_at_individual(target.individual).await,
            (Work::ChangeAccounts { .. }, Some(account)) => {
                self.look_at_account(target.individual, account).await
            }
            (Work::ChangeAccounts { .. }, None) => Ok(Looked::Known(None, skipped(Reason::NoSuchAccount))),
        }
    }

    /// Decides whether somebody is invited (A2).
    async fn look_at_individual(&self, individual: IndividualId) -> Result<Looked, Fault> {
        let store = &self.context.services.store;
        let asked = (
            ask::individual(individual),
            ask::holding(individual),
            ask::journal_record(RecordName {
                subject: Subject::Individual(individual),
                record: self.record_of(individual),
            }),
        );
        let (found, holding, made) = store.ask(asked).await?;
        let Some(found) = found else { return Ok(Looked::NotMeant) };
        let account = AccountId::new(derived(self.job.id, individual, "account"));
        let closed = holding.iter().flat_map(|holding| &holding.closed);
        let last_closed =
            closed.take_while(|closed| closed.account != account).last().map(|last| last.reason);
        if !self.is_meant(&found, last_closed) {
            return Ok(Looked::NotMeant);
        }
        let opened =
            Outcome::Opened { group: InvitedBefore::of(last_closed).unwrap_or(InvitedBefore::First) };
        if made.is_some() {
            return Ok(Looked::Known(Some(account), opened));
        }
        let shared = self.shares_address(&found).await?;
        let open = holding.as_ref().is_some_and(|holding| holding.open.is_some());
        let decided = Account::create_in_bulk(account, self.guards(&found), open, last_closed, shared);
        let changed = match decided {
            Ok(changed) => changed,
            Err(refused) => return Ok(Looked::Known(None, Outcome::skipped(&refused))),
        };
        if self.job.mode == JobMode::DryRun
            && store.ask(ask::credentials(&changed.account.email)).await?.is_some()
        {
            return Ok(Looked::Known(None, skipped(Reason::EmailTaken)));
        }
        let held = Held::of(self.context, holding).await?;
        Ok(Looked::Decided(Box::new(Decided {
            individual: found,
            account: None,
            loaded: Version::NONE,
            held,
            outcome: opened,
            changed,
        })))
    }

    /// Whether the job is for such individuals.
    fn is_meant(&self, individual: &Individual, last_closed: Option<CloseReason>) -> bool {
        let Work::ActivateInBulk { site, groups } = &self.job.work else { return false };
        let group = InvitedBefore::of(last_closed);
        site.is_none_or(|site| site == individual.site)
            && (groups.is_empty() || group.is_some_and(|group| groups.contains(&group)))
    }

    /// Whether another individual has consented to mail to the same address (B11).
    async fn shares_address(&self, individual: &Individual) -> Result<bool, Fault> {
        let Some(address) = individual.consented_address() else { return Ok(false) };
        let known = self.context.services.store.individuals_at(address).await?;
        Ok(known.iter().any(|other| other.consented && other.individual != individual.id))
    }

    /// Decides what becomes of an account.
    async fn look_at_account(&self, individual: IndividualId, account: AccountId) -> Result<Looked, Fault> {
        let Work::ChangeAccounts { action, targets } = &self.job.work else { return Ok(Looked::NotMeant) };
        let asked = (
            ask::individual(individual),
            ask::account(account),
            ask::journal_record(RecordName {
                subject: Subject::Individual(individual),
                record: self.record_of(account),
            }),
        );
        let (found, before, made) = self.context.services.store.ask(asked).await?;
        let (Some(found), Some(before)) = (found, before.filter(|before| before.individual == individual))
        else {
            return Ok(Looked::Known(Some(account), skipped(Reason::NoSuchAccount)));
        };
        if made.is_some() {
            return Ok(Looked::Known(Some(account), Outcome::Changed));
        }
        match before.change_in_bulk(*action, targets, self.guards(&found)) {
            Ok(changed) => Ok(Looked::Decided(Box::new(Decided {
                individual: found,
                account: Some(account),
                loaded: before.version,
                held: Held::default(),
                outcome: Outcome::Changed,
                changed,
            }))),
            Err(refused) => Ok(Looked::Known(Some(account), Outcome::skipped(&refused))),
        }
    }

    fn guards<'g>(&'g self, individual: &'g Versioned<Individual>) -> Guards<'g> {
        let mail = MailId::new(derived(self.job.id, individual.id, "mail"));
        Guards { individual, settings: self.settings, now: self.context.now, mail }
    }

    /// The journal record that tells of what the job did to somebody or something: there is one, once it is done.
    fn record_of(&self, target: impl std::fmt::Display) -> JournalId {
        JournalId::new(derived(self.job.id, target, "record"))
    }

    async fn make(&self, decided: &Decided) -> Result<(), CommitError> {
        let Decided { individual, account, loaded, held, changed, .. } = decided;
        let changed = changed.clone().in_bulk(self.job.id);
        let mut record = JournalRecord {
            id: account.map_or_else(|| self.record_of(individual.id), |account| self.record_of(account)),
            subjects: vec![Subject::Job(self.job.id)],
            ..self.context.transition(Actor::Worker(self.job.by), &changed)
        };
        let settled = held.settled(&mut record);
        let mut transaction = Transaction::once(&record, self.context.uuid());
        transaction.change_account(*loaded, &changed, individual.test, None);
        for (closed, version) in &settled {
            transaction.put_account(*version, closed);
        }
        self.context.services.store.commit(transaction).await
    }

    /// Saves what the step did and asks for the next one, in one transaction. If the job was stopped meanwhile, what was
    /// done is in its report all the same.
    async fn save(&self, done: Done) -> Result<(), Fault> {
        let store = &self.context.services.store;
        let outcomes = done.rows.iter().map(|row| row.outcome).collect();
        let worked = Worked { outcomes, place: done.place, state: done.state };
        let rows = serde_json::to_value(&done.rows).map_err(|error| defect("a report page", error))?;
        let mut before = self.job.clone();
        for _ in 0..TRIES {
            let after = before.after(&worked, self.context.now);
            let transaction = self.saving(&before, &after, &rows);
            match store.commit(transaction).await {
                Ok(()) => {
                    log_page(self.context, done.rows.len());
                    return Ok(());
                }
                Err(CommitError::Conflict(Conflict::Stale(_))) => {}
                Err(CommitError::Fault(fault)) => return Err(fault),
                Err(CommitError::Conflict(other)) => {
                    return Err(Fault::Internal { what: other.to_string(), source: None });
                }
            }
            match store.ask(ask::bulk_job(self.job.id)).await? {
                Some(now) if now.place.step == self.job.place.step => before = now,
                // Another delivery of the same step was quicker.
                _ => return Ok(()),
            }
        }
        Err(Fault::Unavailable {
            what: "the job is changed all the time".to_owned(),
            retry_after: Duration::from_secs(5),
        })
    }

    fn saving(&self, before: &Versioned<BulkJob>, after: &BulkJob, rows: &serde_json::Value) -> Transaction {
        let job = after.id;
        let event = match after.state {
            BulkState::Waiting | BulkState::Running => {
                Some(JournalEvent::BulkJobContinues { job, step: after.place.step })
            }
            BulkState::Stopped(reason) => {
                before.is_going().then_some(JournalEvent::BulkJobStopped { job, reason })
            }
            BulkState::Done => Some(JournalEvent::BulkJobFinished { job }),
        };
        let record = JournalRecord {
            events: event.into_iter().collect(),
            ..self.context.record(Actor::Job(JobName::RunBulkJob), Subject::Job(job))
        };
        let mut transaction = Transaction::new(&record);
        transaction.put_bulk_job(before.version, after);
        if after.pages > before.pages {
            transaction.put_report(job, after.pages, &ReportPage(rows.clone()));
        }
        if before.applies() && !after.applies() {
            transaction.end_applying(job);
        }
        transaction
    }
}

const fn skipped(reason: Reason) -> Outcome {
    Outcome::Skipped { reason, state: None }
}
