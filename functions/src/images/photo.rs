//! A worker's photo, set by themselves or by whoever looks after photos.

use domain::Worker;
use domain::id::{ImageId, UploadId};
use domain::image::Picture;
use domain::journal::{FieldName, JournalRecord, Subject};
use serde::{Deserialize, Serialize};
use store::{Transaction, Versioned};

use super::NoImage;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::Reply;
use crate::problem::Failure;

/// The photo that a worker has now.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PhotoView {
    /// Null for none.
    pub photo: Option<ImageId>,
}

impl Context<'_> {
    /// Gives a worker the photo that `staff` uploaded, or takes the one they have.
    ///
    /// # Errors
    /// [`NoImage`], `conflict`, or a fault.
    pub(crate) async fn set_photo(
        &self,
        staff: &Staff,
        worker: &Versioned<Worker>,
        upload: Option<UploadId>,
    ) -> Result<Reply<PhotoView>, Failure<NoImage>> {
        let photo = match upload {
            Some(upload) => Some(self.keep_image(staff, upload, Picture::Photo).await?),
            None => None,
        };
        let answer = PhotoView { photo };
        if worker.photo != photo {
            let record = JournalRecord {
                changed: vec![FieldName::Photo],
                ..self.record(staff.actor(), Subject::Worker(worker.id))
            };
            let mut transaction = Transaction::new(&record);
            transaction.put_worker(worker.version, &Worker { photo, ..worker.value.clone() });
            self.commit(transaction, &answer).await?;
        }
        Ok(Reply::from(answer))
    }
}
