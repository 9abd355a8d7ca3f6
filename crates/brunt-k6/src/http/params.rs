//! The last argument of a request: headers, tags, timeout and the like.

use std::time::Duration;

use rquickjs::{Ctx, Object, Result, Value};

use brunt_js::throw_error;

use crate::args::{tags, text};
use crate::host::K6Host;
use crate::http::Expectation;
use crate::http::headers::canonical;

/// How the body is handed to the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseType {
    Text,
    Binary,
    None,
}

/// The parameters of one request, with options filled in.
#[derive(Debug)]
pub(crate) struct Params {
    /// Canonical names; `Host` among them.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) timeout: Duration,
    pub(crate) redirects: u32,
    /// The script itself said how many redirects it wants.
    pub(crate) redirects_given: bool,
    pub(crate) response_type: ResponseType,
    pub(crate) expectation: Option<Expectation>,
    pub(crate) throw: bool,
}

/// k6's default.
const TIMEOUT: Duration = Duration::from_mins(1);

impl Params {
    pub(crate) fn defaults(host: &K6Host) -> Self {
        Self {
            headers: Vec::new(),
            tags: Vec::new(),
            timeout: TIMEOUT,
            redirects: host.config.max_redirects,
            redirects_given: false,
            response_type: if host.config.discard_response_bodies {
                ResponseType::None
            } else {
                ResponseType::Text
            },
            expectation: None,
            throw: host.config.throw,
        }
    }

    pub(crate) fn read(ctx: &Ctx<'_>, host: &K6Host, value: Option<&Value<'_>>) -> Result<Self> {
        let mut params = Self::defaults(host);
        let Some(object) = value.and_then(Value::as_object) else {
            return Ok(params);
        };
        for entry in object.props::<String, Value<'_>>() {
            let (key, value) = entry?;
            if value.is_undefined() || (value.is_null() && key != "responseCallback") {
                continue;
            }
            params.set(ctx, &key, &value)?;
        }
        Ok(params)
    }

    /// Sets the tag `name`, unless the script has set one itself.
    pub(crate) fn name(&mut self, name: String) {
        if let Err(at) = self
            .tags
            .binary_search_by(|(tag, _)| tag.as_str().cmp("name"))
        {
            self.tags.insert(at, ("name".to_owned(), name));
        }
    }

    fn set(&mut self, ctx: &Ctx<'_>, key: &str, value: &Value<'_>) -> Result<()> {
        let wrong = |wanted: &str| {
            let message = format!("invalid request parameter '{key}': {wanted}");
            throw_error(ctx, "TypeError", &message)
        };
        match key {
            "headers" => {
                self.headers = headers(
                    value
                        .as_object()
                        .ok_or_else(|| wrong("expected an object"))?,
                )?;
            }
            "tags" => {
                let object = value
                    .as_object()
                    .ok_or_else(|| wrong("expected an object"))?;
                self.tags = tags(ctx, object, "request parameter 'tags'")?;
                self.tags.sort();
            }
            "timeout" => {
                let timeout = match value.as_number() {
                    Some(ms) if ms >= 0.0 && ms.is_finite() => {
                        Some(Duration::from_secs_f64(ms / 1e3))
                    }
                    Some(_) => None,
                    None => brunt_options::parse_duration_or_ms(&text(value)?).ok(),
                };
                self.timeout = timeout
                    .ok_or_else(|| wrong("expected milliseconds or a duration like '30s'"))?;
            }
            "redirects" => {
                let count = value
                    .as_number()
                    .filter(|it| *it >= 0.0 && it.fract() == 0.0);
                self.redirects = count.ok_or_else(|| wrong("expected a whole number"))? as u32;
                self.redirects_given = true;
            }
            "responseType" => {
                self.response_type = match text(value)?.as_str() {
                    "text" => ResponseType::Text,
                    "binary" => ResponseType::Binary,
                    "none" => ResponseType::None,
                    _ => return Err(wrong("expected 'text', 'binary' or 'none'")),
                }
            }
            "responseCallback" => self.expectation = Some(Expectation::read(ctx, value)?),
            "throw" => self.throw = crate::k6::is_truthy(value),
            _ => {}
        }
        Ok(())
    }
}

fn headers(object: &Object<'_>) -> Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    for entry in object.props::<String, Value<'_>>() {
        let (name, value) = entry?;
        headers.push((canonical(&name), text(&value)?));
    }
    Ok(headers)
}
