//! What the client may ask for: services that are eligible, shown and active, and that they aren't in.

use domain::id::ServiceId;
use domain::name;
use domain::service::ServiceKind;
use futures_util::future::try_join3;
use serde::{Deserialize, Serialize};
use store::ask;

use crate::context::Context;
use crate::entry::caller::Client;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};

/// Lists offered services.
pub struct ListOfferedServices;

/// Nothing to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {}

/// What the agency says, and offers.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// What the agency says above the list.
    pub text: Option<String>,
    /// By name.
    pub services: Vec<OfferedService>,
}

/// A service that the client may ask for.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OfferedService {
    /// Which one.
    pub service_id: ServiceId,
    /// What clients call it.
    pub name: String,
    /// What it is.
    pub kind: ServiceKind,
    /// How long its events take.
    pub minutes: u16,
}

impl HttpOperation for ListOfferedServices {
    type Caller = Client;
    type Request = Request;
    type Response = Response;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        client: Client,
        _: Request,
    ) -> Result<Reply<Response>, Failure<NoRefusal>> {
        let (store, settings) = (&context.services.store, &client.settings);
        if !settings.request_service.enabled {
            return Err(Failure::not_found());
        }
        let individual = client.account.individual;
        let (known, enrolments, individual) = try_join3(
            Box::pin(store.offered_services()),
            store.enrolments(individual),
            store.ask(ask::individual(individual)),
        )
        .await?;
        let individual = individual.ok_or_else(Failure::not_found)?;
        let mut services: Vec<OfferedService> = known
            .values()
            .filter(|service| !enrolments.hold(service.id))
            .filter_map(|service| {
                let parent = service.parent.and_then(|parent| known.get(&parent));
                Some(OfferedService {
                    service_id: service.id,
                    name: service.offered(parent)?.to_owned(),
                    kind: service.kind,
                    minutes: service.details.event_minutes.unwrap_or(settings.advanced.default_event_minutes),
                })
            })
            .collect();
        services.sort_by_cached_key(|service| (name::tokens(&service.name), service.service_id));
        let text = &settings.request_service.text;
        let language = client.account.language.unwrap_or(individual.language);
        let text = text.in_language(language).or_else(|| text.in_language(settings.agency.language));
        Ok(Reply::from(Response { text: text.map(str::to_owned), services }))
    }
}
