//! `k6/http`: requests, responses and the nine HTTP metrics.

mod address;
mod body;
mod cookies;
mod debug;
mod headers;
mod json;
mod params;
mod request;
pub(crate) mod response;
mod samples;
mod targets;

use rquickjs::function::Rest;
use rquickjs::{Ctx, Function, Object, Result, Value};

use brunt_js::{host_state, throw_error};

use crate::args::text;
use crate::host::K6Host;

pub(crate) use targets::Targets;

pub(crate) const EXPORTS: &[&str] = &[
    "del",
    "expectedStatuses",
    "get",
    "head",
    "options",
    "patch",
    "post",
    "put",
    "request",
    "setResponseCallback",
    "url",
];

/// Which statuses make a request a success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expectation {
    /// Statuses and ranges of them, ends included.
    Statuses(Vec<(u16, u16)>),
    /// Nobody judges: no `http_req_failed`, no `expected_response`.
    Unjudged,
}

impl Default for Expectation {
    fn default() -> Self {
        Self::Statuses(vec![(200, 399)])
    }
}

impl Expectation {
    pub(crate) fn judge(&self, status: u16) -> Option<bool> {
        match self {
            Self::Unjudged => None,
            Self::Statuses(ranges) => Some(
                ranges
                    .iter()
                    .any(|(low, high)| (*low..=*high).contains(&status)),
            ),
        }
    }

    /// What `http.expectedStatuses(…)` made, or `null`.
    fn read(ctx: &Ctx<'_>, value: &Value<'_>) -> Result<Self> {
        if value.is_null() {
            return Ok(Self::Unjudged);
        }
        let ranges = value
            .as_object()
            .and_then(|it| it.get::<_, Option<Vec<Vec<u16>>>>(RANGES).ok());
        let Some(Some(ranges)) = ranges else {
            let message = "a response callback must be made by http.expectedStatuses() or be null";
            return Err(throw_error(ctx, "TypeError", message));
        };
        let pairs = ranges
            .iter()
            .filter_map(|range| Some((*range.first()?, *range.last()?)));
        Ok(Self::Statuses(pairs.collect()))
    }
}

/// The hidden member of what `expectedStatuses()` returns.
const RANGES: &str = "__ranges";

pub(crate) fn module<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let module = Object::new(ctx.clone())?;
    for (name, method) in [("get", "GET"), ("head", "HEAD")] {
        let function = Function::new(ctx.clone(), move |ctx: Ctx<'js>, args: Rest<Value<'js>>| {
            request::send(&ctx, method.into(), args.first(), None, args.get(1))
        })?;
        module.set(name, function.with_name(name)?)?;
    }
    let with_body = [
        ("post", "POST"),
        ("put", "PUT"),
        ("patch", "PATCH"),
        ("del", "DELETE"),
        ("options", "OPTIONS"),
    ];
    for (name, method) in with_body {
        let function = Function::new(ctx.clone(), move |ctx: Ctx<'js>, args: Rest<Value<'js>>| {
            request::send(&ctx, method.into(), args.first(), args.get(1), args.get(2))
        })?;
        module.set(name, function.with_name(name)?)?;
    }
    let function = Function::new(ctx.clone(), |ctx: Ctx<'js>, args: Rest<Value<'js>>| {
        let method = args.first().map(text).transpose()?.unwrap_or_default();
        request::send(&ctx, method.into(), args.get(1), args.get(2), args.get(3))
    })?;
    module.set("request", function.with_name("request")?)?;
    module.set(
        "url",
        Function::new(ctx.clone(), address::tag)?.with_name("url")?,
    )?;
    let function = Function::new(ctx.clone(), expected_statuses)?;
    module.set("expectedStatuses", function.with_name("expectedStatuses")?)?;
    let function = Function::new(ctx.clone(), set_response_callback)?;
    module.set(
        "setResponseCallback",
        function.with_name("setResponseCallback")?,
    )?;
    Ok(module)
}

fn expected_statuses<'js>(ctx: Ctx<'js>, arguments: Rest<Value<'js>>) -> Result<Object<'js>> {
    let wrong = || {
        let message =
            "expectedStatuses() takes whole numbers and objects like {min: 200, max: 299}";
        throw_error(&ctx, "TypeError", message)
    };
    let status = |value: &Value<'_>| -> Option<u16> {
        value
            .as_number()
            .filter(|it| it.fract() == 0.0 && (0.0..=999.0).contains(it))
            .map(|it| it as u16)
    };
    let mut ranges = Vec::new();
    for value in &arguments.0 {
        if let Some(status) = status(value) {
            ranges.push(vec![status, status]);
            continue;
        }
        let object = value.as_object().ok_or_else(wrong)?;
        let (min, max): (Value<'_>, Value<'_>) = (object.get("min")?, object.get("max")?);
        ranges.push(vec![
            status(&min).ok_or_else(wrong)?,
            status(&max).ok_or_else(wrong)?,
        ]);
    }
    if ranges.is_empty() {
        return Err(wrong());
    }
    let object = Object::new(ctx.clone())?;
    object.set(RANGES, ranges)?;
    Ok(object)
}

fn set_response_callback<'js>(ctx: Ctx<'js>, value: Value<'js>) -> Result<()> {
    let host = host_state::<K6Host>(&ctx)?;
    *host.response_callback.borrow_mut() = Expectation::read(&ctx, &value)?;
    Ok(())
}
