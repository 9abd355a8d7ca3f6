//! `http.batch()`: many requests side by side, on the one fiber that waits for all of them.

use std::borrow::Cow;
use std::rc::Rc;

use brunt_engine::Level;
use brunt_js::{call_throwing_uncatchable, host_state, throw_error};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rquickjs::function::Opt;
use rquickjs::{Array, Ctx, Object, Result, Value};
use rustc_hash::FxHashMap;
use tokio::sync::Semaphore;

use crate::args::text;
use crate::host::K6Host;
use crate::http::address::Address;
use crate::http::call::{Call, Driven, Verdict};
use crate::http::deadline::polled_at;
use crate::http::request::{Arguments, Refusal, prepare, reason};

/// Where the responses go: the same shape as the elements.
enum Shape<'js> {
    List(Array<'js>),
    Named(Object<'js>, Vec<String>),
}

/// A request that is over.
struct Finished {
    at: usize,
    call: Call,
    driven: Driven,
    verdict: Verdict,
}

/// `http.batch(requests)`.
pub(crate) fn batch<'js>(ctx: Ctx<'js>, requests: Opt<Value<'js>>) -> Result<Value<'js>> {
    let requests = requests
        .0
        .unwrap_or_else(|| Value::new_undefined(ctx.clone()));
    let host = host_state::<K6Host>(&ctx)?;
    host.stage.get().must_run(&ctx, "making http requests")?;
    let (shape, elements) = elements(&ctx, &requests)?;
    let mut calls = Vec::with_capacity(elements.len());
    let mut refused = false;
    for (at, element) in elements.iter().enumerate() {
        let prepared = read(&ctx, &host, &shape, at, element)?;
        refused |= prepared.is_err();
        calls.push(prepared);
    }
    if refused {
        return abort(&ctx, &host, &shape, calls);
    }
    let calls: Vec<Call> = calls.into_iter().flatten().collect();
    let waited = host.cx.parker.block_on(run(&host, calls), None);
    let finished = call_throwing_uncatchable(&ctx, waited)?;
    // The first one that failed, in time.
    let thrown = finished
        .iter()
        .find_map(|it| it.call.to_throw(&it.driven, &it.verdict));
    if let Some(error) = thrown {
        return Err(throw_error(&ctx, "GoError", error));
    }
    let mut in_order = finished;
    in_order.sort_by_key(|it| it.at);
    for Finished {
        at,
        call,
        driven,
        verdict,
    } in in_order
    {
        shape.set(at, call.answer(&ctx, &host, driven, verdict)?)?;
    }
    Ok(shape.into_value())
}

/// Runs all of them, so many at once as the options allow; gives them in the order of their ends.
async fn run(host: &Rc<K6Host>, calls: Vec<Call>) -> Vec<Finished> {
    // 0 is no limit.
    let slots = |limit: usize| Rc::new(Semaphore::new(limit_or_all(limit)));
    let all = slots(host.config.batch);
    let mut hosts: FxHashMap<String, Rc<Semaphore>> = FxHashMap::default();
    let mut running = FuturesUnordered::new();
    for (at, mut call) in calls.into_iter().enumerate() {
        let authority = call.place.target.authority().to_owned();
        let known = hosts.entry(authority);
        let of_host = Rc::clone(known.or_insert_with(|| slots(host.config.batch_per_host)));
        let all = Rc::clone(&all);
        running.push(async move {
            // First that of the host, so that nobody holds one of all while it waits for it. They
            // are never closed, so there is always a permit in the end.
            let _of_host = of_host.acquire().await;
            let _of_all = all.acquire().await;
            let now = host.cx.parker.now();
            let deadline = call.deadline(now);
            let mut driven = polled_at(call.drive(host, deadline), now, deadline).await;
            let verdict = call.conclude(host, &mut driven);
            Finished {
                at,
                call,
                driven,
                verdict,
            }
        });
    }
    let mut finished = Vec::with_capacity(running.len());
    while let Some(one) = running.next().await {
        finished.push(one);
    }
    finished
}

fn limit_or_all(limit: usize) -> usize {
    if limit == 0 {
        Semaphore::MAX_PERMITS
    } else {
        limit.min(Semaphore::MAX_PERMITS)
    }
}

fn elements<'js>(ctx: &Ctx<'js>, requests: &Value<'js>) -> Result<(Shape<'js>, Vec<Value<'js>>)> {
    if let Some(list) = requests.as_array() {
        let elements = list.iter().collect::<Result<_>>()?;
        return Ok((Shape::List(Array::new(ctx.clone())?), elements));
    }
    let Some(object) = requests.as_object().filter(|_| !requests.is_function()) else {
        let message = format!(
            "http.batch() takes an array or an object of requests, not {}",
            requests.type_name()
        );
        return Err(throw_error(ctx, "TypeError", &message));
    };
    let (mut names, mut elements) = (Vec::new(), Vec::new());
    for entry in object.props::<String, Value<'js>>() {
        let (name, element) = entry?;
        names.push(name);
        elements.push(element);
    }
    Ok((Shape::Named(Object::new(ctx.clone())?, names), elements))
}

impl<'js> Shape<'js> {
    fn set(&self, at: usize, response: Value<'js>) -> Result<()> {
        match self {
            Self::List(list) => list.set(at, response),
            Self::Named(object, names) => match names.get(at) {
                Some(name) => object.set(name.as_str(), response),
                None => Ok(()),
            },
        }
    }

    fn into_value(self) -> Value<'js> {
        match self {
            Self::List(list) => list.into_value(),
            Self::Named(object, _) => object.into_value(),
        }
    }

    /// How an element is called in messages.
    fn name(&self, at: usize) -> String {
        match self {
            Self::List(_) => at.to_string(),
            Self::Named(_, names) => format!("'{}'", names.get(at).map_or("", String::as_str)),
        }
    }
}

/// One element in any of its forms.
fn read<'js>(
    ctx: &Ctx<'js>,
    host: &Rc<K6Host>,
    shape: &Shape<'js>,
    at: usize,
    element: &Value<'js>,
) -> Result<std::result::Result<Call, Refusal>> {
    let parts = match Parts::read(element) {
        Ok(Some(parts)) => Ok(parts),
        Ok(None) => {
            let message = format!(
                "batch request {} is no request: it must be a URL, [method, url, body, params], or an object with a url",
                shape.name(at)
            );
            Err(throw_error(ctx, "GoError", &message))
        }
        Err(error) => Err(error),
    };
    match parts {
        Ok(parts) => prepare(
            ctx,
            host,
            Arguments {
                method: parts.method,
                url: Some(&parts.url),
                body: parts.body.as_ref(),
                params: parts.params.as_ref(),
            },
        ),
        Err(error) => {
            let reason = reason(ctx, host, error)?;
            Ok(Err(Refusal::new("GET".into(), "", reason, 0)))
        }
    }
}

/// An element's parts.
struct Parts<'js> {
    method: Cow<'static, str>,
    url: Value<'js>,
    body: Option<Value<'js>>,
    params: Option<Value<'js>>,
}

impl<'js> Parts<'js> {
    fn read(element: &Value<'js>) -> Result<Option<Self>> {
        if element.is_string() || Address::is_one(element) {
            return Ok(Some(Self {
                method: "GET".into(),
                url: element.clone(),
                body: None,
                params: None,
            }));
        }
        if let Some(list) = element.as_array() {
            if list.len() < 2 {
                return Ok(None);
            }
            return Ok(Some(Self {
                method: text(&list.get(0)?)?.into(),
                url: list.get(1)?,
                body: Some(list.get(2)?),
                params: Some(list.get(3)?),
            }));
        }
        let Some(object) = element.as_object() else {
            return Ok(None);
        };
        let url: Value<'js> = object.get("url")?;
        if url.is_undefined() || url.is_null() {
            return Ok(None);
        }
        let method: Value<'js> = object.get("method")?;
        let method: Cow<'static, str> = if method.is_undefined() || method.is_null() {
            "GET".into()
        } else {
            text(&method)?.into()
        };
        let has_body = !method.eq_ignore_ascii_case("GET") && !method.eq_ignore_ascii_case("HEAD");
        Ok(Some(Self {
            url,
            body: has_body.then(|| object.get("body")).transpose()?,
            params: Some(object.get("params")?),
            method,
        }))
    }
}

/// Nothing is sent because an element makes no request: one warning, and in each place a response
/// that says why.
fn abort<'js>(
    ctx: &Ctx<'js>,
    host: &K6Host,
    shape: &Shape<'js>,
    calls: Vec<std::result::Result<Call, Refusal>>,
) -> Result<Value<'js>> {
    let found = calls.iter().enumerate().find_map(|(at, it)| {
        let refusal = it.as_ref().err()?;
        Some((at, refusal.reason.clone()))
    });
    let (bad, error) = found.unwrap_or_default();
    let message = "A batch request failed".to_owned();
    host.log(Level::Warn, message, &[("error", &error)]);
    let responses = match shape {
        Shape::List(list) => Shape::List(list.clone()),
        Shape::Named(object, names) => Shape::Named(object.clone(), names.clone()),
    };
    for (at, call) in calls.into_iter().enumerate() {
        let refusal = match call {
            Err(refusal) => refusal,
            Ok(call) => {
                let bad = shape.name(bad);
                let reason = format!("not sent, because of request {bad} of the batch: {error}");
                let shown = Rc::clone(call.shown());
                Refusal::new(call.method, &shown, reason, 0)
            }
        };
        responses.set(at, refusal.quiet_answer(ctx, host)?)?;
    }
    Ok(responses.into_value())
}
