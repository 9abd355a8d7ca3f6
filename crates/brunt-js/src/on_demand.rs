//! Objects whose members are put in place when a script first looks at them.
//!
//! A built-in module has up to forty members and each virtual user has its own, of which most
//! scripts use three. A member that was looked at is an ordinary property from then on, found as
//! fast as any other; those before it cost nothing but their name in the program. A script sees an
//! ordinary object, but for the order of its keys: what was used comes first.
//!
//! [`crate::lazy`] is for the other case: objects that are made for every request, of which a
//! member or two is read once.
#![allow(unsafe_code)]

use std::any::Any;
use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

use rquickjs::{Ctx, Error, Object, Result, Value, qjs};

use crate::state::vm_state;
use crate::{boundary, exotic};

/// The members of such an object.
pub trait Members: Any {
    /// All names, in the order of the keys.
    fn names(&self) -> Vec<&str>;

    /// Whether there is a member of this name.
    fn has(&self, name: &str) -> bool {
        self.names().contains(&name)
    }

    /// Makes a member; called once for each, unless it is no object and no string.
    fn make<'js>(&self, ctx: &Ctx<'js>, name: &str) -> Result<Value<'js>>;
}

/// What hangs on the JavaScript object.
struct Instance {
    members: Box<dyn Members>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    /// Members that are properties now, or were deleted.
    settled: Vec<Box<str>>,
    /// Made for a descriptor, or after the object was frozen: members that are no properties.
    kept: Vec<(Box<str>, qjs::JSValue)>,
}

static METHODS: qjs::JSClassExoticMethods = qjs::JSClassExoticMethods {
    get_own_property: Some(get_own_property),
    get_own_property_names: Some(get_own_property_names),
    delete_property: Some(delete_property),
    define_own_property: Some(define_own_property),
    has_property: None,
    get_property: Some(get_property),
    set_property: None,
};

/// An object with these members.
pub fn on_demand<'js>(ctx: &Ctx<'js>, members: impl Members) -> Result<Object<'js>> {
    let raw = ctx.as_raw().as_ptr();
    let class = class(ctx)?;
    let prototype = Object::new(ctx.clone())?.get_prototype();
    let prototype = prototype.map_or(qjs::JS_NULL, |prototype| prototype.as_value().as_raw());
    // SAFETY: the class is registered in this runtime and the prototype is live.
    let object = unsafe { qjs::JS_NewObjectProtoClass(raw, prototype, class) };
    // SAFETY: reads the tag of a value that is ours.
    if unsafe { qjs::JS_IsException(object) } {
        return Err(Error::Exception);
    }
    let instance = Box::new(Instance {
        members: Box::new(members),
        state: RefCell::default(),
    });
    // SAFETY: the object is new and has no opaque pointer yet; the finalizer frees it.
    unsafe {
        qjs::JS_SetOpaque(object, Box::into_raw(instance).cast::<c_void>());
        Object::from_value(Value::from_raw(ctx.clone(), object))
    }
}

/// The class of these objects in this runtime.
fn class(ctx: &Ctx<'_>) -> Result<qjs::JSClassID> {
    let state = vm_state(ctx)?;
    if let Some(class) = state.on_demand_class.get() {
        return Ok(class);
    }
    let id = exotic::class(ctx, &METHODS, finalize, mark)?;
    state.on_demand_class.set(Some(id));
    Ok(id)
}

impl Instance {
    /// The name, if it is a member that no property stands for yet.
    fn open(&self, name: String) -> Option<String> {
        let settled = &self.state.borrow().settled;
        let open = self.members.has(&name) && !settled.iter().any(|it| **it == *name);
        open.then_some(name)
    }

    /// From now on the property, or that there is none, is the truth.
    ///
    /// # Safety
    /// `ctx` must be live.
    unsafe fn settle(&self, ctx: *mut qjs::JSContext, name: &str) {
        let kept = {
            let mut state = self.state.borrow_mut();
            state.settled.push(name.into());
            let at = state.kept.iter().position(|(known, _)| **known == *name);
            at.map(|at| state.kept.swap_remove(at).1)
        };
        if let Some(value) = kept {
            // SAFETY: the reference that the list had.
            unsafe { qjs::JS_FreeValue(ctx, value) };
        }
    }

    /// The member's value with a reference for the caller; `Err` with a pending exception.
    ///
    /// # Safety
    /// `ctx` must be live, and so must the object during the call.
    unsafe fn value(
        &self,
        ctx: *mut qjs::JSContext,
        name: &str,
    ) -> std::result::Result<qjs::JSValue, ()> {
        let kept = {
            let state = self.state.borrow();
            let kept = state.kept.iter().find(|(known, _)| **known == *name);
            kept.map(|(_, value)| *value)
        };
        if let Some(value) = kept {
            // SAFETY: the list holds a reference to it.
            return Ok(unsafe { qjs::JS_DupValue(ctx, value) });
        }
        // SAFETY: the context is live; nothing is borrowed.
        let made = unsafe { boundary::make(ctx, |ctx| self.members.make(ctx, name)) }?;
        if made.again {
            // SAFETY: one more reference, for the list.
            let value = unsafe { qjs::JS_DupValue(ctx, made.value) };
            self.state.borrow_mut().kept.push((name.into(), value));
        }
        Ok(made.value)
    }
}

/// What hangs on an object.
///
/// # Safety
/// `object` must be of this class and outlive the reference.
unsafe fn instance<'a>(object: qjs::JSValue) -> Option<&'a Instance> {
    let mut id: qjs::JSClassID = 0;
    // SAFETY: the caller promises that the opaque is an `Instance`; only shared references are made.
    unsafe {
        qjs::JS_GetAnyOpaque(object, &raw mut id)
            .cast::<Instance>()
            .as_ref()
    }
}

/// The open member of this name, with what hangs on the object.
///
/// # Safety
/// `ctx` must be live and `object` of this class and outlive the reference.
unsafe fn open<'a>(
    ctx: *mut qjs::JSContext,
    object: qjs::JSValue,
    name: qjs::JSAtom,
) -> Option<(&'a Instance, String)> {
    // SAFETY: the caller's promise; the name's value and text are released.
    unsafe {
        let this = instance(object)?;
        let value = qjs::JS_AtomToValue(ctx, name);
        let mut text = None;
        if qjs::JS_IsString(value) {
            let mut length = 0;
            let bytes = qjs::JS_ToCStringLen(ctx, &raw mut length, value);
            if !bytes.is_null() {
                let bytes_of = std::slice::from_raw_parts(bytes.cast::<u8>(), length);
                text = std::str::from_utf8(bytes_of).ok().map(str::to_owned);
                qjs::JS_FreeCString(ctx, bytes);
            }
        }
        qjs::JS_FreeValue(ctx, value);
        Some((this, this.open(text?)?))
    }
}

/// Reading a member puts it in place. Only here, because the other questions may come from an
/// enumeration, during which properties must not appear.
unsafe extern "C" fn get_property(
    ctx: *mut qjs::JSContext,
    object: qjs::JSValue,
    atom: qjs::JSAtom,
    _receiver: qjs::JSValue,
) -> qjs::JSValue {
    // SAFETY: QuickJS calls with a live context and object of this class.
    unsafe {
        let Some((this, name)) = open(ctx, object, atom) else {
            let prototype = qjs::JS_GetPrototype(ctx, object);
            let value = if qjs::JS_IsObject(prototype) {
                qjs::JS_GetProperty(ctx, prototype, atom)
            } else {
                qjs::JS_UNDEFINED
            };
            qjs::JS_FreeValue(ctx, prototype);
            return value;
        };
        let Ok(value) = this.value(ctx, &name) else {
            return qjs::JS_EXCEPTION;
        };
        if qjs::JS_IsExtensible(ctx, object) == 1 {
            let flags = (qjs::JS_PROP_C_W_E | qjs::JS_PROP_NO_EXOTIC) as c_int;
            let property = qjs::JS_DupValue(ctx, value);
            if qjs::JS_DefinePropertyValue(ctx, object, atom, property, flags) < 0 {
                qjs::JS_FreeValue(ctx, value);
                return qjs::JS_EXCEPTION;
            }
            this.settle(ctx, &name);
        }
        value
    }
}

unsafe extern "C" fn get_own_property(
    ctx: *mut qjs::JSContext,
    descriptor: *mut qjs::JSPropertyDescriptor,
    object: qjs::JSValue,
    atom: qjs::JSAtom,
) -> c_int {
    // SAFETY: QuickJS calls with a live context and object; the descriptor is null or the caller's.
    unsafe {
        let Some((this, name)) = open(ctx, object, atom) else {
            return 0;
        };
        let Some(descriptor) = descriptor.as_mut() else {
            return 1;
        };
        let Ok(value) = this.value(ctx, &name) else {
            return -1;
        };
        let flags = if qjs::JS_IsExtensible(ctx, object) == 1 {
            qjs::JS_PROP_C_W_E
        } else {
            qjs::JS_PROP_ENUMERABLE
        };
        descriptor.flags = flags as c_int;
        descriptor.value = value;
        descriptor.getter = qjs::JS_UNDEFINED;
        descriptor.setter = qjs::JS_UNDEFINED;
        1
    }
}

unsafe extern "C" fn get_own_property_names(
    ctx: *mut qjs::JSContext,
    table: *mut *mut qjs::JSPropertyEnum,
    length: *mut u32,
    object: qjs::JSValue,
) -> c_int {
    // SAFETY: QuickJS calls with a live object, and the arguments are its own.
    unsafe {
        let names = instance(object).map_or_else(Vec::new, |this| {
            let mut names = this.members.names();
            let state = this.state.borrow();
            names.retain(|name| !state.settled.iter().any(|it| **it == **name));
            names
        });
        let atom = |name: &&str| qjs::JS_NewAtomLen(ctx, name.as_ptr().cast(), name.len() as _);
        exotic::answer_names(ctx, table, length, names.iter().map(atom))
    }
}

unsafe extern "C" fn define_own_property(
    ctx: *mut qjs::JSContext,
    object: qjs::JSValue,
    atom: qjs::JSAtom,
    value: qjs::JSValue,
    getter: qjs::JSValue,
    setter: qjs::JSValue,
    flags: c_int,
) -> c_int {
    let has = |flag: u32| flags & flag as c_int != 0;
    let plain = flags | qjs::JS_PROP_NO_EXOTIC as c_int;
    // SAFETY: QuickJS calls with a live context and object; the arguments are the caller's own.
    unsafe {
        let Some((this, name)) = open(ctx, object, atom) else {
            return qjs::JS_DefineProperty(ctx, object, atom, value, getter, setter, plain);
        };
        let replaces = has(qjs::JS_PROP_HAS_VALUE) || has(qjs::JS_PROP_HAS_GET);
        if qjs::JS_IsExtensible(ctx, object) != 1 {
            if replaces {
                // Not extensible: says so.
                return qjs::JS_DefineProperty(ctx, object, atom, value, getter, setter, plain);
            }
            // Freezing: a member of such an object is neither writable nor configurable as it is.
            return 1;
        }
        if !replaces {
            // Other attributes for the member as it is.
            let Ok(value) = this.value(ctx, &name) else {
                return -1;
            };
            let all = (qjs::JS_PROP_C_W_E | qjs::JS_PROP_NO_EXOTIC) as c_int;
            if qjs::JS_DefinePropertyValue(ctx, object, atom, value, all) < 0 {
                return -1;
            }
        }
        this.settle(ctx, &name);
        if has(qjs::JS_PROP_HAS_VALUE) && !has(qjs::JS_PROP_HAS_WRITABLE) {
            // An assignment: what it says not, a member has.
            let value = qjs::JS_DupValue(ctx, value);
            let all = (qjs::JS_PROP_C_W_E | qjs::JS_PROP_NO_EXOTIC) as c_int;
            return qjs::JS_DefinePropertyValue(ctx, object, atom, value, all);
        }
        qjs::JS_DefineProperty(ctx, object, atom, value, getter, setter, plain)
    }
}

unsafe extern "C" fn delete_property(
    ctx: *mut qjs::JSContext,
    object: qjs::JSValue,
    atom: qjs::JSAtom,
) -> c_int {
    // SAFETY: QuickJS calls with a live context and object of this class.
    unsafe {
        let Some((this, name)) = open(ctx, object, atom) else {
            return 1;
        };
        if qjs::JS_IsExtensible(ctx, object) != 1 {
            return 0;
        }
        this.settle(ctx, &name);
    }
    1
}

unsafe extern "C" fn finalize(runtime: *mut qjs::JSRuntime, object: qjs::JSValue) {
    let mut id: qjs::JSClassID = 0;
    // SAFETY: set once by `on_demand`; the object goes now.
    unsafe {
        let pointer = qjs::JS_GetAnyOpaque(object, &raw mut id).cast::<Instance>();
        if pointer.is_null() {
            return;
        }
        let mut this = Box::from_raw(pointer);
        for (_, value) in this.state.get_mut().kept.drain(..) {
            qjs::JS_FreeValueRT(runtime, value);
        }
        // Dropping host data must not unwind into C.
        drop(catch_unwind(AssertUnwindSafe(move || drop(this))));
    }
}

unsafe extern "C" fn mark(
    runtime: *mut qjs::JSRuntime,
    object: qjs::JSValue,
    mark: qjs::JS_MarkFunc,
) {
    // SAFETY: called by the collector with a live object; nothing is made or freed here. The list is
    // borrowed by nobody, because no script runs while it is changed.
    unsafe {
        if let Some(this) = instance(object)
            && let Ok(state) = this.state.try_borrow()
        {
            for (_, value) in &state.kept {
                qjs::JS_MarkValue(runtime, *value, mark);
            }
        }
    }
}
