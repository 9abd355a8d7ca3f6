//! When the iterations of an arrival-rate executor start.
//!
//! A start's time is a function of its number alone, so a worker finds its own starts without asking
//! the others, a late one shifts none of its followers, and nothing drifts.

mod constant;
mod ramping;

use std::time::Duration;

use crate::error::PacingError;
use crate::stage::Stage;
use crate::stripes::Stripes;
use constant::Constant;
use ramping::Ramping;

/// The times of all starts of one scenario, over all instances and workers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrivalSchedule {
    shape: Shape,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    Constant(Constant),
    Ramping(Ramping),
}

/// One start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// Its number in the test, over all instances, from 0.
    pub index: u64,
    /// When it is due: nanoseconds since the scenario's start.
    pub due: u64,
}

/// Which starts are somebody's own: of an instance's starts every `workers`-th.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The instance's starts.
    pub stripes: Stripes,
    /// Which worker of the instance, from 0.
    pub worker: u64,
    /// How many workers the instance has; 0 counts as 1.
    pub workers: u64,
}

/// The starts of a [`Share`], in the order of their times; from [`ArrivalSchedule::starts`].
#[derive(Debug, Clone)]
pub struct Starts {
    schedule: ArrivalSchedule,
    share: Share,
    /// The next own start, counted within the instance; `None` after the last.
    local: Option<u64>,
}

impl ArrivalSchedule {
    /// `rate` starts every `time_unit` for `duration`. Start i is due at `i · time_unit / rate`
    /// (rounded down to the nanosecond) if that lies before the end.
    pub fn constant(
        rate: u64,
        time_unit: Duration,
        duration: Duration,
    ) -> Result<Self, PacingError> {
        Ok(Self {
            shape: Shape::Constant(Constant::new(rate, time_unit, duration)?),
        })
    }

    /// A rate that changes linearly within each stage: start n (from 1, so index n − 1) is due at
    /// the first nanosecond at which the integral of the rate has reached n, the end included.
    pub fn ramping(
        start_rate: u64,
        time_unit: Duration,
        stages: &[Stage],
    ) -> Result<Self, PacingError> {
        Ok(Self {
            shape: Shape::Ramping(Ramping::new(start_rate, time_unit, stages)?),
        })
    }

    /// When the start of this number is due, in nanoseconds since the scenario's start; `None` when
    /// there is no such start.
    pub fn due(&self, index: u64) -> Option<u64> {
        match &self.shape {
            Shape::Constant(constant) => constant.due(index),
            Shape::Ramping(ramping) => ramping.due(index),
        }
    }

    /// How many starts are due before a time (nanoseconds since the scenario's start), over all
    /// instances.
    pub fn starts_before(&self, time: u64) -> u64 {
        match &self.shape {
            Shape::Constant(constant) => constant.starts_before(time),
            Shape::Ramping(ramping) => ramping.starts_before(time),
        }
    }

    /// How many starts there are, over all instances.
    pub fn total(&self) -> u64 {
        self.starts_before(u64::MAX)
    }

    /// Starts per second at a time (nanoseconds since the scenario's start), over all instances; 0
    /// after the end.
    pub fn rate_at(&self, time: u64) -> f64 {
        match &self.shape {
            Shape::Constant(constant) => constant.rate_at(time),
            Shape::Ramping(ramping) => ramping.rate_at(time),
        }
    }

    /// The starts that belong to somebody.
    pub fn starts(&self, share: Share) -> Starts {
        Starts {
            schedule: self.clone(),
            local: Some(share.worker),
            share,
        }
    }
}

impl Share {
    /// Everything: one instance with one worker.
    pub fn all() -> Self {
        Self {
            stripes: Stripes::whole(),
            worker: 0,
            workers: 1,
        }
    }

    /// A worker's part of an instance that runs everything.
    pub fn of_worker(worker: u64, workers: u64) -> Self {
        Self {
            stripes: Stripes::whole(),
            worker,
            workers,
        }
    }
}

impl Starts {
    /// The next start without taking it.
    pub fn peek(&self) -> Option<Start> {
        let index = self.share.stripes.global(self.local?)?;
        let due = self.schedule.due(index)?;
        Some(Start { index, due })
    }
}

impl Iterator for Starts {
    type Item = Start;

    fn next(&mut self) -> Option<Start> {
        let start = self.peek();
        self.local = match (start, self.local) {
            (Some(_), Some(local)) => local.checked_add(self.share.workers.max(1)),
            _ => None,
        };
        start
    }
}

impl std::iter::FusedIterator for Starts {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::partition::Partition;

    fn schedules() -> impl Strategy<Value = ArrivalSchedule> {
        let stage = (0_u64..3_000_000, 0_u64..50).prop_map(|(micros, target)| Stage {
            duration: Duration::from_micros(micros),
            target,
        });
        prop_oneof![
            (1_u64..1_000, 1_u64..2_000, 0_u64..3_000).prop_map(|(rate, unit, duration)| {
                ArrivalSchedule::constant(
                    rate,
                    Duration::from_millis(unit),
                    Duration::from_millis(duration.min(unit * 300 / rate)),
                )
                .unwrap()
            }),
            (
                0_u64..50,
                100_u64..2_000,
                prop::collection::vec(stage, 1..5)
            )
                .prop_map(|(start, unit, stages)| {
                    ArrivalSchedule::ramping(start, Duration::from_millis(unit), &stages).unwrap()
                }),
        ]
    }

    proptest! {
        #[test]
        fn workers_and_instances_share_every_start_once(
            schedule in schedules(),
            workers in 1_u64..5,
        ) {
            let mut found = Vec::new();
            for text in ["0:1/5", "1/5:1/2", "1/2:1"] {
                let sequence = "0,1/5,1/2,1".parse().unwrap();
                let view = Partition::new(Some(text.parse().unwrap()), Some(&sequence)).unwrap();
                for worker in 0..workers {
                    let share = Share { stripes: view.stripes().clone(), worker, workers };
                    let own: Vec<Start> = schedule.starts(share).collect();
                    prop_assert!(own.is_sorted_by_key(|start| start.due));
                    found.extend(own);
                }
            }
            found.sort_by_key(|start| start.index);
            let all: Vec<Start> = schedule.starts(Share::all()).collect();
            prop_assert_eq!(found, all);
        }

        #[test]
        fn the_closed_form_counts_what_the_iterator_yields(
            schedule in schedules(),
            time in 0_u64..4_000_000_000,
        ) {
            let starts: Vec<Start> = schedule.starts(Share::all()).collect();
            prop_assert_eq!(starts.len() as u64, schedule.total());
            let before = starts.iter().filter(|start| start.due < time).count() as u64;
            prop_assert_eq!(schedule.starts_before(time), before);
            for (position, start) in starts.iter().enumerate() {
                prop_assert_eq!(start.index, position as u64);
                // Not one before its number, not one after.
                prop_assert!(schedule.starts_before(start.due) <= start.index);
                prop_assert!(schedule.starts_before(start.due + 1) > start.index);
            }
        }
    }
}
