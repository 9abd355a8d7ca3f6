//! Elements of JMeter's XML that have begun: samples with their attributes, and those whose text says more of them.

use quick_xml::events::{BytesRef, BytesStart};

use super::super::Row;

/// Bytes of a text that are kept. Responses can be whole pages, and none of what is looked at is longer.
const LONGEST: usize = 8 << 10;

/// Assertions of a sample that are kept.
const MOST_CHECKS: usize = 1000;

/// A sample that has begun.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) row: Row<String>,
    /// Where it begins.
    pub(super) at: u64,
    /// Names of assertions, and whether they held.
    pub(super) checks: Vec<(String, bool)>,
    /// The assertion that is being read.
    check: Check,
}

#[derive(Debug, Default)]
struct Check {
    name: String,
    failed: bool,
    message: String,
}

/// An element that has begun.
#[derive(Debug)]
pub(super) struct Open {
    kind: Kind,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sample,
    Url,
    Method,
    Assertion,
    Name,
    Failed,
    Message,
    Other,
}

impl Open {
    /// Of this element; a sample is pending from now on.
    pub(super) fn of(start: &BytesStart<'_>, at: u64, pending: &mut Vec<Pending>) -> Self {
        let kind = match start.name().as_ref() {
            b"sample" | b"httpSample" => Kind::Sample,
            b"java.net.URL" => Kind::Url,
            b"method" => Kind::Method,
            b"assertionResult" => Kind::Assertion,
            b"name" => Kind::Name,
            b"failure" | b"error" => Kind::Failed,
            b"failureMessage" => Kind::Message,
            _ => Kind::Other,
        };
        match kind {
            Kind::Sample => pending.push(Pending {
                row: row(start),
                at,
                ..Pending::default()
            }),
            Kind::Assertion => {
                if let Some(sample) = pending.last_mut() {
                    sample.check = Check::default();
                }
            }
            _ => {}
        }
        Self {
            kind,
            text: String::new(),
        }
    }

    pub(super) fn is_sample(&self) -> bool {
        self.kind == Kind::Sample
    }

    /// Adds to its text, unless nobody asks for it.
    pub(super) fn add(&mut self, text: &[u8]) {
        if matches!(self.kind, Kind::Sample | Kind::Assertion | Kind::Other) {
            return;
        }
        let room = LONGEST.saturating_sub(self.text.len());
        let text = &text[..text.len().min(room)];
        self.text.push_str(&String::from_utf8_lossy(text));
    }

    /// Adds what `&…;` stands for.
    pub(super) fn add_entity(&mut self, entity: &BytesRef<'_>) {
        let raw = String::from_utf8_lossy(entity).into_owned();
        let whole = format!("&{raw};");
        let text = quick_xml::escape::unescape(&whole);
        let text = text.map_or_else(|_| whole.clone(), std::borrow::Cow::into_owned);
        self.add(text.as_bytes());
    }
}

impl Pending {
    /// Takes what an element within it said.
    pub(super) fn learn(&mut self, open: Open) {
        let text = open.text;
        match open.kind {
            Kind::Url => self.row.url = text,
            Kind::Method => self.row.method = text,
            Kind::Name => self.check.name = text,
            Kind::Failed => self.check.failed |= text.trim() == "true",
            Kind::Message => self.check.message = text,
            Kind::Assertion => {
                let check = std::mem::take(&mut self.check);
                if check.failed && self.row.failure.is_empty() {
                    self.row.failure = check.message;
                }
                if self.checks.len() < MOST_CHECKS {
                    self.checks.push((check.name, !check.failed));
                }
            }
            Kind::Sample | Kind::Other => {}
        }
    }
}

/// What a sample's attributes say.
fn row(start: &BytesStart<'_>) -> Row<String> {
    let mut row = Row::default();
    let mut attributes = start.attributes();
    // None is written twice.
    for attribute in attributes.with_checks(false).flatten() {
        let at = match attribute.key.as_ref() {
            b"ts" => &mut row.time,
            b"t" => &mut row.elapsed,
            b"lb" => &mut row.label,
            b"rc" => &mut row.code,
            b"rm" => &mut row.message,
            b"tn" => &mut row.thread,
            b"s" => &mut row.success,
            b"by" => &mut row.bytes,
            b"sby" => &mut row.sent,
            b"na" => &mut row.all_threads,
            b"lt" => &mut row.latency,
            b"ct" => &mut row.connect,
            b"hn" => &mut row.host,
            b"sc" => &mut row.count,
            _ => continue,
        };
        let raw = String::from_utf8_lossy(&attribute.value);
        // XML 1.0 cannot have some characters that JMeter escapes; then the text stays as it is.
        *at = match quick_xml::escape::unescape(&raw) {
            Ok(text) => text.into_owned(),
            Err(_) => raw.into_owned(),
        };
    }
    row
}
