//! One worker's share of an arrival schedule, in the engine's own time.
//!
//! `brunt-pacing` knows when each start of a scenario is due. Workers deal the starts among
//! themselves in turn, and one that was held up needs to know how many are due without counting
//! them one by one: a rate may be absurd.

use brunt_pacing::{ArrivalSchedule, Stripes};

/// Of an instance's starts the `first, first + step, first + 2 · step …`.
#[derive(Debug)]
pub(crate) struct Schedule {
    /// `None`: no starts at all.
    arrivals: Option<ArrivalSchedule>,
    /// The instance's starts.
    stripes: Stripes,
    start: i64,
    first: u64,
    step: u64,
}

impl Schedule {
    /// The share of worker `first` of `step` (not 0) in a scenario that starts at `start`
    /// (monotonic nanoseconds).
    pub(crate) fn new(
        arrivals: ArrivalSchedule,
        stripes: Stripes,
        start: i64,
        first: u64,
        step: u64,
    ) -> Self {
        Self {
            arrivals: Some(arrivals),
            stripes,
            start,
            first,
            step: step.max(1),
        }
    }

    /// A share without any start.
    pub(crate) fn none() -> Self {
        Self {
            arrivals: None,
            stripes: Stripes::whole(),
            start: 0,
            first: 0,
            step: 1,
        }
    }

    /// When the `n`-th start of this share is due; `None` past the last one.
    pub(crate) fn due(&self, n: u64) -> Option<i64> {
        let number = n.checked_mul(self.step)?.checked_add(self.first)?;
        let offset = self.arrivals.as_ref()?.due(self.stripes.global(number)?)?;
        Some(self.start.saturating_add_unsigned(offset))
    }

    /// How many starts of this share are due at `now` or earlier.
    pub(crate) fn due_by(&self, now: i64) -> u64 {
        let (Some(arrivals), Ok(elapsed)) = (
            &self.arrivals,
            u64::try_from(now.saturating_sub(self.start)),
        ) else {
            return 0;
        };
        let all = self
            .stripes
            .scale(arrivals.starts_before(elapsed.saturating_add(1)));
        all.saturating_sub(self.first).div_ceil(self.step)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn arrivals(rate: u64, unit: u64, duration: u64) -> ArrivalSchedule {
        ArrivalSchedule::constant(
            rate,
            Duration::from_nanos(unit),
            Duration::from_nanos(duration),
        )
        .unwrap()
    }

    proptest! {
        #[test]
        fn shares_split_the_whole_exactly(
            rate in 1_u64..10_000, unit in 1_u64..5_000_000_000, duration in 1_u64..2_000_000_000,
            workers in 1_u64..6,
        ) {
            prop_assume!(u128::from(duration) * u128::from(rate) / u128::from(unit) < 5_000);
            let whole = arrivals(rate, unit, duration);
            let mut split: Vec<i64> = (0..workers)
                .flat_map(|worker| {
                    let share = Schedule::new(whole.clone(), Stripes::whole(), 7, worker, workers);
                    (0..).map_while(move |n| share.due(n)).collect::<Vec<_>>()
                })
                .collect();
            split.sort_unstable();
            let whole: Vec<i64> = (0..).map_while(|n| whole.due(n)).map(|at| 7 + at as i64).collect();
            prop_assert_eq!(whole, split);
        }

        #[test]
        fn due_by_counts_what_due_lists(
            rate in 1_u64..1_000, unit in 1_u64..2_000_000, first in 0_u64..4, step in 1_u64..5,
            now in -10_i64..3_000_000,
        ) {
            prop_assume!(2_000_000_u64 * rate / unit < 5_000);
            let schedule = Schedule::new(arrivals(rate, unit, 2_000_000), Stripes::whole(), 3, first, step);
            let listed = (0..).map_while(|n| schedule.due(n)).filter(|&due| due <= now).count();
            prop_assert_eq!(schedule.due_by(now), listed as u64);
        }

        #[test]
        fn extreme_numbers_do_not_overflow(
            start: i64, rate in 1_u64.., first: u64, step: u64, n: u64, now: i64,
        ) {
            let arrivals = arrivals(rate, 1, u64::MAX);
            let schedule = Schedule::new(arrivals, Stripes::whole(), start, first, step);
            let _ = (schedule.due(n), schedule.due_by(now));
        }
    }
}
