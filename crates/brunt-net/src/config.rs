//! What all clients of a test share.

use std::sync::Arc;
use std::time::Duration;

use crate::proxy::Proxies;
use crate::rate::RateLimit;
use crate::resolver::Resolver;
use crate::route::Routes;
use crate::tls::TlsSettings;

/// Settings of the network, shared by all clients of a test.
#[derive(Debug, Clone)]
pub struct NetConfig {
    /// Certificates and versions.
    pub tls: Arc<TlsSettings>,
    /// Names to addresses.
    pub dns: Arc<Resolver>,
    /// Hosts and addresses that are redirected or refused; `None` if there are none.
    pub routes: Option<Arc<Routes>>,
    /// Proxies; `None` if there are none.
    pub proxies: Option<Arc<Proxies>>,
    /// How many requests all clients together may send (k6's `rps`); `None` for no limit.
    pub rate: Option<Arc<RateLimit>>,
    /// Open a connection for every request (k6's `noConnectionReuse`).
    pub no_connection_reuse: bool,
    /// How long looking up and connecting may take. The TLS handshake after it is bounded by the
    /// request's deadline, as in k6.
    pub dial_timeout: Duration,
    /// The largest response head, and the largest trailer section, in bytes.
    pub max_response_header_bytes: usize,
    /// The largest response body that is kept, in bytes. A larger one is an error.
    pub max_body_bytes: usize,
    /// The largest body that is decoded (`Content-Encoding`), in bytes after decoding. A larger one
    /// is an error: a few kilobytes can decode to gigabytes.
    pub max_decoded_bytes: usize,
    /// Idle connections that a client keeps.
    pub max_idle: usize,
    /// Idle connections that a client keeps to one origin.
    pub max_idle_per_host: usize,
}

impl Default for NetConfig {
    fn default() -> Self {
        Self {
            tls: Arc::new(TlsSettings::default()),
            dns: Arc::new(Resolver::default()),
            routes: None,
            proxies: None,
            rate: None,
            no_connection_reuse: false,
            dial_timeout: Duration::from_secs(30),
            max_response_header_bytes: 1024 * 1024,
            max_body_bytes: 512 * 1024 * 1024,
            max_decoded_bytes: 128 * 1024 * 1024,
            // k6 derives these from its options `batch` and `batchPerHost`, which are 20 and 6.
            max_idle: 20,
            max_idle_per_host: 6,
        }
    }
}
