//! Uploaded images: unpacked, made what pages show, kept, and read again. What is kept was written by us: nothing of the
//! file that came in is in it but what could be seen.

mod decode;
mod exif;
pub mod photo;
mod pixels;

use domain::id::{ImageId, UploadId};
use domain::image::{ImageError, ImageType, MOST_MEGAPIXELS, Picture};
use store::Fault;

use crate::context::{Context, defect};
use crate::entry::caller::Staff;
use crate::entry::content::Image;
use crate::problem::{Failure, refusals};
use crate::uploads;

refusals! {
    /// Why an upload becomes no image.
    pub enum NoImage {
        /// No such file of this worker's.
        UploadNotFound => 409, "upload_not_found", "There is no such file; upload it again";
        /// It was announced as something else.
        ImageTypeMismatch => 422, "image_type_mismatch", "The file is not of the type it was announced as; save it as PNG, JPEG, WebP or GIF";
        /// A drawing that can carry programs.
        ImageSvg => 422, "image_svg", "SVG files are not taken, since they can carry programs; save it as PNG, JPEG, WebP or GIF";
        /// Damaged, or no image.
        ImageUnreadable => 422, "image_unreadable", "The file is damaged or is no image; save it as PNG, JPEG, WebP or GIF";
        /// It unpacks to too much.
        ImageTooLarge {
            /// The most megapixels an image may have.
            megapixels: u32,
        } => 422, "image_too_large", "The image has too many pixels; make it smaller";
    }
}

impl From<ImageError> for NoImage {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Svg => Self::ImageSvg,
            ImageError::TypeMismatch => Self::ImageTypeMismatch,
            ImageError::TooLarge => Self::ImageTooLarge { megapixels: MOST_MEGAPIXELS },
            ImageError::Unreadable => Self::ImageUnreadable,
        }
    }
}

/// Where it is kept: what may be read is granted by this beginning.
#[must_use]
pub const fn folder(picture: Picture) -> &'static str {
    match picture {
        Picture::Logo => "logo",
        Picture::Photo => "photo",
    }
}

fn key(picture: Picture, image: ImageId) -> String {
    format!("{}/{image}", folder(picture))
}

impl Context<'_> {
    /// Makes a picture of what a worker has uploaded, and keeps it; the same one however often it is asked.
    ///
    /// # Errors
    /// [`NoImage`], or the bucket's fault.
    pub(crate) async fn keep_image<R: From<NoImage>>(
        &self,
        staff: &Staff,
        upload: UploadId,
        picture: Picture,
    ) -> Result<ImageId, Failure<R>> {
        let uploaded = self.uploaded(&uploads::key(staff.worker.id, upload)).await?;
        let uploaded = uploaded.ok_or_else(|| Failure::Refused(NoImage::UploadNotFound.into()))?;
        let made = made(&uploaded.bytes, &uploaded.content_type, picture).map_err(|error| match error {
            NotMade::Refused(error) => Failure::Refused(NoImage::from(error).into()),
            NotMade::Fault(fault) => Failure::Fault(fault),
        })?;
        let image = ImageId::new(upload.uuid());
        let put = self
            .services
            .objects()?
            .put_object()
            .bucket(self.services.variable("IMAGES_BUCKET")?)
            .key(key(picture, image))
            .content_type(picture.kind().code())
            .body(made.into());
        put.send().await.map_err(Fault::from)?;
        Ok(image)
    }

    /// A picture that was kept, if it was.
    ///
    /// # Errors
    /// The bucket's fault.
    pub(crate) async fn image(&self, picture: Picture, image: ImageId) -> Result<Option<Image>, Fault> {
        let bucket = self.services.variable("IMAGES_BUCKET")?;
        let object = self.services.objects()?.get_object().bucket(bucket).key(key(picture, image));
        match object.send().await {
            Ok(object) => {
                let bytes = object.body.collect().await.map_err(|error| defect("reading an image", error))?;
                Ok(Some(Image { kind: picture.kind(), bytes: bytes.to_vec() }))
            }
            Err(error) if uploads::is_missing(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Why a file makes no picture.
#[derive(Debug)]
enum NotMade {
    Refused(ImageError),
    Fault(Fault),
}

impl From<ImageError> for NotMade {
    fn from(error: ImageError) -> Self {
        Self::Refused(error)
    }
}

/// The picture that a file of the announced type makes.
fn made(file: &[u8], announced: &str, picture: Picture) -> Result<Vec<u8>, NotMade> {
    let kind = ImageType::as_announced(file, announced)?;
    let pixels = decode::unpacked(file, kind)?;
    pixels.cut(&picture.cut(pixels.size())).packed(picture.kind()).map_err(NotMade::Fault)
}

#[cfg(test)]
mod tests;
