//! What the two kinds of objects whose members are not there yet have in common: how their class is
//! registered, and how QuickJS is told their names.
#![allow(unsafe_code)]

use std::ffi::c_int;

use rquickjs::{Ctx, Error, Result, qjs};

/// Registers a class of objects with these methods; scripts see ordinary objects.
pub(crate) fn class(
    ctx: &Ctx<'_>,
    methods: &'static qjs::JSClassExoticMethods,
    finalizer: unsafe extern "C" fn(*mut qjs::JSRuntime, qjs::JSValue),
    mark: unsafe extern "C" fn(*mut qjs::JSRuntime, qjs::JSValue, qjs::JS_MarkFunc),
) -> Result<qjs::JSClassID> {
    let definition = qjs::JSClassDef {
        class_name: c"Object".as_ptr(),
        finalizer: Some(finalizer),
        gc_mark: Some(mark),
        call: None,
        exotic: (&raw const *methods).cast_mut(),
    };
    let mut id: qjs::JSClassID = 0;
    // SAFETY: the definition is copied, the methods are static; the id is new in this runtime.
    unsafe {
        let runtime = qjs::JS_GetRuntime(ctx.as_raw().as_ptr());
        qjs::JS_NewClassID(runtime, &raw mut id);
        if qjs::JS_NewClass(runtime, id, &raw const definition) < 0 {
            return Err(Error::Allocation);
        }
    }
    Ok(id)
}

/// Answers which names an object has of its own, all enumerable. What it returns is for QuickJS:
/// negative if there is no memory.
///
/// # Safety
/// `ctx` must be live, `table` and `length` QuickJS' own, and each atom a reference that is handed over.
pub(crate) unsafe fn answer_names(
    ctx: *mut qjs::JSContext,
    table: *mut *mut qjs::JSPropertyEnum,
    length: *mut u32,
    atoms: impl ExactSizeIterator<Item = qjs::JSAtom>,
) -> c_int {
    let count = atoms.len();
    // SAFETY: QuickJS frees the table with js_free and each atom with JS_FreeAtom; no more entries are
    // written than there is room for.
    unsafe {
        let bytes = size_of::<qjs::JSPropertyEnum>() * count.max(1);
        let entries = qjs::js_malloc(ctx, bytes as _).cast::<qjs::JSPropertyEnum>();
        if entries.is_null() {
            return -1;
        }
        for (at, atom) in atoms.take(count).enumerate() {
            entries.add(at).write(qjs::JSPropertyEnum {
                is_enumerable: true,
                atom,
            });
        }
        *table = entries;
        *length = count as u32;
    }
    0
}
