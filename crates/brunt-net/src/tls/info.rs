//! What TLS agreed on, in the names that users know.

use rustls::{CipherSuite, ClientConnection, ProtocolVersion};

use crate::exchange::TlsInfo;

/// Version and cipher suite of a finished handshake.
pub(crate) fn of(connection: &ClientConnection) -> TlsInfo {
    let version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => "tls1.2",
        Some(ProtocolVersion::TLSv1_3) => "tls1.3",
        _ => "",
    };
    let suite = connection
        .negotiated_cipher_suite()
        .map(|suite| suite.suite());
    TlsInfo {
        version,
        cipher_suite: suite.map_or("", suite_name),
        ocsp: None,
    }
}

/// IANA's names. rustls spells those of TLS 1.3 with the version in front.
pub(crate) fn suite_name(suite: CipherSuite) -> &'static str {
    match suite {
        CipherSuite::TLS13_AES_128_GCM_SHA256 => "TLS_AES_128_GCM_SHA256",
        CipherSuite::TLS13_AES_256_GCM_SHA384 => "TLS_AES_256_GCM_SHA384",
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => "TLS_CHACHA20_POLY1305_SHA256",
        other => other.as_str().unwrap_or(""),
    }
}
