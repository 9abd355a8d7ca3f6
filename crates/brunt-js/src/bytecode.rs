//! Compiled code in and out of a runtime: compiled by the first virtual user, copied by the others.
//!
//! Unsafe because QuickJS trusts bytecode: it must come from the same build, and it does, as it
//! never leaves the process. Scripts (CommonJS) have no safe interface in the binding at all.
#![allow(unsafe_code)]

use std::ffi::CString;

use rquickjs::module::{Declared, Module, WriteOptions};
use rquickjs::{Ctx, Error, Function, Result, Value, qjs};

use crate::intrinsics;
use crate::program::Program;

/// Declares an ES module, compiling it only if no virtual user has done so before.
pub(crate) fn declare_module<'js>(
    ctx: &Ctx<'js>,
    program: &Program,
    name: &str,
    code: &str,
) -> Result<Module<'js, Declared>> {
    if let Some(bytes) = program.bytecode(name) {
        // SAFETY: written below by this process.
        return unsafe { Module::load(ctx.clone(), &bytes) };
    }
    look_for_freezing(ctx, program, code)?;
    let module = Module::declare(ctx.clone(), name, code)?;
    program.keep_bytecode(
        name,
        module.write(WriteOptions {
            strip_source: true,
            ..WriteOptions::default()
        })?,
    );
    Ok(module)
}

/// A function of the host that is written in JavaScript, compiled once for all virtual users. `name`
/// tells it from the others; its lines are not part of any stack that users see.
pub fn glue<'js>(ctx: &Ctx<'js>, name: &str, code: &str) -> Result<Function<'js>> {
    let program = crate::state::program(ctx)?;
    function_script(ctx, &program, &format!("eval_script:{name}"), code)
}

/// Evaluates a script whose value is a function, as CommonJS wrappers are.
pub(crate) fn function_script<'js>(
    ctx: &Ctx<'js>,
    program: &Program,
    name: &str,
    code: &str,
) -> Result<Function<'js>> {
    let raw = ctx.as_raw().as_ptr();
    let compiled = match program.bytecode(name) {
        // SAFETY: the bytes were written below by this process and outlive the call.
        Some(bytes) => unsafe {
            qjs::JS_ReadObject(
                raw,
                bytes.as_ptr(),
                bytes.len() as _,
                qjs::JS_READ_OBJ_BYTECODE as i32,
            )
        },
        None => compile_script(ctx, program, name, code)?,
    };
    check(ctx, compiled)?;
    // SAFETY: `compiled` is a live function; JS_EvalFunction takes it over.
    let value = unsafe { qjs::JS_EvalFunction(raw, compiled) };
    check(ctx, value)?;
    // SAFETY: `value` is owned by us and belongs to this context.
    let value = unsafe { Value::from_raw(ctx.clone(), value) };
    value.into_function().ok_or(Error::Unknown)
}

/// The first virtual user compiles a module before anything of it runs.
fn look_for_freezing(ctx: &Ctx<'_>, program: &Program, code: &str) -> Result<()> {
    if intrinsics::freezes_globals(code) && !program.freezes_globals() {
        program.note_frozen_globals();
        intrinsics::make_all(ctx)?;
    }
    Ok(())
}

fn compile_script(
    ctx: &Ctx<'_>,
    program: &Program,
    name: &str,
    code: &str,
) -> Result<qjs::JSValue> {
    look_for_freezing(ctx, program, code)?;
    let raw = ctx.as_raw().as_ptr();
    let (source, file) = (CString::new(code)?, CString::new(name)?);
    let flags = qjs::JS_EVAL_TYPE_GLOBAL | qjs::JS_EVAL_FLAG_COMPILE_ONLY;
    // SAFETY: both strings end in NUL and outlive the call; `len` excludes the NUL.
    let compiled = unsafe {
        qjs::JS_Eval(
            raw,
            source.as_ptr(),
            code.len() as _,
            file.as_ptr(),
            flags as i32,
        )
    };
    check(ctx, compiled)?;
    let mut size = 0;
    let options = WriteOptions {
        strip_source: true,
        ..WriteOptions::default()
    };
    // SAFETY: `compiled` is live; the returned buffer is ours until js_free.
    unsafe {
        let buffer = qjs::JS_WriteObject(raw, &raw mut size, compiled, options.to_flag());
        if !buffer.is_null() {
            program.keep_bytecode(
                name,
                std::slice::from_raw_parts(buffer, size as usize).to_vec(),
            );
            qjs::js_free(raw, buffer.cast());
        }
    }
    Ok(compiled)
}

fn check(ctx: &Ctx<'_>, value: qjs::JSValue) -> Result<()> {
    let _ = ctx;
    // SAFETY: reads the tag only.
    if unsafe { qjs::JS_IsException(value) } {
        Err(Error::Exception)
    } else {
        Ok(())
    }
}
