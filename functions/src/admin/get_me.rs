//! Who the worker is and what they may do: the admin site's menus are made from it.

use domain::Language;
use domain::id::{ImageId, SiteId, WorkerId};
use domain::session::AuthLevel;
use domain::worker::{Permission, UserGroup, permissions};
use serde::{Deserialize, Serialize};

use crate::agency::AgencyFooter;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};
use crate::signing_in::SessionTimes;

/// Gets me.
pub struct GetMe;

/// Nothing to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {}

/// The worker.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Who.
    pub worker_id: WorkerId,
    /// Their name.
    pub name: String,
    /// What clients see instead of the name.
    pub client_facing_name: Option<String>,
    /// What clients read about them.
    pub description: Option<String>,
    /// Their photo, which `admin.get_image` shows.
    pub photo: Option<ImageId>,
    /// What they read.
    pub language: Language,
    /// Where they work.
    pub site_id: SiteId,
    /// What they may do at most.
    pub user_group: UserGroup,
    /// The class that takes some of it away.
    pub security_class: String,
    /// What is left.
    pub permissions: Vec<Permission>,
    /// The agency's name.
    pub agency: String,
    /// The agency as its pages show it, with the zone that times are in.
    pub agency_footer: AgencyFooter,
    /// Origin of the clients' site.
    pub portal_url: String,
    /// How they prove themselves beside the password.
    pub second_factor: SecondFactorView,
    /// What this session is worth: `password`, or `second_factor`.
    pub auth_level: AuthLevel,
    /// When the session ends.
    pub session: SessionTimes,
}

/// A worker's second factor as they see it.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecondFactorView {
    /// Whether they have one.
    pub enrolled: bool,
    /// Whether they need one: until then this session does nothing but set it up.
    pub required: bool,
    /// Recovery codes that are left.
    pub recovery_codes_left: u8,
}

impl HttpOperation for GetMe {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        _: Request,
    ) -> Result<Reply<Response>, Failure<NoRefusal>> {
        Ok(Reply::from(Response {
            worker_id: staff.worker.id,
            name: staff.worker.name.called().to_owned(),
            client_facing_name: staff.worker.client_facing_name.clone(),
            description: staff.worker.description.clone(),
            photo: staff.worker.photo,
            language: staff.worker.language,
            site_id: staff.worker.site,
            user_group: staff.worker.user_group,
            security_class: staff.class.name.clone(),
            permissions: permissions(staff.worker.user_group, &staff.class).collect(),
            agency: staff.settings.agency.name.clone(),
            agency_footer: AgencyFooter::from(&staff.settings.agency),
            portal_url: context.services.variable("PORTAL_URL")?.to_owned(),
            second_factor: SecondFactorView {
                enrolled: staff.worker.second_factor.is_some(),
                required: context.second_factor_required(),
                recovery_codes_left: staff
                    .worker
                    .second_factor
                    .map_or(0, |factor| factor.recovery_codes_left),
            },
            auth_level: staff.session.auth_level,
            session: SessionTimes::of(&staff.session, &staff.settings, context),
        }))
    }
}
