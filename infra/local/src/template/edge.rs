//! What the stack before the sites says that holds here, too: the headers of their pages and files.

use std::fs;
use std::path::Path;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::stack::plain;
use super::{Place, TemplateError};

/// The policy that the sites' behaviours name.
const POLICY: &str = "SiteResponsePolicy";

/// The headers that `CloudFront` adds to all that comes from a site's bucket, except HSTS: browsers heed it over HTTPS
/// only.
pub(crate) fn site_headers(edge: &Path) -> Result<HeaderMap, TemplateError> {
    let place = Place { file: edge.to_owned(), line: 0, resource: POLICY.to_owned() };
    let text = fs::read_to_string(edge).map_err(|error| place.refuse(error.to_string()))?;
    let yaml = yaml_serde::from_str(&text).map_err(|error| place.refuse(error.to_string()))?;
    let template = plain(&yaml).map_err(|what| place.refuse(what))?;
    let config = template.pointer(&format!("/Resources/{POLICY}/Properties/ResponseHeadersPolicyConfig"));
    let config = config.ok_or_else(|| place.refuse("is not there"))?;
    let mut headers = HeaderMap::new();
    let mut set = |name: &str, value: &Value| {
        let unfit = || place.refuse(format!("{name} isn't a header, or {value} not one's value"));
        let name = HeaderName::try_from(name).map_err(|_| unfit())?;
        let value = value.as_str().and_then(|value| HeaderValue::try_from(value).ok()).ok_or_else(unfit)?;
        headers.insert(name, value);
        Ok(())
    };
    for (kind, settings) in
        config.get("SecurityHeadersConfig").and_then(Value::as_object).into_iter().flatten()
    {
        match kind.as_str() {
            "ContentSecurityPolicy" => set("content-security-policy", &settings["ContentSecurityPolicy"])?,
            "ContentTypeOptions" => set("x-content-type-options", &"nosniff".into())?,
            "FrameOptions" => set("x-frame-options", &settings["FrameOption"])?,
            "ReferrerPolicy" => set("referrer-policy", &settings["ReferrerPolicy"])?,
            "StrictTransportSecurity" => {}
            other => return Err(place.refuse(format!("{other} isn't known here"))),
        }
    }
    for header in config.pointer("/CustomHeadersConfig/Items").and_then(Value::as_array).into_iter().flatten()
    {
        set(header["Header"].as_str().unwrap_or_default(), &header["Value"])?;
    }
    Ok(headers)
}
