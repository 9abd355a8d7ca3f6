//! `k6/metrics`: custom counters, gauges, rates and trends.

use std::sync::Arc;

use rquickjs::function::{Constructor, Opt, This};
use rquickjs::{Ctx, IntoJs, Object, Result, Value};

use brunt_engine::Level;
use brunt_js::lazy::{Lazy, LazyClass};
use brunt_js::{host_state, throw_error};
use brunt_metrics::{Metric, MetricKind, ValueType};

use crate::args::tags;
use crate::host::K6Host;
use crate::named::function;

pub(crate) const EXPORTS: &[&str] = &["Counter", "Gauge", "Rate", "Trend"];

/// What hangs on a metric object.
struct Handle(Arc<Metric>);

impl Lazy for Handle {
    fn member<'js>(&self, ctx: &Ctx<'js>, _index: usize) -> Result<Value<'js>> {
        (*self.0.name).into_js(ctx)
    }
}

pub(crate) fn export<'js>(ctx: &Ctx<'js>, name: &str) -> Result<Value<'js>> {
    let kind = match name {
        "Counter" => MetricKind::Counter,
        "Gauge" => MetricKind::Gauge,
        "Rate" => MetricKind::Rate,
        "Trend" => MetricKind::Trend,
        _ => return Ok(Value::new_undefined(ctx.clone())),
    };
    let host = host_state::<K6Host>(ctx)?;
    let prototype = if let Some(class) = host.metric_class.get() {
        class.prototype(ctx)?
    } else {
        let prototype = Object::new(ctx.clone())?;
        prototype.set("add", function(ctx, "add", add)?)?;
        let class = LazyClass::new(ctx, ["name"], &prototype)?;
        host.metric_class.get_or_init(|| class);
        prototype
    };
    let constructor = Constructor::new_prototype(
        ctx,
        prototype,
        move |ctx: Ctx<'js>, name: Opt<Value<'js>>, is_time: Opt<bool>| {
            construct(&ctx, kind, name.0.as_ref(), is_time.0.unwrap_or(false))
        },
    )?;
    constructor.set_name(name)?;
    Ok(constructor.into_value())
}

fn construct<'js>(
    ctx: &Ctx<'js>,
    kind: MetricKind,
    name: Option<&Value<'js>>,
    is_time: bool,
) -> Result<Object<'js>> {
    let host = host_state::<K6Host>(ctx)?;
    host.stage.get().must_init(ctx, "metrics")?;
    let name = name.map(crate::args::text).transpose()?.unwrap_or_default();
    let contains = if is_time {
        ValueType::Time
    } else {
        ValueType::Default
    };
    let metric = host.config.registry.register(&name, kind, contains);
    let metric = metric.map_err(|error| throw_error(ctx, "GoError", &error.to_string()))?;
    let class = host.metric_class.get().ok_or(rquickjs::Error::Unknown)?;
    class.object(ctx, Handle(metric))
}

fn add<'js>(
    ctx: Ctx<'js>,
    this: This<Value<'js>>,
    value: Opt<Value<'js>>,
    extra: Opt<Value<'js>>,
) -> Result<bool> {
    let host = host_state::<K6Host>(&ctx)?;
    host.stage.get().must_run(&ctx, "adding to a metric")?;
    let class = host.metric_class.get().ok_or(rquickjs::Error::Unknown)?;
    let metric = class.with::<Handle, _>(&this.0, |handle| Arc::clone(&handle.0));
    let Some(metric) = metric else {
        return Err(throw_error(
            &ctx,
            "TypeError",
            "add() was called on something that is no metric",
        ));
    };
    let number = match &value.0 {
        Some(value) => match value.as_bool() {
            Some(value) => f64::from(u8::from(value)),
            None if value.is_null() || value.is_undefined() => f64::NAN,
            None => value.get::<rquickjs::Coerced<f64>>()?.0,
        },
        None => f64::NAN,
    };
    if number.is_nan() {
        let shown = value.0.as_ref().map_or("nothing", Value::type_name);
        let message = format!(
            "'{shown}' is an invalid value for metric '{}', a number or a boolean value is expected",
            metric.name
        );
        if host.config.throw {
            return Err(throw_error(&ctx, "GoError", &message));
        }
        host.log(Level::Warn, message, &[]);
        return Ok(false);
    }
    let mut call_tags = match extra.0.as_ref().and_then(Value::as_object) {
        Some(object) => tags(&ctx, object, "metric.add()")?,
        None => Vec::new(),
    };
    call_tags.sort();
    host.sample(metric.id, &metric.name, &call_tags, host.wall_now(), number);
    Ok(true)
}
