//! `shared-iterations`: VUs take numbers from one counter until it is used up.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Executor, Orders, Shared, Start};

/// One worker's part; the counter is common to all.
pub(crate) struct SharedIterations {
    shared: Arc<Shared>,
    iterations: u64,
    ended: bool,
}

impl SharedIterations {
    pub(crate) fn new(shared: Arc<Shared>, iterations: u64) -> Self {
        Self {
            shared,
            iterations,
            ended: false,
        }
    }
}

impl Executor for SharedIterations {
    fn on_idle(&mut self, slot: u32, now: i64, orders: &mut Orders) {
        // The counter stops at the end, so that it tells how many were started.
        let number = (!self.ended).then(|| {
            let next = |n| (n < self.iterations).then_some(n + 1);
            self.shared
                .numbers
                .fetch_update(Ordering::AcqRel, Ordering::Acquire, next)
                .ok()
        });
        match number.flatten() {
            Some(number) => orders.starts.push(Start {
                slot,
                number,
                scheduled: now,
            }),
            None => orders.released.push(slot),
        }
    }

    fn on_end(&mut self, _orders: &mut Orders) {
        self.ended = true;
    }

    fn on_last(&mut self, orders: &mut Orders) {
        let left = self
            .iterations
            .saturating_sub(self.shared.numbers.load(Ordering::Acquire));
        if left > 0 {
            orders.dropped.push(left);
        }
    }

    fn progress(&self) -> Option<f64> {
        Some(self.shared.iterations_over() as f64 / self.iterations.max(1) as f64)
    }
}
