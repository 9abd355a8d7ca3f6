//! How `console` shows values: strings as they are, objects on one line.

use rquickjs::{Object, Result, Value};

/// Deeper objects show as `[object]`: nobody reads them, and they could go on for ever.
const DEPTH: usize = 32;
/// A longer text is cut: one call must not fill the memory.
const LENGTH: usize = 1 << 20;

/// One argument of a console call.
pub(crate) fn show(value: &Value<'_>) -> Result<String> {
    let mut out = String::new();
    if value.is_string() || value.is_symbol() || is_plain(value) {
        return plain(value);
    }
    Shower {
        out: &mut out,
        path: Vec::new(),
    }
    .value(value)?;
    Ok(out)
}

fn is_plain(value: &Value<'_>) -> bool {
    !value.is_object()
}

fn plain(value: &Value<'_>) -> Result<String> {
    if value.is_undefined() {
        return Ok("undefined".to_owned());
    }
    if value.is_null() {
        return Ok("null".to_owned());
    }
    if let Some(symbol) = value.as_symbol() {
        let description = symbol.description()?;
        return Ok(format!("Symbol({})", crate::args::text(&description)?));
    }
    crate::args::text(value)
}

struct Shower<'a, 'js> {
    out: &'a mut String,
    path: Vec<Object<'js>>,
}

impl<'js> Shower<'_, 'js> {
    fn value(&mut self, value: &Value<'js>) -> Result<()> {
        if self.out.len() > LENGTH {
            return Ok(());
        }
        if value.is_function() {
            self.out.push_str("[object Function]");
            return Ok(());
        }
        if let Some(text) = value.as_string() {
            // A JSON string is quoted like k6 quotes.
            let text = text.to_string()?;
            self.out
                .push_str(&serde_json::to_string(&text).unwrap_or_default());
            return Ok(());
        }
        if value.is_undefined() {
            self.out.push_str("null");
            return Ok(());
        }
        if let Some(object) = value.as_object() {
            self.object(object)
        } else {
            self.out.push_str(&plain(value)?);
            Ok(())
        }
    }

    fn object(&mut self, object: &Object<'js>) -> Result<()> {
        if self.path.contains(object) {
            self.out.push_str("[Circular]");
            return Ok(());
        }
        if self.path.len() >= DEPTH {
            self.out.push_str("[object]");
            return Ok(());
        }
        if object.is_error() {
            return self.error(object);
        }
        self.path.push(object.clone());
        let shown = self.members(object);
        self.path.pop();
        shown
    }

    fn members(&mut self, object: &Object<'js>) -> Result<()> {
        if let Some(buffer) = rquickjs::ArrayBuffer::from_object(object.clone()) {
            let bytes = brunt_js::buffer_bytes(&buffer);
            let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let shown = format!(
                "ArrayBuffer {{ [Uint8Contents]: <{}>, byteLength: {} }}",
                hex.join(" "),
                bytes.len()
            );
            self.out.push_str(&shown);
            return Ok(());
        }
        let name = constructor_name(object);
        if name == "Date" {
            let text: Value<'js> = match object.get::<_, rquickjs::Function<'js>>("toISOString") {
                Ok(function) => function.call((rquickjs::function::This(object.clone()),))?,
                Err(error) => return Err(error),
            };
            return self.value(&text);
        }
        if let Some(array) = object.as_array() {
            return self.list("", array.len(), |at| array.get(at));
        }
        if name.ends_with("Array") && object.contains_key("byteLength")? {
            let length: usize = object.get("length")?;
            let head = format!("{name}({length}) ");
            return self.list(&head, length, |at| object.get(at as u32));
        }
        let mut first = true;
        for entry in object.props::<String, Value<'js>>() {
            let (key, value) = entry?;
            self.out.push_str(if first { "{ " } else { ", " });
            first = false;
            self.out.push_str(&key);
            self.out.push_str(": ");
            self.value(&value)?;
        }
        self.out.push_str(if first { "{}" } else { " }" });
        Ok(())
    }

    fn list(
        &mut self,
        head: &str,
        length: usize,
        get: impl Fn(usize) -> Result<Value<'js>>,
    ) -> Result<()> {
        self.out.push_str(head);
        if length == 0 {
            self.out.push_str("[]");
            return Ok(());
        }
        for at in 0..length {
            self.out.push_str(if at == 0 { "[ " } else { ", " });
            self.value(&get(at)?)?;
            if self.out.len() > LENGTH {
                break;
            }
        }
        self.out.push_str(" ]");
        Ok(())
    }

    fn error(&mut self, object: &Object<'js>) -> Result<()> {
        self.out.push_str(&crate::args::text(object.as_value())?);
        if let Some(stack) = object.get::<_, Option<String>>("stack")? {
            let lines = stack.lines().map(str::trim).filter(|line| !line.is_empty());
            for line in lines {
                self.out.push_str("\n\t");
                self.out.push_str(line);
            }
        }
        Ok(())
    }
}

fn constructor_name(object: &Object<'_>) -> String {
    let constructor = object
        .get::<_, Option<Object<'_>>>("constructor")
        .ok()
        .flatten();
    constructor
        .and_then(|it| it.get::<_, String>("name").ok())
        .unwrap_or_default()
}
