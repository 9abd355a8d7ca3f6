//! What a caller asks for.

use crate::error::NetError;
use crate::target::Target;

/// A request. Header names go out as they are on HTTP/1.1 (so pass them in canonical form) and in
/// lower case on HTTP/2.
///
/// `Host` comes from the target unless the headers have one. `Content-Length` is computed: one
/// among the headers is left out, as are `Transfer-Encoding` and `Trailer`, because they would lie
/// about the framing. Nothing else is added.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The method, case-sensitive.
    pub method: &'a str,
    /// Where to.
    pub url: &'a Target,
    /// Header names and values in the order in which they go out.
    pub headers: &'a [(String, String)],
    /// The body. `None` and an empty one differ in nothing.
    pub body: Option<&'a [u8]>,
    /// When to give up, in nanoseconds of [`clock::now`](crate::clock::now). There is no timer
    /// behind it: the future must be polled then.
    pub deadline: Option<i64>,
    /// Read the response's body, but do not keep it.
    pub discard_body: bool,
}

impl Request<'_> {
    /// The head as it goes out over HTTP/1.1, up to and with the empty line; an error where it would
    /// not be sent. For people to read: over HTTP/2 the same fields have another form.
    pub fn wire_head(&self) -> Result<Vec<u8>, NetError> {
        let mut head = Vec::new();
        crate::http1::encode::encode(self, None, &mut head)?;
        Ok(head)
    }

    pub(crate) fn body(&self) -> &[u8] {
        self.body.unwrap_or_default()
    }

    /// The length to announce. Methods that are meant to have a body say so when it is empty.
    pub(crate) fn content_length(&self) -> Option<usize> {
        let length = self.body().len();
        (length > 0 || matches!(self.method, "POST" | "PUT" | "PATCH")).then_some(length)
    }

    /// Whether sending it twice does no harm: a method without effects, or the caller says so.
    /// The same rule as Go's.
    pub(crate) fn replayable(&self) -> bool {
        matches!(self.method, "GET" | "HEAD" | "OPTIONS" | "TRACE")
            || self.headers.iter().any(|(name, _)| {
                name.eq_ignore_ascii_case("Idempotency-Key")
                    || name.eq_ignore_ascii_case("X-Idempotency-Key")
            })
    }
}

/// Whether a field is computed rather than taken from the caller.
pub(crate) fn is_framing(name: &str) -> bool {
    // Cheap for almost all names: the lengths differ.
    match name.len() {
        7 => name.eq_ignore_ascii_case("Trailer"),
        14 => name.eq_ignore_ascii_case("Content-Length"),
        17 => name.eq_ignore_ascii_case("Transfer-Encoding"),
        _ => false,
    }
}

/// RFC 9110, section 5.6.2.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Whether a value can go out without being read as something else.
pub(crate) fn is_value(text: &str) -> bool {
    !text
        .bytes()
        .fold(false, |bad, byte| bad | matches!(byte, b'\r' | b'\n' | 0))
}
