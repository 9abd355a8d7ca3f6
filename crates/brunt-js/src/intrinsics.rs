//! What of ECMAScript a context starts with, and what it gets on first use.
//!
//! Typed arrays, maps, sets and dates are a quarter of a fresh runtime's heap, and most scripts
//! touch few of them. So their globals are accessors until somebody looks. What k6 does not have
//! (`WeakRef`, `DOMException`, `performance`, `atob`) is left out.
#![allow(unsafe_code)]

use std::ffi::c_int;

use rquickjs::context::intrinsic::{Eval, Json, Promise, Proxy, RegExp};
use rquickjs::{Context, Ctx, Error, Result, Runtime, Value, qjs};

/// Globals that come together, and what puts them in place.
struct Group {
    names: &'static [&'static str],
    add: unsafe extern "C" fn(*mut qjs::JSContext) -> c_int,
}

/// Nothing in QuickJS makes objects of these classes before a script has named a global.
const GROUPS: &[Group] = &[
    Group {
        names: &[
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
        ],
        add: qjs::JS_AddIntrinsicTypedArrays,
    },
    Group {
        names: &["Map", "Set", "WeakMap", "WeakSet"],
        add: qjs::JS_AddIntrinsicMapSet,
    },
    Group {
        names: &["Date"],
        add: qjs::JS_AddIntrinsicDate,
    },
];

/// A group has fewer names than this; a getter's number is `group * STRIDE + name`.
const STRIDE: usize = 32;

/// A context for a script.
pub(crate) fn context(runtime: &Runtime) -> Result<Context> {
    let context = Context::custom::<(Eval, RegExp, Json, Proxy, Promise)>(runtime)?;
    context.with(|ctx| defer(&ctx))?;
    Ok(context)
}

/// Makes sure that typed arrays are there, before host code makes one.
pub(crate) fn need_typed_arrays(ctx: &Ctx<'_>) -> Result<()> {
    ctx.globals().get::<_, Value<'_>>("ArrayBuffer").map(drop)
}

/// Whether a script may freeze the global object, after which nothing can be put in place any more.
pub(crate) fn freezes_globals(code: &str) -> bool {
    ["freeze(global", "seal(global", "preventExtensions(global"]
        .iter()
        .any(|call| code.contains(call))
}

/// Looks at every global, so that all are in place: the host defers some of its own, too.
pub(crate) fn make_all(ctx: &Ctx<'_>) -> Result<()> {
    ctx.eval(
        "for (const name of Object.getOwnPropertyNames(globalThis)) { try { globalThis[name]; } catch {} }",
    )
}

fn defer(ctx: &Ctx<'_>) -> Result<()> {
    let raw = ctx.as_raw().as_ptr();
    let globals = ctx.globals();
    let object = globals.as_value().as_raw();
    let numbered = GROUPS.iter().enumerate().flat_map(|(group, it)| {
        it.names
            .iter()
            .enumerate()
            .map(move |(at, name)| (group * STRIDE + at, name))
    });
    for (at, name) in numbered {
        // SAFETY: the name is a live buffer of its length; both references to the function are
        // handed over to the property; the atom is freed after its use.
        let done = unsafe {
            let function = qjs::JSCFunctionType {
                generic_magic: Some(first_use),
            };
            let function = qjs::JS_NewCFunction2(
                raw,
                function.generic,
                c"global".as_ptr(),
                0,
                qjs::JSCFunctionEnum_JS_CFUNC_generic_magic,
                at as c_int,
            );
            let atom = qjs::JS_NewAtomLen(raw, name.as_ptr().cast(), name.len() as _);
            let flags = qjs::JS_PROP_CONFIGURABLE as c_int;
            let again = qjs::JS_DupValue(raw, function);
            let done = qjs::JS_DefinePropertyGetSet(raw, object, atom, function, again, flags);
            qjs::JS_FreeAtom(raw, atom);
            done
        };
        if done < 0 {
            return Err(Error::Exception);
        }
    }
    Ok(())
}

/// The getter and the setter of all of them: puts the real globals in place, then gives the one
/// asked for or replaces it.
unsafe extern "C" fn first_use(
    ctx: *mut qjs::JSContext,
    _this: qjs::JSValue,
    count: c_int,
    arguments: *mut qjs::JSValue,
    which: c_int,
) -> qjs::JSValue {
    let which = which as usize;
    let Some(group) = GROUPS.get(which / STRIDE) else {
        return qjs::JS_UNDEFINED;
    };
    // SAFETY: called by QuickJS with a live context; every atom and object is released.
    unsafe {
        let globals = qjs::JS_GetGlobalObject(ctx);
        if qjs::JS_IsExtensible(ctx, globals) != 1 {
            qjs::JS_FreeValue(ctx, globals);
            let message = c"globalThis was frozen before this global was first used: name it once before, or write Object.freeze(globalThis)";
            return qjs::JS_ThrowTypeError(ctx, message.as_ptr());
        }
        for name in group.names {
            let atom = qjs::JS_NewAtomLen(ctx, name.as_ptr().cast(), name.len() as _);
            qjs::JS_DeleteProperty(ctx, globals, atom, 0);
            qjs::JS_FreeAtom(ctx, atom);
        }
        let added = (group.add)(ctx);
        let value = match group.names.get(which % STRIDE) {
            Some(name) if added == 0 => {
                let atom = qjs::JS_NewAtomLen(ctx, name.as_ptr().cast(), name.len() as _);
                if count > 0 {
                    // A script's own in its place, such as a polyfill.
                    qjs::JS_SetProperty(ctx, globals, atom, qjs::JS_DupValue(ctx, *arguments));
                }
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
