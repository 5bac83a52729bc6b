//! The agency's logo, by its own name, so that it may be kept for ever: whatever was its logo once.

use domain::id::ImageId;
use domain::image::Picture;
use serde::Deserialize;

use crate::context::Context;
use crate::entry::caller::Anyone;
use crate::entry::content::Image;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};

/// Gets the logo.
pub struct GetLogo;

/// Which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The logo's id, as `portal.get_agency` gives it.
    pub image_id: ImageId,
}

impl HttpOperation for GetLogo {
    type Caller = Anyone;
    type Request = Request;
    type Response = Image;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        _: Anyone,
        request: Request,
    ) -> Result<Reply<Image>, Failure<NoRefusal>> {
        // Photos are elsewhere, where this function may not read.
        let logo = context.image(Picture::Logo, request.image_id).await?.ok_or_else(Failure::not_found)?;
        Ok(Reply::from(logo).unchanging())
    }
}
