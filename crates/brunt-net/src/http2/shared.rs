//! An HTTP/2 connection that several requests of one virtual user share.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::client::{Builder, SendRequest};

use super::io::{Io, Traffic};
use super::wakers::Wakers;
use crate::config::NetConfig;
use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::error::{Http2Scope, NetError};
use crate::exchange::TlsInfo;
use crate::target::Origin;

/// What a server may send on one stream before we read it. As in Go.
const STREAM_WINDOW: u32 = 4 * 1024 * 1024;

/// What a server may send on all streams before we read it.
const CONNECTION_WINDOW: u32 = 16 * 1024 * 1024;

/// How often an idle connection may find more to read before it is used anyway.
const IDLE_TURNS: usize = 64;

/// A connection and its driver.
pub(crate) struct Http2 {
    pub(crate) origin: Arc<Origin>,
    pub(crate) remote: SocketAddr,
    pub(crate) tls: Option<TlsInfo>,
    pub(crate) sender: SendRequest<Bytes>,
    pub(crate) traffic: Rc<Traffic>,
    pub(crate) wakers: Arc<Wakers>,
    /// `None` once it is over.
    driver: RefCell<Option<h2::client::Connection<Io, Bytes>>>,
    next_id: Cell<u64>,
    /// No new request may begin on it.
    retired: Cell<bool>,
}

impl fmt::Debug for Http2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http2")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

impl Http2 {
    /// Sends the preface. The server's settings are awaited by nobody, as the protocol intends.
    pub(crate) async fn start(
        connection: Connection,
        config: &NetConfig,
        deadline: Deadline,
    ) -> Result<Self, NetError> {
        let (origin, remote, tls) = (
            Arc::clone(&connection.origin),
            connection.remote,
            connection.tls,
        );
        let traffic = Rc::new(Traffic::default());
        traffic.begin_turn();
        let io = Io::new(connection, Rc::clone(&traffic));
        let limit = u32::try_from(config.max_response_header_bytes).unwrap_or(u32::MAX);
        let handshake = Builder::new()
            .enable_push(false)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(limit)
            .handshake(io);
        let (sender, driver) = deadline
            .bound(handshake)
            .await?
            .map_err(|error| error_of(&error, &traffic))?;
        Ok(Self {
            origin,
            remote,
            tls,
            sender,
            traffic,
            wakers: Arc::default(),
            driver: RefCell::new(Some(driver)),
            next_id: Cell::new(0),
            retired: Cell::new(false),
        })
    }

    /// A number for a new request.
    pub(crate) fn begin(&self) -> u64 {
        let id = self.next_id.get();
        self.next_id.set(id.wrapping_add(1));
        id
    }

    /// Lets no further request begin on it.
    pub(crate) fn retire(&self) {
        self.retired.set(true);
    }

    /// Reads and writes what there is, at most one read.
    pub(crate) fn drive(&self) {
        let waker = Waker::from(Arc::clone(&self.wakers));
        let mut cx = Context::from_waker(&waker);
        let Ok(mut driver) = self.driver.try_borrow_mut() else {
            return;
        };
        let Some(connection) = driver.as_mut() else {
            return;
        };
        if let Poll::Ready(result) = Pin::new(connection).poll(&mut cx) {
            self.retire();
            if let Err(error) = result {
                let mut known = self.traffic.error.borrow_mut();
                let error = known.take().unwrap_or_else(|| plain_error(&error));
                *known = Some(error);
            }
            *driver = None;
        }
    }

    /// Catches up with what the server said since the last request. `false`: use another one.
    pub(crate) fn is_usable(&self) -> bool {
        if self.retired.get() {
            return false;
        }
        if self.wakers.len() == 0 {
            for _ in 0..IDLE_TURNS {
                self.traffic.begin_turn();
                self.drive();
                if !self.traffic.wants_turn() {
                    break;
                }
            }
        }
        // A server that says goodbye lets no new stream begin, but the driver may live on.
        let mut cx = Context::from_waker(Waker::noop());
        let mut sender = self.sender.clone();
        !self.retired.get() && !matches!(sender.poll_ready(&mut cx), Poll::Ready(Err(_)))
    }
}

/// k6's codes for errors of `h2`; the socket's own error, if it had one.
pub(crate) fn error_of(error: &h2::Error, traffic: &Traffic) -> NetError {
    if error.is_io()
        && let Some(error) = &*traffic.error.borrow()
    {
        return error.clone();
    }
    plain_error(error)
}

fn plain_error(error: &h2::Error) -> NetError {
    if let Some(io) = error.get_io() {
        use std::io::ErrorKind::{BrokenPipe, UnexpectedEof};
        return match io.kind() {
            // The socket's own errors are known, so this is how `h2` calls the end of the stream.
            UnexpectedEof | BrokenPipe => NetError::UnexpectedEof,
            _ => NetError::from_io(io, "read"),
        };
    }
    let Some(reason) = error.reason() else {
        return NetError::Http2(format!("http2: {error}"));
    };
    let scope = if error.is_go_away() && error.is_remote() {
        Http2Scope::GoAway
    } else if error.is_reset() {
        Http2Scope::Stream
    } else {
        Http2Scope::Connection
    };
    NetError::Http2Code {
        scope,
        code: u32::from(reason),
    }
}
