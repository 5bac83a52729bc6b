//! Saves *Theme*: the portal's colours, in which text must be readable by day and by night, and its corners.

use domain::settings::Section;
use domain::theme::{Colour, NEEDED, Theme, TooFaint};
use serde::Deserialize;

use crate::configuration::{NotSaved, Save, SettingsView};
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, joined_refusals, refusals};
use crate::sections::Whole;

/// Sets the theme.
pub struct SetTheme;

/// All of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The version of the settings that was seen.
    pub version: u64,
    /// The theme.
    #[cfg_attr(feature = "openapi", schema(value_type = Theme))]
    pub theme: Whole<Theme>,
}

refusals! {
    /// Why the theme can't be taken.
    pub enum Faint {
        /// Text would be hard to read.
        ContrastTooLow {
            /// Which colour, as a path into the request.
            field: &'static str,
            /// The contrast it has, to one.
            ratio: f64,
            /// The contrast it must have.
            needed: f64,
            /// The nearest colour that has it.
            nearest: Colour,
        } => 422, "contrast_too_low", "Text in this colour would be hard to read; take the nearest colour that isn't, or another";
    }
}

joined_refusals! {
    /// Why the theme stays as it is.
    pub enum Error {
        /// As of all settings.
        NotSaved(NotSaved),
        /// It can't be read.
        Faint(Faint),
    }
}

impl From<TooFaint> for Faint {
    fn from(TooFaint { field, ratio, nearest }: TooFaint) -> Self {
        Self::ContrastTooLow { field, ratio, needed: NEEDED, nearest }
    }
}

impl HttpOperation for SetTheme {
    type Caller = Staff;
    type Request = Request;
    type Response = SettingsView;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        Request { version, theme: Whole(theme) }: Request,
    ) -> Result<Reply<SettingsView>, Failure<Error>> {
        theme.check().map_err(|faint| Error::Faint(faint.into()))?;
        staff.save_settings(context, Save::of(Section::Theme, version), |draft| draft.theme = theme).await
    }
}
