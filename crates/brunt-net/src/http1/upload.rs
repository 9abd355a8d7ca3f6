//! A request on its way out. Polled, not awaited, so that the response can be read meanwhile: the
//! server may answer, or TLS may have to say something, before the request is through.

use std::task::{Context, Poll, ready};

use crate::buffers;
use crate::connection::Connection;
use crate::error::NetError;

/// TLS records are made from this much at a time, so that a large body is not held twice.
const TLS_PORTION: usize = 32 * 1024;

/// What of a request has not gone out.
#[derive(Debug)]
pub(crate) struct Upload<'a> {
    head: &'a [u8],
    body: &'a [u8],
    /// Encrypted, on its way to the kernel from `sent` on.
    wire: Vec<u8>,
    sent: usize,
}

impl<'a> Upload<'a> {
    pub(crate) fn new(head: &'a [u8], body: &'a [u8]) -> Self {
        Self {
            head,
            body,
            wire: Vec::new(),
            sent: 0,
        }
    }

    /// Writes what the kernel takes, without TLS in one system call if it takes all.
    pub(crate) fn poll(
        &mut self,
        connection: &mut Connection,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), NetError>> {
        if connection.session.is_some() {
            return self.poll_encrypted(connection, cx);
        }
        while !(self.head.is_empty() && self.body.is_empty()) {
            let sent = ready!(connection.socket.poll_send(cx, self.head, self.body));
            let sent = sent.map_err(|error| NetError::from_io(&error, "write"))?;
            self.advance(sent);
        }
        Poll::Ready(Ok(()))
    }

    fn advance(&mut self, sent: usize) {
        let of_head = sent.min(self.head.len());
        self.head = &self.head[of_head..];
        self.body = &self.body[(sent - of_head).min(self.body.len())..];
    }

    fn poll_encrypted(
        &mut self,
        connection: &mut Connection,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), NetError>> {
        loop {
            while self.sent < self.wire.len() {
                let wire = &self.wire[self.sent..];
                let sent = ready!(connection.socket.poll_send(cx, wire, &[]));
                self.sent += sent.map_err(|error| NetError::from_io(&error, "write"))?;
            }
            self.wire.clear();
            self.sent = 0;
            if self.head.is_empty() && self.body.is_empty() {
                buffers::give(std::mem::take(&mut self.wire));
                return Poll::Ready(Ok(()));
            }
            self.encrypt(connection)?;
        }
    }

    /// Encrypts the next portion; head and beginning of the body share a system call.
    fn encrypt(&mut self, connection: &mut Connection) -> Result<(), NetError> {
        let Some(session) = &mut connection.session else {
            return Ok(());
        };
        if self.wire.capacity() == 0 {
            self.wire = buffers::take();
        }
        while self.wire.len() < TLS_PORTION {
            let part = if self.head.is_empty() {
                self.body
            } else {
                self.head
            };
            let taken = session.write(&part[..part.len().min(TLS_PORTION)])?;
            if taken == 0 {
                break;
            }
            self.advance(taken);
            session.drain(&mut self.wire)?;
        }
        Ok(())
    }
}
