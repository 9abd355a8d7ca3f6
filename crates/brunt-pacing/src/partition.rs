//! How a test is dealt out over its instances.
//!
//! Instances do not talk to each other. Each derives from the same sequence of segments the same
//! table of who owns which number, so what they run never overlaps and adds up to the whole.
//!
//! The rule: L is the common denominator of the segments' lengths, and a segment's numerator is its
//! length in L-ths. Segments are ordered by numerator, the largest first and equal ones as they
//! stand. Slot i of L goes to the first of them that has got no more than `i · numerator / L` slots.
//! (That one always exists: were all ahead of their share, they would have got more than i in all.)

use std::cmp::Reverse;
use std::sync::Arc;

use crate::error::PacingError;
use crate::fraction::{Fraction, gcd};
use crate::segment::{ExecutionSegment, SegmentSequence};
use crate::stripes::Stripes;

/// The longest pattern; it bounds memory.
pub const MAX_PERIOD: u64 = 1_000_000;
/// The most segments of one sequence; with [`MAX_PERIOD`] it bounds the time that dealing takes.
pub const MAX_SEGMENTS: usize = 1_000;

/// A test cut into segments, seen from one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    segment: ExecutionSegment,
    sequence: SegmentSequence,
    deal: Deal,
}

/// The table of owners, and the slots of the one whose view this is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Deal {
    /// Slots of each segment in a period.
    shares: Arc<[u64]>,
    /// The segment that owns each slot.
    owners: Arc<[u32]>,
    own: usize,
    stripes: Stripes,
}

impl Default for Partition {
    fn default() -> Self {
        Self::whole()
    }
}

impl Partition {
    /// One instance runs everything.
    pub fn whole() -> Self {
        Self {
            segment: ExecutionSegment::WHOLE,
            sequence: SegmentSequence::around(ExecutionSegment::WHOLE),
            deal: Deal {
                shares: Arc::new([1]),
                owners: Arc::new([0]),
                own: 0,
                stripes: Stripes::whole(),
            },
        }
    }

    /// The view of `segment` within `sequence`. Without a segment it is the whole (then the sequence
    /// must have just that one), without a sequence it is the segment with what is missing before
    /// and after it.
    pub fn new(
        segment: Option<ExecutionSegment>,
        sequence: Option<&SegmentSequence>,
    ) -> Result<Self, PacingError> {
        let segment = segment.unwrap_or(ExecutionSegment::WHOLE);
        let sequence = match sequence {
            Some(sequence) => sequence.filled(),
            None => SegmentSequence::around(segment),
        };
        let points = sequence.points();
        let own = points
            .windows(2)
            .position(|pair| *pair == [segment.from(), segment.to()])
            .ok_or_else(|| PacingError::NotInSequence {
                segment: segment.to_string(),
                sequence: sequence.to_string(),
            })?;
        let too_fine = || PacingError::TooFine(sequence.to_string());
        let shares = lengths(points).ok_or_else(too_fine)?;
        let deal = Deal::new(&shares, own).ok_or_else(too_fine)?;
        Ok(Self {
            segment,
            sequence,
            deal,
        })
    }

    /// The part that this instance runs.
    pub fn segment(&self) -> ExecutionSegment {
        self.segment
    }

    /// All parts, from 0 to 1.
    pub fn sequence(&self) -> &SegmentSequence {
        &self.sequence
    }

    /// Whether this instance runs everything.
    pub fn is_whole(&self) -> bool {
        self.segment == ExecutionSegment::WHOLE
    }

    /// The numbers (of VUs, say) that belong to this instance.
    pub fn stripes(&self) -> &Stripes {
        &self.deal.stripes
    }

    /// This instance's share of `value`.
    pub fn scale(&self, value: u64) -> u64 {
        self.deal.stripes.scale(value)
    }

    /// The numbers of *iterations* that belong to this instance when they are dealt out in proportion
    /// to each instance's share of `vus`. The arrival-rate executors and shared-iterations do that:
    /// an instance that got no VU must not own a start, and one with more VUs gets more of them.
    /// `None` when this instance gets no VU.
    pub fn by_vus(&self, vus: u64) -> Result<Option<Stripes>, PacingError> {
        let shares = self.deal.split(vus);
        if shares.get(self.deal.own).is_none_or(|&own| own == 0) {
            return Ok(None);
        }
        if self.is_whole() {
            return Ok(Some(Stripes::whole()));
        }
        // Instances without VUs own nothing: leaving them out keeps the others' order.
        let own = shares
            .iter()
            .take(self.deal.own)
            .filter(|&&share| share > 0)
            .count();
        let shares: Vec<u64> = shares.into_iter().filter(|&share| share > 0).collect();
        let deal = Deal::new(&shares, own)
            .ok_or_else(|| PacingError::TooFine(format!("{} of {vus} VUs", self.sequence)))?;
        Ok(Some(deal.stripes))
    }
}

impl Deal {
    /// Deals slots in proportion to `shares`; `None` when the pattern would be too long.
    fn new(shares: &[u64], own: usize) -> Option<Self> {
        let divisor = shares.iter().copied().fold(0, gcd).max(1);
        let shares: Vec<u64> = shares.iter().map(|share| share / divisor).collect();
        let period = shares
            .iter()
            .try_fold(0_u64, |sum, &share| sum.checked_add(share))?;
        if period > MAX_PERIOD || shares.len() > MAX_SEGMENTS {
            return None;
        }
        let mut order: Vec<usize> = (0..shares.len()).collect();
        order.sort_by_key(|&segment| Reverse(shares[segment]));
        let mut chosen = vec![0_u64; shares.len()];
        let mut owners = Vec::with_capacity(usize::try_from(period).ok()?);
        let mut slots = Vec::new();
        for slot in 0..period {
            // All numbers are at most `MAX_PERIOD`: no product overflows.
            let owner = order
                .iter()
                .copied()
                .find(|&segment| chosen[segment] * period <= slot * shares[segment])?;
            chosen[owner] += 1;
            owners.push(u32::try_from(owner).ok()?);
            if owner == own {
                slots.push(slot);
            }
        }
        Some(Self {
            shares: shares.into(),
            owners: owners.into(),
            own,
            stripes: Stripes::new(period, slots),
        })
    }

    /// Every segment's share of `value`.
    fn split(&self, value: u64) -> Vec<u64> {
        let period = self.owners.len().max(1) as u64;
        let rest = usize::try_from(value % period).unwrap_or_default();
        let mut split: Vec<u64> = self
            .shares
            .iter()
            .map(|share| value / period * share)
            .collect();
        for &owner in self.owners.iter().take(rest) {
            split[owner as usize] += 1;
        }
        split
    }
}

/// The lengths between neighbouring points in units of their common denominator; `None` when that
/// does not fit.
fn lengths(points: &[Fraction]) -> Option<Vec<u64>> {
    let mut common = 1_u64;
    for point in points {
        let below = point.denominator();
        common = common.checked_mul(below / gcd(common, below))?;
    }
    let scaled = |point: Fraction| point.numerator() * (common / point.denominator());
    Some(
        points
            .windows(2)
            .map(|pair| scaled(pair[1]) - scaled(pair[0]))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn partition(segment: &str, sequence: &str) -> Result<Partition, PacingError> {
        let sequence: Option<SegmentSequence> =
            (!sequence.is_empty()).then(|| sequence.parse().unwrap());
        Partition::new(Some(segment.parse().unwrap()), sequence.as_ref())
    }

    #[test]
    fn known_patterns() {
        for (segment, sequence, slots) in [
            ("0:1", "", vec![0]),
            ("0:1/2", "0,1/2,1", vec![0]),
            ("1/2:1", "0,1/2,1", vec![1]),
            ("1/3:2/3", "0,1/3,2/3,1", vec![1]),
            // The larger rest of the test is dealt first.
            ("20%", "", vec![1]),
            ("1/5:1", "", vec![0, 2, 3, 4]),
            // Equal ones as they stand, after the half that was filled in.
            ("1/4:1/2", "1/4,1/2", vec![3]),
            ("0:1/4", "1/4,1/2", vec![1]),
            ("1/2:1", "1/4,1/2", vec![0, 2]),
        ] {
            let found = partition(segment, sequence).unwrap();
            assert_eq!(found.stripes().slots(), slots, "{segment} of {sequence}");
        }
    }

    #[test]
    fn vus_keep_their_number_in_the_test() {
        let rest = partition("1/5:1", "").unwrap();
        let ids: Vec<_> = (1..=4)
            .map(|id| rest.stripes().vu_id_in_test(id).unwrap())
            .collect();
        assert_eq!(ids, [1, 3, 4, 5]);
        let half = partition("1/2:1", "0,1/2,1").unwrap();
        assert_eq!(half.scale(5), 2);
        assert_eq!(half.stripes().vu_id_in_test(2), Some(4));
    }

    #[test]
    fn iterations_follow_the_split_of_vus() {
        let third = partition("0:1/3", "0,1/3,2/3,1").unwrap();
        let iterations = third.by_vus(6).unwrap().unwrap();
        assert_eq!(iterations.scale(10), 4);
        let numbers: Vec<_> = (0..4)
            .map(|local| iterations.global(local).unwrap())
            .collect();
        assert_eq!(numbers, [0, 3, 6, 9]);
        // Two VUs for three instances: the third one stays out, and the others take half each.
        assert_eq!(
            partition("2/3:1", "0,1/3,2/3,1").unwrap().by_vus(2),
            Ok(None)
        );
        assert_eq!(third.by_vus(2).unwrap().unwrap().period(), 2);
    }

    #[test]
    fn a_segment_must_be_one_of_the_sequence() {
        let error = partition("0:1/3", "0,1/2,1").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the segment 0:1/3 is not one of the sequence 0,1/2,1"
        );
        assert!(Partition::new(None, Some(&"0,1/2,1".parse().unwrap())).is_err());
        assert_eq!(Partition::new(None, None), Ok(Partition::whole()));
    }

    #[test]
    fn what_would_take_too_much_memory_is_refused() {
        for segment in ["0.0000001", "1/1000003:1", "1/18446744073709551615"] {
            assert!(
                matches!(partition(segment, ""), Err(PacingError::TooFine(_))),
                "{segment}"
            );
        }
    }

    fn cuts() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec(1_u64..12, 1..7)
    }

    fn sequence_of(lengths: &[u64]) -> Vec<ExecutionSegment> {
        let whole: u64 = lengths.iter().sum();
        let mut from = 0;
        lengths
            .iter()
            .map(|length| {
                let segment = ExecutionSegment::new(
                    Fraction::new(from, whole).unwrap(),
                    Fraction::new(from + length, whole).unwrap(),
                );
                from += length;
                segment.unwrap()
            })
            .collect()
    }

    fn views(lengths: &[u64]) -> Vec<Partition> {
        let segments = sequence_of(lengths);
        let mut text = String::from("0");
        for segment in &segments {
            text = format!("{text},{}", segment.to());
        }
        let sequence: SegmentSequence = text.parse().unwrap();
        segments
            .into_iter()
            .map(|segment| Partition::new(Some(segment), Some(&sequence)).unwrap())
            .collect()
    }

    proptest! {
        #[test]
        fn every_number_belongs_to_exactly_one_instance(lengths in cuts(), from in 0_u64..10_000) {
            let views = views(&lengths);
            for number in from..from + 100 {
                let owners = views.iter().filter(|view| view.stripes().contains(number)).count();
                prop_assert_eq!(owners, 1);
            }
        }

        #[test]
        fn shares_add_up_and_stay_within_one_of_their_proportion(
            lengths in cuts(),
            value in 0_u64..100_000,
        ) {
            let whole: u64 = lengths.iter().sum();
            let views = views(&lengths);
            let shares: Vec<u64> = views.iter().map(|view| view.scale(value)).collect();
            prop_assert_eq!(shares.iter().sum::<u64>(), value);
            for (share, length) in shares.iter().zip(&lengths) {
                let exact = (value * length) as f64 / whole as f64;
                prop_assert!((*share as f64) < exact + 1.0, "{} of {}", share, exact);
            }
        }

        #[test]
        fn local_and_global_numbers_go_round(lengths in cuts(), local in 0_u64..1_000) {
            for view in views(&lengths) {
                let stripes = view.stripes();
                let global = stripes.global(local).unwrap();
                prop_assert!(stripes.contains(global));
                prop_assert_eq!(stripes.scale(global), local);
                prop_assert_eq!(stripes.scale(global + 1), local + 1);
            }
        }

        #[test]
        fn iterations_are_partitioned_too(lengths in cuts(), vus in 1_u64..60) {
            let stripes: Vec<Stripes> =
                views(&lengths).iter().filter_map(|view| view.by_vus(vus).unwrap()).collect();
            for number in 0..200 {
                prop_assert_eq!(stripes.iter().filter(|own| own.contains(number)).count(), 1);
            }
        }
    }
}
