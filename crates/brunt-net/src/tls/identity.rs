//! Client certificates (k6's option `tlsAuth`): which one a server gets to see.

mod key;

use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::CertifiedKey;
use rustls::{SignatureScheme, crypto};

use crate::route::Patterns;

/// Why a client certificate cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// `cert` is no PEM, or has no certificate in it.
    #[error("cert: {0}")]
    Certificate(String),
    /// `key` cannot be read.
    #[error("key: {0}")]
    Key(String),
    /// They are not for each other, or of a kind that TLS does not know.
    #[error("certificate and key cannot be used together: {0}")]
    Pair(String),
}

/// A certificate with its key, and the hosts that it is for.
#[derive(Debug)]
pub struct Identity {
    key: Arc<CertifiedKey>,
    /// Empty: all hosts.
    hosts: Patterns<()>,
}

impl Identity {
    /// Reads a certificate (with its chain) and its key, both in PEM. A key may be encrypted by
    /// `password`: as PKCS#8 (`BEGIN ENCRYPTED PRIVATE KEY`), or in OpenSSL's older form with AES.
    /// `domains` are names, or `*.name` for all below it; none is for all hosts.
    pub fn from_pem<'a>(
        certificate: &str,
        key: &str,
        password: Option<&str>,
        domains: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, IdentityError> {
        let chain = CertificateDer::pem_slice_iter(certificate.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| IdentityError::Certificate(error.to_string()))?;
        if chain.is_empty() {
            let text = "no certificate in PEM form (BEGIN CERTIFICATE) in it";
            return Err(IdentityError::Certificate(text.to_owned()));
        }
        let key = key::read(key, password)?;
        let provider = crypto::aws_lc_rs::default_provider();
        let key = CertifiedKey::from_der(chain, key, &provider)
            .map_err(|error| IdentityError::Pair(error.to_string()))?;
        let mut hosts = Patterns::default();
        for domain in domains {
            hosts.insert(domain, ());
        }
        Ok(Self {
            key: Arc::new(key),
            hosts,
        })
    }

    pub(crate) fn is_for_all(&self) -> bool {
        self.hosts.is_empty()
    }

    fn is_for(&self, host: &str) -> bool {
        self.is_for_all() || self.hosts.get(host).is_some()
    }
}

/// The certificates that one host may see.
#[derive(Debug)]
pub(crate) struct Candidates(Vec<Arc<CertifiedKey>>);

impl Candidates {
    /// Those of `all` that are for `host`, those made for it first.
    pub(crate) fn of(all: &[Identity], host: &str) -> Self {
        let (general, own): (Vec<&Identity>, Vec<&Identity>) = all
            .iter()
            .filter(|identity| identity.is_for(host))
            .partition(|identity| identity.is_for_all());
        let keys = own.into_iter().chain(general);
        Self(keys.map(|identity| Arc::clone(&identity.key)).collect())
    }
}

impl ResolvesClientCert for Candidates {
    /// The first whose key fits, and whose issuer the server names if it names any; a server that
    /// trusts none of them says so better than we can.
    fn resolve(&self, issuers: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let mut fitting = self
            .0
            .iter()
            .filter(|key| key.key.choose_scheme(schemes).is_some());
        let first = fitting.clone().next()?;
        let wanted = fitting.find(|key| {
            // A certificate holds its issuer's name in the very bytes that the server sent.
            let names = |issuer: &&&[u8]| {
                key.cert.iter().any(|cert| {
                    !issuer.is_empty() && cert.windows(issuer.len()).any(|part| part == **issuer)
                })
            };
            issuers.iter().any(|issuer| names(&issuer))
        });
        Some(Arc::clone(wanted.unwrap_or(first)))
    }

    fn has_certs(&self) -> bool {
        !self.0.is_empty()
    }
}
