//! How fast an output of a conversion is given what was read: as fast as it takes it, or under `rate=`, because a
//! receiver that serves others, too, shall not be at its limit for hours.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::{ConfigError, Key, Settings};

/// The key `rate`, which every output of a conversion has and no output knows itself.
const KEY: Key = Key {
    name: "rate",
    env: &[],
    default: "",
    help: "At most so many samples, or values of series, a second",
    secret: false,
};

/// Nobody who interrupts waits longer for the end.
const GLANCE: Duration = Duration::from_millis(100);

/// A token bucket that holds one second's worth, and may be overdrawn by one delivery: the next one waits until that is
/// paid. So a delivery that is larger than a second's worth passes, too.
#[derive(Debug)]
pub struct Pace {
    /// Seconds that one costs; none without a limit.
    each: Option<f64>,
    /// When what was given is paid.
    paid: Option<Instant>,
}

impl Pace {
    /// The key that sets it, see [`crate::Catalogue::settings_with`].
    pub const KEY: Key = KEY;

    /// Takes the key out of the settings, so that the output does not see it.
    ///
    /// # Errors
    /// If its value is no number of at least 1.
    pub fn take(settings: &mut Settings) -> Result<Self, ConfigError> {
        let Some(text) = settings.keys.remove(KEY.name) else {
            return Ok(Self::of(None));
        };
        let rate = text
            .parse()
            .ok()
            .filter(|rate: &f64| rate.is_finite() && *rate >= 1.0);
        match rate {
            Some(rate) => Ok(Self::of(Some(rate))),
            None => Err(settings.invalid(
                KEY.name,
                &text,
                "a number of samples per second, such as 50000",
            )),
        }
    }

    fn of(rate: Option<f64>) -> Self {
        Self {
            each: rate.map(f64::recip),
            paid: None,
        }
    }

    /// Waits until so many may be given, unless `interrupted` becomes true.
    pub async fn wait(&mut self, count: usize, interrupted: &AtomicBool) {
        let Some(each) = self.each else { return };
        let now = Instant::now();
        let paid = self.paid.unwrap_or(now);
        // A second's worth at once is what one second may have.
        let begin = paid.checked_sub(Duration::from_secs(1)).unwrap_or(paid);
        while Instant::now() < begin && !interrupted.load(Ordering::Relaxed) {
            sleep_until(begin.min(Instant::now() + GLANCE)).await;
        }
        let cost = Duration::try_from_secs_f64(each * count as f64).unwrap_or(Duration::MAX);
        let paid = paid.max(Instant::now());
        self.paid = Some(paid.checked_add(cost).unwrap_or(paid));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds from the begin at which each delivery may go.
    async fn times(rate: f64, counts: &[usize]) -> Vec<f64> {
        let (mut pace, never) = (Pace::of(Some(rate)), AtomicBool::new(false));
        let begin = Instant::now();
        let mut times = Vec::new();
        for count in counts {
            pace.wait(*count, &never).await;
            times.push(begin.elapsed().as_secs_f64());
        }
        times
    }

    #[track_caller]
    fn about(times: &[f64], expected: &[f64]) {
        assert_eq!(times.len(), expected.len());
        for (time, expected) in times.iter().zip(expected) {
            assert!((time - expected).abs() < 0.01, "{times:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn deliveries_come_at_the_rate_after_a_second_s_worth() {
        about(
            &times(100.0, &[50, 50, 50, 50, 50]).await,
            &[0.0, 0.0, 0.0, 0.5, 1.0],
        );
        about(&times(100.0, &[1000, 1, 1]).await, &[0.0, 9.0, 9.01]);
        about(&times(1e9, &[1000; 5]).await, &[0.0; 5]);
    }

    #[tokio::test(start_paused = true)]
    async fn in_a_long_run_no_more_than_the_rate_goes() {
        let counts = [37; 1000];
        let times = times(500.0, &counts).await;
        for (at, time) in times.iter().enumerate() {
            let given = (at * 37) as f64;
            assert!(
                given <= 500.0 * (time + 1.0) + 1.0,
                "{given} within {time} s"
            );
        }
        let last = times[times.len() - 1];
        assert!((last - (999.0 * 37.0 / 500.0 - 1.0)).abs() < 0.1, "{last}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_not_used_for_a_while_is_no_credit_for_later() {
        let (mut pace, never) = (Pace::of(Some(10.0)), AtomicBool::new(false));
        pace.wait(10, &never).await;
        tokio::time::sleep(Duration::from_mins(1)).await;
        let begin = Instant::now();
        for _ in 0..3 {
            pace.wait(10, &never).await;
        }
        about(&[begin.elapsed().as_secs_f64()], &[1.0]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_interrupt_ends_the_wait() {
        let (mut pace, interrupted) = (Pace::of(Some(1.0)), AtomicBool::new(false));
        pace.wait(1_000_000, &interrupted).await;
        interrupted.store(true, Ordering::Relaxed);
        let begin = Instant::now();
        pace.wait(1, &interrupted).await;
        assert!(begin.elapsed() < Duration::from_secs(1));
    }
}
