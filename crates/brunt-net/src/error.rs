//! Why an exchange failed: k6's error codes and texts (script surface, section 10.8), so that
//! scripts and dashboards that look at them keep working.

use std::io;

use crate::target::UrlError;

/// What an HTTP/2 error code applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Http2Scope {
    /// The server sends no more on this connection and says so (GOAWAY).
    GoAway,
    /// One stream was reset.
    Stream,
    /// We found the peer in breach of the protocol.
    Connection,
}

/// Why an exchange failed. Its text is k6's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// Nothing more specific.
    #[error("{0}")]
    Generic(String),
    /// The server ended the connection before the first byte of its response.
    #[error("EOF")]
    Eof,
    /// The server ended the connection within its response.
    #[error("unexpected EOF")]
    UnexpectedEof,
    /// The response breaks HTTP/1.1.
    #[error("malformed HTTP response: {0}")]
    Malformed(String),
    /// The response is larger than it may be.
    #[error("{what} of the response exceeds {limit} bytes")]
    TooLarge {
        /// The part that is too large.
        what: &'static str,
        /// What was allowed.
        limit: usize,
    },
    /// The request cannot be put on the wire.
    #[error("{0}")]
    BadRequest(String),
    /// The URL cannot be parsed.
    #[error("invalid URL")]
    InvalidUrl(#[from] UrlError),
    /// The deadline passed.
    #[error("request timeout")]
    Timeout,
    /// The name could not be looked up.
    #[error("lookup: {0}")]
    Lookup(String),
    /// The name does not exist.
    #[error("lookup: no such host")]
    NoSuchHost,
    /// The address is one that the user refuses.
    #[error("ip is blacklisted")]
    AddressRefused,
    /// The host is one that the user refuses.
    #[error("hostname is blocked")]
    HostBlocked,
    /// No connection within the dial timeout.
    #[error("dial: i/o timeout")]
    DialTimeout,
    /// Nobody listens.
    #[error("dial: connection refused")]
    DialRefused,
    /// Another error of the system while connecting.
    #[error("dial: unknown errno {errno} error with msg `{text}`")]
    DialErrno {
        /// The system's error number.
        errno: i32,
        /// Its text.
        text: String,
    },
    /// Connecting failed without a number of the system's.
    #[error("dial: {0}")]
    Dial(String),
    /// The peer no longer reads.
    #[error("{0}: broken pipe")]
    BrokenPipe(&'static str),
    /// The peer reset the connection.
    #[error("{0}: connection reset by peer")]
    Reset(&'static str),
    /// Another error of the system on an open connection.
    #[error("{operation}: unknown errno `{errno}` on {os} with message `{text}`", os = std::env::consts::OS)]
    Errno {
        /// What was being done.
        operation: &'static str,
        /// The system's error number.
        errno: i32,
        /// Its text.
        text: String,
    },
    /// An error of an open connection without a number.
    #[error("{0}")]
    Tcp(String),
    /// TLS failed.
    #[error("{0}")]
    Tls(String),
    /// The answer to the TLS handshake is not TLS, often plain HTTP.
    #[error("tls: first record does not look like a TLS handshake")]
    TlsRecordHeader,
    /// The certificate's issuer is not trusted.
    #[error("x509: unknown authority")]
    UnknownAuthority,
    /// The certificate is for another name.
    #[error("x509: certificate doesn't match hostname")]
    WrongName,
    /// The proxy cannot be used or refused to connect.
    #[error("proxyconnect: {0}")]
    Proxy(String),
    /// The body is not what its `Content-Encoding` says, or decodes to more than is kept.
    #[error("response decompression failed: {0}")]
    Decoding(String),
    /// HTTP/2 failed without a code.
    #[error("{0}")]
    Http2(String),
    /// HTTP/2 failed with a code of RFC 9113, section 7.
    #[error("http2: {} with http2 ErrCode {}", scope_text(*.scope), http2_name(*.code))]
    Http2Code {
        /// What it applies to.
        scope: Http2Scope,
        /// The code.
        code: u32,
    },
}

impl NetError {
    /// k6's `error_code`.
    pub fn code(&self) -> u32 {
        match self {
            Self::Generic(_)
            | Self::Eof
            | Self::UnexpectedEof
            | Self::Malformed(_)
            | Self::TooLarge { .. }
            | Self::Proxy(_)
            | Self::BadRequest(_) => 1000,
            Self::InvalidUrl(_) => 1020,
            Self::Timeout => 1050,
            Self::Lookup(_) => 1100,
            Self::NoSuchHost => 1101,
            Self::AddressRefused => 1110,
            Self::HostBlocked => 1111,
            Self::Tcp(_) => 1200,
            Self::BrokenPipe(_) => 1201,
            Self::Errno { .. } => 1202,
            Self::Dial(_) => 1210,
            Self::DialTimeout => 1211,
            Self::DialRefused => 1212,
            Self::DialErrno { .. } => 1213,
            Self::Reset(_) => 1220,
            Self::Tls(_) => 1300,
            Self::TlsRecordHeader => 1301,
            Self::UnknownAuthority => 1310,
            Self::WrongName => 1311,
            Self::Http2(_) => 1600,
            Self::Decoding(_) => 1701,
            Self::Http2Code { scope, code } => {
                let base = match scope {
                    Http2Scope::GoAway => 1610,
                    Http2Scope::Stream => 1630,
                    Http2Scope::Connection => 1650,
                };
                if (*code as usize) < HTTP2_NAMES.len() {
                    base + 1 + code
                } else {
                    base
                }
            }
        }
    }

    /// An error of an open connection; `operation` is `read` or `write`.
    pub(crate) fn from_io(error: &io::Error, operation: &'static str) -> Self {
        match (error.kind(), error.raw_os_error()) {
            (io::ErrorKind::BrokenPipe, _) => Self::BrokenPipe(operation),
            (io::ErrorKind::ConnectionReset, _) => Self::Reset(operation),
            (_, Some(errno)) => Self::Errno {
                operation,
                errno,
                text: system_text(error),
            },
            (_, None) => Self::Tcp(format!("{operation}: {error}")),
        }
    }

    /// An error while connecting.
    pub(crate) fn from_dial(error: &io::Error) -> Self {
        match (error.kind(), error.raw_os_error()) {
            (io::ErrorKind::ConnectionRefused, _) => Self::DialRefused,
            (io::ErrorKind::TimedOut, _) => Self::DialTimeout,
            (_, Some(errno)) => Self::DialErrno {
                errno,
                text: system_text(error),
            },
            (_, None) => Self::Dial(error.to_string()),
        }
    }
}

/// The system's text without the number that Rust appends, in lower case as Go writes it.
fn system_text(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    text.to_ascii_lowercase()
}

/// RFC 9113, section 7.
const HTTP2_NAMES: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

fn http2_name(code: u32) -> String {
    HTTP2_NAMES.get(code as usize).map_or_else(
        || format!("unknown error code 0x{code:x}"),
        |name| (*name).to_owned(),
    )
}

fn scope_text(scope: Http2Scope) -> &'static str {
    match scope {
        Http2Scope::GoAway => "received GoAway",
        Http2Scope::Stream => "stream error",
        Http2Scope::Connection => "connection error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_texts_are_those_of_the_table() {
        let table = [
            (NetError::Timeout, 1050, "request timeout"),
            (NetError::NoSuchHost, 1101, "lookup: no such host"),
            (NetError::DialTimeout, 1211, "dial: i/o timeout"),
            (NetError::DialRefused, 1212, "dial: connection refused"),
            (NetError::BrokenPipe("write"), 1201, "write: broken pipe"),
            (
                NetError::Reset("read"),
                1220,
                "read: connection reset by peer",
            ),
            (NetError::UnknownAuthority, 1310, "x509: unknown authority"),
            (
                NetError::WrongName,
                1311,
                "x509: certificate doesn't match hostname",
            ),
            (
                NetError::Http2Code {
                    scope: Http2Scope::GoAway,
                    code: 0,
                },
                1611,
                "http2: received GoAway with http2 ErrCode NO_ERROR",
            ),
            (
                NetError::Http2Code {
                    scope: Http2Scope::Stream,
                    code: 8,
                },
                1639,
                "http2: stream error with http2 ErrCode CANCEL",
            ),
            (
                NetError::Http2Code {
                    scope: Http2Scope::Connection,
                    code: 99,
                },
                1650,
                "http2: connection error with http2 ErrCode unknown error code 0x63",
            ),
        ];
        for (error, code, text) in table {
            assert_eq!((error.code(), error.to_string().as_str()), (code, text));
        }
    }

    #[test]
    fn errors_of_the_system_keep_their_number_and_text() {
        let error = io::Error::from_raw_os_error(libc::EHOSTUNREACH);
        let dial = NetError::from_dial(&error);
        assert_eq!(dial.code(), 1213);
        assert_eq!(
            dial.to_string(),
            "dial: unknown errno 113 error with msg `no route to host`"
        );
        let read = NetError::from_io(&error, "read");
        assert_eq!(read.code(), 1202);
        let text = "read: unknown errno `113` on linux with message `no route to host`";
        assert_eq!(read.to_string(), text);
    }
}
