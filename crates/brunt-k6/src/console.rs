//! The global `console`: each call is one log record with `source=console`.

use rquickjs::function::Rest;
use rquickjs::{Ctx, Function, Object, Result, Value};

use brunt_engine::Level;
use brunt_js::host_state;

use crate::host::K6Host;
use crate::inspect::show;

pub(crate) fn install<'js>(ctx: &Ctx<'js>) -> Result<()> {
    let console = Object::new(ctx.clone())?;
    let methods = [
        ("log", Level::Info),
        ("info", Level::Info),
        ("debug", Level::Debug),
        ("warn", Level::Warn),
        ("error", Level::Error),
    ];
    for (name, level) in methods {
        let function = Function::new(ctx.clone(), move |ctx: Ctx<'js>, args: Rest<Value<'js>>| {
            log(&ctx, level, &args.0)
        })?;
        console.set(name, function.with_name(name)?)?;
    }
    ctx.globals().set("console", console)
}

fn log<'js>(ctx: &Ctx<'js>, level: Level, arguments: &[Value<'js>]) -> Result<()> {
    let host = host_state::<K6Host>(ctx)?;
    if !host.cx.worker.log.enabled(level) {
        return Ok(());
    }
    let mut message = String::new();
    for (at, value) in arguments.iter().enumerate() {
        if at > 0 {
            message.push(' ');
        }
        message.push_str(&show(value)?);
    }
    host.log(level, message, &[("source", "console")]);
    Ok(())
}
