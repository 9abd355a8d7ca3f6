//! How anyone reaches a worker: messages and wake-ups of its virtual users in one locked list.
//!
//! One short lock and at most one wake-up of the worker's task, however many VUs are woken between
//! two of its turns.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};

use parking_lot::Mutex;

use crate::vu::{Call, SetupData, VuId};

/// What a worker is told.
#[derive(Debug)]
pub(crate) enum Message {
    /// Make the VUs of the plan and let them evaluate the script.
    Init(Vec<VuId>),
    /// Run a call in a VU of its own.
    Call {
        /// Names it in answers.
        id: u64,
        /// What to run after init.
        call: Call,
    },
    /// Interrupt that call.
    InterruptCall(u64),
    /// Run the scenarios.
    Start {
        /// The test's start in monotonic nanoseconds.
        started: i64,
        /// What setup returned.
        data: SetupData,
    },
    /// Start an iteration of an arrival rate that another worker has no VU for.
    Lend {
        /// The scenario.
        scenario: usize,
        /// When it was due, in the test's own time.
        scheduled: i64,
    },
    /// Give a scenario one more VU.
    Grow {
        /// The scenario.
        scenario: usize,
    },
    /// The test stands still since then: start nothing new.
    Pause {
        /// Monotonic nanoseconds.
        at: i64,
    },
    /// It goes on since then.
    Resume {
        /// Monotonic nanoseconds.
        at: i64,
    },
    /// What setup returned was replaced.
    Data(SetupData),
    /// Give a scenario the VU of this number, counted from 0, and say so.
    Add {
        /// The scenario.
        scenario: usize,
        /// The VU's number in it.
        number: u64,
    },
    /// So many VUs of a scenario are to loop.
    Scale {
        /// The scenario.
        scenario: usize,
        /// Those numbered below loop.
        vus: u64,
        /// Those from here on are needed no more.
        max: u64,
    },
    /// Start nothing more and interrupt everything that runs.
    Stop,
    /// No more gauges: the scenarios of all workers are over.
    Over,
    /// Flush the recorder and say so.
    Flush,
    /// Flush and end.
    Finish,
}

/// A worker's list of messages and woken VUs.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    messages: Vec<Message>,
    woken: Vec<u32>,
    task: Option<Waker>,
    /// The task was woken since it last looked.
    notified: bool,
}

/// Wakes one VU of a worker.
#[derive(Debug)]
pub(crate) struct VuWaker {
    slot: u32,
    listed: AtomicBool,
    mailbox: Arc<Mailbox>,
}

impl Mailbox {
    /// Leaves a message.
    pub(crate) fn send(&self, message: Message) {
        self.put(|inner| inner.messages.push(message));
    }

    /// Takes everything that came since the last time; `task` is woken by what comes next.
    pub(crate) fn take(&self, messages: &mut Vec<Message>, woken: &mut Vec<u32>, task: &Waker) {
        let mut inner = self.inner.lock();
        inner.notified = false;
        messages.append(&mut inner.messages);
        woken.append(&mut inner.woken);
        if !inner.task.as_ref().is_some_and(|old| old.will_wake(task)) {
            inner.task = Some(task.clone());
        }
    }

    fn put(&self, put: impl FnOnce(&mut Inner)) {
        let mut inner = self.inner.lock();
        put(&mut inner);
        if !std::mem::replace(&mut inner.notified, true) {
            let task = inner.task.clone();
            drop(inner);
            if let Some(task) = task {
                task.wake();
            }
        }
    }
}

impl VuWaker {
    pub(crate) fn new(slot: u32, mailbox: Arc<Mailbox>) -> Self {
        Self {
            slot,
            listed: AtomicBool::new(false),
            mailbox,
        }
    }

    /// Called when the VU's wake-up is taken from the list: the next one counts again.
    pub(crate) fn taken(&self) {
        self.listed.store(false, Ordering::Release);
    }
}

impl Wake for VuWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.listed.swap(true, Ordering::AcqRel) {
            self.mailbox.put(|inner| inner.woken.push(self.slot));
        }
    }
}
