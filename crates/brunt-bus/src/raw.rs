//! The batch of raw samples that a worker fills for outputs that want each sample.

use std::sync::Arc;

use brunt_metrics::{MetaId, MetricId, Sample, SampleBatch, Series, SeriesId, TagSet};

/// A batch in the making.
#[derive(Debug, Default)]
pub(crate) struct RawBatch {
    batch: SampleBatch,
}

impl RawBatch {
    #[inline]
    pub(crate) fn push(
        &mut self,
        series: SeriesId,
        meta: Option<&Arc<TagSet>>,
        time: i64,
        value: f64,
    ) {
        let meta = meta.map_or(MetaId::NONE, |meta| self.batch.meta.add(meta));
        self.batch.samples.push(Sample {
            series,
            meta,
            time,
            value,
        });
    }

    /// A sample of a series that has no id: its tags travel in the batch. Samples of one request
    /// share their tags.
    pub(crate) fn push_overflow(
        &mut self,
        metric: MetricId,
        tags: &TagSet,
        meta: Option<&Arc<TagSet>>,
        time: i64,
        value: f64,
    ) {
        let rows = &mut self.batch.overflow;
        let last = rows.last().filter(|last| *last.tags == *tags);
        if last.is_none_or(|last| last.metric != metric) {
            let tags = last.map_or_else(|| Arc::new(tags.clone()), |last| Arc::clone(&last.tags));
            rows.push(Series { metric, tags });
        }
        let row = SeriesId::overflow(rows.len() as u32 - 1);
        self.push(row, meta, time, value);
    }

    /// The batch, if there is anything in it; the next one gets room for as many samples.
    pub(crate) fn take(&mut self) -> Option<SampleBatch> {
        if self.batch.samples.is_empty() {
            return None;
        }
        let samples = Vec::with_capacity(self.batch.samples.len());
        Some(std::mem::replace(
            &mut self.batch,
            SampleBatch {
                samples,
                ..SampleBatch::default()
            },
        ))
    }
}
