//! S3: objects of up to 100 MB, put by presigned URL or by a function, read whole or in ranges.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use bytes::Bytes;
use data_encoding::{BASE64, HEXLOWER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use rusqlite::{OptionalExtension, params};

use super::{Ask, AwsError, Grant, LocalAws, Service, arn};

/// The largest object, in bytes.
pub(crate) const LARGEST: usize = 100 * 1024 * 1024;

/// Headers that are kept with an object and given back with it.
const KEPT: &[&str] = &["content-type", "content-encoding", "content-disposition", "cache-control"];

pub(super) fn ask(request: &Request<Bytes>) -> Result<Ask, AwsError> {
    let (bucket, key) = place(request)?;
    let unknown = request.uri().query().is_some_and(|query| {
        query.split('&').any(|pair| {
            !(pair.starts_with("X-Amz-") || pair.starts_with("x-amz-") || pair.starts_with("x-id="))
        })
    });
    let (action, allows) = match *request.method() {
        Method::PUT if !unknown => ("PutObject", "s3:PutObject"),
        Method::GET if !unknown => ("GetObject", "s3:GetObject"),
        Method::HEAD if !unknown => ("HeadObject", "s3:GetObject"),
        _ => {
            return Err(AwsError::unknown_action(&format!("{} {}", request.method(), request.uri().path())));
        }
    };
    let grant = Grant { action: allows.to_owned(), on: vec![arn("s3", &format!("{bucket}/{key}"))] };
    Ok(Ask { service: Service::S3, action: action.to_owned(), grants: vec![grant], resources: vec![bucket] })
}

/// Bucket and key of a path-style URL.
fn place(request: &Request<Bytes>) -> Result<(String, String), AwsError> {
    let path = request.uri().path().trim_start_matches('/');
    match path.split_once('/') {
        Some((bucket, key)) if !key.is_empty() => Ok((bucket.to_owned(), percent_decoded(key))),
        _ => Err(AwsError::unknown_action(&format!("{} on a bucket", request.method()))),
    }
}

/// Text with `%41` for `A`; what isn't UTF-8 is replaced.
pub(crate) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = (first == b'%').then(|| after.get(..2)).flatten();
        if let Some(byte) = escaped.and_then(|hex| data_encoding::HEXUPPER_PERMISSIVE.decode(hex).ok()) {
            bytes.extend(byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl LocalAws {
    pub(super) fn objects(&self, ask: &Ask, request: &Request<Bytes>) -> Result<Response<Bytes>, AwsError> {
        let (bucket, key) = place(request)?;
        if !self.world().buckets.contains(&bucket) {
            return Err(AwsError::new(
                StatusCode::NOT_FOUND,
                "NoSuchBucket",
                "The specified bucket does not exist",
            ));
        }
        if ask.action == "PutObject" {
            self.put_object(&bucket, &key, request)
        } else {
            self.get_object(&bucket, &key, request)
        }
    }

    fn put_object(
        &self,
        bucket: &str,
        key: &str,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, AwsError> {
        let body = request.body();
        if body.len() > LARGEST {
            return Err(AwsError::bad_request("EntityTooLarge", "Objects here are at most 100 MB."));
        }
        check_sums(request)?;
        let headers: BTreeMap<&str, &str> = request
            .headers()
            .iter()
            .filter(|(name, _)| KEPT.contains(&name.as_str()) || name.as_str().starts_with("x-amz-meta-"))
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
            .collect();
        let headers =
            serde_json::to_string(&headers).map_err(|error| AwsError::internal(error.to_string()))?;
        self.data().sql(|sql| {
            sql.execute(
                "INSERT OR REPLACE INTO local_object (bucket, key, body, headers, stored_at)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![bucket, key, body.as_ref(), headers, self.clock().millis()],
            )
        })?;
        let mut response = Response::new(Bytes::new());
        set(response.headers_mut(), "etag", &etag(body));
        Ok(response)
    }

    fn get_object(
        &self,
        bucket: &str,
        key: &str,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, AwsError> {
        let kept: Option<(Vec<u8>, String)> = self.data().sql(|sql| {
            sql.query_row(
                "SELECT body, headers FROM local_object WHERE bucket = ?1 AND key = ?2",
                [bucket, key],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()
        })?;
        let Some((body, headers)) = kept else {
            return Err(AwsError::new(
                StatusCode::NOT_FOUND,
                "NoSuchKey",
                "The specified key does not exist.",
            ));
        };
        let body = Bytes::from(body);
        let headers: BTreeMap<String, String> =
            serde_json::from_str(&headers).map_err(|error| AwsError::internal(error.to_string()))?;
        let mut response = Response::new(Bytes::new());
        for (name, value) in &headers {
            set(response.headers_mut(), name, value);
        }
        set(response.headers_mut(), "etag", &etag(&body));
        set(response.headers_mut(), "accept-ranges", "bytes");
        let part = match request.headers().get("range").and_then(|range| range.to_str().ok()) {
            None => body,
            Some(range) => {
                let Some((from, to)) = span(range, body.len()) else {
                    return Err(AwsError::new(
                        StatusCode::RANGE_NOT_SATISFIABLE,
                        "InvalidRange",
                        "The requested range is not satisfiable",
                    ));
                };
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                let content_range = format!("bytes {from}-{}/{}", to - 1, body.len());
                set(response.headers_mut(), "content-range", &content_range);
                body.slice(from..to)
            }
        };
        set(response.headers_mut(), "content-length", &part.len().to_string());
        if request.method() == Method::GET {
            *response.body_mut() = part;
        }
        Ok(response)
    }
}

fn set(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
        headers.insert(name, value);
    }
}

/// A name for these bytes, and no others.
pub(crate) fn etag(body: &[u8]) -> String {
    let digest = digest::digest(&digest::SHA256, body);
    format!("\"{}\"", HEXLOWER.encode(digest.as_ref().get(..16).unwrap_or_default()))
}

/// First byte and the one after the last of `bytes=2-5`, `bytes=2-` or `bytes=-4`.
fn span(range: &str, length: usize) -> Option<(usize, usize)> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    let (from, to) = match (from, to) {
        ("", last) => (length.saturating_sub(last.parse().ok()?), length),
        (from, "") => (from.parse().ok()?, length),
        (from, to) => (from.parse().ok()?, to.parse::<usize>().ok()?.saturating_add(1).min(length)),
    };
    (from < to).then_some((from, to))
}

/// Checks the sum a client sent with its upload, as a header or in a presigned URL.
fn check_sums(request: &Request<Bytes>) -> Result<(), AwsError> {
    let stated = |name: &str| {
        let header = request.headers().get(name).and_then(|sum| sum.to_str().ok()).map(ToOwned::to_owned);
        header.or_else(|| {
            let pairs = request.uri().query()?;
            pairs
                .split('&')
                .find_map(|pair| Some(percent_decoded(pair.strip_prefix(name)?.strip_prefix('=')?)))
        })
    };
    let body = request.body();
    let sha256 = || BASE64.encode(digest::digest(&digest::SHA256, body).as_ref());
    let crc32 = || BASE64.encode(&crc32(body).to_be_bytes());
    let wrong = stated("x-amz-checksum-sha256").is_some_and(|sum| sum != sha256())
        || stated("x-amz-checksum-crc32").is_some_and(|sum| sum != crc32());
    if wrong {
        return Err(AwsError::bad_request(
            "BadDigest",
            "The checksum you specified did not match the calculated checksum.",
        ));
    }
    Ok(())
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}
