//! A response's head: parsed by `httparse`, then reduced to what framing needs.

use std::mem::MaybeUninit;

use httparse::{Header, ParserConfig, Status};

use crate::error::NetError;
use crate::headers::{Headers, Span};
use crate::response::{Response, Version};

/// Fields that are parsed without an allocation.
const USUAL_FIELDS: usize = 64;

/// Fields that are parsed at all.
const MAX_FIELDS: usize = 4096;

/// A parsed head.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) response: Response,
    /// How the body is delimited, before method and status are looked at.
    pub(crate) length: Announced,
    /// `Connection` or the version says that this is the last response.
    pub(crate) close: bool,
}

/// What the fields say about the body's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Announced {
    Nothing,
    Length(u64),
    Chunked,
}

/// Parses a head at the beginning of `bytes`. Gives its length, too, or `None` if it is not
/// complete.
pub(crate) fn parse(bytes: &[u8]) -> Result<Option<(Head, usize)>, NetError> {
    let expected = b"HTTP/1.";
    let seen = bytes.len().min(expected.len());
    if bytes[..seen] != expected[..seen] {
        return Err(NetError::Malformed(quote(bytes)));
    }
    let mut fields = [const { MaybeUninit::<Header<'_>>::uninit() }; USUAL_FIELDS];
    let mut parsed = httparse::Response::new(&mut []);
    let config = ParserConfig::default();
    match config.parse_response_with_uninit_headers(&mut parsed, bytes, &mut fields) {
        Err(httparse::Error::TooManyHeaders) => {
            let mut fields = vec![MaybeUninit::uninit(); MAX_FIELDS];
            let mut parsed = httparse::Response::new(&mut []);
            let status = config.parse_response_with_uninit_headers(&mut parsed, bytes, &mut fields);
            reduce(status, &parsed, bytes)
        }
        status => reduce(status, &parsed, bytes),
    }
}

fn reduce(
    status: httparse::Result<usize>,
    parsed: &httparse::Response<'_, '_>,
    bytes: &[u8],
) -> Result<Option<(Head, usize)>, NetError> {
    let length = match status {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(NetError::Malformed(format!(
                "more than {MAX_FIELDS} header fields"
            )));
        }
        Err(error) => return Err(NetError::Malformed(format!("{error} in {}", quote(bytes)))),
    };
    let version = if parsed.version == Some(0) {
        Version::Http10
    } else {
        Version::Http11
    };
    let head = &bytes[..length];
    let fields = parsed
        .headers
        .iter()
        .map(|field| (field.name.as_bytes(), field.value));
    let framing = framing(version, fields.clone())?;
    let status = parsed.code.unwrap_or_default();
    if status < 100 {
        return Err(NetError::Malformed(format!(
            "malformed HTTP status code \"{status:03}\""
        )));
    }
    let response = Response {
        status,
        version,
        reason: parsed
            .reason
            .map_or(Span::default(), |text| Span::of(text.as_bytes(), head)),
        headers: Headers::from_head(head, fields),
        body: Vec::new(),
        encoded: framing.encoded,
    };
    Ok(Some((
        Head {
            response,
            length: framing.length,
            close: framing.close,
        },
        length,
    )))
}

/// What the fields say about the body and what follows it.
struct Framing {
    length: Announced,
    close: bool,
    /// There is a `Content-Encoding`.
    encoded: bool,
}

/// What the fields say about where the response ends and whether another may follow.
fn framing<'a>(
    version: Version,
    fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
) -> Result<Framing, NetError> {
    let mut length: Option<u64> = None;
    let mut coding: Option<&[u8]> = None;
    let (mut close, mut keep, mut encoded) = (false, false, false);
    for (name, value) in fields {
        match name.len() {
            10 if name.eq_ignore_ascii_case(b"connection") => {
                for token in value.split(|&byte| byte == b',') {
                    let token = token.trim_ascii();
                    if token.eq_ignore_ascii_case(b"close") {
                        close = true;
                    } else if token.eq_ignore_ascii_case(b"keep-alive") {
                        keep = true;
                    }
                }
            }
            14 if name.eq_ignore_ascii_case(b"content-length") => {
                let value = parse_length(value)?;
                // The same value twice can be read in one way only; RFC 9110, section 8.6.
                if length.is_some_and(|known| known != value) {
                    return Err(NetError::Malformed("conflicting Content-Length".to_owned()));
                }
                length = Some(value);
            }
            16 => encoded |= name.eq_ignore_ascii_case(b"content-encoding"),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") && coding.is_some() => {
                return Err(NetError::Malformed("repeated Transfer-Encoding".to_owned()));
            }
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => coding = Some(value),
            _ => {}
        }
    }
    // HTTP/1.1 keeps connections unless told otherwise, HTTP/1.0 only if told.
    close |= version == Version::Http10 && !keep;
    let (length, close) = match coding {
        None => (length.map_or(Announced::Nothing, Announced::Length), close),
        Some(_) if version == Version::Http10 => {
            return Err(NetError::Malformed(
                "Transfer-Encoding in HTTP/1.0".to_owned(),
            ));
        }
        // With a length beside it somebody before us may have read it otherwise: take the response,
        // as RFC 9112, section 6.3, says, but nothing after it.
        Some(value) if value.trim_ascii().eq_ignore_ascii_case(b"chunked") => {
            (Announced::Chunked, close || length.is_some())
        }
        Some(value) => {
            return Err(NetError::Malformed(format!(
                "unsupported transfer encoding: {}",
                quote(value)
            )));
        }
    };
    Ok(Framing {
        length,
        close,
        encoded,
    })
}

/// Digits only: no sign, no list.
fn parse_length(value: &[u8]) -> Result<u64, NetError> {
    let bad = || NetError::Malformed(format!("bad Content-Length {}", quote(value)));
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(bad());
    }
    value
        .iter()
        .try_fold(0_u64, |sum, digit| {
            sum.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
        })
        .ok_or_else(bad)
}

/// The beginning of what came, for a message.
pub(crate) fn quote(bytes: &[u8]) -> String {
    let line = bytes
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    let shown = &line[..line.len().min(64)];
    let dots = if shown.len() < line.len() { "..." } else { "" };
    format!("\"{}{dots}\"", shown.escape_ascii())
}
