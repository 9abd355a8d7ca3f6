//! Deadlines of requests that run side by side.
//!
//! The client has no timers: whoever polls it comes back at the deadline. A request that is waited
//! for alone is polled then by its worker; of many, each brings a timer of its own.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::{Duration, Instant};

/// Runs a future that is polled at `deadline` even if nothing else wakes it. Both times are
/// monotonic nanoseconds.
pub(crate) async fn polled_at<F: Future>(future: F, now: i64, deadline: i64) -> F::Output {
    let left = Duration::from_nanos(u64::try_from(deadline.saturating_sub(now)).unwrap_or(0));
    let Some(at) = Instant::now().checked_add(left) else {
        return future.await;
    };
    let mut future = pin!(future);
    let mut timer = pin!(tokio::time::sleep_until(at.into()));
    let mut rang = false;
    poll_fn(|cx| {
        rang = rang || timer.as_mut().poll(cx).is_ready();
        future.as_mut().poll(cx)
    })
    .await
}
