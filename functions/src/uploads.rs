//! Uploaded files: where they lie, and how they are read, whole or in ranges.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use domain::id::{UploadId, WorkerId};
use store::Fault;

use crate::context::{Context, defect};

/// The longest file an import takes: 100,000 rows of 500 bytes, and room to spare.
pub(crate) const MAXIMUM_BYTES: u64 = 64 * 1024 * 1024;

/// Under the worker who uploaded it: nobody starts an import of somebody else's file. The first segment is what the
/// workers' site passes on to the bucket.
pub(crate) fn key(worker: WorkerId, upload: UploadId) -> String {
    format!("uploads/{worker}/{upload}")
}

/// Part of a file.
pub(crate) struct Range {
    pub(crate) bytes: Vec<u8>,
    /// Length of the whole file.
    pub(crate) total: u64,
}

/// A whole file.
pub(crate) struct Uploaded {
    pub(crate) bytes: Vec<u8>,
    /// What it was announced as.
    pub(crate) content_type: String,
}

/// Whether the bucket has no such object. By the status alone: an answer to HEAD has no body that could carry a code.
pub(crate) fn is_missing<E>(error: &SdkError<E, HttpResponse>) -> bool {
    error.raw_response().is_some_and(|answer| answer.status().as_u16() == 404)
}

impl Context<'_> {
    /// A whole file, if it is there.
    ///
    /// # Errors
    /// The bucket's fault.
    pub(crate) async fn uploaded(&self, key: &str) -> Result<Option<Uploaded>, Fault> {
        let bucket = self.services.variable("UPLOADS_BUCKET")?;
        let object = match self.services.objects()?.get_object().bucket(bucket).key(key).send().await {
            Ok(object) => object,
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let content_type = object.content_type().unwrap_or_default().to_owned();
        let bytes = object.body.collect().await.map_err(|error| defect("reading an upload", error))?;
        Ok(Some(Uploaded { bytes: bytes.to_vec(), content_type }))
    }

    /// The length of an uploaded file, if it is there.
    ///
    /// # Errors
    /// The bucket's fault.
    pub(crate) async fn upload_length(&self, key: &str) -> Result<Option<u64>, Fault> {
        let bucket = self.services.variable("UPLOADS_BUCKET")?;
        match self.services.objects()?.head_object().bucket(bucket).key(key).send().await {
            Ok(head) => Ok(Some(
                head.content_length().and_then(|length| u64::try_from(length).ok()).unwrap_or_default(),
            )),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Up to `length` bytes from `from` on; `None` when the file isn't there. At its end, nothing.
    ///
    /// # Errors
    /// The bucket's fault.
    pub(crate) async fn upload_range(
        &self,
        key: &str,
        from: u64,
        length: u64,
    ) -> Result<Option<Range>, Fault> {
        let Some(total) = self.upload_length(key).await? else { return Ok(None) };
        if from >= total {
            return Ok(Some(Range { bytes: Vec::new(), total }));
        }
        let bucket = self.services.variable("UPLOADS_BUCKET")?;
        let last = from.saturating_add(length).min(total) - 1;
        let object = self
            .services
            .objects()?
            .get_object()
            .bucket(bucket)
            .key(key)
            .range(format!("bytes={from}-{last}"));
        let bytes =
            object.send().await?.body.collect().await.map_err(|error| defect("reading an upload", error))?;
        Ok(Some(Range { bytes: bytes.to_vec(), total }))
    }
}
