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

use rquickjs::function::Rest;
use rquickjs::{Ctx, Function, Object, Result, Value};

use brunt_engine::Level;
use brunt_js::host_state;

use crate::args::text;
use crate::host::K6Host;
use crate::http::request::Arguments;

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

pub(crate) fn module<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let module = Object::new(ctx.clone())?;
    for (name, method) in [("get", "GET"), ("head", "HEAD")] {
        let function = Function::new(ctx.clone(), move |ctx: Ctx<'js>, args: Rest<Value<'js>>| {
            if args.len() > ARGUMENTS_OF_GET {
                warn_of_more(&ctx, name)?;
            }
            request::send(
                &ctx,
                Arguments {
                    method: method.into(),
                    url: args.first(),
                    body: None,
                    params: args.get(1),
                },
            )
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
            request::send(&ctx, arguments(method.into(), &args))
        })?;
        module.set(name, function.with_name(name)?)?;
    }
    let function = Function::new(ctx.clone(), |ctx: Ctx<'js>, args: Rest<Value<'js>>| {
        let method = args.first().map(text).transpose()?.unwrap_or_default();
        request::send(&ctx, arguments(method.into(), args.get(1..).unwrap_or(&[])))
    })?;
    module.set("request", function.with_name("request")?)?;
    let function = Function::new(ctx.clone(), |ctx: Ctx<'js>, args: Rest<Value<'js>>| {
        let method = args.first().map(text).transpose()?.unwrap_or_default();
        asynchronous::send(&ctx, arguments(method.into(), args.get(1..).unwrap_or(&[])))
    })?;
    module.set("asyncRequest", function.with_name("asyncRequest")?)?;
    let function = Function::new(ctx.clone(), batch::batch)?;
    module.set("batch", function.with_name("batch")?)?;
    let function = Function::new(ctx.clone(), file::file)?;
    module.set("file", function.with_name("file")?)?;
    let function = Function::new(ctx.clone(), address::tag)?;
    module.set("url", function.with_name("url")?)?;
    let function = Function::new(ctx.clone(), expectation::expected_statuses)?;
    module.set("expectedStatuses", function.with_name("expectedStatuses")?)?;
    let function = Function::new(ctx.clone(), expectation::set_response_callback)?;
    module.set(
        "setResponseCallback",
        function.with_name("setResponseCallback")?,
    )?;
    cookie_jar::install(ctx, &module)?;
    for (name, value) in constants::CONSTANTS {
        module.set(*name, *value)?;
    }
    Ok(module)
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
