//! Carrying out what executors order: iterations, and the way of VUs from one scenario to the next.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::executor::{Orders, Start};
use crate::log::Level;
use crate::mailbox::Message;
use crate::vu::{Call, Iteration, Outcome};

use super::Worker;
use super::parts::Phase;
use super::slots::{Job, Status};

impl Worker {
    /// Does what the executor of a part ordered.
    pub(super) fn carry_out(&mut self, index: usize) {
        if self.orders.is_empty() {
            return;
        }
        // Giving a VU to another scenario makes orders of its own: these are taken out before.
        let mut orders: Orders = std::mem::take(&mut self.orders);
        for start in orders.starts.drain(..) {
            self.start_iteration(index, start);
        }
        for (worker, scheduled) in orders.lent.drain(..) {
            self.common.mailboxes[worker].send(Message::Lend {
                scenario: index,
                scheduled,
            });
        }
        for slot in orders.interrupted.drain(..) {
            self.interrupt(slot);
        }
        for count in orders.dropped.drain(..) {
            self.record_dropped(index, count);
        }
        if std::mem::take(&mut orders.grow) {
            self.ask_for_vu(index);
        }
        let released = std::mem::take(&mut orders.released);
        self.orders = orders;
        for slot in released {
            self.release(slot);
        }
    }

    fn start_iteration(&mut self, index: usize, start: Start) {
        let part = &mut self.parts[index];
        let state = &part.shared.state;
        state.started.fetch_add(1, Ordering::Relaxed);
        let place = &mut self.slots[start.slot as usize];
        // One that loops stays active from one iteration to the next.
        if !std::mem::replace(&mut place.active, true) {
            state.vus_active.fetch_add(1, Ordering::Relaxed);
            self.common.state.vus_active.fetch_add(1, Ordering::Relaxed);
        }
        let scheduled = self.test_time.to_clock(start.scheduled);
        if part.lateness.is_some() {
            place.first_resume = Some((scheduled, index));
        }
        part.store_progress(start.scheduled);
        let iteration = Iteration {
            scenario: Arc::clone(&state.scenario),
            in_instance: start.number,
            in_test: part.shared.number_in_test(start.number),
            scheduled,
            data: self.data.clone(),
        };
        self.begin(
            start.slot,
            Job::Iteration { part: index },
            Call::Iteration(iteration),
        );
    }

    pub(super) fn iteration_over(&mut self, slot: u32, index: usize, outcome: Outcome) {
        let (all, own) = (&self.common.state, &self.parts[index].shared.state);
        let (all_count, own_count) = match &outcome {
            Outcome::Completed(_) | Outcome::Failed(_) => {
                (&all.iterations_completed, &own.completed)
            }
            Outcome::Interrupted | Outcome::Aborted(_) => {
                (&all.iterations_interrupted, &own.interrupted)
            }
        };
        all_count.fetch_add(1, Ordering::Relaxed);
        own_count.fetch_add(1, Ordering::Relaxed);
        if let Outcome::Aborted(message) = outcome {
            self.abort(message);
        }
        let now = self.test_now();
        self.idle(slot, index, now);
        self.count_inactive(slot, index);
        self.close_part(index);
    }

    /// Hands a VU to a part, which may start something at once; `now` is the test's own time.
    pub(super) fn give(&mut self, slot: u32, index: usize, now: i64) {
        self.slots[slot as usize].owner = Some(index);
        let part = &mut self.parts[index];
        part.held += 1;
        self.idle(slot, index, now);
    }

    /// Lets the executor decide what a VU does next; `now` is the test's own time.
    pub(super) fn idle(&mut self, slot: u32, index: usize, now: i64) {
        let part = &mut self.parts[index];
        if self.stopped || part.phase == Phase::Done {
            self.release(slot);
        } else if self.test_time.is_paused() {
            self.test_time.hold(slot, index);
        } else {
            part.executor.on_idle(slot, now, &mut self.orders);
            self.carry_out(index);
        }
    }

    /// Takes a VU from its part and gives it to the next that waits for it.
    pub(super) fn release(&mut self, slot: u32) {
        let place = &mut self.slots[slot as usize];
        let Some(index) = place.owner.take() else {
            return;
        };
        let next = if self.stopped {
            None
        } else {
            place.claims.pop_front()
        };
        let grown = place.grown;
        self.parts[index].held -= 1;
        self.count_inactive(slot, index);
        if next.is_none() && !self.stopped && self.retire(slot, index) {
            return;
        }
        if next.is_none() && grown {
            self.spare.push(slot);
        }
        if let Some(next) = next {
            let now = self.test_now();
            self.parts[next].expected -= 1;
            self.give(slot, next, now);
            self.close_part(next);
        }
    }

    /// A VU that runs no iteration is active no more.
    fn count_inactive(&mut self, slot: u32, index: usize) {
        let (place, part) = (&mut self.slots[slot as usize], &self.parts[index]);
        if place.status == Status::Idle && std::mem::take(&mut place.active) {
            part.shared.state.vus_active.fetch_sub(1, Ordering::Relaxed);
            self.common.state.vus_active.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// A VU is left behind in the middle of an iteration.
    pub(super) fn lose_vu(&mut self, slot: u32, index: usize) {
        let place = &mut self.slots[slot as usize];
        place.owner = None;
        let active = std::mem::take(&mut place.active);
        let claims = std::mem::take(&mut place.claims);
        let part = &mut self.parts[index];
        part.held -= 1;
        part.shared
            .state
            .interrupted
            .fetch_add(1, Ordering::Relaxed);
        self.common
            .state
            .iterations_interrupted
            .fetch_add(1, Ordering::Relaxed);
        if active {
            part.shared.state.vus_active.fetch_sub(1, Ordering::Relaxed);
            self.common.state.vus_active.fetch_sub(1, Ordering::Relaxed);
        }
        for claim in claims {
            self.parts[claim].expected -= 1;
            self.close_part(claim);
        }
        self.close_part(index);
    }

    /// Starts an iteration that another worker could not.
    pub(super) fn take_lent(&mut self, index: usize, scheduled: i64) {
        let Some(part) = self.parts.get_mut(index) else {
            return;
        };
        if part.phase >= Phase::Interrupted {
            if !self.stopped {
                self.record_dropped(index, 1);
            }
            return;
        }
        part.executor.on_lent(scheduled, &mut self.orders);
        self.carry_out(index);
    }

    /// Whether a part would use one more VU.
    pub(super) fn wants_vu(&self, index: usize) -> bool {
        self.parts.get(index).is_some_and(|part| {
            let (state, max) = (&part.shared.state, part.shared.state.part.max_vus);
            part.phase == Phase::Running && state.vus.load(Ordering::Relaxed) < max
        })
    }

    /// Adds a VU that was made at run time.
    pub(super) fn add_vu(&mut self, slot: u32, index: usize) {
        let shared = Arc::clone(&self.parts[index].shared);
        shared.state.vus.fetch_add(1, Ordering::Relaxed);
        shared.growing.store(false, Ordering::Release);
        let now = self.test_now();
        self.give(slot, index, now);
    }

    /// Asks one of the workers for one more VU, or warns that there can be no more.
    fn ask_for_vu(&mut self, index: usize) {
        let shared = Arc::clone(&self.parts[index].shared);
        let max = shared.state.part.max_vus;
        let vus = shared.state.vus.load(Ordering::Relaxed);
        if vus >= max {
            if !shared.warned.swap(true, Ordering::Relaxed) {
                let message = format!(
                    "Insufficient VUs, reached {max} active VUs and cannot initialize more; \
                     raise maxVUs (or preAllocatedVUs) or lower the rate"
                );
                self.log(Level::Warn, message, Some(index));
            }
        } else if !shared.growing.swap(true, Ordering::AcqRel) {
            let worker = vus as usize % self.common.mailboxes.len();
            self.common.mailboxes[worker].send(Message::Grow { scenario: index });
        }
    }
}
