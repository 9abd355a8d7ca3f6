//! `k6/data`: `SharedArray`, one copy of a list for all virtual users.
//!
//! Each item is kept as JSON, outside of every runtime, and parsed when a script looks at it: that
//! costs time at each look, and is what keeps a large list from being there once per virtual user.

use std::collections::HashMap;
use std::sync::Arc;

use brunt_js::{host_state, throw_error};
use parking_lot::Mutex;
use rquickjs::{Array, Ctx, Function, Object, Result, Value};

use crate::host::K6Host;

pub(crate) const EXPORTS: &[&str] = &["SharedArray"];

/// The items of one list, as JSON.
type Items = Arc<[Box<str>]>;

/// The lists of a test by their names; the first virtual user that asks for one makes it.
#[derive(Debug, Default)]
pub struct SharedArrays(Mutex<HashMap<String, Items>>);

/// Gives a script the constructor. An array without items of its own is behind each list, so that
/// `Array.isArray` and all methods work; reading an item is caught, and so is every change.
const CLASS: &str = "(load, item) => {
  const immutable = () => { throw new TypeError('a SharedArray cannot be changed'); };
  const freeze = (value) => {
    if (value !== null && typeof value === 'object') { Object.values(value).forEach(freeze); Object.freeze(value); }
    return value;
  };
  const index = (key, length) => {
    const number = typeof key === 'string' ? Number(key) : NaN;
    return number >= 0 && number < length && String(number) === key ? number : -1;
  };
  function SharedArray(name, make) {
    if (new.target === undefined) throw new TypeError('SharedArray must be called with new');
    const list = load(name, make);
    const length = item(list, -1);
    const at = (key) => freeze(item(list, key));
    const target = Object.setPrototypeOf(new Array(length), SharedArray.prototype);
    return new Proxy(target, {
      get: (_, key, self) => { const i = index(key, length); return i < 0 ? Reflect.get(target, key, self) : at(i); },
      has: (_, key) => index(key, length) >= 0 || Reflect.has(target, key),
      ownKeys: () => [...Array(length).keys()].map(String).concat('length'),
      getOwnPropertyDescriptor: (_, key) => {
        const i = index(key, length);
        if (i < 0) return Reflect.getOwnPropertyDescriptor(target, key);
        return { value: at(i), enumerable: true, configurable: true, writable: false };
      },
      set: immutable, defineProperty: immutable, deleteProperty: immutable,
      setPrototypeOf: immutable, preventExtensions: immutable,
    });
  }
  SharedArray.prototype = Object.create(Array.prototype, { constructor: { value: SharedArray, writable: true, configurable: true } });
  return SharedArray;
}";

pub(crate) fn module<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let class: Function<'js> = ctx.eval(CLASS)?;
    let load = Function::new(ctx.clone(), load)?;
    let item = Function::new(ctx.clone(), item)?;
    let module = Object::new(ctx.clone())?;
    module.set("SharedArray", class.call::<_, Value<'js>>((load, item))?)?;
    Ok(module)
}

/// The name under which a list is there now.
fn load<'js>(ctx: Ctx<'js>, name: Value<'js>, make: Value<'js>) -> Result<String> {
    let host = host_state::<K6Host>(&ctx)?;
    host.stage.get().must_init(&ctx, "a SharedArray")?;
    let wrong = |message: &str| throw_error(&ctx, "TypeError", message);
    let name = match name.as_string() {
        Some(name) => name.to_string()?,
        None => String::new(),
    };
    if name.is_empty() {
        return Err(wrong(
            "new SharedArray(name, function) needs a name that is not empty",
        ));
    }
    let make = make
        .as_function()
        .ok_or_else(|| wrong("new SharedArray(name, function) needs a function"))?;
    if host.config.shared.0.lock().contains_key(&name) {
        return Ok(name);
    }
    // Without the lock, because a script may run for long. Only the first init pass comes here.
    let made: Value<'js> = make.call(())?;
    let list = made.as_array().ok_or_else(|| {
        wrong("the function of a SharedArray must return an array, and cannot be async")
    })?;
    let items = items(&ctx, list)?;
    host.config
        .shared
        .0
        .lock()
        .entry(name.clone())
        .or_insert(items);
    Ok(name)
}

fn items<'js>(ctx: &Ctx<'js>, list: &Array<'js>) -> Result<Items> {
    let json = |item: Result<Value<'js>>| match ctx.json_stringify(item?)? {
        Some(json) => Ok(json.to_string()?.into_boxed_str()),
        None => Ok(Box::from("null")),
    };
    list.iter::<Value<'js>>().map(json).collect()
}

/// An item of a list, or at -1 how many there are.
fn item(ctx: Ctx<'_>, name: String, at: f64) -> Result<Value<'_>> {
    let host = host_state::<K6Host>(&ctx)?;
    let items = host
        .config
        .shared
        .0
        .lock()
        .get(&name)
        .cloned()
        .unwrap_or_default();
    if at < 0.0 {
        return Ok(Value::new_number(ctx, items.len() as f64));
    }
    match items.get(at as usize) {
        Some(json) => ctx.json_parse(json.as_bytes()),
        None => Ok(Value::new_undefined(ctx)),
    }
}
