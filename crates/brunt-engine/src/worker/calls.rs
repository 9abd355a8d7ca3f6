//! Calls outside the scenarios: init of the planned VUs, growth, setup, teardown, handleSummary.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use crate::log::Level;
use crate::vu::{Call, Outcome, VuId};

use super::slots::Job;
use super::{Event, INITS_AT_ONCE, Worker};

/// How far init of the planned VUs is.
#[derive(Debug, Default)]
pub(super) struct Initialiser {
    /// VUs to be made.
    waiting: VecDeque<VuId>,
    /// VUs that evaluate the script.
    running: usize,
    /// One failed, or the test is being stopped.
    failed: bool,
    /// The engine waits to hear of the end.
    awaited: bool,
}

/// Scenarios that get more VUs: arrival rates one at a time each, others what was asked for.
#[derive(Debug, Default)]
pub(super) struct Grower {
    waiting: VecDeque<Growth>,
}

/// A scenario that gets a VU.
#[derive(Debug, Clone, Copy)]
struct Growth {
    part: usize,
    /// Its number in the scenario, where somebody waits to hear of it.
    number: Option<u64>,
}

/// A single call that waits for its VU's init.
#[derive(Debug)]
pub(super) struct PendingCall {
    id: u64,
    call: Call,
}

impl Initialiser {
    pub(super) fn cancel(&mut self) {
        self.waiting.clear();
        self.failed = true;
    }
}

impl Worker {
    pub(super) fn begin_inits(&mut self, vus: Vec<VuId>) {
        self.initialiser.waiting.extend(vus);
        self.initialiser.awaited = true;
        self.report_inits();
    }

    /// Whether a VU could be made now.
    pub(super) fn can_create(&self) -> bool {
        let inits = &self.initialiser;
        (!inits.waiting.is_empty() && inits.running < INITS_AT_ONCE)
            || !self.grower.waiting.is_empty()
    }

    /// Makes some of the VUs that are wanted.
    pub(super) fn create_vus(&mut self) {
        while self.initialiser.running < INITS_AT_ONCE {
            let Some(id) = self.initialiser.waiting.pop_front() else {
                break;
            };
            self.initialiser.running += 1;
            let index = self.create(id, false);
            self.begin(index, Job::PlannedInit, Call::Init);
        }
        if let Some(Growth {
            part,
            number: wanted,
        }) = self.grower.waiting.pop_front()
        {
            let number = self.common.next_vu.fetch_add(1, Ordering::Relaxed);
            let index = self.create(self.common.vu_id(number), true);
            let job = match wanted {
                Some(number) => Job::AddedInit { part, number },
                None => Job::GrownInit { part },
            };
            self.begin(index, job, Call::Init);
        }
    }

    pub(super) fn planned_init_over(&mut self, outcome: Outcome) {
        self.initialiser.running -= 1;
        if let Outcome::Completed(_) = outcome {
            self.common
                .state
                .vus_initialized
                .fetch_add(1, Ordering::Relaxed);
        } else if !self.initialiser.failed {
            self.initialiser.cancel();
            self.tell(Event::InitFailed(outcome));
        }
        self.report_inits();
    }

    fn report_inits(&mut self) {
        let inits = &mut self.initialiser;
        if inits.awaited && inits.running == 0 && inits.waiting.is_empty() {
            inits.awaited = false;
            if !inits.failed {
                self.tell(Event::Initialized);
            }
        }
    }

    /// Gives a scenario one more VU: a spare one, else a new one in the background.
    pub(super) fn grow(&mut self, part: usize) {
        if self.stopped || !self.wants_vu(part) {
            self.common.scenarios[part]
                .growing
                .store(false, Ordering::Release);
        } else if let Some(index) = self.spare.pop() {
            self.add_vu(index, part);
        } else {
            self.grower.waiting.push_back(Growth { part, number: None });
        }
    }

    /// Makes a VU that a command asked for, or takes a spare one.
    pub(super) fn add(&mut self, part: usize, number: u64) {
        if self.stopped {
            self.tell(Event::Added(Err("the test is being stopped".to_owned())));
        } else if let Some(index) = self.spare.pop() {
            self.add_numbered(index, part, number);
        } else {
            let number = Some(number);
            self.grower.waiting.push_back(Growth { part, number });
        }
    }

    pub(super) fn added_init_over(
        &mut self,
        index: u32,
        part: usize,
        number: u64,
        outcome: Outcome,
    ) {
        let reason = match outcome {
            Outcome::Completed(_) => {
                self.common
                    .state
                    .vus_initialized
                    .fetch_add(1, Ordering::Relaxed);
                self.add_numbered(index, part, number);
                return;
            }
            Outcome::Interrupted => "interrupted".to_owned(),
            Outcome::Failed(text) => text,
            Outcome::Aborted(message) => {
                self.abort(message.clone());
                format!("test aborted: {message}")
            }
        };
        self.remove(index);
        self.tell(Event::Added(Err(reason)));
    }

    pub(super) fn grown_init_over(&mut self, index: u32, part: usize, outcome: Outcome) {
        match outcome {
            Outcome::Completed(_) => {
                self.common
                    .state
                    .vus_initialized
                    .fetch_add(1, Ordering::Relaxed);
                if self.wants_vu(part) {
                    self.add_vu(index, part);
                } else {
                    self.spare.push(index);
                    self.common.scenarios[part]
                        .growing
                        .store(false, Ordering::Release);
                }
            }
            Outcome::Interrupted => self.remove(index),
            Outcome::Failed(text) => {
                self.remove(index);
                self.log(
                    Level::Error,
                    format!(
                        "cannot make more virtual users, going on with those there are: {text}"
                    ),
                    Some(part),
                );
                self.growth_failed(part);
            }
            Outcome::Aborted(message) => {
                self.remove(index);
                self.growth_failed(part);
                self.abort(message);
            }
        }
    }

    /// No more VUs for this scenario. `growing` stays set, so that nobody tries again.
    #[allow(clippy::unused_self)] // Says where it happens: all workers see it through `growing`.
    pub(super) fn growth_failed(&self, part: usize) {
        self.common.scenarios[part]
            .growing
            .store(true, Ordering::Release);
    }

    /// Runs a call in a VU of its own, with the numbers 0.
    pub(super) fn begin_call(&mut self, id: u64, call: Call) {
        let index = self.create(
            VuId {
                in_instance: 0,
                in_test: 0,
            },
            false,
        );
        self.pending_call = Some(PendingCall { id, call });
        self.begin(index, Job::CallInit { id }, Call::Init);
    }

    pub(super) fn call_init_over(&mut self, index: u32, id: u64, outcome: Outcome) {
        let pending = self.pending_call.take().filter(|pending| pending.id == id);
        match (outcome, pending) {
            (Outcome::Completed(_), Some(pending)) => {
                self.tell(Event::CallBegins(id));
                self.begin(index, Job::Call { id }, pending.call);
            }
            (outcome, _) => {
                self.remove(index);
                self.tell(Event::CallOver(id, Some(outcome)));
            }
        }
    }

    pub(super) fn interrupt_call(&mut self, id: u64) {
        let wanted = [Job::CallInit { id }, Job::Call { id }];
        let running = |slot: &super::Slot| wanted.contains(&slot.job);
        if let Some(index) = self.slots.iter().position(running) {
            self.interrupt(index as u32);
        }
    }
}
