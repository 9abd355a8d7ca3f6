//! What all clients of a test share.

use std::sync::Arc;
use std::time::Duration;

use crate::resolver::Resolver;
use crate::tls::TlsSettings;

/// Settings of the network, shared by all clients of a test.
#[derive(Debug, Clone)]
pub struct NetConfig {
    /// Certificates and versions.
    pub tls: Arc<TlsSettings>,
    /// Names to addresses.
    pub dns: Arc<Resolver>,
    /// Open a connection for every request (k6's `noConnectionReuse`).
    pub no_connection_reuse: bool,
    /// How long looking up and connecting may take. The TLS handshake after it is bounded by the
    /// request's deadline, as in k6.
    pub dial_timeout: Duration,
    /// The largest response head, and the largest trailer section, in bytes.
    pub max_response_header_bytes: usize,
    /// The largest response body that is kept, in bytes. A larger one is an error.
    pub max_body_bytes: usize,
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
            no_connection_reuse: false,
            dial_timeout: Duration::from_secs(30),
            max_response_header_bytes: 1024 * 1024,
            max_body_bytes: 512 * 1024 * 1024,
            // k6 derives these from its options `batch` and `batchPerHost`, which are 20 and 6.
            max_idle: 20,
            max_idle_per_host: 6,
        }
    }
}
