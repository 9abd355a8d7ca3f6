//! The state of one virtual user, and what happens around each of its calls.

use std::any::Any;
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use brunt_engine::{Call, Iteration, Level, Record, Vu, VuFactory, VuId, WorkerCx};
use brunt_js::{Ended, Host, HostCx, JsVu, Program, VuLimits};
use brunt_metrics::{MetricId, SystemTag, TagSet, builtin};
use brunt_net::Client;
use rquickjs::{Ctx, Object, Result, Value};

use crate::caches::Caches;
use crate::checks::Checks;
use crate::config::K6Config;
use crate::http::jar::Jar;
use crate::http::response::ResponseClasses;
use crate::stage::Stage;
use crate::tags::TagContext;

/// One virtual user as the modules see it.
pub struct K6Host {
    pub(crate) config: Arc<K6Config>,
    pub(crate) cx: HostCx,
    pub(crate) stage: Cell<Stage>,
    pub(crate) tags: RefCell<TagContext>,
    /// Metadata of every sample: `vu` and `iter` when those tags are on, and the script's own.
    pub(crate) meta: RefCell<Option<Arc<TagSet>>>,
    pub(crate) user_meta: RefCell<TagSet>,
    pub(crate) group: RefCell<String>,
    pub(crate) iteration: RefCell<Option<Iteration>>,
    /// Iterations of this virtual user before the current one.
    pub(crate) iterations: Cell<u64>,
    /// The same for each scenario.
    pub(crate) iterations_in: RefCell<Vec<u64>>,
    pub(crate) abort: RefCell<Option<String>>,
    pub(crate) client: Client,
    /// What a request without headers of its own is sent with.
    pub(crate) default_headers: Rc<[(String, String)]>,
    /// Shared with the worker's other virtual users.
    pub(crate) caches: Rc<Caches>,
    pub(crate) checks: RefCell<Checks>,
    pub(crate) response_classes: OnceCell<ResponseClasses>,
    pub(crate) arrays: crate::data::OpenedArrays,
    pub(crate) html_classes: OnceCell<crate::html::HtmlClasses>,
    pub(crate) metric_class: OnceCell<brunt_js::lazy::LazyClass>,
    pub(crate) response_callback: RefCell<crate::http::Expectation>,
    pub(crate) jar_class: OnceCell<brunt_js::lazy::LazyClass>,
    /// The cookies of the current iteration, or of all of them with `noCookiesReset`.
    pub(crate) jar: RefCell<Rc<Jar>>,
    scenario_tags_of: Cell<Option<usize>>,
    traffic: Cell<(u64, u64)>,
}

impl std::fmt::Debug for K6Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("K6Host")
            .field("id", &self.cx.id)
            .finish_non_exhaustive()
    }
}

impl K6Host {
    /// A virtual user that has not run anything.
    pub fn new(config: Arc<K6Config>, cx: HostCx) -> Self {
        let local = config
            .local_ips
            .as_ref()
            .and_then(|ips| ips.of_vu(cx.id.in_instance));
        let client = Client::bound_to(Arc::clone(&config.net), local);
        let caches = cx.worker.local.get_or_init(Caches::default);
        let host = Self {
            cx,
            stage: Cell::new(Stage::Init),
            tags: RefCell::new(TagContext::new(Rc::clone(&caches.numbers))),
            caches,
            meta: RefCell::default(),
            user_meta: RefCell::default(),
            group: RefCell::default(),
            iteration: RefCell::default(),
            iterations: Cell::new(0),
            iterations_in: RefCell::default(),
            abort: RefCell::default(),
            client,
            default_headers: default_headers(&config),
            checks: RefCell::default(),
            response_classes: OnceCell::new(),
            arrays: crate::data::OpenedArrays::default(),
            html_classes: OnceCell::new(),
            metric_class: OnceCell::new(),
            response_callback: RefCell::default(),
            jar_class: OnceCell::new(),
            jar: RefCell::default(),
            scenario_tags_of: Cell::new(None),
            traffic: Cell::new((0, 0)),
            config,
        };
        host.retag(None, "");
        host
    }

    /// The wall clock in nanoseconds since the Unix epoch.
    pub(crate) fn wall_now(&self) -> i64 {
        self.cx.parker.wall(self.cx.parker.now())
    }

    /// Records a sample with the current tags and these more; `what` names it in the cache.
    pub(crate) fn sample(
        &self,
        metric: MetricId,
        what: &str,
        tags: &[(String, String)],
        time: i64,
        value: f64,
    ) {
        let context = self.tags.borrow().id();
        let known = self.caches.slots.borrow().get(context, what, tags);
        let mut recorder = self.cx.worker.recorder.borrow_mut();
        let slot = known.unwrap_or_else(|| {
            let slot = recorder.slot(metric, &self.tags_with(tags));
            self.caches
                .slots
                .borrow_mut()
                .insert(context, what, tags, slot);
            slot
        });
        let meta = self.meta.borrow();
        if let Some(slot) = slot {
            recorder.record(slot, meta.as_ref(), time, value);
        } else {
            let all = self.tags_with(tags);
            recorder.record_tagged(metric, &all, meta.as_ref(), time, value);
        }
    }

    /// The current tags with these over them.
    pub(crate) fn tags_with(&self, more: &[(String, String)]) -> TagSet {
        let mut all = self.tags.borrow().tags().clone();
        for (key, value) in more {
            all.set(key.as_str(), value.as_str());
        }
        all
    }

    /// Logs a record of this virtual user.
    pub(crate) fn log(&self, level: Level, message: String, fields: &[(&str, &str)]) {
        if self.cx.worker.log.enabled(level) {
            let fields = fields
                .iter()
                .map(|(key, value)| ((*key).to_owned().into(), (*value).to_owned().into()))
                .collect();
            self.cx.worker.log.log(Record {
                level,
                message,
                fields,
            });
        }
    }

    /// Enters or leaves a group: sets the tag.
    pub(crate) fn set_group(&self, path: &str) {
        path.clone_into(&mut self.group.borrow_mut());
        if self.config.system_tags.has(SystemTag::Group) {
            self.tags.borrow_mut().set("group", path);
        }
    }

    /// The tags at the start of a call.
    fn retag(&self, iteration: Option<&Iteration>, group: &str) {
        let mut tags = self.config.run_tags.clone();
        if let Some(iteration) = iteration {
            for (key, value) in &iteration.scenario.config.tags {
                tags.set(key.as_str(), value.as_str());
            }
            if self.config.system_tags.has(SystemTag::Scenario) {
                tags.set("scenario", iteration.scenario.config.name.as_str());
            }
        }
        if self.config.system_tags.has(SystemTag::Group) {
            tags.set("group", group);
        }
        group.clone_into(&mut self.group.borrow_mut());
        self.tags.borrow_mut().replace(tags);
    }

    /// Rebuilds the metadata that goes with every sample.
    pub(crate) fn refresh_meta(&self) {
        let system = self.config.system_tags;
        let mut meta = self.user_meta.borrow().clone();
        if system.has(SystemTag::Vu) {
            meta.set("vu", self.cx.id.in_test.to_string());
        }
        if system.has(SystemTag::Iter) {
            meta.set("iter", self.iterations.get().to_string());
        }
        *self.meta.borrow_mut() = (!meta.is_empty()).then(|| Arc::new(meta));
    }

    /// Starts with no cookies. A script that kept the old jar keeps it as it is.
    fn reset_cookies(&self) {
        let mut jar = self.jar.borrow_mut();
        if !self.config.no_cookies_reset && (!jar.is_empty() || Rc::strong_count(&jar) > 1) {
            *jar = Rc::default();
        }
    }

    /// Does something with the tags and the metadata of another moment.
    pub(crate) fn with_tags<T>(
        &self,
        tags: TagSet,
        meta: Option<Arc<TagSet>>,
        work: impl FnOnce() -> T,
    ) -> T {
        let current = self.tags.borrow().tags().clone();
        let current_meta = self.meta.replace(meta);
        self.tags.borrow_mut().replace(tags);
        let done = work();
        self.tags.borrow_mut().replace(current);
        *self.meta.borrow_mut() = current_meta;
        done
    }

    fn begin_iteration(&self, ctx: &Ctx<'_>, iteration: &Iteration) -> Result<()> {
        let index = iteration.scenario.index;
        if self.scenario_tags_of.get() != Some(index) {
            self.scenario_tags_of.set(Some(index));
            self.retag(Some(iteration), "");
            crate::globals::extend_env(ctx, self, &iteration.scenario.config.env)?;
        } else if !self.group.borrow().is_empty() {
            self.set_group("");
        }
        self.refresh_meta();
        self.reset_cookies();
        *self.iteration.borrow_mut() = Some(iteration.clone());
        Ok(())
    }

    fn emit_end(&self, call: &Call, ended: &Ended, started: i64, finished: i64) {
        let time = self.cx.parker.wall(finished);
        if !self.group.borrow().is_empty() && matches!(call, Call::Iteration(_)) {
            self.set_group("");
        }
        let (sent, received) = (self.client.bytes_sent(), self.client.bytes_received());
        let before = self.traffic.replace((sent, received));
        self.sample(
            builtin::DATA_SENT,
            "data_sent",
            &[],
            time,
            (sent - before.0) as f64,
        );
        self.sample(
            builtin::DATA_RECEIVED,
            "data_received",
            &[],
            time,
            (received - before.1) as f64,
        );
        if matches!(call, Call::Iteration(_)) && *ended != Ended::Interrupted {
            let took = (finished - started) as f64 / 1e6;
            self.sample(
                builtin::ITERATION_DURATION,
                "iteration_duration",
                &[],
                time,
                took,
            );
            self.sample(builtin::ITERATIONS, "iterations", &[], time, 1.0);
        }
    }
}

impl K6Host {
    /// What a built-in module exports besides `default`.
    pub fn exports_of(module: &str) -> Option<&'static [&'static str]> {
        Some(match module {
            "k6" => crate::k6::EXPORTS,
            "k6/data" => crate::data::EXPORTS,
            "k6/html" => crate::html::EXPORTS,
            "k6/http" => crate::http::EXPORTS,
            "k6/metrics" => crate::metrics::EXPORTS,
            "k6/execution" => crate::execution::EXPORTS,
            "k6/encoding" => crate::encoding::EXPORTS,
            "k6/timers" => crate::timers::EXPORTS,
            _ => return None,
        })
    }
}

impl Host for K6Host {
    fn exports(&self, module: &str) -> Option<&'static [&'static str]> {
        Self::exports_of(module)
    }

    fn export<'js>(&self, ctx: &Ctx<'js>, module: &str, name: &str) -> Result<Value<'js>> {
        match module {
            "k6" => crate::k6::export(ctx, name),
            "k6/data" => crate::data::export(ctx, name),
            "k6/html" => crate::html::export(ctx, name),
            "k6/http" => crate::http::export(ctx, name),
            "k6/metrics" => crate::metrics::export(ctx, name),
            "k6/execution" => crate::execution::export(ctx, name),
            "k6/encoding" => crate::encoding::export(ctx, name),
            "k6/timers" => crate::timers::export(ctx, name),
            _ => Err(rquickjs::Error::new_loading(module)),
        }
    }

    fn globals(&self, ctx: &Ctx<'_>) -> Result<()> {
        crate::globals::install(ctx, self)
    }

    fn begin(&self, ctx: &Ctx<'_>, call: &Call) -> Result<()> {
        self.abort.borrow_mut().take();
        match call {
            Call::Init => {}
            Call::Setup => {
                self.stage.set(Stage::Setup);
                self.retag(None, "::setup");
                self.refresh_meta();
            }
            Call::Teardown { .. } => {
                self.stage.set(Stage::Teardown);
                self.retag(None, "::teardown");
                self.refresh_meta();
            }
            Call::HandleSummary { .. } => self.stage.set(Stage::Summary),
            Call::Iteration(iteration) => {
                self.stage.set(Stage::Iteration);
                self.begin_iteration(ctx, iteration)?;
            }
        }
        Ok(())
    }

    fn end(&self, call: &Call, ended: &Ended, started: i64, finished: i64) {
        match call {
            Call::Init | Call::HandleSummary { .. } => return,
            Call::Setup | Call::Teardown { .. } | Call::Iteration(_) => {}
        }
        self.emit_end(call, ended, started, finished);
        if let Call::Iteration(iteration) = call {
            if let (Ended::Threw(exception), None) = (ended, self.abort.borrow().as_ref()) {
                let config = &iteration.scenario.config;
                self.log(
                    Level::Error,
                    exception.to_string(),
                    &[
                        ("executor", config.executor.kind()),
                        ("scenario", &config.name),
                        ("source", "stacktrace"),
                        ("hint", "script exception"),
                    ],
                );
            }
            self.iterations.set(self.iterations.get() + 1);
            let mut counts = self.iterations_in.borrow_mut();
            let index = iteration.scenario.index;
            if counts.len() <= index {
                counts.resize(index + 1, 0);
            }
            counts[index] += 1;
            if self.config.no_vu_connection_reuse {
                self.client.close_idle();
            }
        }
    }

    fn initialized<'js>(&self, ctx: &Ctx<'js>, exports: &Object<'js>) -> Result<()> {
        let Some(json) = self.config.exported_options_json.get() else {
            return Ok(());
        };
        // The same object as the script's own variable has, so that its functions see it too.
        let Ok(Some(options)) = exports.get::<_, Option<Object<'js>>>("options") else {
            drop(ctx.catch());
            return Ok(());
        };
        let settled: Object<'js> = ctx.json_parse(json.as_bytes())?.get()?;
        for entry in settled.props::<String, Value<'js>>() {
            let (key, value) = entry?;
            if options.set(key, value).is_err() {
                // Frozen by the script, which is its right.
                drop(ctx.catch());
                break;
            }
        }
        Ok(())
    }

    fn rest_until(&self, call: &Call, started: i64) -> Option<i64> {
        let least =
            i64::try_from(self.config.min_iteration_duration.as_nanos()).unwrap_or(i64::MAX);
        (least > 0 && matches!(call, Call::Iteration(_))).then(|| started.saturating_add(least))
    }

    fn timers_dropped(&self, ids: &[u32]) {
        for id in ids {
            let message = format!("timer {id} was dropped because its VU was interrupted");
            self.log(Level::Warn, message, &[]);
        }
    }

    fn is_aborted(&self) -> bool {
        self.abort.borrow().is_some()
    }

    fn aborted(&self) -> Option<String> {
        self.abort.borrow().clone()
    }

    fn as_any(self: Rc<Self>) -> Rc<dyn Any> {
        self
    }
}

/// Makes virtual users for the engine.
#[derive(Debug)]
pub struct K6Factory {
    /// What they share.
    pub config: Arc<K6Config>,
    /// What they run.
    pub program: Arc<Program>,
    /// What each may use.
    pub limits: VuLimits,
}

impl K6Factory {
    /// A virtual user as itself, for the first init pass.
    pub fn create_js(&self, cx: &WorkerCx, id: VuId) -> JsVu {
        let config = Arc::clone(&self.config);
        JsVu::new(cx, id, Arc::clone(&self.program), self.limits, |cx| {
            Rc::new(K6Host::new(config, cx))
        })
    }
}

impl VuFactory for K6Factory {
    fn create(&self, cx: &WorkerCx, id: VuId) -> Box<dyn Vu> {
        Box::new(self.create_js(cx, id))
    }
}

fn default_headers(config: &K6Config) -> Rc<[(String, String)]> {
    let agent = &config.user_agent;
    let header = || ("User-Agent".to_owned(), agent.clone());
    (!agent.is_empty()).then(header).into_iter().collect()
}

/// Marks the test as failed.
pub(crate) fn mark_failed(host: &K6Host) {
    host.cx
        .worker
        .state
        .marked_failed
        .store(true, Ordering::Relaxed);
}
