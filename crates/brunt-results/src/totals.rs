//! From batches of samples to the report of a run.

use std::sync::Arc;

use brunt_aggregate::{
    AggregatePlan, Aggregator, CheckCount, Delta, Groups, Report, Thresholds, section_scenario,
};
use brunt_bus::local::{ListId, LocalSinks};
use brunt_metrics::{Interner, MetricId, Sample, SampleBatch, TagSet, builtin};

use crate::span::{Span, Tells};

/// Samples that are being added up. Its memory depends on how many metrics, sub-metrics and series there are, not
/// on how many samples.
#[derive(Debug)]
pub struct Reading {
    plan: Arc<AggregatePlan>,
    interner: Arc<Interner>,
    sinks: LocalSinks,
    aggregator: Aggregator,
    groups: Groups,
    span: Span,
    /// By the series' number.
    places: Vec<Option<Place>>,
    rejected: u64,
}

/// Where the samples of a series count.
#[derive(Debug, Clone)]
struct Place {
    list: ListId,
    tells: Tells,
    check: Option<Arc<CheckCount>>,
}

impl Reading {
    /// Nothing read yet. The plan has to hold the sub-metrics of the thresholds; the interner is that of the
    /// batches.
    pub fn new(plan: Arc<AggregatePlan>, thresholds: Thresholds, interner: Arc<Interner>) -> Self {
        Self {
            aggregator: Aggregator::new(Arc::clone(&plan), thresholds),
            plan,
            interner,
            sinks: LocalSinks::default(),
            groups: Groups::default(),
            span: Span::default(),
            places: Vec::new(),
            rejected: 0,
        }
    }

    /// Adds the samples of a batch. Those that are not finite, and those of unknown series, are counted as rejected.
    pub fn add(&mut self, batch: &SampleBatch) {
        // A series beyond the interner is looked up once for each batch.
        let mut beyond: Vec<Option<Place>> = vec![None; batch.overflow.len()];
        for sample in &batch.samples {
            let counted = match sample.series.overflow_row() {
                None => self.of_series(sample),
                Some(row) => self.of_row(sample, row, batch, &mut beyond),
            };
            self.rejected += u64::from(!counted);
        }
        let mut delta = Delta::default();
        self.sinks.drain(&mut delta);
        self.aggregator.merge(&delta);
    }

    /// How many samples did not count.
    pub fn rejected(&self) -> u64 {
        self.rejected
    }

    /// Judges the thresholds and tells what all of it came to.
    pub fn finish(mut self) -> Report {
        let duration = self.span.length();
        self.aggregator.evaluate(duration, true);
        self.aggregator.report(duration, &self.groups)
    }

    fn of_series(&mut self, sample: &Sample) -> bool {
        let at = sample.series.0 as usize;
        if self.places.get(at).is_none_or(Option::is_none) {
            let series = self.interner.resolve(sample.series);
            let Some(place) = series.and_then(|it| self.place(it.metric, &it.tags)) else {
                return false;
            };
            if at >= self.places.len() {
                self.places.resize(at + 1, None);
            }
            self.places[at] = Some(place);
        }
        let Some(Some(place)) = self.places.get(at) else {
            return false;
        };
        count(&mut self.sinks, &mut self.span, place, sample)
    }

    fn of_row(
        &mut self,
        sample: &Sample,
        row: usize,
        batch: &SampleBatch,
        beyond: &mut [Option<Place>],
    ) -> bool {
        let (Some(series), Some(known)) = (batch.overflow.get(row), beyond.get_mut(row)) else {
            return false;
        };
        if known.is_none() {
            *known = self.place(series.metric, &series.tags);
        }
        known
            .as_ref()
            .is_some_and(|place| count(&mut self.sinks, &mut self.span, place, sample))
    }

    fn place(&mut self, metric: MetricId, tags: &TagSet) -> Option<Place> {
        let types = self
            .plan
            .metric_of(brunt_aggregate::AggregateId::Root(metric))?;
        let list = self
            .sinks
            .list(&self.plan, (metric, tags), (types.kind, types.contains));
        let group = tags.get("group").unwrap_or_default();
        self.groups.group(group);
        let name = tags.get("check").filter(|_| metric == builtin::CHECKS);
        let check = name.map(|name| self.groups.check(group, name, section_scenario(tags)));
        Some(Place {
            list,
            tells: Tells::of(metric, tags),
            check,
        })
    }
}

/// Counts a sample; false if it is no number.
#[inline]
fn count(sinks: &mut LocalSinks, span: &mut Span, place: &Place, sample: &Sample) -> bool {
    let Sample { time, value, .. } = *sample;
    if !value.is_finite() {
        return false;
    }
    sinks.add(place.list, time, value);
    span.add(place.tells, time, value);
    if let Some(check) = &place.check {
        check.add(value != 0.0);
    }
    true
}

#[cfg(test)]
mod tests;
