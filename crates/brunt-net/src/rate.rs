//! k6's option `rps`: so many requests a second over all virtual users of all workers.
//!
//! A token bucket that holds one token, kept as the time of the next free slot: taking a slot is
//! one atomic exchange, and nobody ever waits for a lock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::clock;

/// Hands out moments that lie at least an interval apart.
#[derive(Debug)]
pub struct RateLimit {
    /// Nanoseconds between two requests.
    interval: i64,
    /// When the next request may go out, on the monotonic clock.
    next: AtomicI64,
}

impl RateLimit {
    /// So many requests a second; 0 is none at all, which is no limit in k6.
    pub fn per_second(requests: u64) -> Option<Self> {
        let requests = i64::try_from(requests).unwrap_or(i64::MAX);
        (requests > 0).then(|| Self {
            interval: (1_000_000_000 / requests).max(1),
            next: AtomicI64::new(i64::MIN),
        })
    }

    /// Takes the next slot and gives its moment.
    fn take(&self, now: i64) -> i64 {
        let mut next = self.next.load(Ordering::Relaxed);
        loop {
            let slot = next.max(now);
            let after = slot.saturating_add(self.interval);
            match self
                .next
                .compare_exchange_weak(next, after, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return slot,
                Err(other) => next = other,
            }
        }
    }

    /// Waits for a slot. Gives how long that took, in nanoseconds.
    pub(crate) async fn wait(&self) -> i64 {
        let now = clock::now();
        let slot = self.take(now);
        let ahead = u64::try_from(slot - now).unwrap_or_default();
        if ahead > 0 {
            tokio::time::sleep(Duration::from_nanos(ahead)).await;
        }
        clock::now() - now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_lie_an_interval_apart_and_are_not_saved_up() {
        let limit = RateLimit::per_second(1000).unwrap();
        let slots: Vec<i64> = (0..3).map(|_| limit.take(5_000)).collect();
        assert_eq!(slots, [5_000, 1_005_000, 2_005_000]);
        // A second in which nobody asks gives no right to a burst after it.
        assert_eq!(limit.take(1_000_000_000), 1_000_000_000);
        assert_eq!(limit.take(1_000_000_000), 1_001_000_000);
        assert!(RateLimit::per_second(0).is_none());
    }

    #[test]
    fn threads_share_the_slots() {
        let limit = RateLimit::per_second(1_000_000).unwrap();
        let mut slots: Vec<i64> = std::thread::scope(|scope| {
            let takers: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..1000).map(|_| limit.take(0)).collect::<Vec<_>>()))
                .collect();
            takers
                .into_iter()
                .flat_map(|taker| taker.join().unwrap())
                .collect()
        });
        slots.sort_unstable();
        let expected: Vec<i64> = (0..4000).map(|slot| slot * 1000).collect();
        assert_eq!(slots, expected);
    }
}
