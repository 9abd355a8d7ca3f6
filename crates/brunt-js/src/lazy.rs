//! Objects whose properties are made when a script first looks at them.
//!
//! A response has sixteen members and most scripts read one, so making them all would be the
//! largest cost of an iteration. To a script such an object is like any other: its properties are
//! own, enumerable and writable, in order. The first write turns it into an ordinary object.
//!
//! Unsafe because QuickJS' exotic objects have no safe interface.
#![allow(unsafe_code)]

use std::any::Any;
use std::ffi::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use rquickjs::{Ctx, Error, Object, Result, Value, qjs};

use crate::{boundary, exotic};

/// The members of a lazy object.
pub trait Lazy: Any {
    /// Makes the member at `index` of the class' names. Called at most once for each member that
    /// is no number, boolean or `undefined`.
    fn member<'js>(&self, ctx: &Ctx<'js>, index: usize) -> Result<Value<'js>>;
}

/// A kind of lazy objects in one runtime. Holds names only; the runtime keeps the prototype.
pub struct LazyClass {
    id: qjs::JSClassID,
    names: Rc<[qjs::JSAtom]>,
}

impl std::fmt::Debug for LazyClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LazyClass")
            .field("members", &self.names.len())
            .finish_non_exhaustive()
    }
}

/// What hangs on the JavaScript object.
struct Instance {
    members: Box<dyn Lazy>,
    names: Rc<[qjs::JSAtom]>,
    /// Values made before, so that `r.headers === r.headers`; empty until one is made.
    made: Vec<Option<qjs::JSValue>>,
    /// It was written to and is an ordinary object now.
    plain: bool,
}

static METHODS: qjs::JSClassExoticMethods = qjs::JSClassExoticMethods {
    get_own_property: Some(get_own_property),
    get_own_property_names: Some(get_own_property_names),
    delete_property: Some(delete_property),
    define_own_property: Some(define_own_property),
    has_property: None,
    get_property: None,
    set_property: None,
};

impl LazyClass {
    /// A class of objects with these members and this prototype.
    pub fn new(
        ctx: &Ctx<'_>,
        names: impl IntoIterator<Item = &'static str>,
        prototype: &Object<'_>,
    ) -> Result<Self> {
        let raw = ctx.as_raw().as_ptr();
        let id = exotic::class(ctx, &METHODS, finalize, mark)?;
        // SAFETY: each name is a valid buffer of its length. The atoms live as long as the runtime.
        let names = names
            .into_iter()
            .map(|name| unsafe { qjs::JS_NewAtomLen(raw, name.as_ptr().cast(), name.len() as _) })
            .collect();
        // SAFETY: prototypes belong to the context; QuickJS takes over the reference we add.
        unsafe {
            let prototype = prototype.as_value().as_raw();
            qjs::JS_SetClassProto(raw, id, qjs::JS_DupValue(raw, prototype));
        }
        Ok(Self { id, names })
    }

    /// A new object with these members.
    pub fn object<'js>(&self, ctx: &Ctx<'js>, members: impl Lazy) -> Result<Object<'js>> {
        let raw = ctx.as_raw().as_ptr();
        // SAFETY: the class was registered in this runtime by `new`.
        let object = unsafe { qjs::JS_NewObjectClass(raw, self.id) };
        // SAFETY: reads the tag of a value that is ours.
        if unsafe { qjs::JS_IsException(object) } {
            return Err(Error::Exception);
        }
        let instance = Box::new(Instance {
            members: Box::new(members),
            names: Rc::clone(&self.names),
            made: Vec::new(),
            plain: false,
        });
        // SAFETY: the object is new and has no opaque pointer yet; the finalizer frees it.
        unsafe {
            qjs::JS_SetOpaque(object, Box::into_raw(instance).cast::<c_void>());
            let value = Value::from_raw(ctx.clone(), object);
            Object::from_value(value)
        }
    }

    /// The prototype of its objects.
    pub fn prototype<'js>(&self, ctx: &Ctx<'js>) -> Result<Object<'js>> {
        // SAFETY: the class was registered in this runtime by `new`; we get a reference of our own.
        let value = unsafe {
            let prototype = qjs::JS_GetClassProto(ctx.as_raw().as_ptr(), self.id);
            Value::from_raw(ctx.clone(), prototype)
        };
        Object::from_value(value)
    }

    /// Looks at the members of an object of this class.
    pub fn with<T: Lazy, R>(&self, object: &Value<'_>, look: impl FnOnce(&T) -> R) -> Option<R> {
        // SAFETY: null unless the object is of this class; lives as long as the object, which
        // `object` keeps alive; only shared references are made here.
        let instance = unsafe {
            qjs::JS_GetOpaque(object.as_raw(), self.id)
                .cast::<Instance>()
                .as_ref()
        }?;
        let members: &dyn Any = &*instance.members;
        members.downcast_ref::<T>().map(look)
    }
}

/// # Safety
/// `object` must be of a lazy class; the reference must not outlive it or overlap another one.
unsafe fn instance<'a>(object: qjs::JSValue) -> Option<&'a mut Instance> {
    let mut id: qjs::JSClassID = 0;
    // SAFETY: the caller promises that the object is live and of a lazy class, whose opaque is an `Instance`.
    unsafe {
        qjs::JS_GetAnyOpaque(object, &raw mut id)
            .cast::<Instance>()
            .as_mut()
    }
}

impl Instance {
    fn index(&self, name: qjs::JSAtom) -> Option<usize> {
        if self.plain {
            None
        } else {
            self.names.iter().position(|known| *known == name)
        }
    }
}

/// The member's value with a reference for the caller; `Err` with a pending exception.
///
/// # Safety
/// `ctx` and `object` must be live, and `object` of a lazy class.
unsafe fn value_of(
    ctx: *mut qjs::JSContext,
    object: qjs::JSValue,
    index: usize,
) -> std::result::Result<qjs::JSValue, ()> {
    // SAFETY: the object is live and of a lazy class; the reference ends with this block.
    let Some(this) = (unsafe { instance(object) }) else {
        return Err(());
    };
    if let Some(Some(value)) = this.made.get(index) {
        // SAFETY: a live value of a live context.
        return Ok(unsafe { qjs::JS_DupValue(ctx, *value) });
    }
    let members: *const dyn Lazy = &raw const *this.members;
    // SAFETY: a live context; the members live as long as the object, which the caller holds;
    // making one may run no script that could write to the object.
    let made = unsafe { boundary::make(ctx, |ctx| (*members).member(ctx, index)) }?;
    // SAFETY: as above; the first reference ended before the member was made.
    if made.again
        && let Some(this) = unsafe { instance(object) }
    {
        if this.made.is_empty() {
            this.made = vec![None; this.names.len()];
        }
        // SAFETY: one more reference, which the cache keeps until the finalizer.
        this.made[index] = Some(unsafe { qjs::JS_DupValue(ctx, made.value) });
    }
    Ok(made.value)
}

unsafe extern "C" fn get_own_property(
    ctx: *mut qjs::JSContext,
    descriptor: *mut qjs::JSPropertyDescriptor,
    object: qjs::JSValue,
    name: qjs::JSAtom,
) -> c_int {
    // SAFETY: QuickJS calls with a live object of this class.
    let Some(index) = (unsafe { instance(object) }).and_then(|this| this.index(name)) else {
        return 0;
    };
    // SAFETY: null or the caller's own.
    let Some(descriptor) = (unsafe { descriptor.as_mut() }) else {
        return 1;
    };
    // SAFETY: QuickJS calls with a live context and object of this class.
    let Ok(value) = (unsafe { value_of(ctx, object, index) }) else {
        return -1;
    };
    descriptor.flags = qjs::JS_PROP_C_W_E as c_int;
    descriptor.value = value;
    descriptor.getter = qjs::JS_UNDEFINED;
    descriptor.setter = qjs::JS_UNDEFINED;
    1
}

unsafe extern "C" fn get_own_property_names(
    ctx: *mut qjs::JSContext,
    table: *mut *mut qjs::JSPropertyEnum,
    length: *mut u32,
    object: qjs::JSValue,
) -> c_int {
    // SAFETY: QuickJS calls with a live object of this class; only names are read.
    let names: &[qjs::JSAtom] = match unsafe { instance(object) } {
        Some(this) if !this.plain => &this.names,
        _ => &[],
    };
    // SAFETY: the arguments are QuickJS' own; one more reference to each name.
    unsafe {
        let atoms = names.iter().map(|name| qjs::JS_DupAtom(ctx, *name));
        exotic::answer_names(ctx, table, length, atoms)
    }
}

/// Makes every member an ordinary property.
unsafe fn make_plain(
    ctx: *mut qjs::JSContext,
    object: qjs::JSValue,
) -> std::result::Result<(), ()> {
    // SAFETY: the caller promises a live object of this class.
    let Some(this) = (unsafe { instance(object) }) else {
        return Err(());
    };
    if this.plain {
        return Ok(());
    }
    let names = Rc::clone(&this.names);
    let mut values = Vec::with_capacity(names.len());
    for index in 0..names.len() {
        // SAFETY: as above, and no reference to the instance is held meanwhile.
        values.push(unsafe { value_of(ctx, object, index) }?);
    }
    // SAFETY: as above; the values no longer borrow from the instance.
    if let Some(this) = unsafe { instance(object) } {
        this.plain = true;
    }
    let flags = (qjs::JS_PROP_C_W_E | qjs::JS_PROP_NO_EXOTIC) as c_int;
    for (name, value) in names.iter().zip(values) {
        // SAFETY: takes over `value`.
        if unsafe { qjs::JS_DefinePropertyValue(ctx, object, *name, value, flags) } < 0 {
            return Err(());
        }
    }
    Ok(())
}

unsafe extern "C" fn define_own_property(
    ctx: *mut qjs::JSContext,
    object: qjs::JSValue,
    name: qjs::JSAtom,
    value: qjs::JSValue,
    getter: qjs::JSValue,
    setter: qjs::JSValue,
    flags: c_int,
) -> c_int {
    // SAFETY: QuickJS calls with a live context and object of this class.
    if unsafe { make_plain(ctx, object) }.is_err() {
        return -1;
    }
    let flags = flags | qjs::JS_PROP_NO_EXOTIC as c_int;
    // SAFETY: hands the caller's own arguments on.
    unsafe { qjs::JS_DefineProperty(ctx, object, name, value, getter, setter, flags) }
}

unsafe extern "C" fn delete_property(
    ctx: *mut qjs::JSContext,
    object: qjs::JSValue,
    name: qjs::JSAtom,
) -> c_int {
    // SAFETY: QuickJS calls with a live object of this class.
    if (unsafe { instance(object) })
        .and_then(|this| this.index(name))
        .is_none()
    {
        return 1;
    }
    // SAFETY: QuickJS calls with a live context and object of this class.
    if unsafe { make_plain(ctx, object) }.is_err() {
        return -1;
    }
    // SAFETY: hands the caller's own arguments on.
    unsafe { qjs::JS_DeleteProperty(ctx, object, name, 0) }
}

unsafe extern "C" fn finalize(runtime: *mut qjs::JSRuntime, object: qjs::JSValue) {
    let mut id: qjs::JSClassID = 0;
    // SAFETY: set once by `LazyClass::object`; the object goes now.
    unsafe {
        let pointer = qjs::JS_GetAnyOpaque(object, &raw mut id).cast::<Instance>();
        if pointer.is_null() {
            return;
        }
        let this = Box::from_raw(pointer);
        for value in this.made.iter().flatten() {
            qjs::JS_FreeValueRT(runtime, *value);
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
    // SAFETY: called by the collector with a live object; nothing is made or freed here.
    unsafe {
        if let Some(this) = instance(object) {
            for value in this.made.iter().flatten() {
                qjs::JS_MarkValue(runtime, *value, mark);
            }
        }
    }
}
