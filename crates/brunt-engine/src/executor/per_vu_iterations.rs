//! `per-vu-iterations`: every VU runs the same number of iterations.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Executor, Orders, Shared, Start};

/// One worker's part.
pub(crate) struct PerVuIterations {
    shared: Arc<Shared>,
    iterations: u64,
    /// Iterations of all VUs of all workers.
    total: f64,
    /// How many iterations each VU started.
    started: FxHashMap<u32, u64>,
    ended: bool,
}

impl PerVuIterations {
    pub(crate) fn new(shared: Arc<Shared>, vus: u64, iterations: u64) -> Self {
        let total = vus as f64 * iterations as f64;
        Self {
            shared,
            iterations,
            total,
            started: FxHashMap::default(),
            ended: false,
        }
    }
}

impl Executor for PerVuIterations {
    fn on_idle(&mut self, slot: u32, now: i64, orders: &mut Orders) {
        let started = self.started.entry(slot).or_insert(0);
        let left = self.iterations.saturating_sub(*started);
        if left > 0 && !self.ended {
            *started += 1;
            let number = self.shared.next_number();
            orders.starts.push(Start {
                slot,
                number,
                scheduled: now,
            });
            return;
        }
        if left > 0 {
            orders.dropped.push(left);
        }
        orders.released.push(slot);
    }

    fn on_end(&mut self, _orders: &mut Orders) {
        self.ended = true;
    }

    fn progress(&self) -> Option<f64> {
        Some(self.shared.iterations_over() as f64 / self.total.max(1.0))
    }
}
