//! One call of `http.get()` and its like: arguments in, exchanges, samples, a response out.

use std::borrow::Cow;
use std::rc::Rc;

use brunt_engine::Level;
use brunt_js::{call_throwing_uncatchable, host_state, throw_error};
use brunt_net::{Exchange, Request};
use rquickjs::{Ctx, Result, Value};

use crate::host::K6Host;
use crate::http::address::Address;
use crate::http::body::Body;
use crate::http::debug;
use crate::http::params::{Params, ResponseType};
use crate::http::response::{Answer, Sent};
use crate::http::samples::{Tagged, emit};
use crate::http::targets::Place;

/// Runs a request to its end, redirects included.
pub(crate) fn send<'js>(
    ctx: &Ctx<'js>,
    method: Cow<'static, str>,
    url: Option<&Value<'js>>,
    body: Option<&Value<'js>>,
    params: Option<&Value<'js>>,
) -> Result<Value<'js>> {
    let host = host_state::<K6Host>(ctx)?;
    host.stage.get().must_run(ctx, "making http requests")?;
    let Some(url) = url else {
        return Err(throw_error(
            ctx,
            "TypeError",
            "a request needs a URL as its first argument",
        ));
    };
    let Address { url, name } = Address::read(url)?;
    let arguments = Params::read(ctx, &host, params)
        .and_then(|params| Body::read(ctx, body).map(|body| (params, body)));
    let (mut params, body) = match arguments {
        Ok(arguments) => arguments,
        Err(error) => return misused(ctx, &host, &method, &url, error),
    };
    if let Some(name) = name {
        params.name(name);
    }
    let place = match host.targets.borrow_mut().get(&url) {
        Ok(place) => place,
        Err(error) => {
            return refuse(
                ctx,
                &host,
                &method,
                &url,
                &error.to_string(),
                1020,
                params.throw,
            );
        }
    };
    let mut call = Call {
        host: &host,
        method,
        place,
        params,
        body,
    };
    call.run(ctx)
}

/// A call whose arguments make no sense: with the option `throw` their exception, else as `refuse`.
fn misused<'js>(
    ctx: &Ctx<'js>,
    host: &Rc<K6Host>,
    method: &str,
    url: &str,
    error: rquickjs::Error,
) -> Result<Value<'js>> {
    if host.config.throw || !error.is_exception() || host.cx.parker.is_interrupted() {
        return Err(error);
    }
    let thrown = ctx.catch();
    let message = thrown.as_object().map(|it| it.get::<_, String>("message"));
    match message {
        Some(Ok(reason)) => refuse(ctx, host, method, url, &reason, 0, false),
        _ => Err(ctx.throw(thrown)),
    }
}

/// A call that cannot even be sent: an error, or a warning and an empty response.
fn refuse<'js>(
    ctx: &Ctx<'js>,
    host: &Rc<K6Host>,
    method: &str,
    url: &str,
    reason: &str,
    code: u32,
    throw: bool,
) -> Result<Value<'js>> {
    if throw {
        return Err(throw_error(ctx, "GoError", reason));
    }
    host.log(
        Level::Warn,
        "Request Failed".to_owned(),
        &[("error", reason)],
    );
    let sent = Sent {
        method: method.to_owned().into(),
        url: url.into(),
        headers: Rc::default(),
        body: None,
    };
    Answer::refused(sent, reason, code).into_js(ctx, host)
}

struct Call<'a> {
    host: &'a Rc<K6Host>,
    method: Cow<'static, str>,
    place: Rc<Place>,
    params: Params,
    body: Body,
}

impl Call<'_> {
    fn run<'js>(&mut self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        let parker = Rc::clone(&self.host.cx.parker);
        let timeout = i64::try_from(self.params.timeout.as_nanos()).unwrap_or(i64::MAX);
        let deadline = parker.now().saturating_add(timeout);
        let mut hops = 0;
        loop {
            let headers = self.headers();
            let exchange = {
                let request = Request {
                    method: &self.method,
                    url: &self.place.target,
                    headers: &headers,
                    body: self.body.bytes.as_deref(),
                    deadline: Some(deadline),
                    discard_body: self.params.response_type == ResponseType::None,
                };
                let logged = debug::request(self.host, &request);
                let waited = parker.block_on(self.host.client.send(&request), Some(deadline));
                let exchange = call_throwing_uncatchable(ctx, waited)?;
                debug::response(self.host, logged.as_ref(), &exchange);
                exchange
            };
            let next = self.redirect(&exchange);
            if let Some(next) = next {
                if hops < self.params.redirects {
                    hops += 1;
                    self.account(&exchange);
                    if let Err(reason) = self.follow(&exchange, &next) {
                        return refuse(
                            ctx,
                            self.host,
                            &self.method,
                            &next,
                            &reason,
                            1020,
                            self.params.throw,
                        );
                    }
                    continue;
                }
                if !self.params.redirects_given {
                    let message = format!(
                        "Stopped after {hops} redirects and returned the redirection; pass {{ redirects: n }} in request params or set global maxRedirects to silence this"
                    );
                    self.host
                        .log(Level::Warn, message, &[("url", &self.place.shown)]);
                }
            }
            return self.answer(ctx, exchange, headers);
        }
    }

    /// Headers in the order in which they go out, without those that the connection adds.
    fn headers(&self) -> Rc<[(String, String)]> {
        let plain = self.params.headers.is_empty()
            && self.place.authorization.is_none()
            && self.body.content_type.is_none();
        if plain {
            return Rc::clone(&self.host.default_headers);
        }
        let given = |name: &str| self.params.headers.iter().any(|(known, _)| known == name);
        let mut headers = Vec::with_capacity(self.params.headers.len() + 3);
        let agent = &self.host.config.user_agent;
        if !given("User-Agent") && !agent.is_empty() {
            headers.push(("User-Agent".to_owned(), agent.clone()));
        }
        if let (Some(value), false) = (&self.place.authorization, given("Authorization")) {
            headers.push(("Authorization".to_owned(), value.clone()));
        }
        if let (Some(value), false) = (self.body.content_type, given("Content-Type")) {
            headers.push(("Content-Type".to_owned(), value.to_owned()));
        }
        headers.extend(
            self.params
                .headers
                .iter()
                .filter(|(name, _)| name != "Content-Length")
                .cloned(),
        );
        headers.into()
    }

    /// Where the response sends us.
    fn redirect(&self, exchange: &Exchange) -> Option<String> {
        let response = exchange.outcome.as_ref().ok()?;
        if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let location = response.headers.get("location")?;
        let location = String::from_utf8_lossy(location);
        let base = url::Url::parse(&self.place.url).ok()?;
        base.join(&location).ok().map(String::from)
    }

    /// RFC 9110, section 15.4: 301, 302 and 303 make it a GET, 307 and 308 repeat it.
    fn follow(&mut self, exchange: &Exchange, next: &str) -> std::result::Result<(), String> {
        let status = exchange
            .outcome
            .as_ref()
            .map_or(0, |response| response.status);
        if matches!(status, 301..=303) && &*self.method != "HEAD" {
            self.method = Cow::Borrowed("GET");
            self.body = Body::default();
            self.params
                .headers
                .retain(|(name, _)| name != "Content-Type");
        }
        let place = self
            .host
            .targets
            .borrow_mut()
            .get(next)
            .map_err(|error| error.to_string())?;
        self.place = place;
        Ok(())
    }

    /// Emits the samples of one hop; gives error code, error and whether the status was expected.
    fn account(&self, exchange: &Exchange) -> (u32, String, Option<bool>) {
        let (status, code, error) = match &exchange.outcome {
            Ok(response) if response.status >= 400 => (
                response.status,
                1000 + u32::from(response.status),
                String::new(),
            ),
            Ok(response) => (response.status, 0, String::new()),
            Err(error) => (0, error.code(), error.to_string()),
        };
        let expected = match &self.params.expectation {
            Some(expectation) => expectation.judge(status),
            None => self.host.response_callback.borrow().judge(status),
        };
        let tagged = Tagged {
            method: &self.method,
            url: &self.place.shown,
            tags: &self.params.tags,
            status,
            error_code: code,
            error: &error,
            expected,
        };
        emit(self.host, exchange, &tagged);
        (code, error, expected)
    }

    fn answer<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        exchange: Exchange,
        headers: Rc<[(String, String)]>,
    ) -> Result<Value<'js>> {
        let (code, error, _) = self.account(&exchange);
        if exchange.outcome.is_err() {
            if self.params.throw {
                return Err(throw_error(ctx, "GoError", &error));
            }
            self.host.log(
                Level::Warn,
                "Request Failed".to_owned(),
                &[("error", &error)],
            );
        }
        let sent = Sent {
            method: self.method.clone(),
            url: Rc::clone(&self.place.url),
            headers,
            body: self.body.bytes.take(),
        };
        Answer::new(sent, exchange, error, code, self.params.response_type).into_js(ctx, self.host)
    }
}
