//! The template tag `http.url`: a URL with values in it, and the name that all its fillings share.

use brunt_js::throw_error;
use rquickjs::function::{Rest, This};
use rquickjs::object::Property;
use rquickjs::{Array, Ctx, Function, Object, Result, Value};

use crate::args::text;

/// The member that tells an address made here from another object with the same members.
const MARK: &str = "__template";

/// A request's first argument.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) url: String,
    /// The template with `${}` for each value, which becomes the tag `name`.
    pub(crate) name: Option<String>,
}

impl Address {
    /// Whether `http.url` made it.
    pub(crate) fn is_one(value: &Value<'_>) -> bool {
        value.as_object().is_some_and(|object| {
            let mark = object.get::<_, Option<bool>>(MARK);
            mark.is_ok_and(|mark| mark == Some(true))
        })
    }

    /// A string, an address from `http.url`, or anything that can be made a string.
    pub(crate) fn read(value: &Value<'_>) -> Result<Self> {
        if let Some(object) = value.as_object()
            && Self::is_one(value)
        {
            return Ok(Self {
                url: object.get("url")?,
                name: object.get("name")?,
            });
        }
        Ok(Self {
            url: text(value)?,
            name: None,
        })
    }
}

/// The tag function: the literal parts of the template, then its values.
pub(crate) fn tag<'js>(
    ctx: Ctx<'js>,
    parts: Value<'js>,
    values: Rest<Value<'js>>,
) -> Result<Object<'js>> {
    let Some(parts) = parts.as_array().map(Array::iter::<String>) else {
        let message =
            "http.url is a template tag: write http.url`https://host/${id}` without parentheses";
        return Err(throw_error(&ctx, "TypeError", message));
    };
    let (mut url, mut name) = (String::new(), String::new());
    for (at, part) in parts.enumerate() {
        if let Some(value) = at.checked_sub(1).and_then(|before| values.get(before)) {
            url.push_str(&text(value)?);
            name.push_str("${}");
        }
        let part = part?;
        url.push_str(&part);
        name.push_str(&part);
    }
    let address = Object::new(ctx.clone())?;
    address.set("url", url)?;
    address.set("name", name)?;
    address.prop(MARK, Property::from(true))?;
    let to_string = |this: This<Object<'js>>| this.0.get::<_, String>("url");
    let to_string = Function::new(ctx, to_string)?.with_name("toString")?;
    address.prop("toString", Property::from(to_string))?;
    Ok(address)
}
