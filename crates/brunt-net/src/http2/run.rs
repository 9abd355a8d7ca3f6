//! One request and its response on an HTTP/2 connection: polls the stream and the connection in
//! turns.

use std::future::poll_fn;
use std::task::Poll;

use bytes::Bytes;

use super::render::render;
use super::shared::Http2;
use super::stream::Stream;
use crate::config::NetConfig;
use crate::deadline::Deadline;
use crate::error::{Http2Scope, NetError};
use crate::http1::Failure;
use crate::marks::Marks;
use crate::request::Request;
use crate::response::Response;

/// After this many reads in a row the other virtual users get their turn.
const TURNS: usize = 64;

/// RFC 9113, section 7: the server did nothing with the request.
const REFUSED_STREAM: u32 = 7;

/// Deregisters a request however it ends.
struct Running<'a> {
    shared: &'a Http2,
    id: u64,
    done: bool,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.shared.wakers.remove(self.id);
        if !self.done && self.shared.wakers.len() == 0 {
            // Given up half-way, and nobody else would notice if the server were dead.
            self.shared.retire();
        }
    }
}

/// Sends a request and reads its response.
pub(crate) async fn run(
    shared: &Http2,
    request: &Request<'_>,
    config: &NetConfig,
    marks: &mut Marks,
) -> Result<Response, Failure> {
    let head = match render(request) {
        Ok(head) => head,
        Err(error) => {
            return Err(Failure {
                error,
                stale: false,
                unsent: false,
            });
        }
    };
    let body = Bytes::copy_from_slice(request.body());
    let max_body = (!request.discard_body).then_some(config.max_body_bytes);
    let deadline = Deadline(request.deadline);
    let mut running = Running {
        shared,
        id: shared.begin(),
        done: false,
    };
    let mut stream = Stream::new(shared, head, body, max_body);
    let result = poll_fn(|cx| {
        shared.wakers.set(running.id, cx.waker());
        for _ in 0..TURNS {
            shared.traffic.begin_turn();
            let mut polled = stream.poll(cx, marks);
            // Also when the stream is over: acknowledgements and window updates go out now rather
            // than with the next request.
            shared.drive();
            if polled.is_pending() {
                polled = stream.poll(cx, marks);
            }
            if polled.is_ready() {
                return polled;
            }
            if !shared.traffic.wants_turn() {
                return if deadline.expired() {
                    Poll::Ready(Err(NetError::Timeout))
                } else {
                    Poll::Pending
                };
            }
        }
        if deadline.expired() {
            return Poll::Ready(Err(NetError::Timeout));
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
    running.done = !matches!(result, Err(NetError::Timeout));
    result.map_err(|error| {
        let unsent = stream.is_unsent();
        let stale = marks.nothing_received() && is_gone(&error);
        Failure {
            error,
            stale,
            unsent,
        }
    })
}

/// Whether the connection ended, or the server did not want the stream, rather than an error of
/// this exchange's own.
fn is_gone(error: &NetError) -> bool {
    matches!(
        error,
        NetError::Eof
            | NetError::UnexpectedEof
            | NetError::Reset(_)
            | NetError::BrokenPipe(_)
            | NetError::Http2Code {
                scope: Http2Scope::GoAway,
                ..
            }
            | NetError::Http2Code {
                scope: Http2Scope::Stream,
                code: REFUSED_STREAM
            }
    )
}
