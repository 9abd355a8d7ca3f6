//! The moment after which a request is given up. It has no timer: whoever polls the request polls
//! it at the deadline too, so a timer per request would only cost.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use crate::clock;
use crate::error::NetError;

/// A deadline on the monotonic clock, or none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(pub(crate) Option<i64>);

impl Deadline {
    pub(crate) fn expired(self) -> bool {
        self.0.is_some_and(|deadline| clock::now() >= deadline)
    }

    /// Waits for `future`, but not longer than until the deadline.
    pub(crate) async fn bound<F: Future>(self, future: F) -> Result<F::Output, NetError> {
        let mut future = pin!(future);
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending if self.expired() => Poll::Ready(Err(NetError::Timeout)),
            Poll::Pending => Poll::Pending,
        })
        .await
    }
}
