//! `k6/encoding`: base64.

use base64::Engine;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use rquickjs::function::Opt;
use rquickjs::{Ctx, IntoJs, Result, Value};

use brunt_js::{share_bytes, throw_error};

use crate::args::bytes;
use crate::named::function;

pub(crate) const EXPORTS: &[&str] = &["b64decode", "b64encode"];

pub(crate) fn export<'js>(ctx: &Ctx<'js>, name: &str) -> Result<Value<'js>> {
    match name {
        "b64decode" => function(ctx, name, b64decode),
        "b64encode" => function(ctx, name, b64encode),
        _ => Ok(Value::new_undefined(ctx.clone())),
    }
}

fn engine(name: Option<String>) -> GeneralPurpose {
    match name.as_deref() {
        Some("rawstd") => STANDARD_NO_PAD,
        Some("url") => URL_SAFE,
        Some("rawurl") => URL_SAFE_NO_PAD,
        _ => STANDARD,
    }
}

fn b64encode<'js>(
    ctx: Ctx<'js>,
    input: Value<'js>,
    encoding: Opt<Option<String>>,
) -> Result<String> {
    let Some(input) = bytes(&input)? else {
        let message = "b64encode() takes a string or an ArrayBuffer";
        return Err(throw_error(&ctx, "TypeError", message));
    };
    Ok(engine(encoding.0.flatten()).encode(input))
}

fn b64decode(
    ctx: Ctx<'_>,
    input: String,
    encoding: Opt<Option<String>>,
    format: Opt<Option<String>>,
) -> Result<Value<'_>> {
    let decoded = engine(encoding.0.flatten()).decode(input.as_bytes());
    let decoded = decoded.map_err(|error| {
        throw_error(
            &ctx,
            "GoError",
            &format!("b64decode(): illegal base64 data: {error}"),
        )
    })?;
    match format.0.flatten().as_deref() {
        Some("s") => String::from_utf8_lossy(&decoded).as_ref().into_js(&ctx),
        _ => share_bytes(&ctx, &decoded),
    }
}
