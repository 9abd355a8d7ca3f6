//! Starts at even distances.

use std::time::Duration;

use crate::error::PacingError;
use crate::nanos;

/// `rate` starts per `unit` until `end`; all times in nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Constant {
    rate: u64,
    unit: u64,
    end: u64,
}

impl Constant {
    pub(super) fn new(rate: u64, unit: Duration, duration: Duration) -> Result<Self, PacingError> {
        let (unit, end) = (nanos(unit), nanos(duration));
        if rate == 0 || unit == 0 {
            return Err(PacingError::NoRate);
        }
        Ok(Self { rate, unit, end })
    }

    pub(super) fn due(&self, index: u64) -> Option<u64> {
        let due = u128::from(index) * u128::from(self.unit) / u128::from(self.rate);
        u64::try_from(due).ok().filter(|&due| due < self.end)
    }

    /// The numbers i with `⌊i·unit/rate⌋ < time`; for a whole `time` that is `i < time·rate/unit`.
    pub(super) fn starts_before(&self, time: u64) -> u64 {
        let time = time.min(self.end);
        let count = (u128::from(time) * u128::from(self.rate)).div_ceil(u128::from(self.unit));
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    pub(super) fn rate_at(&self, time: u64) -> f64 {
        if time >= self.end {
            return 0.0;
        }
        self.rate as f64 * 1e9 / self.unit as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn per_second(rate: u64, seconds: u64) -> Constant {
        Constant::new(rate, Duration::from_secs(1), Duration::from_secs(seconds)).unwrap()
    }

    #[test]
    fn the_first_start_is_at_once_and_the_end_is_excluded() {
        let ten = per_second(10, 1);
        assert_eq!(ten.due(0), Some(0));
        assert_eq!(ten.due(9), Some(900_000_000));
        assert_eq!(ten.due(10), None);
        assert_eq!(ten.starts_before(u64::MAX), 10);
        assert_eq!(ten.starts_before(0), 0);
        assert_eq!(ten.starts_before(1), 1);
    }

    #[test]
    fn a_rate_that_does_not_divide_a_second_never_drifts() {
        let six_thousand = per_second(6_000, 400 * 86_400);
        for day in [1_u64, 30, 399] {
            let index = day * 86_400 * 6_000;
            assert_eq!(six_thousand.due(index), Some(day * 86_400 * SECOND));
            assert_eq!(
                six_thousand.due(index + 1),
                Some(day * 86_400 * SECOND + 166_666)
            );
        }
    }

    #[test]
    fn a_rate_may_be_less_than_one_a_second() {
        let slow = Constant::new(2, Duration::from_hours(1), Duration::from_hours(24)).unwrap();
        assert_eq!(slow.due(1), Some(1_800 * SECOND));
        assert_eq!(slow.starts_before(u64::MAX), 48);
        assert!((slow.rate_at(0) - 2.0 / 3_600.0).abs() < 1e-12);
    }

    #[test]
    fn extremes_neither_panic_nor_wrap() {
        let fast = Constant::new(u64::MAX, Duration::from_nanos(1), Duration::MAX).unwrap();
        assert_eq!(fast.starts_before(u64::MAX), u64::MAX);
        assert_eq!(fast.due(u64::MAX), Some(1));
        let slow = Constant::new(1, Duration::MAX, Duration::MAX).unwrap();
        assert_eq!(slow.due(u64::MAX), None);
        assert_eq!(slow.starts_before(u64::MAX), 1);
        assert_eq!(
            Constant::new(0, Duration::from_secs(1), Duration::ZERO),
            Err(PacingError::NoRate)
        );
        assert_eq!(
            Constant::new(1, Duration::ZERO, Duration::ZERO),
            Err(PacingError::NoRate)
        );
    }
}
