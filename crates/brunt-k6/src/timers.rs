//! `k6/timers` and the global functions of the same names.

use rquickjs::function::Rest;
use rquickjs::{Ctx, Function, Object, Result, Value};

use brunt_js::{event_loop, parker, throw_error};

pub(crate) const EXPORTS: &[&str] = &["clearInterval", "clearTimeout", "setInterval", "setTimeout"];

pub(crate) fn module<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let module = Object::new(ctx.clone())?;
    for (name, repeat) in [("setTimeout", false), ("setInterval", true)] {
        let function = Function::new(ctx.clone(), move |ctx: Ctx<'js>, args: Rest<Value<'js>>| {
            set_timer(&ctx, name, args.0, repeat)
        })?;
        module.set(name, function.with_name(name)?)?;
    }
    for name in ["clearTimeout", "clearInterval"] {
        let function = Function::new(ctx.clone(), clear_timer)?;
        module.set(name, function.with_name(name)?)?;
    }
    Ok(module)
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
