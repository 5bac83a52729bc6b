//! API Gateway: turns requests into the events that Lambda gets, and its answers into responses.

use bytes::Bytes;
use data_encoding::BASE64;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::aws::{ACCOUNT, percent_decoded, random_id};
use crate::invoke::InvokeError;
use crate::local::Local;
use crate::template::Route;
use crate::uploads;

/// The largest request API Gateway takes, in bytes.
pub(crate) const LARGEST: usize = 10 * 1024 * 1024;

/// One of the two sites with its API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// For clients.
    Portal,
    /// For workers.
    Admin,
}

impl Site {
    fn has(self, route: &Route) -> bool {
        (self == Self::Admin) == route.api.ends_with("admin")
    }
}

impl Local {
    /// Answers a request as the site's API would, or the bucket of its uploads, for a viewer at this address.
    pub async fn http(&self, site: Site, request: Request<Bytes>, viewer: &str) -> Response<Bytes> {
        if site == Site::Admin && uploads::is_one(request.uri().path()) {
            return self.upload(&request);
        }
        if request.body().len() > LARGEST {
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
        }
        let path = request.uri().path();
        let routes = self.template().routes.iter().filter(|route| site.has(route));
        let matching = routes
            .filter(|route| route.method == "ANY" || route.method == request.method().as_str())
            .filter_map(|route| Some((route, parameters(&route.path, path)?)));
        // Where several match, the one with the fewest parameters is the most exact.
        let Some((route, parameters)) = matching.min_by_key(|(_, parameters)| parameters.len()) else {
            return refuse(StatusCode::NOT_FOUND, "Not Found");
        };
        let event = self.event(&request, route, parameters, viewer);
        match self.invoke(&route.function, event).await {
            Ok(answer) => respond(&answer),
            Err(InvokeError::TimedOut { .. }) => {
                refuse(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
            }
            Err(_) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
        }
    }

    fn event(
        &self,
        request: &Request<Bytes>,
        route: &Route,
        parameters: Map<String, Value>,
        viewer: &str,
    ) -> Value {
        let uri = request.uri();
        let mut headers: Map<String, Value> = Map::new();
        let mut cookies = Vec::new();
        for (name, value) in request.headers() {
            let value = String::from_utf8_lossy(value.as_bytes());
            if name == "cookie" {
                cookies.extend(value.split("; ").map(Value::from));
                continue;
            }
            match headers.get_mut(name.as_str()) {
                Some(Value::String(before)) => {
                    before.push(',');
                    before.push_str(&value);
                }
                _ => {
                    headers.insert(name.to_string(), Value::String(value.into_owned()));
                }
            }
        }
        let header = |name: &str| headers.get(name).cloned().unwrap_or_default();
        let now = self.aws().clock().now();
        let route_key = format!("{} {}", route.method, route.path);
        let mut event = json!({
            "version": "2.0",
            "routeKey": route_key,
            "rawPath": uri.path(),
            "rawQueryString": uri.query().unwrap_or_default(),
            "requestContext": {
                "accountId": ACCOUNT,
                "apiId": route.api,
                "domainName": header("host"),
                "domainPrefix": "local",
                "http": {
                    "method": request.method().as_str(),
                    "path": uri.path(),
                    "protocol": "HTTP/1.1",
                    "sourceIp": viewer,
                    "userAgent": header("user-agent"),
                },
                "requestId": random_id(),
                "routeKey": route_key,
                "stage": "$default",
                "time": now.format("%d/%b/%Y:%H:%M:%S +0000").to_string(),
                "timeEpoch": now.timestamp_millis(),
            },
            "headers": headers,
            "isBase64Encoded": false,
        });
        let Some(members) = event.as_object_mut() else { return event };
        if !cookies.is_empty() {
            members.insert("cookies".to_owned(), Value::Array(cookies));
        }
        if !parameters.is_empty() {
            members.insert("pathParameters".to_owned(), Value::Object(parameters));
        }
        if let Some(query) = uri.query().filter(|query| !query.is_empty()) {
            members.insert("queryStringParameters".to_owned(), Value::Object(query_parameters(query)));
        }
        if !request.body().is_empty() {
            let text = std::str::from_utf8(request.body());
            let body = text.map_or_else(|_| BASE64.encode(request.body()), ToOwned::to_owned);
            members.insert("isBase64Encoded".to_owned(), text.is_err().into());
            members.insert("body".to_owned(), body.into());
        }
        event
    }
}

/// The values a path has for the parameters of a route, if it is one of the route's.
fn parameters(route: &str, path: &str) -> Option<Map<String, Value>> {
    let mut values = Map::new();
    let mut segments = path.split('/');
    for expected in route.split('/') {
        let segment = segments.next()?;
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !segment.is_empty() => {
                values.insert(name.to_owned(), percent_decoded(segment).into());
            }
            None if expected == segment => {}
            _ => return None,
        }
    }
    segments.next().is_none().then_some(values)
}

/// Names and decoded values; of a name given twice, both with a comma.
fn query_parameters(query: &str) -> Map<String, Value> {
    let mut parameters: Map<String, Value> = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let [name, value] = [name, value].map(|text| percent_decoded(&text.replace('+', " ")));
        match parameters.get_mut(&name) {
            Some(Value::String(before)) => {
                before.push(',');
                before.push_str(&value);
            }
            _ => {
                parameters.insert(name, value.into());
            }
        }
    }
    parameters
}

/// A function's answer as a response. One without a status code is the body of a plain success.
fn respond(answer: &Value) -> Response<Bytes> {
    let Some(status) = answer.get("statusCode").and_then(Value::as_u64) else {
        return with_body(StatusCode::OK, Bytes::from(answer.to_string()));
    };
    let status = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let body = answer.get("body").and_then(Value::as_str).unwrap_or_default();
    let body = match answer.get("isBase64Encoded").and_then(Value::as_bool) {
        Some(true) => BASE64.decode(body.as_bytes()).map(Bytes::from).ok(),
        _ => Some(Bytes::copy_from_slice(body.as_bytes())),
    };
    let (Some(status), Some(body)) = (status, body) else {
        return refuse(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
    };
    let mut response = with_body(status, body);
    let mut set = |name: &str, value: &Value, replaces: bool| {
        let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            if replaces {
                response.headers_mut().insert(name, value);
            } else {
                response.headers_mut().append(name, value);
            }
        }
    };
    for (name, value) in answer.get("headers").and_then(Value::as_object).into_iter().flatten() {
        set(name, value, true);
    }
    for cookie in answer.get("cookies").and_then(Value::as_array).into_iter().flatten() {
        set("set-cookie", cookie, false);
    }
    response
}

fn with_body(status: StatusCode, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    response
}

/// An answer of the gateway's own.
fn refuse(status: StatusCode, message: &str) -> Response<Bytes> {
    with_body(status, Bytes::from(json!({ "message": message }).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_give_the_parameters_of_their_route() {
        let route = "/individuals/{id}/accounts/{account}";
        let found = parameters(route, "/individuals/ind_1/accounts/a%20b").unwrap();
        assert_eq!(Value::Object(found), json!({ "id": "ind_1", "account": "a b" }));
        assert!(parameters(route, "/individuals//accounts/b").is_none());
        assert!(parameters(route, "/individuals/ind_1/accounts/b/c").is_none());
        assert_eq!(Value::Object(query_parameters("a=1&b=%C3%A9+e&a=2")), json!({ "a": "1,2", "b": "é e" }));
    }

    #[test]
    fn answers_become_responses() {
        let answer = json!({
            "statusCode": 201, "headers": { "content-type": "text/plain" }, "cookies": ["a=1", "b=2"],
            "body": "aGk=", "isBase64Encoded": true,
        });
        let response = respond(&answer);
        assert_eq!((response.status(), response.body().as_ref()), (StatusCode::CREATED, b"hi".as_ref()));
        assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
        assert_eq!(response.headers()["content-type"], "text/plain");
        assert_eq!(respond(&json!({ "done": 1 })).body().as_ref(), br#"{"done":1}"#);
    }
}
