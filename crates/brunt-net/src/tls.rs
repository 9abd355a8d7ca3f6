//! TLS as the user set it up. The heavy part, reading the system's certificates, waits for the
//! first connection that needs it: a test of plain HTTP starts in milliseconds.

mod info;
mod session;
mod trust;

use std::sync::{Arc, OnceLock};

use rustls::client::Resumption;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, SupportedProtocolVersion, version};

pub(crate) use self::session::Session;
use crate::error::NetError;

/// A version of TLS that is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2
    Tls12,
    /// TLS 1.3
    Tls13,
}

/// What a user can choose about TLS.
#[derive(Debug, Clone)]
pub struct TlsOptions {
    /// Accept every certificate (k6's `insecureSkipTLSVerify`).
    pub insecure_skip_verify: bool,
    /// The lowest version.
    pub min_version: TlsVersion,
    /// The highest version.
    pub max_version: TlsVersion,
    /// Offer HTTP/2.
    pub http2: bool,
    /// Resume sessions. k6 does not: each of its connections pays a full handshake.
    pub resume_sessions: bool,
    /// Trust the system's certificates (`SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured).
    pub system_roots: bool,
    /// Certificates that are trusted as well.
    pub extra_roots: Vec<CertificateDer<'static>>,
}

impl Default for TlsOptions {
    fn default() -> Self {
        Self {
            insecure_skip_verify: false,
            min_version: TlsVersion::Tls12,
            max_version: TlsVersion::Tls13,
            http2: true,
            resume_sessions: false,
            system_roots: true,
            extra_roots: Vec::new(),
        }
    }
}

/// TLS as all connections of a test use it.
#[derive(Debug, Default)]
pub struct TlsSettings {
    options: TlsOptions,
    config: OnceLock<Result<Arc<ClientConfig>, NetError>>,
}

impl TlsSettings {
    /// Reads no file yet.
    pub fn new(options: TlsOptions) -> Self {
        Self {
            options,
            config: OnceLock::new(),
        }
    }

    /// What rustls wants, made at the first call.
    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>, NetError> {
        self.config.get_or_init(|| self.build()).clone()
    }

    fn build(&self) -> Result<Arc<ClientConfig>, NetError> {
        let options = &self.options;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let versions: Vec<&'static SupportedProtocolVersion> = [
            (TlsVersion::Tls13, &version::TLS13),
            (TlsVersion::Tls12, &version::TLS12),
        ]
        .into_iter()
        .filter(|(version, _)| (options.min_version..=options.max_version).contains(version))
        .map(|(_, version)| version)
        .collect();
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&versions)
            .map_err(|error| NetError::Tls(error.to_string()))?;
        let mut config = if options.insecure_skip_verify {
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(trust::AcceptAll::new(provider)))
                .with_no_client_auth()
        } else {
            builder
                .with_root_certificates(trust::roots(options))
                .with_no_client_auth()
        };
        if !options.resume_sessions {
            config.resumption = Resumption::disabled();
        }
        config.alpn_protocols = if options.http2 {
            vec![b"h2".to_vec(), b"http/1.1".to_vec()]
        } else {
            vec![b"http/1.1".to_vec()]
        };
        Ok(Arc::new(config))
    }
}
