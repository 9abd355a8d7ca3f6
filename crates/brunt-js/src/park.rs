//! Parking: how code on a fiber waits for the worker.
//!
//! A parked fiber hands its future to the worker, which polls it on the worker's own deep stack:
//! TLS and decompression never run on a fiber's small one. The unsafe code here is the future's
//! erased lifetime and the pointer to the fiber's yielder.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use brunt_engine::Clock;
use corosensei::Yielder;

use crate::operations::{Operation, Operations};
use crate::polls::Polls;

/// How long JavaScript runs before its neighbours get their turn, in nanoseconds.
const SLICE: i64 = 200_000;

/// The call was interrupted while it waited; the script must not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// What a fiber tells its worker when it switches back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Switch {
    /// It waits.
    Waiting,
    /// Its slice is used up.
    Sliced,
    /// The call is over.
    Done,
}

/// The place where one fiber and its worker meet. Lives on the worker's thread only.
pub struct Parker {
    yielder: Cell<*const Yielder<(), Switch>>,
    future: Cell<Option<*mut (dyn Future<Output = ()> + 'static)>>,
    deadline: Cell<Option<i64>>,
    interrupted: Cell<bool>,
    slice_end: Cell<i64>,
    polls: Cell<Option<Polls>>,
    operations: Operations,
    /// When QuickJS asked last, or the fiber was resumed.
    asked: Cell<i64>,
    /// The fiber runs, and not its worker: it may switch.
    on_fiber: Cell<bool>,
    /// A call of the script runs: what it allocates after an interrupt may fail.
    in_call: Cell<bool>,
    clock: Rc<RefCell<dyn Clock>>,
}

impl std::fmt::Debug for Parker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parker")
            .field("interrupted", &self.interrupted)
            .finish_non_exhaustive()
    }
}

impl Parker {
    pub(crate) fn new(clock: Rc<RefCell<dyn Clock>>) -> Self {
        Self {
            yielder: Cell::new(std::ptr::null()),
            future: Cell::new(None),
            deadline: Cell::new(None),
            interrupted: Cell::new(false),
            slice_end: Cell::new(i64::MAX),
            polls: Cell::new(None),
            operations: Operations::default(),
            asked: Cell::new(0),
            on_fiber: Cell::new(false),
            in_call: Cell::new(false),
            clock,
        }
    }

    /// Monotonic nanoseconds.
    pub fn now(&self) -> i64 {
        self.clock.borrow().now()
    }

    /// Nanoseconds since the Unix epoch at a monotonic time.
    pub fn wall(&self, monotonic: i64) -> i64 {
        self.clock.borrow().wall(monotonic)
    }

    /// Whether the current call is to end.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.get()
    }

    /// Ends the current call: waits return early, code is broken at the next instruction.
    pub fn interrupt(&self) {
        self.interrupted.set(true);
    }

    /// Runs a future to its end while the worker serves other fibers. `deadline` (monotonic
    /// nanoseconds) is when the future wants to be polled even if nothing woke it.
    ///
    /// Must be called on the fiber, with nothing borrowed that another fiber might need.
    pub fn block_on<F: Future>(
        &self,
        future: F,
        deadline: Option<i64>,
    ) -> Result<F::Output, Interrupted> {
        if self.interrupted.get() {
            return Err(Interrupted);
        }
        let mut result = None;
        {
            let mut future = future;
            // SAFETY: stays where it is until the end of this block, where it is dropped. Not by
            // `pin!` or an async block, which would copy it: it is the largest thing of a request.
            let mut future = unsafe { Pin::new_unchecked(&mut future) };
            let mut task = std::future::poll_fn(|cx| {
                future.as_mut().poll(cx).map(|value| result = Some(value))
            });
            let pointer: *mut (dyn Future<Output = ()> + '_) = &raw mut task;
            // SAFETY: the pointer is only used by `poll_wait` while this fiber is parked below, and
            // it is taken back before `task` goes out of scope. `task` is not moved meanwhile.
            #[expect(
                clippy::transmute_ptr_to_ptr,
                reason = "a cast with `as` cannot make a lifetime longer"
            )]
            let erased = unsafe {
                std::mem::transmute::<
                    *mut (dyn Future<Output = ()> + '_),
                    *mut (dyn Future<Output = ()> + 'static),
                >(pointer)
            };
            self.future.set(Some(erased));
            self.deadline.set(deadline);
            self.switch(Switch::Waiting);
            self.future.set(None);
            self.deadline.set(None);
        }
        result.ok_or(Interrupted)
    }

    /// Runs something on the worker's deep stack.
    pub fn on_worker<T>(&self, work: impl FnOnce() -> T) -> Result<T, Interrupted> {
        self.block_on(async { work() }, None)
    }

    /// Starts something that goes on beside the script; what it came to runs in the script's turn.
    pub fn spawn(&self, operation: Operation) -> Result<(), Interrupted> {
        self.operations.add(operation);
        // The worker's turn, so that it starts now and not when the script happens to wait.
        self.on_worker(|| ())
    }

    /// What was spawned here.
    pub(crate) fn operations(&self) -> &Operations {
        &self.operations
    }

    /// Waits until an operation is done, or until a monotonic time.
    pub(crate) fn wait_for_operation(&self, until: Option<i64>) -> Result<(), Interrupted> {
        let come = std::future::poll_fn(|_| {
            let due = until.is_some_and(|at| self.now() >= at);
            if due || self.operations.first_done().is_some() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        });
        self.block_on(come, until)
    }

    /// Waits until a monotonic time.
    pub fn wait_until(&self, at: i64) -> Result<(), Interrupted> {
        while !self.interrupted.get() {
            if self.now() >= at {
                return Ok(());
            }
            self.deadline.set(Some(at));
            self.switch(Switch::Waiting);
            self.deadline.set(None);
        }
        Err(Interrupted)
    }

    /// Called by QuickJS between instructions: lets the neighbours in when the slice is used up.
    /// Returns whether the script is to be broken.
    pub(crate) fn poll_interrupt(&self) -> bool {
        let now = self.now();
        if let Some(mut polls) = self.polls.take() {
            polls.asked_after(now - self.asked.replace(now));
            self.polls.set(Some(polls));
        }
        self.give_way(now);
        self.interrupted.get()
    }

    /// Called by the allocator now and then: loops inside the engine (JSON, `repeat`, spreading)
    /// ask for memory where they never ask whether to go on. Returns whether the allocation is to
    /// fail, which ends them with an exception; the interrupt breaks the script right after it.
    pub(crate) fn poll_allocation(&self) -> bool {
        // Whoever allocates on the worker's own stack cannot switch away from it.
        if !self.on_fiber.get() {
            return false;
        }
        self.give_way(self.now());
        self.interrupted.get() && self.in_call.get()
    }

    fn give_way(&self, now: i64) {
        if !self.interrupted.get() && now >= self.slice_end.get() {
            self.switch(Switch::Sliced);
        }
    }

    /// Fiber side: runs a call of the script.
    pub(crate) fn within_call<T>(&self, call: impl FnOnce() -> T) -> T {
        self.in_call.set(true);
        let result = call();
        self.in_call.set(false);
        result
    }

    /// Fiber side: the counter to shorten whenever QuickJS asks.
    pub(crate) fn set_polls(&self, polls: Option<Polls>) {
        self.polls.set(polls);
    }

    /// Worker side: whether what the fiber waits for has come.
    pub(crate) fn poll_wait(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.interrupted.get() {
            return Poll::Ready(());
        }
        if !self.operations.is_idle() {
            self.operations.progress(cx, self.now());
        }
        if let Some(future) = self.future.get() {
            // SAFETY: the fiber is parked inside `block_on`, which keeps the future pinned on its
            // stack and takes the pointer back before it goes; only the worker polls.
            return unsafe { Pin::new_unchecked(&mut *future) }.poll(cx);
        }
        match self.deadline.get() {
            Some(at) if self.now() < at => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }

    /// Worker side: when to ask again.
    pub(crate) fn deadline(&self) -> Option<i64> {
        self.deadline.get()
    }

    /// Worker side: a new slice starts.
    pub(crate) fn start_slice(&self) {
        let now = self.now();
        self.slice_end.set(now + SLICE);
        self.asked.set(now);
        self.on_fiber.set(true);
    }

    /// Worker side: a new call starts.
    pub(crate) fn clear_interrupt(&self) {
        self.interrupted.set(false);
    }

    pub(crate) fn set_yielder(&self, yielder: &Yielder<(), Switch>) {
        self.yielder.set(yielder);
    }

    /// Fiber side: gives the worker its turn.
    pub(crate) fn switch(&self, switch: Switch) {
        // SAFETY: set by the fiber before anything else runs on it; the yielder lives as long as
        // the fiber's body, and this is only called from within that body.
        if let Some(yielder) = unsafe { self.yielder.get().as_ref() } {
            self.on_fiber.set(false);
            yielder.suspend(switch);
        }
        if let Some(mut polls) = self.polls.take() {
            polls.restart();
            self.polls.set(Some(polls));
        }
    }
}
