//! The numbers that belong to one instance: of VUs, of iterations, of starts.
//!
//! Numbers are dealt out in a pattern that repeats, so that every instance gets its share of any
//! range as evenly as possible; a contiguous share would give one instance the whole ramp-up.

use std::sync::Arc;

/// The slots of one instance within a pattern that repeats for ever.
///
/// A global number is counted over all instances, a local one over this instance only; both from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stripes {
    period: u64,
    /// Own slots, rising, each below `period`.
    slots: Arc<[u64]>,
}

impl Default for Stripes {
    fn default() -> Self {
        Self::whole()
    }
}

impl Stripes {
    /// Every number belongs to this instance, and local and global ones are the same.
    pub fn whole() -> Self {
        Self {
            period: 1,
            slots: Arc::new([0]),
        }
    }

    /// `slots` must rise and lie below `period`.
    pub(crate) fn new(period: u64, slots: Vec<u64>) -> Self {
        Self {
            period: period.max(1),
            slots: slots.into(),
        }
    }

    /// After how many numbers the pattern repeats.
    pub fn period(&self) -> u64 {
        self.period
    }

    /// The own slots of one period.
    pub fn slots(&self) -> &[u64] {
        &self.slots
    }

    /// How many of the global numbers below `value` are own ones: this instance's share of `value`.
    pub fn scale(&self, value: u64) -> u64 {
        let own = self.slots.len() as u64;
        let rest = value % self.period;
        let partial = self.slots.partition_point(|&slot| slot < rest) as u64;
        // Own slots are at most `period`, so this is at most `value`.
        value / self.period * own + partial
    }

    /// The global number of a local one; `None` if it is beyond what can be counted, or if nothing
    /// belongs to this instance.
    pub fn global(&self, local: u64) -> Option<u64> {
        let own = self.slots.len() as u64;
        let round = local.checked_div(own)?;
        let slot = self.slots.get(usize::try_from(local % own).ok()?)?;
        round.checked_mul(self.period)?.checked_add(*slot)
    }

    /// Whether a global number belongs to this instance.
    pub fn contains(&self, global: u64) -> bool {
        self.slots.binary_search(&(global % self.period)).is_ok()
    }

    /// The number in the test of the VU that has this number in the instance. VUs count from 1.
    pub fn vu_id_in_test(&self, id_in_instance: u64) -> Option<u64> {
        self.global(id_in_instance.checked_sub(1)?)?.checked_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_maps_every_number_to_itself() {
        let whole = Stripes::whole();
        for number in [0, 1, 17, u64::MAX] {
            assert_eq!(whole.global(number), Some(number));
            assert_eq!(whole.scale(number), number);
            assert!(whole.contains(number));
        }
        assert_eq!(whole.vu_id_in_test(5), Some(5));
        assert_eq!(whole.vu_id_in_test(0), None);
    }

    #[test]
    fn an_instance_without_slots_has_no_numbers() {
        let none = Stripes::new(3, Vec::new());
        assert_eq!(none.scale(u64::MAX), 0);
        assert_eq!(none.global(0), None);
        assert!(!none.contains(0));
    }

    #[test]
    fn numbers_beyond_counting_are_refused() {
        let rare = Stripes::new(1_000, vec![999]);
        assert_eq!(rare.global(2), Some(2_999));
        assert_eq!(rare.global(u64::MAX), None);
    }
}
