//! What of ECMAScript a context starts with, and typed arrays on first use.
//!
//! Typed arrays are a fifth of a fresh runtime's heap, and most scripts never touch one. So their
//! globals are accessors until somebody looks. What k6 does not have (`WeakRef`, `DOMException`,
//! `performance`, `atob`) is left out.
#![allow(unsafe_code)]

use std::ffi::c_int;

use rquickjs::context::intrinsic::{Date, Eval, Json, MapSet, Promise, Proxy, RegExp};
use rquickjs::{Context, Ctx, Error, Result, Runtime, Value, qjs};

/// The globals that come with typed arrays.
const TYPED_ARRAYS: &[&str] = &[
    "ArrayBuffer",
    "SharedArrayBuffer",
    "DataView",
    "Atomics",
    "Uint8ClampedArray",
    "Int8Array",
    "Uint8Array",
    "Int16Array",
    "Uint16Array",
    "Int32Array",
    "Uint32Array",
    "BigInt64Array",
    "BigUint64Array",
    "Float16Array",
    "Float32Array",
    "Float64Array",
];

/// A context for a script.
pub(crate) fn context(runtime: &Runtime) -> Result<Context> {
    let context = Context::custom::<(Date, Eval, RegExp, Json, Proxy, MapSet, Promise)>(runtime)?;
    context.with(|ctx| defer_typed_arrays(&ctx))?;
    Ok(context)
}

/// Makes sure that typed arrays are there, before host code makes one.
pub(crate) fn need_typed_arrays(ctx: &Ctx<'_>) -> Result<()> {
    ctx.globals().get::<_, Value<'_>>(TYPED_ARRAYS[0]).map(drop)
}

fn defer_typed_arrays(ctx: &Ctx<'_>) -> Result<()> {
    let raw = ctx.as_raw().as_ptr();
    let globals = ctx.globals();
    let object = globals.as_value().as_raw();
    for (at, name) in TYPED_ARRAYS.iter().enumerate() {
        // SAFETY: the name is a live buffer of its length; the function object is handed over to
        // the property; the atom is freed after its use.
        let done = unsafe {
            let getter = qjs::JSCFunctionType { getter_magic: Some(first_use) };
            let getter = qjs::JS_NewCFunction2(
                raw,
                getter.generic,
                c"get".as_ptr(),
                0,
                qjs::JSCFunctionEnum_JS_CFUNC_getter_magic,
                at as c_int,
            );
            let atom = qjs::JS_NewAtomLen(raw, name.as_ptr().cast(), name.len() as _);
            let flags = qjs::JS_PROP_CONFIGURABLE as c_int;
            let done =
                qjs::JS_DefinePropertyGetSet(raw, object, atom, getter, qjs::JS_UNDEFINED, flags);
            qjs::JS_FreeAtom(raw, atom);
            done
        };
        if done < 0 {
            return Err(Error::Exception);
        }
    }
    Ok(())
}

/// The getter of all of them: puts the real globals in place and gives the one asked for.
unsafe extern "C" fn first_use(
    ctx: *mut qjs::JSContext,
    _this: qjs::JSValue,
    which: c_int,
) -> qjs::JSValue {
    // SAFETY: called by QuickJS with a live context; every atom and object is released.
    unsafe {
        let globals = qjs::JS_GetGlobalObject(ctx);
        for name in TYPED_ARRAYS {
            let atom = qjs::JS_NewAtomLen(ctx, name.as_ptr().cast(), name.len() as _);
            qjs::JS_DeleteProperty(ctx, globals, atom, 0);
            qjs::JS_FreeAtom(ctx, atom);
        }
        let added = qjs::JS_AddIntrinsicTypedArrays(ctx);
        let value = match TYPED_ARRAYS.get(which as usize) {
            Some(name) if added == 0 => {
                let atom = qjs::JS_NewAtomLen(ctx, name.as_ptr().cast(), name.len() as _);
                let value = qjs::JS_GetProperty(ctx, globals, atom);
                qjs::JS_FreeAtom(ctx, atom);
                value
            }
            Some(_) => qjs::JS_EXCEPTION,
            None => qjs::JS_UNDEFINED,
        };
        qjs::JS_FreeValue(ctx, globals);
        value
    }
}
