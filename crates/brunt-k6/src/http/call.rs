//! One request of a script, from its arguments to its last exchange.
//!
//! Driving it needs no script, so that one that is waited for, the many of a batch and one that
//! goes on beside the script all run the same way.

use std::borrow::Cow;
use std::rc::Rc;

use brunt_engine::Level;
use brunt_js::throw_error;
use brunt_net::{Exchange, Request};
use rquickjs::{Ctx, Result, Value};

use crate::host::K6Host;
use crate::http::Expectation;
use crate::http::auth::{Auth, Subject};
use crate::http::body::Body;
use crate::http::cookies::{Cookie, header_value};
use crate::http::debug;
use crate::http::jar::{Jar, Site};
use crate::http::params::{Params, ResponseType};
use crate::http::response::{Answer, Sent};
use crate::http::samples::{Tagged, emit};
use crate::http::targets::Place;

type Headers = Rc<[(String, String)]>;

/// A request with everything that it needs.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Cow<'static, str>,
    pub(crate) place: Rc<Place>,
    pub(crate) params: Params,
    pub(crate) body: Body,
    pub(crate) jar: Rc<Jar>,
    /// Where the last redirect came from.
    pub(crate) referer: Option<String>,
    /// The answer to the server's challenge (digest authentication).
    pub(crate) answer: Option<String>,
}

/// The last exchange of a call, and what was sent.
#[derive(Debug)]
pub(crate) struct Driven {
    pub(crate) exchange: Box<Exchange>,
    headers: Headers,
    /// Why a redirect could not be followed: error and its code. The exchange is accounted for.
    broken: Option<(String, u32)>,
}

/// What an exchange is judged to be.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    code: u32,
    error: String,
}

impl Call {
    /// When it has to be over, in monotonic nanoseconds.
    pub(crate) fn deadline(&self, now: i64) -> i64 {
        let timeout = i64::try_from(self.params.timeout.as_nanos()).unwrap_or(i64::MAX);
        now.saturating_add(timeout)
    }

    /// Runs it to its end. The samples of all exchanges but the last one are emitted.
    pub(crate) async fn drive(&mut self, host: &K6Host, deadline: i64) -> Driven {
        let mut hops = 0;
        loop {
            let headers = self.headers(host);
            let exchange = {
                let request = Request {
                    method: &self.method,
                    url: &self.place.target,
                    headers: &headers,
                    body: self.body.wire(),
                    deadline: Some(deadline),
                    discard_body: self.params.response_type == ResponseType::None,
                };
                let logged = debug::request(host, &request);
                let exchange = host.client.send(&request).await;
                debug::response(host, logged.as_ref(), &exchange);
                exchange
            };
            self.keep_cookies(host, &exchange);
            if self.params.auth == Auth::Digest && self.challenged(&exchange) {
                let refused = Expectation::Statuses(vec![(401, 401)]);
                self.account_as(host, &exchange, Some(&refused));
                continue;
            }
            let broken = match self.redirect(&exchange) {
                None => None,
                Some(next) if hops < self.params.redirects => {
                    hops += 1;
                    self.account(host, &exchange);
                    match next.and_then(|next| self.follow(host, &exchange, &next)) {
                        Ok(()) => continue,
                        Err(broken) => Some(broken),
                    }
                }
                Some(_) => {
                    self.warn_of_limit(host, hops);
                    None
                }
            };
            return Driven {
                exchange,
                headers,
                broken,
            };
        }
    }

    fn warn_of_limit(&self, host: &K6Host, hops: u32) {
        // A script that gave the limit itself knows it.
        if !self.params.redirects_given {
            let message = format!(
                "Stopped after {hops} redirects and returned the redirection; pass {{ redirects: n }} in request params or set global maxRedirects to silence this"
            );
            host.log(Level::Warn, message, &[("url", &self.place.shown)]);
        }
    }

    fn keep_cookies(&self, host: &K6Host, exchange: &Exchange) {
        let Ok(response) = &exchange.outcome else {
            return;
        };
        for header in response.headers.get_all("set-cookie") {
            // A broken one is none.
            if let Some(cookie) = Cookie::parse(&String::from_utf8_lossy(header)) {
                let now = host.wall_now() / 1_000_000;
                self.jar.store(Site::of(&self.place.target), &cookie, now);
            }
        }
    }

    /// Headers in the order in which they go out, without those that the connection adds.
    fn headers(&self, host: &K6Host) -> Headers {
        let plain = self.params.headers.is_empty()
            && self.place.login.is_none()
            && self.body.content_type.is_none()
            && self.body.packed.is_none()
            && self.referer.is_none()
            && self.params.cookies.is_empty()
            && self.jar.is_empty();
        if plain {
            return Rc::clone(&host.default_headers);
        }
        let given = |name: &str| self.params.headers.iter().any(|(known, _)| known == name);
        let mut headers = Vec::with_capacity(self.params.headers.len() + 5);
        let mut add = |name: &str, value: &str| {
            if !given(name) {
                headers.push((name.to_owned(), value.to_owned()));
            }
        };
        if !host.config.user_agent.is_empty() {
            add("User-Agent", &host.config.user_agent);
        }
        let authorization = match self.params.auth {
            Auth::Basic => self.place.login.as_ref().map(|login| &login.basic),
            Auth::Digest => self.answer.as_ref(),
        };
        if let Some(value) = authorization {
            add("Authorization", value);
        }
        if let Some((_, value)) = &self.body.packed {
            add("Content-Encoding", value);
        }
        if let Some(value) = &self.body.content_type {
            add("Content-Type", value);
        }
        if let Some(value) = &self.referer {
            add("Referer", value);
        }
        let own = self.params.headers.iter();
        headers.extend(own.filter(|(name, _)| name != "Content-Length").cloned());
        self.add_cookies(host, &mut headers);
        headers.into()
    }

    /// Those of the jar and those of the call, after what the script itself put into the header.
    fn add_cookies(&self, host: &K6Host, headers: &mut Vec<(String, String)>) {
        let mut cookies = String::new();
        let mut add = |name: &str, value: &str| {
            if !cookies.is_empty() {
                cookies.push_str("; ");
            }
            cookies.push_str(&header_value(name, value));
        };
        if !self.jar.is_empty() {
            let now = host.wall_now() / 1_000_000;
            let site = Site::of(&self.place.target);
            self.jar.visit(site, now, |name, value| {
                let replaced = |it: &super::params::OwnCookie| it.replace && it.name == name;
                if !self.params.cookies.iter().any(replaced) {
                    add(name, value);
                }
            });
        }
        for cookie in &self.params.cookies {
            add(&cookie.name, &cookie.value);
        }
        if cookies.is_empty() {
            return;
        }
        match headers.iter_mut().find(|(name, _)| name == "Cookie") {
            Some((_, own)) => {
                own.push_str("; ");
                own.push_str(&cookies);
            }
            None => headers.push(("Cookie".to_owned(), cookies)),
        }
    }

    /// Whether the server wants a digest that was not given yet; then the next request has it.
    fn challenged(&mut self, exchange: &Exchange) -> bool {
        let (Some(login), None, Ok(response)) =
            (&self.place.login, &self.answer, &exchange.outcome)
        else {
            return false;
        };
        if response.status != 401 {
            return false;
        }
        let subject = Subject {
            method: &self.method,
            uri: self.place.target.path_and_query(),
            body: self.body.wire().unwrap_or_default(),
        };
        let challenges = response.headers.get_all("WWW-Authenticate");
        self.answer = login.credentials.digest(challenges, subject);
        self.answer.is_some()
    }

    /// The URL as samples show it: digest takes the credentials out, others only mask them.
    pub(crate) fn shown(&self) -> &Rc<str> {
        match &self.place.login {
            Some(login) if self.params.auth == Auth::Digest => &login.url,
            _ => &self.place.shown,
        }
    }

    /// Emits the samples of an exchange.
    fn account(&self, host: &K6Host, exchange: &Exchange) -> Verdict {
        self.account_as(host, exchange, self.params.expectation.as_ref())
    }

    /// As [`account`](Self::account), with this expectation or else the virtual user's.
    fn account_as(
        &self,
        host: &K6Host,
        exchange: &Exchange,
        expectation: Option<&Expectation>,
    ) -> Verdict {
        let (status, verdict) = match &exchange.outcome {
            Ok(response) if response.status >= 400 => (
                response.status,
                Verdict {
                    code: 1000 + u32::from(response.status),
                    error: String::new(),
                },
            ),
            Ok(response) => (response.status, Verdict::default()),
            Err(error) => (
                0,
                Verdict {
                    code: error.code(),
                    error: error.to_string(),
                },
            ),
        };
        let expected = match expectation {
            Some(expectation) => expectation.judge(status),
            None => host.response_callback.borrow().judge(status),
        };
        let tagged = Tagged {
            method: &self.method,
            url: self.shown(),
            tags: &self.params.tags,
            status,
            error_code: verdict.code,
            error: &verdict.error,
            expected,
        };
        emit(host, exchange, &tagged);
        verdict
    }

    /// Emits the samples of the last exchange; says what it came to.
    pub(crate) fn conclude(&self, host: &K6Host, driven: &mut Driven) -> Verdict {
        match driven.broken.take() {
            Some((error, code)) => {
                driven.broken = Some((error.clone(), code));
                Verdict { code, error }
            }
            None => self.account(host, &driven.exchange),
        }
    }

    /// Why the script is to get an exception instead of a response.
    pub(crate) fn to_throw<'a>(&self, driven: &Driven, verdict: &'a Verdict) -> Option<&'a str> {
        let failed = driven.exchange.outcome.is_err() || driven.broken.is_some();
        (failed && self.params.throw).then_some(verdict.error.as_str())
    }

    /// The response, or the exception.
    pub(crate) fn answer<'js>(
        self,
        ctx: &Ctx<'js>,
        host: &K6Host,
        driven: Driven,
        verdict: Verdict,
    ) -> Result<Value<'js>> {
        if let Some(error) = self.to_throw(&driven, &verdict) {
            return Err(throw_error(ctx, "GoError", error));
        }
        if driven.exchange.outcome.is_err() || driven.broken.is_some() {
            let fields = [("error", verdict.error.as_str())];
            host.log(Level::Warn, "Request Failed".to_owned(), &fields);
        }
        let Verdict { code, error } = verdict;
        let url = match &self.place.login {
            Some(login) if self.params.auth == Auth::Digest => Rc::clone(&login.url),
            _ => Rc::clone(&self.place.url),
        };
        let sent = Sent {
            method: self.method,
            url,
            headers: driven.headers,
            body: self.body.bytes,
            cookies: self.params.cookies,
        };
        let response_type = self.params.response_type;
        let mut answer = Answer::new(sent, driven.exchange, error, code, response_type);
        if driven.broken.is_some() {
            answer.forget_response();
        }
        answer.into_js(ctx, host)
    }
}
