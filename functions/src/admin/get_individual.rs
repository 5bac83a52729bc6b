//! An individual's record, as a worker who sees them may read it: profile, contacts, consent, accounts.

use chrono::{DateTime, Utc};
use domain::account::{Account, Action, Reason};
use domain::id::{ContactId, IndividualId, SiteId, WorkerId};
use domain::individual::{ContactKind, Origin, Undeliverable};
use domain::journal::JobName;
use domain::mail::{MailOutcome, check_consented_mail};
use domain::{Individual, Language, Permission};
use serde::{Deserialize, Serialize};
use store::{Versioned, ask};

use super::AccountView;
use crate::change::Access;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::opening::{Bar, bars};
use crate::problem::{Failure, NoRefusal};

/// Gets an individual.
pub struct GetIndividual;

/// Whom.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The individual.
    pub individual_id: IndividualId,
}

/// The record.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// The individual.
    pub individual: IndividualView,
    /// The open account, if there is one.
    pub account: Option<AccountView>,
    /// Closed accounts, newest first.
    pub closed_accounts: Vec<AccountView>,
    /// What this worker may do now: with the open account, or where there is none, with the newest closed one.
    pub actions: Vec<Action>,
    /// Which of those that open an account or invite its client would be refused now, and why.
    pub bars: Vec<Bar>,
    /// Why neither invitation nor notice reaches them by mail now: `no_consent` or `client_delivery_off` (B2, C1).
    pub not_mailed: Option<Reason>,
}

/// An individual as staff see them.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IndividualView {
    /// Who.
    pub individual_id: IndividualId,
    /// Of the record: for who changes it, to say what they have seen.
    pub version: u64,
    /// First name.
    pub first_name: String,
    /// Middle name.
    pub middle_name: Option<String>,
    /// Last name.
    pub last_name: String,
    /// What they are called.
    pub preferred_name: Option<String>,
    /// `YYYY-MM-DD`.
    pub birth_date: Option<String>,
    /// In the agency's or their own words.
    pub gender: Option<String>,
    /// What they read.
    pub language: Language,
    /// Their home site.
    pub site_id: SiteId,
    /// Ids in other systems, by system.
    pub external_ids: std::collections::BTreeMap<String, String>,
    /// Who works with them.
    pub worker_ids: Vec<WorkerId>,
    /// Marked as a test.
    pub test: bool,
    /// How to reach them, retired contacts included.
    pub contacts: Vec<ContactView>,
    /// Consent to email, as it stands.
    pub communication: CommunicationView,
}

/// A contact as staff see it.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContactView {
    /// Which.
    pub contact_id: ContactId,
    /// Email, phone or postal address.
    pub kind: ContactKind,
    /// As people read it.
    pub value: String,
    /// *Use contact?*
    pub use_contact: bool,
    /// *Main contact*
    pub main: bool,
    /// Communication instructions.
    pub instructions: Option<String>,
    /// No longer used, kept because it was mailed or consented to (B6).
    pub retired: bool,
    /// Why mails to it don't arrive, if they don't.
    pub undeliverable: Option<UndeliverableView>,
}

/// That mails to an address don't arrive, or that its reader calls them unwanted.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UndeliverableView {
    /// `bounced` or `complained`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub reason: MailOutcome,
    /// When the mail service told so first.
    pub since: DateTime<Utc>,
}

/// Communication settings, with their history.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CommunicationView {
    /// The contact consent is in force for.
    pub consented_contact_id: Option<ContactId>,
    /// The address an account would be offered (B9).
    pub offered_address: Option<String>,
    /// Whether they want to be reminded of their events.
    pub event_confirmations: bool,
    /// Whether they want to be told when an event moves or is off.
    pub event_updates: bool,
    /// Given and withdrawn, oldest first.
    pub history: Vec<ConsentView>,
}

/// Consent given or withdrawn.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsentView {
    /// Given, or withdrawn.
    pub given: bool,
    /// For which address, as it was then.
    pub address: String,
    /// The worker, the client's account or the import job that recorded it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl HttpOperation for GetIndividual {
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
        let (individual, holding) =
            store.ask((ask::individual(request.individual_id), ask::holding(request.individual_id))).await?;
        let individual = staff.visible(context, request.individual_id, individual).await?;
        let holding = holding.unwrap_or_default();
        let ids = holding.closed.iter().rev().map(|closed| closed.account).chain(holding.open);
        let mut accounts: Vec<_> =
            store.ask(ids.map(ask::account).collect::<Vec<_>>()).await?.into_iter().flatten().collect();
        let account = holding.open.and_then(|_| accounts.pop());
        let newest = account.as_deref().or(accounts.first().map(|closed| &**closed));
        let actions = actions(&staff, account.is_none(), newest);
        let bars = bars(context, &staff, &individual, newest, &actions).await?;
        staff.log(context, Access::Viewed, Some(individual.id)).await?;
        Ok(Reply::from(Response {
            individual: IndividualView::from(&individual),
            account: account.map(|account| AccountView::from(&account.value)),
            closed_accounts: accounts.iter().map(|closed| AccountView::from(&closed.value)).collect(),
            actions,
            bars,
            not_mailed: check_consented_mail(&individual, &staff.settings).err(),
        }))
    }
}

/// What the state allows, and the worker may.
fn actions(staff: &Staff, none_open: bool, newest: Option<&Account>) -> Vec<Action> {
    let create = none_open.then_some(Action::Create);
    let with = newest.map(Account::worker_actions).unwrap_or_default();
    let may = |action: &Action| {
        let permission = match action {
            Action::Create => Permission::CreateAccount,
            Action::Resend | Action::Reopen => Permission::ResendActivation,
            Action::Close => Permission::CloseAccount,
            Action::Suspend => Permission::SuspendAccount,
            Action::Unlock => Permission::UnlockAccount,
            Action::Disable => Permission::DisableAccount,
            Action::Enable => Permission::EnableAccount,
            Action::ForceReset => Permission::ForceReset,
            _ => return false,
        };
        staff.may(permission)
    };
    create.into_iter().chain(with.iter().copied()).filter(may).collect()
}

impl From<&Versioned<Individual>> for IndividualView {
    fn from(individual: &Versioned<Individual>) -> Self {
        let name = &individual.name;
        Self {
            individual_id: individual.id,
            version: individual.version.number(),
            first_name: name.first().to_owned(),
            middle_name: name.middle().map(str::to_owned),
            last_name: name.last().to_owned(),
            preferred_name: name.preferred().map(str::to_owned),
            birth_date: individual.birth_date.map(|date| date.to_string()),
            gender: individual.gender.clone(),
            language: individual.language,
            site_id: individual.site,
            external_ids: individual.external_ids.clone(),
            worker_ids: individual.workers.iter().copied().collect(),
            test: individual.test,
            contacts: individual
                .contacts
                .iter()
                .map(|contact| ContactView {
                    contact_id: contact.id,
                    kind: contact.value.kind(),
                    value: contact.value.as_str().to_owned(),
                    use_contact: contact.use_contact,
                    main: contact.main,
                    instructions: contact.instructions.clone(),
                    retired: contact.retired,
                    undeliverable: contact.undeliverable.map(UndeliverableView::from),
                })
                .collect(),
            communication: CommunicationView::from(&individual.value),
        }
    }
}

impl From<Undeliverable> for UndeliverableView {
    fn from(Undeliverable { why, since }: Undeliverable) -> Self {
        Self { reason: why, since }
    }
}

impl From<&Individual> for CommunicationView {
    fn from(individual: &Individual) -> Self {
        Self {
            consented_contact_id: individual.consent().map(|row| row.contact),
            offered_address: individual.prefilled_address().map(|address| address.as_typed().to_owned()),
            event_confirmations: individual.event_messages.confirmations,
            event_updates: individual.event_messages.updates,
            history: individual
                .communication
                .iter()
                .map(|row| ConsentView {
                    given: row.given,
                    address: row.address.as_typed().to_owned(),
                    by: match row.by {
                        Origin::Worker(worker) => worker.to_string(),
                        Origin::Client(account) => account.to_string(),
                        Origin::Import(job) => job.to_string(),
                        Origin::Sandbox => JobName::StripSandbox.to_string(),
                    },
                    at: row.at,
                })
                .collect(),
        }
    }
}
