//! How long outputs may take to close, which can become shorter while they do.
//!
//! A plain duration would not do: whoever waits for a process to end (a user with a second Ctrl-C,
//! an orchestrator that is about to kill it) speaks up only while outputs drain.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// The time that outputs have to close; clones are one and the same.
#[derive(Debug, Clone)]
pub struct Drain {
    limit: Duration,
    end: watch::Sender<Option<Instant>>,
}

impl Drain {
    /// This long from when an output begins to close.
    pub fn within(limit: Duration) -> Self {
        Self {
            limit,
            end: watch::Sender::new(None),
        }
    }

    /// How long it may take, unless it is cut short.
    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// What is left then is given up, whatever the limit. An earlier end that was set before stays.
    pub fn end_by(&self, end: Instant) {
        self.end.send_modify(|known| {
            *known = Some(known.map_or(end, |known| known.min(end)));
        });
    }

    /// Called when an output begins to close; returns when it has to give up the rest. Cancel-safe.
    pub async fn over(&self) {
        let limit = Instant::now() + self.limit;
        let mut end = self.end.subscribe();
        loop {
            let known = *end.borrow_and_update();
            tokio::select! {
                () = sleep_until(known.map_or(limit, |known| known.min(limit))) => return,
                // The sender lives in `self`.
                _ = end.changed() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_earliest_end_counts() {
        let started = Instant::now();
        let drain = Drain::within(Duration::from_secs(25));
        let waiting = tokio::spawn({
            let drain = drain.clone();
            async move { drain.over().await }
        });
        tokio::time::sleep(Duration::from_secs(5)).await;
        drain.end_by(Instant::now() + Duration::from_secs(3));
        drain.end_by(Instant::now() + Duration::from_secs(9));
        waiting.await.unwrap();
        assert_eq!(started.elapsed(), Duration::from_secs(8));
        drain.over().await;
        assert_eq!(started.elapsed(), Duration::from_secs(8));
    }

    #[tokio::test(start_paused = true)]
    async fn without_hurry_it_is_the_limit() {
        let started = Instant::now();
        Drain::within(Duration::from_secs(25)).over().await;
        assert_eq!(started.elapsed(), Duration::from_secs(25));
    }
}
