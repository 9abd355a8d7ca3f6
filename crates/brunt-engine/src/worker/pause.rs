//! The test's own time on a worker: the clock without the pauses.

use super::Worker;

/// Turns clock times into the test's own and back, and keeps VUs that are free during a pause.
#[derive(Debug, Default)]
pub(super) struct TestTime {
    /// Since when the test stands still, by the clock.
    paused: Option<i64>,
    /// How long it stood still before, in nanoseconds.
    pauses: i64,
    /// VUs without an iteration, and the part that each belongs to: executors hear of them later.
    held: Vec<(u32, usize)>,
    /// Changes of the number of VUs that came meanwhile: part, VUs, maximum.
    scales: Vec<(usize, u64, u64)>,
}

impl TestTime {
    pub(super) fn pause(&mut self, at: i64) {
        self.paused.get_or_insert(at);
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// The test's own time at a clock time.
    pub(super) fn of_clock(&self, now: i64) -> i64 {
        let now = self.paused.map_or(now, |at| now.min(at));
        now.saturating_sub(self.pauses)
    }

    /// The clock time at which the test's own time is `at`, if no pause comes in between.
    pub(super) fn to_clock(&self, at: i64) -> i64 {
        at.saturating_add(self.pauses)
    }

    pub(super) fn hold(&mut self, slot: u32, part: usize) {
        self.held.push((slot, part));
    }

    pub(super) fn hold_scale(&mut self, part: usize, vus: u64, max: u64) {
        self.scales.push((part, vus, max));
    }

    pub(super) fn take_held(&mut self) -> Vec<(u32, usize)> {
        std::mem::take(&mut self.held)
    }
}

impl Worker {
    /// The test's own time.
    pub(super) fn test_now(&self) -> i64 {
        self.test_time.of_clock(self.now())
    }

    /// Goes on after a pause that was over at `at`, by the clock.
    pub(super) fn resume_parts(&mut self, at: i64) {
        let Some(since) = self.test_time.paused.take() else {
            return;
        };
        self.test_time.pauses += at.saturating_sub(since).max(0);
        let now = self.test_now();
        for (part, vus, max) in std::mem::take(&mut self.test_time.scales) {
            self.scale_part(part, vus, max);
        }
        for (slot, part) in self.test_time.take_held() {
            self.idle(slot, part, now);
            self.close_part(part);
        }
    }
}
