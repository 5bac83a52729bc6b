//! Gives the worker the photo that they uploaded, or takes it away.

use domain::id::UploadId;
use serde::Deserialize;

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::images::NoImage;
use crate::images::photo::PhotoView;
use crate::problem::Failure;

/// Sets my photo.
pub struct SetMyPhoto;

/// Which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The uploaded image; null for no photo.
    #[serde(deserialize_with = "Option::deserialize")]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub upload_id: Option<UploadId>,
}

impl HttpOperation for SetMyPhoto {
    type Caller = Staff;
    type Request = Request;
    type Response = PhotoView;
    type Refused = NoImage;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<PhotoView>, Failure<NoImage>> {
        context.set_photo(&staff, &staff.worker, request.upload_id).await
    }
}
