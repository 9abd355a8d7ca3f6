//! A stack of its own for one virtual user.
//!
//! A suspended fiber must never be dropped: unwinding it would run through QuickJS' C frames. Its
//! owner makes it return first; one that will not is leaked, which costs its memory and nothing
//! else.

use std::mem::ManuallyDrop;
use std::rc::Rc;

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult};

use crate::park::{Parker, Switch};

/// Bytes of address space for a fiber's stack; memory is used only as far as it is touched. k6
/// scripts may recurse some thousand calls deep, which takes this much.
pub(crate) const STACK_SIZE: usize = 1 << 20;

/// What of it QuickJS may use; the rest is for host functions called at the deepest point.
pub(crate) const SCRIPT_STACK_SIZE: usize = STACK_SIZE - (256 << 10);

pub(crate) struct Fiber {
    coroutine: ManuallyDrop<Coroutine<(), Switch, (), DefaultStack>>,
    returned: bool,
}

impl Fiber {
    /// A fiber that runs `body` from its first resume on.
    pub(crate) fn new(
        parker: Rc<Parker>,
        body: impl FnOnce() + 'static,
    ) -> Result<Self, std::io::Error> {
        let stack = DefaultStack::new(STACK_SIZE)?;
        let coroutine = Coroutine::with_stack(stack, move |yielder, ()| {
            parker.set_yielder(yielder);
            body();
        });
        Ok(Self {
            coroutine: ManuallyDrop::new(coroutine),
            returned: false,
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

impl Drop for Fiber {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        if self.returned {
            // SAFETY: dropped once, here, and only after its body returned.
            unsafe { ManuallyDrop::drop(&mut self.coroutine) };
        }
    }
}
