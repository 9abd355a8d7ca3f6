//! A connection: a timed socket with or without TLS on it, and whom it leads to.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::buffers;
use crate::deadline::Deadline;
use crate::error::NetError;
use crate::exchange::TlsInfo;
use crate::proxy::Proxy;
use crate::socket::TimedSocket;
use crate::stamp::Received;
use crate::target::Origin;
use crate::tls::Session;

/// Enough for what TLS says on its own between two responses.
const HANDSHAKE_READ: usize = 4 * 1024;

/// An open connection that speaks HTTP/1.1, or is about to speak HTTP/2.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) socket: TimedSocket,
    pub(crate) session: Option<Box<Session>>,
    pub(crate) origin: Arc<Origin>,
    /// The proxy that requests are sent to whole; a tunnel through one is like no proxy.
    pub(crate) via: Option<Arc<Proxy>>,
    pub(crate) remote: SocketAddr,
    pub(crate) tls: Option<TlsInfo>,
    /// What the server said before it was asked: HTTP/2 servers may greet with the handshake.
    pub(crate) early: Vec<u8>,
}

/// What a read came to.
pub(crate) struct Read {
    pub(crate) received: Received,
    /// The stream is over.
    pub(crate) ended: bool,
}

impl Connection {
    /// Waits for bytes and hands on what they mean; with TLS that may be nothing.
    pub(crate) fn poll_receive<F>(
        &mut self,
        cx: &mut Context<'_>,
        size: usize,
        mut sink: F,
    ) -> Poll<Result<Read, NetError>>
    where
        F: FnMut(&[u8]) -> Result<(), NetError>,
    {
        let Self {
            socket, session, ..
        } = self;
        buffers::with_receive(size, |buffer| {
            let received = match ready!(socket.poll_receive(cx, buffer)) {
                Ok(received) => received,
                Err(error) => return Poll::Ready(Err(NetError::from_io(&error, "read"))),
            };
            let bytes = &buffer[..received.len];
            let ended = match session {
                None => {
                    sink(bytes)?;
                    bytes.is_empty()
                }
                // Without the peer's goodbye the stream may have been cut: that is no clean end.
                Some(_) if bytes.is_empty() => {
                    return Poll::Ready(Err(NetError::UnexpectedEof));
                }
                Some(session) => session.feed(bytes, sink)?,
            };
            Poll::Ready(Ok(Read { received, ended }))
        })
    }

    /// Runs the TLS handshake to its end.
    pub(crate) async fn handshake(&mut self, deadline: Deadline) -> Result<(), NetError> {
        loop {
            let mut out = buffers::take();
            let Some(session) = &mut self.session else {
                return Ok(());
            };
            let drained = session.drain(&mut out);
            let handshaking = session.is_handshaking();
            let written = match drained {
                Ok(()) if !out.is_empty() => self.write_all(&out, deadline).await,
                other => other,
            };
            buffers::give(out);
            written?;
            if !handshaking {
                break;
            }
            let mut early = Vec::new();
            let read = poll_fn(|cx| {
                let sink = |bytes: &[u8]| {
                    early.extend_from_slice(bytes);
                    Ok(())
                };
                match self.poll_receive(cx, buffers::READ, sink) {
                    Poll::Pending if deadline.expired() => Poll::Ready(Err(NetError::Timeout)),
                    other => other,
                }
            })
            .await;
            self.early.append(&mut early);
            match read {
                Ok(read) if read.ended => return Err(NetError::Eof),
                Ok(_) => {}
                Err(NetError::UnexpectedEof) => return Err(NetError::Eof),
                Err(error) => {
                    self.send_alert();
                    return Err(error);
                }
            }
        }
        self.tls = self.session.as_ref().map(|session| session.info());
        Ok(())
    }

    /// Sends bytes of ours before any request, encrypted if there is TLS.
    pub(crate) async fn say(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), NetError> {
        let Some(session) = &mut self.session else {
            return self.write_all(bytes, deadline).await;
        };
        let mut out = Vec::new();
        let mut left = bytes;
        while !left.is_empty() {
            left = &left[session.write(left)?..];
            session.drain(&mut out)?;
        }
        self.write_all(&out, deadline).await
    }

    /// Waits for bytes, at most `size` of them where there is no TLS, and appends them.
    pub(crate) async fn hear(
        &mut self,
        size: usize,
        into: &mut Vec<u8>,
        deadline: Deadline,
    ) -> Result<Read, NetError> {
        deadline
            .bound(poll_fn(|cx| {
                self.poll_receive(cx, size, |bytes| {
                    into.extend_from_slice(bytes);
                    Ok(())
                })
            }))
            .await?
    }

    /// Writes all, whatever the peer says meanwhile.
    async fn write_all(&self, mut wire: &[u8], deadline: Deadline) -> Result<(), NetError> {
        while !wire.is_empty() {
            let sent = deadline
                .bound(poll_fn(|cx| self.socket.poll_send(cx, wire, &[])))
                .await?;
            let sent = sent.map_err(|error| NetError::from_io(&error, "write"))?;
            wire = &wire[sent..];
        }
        Ok(())
    }

    /// Tells the peer why, if the kernel takes it at once.
    fn send_alert(&mut self) {
        let mut out = Vec::new();
        if let Some(session) = &mut self.session
            && session.drain(&mut out).is_ok()
        {
            self.try_send(&out);
        }
    }

    fn try_send(&self, out: &[u8]) {
        if !out.is_empty() {
            let _ = self.socket.try_send(out, &[]);
        }
    }

    /// Whether ALPN chose HTTP/2.
    pub(crate) fn speaks_http2(&self) -> bool {
        self.session
            .as_ref()
            .is_some_and(|session| session.speaks_http2())
    }

    /// Whether another request may be sent on it: since the last response the server neither
    /// closed it nor spoke. TLS may have sent messages of its own, such as session tickets.
    pub(crate) fn is_quiet(&mut self) -> bool {
        loop {
            let Self {
                socket, session, ..
            } = self;
            let spoke = buffers::with_receive(HANDSHAKE_READ, |buffer| {
                match (socket.try_receive(buffer), session) {
                    (Err(error), _) => Some(error.kind() != io::ErrorKind::WouldBlock),
                    (Ok(received), Some(session)) if received.len > 0 => {
                        let speech = |_: &[u8]| Err(NetError::Eof);
                        match session.feed(&buffer[..received.len], speech) {
                            Ok(false) => None,
                            Ok(true) | Err(_) => Some(true),
                        }
                    }
                    (Ok(_), _) => Some(true),
                }
            });
            if let Some(spoke) = spoke {
                return !spoke;
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut out = Vec::new();
        if let Some(session) = &mut self.session
            && session.close(&mut out).is_ok()
        {
            self.try_send(&out);
        }
    }
}
