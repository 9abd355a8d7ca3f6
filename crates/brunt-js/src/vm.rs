//! What runs on a fiber: one runtime, its script, and the calls that the engine asks for.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use brunt_engine::{Call, Iteration, Outcome, SetupData};
use brunt_script::Kind;
use rquickjs::{CatchResultExt, Context, Ctx, Error, Function, Object, Promise, Runtime, Value};

use crate::bytecode::declare_module;
use crate::event_loop::{EventLoop, LoopError, rejection_tracker};
use crate::exception::Exception;
use crate::exhaustion;
use crate::fiber::SCRIPT_STACK_SIZE;
use crate::heap::Heap;
use crate::intrinsics;
use crate::modules::{Imports, fill_meta};
use crate::park::{Parker, Switch};
use crate::polls::Polls;
use crate::program::Program;
use crate::state::{Ended, Host, VmState, enter};
use crate::vu::{Exports, VuLimits};

/// What a fiber and its owner hand each other around a switch.
#[derive(Default)]
pub(crate) struct Desk {
    pub(crate) call: RefCell<Option<Call>>,
    pub(crate) outcome: RefCell<Option<Outcome>>,
    pub(crate) exports: RefCell<Option<Exports>>,
    /// What host functions find, once there is a runtime.
    pub(crate) state: RefCell<Option<Rc<VmState>>>,
    pub(crate) exiting: Cell<bool>,
}

pub(crate) struct Vm {
    pub(crate) desk: Rc<Desk>,
    pub(crate) parker: Rc<Parker>,
    pub(crate) program: Arc<Program>,
    pub(crate) host: Rc<dyn Host>,
    pub(crate) limits: VuLimits,
}

impl Vm {
    /// The fiber's body: serves calls until the owner asks it to return.
    pub(crate) fn serve(self) {
        let built = self.build();
        match built {
            Ok((_runtime, context, state)) => context.with(|ctx| {
                Served::new(&self, &ctx, &state).serve();
                self.parker.operations().clear();
                state.clear();
                // The counter goes with the context.
                self.parker.set_polls(None);
            }),
            Err(error) => {
                let reason = format!("cannot make a JavaScript runtime: {error}");
                while self.next_call().is_some() {
                    self.done(Outcome::Failed(reason.clone()));
                }
            }
        }
    }

    fn build(&self) -> rquickjs::Result<(Runtime, Context, Rc<VmState>)> {
        let runtime = Runtime::new_with_alloc(Heap::new(Rc::clone(&self.parker)))?;
        runtime.set_max_stack_size(SCRIPT_STACK_SIZE);
        if let Some(limit) = self.limits.memory {
            runtime.set_memory_limit(limit);
        }
        runtime.set_loader(Imports, Imports);
        let parker = Rc::clone(&self.parker);
        runtime.set_interrupt_handler(Some(Box::new(move || parker.poll_interrupt())));
        runtime.set_host_promise_rejection_tracker(Some(rejection_tracker()));
        let context = intrinsics::context(&runtime)?;
        self.parker.set_polls(context.with(|ctx| Polls::of(&ctx)));
        let state = Rc::new(VmState {
            host: Rc::clone(&self.host),
            program: Arc::clone(&self.program),
            parker: Rc::clone(&self.parker),
            event_loop: Rc::new(EventLoop::default()),
            modules: RefCell::default(),
            commonjs: RefCell::default(),
            on_demand_class: Cell::new(None),
            initializing: Cell::new(true),
            memory: self.limits.memory,
            linking: Cell::new(false),
            bodies: RefCell::default(),
            load_error: RefCell::default(),
        });
        *self.desk.state.borrow_mut() = Some(Rc::clone(&state));
        enter(Some(Rc::clone(&state)));
        Ok((runtime, context, state))
    }

    fn next_call(&self) -> Option<Call> {
        if self.desk.exiting.get() {
            None
        } else {
            self.desk.call.borrow_mut().take()
        }
    }

    fn done(&self, outcome: Outcome) {
        *self.desk.outcome.borrow_mut() = Some(outcome);
        self.parker.switch(Switch::Done);
    }
}

/// Everything with the context's lifetime.
///
/// What an iteration goes through is kept apart from what happens once or goes wrong: the locals of
/// a function that does both would lie in every virtual user's stack, and with a thousand of them
/// each line of it is a miss of the cache.
struct Served<'a, 'js> {
    vm: &'a Vm,
    ctx: &'a Ctx<'js>,
    state: &'a Rc<VmState>,
    namespace: Option<Object<'js>>,
    /// The scenarios' functions, by the scenario's index.
    functions: Vec<Option<Function<'js>>>,
    /// What setup returned, parsed: a copy of this virtual user's own.
    data: Option<(Arc<str>, Value<'js>)>,
}

/// `handleSummary` may return bytes, which JSON has not: they become lists of numbers.
const BYTES_AS_LISTS: &str = "(_, v) => v instanceof ArrayBuffer ? Array.from(new Uint8Array(v)) \
     : ArrayBuffer.isView(v) ? Array.from(new Uint8Array(v.buffer, v.byteOffset, v.byteLength)) : v";

type Ran<'js> = std::result::Result<Option<Value<'js>>, Ended>;

impl<'a, 'js> Served<'a, 'js> {
    fn new(vm: &'a Vm, ctx: &'a Ctx<'js>, state: &'a Rc<VmState>) -> Self {
        Self {
            vm,
            ctx,
            state,
            namespace: None,
            functions: Vec::new(),
            data: None,
        }
    }

    fn serve(&mut self) {
        while let Some(call) = self.vm.next_call() {
            let outcome = self.run(&call);
            self.vm.done(outcome);
        }
    }

    #[inline(never)]
    fn run(&mut self, call: &Call) -> Outcome {
        let started = self.vm.parker.now();
        let ran = match self.state.host.begin(self.ctx, call) {
            Ok(()) => {
                let parker = Rc::clone(&self.vm.parker);
                parker.within_call(|| match call {
                    Call::Iteration(iteration) => self.iterate(iteration),
                    other => self.run_once(other),
                })
            }
            Err(error) => Err(self.failure(&error)),
        };
        let finished = self.vm.parker.now();
        let (ended, value) = match ran {
            Ok(value) => (Ended::Returned, value),
            Err(ended) => (ended, None),
        };
        let outcome = match (&ended, call) {
            (Ended::Returned, Call::Iteration(_)) if !self.state.host.is_aborted() => {
                Outcome::Completed(None)
            }
            _ => self.outcome(call, &ended, value),
        };
        self.state.host.end(call, &ended, started, finished);
        if let Some(until) = self.state.host.rest_until(call, started) {
            // An interrupt only ends the rest: the call itself is complete.
            let _ = self.vm.parker.wait_until(until);
        }
        outcome
    }

    /// What a call came to that was no iteration, or that ended early.
    #[cold]
    #[inline(never)]
    fn outcome(&self, call: &Call, ended: &Ended, value: Option<Value<'js>>) -> Outcome {
        if *ended != Ended::Returned {
            self.vm.parker.operations().clear();
            let dropped = self.state.event_loop.clear();
            if *ended == Ended::Interrupted && !dropped.is_empty() {
                self.state.host.timers_dropped(&dropped);
            }
        }
        match (ended, self.state.host.aborted()) {
            (_, Some(message)) => Outcome::Aborted(message),
            (Ended::Interrupted, None) => Outcome::Interrupted,
            (Ended::Threw(exception), None) => Outcome::Failed(self.describe(exception)),
            (Ended::Returned, None) => match self.returned(call, value) {
                Ok(data) => Outcome::Completed(data),
                Err(error) => Outcome::Failed(self.exception(&error).to_string()),
            },
        }
    }

    #[inline(never)]
    fn run_once(&mut self, call: &Call) -> Ran<'js> {
        match call {
            Call::Init => self.init(),
            Call::Setup => self.call_export("setup", |_| Ok(None)),
            Call::Teardown { data } => {
                self.call_export("teardown", |this| this.data(data).map(Some))
            }
            Call::HandleSummary { data } => self.call_export("handleSummary", |this| {
                this.ctx.json_parse(data.as_bytes()).map(Some)
            }),
            Call::Iteration(iteration) => self.iterate(iteration),
        }
    }

    #[inline(never)]
    fn iterate(&mut self, iteration: &Iteration) -> Ran<'js> {
        let index = iteration.scenario.index;
        let function = match self.functions.get(index) {
            Some(Some(function)) => function.clone(),
            _ => self.find_function(iteration)?,
        };
        let data = self
            .data(&iteration.data)
            .map_err(|error| self.failure(&error))?;
        self.call(&function, Some(data))
    }

    #[cold]
    #[inline(never)]
    fn find_function(
        &mut self,
        iteration: &Iteration,
    ) -> std::result::Result<Function<'js>, Ended> {
        let (index, name) = (iteration.scenario.index, &iteration.scenario.config.exec);
        let found = self.export(name).and_then(Value::into_function);
        if self.functions.len() <= index {
            self.functions.resize(index + 1, None);
        }
        self.functions[index].clone_from(&found);
        let missing = || Exception::new(format!("function '{name}' not found in exports"));
        found.ok_or_else(|| Ended::Threw(Box::new(missing())))
    }

    #[inline(never)]
    fn init(&mut self) -> Ran<'js> {
        let globals = self.state.host.globals(self.ctx);
        let globals = globals.and_then(|()| crate::commonjs::install_globals(self.ctx));
        let globals = globals.and_then(|()| {
            if self.vm.program.freezes_globals() {
                intrinsics::make_all(self.ctx)
            } else {
                Ok(())
            }
        });
        globals.map_err(|error| self.failure(&error))?;
        let namespace = self.evaluate()?;
        if self.vm.limits.read_exports {
            let exports =
                Exports::read(self.ctx, &namespace).map_err(|error| self.failure(&error))?;
            *self.vm.desk.exports.borrow_mut() = Some(exports);
        } else {
            let done = self.state.host.initialized(self.ctx, &namespace);
            done.map_err(|error| self.failure(&error))?;
        }
        self.namespace = Some(namespace);
        self.state.initializing.set(false);
        // What loading left behind goes now, not in the middle of a measured request.
        self.ctx.run_gc();
        Ok(None)
    }

    /// Evaluates the entry module to its end and gives its exports.
    fn evaluate(&self) -> std::result::Result<Object<'js>, Ended> {
        let program = &self.vm.program;
        let loader = program.loader();
        let entry = loader.entry();
        let source = self.vm.parker.on_worker(|| loader.load(entry));
        let source = match source {
            Ok(Ok(source)) => source,
            Ok(Err(error)) => {
                return Err(Ended::Threw(Box::new(Exception::new(error.to_string()))));
            }
            Err(_) => return Err(Ended::Interrupted),
        };
        if source.kind == Kind::CommonJs {
            let exports = crate::commonjs::require(self.ctx, entry, entry.as_str());
            let exports = exports.map_err(|error| self.failure(&error))?;
            self.settle(None)?;
            return self
                .commonjs_namespace(exports)
                .map_err(|error| self.failure(&error));
        }
        let evaluated = self.state.while_linking(true, || {
            let module = declare_module(self.ctx, program, entry.as_str(), &source.code)?;
            fill_meta(&module, entry.as_str())?;
            module.eval()
        });
        let (module, promise) = evaluated.map_err(|error| self.failure(&error))?;
        self.settle(Some(&promise))?;
        module.namespace().map_err(|error| self.failure(&error))
    }

    /// `module.exports` as a namespace: a function alone is the default export.
    fn commonjs_namespace(&self, exports: Value<'js>) -> rquickjs::Result<Object<'js>> {
        match exports.as_function() {
            Some(function) => {
                let object = Object::new(self.ctx.clone())?;
                for key in function.keys::<String>() {
                    let key = key?;
                    object.set(&key, function.get::<_, Value<'js>>(&key)?)?;
                }
                object.set("default", function.clone())?;
                Ok(object)
            }
            None => exports.into_object().ok_or(Error::Unknown),
        }
    }

    fn export(&self, name: &str) -> Option<Value<'js>> {
        let namespace = self.namespace.as_ref()?;
        namespace.get::<_, Value<'js>>(name).catch(self.ctx).ok()
    }

    fn call_export(
        &mut self,
        name: &str,
        argument: impl FnOnce(&mut Self) -> rquickjs::Result<Option<Value<'js>>>,
    ) -> Ran<'js> {
        let Some(function) = self.export(name).and_then(rquickjs::Value::into_function) else {
            return Ok(None);
        };
        let argument = argument(self).map_err(|error| self.failure(&error))?;
        self.call(&function, argument)
    }

    fn call(&self, function: &Function<'js>, argument: Option<Value<'js>>) -> Ran<'js> {
        let returned = match argument {
            Some(argument) => function.call::<_, Value<'js>>((argument,)),
            None => function.call::<_, Value<'js>>(()),
        };
        let value = returned.map_err(|error| self.failure(&error))?;
        match value.as_promise() {
            Some(promise) => self.settle(Some(promise)),
            None => self.settle(None).map(|_| Some(value)),
        }
    }

    /// Runs the event loop until nothing is left to do.
    fn settle(&self, promise: Option<&Promise<'js>>) -> Ran<'js> {
        let ran = self
            .state
            .event_loop
            .run(self.ctx, &self.vm.parker, promise);
        ran.map_err(|error| self.loop_failure(error))
    }

    #[cold]
    #[inline(never)]
    fn loop_failure(&self, error: LoopError<'js>) -> Ended {
        match error {
            LoopError::Thrown(error) | LoopError::Rejected(error) => self.failure(&error),
            LoopError::Unhandled(reason) => {
                let loader = self.vm.program.loader();
                let mut exception = Exception::of_value(self.ctx, &reason, loader);
                exception.in_promise = true;
                Ended::Threw(Box::new(exception))
            }
        }
    }

    fn data(&mut self, data: &SetupData) -> rquickjs::Result<Value<'js>> {
        let Some(json) = data else {
            return Ok(Value::new_undefined(self.ctx.clone()));
        };
        match &self.data {
            Some((known, value)) if Arc::ptr_eq(known, json) => Ok(value.clone()),
            _ => self.parse_data(json),
        }
    }

    #[cold]
    #[inline(never)]
    fn parse_data(&mut self, json: &Arc<str>) -> rquickjs::Result<Value<'js>> {
        let value = self.ctx.json_parse(json.as_bytes())?;
        self.data = Some((Arc::clone(json), value.clone()));
        Ok(value)
    }

    /// What the engine gets back from setup and handleSummary.
    fn returned(&self, call: &Call, value: Option<Value<'js>>) -> rquickjs::Result<SetupData> {
        match (call, value) {
            (Call::Setup, Some(value)) if !value.is_undefined() => {
                // Members that are undefined reach the virtual users as null, as in k6.
                let null: Function<'js> = self.ctx.eval("(_, v) => v === undefined ? null : v")?;
                let json = self.ctx.json_stringify_replacer(value, null)?;
                json.map(|text| text.to_string().map(Arc::from)).transpose()
            }
            (Call::HandleSummary { .. }, Some(value)) => {
                let plain: Function<'js> = self.ctx.eval(BYTES_AS_LISTS)?;
                let json = self.ctx.json_stringify_replacer(value, plain)?;
                json.map(|text| text.to_string().map(Arc::from)).transpose()
            }
            _ => Ok(None),
        }
    }

    #[cold]
    #[inline(never)]
    fn failure(&self, error: &Error) -> Ended {
        if self.vm.parker.is_interrupted() || self.state.host.aborted().is_some() {
            drop(self.ctx.catch());
            return Ended::Interrupted;
        }
        Ended::Threw(Box::new(self.exception(error)))
    }

    fn exception(&self, error: &Error) -> Exception {
        let mut exception = Exception::take(self.ctx, error, self.vm.program.loader());
        if let Some(limit) = self.vm.limits.memory {
            exhaustion::explain(self.ctx, &mut exception, limit);
        }
        exception
    }

    /// A load error in its own words where there is one, else the exception.
    fn describe(&self, exception: &Exception) -> String {
        let Some(error) = self.state.load_error.borrow_mut().take() else {
            return exception.to_string();
        };
        let text = error.to_string();
        if !exception.message.ends_with(&text) {
            // The script caught that one, and something else happened afterwards.
            return exception.to_string();
        }
        match error.position {
            Some(_) => text,
            None => Exception {
                message: text,
                ..exception.clone()
            }
            .to_string(),
        }
    }
}
