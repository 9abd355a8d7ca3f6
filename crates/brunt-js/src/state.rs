//! What code inside a runtime finds by its context: the host, the parker, the event loop.
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use brunt_engine::{Call, WorkerCx};
use brunt_script::Specifier;
use rquickjs::{Ctx, Error, Object, Persistent, Result, Value, qjs};
use rustc_hash::FxHashMap;

use crate::event_loop::EventLoop;
use crate::exception::Exception;
use crate::on_demand::{Members, on_demand};
use crate::park::Parker;
use crate::program::Program;

/// What a host gets to work with.
#[derive(Clone)]
pub struct HostCx {
    /// The worker that owns this virtual user.
    pub worker: WorkerCx,
    /// The virtual user's numbers.
    pub id: brunt_engine::VuId,
    /// How host functions wait.
    pub parker: Rc<Parker>,
}

/// How a call ended, as the host sees it when it accounts for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It returned.
    Returned,
    /// It threw.
    Threw(Box<Exception>),
    /// It was interrupted or aborted the test.
    Interrupted,
}

/// What scripts can import and see; one for each virtual user.
pub trait Host: 'static {
    /// The names that a built-in module exports besides `default`; `None` if there is no such
    /// module.
    fn exports(&self, module: &str) -> Option<&'static [&'static str]>;

    /// Makes an export of a built-in module, when a script first looks at it.
    fn export<'js>(&self, ctx: &Ctx<'js>, module: &str, name: &str) -> Result<Value<'js>>;

    /// Puts the globals in place, before the script is evaluated.
    fn globals(&self, ctx: &Ctx<'_>) -> Result<()>;

    /// A call starts.
    fn begin(&self, ctx: &Ctx<'_>, call: &Call) -> Result<()>;

    /// A call ended; times are monotonic nanoseconds.
    fn end(&self, call: &Call, ended: &Ended, started: i64, finished: i64);

    /// Whether the script called `exec.test.abort()`.
    fn is_aborted(&self) -> bool;

    /// The message of `exec.test.abort()`, if the script called it.
    fn aborted(&self) -> Option<String>;

    /// The script was evaluated, in a virtual user that will run it; `exports` is its namespace.
    fn initialized<'js>(&self, _ctx: &Ctx<'js>, _exports: &Object<'js>) -> Result<()> {
        Ok(())
    }

    /// Until when the virtual user rests after a call that started at `started`, in monotonic
    /// nanoseconds. Asked after [`Host::end`], so no measurement has the rest in it.
    fn rest_until(&self, _call: &Call, _started: i64) -> Option<i64> {
        None
    }

    /// An interrupt dropped these timers.
    fn timers_dropped(&self, _ids: &[u32]) {}

    /// For [`host_state`].
    fn as_any(self: Rc<Self>) -> Rc<dyn Any>;
}

pub(crate) struct VmState {
    pub(crate) host: Rc<dyn Host>,
    pub(crate) program: Arc<Program>,
    pub(crate) parker: Rc<Parker>,
    pub(crate) event_loop: Rc<EventLoop>,
    pub(crate) modules: RefCell<FxHashMap<String, Persistent<Object<'static>>>>,
    pub(crate) commonjs: RefCell<FxHashMap<String, Persistent<Object<'static>>>>,
    /// Of objects with members on demand, once there is one.
    pub(crate) on_demand_class: Cell<Option<qjs::JSClassID>>,
    pub(crate) initializing: Cell<bool>,
    /// What the script may use, in bytes.
    pub(crate) memory: Option<usize>,
    /// Modules are being linked; an import at another time is an `import()`.
    pub(crate) linking: Cell<bool>,
    /// The CommonJS modules whose bodies are running, the innermost last.
    pub(crate) bodies: RefCell<Vec<Specifier>>,
    /// A load error that must reach the user as it is, behind the exception that QuickJS makes.
    pub(crate) load_error: RefCell<Option<brunt_script::LoadError>>,
}

thread_local! {
    /// The state of the virtual user whose fiber this thread runs, or ran last. Every host function
    /// asks for it: here it is at hand, whereas the runtime's own store of user data is one more
    /// place in cold memory for each virtual user.
    static RUNNING: RefCell<Option<Rc<VmState>>> = const { RefCell::new(None) };
}

/// From now on this thread runs the fiber with this state.
pub(crate) fn enter(state: Option<Rc<VmState>>) {
    RUNNING.set(state);
}

/// The state that belongs to a context. Contexts are used on their own fiber only, so it is that of
/// the fiber that runs.
pub(crate) fn vm_state(_: &Ctx<'_>) -> Result<Rc<VmState>> {
    RUNNING.with_borrow(Clone::clone).ok_or(Error::Unknown)
}

/// The host of the virtual user that this context belongs to.
pub fn host_state<T: Host>(ctx: &Ctx<'_>) -> Result<Rc<T>> {
    Rc::clone(&vm_state(ctx)?.host)
        .as_any()
        .downcast()
        .map_err(|_| Error::Unknown)
}

/// How code of this context waits.
pub fn parker(ctx: &Ctx<'_>) -> Result<Rc<Parker>> {
    Ok(Rc::clone(&vm_state(ctx)?.parker))
}

/// The timers and pending operations of this context.
pub fn event_loop(ctx: &Ctx<'_>) -> Result<Rc<EventLoop>> {
    Ok(Rc::clone(&vm_state(ctx)?.event_loop))
}

/// The script that this context runs.
pub fn program(ctx: &Ctx<'_>) -> Result<Arc<Program>> {
    Ok(Arc::clone(&vm_state(ctx)?.program))
}

impl VmState {
    /// Does something while imports are linked, or while they are not.
    pub(crate) fn while_linking<T>(&self, linking: bool, work: impl FnOnce() -> T) -> T {
        let before = self.linking.replace(linking);
        let result = work();
        self.linking.set(before);
        result
    }

    /// A built-in module's object: its members are the named exports, itself the default one.
    pub(crate) fn builtin<'js>(&self, ctx: &Ctx<'js>, name: &str) -> Result<Object<'js>> {
        let known = self.modules.borrow().get(name).cloned();
        if let Some(known) = known {
            return known.restore(ctx);
        }
        let exports = BuiltinExports {
            host: Rc::clone(&self.host),
            module: name.to_owned(),
        };
        let object = on_demand(ctx, exports)?;
        self.modules
            .borrow_mut()
            .insert(name.to_owned(), Persistent::save(ctx, object.clone()));
        Ok(object)
    }

    /// Lets go of every value, before the runtime goes.
    pub(crate) fn clear(&self) {
        self.modules.borrow_mut().clear();
        self.commonjs.borrow_mut().clear();
        self.event_loop.clear();
    }
}

/// The members of a built-in module's object.
struct BuiltinExports {
    host: Rc<dyn Host>,
    module: String,
}

impl Members for BuiltinExports {
    fn names(&self) -> Vec<&str> {
        self.host.exports(&self.module).unwrap_or_default().to_vec()
    }

    fn make<'js>(&self, ctx: &Ctx<'js>, name: &str) -> Result<Value<'js>> {
        self.host.export(ctx, &self.module, name)
    }
}
