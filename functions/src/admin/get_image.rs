//! A picture that was kept, for any worker: a colleague's photo, or a logo.

use domain::id::ImageId;
use domain::image::Picture;
use serde::Deserialize;

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::content::Image;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};

/// Gets an image.
pub struct GetImage;

/// Which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The image.
    pub image_id: ImageId,
}

impl HttpOperation for GetImage {
    type Caller = Staff;
    type Request = Request;
    type Response = Image;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        _: Staff,
        request: Request,
    ) -> Result<Reply<Image>, Failure<NoRefusal>> {
        for picture in Picture::ALL {
            if let Some(image) = context.image(picture, request.image_id).await? {
                return Ok(Reply::from(image));
            }
        }
        Err(Failure::not_found())
    }
}
