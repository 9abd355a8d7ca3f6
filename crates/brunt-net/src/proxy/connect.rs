//! A tunnel through an HTTP proxy: `CONNECT`, after which the connection is the target's.

use std::fmt::Write as _;

use httparse::Status;

use super::{Proxy, wire};
use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::error::NetError;
use crate::target::Origin;

/// A proxy's answer is this long at most, and has so many fields.
const MAX_ANSWER: usize = 16 * 1024;
const MAX_FIELDS: usize = 64;
/// A read of it.
const READ: usize = 1024;

/// Asks the proxy at the other end for a tunnel to the connection's origin.
pub(crate) async fn open(
    connection: &mut Connection,
    proxy: &Proxy,
    deadline: Deadline,
) -> Result<(), NetError> {
    let request = render(proxy, &connection.origin);
    connection.say(request.as_bytes(), deadline).await?;
    let mut answer = Vec::new();
    loop {
        wire::read(connection, READ, &mut answer, deadline).await?;
        if let Some(verdict) = judge(&answer) {
            return verdict;
        }
    }
}

fn render(proxy: &Proxy, origin: &Origin) -> String {
    let host = &origin.host;
    let authority = if host.contains(':') {
        format!("[{host}]:{}", origin.port)
    } else {
        format!("{host}:{}", origin.port)
    };
    let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
    if let Some(authorization) = &proxy.authorization {
        // Writing to a string cannot fail.
        let _ = write!(request, "Proxy-Authorization: {authorization}\r\n");
    }
    request.push_str("\r\n");
    request
}

/// What the answer so far means; `None` if it is not complete.
pub(crate) fn judge(answer: &[u8]) -> Option<Result<(), NetError>> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut parsed = httparse::Response::new(&mut fields);
    let wrong = |reason: String| Some(Err(NetError::Proxy(reason)));
    match parsed.parse(answer) {
        Ok(Status::Partial) if answer.len() < MAX_ANSWER => None,
        Ok(Status::Partial) => wrong(format!("an answer of more than {MAX_ANSWER} bytes")),
        Err(error) => wrong(format!("malformed answer: {error}")),
        Ok(Status::Complete(end)) => match parsed.code {
            // The target speaks only when spoken to, so what follows would be the proxy's own.
            Some(200..=299) if end < answer.len() => {
                wrong("bytes before the tunnel's first".to_owned())
            }
            Some(200..=299) => Some(Ok(())),
            Some(code) => {
                let reason = parsed.reason.unwrap_or_default();
                wrong(format!("{code} {reason}").trim_end().to_owned())
            }
            None => wrong("malformed answer".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_judged_when_they_are_complete() {
        assert_eq!(judge(b"HTTP/1.1 200 Conn"), None);
        assert_eq!(judge(b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n"), Some(Ok(())));
        for (answer, reason) in [
            (
                &b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"[..],
                "407 Proxy Authentication Required",
            ),
            (b"HTTP/1.1 200 OK\r\n\r\nhello", "bytes before"),
            (b"SSH-2.0\r\n", "malformed"),
        ] {
            let error = judge(answer).unwrap().unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
        let mut endless = b"HTTP/1.1 200 OK\r\nX: ".to_vec();
        endless.resize(MAX_ANSWER, b'x');
        assert!(judge(&endless).unwrap().is_err());
    }
}
