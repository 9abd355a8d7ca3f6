//! The globals `TextEncoder` and `TextDecoder`.

use std::cell::RefCell;
use std::rc::Rc;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use rquickjs::function::{Constructor, Opt, This};
use rquickjs::object::Property;
use rquickjs::{Ctx, Function, IntoJs, Object, Result, Value};

use brunt_js::lazy::{Lazy, LazyClass};
use brunt_js::{share_byte_array, throw_error};

use crate::args::bytes;

/// What [`install`] puts in place, on first use.
pub(crate) const GLOBALS: &[&str] = &["TextEncoder", "TextDecoder"];

/// Members of a `TextEncoder`.
struct Encoder;

impl Lazy for Encoder {
    fn member<'js>(&self, ctx: &Ctx<'js>, _index: usize) -> Result<Value<'js>> {
        "utf-8".into_js(ctx)
    }
}

/// A `TextDecoder` with what a streaming call leaves for the next one.
struct Decoder {
    encoding: &'static Encoding,
    fatal: bool,
    keep_bom: bool,
    rest: RefCell<Vec<u8>>,
}

impl Lazy for Decoder {
    fn member<'js>(&self, ctx: &Ctx<'js>, index: usize) -> Result<Value<'js>> {
        match index {
            0 => self.encoding.name().to_ascii_lowercase().into_js(ctx),
            1 => self.fatal.into_js(ctx),
            _ => self.keep_bom.into_js(ctx),
        }
    }
}

pub(crate) fn install<'js>(ctx: &Ctx<'js>) -> Result<()> {
    let globals = ctx.globals();
    let prototype = Object::new(ctx.clone())?;
    prototype.set(
        "encode",
        Function::new(ctx.clone(), encode)?.with_name("encode")?,
    )?;
    let class = LazyClass::new(ctx, ["encoding"], &prototype)?;
    let encoder = Constructor::new_prototype(ctx, prototype, move |ctx: Ctx<'js>| {
        class.object(&ctx, Encoder)
    })?;
    encoder.set_name("TextEncoder")?;
    globals.prop(
        GLOBALS[0],
        Property::from(encoder).writable().configurable(),
    )?;

    let prototype = Object::new(ctx.clone())?;
    // Both functions need the class, which needs the prototype that one of them hangs on.
    let class = Rc::new(LazyClass::new(
        ctx,
        ["encoding", "fatal", "ignoreBOM"],
        &prototype,
    )?);
    let decode = {
        let class = Rc::clone(&class);
        Function::new(
            ctx.clone(),
            move |ctx: Ctx<'js>,
                  this: This<Value<'js>>,
                  input: Opt<Value<'js>>,
                  options: Opt<Option<Object<'js>>>| {
                decode(&ctx, &class, &this.0, input.0, options.0.flatten().as_ref())
            },
        )?
    };
    prototype.set("decode", decode.with_name("decode")?)?;
    let decoder = Constructor::new_prototype(
        ctx,
        prototype,
        move |ctx: Ctx<'js>, label: Opt<Option<String>>, options: Opt<Option<Object<'js>>>| {
            class.object(
                &ctx,
                decoder(&ctx, label.0.flatten(), options.0.flatten().as_ref())?,
            )
        },
    )?;
    decoder.set_name("TextDecoder")?;
    globals.prop(
        GLOBALS[1],
        Property::from(decoder).writable().configurable(),
    )?;
    Ok(())
}

fn encode<'js>(ctx: Ctx<'js>, input: Opt<Value<'js>>) -> Result<Value<'js>> {
    let input = match input.0.filter(|value| !value.is_undefined()) {
        Some(value) => crate::args::text(&value)?,
        None => String::new(),
    };
    share_byte_array(&ctx, input.into_bytes())
}

fn encoding_of(label: &str) -> Option<&'static Encoding> {
    let found = Encoding::for_label(label.trim().as_bytes())?;
    [UTF_8, UTF_16LE, UTF_16BE]
        .into_iter()
        .find(|known| *known == found)
}

fn decoder<'js>(
    ctx: &Ctx<'js>,
    label: Option<String>,
    options: Option<&Object<'js>>,
) -> Result<Decoder> {
    let label = label.unwrap_or_else(|| "utf-8".to_owned());
    let Some(encoding) = encoding_of(&label) else {
        let message = format!("The encoding label provided ('{label}') is invalid");
        return Err(throw_error(ctx, "RangeError", &message));
    };
    let flag = |name: &str| -> Result<bool> {
        Ok(options
            .map(|it| it.get::<_, Option<bool>>(name))
            .transpose()?
            .flatten()
            .unwrap_or(false))
    };
    let (fatal, keep_bom) = (flag("fatal")?, flag("ignoreBOM")?);
    Ok(Decoder {
        encoding,
        fatal,
        keep_bom,
        rest: RefCell::default(),
    })
}

fn decode<'js>(
    ctx: &Ctx<'js>,
    class: &LazyClass,
    this: &Value<'js>,
    input: Option<Value<'js>>,
    options: Option<&Object<'js>>,
) -> Result<String> {
    let stream = match options {
        Some(options) => options.get::<_, Option<bool>>("stream")?.unwrap_or(false),
        None => false,
    };
    let more = match input.filter(|value| !value.is_undefined()) {
        Some(input) => {
            let more = if input.is_string() {
                None
            } else {
                bytes(&input)?
            };
            let wrong = "TextDecoder.decode() takes an ArrayBuffer or a view of one";
            more.ok_or_else(|| throw_error(ctx, "TypeError", wrong))?
        }
        None => Vec::new(),
    };
    let decoded = class.with::<Decoder, _>(this, |decoder| decoder.decode(&more, stream));
    let wrong = "decode() was called on something that is no TextDecoder";
    let decoded = decoded.ok_or_else(|| throw_error(ctx, "TypeError", wrong))?;
    decoded.ok_or_else(|| throw_error(ctx, "TypeError", "The encoded data was not valid"))
}

impl Decoder {
    /// `None` if the data is broken and that is fatal.
    fn decode(&self, more: &[u8], stream: bool) -> Option<String> {
        let mut data = self.rest.take();
        data.extend_from_slice(more);
        let rest = if stream {
            unfinished(self.encoding, &data)
        } else {
            0
        };
        let whole = data.len() - rest;
        *self.rest.borrow_mut() = data[whole..].to_vec();
        let mut data = &data[..whole];
        if let (false, Some((found, length))) = (self.keep_bom, Encoding::for_bom(data))
            && found == self.encoding
        {
            data = &data[length..];
        }
        let (text, broken) = self.encoding.decode_without_bom_handling(data);
        (!(self.fatal && broken)).then(|| text.into_owned())
    }
}

/// How many bytes at the end start a character that is not complete.
fn unfinished(encoding: &'static Encoding, data: &[u8]) -> usize {
    if encoding != UTF_8 {
        return data.len() % 2;
    }
    match std::str::from_utf8(data) {
        Err(error) if error.error_len().is_none() => data.len() - error.valid_up_to(),
        _ => {
            // An earlier error hides the end: look at the last three bytes alone.
            let tail = &data[data.len().saturating_sub(3)..];
            let start = tail.iter().rposition(|byte| byte & 0xC0 == 0xC0);
            start.map_or(0, |at| {
                let wanted = match tail[at] {
                    0xC0..=0xDF => 2,
                    0xE0..=0xEF => 3,
                    _ => 4,
                };
                let have = tail.len() - at;
                if have < wanted { have } else { 0 }
            })
        }
    }
}
