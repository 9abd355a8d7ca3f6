//! The way back from host code into QuickJS: whatever goes wrong becomes an exception, because
//! nothing may unwind through C.
#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use rquickjs::{Ctx, Error, Result, Value, qjs};

/// Makes a member that QuickJS asked for; `Err` with a pending exception.
///
/// # Safety
/// `ctx` must be live.
pub(crate) unsafe fn make<F>(ctx: *mut qjs::JSContext, make: F) -> std::result::Result<Raw, ()>
where
    F: for<'js> FnOnce(&Ctx<'js>) -> Result<Value<'js>>,
{
    let mut again = false;
    // SAFETY: the caller's promise.
    let value = unsafe {
        call(ctx, |ctx| {
            let value = make(ctx)?;
            again = value.is_object() || value.is_string();
            Ok(value)
        })
    }?;
    Ok(Raw { value, again })
}

/// Runs host code that gives a value, with a reference for the caller; `Err` with a pending
/// exception.
///
/// # Safety
/// `ctx` must be live.
pub(crate) unsafe fn call<F>(
    ctx: *mut qjs::JSContext,
    work: F,
) -> std::result::Result<qjs::JSValue, ()>
where
    F: for<'js> FnOnce(&Ctx<'js>) -> Result<Value<'js>>,
{
    let Some(ctx) = NonNull::new(ctx) else {
        return Err(());
    };
    // SAFETY: a live context of the running call.
    let ctx = unsafe { Ctx::from_raw(ctx) };
    match catch_unwind(AssertUnwindSafe(|| work(&ctx))) {
        // SAFETY: one reference for the caller, of a live value.
        Ok(Ok(value)) => Ok(unsafe { qjs::JS_DupValue(ctx.as_raw().as_ptr(), value.as_raw()) }),
        Ok(Err(error)) => {
            throw(&ctx, &error);
            Err(())
        }
        Err(_) => {
            crate::values::throw_error(&ctx, "InternalError", "a host function panicked");
            Err(())
        }
    }
}

/// Leaves a pending exception behind.
#[cold]
fn throw(ctx: &Ctx<'_>, error: &Error) {
    if !matches!(error, Error::Exception) {
        // A value that cannot be what it has to be is the script's mistake.
        let kind = if error.is_from_js() {
            "TypeError"
        } else {
            "Error"
        };
        crate::values::throw_error(ctx, kind, &error.to_string());
    }
}

/// A value with a reference of its own.
pub(crate) struct Raw {
    pub(crate) value: qjs::JSValue,
    /// It has an identity or is dear to make: to be kept for the next one who asks.
    pub(crate) again: bool,
}
