//! Errors and values that host functions make, for what the binding has no safe way to say.
#![allow(unsafe_code)]

use rquickjs::{Ctx, Error, Exception, IntoJs, Object, Result, Value, qjs};

use crate::intrinsics::need_typed_arrays;
use crate::park::Interrupted;

/// Throws an error of a named type, such as `TypeError` or `GoError`, and returns what a host
/// function has to return then.
pub fn throw_error(ctx: &Ctx<'_>, kind: &str, message: &str) -> Error {
    match error_type(ctx, kind, message) {
        Ok(value) => ctx.throw(value),
        Err(error) => error,
    }
}

/// An error object of a named type, made by the global constructor of that name.
pub fn error_type<'js>(ctx: &Ctx<'js>, kind: &str, message: &str) -> Result<Value<'js>> {
    let constructor = ctx
        .globals()
        .get::<_, Option<rquickjs::function::Constructor<'js>>>(kind)?;
    match constructor {
        // Not by calling it: it is a script's class, which would be the first line of the stack.
        Some(constructor) if kind == "GoError" => {
            let error = Exception::from_message(ctx.clone(), message)?.into_object();
            error.set_prototype(
                constructor
                    .get::<_, Option<Object<'js>>>("prototype")?
                    .as_ref(),
            )?;
            Ok(error.into_value())
        }
        Some(constructor) => constructor.construct((message,)),
        None => Ok(Exception::from_message(ctx.clone(), message)?
            .into_object()
            .into_value()),
    }
}

/// Ends the running script in a way that no `catch` can stop.
pub fn throw_uncatchable(ctx: &Ctx<'_>) -> Error {
    match Exception::from_message(ctx.clone(), "interrupted") {
        Ok(error) => {
            let value = error.into_object().into_value();
            // SAFETY: a live error object of this context; sets a flag on it.
            unsafe { qjs::JS_SetUncatchableError(ctx.as_raw().as_ptr(), value.as_raw()) };
            ctx.throw(value)
        }
        Err(error) => error,
    }
}

/// Turns an interrupted wait into the uncatchable end of the script.
pub fn call_throwing_uncatchable<T>(
    ctx: &Ctx<'_>,
    waited: std::result::Result<T, Interrupted>,
) -> Result<T> {
    waited.map_err(|Interrupted| throw_uncatchable(ctx))
}

/// Bytes as an `ArrayBuffer` of the script's own.
pub fn share_bytes<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> Result<Value<'js>> {
    need_typed_arrays(ctx)?;
    rquickjs::ArrayBuffer::new_copy(ctx.clone(), bytes)?.into_js(ctx)
}

/// Bytes as a `Uint8Array` of the script's own.
pub fn share_byte_array<'js>(ctx: &Ctx<'js>, bytes: Vec<u8>) -> Result<Value<'js>> {
    need_typed_arrays(ctx)?;
    rquickjs::TypedArray::<u8>::new(ctx.clone(), bytes)?.into_js(ctx)
}

/// A copy of a buffer's bytes; none if it was detached.
pub fn buffer_bytes(buffer: &rquickjs::ArrayBuffer<'_>) -> Vec<u8> {
    // SAFETY: copied at once, before any script can run that could write to the buffer.
    unsafe { buffer.as_bytes() }
        .map(<[u8]>::to_vec)
        .unwrap_or_default()
}

/// The UTF-8 of a text, without a copy where all of it is ASCII. Half of a surrogate pair is three
/// bytes that UTF-8 does not have.
pub fn text_bytes<'a>(text: &'a rquickjs::CString<'_>) -> &'a [u8] {
    // SAFETY: bytes of this length that live and stay the same as long as the text does.
    unsafe { std::slice::from_raw_parts(text.as_ptr().cast(), text.len()) }
}

/// The value of a property without running user code for errors: `None` if it cannot be had.
pub(crate) fn quiet_get<'js>(object: &Object<'js>, key: &str) -> Option<Value<'js>> {
    let value = object.get::<_, Value<'js>>(key);
    if value.is_err() {
        drop(object.ctx().catch());
    }
    value.ok()
}
