//! TLS as the user set it up. The heavy part, reading the system's certificates, waits for the
//! first connection that needs it: a test of plain HTTP starts in milliseconds.

mod alert;
mod identity;
mod info;
mod ocsp;
mod session;
mod suites;
mod trust;

use std::sync::{Arc, OnceLock};

use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::CertificateDer;
use rustls::{
    ClientConfig, ConfigBuilder, KeyLogFile, SupportedProtocolVersion, WantsVerifier, version,
};

use self::identity::Candidates;
pub use self::identity::{Identity, IdentityError};
pub(crate) use self::ocsp::read as stapled;
use self::ocsp::{Listener, Staple};
pub(crate) use self::session::Session;
pub use self::suites::CipherSuites;
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
    /// Which cipher suites are offered (k6's `tlsCipherSuites`).
    pub cipher_suites: CipherSuites,
    /// Certificates for servers that ask for one (k6's `tlsAuth`).
    pub identities: Arc<[Identity]>,
    /// Write the secrets of connections to the file that `SSLKEYLOGFILE` names, for tools that
    /// decrypt recorded traffic.
    pub log_keys: bool,
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
            cipher_suites: CipherSuites::default(),
            identities: Arc::default(),
            log_keys: false,
        }
    }
}

/// TLS as all connections of a test use it.
#[derive(Debug, Default)]
pub struct TlsSettings {
    options: TlsOptions,
    shared: OnceLock<Result<Shared, NetError>>,
}

/// What is made once for all connections.
#[derive(Debug, Clone)]
struct Shared {
    config: ClientConfig,
    judge: Arc<dyn ServerCertVerifier>,
}

impl TlsSettings {
    /// Reads no file yet.
    pub fn new(options: TlsOptions) -> Self {
        Self {
            options,
            shared: OnceLock::new(),
        }
    }

    /// Whether versions and cipher suites leave anything to offer. Reads no file.
    pub fn check(&self) -> Result<(), String> {
        self.protocol()
            .map(|_| ())
            .map_err(|error| error.to_string())
    }

    /// What rustls wants for a connection to `host`, most of it made at the first call, and where
    /// what the server staples will be.
    pub(crate) fn connection(&self, host: &str) -> Result<(ClientConfig, Staple), NetError> {
        let shared = self.shared.get_or_init(|| self.build()).as_ref();
        let shared = shared.map_err(Clone::clone)?;
        let mut own = ClientConfig::clone(&shared.config);
        let staple = Staple::default();
        let listener = Listener::new(Arc::clone(&shared.judge), staple.clone());
        own.dangerous().set_certificate_verifier(Arc::new(listener));
        let identities = &self.options.identities;
        if !identities.iter().all(Identity::is_for_all) {
            own.client_auth_cert_resolver = Arc::new(Candidates::of(identities, host));
        }
        Ok((own, staple))
    }

    /// Versions and cipher suites.
    fn protocol(&self) -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, rustls::Error> {
        let options = &self.options;
        let mut provider = rustls::crypto::aws_lc_rs::default_provider();
        options.cipher_suites.filter(&mut provider.cipher_suites);
        let versions: Vec<&'static SupportedProtocolVersion> = [
            (TlsVersion::Tls13, &version::TLS13),
            (TlsVersion::Tls12, &version::TLS12),
        ]
        .into_iter()
        .filter(|(version, _)| (options.min_version..=options.max_version).contains(version))
        .map(|(_, version)| version)
        .collect();
        ClientConfig::builder_with_provider(Arc::new(provider)).with_protocol_versions(&versions)
    }

    fn build(&self) -> Result<Shared, NetError> {
        let options = &self.options;
        let wrong = |error: &dyn std::fmt::Display| NetError::Tls(format!("tls: {error}"));
        let builder = self.protocol().map_err(|error| wrong(&error))?;
        let provider = Arc::clone(builder.crypto_provider());
        let judge = trust::judge(options, provider).map_err(|error| wrong(&error))?;
        let builder = builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&judge));
        let mut config = if options.identities.is_empty() {
            builder.with_no_client_auth()
        } else {
            let all = Candidates::of(&options.identities, "");
            builder.with_client_cert_resolver(Arc::new(all))
        };
        if options.log_keys {
            config.key_log = Arc::new(KeyLogFile::new());
        }
        if !options.resume_sessions {
            config.resumption = Resumption::disabled();
        }
        config.alpn_protocols = if options.http2 {
            vec![b"h2".to_vec(), b"http/1.1".to_vec()]
        } else {
            vec![b"http/1.1".to_vec()]
        };
        Ok(Shared { config, judge })
    }
}
