//! The globals beside ECMAScript's: `__ENV`, `__VU`, `console`, timers, `open`, `GoError`.

use rquickjs::function::Opt;
use rquickjs::object::{Accessor, Property};
use rquickjs::{Ctx, Function, IntoJs, Object, Result, Value};

use brunt_engine::Level;
use brunt_js::{
    Members, call_throwing_uncatchable, calling_file, current_file, glue, host_state, on_demand,
    parker, program, share_bytes, throw_error,
};
use brunt_script::Specifier;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use crate::config::K6Config;
use crate::host::K6Host;
use crate::stage::Stage;

pub(crate) fn install<'js>(ctx: &Ctx<'js>, host: &K6Host) -> Result<()> {
    let globals = ctx.globals();
    go_error(ctx)?;
    let env = on_demand(ctx, Environment(Arc::clone(&host.config)))?;
    if host.config.freeze_env {
        freeze(ctx, &env)?;
    }
    globals.set("__ENV", env)?;
    globals.set("__VU", host.cx.id.in_instance as f64)?;
    // A getter, because most scripts never ask, and a write per iteration costs them all.
    let iteration = |ctx: Ctx<'js>| -> Result<Option<f64>> {
        let host = host_state::<K6Host>(&ctx)?;
        let running = host.iteration.borrow().is_some();
        Ok(running.then(|| host.iterations.get() as f64))
    };
    globals.prop(
        "__ITER",
        Accessor::new_get(iteration).enumerable().configurable(),
    )?;
    if host.config.global {
        globals.set("global", globals.clone())?;
    }
    crate::console::install(ctx)?;
    for name in crate::text::GLOBALS {
        let first_use = move |ctx: Ctx<'js>| -> Result<Value<'js>> {
            crate::text::install(&ctx)?;
            ctx.globals().get(*name)
        };
        let replace = move |ctx: Ctx<'js>, value: Value<'js>| -> Result<()> {
            let own = Property::from(value).writable().configurable();
            ctx.globals().prop(*name, own)
        };
        globals.prop(*name, Accessor::new(first_use, replace).configurable())?;
    }
    for name in crate::timers::EXPORTS {
        globals.set(*name, crate::timers::export(ctx, name)?)?;
    }
    let open = Function::new(ctx.clone(), open)?.with_name("open")?;
    globals.set("open", open.clone())?;
    globals.prop(
        brunt_script::OPEN_TO_PARSE,
        Property::from(open).writable().configurable(),
    )?;
    if let Some(seed) = host.config.seed {
        seed_random(ctx, seed.wrapping_add(host.cx.id.in_test))?;
    }
    Ok(())
}

/// The members of `__ENV`.
struct Environment(Arc<K6Config>);

impl Members for Environment {
    fn names(&self) -> Vec<&str> {
        self.0.env.keys().map(String::as_str).collect()
    }

    fn has(&self, name: &str) -> bool {
        self.0.env.contains_key(name)
    }

    fn make<'js>(&self, ctx: &Ctx<'js>, name: &str) -> Result<Value<'js>> {
        self.0.env.get(name).map(String::as_str).into_js(ctx)
    }
}

/// Adds a scenario's variables to `__ENV`.
pub(crate) fn extend_env(
    ctx: &Ctx<'_>,
    host: &K6Host,
    more: &BTreeMap<String, String>,
) -> Result<()> {
    let globals = ctx.globals();
    let mut env: Object<'_> = globals.get("__ENV")?;
    if host.config.freeze_env {
        // Another object with the same members, because nothing can be added to a frozen one.
        let copy = Object::new(ctx.clone())?;
        for member in env.props::<String, Value<'_>>() {
            let (key, value) = member?;
            copy.set(key, value)?;
        }
        env = copy;
    }
    for (key, value) in more {
        env.set(key.as_str(), value.as_str())?;
    }
    if host.config.freeze_env {
        freeze(ctx, &env)?;
        globals.set("__ENV", env)?;
    }
    Ok(())
}

fn freeze<'js>(ctx: &Ctx<'js>, object: &Object<'js>) -> Result<()> {
    let constructor: Object<'js> = ctx.globals().get("Object")?;
    let freeze: Function<'js> = constructor.get("freeze")?;
    freeze.call::<_, Value<'js>>((object.clone(),)).map(drop)
}

/// Errors that host functions throw: `instanceof Error`, name `GoError` as in k6.
fn go_error<'js>(ctx: &Ctx<'js>) -> Result<()> {
    let make = glue(
        ctx,
        "GoError",
        "(() => { class GoError extends Error {} \
         Object.defineProperty(GoError.prototype, 'name', { value: 'GoError', writable: true, configurable: true }); \
         return () => GoError; })()",
    )?;
    ctx.globals()
        .set("GoError", make.call::<_, Value<'js>>(())?)
}

/// Replaces `Math.random` by a generator that starts from this seed.
pub(crate) fn seed_random(ctx: &Ctx<'_>, seed: u64) -> Result<()> {
    let generator = Rc::new(RefCell::new(SmallRng::seed_from_u64(seed)));
    let math: Object<'_> = ctx.globals().get("Math")?;
    let random = Function::new(ctx.clone(), move || generator.borrow_mut().random::<f64>())?;
    math.set("random", random.with_name("random")?)
}

/// `open(path, mode?)`: a file as text, or with mode `b` as an `ArrayBuffer`.
fn open(ctx: Ctx<'_>, path: Opt<String>, mode: Opt<Option<String>>) -> Result<Value<'_>> {
    let host = host_state::<K6Host>(&ctx)?;
    if host.stage.get() != Stage::Init {
        let message =
            "the \"open()\" function is only available in the init stage (i.e. the global scope)";
        return Err(throw_error(&ctx, "GoError", message));
    }
    let path = path.0.unwrap_or_default();
    let program = program(&ctx)?;
    let base = current_file(&ctx)?;
    warn_of_another_folder(&ctx, &host, &base, &path);
    // What goes into a SharedArray is not read again.
    let keep = !host.arrays.is_making();
    let read = parker(&ctx)?.on_worker(|| program.loader().open(&base, &path, keep));
    let contents = call_throwing_uncatchable(&ctx, read)?;
    let contents = contents.map_err(|error| throw_error(&ctx, "GoError", &error.to_string()))?;
    match mode.0.flatten().as_deref() {
        Some("b") => share_bytes(&ctx, &contents),
        _ => String::from_utf8_lossy(&contents).as_ref().into_js(&ctx),
    }
}

/// A path is relative to the file that is being evaluated, as in k6; one who reads it in a helper of
/// another folder expects something else. Said in the first init pass only.
fn warn_of_another_folder(ctx: &Ctx<'_>, host: &K6Host, base: &Specifier, path: &str) {
    if host.cx.id.in_instance != 0 || Path::new(path).is_absolute() || path.contains("://") {
        return;
    }
    let Some((file, base)) = calling_file(ctx).and_then(|it| it.to_path().zip(base.to_path()))
    else {
        return;
    };
    if let (Some(own), Some(folder)) = (file.parent(), base.parent())
        && own != folder
    {
        let message = format!(
            "open('{path}') in {} is relative to {}, the folder of the file that is being evaluated; use import.meta.resolve() for a path beside the helper",
            file.display(),
            folder.display()
        );
        host.log(Level::Warn, message, &[]);
    }
}
