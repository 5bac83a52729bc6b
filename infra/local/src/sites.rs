//! The two static sites, from the files that `make web` built, as `CloudFront` answers from their buckets.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};

use crate::aws::{etag, percent_decoded};
use crate::gateway::Site;
use crate::template::{TemplateError, site_headers};

/// Answered to every path that is a page's.
const INDEX: &str = "/index.html";
/// What lies here has its content's hash in its name.
const IMMUTABLE: &str = "/_app/immutable/";
/// The encodings that the build leaves beside its files, the smallest first: name and ending.
const ENCODINGS: [(&str, &str); 2] = [("br", "br"), ("gzip", "gz")];

/// The files of both sites, read when they are asked for, so that a new build shows at once.
#[derive(Clone, Debug, Default)]
pub struct Sites {
    directory: PathBuf,
    headers: HeaderMap,
    /// Content types by the ending of a file's name.
    types: BTreeMap<String, String>,
}

impl Sites {
    /// The sites built in `portal/build` and `admin/build` of a directory, if they are; with the headers that the
    /// template of the edge stack gives them, and the content types that they have in the buckets.
    ///
    /// # Errors
    /// When the template has no such headers.
    pub fn open(directory: &Path, edge: &Path) -> Result<Self, TemplateError> {
        let types = serde_json::from_str(include_str!("../../content-types.json")).unwrap_or_default();
        Ok(Self { directory: directory.to_owned(), headers: site_headers(edge)?, types })
    }

    pub(crate) fn answer(&self, site: Site, request: &Request<Bytes>) -> Response<Bytes> {
        let mut response = self.file(site, request);
        response.headers_mut().extend(self.headers.clone());
        response
    }

    fn file(&self, site: Site, request: &Request<Bytes>) -> Response<Bytes> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return plain(StatusCode::FORBIDDEN, "The site's pages and files are only for GET and HEAD.");
        }
        let folder = if site == Site::Admin { "admin" } else { "portal" };
        let build = self.directory.join(folder).join("build");
        let path = object(request.uri().path());
        let Some(file) = inside(&build, path) else {
            return plain(StatusCode::NOT_FOUND, "There is no such file.");
        };
        let Some((body, encoding)) = read(&file, request.headers()) else {
            return if path == INDEX {
                plain(StatusCode::SERVICE_UNAVAILABLE, "This site isn't built yet: `make web` does it.")
            } else {
                plain(StatusCode::NOT_FOUND, "There is no such file.")
            };
        };
        let tag = etag(&body);
        let known = request.headers().get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
        let is_known = known.is_some_and(|tags| tags.split(',').any(|known| known.trim() == tag));
        let mut response = Response::new(Bytes::new());
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else if request.method() == Method::GET {
            *response.body_mut() = body;
        } else {
            response.headers_mut().insert("content-length", body.len().into());
        }
        let forever = path.starts_with(IMMUTABLE);
        let lifetime = if forever { "public, max-age=31536000, immutable" } else { "no-cache" };
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(lifetime));
        headers.insert(CONTENT_TYPE, self.content_type(path));
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(tag) = HeaderValue::try_from(tag) {
            headers.insert(ETAG, tag);
        }
        if let Some(encoding) = encoding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    }

    fn content_type(&self, path: &str) -> HeaderValue {
        let known = self.types.get(path.rsplit('.').next().unwrap_or_default());
        let known = known.and_then(|known| HeaderValue::try_from(known).ok());
        known.unwrap_or(HeaderValue::from_static("application/octet-stream"))
    }
}

/// The file that a path is about: its own if the last segment has a dot, else the page's.
fn object(path: &str) -> &str {
    let last = path.rsplit('/').next().unwrap_or_default();
    if last.contains('.') { path } else { INDEX }
}

/// Where a path leads, unless out of the directory.
fn inside(directory: &Path, path: &str) -> Option<PathBuf> {
    let path = percent_decoded(path.strip_prefix('/')?);
    let is_name = |segment: &str| {
        let mut components = Path::new(segment).components();
        matches!((components.next(), components.next()), (Some(Component::Normal(_)), None))
    };
    path.split('/').all(is_name).then(|| directory.join(path))
}

/// A file's bytes, in the smallest encoding that there is and the browser takes, with that.
fn read(file: &Path, headers: &HeaderMap) -> Option<(Bytes, Option<&'static str>)> {
    let plain = std::fs::read(file).ok()?;
    let encoded = ENCODINGS.iter().filter(|(name, _)| takes(headers, name)).find_map(|&(name, ending)| {
        let beside = file.with_added_extension(ending);
        Some((std::fs::read(beside).ok()?.into(), Some(name)))
    });
    Some(encoded.unwrap_or((plain.into(), None)))
}

/// Whether a browser takes an encoding.
fn takes(headers: &HeaderMap, encoding: &str) -> bool {
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|accepted| accepted.to_str().ok());
    accepted.unwrap_or_default().split(',').any(|offer| {
        let (name, weight) = offer.split_once(';').unwrap_or((offer, "q=1"));
        let refused = weight.trim().trim_start_matches("q=").parse() == Ok(0.0);
        name.trim().eq_ignore_ascii_case(encoding) && !refused
    })
}

fn plain(status: StatusCode, text: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(text.as_bytes()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
