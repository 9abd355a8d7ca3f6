//! The way back from host code into QuickJS: whatever goes wrong becomes an exception, because
//! nothing may unwind through C.
#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use rquickjs::{Ctx, Error, Result, Value, qjs};

/// Makes a value that QuickJS asked for; `Err` with a pending exception.
///
/// # Safety
/// `ctx` must be live.
pub(crate) unsafe fn make<F>(ctx: *mut qjs::JSContext, make: F) -> std::result::Result<Raw, ()>
where
    F: for<'js> FnOnce(&Ctx<'js>) -> Result<Value<'js>>,
{
    let Some(ctx) = NonNull::new(ctx) else {
        return Err(());
    };
    // SAFETY: a live context of the running call.
    let safe = unsafe { Ctx::from_raw(ctx) };
    match catch_unwind(AssertUnwindSafe(|| make(&safe))) {
        Ok(Ok(value)) => {
            let again = value.is_object() || value.is_string();
            // SAFETY: one reference for the caller, of a live value.
            let value = unsafe { qjs::JS_DupValue(ctx.as_ptr(), value.as_raw()) };
            Ok(Raw { value, again })
        }
        Ok(Err(error)) => {
            if !matches!(error, Error::Exception) {
                crate::values::throw_error(&safe, "Error", &error.to_string());
            }
            Err(())
        }
        Err(_) => {
            crate::values::throw_error(&safe, "InternalError", "a member could not be made");
            Err(())
        }
    }
}

/// A value with a reference of its own.
pub(crate) struct Raw {
    pub(crate) value: qjs::JSValue,
    /// It has an identity or is dear to make: to be kept for the next one who asks.
    pub(crate) again: bool,
}
