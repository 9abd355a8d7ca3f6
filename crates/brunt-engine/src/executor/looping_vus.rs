//! `constant-vus`, `ramping-vus` and `externally-controlled`: VUs that loop while they are wanted.
//!
//! The scenario's VUs are numbered, and those below a limit are wanted. The three executors only
//! differ in who moves the limit: nobody, a plan, or commands. A VU that is wanted no more ends its
//! iteration and is kept; where a plan took it away it is interrupted when its grace is over, unless
//! it is wanted again until then.

use std::collections::VecDeque;
use std::sync::Arc;

use brunt_options::ExecutorConfig;
use brunt_pacing::{Steps, VuRamp, VuStep};
use rustc_hash::FxHashMap;

use super::{Executor, Orders, Shared, Start};

/// One worker's part.
pub(crate) struct LoopingVus {
    shared: Arc<Shared>,
    /// How many VUs of this instance are wanted: those numbered below.
    wanted: u64,
    /// This worker's VUs by number, and the number of each slot.
    own: Vec<(u64, Looper)>,
    numbers: FxHashMap<u32, u64>,
    plan: Option<Plan>,
    /// When VUs that were taken away are to be interrupted: time and number, in the order of time.
    graces: VecDeque<(i64, u64)>,
    ended: bool,
}

/// A VU of this worker.
#[derive(Debug, Clone, Copy)]
struct Looper {
    slot: u32,
    place: Place,
    /// It is to be interrupted then.
    until: Option<i64>,
}

/// Where a VU is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Another scenario still has it.
    Elsewhere,
    /// It is kept for when it is wanted.
    Idle,
    /// It runs an iteration.
    Running,
}

/// What moves the limit of `ramping-vus`.
struct Plan {
    steps: Steps,
    /// The next one, as deadlines are asked for often.
    next: Option<VuStep>,
    start: i64,
    /// Nothing starts from then on.
    end: i64,
    /// How long a VU may go on that was taken away.
    grace: i64,
}

impl LoopingVus {
    /// Nobody moves the limit but [`Executor::on_scale`].
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            wanted: shared.state.part.start_vus,
            shared,
            own: Vec::new(),
            numbers: FxHashMap::default(),
            plan: None,
            graces: VecDeque::new(),
            ended: false,
        }
    }

    /// A plan moves it. `start` is the scenario's start, `grace` how long (ns) a VU that is taken
    /// away may go on.
    pub(crate) fn ramping(shared: Arc<Shared>, start: i64, ramp: &VuRamp, grace: i64) -> Self {
        let mut looping = Self::new(shared);
        looping.wanted = 0;
        let mut steps = ramp.steps(&looping.shared.state.part.vu_numbers);
        looping.plan = Some(Plan {
            next: steps.next(),
            steps,
            start,
            end: start.saturating_add_unsigned(ramp.end()),
            grace,
        });
        looping
    }

    fn start(&self, slot: u32, scheduled: i64, orders: &mut Orders) {
        orders.starts.push(Start {
            slot,
            number: self.shared.next_number(),
            scheduled,
        });
    }

    /// Moves the limit. What is wanted now starts; what is not may go on until `until`.
    fn want(&mut self, wanted: u64, at: i64, until: Option<i64>, orders: &mut Orders) {
        let before = std::mem::replace(&mut self.wanted, wanted);
        let (low, high) = (before.min(wanted), before.max(wanted));
        let first = self.own.partition_point(|&(number, _)| number < low);
        let last = self.own.partition_point(|&(number, _)| number < high);
        for place in first..last {
            let (number, looper) = self.own[place];
            if wanted < before {
                self.own[place].1.until = until;
                if let Some(until) = until.filter(|_| looper.place == Place::Running) {
                    self.graces.push_back((until, number));
                }
                continue;
            }
            self.own[place].1.until = None;
            if looper.place == Place::Idle && !self.ended {
                self.own[place].1.place = Place::Running;
                self.start(looper.slot, at, orders);
            }
        }
    }

    fn find(&mut self, number: u64) -> Option<&mut Looper> {
        let place = self.own.binary_search_by_key(&number, |own| own.0).ok()?;
        Some(&mut self.own[place].1)
    }

    /// Follows the plan up to now. Changes that are due together are one, so that a VU which comes
    /// and goes at the same moment starts nothing.
    fn follow(&mut self, now: i64, orders: &mut Orders) {
        let Some(plan) = &mut self.plan else { return };
        let mut last = None;
        while let Some(at) = plan.due().filter(|&at| at <= now) {
            last = plan.next.map(|step| (at, step.vus));
            plan.next = plan.steps.next();
        }
        let Some((at, wanted)) = last else { return };
        let until = at.saturating_add(plan.grace);
        // What the plan wants at its very end would have no time left.
        if at < plan.end || wanted < self.wanted {
            self.want(wanted, at, Some(until), orders);
        }
    }

    /// Interrupts those whose grace is over.
    fn end_graces(&mut self, now: i64, orders: &mut Orders) {
        while let Some((until, number)) = self.graces.pop_front_if(|grace| grace.0 <= now) {
            if let Some(looper) = self.find(number)
                && looper.until == Some(until)
                && looper.place == Place::Running
            {
                orders.interrupted.push(looper.slot);
            }
        }
    }
}

impl Executor for LoopingVus {
    fn on_vu(&mut self, slot: u32, number: u64) {
        let looper = Looper {
            slot,
            place: Place::Elsewhere,
            until: None,
        };
        if let Err(place) = self.own.binary_search_by_key(&number, |own| own.0) {
            self.own.insert(place, (number, looper));
            self.numbers.insert(slot, number);
        }
    }

    fn on_idle(&mut self, slot: u32, now: i64, orders: &mut Orders) {
        let Some(number) = self.numbers.get(&slot).copied().filter(|_| !self.ended) else {
            orders.released.push(slot);
            return;
        };
        let wanted = number < self.wanted;
        if let Some(looper) = self.find(number) {
            looper.place = if wanted { Place::Running } else { Place::Idle };
            looper.until = looper.until.filter(|_| wanted);
        }
        if wanted {
            self.start(slot, now, orders);
        }
    }

    fn on_tick(&mut self, now: i64, orders: &mut Orders) {
        self.follow(now, orders);
        self.end_graces(now, orders);
    }

    fn on_scale(&mut self, vus: u64, max: u64, now: i64, orders: &mut Orders) {
        if self.ended {
            return;
        }
        self.want(vus, now, None, orders);
        // Those beyond the maximum leave: at once, or when they come back and nobody knows them.
        let first = self.own.partition_point(|&(number, _)| number < max);
        for (_, looper) in self.own.drain(first..) {
            self.numbers.remove(&looper.slot);
            if looper.place == Place::Idle {
                orders.released.push(looper.slot);
            }
        }
    }

    fn on_end(&mut self, orders: &mut Orders) {
        self.ended = true;
        self.release_idle(orders);
    }

    fn on_stop(&mut self, orders: &mut Orders) {
        self.ended = true;
        self.graces.clear();
        self.plan = None;
        self.release_idle(orders);
    }

    fn deadline(&self) -> Option<i64> {
        let grace = self.graces.front().map(|&(until, _)| until);
        let step = self.plan.as_ref().and_then(Plan::due);
        [grace, step].into_iter().flatten().min()
    }

    fn is_controlled(&self) -> bool {
        let config = &self.shared.state.scenario.config.executor;
        matches!(config, ExecutorConfig::ExternallyControlled { .. })
    }

    fn is_open(&self) -> bool {
        // A VU may be added, or wanted later.
        !self.ended
    }
}

impl LoopingVus {
    fn release_idle(&mut self, orders: &mut Orders) {
        let is_idle = |(_, looper): &&mut (u64, Looper)| looper.place == Place::Idle;
        let idle = self.own.iter_mut().filter(is_idle);
        orders.released.extend(idle.map(|(_, looper)| {
            looper.place = Place::Elsewhere;
            looper.slot
        }));
    }
}

impl Plan {
    /// When the next change is due.
    fn due(&self) -> Option<i64> {
        Some(self.start.saturating_add_unsigned(self.next?.at))
    }
}
