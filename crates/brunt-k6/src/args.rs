//! Reading the arguments of host functions.

use rquickjs::{Ctx, Object, Result, Value};

use brunt_js::{buffer_bytes, throw_error};

/// The text of a value as `String(value)` gives it.
pub(crate) fn text(value: &Value<'_>) -> Result<String> {
    match value.as_string() {
        Some(text) => text.to_string(),
        None => Ok(value.get::<rquickjs::Coerced<String>>()?.0),
    }
}

/// An argument that is there and neither `undefined` nor `null`.
pub(crate) fn given<'a, 'js>(arguments: &'a [Value<'js>], at: usize) -> Option<&'a Value<'js>> {
    arguments
        .get(at)
        .filter(|value| !value.is_undefined() && !value.is_null())
}

/// Bytes of a string, `ArrayBuffer`, typed array or `DataView`; `None` for anything else.
pub(crate) fn bytes(value: &Value<'_>) -> Result<Option<Vec<u8>>> {
    if let Some(text) = value.as_string() {
        return text.to_string().map(|text| Some(text.into_bytes()));
    }
    let Some(object) = value.as_object() else {
        return Ok(None);
    };
    if let Some(buffer) = rquickjs::ArrayBuffer::from_object(object.clone()) {
        return Ok(Some(buffer_bytes(&buffer)));
    }
    let buffer: Option<Value<'_>> = object.get("buffer")?;
    let view = buffer.as_ref().and_then(Value::as_object).cloned();
    let Some(buffer) = view.and_then(rquickjs::ArrayBuffer::from_object) else {
        return Ok(None);
    };
    let (offset, length): (usize, usize) = (object.get("byteOffset")?, object.get("byteLength")?);
    let all = buffer_bytes(&buffer);
    Ok(Some(
        all.get(offset..offset.saturating_add(length))
            .unwrap_or_default()
            .to_vec(),
    ))
}

/// Tags of a call: strings, numbers and booleans only.
pub(crate) fn tags(
    ctx: &Ctx<'_>,
    object: &Object<'_>,
    what: &str,
) -> Result<Vec<(String, String)>> {
    let mut tags = Vec::new();
    for key in object.keys::<String>() {
        let key = key?;
        let value: Value<'_> = object.get(&key)?;
        if !(value.is_string() || value.is_number() || value.is_bool()) {
            let message = format!(
                "{what}: the value of tag '{key}' is {}, only strings, booleans and numbers can be tags",
                value.type_name()
            );
            return Err(throw_error(ctx, "TypeError", &message));
        }
        tags.push((key, text(&value)?));
    }
    Ok(tags)
}
