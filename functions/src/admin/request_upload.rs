//! Gives a place to put a file: a presigned PUT to the bucket, for exactly the file that was announced.

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use chrono::{DateTime, TimeDelta, Utc};
use domain::id::UploadId;
use domain::image::{self, ImageType};
use domain::worker::Permission;
use serde::{Deserialize, Serialize};
use store::Fault;

use crate::change::Access;
use crate::context::{Context, defect};
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{EntryRefusal, Failure, refusals};
use crate::uploads;

/// How long the place is open.
const OPEN: Duration = Duration::from_mins(15);

/// Requests an upload.
pub struct RequestUpload;

/// What a file is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Kind {
    /// To be imported.
    #[default]
    Csv,
    /// To be a logo or a photo.
    Image,
}

/// The file, announced.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// What it is for.
    #[serde(default)]
    pub kind: Kind,
    /// Of an image its type: `image/png`, `image/jpeg`, `image/webp` or `image/gif`.
    #[serde(default)]
    pub content_type: Option<String>,
    /// Its length.
    pub bytes: u64,
    /// base64 of its SHA-256; the bucket refuses anything else.
    pub sha256: String,
}

/// Where to PUT it, with what headers.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// For `start_import`, or whatever takes an image.
    pub upload_id: UploadId,
    /// PUT the file here.
    pub url: String,
    /// The same place on the workers' site's own origin, which passes it on to the bucket; for browsers, whose pages
    /// may connect nowhere else.
    pub path: String,
    /// Send these with it.
    pub headers: std::collections::BTreeMap<String, String>,
    /// Until then.
    pub expires_at: DateTime<Utc>,
}

refusals! {
    /// Why there is no place for the file.
    pub enum Error {
        /// More than is taken.
        UploadTooLarge {
            /// The most bytes a file may have.
            maximum: u64,
        } => 413, "upload_too_large", "The file is too large; split or shrink it";
        /// A drawing that can carry programs.
        ImageSvg => 422, "image_svg", "SVG files are not taken, since they can carry programs; save it as PNG, JPEG, WebP or GIF";
    }
}

impl HttpOperation for RequestUpload {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<Error>> {
        let (maximum, content_type) = match request.kind {
            Kind::Csv
                if !staff.may(Permission::ImportIndividuals) && !staff.may(Permission::ManageServices) =>
            {
                staff.log(context, Access::Refused, None).await?;
                return Err(Failure::Entry(EntryRefusal::NotAllowed));
            }
            Kind::Csv => (uploads::MAXIMUM_BYTES, "text/csv"),
            Kind::Image => (image::MOST_BYTES, image_type(request.content_type.as_deref())?.code()),
        };
        if request.bytes > maximum {
            return Err(Error::UploadTooLarge { maximum }.into());
        }
        let digest = data_encoding::BASE64.decode(request.sha256.as_bytes()).unwrap_or_default();
        if digest.len() != 32 || request.bytes == 0 {
            return Err(Failure::invalid(
                "sha256",
                "Send the length of a file that isn't empty, and the base64 of its SHA-256",
            ));
        }
        let upload_id = UploadId::new(context.uuid());
        let key = uploads::key(staff.worker.id, upload_id);
        let signed = context
            .services
            .objects()?
            .put_object()
            .bucket(context.services.variable("UPLOADS_BUCKET")?)
            .key(&key)
            .content_length(i64::try_from(request.bytes).unwrap_or(i64::MAX))
            .content_type(content_type)
            .checksum_sha256(request.sha256)
            .presigned(presigning(context)?)
            .await
            .map_err(Fault::from)?;
        Ok(Reply::from(Response {
            upload_id,
            path: path_from(&key, signed.uri())?,
            url: signed.uri().to_owned(),
            headers: signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            expires_at: context.now + TimeDelta::from_std(OPEN).unwrap_or_default(),
        }))
    }
}

fn image_type(announced: Option<&str>) -> Result<ImageType, Failure<Error>> {
    match announced {
        Some("image/svg+xml") => Err(Error::ImageSvg.into()),
        known => known.and_then(|known| known.parse().ok()).ok_or_else(|| {
            Failure::invalid("content_type", "Use one of image/png, image/jpeg, image/webp and image/gif")
        }),
    }
}

/// Path and query of an object's address, from its key on: what is before it names the bucket, in the cloud as the host.
fn path_from(key: &str, url: &str) -> Result<String, Fault> {
    let path = url.find(&format!("/{key}?")).and_then(|at| url.get(at..));
    path.map(ToOwned::to_owned).ok_or_else(|| Fault::Internal {
        what: "an upload's address without its key".to_owned(),
        source: None,
    })
}

fn presigning(context: &Context<'_>) -> Result<PresigningConfig, Fault> {
    let config = PresigningConfig::builder().start_time(context.now.into()).expires_in(OPEN).build();
    config.map_err(|error| defect("presigning", error))
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::Client;
    use aws_sdk_s3::config::{BehaviorVersion, Config, Credentials, Region};

    use super::*;

    /// The path holds on another origin only if nothing of the bucket is in it, and its name is the host alone.
    #[tokio::test]
    async fn the_path_is_all_of_the_address_but_the_buckets_own_host() {
        for region in ["us-east-1", "eu-west-1"] {
            let config = Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new(region))
                .credentials_provider(Credentials::new("key", "secret", None, None, "test"));
            let key = "uploads/wrk_1/upl_2";
            let put = Client::from_conf(config.build())
                .put_object()
                .bucket("clientconnect-production-uploads-123456789012")
                .key(key);
            let presigning = PresigningConfig::expires_in(OPEN).unwrap();
            let signed = put.presigned(presigning).await.unwrap();
            let path = path_from(key, signed.uri()).unwrap();
            let host = signed.uri().strip_suffix(&path).unwrap();
            assert_eq!(
                host,
                format!("https://clientconnect-production-uploads-123456789012.s3.{region}.amazonaws.com")
            );
        }
        assert!(path_from("uploads/a", "https://bucket/uploads/b?x=1").is_err());
    }
}
