//! Batches of samples to lines.

use std::collections::BTreeMap;
use std::sync::Arc;

use brunt_metrics::{Interner, Metric, MetricId, Registry, SampleBatch, TagSet};
use brunt_output::{Declaration, OutputContext};
use jiff::tz::TimeZone;

use crate::cache::{Cache, Rendered};
use crate::timestamp::Clock;
use crate::{number, text};

/// The cache of rendered series takes at most about this much.
const CACHE_BYTES: usize = 32 << 20;

/// Turns samples into lines and remembers which metrics were declared.
#[derive(Debug)]
pub(crate) struct Encoder {
    registry: Arc<Registry>,
    interner: Arc<Interner>,
    declarations: Arc<BTreeMap<String, Declaration>>,
    /// By metric id: whether the metric's own line was written.
    declared: Vec<bool>,
    cache: Cache,
    clock: Clock,
    /// The metric of the first value that JSON cannot hold.
    not_finite_metric: Option<Arc<str>>,
}

impl Encoder {
    pub(crate) fn new(context: &OutputContext, zone: TimeZone) -> Self {
        Self {
            registry: Arc::clone(&context.registry),
            interner: Arc::clone(&context.interner),
            declarations: Arc::clone(&context.declarations),
            declared: Vec::new(),
            cache: Cache::new(CACHE_BYTES),
            clock: Clock::new(zone),
            not_finite_metric: None,
        }
    }

    /// Why a sample got no line.
    pub(crate) fn complaint(&self) -> String {
        match &self.not_finite_metric {
            Some(metric) => format!(
                "JSON cannot hold values that are infinite or not a number; the first was of the metric '{metric}'"
            ),
            None => "the samples belong to no known series".to_owned(),
        }
    }

    /// Appends the lines of a batch; returns how many samples they hold.
    pub(crate) fn encode(&mut self, batch: &SampleBatch, out: &mut Vec<u8>) -> u64 {
        let mut written = 0;
        for sample in &batch.samples {
            let overflow = sample.series.overflow_row();
            if !sample.value.is_finite() {
                if self.not_finite_metric.is_none() {
                    let series = match overflow {
                        Some(row) => batch.overflow.get(row).cloned(),
                        None => self.interner.resolve(sample.series),
                    };
                    let metric = series.and_then(|series| metric(&self.registry, series.metric));
                    self.not_finite_metric = metric.map(|metric| Arc::clone(&metric.name));
                }
                continue;
            }
            // Rendering a series is when a metric can be new: one look-up for both.
            let beyond;
            let rendered = if let Some(row) = overflow {
                let series = batch.overflow.get(row);
                beyond = series.and_then(|series| {
                    let metric = metric(&self.registry, series.metric)?;
                    declare(&mut self.declared, &self.declarations, &metric, out);
                    Some(render(&metric, &series.tags))
                });
                beyond.as_ref()
            } else {
                self.cache.get(sample.series.0, || {
                    let series = self.interner.resolve(sample.series)?;
                    let metric = metric(&self.registry, series.metric)?;
                    declare(&mut self.declared, &self.declarations, &metric, out);
                    Some(render(&metric, &series.tags))
                })
            };
            let Some(rendered) = rendered else {
                continue;
            };
            out.extend_from_slice(rendered.prefix());
            self.clock.write(out, sample.time);
            out.extend_from_slice(b"\",\"value\":");
            number::write(out, sample.value);
            out.extend_from_slice(rendered.suffix());
            if let Some(meta) = batch.meta.get(sample.meta) {
                out.extend_from_slice(b",\"metadata\":");
                text::write_object(out, meta.iter());
            }
            out.extend_from_slice(b"}}\n");
            written += 1;
        }
        written
    }
}

/// The metric, unless the id comes from another registry.
fn metric(registry: &Registry, id: MetricId) -> Option<Arc<Metric>> {
    ((id.0 as usize) < registry.len()).then(|| registry.metric(id))
}

fn render(metric: &Metric, tags: &TagSet) -> Rendered {
    let mut prefix = b"{\"metric\":".to_vec();
    text::write(&mut prefix, &metric.name);
    prefix.extend_from_slice(b",\"type\":\"Point\",\"data\":{\"time\":\"");
    let mut suffix = b",\"tags\":".to_vec();
    text::write_object(&mut suffix, tags.iter());
    Rendered::new(&prefix, &suffix)
}

/// Appends the metric's own line unless it was written before.
fn declare(
    declared: &mut Vec<bool>,
    declarations: &BTreeMap<String, Declaration>,
    metric: &Metric,
    out: &mut Vec<u8>,
) {
    let at = metric.id.0 as usize;
    if declared.len() <= at {
        declared.resize(at + 1, false);
    }
    if std::mem::replace(&mut declared[at], true) {
        return;
    }
    out.extend_from_slice(b"{\"type\":\"Metric\",\"data\":{\"name\":");
    text::write(out, &metric.name);
    out.extend_from_slice(b",\"type\":");
    text::write(out, metric.kind.as_str());
    out.extend_from_slice(b",\"contains\":");
    text::write(out, metric.contains.as_str());
    out.extend_from_slice(b",\"thresholds\":[");
    let declaration = declarations.get(&*metric.name);
    for (at, threshold) in declaration.iter().flat_map(|d| &d.thresholds).enumerate() {
        if at > 0 {
            out.push(b',');
        }
        text::write(out, threshold);
    }
    out.extend_from_slice(b"],\"submetrics\":");
    match declaration.map(|d| d.submetrics.as_slice()) {
        None | Some([]) => out.extend_from_slice(b"null"),
        Some(submetrics) => {
            for (at, (suffix, tags)) in submetrics.iter().enumerate() {
                out.extend_from_slice(if at == 0 {
                    b"[{\"name\":"
                } else {
                    b",{\"name\":"
                });
                text::write(out, &format!("{}{{{suffix}}}", metric.name));
                out.extend_from_slice(b",\"suffix\":");
                text::write(out, suffix);
                out.extend_from_slice(b",\"tags\":");
                text::write_object(out, tags.iter().map(|(k, v)| (k.as_str(), v.as_str())));
                out.push(b'}');
            }
            out.push(b']');
        }
    }
    out.extend_from_slice(b"},\"metric\":");
    text::write(out, &metric.name);
    out.extend_from_slice(b"}\n");
}

#[cfg(test)]
mod tests;
