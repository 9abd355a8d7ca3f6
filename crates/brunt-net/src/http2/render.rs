//! A request's head as `h2` wants it.

use std::fmt::Write as _;

use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Method, Uri, Version, header};

use crate::error::NetError;
use crate::request::{Request, is_framing};

/// Fields that belong to a connection of HTTP/1 and are malformed in HTTP/2 (RFC 9113, section
/// 8.2.2), and `Host`, which became `:authority`.
const LEFT_OUT: [&str; 5] = [
    "Host",
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "Upgrade",
];

/// Renders method, URL and fields.
pub(crate) fn render(request: &Request<'_>) -> Result<http::Request<()>, NetError> {
    let bad =
        |what: &str, text: &str| NetError::BadRequest(format!("net/http: invalid {what} {text:?}"));
    let method =
        Method::from_bytes(request.method.as_bytes()).map_err(|_| bad("method", request.method))?;
    let host = request
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("Host"));
    let host = host.map_or(request.url.authority(), |(_, value)| value);
    let uri = Uri::builder()
        .scheme(request.url.scheme().as_str())
        .authority(host)
        .path_and_query(path(request.url.path_and_query())?)
        .build()
        .map_err(|_| bad("header field value for", "Host"))?;
    let mut rendered = http::Request::new(());
    *rendered.method_mut() = method;
    *rendered.uri_mut() = uri;
    *rendered.version_mut() = Version::HTTP_2;
    let fields = rendered.headers_mut();
    for (name, value) in request.headers {
        let left_out = LEFT_OUT
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known));
        let te = name.eq_ignore_ascii_case("TE") && !value.eq_ignore_ascii_case("trailers");
        if left_out || te || is_framing(name) {
            continue;
        }
        let name_ =
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("header field name", name))?;
        let value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| bad("header field value for", name))?;
        fields
            .try_append(name_, value)
            .map_err(|_| NetError::BadRequest("too many header fields".to_owned()))?;
    }
    if let Some(length) = request.content_length() {
        fields.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    Ok(rendered)
}

/// The library refuses a few bytes that servers take; those go out percent-encoded.
fn path(text: &str) -> Result<PathAndQuery, NetError> {
    text.parse::<PathAndQuery>().or_else(|_| {
        let mut encoded = String::with_capacity(text.len() + 8);
        for byte in text.bytes() {
            if b"\"<>\\^`{|}".contains(&byte) {
                // Writing to a string cannot fail.
                let _ = write!(encoded, "%{byte:02X}");
            } else {
                encoded.push(char::from(byte));
            }
        }
        encoded
            .parse()
            .map_err(|_| NetError::BadRequest(format!("invalid path {text:?}")))
    })
}
