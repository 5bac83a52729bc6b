//! The agency's colours and corners, as the stylesheet that every page of the portal takes them from.

use serde::Deserialize;

use crate::context::Context;
use crate::entry::caller::Anyone;
use crate::entry::content::Stylesheet;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};

/// Gets the theme.
pub struct GetTheme;

/// Nothing to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {}

impl HttpOperation for GetTheme {
    type Caller = Anyone;
    type Request = Request;
    type Response = Stylesheet;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        _: Anyone,
        _: Request,
    ) -> Result<Reply<Stylesheet>, Failure<NoRefusal>> {
        let settings = context.read_settings().await?;
        Ok(Reply::from(Stylesheet(settings.theme.stylesheet())).for_everybody())
    }
}
