//! The one place where the deltas of all workers add up: to totals, snapshots and verdicts.
//!
//! It has no clock and no channel: the bus drives it, and so can a converter of result files.

use std::sync::Arc;
use std::time::Duration;

use brunt_metrics::{Metric, Sink, TagSet, builtin};

use rustc_hash::FxHashMap;

use crate::delta::Delta;
use crate::groups::Groups;
use crate::plan::{AggregateId, AggregatePlan};
use crate::sections::{SectionId, Sections};
use crate::snapshot::{SeriesPoint, Snapshot};
use crate::thresholds::{Breach, Thresholds};
use crate::total;
use crate::totals::{Report, SectionTotals, Totals};

/// Totals of all metrics, sub-metrics and series, and the state of all thresholds.
#[derive(Debug)]
pub struct Aggregator {
    plan: Arc<AggregatePlan>,
    thresholds: Thresholds,
    /// By the metric's id.
    roots: Vec<Option<Sink>>,
    /// By the sub-metric's place in the plan.
    subs: Vec<Option<Sink>>,
    /// Of the sections; empty if the plan has none.
    sections: FxHashMap<AggregateId, Sink>,
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
            sections: FxHashMap::default(),
            series: Vec::new(),
        }
    }

    /// Adds what a worker saw. Aggregates of another plan are left out.
    pub fn merge(&mut self, delta: &Delta) {
        for (id, value) in &delta.aggregates {
            let Some(metric) = self.plan.metric_of(*id) else {
                continue;
            };
            let empty = || id.sink(metric.kind, metric.contains);
            let sink = match id {
                AggregateId::Root(metric) => place(&mut self.roots, metric.0, empty),
                AggregateId::Sub(at) => place(&mut self.subs, *at, empty),
                AggregateId::SectionRoot(..) | AggregateId::SectionSub(..) => {
                    self.sections.entry(*id).or_insert_with(empty)
                }
            };
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
            own: Vec::new(),
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
            sections: self.section_totals(),
            sections_left_out: self.plan.sections().is_some_and(Sections::left_out),
        }
    }

    fn section_totals(&self) -> Vec<SectionTotals> {
        let Some(sections) = self.plan.sections() else {
            return Vec::new();
        };
        let metrics = self.plan.registry().all();
        let sections = sections.list().into_iter().enumerate();
        let totals = |at: SectionId| {
            let mut totals = Vec::new();
            for metric in &metrics {
                let root = self.sections.get(&AggregateId::SectionRoot(at, metric.id));
                totals.extend(root.map(|sink| of(metric, None, sink)));
                for (id, sub) in self.plan.submetrics_of(metric.id) {
                    let AggregateId::Sub(sub_at) = id else {
                        continue;
                    };
                    let sink = self.sections.get(&AggregateId::SectionSub(at, sub_at));
                    let name = Some((sub.suffix.clone(), sub.tags.clone()));
                    totals.extend(sink.map(|sink| of(metric, name, sink)));
                }
            }
            totals
        };
        sections
            .map(|(at, section)| SectionTotals {
                section,
                totals: totals(SectionId(at as u32)),
            })
            .collect()
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
        let submetric = submetric.map(|(suffix, tags)| (suffix.to_owned(), tags.clone()));
        match sink.and_then(Option::as_ref) {
            Some(sink) => of(metric, submetric, sink),
            None => Totals {
                seen: false,
                ..of(
                    metric,
                    submetric,
                    &Sink::for_metric(metric.kind, metric.contains),
                )
            },
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

/// The sink at a place of a table that grows.
fn place(table: &mut Vec<Option<Sink>>, at: u32, empty: impl FnOnce() -> Sink) -> &mut Sink {
    let at = at as usize;
    if at >= table.len() {
        table.resize_with(at + 1, || None);
    }
    table[at].get_or_insert_with(empty)
}

fn of(metric: &Arc<Metric>, submetric: Option<(String, TagSet)>, sink: &Sink) -> Totals {
    Totals {
        metric: Arc::clone(metric),
        submetric,
        seen: true,
        values: total::values(sink),
        thresholds: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
