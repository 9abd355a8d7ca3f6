//! The last argument of a request: headers, tags, timeout and the like.

use std::rc::Rc;
use std::time::Duration;

use brunt_engine::Level;
use rquickjs::{Ctx, Object, Result, Value};

use brunt_js::throw_error;
use brunt_net::coding::Coding;

use crate::args::{tags, text};
use crate::host::K6Host;
use crate::http::Expectation;
use crate::http::auth::Auth;
use crate::http::cookie_jar::jar_of;
use crate::http::headers::canonical;
use crate::http::jar::Jar;

/// A cookie that the call itself brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnCookie {
    pub(crate) name: String,
    pub(crate) value: String,
    /// Instead of the jar's cookie of that name.
    pub(crate) replace: bool,
}

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
    pub(crate) cookies: Vec<OwnCookie>,
    /// Instead of the virtual user's.
    pub(crate) jar: Option<Rc<Jar>>,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) timeout: Duration,
    pub(crate) redirects: u32,
    /// The script itself said how many redirects it wants.
    pub(crate) redirects_given: bool,
    pub(crate) response_type: ResponseType,
    pub(crate) expectation: Option<Expectation>,
    pub(crate) throw: bool,
    pub(crate) auth: Auth,
    /// How the body is packed, in this order.
    pub(crate) compression: Vec<Coding>,
}

/// k6's default.
const TIMEOUT: Duration = Duration::from_mins(1);

impl Params {
    pub(crate) fn defaults(host: &K6Host) -> Self {
        Self {
            headers: Vec::new(),
            cookies: Vec::new(),
            jar: None,
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
            auth: Auth::Basic,
            compression: Vec::new(),
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
            params.set(ctx, host, &key, &value)?;
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

    /// Warns of a length that the script gave and that is not the body's: it is not sent.
    pub(crate) fn check_length(&self, host: &K6Host, url: &str, body: Option<&[u8]>) {
        let given = self
            .headers
            .iter()
            .find(|(name, _)| name == "Content-Length");
        let length = body.map_or(0, <[u8]>::len);
        if let Some((_, given)) = given
            && given.trim().parse() != Ok(length)
        {
            let message = format!(
                "the Content-Length '{given}' of the request to {url} is not that of its body, {length}: the latter is sent"
            );
            host.log(Level::Warn, message, &[]);
        }
    }

    fn set(&mut self, ctx: &Ctx<'_>, host: &K6Host, key: &str, value: &Value<'_>) -> Result<()> {
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
            "cookies" => {
                if let Some(object) = value.as_object() {
                    self.cookies = cookies(object)?;
                }
            }
            "jar" => self.jar = jar_of(host, value),
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
            "auth" => match text(value)?.as_str() {
                "digest" => self.auth = Auth::Digest,
                "ntlm" => {
                    return Err(wrong(
                        "NTLM is not supported; brunt speaks 'basic' and 'digest'",
                    ));
                }
                // What k6 does with any other text.
                _ => self.auth = Auth::Basic,
            },
            "compression" => {
                let names = text(value)?;
                let names = names.split(',').map(str::trim);
                let codings = names.filter(|it| !it.is_empty()).map(|name| {
                    let known = name.parse::<Coding>();
                    known.map_err(|()| {
                        wrong(&format!(
                            "unknown algorithm '{name}'; there are gzip, deflate, br and zstd"
                        ))
                    })
                });
                self.compression = codings.collect::<Result<_>>()?;
            }
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
        let (name, value) = (canonical(&name), text(&value)?);
        // Two spellings of one name: the later one counts.
        match headers.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => headers.push((name, value)),
        }
    }
    Ok(headers)
}

/// `{name: value}` or `{name: {value, replace}}`.
fn cookies(object: &Object<'_>) -> Result<Vec<OwnCookie>> {
    let mut cookies = Vec::new();
    for entry in object.props::<String, Value<'_>>() {
        let (name, value) = entry?;
        if value.is_null() || value.is_undefined() {
            continue;
        }
        let (value, replace) = match value.as_object() {
            Some(object) => {
                let replace: Value<'_> = object.get("replace")?;
                (object.get("value")?, crate::k6::is_truthy(&replace))
            }
            None => (value, false),
        };
        cookies.push(OwnCookie {
            name,
            value: text(&value)?,
            replace,
        });
    }
    Ok(cookies)
}
