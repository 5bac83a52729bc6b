//! Bulk jobs as workers start, apply, stop and resume them, and as they are shown.

use chrono::{DateTime, Utc};
use domain::account::{Reason, StateName};
use domain::bulk::{
    BulkAction, BulkJob, BulkState, InvitedBefore, MailCounts, Outcome, StopReason, Target, Targets, Work,
};
use domain::id::{AccountId, IndividualId, JobId, WorkerId};
use domain::job::{JobFailure, JobMode};
use domain::journal::{JournalEvent, JournalRecord, Subject};
use serde::{Deserialize, Serialize};
use store::{Fault, ReportPage, Transaction, Version, Versioned, ask};

use crate::context::{Context, defect};
use crate::entry::caller::Staff;
use crate::problem::{Failure, refusals};

refusals! {
    /// Why a bulk job isn't started, applied or resumed.
    pub enum NotRun {
        /// ClientConnect isn't ready (C1, C2).
        NotReady {
            /// What is missing, e.g. `client_delivery_off`.
            missing: Reason,
        } => 409, "not_ready", "ClientConnect is not ready to invite clients; a System Administrator can set it up";
        /// Another one is being applied, or the one to undo is still at work.
        JobRunning => 409, "job_running", "Another bulk job is at work; wait for its end, or stop it first";
        /// The dry run isn't at its end, or it is none.
        DryRunNotFinished => 409, "dry_run_not_finished", "Wait until the dry run has finished, and look at what it says first";
    }
}

/// What became of a target, as a job's report keeps it: ids and codes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ResultRow {
    pub(crate) individual: IndividualId,
    pub(crate) account: Option<AccountId>,
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
}

impl ResultRow {
    /// Reads a page of a report.
    pub(crate) fn read(page: ReportPage) -> Result<Vec<Self>, Fault> {
        serde_json::from_value(page.0).map_err(|error| defect("a report page", error))
    }

    /// The account that was opened, if one was.
    pub(crate) fn opened(&self) -> Option<Target> {
        let opened = matches!(self.outcome, Outcome::Opened { .. });
        (opened && self.account.is_some())
            .then_some(Target { individual: self.individual, account: self.account })
    }
}

/// The codes of what became of a target: outcome, why, and the account's state where that is why.
pub(crate) fn codes(outcome: Outcome) -> (String, Option<String>, Option<StateName>) {
    let (outcome, reason, state) = match outcome {
        Outcome::Opened { group: InvitedBefore::First } => ("opened", None, None),
        Outcome::Opened { group } => ("opened", Some(group.code()), None),
        Outcome::Changed => ("changed", None, None),
        Outcome::Skipped { reason, state } => ("skipped", Some(reason.code()), state),
    };
    (outcome.to_owned(), reason.map(str::to_owned), state)
}

/// A bulk job.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkJobView {
    /// Which one.
    pub job_id: JobId,
    /// `activate_in_bulk` or `change_accounts`.
    pub kind: String,
    /// What it does to accounts; none if it opens them.
    pub action: Option<BulkAction>,
    /// What would happen, or for good.
    pub mode: JobMode,
    /// `waiting`, `collecting` (it looks for its targets), `running`, `stopped`, `done` or `failed`.
    pub state: String,
    /// Why it stands still.
    pub stopped_for: Option<StopReason>,
    /// Why it failed; resuming it tries again.
    pub failure: Option<JobFailure>,
    /// How many targets it has, once that is known.
    pub total: Option<u64>,
    /// Targets that are done with.
    pub handled: u64,
    /// What became of them, or would: how many of each.
    pub outcomes: Vec<OutcomeCount>,
    /// What became of its mails so far; none of a job that sends none.
    pub mails: Option<MailsView>,
    /// Pages of its results.
    pub pages: u32,
    /// The dry run that it applies.
    pub dry_run: Option<JobId>,
    /// The job that applies this dry run.
    pub applied_by: Option<JobId>,
    /// Who started it.
    pub by: ByWorker,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it last got further.
    pub updated_at: DateTime<Utc>,
}

/// How many came to the same.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OutcomeCount {
    /// `opened`, `changed` or `skipped`.
    pub outcome: String,
    /// Why it was skipped, e.g. `no_consent`; of an opened one `expired` or `cancelled` if an invitation ended so before.
    pub reason: Option<String>,
    /// The account's state, where `wrong_state` is the reason.
    pub state: Option<StateName>,
    /// How many.
    pub count: u64,
}

/// What became of a job's mails.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MailsView {
    /// The mail service took them.
    pub sent: u64,
    /// Came back for good.
    pub bounced: u64,
    /// Were called unwanted by who got them.
    pub complained: u64,
}

/// A worker, by name.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ByWorker {
    /// Who.
    pub worker_id: WorkerId,
    /// Their name.
    pub name: String,
}

/// A bulk job by its id.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OneBulkJob {
    /// Which.
    pub job_id: JobId,
}

/// The job that was started.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Started {
    /// For `get_bulk_job`.
    pub job_id: JobId,
}

/// An account that was chosen.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChosenAccount {
    /// Whose.
    pub individual_id: IndividualId,
    /// Which.
    pub account_id: AccountId,
}

impl BulkJobView {
    fn new(job: &BulkJob, mails: Option<MailCounts>, name: String, now: DateTime<Utc>) -> Self {
        let looking = job.looks_for().is_some();
        let (state, stopped_for, failure) = match job.state {
            _ if job.was_given_up(now) => ("failed", None, Some(JobFailure::GaveUp)),
            BulkState::Waiting => ("waiting", None, None),
            BulkState::Running if looking => ("collecting", None, None),
            BulkState::Running => ("running", None, None),
            BulkState::Stopped(reason) => ("stopped", Some(reason), None),
            BulkState::Done => ("done", None, None),
        };
        let outcomes = job.tallies.iter().map(|(of, count)| {
            let (outcome, reason, state) = codes(*of);
            OutcomeCount { outcome, reason, state, count: *count }
        });
        let MailCounts { sent, bounced, complained } = mails.unwrap_or_default();
        Self {
            job_id: job.id,
            kind: job.work.kind().to_owned(),
            action: job.work.action(),
            mode: job.mode,
            state: state.to_owned(),
            stopped_for,
            failure,
            total: job.total.filter(|_| !looking),
            handled: job.handled(),
            outcomes: outcomes.collect(),
            mails: job.sends_mail().then_some(MailsView { sent, bounced, complained }),
            pages: job.pages,
            dry_run: job.dry_run,
            applied_by: job.applied_by,
            by: ByWorker { worker_id: job.by, name },
            created_at: job.created_at,
            updated_at: job.updated_at,
        }
    }

    /// Jobs as they are shown, with what became of their mails and the names of who started them.
    pub(crate) async fn of(context: &Context<'_>, jobs: &[&BulkJob]) -> Result<Vec<Self>, Fault> {
        let asked: Vec<_> = jobs.iter().map(|job| (ask::bulk_mails(job.id), ask::worker(job.by))).collect();
        let known = context.services.store.ask(asked).await?;
        let named = jobs.iter().zip(known).map(|(job, (mails, worker))| {
            let name = worker.map(|worker| worker.name.full()).unwrap_or_default();
            Self::new(job, mails, name, context.now)
        });
        Ok(named.collect())
    }

    /// One job as it is shown.
    pub(crate) async fn one(context: &Context<'_>, job: &BulkJob) -> Result<Self, Fault> {
        let shown = Self::of(context, &[job]).await?.pop();
        shown.ok_or_else(|| Fault::Internal { what: "a job that is not shown".to_owned(), source: None })
    }
}

/// A job that this worker may start, apply, stop and resume.
pub(crate) async fn load<R>(
    context: &Context<'_>,
    staff: &Staff,
    id: JobId,
) -> Result<(Versioned<BulkJob>, MailCounts), Failure<R>> {
    let asked = (ask::bulk_job(id), ask::bulk_mails(id));
    let (job, mails) = context.services.store.ask(asked).await?;
    let job = job.ok_or_else(Failure::not_found)?;
    staff.require(context, job.work.permissions()).await?;
    Ok((job, mails.unwrap_or_default()))
}

/// Refuses what invites clients while ClientConnect isn't ready (C1, C2).
pub(crate) fn check_ready(staff: &Staff, work: &Work) -> Result<(), NotRun> {
    let ready = if work.invites() { staff.settings.ready() } else { Ok(()) };
    ready.map_err(|missing| NotRun::NotReady { missing: missing.into() })
}

/// Starts the dry run of a piece of bulk work, on these targets if it has a list of them.
pub(crate) async fn start(
    context: &Context<'_>,
    staff: &Staff,
    work: Work,
    chosen: &[ChosenAccount],
) -> Result<Started, Failure<NotRun>> {
    staff.require(context, work.permissions()).await?;
    check_ready(staff, &work)?;
    let id = JobId::new(context.uuid());
    let mut job = BulkJob::dry_run(id, work, staff.worker.id, context.now);
    let mut targets: Vec<_> = chosen.iter().map(|of| (of.individual_id, of.account_id)).collect();
    targets.sort_unstable();
    targets.dedup();
    let listed = |(individual, account): &_| Target { individual: *individual, account: Some(*account) };
    let lists: Vec<_> = targets.chunks(LISTED).map(|list| list.iter().map(listed).collect()).collect();
    match &job.work {
        Work::ChangeAccounts { targets: Targets::Listed, .. } => {
            job.total = u64::try_from(targets.len()).ok();
            job.lists = u32::try_from(lists.len()).unwrap_or(u32::MAX);
        }
        Work::ChangeAccounts { targets: Targets::OpenedBy(opening), .. } => {
            let opening = context.services.store.ask(ask::bulk_job(*opening)).await?;
            let opening =
                opening.filter(|opening| opening.dry_run.is_some()).ok_or_else(Failure::not_found)?;
            if opening.is_going() {
                return Err(NotRun::JobRunning.into());
            }
            let opened = |(of, _): &(&Outcome, &u64)| matches!(of, Outcome::Opened { .. });
            job.total = Some(opening.tallies.iter().filter(opened).map(|(_, count)| *count).sum());
            job.lists = opening.pages;
        }
        _ => {}
    }
    let mut transaction = Transaction::new(&started(context, staff, id));
    transaction.put_bulk_job(Version::NONE, &job);
    for (targets, number) in lists.into_iter().zip(1..) {
        transaction.put_targets(id, number, &store::TargetList { targets });
    }
    let response = Started { job_id: id };
    context.commit(transaction, &response).await?;
    Ok(response)
}

/// Targets of a list.
const LISTED: usize = 100;

/// The record of a job that was started, which brings its first step.
pub(crate) fn started(context: &Context<'_>, staff: &Staff, job: JobId) -> JournalRecord {
    JournalRecord {
        events: vec![JournalEvent::BulkJobStarted { job }, JournalEvent::BulkJobContinues { job, step: 0 }],
        ..context.record(staff.actor(), Subject::Job(job))
    }
}

/// Accounts as they were chosen, if there is any and not too many.
pub(crate) fn check_chosen<R>(accounts: &[ChosenAccount]) -> Result<(), Failure<R>> {
    if (1..=domain::bulk::MOST_CHOSEN).contains(&accounts.len()) {
        return Ok(());
    }
    let help = format!("Choose 1 to {} accounts, or all that match", domain::bulk::MOST_CHOSEN);
    Err(Failure::invalid("target.accounts", help))
}

/// Criteria as they were asked for, if they can be taken.
pub(crate) fn criteria<R>(asked: domain::account::criteria::Asked) -> Result<Targets, Failure<R>> {
    let criteria = asked.try_into();
    let criteria = criteria.map_err(|wrong: domain::account::criteria::NotACriterion| {
        Failure::invalid(&format!("target.criteria.{}", wrong.field), wrong.help)
    })?;
    Ok(Targets::Matching(Box::new(criteria)))
}
