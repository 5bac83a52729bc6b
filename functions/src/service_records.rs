//! Services as workers see and write them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::id::{ServiceId, SiteId};
use domain::service::{Details, Misfit, Service, ServiceKind, Visibility};
use serde::{Deserialize, Serialize};
use store::{Fault, Site, Versioned, ask};

use crate::context::Context;
use crate::problem::Failure;

/// A case service, group, informal service or informal series.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub struct ServiceView {
    /// Which one.
    pub service_id: ServiceId,
    /// What it is.
    pub kind: ServiceKind,
    /// Of a group or series, the service it is a run of.
    pub parent: Option<ServiceName>,
    /// What staff call it.
    pub name: String,
    /// What clients see instead.
    pub client_facing_name: Option<String>,
    /// What clients would see: its own client facing name, else its service's.
    pub shown_name: Option<String>,
    /// *Visible in `ClientConnect`*, as it is in force.
    pub visibility: Visibility,
    /// Whether clients who are in it see it.
    pub visible: bool,
    /// *Eligible for Pre-Enrollment*
    pub eligible: bool,
    /// Whether clients may ask for it: eligible, visible and active.
    pub offered: bool,
    /// How long its events take; none where as the settings say.
    pub event_minutes: Option<u16>,
    /// Where it takes place.
    pub site_id: Option<SiteId>,
    /// First day of a group or series.
    pub starts_on: Option<NaiveDate>,
    /// Last day of a group or series.
    pub ends_on: Option<NaiveDate>,
    /// Whether people can be enrolled in it.
    pub active: bool,
    /// The record's version.
    pub version: u64,
}

/// A service by its internal name.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceName {
    /// Which one.
    pub service_id: ServiceId,
    /// What staff call it.
    pub name: String,
}

impl ServiceView {
    /// The service in that version.
    #[must_use]
    pub fn new(service: &Service, version: u64, parent: Option<&Service>) -> Self {
        let details = service.details_in_force(parent);
        Self {
            service_id: service.id,
            kind: service.kind,
            parent: parent
                .map(|parent| ServiceName { service_id: parent.id, name: parent.details.name.clone() }),
            shown_name: service.client_name(parent).map(str::to_owned),
            visible: service.shown(parent).is_some(),
            offered: service.offered(parent).is_some(),
            name: details.name,
            client_facing_name: details.client_facing_name,
            visibility: details.visibility,
            eligible: details.eligible,
            event_minutes: details.event_minutes,
            site_id: details.site,
            starts_on: details.starts_on,
            ends_on: details.ends_on,
            active: details.active,
            version,
        }
    }

    /// The service as it was loaded.
    #[must_use]
    pub fn of(service: &Versioned<Service>, parent: Option<&Service>) -> Self {
        Self::new(service, service.version.number(), parent)
    }
}

/// Declares a request that has the fields of a service beside its own: flat, so that one that isn't known is refused by
/// its name. What is left out of them is empty.
macro_rules! request_with_a_service {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$of:meta])* pub $own:ident: $kind:ty,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name {
            $($(#[$of])* pub $own: $kind,)+
            /// What staff call it, up to 100 characters.
            pub name: String,
            /// What clients see instead, up to 100 characters. Before clients see a service or may ask for it, it needs
            /// one, of its own or of the service it is a run of.
            #[serde(default)]
            pub client_facing_name: Option<String>,
            /// *Visible in `ClientConnect`*: `as_service` is for groups and series.
            pub visibility: domain::service::Visibility,
            /// *Eligible for Pre-Enrollment*
            #[serde(default)]
            pub eligible: bool,
            /// How long its events take, 5 to 480; none for as the settings say.
            #[serde(default)]
            pub event_minutes: Option<u16>,
            /// Where it takes place.
            #[serde(default)]
            pub site_id: Option<domain::id::SiteId>,
            /// First day of a group or series.
            #[serde(default)]
            pub starts_on: Option<chrono::NaiveDate>,
            /// Last day of a group or series.
            #[serde(default)]
            pub ends_on: Option<chrono::NaiveDate>,
            /// Whether people can be enrolled in it; left out, it stays as it is, and a new one is active.
            #[serde(default)]
            pub active: Option<bool>,
        }

        impl $name {
            /// The details, `had` being those of a service that is there.
            fn details(&self, had: Option<&domain::service::Details>) -> domain::service::Details {
                domain::service::Details {
                    name: self.name.clone(),
                    client_facing_name: self.client_facing_name.clone(),
                    visibility: self.visibility,
                    eligible: self.eligible,
                    event_minutes: self.event_minutes,
                    site: self.site_id,
                    starts_on: self.starts_on,
                    ends_on: self.ends_on,
                    active: self.active.unwrap_or_else(|| had.is_none_or(|had| had.active)),
                }
            }
        }
    };
}
pub(crate) use request_with_a_service;

/// Refuses a site that isn't the agency's, unless it is the one that the service `had`.
pub(crate) fn check_site<R>(
    details: &Details,
    had: Option<&Details>,
    sites: Option<&Versioned<Vec<Site>>>,
) -> Result<(), Failure<R>> {
    let is_known = details.site.is_none_or(|id| {
        had.is_some_and(|had| had.site == Some(id))
            || sites.into_iter().flat_map(|sites| &sites.value).any(|site| site.id == id)
    });
    if is_known { Ok(()) } else { Err(Failure::invalid("site_id", "Choose one of the agency's sites")) }
}

/// What a worker should know of a service that was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ServiceWarning {
    /// Clients may ask for it, but don't see it: it is not offered.
    EligibleButHidden,
}

/// A service that was saved.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SavedService {
    /// As it is now.
    pub service: ServiceView,
    /// What the worker should know.
    pub warnings: Vec<ServiceWarning>,
}

impl SavedService {
    /// The service in that version.
    #[must_use]
    pub fn new(service: &Service, version: u64, parent: Option<&Service>) -> Self {
        let hidden = service.details.eligible && service.shown(parent).is_none();
        Self {
            service: ServiceView::new(service, version, parent),
            warnings: hidden.then_some(ServiceWarning::EligibleButHidden).into_iter().collect(),
        }
    }
}

/// A field that doesn't fit, as a problem that names it.
pub(crate) fn unfit<R>(misfit: Misfit) -> Failure<R> {
    Failure::invalid(misfit.field, misfit.wrong.help)
}

/// The services that groups and series of these are runs of.
pub(crate) async fn parents_of(
    context: &Context<'_>,
    services: &[Versioned<Service>],
) -> Result<BTreeMap<ServiceId, Versioned<Service>>, Fault> {
    let mut ids: Vec<ServiceId> = services.iter().filter_map(|service| service.parent).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found = context.services.store.ask(ids.into_iter().map(ask::service).collect::<Vec<_>>()).await?;
    Ok(found.into_iter().flatten().map(|parent| (parent.id, parent)).collect())
}
