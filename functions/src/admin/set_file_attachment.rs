//! Saves *File Attachment*: whether clients see the photos of their workers.

use domain::settings::{FileAttachment, Section};
use serde::Deserialize;

use crate::configuration::{NotSaved, Save, SettingsView};
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;
use crate::sections::Whole;

/// Sets file attachment.
pub struct SetFileAttachment;

/// All of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The version of the settings that was seen.
    pub version: u64,
    /// The section.
    #[cfg_attr(feature = "openapi", schema(value_type = FileAttachment))]
    pub file_attachment: Whole<FileAttachment>,
}

impl HttpOperation for SetFileAttachment {
    type Caller = Staff;
    type Request = Request;
    type Response = SettingsView;
    type Refused = NotSaved;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        Request { version, file_attachment: Whole(section) }: Request,
    ) -> Result<Reply<SettingsView>, Failure<NotSaved>> {
        let save = Save::of(Section::FileAttachment, version);
        staff.save_settings(context, save, |draft| draft.file_attachment = section).await
    }
}
