//! A worker: one future that drives its virtual users.
//!
//! All VUs of a worker live in one future, not in a task each: it decides in what order they are
//! polled and resumed, and a turn costs no allocation. Each turn (1) takes messages, wake-ups and
//! due deadlines and polls the VUs concerned, (2) lets executors start iterations, (3) resumes what
//! is ready. Then it returns to the runtime, even if more is ready, so that sockets are looked at
//! between any two turns.

mod calls;
mod iterations;
mod measure;
mod parts;
mod pause;
mod scale;
mod slots;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::{Context, Poll};

use brunt_bus::Recorder;
use brunt_metrics::{MetricId, TagSet};
use brunt_pacing::Stripes;
use tokio::sync::mpsc::UnboundedSender;

use crate::clock::Clock;
use crate::executor::{Orders, Shared};
use crate::local::WorkerLocal;
use crate::log::LogSink;
use crate::mailbox::{Mailbox, Message};
use crate::state::TestState;
use crate::timers::Timers;
use crate::vu::{Outcome, SetupData, Step, VuFactory, VuId, WorkerCx};

use calls::{Grower, Initialiser, PendingCall};
use measure::Gauges;
use parts::Part;
use pause::TestTime;
use slots::{Slot, Status};

/// VUs resumed in one turn. More would keep sockets and due starts waiting, fewer would ask the
/// kernel more often.
const RESUMES_PER_TURN: usize = 32;

/// VUs that evaluate the script at the same time: bounds what a turn of creating VUs takes.
const INITS_AT_ONCE: usize = 8;

/// How often measurements leave the worker, in nanoseconds.
const FLUSH_INTERVAL: i64 = 50_000_000;

/// What a worker tells the engine.
#[derive(Debug)]
pub(crate) enum Event {
    /// All its VUs of the plan have evaluated the script.
    Initialized,
    /// One of them could not.
    InitFailed(Outcome),
    /// A VU that was asked for is there, or could not be made: why not.
    Added(Result<(), String>),
    /// A script called `exec.test.abort(message)` in an iteration.
    Aborted(String),
    /// Nothing of any scenario runs here any more.
    ScenariosOver,
    /// The script is evaluated and the call itself begins.
    CallBegins(u64),
    /// A call is over; `None`: it did not return after it was interrupted.
    CallOver(u64, Option<Outcome>),
    /// The recorder is flushed.
    Flushed,
    /// The worker has ended.
    Finished,
    /// The worker was dropped before its end, as by a panic.
    Died,
}

/// What all workers of a test share.
pub(crate) struct Common {
    pub(crate) factory: Arc<dyn VuFactory>,
    pub(crate) log: Arc<dyn LogSink>,
    pub(crate) state: Arc<TestState>,
    pub(crate) scenarios: Vec<Arc<Shared>>,
    pub(crate) mailboxes: Vec<Arc<Mailbox>>,
    /// The numbers of this instance's VUs among those of the whole test.
    pub(crate) vu_numbers: Stripes,
    /// The number of the next VU that is not part of the plan, from 1.
    pub(crate) next_vu: AtomicU64,
    pub(crate) run_tags: Arc<TagSet>,
    pub(crate) scenario_tag: bool,
    pub(crate) lateness: Option<MetricId>,
    /// How long an interrupted VU may take to return, in nanoseconds.
    pub(crate) interrupt_grace: i64,
}

impl Common {
    /// The numbers of the instance's n-th VU, from 1.
    pub(crate) fn vu_id(&self, number: u64) -> VuId {
        VuId {
            in_instance: number,
            in_test: self.vu_numbers.vu_id_in_test(number).unwrap_or(number),
        }
    }
}

/// A worker that waits for its thread, recorder and clock. Unlike the worker itself it is `Send`.
pub struct WorkerSeed {
    pub(crate) index: usize,
    pub(crate) common: Arc<Common>,
    pub(crate) events: UnboundedSender<(usize, Event)>,
}

/// A worker: a future that ends when the engine finishes.
pub struct Worker {
    index: usize,
    common: Arc<Common>,
    mailbox: Arc<Mailbox>,
    events: UnboundedSender<(usize, Event)>,
    cx: WorkerCx,
    slots: Vec<Slot>,
    /// Slots without a VU.
    vacant: Vec<u32>,
    /// Grown VUs whose scenario is over.
    spare: Vec<u32>,
    /// Interrupted VUs: when each is given up, its slot, and which of its calls it is.
    interrupted: VecDeque<(i64, u32, u64)>,
    ready: VecDeque<u32>,
    yielded: VecDeque<u32>,
    timers: Timers,
    parts: Vec<Part>,
    /// Parts that are not done.
    parts_open: usize,
    orders: Orders,
    data: SetupData,
    initialiser: Initialiser,
    grower: Grower,
    pending_call: Option<PendingCall>,
    gauges: Gauges,
    test_time: TestTime,
    next_flush: i64,
    stopped: bool,
    finished: bool,
    messages: Vec<Message>,
    woken: Vec<u32>,
    /// VUs that parked in this turn and were not polled since.
    parked: Vec<u32>,
}

impl WorkerSeed {
    /// The worker's number, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Makes the worker, on the thread that will poll it.
    pub fn into_worker(self, recorder: Recorder, clock: Rc<RefCell<dyn Clock>>) -> Worker {
        let Self {
            index,
            common,
            events,
        } = self;
        let now = clock.borrow().now();
        let cx = WorkerCx {
            index,
            recorder: Rc::new(RefCell::new(recorder)),
            clock,
            state: Arc::clone(&common.state),
            log: Arc::clone(&common.log),
            local: WorkerLocal::default(),
        };
        Worker {
            index,
            mailbox: Arc::clone(&common.mailboxes[index]),
            common,
            events,
            cx,
            slots: Vec::new(),
            vacant: Vec::new(),
            spare: Vec::new(),
            interrupted: VecDeque::new(),
            ready: VecDeque::new(),
            yielded: VecDeque::new(),
            timers: Timers::default(),
            parts: Vec::new(),
            parts_open: 0,
            orders: Orders::default(),
            data: None,
            initialiser: Initialiser::default(),
            grower: Grower::default(),
            pending_call: None,
            gauges: Gauges::default(),
            test_time: TestTime::default(),
            next_flush: now.saturating_add(FLUSH_INTERVAL),
            stopped: false,
            finished: false,
            messages: Vec::new(),
            woken: Vec::new(),
            parked: Vec::new(),
        }
    }
}

impl Future for Worker {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let worker = self.get_mut();
        worker
            .mailbox
            .take(&mut worker.messages, &mut worker.woken, cx.waker());
        let mut messages = std::mem::take(&mut worker.messages);
        for message in messages.drain(..) {
            if worker.handle(message) {
                return Poll::Ready(());
            }
        }
        worker.messages = messages;
        worker.turn();
        if worker.has_work() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let deadline = worker.next_deadline();
        if worker
            .cx
            .clock
            .borrow_mut()
            .poll_alarm(deadline, cx)
            .is_ready()
        {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if !self.finished {
            self.tell(Event::Died);
        }
    }
}

impl Worker {
    fn now(&self) -> i64 {
        self.cx.clock.borrow().now()
    }

    /// Handles a message; true ends the worker.
    fn handle(&mut self, message: Message) -> bool {
        match message {
            Message::Init(vus) => self.begin_inits(vus),
            Message::Call { id, call } => self.begin_call(id, call),
            Message::InterruptCall(id) => self.interrupt_call(id),
            Message::Start { started, data } => self.begin_scenarios(started, data),
            Message::Lend {
                scenario,
                scheduled,
            } => self.take_lent(scenario, scheduled),
            Message::Grow { scenario } => self.grow(scenario),
            Message::Add { scenario, number } => self.add(scenario, number),
            Message::Scale { scenario, vus, max } => self.scale_part(scenario, vus, max),
            Message::Pause { at } => self.test_time.pause(at),
            Message::Resume { at } => self.resume_parts(at),
            Message::Data(data) => self.data = data,
            Message::Stop => self.stop(),
            Message::Over => self.gauges.stop(),
            Message::Flush => {
                self.flush();
                self.tell(Event::Flushed);
            }
            Message::Finish => {
                self.finish();
                return true;
            }
        }
        false
    }

    fn tell(&self, event: Event) {
        // The engine is gone only when nobody cares any more.
        let _ = self.events.send((self.index, event));
    }

    fn turn(&mut self) {
        let now = self.now();
        let mut woken = std::mem::take(&mut self.woken);
        // No more than are resumed below: what polling one has brought into the cache is still there
        // when its turn comes.
        for slot in woken.drain(..woken.len().min(RESUMES_PER_TURN)) {
            self.slots[slot as usize].waker.taken();
            self.poll_slot(slot, now);
        }
        self.woken = woken;
        while let Some(slot) = self.timers.pop_due(now) {
            self.poll_slot(slot, now);
        }
        self.create_vus();
        self.give_up_stuck(now);
        self.tick_parts(now);
        for _ in 0..self.ready.len().min(RESUMES_PER_TURN) {
            if let Some(slot) = self.ready.pop_front() {
                self.resume(slot);
                self.go_on(slot);
            }
        }
        // One of those that used up their slice: they neither starve nor keep others waiting.
        if let Some(slot) = self.yielded.pop_front() {
            self.resume(slot);
        }
        self.poll_parked();
        if now >= self.next_flush || self.cx.recorder.borrow().wants_flush() {
            self.sample_progress(now);
            self.flush();
            self.next_flush = now.saturating_add(FLUSH_INTERVAL);
        }
        self.sample_gauges(now);
    }

    fn has_work(&self) -> bool {
        !self.woken.is_empty()
            || !self.ready.is_empty()
            || !self.yielded.is_empty()
            || self.can_create()
    }

    fn next_deadline(&self) -> i64 {
        [
            self.timers.next(),
            self.next_part_deadline(),
            self.interrupted.front().map(|&(at, ..)| at),
            self.gauges.next(),
        ]
        .into_iter()
        .flatten()
        .fold(self.next_flush, i64::min)
    }

    fn resume(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        if slot.status != Status::Ready {
            return;
        }
        slot.status = Status::Waiting;
        if let Some((scheduled, part)) = slot.first_resume.take() {
            self.record_lateness(part, scheduled);
        }
        let Some(vu) = self.slots[index as usize].vu.as_mut() else {
            return;
        };
        match vu.resume() {
            Step::Waiting => self.parked.push(index),
            Step::Yielded => {
                self.slots[index as usize].status = Status::Ready;
                self.yielded.push_back(index);
            }
            Step::Done(outcome) => self.done(index, outcome),
        }
    }

    /// Asks those that parked in this turn for the first time, which is when their requests are written.
    ///
    /// One after the other and not each right after its resume: a server on an idle processor is woken
    /// by the first request, which costs the writer an interrupt to that processor, and finds the others
    /// when it comes to look.
    fn poll_parked(&mut self) {
        let now = self.now();
        let mut parked = std::mem::take(&mut self.parked);
        for slot in parked.drain(..) {
            self.poll_slot(slot, now);
        }
        self.parked = parked;
    }

    /// Resumes a VU at once, a single time, whose next iteration began: what it works on is in the
    /// processor's cache now, and is not after a thousand others had their turn.
    fn go_on(&mut self, slot: u32) {
        if self.ready.back() == Some(&slot) {
            self.ready.pop_back();
            self.resume(slot);
        }
    }

    /// Starts nothing more and interrupts everything that runs.
    fn stop(&mut self) {
        self.stopped = true;
        self.initialiser.cancel();
        self.stop_parts();
        for index in 0..self.slots.len() as u32 {
            self.interrupt(index);
        }
    }

    /// A script aborted the test. Nothing more starts here; the engine tells the other workers.
    fn abort(&mut self, message: String) {
        self.tell(Event::Aborted(message));
        self.stop();
    }

    /// Drops what is idle. A VU in the middle of a call must not be dropped, because its stack
    /// would never unwind: it is left behind, its memory goes with the process.
    fn finish(&mut self) {
        self.flush();
        for slot in &mut self.slots {
            match slot.vu.take() {
                Some(vu) if slot.status != Status::Idle => std::mem::forget(vu),
                vu => drop(vu),
            }
        }
        self.flush();
        self.finished = true;
        self.tell(Event::Finished);
    }

    fn flush(&self) {
        self.cx.recorder.borrow_mut().flush();
    }
}
