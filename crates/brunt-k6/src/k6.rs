//! `import { check, group, sleep, fail, randomSeed } from 'k6'`.

use rquickjs::function::Rest;
use rquickjs::{Ctx, Result, Value};

use brunt_js::{
    call_throwing_uncatchable, for_each_property, host_state, is_async, native, throw_error,
};
use brunt_metrics::builtin;

use crate::args::{given, tags, text};
use crate::checks::CheckPlace;
use crate::host::K6Host;
use crate::named::function;

pub(crate) const EXPORTS: &[&str] = &["check", "fail", "group", "randomSeed", "sleep"];

pub(crate) fn export<'js>(ctx: &Ctx<'js>, name: &str) -> Result<Value<'js>> {
    match name {
        "check" => native(ctx, name, check),
        "fail" => function(ctx, name, fail),
        "group" => function(ctx, name, group),
        "randomSeed" => function(ctx, name, random_seed),
        "sleep" => native(ctx, name, sleep),
        _ => Ok(Value::new_undefined(ctx.clone())),
    }
}

fn sleep<'js>(ctx: &Ctx<'js>, _: &Value<'js>, arguments: &[Value<'js>]) -> Result<Value<'js>> {
    let host = host_state::<K6Host>(ctx)?;
    let seconds = match arguments.first() {
        Some(seconds) => seconds.get::<f64>()?,
        None => 0.0,
    };
    if seconds.is_finite() && seconds > 0.0 {
        let parker = &host.cx.parker;
        let until = parker.now().saturating_add((seconds * 1e9) as i64);
        call_throwing_uncatchable(ctx, parker.wait_until(until))?;
    }
    Ok(Value::new_undefined(ctx.clone()))
}

fn fail(ctx: Ctx<'_>, arguments: Rest<Value<'_>>) -> Result<()> {
    let message = arguments.first().map(text).transpose()?.unwrap_or_default();
    Err(throw_error(&ctx, "Error", &message))
}

fn random_seed(ctx: Ctx<'_>, seed: f64) -> Result<()> {
    crate::globals::seed_random(&ctx, seed as i64 as u64)
}

fn group<'js>(ctx: Ctx<'js>, name: String, body: Value<'js>) -> Result<Value<'js>> {
    let host = host_state::<K6Host>(&ctx)?;
    host.stage.get().must_run(&ctx, "group()")?;
    if name.contains("::") {
        let message = format!("group '{name}': a group's name may not contain '::'");
        return Err(throw_error(&ctx, "GoError", &message));
    }
    let Some(body) = body.as_function() else {
        return Err(throw_error(
            &ctx,
            "GoError",
            "group() requires a callback as a second argument",
        ));
    };
    if is_async(body)? {
        let message = "group() does not support async functions as arguments";
        return Err(throw_error(&ctx, "GoError", message));
    }
    let outer = host.group.borrow().clone();
    let path = format!("{outer}::{name}");
    host.config.groups.group(&path);
    host.set_group(&path);
    let started = host.cx.parker.now();
    let result = body.call::<_, Value<'js>>(());
    let finished = host.cx.parker.now();
    let took = (finished - started) as f64 / 1e6;
    let time = host.cx.parker.wall(finished);
    host.sample(builtin::GROUP_DURATION, "group_duration", &[], time, took);
    host.set_group(&outer);
    result
}

fn check<'js>(ctx: &Ctx<'js>, _: &Value<'js>, arguments: &[Value<'js>]) -> Result<Value<'js>> {
    let host = host_state::<K6Host>(ctx)?;
    host.stage.get().must_run(ctx, "check()")?;
    let undefined = Value::new_undefined(ctx.clone());
    let subject = arguments.first().unwrap_or(&undefined);
    let Some(set) = given(arguments, 1).and_then(Value::as_object) else {
        return Err(throw_error(ctx, "GoError", "no checks provided to `check`"));
    };
    let extra = match given(arguments, 2).and_then(Value::as_object) {
        Some(object) => tags(ctx, object, "check()")?,
        None => Vec::new(),
    };
    let time = host.wall_now();
    let mut all = true;
    for_each_property(set, |name, value| {
        let place = CheckPlace::find(&host, name, &extra)?;
        let judged = match value.as_function() {
            Some(function) if is_async(function)? => {
                let name = name.text()?;
                let message =
                    format!("check '{name}': passing async functions to `check` is not supported");
                return Err(throw_error(ctx, "GoError", &message));
            }
            Some(function) => function.call::<_, Value<'js>>((subject.clone(),)),
            None => Ok(value),
        };
        match judged {
            Ok(value) => {
                let passed = is_truthy(&value);
                all &= passed;
                place.record(&host, time, passed);
                Ok(())
            }
            Err(error) => {
                if !host.cx.parker.is_interrupted() {
                    place.record(&host, time, false);
                }
                Err(error)
            }
        }
    })?;
    Ok(Value::new_bool(ctx.clone(), all))
}

/// JavaScript's truthiness.
pub(crate) fn is_truthy(value: &Value<'_>) -> bool {
    if let Some(value) = value.as_bool() {
        return value;
    }
    if let Some(number) = value.as_number() {
        return number != 0.0 && !number.is_nan();
    }
    if let Some(text) = value.as_string() {
        return text.to_string().is_ok_and(|text| !text.is_empty());
    }
    if let Some(number) = value.as_big_int() {
        return number.clone().to_i64().map_or(true, |number| number != 0);
    }
    !(value.is_undefined() || value.is_null())
}
