//! One request and its response on a connection.

use std::future::poll_fn;
use std::task::{Context, Poll};

use super::decoder::{Decoder, Expectation};
use super::encode;
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
    let deadline = Deadline(request.deadline);
    let before = connection.socket.sent();
    let mut head = buffers::take();
    let written = match encode::encode(request, &mut head) {
        Ok(()) => connection.write(&head, request.body(), deadline).await,
        Err(error) => Err(error),
    };
    buffers::give(head);
    marks.sent = Some(clock::now());
    let complete = match written {
        Ok(complete) => complete,
        Err(error @ (NetError::BrokenPipe(_) | NetError::Reset(_))) => {
            // The server may have answered before it closed.
            let unsent = connection.socket.sent() == before;
            return answer_left_behind(connection, request, config, marks).unwrap_or_else(
                |stale| {
                    Err(Failure {
                        error,
                        stale,
                        unsent,
                    })
                },
            );
        }
        Err(error) => {
            return Err(Failure {
                error,
                stale: false,
                unsent: false,
            });
        }
    };
    let mut decoder = decoder(request, config);
    let read = poll_fn(|cx| match poll_read(connection, cx, &mut decoder, marks) {
        Poll::Pending if deadline.expired() => Poll::Ready(Err(NetError::Timeout)),
        other => other,
    })
    .await;
    match read {
        Ok(()) => finish(decoder, complete && !encode::asks_to_close(request)),
        Err(error) => {
            let gone = matches!(error, NetError::Eof | NetError::Reset(_));
            Err(Failure {
                error,
                stale: gone && !decoder.has_started(),
                unsent: false,
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

fn finish(decoder: Decoder, keep: bool) -> Result<(Response, bool), Failure> {
    match decoder.finish() {
        Ok((response, reusable)) => Ok((response, reusable && keep)),
        Err(error) => Err(Failure {
            error,
            stale: false,
            unsent: false,
        }),
    }
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

/// Reads what a server that closed the connection while we wrote may have said before. If that is
/// no response: whether it said nothing at all.
fn answer_left_behind(
    connection: &mut Connection,
    request: &Request<'_>,
    config: &NetConfig,
    marks: &mut Marks,
) -> Result<Result<(Response, bool), Failure>, bool> {
    let mut decoder = decoder(request, config);
    let mut cx = Context::from_waker(std::task::Waker::noop());
    match poll_read(connection, &mut cx, &mut decoder, marks) {
        Poll::Ready(Ok(())) => Ok(finish(decoder, false)),
        _ => Err(!decoder.has_started()),
    }
}
