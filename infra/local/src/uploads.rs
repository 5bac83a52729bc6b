//! Uploads on the workers' site: passed on to the bucket, with the signature that the API gave.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, Uri};

use crate::local::Local;

/// What of a request's headers the bucket hears, as the template's policy for uploads says.
const PASSED: [HeaderName; 3] =
    [CONTENT_LENGTH, CONTENT_TYPE, HeaderName::from_static("x-amz-checksum-sha256")];

/// Whether a path of the workers' site is an upload's.
pub(crate) fn is_one(path: &str) -> bool {
    path.starts_with("/uploads/")
}

impl Local {
    /// Asks the bucket for what was asked of the site, as a request to its own host.
    pub(crate) fn upload(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let endpoint = self.aws().endpoint();
        let host = HeaderValue::try_from(endpoint.rsplit('/').next().unwrap_or_default());
        let bucket = self.aws().world().buckets.iter().find(|bucket| bucket.contains("-uploads-"));
        let place = request.uri().path_and_query().zip(bucket);
        let place = place.and_then(|(path, bucket)| format!("/{bucket}{path}").parse::<Uri>().ok());
        let (Ok(host), Some(place)) = (host, place) else {
            let mut nowhere = Response::new(Bytes::new());
            *nowhere.status_mut() = StatusCode::BAD_GATEWAY;
            return nowhere;
        };
        let mut passed = Request::new(request.body().clone());
        *passed.method_mut() = request.method().clone();
        *passed.uri_mut() = place;
        passed.headers_mut().insert(HOST, host);
        for name in PASSED {
            if let Some(value) = request.headers().get(&name) {
                passed.headers_mut().insert(name, value.clone());
            }
        }
        self.aws().handle(&passed)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_bucket_hears_what_the_template_passes_on_and_no_more() {
        let edge: yaml_serde::Value = yaml_serde::from_str(include_str!("../../edge.yaml")).unwrap();
        let policy = &edge["Resources"]["UploadRequestPolicy"]["Properties"]["OriginRequestPolicyConfig"];
        let listed = policy["HeadersConfig"]["Headers"].as_sequence().unwrap().iter();
        let listed = listed.map(|name| name.as_str().unwrap().to_ascii_lowercase());
        // CloudFront always passes on how long a body is.
        let passed: BTreeSet<String> = listed.chain(["content-length".to_owned()]).collect();
        assert_eq!(passed, PASSED.map(|name| name.to_string()).into());
        assert_eq!(policy["CookiesConfig"]["CookieBehavior"], "none");
        assert_eq!(policy["QueryStringsConfig"]["QueryStringBehavior"], "all", "the signature is there");
    }
}
