//! `constant-vus`: every VU loops until the end.

use std::sync::Arc;

use super::{Executor, Orders, Shared, Start};

/// One worker's part.
pub(crate) struct ConstantVus {
    shared: Arc<Shared>,
    ended: bool,
}

impl ConstantVus {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            ended: false,
        }
    }
}

impl Executor for ConstantVus {
    fn on_idle(&mut self, slot: u32, now: i64, orders: &mut Orders) {
        if self.ended {
            orders.released.push(slot);
        } else {
            let number = self.shared.next_number();
            orders.starts.push(Start {
                slot,
                number,
                scheduled: now,
            });
        }
    }

    fn on_end(&mut self, _orders: &mut Orders) {
        self.ended = true;
    }
}
