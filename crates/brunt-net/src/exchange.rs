//! What a request came to: timings, addresses and the response or the error.

use std::net::SocketAddr;

use crate::error::NetError;
use crate::response::Response;

/// One request and what it came to. There is always one, also for requests that failed.
#[derive(Debug)]
pub struct Exchange {
    /// Where the time went, as far as the exchange got.
    pub timings: Timings,
    /// When the last byte arrived, by the kernel's stamp; when it was given up, for errors.
    /// Nanoseconds of [`clock::now`](crate::clock::now).
    pub end: i64,
    /// The response or why there is none.
    pub outcome: Result<Response, NetError>,
    /// The server's address, once it was connected to.
    pub remote: Option<SocketAddr>,
    /// The connection had served a request before.
    pub reused: bool,
    /// What TLS agreed on; `None` without TLS.
    pub tls: Option<TlsInfo>,
    /// Nanoseconds between the arrival of the first byte and our reading it: what this process,
    /// not the server, would have added to the latency. 0 where the kernel gave no stamp.
    pub read_delay: i64,
    /// A time in here is that of our own poll, because the kernel gave no stamp or one that lies
    /// outside the exchange.
    pub stamp_fallback: bool,
}

/// Where an exchange's time went, in nanoseconds. None is negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timings {
    /// Until a connection was there, with look-up, connecting and handshake.
    pub blocked: i64,
    /// Looking up the name; 0 on a connection that was there. (k6 always reports 0.)
    pub looking_up: i64,
    /// Connecting; 0 on a connection that was there.
    pub connecting: i64,
    /// The TLS handshake; 0 on a connection that was there.
    pub tls_handshaking: i64,
    /// From there until the request was written.
    pub sending: i64,
    /// From there until the first byte of the response arrived, or until it was given up.
    pub waiting: i64,
    /// From there until the body was complete, or until it was given up.
    pub receiving: i64,
}

impl Timings {
    /// k6's `http_req_duration`: sending, waiting and receiving.
    pub fn duration(&self) -> i64 {
        self.sending + self.waiting + self.receiving
    }
}

/// What TLS agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TlsInfo {
    /// `tls1.2` or `tls1.3`.
    pub version: &'static str,
    /// The cipher suite's IANA name.
    pub cipher_suite: &'static str,
    /// What the server stapled to its certificate, if that could be read.
    pub ocsp: Option<Ocsp>,
}

/// What a responder says of a certificate (RFC 6960). Times are milliseconds since 1970, 0 where
/// there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ocsp {
    /// `good`, `revoked`, `unknown`, or `server_failed` where the responder had no answer.
    pub status: &'static str,
    /// Why it was revoked, in k6's words; empty unless it was.
    pub revocation_reason: &'static str,
    /// When the answer was signed.
    pub produced_at: i64,
    /// When the status was known to be right.
    pub this_update: i64,
    /// When there will be news.
    pub next_update: i64,
    /// When the certificate was revoked.
    pub revoked_at: i64,
}
