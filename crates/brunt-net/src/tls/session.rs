//! One TLS session over bytes that somebody else moves: rustls is driven by hand, so that the
//! stamp of a read stays with the bytes that it brought. Through a proxy that is spoken to over TLS it
//! may run inside another one.

use std::io::{BufRead as _, ErrorKind, Write as _};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig, ClientConnection, Error, InvalidMessage};

use super::ocsp::Staple;
use super::{TlsSettings, alert, info};
use crate::buffers;
use crate::error::NetError;
use crate::exchange::TlsInfo;

/// A TLS session, from the handshake on.
#[derive(Debug)]
pub(crate) struct Session {
    connection: ClientConnection,
    staple: Staple,
    /// The session with the proxy that this one runs inside of; that one has none.
    outer: Option<Box<Session>>,
}

impl Session {
    /// With a server; inside the session with the proxy that leads to it, if that has one.
    pub(crate) fn new(
        settings: &TlsSettings,
        host: &str,
        outer: Option<Box<Self>>,
    ) -> Result<Self, NetError> {
        let (config, staple) = settings.connection(host)?;
        Self::begin(config, staple, host, outer)
    }

    /// With a proxy, which speaks HTTP/1.1.
    pub(crate) fn with_proxy(settings: &TlsSettings, host: &str) -> Result<Self, NetError> {
        let (mut config, staple) = settings.connection(host)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self::begin(config, staple, host, None)
    }

    fn begin(
        config: ClientConfig,
        staple: Staple,
        host: &str,
        outer: Option<Box<Self>>,
    ) -> Result<Self, NetError> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| NetError::Tls(format!("tls: invalid server name \"{host}\"")))?;
        let connection =
            ClientConnection::new(Arc::new(config), name).map_err(|error| tls_error(&error))?;
        Ok(Self {
            connection,
            staple,
            outer,
        })
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    pub(crate) fn info(&self) -> TlsInfo {
        TlsInfo {
            ocsp: self.staple.read(),
            ..info::of(&self.connection)
        }
    }

    pub(crate) fn speaks_http2(&self) -> bool {
        self.connection.alpn_protocol() == Some(b"h2")
    }

    /// Takes bytes from the wire and hands on what they decrypt to. `Ok(true)` at the end of the
    /// stream that the peer announced.
    pub(crate) fn feed<F>(&mut self, wire: &[u8], sink: F) -> Result<bool, NetError>
    where
        F: FnMut(&[u8]) -> Result<(), NetError>,
    {
        let Some(outer) = &mut self.outer else {
            return self.decrypt(wire, sink);
        };
        let mut inside = buffers::take();
        let cut = outer.decrypt(wire, |bytes| {
            inside.extend_from_slice(bytes);
            Ok(())
        });
        let ended = cut.and_then(|cut| match self.decrypt(&inside, sink)? {
            // The proxy's goodbye is not the server's.
            false if cut => Err(NetError::UnexpectedEof),
            ended => Ok(ended),
        });
        buffers::give(inside);
        ended
    }

    fn decrypt<F>(&mut self, mut wire: &[u8], mut sink: F) -> Result<bool, NetError>
    where
        F: FnMut(&[u8]) -> Result<(), NetError>,
    {
        while !wire.is_empty() {
            let taken = self
                .connection
                .read_tls(&mut wire)
                .map_err(|error| NetError::Tls(error.to_string()))?;
            self.connection
                .process_new_packets()
                .map_err(|error| tls_error(&error))?;
            let ended = loop {
                let mut reader = self.connection.reader();
                let len = match reader.fill_buf() {
                    Ok([]) => break true,
                    Ok(plain) => {
                        sink(plain)?;
                        plain.len()
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break false,
                    Err(error) => return Err(NetError::Tls(error.to_string())),
                };
                reader.consume(len);
            };
            if ended || taken == 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes plain bytes, as many as fit, and gives how many; what they encrypt to is fetched with
    /// [`drain`](Self::drain).
    pub(crate) fn write(&mut self, plain: &[u8]) -> Result<usize, NetError> {
        self.connection
            .writer()
            .write(plain)
            .map_err(|error| NetError::Tls(error.to_string()))
    }

    /// Appends what is to go onto the wire.
    pub(crate) fn drain(&mut self, out: &mut Vec<u8>) -> Result<(), NetError> {
        let Some(mut outer) = self.outer.take() else {
            return self.encrypted(out);
        };
        let drained = self.drain_through(&mut outer, out);
        self.outer = Some(outer);
        drained
    }

    fn drain_through(&mut self, outer: &mut Self, out: &mut Vec<u8>) -> Result<(), NetError> {
        let mut inside = Vec::new();
        self.encrypted(&mut inside)?;
        let mut left = &inside[..];
        while !left.is_empty() {
            left = &left[outer.write(left)?..];
            outer.encrypted(out)?;
        }
        outer.encrypted(out)
    }

    fn encrypted(&mut self, out: &mut Vec<u8>) -> Result<(), NetError> {
        while self.connection.wants_write() {
            self.connection
                .write_tls(out)
                .map_err(|error| NetError::Tls(error.to_string()))?;
        }
        Ok(())
    }

    /// Says goodbye; appends the bytes.
    pub(crate) fn close(&mut self, out: &mut Vec<u8>) -> Result<(), NetError> {
        self.connection.send_close_notify();
        self.drain(out)?;
        match &mut self.outer {
            Some(outer) => {
                outer.connection.send_close_notify();
                outer.encrypted(out)
            }
            None => Ok(()),
        }
    }
}

/// k6's codes for what can go wrong in TLS.
fn tls_error(error: &Error) -> NetError {
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => NetError::UnknownAuthority,
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => NetError::WrongName,
        Error::InvalidCertificate(
            reason @ (CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }),
        ) => NetError::Tls(format!(
            "x509: certificate has expired or is not yet valid: {reason}"
        )),
        Error::InvalidCertificate(reason) => NetError::Tls(format!("x509: {reason}")),
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
        ) => NetError::TlsRecordHeader,
        Error::AlertReceived(alert) => {
            NetError::Tls(format!("remote error: tls: {}", alert::text(*alert)))
        }
        other => NetError::Tls(format!("tls: {other}")),
    }
}
