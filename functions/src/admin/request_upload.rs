//! Gives a place to put a file: a presigned PUT straight to the bucket, for exactly the file that was announced.

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use chrono::{DateTime, TimeDelta, Utc};
use domain::id::UploadId;
use serde::{Deserialize, Serialize};

use crate::context::{Context, defect};
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};
use crate::uploads;

/// How long the place is open.
const OPEN: Duration = Duration::from_mins(15);

/// Requests an upload.
pub struct RequestUpload;

/// The file, announced.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Its length.
    pub bytes: u64,
    /// base64 of its SHA-256; the bucket refuses anything else.
    pub sha256: String,
}

/// Where to PUT it, with what headers.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// For `start_import`.
    pub upload_id: UploadId,
    /// PUT the file here.
    pub url: String,
    /// Send these with it.
    pub headers: std::collections::BTreeMap<String, String>,
    /// Until then.
    pub expires_at: DateTime<Utc>,
}

refusals! {
    /// Why there is no place for the file.
    pub enum Error {
        /// More than an import takes.
        UploadTooLarge {
            /// The most bytes a file may have.
            maximum: u64,
        } => 413, "upload_too_large", "The file is too large; split it into several";
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
        if request.bytes > uploads::MAXIMUM_BYTES {
            return Err(Error::UploadTooLarge { maximum: uploads::MAXIMUM_BYTES }.into());
        }
        let digest = data_encoding::BASE64.decode(request.sha256.as_bytes()).unwrap_or_default();
        if digest.len() != 32 || request.bytes == 0 {
            return Err(Failure::invalid(
                "sha256",
                "Send the length of a file that isn't empty, and the base64 of its SHA-256",
            ));
        }
        let upload_id = UploadId::new(context.uuid());
        let signed = context
            .services
            .objects()?
            .put_object()
            .bucket(context.services.variable("UPLOADS_BUCKET")?)
            .key(uploads::key(staff.worker.id, upload_id))
            .content_length(i64::try_from(request.bytes).unwrap_or(i64::MAX))
            .content_type("text/csv")
            .checksum_sha256(request.sha256)
            .presigned(presigning(context)?)
            .await
            .map_err(store::Fault::from)?;
        Ok(Reply::from(Response {
            upload_id,
            url: signed.uri().to_owned(),
            headers: signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            expires_at: context.now + TimeDelta::from_std(OPEN).unwrap_or_default(),
        }))
    }
}

fn presigning(context: &Context<'_>) -> Result<PresigningConfig, store::Fault> {
    let config = PresigningConfig::builder().start_time(context.now.into()).expires_in(OPEN).build();
    config.map_err(|error| defect("presigning", error))
}
