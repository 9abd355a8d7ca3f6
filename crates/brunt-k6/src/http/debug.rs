//! Option `httpDebug`: every request and response as a log record, the way it looked on the wire.

use std::fmt::Write as _;

use brunt_engine::Level;
use brunt_net::{Exchange, Request, Response};
use brunt_options::HttpDebug;

use crate::host::K6Host;

/// How much of a body is logged: a script that downloads a gigabyte means to see its beginning.
const BODY: usize = 1 << 20;

/// A request that was logged; its response gets the same number.
pub(crate) struct Logged {
    mode: HttpDebug,
    id: String,
}

/// Logs a request that is about to be sent, if the option is on.
#[inline]
pub(crate) fn request(host: &K6Host, request: &Request<'_>) -> Option<Logged> {
    let mode = host.config.http_debug?;
    let logged = Logged { mode, id: uuid() };
    // What cannot be sent is told as the request's error.
    if let Ok(head) = request.wire_head() {
        let dump = text(mode, &head, request.body.unwrap_or_default());
        log(host, &logged.id, format!("Request:\n{dump}\n"));
    }
    Some(logged)
}

/// Logs the response to a request that was logged.
pub(crate) fn response(host: &K6Host, logged: Option<&Logged>, exchange: &Exchange) {
    if let (Some(logged), Ok(response)) = (logged, &exchange.outcome) {
        let dump = text(logged.mode, &head(response), &response.body);
        log(host, &logged.id, format!("Response:\n{dump}\n"));
    }
}

fn head(response: &Response) -> Vec<u8> {
    let line = format!(
        "{} {} {}\r\n",
        response.version.as_str(),
        response.status,
        response.reason_text()
    );
    let mut head = line.into_bytes();
    for (name, value) in response.headers.iter() {
        head.extend_from_slice(name);
        head.extend_from_slice(b": ");
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

fn text(mode: HttpDebug, head: &[u8], body: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(head).into_owned();
    if mode == HttpDebug::Full {
        let shown = body.get(..BODY).unwrap_or(body);
        text.push_str(&String::from_utf8_lossy(shown));
        if shown.len() < body.len() {
            // Writing to a string cannot fail.
            let _ = write!(text, "… ({} bytes more)", body.len() - shown.len());
        }
    }
    text
}

fn log(host: &K6Host, id: &str, message: String) {
    let (vu, iteration) = (
        host.cx.id.in_test.to_string(),
        host.iterations.get().to_string(),
    );
    let tags = host.tags.borrow();
    let mut fields = vec![
        ("source", "http-debug"),
        ("vu", &vu),
        ("iter", &iteration),
        ("request_id", id),
    ];
    fields.extend(tags.tags().iter().filter(|(_, value)| !value.is_empty()));
    host.log(Level::Info, message, &fields);
}

/// A random UUID (RFC 9562, version 4).
fn uuid() -> String {
    let random: u128 = rand::random();
    let bits = random & !(0xF << 76 | 0b11 << 62) | 4 << 76 | 0b10 << 62;
    let hex = format!("{bits:032x}");
    let part = |range| hex.get(range).unwrap_or_default();
    [
        part(0..8),
        part(8..12),
        part(12..16),
        part(16..20),
        part(20..32),
    ]
    .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_requests_are_uuids_of_version_4() {
        let first = uuid();
        let shape: Vec<usize> = first.split('-').map(str::len).collect();
        assert_eq!(shape, [8, 4, 4, 4, 12]);
        assert_eq!(first.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&first.as_bytes()[19]), "{first}");
        assert_ne!(first, uuid());
    }

    #[test]
    fn bodies_are_shown_when_asked_for_and_cut_when_long() {
        assert_eq!(text(HttpDebug::Headers, b"head", b"body"), "head");
        assert_eq!(text(HttpDebug::Full, b"head\r\n", b"body"), "head\r\nbody");
        let long = text(HttpDebug::Full, b"", &vec![b'x'; BODY + 7]);
        assert!(long.ends_with("x… (7 bytes more)"));
    }
}
