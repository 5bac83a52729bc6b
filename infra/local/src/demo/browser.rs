//! Somebody with a browser: asks one of the sites, and keeps its cookies.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::SET_COOKIE;
use http::{Method, Request, Response};
use serde_json::Value;

use super::DemoError;
use crate::aws::random_id;
use crate::gateway::Site;
use crate::local::Local;

pub(super) struct Browser<'a> {
    local: &'a Local,
    site: Site,
    origin: &'a str,
    cookies: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    pub(super) fn new(local: &'a Local, site: Site, origin: &'a str) -> Self {
        Self { local, site, origin, cookies: BTreeMap::new() }
    }

    /// The answer's body; anything but a success is an error that names the step.
    pub(super) async fn ask(
        &mut self,
        step: &'static str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<Value, DemoError> {
        let answer = self.send(step, method, path, body).await?;
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        match serde_json::from_str(&text) {
            Ok(body) if answer.status().is_success() => Ok(body),
            _ => Err(DemoError::Answer { step, answer: text }),
        }
    }

    /// Asks for something that must succeed, or must be refused.
    pub(super) async fn expect(
        &mut self,
        success: bool,
        step: &'static str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<(), DemoError> {
        let answer = self.send(step, method, path, body).await?;
        let status = answer.status();
        if (success && status.is_success()) || (!success && status.is_client_error()) {
            return Ok(());
        }
        Err(DemoError::Answer { step, answer: String::from_utf8_lossy(answer.body()).into_owned() })
    }

    async fn send(
        &mut self,
        step: &'static str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<Response<Bytes>, DemoError> {
        let base = match self.site {
            Site::Portal => "/api/portal/v1",
            Site::Admin => "/api/admin/v1",
        };
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder()
            .method(method.clone())
            .uri(format!("{}{base}{path}", self.origin))
            .header("host", self.origin.trim_start_matches("http://"))
            .header("origin", self.origin)
            .header("cookie", cookies.join("; "))
            .header("content-type", "application/json")
            .header("idempotency-key", random_id())
            .body(if method == Method::GET { Bytes::new() } else { Bytes::from(body.to_string()) })
            .map_err(|refused| DemoError::Answer { step, answer: refused.to_string() })?;
        let answer = self.local.http(self.site, request, "127.0.0.1").await;
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str().ok().and_then(|cookie| cookie.split(';').next()?.split_once('='));
            if let Some((name, value)) = pair {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(answer)
    }
}
