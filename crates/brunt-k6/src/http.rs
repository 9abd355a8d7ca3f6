//! `k6/http`: requests, responses and the nine HTTP metrics.

mod address;
mod asynchronous;
pub(crate) mod auth;
mod batch;
mod body;
mod call;
mod constants;
mod cookie_jar;
mod cookies;
mod deadline;
mod debug;
mod expectation;
pub(crate) mod file;
mod headers;
pub(crate) mod jar;
pub(crate) mod json;
pub(crate) mod multipart;
mod page;
mod params;
mod redirect;
mod request;
pub(crate) mod response;
mod samples;
mod targets;

use std::borrow::Cow;

use rquickjs::{Ctx, IntoJs, Promise, Result, Value};

use brunt_engine::Level;
use brunt_js::{host_state, native};

use crate::args::text;
use crate::host::K6Host;
use crate::http::request::Arguments;
use crate::named::function;

pub(crate) use expectation::Expectation;
pub(crate) use targets::Targets;

pub(crate) const EXPORTS: &[&str] = &[
    "CookieJar",
    "OCSP_REASON_AA_COMPROMISE",
    "OCSP_REASON_AFFILIATION_CHANGED",
    "OCSP_REASON_CA_COMPROMISE",
    "OCSP_REASON_CERTIFICATE_HOLD",
    "OCSP_REASON_CESSATION_OF_OPERATION",
    "OCSP_REASON_KEY_COMPROMISE",
    "OCSP_REASON_PRIVILEGE_WITHDRAWN",
    "OCSP_REASON_REMOVE_FROM_CRL",
    "OCSP_REASON_SUPERSEDED",
    "OCSP_REASON_UNSPECIFIED",
    "OCSP_STATUS_GOOD",
    "OCSP_STATUS_REVOKED",
    "OCSP_STATUS_SERVER_FAILED",
    "OCSP_STATUS_UNKNOWN",
    "TLS_1_0",
    "TLS_1_1",
    "TLS_1_2",
    "TLS_1_3",
    "asyncRequest",
    "batch",
    "cookieJar",
    "del",
    "expectedStatuses",
    "file",
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

/// What a call without a body may have: a URL and parameters.
const ARGUMENTS_OF_GET: usize = 2;

pub(crate) fn export<'js>(ctx: &Ctx<'js>, name: &str) -> Result<Value<'js>> {
    match name {
        "get" => native(ctx, name, |ctx, _, args| {
            without_body(ctx, "get", "GET", args)
        }),
        "head" => native(ctx, name, |ctx, _, args| {
            without_body(ctx, "head", "HEAD", args)
        }),
        "post" => native(ctx, name, |ctx, _, args| with_body(ctx, "POST", args)),
        "put" => native(ctx, name, |ctx, _, args| with_body(ctx, "PUT", args)),
        "patch" => native(ctx, name, |ctx, _, args| with_body(ctx, "PATCH", args)),
        "del" => native(ctx, name, |ctx, _, args| with_body(ctx, "DELETE", args)),
        "options" => native(ctx, name, |ctx, _, args| with_body(ctx, "OPTIONS", args)),
        "request" => native(ctx, name, |ctx, _, args| {
            let (method, args) = method_first(args)?;
            request::send(ctx, arguments(method, args))
        }),
        "asyncRequest" => native(ctx, name, |ctx, _, args| {
            let (method, args) = method_first(args)?;
            asynchronous::send(ctx, arguments(method, args)).map(Promise::into_value)
        }),
        "batch" => function(ctx, name, batch::batch),
        "file" => function(ctx, name, file::file),
        "url" => function(ctx, name, address::tag),
        "expectedStatuses" => function(ctx, name, expectation::expected_statuses),
        "setResponseCallback" => function(ctx, name, expectation::set_response_callback),
        "CookieJar" => cookie_jar::constructor(ctx),
        "cookieJar" => function(ctx, name, cookie_jar::current),
        _ => constants::CONSTANTS
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| *value)
            .into_js(ctx),
    }
}

fn without_body<'js>(
    ctx: &Ctx<'js>,
    name: &str,
    method: &'static str,
    args: &[Value<'js>],
) -> Result<Value<'js>> {
    if args.len() > ARGUMENTS_OF_GET {
        warn_of_more(ctx, name)?;
    }
    let arguments = Arguments {
        method: method.into(),
        url: args.first(),
        body: None,
        params: args.get(1),
    };
    request::send(ctx, arguments)
}

fn with_body<'js>(ctx: &Ctx<'js>, method: &'static str, args: &[Value<'js>]) -> Result<Value<'js>> {
    request::send(ctx, arguments(method.into(), args))
}

/// The method, and the arguments behind it.
fn method_first<'a, 'js>(args: &'a [Value<'js>]) -> Result<(Cow<'static, str>, &'a [Value<'js>])> {
    let method = args.first().map(text).transpose()?.unwrap_or_default();
    Ok((method.into(), args.get(1..).unwrap_or(&[])))
}

/// `url, body, params` behind a method.
fn arguments<'a, 'js>(method: Cow<'static, str>, args: &'a [Value<'js>]) -> Arguments<'a, 'js> {
    Arguments {
        method,
        url: args.first(),
        body: args.get(1),
        params: args.get(2),
    }
}

fn warn_of_more(ctx: &Ctx<'_>, name: &str) -> Result<()> {
    let message = format!(
        "http.{name}() takes a URL and parameters; the arguments after them are ignored (it sends no body)"
    );
    host_state::<K6Host>(ctx)?.log(Level::Warn, message, &[]);
    Ok(())
}
