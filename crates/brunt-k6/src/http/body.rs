//! Request bodies: text, bytes, or an object that becomes a form.

use rquickjs::{Ctx, Object, Result, Value};

use brunt_js::throw_error;

use crate::args::{bytes, text};

/// A body with the content type that its form implies.
#[derive(Debug, Default)]
pub(crate) struct Body {
    pub(crate) bytes: Option<Vec<u8>>,
    pub(crate) content_type: Option<&'static str>,
}

impl Body {
    pub(crate) fn read(ctx: &Ctx<'_>, value: Option<&Value<'_>>) -> Result<Self> {
        let Some(value) = value.filter(|value| !value.is_null() && !value.is_undefined()) else {
            return Ok(Self::default());
        };
        if let Some(bytes) = bytes(value)? {
            return Ok(Self {
                bytes: Some(bytes),
                content_type: None,
            });
        }
        match value.as_object() {
            Some(object) if !value.is_function() => Ok(Self {
                bytes: Some(form(object)?.into_bytes()),
                content_type: Some("application/x-www-form-urlencoded"),
            }),
            _ => {
                let message = format!("unknown request body type {}", value.type_name());
                Err(throw_error(ctx, "GoError", &message))
            }
        }
    }
}

/// Keys sorted, arrays repeat the key, `null` and nested objects become empty.
fn form(object: &Object<'_>) -> Result<String> {
    let mut pairs = Vec::new();
    for entry in object.props::<String, Value<'_>>() {
        let (key, value) = entry?;
        match value.as_array() {
            Some(array) => {
                for item in array.iter::<Value<'_>>() {
                    pairs.push((key.clone(), form_value(&item?)?));
                }
            }
            None => pairs.push((key, form_value(&value)?)),
        }
    }
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    Ok(form.extend_pairs(pairs).finish())
}

fn form_value(value: &Value<'_>) -> Result<String> {
    if value.is_null() || value.is_undefined() || value.is_object() {
        Ok(String::new())
    } else {
        text(value)
    }
}
