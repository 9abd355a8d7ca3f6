//! `Response` as scripts see it: sixteen members that are made when they are looked at.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::rc::Rc;

use brunt_js::lazy::{Lazy, LazyClass};
use brunt_js::share_bytes;
use brunt_net::{Exchange, Ocsp, Response, Timings, TlsInfo};
use rquickjs::{Ctx, Function, IntoJs, Object, Result, Value};

use crate::host::K6Host;
use crate::http::cookies::{Cookie, by_name, push_to};
use crate::http::headers::canonical;
use crate::http::json::json;
use crate::http::page::{click_link, html, submit_form};
use crate::http::params::{OwnCookie, ResponseType};

/// What was sent.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) method: Cow<'static, str>,
    pub(crate) url: Rc<str>,
    pub(crate) headers: Rc<[(String, String)]>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) cookies: Vec<OwnCookie>,
}

/// What came back, before a script looks at it.
#[derive(Debug)]
pub(crate) struct Answer {
    sent: Sent,
    remote: Option<SocketAddr>,
    tls: Option<TlsInfo>,
    timings: Timings,
    /// `None` for calls that got no answer.
    response: Option<Response>,
    response_type: ResponseType,
    error: String,
    error_code: u32,
    /// The call was never sent.
    refused: bool,
}

type Make = for<'js> fn(&Answer, &Ctx<'js>) -> Result<Value<'js>>;

/// The members in k6's order, and how each is made.
const MEMBERS: &[(&str, Make)] = &[
    ("remote_ip", |it, ctx| {
        it.remote
            .map_or(String::new(), |it| it.ip().to_string())
            .into_js(ctx)
    }),
    ("remote_port", |it, ctx| {
        it.remote.map_or(0, |it| it.port()).into_js(ctx)
    }),
    ("url", |it, ctx| it.sent.url.into_js(ctx)),
    ("status", |it, ctx| it.status().into_js(ctx)),
    ("status_text", |it, ctx| it.status_text().into_js(ctx)),
    ("proto", |it, ctx| {
        it.response
            .as_ref()
            .map_or("", |it| it.version.as_str())
            .into_js(ctx)
    }),
    ("headers", Answer::headers),
    ("cookies", |it, ctx| it.cookies(ctx)?.into_js(ctx)),
    ("body", Answer::body),
    ("timings", Answer::timings),
    ("tls_version", |it, ctx| {
        it.tls.as_ref().map_or("", |tls| tls.version).into_js(ctx)
    }),
    ("tls_cipher_suite", |it, ctx| {
        it.tls
            .as_ref()
            .map_or("", |it| it.cipher_suite)
            .into_js(ctx)
    }),
    ("ocsp", |it, ctx| {
        ocsp(&it.tls.and_then(|tls| tls.ocsp).unwrap_or_default(), ctx)
    }),
    ("error", |it, ctx| it.error.as_str().into_js(ctx)),
    ("error_code", |it, ctx| it.error_code.into_js(ctx)),
    ("request", Answer::request),
];

/// The classes of responses in one runtime.
pub(crate) struct ResponseClasses {
    response: LazyClass,
}

impl ResponseClasses {
    fn new(ctx: &Ctx<'_>) -> Result<Self> {
        let prototype = Object::new(ctx.clone())?;
        prototype.set("json", Function::new(ctx.clone(), json)?.with_name("json")?)?;
        prototype.set("html", Function::new(ctx.clone(), html)?.with_name("html")?)?;
        let function = Function::new(ctx.clone(), submit_form)?;
        prototype.set("submitForm", function.with_name("submitForm")?)?;
        let function = Function::new(ctx.clone(), click_link)?;
        prototype.set("clickLink", function.with_name("clickLink")?)?;
        Ok(Self {
            response: LazyClass::new(ctx, MEMBERS.iter().map(|(name, _)| *name), &prototype)?,
        })
    }
}

impl Answer {
    pub(crate) fn new(
        sent: Sent,
        exchange: Box<Exchange>,
        error: String,
        error_code: u32,
        response_type: ResponseType,
    ) -> Self {
        Self {
            sent,
            remote: exchange.remote,
            tls: exchange.tls,
            timings: exchange.timings,
            response: exchange.outcome.ok(),
            response_type,
            error,
            error_code,
            refused: false,
        }
    }

    /// The response to a call that was never sent.
    pub(crate) fn refused(sent: Sent, error: &str, error_code: u32) -> Self {
        Self {
            sent,
            remote: None,
            tls: None,
            timings: Timings::default(),
            response: None,
            response_type: ResponseType::Text,
            error: error.to_owned(),
            error_code,
            refused: true,
        }
    }

    /// As after a failure: the response led nowhere.
    pub(crate) fn forget_response(&mut self) {
        self.response = None;
    }

    pub(crate) fn into_js<'js>(self, ctx: &Ctx<'js>, host: &K6Host) -> Result<Value<'js>> {
        let classes = if let Some(classes) = host.response_classes.get() {
            classes
        } else {
            let classes = ResponseClasses::new(ctx)?;
            host.response_classes.get_or_init(|| classes)
        };
        Ok(classes.response.object(ctx, self)?.into_value())
    }
}

impl Lazy for Answer {
    fn member<'js>(&self, ctx: &Ctx<'js>, index: usize) -> Result<Value<'js>> {
        match MEMBERS.get(index) {
            Some((_, make)) => make(self, ctx),
            None => Ok(Value::new_undefined(ctx.clone())),
        }
    }
}

impl Answer {
    fn status(&self) -> u16 {
        self.response.as_ref().map_or(0, |response| response.status)
    }

    fn status_text(&self) -> String {
        let reason = self
            .response
            .as_ref()
            .map(Response::reason_text)
            .unwrap_or_default();
        match (self.status(), reason.as_str()) {
            (0, _) => String::new(),
            (status, "") => status.to_string(),
            (status, reason) => format!("{status} {reason}"),
        }
    }

    fn headers<'js>(&self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        let object = Object::new(ctx.clone())?;
        let mut joined: Vec<(String, String)> = Vec::new();
        for (name, value) in self.response.iter().flat_map(|it| it.headers.iter()) {
            let name = canonical(&String::from_utf8_lossy(name));
            let value = String::from_utf8_lossy(value);
            match joined.iter_mut().find(|(known, _)| *known == name) {
                Some((_, all)) => {
                    all.push_str(", ");
                    all.push_str(&value);
                }
                None => joined.push((name, value.into_owned())),
            }
        }
        for (name, value) in joined {
            object.set(name, value)?;
        }
        object.into_js(ctx)
    }

    fn cookies<'js>(&self, ctx: &Ctx<'js>) -> Result<Object<'js>> {
        let lines = self.response.iter().flat_map(|it| it.headers.iter());
        let set = lines.filter(|(name, _)| name.eq_ignore_ascii_case(b"set-cookie"));
        let cookies = set.filter_map(|(_, value)| Cookie::parse(&String::from_utf8_lossy(value)));
        by_name(ctx, cookies)
    }

    fn body<'js>(&self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        if self.refused {
            return share_bytes(ctx, &[]);
        }
        let binary = self.response_type == ResponseType::Binary;
        match &self.response {
            Some(response) if binary => share_bytes(ctx, &response.body),
            Some(response)
                if self.response_type == ResponseType::Text && response.status != 204 =>
            {
                String::from_utf8_lossy(&response.body)
                    .as_ref()
                    .into_js(ctx)
            }
            _ => Ok(Value::new_null(ctx.clone())),
        }
    }

    fn timings<'js>(&self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        let object = Object::new(ctx.clone())?;
        let t = &self.timings;
        let members = [
            ("duration", t.duration()),
            ("blocked", t.blocked),
            ("looking_up", 0),
            ("connecting", t.connecting),
            ("tls_handshaking", t.tls_handshaking),
            ("sending", t.sending),
            ("waiting", t.waiting),
            ("receiving", t.receiving),
        ];
        for (name, nanoseconds) in members {
            object.set(name, nanoseconds as f64 / 1e6)?;
        }
        object.into_js(ctx)
    }

    fn request<'js>(&self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        let object = Object::new(ctx.clone())?;
        object.set("method", &*self.sent.method)?;
        object.set("url", &*self.sent.url)?;
        let headers = Object::new(ctx.clone())?;
        for (name, value) in &*self.sent.headers {
            headers.set(name.as_str(), vec![value.as_str()])?;
        }
        object.set("headers", headers)?;
        let body = self.sent.body.as_deref().unwrap_or_default();
        object.set("body", String::from_utf8_lossy(body).as_ref())?;
        object.set("cookies", self.sent_cookies(ctx)?)?;
        object.into_js(ctx)
    }

    /// `{name: [{name, value, replace}]}` of what the request's header had.
    fn sent_cookies<'js>(&self, ctx: &Ctx<'js>) -> Result<Object<'js>> {
        let header = self.sent.headers.iter().find(|(name, _)| name == "Cookie");
        let pairs = header.iter().flat_map(|(_, value)| value.split("; "));
        let all = Object::new(ctx.clone())?;
        for (name, value) in pairs.filter_map(|pair| pair.split_once('=')) {
            let own = |it: &OwnCookie| it.replace && it.name == name;
            let cookie = Object::new(ctx.clone())?;
            cookie.set("name", name)?;
            cookie.set("value", value.trim_matches('"'))?;
            cookie.set("replace", self.sent.cookies.iter().any(own))?;
            push_to(&all, name, cookie)?;
        }
        Ok(all)
    }
}

/// What was stapled to the server's certificate. Times are milliseconds, as k6's documentation has it.
fn ocsp<'js>(ocsp: &Ocsp, ctx: &Ctx<'js>) -> Result<Value<'js>> {
    let object = Object::new(ctx.clone())?;
    for (name, time) in [
        ("produced_at", ocsp.produced_at),
        ("this_update", ocsp.this_update),
        ("next_update", ocsp.next_update),
        ("revoked_at", ocsp.revoked_at),
    ] {
        object.set(name, time as f64)?;
    }
    object.set("revocation_reason", ocsp.revocation_reason)?;
    object.set("status", ocsp.status)?;
    object.into_js(ctx)
}
