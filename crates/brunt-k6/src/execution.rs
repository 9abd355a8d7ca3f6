//! `k6/execution`: where the script is in its test.

use std::sync::atomic::Ordering;

use rquickjs::function::Opt;
use rquickjs::object::Accessor;
use rquickjs::{Ctx, Function, IntoJs, Object, Result, Value};

use brunt_js::{host_state, throw_error, throw_uncatchable};

use crate::host::{K6Host, mark_failed};
use crate::stage::Stage;

pub(crate) const EXPORTS: &[&str] = &["instance", "scenario", "test", "vu"];

pub(crate) fn export<'js>(ctx: &Ctx<'js>, name: &str) -> Result<Value<'js>> {
    let object = match name {
        "instance" => instance(ctx)?,
        "scenario" => scenario(ctx)?,
        "test" => test(ctx)?,
        "vu" => vu(ctx)?,
        _ => return Ok(Value::new_undefined(ctx.clone())),
    };
    Ok(object.into_value())
}

/// Adds an enumerable getter.
fn getter<'js, T: IntoJs<'js> + 'js>(
    object: &Object<'js>,
    name: &str,
    get: impl Fn(&Ctx<'js>, &K6Host) -> Result<T> + 'js,
) -> Result<()> {
    let read = move |ctx: Ctx<'js>| {
        let host = host_state::<K6Host>(&ctx)?;
        get(&ctx, &host)
    };
    object.prop(name, Accessor::new_get(read).enumerable())
}

fn instance<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    let in_test = |ctx: &Ctx<'js>, host: &K6Host| {
        host.stage
            .get()
            .must_run(ctx, "getting instance information")
    };
    getter(&object, "iterationsInterrupted", move |ctx, host| {
        in_test(ctx, host)?;
        Ok(host
            .cx
            .worker
            .state
            .iterations_interrupted
            .load(Ordering::Relaxed) as f64)
    })?;
    getter(&object, "iterationsCompleted", move |ctx, host| {
        in_test(ctx, host)?;
        Ok(host
            .cx
            .worker
            .state
            .iterations_completed
            .load(Ordering::Relaxed) as f64)
    })?;
    getter(&object, "vusActive", move |ctx, host| {
        in_test(ctx, host)?;
        Ok(host.cx.worker.state.vus_active.load(Ordering::Relaxed) as f64)
    })?;
    getter(&object, "vusInitialized", move |ctx, host| {
        in_test(ctx, host)?;
        Ok(host.cx.worker.state.vus_initialized.load(Ordering::Relaxed) as f64)
    })?;
    getter(&object, "currentTestRunDuration", move |ctx, host| {
        in_test(ctx, host)?;
        let started = host.cx.worker.state.started.load(Ordering::Relaxed);
        Ok(if started == 0 {
            0.0
        } else {
            (host.cx.parker.now() - started) as f64 / 1e6
        })
    })?;
    Ok(object)
}

fn scenario<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    let missing = |ctx: &Ctx<'js>| {
        let message = "getting scenario information outside of the VU context is not supported";
        throw_error(ctx, "GoError", message)
    };
    macro_rules! member {
        ($name:literal, |$host:ident, $iteration:ident| $value:expr) => {
            getter(&object, $name, move |ctx, $host| {
                if $host.stage.get() != Stage::Iteration {
                    return Err(missing(ctx));
                }
                let running = $host.iteration.borrow();
                let $iteration = running.as_ref().ok_or_else(|| missing(ctx))?;
                Ok($value)
            })?;
        };
    }
    member!("name", |_host, it| it.scenario.config.name.clone());
    member!("executor", |_host, it| it.scenario.config.executor.kind());
    member!("startTime", |host, it| {
        let started = it.scenario.started.get().copied().unwrap_or_default();
        (host.cx.parker.wall(started) / 1_000_000) as f64
    });
    member!("progress", |_host, it| f64::from_bits(
        it.scenario.progress.load(Ordering::Relaxed)
    ));
    member!("iterationInInstance", |_host, it| it.in_instance as f64);
    member!("iterationInTest", |_host, it| it.in_test as f64);
    Ok(object)
}

fn test<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    object.set(
        "abort",
        Function::new(ctx.clone(), abort)?.with_name("abort")?,
    )?;
    object.set("fail", Function::new(ctx.clone(), fail)?.with_name("fail")?)?;
    getter(&object, "options", |ctx, host| {
        let json = host.config.options_json.get().map_or("{}", |json| &**json);
        let options = ctx.json_parse(json.as_bytes())?;
        let freeze: Function<'js> = ctx.eval(
            "(function freeze(o) { if (o && typeof o === 'object') { Object.values(o).forEach(freeze); Object.freeze(o); } return o; })",
        )?;
        freeze.call::<_, Value<'js>>((options,))
    })?;
    Ok(object)
}

fn abort<'js>(ctx: Ctx<'js>, message: Opt<Value<'js>>) -> Result<()> {
    let host = host_state::<K6Host>(&ctx)?;
    let message = message.0.filter(|value| !value.is_undefined());
    let message = message
        .as_ref()
        .map(crate::args::text)
        .transpose()?
        .unwrap_or_default();
    *host.abort.borrow_mut() = Some(message);
    Err(throw_uncatchable(&ctx))
}

fn fail<'js>(ctx: Ctx<'js>, message: Opt<Value<'js>>) -> Result<()> {
    let host = host_state::<K6Host>(&ctx)?;
    host.stage.get().must_run(&ctx, "exec.test.fail()")?;
    let message = message
        .0
        .as_ref()
        .map(crate::args::text)
        .transpose()?
        .unwrap_or_default();
    mark_failed(&host);
    let text = format!("test marked as failed: {message}");
    host.log(brunt_engine::Level::Error, text, &[]);
    Ok(())
}

/// What a script that is being loaded is refused.
const VU: &str = "getting VU information";

fn vu<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    getter(&object, "idInInstance", |ctx, host| {
        host.stage.get().must_run(ctx, VU)?;
        Ok(host.cx.id.in_instance as f64)
    })?;
    getter(&object, "idInTest", |ctx, host| {
        host.stage.get().must_run(ctx, VU)?;
        Ok(host.cx.id.in_test as f64)
    })?;
    getter(&object, "iterationInInstance", |ctx, host| {
        host.stage.get().must_run(ctx, VU)?;
        Ok(host.iterations.get() as f64)
    })?;
    getter(&object, "iterationInScenario", |ctx, host| {
        host.stage.get().must_run(ctx, VU)?;
        let running = host.iteration.borrow();
        let Some(iteration) = running.as_ref() else {
            let message = "getting scenario information outside of the VU context is not supported";
            return Err(throw_error(ctx, "GoError", message));
        };
        let counts = host.iterations_in.borrow();
        Ok(counts
            .get(iteration.scenario.index)
            .copied()
            .unwrap_or_default() as f64)
    })?;
    let metrics = Object::new(ctx.clone())?;
    let tags = tag_map(ctx, Map::Tags)?;
    metrics.set("tags", tags.clone())?;
    metrics.set("metadata", tag_map(ctx, Map::Metadata)?)?;
    object.set("metrics", metrics)?;
    object.set("tags", tags)?;
    Ok(object)
}

/// The two live maps of a virtual user.
#[derive(Debug, Clone, Copy)]
enum Map {
    Tags,
    Metadata,
}

impl Map {
    fn read(self, host: &K6Host) -> Vec<(String, String)> {
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        match self {
            Self::Tags => host.tags.borrow().tags().iter().map(owned).collect(),
            Self::Metadata => host.user_meta.borrow().iter().map(owned).collect(),
        }
    }

    fn set(self, host: &K6Host, key: &str, value: &str) {
        match self {
            Self::Tags => host.tags.borrow_mut().set(key, value),
            Self::Metadata => {
                host.user_meta.borrow_mut().set(key, value);
                host.refresh_meta();
            }
        }
    }

    fn remove(self, host: &K6Host, key: &str) {
        match self {
            Self::Tags => host.tags.borrow_mut().remove(key),
            Self::Metadata => {
                host.user_meta.borrow_mut().remove(key);
                host.refresh_meta();
            }
        }
    }
}

/// A proxy whose members are the live map's.
fn tag_map<'js>(ctx: &Ctx<'js>, map: Map) -> Result<Value<'js>> {
    let make: Function<'js> = ctx.eval(
        "((get, set, remove) => new Proxy({}, { \
          get: (_, key) => typeof key === 'string' ? get()[key] : undefined, \
          has: (_, key) => key in get(), \
          set: (_, key, value) => { set(key, value); return true; }, \
          deleteProperty: (_, key) => { remove(key); return true; }, \
          ownKeys: () => Object.keys(get()), \
          getOwnPropertyDescriptor: (_, key) => { \
            const all = get(); \
            return key in all ? { value: all[key], enumerable: true, configurable: true, writable: true } : undefined; } }))",
    )?;
    let get = Function::new(ctx.clone(), move |ctx: Ctx<'js>| {
        let host = host_state::<K6Host>(&ctx)?;
        host.stage.get().must_run(&ctx, VU)?;
        let object = Object::new(ctx.clone())?;
        for (key, value) in map.read(&host) {
            object.set(key, value)?;
        }
        Result::Ok(object)
    })?;
    let set = Function::new(
        ctx.clone(),
        move |ctx: Ctx<'js>, key: String, value: Value<'js>| {
            let host = host_state::<K6Host>(&ctx)?;
            host.stage.get().must_run(&ctx, VU)?;
            if !(value.is_string() || value.is_number() || value.is_bool()) {
                let message = format!(
                    "invalid value for {} '{key}': only String, Boolean and Number types are accepted as a metric tag value",
                    match map {
                        Map::Tags => "metric tag",
                        Map::Metadata => "metric metadata",
                    }
                );
                return Err(throw_error(&ctx, "TypeError", &message));
            }
            map.set(&host, &key, &crate::args::text(&value)?);
            Ok(())
        },
    )?;
    let remove = Function::new(ctx.clone(), move |ctx: Ctx<'js>, key: String| {
        let host = host_state::<K6Host>(&ctx)?;
        map.remove(&host, &key);
        Result::Ok(())
    })?;
    make.call((get, set, remove))
}
