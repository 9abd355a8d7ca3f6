//! `response.json(selector?)`: the whole body, or what a gjson path finds in it.
//!
//! The `gjson` crate is older than the path syntax that k6 has, so modifiers that it lacks are
//! applied here, between two of its look-ups.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use brunt_js::throw_error;
use rquickjs::function::{Opt, This};
use rquickjs::{Ctx, IntoJs, Object, Result, Value};
use serde_json::Value as Json;

use crate::args::bytes;

/// Bytes of a path at most: the crate follows it by recursion, on a small stack.
const LONGEST_PATH: usize = 1024;
/// Levels of a document that modifiers, which work by recursion, are let loose on.
const DEEPEST: usize = 128;
/// Modifiers that the crate lacks.
const MODIFIERS: &[&str] = &["keys", "values", "tostr", "fromstr", "group", "dig"];

/// The method of a response.
pub(crate) fn json<'js>(
    ctx: Ctx<'js>,
    This(this): This<Object<'js>>,
    selector: Opt<Option<String>>,
) -> Result<Value<'js>> {
    let body: Value<'js> = this.get("body")?;
    let Some(bytes) = bytes(&body)? else {
        let message = "the body is null so we can't transform it to JSON - this likely was because of a request error getting the response";
        return Err(throw_error(&ctx, "GoError", message));
    };
    let Some(path) = selector.0.flatten() else {
        return parse(&ctx, &bytes);
    };
    match select(&String::from_utf8_lossy(&bytes), &path) {
        Some(found) => match found {
            // Numbers are doubles, whatever their digits.
            Found::Number(number) => number.into_js(&ctx),
            Found::Json(found) => ctx.json_parse(found.as_bytes()),
        },
        None => Ok(Value::new_undefined(ctx)),
    }
}

fn parse<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> Result<Value<'js>> {
    // The common case first; on failure a second reader finds the place of the error.
    match ctx.json_parse(bytes) {
        Ok(value) => Ok(value),
        Err(error) => {
            let Err(reason) = serde_json::from_slice::<serde::de::IgnoredAny>(bytes) else {
                return Err(error);
            };
            drop(ctx.catch());
            let message = format!(
                "cannot parse json due to an error at line {}, character {} , error: {reason}",
                reason.line(),
                reason.column()
            );
            Err(throw_error(ctx, "GoError", &message))
        }
    }
}

#[derive(Debug, PartialEq)]
pub(crate) enum Found {
    Number(f64),
    Json(String),
}

/// What the path finds; nothing in a document that is no JSON.
pub(crate) fn select(document: &str, path: &str) -> Option<Found> {
    // Not the crate's own check, which recurses for each level of the document.
    serde_json::from_str::<serde::de::IgnoredAny>(document).ok()?;
    if path.len() > LONGEST_PATH || (path.contains('@') && depth(document) > DEEPEST) {
        return None;
    }
    let mut document = Cow::Borrowed(document);
    let mut path = path;
    while let Some((before, modifier, argument, after)) = split(path) {
        let subject = if before.is_empty() {
            Some(document.into_owned())
        } else {
            get(&document, before).map(Found::text)
        };
        document = Cow::Owned(modify(subject.as_deref(), modifier, argument)?);
        path = after;
    }
    if path.is_empty() {
        get(&document, "@this")
    } else {
        get(&document, path)
    }
}

impl Found {
    fn text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Json(json) => json,
        }
    }
}

/// One look-up of the crate's. It is no business of a script if the crate panics.
fn get(document: &str, path: &str) -> Option<Found> {
    let look = || {
        let found = gjson::get(document, path);
        let number = found.kind() == gjson::Kind::Number;
        found.exists().then(|| match found.kind() {
            _ if number => Found::Number(found.f64()),
            // A string's raw text may hold what only the crate takes for an escape.
            gjson::Kind::String => Found::Json(Json::from(found.str()).to_string()),
            _ => Found::Json(found.json().to_owned()),
        })
    };
    catch_unwind(AssertUnwindSafe(look)).ok().flatten()
}

/// Nested arrays and objects of a valid document.
fn depth(document: &str) -> usize {
    let (mut level, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in document.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                level += 1;
                deepest = deepest.max(level);
            }
            b']' | b'}' if !quoted => level = level.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Splits `before.@modifier:argument.after` at the first modifier that is ours.
fn split(path: &str) -> Option<(&str, &'static str, &str, &str)> {
    let bytes = path.as_bytes();
    let (mut level, mut quoted, mut at) = (0_usize, false, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'"' => quoted = !quoted,
            b'(' | b'[' | b'{' if !quoted => level += 1,
            b')' | b']' | b'}' if !quoted => level = level.saturating_sub(1),
            b'@' if !quoted && level == 0 && (at == 0 || matches!(bytes[at - 1], b'.' | b'|')) => {
                let rest = &path[at + 1..];
                let end = rest.find(['.', '|', ':']).unwrap_or(rest.len());
                if let Some(name) = MODIFIERS.iter().find(|name| **name == &rest[..end]) {
                    let (argument, after) = argument(&rest[end..]);
                    return Some((
                        path[..at].trim_end_matches(['.', '|']),
                        name,
                        argument,
                        after,
                    ));
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// `:argument.rest` in its parts; an argument may be in braces or quotes.
fn argument(rest: &str) -> (&str, &str) {
    let after = |rest: &str| rest.strip_prefix(['.', '|']).map_or(0, |_| 1);
    let Some(argument) = rest.strip_prefix(':') else {
        return ("", &rest[after(rest)..]);
    };
    let mut level = 0_usize;
    let mut quoted = false;
    for (at, found) in argument.char_indices() {
        match found {
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => level += 1,
            ')' | ']' | '}' if !quoted => level = level.saturating_sub(1),
            '|' | '.' if !quoted && level == 0 => return (&argument[..at], &argument[at + 1..]),
            _ => {}
        }
    }
    (argument, "")
}

/// What a modifier makes of a value; `None` for nothing.
fn modify(subject: Option<&str>, modifier: &str, argument: &str) -> Option<String> {
    let Some(text) = subject else {
        return matches!(modifier, "keys" | "values").then(|| "[]".to_owned());
    };
    if modifier == "tostr" {
        return Some(Json::from(text).to_string());
    }
    let value: Json = serde_json::from_str(text).ok()?;
    match (modifier, value) {
        ("keys", Json::Object(members)) => Some(
            Json::from(members.into_iter().map(|(key, _)| key).collect::<Vec<_>>()).to_string(),
        ),
        ("keys", Json::Array(items)) => Some(Json::from(vec![Json::Null; items.len()]).to_string()),
        ("values", Json::Object(members)) => Some(
            members
                .into_iter()
                .map(|(_, value)| value)
                .collect::<Json>()
                .to_string(),
        ),
        ("keys" | "values", value) => Some(Json::from(vec![value]).to_string()),
        ("fromstr", Json::String(inner)) => serde_json::from_str::<serde::de::IgnoredAny>(&inner)
            .ok()
            .map(|_| inner),
        ("group", Json::Object(members)) => Some(group(members)),
        ("dig", value) => {
            let mut found = Vec::new();
            dig(&value, argument, &mut found);
            Some(format!("[{}]", found.join(",")))
        }
        _ => None,
    }
}

/// An object of arrays as an array of objects.
fn group(members: serde_json::Map<String, Json>) -> String {
    let mut rows: Vec<serde_json::Map<String, Json>> = Vec::new();
    for (key, value) in members {
        let Json::Array(items) = value else { continue };
        for (at, item) in items.into_iter().enumerate() {
            if rows.len() <= at {
                rows.push(serde_json::Map::new());
            }
            rows[at].insert(key.clone(), item);
        }
    }
    rows.into_iter()
        .map(Json::Object)
        .collect::<Json>()
        .to_string()
}

/// What the path finds in the value and in everything below it.
fn dig(value: &Json, path: &str, found: &mut Vec<String>) {
    found.extend(get(&value.to_string(), path).map(Found::text));
    match value {
        Json::Array(items) => items.iter().for_each(|item| dig(item, path, found)),
        Json::Object(members) => members.values().for_each(|item| dig(item, path, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"{"name":{"first":"Ada","last":"King"},"list":[1,2.5,{"first":"M"}],"text":"{\"a\":[1]}","columns":{"id":[1,2],"n":["a","b"]},"big":12345678901,"none":null,"q\"":true}"#;

    fn found(path: &str) -> Option<String> {
        select(DOCUMENT, path).map(Found::text)
    }

    #[test]
    fn paths_and_modifiers_find_what_k6_finds() {
        let rows = [
            ("name.first", Some(r#""Ada""#)),
            ("list.#", Some("3")),
            ("list.1", Some("2.5")),
            ("big", Some("12345678901")),
            ("none", Some("null")),
            ("missing", None),
            ("name.@keys", Some(r#"["first","last"]"#)),
            ("name.@keys.1", Some(r#""last""#)),
            ("name.@values", Some(r#"["Ada","King"]"#)),
            ("name|@values|0", Some(r#""Ada""#)),
            ("list.@keys", Some("[null,null,null]")),
            ("missing.@keys", Some("[]")),
            ("text.@fromstr.a.0", Some("1")),
            ("name.first.@tostr", Some(r#""\"Ada\"""#)),
            ("columns.@group.1", Some(r#"{"id":2,"n":"b"}"#)),
            ("@dig:first", Some(r#"["Ada","M"]"#)),
            ("list.@reverse.0.first", Some(r#""M""#)),
        ];
        for (path, wanted) in rows {
            assert_eq!(found(path).as_deref(), wanted, "{path}");
        }
    }

    #[test]
    fn neither_deep_documents_nor_long_paths_take_the_stack() {
        let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        std::thread::Builder::new()
            .stack_size(256 << 10)
            .spawn(move || {
                assert_eq!(select(&deep, "a"), None);
                assert_eq!(select(&deep, "@pretty"), None);
                assert_eq!(select("{}", &"a.".repeat(100_000)), None);
                assert_eq!(select("{\"a\":", "a"), None);
            })
            .unwrap()
            .join()
            .unwrap();
    }
}
