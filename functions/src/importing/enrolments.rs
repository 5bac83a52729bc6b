//! What imports of service files and of rosters look up alike: whom a row names, and which service.

use domain::Individual;
use domain::import::RowError;
use domain::import::service_files::ServiceNamed;
use domain::service::{Service, ServiceKind};
use store::{ExternalIdOf, Fault, ServiceWithExternalId, Versioned, ask};

use super::Run;

/// The individual and the service that a row names.
pub(super) struct Named {
    pub(super) individual: Versioned<Individual>,
    pub(super) service: Versioned<Service>,
}

fn unknown(column: &'static str, code: &'static str, help: &str) -> RowError {
    RowError { column: Some(column), code, help: help.to_owned() }
}

impl Run<'_> {
    /// Looks both up; a name stands for the one active service of these `kinds` that has it.
    pub(super) async fn named(
        &self,
        individual: &str,
        service: &ServiceNamed,
        kinds: &[ServiceKind],
    ) -> Result<Result<Named, RowError>, Fault> {
        let (store, source) = (&self.context.services.store, &self.job.source);
        let by_id = match service {
            ServiceNamed::ExternalId(id) => Some(ask::service_with_external_id(source, id)),
            ServiceNamed::Name(_) => None,
        };
        let (owner, by_id) = store.ask((ask::external_id(source, individual), by_id)).await?;
        let mut services: Vec<_> = by_id.into_iter().map(|ServiceWithExternalId(id)| id).collect();
        if let ServiceNamed::Name(name) = service {
            for kind in kinds {
                services.extend(store.services_named(*kind, name).await?);
            }
        }
        if services.len() > 1 {
            let help = "several services have this name: write service_external_id instead";
            return Ok(Err(unknown("service", "ambiguous_service", help)));
        }
        let owner = owner.map(|ExternalIdOf(id)| ask::individual(id));
        let (individual, service) = store.ask((owner, services.pop().map(ask::service))).await?;
        let Some(individual) = individual else {
            let help = "import this individual first, from the same system";
            return Ok(Err(unknown("individual_external_id", "unknown_individual", help)));
        };
        let Some(service) = service else {
            let help = "write the id or the name of an active service that is there already";
            return Ok(Err(unknown("service", "unknown_service", help)));
        };
        Ok(Ok(Named { individual, service }))
    }
}
