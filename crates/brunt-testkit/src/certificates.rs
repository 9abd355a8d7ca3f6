//! A throw-away certificate authority and server certificate for loopback TLS.
//!
//! Made anew for each target, never a fixed key in the repository: nothing can expire, and no test
//! comes to depend on a checked-in secret. Clients trust it through the authority's PEM text.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Why a certificate could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// Key or certificate could not be generated.
    #[error("generating: {0}")]
    Generate(#[from] rcgen::Error),
    /// The TLS library refused the certificate.
    #[error("configuring TLS: {0}")]
    Configure(#[from] rustls::Error),
    /// The authority is no authority.
    #[error("choosing clients: {0}")]
    Clients(#[from] rustls::server::VerifierBuilderError),
}

/// A server certificate for `localhost`, `127.0.0.1` and `::1`, with the authority that signed it.
#[derive(Debug)]
pub struct Certificates {
    /// The authority's certificate in PEM, for the client to trust.
    pub ca_pem: String,
    /// The server's certificate in PEM.
    pub server_pem: String,
    /// The server's private key in PEM (PKCS #8).
    pub server_key_pem: String,
    authority: rustls_pki_types::CertificateDer<'static>,
    chain: rustls_pki_types::CertificateDer<'static>,
    key: Vec<u8>,
}

/// What a TLS server asks of its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Clients {
    /// Nothing.
    #[default]
    Any,
    /// A certificate that the same authority has signed; the server's own one is.
    Known,
    /// Nothing, but it speaks TLS 1.2 and nothing newer.
    Old,
}

impl Certificates {
    /// Makes an authority and a certificate signed by it.
    pub fn generate() -> Result<Self, CertificateError> {
        let mut ca = CertificateParams::new(Vec::new())?;
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        ca.distinguished_name
            .push(DnType::CommonName, "loopback test authority");
        let ca_key = KeyPair::generate()?;
        let authority = ca.self_signed(&ca_key)?;

        let names = ["localhost", "127.0.0.1", "::1"]
            .map(str::to_owned)
            .to_vec();
        let mut server = CertificateParams::new(names)?;
        server
            .distinguished_name
            .push(DnType::CommonName, "localhost");
        let server_key = KeyPair::generate()?;
        let signed = server.signed_by(&server_key, &Issuer::new(ca, ca_key))?;
        Ok(Self {
            ca_pem: authority.pem(),
            authority: authority.der().clone(),
            server_pem: signed.pem(),
            server_key_pem: server_key.serialize_pem(),
            chain: signed.der().clone(),
            key: server_key.serialize_der(),
        })
    }

    /// A TLS 1.2 and 1.3 server that offers these protocols by ALPN, the preferred one first.
    pub fn server_config(
        &self,
        alpn: &[&str],
    ) -> Result<Arc<rustls::ServerConfig>, CertificateError> {
        self.server_config_for(Clients::Any, alpn)
    }

    /// The same server with TLS 1.2 only.
    pub fn server_config_1_2(&self) -> Result<Arc<rustls::ServerConfig>, CertificateError> {
        self.server_config_for(Clients::Old, &[])
    }

    /// The same server for clients that show a certificate of this authority, such as this one.
    pub fn server_config_for_clients(&self) -> Result<Arc<rustls::ServerConfig>, CertificateError> {
        self.server_config_for(Clients::Known, &[])
    }

    /// The same for these clients.
    pub fn server_config_for(
        &self,
        clients: Clients,
        alpn: &[&str],
    ) -> Result<Arc<rustls::ServerConfig>, CertificateError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let versions = match clients {
            Clients::Old => rustls::DEFAULT_VERSIONS
                .iter()
                .filter(|version| version.version == rustls::ProtocolVersion::TLSv1_2)
                .copied()
                .collect(),
            _ => rustls::DEFAULT_VERSIONS.to_vec(),
        };
        let verifier = if clients == Clients::Known {
            let mut roots = rustls::RootCertStore::empty();
            roots.add(self.authority.clone())?;
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()?
        } else {
            WebPkiClientVerifier::no_client_auth()
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.clone()));
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions)?
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![self.chain.clone()], key)?;
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        Ok(Arc::new(config))
    }
}
