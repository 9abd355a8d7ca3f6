//! `data-*` attributes as values.

use rquickjs::{Ctx, IntoJs, Object, Result, Value};

use super::document::{Document, NodeId};

/// The value of one attribute; `undefined` if it is not there.
pub(super) fn one<'js>(
    ctx: &Ctx<'js>,
    document: &Document,
    id: NodeId,
    key: &str,
) -> Result<Value<'js>> {
    let name = format!("data-{}", dashed(key));
    match document.attribute(id, &name) {
        Some(text) => value(ctx, text),
        None => Ok(Value::new_undefined(ctx.clone())),
    }
}

/// All of them by their names in camel case; `undefined` if the element has no attribute at all.
pub(super) fn all<'js>(ctx: &Ctx<'js>, document: &Document, id: NodeId) -> Result<Value<'js>> {
    let Some(element) = document.element(id).filter(|it| !it.attributes.is_empty()) else {
        return Ok(Value::new_undefined(ctx.clone()));
    };
    let object = Object::new(ctx.clone())?;
    for attribute in &element.attributes {
        if let Some(name) = attribute.name.local.strip_prefix("data-") {
            object.set(camel(name), value(ctx, &attribute.value)?)?;
        }
    }
    Ok(object.into_value())
}

fn value<'js>(ctx: &Ctx<'js>, text: &str) -> Result<Value<'js>> {
    match text {
        "true" => return true.into_js(ctx),
        "false" => return false.into_js(ctx),
        "" | "null" | "undefined" => return Ok(Value::new_undefined(ctx.clone())),
        _ => {}
    }
    if text.starts_with(['{', '[']) {
        match ctx.json_parse(text) {
            Ok(value) => return Ok(value),
            Err(_) => drop(ctx.catch()),
        }
    }
    match text.parse::<f64>() {
        // Only what a number would print itself: not 1.50 or 0x1.
        Ok(number) if number.is_finite() && number.to_string() == text => number.into_js(ctx),
        _ => text.into_js(ctx),
    }
}

/// `twoWords` as `two-words`.
fn dashed(key: &str) -> String {
    let mut name = String::with_capacity(key.len() + 2);
    for found in key.chars() {
        if found.is_ascii_uppercase() {
            name.push('-');
        }
        name.push(found.to_ascii_lowercase());
    }
    name
}

/// `two-words` as `twoWords`.
fn camel(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    let mut upper = false;
    for found in name.chars() {
        if found == '-' {
            upper = true;
        } else if upper {
            key.push(found.to_ascii_uppercase());
            upper = false;
        } else {
            key.push(found);
        }
    }
    key
}
