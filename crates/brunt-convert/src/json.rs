//! k6's JSON lines. Those that look as k6 and brunt write them are read where they stand; a library reads
//! everything else, at a tenth of the speed: other orders of keys, other spaces, escapes in names.

use std::collections::BTreeMap;
use std::sync::Arc;

use brunt_metrics::{MetaId, MetaTable, Sample, SampleBatch, TagSet};
use memchr::{memchr, memchr2};
use serde::Deserialize;

use crate::number;
use crate::pipeline::Lines;
use crate::series::{Known, Last, SeriesReader, SetId};
use crate::time::Times;

/// Reads lines of a file of JSON lines.
#[derive(Debug)]
pub(crate) struct JsonReader {
    series: SeriesReader,
    times: Times,
    tags: Last<SetId>,
    meta: Last<Arc<TagSet>>,
}

/// What a line in k6's own form consists of.
struct Parts<'a> {
    metric: &'a [u8],
    time: &'a [u8],
    value: &'a [u8],
    /// From the brace of the tags on.
    rest: &'a [u8],
}

/// Any line, whatever its form.
#[derive(Deserialize)]
struct AnyLine {
    metric: String,
    #[serde(rename = "type")]
    kind: String,
    data: serde_json::Value,
}

impl JsonReader {
    pub(crate) fn new(known: Known) -> Self {
        Self {
            series: SeriesReader::new(known),
            times: Times::default(),
            tags: Last::new(),
            meta: Last::new(),
        }
    }

    /// The samples of these lines.
    pub(crate) fn read(&mut self, lines: &[u8], into: &mut Lines) {
        self.series.begin_batch();
        self.tags.forget();
        self.meta.forget();
        into.batch.samples.reserve(lines.len() / 256);
        let mut begin = 0;
        while begin < lines.len() {
            let end = memchr(b'\n', &lines[begin..]).map_or(lines.len(), |end| begin + end);
            let line = &lines[begin..end];
            match self.line(line, &mut into.batch) {
                Ok(()) => into.seen += 1,
                Err(reason) => into.broken(begin, end == lines.len(), reason),
            }
            begin = end + 1;
        }
    }

    fn line(&mut self, line: &[u8], batch: &mut SampleBatch) -> Result<(), &'static str> {
        if let Some(sample) = self.usual(line, batch) {
            batch.samples.push(sample);
            return Ok(());
        }
        self.unusual(line, batch)
    }

    fn usual(&mut self, line: &[u8], batch: &mut SampleBatch) -> Option<Sample> {
        let parts = parts(line)?;
        let time = self.times.rfc3339(parts.time)?.nanos;
        let value = number::parse(parts.value)?;
        let (tags, length) = match self.tags.at(parts.rest) {
            Some(known) => known,
            None => self.new_tags(parts.rest)?,
        };
        let rest = &parts.rest[length..];
        let meta = if rest == b"}}" {
            MetaId::NONE
        } else {
            self.metadata(rest, &mut batch.meta)?
        };
        let metric = self.series.metric(parts.metric)?;
        let series = self.series.series(metric, tags, batch)?;
        Some(Sample {
            series,
            meta,
            time,
            value,
        })
    }

    fn new_tags(&mut self, rest: &[u8]) -> Option<(SetId, usize)> {
        let text = object(rest)?;
        let parse = |text: &[u8]| Some((tag_set(text)?, false));
        let set = self.series.tags(text, parse)?;
        self.tags.set(text, set);
        Some((set, text.len()))
    }

    fn metadata(&mut self, rest: &[u8], table: &mut MetaTable) -> Option<MetaId> {
        let rest = rest.strip_prefix(b",\"metadata\":")?;
        let (meta, length) = if let Some(known) = self.meta.at(rest) {
            known
        } else {
            let text = object(rest)?;
            let meta = Arc::new(tag_set(text)?);
            self.meta.set(text, Arc::clone(&meta));
            (meta, text.len())
        };
        (&rest[length..] == b"}}").then(|| table.add(&meta))
    }

    #[cold]
    fn unusual(&mut self, line: &[u8], batch: &mut SampleBatch) -> Result<(), &'static str> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let any: AnyLine = serde_json::from_slice(line).map_err(|_| "is no line of k6's JSON")?;
        match any.kind.as_str() {
            // Read before, see `declared`.
            "Metric" => return Ok(()),
            "Point" => {}
            _ => return Err("is neither a Metric nor a Point"),
        }
        let time = any.data["time"]
            .as_str()
            .and_then(|text| self.times.rfc3339(text.as_bytes()))
            .ok_or("has no time")?;
        let value = any.data["value"].as_f64().ok_or("has no value")?;
        let map = |name: &str| match &any.data[name] {
            serde_json::Value::Null => Some(TagSet::new()),
            serde_json::Value::Object(pairs) => pairs
                .iter()
                .map(|(key, value)| Some((key.as_str(), value.as_str()?)))
                .collect(),
            _ => None,
        };
        let tags = map("tags").ok_or("has tags that are no texts")?;
        let meta = map("metadata").ok_or("has metadata that are no texts")?;
        let metric = self
            .series
            .metric(any.metric.as_bytes())
            .ok_or("has a metric whose name k6 does not allow")?;
        let text = any.data["tags"].to_string();
        let set = self.series.tags(text.as_bytes(), |_| Some((tags, false)));
        let series = set.and_then(|set| self.series.series(metric, set, batch));
        batch.samples.push(Sample {
            series: series.ok_or("belongs to no series")?,
            meta: batch.meta.add(&Arc::new(meta)),
            time: time.nanos,
            value,
        });
        Ok(())
    }
}

/// The parts of a point in k6's form, none of which has been looked at.
fn parts(line: &[u8]) -> Option<Parts<'_>> {
    let rest = line.strip_prefix(b"{\"metric\":\"")?;
    let (metric, rest) = split(rest, b'"')?;
    let rest = rest.strip_prefix(b",\"type\":\"Point\",\"data\":{\"time\":\"")?;
    let (time, rest) = split(rest, b'"')?;
    let rest = rest.strip_prefix(b",\"value\":")?;
    let (value, rest) = split(rest, b',')?;
    let rest = rest.strip_prefix(b"\"tags\":")?;
    Some(Parts {
        metric,
        time,
        value,
        rest,
    })
}

fn split(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr(at, text)?;
    Some((&text[..at], &text[at + 1..]))
}

/// The object that the text begins with, if there is none in it.
fn object(text: &[u8]) -> Option<&[u8]> {
    let mut at = usize::from(text.first() == Some(&b'{')).checked_sub(1)? + 1;
    loop {
        at += memchr2(b'"', b'}', text.get(at..)?)?;
        if text[at] == b'}' {
            return Some(&text[..=at]);
        }
        at += 1;
        loop {
            at += memchr2(b'"', b'\\', text.get(at..)?)?;
            if text[at] == b'"' {
                break;
            }
            at += 2;
        }
        at += 1;
    }
}

fn tag_set(text: &[u8]) -> Option<TagSet> {
    let pairs: BTreeMap<String, String> = serde_json::from_slice(text).ok()?;
    Some(
        pairs
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect(),
    )
}

#[cfg(test)]
mod tests;
