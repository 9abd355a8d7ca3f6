//! `k6/timers` and the global functions of the same names.

use rquickjs::function::Rest;
use rquickjs::{Ctx, Result, Value};

use brunt_js::{event_loop, parker, throw_error};

use crate::named::function;

pub(crate) const EXPORTS: &[&str] = &["clearInterval", "clearTimeout", "setInterval", "setTimeout"];

pub(crate) fn export<'js>(ctx: &Ctx<'js>, name: &str) -> Result<Value<'js>> {
    let set = |name: &'static str, repeat| {
        function(ctx, name, move |ctx: Ctx<'js>, args: Rest<Value<'js>>| {
            set_timer(&ctx, name, args.0, repeat)
        })
    };
    match name {
        "setTimeout" => set("setTimeout", false),
        "setInterval" => set("setInterval", true),
        "clearTimeout" | "clearInterval" => function(ctx, name, clear_timer),
        _ => Ok(Value::new_undefined(ctx.clone())),
    }
}

fn set_timer<'js>(
    ctx: &Ctx<'js>,
    name: &str,
    mut arguments: Vec<Value<'js>>,
    repeat: bool,
) -> Result<u32> {
    let callback = arguments.first().and_then(Value::as_function).cloned();
    let Some(callback) = callback else {
        let message = format!("{name}'s callback isn't a callable function");
        return Err(throw_error(ctx, "TypeError", &message));
    };
    let delay = match arguments.get(1) {
        Some(value) => value.get::<rquickjs::Coerced<f64>>()?.0,
        None => 0.0,
    };
    let delay = if delay > 0.0 { (delay * 1e6) as i64 } else { 0 };
    let rest = if arguments.len() > 2 {
        arguments.split_off(2)
    } else {
        Vec::new()
    };
    let now = parker(ctx)?.now();
    Ok(event_loop(ctx)?.set_timer(ctx, callback, rest, now, delay, repeat))
}

fn clear_timer<'js>(ctx: Ctx<'js>, arguments: Rest<Value<'js>>) -> Result<()> {
    let id = arguments.first().and_then(Value::as_number);
    if let Some(id) = id.filter(|id| *id >= 1.0) {
        event_loop(&ctx)?.clear_timer(id as u32);
    }
    Ok(())
}
