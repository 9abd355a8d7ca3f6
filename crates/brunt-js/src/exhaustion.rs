//! What to do where a script has used up its memory: say so, and give the next iteration room.
//!
//! The limit may leave no room for the error object either; then the engine throws a bare `null`.
//! Its bookkeeping often still tells: before most objects are made it looks whether the heap has
//! outgrown a threshold, and if it has, collects garbage and makes the threshold one and a half
//! times what is left. So a heap that was full of objects has a threshold above the limit; one that
//! was full of strings may not, and the message must leave it open.
#![allow(unsafe_code)]

use rquickjs::{Ctx, Result, qjs};

use crate::exception::Exception;
use crate::state::vm_state;

/// Rewrites the message of an exception that means a full heap, and makes room.
pub(crate) fn explain(ctx: &Ctx<'_>, exception: &mut Exception, limit: usize) {
    let mebibytes = limit >> 20;
    let full = match exception.message.as_str() {
        "InternalError: out of memory" => true,
        "null" => threshold(ctx) >= limit,
        _ => return,
    };
    exception.message = if full {
        format!("out of memory: the VU needs more than the {mebibytes} MiB of --vu-memory-limit")
    } else {
        format!(
            "null was thrown, by the script or because it is out of memory (--vu-memory-limit is {mebibytes} MiB)"
        )
    };
    ctx.run_gc();
    // With a threshold above the limit, cycles would stay until the heap is full again.
    if threshold(ctx) >= limit {
        set_threshold(ctx, limit / 2);
    }
}

/// Does work that may use `times` the memory that the script may.
pub fn with_memory<T>(ctx: &Ctx<'_>, times: usize, work: impl FnOnce() -> T) -> Result<T> {
    let Some(limit) = vm_state(ctx)?.memory else {
        return Ok(work());
    };
    set_limit(ctx, limit.saturating_mul(times));
    let done = work();
    set_limit(ctx, limit);
    Ok(done)
}

fn set_limit(ctx: &Ctx<'_>, bytes: usize) {
    // SAFETY: the context's runtime lives as long as the context.
    unsafe {
        qjs::JS_SetMemoryLimit(
            qjs::JS_GetRuntime(ctx.as_raw().as_ptr()),
            bytes as qjs::size_t,
        );
    }
}

/// Bytes of the heap from which on garbage is collected.
fn threshold(ctx: &Ctx<'_>) -> usize {
    // SAFETY: the context's runtime lives as long as the context.
    unsafe { qjs::JS_GetGCThreshold(qjs::JS_GetRuntime(ctx.as_raw().as_ptr())) as usize }
}

fn set_threshold(ctx: &Ctx<'_>, bytes: usize) {
    // SAFETY: the context's runtime lives as long as the context.
    unsafe {
        qjs::JS_SetGCThreshold(
            qjs::JS_GetRuntime(ctx.as_raw().as_ptr()),
            bytes as qjs::size_t,
        );
    }
}
