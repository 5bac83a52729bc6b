//! Finds accounts by what is known of them, a page at a time; the same number of calls with a million stored.

use chrono::{DateTime, TimeDelta, Utc};
use domain::account::criteria::Asked;
use domain::account::{Account, Criteria, State, StateName, Status, TransitionReason};
use domain::id::{AccountId, IndividualId, SiteId};
use domain::worker::visible;
use domain::{AlertKind, Individual};
use serde::{Deserialize, Serialize};
use store::{Fault, Holding, Page, Position, Stale, Versioned, ask};

use crate::change::Access;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::paging::{NotACursor, Paging};
use crate::problem::Failure;

/// Accounts looked at for a page, each of which is read with its individual: together one read.
const PAGE: u32 = 50;

/// Searches accounts.
pub struct SearchAccounts;

/// What is known of them; they are found if all of it fits.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Without any, every account is found.
    #[serde(default)]
    pub criteria: Asked,
    /// Turns the order around where it is one of time.
    #[serde(default)]
    pub newest_first: bool,
    /// Where the last page ended.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A page of those whose individual the worker sees. It may be short, even empty, while there is more.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Which were found. Where neither email, birth date, name nor bounced mail is asked for, they come status by status:
    /// Pending ones by when their invitation ends, others by since when they are what they are.
    pub accounts: Vec<FoundAccount>,
    /// Where to go on; none at the end.
    pub next_cursor: Option<String>,
    /// How far a search status by status has looked, found or not.
    pub searched_to: Option<SearchedTo>,
}

/// An account that was found, and whose it is.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FoundAccount {
    /// Whose it is.
    pub individual_id: IndividualId,
    /// Which one.
    pub account_id: AccountId,
    /// Their full name.
    pub name: String,
    /// `YYYY-MM-DD`.
    pub birth_date: Option<String>,
    /// The sign-in email.
    pub email: String,
    /// Their home site.
    pub site_id: SiteId,
    /// Where it stands.
    pub state: StateName,
    /// Why it is locked or closed.
    pub reason: Option<TransitionReason>,
    /// Since when it is in that state; of an active one, since it was activated.
    pub since: DateTime<Utc>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last activated (A5).
    pub activated_at: Option<DateTime<Utc>>,
    /// When the client last signed in.
    pub last_sign_in: Option<DateTime<Utc>>,
    /// Until when the invitation stands, while pending (A8).
    pub expires_at: Option<DateTime<Utc>>,
    /// A mail to the sign-in email came back, and nobody has settled that.
    pub mail_bounced: bool,
    /// Whether the client has to choose a new password first (A16).
    pub must_reset: bool,
    /// The individual is marked as a test.
    pub test: bool,
}

/// How far a search has looked.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SearchedTo {
    /// Among accounts in this state.
    pub state: StateName,
    /// With this reason, where the state has reasons.
    pub reason: Option<TransitionReason>,
    /// Up to this instant, of those by which they are in order.
    pub at: DateTime<Utc>,
}

impl FoundAccount {
    fn of(account: &Account, individual: &Individual) -> Self {
        let must_reset = match account.state {
            State::Active { must_reset, .. } | State::Locked { must_reset, .. } => must_reset,
            State::Pending { .. } | State::Disabled { .. } | State::Closed { .. } => false,
        };
        Self {
            individual_id: individual.id,
            account_id: account.id,
            name: individual.name.full(),
            birth_date: individual.birth_date.map(|date| date.to_string()),
            email: account.email.as_typed().to_owned(),
            site_id: individual.site,
            state: account.state.name(),
            reason: account.state.reason(),
            since: account.since(),
            created_at: account.created_at,
            activated_at: account.activated_at(),
            last_sign_in: account.last_sign_in,
            expires_at: account.state.expires_at(),
            mail_bounced: account.alerts.contains_key(&AlertKind::Bounced),
            must_reset,
            test: individual.test,
        }
    }
}

impl HttpOperation for SearchAccounts {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = NotACursor;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<NotACursor>> {
        let filter = (&request.criteria, request.newest_first);
        let paging = Paging::open(context, &staff, &filter, request.cursor.as_deref()).await?;
        let criteria = Criteria::try_from(request.criteria)
            .map_err(|wrong| Failure::invalid(&format!("criteria.{}", wrong.field), wrong.help))?;
        let search = Search { context, criteria: &criteria, newest_first: request.newest_first };
        let Looked { candidates, next, searched_to } = search.look(paging.after()).await?;
        staff.log(context, Access::Searched, None).await?;
        let accounts = candidates
            .iter()
            .filter(|(account, individual)| {
                account.individual == individual.id
                    && criteria.fits(account, Some(individual), context.now)
                    && visible(&staff.worker, individual)
            })
            .map(|(account, individual)| FoundAccount::of(account, individual))
            .collect();
        Ok(Reply::from(Response { accounts, next_cursor: paging.next_cursor(next.as_ref())?, searched_to }))
    }
}

/// Where a page ended: in which of the lists that are gone through one after the other, and where in it.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Place(usize, Option<Position>);

/// Accounts that may fit, with whose they are.
struct Looked {
    candidates: Vec<(Account, Individual)>,
    next: Option<Place>,
    searched_to: Option<SearchedTo>,
}

/// A search, under way.
struct Search<'c> {
    context: &'c Context<'c>,
    criteria: &'c Criteria,
    newest_first: bool,
}

impl Search<'_> {
    /// Looks where the fewest are that may fit; the rest is left to [`Criteria::fits`].
    async fn look(&self, after: Option<&Place>) -> Result<Looked, Fault> {
        let store = &self.context.services.store;
        let after = after.cloned().unwrap_or_default();
        let from = after.1.as_ref();
        if let Some(email) = self.criteria.email() {
            return self.listed(store.accounts_named(email, from, PAGE).await?).await;
        }
        if let Some(birth_date) = self.criteria.birth_date() {
            return self
                .held(store.search_birth_date_with(birth_date, from, PAGE, ask::holding).await?)
                .await;
        }
        if let Some(name) = &self.criteria.asked().name {
            return self.held(store.search_name_with(name, from, PAGE, ask::holding).await?).await;
        }
        if self.criteria.asked().mail_bounced {
            return self.listed(store.accounts_with_bounces(self.newest_first, from, PAGE).await?).await;
        }
        self.by_status(after).await
    }

    /// Those that an index lists. The index may be behind: what is read by key counts.
    async fn listed(&self, page: Page<Stale<(IndividualId, AccountId)>>) -> Result<Looked, Fault> {
        let next = page.next.map(|position| Place(0, Some(position)));
        let candidates = self.read(page.items).await?.into_iter().flatten().collect();
        Ok(Looked { candidates, next, searched_to: None })
    }

    /// All accounts of individuals who were found, their open one first.
    async fn held(&self, page: Page<(Versioned<Individual>, Option<Holding>)>) -> Result<Looked, Fault> {
        let accounts_of = |holding: Option<Holding>| {
            let Holding { open, closed } = holding.unwrap_or_default();
            open.into_iter().chain(closed.into_iter().rev().map(|closed| closed.account))
        };
        let (mut whose, mut asked) = (Vec::new(), Vec::new());
        for (individual, holding) in page.items {
            for account in accounts_of(holding) {
                whose.push(individual.value.clone());
                asked.push(ask::account(account));
            }
        }
        let accounts = self.context.services.store.ask(asked).await?;
        let held = accounts.into_iter().zip(whose);
        let candidates = held.filter_map(|(account, individual)| Some((account?.value, individual)));
        let next = page.next.map(|position| Place(0, Some(position)));
        Ok(Looked { candidates: candidates.collect(), next, searched_to: None })
    }

    /// Status by status, of those that are asked for, until there is a page of them.
    async fn by_status(&self, Place(first, mut after): Place) -> Result<Looked, Fault> {
        let store = &self.context.services.store;
        let statuses = self.statuses();
        let mut looked = Looked { candidates: Vec::new(), next: None, searched_to: None };
        let (mut listed, mut listed_as, mut room) = (Vec::new(), Vec::new(), PAGE);
        for (place, status) in statuses.iter().enumerate().skip(first) {
            if room == 0 {
                looked.next = Some(Place(place, None));
                break;
            }
            let range = self.range(*status);
            let page =
                store.accounts_by_status(*status, range, self.newest_first, after.as_ref(), room).await?;
            room = room.saturating_sub(u32::try_from(page.items.len()).unwrap_or(room));
            listed_as.extend(page.items.iter().map(|_| *status));
            listed.extend(page.items);
            after = None;
            if page.next.is_some() {
                looked.next = Some(Place(place, page.next));
                break;
            }
        }
        // The index may be behind: what has another status by now comes with that one.
        let read = self.read(listed).await?.into_iter().zip(listed_as);
        let current = read
            .filter_map(|(found, listed_as)| found.filter(|(account, _)| Status::of(account) == listed_as));
        looked.candidates = current.collect();
        looked.searched_to = looked.candidates.last().map(|(account, _)| {
            let Status { state, reason } = Status::of(account);
            SearchedTo { state, reason, at: account.status_at() }
        });
        Ok(looked)
    }

    /// The statuses that those may have which fit, each with its reason.
    fn statuses(&self) -> Vec<Status> {
        let asked = self.criteria.asked();
        let mut statuses = match &asked.statuses[..] {
            [] => Status::every(),
            chosen => {
                let mut every = Status::every();
                let chosen: Vec<_> = chosen.iter().flat_map(|status| status.each()).collect();
                every.retain(|status| chosen.contains(status));
                every
            }
        };
        if asked.expiring_within_days.is_some() {
            statuses.retain(|status| status.state == StateName::Pending);
        }
        statuses
    }

    /// Between which instants the accounts of a status are that may fit.
    fn range(&self, status: Status) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let asked = self.criteria.asked();
        // No account is in its state since before it was created, or was last activated.
        let from = asked.created_from.max(asked.activated_from);
        match (status.state, asked.expiring_within_days) {
            (StateName::Pending, Some(days)) => {
                let until = self.context.now + TimeDelta::days(i64::from(days));
                (from.max(Some(self.context.now)), Some(until))
            }
            (StateName::Active, _) => (from, asked.activated_to),
            _ => (from, None),
        }
    }

    async fn read(
        &self,
        listed: Vec<Stale<(IndividualId, AccountId)>>,
    ) -> Result<Vec<Option<(Account, Individual)>>, Fault> {
        let keys = listed.into_iter().map(Stale::key);
        let asked: Vec<_> =
            keys.map(|(whose, which)| (ask::account(which), ask::individual(whose))).collect();
        let found = self.context.services.store.ask(asked).await?;
        let both = |(account, whose): (Option<Versioned<Account>>, Option<Versioned<Individual>>)| {
            Some((account?.value, whose?.value))
        };
        Ok(found.into_iter().map(both).collect())
    }
}
