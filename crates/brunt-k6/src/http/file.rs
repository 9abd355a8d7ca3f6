//! `http.file()`: a part of a multipart form that is a file.

use rquickjs::function::Opt;
use rquickjs::object::Property;
use rquickjs::{Ctx, Object, Result, Value};

use brunt_js::{host_state, throw_error};

use crate::args::{bytes, text};
use crate::host::K6Host;

/// The member that tells a file made here from another object with the same members.
const MARK: &str = "__file";

/// A file as it goes into a form.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) content_type: String,
    pub(crate) data: Vec<u8>,
}

/// `http.file(data, filename?, contentType?)`.
pub(crate) fn file<'js>(
    ctx: Ctx<'js>,
    data: Value<'js>,
    name: Opt<Value<'js>>,
    content_type: Opt<Value<'js>>,
) -> Result<Object<'js>> {
    if bytes(&data)?.is_none() {
        let message = format!(
            "http.file() takes a string, an ArrayBuffer or a typed array, not {}",
            data.type_name()
        );
        return Err(throw_error(&ctx, "TypeError", &message));
    }
    let given = |value: Opt<Value<'js>>| {
        let value = value.0.filter(|it| !it.is_undefined() && !it.is_null());
        value.map(|it| text(&it)).transpose()
    };
    let name = match given(name)?.filter(|it| !it.is_empty()) {
        Some(name) => name,
        None => host_state::<K6Host>(&ctx)?.wall_now().to_string(),
    };
    let content_type = given(content_type)?.filter(|it| !it.is_empty());
    let object = Object::new(ctx)?;
    object.set("data", data)?;
    object.set("filename", name)?;
    let default = "application/octet-stream";
    object.set("content_type", content_type.as_deref().unwrap_or(default))?;
    object.prop(MARK, Property::from(true))?;
    Ok(object)
}

impl File {
    /// What `http.file()` made; `None` for any other value.
    pub(crate) fn read(value: &Value<'_>) -> Result<Option<Self>> {
        let Some(object) = value.as_object().filter(|it| is_file(it)) else {
            return Ok(None);
        };
        let data: Value<'_> = object.get("data")?;
        Ok(Some(Self {
            name: text(&object.get("filename")?)?,
            content_type: text(&object.get("content_type")?)?,
            data: bytes(&data)?.unwrap_or_default(),
        }))
    }
}

/// Whether `http.file()` made the object.
pub(crate) fn is_file(object: &Object<'_>) -> bool {
    !object.is_array()
        && object
            .get::<_, Option<bool>>(MARK)
            .is_ok_and(|it| it == Some(true))
}
