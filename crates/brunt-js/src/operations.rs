//! What goes on beside a virtual user's script: requests that were sent and not waited for.
//!
//! They belong to the parker, not to the event loop, because they move on whenever the fiber is
//! parked, also in a `sleep()` or inside another request, long before the script looks at them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use rquickjs::{Ctx, Result};

/// Runs with the runtime at hand once an operation is done; settles the promise.
pub type Completion = Box<dyn for<'js> FnOnce(&Ctx<'js>) -> Result<()>>;

/// Something that goes on beside the script. It is only polled when something woke it, so one with
/// a deadline has a timer of its own.
pub type Operation = Pin<Box<dyn Future<Output = Completion>>>;

/// The operations of one virtual user, and those that are done and not told to the script yet.
#[derive(Default)]
pub(crate) struct Operations {
    running: RefCell<Vec<Operation>>,
    /// With the monotonic time at which each was found to be done.
    done: RefCell<VecDeque<(i64, Completion)>>,
}

impl Operations {
    pub(crate) fn add(&self, operation: Operation) {
        self.running.borrow_mut().push(operation);
    }

    /// Worker side: whether there is anything to poll.
    pub(crate) fn is_idle(&self) -> bool {
        self.running.borrow().is_empty()
    }

    /// Nothing runs and nothing waits to be told.
    pub(crate) fn is_empty(&self) -> bool {
        self.is_idle() && self.done.borrow().is_empty()
    }

    /// When the first of those done was.
    pub(crate) fn first_done(&self) -> Option<i64> {
        self.done.borrow().front().map(|(at, _)| *at)
    }

    pub(crate) fn take_done(&self) -> Option<Completion> {
        self.done
            .borrow_mut()
            .pop_front()
            .map(|(_, completion)| completion)
    }

    /// Worker side: lets each of them go on.
    pub(crate) fn progress(&self, cx: &mut Context<'_>, now: i64) {
        let mut done = self.done.borrow_mut();
        self.running
            .borrow_mut()
            .retain_mut(|operation| match operation.as_mut().poll(cx) {
                Poll::Ready(completion) => {
                    done.push_back((now, completion));
                    false
                }
                Poll::Pending => true,
            });
    }

    pub(crate) fn clear(&self) {
        // Dropped after the borrows, because closing a connection runs code of others.
        let running = self.running.take();
        let done = self.done.take();
        drop((running, done));
    }
}
