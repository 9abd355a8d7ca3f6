//! A virtual user that runs JavaScript: the engine's side of a fiber.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use brunt_engine::{Call, Outcome, Step, Vu, VuId, WorkerCx};
use rquickjs::{Ctx, Object, Value};

use crate::fiber::Fiber;
use crate::park::{Parker, Switch};
use crate::program::Program;
use crate::state::{Host, HostCx, enter};
use crate::vm::{Desk, Vm};

/// How often a virtual user that is to go may switch back before its memory is given up.
const FAREWELLS: usize = 10_000;

/// What one virtual user may use, and what is wanted of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct VuLimits {
    /// Bytes of JavaScript heap; beyond, allocations throw.
    pub memory: Option<usize>,
    /// Whether [`JsVu::exports`] is wanted: in the first init pass only.
    pub read_exports: bool,
}

/// What a script exports, read in the first init pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exports {
    /// Names of exported functions.
    pub functions: Vec<String>,
    /// Names of everything else that is exported.
    pub others: Vec<String>,
    /// `options` as JSON, if exported.
    pub options: Option<String>,
}

impl Exports {
    pub(crate) fn read<'js>(ctx: &Ctx<'js>, namespace: &Object<'js>) -> rquickjs::Result<Self> {
        let mut exports = Self::default();
        for name in namespace.keys::<String>() {
            let name = name?;
            let value = namespace.get::<_, Value<'js>>(&name)?;
            if value.is_function() {
                exports.functions.push(name);
                continue;
            }
            if name == "options" && !value.is_undefined() {
                let json = ctx.json_stringify(value)?;
                exports.options = json.map(|text| text.to_string()).transpose()?;
            }
            exports.others.push(name);
        }
        Ok(exports)
    }
}

/// A virtual user on a fiber.
pub struct JsVu {
    fiber: Option<Fiber>,
    parker: Rc<Parker>,
    desk: Rc<Desk>,
    broken: String,
}

impl std::fmt::Debug for JsVu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JsVu")
            .field("parker", &self.parker)
            .finish_non_exhaustive()
    }
}

impl JsVu {
    /// A virtual user of this program; `host` makes what its script can import.
    pub fn new(
        worker: &WorkerCx,
        id: VuId,
        program: Arc<Program>,
        limits: VuLimits,
        host: impl FnOnce(HostCx) -> Rc<dyn Host>,
    ) -> Self {
        let parker = Rc::new(Parker::new(Rc::clone(&worker.clock)));
        let desk = Rc::new(Desk::default());
        let host = host(HostCx {
            worker: worker.clone(),
            id,
            parker: Rc::clone(&parker),
        });
        let vm = Vm {
            desk: Rc::clone(&desk),
            parker: Rc::clone(&parker),
            program,
            host,
            limits,
        };
        let (fiber, broken) = match Fiber::new(Rc::clone(&parker), move || vm.serve()) {
            Ok(fiber) => (Some(fiber), String::new()),
            Err(error) => (
                None,
                format!(
                    "cannot make a stack for a VU: {error}; lower the number of VUs or raise vm.max_map_count"
                ),
            ),
        };
        Self {
            fiber,
            parker,
            desk,
            broken,
        }
    }

    /// What the script exports, once `Call::Init` is done; only with
    /// [`VuLimits::read_exports`].
    pub fn exports(&self) -> Option<Exports> {
        self.desk.exports.borrow().clone()
    }
}

impl Vu for JsVu {
    fn begin(&mut self, call: Call) {
        self.parker.clear_interrupt();
        *self.desk.call.borrow_mut() = Some(call);
    }

    fn poll_wait(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.parker.poll_wait(cx)
    }

    fn deadline(&self) -> Option<i64> {
        self.parker.deadline()
    }

    fn resume(&mut self) -> Step {
        self.parker.start_slice();
        let Some(fiber) = &mut self.fiber else {
            return Step::Done(Outcome::Failed(self.broken.clone()));
        };
        enter(self.desk.state.borrow().clone());
        match fiber.resume() {
            Some(Switch::Waiting) => Step::Waiting,
            Some(Switch::Sliced) => Step::Yielded,
            Some(Switch::Done) => {
                let outcome = self.desk.outcome.borrow_mut().take();
                Step::Done(outcome.unwrap_or(Outcome::Interrupted))
            }
            None => Step::Done(Outcome::Failed("the VU is gone".to_owned())),
        }
    }

    fn interrupt(&mut self) {
        self.parker.interrupt();
    }
}

/// Set once the process has no more use for any virtual user.
static LEAVING: AtomicBool = AtomicBool::new(false);

/// From now on virtual users that are dropped leave their memory to the process' end: taking
/// thousands of heaps apart object by object takes longer than many a test.
pub fn leave_memory_to_exit() {
    LEAVING.store(true, Ordering::Relaxed);
}

impl Drop for JsVu {
    fn drop(&mut self) {
        if LEAVING.load(Ordering::Relaxed) {
            return;
        }
        self.desk.exiting.set(true);
        self.parker.interrupt();
        let Some(fiber) = &mut self.fiber else { return };
        for _ in 0..FAREWELLS {
            enter(self.desk.state.borrow().clone());
            if fiber.resume().is_none() {
                break;
            }
        }
        enter(None);
    }
}
