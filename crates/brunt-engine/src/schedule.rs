//! When the iterations of a constant arrival rate are due, for one worker's share of them.
//!
//! Every due time comes from the iteration's number by integer arithmetic; adding up periods would
//! drift.

/// The starts `first, first + step, first + 2 · step …` of a constant arrival rate.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    start: i64,
    rate: u64,
    time_unit: u64,
    first: u64,
    step: u64,
    /// How many starts this share has.
    len: u64,
}

impl Schedule {
    /// The share of worker `first` of `step`: `rate` starts per `time_unit` (ns, not 0) from the
    /// time `start` for `duration` ns. Start `i` is at `start + i · time_unit / rate`; one that would
    /// fall on the very end is not part of it.
    pub(crate) fn new(
        start: i64,
        rate: u64,
        time_unit: u64,
        duration: u64,
        first: u64,
        step: u64,
    ) -> Self {
        let time_unit = time_unit.max(1);
        let total = (u128::from(duration) * u128::from(rate)).div_ceil(u128::from(time_unit));
        let total = u64::try_from(total).unwrap_or(u64::MAX);
        let len = total.saturating_sub(first).div_ceil(step.max(1));
        Self {
            start,
            rate: rate.max(1),
            time_unit,
            first,
            step: step.max(1),
            len,
        }
    }

    /// A share without any start.
    pub(crate) fn none() -> Self {
        Self {
            start: 0,
            rate: 1,
            time_unit: 1,
            first: 0,
            step: 1,
            len: 0,
        }
    }

    /// When the `n`-th start of this share is due; `None` past the last one.
    pub(crate) fn due(&self, n: u64) -> Option<i64> {
        if n >= self.len {
            return None;
        }
        let number = u128::from(self.first) + u128::from(n) * u128::from(self.step);
        let offset = number.saturating_mul(u128::from(self.time_unit)) / u128::from(self.rate);
        Some(
            self.start
                .saturating_add(i64::try_from(offset).unwrap_or(i64::MAX)),
        )
    }

    /// How many starts of this share are due at `now` or earlier.
    pub(crate) fn due_by(&self, now: i64) -> u64 {
        let Ok(elapsed) = u64::try_from(now.saturating_sub(self.start)) else {
            return 0;
        };
        // floor(i · unit / rate) <= elapsed  <=>  i · unit < (elapsed + 1) · rate
        let numbers = ((u128::from(elapsed) + 1) * u128::from(self.rate))
            .div_ceil(u128::from(self.time_unit));
        let own = numbers
            .saturating_sub(u128::from(self.first))
            .div_ceil(u128::from(self.step));
        u64::try_from(own).unwrap_or(u64::MAX).min(self.len)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn starts_keep_to_the_rate_without_drift() {
        let schedule = Schedule::new(0, 6000, 1_000_000_000, 8_000_000_000, 0, 1);
        assert_eq!(schedule.due(0), Some(0));
        assert_eq!(schedule.due(1), Some(166_666));
        assert_eq!(schedule.due(6000), Some(1_000_000_000));
        assert_eq!(schedule.due(47_999), Some(7_999_833_333));
        assert_eq!(schedule.due(48_000), None);
    }

    proptest! {
        #[test]
        fn shares_split_the_whole_exactly(
            rate in 1_u64..10_000, unit in 1_u64..5_000_000_000, duration in 0_u64..2_000_000_000,
            workers in 1_u64..6,
        ) {
            prop_assume!(u128::from(duration) * u128::from(rate) / u128::from(unit) < 5_000);
            let all = Schedule::new(7, rate, unit, duration, 0, 1);
            let mut whole: Vec<i64> = (0..).map_while(|n| all.due(n)).collect();
            let mut split: Vec<i64> = (0..workers)
                .flat_map(|worker| {
                    let share = Schedule::new(7, rate, unit, duration, worker, workers);
                    (0..).map_while(move |n| share.due(n)).collect::<Vec<_>>()
                })
                .collect();
            whole.sort_unstable();
            split.sort_unstable();
            prop_assert!(whole.iter().all(|&due| due < 7 + duration.max(1) as i64));
            prop_assert_eq!(whole, split);
        }

        #[test]
        fn due_by_counts_what_due_lists(
            rate in 1_u64..1_000, unit in 1_u64..2_000_000, first in 0_u64..4, step in 1_u64..5,
            now in -10_i64..3_000_000,
        ) {
            prop_assume!(2_000_000_u64 * rate / unit < 5_000);
            let schedule = Schedule::new(3, rate, unit, 2_000_000, first, step);
            let listed = (0..).map_while(|n| schedule.due(n)).filter(|&due| due <= now).count();
            prop_assert_eq!(schedule.due_by(now), listed as u64);
        }

        #[test]
        fn extreme_numbers_do_not_overflow(
            start: i64, rate: u64, unit: u64, duration: u64, first: u64, step: u64, n: u64, now: i64,
        ) {
            let schedule = Schedule::new(start, rate, unit, duration, first, step);
            let _ = (schedule.due(n), schedule.due_by(now));
        }
    }
}
