//! A stack of its own for one virtual user.
//!
//! A suspended fiber must never be dropped: unwinding it would run through QuickJS' C frames. Its
//! owner makes it return first; one that will not is leaked, which costs its memory and nothing
//! else.
#![allow(unsafe_code)]

use std::mem::ManuallyDrop;
use std::rc::Rc;

use corosensei::stack::{DefaultStack, Stack};
use corosensei::{Coroutine, CoroutineResult};

use crate::park::{Parker, Switch};

/// Bytes of address space for a fiber's stack; memory is used only as far as it is touched. k6
/// scripts may recurse some thousand calls deep, which takes this much.
pub(crate) const STACK_SIZE: usize = 1 << 20;

/// What of it QuickJS may use; the rest is for host functions called at the deepest point.
pub(crate) const SCRIPT_STACK_SIZE: usize = STACK_SIZE - (256 << 10);

/// More than what a suspended fiber has below the frame that suspended it.
const SAVED: usize = 1024;

const PAGE: usize = 4096;

pub(crate) struct Fiber {
    coroutine: ManuallyDrop<Coroutine<(), Switch, (), DefaultStack>>,
    returned: bool,
    /// The stack's lowest address.
    limit: usize,
    parker: Rc<Parker>,
}

impl Fiber {
    /// A fiber that runs `body` from its first resume on.
    pub(crate) fn new(
        parker: Rc<Parker>,
        body: impl FnOnce() + 'static,
    ) -> Result<Self, std::io::Error> {
        let stack = DefaultStack::new(STACK_SIZE)?;
        let limit = stack.limit().get();
        let meeting = Rc::clone(&parker);
        let coroutine = Coroutine::with_stack(stack, move |yielder, ()| {
            meeting.set_yielder(yielder);
            body();
        });
        Ok(Self {
            coroutine: ManuallyDrop::new(coroutine),
            returned: false,
            limit,
            parker,
        })
    }

    /// Runs the fiber until it switches back; `None` once its body has returned.
    pub(crate) fn resume(&mut self) -> Option<Switch> {
        if self.returned {
            return None;
        }
        match self.coroutine.resume(()) {
            CoroutineResult::Yield(switch) => Some(switch),
            CoroutineResult::Return(()) => {
                self.returned = true;
                None
            }
        }
    }
}

impl Fiber {
    /// Gives back what the stack needed once and does not need now: evaluating a script goes deeper
    /// than most iterations.
    pub(crate) fn trim(&self) {
        let lowest = self.parker.depth().saturating_sub(SAVED);
        let unused = (lowest - lowest % PAGE).saturating_sub(self.limit);
        if self.returned || unused == 0 {
            return;
        }
        // SAFETY: the range is in the fiber's own stack and below all that the suspended fiber has
        // there, so that nobody reads what is lost; whoever comes there again finds zeros.
        // A failure changes nothing.
        let _ = unsafe {
            rustix::mm::madvise(
                std::ptr::with_exposed_provenance_mut(self.limit),
                unused,
                rustix::mm::Advice::LinuxDontNeed,
            )
        };
    }
}

impl Drop for Fiber {
    fn drop(&mut self) {
        if self.returned {
            // SAFETY: dropped once, here, and only after its body returned.
            unsafe { ManuallyDrop::drop(&mut self.coroutine) };
        }
    }
}
