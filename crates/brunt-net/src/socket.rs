//! A TCP socket that counts its bytes and knows when they arrived.
//!
//! It sits on tokio's readiness, but reads by `recvmsg`, and after a read that emptied the socket it
//! clears that readiness: the next read then waits for epoll instead of failing first.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::os::fd::AsFd;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::TcpStream;

use crate::stamp::{self, Received};

/// What went over all sockets of a client, in bytes.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) sent: Cell<u64>,
    pub(crate) received: Cell<u64>,
}

/// A connected socket.
#[derive(Debug)]
pub(crate) struct TimedSocket {
    stream: TcpStream,
    counters: Rc<Counters>,
    /// Bytes written on this socket.
    sent: Cell<u64>,
}

impl TimedSocket {
    pub(crate) fn new(stream: TcpStream, counters: Rc<Counters>) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        // Without stamps the times of our own polls serve, and exchanges say so.
        let _ = stamp::enable(stream.as_fd());
        Ok(Self {
            stream,
            counters,
            sent: Cell::new(0),
        })
    }

    /// Bytes written so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.get()
    }

    /// Reads once. Nothing there is the error `WouldBlock`.
    pub(crate) fn try_receive(&self, buffer: &mut [u8]) -> io::Result<Received> {
        let mut short = None;
        let result = self.stream.try_io(Interest::READABLE, || {
            let received = stamp::receive(self.stream.as_fd(), buffer)?;
            if received.len > 0 && received.len < buffer.len() {
                // The socket is empty now. Saying so here clears the readiness that tokio cached;
                // what arrives from now on sets it again.
                short = Some(received);
                return Err(io::ErrorKind::WouldBlock.into());
            }
            Ok(received)
        });
        let received = match short {
            Some(received) => received,
            None => result?,
        };
        add(&self.counters.received, received.len);
        Ok(received)
    }

    /// Waits for something to read, and reads once.
    pub(crate) fn poll_receive(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<Received>> {
        loop {
            ready!(self.stream.poll_read_ready(cx))?;
            match self.try_receive(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }

    /// Writes once, both parts in one system call. No room is the error `WouldBlock`.
    pub(crate) fn try_send(&self, first: &[u8], second: &[u8]) -> io::Result<usize> {
        let len = self.stream.try_io(Interest::WRITABLE, || {
            let socket = SockRef::from(&self.stream);
            // The process may have given SIGPIPE back its default action.
            if second.is_empty() {
                socket.send_with_flags(first, libc::MSG_NOSIGNAL)
            } else {
                let parts = [IoSlice::new(first), IoSlice::new(second)];
                socket.send_vectored_with_flags(&parts, libc::MSG_NOSIGNAL)
            }
        })?;
        add(&self.counters.sent, len);
        add(&self.sent, len);
        Ok(len)
    }

    /// As [`try_send`](Self::try_send), but waits for room.
    pub(crate) fn poll_send(
        &self,
        cx: &mut Context<'_>,
        first: &[u8],
        second: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.try_send(first, second) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => return Poll::Ready(result),
            }
            ready!(self.stream.poll_write_ready(cx))?;
        }
    }
}

fn add(counter: &Cell<u64>, len: usize) {
    counter.set(counter.get().wrapping_add(len as u64));
}
