//! Starts at a rate that changes linearly, stage by stage.
//!
//! Start n is due when the integral of the rate reaches n. With rates a and b (starts per unit U)
//! at the ends of a stage of length D, the integral from the stage's start to x is
//! `(2aD·x + (b − a)·x²) / (2·D·U)`, and a whole stage adds `(a + b)·D / (2·U)`. Counted in parts of
//! `1 / 2U` a stage's sum is an integer, so fractions of a start carry over stage boundaries without
//! rounding; and whether the integral has reached n at a given nanosecond is a comparison of integers.
//! Only the first guess at x uses floating point.

use std::time::Duration;

use crate::error::PacingError;
use crate::nanos;
use crate::stage::Stage;
use crate::wide::Wide;

/// Stages with their sums up front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ramping {
    /// Nanoseconds that rates count for.
    unit: u64,
    /// Without those that take no time: these only change the rate, which the next one knows.
    pieces: Vec<Piece>,
    end: u64,
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    begin: u64,
    /// Above zero.
    length: u64,
    from: u64,
    to: u64,
    /// The integral before this piece, in parts of `1 / 2U`.
    before: u128,
}

impl Ramping {
    pub(super) fn new(start: u64, unit: Duration, stages: &[Stage]) -> Result<Self, PacingError> {
        let unit = nanos(unit);
        if unit == 0 {
            return Err(PacingError::NoRate);
        }
        let (mut begin, mut before, mut rate) = (0_u64, 0_u128, start);
        let mut pieces = Vec::with_capacity(stages.len());
        for stage in stages {
            // What lies beyond the end of time never comes.
            let length = nanos(stage.duration).min(u64::MAX - begin);
            if length > 0 {
                let piece = Piece {
                    begin,
                    length,
                    from: rate,
                    to: stage.target,
                    before,
                };
                before = before.saturating_add(piece.sum());
                begin += length;
                pieces.push(piece);
            }
            rate = stage.target;
        }
        Ok(Self {
            unit,
            pieces,
            end: begin,
        })
    }

    pub(super) fn due(&self, index: u64) -> Option<u64> {
        let wanted = (u128::from(index) + 1) * 2 * u128::from(self.unit);
        let position = self
            .pieces
            .partition_point(|piece| piece.before.saturating_add(piece.sum()) < wanted);
        let piece = self.pieces.get(position)?;
        Some(piece.begin + piece.when(wanted - piece.before))
    }

    pub(super) fn starts_before(&self, time: u64) -> u64 {
        // A start lies on the first nanosecond at which its integral is reached, so those before
        // `time` are those reached one nanosecond earlier.
        let Some(last) = time.checked_sub(1) else {
            return 0;
        };
        let last = last.min(self.end);
        let position = self.pieces.partition_point(|piece| piece.begin <= last);
        let Some(piece) = position.checked_sub(1).and_then(|i| self.pieces.get(i)) else {
            return 0;
        };
        let sum = piece
            .before
            .saturating_add(piece.sum_until(last - piece.begin));
        u64::try_from(sum / (2 * u128::from(self.unit))).unwrap_or(u64::MAX)
    }

    pub(super) fn rate_at(&self, time: u64) -> f64 {
        let position = self.pieces.partition_point(|piece| piece.begin <= time);
        match position.checked_sub(1).and_then(|i| self.pieces.get(i)) {
            Some(piece) if time < self.end => {
                let part = (time - piece.begin) as f64 / piece.length as f64;
                let rate = piece.from as f64 + (piece.to as f64 - piece.from as f64) * part;
                rate * 1e9 / self.unit as f64
            }
            _ => 0.0,
        }
    }
}

impl Piece {
    /// The integral of all of it, in parts of `1 / 2U`.
    fn sum(&self) -> u128 {
        (u128::from(self.from) + u128::from(self.to)).saturating_mul(u128::from(self.length))
    }

    /// `2aD + (b − a)x`: the sum at x is this times `x / D`. `x` is at most `length`.
    fn slope(&self, x: u64) -> u128 {
        let (from, to) = (u128::from(self.from), u128::from(self.to));
        let base = (from * u128::from(self.length)).saturating_mul(2);
        if to >= from {
            base.saturating_add((to - from) * u128::from(x))
        } else {
            base.saturating_sub((from - to) * u128::from(x))
        }
    }

    /// The whole part of the sum from its start to `x`.
    fn sum_until(&self, x: u64) -> u128 {
        Wide::product(self.slope(x), x).divided_by(self.length)
    }

    /// Whether the sum has reached `wanted` at `x`.
    fn reached(&self, x: u64, wanted: u128) -> bool {
        Wide::product(self.slope(x), x) >= Wide::product(wanted, self.length)
    }

    /// The first x at which the sum has reached `wanted`, which is above zero and at most `sum()`.
    fn when(&self, wanted: u128) -> u64 {
        let guess = self.guess(wanted as f64);
        // Bracket the answer around the guess, which is a few nanoseconds off at most, then halve.
        let (mut low, mut high) = (guess, guess);
        let mut step = 1;
        while low > 0 && self.reached(low, wanted) {
            high = low;
            low = low.saturating_sub(step);
            step = step.saturating_mul(2);
        }
        step = 1;
        while high < self.length && !self.reached(high, wanted) {
            low = high;
            high = high.saturating_add(step).min(self.length);
            step = step.saturating_mul(2);
        }
        // Here `low` has not reached it (at 0 nothing is reached), and `high` has.
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.reached(middle, wanted) {
                high = middle;
            } else {
                low = middle;
            }
        }
        high
    }

    /// The root of `(b − a)x² + 2aD·x = wanted·D` in the form that loses no digits when a and b are
    /// close: `x = wanted / (a + √(a² + (b − a)·wanted / D))`.
    fn guess(&self, wanted: f64) -> u64 {
        let (from, to, length) = (self.from as f64, self.to as f64, self.length as f64);
        let root = (from * from + (to - from) * wanted / length)
            .max(0.0)
            .sqrt();
        // Casts of floats saturate, and a NaN becomes 0.
        ((wanted / (from + root)) as u64).min(self.length)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn stage(millis: u64, target: u64) -> Stage {
        Stage {
            duration: Duration::from_millis(millis),
            target,
        }
    }

    fn ramp(start: u64, stages: &[Stage]) -> Ramping {
        Ramping::new(start, Duration::from_secs(1), stages).unwrap()
    }

    #[test]
    fn a_climb_starts_when_the_area_below_it_is_whole() {
        // 0 to 20 per second in a second: 10t² = n.
        let climb = ramp(0, &[stage(1_000, 20), stage(0, 0), stage(1_000, 0)]);
        assert_eq!(climb.starts_before(u64::MAX), 10);
        for n in 1_u64..=10 {
            let exact = (n as f64 / 10.0).sqrt() * 1e9;
            let due = climb.due(n - 1).unwrap();
            assert!((due as f64 - exact).abs() <= 1.0, "{n}: {due} {exact}");
        }
        assert_eq!(climb.due(9), Some(SECOND));
        assert_eq!(climb.due(10), None);
    }

    #[test]
    fn a_flat_stage_starts_after_each_whole_interval() {
        let flat = ramp(4, &[stage(2_000, 4)]);
        let due: Vec<u64> = (0..8).map(|i| flat.due(i).unwrap()).collect();
        assert_eq!(due, (1..=8).map(|n| n * SECOND / 4).collect::<Vec<_>>());
        assert_eq!(flat.due(8), None);
    }

    #[test]
    fn fractions_carry_over_stages_and_a_stage_without_time_jumps() {
        // Half a start in the first second, none in the next, then two per second.
        let plan = ramp(
            0,
            &[
                stage(1_000, 1),
                stage(0, 0),
                stage(1_000, 0),
                stage(0, 2),
                stage(1_000, 2),
            ],
        );
        assert_eq!(plan.due(0), Some(2 * SECOND + SECOND / 4));
        assert_eq!(plan.due(1), Some(2 * SECOND + 3 * SECOND / 4));
        assert_eq!(plan.due(2), None);
        assert_eq!(plan.rate_at(500_000_000), 0.5);
        assert_eq!(plan.rate_at(1_500_000_000), 0.0);
        assert_eq!(plan.rate_at(2_500_000_000), 2.0);
        assert_eq!(plan.rate_at(3_500_000_000), 0.0);
    }

    #[test]
    fn nothing_starts_without_a_rate_or_time() {
        assert_eq!(ramp(0, &[]).due(0), None);
        assert_eq!(ramp(9, &[stage(0, 5)]).starts_before(u64::MAX), 0);
        assert_eq!(ramp(0, &[stage(1_000, 0)]).due(0), None);
        assert!(Ramping::new(1, Duration::ZERO, &[]).is_err());
    }

    #[test]
    fn extremes_neither_panic_nor_hang() {
        let huge = Stage {
            duration: Duration::MAX,
            target: u64::MAX,
        };
        for start in [0, 1, u64::MAX] {
            for second in [0, u64::MAX] {
                let stages = [
                    huge,
                    Stage {
                        target: second,
                        ..huge
                    },
                    stage(1, 1),
                ];
                let plan = Ramping::new(start, Duration::from_nanos(1), &stages).unwrap();
                for index in [0, 1, 1 << 40, u64::MAX] {
                    let _ = plan.due(index);
                    let _ = plan.starts_before(index);
                    let _ = plan.rate_at(index);
                }
            }
        }
    }

    proptest! {
        /// Sums the rate over many small steps and compares.
        #[test]
        fn starts_agree_with_numeric_integration(
            start in 0_u64..100,
            stages in prop::collection::vec((0_u64..5_000, 0_u64..100), 1..5),
        ) {
            const STEPS: u32 = 200;
            let stages: Vec<Stage> = stages.into_iter().map(|(d, t)| stage(d, t)).collect();
            let plan = ramp(start, &stages);
            let (mut time, mut area, mut rate) = (0.0_f64, 0.0_f64, start as f64);
            for stage in &stages {
                let (length, target) = (stage.duration.as_secs_f64(), stage.target as f64);
                let width = length / f64::from(STEPS);
                for step in 0..STEPS {
                    let middle = rate + (target - rate) * (f64::from(step) + 0.5) / f64::from(STEPS);
                    area += middle * width;
                    time += width;
                    let counted = plan.starts_before((time * 1e9).round() as u64 + 1) as f64;
                    prop_assert!((counted - area.floor()).abs() <= f64::from(u8::from(
                        (area - area.round()).abs() < 1e-6
                    )), "{} starts, area {} at {}", counted, area, time);
                }
                rate = target;
            }
        }

        #[test]
        fn a_due_time_is_the_first_that_reaches_its_number(
            from in 0_u64..1_000_000,
            to in 0_u64..1_000_000,
            length in 1_u64..1_000_000_000_000_000,
            share in 0.0_f64..1.0,
        ) {
            let stages = [Stage { duration: Duration::from_nanos(length), target: to }];
            let plan = Ramping::new(from, Duration::from_secs(1), &stages).unwrap();
            let total = plan.starts_before(u64::MAX);
            prop_assume!(total > 0);
            let index = ((total as f64 * share) as u64).min(total - 1);
            let due = plan.due(index).unwrap();
            prop_assert!(plan.starts_before(due + 1) > index);
            prop_assert!(plan.starts_before(due) <= index);
            prop_assert!(due <= length);
        }
    }
}
