//! A complete response.

use crate::headers::{Headers, Span};

/// The HTTP version of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
    /// HTTP/2
    Http2,
}

impl Version {
    /// As k6 shows it: `HTTP/1.0`, `HTTP/1.1` or `HTTP/2.0`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
            Self::Http2 => "HTTP/2.0",
        }
    }
}

/// A complete response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code, from 100 to 999.
    pub status: u16,
    /// The version the server spoke.
    pub version: Version,
    /// Its header fields.
    pub headers: Headers,
    /// Its body, decoded as `Content-Encoding` says; empty if it was to be discarded.
    pub body: Vec<u8>,
    /// It has a `Content-Encoding`.
    pub(crate) encoded: bool,
    pub(crate) reason: Span,
}

impl Response {
    /// The reason phrase as it came; empty for HTTP/2, which has none.
    pub fn reason(&self) -> &[u8] {
        self.headers.slice(self.reason)
    }

    /// The reason phrase as text; for HTTP/2 the one that belongs to the status, as in k6.
    pub fn reason_text(&self) -> String {
        match self.version {
            Version::Http2 => http::StatusCode::from_u16(self.status)
                .ok()
                .and_then(|status| status.canonical_reason())
                .unwrap_or_default()
                .to_owned(),
            Version::Http10 | Version::Http11 => {
                String::from_utf8_lossy(self.reason()).into_owned()
            }
        }
    }
}
