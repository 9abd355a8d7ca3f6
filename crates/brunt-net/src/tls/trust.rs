//! Whom to trust: the system's certificates and the user's, everybody, or nobody.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{VerifierBuilderError, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::TlsOptions;

/// Who decides on a server's certificate.
pub(crate) fn judge(
    options: &TlsOptions,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, VerifierBuilderError> {
    if options.insecure_skip_verify {
        return Ok(Arc::new(Prejudiced {
            provider,
            trusting: true,
        }));
    }
    let roots = roots(options);
    if roots.is_empty() {
        // rustls refuses to judge without anchors, but it is the connections that are to fail.
        return Ok(Arc::new(Prejudiced {
            provider,
            trusting: false,
        }));
    }
    let judge = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
    Ok(judge)
}

/// Trust anchors. Certificates that cannot be read are left out: what they would have vouched for
/// then fails as signed by an unknown authority.
fn roots(options: &TlsOptions) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    if options.system_roots {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    roots.add_parsable_certificates(options.extra_roots.iter().cloned());
    roots
}

/// Accepts every certificate or none, without a look at it. The handshake's signature is still
/// checked, so the peer owns the certificate's key.
#[derive(Debug)]
struct Prejudiced {
    provider: Arc<CryptoProvider>,
    trusting: bool,
}

impl ServerCertVerifier for Prejudiced {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.trusting {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::UnknownIssuer.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
