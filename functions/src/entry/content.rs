//! What a success carries: JSON of a type, or a file.

use domain::image::ImageType;
use lambda_http::Body;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::http::Described;

/// The body of a success.
pub trait Content: Sized + Send {
    /// The types it may be of.
    const TYPES: &'static [&'static str];

    /// Its type, and what goes out.
    ///
    /// # Errors
    /// When it can't be written as what it is.
    fn write(self) -> serde_json::Result<(&'static str, Body)>;

    /// What was answered before, kept as JSON.
    ///
    /// # Errors
    /// When the text is none of it.
    fn read(kept: &str) -> serde_json::Result<Self>;

    /// What OpenAPI says of it, with the schemas that it names.
    #[cfg(feature = "openapi")]
    fn schema(named: &mut Vec<crate::openapi::Named>) -> Option<serde_json::Value>;
}

impl<T: Serialize + DeserializeOwned + Described + Send> Content for T {
    const TYPES: &'static [&'static str] = &["application/json"];

    fn write(self) -> serde_json::Result<(&'static str, Body)> {
        Ok(("application/json", Body::Text(serde_json::to_string(&self)?)))
    }

    fn read(kept: &str) -> serde_json::Result<Self> {
        serde_json::from_str(kept)
    }

    #[cfg(feature = "openapi")]
    fn schema(named: &mut Vec<crate::openapi::Named>) -> Option<serde_json::Value> {
        T::schemas(named);
        serde_json::to_value(<T as utoipa::PartialSchema>::schema()).ok()
    }
}

/// A picture.
pub struct Image {
    /// Its type.
    pub kind: ImageType,
    /// The file.
    pub bytes: Vec<u8>,
}

/// A stylesheet.
pub struct Stylesheet(pub String);

/// A file is given anew, not kept for a repeated call.
fn not_kept<T>() -> serde_json::Result<T> {
    Err(serde::de::Error::custom("a file is not kept as an answer"))
}

impl Content for Image {
    const TYPES: &'static [&'static str] = &["image/jpeg", "image/png"];

    fn write(self) -> serde_json::Result<(&'static str, Body)> {
        Ok((self.kind.code(), Body::Binary(self.bytes)))
    }

    fn read(_: &str) -> serde_json::Result<Self> {
        not_kept()
    }

    #[cfg(feature = "openapi")]
    fn schema(_: &mut Vec<crate::openapi::Named>) -> Option<serde_json::Value> {
        None
    }
}

impl Content for Stylesheet {
    const TYPES: &'static [&'static str] = &["text/css"];

    fn write(self) -> serde_json::Result<(&'static str, Body)> {
        Ok(("text/css", Body::Text(self.0)))
    }

    fn read(_: &str) -> serde_json::Result<Self> {
        not_kept()
    }

    #[cfg(feature = "openapi")]
    fn schema(_: &mut Vec<crate::openapi::Named>) -> Option<serde_json::Value> {
        None
    }
}
