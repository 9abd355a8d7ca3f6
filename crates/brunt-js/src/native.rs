//! Host functions that scripts call all the time, without a detour.
//!
//! The binding makes an object with a boxed closure for each function and goes through five frames
//! to call it. With a thousand virtual users every line of a stack that a call touches is a miss of
//! the cache, so these functions are plain C functions that differ in a number.
#![allow(unsafe_code)]

use std::ffi::{CString, c_int};
use std::sync::OnceLock;

use rquickjs::{Ctx, Error, Result, Value, qjs};
use smallvec::SmallVec;

use crate::boundary;

/// A host function: `this` and the arguments in, a value or an exception out.
pub type Native = for<'js> fn(&Ctx<'js>, &Value<'js>, &[Value<'js>]) -> Result<Value<'js>>;

/// The functions by their numbers: as many as the program has, so there is no need to let go of one.
static FUNCTIONS: [OnceLock<Native>; MOST] = [const { OnceLock::new() }; MOST];

/// More than there are.
const MOST: usize = 64;

/// Arguments that need no memory of their own.
const USUAL: usize = 4;

/// A function with this name, as a value.
pub fn native<'js>(ctx: &Ctx<'js>, name: &str, function: Native) -> Result<Value<'js>> {
    let number = number_of(function)?;
    let raw = ctx.as_raw().as_ptr();
    let name = CString::new(name)?;
    let call = qjs::JSCFunctionType {
        generic_magic: Some(call),
    };
    // SAFETY: the name is copied; the value is ours. `generic_magic` is what this kind of function
    // is called by, and all members of the union are function pointers.
    unsafe {
        let value = qjs::JS_NewCFunction2(
            raw,
            call.generic,
            name.as_ptr(),
            0,
            qjs::JSCFunctionEnum_JS_CFUNC_generic_magic,
            number,
        );
        if qjs::JS_IsException(value) {
            return Err(Error::Exception);
        }
        Ok(Value::from_raw(ctx.clone(), value))
    }
}

fn number_of(function: Native) -> Result<c_int> {
    let mine = |slot: &OnceLock<Native>| {
        let known = *slot.get_or_init(|| function);
        std::ptr::fn_addr_eq(known, function)
    };
    let found = FUNCTIONS.iter().position(mine);
    found.map(|at| at as c_int).ok_or(Error::Unknown)
}

/// How QuickJS calls all of them.
unsafe extern "C" fn call(
    ctx: *mut qjs::JSContext,
    this: qjs::JSValue,
    count: c_int,
    arguments: *mut qjs::JSValue,
    number: c_int,
) -> qjs::JSValue {
    let Some(function) = FUNCTIONS.get(number as usize).and_then(OnceLock::get) else {
        return qjs::JS_UNDEFINED;
    };
    // SAFETY: QuickJS calls with a live context and as many arguments as it says; each gets a
    // reference of its own for the time of the call.
    let returned = unsafe {
        boundary::call(ctx, |ctx| {
            let own = |value| {
                Value::from_raw(ctx.clone(), qjs::JS_DupValue(ctx.as_raw().as_ptr(), value))
            };
            let arguments: SmallVec<[Value<'_>; USUAL]> = (0..count as usize)
                .map(|at| own(*arguments.add(at)))
                .collect();
            function(ctx, &own(this), &arguments)
        })
    };
    returned.unwrap_or(qjs::JS_EXCEPTION)
}
