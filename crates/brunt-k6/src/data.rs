//! `k6/data`: `SharedArray`, one copy of a list for all virtual users.
//!
//! The items are kept outside of every runtime, in one block (`records`); a script that looks at
//! one gets an object of its own, frozen.

mod json;
mod making;
pub(crate) mod records;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use brunt_js::{
    Names, for_each_property, freeze, frozen_list, frozen_map, frozen_object, glue, host_state,
    throw_error, with_memory,
};
use parking_lot::Mutex;
use rquickjs::{Array, Ctx, Error, Function, IntoJs, Object, Result, Value};

use crate::host::K6Host;
use records::{NameList, Reader, Records, Token, Writer};

pub(crate) const EXPORTS: &[&str] = &["SharedArray"];

/// How many times the memory of a virtual user the function of a list may use: it runs once for all
/// of them, and what it uses is given back.
const MEMORY: usize = 8;

/// Objects and lists within each other; deeper items are kept as JSON.
const DEPTH: usize = 64;

/// The lists of a test by their names; the first virtual user that asks for one makes it.
#[derive(Debug, Default)]
pub struct SharedArrays(Mutex<HashMap<String, Arc<Records>>>);

/// A list as one virtual user has it: with the names of its members in that runtime.
#[derive(Debug)]
struct Opened {
    records: Arc<Records>,
    names: RefCell<Vec<Option<Rc<Names>>>>,
}

/// The lists that one virtual user has opened.
#[derive(Debug, Default)]
pub(crate) struct OpenedArrays {
    lists: RefCell<Vec<Rc<Opened>>>,
    /// The function of a list runs.
    making: Cell<bool>,
    /// What was parsed for stand-ins that nobody looked at, by their numbers.
    drafts: RefCell<Vec<Option<Records>>>,
}

impl OpenedArrays {
    /// Whether the function of a list runs: what it reads, only the list needs.
    pub(crate) fn is_making(&self) -> bool {
        self.making.get()
    }

    fn add_draft(&self, records: Records) -> i32 {
        let mut drafts = self.drafts.borrow_mut();
        drafts.push(Some(records));
        (drafts.len() - 1) as i32
    }

    fn take_draft(&self, draft: i32) -> Option<Records> {
        let mut drafts = self.drafts.borrow_mut();
        drafts.get_mut(usize::try_from(draft).ok()?)?.take()
    }

    /// Their numbers are not used again: a script may have kept a stand-in.
    fn drop_drafts(&self) {
        self.drafts.borrow_mut().fill_with(|| None);
    }

    fn add(&self, records: Arc<Records>) -> u32 {
        let mut lists = self.lists.borrow_mut();
        lists.push(Rc::new(Opened {
            records,
            names: RefCell::default(),
        }));
        (lists.len() - 1) as u32
    }
}

/// Gives a script the constructor. An array without items of its own is behind each list, so that
/// `Array.isArray` and all methods work; reading an item is caught, and so is every change.
const CLASS: &str = "(load, item, size) => {
  const immutable = () => { throw new TypeError('SharedArray is immutable: copy what is to be changed'); };
  const index = (key, length) => {
    const number = typeof key === 'string' ? Number(key) : NaN;
    return number >= 0 && number < length && String(number) === key ? number : -1;
  };
  function SharedArray(name, make) {
    if (new.target === undefined) throw new TypeError('SharedArray must be called with new');
    const list = load(name, make);
    const length = size(list);
    const target = Object.setPrototypeOf(new Array(length), SharedArray.prototype);
    return new Proxy(target, {
      get: (_, key, self) => { const i = index(key, length); return i < 0 ? Reflect.get(target, key, self) : item(list, i); },
      has: (_, key) => index(key, length) >= 0 || Reflect.has(target, key),
      ownKeys: () => [...Array(length).keys()].map(String).concat('length'),
      getOwnPropertyDescriptor: (_, key) => {
        const i = index(key, length);
        if (i < 0) return Reflect.getOwnPropertyDescriptor(target, key);
        return { value: item(list, i), enumerable: true, configurable: true, writable: false };
      },
      set: immutable, defineProperty: immutable, deleteProperty: immutable,
      setPrototypeOf: immutable, preventExtensions: immutable,
    });
  }
  SharedArray.prototype = Object.create(Array.prototype, {
    constructor: { value: SharedArray, writable: true, configurable: true },
    [Symbol.iterator]: { value: function* () { for (let i = 0; i < this.length; i++) yield this[i]; }, writable: true, configurable: true },
  });
  return SharedArray;
}";

pub(crate) fn export<'js>(ctx: &Ctx<'js>, name: &str) -> Result<Value<'js>> {
    if name != "SharedArray" {
        return Ok(Value::new_undefined(ctx.clone()));
    }
    let class = glue(ctx, "k6/data", CLASS)?;
    let load = Function::new(ctx.clone(), load)?;
    let item = Function::new(ctx.clone(), item)?;
    let size = Function::new(ctx.clone(), size)?;
    class.call((load, item, size))
}

/// The number under which this virtual user has a list now.
fn load<'js>(ctx: Ctx<'js>, name: Value<'js>, make: Value<'js>) -> Result<u32> {
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
        .into_function()
        .ok_or_else(|| wrong("new SharedArray(name, function) needs a function"))?;
    let known = host.config.shared.0.lock().get(&name).cloned();
    if let Some(known) = known {
        return Ok(host.arrays.add(known));
    }
    // Without the lock, because a script may run for long. Only the first init pass comes here.
    let records = with_memory(&ctx, MEMORY, || make_records(&ctx, &host, make))??;
    // What the function left behind must not count towards what the script may use.
    ctx.run_gc();
    let records = Arc::new(records);
    let mut shared = host.config.shared.0.lock();
    let records = Arc::clone(shared.entry(name).or_insert(records));
    drop(shared);
    Ok(host.arrays.add(records))
}

fn make_records<'js>(ctx: &Ctx<'js>, host: &K6Host, make: Function<'js>) -> Result<Records> {
    let caller = making::caller(ctx)?;
    let outer = host.arrays.making.replace(true);
    let made = caller.call::<_, Array<'js>>((make,));
    host.arrays.making.set(outer);
    let made = made?;
    let records = host.arrays.take_draft(made.get(0)?);
    if !outer {
        host.arrays.drop_drafts();
    }
    if let Some(records) = records {
        return Ok(records);
    }
    let value = made.get::<Value<'js>>(1)?;
    let list = value.as_array().ok_or_else(|| {
        let message = "the function of a SharedArray must return an array, and cannot be async";
        throw_error(ctx, "TypeError", message)
    })?;
    records_of(ctx, list)
}

/// The items of an array, each as it is after a way through JSON.
pub(crate) fn records_of<'js>(ctx: &Ctx<'js>, list: &Array<'js>) -> Result<Records> {
    let mut writer = Writer::default();
    for item in list.iter::<Value<'js>>() {
        let item = item?;
        let started = writer.item();
        started.map_err(|error| throw_error(ctx, "RangeError", &error.to_string()))?;
        if !item.is_object() && write(&mut writer, &item, DEPTH)? {
            continue;
        }
        // `toJSON`, members that are undefined, getters: JSON says what becomes of them.
        let Some(json) = ctx.json_stringify(item)? else {
            writer.null();
            continue;
        };
        let json = json.to_string()?;
        let plain = ctx.json_parse(json.as_bytes())?;
        writer.restart_item();
        if !write(&mut writer, &plain, DEPTH)? {
            writer.restart_item();
            writer.json(&json);
        }
    }
    Ok(writer.finish())
}

/// Writes a plain value; `false` if there is no form for it.
fn write(writer: &mut Writer, value: &Value<'_>, depth: usize) -> Result<bool> {
    if let Some(number) = value.as_number() {
        writer.number(number);
    } else if let Some(text) = value.as_string() {
        let Ok(text) = text.to_string() else {
            drop(value.ctx().catch());
            return Ok(false);
        };
        writer.text(&text);
    } else if let Some(value) = value.as_bool() {
        writer.bool(value);
    } else if value.is_null() {
        writer.null();
    } else if depth == 0 {
        return Ok(false);
    } else if let Some(list) = value.as_array() {
        writer.list(list.len() as u32);
        for item in list.iter::<Value<'_>>() {
            if !write(writer, &item?, depth - 1)? {
                return Ok(false);
            }
        }
    } else if let Some(object) = value.as_object() {
        return write_object(writer, object, depth);
    } else {
        return Ok(false);
    }
    Ok(true)
}

fn write_object<'js>(writer: &mut Writer, object: &Object<'js>, depth: usize) -> Result<bool> {
    let mut members: Vec<(String, Value<'js>)> = Vec::new();
    let mut names = NameList::default();
    let read = for_each_property(object, |name, value| {
        let name = name.text()?;
        names.push(&name);
        members.push((name, value));
        Ok(())
    });
    if read.is_err() {
        drop(object.ctx().catch());
        return Ok(false);
    }
    let named = writer.object(&names);
    for (name, value) in &members {
        if named {
            writer.text(name);
        }
        if !write(writer, value, depth - 1)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn opened(ctx: &Ctx<'_>, list: u32) -> Result<Rc<Opened>> {
    let host = host_state::<K6Host>(ctx)?;
    let lists = host.arrays.lists.borrow();
    lists.get(list as usize).cloned().ok_or(Error::Unknown)
}

/// How many items a list has.
fn size(ctx: Ctx<'_>, list: u32) -> Result<f64> {
    Ok(opened(&ctx, list)?.records.len() as f64)
}

/// An item of a list.
fn item(ctx: Ctx<'_>, list: u32, at: f64) -> Result<Value<'_>> {
    let list = opened(&ctx, list)?;
    match list.records.item(at as usize) {
        Some(mut reader) => list.value(&ctx, &mut reader),
        None => Ok(Value::new_undefined(ctx)),
    }
}

impl Opened {
    fn value<'js>(&self, ctx: &Ctx<'js>, reader: &mut Reader<'_>) -> Result<Value<'js>> {
        match reader.next().ok_or(Error::Unknown)? {
            Token::Null => Ok(Value::new_null(ctx.clone())),
            Token::Bool(value) => Ok(Value::new_bool(ctx.clone(), value)),
            Token::Int(value) => Ok(Value::new_int(ctx.clone(), value)),
            Token::Float(value) => Ok(Value::new_float(ctx.clone(), value)),
            Token::Text(value) => value.into_js(ctx),
            Token::List(count) => frozen_list(ctx, count, || self.value(ctx, reader)),
            Token::Shaped(shape) => {
                let names = self.names(ctx, shape)?;
                frozen_object(ctx, &names, || self.value(ctx, reader))
            }
            Token::Map(count) => frozen_map(ctx, count, || match reader.next() {
                Some(Token::Text(name)) => Ok((name, self.value(ctx, reader)?)),
                _ => Err(Error::Unknown),
            }),
            Token::Json(json) => {
                let value = ctx.json_parse(json.as_bytes())?;
                freeze_all(value.clone())?;
                Ok(value)
            }
        }
    }

    /// The names of a shape, made on first use.
    fn names(&self, ctx: &Ctx<'_>, shape: u32) -> Result<Rc<Names>> {
        let at = shape as usize;
        if let Some(Some(names)) = self.names.borrow().get(at) {
            return Ok(Rc::clone(names));
        }
        let texts = self.records.shape(shape).ok_or(Error::Unknown)?;
        let made = Rc::new(Names::new(ctx, texts.iter().map(|name| &**name)));
        let mut names = self.names.borrow_mut();
        if names.len() <= at {
            names.resize_with(at + 1, || None);
        }
        names[at] = Some(Rc::clone(&made));
        Ok(made)
    }
}

/// Freezes a value and all that is in it, however deep.
fn freeze_all(value: Value<'_>) -> Result<()> {
    let mut left = vec![value];
    while let Some(value) = left.pop() {
        let Some(object) = value.as_object() else {
            continue;
        };
        for_each_property(object, |_, member| {
            left.push(member);
            Ok(())
        })?;
        freeze(&value)?;
    }
    Ok(())
}
