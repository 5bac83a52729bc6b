//! Saves *Images*: the agency's logo, and which picture each tile has.

use std::collections::BTreeMap;

use domain::id::UploadId;
use domain::image::Picture;
use domain::settings::{Section, Tile};
use serde::Deserialize;

use crate::configuration::{NotSaved, Save, SettingsView};
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::images::NoImage;
use crate::problem::{Failure, joined_refusals};

/// Sets the images.
pub struct SetImages;

/// All of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The version of the settings that was seen.
    pub version: u64,
    /// What becomes of the logo.
    pub logo: Logo,
    /// Which of its pictures each tile has, 1–6.
    pub tiles: BTreeMap<Tile, u8>,
}

/// What becomes of the logo.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Logo {
    /// It stays, be there one or none.
    Keep,
    /// There is none any more.
    Remove,
    /// The uploaded image takes its place.
    UploadId(UploadId),
}

joined_refusals! {
    /// Why the images stay as they are.
    pub enum Error {
        /// As of all settings.
        NotSaved(NotSaved),
        /// The upload makes no logo.
        NoImage(NoImage),
    }
}

impl HttpOperation for SetImages {
    type Caller = Staff;
    type Request = Request;
    type Response = SettingsView;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        Request { version, logo, tiles }: Request,
    ) -> Result<Reply<SettingsView>, Failure<Error>> {
        let made = match logo {
            Logo::UploadId(upload) => Some(context.keep_image(&staff, upload, Picture::Logo).await?),
            Logo::Keep | Logo::Remove => None,
        };
        let save = Save::of(Section::Images, version);
        let saving = staff.save_settings(context, save, |draft| {
            if !matches!(logo, Logo::Keep) {
                draft.images.logo = made;
            }
            draft.images.tiles.clone_from(&tiles);
        });
        saving.await
    }
}
