//! `http.get()` and its like: arguments in, a response out, the script waiting meanwhile.

use std::borrow::Cow;
use std::rc::Rc;

use brunt_engine::Level;
use brunt_js::{call_throwing_uncatchable, host_state, throw_error};
use brunt_net::UrlError;
use rquickjs::{Ctx, Result, Value};

use crate::host::K6Host;
use crate::http::address::Address;
use crate::http::body::Body;
use crate::http::call::Call;
use crate::http::params::Params;
use crate::http::response::{Answer, Sent};

/// The arguments of a request.
#[derive(Debug)]
pub(crate) struct Arguments<'a, 'js> {
    pub(crate) method: Cow<'static, str>,
    pub(crate) url: Option<&'a Value<'js>>,
    pub(crate) body: Option<&'a Value<'js>>,
    pub(crate) params: Option<&'a Value<'js>>,
}

/// Runs a request to its end, redirects included.
pub(crate) fn send<'js>(ctx: &Ctx<'js>, arguments: Arguments<'_, 'js>) -> Result<Value<'js>> {
    let host = host_state::<K6Host>(ctx)?;
    host.stage.get().must_run(ctx, "making http requests")?;
    let mut call = match prepare(ctx, &host, arguments)? {
        Ok(call) => call,
        Err(refusal) => return refusal.answer(ctx, &host),
    };
    let parker = &host.cx.parker;
    let deadline = call.deadline(parker.now());
    let waited = parker.block_on(call.drive(&host, deadline), Some(deadline));
    let mut driven = call_throwing_uncatchable(ctx, waited)?;
    let verdict = call.conclude(&host, &mut driven);
    call.answer(ctx, &host, driven, verdict)
}

/// Reads the arguments. Those that make no request are an exception or a refusal, as the options
/// want it.
pub(crate) fn prepare<'js>(
    ctx: &Ctx<'js>,
    host: &Rc<K6Host>,
    arguments: Arguments<'_, 'js>,
) -> Result<std::result::Result<Call, Refusal>> {
    let Some(url) = arguments.url else {
        let message = "a request needs a URL as its first argument";
        return Err(throw_error(ctx, "TypeError", message));
    };
    let Address { url, name } = Address::read(url)?;
    let method = arguments.method;
    let read = Params::read(ctx, host, arguments.params).and_then(|params| {
        let mut body = Body::read(ctx, host, arguments.body)?;
        body.pack(ctx, host, &params)?;
        Ok((params, body))
    });
    let (mut params, body) = match read {
        Ok(read) => read,
        Err(error) => {
            let reason = reason(ctx, host, error)?;
            return Ok(Err(Refusal::new(method, &url, reason, 0)));
        }
    };
    if let Some(name) = name {
        params.name(name);
    }
    params.check_length(host, &url, body.bytes.as_deref());
    let place = match host.caches.targets.borrow_mut().get(&url) {
        Ok(place) => place,
        Err(error) => {
            let (reason, code) = url_error(&error);
            if params.throw {
                return Err(throw_error(ctx, "GoError", &reason));
            }
            return Ok(Err(Refusal::new(method, &url, reason, code)));
        }
    };
    let jar = match params.jar.take() {
        Some(jar) => jar,
        None => Rc::clone(&host.jar.borrow()),
    };
    Ok(Ok(Call {
        method,
        place,
        params,
        body,
        jar,
        referer: None,
        answer: None,
    }))
}

/// What is wrong with arguments that made an exception; the exception itself with the option
/// `throw`.
pub(crate) fn reason(ctx: &Ctx<'_>, host: &K6Host, error: rquickjs::Error) -> Result<String> {
    if host.config.throw || !error.is_exception() || host.cx.parker.is_interrupted() {
        return Err(error);
    }
    let thrown = ctx.catch();
    let message = thrown.as_object().map(|it| it.get::<_, String>("message"));
    match message {
        Some(Ok(reason)) => Ok(reason),
        _ => Err(ctx.throw(thrown)),
    }
}

/// The error and the code of a URL that makes no request.
pub(crate) fn url_error(error: &UrlError) -> (String, u32) {
    (error.to_string(), 1020)
}

/// A call that cannot even be sent.
#[derive(Debug)]
pub(crate) struct Refusal {
    method: Cow<'static, str>,
    url: String,
    pub(crate) reason: String,
    code: u32,
}

impl Refusal {
    pub(crate) fn new(method: Cow<'static, str>, url: &str, reason: String, code: u32) -> Self {
        Self {
            method,
            url: url.to_owned(),
            reason,
            code,
        }
    }

    /// Warns, and gives an empty response.
    pub(crate) fn answer<'js>(self, ctx: &Ctx<'js>, host: &K6Host) -> Result<Value<'js>> {
        let fields = [("error", self.reason.as_str())];
        host.log(Level::Warn, "Request Failed".to_owned(), &fields);
        self.quiet_answer(ctx, host)
    }

    /// An empty response.
    pub(crate) fn quiet_answer<'js>(self, ctx: &Ctx<'js>, host: &K6Host) -> Result<Value<'js>> {
        let sent = Sent {
            method: self.method,
            url: self.url.as_str().into(),
            headers: Rc::default(),
            body: None,
            cookies: Vec::new(),
        };
        Answer::refused(sent, &self.reason, self.code).into_js(ctx, host)
    }
}
