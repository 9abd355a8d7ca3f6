//! A line for each sample, where everything but time, value and metadata is the same for all samples
//! of a series and is rendered once.
//!
//! What JSON lines and CSV rows have in common; the text itself is the formats' own. Not a serializer,
//! because that would render each sample's tags again, which is nine tenths of a line.

mod cache;

use std::sync::Arc;

use brunt_metrics::{Interner, MetaId, Metric, MetricId, Registry, SampleBatch, SeriesId, TagSet};
use brunt_output::OutputContext;

use crate::lines::cache::Cache;
use crate::output::Encode;

/// The cache of rendered series takes at most about this much.
const CACHE_BYTES: usize = 32 << 20;

/// A format of lines. A line is `PREFIX time BETWEEN value SUFFIX metadata END`, where prefix and suffix
/// belong to the series.
pub trait LineFormat: Send {
    /// Appends what stands at the beginning of a file.
    fn begin(&mut self, _out: &mut Vec<u8>) {}

    /// Appends whole lines that have to stand before the first sample of a metric. Called at least
    /// once for each metric before its samples, often more than once.
    fn declare(&mut self, _metric: &Metric, _out: &mut Vec<u8>) {}

    /// What was declared last may be lost: declares everything again.
    fn forget(&mut self) {}

    /// Appends what stands before the time in all lines of a series.
    fn prefix(&self, metric: &Metric, tags: &TagSet, out: &mut Vec<u8>);

    /// Appends what stands after the value in all lines of a series.
    fn suffix(&self, metric: &Metric, tags: &TagSet, out: &mut Vec<u8>);

    /// Whether this value can be written.
    fn can_hold(&self, _value: f64) -> bool {
        true
    }

    /// Appends a time in nanoseconds since the Unix epoch.
    fn time(&mut self, time: i64, out: &mut Vec<u8>);

    /// What stands between time and value.
    const BETWEEN: &'static [u8];

    /// Appends a value for which [`LineFormat::can_hold`] is true.
    fn value(&self, value: f64, out: &mut Vec<u8>);

    /// Appends the metadata of a sample that has some.
    fn meta(&self, meta: &TagSet, out: &mut Vec<u8>);

    /// What ends a line.
    const END: &'static [u8];

    /// The reason that is told where [`LineFormat::can_hold`] was false, without the metric.
    const UNHELD: &'static str = "";
}

/// Makes lines of batches.
pub struct Lines<F> {
    format: F,
    source: Source,
    cache: Cache,
    /// The metadata that was written last, of the batch at hand: samples of one iteration share it.
    meta: Vec<u8>,
    /// The metric of the first sample whose value the format cannot hold.
    unheld: Option<Arc<str>>,
}

/// Where series are looked up.
struct Source {
    registry: Arc<Registry>,
    interner: Arc<Interner>,
}

impl<F: LineFormat> Lines<F> {
    /// Lines of this format, of series that this context knows.
    pub fn new(format: F, context: &OutputContext) -> Self {
        Self {
            format,
            source: Source {
                registry: Arc::clone(&context.registry),
                interner: Arc::clone(&context.interner),
            },
            cache: Cache::new(CACHE_BYTES),
            meta: Vec::new(),
            unheld: None,
        }
    }

    /// Notes the metric of a sample that cannot be written.
    fn refuse(&mut self, batch: &SampleBatch, series: SeriesId) {
        if self.unheld.is_none() {
            let metric = self.source.series(batch, series).map(|(metric, _)| metric);
            self.unheld = metric.map(|metric| Arc::clone(&metric.name));
        }
    }
}

impl Source {
    /// Metric and tags of a series, unless they come from another registry or interner.
    fn series(&self, batch: &SampleBatch, id: SeriesId) -> Option<(Arc<Metric>, Arc<TagSet>)> {
        let series = match id.overflow_row() {
            Some(row) => batch.overflow.get(row).cloned(),
            None => self.interner.resolve(id),
        }?;
        Some((self.metric(series.metric)?, series.tags))
    }

    fn metric(&self, id: MetricId) -> Option<Arc<Metric>> {
        ((id.0 as usize) < self.registry.len()).then(|| self.registry.metric(id))
    }
}

impl<F: LineFormat> Encode for Lines<F> {
    fn begin(&mut self, out: &mut Vec<u8>) {
        self.format.begin(out);
    }

    fn forget(&mut self) {
        // Rendering a series is when its metric is declared.
        self.cache = Cache::new(CACHE_BYTES);
        self.format.forget();
    }

    fn encode(&mut self, batch: &SampleBatch, out: &mut Vec<u8>) -> u64 {
        let mut written = 0;
        let mut meta_of = MetaId::NONE;
        let mut beyond = Vec::new();
        for sample in &batch.samples {
            if !self.format.can_hold(sample.value) {
                self.refuse(batch, sample.series);
                continue;
            }
            let Self {
                format,
                source,
                cache,
                ..
            } = self;
            // Rendering a series is when a metric can be new: one look-up for both.
            let mut render = |text: &mut Vec<u8>| {
                let (metric, tags) = source.series(batch, sample.series)?;
                format.declare(&metric, out);
                format.prefix(&metric, &tags, text);
                let middle = text.len();
                format.suffix(&metric, &tags, text);
                Some(middle)
            };
            let rendered = if sample.series.overflow_row().is_some() {
                beyond.clear();
                render(&mut beyond).map(|middle| beyond.split_at(middle))
            } else {
                cache.get(sample.series.0, render)
            };
            let Some((prefix, suffix)) = rendered else {
                continue;
            };
            out.extend_from_slice(prefix);
            self.format.time(sample.time, out);
            out.extend_from_slice(F::BETWEEN);
            self.format.value(sample.value, out);
            out.extend_from_slice(suffix);
            if sample.meta != MetaId::NONE
                && let Some(meta) = batch.meta.get(sample.meta)
            {
                if meta_of != sample.meta {
                    self.meta.clear();
                    self.format.meta(meta, &mut self.meta);
                    meta_of = sample.meta;
                }
                out.extend_from_slice(&self.meta);
            }
            out.extend_from_slice(F::END);
            written += 1;
        }
        written
    }

    fn complaint(&self) -> String {
        match &self.unheld {
            Some(metric) => format!("{}; the first was of the metric '{metric}'", F::UNHELD),
            None => "the samples belong to no known series".to_owned(),
        }
    }
}
