//! Deadlines of virtual users: a binary heap that knows where each one's entry is.
//!
//! Every VU has at most one entry, so memory is bounded by the number of VUs. A plain heap with
//! stale entries would hold one for each time-out that was never reached.

/// Deadlines by slot, the earliest one first.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: Vec<(i64, u32)>,
    /// For each slot where it stands in the heap; [`NOWHERE`] if it has no deadline.
    places: Vec<u32>,
}

const NOWHERE: u32 = u32::MAX;

impl Timers {
    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<i64> {
        self.heap.first().map(|&(at, _)| at)
    }

    /// Makes sure that the slot comes up at `at` or before. An earlier entry stays as it is: whoever
    /// takes it sets the later deadline then, so that moving one back costs nothing.
    pub(crate) fn at_latest(&mut self, slot: u32, at: i64) {
        if self.places.len() <= slot as usize {
            self.places.resize(slot as usize + 1, NOWHERE);
        }
        let place = self.places[slot as usize];
        if place == NOWHERE {
            self.places[slot as usize] = self.heap.len() as u32;
            self.heap.push((at, slot));
            self.up(self.heap.len() - 1);
        } else if at < self.heap[place as usize].0 {
            self.heap[place as usize].0 = at;
            self.up(place as usize);
        }
    }

    /// Takes out the slot with the earliest deadline if that is due.
    pub(crate) fn pop_due(&mut self, now: i64) -> Option<u32> {
        let &(at, slot) = self.heap.first()?;
        if at > now {
            return None;
        }
        self.places[slot as usize] = NOWHERE;
        let last = self.heap.pop()?;
        if let Some(root) = self.heap.first_mut() {
            *root = last;
            self.places[last.1 as usize] = 0;
            self.down(0);
        }
        Some(slot)
    }

    fn up(&mut self, mut place: usize) {
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.heap[parent].0 <= self.heap[place].0 {
                break;
            }
            self.swap(parent, place);
            place = parent;
        }
    }

    fn down(&mut self, mut place: usize) {
        loop {
            let (left, right) = (2 * place + 1, 2 * place + 2);
            let mut least = place;
            for child in [left, right] {
                if child < self.heap.len() && self.heap[child].0 < self.heap[least].0 {
                    least = child;
                }
            }
            if least == place {
                break;
            }
            self.swap(least, place);
            place = least;
        }
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.heap.swap(a, b);
        self.places[self.heap[a].1 as usize] = a as u32;
        self.places[self.heap[b].1 as usize] = b as u32;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn behaves_like_a_sorted_map(
            steps in prop::collection::vec((0_u32..8, 0_i64..100, any::<bool>()), 0..200)
        ) {
            let mut timers = Timers::default();
            let mut model: BTreeMap<u32, i64> = BTreeMap::new();
            for (slot, at, take) in steps {
                if take {
                    let mut due = Vec::new();
                    while let Some(slot) = timers.pop_due(at) {
                        due.push(model.remove(&slot).unwrap());
                    }
                    prop_assert!(due.is_sorted());
                    prop_assert!(model.values().all(|&left| left > at));
                } else {
                    timers.at_latest(slot, at);
                    model.entry(slot).and_modify(|old| *old = at.min(*old)).or_insert(at);
                }
                prop_assert_eq!(timers.next(), model.values().min().copied());
            }
        }
    }
}
