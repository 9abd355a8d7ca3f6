//! How often each kind of error came, over time. Apart from the timeline of the totals, because kinds are not known
//! before the files are read.
//!
//! Slots begin as wide as the timeline's and double in the same way, at multiples of their width. Errors never span
//! more time than all samples do, so each slot of the timeline is a whole number of these.

use std::collections::BTreeMap;

/// The width of slots at first, as that of the timeline.
const NARROWEST: i64 = 250_000_000;

/// Slots, at most: not more than the timeline has.
const MOST: usize = 240;

/// Counts by slot and row.
#[derive(Debug)]
pub(crate) struct Failures {
    /// In nanoseconds.
    width: i64,
    /// By the slot's number, its begin divided by the width; then by row.
    slots: BTreeMap<i64, Vec<u64>>,
}

impl Default for Failures {
    fn default() -> Self {
        Self {
            width: NARROWEST,
            slots: BTreeMap::new(),
        }
    }
}

impl Failures {
    /// Counts one.
    pub(crate) fn add(&mut self, row: usize, time: i64) {
        let counts = self.slots.entry(time.div_euclid(self.width)).or_default();
        count(counts, row, 1);
        while self.slots.len() > MOST {
            self.double();
        }
    }

    /// How many of a row came from a time on, for so long, in nanoseconds.
    pub(crate) fn within(&self, row: usize, begin: i64, length: i64) -> u64 {
        let number = |time: i64| time.div_euclid(self.width);
        let end = begin.saturating_add(length.max(self.width));
        let slots = self.slots.range(number(begin)..number(end));
        slots.filter_map(|(_, counts)| counts.get(row)).sum()
    }

    fn double(&mut self) {
        self.width *= 2;
        for (number, counts) in std::mem::take(&mut self.slots) {
            let pair = self.slots.entry(number.div_euclid(2)).or_default();
            for (row, times) in counts.into_iter().enumerate() {
                count(pair, row, times);
            }
        }
    }
}

fn count(counts: &mut Vec<u64>, row: usize, times: u64) {
    if row >= counts.len() {
        counts.resize(row + 1, 0);
    }
    counts[row] += times;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_is_lost_when_slots_double() {
        let mut failures = Failures::default();
        for second in (0..100_000).rev() {
            failures.add(second % 3, second as i64 * 1_000_000_000);
        }
        assert!(failures.slots.len() <= MOST);
        for row in 0..3 {
            let whole = failures.within(row, 0, 1 << 50);
            assert_eq!(
                whole,
                (0..100_000).filter(|it| it % 3 == row).count() as u64
            );
            // A slot of a timeline is twice as wide here.
            let width = failures.width * 2;
            let slots = (0..).map(|at| at * width).take_while(|at| *at < 1 << 50);
            let sum: u64 = slots.map(|begin| failures.within(row, begin, width)).sum();
            assert_eq!(sum, whole);
        }
    }
}
