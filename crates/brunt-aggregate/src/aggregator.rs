//! The one place where the deltas of all workers add up: to totals, snapshots and verdicts.
//!
//! It has no clock and no channel: the bus drives it, and so can a converter of result files.

use std::sync::Arc;
use std::time::Duration;

use brunt_metrics::{Metric, Sink, TagSet, builtin};

use crate::delta::Delta;
use crate::groups::Groups;
use crate::plan::{AggregateId, AggregatePlan};
use crate::snapshot::{SeriesPoint, Snapshot};
use crate::thresholds::{Breach, Thresholds};
use crate::total;
use crate::totals::{Report, Totals};

/// Totals of all metrics, sub-metrics and series, and the state of all thresholds.
#[derive(Debug)]
pub struct Aggregator {
    plan: Arc<AggregatePlan>,
    thresholds: Thresholds,
    /// By the metric's id.
    roots: Vec<Option<Sink>>,
    /// By the sub-metric's place in the plan.
    subs: Vec<Option<Sink>>,
    /// By the series' id.
    series: Vec<Option<SeriesPoint>>,
}

impl Aggregator {
    /// An aggregator without data. The plan has to hold [`Thresholds::submetrics`], else those
    /// thresholds see no samples.
    pub fn new(plan: Arc<AggregatePlan>, thresholds: Thresholds) -> Self {
        Self {
            plan,
            thresholds,
            roots: Vec::new(),
            subs: Vec::new(),
            series: Vec::new(),
        }
    }

    /// Adds what a worker saw. Aggregates of another plan are left out.
    pub fn merge(&mut self, delta: &Delta) {
        for (id, value) in &delta.aggregates {
            let Some(metric) = self.plan.metric_of(*id) else {
                continue;
            };
            let (table, at) = match id {
                AggregateId::Root(metric) => (&mut self.roots, metric.0 as usize),
                AggregateId::Sub(at) => (&mut self.subs, *at as usize),
            };
            if at >= table.len() {
                table.resize_with(at + 1, || None);
            }
            let sink =
                table[at].get_or_insert_with(|| Sink::for_metric(metric.kind, metric.contains));
            total::merge(sink, delta, value);
        }
        for new in &delta.series {
            // Rows of a batch's own table are no series.
            if new.id.overflow_row().is_some() {
                continue;
            }
            let at = new.id.0 as usize;
            if at >= self.series.len() {
                self.series.resize_with(at + 1, || None);
            }
            match &mut self.series[at] {
                Some(point) => total::merge_point(point, delta, new),
                empty => *empty = Some(total::new_point(delta, new)),
            }
        }
    }

    /// All series that had a sample, as they stand. `time` is in nanoseconds since the Unix epoch.
    pub fn snapshot(&self, time: i64, last: bool) -> Snapshot {
        Snapshot {
            time,
            last,
            series: self.series.iter().flatten().cloned().collect(),
        }
    }

    /// Judges the thresholds. `elapsed` is the time since the test began; with `last` set those on
    /// metrics without data are judged too: trends, counters and gauges as 0, rates as kept. The
    /// answer is a broken threshold that ends the test, if there is one.
    pub fn evaluate(&mut self, elapsed: Duration, last: bool) -> Option<Breach> {
        let mut thresholds = std::mem::take(&mut self.thresholds);
        let mut breach = None;
        for target in thresholds.targets_mut() {
            let submetric = target
                .submetric
                .as_ref()
                .map(|(text, tags)| (text.as_str(), tags));
            let totals = self.totals(&target.metric, submetric);
            let broken = target.judge(&totals, elapsed, last);
            breach = breach.or(broken);
        }
        self.thresholds = thresholds;
        breach
    }

    /// Everything as it stands, with the thresholds as they were judged last.
    pub fn report(&self, duration: Duration, groups: &Groups) -> Report {
        let mut totals = Vec::new();
        for metric in self.plan.registry().all() {
            let root = self.with_thresholds(&metric, None);
            let declared = metric.id.0 as usize >= builtin::ALL.len();
            if declared || root.seen || !root.thresholds.is_empty() {
                totals.push(root);
            }
            for (_, sub) in self.plan.submetrics_of(metric.id) {
                let sub = self.with_thresholds(&metric, Some((&sub.suffix, &sub.tags)));
                if sub.seen || !sub.thresholds.is_empty() {
                    totals.push(sub);
                }
            }
        }
        Report {
            duration,
            totals,
            root: groups.tree(),
        }
    }

    /// The totals of a metric or sub-metric as they stand, without its thresholds.
    pub fn totals(&self, metric: &Arc<Metric>, submetric: Option<(&str, &TagSet)>) -> Totals {
        let sink = match submetric {
            None => self.roots.get(metric.id.0 as usize),
            Some((suffix, _)) => match self.plan.find(metric.id, suffix) {
                Some(AggregateId::Sub(at)) => self.subs.get(at as usize),
                _ => None,
            },
        };
        let sink = sink.and_then(Option::as_ref);
        Totals {
            metric: Arc::clone(metric),
            submetric: submetric.map(|(suffix, tags)| (suffix.to_owned(), tags.clone())),
            seen: sink.is_some(),
            values: match sink {
                Some(sink) => total::values(sink),
                None => total::values(&Sink::for_metric(metric.kind, metric.contains)),
            },
            thresholds: Vec::new(),
        }
    }

    /// How many series had a sample; grows only if workers send series.
    pub fn series_seen(&self) -> usize {
        self.series.iter().flatten().count()
    }

    fn with_thresholds(&self, metric: &Arc<Metric>, submetric: Option<(&str, &TagSet)>) -> Totals {
        let target = self
            .thresholds
            .target(metric, submetric.map(|(suffix, _)| suffix));
        let thresholds = target
            .map(crate::thresholds::Target::results)
            .unwrap_or_default();
        Totals {
            thresholds,
            ..self.totals(metric, submetric)
        }
    }
}

#[cfg(test)]
mod tests;
