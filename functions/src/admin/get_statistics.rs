//! Statistics: invited, activated, signed in again, mails and licences, by month and site.

use std::collections::BTreeMap;

use chrono::{DateTime, Months, NaiveDate, Utc};
use domain::account::{StateName, Status, TransitionReason};
use domain::id::SiteId;
use domain::statistics::{Accounts, Tally};
use serde::{Deserialize, Serialize};
use store::{Month, ask};

use super::get_licences::LicencesView;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};

/// How long the time is that is told of, if no other is asked for, in months.
const USUAL: u32 = 12;
/// The longest time that is told of, in months.
const LONGEST: u32 = 60;

/// Gets statistics.
pub struct GetStatistics;

/// Of which time, and of which site.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The first month, `YYYY-MM`; twelve months in all if left out.
    #[serde(default)]
    pub from: Option<String>,
    /// The last month, `YYYY-MM`; this month if left out. At most 60 in all.
    #[serde(default)]
    pub to: Option<String>,
    /// Only of individuals whose home site it is.
    #[serde(default)]
    pub site_id: Option<SiteId>,
}

/// The statistics. Test individuals are in none of the numbers.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// What happened up to this instant is in `months` and `totals`; none before the first computation.
    pub computed_until: Option<DateTime<Utc>>,
    /// When `accounts` were counted.
    pub counted_at: Option<DateTime<Utc>>,
    /// The agency's licences, now.
    pub licences: LicencesView,
    /// How many accounts have each status; those that none has are left out.
    pub accounts: Vec<StatusCount>,
    /// By month (UTC) and home site, in order; where nothing happened there is none.
    pub months: Vec<MonthOfSite>,
    /// All of them together.
    pub totals: Totals,
}

/// How many accounts have a status.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatusCount {
    /// Where they stand.
    pub state: StateName,
    /// Why they are locked or closed.
    pub reason: Option<TransitionReason>,
    /// How many.
    pub count: u64,
}

/// What happened to the individuals of a site in a month.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MonthOfSite {
    /// `YYYY-MM`.
    pub month: String,
    /// The individuals' home site.
    pub site_id: SiteId,
    /// What happened.
    #[serde(flatten)]
    pub numbers: Totals,
}

/// What happened.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Totals {
    /// Invitations that began: accounts created, opened again or enabled. One sent again doesn't count.
    pub invited: u64,
    /// Accounts activated.
    pub activated: u64,
    /// Clients who signed in on a later day than they activated, for the first time.
    pub returned: u64,
    /// Half of the activations took at most so many minutes from the invitation on; to the minute in the first hour, to
    /// ten minutes in the first day, then to six hours.
    pub median_minutes_to_activate: Option<u32>,
    /// Mails to clients that were asked for then and were sent.
    pub mails_sent: u64,
    /// Mails to clients that came back then.
    pub mails_bounced: u64,
    /// Mails to clients that were called unwanted then.
    pub mails_complained: u64,
}

impl From<&Tally> for Totals {
    fn from(tally: &Tally) -> Self {
        Self {
            invited: tally.invited,
            activated: tally.activated,
            returned: tally.returned,
            median_minutes_to_activate: tally.median_minutes_to_activate(),
            mails_sent: tally.mails_sent,
            mails_bounced: tally.mails_bounced,
            mails_complained: tally.mails_complained,
        }
    }
}

impl HttpOperation for GetStatistics {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<NoRefusal>> {
        let store = &context.services.store;
        let [from, to] = request.months(context.now.date_naive())?;
        let asked = (ask::statistics_progress(), ask::counted_accounts(), ask::licences());
        let (progress, counted, licences) = store.ask(asked).await?;
        let months = store.statistics_of_months(&from, &to).await?;
        let mut totals = Tally::default();
        let of_site = |site: &SiteId| request.site_id.is_none_or(|wanted| wanted == *site);
        let mut by_month = Vec::new();
        for Month { month, sites, .. } in &months {
            for (site_id, tally) in sites.iter().filter(|(site, _)| of_site(site)) {
                totals.add(tally);
                by_month.push(MonthOfSite { month: month.clone(), site_id: *site_id, numbers: tally.into() });
            }
        }
        let counted_at = counted.as_ref().map(|counted| counted.counted_at);
        let accounts = counted.map(|counted| counted.accounts).unwrap_or_default();
        Ok(Reply::from(Response {
            computed_until: progress.map(|progress| progress.until),
            counted_at,
            licences: LicencesView::of(staff.settings.licences, &licences),
            accounts: by_status(&accounts, of_site),
            months: by_month,
            totals: Totals::from(&totals),
        }))
    }
}

/// How many accounts of those sites have each status.
fn by_status(accounts: &Accounts, of_site: impl Fn(&SiteId) -> bool) -> Vec<StatusCount> {
    let mut counts: BTreeMap<Status, u64> = BTreeMap::new();
    for ((site, status), count) in &accounts.counts {
        if of_site(site) {
            *counts.entry(*status).or_default() += count;
        }
    }
    let counts = counts.into_iter();
    counts.map(|(Status { state, reason }, count)| StatusCount { state, reason, count }).collect()
}

impl Request {
    /// The first and the last month, as they are written.
    fn months(&self, today: NaiveDate) -> Result<[String; 2], Failure<NoRefusal>> {
        let read = |field, text: &Option<String>| {
            let day =
                text.as_ref().map(|month| NaiveDate::parse_from_str(&format!("{month}-01"), "%Y-%m-%d"));
            day.transpose().map_err(|_| Failure::invalid(field, "Write year and month, for example 2026-03"))
        };
        let last = read("to", &self.to)?.unwrap_or(today);
        let before = |months| last.checked_sub_months(Months::new(months)).unwrap_or(NaiveDate::MIN);
        let first = read("from", &self.from)?.unwrap_or_else(|| before(USUAL - 1));
        let written = |day: NaiveDate| day.format("%Y-%m").to_string();
        let [from, to] = [first, last].map(written);
        if from > to {
            return Err(Failure::invalid("to", "Choose a last month that isn't before the first one"));
        }
        if from < written(before(LONGEST - 1)) {
            return Err(Failure::invalid("from", "Choose at most 60 months"));
        }
        Ok([from, to])
    }
}
