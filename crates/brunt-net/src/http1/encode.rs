//! A request's head as bytes.

use std::io::Write as _;

use crate::error::NetError;
use crate::proxy::Proxy;
use crate::request::{Request, is_framing, is_token, is_value};

/// Appends the head of a request. Nothing that a script passes can smuggle a second line in.
/// To a proxy goes the whole URL, as RFC 9112, section 3.2.2, says.
pub(crate) fn encode(
    request: &Request<'_>,
    via: Option<&Proxy>,
    out: &mut Vec<u8>,
) -> Result<(), NetError> {
    if !is_token(request.method) {
        return Err(NetError::BadRequest(format!(
            "net/http: invalid method {:?}",
            request.method
        )));
    }
    out.extend_from_slice(request.method.as_bytes());
    out.push(b' ');
    if via.is_some() {
        out.extend_from_slice(b"http://");
        out.extend_from_slice(request.url.authority().as_bytes());
    }
    out.extend_from_slice(request.url.path_and_query().as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\nHost: ");
    let host = request
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("Host"));
    let host = host.map_or(request.url.authority(), |(_, value)| value);
    check_value("Host", host)?;
    out.extend_from_slice(host.as_bytes());
    out.extend_from_slice(b"\r\n");
    for (name, value) in request.headers {
        if is_framing(name) || name.eq_ignore_ascii_case("Host") {
            continue;
        }
        if !is_token(name) {
            let message = format!("net/http: invalid header field name {name:?}");
            return Err(NetError::BadRequest(message));
        }
        check_value(name, value)?;
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    if let Some(authorization) = via.and_then(|proxy| proxy.authorization.as_deref()) {
        out.extend_from_slice(b"Proxy-Authorization: ");
        out.extend_from_slice(authorization.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    if let Some(length) = request.content_length() {
        // Writing to a vector cannot fail.
        let _ = write!(out, "Content-Length: {length}\r\n");
    }
    out.extend_from_slice(b"\r\n");
    Ok(())
}

fn check_value(name: &str, value: &str) -> Result<(), NetError> {
    if is_value(value) {
        return Ok(());
    }
    Err(NetError::BadRequest(format!(
        "net/http: invalid header field value for {name:?}"
    )))
}

/// Whether the request asks for the connection to be closed after it.
pub(crate) fn asks_to_close(request: &Request<'_>) -> bool {
    request.headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("Connection")
            && value
                .split(',')
                .any(|token| token.trim().eq_ignore_ascii_case("close"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Target;

    fn encoded(
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<String, NetError> {
        let url = Target::parse(url).unwrap();
        let headers: Vec<(String, String)> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let request = Request {
            method,
            url: &url,
            headers: &headers,
            body,
            deadline: None,
            discard_body: false,
        };
        let mut out = Vec::new();
        encode(&request, None, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_head_has_what_was_given_and_the_true_length() {
        let headers = [
            ("X-A", "1"),
            ("content-length", "7"),
            ("Transfer-Encoding", "chunked"),
            ("host", "other"),
        ];
        let head = encoded("POST", "http://h:81/p?q", &headers, Some(b"abc")).unwrap();
        assert_eq!(
            head,
            "POST /p?q HTTP/1.1\r\nHost: other\r\nX-A: 1\r\nContent-Length: 3\r\n\r\n"
        );
    }

    #[test]
    fn only_methods_that_mean_a_body_announce_an_empty_one() {
        let head = |method| encoded(method, "http://h/", &[], None).unwrap();
        assert_eq!(head("GET"), "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(
            head("PUT"),
            "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"
        );
    }

    #[test]
    fn nothing_smuggles_a_line_in() {
        let bad: [(&str, &[(&str, &str)]); 5] = [
            ("GET / HTTP/1.1\r\nX:", &[]),
            ("", &[]),
            ("GET", &[("X", "a\r\nY: b")]),
            ("GET", &[("X: y\r\nZ", "a")]),
            ("GET", &[("Host", "a\nb")]),
        ];
        for (method, headers) in bad {
            let error = encoded(method, "http://h/", headers, None).unwrap_err();
            assert_eq!(error.code(), 1000, "{error}");
        }
    }
}
