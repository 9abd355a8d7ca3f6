//! How many VUs a ramping-vus executor wants, when.
//!
//! In a stage from `f` to `t` VUs over D the j-th change by one VU comes at `j·D/|t − f|` after the
//! stage's start, so the first one interval after the start and the last at the very end. VUs are
//! numbered; a climb adds the next number and a descent takes the highest away. Nothing is
//! materialised: a plan may speak of a hundred million VUs.

use crate::nanos;
use crate::stage::Stage;
use crate::stripes::Stripes;

/// The number of VUs over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VuRamp {
    start: u64,
    pieces: Vec<Piece>,
    end: u64,
}

/// From a time on, so many VUs of this instance are to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VuStep {
    /// Nanoseconds since the scenario's start.
    pub at: u64,
    /// How many VUs: those numbered `0..vus` within the instance.
    pub vus: u64,
}

/// One stage, in nanoseconds and VUs of the whole test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    begin: u64,
    length: u64,
    from: u64,
    to: u64,
}

impl VuRamp {
    /// A plan that begins with `start` VUs.
    pub fn new(start: u64, stages: &[Stage]) -> Self {
        let (mut begin, mut from) = (0_u64, start);
        let mut pieces = Vec::with_capacity(stages.len());
        for stage in stages {
            let length = nanos(stage.duration).min(u64::MAX - begin);
            pieces.push(Piece {
                begin,
                length,
                from,
                to: stage.target,
            });
            begin += length;
            from = stage.target;
        }
        Self {
            start,
            pieces,
            end: begin,
        }
    }

    /// When the last stage ends, in nanoseconds since the scenario's start.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The most VUs of the whole test at any time.
    pub fn max_vus(&self) -> u64 {
        self.pieces
            .iter()
            .map(|piece| piece.to)
            .fold(self.start, u64::max)
    }

    /// How many VUs of the whole test are to run at a time. The last stage's target goes on after
    /// the end.
    pub fn vus_at(&self, time: u64) -> u64 {
        let position = self.pieces.partition_point(|piece| piece.begin <= time);
        match position.checked_sub(1).and_then(|i| self.pieces.get(i)) {
            Some(piece) => piece.vus_at(time - piece.begin),
            None => self.start,
        }
    }

    /// How many VUs are kept at a time when one that was ramped down stays reserved for `grace`
    /// nanoseconds, to end its iteration or to be wanted again.
    ///
    /// So this is the maximum of [`VuRamp::vus_at`] over the last `grace`, which lies at the ends of
    /// that window or where stages meet, because a stage only climbs or only falls.
    pub fn reserved_at(&self, time: u64, grace: u64) -> u64 {
        let since = time.saturating_sub(grace);
        let most = self.vus_at(time).max(self.vus_at(since));
        let first = self.pieces.partition_point(|piece| piece.begin <= since);
        self.pieces
            .iter()
            .skip(first)
            .take_while(|piece| piece.begin <= time)
            .fold(most, |most, piece| most.max(piece.from))
    }

    /// The times at which this plan rises, of which at most `limit` are given, evenly
    /// chosen, always including the last of each stage.
    pub fn rises(&self, limit: u64) -> impl Iterator<Item = u64> + '_ {
        let changes: u64 = self.pieces.iter().fold(0, |sum, piece| {
            sum.saturating_add(piece.to.saturating_sub(piece.from))
        });
        let stride = changes.div_ceil(limit.max(1)).max(1);
        self.pieces.iter().flat_map(move |piece| {
            let changes = piece.to.saturating_sub(piece.from);
            (0..changes.div_ceil(stride))
                .map(move |i| piece.change(i.saturating_add(1).saturating_mul(stride).min(changes)))
        })
    }

    /// The changes of this instance's number of VUs, in order. The first says how many there are at
    /// the start; changes at the same time are given one by one but for those of a stage that takes
    /// no time, which come as one.
    pub fn steps(&self, stripes: &Stripes) -> Steps {
        Steps {
            first: Some(VuStep {
                at: 0,
                vus: stripes.scale(self.start),
            }),
            ramp: self.clone(),
            stripes: stripes.clone(),
            piece: 0,
            change: 0,
        }
    }
}

/// The changes of an instance's number of VUs; from [`VuRamp::steps`].
#[derive(Debug, Clone)]
pub struct Steps {
    first: Option<VuStep>,
    ramp: VuRamp,
    stripes: Stripes,
    /// Where it stands: the stage, and how many of its changes were given.
    piece: usize,
    change: u64,
}

impl Iterator for Steps {
    type Item = VuStep;

    fn next(&mut self) -> Option<VuStep> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        loop {
            let piece = self.ramp.pieces.get(self.piece)?;
            if let Some(step) = piece.step(&self.stripes, self.change) {
                self.change += 1;
                return Some(step);
            }
            self.piece += 1;
            self.change = 0;
        }
    }
}

impl Piece {
    /// When the j-th change comes, from 1; rounded up to the nanosecond.
    fn change(&self, j: u64) -> u64 {
        let changes = u128::from(self.from.abs_diff(self.to)).max(1);
        let offset = (u128::from(j) * u128::from(self.length)).div_ceil(changes);
        self.begin
            .saturating_add(u64::try_from(offset).unwrap_or(u64::MAX))
    }

    fn vus_at(&self, offset: u64) -> u64 {
        if offset >= self.length {
            return self.to;
        }
        let all = self.from.abs_diff(self.to);
        let done = u128::from(offset) * u128::from(all) / u128::from(self.length);
        // `offset < length`, so this is less than `all`.
        let done = u64::try_from(done).unwrap_or(all);
        if self.to >= self.from {
            self.from + done
        } else {
            self.from - done
        }
    }

    /// The i-th change of an instance's VUs; `None` after the last.
    fn step(&self, stripes: &Stripes, i: u64) -> Option<VuStep> {
        let (from, to) = (stripes.scale(self.from), stripes.scale(self.to));
        if self.length == 0 {
            return (i == 0 && from != to).then_some(VuStep {
                at: self.begin,
                vus: to,
            });
        }
        if i >= from.abs_diff(to) {
            return None;
        }
        // VU number `number` of the test comes or goes with the change that its number is due.
        let (j, vus) = if to > from {
            let number = stripes.global(from + i)?;
            (number.checked_sub(self.from)?.checked_add(1)?, from + i + 1)
        } else {
            let number = stripes.global(from - i - 1)?;
            (self.from.checked_sub(number)?, from - i - 1)
        };
        Some(VuStep {
            at: self.change(j),
            vus,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::partition::Partition;

    const SECOND: u64 = 1_000_000_000;

    fn stage(millis: u64, target: u64) -> Stage {
        Stage {
            duration: Duration::from_millis(millis),
            target,
        }
    }

    fn steps(ramp: &VuRamp) -> Vec<(u64, u64)> {
        ramp.steps(&Stripes::whole())
            .map(|step| (step.at, step.vus))
            .collect()
    }

    #[test]
    fn changes_come_at_the_end_of_their_intervals() {
        let ramp = VuRamp::new(
            1,
            &[
                stage(3_000, 4),
                stage(0, 2),
                stage(1_000, 2),
                stage(2_000, 0),
            ],
        );
        assert_eq!(
            steps(&ramp),
            [
                (0, 1),
                (SECOND, 2),
                (2 * SECOND, 3),
                (3 * SECOND, 4),
                (3 * SECOND, 2),
                (5 * SECOND, 1),
                (6 * SECOND, 0),
            ]
        );
        assert_eq!(ramp.max_vus(), 4);
        assert_eq!(ramp.end(), 6 * SECOND);
        assert_eq!(ramp.vus_at(SECOND - 1), 1);
        assert_eq!(ramp.vus_at(SECOND), 2);
        assert_eq!(ramp.vus_at(4 * SECOND), 2);
        assert_eq!(ramp.vus_at(9 * SECOND), 0);
    }

    #[test]
    fn a_vu_ramped_down_stays_reserved_for_its_grace() {
        let ramp = VuRamp::new(
            5,
            &[stage(0, 1), stage(10_000, 1), stage(0, 3), stage(10_000, 3)],
        );
        assert_eq!(ramp.reserved_at(0, 2 * SECOND), 1);
        let ramp = VuRamp::new(1, &[stage(4_000, 5), stage(4_000, 1), stage(9_000, 1)]);
        assert_eq!(ramp.reserved_at(4 * SECOND, 2 * SECOND), 5);
        // The fifth VU goes at 5 s and is kept until 7 s.
        assert_eq!(ramp.reserved_at(7 * SECOND - 1, 2 * SECOND), 5);
        assert_eq!(ramp.reserved_at(7 * SECOND, 2 * SECOND), 4);
        assert_eq!(ramp.reserved_at(7 * SECOND, 0), ramp.vus_at(7 * SECOND));
    }

    #[test]
    fn extremes_neither_panic_nor_wrap() {
        let huge = Stage {
            duration: Duration::MAX,
            target: u64::MAX,
        };
        let ramp = VuRamp::new(0, &[huge, huge, stage(1, 0)]);
        assert_eq!(ramp.max_vus(), u64::MAX);
        for time in [0, 1, u64::MAX / 2, u64::MAX] {
            let _ = (ramp.vus_at(time), ramp.reserved_at(time, u64::MAX));
        }
        assert!(ramp.rises(10).count() <= 12);
        assert_eq!(ramp.steps(&Stripes::whole()).nth(1_000).unwrap().vus, 1_000);
    }

    fn plans() -> impl Strategy<Value = VuRamp> {
        (
            0_u64..20,
            prop::collection::vec((0_u64..4_000, 0_u64..20), 0..6),
        )
            .prop_map(|(start, stages)| {
                let stages: Vec<_> = stages.into_iter().map(|(d, t)| stage(d, t)).collect();
                VuRamp::new(start, &stages)
            })
    }

    proptest! {
        #[test]
        fn steps_agree_with_the_closed_form(ramp in plans(), time in 0_u64..20_000_000_000) {
            let steps = steps(&ramp);
            prop_assert!(steps.is_sorted_by_key(|step| step.0));
            let last = steps.iter().rev().find(|step| step.0 <= time).unwrap();
            prop_assert_eq!(last.1, ramp.vus_at(time));
        }

        #[test]
        fn instances_ramp_their_own_vus_at_the_tests_times(
            ramp in plans(),
            time in 0_u64..20_000_000_000,
        ) {
            let sequence = "0,1/5,1/2,1".parse().unwrap();
            let mut sum = 0;
            for text in ["0:1/5", "1/5:1/2", "1/2:1"] {
                let view = Partition::new(Some(text.parse().unwrap()), Some(&sequence)).unwrap();
                let steps: Vec<_> = ramp.steps(view.stripes()).collect();
                let last = steps.iter().rev().find(|step| step.at <= time).unwrap();
                prop_assert_eq!(last.vus, view.scale(ramp.vus_at(time)));
                sum += last.vus;
            }
            prop_assert_eq!(sum, ramp.vus_at(time));
        }

        #[test]
        fn the_reserve_is_the_maximum_of_the_last_grace(
            ramp in plans(),
            time in 0_u64..20_000_000_000,
            grace in 0_u64..5_000_000_000,
        ) {
            let since = time.saturating_sub(grace);
            let steps = steps(&ramp);
            // What was wanted for any time, and what was wanted if only for an instant.
            let (mut lasting, mut any) = (ramp.vus_at(time), ramp.vus_at(time));
            for (i, &(at, vus)) in steps.iter().enumerate() {
                let until = steps.get(i + 1).map_or(u64::MAX, |next| next.0);
                if at <= time && until > since {
                    any = any.max(vus);
                    if until > at {
                        lasting = lasting.max(vus);
                    }
                }
            }
            let found = ramp.reserved_at(time, grace);
            prop_assert!(lasting <= found && found <= any, "{} {} {}", lasting, found, any);
        }

        #[test]
        fn every_peak_is_among_the_rises(ramp in plans(), limit in 1_u64..40) {
            let rises: Vec<u64> = ramp.rises(limit).collect();
            let most = rises.iter().map(|&at| ramp.vus_at(at)).fold(ramp.vus_at(0), u64::max);
            let seen = steps(&ramp).iter().map(|step| ramp.vus_at(step.0)).max().unwrap();
            prop_assert_eq!(most, seen);
        }
    }
}
