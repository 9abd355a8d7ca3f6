//! How long to wait before the next attempt: exponential, with jitter, between two bounds.
//!
//! Own code instead of a crate: it is a formula, and the randomness must be injected for the tests.

use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

/// A sequence of growing, random waits.
///
/// The n-th wait (from 0) is uniform between `base` and `min(cap, base * 2^(n+1))`, so that
/// generators that were refused at the same moment do not come back at the same moment.
pub struct Backoff {
    base: Duration,
    cap: Duration,
    attempt: u32,
    random: Box<dyn FnMut() -> f64 + Send>,
}

impl Backoff {
    /// The shortest wait of [`Backoff::default`], as Prometheus' own sender has it.
    pub const BASE: Duration = Duration::from_millis(30);
    /// The longest wait of [`Backoff::default`], as Prometheus' own sender has it.
    pub const CAP: Duration = Duration::from_secs(5);

    /// Waits between these bounds, with randomness from `random`, which returns values in `[0, 1)`.
    pub fn new(
        base: Duration,
        cap: Duration,
        random: impl FnMut() -> f64 + Send + 'static,
    ) -> Self {
        Self {
            base,
            cap: cap.max(base),
            attempt: 0,
            random: Box::new(random),
        }
    }

    /// The next wait; each call makes the following one longer.
    pub fn next_wait(&mut self) -> Duration {
        let factor = 1_u32
            .checked_shl(self.attempt.saturating_add(1))
            .unwrap_or(u32::MAX);
        let ceiling = self.base.saturating_mul(factor).min(self.cap);
        self.attempt = self.attempt.saturating_add(1);
        let share = (self.random)().clamp(0.0, 1.0);
        self.base + ceiling.saturating_sub(self.base).mul_f64(share)
    }

    /// Starts over with short waits, after a success.
    pub fn reset(&mut self) {
        self.attempt = 0;
    }
}

impl Default for Backoff {
    /// 30 ms to 5 s, seeded by the system.
    fn default() -> Self {
        let mut random = SmallRng::from_os_rng();
        Self::new(Self::BASE, Self::CAP, move || random.random())
    }
}

impl std::fmt::Debug for Backoff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Backoff")
            .field("base", &self.base)
            .field("cap", &self.cap)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(random: f64, count: usize) -> Vec<u128> {
        let mut backoff = Backoff::new(Backoff::BASE, Backoff::CAP, move || random);
        (0..count)
            .map(|_| backoff.next_wait().as_millis())
            .collect()
    }

    #[test]
    fn waits_double_up_to_the_cap() {
        assert_eq!(
            waits(1.0, 10),
            [60, 120, 240, 480, 960, 1920, 3840, 5000, 5000, 5000]
        );
        assert_eq!(waits(0.0, 3), [30, 30, 30]);
        assert_eq!(waits(0.5, 2), [45, 75]);
    }

    #[test]
    fn a_success_starts_over_and_no_number_of_failures_overflows() {
        let mut backoff = Backoff::new(Backoff::BASE, Backoff::CAP, || 1.0);
        for _ in 0..200 {
            assert!(backoff.next_wait() <= Backoff::CAP);
        }
        backoff.reset();
        assert_eq!(backoff.next_wait().as_millis(), 60);
    }

    #[test]
    fn the_default_stays_within_its_bounds_and_varies() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..50).map(|_| backoff.next_wait()).collect();
        assert!(
            waits
                .iter()
                .all(|wait| (Backoff::BASE..=Backoff::CAP).contains(wait))
        );
        assert!(waits.windows(2).any(|pair| pair[0] != pair[1]));
    }
}
