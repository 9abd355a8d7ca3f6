//! Log lines in the forms that k6 has: logfmt, short and coloured for terminals, JSON, and raw.

use std::fmt::Write as _;
use std::time::Instant;

use brunt_engine::Level;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::queue::Entry;

/// How records become lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// `time="2026-01-02T03:04:05Z" level=info msg="some text" source=console`.
    Logfmt,
    /// `INFO[0001] some text    source=console` with colours; the number counts seconds.
    Terminal,
    /// An object per line.
    Json,
    /// The messages alone.
    Raw,
}

impl LogFormat {
    /// The same without colours.
    pub(crate) fn for_file(self) -> Self {
        match self {
            Self::Terminal => Self::Logfmt,
            other => other,
        }
    }
}

/// Writes lines in one format.
pub(super) struct Formatter {
    format: LogFormat,
    start: Instant,
}

/// Messages on a terminal are filled up to this width, so that fields line up.
const MESSAGE_WIDTH: usize = 44;

impl Formatter {
    /// Seconds are counted from `start`.
    pub(super) fn new(format: LogFormat, start: Instant) -> Self {
        Self { format, start }
    }

    /// Appends a line with its line feed.
    pub(super) fn write(&self, entry: &Entry, line: &mut String) {
        match self.format {
            LogFormat::Logfmt => logfmt(entry, line),
            LogFormat::Terminal => self.terminal(entry, line),
            LogFormat::Json => json(entry, line),
            LogFormat::Raw => line.push_str(&entry.record.message),
        }
        line.push('\n');
    }

    fn terminal(&self, entry: &Entry, line: &mut String) {
        let (name, colour) = match entry.record.level {
            Level::Debug => ("DEBU", 37),
            Level::Info => ("INFO", 36),
            Level::Warn => ("WARN", 33),
            Level::Error => ("ERRO", 31),
        };
        let seconds = entry.at.saturating_duration_since(self.start).as_secs();
        let message = entry.record.message.trim_end_matches('\n');
        // Writing to a string cannot fail.
        let _ = write!(
            line,
            "\x1b[{colour}m{name}\x1b[0m[{seconds:04}] {message:MESSAGE_WIDTH$} "
        );
        for (key, value) in &entry.record.fields {
            let _ = write!(line, " \x1b[{colour}m{key}\x1b[0m=");
            quote(value, line);
        }
    }
}

fn logfmt(entry: &Entry, line: &mut String) {
    line.push_str("time=");
    quote(&time(entry), line);
    line.push_str(" level=");
    line.push_str(entry.record.level.as_str());
    line.push_str(" msg=");
    quote(&entry.record.message, line);
    for (key, value) in &entry.record.fields {
        line.push(' ');
        line.push_str(key);
        line.push('=');
        quote(value, line);
    }
}

fn json(entry: &Entry, line: &mut String) {
    let mut object = Map::new();
    object.insert("level".to_owned(), entry.record.level.as_str().into());
    object.insert("msg".to_owned(), entry.record.message.as_str().into());
    for (key, value) in &entry.record.fields {
        object.insert(key.to_string(), value.as_ref().into());
    }
    object.insert("time".to_owned(), time(entry).into());
    let _ = write!(line, "{}", Value::Object(object));
}

/// To the second, as k6 has it.
fn time(entry: &Entry) -> String {
    let time = Timestamp::try_from(entry.wall).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{}", time.strftime("%Y-%m-%dT%H:%M:%SZ"))
}

/// Appends a value, in quotation marks if it holds anything but letters, digits and `-._/@^+`.
fn quote(value: &str, line: &mut String) {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._/@^+".contains(c);
    if value.chars().all(is_plain) {
        line.push_str(value);
        return;
    }
    line.push('"');
    for c in value.chars() {
        escape(c, line);
    }
    line.push('"');
}

/// Appends a character as Go's `%q` writes it.
fn escape(c: char, line: &mut String) {
    let code = u32::from(c);
    let _ = match c {
        '"' | '\\' => write!(line, "\\{c}"),
        '\x07' => line.write_str("\\a"),
        '\x08' => line.write_str("\\b"),
        '\x0c' => line.write_str("\\f"),
        '\n' => line.write_str("\\n"),
        '\r' => line.write_str("\\r"),
        '\t' => line.write_str("\\t"),
        '\x0b' => line.write_str("\\v"),
        ' '..='~' => line.write_char(c),
        '\0'..='\x7f' => write!(line, "\\x{code:02x}"),
        _ if is_printable(c) => line.write_char(c),
        '\u{80}'..='\u{ffff}' => write!(line, "\\u{code:04x}"),
        _ => write!(line, "\\U{code:08x}"),
    };
}

/// Whether a character beyond ASCII shows as something. The standard library only tells by what it
/// escapes, and it escapes a combining mark unless another character comes first.
fn is_printable(c: char) -> bool {
    let mut pair = [0; 5];
    pair[0] = b'a';
    let length = 1 + c.encode_utf8(&mut pair[1..]).len();
    let pair = str::from_utf8(&pair[..length]).unwrap_or_default();
    pair.escape_debug().nth(1) == Some(c)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use brunt_engine::Record;

    use super::*;

    fn line(format: LogFormat, level: Level, message: &str, source: bool) -> String {
        let start = Instant::now();
        let fields = if source {
            vec![("source".into(), "console".into())]
        } else {
            Vec::new()
        };
        let entry = Entry {
            wall: SystemTime::UNIX_EPOCH + Duration::from_millis(1_767_323_045_999),
            at: start + Duration::from_millis(61_900),
            record: Record {
                level,
                message: message.to_owned(),
                fields,
            },
        };
        let mut line = String::new();
        Formatter::new(format, start).write(&entry, &mut line);
        line
    }

    #[test]
    fn lines_of_every_format() {
        for (format, expected) in [
            (
                LogFormat::Logfmt,
                "time=\"2026-01-02T03:04:05Z\" level=warning msg=\"a \\\"b\\\"\" source=console\n",
            ),
            (
                LogFormat::Json,
                "{\"level\":\"warning\",\"msg\":\"a \\\"b\\\"\",\"source\":\"console\",\
                 \"time\":\"2026-01-02T03:04:05Z\"}\n",
            ),
            (LogFormat::Raw, "a \"b\"\n"),
            (
                LogFormat::Terminal,
                "\x1b[33mWARN\x1b[0m[0061] a \"b\"                                         \x1b[33msource\x1b[0m=console\n",
            ),
        ] {
            assert_eq!(line(format, Level::Warn, "a \"b\"", true), expected);
        }
    }

    #[test]
    fn values_are_quoted_as_go_does_it() {
        for (value, expected) in [
            ("", ""),
            ("plain-._/@^+9", "plain-._/@^+9"),
            ("two words", "\"two words\""),
            ("k=v", "\"k=v\""),
            ("a:b", "\"a:b\""),
            ("back\\slash", "\"back\\\\slash\""),
            ("\x07\x08\x0c\n\r\t\x0b", "\"\\a\\b\\f\\n\\r\\t\\v\""),
            ("\0\x1b\x7f", "\"\\x00\\x1b\\x7f\""),
            ("größe ✓ 日本", "\"größe ✓ 日本\""),
            ("e\u{301}", "\"e\u{301}\""),
            (
                "\u{85}\u{a0}\u{200b}\u{feff}",
                "\"\\u0085\\u00a0\\u200b\\ufeff\"",
            ),
            ("\u{e0001}", "\"\\U000e0001\""),
            ("😀", "\"😀\""),
        ] {
            let mut line = String::new();
            quote(value, &mut line);
            assert_eq!(line, expected, "{value:?}");
        }
    }

    #[test]
    fn a_line_is_one_line_where_lines_are_records() {
        for format in [LogFormat::Logfmt, LogFormat::Json] {
            let text = line(format, Level::Info, "first\nsecond\r\n", false);
            assert_eq!(text.matches(['\n', '\r']).count(), 1, "{text:?}");
        }
    }

    #[test]
    fn levels_have_their_names() {
        for (level, name, short) in [
            (Level::Debug, "debug", "DEBU"),
            (Level::Info, "info", "INFO"),
            (Level::Error, "error", "ERRO"),
        ] {
            let text = line(LogFormat::Logfmt, level, "x", false);
            assert!(text.ends_with(&format!(" level={name} msg=x\n")), "{text}");
            assert!(line(LogFormat::Terminal, level, "x", false).contains(short));
        }
    }
}
