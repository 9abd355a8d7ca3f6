//! Request bodies: text, bytes, or an object that becomes a form.

use std::borrow::Cow;

use rquickjs::{Ctx, Object, Result, Value};

use brunt_engine::Level;
use brunt_js::throw_error;

use crate::args::{bytes, text};
use crate::host::K6Host;
use crate::http::file::{File, is_file};
use crate::http::multipart::{self, Part};

/// A body with the content type that its form implies.
#[derive(Debug, Default)]
pub(crate) struct Body {
    pub(crate) bytes: Option<Vec<u8>>,
    pub(crate) content_type: Option<Cow<'static, str>>,
}

impl Body {
    pub(crate) fn read(ctx: &Ctx<'_>, host: &K6Host, value: Option<&Value<'_>>) -> Result<Self> {
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
            Some(object) if !value.is_function() && !value.is_array() => form(host, object),
            _ => {
                let message = format!(
                    "unknown request body type {}: pass a string, an ArrayBuffer, a typed array or an object of form fields",
                    value.type_name()
                );
                Err(throw_error(ctx, "GoError", &message))
            }
        }
    }
}

/// Keys sorted, arrays repeat the key; multipart if one of the values is a file.
fn form(host: &K6Host, object: &Object<'_>) -> Result<Body> {
    let mut parts: Vec<(String, Part)> = Vec::new();
    for entry in object.props::<String, Value<'_>>() {
        let (key, value) = entry?;
        match value.as_array() {
            Some(array) => {
                for item in array.iter::<Value<'_>>() {
                    parts.push((key.clone(), part(host, &key, &item?)?));
                }
            }
            None => {
                let part = part(host, &key, &value)?;
                parts.push((key, part));
            }
        }
    }
    parts.sort_by(|a, b| a.0.cmp(&b.0));
    if parts.iter().any(|(_, part)| matches!(part, Part::File(_))) {
        let (bytes, content_type) = multipart::encode(&parts);
        return Ok(Body {
            bytes: Some(bytes),
            content_type: Some(content_type.into()),
        });
    }
    let fields = parts.iter().filter_map(|(key, part)| match part {
        Part::Field(value) => Some((key, value)),
        Part::File(_) => None,
    });
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    Ok(Body {
        bytes: Some(form.extend_pairs(fields).finish().into_bytes()),
        content_type: Some("application/x-www-form-urlencoded".into()),
    })
}

/// `null` and nested objects become empty.
fn part(host: &K6Host, key: &str, value: &Value<'_>) -> Result<Part> {
    if value.is_null() || value.is_undefined() {
        return Ok(Part::Field(String::new()));
    }
    let Some(object) = value.as_object() else {
        return Ok(Part::Field(text(value)?));
    };
    if is_file(object)
        && let Some(file) = File::read(value)?
    {
        return Ok(Part::File(file));
    }
    let message = format!(
        "the form field '{key}' is an object, which a form cannot hold: it is sent empty; use JSON.stringify() for the field or for the whole body"
    );
    host.log(Level::Warn, message, &[]);
    Ok(Part::Field(String::new()))
}
