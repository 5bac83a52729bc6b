//! Gives a worker the photo that whoever looks after photos uploaded, or takes it away.

use domain::id::{UploadId, WorkerId};
use serde::Deserialize;

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::images::NoImage;
use crate::images::photo::PhotoView;
use crate::problem::Failure;

/// Sets a worker's photo.
pub struct SetWorkerPhoto;

/// Whose, and which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The worker.
    pub worker_id: WorkerId,
    /// The uploaded image; null for no photo.
    #[serde(deserialize_with = "Option::deserialize")]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub upload_id: Option<UploadId>,
}

impl HttpOperation for SetWorkerPhoto {
    type Caller = Staff;
    type Request = Request;
    type Response = PhotoView;
    type Refused = NoImage;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<PhotoView>, Failure<NoImage>> {
        let worker = staff.colleague(context, request.worker_id).await?;
        context.set_photo(&staff, &worker, request.upload_id).await
    }
}
