//! More and fewer VUs for a scenario, by command.

use std::sync::atomic::Ordering;

use super::parts::Phase;
use super::{Event, Worker};

impl Worker {
    /// Gives a scenario a VU with a number of its own.
    pub(super) fn add_numbered(&mut self, slot: u32, index: usize, number: u64) {
        let running = self
            .parts
            .get(index)
            .is_some_and(|part| part.phase == Phase::Running);
        if running && !self.stopped {
            self.parts[index].executor.on_vu(slot, number);
            let now = self.test_now();
            self.give(slot, index, now);
            self.tell(Event::Added(Ok(())));
        } else {
            self.spare.push(slot);
            self.tell(Event::Added(Err("the scenario is over".to_owned())));
        }
    }

    /// Lets a scenario have so many VUs, and drops those that it gives up.
    pub(super) fn scale_part(&mut self, index: usize, vus: u64, max: u64) {
        if self.test_time.is_paused() {
            self.test_time.hold_scale(index, vus, max);
            return;
        }
        let now = self.test_now();
        let Some(part) = self.parts.get_mut(index) else {
            return;
        };
        part.executor.on_scale(vus, max, now, &mut self.orders);
        self.carry_out(index);
    }

    /// Drops the VU of a controlled scenario that was released before the scenario's end, so that
    /// its memory is free again. False: somebody else may need it.
    pub(super) fn retire(&mut self, slot: u32, index: usize) -> bool {
        let place = &self.slots[slot as usize];
        let number = place.id.in_instance;
        let is_others = |(other, shared): (usize, &std::sync::Arc<crate::executor::Shared>)| {
            let planned = u32::try_from(number.saturating_sub(1)).unwrap_or(u32::MAX);
            other != index && shared.vus.binary_search(&planned).is_ok()
        };
        let controlled = self.parts[index].executor.is_controlled();
        let running = self.parts[index].phase == Phase::Running;
        if !controlled || !running || self.common.scenarios.iter().enumerate().any(is_others) {
            return false;
        }
        self.remove(slot);
        self.common
            .state
            .vus_initialized
            .fetch_sub(1, Ordering::Relaxed);
        true
    }
}
