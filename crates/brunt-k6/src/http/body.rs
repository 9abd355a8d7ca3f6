//! Request bodies: text, bytes, or an object that becomes a form.

use std::borrow::Cow;

use rquickjs::{Ctx, Object, Result, Value};

use brunt_engine::Level;
use brunt_js::{call_throwing_uncatchable, throw_error};
use brunt_net::coding::encode;

use crate::args::{bytes, text};
use crate::host::K6Host;
use crate::http::file::{File, is_file};
use crate::http::multipart::{self, Part};
use crate::http::params::Params;

/// A body with the content type that its form implies.
#[derive(Debug, Default)]
pub(crate) struct Body {
    pub(crate) bytes: Option<Vec<u8>>,
    pub(crate) content_type: Option<Cow<'static, str>>,
    /// What goes out instead of the bytes, and its `Content-Encoding`.
    pub(crate) packed: Option<(Vec<u8>, String)>,
}

impl Body {
    pub(crate) fn read(ctx: &Ctx<'_>, host: &K6Host, value: Option<&Value<'_>>) -> Result<Self> {
        let Some(value) = value.filter(|value| !value.is_null() && !value.is_undefined()) else {
            return Ok(Self::default());
        };
        if let Some(bytes) = bytes(value)? {
            return Ok(Self {
                bytes: Some(bytes),
                ..Self::default()
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

impl Body {
    /// What goes onto the wire.
    pub(crate) fn wire(&self) -> Option<&[u8]> {
        match &self.packed {
            Some((packed, _)) => Some(packed),
            None => self.bytes.as_deref(),
        }
    }

    /// Packs it as the parameter `compression` says, on the worker's stack.
    pub(crate) fn pack(&mut self, ctx: &Ctx<'_>, host: &K6Host, params: &Params) -> Result<()> {
        let (Some(bytes), false) = (&self.bytes, params.compression.is_empty()) else {
            return Ok(());
        };
        let packed = host
            .cx
            .parker
            .on_worker(|| encode(&params.compression, bytes));
        let packed = call_throwing_uncatchable(ctx, packed)?
            .map_err(|error| throw_error(ctx, "GoError", &format!("compression: {error}")))?;
        let names: Vec<&str> = params.compression.iter().map(|it| it.as_str()).collect();
        let names = names.join(", ");
        let given = params.headers.iter().find(|it| it.0 == "Content-Encoding");
        if let Some((_, given)) = given.filter(|(_, given)| *given != names) {
            let message = format!(
                "the header Content-Encoding says '{given}' and so is sent, though `compression` packs the body with {names}"
            );
            host.log(Level::Warn, message, &[]);
        }
        self.packed = Some((packed, names));
        Ok(())
    }
}

/// Keys sorted, arrays repeat the key; multipart if one of the values is a file.
fn form(host: &K6Host, object: &Object<'_>) -> Result<Body> {
    let mut parts: Vec<(String, Part)> = Vec::new();
    for entry in object.props::<String, Value<'_>>() {
        let (key, value) = entry?;
        if let Some(array) = value.as_array() {
            for item in array.iter::<Value<'_>>() {
                parts.push((key.clone(), part(host, &key, &item?)?));
            }
        } else {
            let part = part(host, &key, &value)?;
            parts.push((key, part));
        }
    }
    parts.sort_by(|a, b| a.0.cmp(&b.0));
    if parts.iter().any(|(_, part)| matches!(part, Part::File(_))) {
        let (bytes, content_type) = multipart::encode(&parts);
        return Ok(Body {
            bytes: Some(bytes),
            content_type: Some(content_type.into()),
            packed: None,
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
        packed: None,
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
