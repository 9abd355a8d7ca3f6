//! A worker's virtual users: where each one stands, how it is polled, interrupted and given up.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use crate::log::{Level, Record};
use crate::mailbox::VuWaker;
use crate::vu::{Call, Outcome, Vu, VuId};

use super::{Event, Worker};

/// A deadline that has passed without effect is looked at again after this long (ns), so that a
/// mistaken VU cannot keep its worker busy.
const STALE_DEADLINE: i64 = 1_000_000;

/// A place for a VU.
pub(super) struct Slot {
    pub(super) id: VuId,
    /// `None`: vacant.
    pub(super) vu: Option<Box<dyn Vu>>,
    pub(super) waker: Arc<VuWaker>,
    /// The same as a task's waker, made once.
    task: Waker,
    pub(super) status: Status,
    pub(super) job: Job,
    /// Counts its calls, to tell one from the next.
    pub(super) calls: u64,
    /// The current call was interrupted.
    pub(super) interrupted: bool,
    /// Nobody waits for the current call any more.
    pub(super) abandoned: bool,
    /// The scenario that holds it.
    pub(super) owner: Option<usize>,
    /// Scenarios that wait for it.
    pub(super) claims: VecDeque<usize>,
    /// It was made for an arrival rate at run time and is not part of the plan.
    pub(super) grown: bool,
    /// It counts as active: it runs an iteration.
    pub(super) active: bool,
    /// Due time and part of an arrival-rate iteration that was not resumed yet.
    pub(super) first_resume: Option<(i64, usize)>,
}

/// How a VU stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// It has no call.
    Idle,
    /// It waits for something, or runs right now.
    Waiting,
    /// It is in a queue to be resumed.
    Ready,
}

/// What a VU's call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Job {
    /// Nothing yet.
    None,
    /// Init of a VU of the plan.
    PlannedInit,
    /// Init of a VU for an arrival rate.
    GrownInit { part: usize },
    /// Init of a VU that a command asked for.
    AddedInit { part: usize, number: u64 },
    /// An iteration.
    Iteration { part: usize },
    /// Init before a single call, see [`super::calls`].
    CallInit { id: u64 },
    /// A single call.
    Call { id: u64 },
}

impl Worker {
    /// Makes a VU in a vacant slot or a new one.
    pub(super) fn create(&mut self, id: VuId, grown: bool) -> u32 {
        let vu = Some(self.common.factory.create(&self.cx, id));
        let index = self.vacant.pop().unwrap_or(self.slots.len() as u32);
        let (waker, calls) = match self.slots.get(index as usize) {
            Some(old) => (Arc::clone(&old.waker), old.calls),
            None => (Arc::new(VuWaker::new(index, Arc::clone(&self.mailbox))), 0),
        };
        let slot = Slot {
            id,
            vu,
            task: Waker::from(Arc::clone(&waker)),
            waker,
            status: Status::Idle,
            job: Job::None,
            calls,
            interrupted: false,
            abandoned: false,
            owner: None,
            claims: VecDeque::new(),
            grown,
            active: false,
            first_resume: None,
        };
        match self.slots.get_mut(index as usize) {
            Some(old) => *old = slot,
            None => self.slots.push(slot),
        }
        index
    }

    /// Drops an idle VU and makes its slot vacant.
    pub(super) fn remove(&mut self, index: u32) {
        self.slots[index as usize].vu = None;
        self.vacant.push(index);
    }

    pub(super) fn begin(&mut self, index: u32, job: Job, call: Call) {
        let slot = &mut self.slots[index as usize];
        let Some(vu) = slot.vu.as_mut() else { return };
        vu.begin(call);
        slot.job = job;
        slot.calls += 1;
        slot.interrupted = false;
        slot.status = Status::Ready;
        self.ready.push_back(index);
    }

    /// Asks a waiting VU whether it can go on, and notes its deadline if not.
    pub(super) fn poll_slot(&mut self, index: u32, now: i64) {
        let slot = &mut self.slots[index as usize];
        if slot.status != Status::Waiting {
            return;
        }
        let Some(vu) = slot.vu.as_mut() else { return };
        match vu.poll_wait(&mut Context::from_waker(&slot.task)) {
            Poll::Ready(()) => {
                slot.status = Status::Ready;
                self.ready.push_back(index);
            }
            Poll::Pending => {
                if let Some(at) = vu.deadline() {
                    let at = if at <= now {
                        now.saturating_add(STALE_DEADLINE)
                    } else {
                        at
                    };
                    self.timers.at_latest(index, at);
                }
            }
        }
    }

    /// Interrupts what a VU runs, if it runs anything and was not interrupted before.
    pub(super) fn interrupt(&mut self, index: u32) {
        let at = self.now().saturating_add(self.common.interrupt_grace);
        let slot = &mut self.slots[index as usize];
        let Some(vu) = slot.vu.as_mut() else { return };
        if slot.status == Status::Idle || slot.interrupted {
            return;
        }
        slot.interrupted = true;
        vu.interrupt();
        self.interrupted.push_back((at, index, slot.calls));
        if slot.status == Status::Waiting {
            // Resumed whatever the poll says: it lets go of what it waited for, at the latest then.
            let _ = vu.poll_wait(&mut Context::from_waker(&slot.task));
            slot.status = Status::Ready;
            self.ready.push_back(index);
        }
    }

    /// Leaves VUs behind that were interrupted and did not return in time.
    pub(super) fn give_up_stuck(&mut self, now: i64) {
        while let Some(&(at, index, call)) = self.interrupted.front() {
            let slot = &mut self.slots[index as usize];
            let stuck = slot.calls == call && slot.status != Status::Idle && !slot.abandoned;
            if stuck && at > now {
                break;
            }
            self.interrupted.pop_front();
            if !stuck {
                continue;
            }
            slot.abandoned = true;
            let (job, id) = (slot.job, slot.id);
            self.common.state.vus_stuck.fetch_add(1, Ordering::Relaxed);
            self.log(
                Level::Error,
                format!(
                    "virtual user {} did not return after it was interrupted and is left behind; \
                     it may hang in a call that cannot be interrupted",
                    id.in_instance
                ),
                None,
            );
            self.leave(index, job);
        }
    }

    /// The books of an abandoned call are closed as if it had been interrupted.
    fn leave(&mut self, index: u32, job: Job) {
        match job {
            Job::None => {}
            Job::PlannedInit => self.planned_init_over(Outcome::Interrupted),
            Job::GrownInit { part } => self.growth_failed(part),
            Job::AddedInit { .. } => {
                self.tell(Event::Added(Err("it does not return".to_owned())));
            }
            Job::Iteration { part } => self.lose_vu(index, part),
            Job::CallInit { id } | Job::Call { id } => self.tell(Event::CallOver(id, None)),
        }
    }

    /// A call is over.
    pub(super) fn done(&mut self, index: u32, outcome: Outcome) {
        let slot = &mut self.slots[index as usize];
        slot.status = Status::Idle;
        slot.first_resume = None;
        if slot.abandoned {
            self.remove(index);
            return;
        }
        match slot.job {
            Job::None => {}
            Job::PlannedInit => self.planned_init_over(outcome),
            Job::GrownInit { part } => self.grown_init_over(index, part, outcome),
            Job::AddedInit { part, number } => {
                self.added_init_over(index, part, number, outcome);
            }
            Job::Iteration { part } => self.iteration_over(index, part, outcome),
            Job::CallInit { id } => self.call_init_over(index, id, outcome),
            Job::Call { id } => {
                self.remove(index);
                self.tell(Event::CallOver(id, Some(outcome)));
            }
        }
    }

    pub(super) fn log(&self, level: Level, message: String, scenario: Option<usize>) {
        if !self.common.log.enabled(level) {
            return;
        }
        let fields = scenario.map_or_else(Vec::new, |index| {
            let config = &self.common.scenarios[index].state.scenario.config;
            vec![
                ("executor".into(), config.executor.kind().into()),
                ("scenario".into(), config.name.clone().into()),
            ]
        });
        self.common.log.log(Record {
            level,
            message,
            fields,
        });
    }
}
