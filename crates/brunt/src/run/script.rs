//! The first init pass: the script is evaluated once, to learn its options, metrics and files.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Read;
use std::rc::Rc;
use std::sync::Arc;

use brunt_aggregate::Groups;
use brunt_bus::Recorder;
use brunt_engine::{
    Call, Level, LogSink, MonotonicTime, Outcome, Record, TestState, TimeSource, VuId, WorkerCx,
    WorkerLocal,
};
use brunt_js::{Exports, Program, VuLimits, run_alone};
use brunt_k6::data::SharedArrays;
use brunt_k6::{K6Config, K6Factory};
use brunt_metrics::Registry;
use brunt_options::Feature;
use brunt_script::{Entry, LoadError, Loader};

use crate::exit::{Exit, Failure};
use crate::run::RunArgs;

/// A script that was evaluated once.
pub(crate) struct Script {
    pub(crate) program: Arc<Program>,
    pub(crate) exports: Exports,
    pub(crate) registry: Arc<Registry>,
    pub(crate) groups: Arc<Groups>,
    pub(crate) shared: Arc<SharedArrays>,
    pub(crate) env: BTreeMap<String, String>,
}

/// Loads and evaluates the script. To be called on a thread that has no runtime and serves nobody
/// else, as virtual users need it.
pub(crate) fn load(args: &RunArgs, log: &Arc<dyn LogSink>) -> Result<Script, Failure> {
    let loader = Loader::new(entry(args)?, brunt_k6::MODULES.iter().copied())
        .map_err(|error| failure(&error))?
        .with_builtin_exports(brunt_k6::K6Host::exports_of);
    loader.preload().map_err(|error| failure(&error))?;
    let loader = Arc::new(loader);
    let mut script = Script {
        program: Arc::new(Program::new(Arc::clone(&loader))),
        exports: Exports::default(),
        registry: Arc::new(Registry::new()),
        groups: Arc::default(),
        shared: Arc::default(),
        env: environment(args)?,
    };
    script.exports = evaluate(args, &script, log)?;
    loader.seal();
    for warning in loader.take_warnings() {
        log.log(Record {
            level: Level::Warn,
            message: warning,
            fields: Vec::new(),
        });
    }
    script.check_exports()?;
    Ok(script)
}

fn failure(error: &LoadError) -> Failure {
    let exit = if error.kind.exit_code() == Exit::Usage as u8 {
        Exit::Usage
    } else {
        Exit::ScriptException
    };
    Failure::new(exit, error.to_string())
}

fn entry(args: &RunArgs) -> Result<Entry, Failure> {
    if args.script != "-" {
        return Ok(Entry::Path(args.script.clone().into()));
    }
    let wrong = |error: std::io::Error| {
        Failure::new(
            Exit::Usage,
            format!("cannot read the script from standard input: {error}"),
        )
    };
    let mut text = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut text)
        .map_err(wrong)?;
    let cwd = std::env::current_dir().map_err(wrong)?;
    Ok(Entry::Text { text, cwd })
}

/// `__ENV`: the process' environment, with `-e NAME=VALUE` over it.
fn environment(args: &RunArgs) -> Result<BTreeMap<String, String>, Failure> {
    let mut env: BTreeMap<String, String> = if args.system_env {
        let utf8 = |(key, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((key.into_string().ok()?, value.into_string().ok()?))
        };
        std::env::vars_os().filter_map(utf8).collect()
    } else {
        BTreeMap::new()
    };
    if let Some(features) = args.features.variable() {
        env.insert("K6_FEATURES".to_owned(), features);
    }
    for text in &args.env {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let valid = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !valid {
            let message = format!(
                "-e '{text}': '{name}' cannot be a variable's name; use letters, digits and _"
            );
            return Err(Failure::new(Exit::Usage, message));
        }
        env.insert(name.to_owned(), value.to_owned());
    }
    Ok(env)
}

fn evaluate(args: &RunArgs, script: &Script, log: &Arc<dyn LogSink>) -> Result<Exports, Failure> {
    let internal =
        |error: std::io::Error| Failure::new(Exit::Usage, format!("cannot start: {error}"));
    let config = K6Config::new(Arc::clone(&script.registry), Arc::clone(&script.groups));
    let factory = K6Factory {
        config: Arc::new(K6Config {
            env: script.env.clone(),
            freeze_env: args.features.has(Feature::FreezeEnv),
            global: args.compatibility_mode != "base",
            shared: Arc::clone(&script.shared),
            ..config
        }),
        program: Arc::clone(&script.program),
        limits: VuLimits {
            memory: args.vu_memory_limit,
            read_exports: true,
        },
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(internal)?;
    runtime.block_on(async {
        let cx = WorkerCx {
            index: 0,
            recorder: Rc::new(RefCell::new(Recorder::discarding())),
            clock: MonotonicTime::new().clock().map_err(internal)?,
            state: Arc::new(TestState::default()),
            log: Arc::clone(log),
            local: WorkerLocal::default(),
        };
        let mut vu = factory.create_js(
            &cx,
            VuId {
                in_instance: 0,
                in_test: 0,
            },
        );
        let outcome = run_alone(&mut vu, Call::Init).await;
        let exports = vu.exports().unwrap_or_default();
        // Lists that are shared have been parsed here and are parsed nowhere else.
        drop(vu);
        brunt_js::return_free_memory();
        match outcome {
            Outcome::Completed(_) => Ok(exports),
            Outcome::Failed(message) => Err(Failure::new(Exit::ScriptException, message)),
            Outcome::Aborted(message) => Err(Failure::new(
                Exit::ScriptAbort,
                format!("test aborted: {message}"),
            )),
            Outcome::Interrupted => Err(Failure::new(
                Exit::Signal,
                "interrupted while the script was loaded",
            )),
        }
    })
}

impl Script {
    /// What k6 refuses before it looks at options.
    fn check_exports(&self) -> Result<(), Failure> {
        if self.exports.functions.is_empty() {
            let message = "no exported functions in script: export a default function, such as `export default function () { … }`";
            return Err(Failure::new(Exit::Usage, message));
        }
        for name in ["setup", "teardown", "handleSummary"] {
            if self.exports.others.iter().any(|other| other == name) {
                let message = format!("exported '{name}' must be a function");
                return Err(Failure::new(Exit::Usage, message));
            }
        }
        Ok(())
    }

    /// Whether a function of this name is exported.
    pub(crate) fn has(&self, function: &str) -> bool {
        self.exports.functions.iter().any(|known| known == function)
    }
}
