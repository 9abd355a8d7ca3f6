//! Making objects that no script can change, member by member, without a second pass that freezes
//! them: data that is kept outside of the runtimes is turned into such objects at each look.
//!
//! Unsafe because the binding has no way to define a property by a name that is kept, and looking
//! names up by their text at each look would cost more than all the rest.
#![allow(unsafe_code)]

use rquickjs::{Array, Ctx, Error, Object, Result, Value, qjs};

/// Names of members in one runtime, in their order; they live as long as it does.
#[derive(Debug)]
pub struct Names {
    runtime: *mut qjs::JSRuntime,
    atoms: Box<[qjs::JSAtom]>,
}

impl Names {
    /// These names.
    pub fn new<'a>(ctx: &Ctx<'_>, names: impl IntoIterator<Item = &'a str>) -> Self {
        let raw = ctx.as_raw().as_ptr();
        // SAFETY: each name is a live buffer of its length.
        let atom =
            |name: &str| unsafe { qjs::JS_NewAtomLen(raw, name.as_ptr().cast(), name.len() as _) };
        Self {
            // SAFETY: the context is live.
            runtime: unsafe { qjs::JS_GetRuntime(raw) },
            atoms: names.into_iter().map(atom).collect(),
        }
    }
}

/// A frozen object with these names and the values that `value` gives for them, in order.
pub fn frozen_object<'js>(
    ctx: &Ctx<'js>,
    names: &Names,
    mut value: impl FnMut() -> Result<Value<'js>>,
) -> Result<Value<'js>> {
    // SAFETY: the context is live.
    if names.runtime != unsafe { qjs::JS_GetRuntime(ctx.as_raw().as_ptr()) } {
        return Err(Error::Unknown);
    }
    let object = Object::new(ctx.clone())?;
    for atom in &names.atoms {
        define(&object, *atom, &value()?)?;
    }
    close(object)
}

/// A frozen object of `count` members that `member` gives, in order.
pub fn frozen_map<'a, 'js>(
    ctx: &Ctx<'js>,
    count: u32,
    mut member: impl FnMut() -> Result<(&'a str, Value<'js>)>,
) -> Result<Value<'js>> {
    let raw = ctx.as_raw().as_ptr();
    let object = Object::new(ctx.clone())?;
    for _ in 0..count {
        let (name, value) = member()?;
        // SAFETY: a live buffer of its length; the atom is released after its use.
        let atom = unsafe { qjs::JS_NewAtomLen(raw, name.as_ptr().cast(), name.len() as _) };
        let defined = define(&object, atom, &value);
        // SAFETY: made above.
        unsafe { qjs::JS_FreeAtom(raw, atom) };
        defined?;
    }
    close(object)
}

/// A frozen array of `count` values, in order.
pub fn frozen_list<'js>(
    ctx: &Ctx<'js>,
    count: u32,
    mut value: impl FnMut() -> Result<Value<'js>>,
) -> Result<Value<'js>> {
    let array = Array::new(ctx.clone())?;
    for at in 0..count {
        array.set(at as usize, value()?)?;
    }
    freeze(array.as_value())?;
    Ok(array.into_value())
}

/// Freezes one object, not what is in it.
pub fn freeze(value: &Value<'_>) -> Result<()> {
    // SAFETY: a live value of a live context.
    let frozen = unsafe { qjs::JS_FreezeObject(value.ctx().as_raw().as_ptr(), value.as_raw()) };
    if frozen < 0 {
        return Err(Error::Exception);
    }
    Ok(())
}

/// Adds a member that can only be read.
fn define<'js>(object: &Object<'js>, atom: qjs::JSAtom, value: &Value<'js>) -> Result<()> {
    let raw = object.ctx().as_raw().as_ptr();
    let flags = qjs::JS_PROP_ENUMERABLE as i32;
    // SAFETY: object, atom and value are live and of this runtime; QuickJS takes over the
    // reference that is added to the value.
    let defined = unsafe {
        let value = qjs::JS_DupValue(raw, value.as_raw());
        qjs::JS_DefinePropertyValue(raw, object.as_value().as_raw(), atom, value, flags)
    };
    if defined < 0 {
        return Err(Error::Exception);
    }
    Ok(())
}

/// No more members.
fn close(object: Object<'_>) -> Result<Value<'_>> {
    let raw = object.ctx().as_raw().as_ptr();
    // SAFETY: a live object of a live context.
    if unsafe { qjs::JS_PreventExtensions(raw, object.as_value().as_raw()) } < 0 {
        return Err(Error::Exception);
    }
    Ok(object.into_value())
}
