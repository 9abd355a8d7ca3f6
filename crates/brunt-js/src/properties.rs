//! Reading an object's own properties by their atoms: the text of a name is made only for those
//! who ask, and a name that is kept can be compared as a number.
#![allow(unsafe_code)]

use std::sync::OnceLock;

use rquickjs::{Ctx, Error, Function, Object, Result, Value, qjs};

/// The name of a property in one runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameId(u32);

/// A property's name while the object is read.
#[derive(Debug)]
pub struct Name<'a, 'js> {
    ctx: &'a Ctx<'js>,
    atom: qjs::JSAtom,
}

impl<'js> Name<'_, 'js> {
    /// The runtime that the name belongs to.
    pub fn ctx(&self) -> &Ctx<'js> {
        self.ctx
    }

    /// A number that stands for the name; only one of [`Name::keep`] is good beyond the reading.
    pub fn id(&self) -> NameId {
        NameId(self.atom)
    }

    /// Makes the number good for the runtime's life. Costs the name's memory until then.
    pub fn keep(&self) -> NameId {
        // SAFETY: a live atom of a live context.
        unsafe { qjs::JS_DupAtom(self.ctx.as_raw().as_ptr(), self.atom) };
        NameId(self.atom)
    }

    /// The name.
    pub fn text(&self) -> Result<String> {
        let raw = self.ctx.as_raw().as_ptr();
        // SAFETY: a live atom; the string that is made is handed over to the value.
        let value = unsafe {
            let text = qjs::JS_AtomToString(raw, self.atom);
            Value::from_raw(self.ctx.clone(), text)
        };
        value.as_string().ok_or(Error::Unknown)?.to_string()
    }
}

/// Visits the own enumerable properties with string keys, in order.
pub fn for_each_property<'js>(
    object: &Object<'js>,
    mut visit: impl FnMut(&Name<'_, 'js>, Value<'js>) -> Result<()>,
) -> Result<()> {
    let ctx = object.ctx();
    let raw = ctx.as_raw().as_ptr();
    let this = object.as_value().as_raw();
    let (mut table, mut length) = (std::ptr::null_mut(), 0);
    let flags = (qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_ENUM_ONLY) as i32;
    // SAFETY: the table is ours until it is freed below, whatever happens in between.
    let listed =
        unsafe { qjs::JS_GetOwnPropertyNames(raw, &raw mut table, &raw mut length, this, flags) };
    if listed < 0 {
        return Err(Error::Exception);
    }
    let names = Names { raw, table, length };
    for at in 0..names.length as usize {
        // SAFETY: `at` is below the table's length.
        let atom = unsafe { (*names.table.add(at)).atom };
        // SAFETY: live object and atom; the value is handed over.
        let value = unsafe {
            let value = qjs::JS_GetProperty(raw, this, atom);
            if qjs::JS_IsException(value) {
                return Err(Error::Exception);
            }
            Value::from_raw(ctx.clone(), value)
        };
        visit(&Name { ctx, atom }, value)?;
    }
    Ok(())
}

struct Names {
    raw: *mut qjs::JSContext,
    table: *mut qjs::JSPropertyEnum,
    length: u32,
}

impl Drop for Names {
    fn drop(&mut self) {
        // SAFETY: made by JS_GetOwnPropertyNames for this context, freed once.
        unsafe { qjs::JS_FreePropertyEnum(self.raw, self.table, self.length) };
    }
}

/// Whether a function is `async`, by its class: nothing of the script is asked.
pub fn is_async(function: &Function<'_>) -> Result<bool> {
    static CLASS: OnceLock<qjs::JSClassID> = OnceLock::new();
    let class = if let Some(class) = CLASS.get() {
        *class
    } else {
        let sample: Value<'_> = function.ctx().eval("(async () => {})")?;
        // SAFETY: reads the class of a live object; built-in classes are the same everywhere.
        *CLASS.get_or_init(|| unsafe { qjs::JS_GetClassID(sample.as_raw()) })
    };
    // SAFETY: as above.
    Ok(unsafe { qjs::JS_GetClassID(function.as_value().as_raw()) } == class)
}
