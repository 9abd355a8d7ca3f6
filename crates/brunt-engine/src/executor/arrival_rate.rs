//! `constant-arrival-rate` and `ramping-arrival-rate`: iterations start at due times, whatever the VUs do.
//!
//! Starts are dealt to the workers in turn. A worker that has no idle VU for a start takes a permit
//! of another worker's and sends the start there. Only a start that no VU anywhere can take is
//! dropped.
//!
//! When the worker itself comes late, because the machine or a script held it up, several starts
//! are due at once and may outnumber the VUs, though each would have found one in time. That is the
//! generator's fault and must not look like a slow target: such starts may wait for a VU, but no
//! longer than the worker was late. They keep their due time, so that the delay is on record.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use brunt_pacing::ArrivalSchedule;

use super::{Executor, Orders, Shared, Start};
use crate::schedule::Schedule;

/// A worker that looks at a start this much (ns) after its due time, or more, is late.
const LATE: i64 = 1_000_000;

/// How often (ns) a waiting start is offered to the other workers again.
const RETRY: i64 = 250_000;

/// Drops up to this many at once are one sample each, as in k6; beyond it they are one sample with
/// their number, because a rate may be absurd.
const SINGLE_DROPS: u64 = 1_000;

/// One worker's part.
pub(crate) struct ArrivalRate {
    shared: Arc<Shared>,
    worker: usize,
    schedule: Schedule,
    /// The next start of the schedule that is neither started nor dropped, and when it is due: a
    /// deadline is asked for several times a turn, and a ramp's is a search.
    next: u64,
    next_due: Option<i64>,
    /// VUs that wait for work, the one that waits longest first.
    idle: VecDeque<u32>,
    /// Up to when due starts were looked at.
    seen: i64,
    /// Until when due starts may wait for a VU, because this worker came late.
    patience: i64,
    ended: bool,
}

impl ArrivalRate {
    pub(crate) fn new(
        shared: Arc<Shared>,
        worker: usize,
        start: i64,
        arrivals: ArrivalSchedule,
    ) -> Self {
        let schedule = match shared.participants.iter().position(|&w| w == worker) {
            Some(share) => Schedule::new(
                arrivals,
                shared.state.part.numbers.clone(),
                start,
                share as u64,
                shared.participants.len() as u64,
            ),
            None => Schedule::none(),
        };
        Self {
            shared,
            worker,
            next_due: schedule.due(0),
            schedule,
            next: 0,
            idle: VecDeque::new(),
            seen: start.saturating_sub(1),
            patience: i64::MIN,
            ended: false,
        }
    }

    fn start(&self, slot: u32, scheduled: i64, orders: &mut Orders) {
        orders.starts.push(Start {
            slot,
            number: self.shared.next_number(),
            scheduled,
        });
    }

    /// The due time of the next start, if it is due.
    fn due(&self, now: i64) -> Option<i64> {
        self.next_due.filter(|&due| due <= now)
    }

    fn advance(&mut self, starts: u64) {
        self.next = self.next.saturating_add(starts);
        self.next_due = self.schedule.due(self.next);
    }

    fn close(&mut self) {
        self.schedule = Schedule::none();
        self.next_due = None;
    }

    /// Finds a VU for a start, here or on another worker.
    fn serve(&mut self, scheduled: i64, orders: &mut Orders) -> bool {
        if take(&self.shared.permits[self.worker])
            && let Some(slot) = self.idle.pop_front()
        {
            self.start(slot, scheduled, orders);
            return true;
        }
        let workers = self.shared.permits.len();
        let lender = (1..workers)
            .map(|distance| (self.worker + distance) % workers)
            .find(|&other| take(&self.shared.permits[other]));
        if let Some(lender) = lender {
            orders.lent.push((lender, scheduled));
        }
        lender.is_some()
    }

    /// Gives up everything that is due.
    fn drop_due(&mut self, now: i64, orders: &mut Orders) {
        let dropped = self.schedule.due_by(now).saturating_sub(self.next);
        self.advance(dropped);
        if dropped <= SINGLE_DROPS {
            orders.dropped.extend((0..dropped).map(|_| 1));
        } else {
            orders.dropped.push(dropped);
        }
        orders.grow |= dropped > 0 && !self.ended;
    }

    /// Takes back the permits of idle VUs. VUs whose permits others hold stay: starts are on their
    /// way to them.
    fn withdraw(&mut self, orders: &mut Orders) {
        let unpromised = self.shared.permits[self.worker].swap(0, Ordering::AcqRel) as usize;
        let unpromised = unpromised.min(self.idle.len());
        orders.released.extend(self.idle.drain(..unpromised));
    }
}

impl Executor for ArrivalRate {
    fn on_idle(&mut self, slot: u32, now: i64, orders: &mut Orders) {
        if let Some(scheduled) = self.due(now).filter(|_| now <= self.patience) {
            self.advance(1);
            self.start(slot, scheduled, orders);
        } else if self.ended {
            orders.released.push(slot);
        } else {
            self.idle.push_back(slot);
            self.shared.permits[self.worker].fetch_add(1, Ordering::AcqRel);
        }
    }

    fn on_tick(&mut self, now: i64, orders: &mut Orders) {
        // Only what became due since the last look can be late by this worker's fault.
        if self
            .next_due
            .is_some_and(|due| now.saturating_sub(due) >= LATE)
        {
            let unseen = self.schedule.due_by(self.seen).max(self.next);
            let late = self.schedule.due(unseen).map(|due| now.saturating_sub(due));
            if let Some(late) = late.filter(|&late| late >= LATE) {
                self.patience = self.patience.max(now.saturating_add(late));
            }
        }
        self.seen = self.seen.max(now);
        while let Some(scheduled) = self.due(now) {
            if !self.serve(scheduled, orders) {
                break;
            }
            self.advance(1);
        }
        if self.due(now).is_some() && now >= self.patience {
            self.drop_due(now, orders);
        }
    }

    fn on_lent(&mut self, scheduled: i64, orders: &mut Orders) {
        if let Some(slot) = self.idle.pop_front() {
            self.start(slot, scheduled, orders);
        }
    }

    fn on_end(&mut self, orders: &mut Orders) {
        self.ended = true;
        self.withdraw(orders);
    }

    fn on_hard_end(&mut self, orders: &mut Orders) {
        self.drop_due(self.seen, orders);
        self.on_stop(orders);
    }

    fn on_stop(&mut self, orders: &mut Orders) {
        self.ended = true;
        self.close();
        self.shared.permits[self.worker].store(0, Ordering::Release);
        orders.released.extend(self.idle.drain(..));
    }

    fn deadline(&self) -> Option<i64> {
        let due = self.next_due?;
        // While a start waits, another worker's VU may become free: nobody tells, so look again.
        Some(if due <= self.seen {
            self.patience.min(self.seen + RETRY)
        } else {
            due
        })
    }

    fn is_open(&self) -> bool {
        !self.ended || !self.idle.is_empty() || self.next_due.is_some()
    }

    fn is_arrival_rate(&self) -> bool {
        true
    }
}

/// Takes one permit if there is any.
fn take(permits: &AtomicU32) -> bool {
    permits
        .fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_sub(1))
        .is_ok()
}
