//! The text of the lines.

use std::collections::BTreeMap;
use std::sync::Arc;

use brunt_file::lines::LineFormat;
use brunt_file::number;
use brunt_file::timestamp::Clock;
use brunt_metrics::{Metric, TagSet};
use brunt_output::Declaration;
use jiff::tz::TimeZone;

use crate::text;

/// k6's lines; remembers which metrics were declared.
#[derive(Debug)]
pub(crate) struct JsonLines {
    declarations: Arc<BTreeMap<String, Declaration>>,
    /// By metric id: whether the metric's own line was written.
    declared: Vec<bool>,
    clock: Clock,
}

impl JsonLines {
    /// With these thresholds and sub-metrics, and times of this zone.
    pub(crate) fn new(declarations: &Arc<BTreeMap<String, Declaration>>, zone: TimeZone) -> Self {
        Self {
            declarations: Arc::clone(declarations),
            declared: Vec::new(),
            clock: Clock::new(zone),
        }
    }
}

impl LineFormat for JsonLines {
    const BETWEEN: &'static [u8] = b"\",\"value\":";
    const END: &'static [u8] = b"}}\n";
    const UNHELD: &'static str = "JSON cannot hold values that are infinite or not a number";

    fn declare(&mut self, metric: &Metric, out: &mut Vec<u8>) {
        let at = metric.id.0 as usize;
        if self.declared.len() <= at {
            self.declared.resize(at + 1, false);
        }
        if !std::mem::replace(&mut self.declared[at], true) {
            declare(metric, self.declarations.get(&*metric.name), out);
        }
    }

    fn forget(&mut self) {
        self.declared.clear();
    }

    fn prefix(&self, metric: &Metric, _: &TagSet, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"metric\":");
        text::write(out, &metric.name);
        out.extend_from_slice(b",\"type\":\"Point\",\"data\":{\"time\":\"");
    }

    fn suffix(&self, _: &Metric, tags: &TagSet, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"tags\":");
        text::write_object(out, tags.iter());
    }

    fn can_hold(&self, value: f64) -> bool {
        value.is_finite()
    }

    fn time(&mut self, time: i64, out: &mut Vec<u8>) {
        self.clock.write(out, time);
    }

    fn value(&self, value: f64, out: &mut Vec<u8>) {
        number::write(out, value);
    }

    fn meta(&self, meta: &TagSet, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"metadata\":");
        text::write_object(out, meta.iter());
    }
}

/// Appends the metric's own line.
fn declare(metric: &Metric, declaration: Option<&Declaration>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":\"Metric\",\"data\":{\"name\":");
    text::write(out, &metric.name);
    out.extend_from_slice(b",\"type\":");
    text::write(out, metric.kind.as_str());
    out.extend_from_slice(b",\"contains\":");
    text::write(out, metric.contains.as_str());
    out.extend_from_slice(b",\"thresholds\":");
    write_list(declaration.map_or(&[], |it| &it.thresholds), out);
    out.extend_from_slice(b",\"submetrics\":");
    match declaration.map(|it| it.submetrics.as_slice()) {
        None | Some([]) => out.extend_from_slice(b"null"),
        Some(submetrics) => {
            for (at, it) in submetrics.iter().enumerate() {
                out.extend_from_slice(if at == 0 {
                    b"[{\"name\":"
                } else {
                    b",{\"name\":"
                });
                text::write(out, &format!("{}{{{}}}", metric.name, it.suffix));
                out.extend_from_slice(b",\"suffix\":");
                text::write(out, &it.suffix);
                out.extend_from_slice(b",\"tags\":");
                text::write_object(out, it.tags.iter().map(|(k, v)| (k.as_str(), v.as_str())));
                if !it.thresholds.is_empty() {
                    out.extend_from_slice(b",\"thresholds\":");
                    write_list(&it.thresholds, out);
                }
                out.push(b'}');
            }
            out.push(b']');
        }
    }
    out.extend_from_slice(b"},\"metric\":");
    text::write(out, &metric.name);
    out.extend_from_slice(b"}\n");
}

fn write_list(texts: &[String], out: &mut Vec<u8>) {
    out.push(b'[');
    for (at, text) in texts.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        text::write(out, text);
    }
    out.push(b']');
}

#[cfg(test)]
mod tests;
