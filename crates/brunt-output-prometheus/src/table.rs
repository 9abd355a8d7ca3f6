//! The series as they are sent: what a snapshot holds, added up by name and labels.
//!
//! Leaving out tags makes several series of a snapshot one series at the receiver. Sent as they are,
//! they would be duplicates, of which a receiver keeps any one or refuses all. So counters and rates
//! are summed, histograms merged, and of gauges the newest value counts. There are never more groups
//! here than series in the snapshot.

use std::sync::Arc;

use brunt_aggregate::Snapshot;
use brunt_metrics::{Interner, MetricId, Registry, SeriesId};
use brunt_output::{Mark, Merged, OutputContext};
use rustc_hash::FxHashMap;

use crate::config::Shape;
use crate::labels::{Labeller, Labels};
use crate::names::{Column, columns};

/// All groups of a run.
#[derive(Debug)]
pub(crate) struct Table {
    registry: Arc<Registry>,
    interner: Arc<Interner>,
    labeller: Labeller,
    shape: Shape,
    by_series: FxHashMap<SeriesId, usize>,
    by_labels: FxHashMap<(MetricId, Labels), usize>,
    columns: FxHashMap<MetricId, Arc<[Column]>>,
    /// Which metric a series' name belongs to.
    owners: FxHashMap<String, Arc<str>>,
    pub(crate) groups: Vec<Group>,
    /// Sentences about names that two metrics claim.
    pub(crate) conflicts: Vec<String>,
}

/// Series of one metric with the same labels.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) columns: Arc<[Column]>,
    pub(crate) labels: Labels,
    pub(crate) value: Merged,
    /// The first sample of all its series, in nanoseconds since the Unix epoch.
    pub(crate) first: i64,
    pub(crate) sent: Option<Sent>,
}

/// What was sent of a group last.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sent {
    /// In milliseconds since the Unix epoch.
    pub(crate) time: i64,
    pub(crate) mark: Mark,
    /// The schema of its histogram.
    pub(crate) schema: Option<i32>,
}

impl Table {
    pub(crate) fn new(context: &OutputContext, shape: &Shape) -> Self {
        Self {
            registry: Arc::clone(&context.registry),
            interner: Arc::clone(&context.interner),
            labeller: Labeller::new(shape, &context.instance),
            shape: shape.clone(),
            by_series: FxHashMap::default(),
            by_labels: FxHashMap::default(),
            columns: FxHashMap::default(),
            owners: FxHashMap::default(),
            groups: Vec::new(),
            conflicts: Vec::new(),
        }
    }

    /// Puts the values of a snapshot in the place of those before.
    pub(crate) fn absorb(&mut self, snapshot: &Snapshot) {
        for group in &mut self.groups {
            group.value = Merged::Nothing;
        }
        for point in &snapshot.series {
            let Some(at) = self.group(point.id, point.first) else {
                continue;
            };
            let group = &mut self.groups[at];
            group.value.add(&point.value, point.newest);
            group.first = group.first.min(point.first);
        }
    }

    /// How many series the receiver sees.
    pub(crate) fn series(&self) -> usize {
        self.groups.iter().map(|group| group.columns.len()).sum()
    }

    fn group(&mut self, id: SeriesId, first: i64) -> Option<usize> {
        if let Some(&at) = self.by_series.get(&id) {
            return Some(at);
        }
        let series = self.interner.resolve(id)?;
        let columns = self.columns_of(series.metric)?;
        let labels = self.labeller.labels(&series.tags);
        let next = self.groups.len();
        let at = *self
            .by_labels
            .entry((series.metric, Arc::clone(&labels)))
            .or_insert(next);
        if at == next {
            let value = Merged::Nothing;
            self.groups.push(Group {
                columns,
                labels,
                value,
                first,
                sent: None,
            });
        }
        self.by_series.insert(id, at);
        Some(at)
    }

    /// The metric's series, without those whose name another metric has: a trend `a` has a series
    /// `a_max`, and so has a gauge `a_max`.
    fn columns_of(&mut self, id: MetricId) -> Option<Arc<[Column]>> {
        if let Some(columns) = self.columns.get(&id) {
            return Some(Arc::clone(columns));
        }
        if id.0 as usize >= self.registry.len() {
            return None;
        }
        let metric = self.registry.metric(id);
        let mut own = Vec::new();
        let all = if self.shape.metrics.takes(&metric.name) {
            columns(&metric, &self.shape)
        } else {
            Vec::new()
        };
        for column in all {
            if let Some(owner) = self.owners.get(&column.name) {
                self.conflicts.push(format!(
                    "the metric '{}' is not sent as {}, because the metric '{owner}' is; rename one",
                    metric.name, column.name
                ));
            } else {
                self.owners
                    .insert(column.name.clone(), Arc::clone(&metric.name));
                own.push(column);
            }
        }
        let own: Arc<[Column]> = own.into();
        self.columns.insert(id, Arc::clone(&own));
        Some(own)
    }
}

#[cfg(test)]
mod tests;
