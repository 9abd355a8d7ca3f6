//! Exceptions of scripts as data: message and stack, at the places in the user's own source.

use std::fmt;

use brunt_script::Loader;
use rquickjs::{Ctx, Error, Object, Value};

use crate::values::quiet_get;

/// Calls of a stack that are shown; endless recursion has thousands.
const SHOWN: usize = 20;

/// One line of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The function's name; empty for none.
    pub function: String,
    /// Where, such as `file:///home/me/script.ts:3:9`; empty for native code.
    pub place: String,
}

/// An exception that left a script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exception {
    /// Name and message, such as `TypeError: not a function`.
    pub message: String,
    /// The innermost call first.
    pub frames: Vec<Frame>,
    /// It was the reason of a promise that nobody handled.
    pub in_promise: bool,
}

impl Exception {
    /// An exception without a place.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..Self::default()
        }
    }

    /// Takes the pending exception after a call returned this error.
    pub(crate) fn take(ctx: &Ctx<'_>, error: &Error, loader: &Loader) -> Self {
        match error {
            Error::Exception => Self::of_value(ctx, &ctx.catch(), loader),
            other => Self::new(other.to_string()),
        }
    }

    /// Describes a thrown value. Runs no user code that could throw again.
    pub(crate) fn of_value(ctx: &Ctx<'_>, value: &Value<'_>, loader: &Loader) -> Self {
        let Some(object) = value.as_object() else {
            return Self::new(text_of_primitive(ctx, value));
        };
        let text = |key: &str| quiet_get(object, key).and_then(|value| as_text(&value));
        let message = match (text("name"), text("message")) {
            (Some(name), Some(message)) if message.is_empty() => name,
            (Some(name), Some(message)) if name.is_empty() => message,
            (Some(name), Some(message)) => format!("{name}: {message}"),
            (None, Some(message)) => message,
            (Some(name), None) => name,
            (None, None) => match to_string(ctx, object) {
                text if text == "[object Object]" => as_json(object).unwrap_or(text),
                text => text,
            },
        };
        let frames = text("stack")
            .map(|stack| parse_stack(&stack, loader))
            .unwrap_or_default();
        Self {
            message,
            frames,
            in_promise: false,
        }
    }

    /// The place of the innermost call in the user's source.
    pub fn place(&self) -> Option<&str> {
        self.frames
            .iter()
            .map(|frame| frame.place.as_str())
            .find(|place| !place.is_empty())
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.in_promise {
            f.write_str("Uncaught (in promise) ")?;
        }
        f.write_str(&self.message)?;
        for frame in self.frames.iter().take(SHOWN) {
            match (frame.function.is_empty(), frame.place.is_empty()) {
                (true, _) => write!(f, "\n\tat {}", frame.place)?,
                (false, true) => write!(f, "\n\tat {} (native)", frame.function)?,
                (false, false) => write!(f, "\n\tat {} ({})", frame.function, frame.place)?,
            }
        }
        match self.frames.len().checked_sub(SHOWN) {
            Some(more) if more > 0 => write!(f, "\n\t… and {more} more"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Exception {}

fn as_text(value: &Value<'_>) -> Option<String> {
    value.as_string().map(|text| {
        text.to_string()
            .unwrap_or_else(|_| "(broken text)".to_owned())
    })
}

fn text_of_primitive(ctx: &Ctx<'_>, value: &Value<'_>) -> String {
    if value.is_null() || value.is_undefined() {
        return value.type_name().to_owned();
    }
    let text = value.get::<rquickjs::Coerced<String>>();
    if text.is_err() {
        drop(ctx.catch());
    }
    text.map_or_else(|_| value.type_name().to_owned(), |text| text.0)
}

/// What `String(object)` gives; a `toString` that throws is told, not followed.
fn to_string(ctx: &Ctx<'_>, object: &Object<'_>) -> String {
    let text = object.as_value().get::<rquickjs::Coerced<String>>();
    if text.is_err() {
        drop(ctx.catch());
    }
    text.map_or_else(
        |_| "[object] (its toString throws)".to_owned(),
        |text| text.0,
    )
}

/// Bytes of a thrown object that are shown.
const LONGEST: usize = 1000;

/// The members of a thrown object, because its string says nothing.
fn as_json(object: &Object<'_>) -> Option<String> {
    let ctx = object.ctx();
    let json = ctx.json_stringify(object.clone());
    if json.is_err() {
        drop(ctx.catch());
    }
    let text = json.ok().flatten()?.to_string().ok()?;
    (text.len() <= LONGEST).then_some(text)
}

/// QuickJS writes `    at name (file:line:column)` or `    at file:line:column`.
fn parse_stack(stack: &str, loader: &Loader) -> Vec<Frame> {
    stack
        .lines()
        .filter_map(|line| parse_frame(line.trim(), loader))
        .collect()
}

fn parse_frame(line: &str, loader: &Loader) -> Option<Frame> {
    let rest = line.strip_prefix("at ")?;
    // Glue of the host, of which the user knows nothing.
    if rest.contains("eval_script:") {
        return None;
    }
    let (function, place) = match rest.rsplit_once(" (") {
        Some((function, place)) => (function, place.strip_suffix(')').unwrap_or(place)),
        None => ("", rest),
    };
    let function = if function == "<anonymous>" {
        ""
    } else {
        function
    };
    Some(Frame {
        function: function.to_owned(),
        place: map_place(place, loader),
    })
}

fn map_place(place: &str, loader: &Loader) -> String {
    if place == "native" || place == "missing" {
        return String::new();
    }
    let mut parts = place.rsplitn(3, ':');
    let (last, middle, file) = (parts.next(), parts.next(), parts.next());
    let (Some(column), Some(line), Some(file)) = (last, middle, file) else {
        return place.to_owned();
    };
    let (Ok(line), Ok(column)) = (line.parse(), column.parse()) else {
        return place.to_owned();
    };
    let position = loader.map(file, line, column);
    format!("{}:{}:{}", position.file, position.line, position.column)
}
