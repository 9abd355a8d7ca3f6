//! The cookies that a response sets, as `response.cookies` shows them.

use jiff::fmt::rfc2822::DateTimeParser;
use rquickjs::{Array, Ctx, Object, Result};

/// What k6 shows for a cookie that does not say when it expires: its zero time.
const NEVER: f64 = -6_795_364_578_871.0;

/// One `Set-Cookie` header (RFC 6265, section 4.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cookie {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) domain: String,
    pub(crate) path: String,
    pub(crate) http_only: bool,
    pub(crate) secure: bool,
    /// Seconds; 0 if it was not given, -1 for "delete it now".
    pub(crate) max_age: i64,
    /// Milliseconds since the Unix epoch.
    pub(crate) expires: Option<i64>,
}

impl Cookie {
    /// Reads a header's value; `None` for one that is no cookie.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        let mut parts = header.split(';').map(|part| part.trim_matches([' ', '\t']));
        let (name, value) = parts.next()?.split_once('=')?;
        let name = name.trim_matches([' ', '\t']);
        if name.is_empty() || !name.bytes().all(super::headers::is_token) {
            return None;
        }
        let mut cookie = Self {
            name: name.to_owned(),
            value: plain_value(value)?.to_owned(),
            ..Self::default()
        };
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            cookie.set(name, value);
        }
        Some(cookie)
    }

    fn set(&mut self, name: &str, value: &str) {
        match name.to_ascii_lowercase().as_str() {
            "domain" => value.clone_into(&mut self.domain),
            "path" => value.clone_into(&mut self.path),
            "httponly" => self.http_only = true,
            "secure" => self.secure = true,
            "max-age" => match value.parse::<i64>() {
                Ok(seconds) if seconds > 0 && value.starts_with('0') => {}
                Ok(seconds) => self.max_age = if seconds > 0 { seconds } else { -1 },
                Err(_) => {}
            },
            "expires" => self.expires = date(value),
            _ => {}
        }
    }

    fn to_js<'js>(&self, ctx: &Ctx<'js>) -> Result<Object<'js>> {
        let object = Object::new(ctx.clone())?;
        object.set("name", self.name.as_str())?;
        object.set("value", self.value.as_str())?;
        object.set("domain", self.domain.as_str())?;
        object.set("path", self.path.as_str())?;
        object.set("http_only", self.http_only)?;
        object.set("secure", self.secure)?;
        object.set("max_age", self.max_age as f64)?;
        object.set("expires", self.expires.map_or(NEVER, |ms| ms as f64))?;
        Ok(object)
    }
}

/// `name=value` as it goes into the header `Cookie`: bytes that would end it are left out.
pub(crate) fn header_value(name: &str, value: &str) -> String {
    let name = name.replace(['\r', '\n', ';', '='], "-");
    let plain: String = value
        .chars()
        .filter(|it| (' '..'\u{7f}').contains(it) && !"\";\\".contains(*it))
        .collect();
    if plain.contains([' ', ',']) {
        format!("{name}=\"{plain}\"")
    } else {
        format!("{name}={plain}")
    }
}

/// A value without the quotes around it; `None` for bytes that no cookie has.
fn plain_value(value: &str) -> Option<&str> {
    let value = value.trim_matches([' ', '\t']);
    let inner = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    let value = inner.unwrap_or(value);
    let allowed = |byte: u8| (0x20..0x7F).contains(&byte) && !b"\";\\".contains(&byte);
    value.bytes().all(allowed).then_some(value)
}

/// `Mon, 02 Jan 2006 15:04:05 GMT`, or with `-` inside the date as old servers write it.
pub(crate) fn date(text: &str) -> Option<i64> {
    let spaced: String = match text.split_once(", ") {
        Some((_, date)) => date.replacen('-', " ", 2),
        None => text.to_owned(),
    };
    let parsed = DateTimeParser::new().parse_timestamp(&spaced).ok()?;
    Some(parsed.as_millisecond())
}

/// `{name: [cookie, …]}` of a response's `Set-Cookie` headers.
pub(crate) fn by_name<'js>(
    ctx: &Ctx<'js>,
    headers: impl Iterator<Item = Cookie>,
) -> Result<Object<'js>> {
    let all = Object::new(ctx.clone())?;
    for cookie in headers {
        push_to(&all, &cookie.name, cookie.to_js(ctx)?)?;
    }
    Ok(all)
}

/// Appends to the list that an object has under a name.
pub(crate) fn push_to<'js>(
    all: &Object<'js>,
    name: &str,
    item: impl rquickjs::IntoJs<'js>,
) -> Result<()> {
    if let Some(list) = all.get::<_, Option<Array<'js>>>(name)? {
        return list.set(list.len(), item);
    }
    let list = Array::new(all.ctx().clone())?;
    list.set(0, item)?;
    all.set(name, list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attribute_is_read() {
        let header = "id=7; Path=/lab; domain=127.0.0.1; Max-Age=90; HttpOnly; Secure; Expires=Wed, 21-Oct-2015 07:28:00 GMT; SameSite=Lax";
        let wanted = Cookie {
            name: "id".to_owned(),
            value: "7".to_owned(),
            domain: "127.0.0.1".to_owned(),
            path: "/lab".to_owned(),
            http_only: true,
            secure: true,
            max_age: 90,
            expires: Some(1_445_412_480_000),
        };
        assert_eq!(Cookie::parse(header), Some(wanted));
    }

    #[test]
    fn values_may_be_quoted_and_have_spaces() {
        let value = |header: &str| Cookie::parse(header).map(|cookie| cookie.value);
        assert_eq!(value("a=x y").as_deref(), Some("x y"));
        assert_eq!(value("a=\"x\"").as_deref(), Some("x"));
        assert_eq!(value("a=").as_deref(), Some(""));
        assert_eq!(value("a=b=c").as_deref(), Some("b=c"));
        for broken in ["", "a", "=b", "a b=c", "a=\\", "a=\u{e4}"] {
            assert_eq!(Cookie::parse(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn what_is_sent_cannot_break_out_of_the_header() {
        let rows = [
            ("a", "plain", "a=plain"),
            ("a", "two words", "a=\"two words\""),
            ("a", "x,y", "a=\"x,y\""),
            ("a;b", "c; d=e\r\nX: y\"", "a-b=\"c d=eX: y\""),
            ("a", "\u{e4}", "a="),
        ];
        for (name, value, wanted) in rows {
            assert_eq!(header_value(name, value), wanted);
        }
    }

    #[test]
    fn ages_and_dates_that_are_none_are_ignored() {
        let cookie = |rest: &str| Cookie::parse(&format!("a=b; {rest}")).unwrap();
        assert_eq!(cookie("max-age=-5").max_age, -1);
        assert_eq!(cookie("max-age=0").max_age, -1);
        assert_eq!(cookie("max-age=soon").max_age, 0);
        assert_eq!(cookie("max-age=012").max_age, 0);
        assert_eq!(cookie("expires=tomorrow").expires, None);
        assert_eq!(
            cookie("expires=Wed, 21 Oct 2015 07:28:00 GMT").expires,
            Some(1_445_412_480_000)
        );
    }
}
