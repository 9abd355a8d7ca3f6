//! A connection as `h2` wants it, noting when bytes came and went.
//!
//! One read per turn: `h2` reads as long as there is something, and then only the last stamp would
//! be known. After each read the requests look at what it brought, and then the next turn begins.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::clock;
use crate::connection::Connection;
use crate::error::NetError;

/// Large enough for a frame of the default size.
const READ_SIZE: usize = 20 * 1024;

/// What the requests know of their connection's traffic.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// A read is allowed in this turn.
    allowed: Cell<bool>,
    /// A read was asked for when none was allowed.
    more: Cell<bool>,
    /// The stamp of the last read, on the monotonic clock, and when we did it.
    pub(crate) read: Cell<(Option<i64>, i64)>,
    /// When bytes last went out.
    pub(crate) written: Cell<i64>,
    /// Why the socket failed; `h2` keeps only its kind.
    pub(crate) error: RefCell<Option<NetError>>,
}

impl Traffic {
    pub(crate) fn begin_turn(&self) {
        self.allowed.set(true);
        self.more.set(false);
    }

    pub(crate) fn wants_turn(&self) -> bool {
        self.more.get()
    }

    fn fail(&self, error: NetError) -> io::Error {
        let kind = match error {
            NetError::Reset(_) => io::ErrorKind::ConnectionReset,
            NetError::BrokenPipe(_) => io::ErrorKind::BrokenPipe,
            NetError::UnexpectedEof => io::ErrorKind::UnexpectedEof,
            _ => io::ErrorKind::Other,
        };
        *self.error.borrow_mut() = Some(error);
        kind.into()
    }
}

/// The connection's bytes.
#[derive(Debug)]
pub(crate) struct Io {
    connection: Connection,
    traffic: Rc<Traffic>,
    /// Decrypted, not yet taken by `h2`.
    plain: Vec<u8>,
    taken: usize,
    ended: bool,
    /// Encrypted, not yet taken by the kernel.
    wire: Vec<u8>,
    sent: usize,
}

impl Io {
    pub(crate) fn new(mut connection: Connection, traffic: Rc<Traffic>) -> Self {
        let plain = std::mem::take(&mut connection.early);
        Self {
            connection,
            traffic,
            plain,
            taken: 0,
            ended: false,
            wire: Vec::new(),
            sent: 0,
        }
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.wire.len() {
            let wire = &self.wire[self.sent..];
            let sent = match ready!(self.connection.socket.poll_send(cx, wire, &[])) {
                Ok(sent) => sent,
                Err(error) => {
                    let error = NetError::from_io(&error, "write");
                    return Poll::Ready(Err(self.traffic.fail(error)));
                }
            };
            self.sent += sent;
            self.traffic.written.set(clock::now());
        }
        self.wire.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }

    fn encrypt(&mut self, plain: &[u8]) -> Result<usize, NetError> {
        let Some(session) = &mut self.connection.session else {
            self.wire.extend_from_slice(plain);
            return Ok(plain.len());
        };
        let taken = session.write(plain)?;
        session.drain(&mut self.wire)?;
        Ok(taken)
    }
}

impl AsyncRead for Io {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.taken == this.plain.len() && !this.ended {
            if !this.traffic.allowed.get() {
                // Whoever began the turn sees this and begins another, so no waker is needed.
                this.traffic.more.set(true);
                return Poll::Pending;
            }
            this.plain.clear();
            this.taken = 0;
            let plain = &mut this.plain;
            let read = ready!(this.connection.poll_receive(cx, READ_SIZE, |bytes| {
                plain.extend_from_slice(bytes);
                Ok(())
            }));
            let read = read.map_err(|error| this.traffic.fail(error))?;
            this.ended = read.ended;
            if !this.plain.is_empty() {
                let now = clock::now();
                let stamp = read
                    .received
                    .stamp
                    .map(|stamp| clock::from_wall(stamp, now));
                this.traffic.read.set((stamp, now));
                this.traffic.allowed.set(false);
            }
        }
        let rest = &this.plain[this.taken..];
        let len = rest.len().min(out.remaining());
        out.put_slice(&rest[..len]);
        this.taken += len;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Io {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_drain(cx))?;
        let taken = this
            .encrypt(bytes)
            .map_err(|error| this.traffic.fail(error))?;
        // What the kernel does not take now goes with the next write or flush.
        if let Poll::Ready(Err(error)) = this.poll_drain(cx) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_drain(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Dropping the connection says goodbye.
        self.get_mut().poll_drain(cx)
    }
}
