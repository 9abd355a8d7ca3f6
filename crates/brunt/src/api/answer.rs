//! What the API answers: documents and errors in the form of JSON:API, or plain text.

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

/// An answer before it is put on the wire.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    pub(super) body: String,
    /// For 405: the methods that are allowed.
    pub(super) allow: Option<&'static str>,
}

impl Answer {
    /// `{"data": …}`
    pub(super) fn data(data: &Value) -> Self {
        Self::json(StatusCode::OK, &json!({ "data": data }))
    }

    /// `{"errors": [{status, title, detail}]}`
    pub(super) fn error(status: StatusCode, title: &str, detail: &str) -> Self {
        let error = json!({ "status": status.as_str(), "title": title, "detail": detail });
        Self::json(status, &json!({ "errors": [error] }))
    }

    /// There is such a kind of thing, but none with this id.
    pub(super) fn missing(what: &str, id: &str) -> Self {
        let detail = format!("no {what} with the id '{id}' was found");
        Self::error(StatusCode::NOT_FOUND, "Not Found", &detail)
    }

    /// The aggregation is over and has left no report.
    pub(super) fn gone() -> Self {
        let detail = "the test has ended";
        Self::error(StatusCode::SERVICE_UNAVAILABLE, "Test ended", detail)
    }

    /// The path is there, the method is not.
    pub(super) fn method(allow: &'static str) -> Self {
        let detail = format!("this resource only has {allow}");
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Self {
            allow: Some(allow),
            ..Self::error(status, "Method Not Allowed", &detail)
        }
    }

    pub(super) fn text(status: StatusCode, body: impl Into<String>) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            body: body.into(),
            allow: None,
        }
    }

    /// The same as another type of text.
    pub(super) fn with_type(mut self, content_type: &'static str) -> Self {
        self.content_type = content_type;
        self
    }

    fn json(status: StatusCode, body: &Value) -> Self {
        Self {
            status,
            content_type: "application/json; charset=utf-8",
            body: body.to_string(),
            allow: None,
        }
    }

    /// For the wire.
    pub(super) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from(self.body)));
        *response.status_mut() = self.status;
        let mut set = |name: HeaderName, value: &'static str| {
            let value = HeaderValue::from_static(value);
            response.headers_mut().insert(name, value);
        };
        set(CONTENT_TYPE, self.content_type);
        set(CACHE_CONTROL, "no-store");
        if let Some(allow) = self.allow {
            set(ALLOW, allow);
        }
        response
    }
}
