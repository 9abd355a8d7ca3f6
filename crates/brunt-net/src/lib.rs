//! Timed sockets and HTTP for virtual users: DNS, TLS, HTTP/1.1 and HTTP/2, without JavaScript and
//! without metrics.
//!
//! A [`Client`] belongs to one virtual user and keeps that user's connections. Its
//! [`send`](Client::send) never fails: the [`Exchange`] that it gives carries timings, addresses
//! and either a [`Response`] or a [`NetError`]. The time of the first and of the last byte is the
//! kernel's receive timestamp, so what a response waits for inside this process is not counted as
//! the server's.
//!
//! Everything runs on one thread. Futures are not `Send`, expect a tokio runtime with its I/O and
//! time drivers on, and may be dropped at any point: a connection in use is then closed.

mod buffers;
mod client;
pub mod clock;
pub mod coding;
mod config;
mod connection;
mod deadline;
mod dial;
mod error;
mod exchange;
mod headers;
mod http1;
mod http2;
mod marks;
mod pool;
mod proxy;
mod rate;
mod request;
mod resolver;
mod response;
mod route;
mod socket;
mod stamp;
mod target;
mod tls;

pub use client::Client;
pub use config::NetConfig;
pub use error::{Http2Scope, NetError};
pub use exchange::{Exchange, Ocsp, Timings, TlsInfo};
pub use headers::Headers;
pub use proxy::Proxies;
pub use rate::RateLimit;
pub use request::Request;
pub use resolver::{DnsPolicy, DnsSelect, DnsSettings, Resolver};
pub use response::{Response, Version};
pub use route::Routes;
pub use target::{Origin, Scheme, Target, UrlError};
pub use tls::{CipherSuites, Identity, IdentityError, TlsOptions, TlsSettings, TlsVersion};

#[doc(hidden)]
pub mod fuzzing {
    //! What reads a peer's bytes, without a socket, for property tests and fuzzing.
    pub use crate::http1::fuzzing::{Parsed, parse};

    /// Whether a proxy's answer to `CONNECT`, as far as it has come, is complete, and opens a tunnel.
    pub fn connect_answer(answer: &[u8]) -> Option<bool> {
        crate::proxy::connect::judge(answer).map(|verdict| verdict.is_ok())
    }

    /// The status in what a server staples to its certificate, if it can be read.
    pub fn stapled_status(der: &[u8]) -> Option<&'static str> {
        crate::tls::stapled(der).map(|ocsp| ocsp.status)
    }
}
