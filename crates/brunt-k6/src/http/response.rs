//! `Response` as scripts see it: sixteen members that are made when they are looked at.

use std::net::SocketAddr;
use std::rc::Rc;

use brunt_js::lazy::{Lazy, LazyClass};
use brunt_js::{share_bytes, throw_error};
use brunt_net::{Exchange, Headers, Timings, TlsInfo};
use rquickjs::function::{Opt, This};
use rquickjs::{Ctx, Function, IntoJs, Object, Result, Value};

use crate::host::K6Host;
use crate::http::headers::canonical;
use crate::http::params::ResponseType;

/// What was sent.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) method: Rc<str>,
    pub(crate) url: Rc<str>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
}

/// What came back, before a script looks at it.
#[derive(Debug)]
pub(crate) struct Answer {
    sent: Sent,
    remote: Option<SocketAddr>,
    tls: Option<TlsInfo>,
    timings: Timings,
    status: u16,
    reason: String,
    proto: &'static str,
    headers: Option<Headers>,
    /// `None` is `null`.
    body: Option<Vec<u8>>,
    binary: bool,
    error: String,
    error_code: u32,
}

/// The members in k6's order.
const MEMBERS: &[&str] = &[
    "remote_ip",
    "remote_port",
    "url",
    "status",
    "status_text",
    "proto",
    "headers",
    "cookies",
    "body",
    "timings",
    "tls_version",
    "tls_cipher_suite",
    "ocsp",
    "error",
    "error_code",
    "request",
];

/// The classes of responses in one runtime.
pub(crate) struct ResponseClasses {
    response: LazyClass,
}

impl ResponseClasses {
    fn new(ctx: &Ctx<'_>) -> Result<Self> {
        let prototype = Object::new(ctx.clone())?;
        prototype.set("json", Function::new(ctx.clone(), json)?.with_name("json")?)?;
        Ok(Self {
            response: LazyClass::new(ctx, MEMBERS, &prototype)?,
        })
    }
}

impl Answer {
    pub(crate) fn new(
        sent: Sent,
        exchange: Exchange,
        error: String,
        error_code: u32,
        response_type: ResponseType,
    ) -> Self {
        let mut answer = Self {
            sent,
            remote: exchange.remote,
            tls: exchange.tls,
            timings: exchange.timings,
            status: 0,
            reason: String::new(),
            proto: "",
            headers: None,
            body: None,
            binary: response_type == ResponseType::Binary,
            error,
            error_code,
        };
        if let Ok(response) = exchange.outcome {
            answer.status = response.status;
            answer.reason = response.reason_text();
            answer.proto = response.version.as_str();
            answer.headers = Some(response.headers);
            let none =
                response_type == ResponseType::None || (response.status == 204 && !answer.binary);
            answer.body = (!none).then_some(response.body);
        }
        answer
    }

    /// The response to a call that was never sent.
    pub(crate) fn refused(sent: Sent, error: &str, error_code: u32) -> Self {
        Self {
            sent,
            remote: None,
            tls: None,
            timings: Timings::default(),
            status: 0,
            reason: String::new(),
            proto: "",
            headers: None,
            body: None,
            binary: false,
            error: error.to_owned(),
            error_code,
        }
    }

    pub(crate) fn into_js<'js>(self, ctx: &Ctx<'js>, host: &K6Host) -> Result<Value<'js>> {
        let classes = match host.response_classes.get() {
            Some(classes) => classes,
            None => {
                let classes = ResponseClasses::new(ctx)?;
                host.response_classes.get_or_init(|| classes)
            }
        };
        Ok(classes.response.object(ctx, self)?.into_value())
    }
}

impl Lazy for Answer {
    fn member<'js>(&self, ctx: &Ctx<'js>, index: usize) -> Result<Value<'js>> {
        match MEMBERS[index] {
            "remote_ip" => self
                .remote
                .map_or(String::new(), |it| it.ip().to_string())
                .into_js(ctx),
            "remote_port" => self.remote.map_or(0, |it| it.port()).into_js(ctx),
            "url" => self.sent.url.into_js(ctx),
            "status" => self.status.into_js(ctx),
            "status_text" => self.status_text().into_js(ctx),
            "proto" => self.proto.into_js(ctx),
            "headers" => self.headers(ctx),
            "cookies" => Object::new(ctx.clone())?.into_js(ctx),
            "body" => self.body(ctx),
            "timings" => self.timings(ctx),
            "tls_version" => self.tls.as_ref().map_or("", |tls| tls.version).into_js(ctx),
            "tls_cipher_suite" => self
                .tls
                .as_ref()
                .map_or("", |tls| tls.cipher_suite)
                .into_js(ctx),
            "ocsp" => ocsp(ctx),
            "error" => self.error.as_str().into_js(ctx),
            "error_code" => self.error_code.into_js(ctx),
            "request" => self.request(ctx),
            _ => Ok(Value::new_undefined(ctx.clone())),
        }
    }
}

impl Answer {
    fn status_text(&self) -> String {
        match (self.status, self.reason.as_str()) {
            (0, _) => String::new(),
            (status, "") => status.to_string(),
            (status, reason) => format!("{status} {reason}"),
        }
    }

    fn headers<'js>(&self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        let object = Object::new(ctx.clone())?;
        let mut joined: Vec<(String, String)> = Vec::new();
        for (name, value) in self.headers.iter().flat_map(Headers::iter) {
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

    fn body<'js>(&self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        match &self.body {
            None => Ok(Value::new_null(ctx.clone())),
            Some(body) if self.binary => share_bytes(ctx, body),
            Some(body) => String::from_utf8_lossy(body).as_ref().into_js(ctx),
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
        for (name, value) in &self.sent.headers {
            headers.set(name.as_str(), vec![value.as_str()])?;
        }
        object.set("headers", headers)?;
        let body = self.sent.body.as_deref().unwrap_or_default();
        object.set("body", String::from_utf8_lossy(body).as_ref())?;
        object.set("cookies", Object::new(ctx.clone())?)?;
        object.into_js(ctx)
    }
}

fn ocsp<'js>(ctx: &Ctx<'js>) -> Result<Value<'js>> {
    let object = Object::new(ctx.clone())?;
    for name in ["produced_at", "this_update", "next_update", "revoked_at"] {
        object.set(name, 0)?;
    }
    object.set("revocation_reason", "")?;
    object.set("status", "")?;
    object.into_js(ctx)
}

/// `response.json(selector?)`: the whole body, or what a gjson path finds in it.
fn json<'js>(
    ctx: Ctx<'js>,
    This(this): This<Object<'js>>,
    selector: Opt<Option<String>>,
) -> Result<Value<'js>> {
    let body: Value<'js> = this.get("body")?;
    let Some(bytes) = crate::args::bytes(&body)? else {
        let message = "the body is null so we can't transform it to JSON - this likely was because of a request error getting the response";
        return Err(throw_error(&ctx, "GoError", message));
    };
    match selector.0.flatten() {
        None => parse(&ctx, &bytes),
        Some(selector) => {
            let text = String::from_utf8_lossy(&bytes);
            if !gjson::valid(&text) {
                return Ok(Value::new_undefined(ctx));
            }
            let found = gjson::get(&text, &selector);
            if !found.exists() {
                return Ok(Value::new_undefined(ctx));
            }
            match found.kind() {
                gjson::Kind::String => found.str().into_js(&ctx),
                gjson::Kind::Number => found.f64().into_js(&ctx),
                gjson::Kind::True => true.into_js(&ctx),
                gjson::Kind::False => false.into_js(&ctx),
                gjson::Kind::Null => Ok(Value::new_null(ctx)),
                _ => ctx.json_parse(found.json().as_bytes()),
            }
        }
    }
}

fn parse<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> Result<Value<'js>> {
    // The common case first; on failure a second reader finds the place of the error.
    match ctx.json_parse(bytes) {
        Ok(value) => Ok(value),
        Err(error) => {
            let Err(reason) = serde_json::from_slice::<serde::de::IgnoredAny>(bytes) else {
                return Err(error);
            };
            drop(ctx.catch());
            let message = format!(
                "cannot parse json due to an error at line {}, character {} , error: {reason}",
                reason.line(),
                reason.column()
            );
            Err(throw_error(ctx, "GoError", &message))
        }
    }
}
