//! One request and its response on a connection.

use std::future::poll_fn;
use std::task::{Context, Poll};

use super::decoder::{Decoder, Expectation};
use super::encode;
use super::upload::Upload;
use crate::buffers;
use crate::clock;
use crate::config::NetConfig;
use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::error::NetError;
use crate::marks::Marks;
use crate::request::Request;
use crate::response::Response;

/// The first read is this small so that its stamp is the first segment's: the stamp of a read that
/// spans several is the last one's. Larger than most API responses, which so need one read.
const FIRST_READ: usize = 4 * 1024;

/// After this many reads in a row the other virtual users get their turn.
const READS_PER_TURN: usize = 16;

/// Why there is no response.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: NetError,
    /// Not a byte of a response had come, and the connection, not the response, was at fault.
    pub(crate) stale: bool,
    /// Not a byte of the request had gone out.
    pub(crate) unsent: bool,
}

/// Sends a request and reads its response. Gives also whether the connection can serve another.
pub(crate) async fn run(
    connection: &mut Connection,
    request: &Request<'_>,
    config: &NetConfig,
    marks: &mut Marks,
) -> Result<(Response, bool), Failure> {
    let fatal = |error| Failure {
        error,
        stale: false,
        unsent: false,
    };
    if !connection.early.is_empty() {
        return Err(fatal(NetError::Malformed(
            "bytes before the request".to_owned(),
        )));
    }
    let before = connection.socket.sent();
    let mut head = buffers::take();
    encode::encode(request, connection.via.as_deref(), &mut head).map_err(fatal)?;
    let mut decoder = decoder(request, config);
    let mut upload = Some(Upload::new(&head, request.body()));
    let deadline = Deadline(request.deadline);
    let read = poll_fn(|cx| {
        let mut broken = None;
        if let Some(running) = &mut upload {
            match running.poll(connection, cx) {
                Poll::Pending => {}
                Poll::Ready(Ok(())) => {
                    marks.sent = Some(clock::now());
                    upload = None;
                }
                Poll::Ready(Err(error)) => broken = Some(error),
            }
        }
        match (poll_read(connection, cx, &mut decoder, marks), broken) {
            // The server may have answered before it closed; otherwise the write's error counts.
            (Poll::Pending | Poll::Ready(Err(_)), Some(error)) => Poll::Ready(Err(error)),
            (Poll::Pending, None) if deadline.expired() => Poll::Ready(Err(NetError::Timeout)),
            (polled, _) => polled,
        }
    })
    .await;
    let complete = upload.is_none();
    drop(upload);
    buffers::give(head);
    match read.and_then(|()| decoder.finish()) {
        Ok((response, reusable)) => Ok((
            response,
            reusable && complete && !encode::asks_to_close(request),
        )),
        Err(error) => {
            let gone = matches!(
                error,
                NetError::Eof | NetError::Reset(_) | NetError::BrokenPipe(_)
            );
            Err(Failure {
                error,
                stale: gone && marks.nothing_received(),
                unsent: gone && connection.socket.sent() == before,
            })
        }
    }
}

fn decoder(request: &Request<'_>, config: &NetConfig) -> Decoder {
    Decoder::new(Expectation {
        head_only: request.method == "HEAD",
        discard: request.discard_body,
        max_head: config.max_response_header_bytes,
        max_body: config.max_body_bytes,
    })
}

/// Reads until the response is complete.
fn poll_read(
    connection: &mut Connection,
    cx: &mut Context<'_>,
    decoder: &mut Decoder,
    marks: &mut Marks,
) -> Poll<Result<(), NetError>> {
    for _ in 0..READS_PER_TURN {
        let size = if decoder.has_started() {
            buffers::READ
        } else {
            FIRST_READ
        };
        let mut spoke = false;
        let read = connection.poll_receive(cx, size, |bytes| {
            spoke |= !bytes.is_empty();
            decoder.feed(bytes)
        });
        let Poll::Ready(read) = read else {
            return Poll::Pending;
        };
        let read = match read {
            Ok(read) => read,
            Err(NetError::UnexpectedEof) if !decoder.has_started() => {
                return Poll::Ready(Err(NetError::Eof));
            }
            Err(error) => return Poll::Ready(Err(error)),
        };
        if spoke {
            marks.received(read.received);
        }
        if !decoder.is_done() && read.ended {
            decoder.end()?;
        }
        if decoder.is_done() {
            return Poll::Ready(Ok(()));
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}
