//! The series as they are sent: what a snapshot holds, added up by name and labels.
//!
//! Leaving out tags makes several series of a snapshot one series at the receiver. Sent as they are,
//! they would be duplicates, of which a receiver keeps any one or refuses all. So counters and rates
//! are summed, histograms merged, and of gauges the newest value counts. There are never more groups
//! here than series in the snapshot.

use std::sync::Arc;

use brunt_aggregate::{OwnPoint, SeriesValue, Snapshot};
use brunt_metrics::{Interner, MetricId, Registry, SeriesId};
use brunt_output::{Merged, OutputContext};
use rustc_hash::FxHashMap;

use crate::config::Shape;
use crate::group::Group;
use crate::labels::{Labeller, Labels};
use crate::names::{Column, What, columns};

/// Series of a run as a whole begin so. They have one point each, at its end.
const OF_RUNS: [&str; 3] = ["brunt_summary", "brunt_threshold", "brunt_run_"];

/// All groups of a run.
#[derive(Debug)]
pub(crate) struct Table {
    registry: Arc<Registry>,
    interner: Arc<Interner>,
    pub(crate) labeller: Labeller,
    shape: Shape,
    by_series: FxHashMap<SeriesId, Place>,
    by_labels: FxHashMap<(MetricId, Labels), usize>,
    own: FxHashMap<(Arc<str>, Labels), usize>,
    columns: FxHashMap<MetricId, Columns>,
    /// Which metric a series' name belongs to.
    owners: FxHashMap<String, Arc<str>>,
    pub(crate) groups: Vec<Group>,
    /// Sentences about names that two metrics claim.
    pub(crate) conflicts: Vec<String>,
}

/// What is sent of a metric.
#[derive(Debug, Clone)]
enum Columns {
    /// These series.
    Sent(Arc<[Arc<Column>]>),
    /// Nothing, as the user wants it.
    LeftOut,
    /// Nothing, because all its names belong to others.
    Nameless,
}

/// Where a series of a snapshot goes.
#[derive(Debug, Clone, Copy)]
enum Place {
    Group(usize),
    LeftOut,
    Nameless,
    Unknown,
}

/// Points of a snapshot that have no group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Absorbed {
    /// As the user wants it.
    pub(crate) left_out: u64,
    /// The names of their series belong to another metric.
    pub(crate) nameless: u64,
    /// Nobody knows the series.
    pub(crate) unknown: u64,
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
            own: FxHashMap::default(),
            columns: FxHashMap::default(),
            owners: FxHashMap::default(),
            groups: Vec::new(),
            conflicts: Vec::new(),
        }
    }

    /// Puts the values of a snapshot in the place of those before.
    pub(crate) fn absorb(&mut self, snapshot: &Snapshot) -> Absorbed {
        for group in &mut self.groups {
            group.value = Merged::Nothing;
            group.weight = 0;
        }
        let mut absorbed = Absorbed::default();
        for point in &snapshot.series {
            match self.place(point.id, point.first) {
                Place::Group(at) => {
                    let group = &mut self.groups[at];
                    group.value.add(&point.value, point.newest);
                    group.first = group.first.min(point.first);
                    group.weight += 1;
                }
                Place::LeftOut => absorbed.left_out += 1,
                Place::Nameless => absorbed.nameless += 1,
                Place::Unknown => absorbed.unknown += 1,
            }
        }
        for point in &snapshot.own {
            if let Some(at) = self.own_group(point, snapshot.time) {
                self.groups[at].value.add(&point.value, snapshot.time);
            }
        }
        absorbed
    }

    /// Name and value of each label of each series.
    pub(crate) fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.groups.iter().flat_map(|group| group.labels.iter());
        all.map(|(name, value)| (&**name, &**value))
    }

    /// How many series the receiver sees.
    pub(crate) fn series(&self) -> usize {
        self.groups.iter().map(|group| group.columns.len()).sum()
    }

    fn place(&mut self, id: SeriesId, first: i64) -> Place {
        if let Some(&place) = self.by_series.get(&id) {
            return place;
        }
        let place = self.find_place(id, first);
        // What is not known today may be known tomorrow.
        if !matches!(place, Place::Unknown) {
            self.by_series.insert(id, place);
        }
        place
    }

    fn find_place(&mut self, id: SeriesId, first: i64) -> Place {
        let Some(series) = self.interner.resolve(id) else {
            return Place::Unknown;
        };
        if series.metric.0 as usize >= self.registry.len() {
            return Place::Unknown;
        }
        let columns = match self.columns_of(series.metric) {
            Columns::Sent(columns) => columns,
            Columns::LeftOut => return Place::LeftOut,
            Columns::Nameless => return Place::Nameless,
        };
        let labels = self.labeller.labels(&series.tags);
        let next = self.groups.len();
        let at = *self
            .by_labels
            .entry((series.metric, Arc::clone(&labels)))
            .or_insert(next);
        if at == next {
            self.groups.push(Group::new(columns, labels, first));
        }
        Place::Group(at)
    }

    /// The group of a value of brunt's own.
    fn own_group(&mut self, point: &OwnPoint, time: i64) -> Option<usize> {
        let of_run = OF_RUNS.iter().any(|begin| point.name.starts_with(begin));
        if of_run && !self.shape.summary {
            return None;
        }
        let (suffix, what) = match point.value {
            SeriesValue::Counter(_) => ("_total", What::Sum),
            SeriesValue::Gauge { .. } => ("", What::Last),
            // brunt tells of itself in numbers only.
            SeriesValue::Rate { .. } | SeriesValue::Trend(_) => return None,
        };
        let labels = self.labeller.own_labels(&point.labels);
        let key = (Arc::clone(&point.name), labels);
        if let Some(&at) = self.own.get(&key) {
            return Some(at);
        }
        let unit = if point.name.ends_with("_seconds") {
            "seconds"
        } else {
            ""
        };
        let name = format!("{}{suffix}", point.name);
        let column = Arc::new(Column::new(name, what, &*point.help, unit));
        let mut group = Group::new(Arc::from([column]), Arc::clone(&key.1), time);
        group.ends = !of_run;
        let at = self.groups.len();
        self.groups.push(group);
        self.own.insert(key, at);
        Some(at)
    }

    /// The metric's series, without those whose name another metric has: a trend `a` has a series
    /// `a_max`, and so has a gauge `a_max`.
    fn columns_of(&mut self, id: MetricId) -> Columns {
        if let Some(columns) = self.columns.get(&id) {
            return columns.clone();
        }
        let metric = self.registry.metric(id);
        let own = if self.shape.metrics.takes(&metric.name) {
            let mut own = Vec::new();
            for column in columns(&metric, &self.shape) {
                if let Some(owner) = self.owners.get(&column.name) {
                    self.conflicts.push(format!(
                        "the metric '{}' is not sent as {}, because the metric '{owner}' is; rename one",
                        metric.name, column.name
                    ));
                } else {
                    self.owners
                        .insert(column.name.clone(), Arc::clone(&metric.name));
                    own.push(Arc::new(column));
                }
            }
            if own.is_empty() {
                Columns::Nameless
            } else {
                Columns::Sent(own.into())
            }
        } else {
            Columns::LeftOut
        };
        self.columns.insert(id, own.clone());
        own
    }
}

#[cfg(test)]
mod tests;
