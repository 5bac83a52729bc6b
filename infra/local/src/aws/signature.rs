//! Signature Version 4: who signed a request, and whether they did.

use std::fmt::Write as _;

use aws_lc_rs::{constant_time, digest, hmac};
use bytes::Bytes;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use http::Request;

use super::{AwsError, REGION};

/// A request's signature with all it says about itself.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) access_key: String,
    scope: [String; 3],
    at: String,
    header_names: String,
    signature: String,
    /// Seconds a presigned URL is good for.
    expires: Option<i64>,
}

impl Signed {
    /// Reads the signature from the `Authorization` header, or from the query of a presigned URL.
    pub(super) fn read(request: &Request<Bytes>) -> Result<Self, AwsError> {
        let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        let field = |name: &str| match header {
            Some(header) => header
                .split([' ', ','])
                .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
                .map(ToOwned::to_owned),
            None => query(request, &format!("X-Amz-{name}")),
        };
        let at = match header {
            Some(_) => {
                request.headers().get("x-amz-date").and_then(|at| at.to_str().ok()).map(ToOwned::to_owned)
            }
            None => query(request, "X-Amz-Date"),
        };
        let missing = || AwsError {
            status: http::StatusCode::FORBIDDEN,
            ..AwsError::bad_request("MissingAuthenticationTokenException", "Missing Authentication Token")
        };
        let credential = field("Credential").ok_or_else(missing)?;
        let mut parts = credential.rsplitn(5, '/');
        let (Some("aws4_request"), Some(service), Some(region), Some(day), Some(access_key)) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(AwsError::bad_signature(
                "The credential is not of the form key/day/region/service/aws4_request.",
            ));
        };
        let expires = match header {
            Some(_) => None,
            None => {
                Some(query(request, "X-Amz-Expires").and_then(|text| text.parse().ok()).ok_or_else(missing)?)
            }
        };
        Ok(Self {
            access_key: access_key.to_owned(),
            scope: [day.to_owned(), region.to_owned(), service.to_owned()],
            at: at.ok_or_else(missing)?,
            header_names: field("SignedHeaders").ok_or_else(missing)?,
            signature: field("Signature").ok_or_else(missing)?,
            expires,
        })
    }

    /// Checks the signature, its scope, and whether a presigned URL has expired.
    pub(super) fn verify(
        &self,
        request: &Request<Bytes>,
        secret: &str,
        now: DateTime<Utc>,
    ) -> Result<(), AwsError> {
        let [day, region, service] = &self.scope;
        if region != REGION || !self.at.starts_with(day.as_str()) {
            return Err(AwsError::bad_signature(&format!(
                "The credential should be scoped to {REGION} and its date."
            )));
        }
        if let Some(seconds) = self.expires {
            let at = NaiveDateTime::parse_from_str(&self.at, "%Y%m%dT%H%M%SZ")
                .map_err(|_| AwsError::bad_signature("The date is not of the form 20260101T000000Z."))?
                .and_utc();
            if now > at + TimeDelta::seconds(seconds) {
                let mut expired = AwsError::bad_request("AccessDenied", "Request has expired");
                expired.status = http::StatusCode::FORBIDDEN;
                return Err(expired);
            }
        }
        let scope = format!("{day}/{region}/{service}/aws4_request");
        let canonical = self.canonical_request(request)?;
        let to_sign = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{}", self.at, sha256(canonical.as_bytes()));
        let mut key = format!("AWS4{secret}").into_bytes();
        for part in [day, region, service, "aws4_request", &to_sign] {
            key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes()).as_ref().to_vec();
        }
        let expected = HEXLOWER.encode(&key);
        constant_time::verify_slices_are_equal(expected.as_bytes(), self.signature.as_bytes()).map_err(|_| {
            AwsError::bad_signature(
                "The request signature we calculated does not match the signature you provided.",
            )
        })
    }

    fn canonical_request(&self, request: &Request<Bytes>) -> Result<String, AwsError> {
        let uri = request.uri();
        let mut pairs: Vec<&str> = uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.starts_with("X-Amz-Signature="))
            .collect();
        pairs.sort_unstable();
        let mut headers = String::new();
        for name in self.header_names.split(';') {
            let value = match request.headers().get(name).map(|value| value.to_str()) {
                Some(Ok(value)) => value.trim().to_owned(),
                None if name == "host" => uri.authority().map(ToString::to_string).unwrap_or_default(),
                _ => {
                    return Err(AwsError::bad_signature(&format!("The signed header {name} is missing.")));
                }
            };
            writeln!(headers, "{name}:{value}").map_err(|error| AwsError::internal(error.to_string()))?;
        }
        let payload = self.payload_hash(request)?;
        Ok(format!(
            "{}\n{}\n{}\n{headers}\n{}\n{payload}",
            request.method(),
            uri.path(),
            pairs.join("&"),
            self.header_names,
        ))
    }

    fn payload_hash(&self, request: &Request<Bytes>) -> Result<String, AwsError> {
        let stated = request.headers().get("x-amz-content-sha256").and_then(|hash| hash.to_str().ok());
        match stated {
            Some(stated) if stated.len() != 64 => Ok(stated.to_owned()),
            None if self.expires.is_some() => Ok("UNSIGNED-PAYLOAD".to_owned()),
            _ => {
                let actual = sha256(request.body());
                match stated {
                    Some(stated) if stated != actual => {
                        Err(AwsError::bad_signature("The body is not the one that was signed."))
                    }
                    _ => Ok(actual),
                }
            }
        }
    }
}

/// A value of a presigned URL's query.
fn query(request: &Request<Bytes>, name: &str) -> Option<String> {
    let pairs = request.uri().query()?;
    let value = pairs.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    Some(value.replace("%2F", "/").replace("%3B", ";"))
}

fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(digest::digest(&digest::SHA256, bytes).as_ref())
}
