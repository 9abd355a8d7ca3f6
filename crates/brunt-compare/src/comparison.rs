//! Rows of a comparison: what each statistic was in either run, how it changed, and what that means.

use std::time::Duration;

use brunt_aggregate::{AggregateId, AggregatePlan, Report, Totals, TrendTotals, Values};
use brunt_metrics::{MetricKind, ValueType};
use brunt_results::Timeline;

use crate::blocks::{self, Draws, PERCENTILES};
use crate::bootstrap;
use crate::direction::{Direction, Directions};
use crate::limit::Limit;

/// What was read of a run.
#[derive(Debug)]
pub struct Run {
    /// What it came to.
    pub report: Report,
    /// How it went, in at least some dozens of slots.
    pub timeline: Timeline,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The share of intervals that hold the true change, such as 0.95.
    pub confidence: f64,
    /// What is better.
    pub directions: Directions,
    /// How much worse is too much. The last one that is about a row counts.
    pub limits: Vec<Limit>,
}

/// Two runs side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// How long each took.
    pub durations: [Duration; 2],
    /// As in [`Settings`].
    pub confidence: f64,
    /// In the order of the metrics, sub-metrics behind theirs.
    pub rows: Vec<Row>,
}

impl Comparison {
    /// The rows that got too much worse.
    pub fn regressions(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.is_regression)
    }
}

/// A statistic of a metric or sub-metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// `name` or `name{tags}`.
    pub metric: String,
    /// `avg`, `med`, `p(95)`, `max`; `rate`, by the second for a counter; `count`; `value` of a gauge.
    pub stat: &'static str,
    /// Of the metric.
    pub kind: MetricKind,
    /// What its values are.
    pub contains: ValueType,
    /// The statistic in the first and in the second run, in the samples' unit; `None` where there is no sample.
    pub values: [Option<f64>; 2],
    /// What is better.
    pub direction: Direction,
    /// From the first to the second.
    pub change: Option<Change>,
    /// What it means.
    pub effect: Effect,
    /// The limit that is about it, as in [`Limit::most`].
    pub limit: Option<f64>,
    /// Surely worse, and by more than the limit.
    pub is_regression: bool,
}

/// How much a statistic changed: of a rate in its own unit, so 0.01 for a percentage point, of everything else as a share
/// of what it was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// As measured.
    pub by: f64,
    /// Where it lies with the confidence asked for; `None` where that cannot be told.
    pub interval: Option<(f64, f64)>,
}

/// What a change means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It could be chance: the interval holds no change at all.
    Unclear,
    /// Surely better.
    Better,
    /// Surely worse.
    Worse,
    /// Surely more, of what may be good or bad.
    Higher,
    /// Surely less, of what may be good or bad.
    Lower,
    /// No interval, no meaning.
    Untold,
}

/// Statistics of trends: title, and place among those with an interval.
const TREND: [(&str, Option<usize>); 7] = [
    ("avg", Some(0)),
    ("med", Some(1)),
    ("p(90)", Some(2)),
    ("p(95)", Some(3)),
    ("p(99)", Some(4)),
    ("p(99.9)", Some(5)),
    // No drawing of values finds a larger one.
    ("max", None),
];

/// The names of all statistics.
pub(crate) fn stats() -> impl Iterator<Item = &'static str> {
    TREND
        .iter()
        .map(|(name, _)| *name)
        .chain(["rate", "count", "value"])
}

/// Compares two runs, the first one being what the second one is held against.
pub fn compare(a: &Run, b: &Run, settings: &Settings) -> Comparison {
    let mut rows = Vec::new();
    for first in &a.report.totals {
        let name = first.full_name();
        let second = b.report.totals.iter().find(|it| it.full_name() == name);
        rows.extend(metric(Some(first), second, [a, b], settings));
    }
    for second in &b.report.totals {
        let name = second.full_name();
        if !a.report.totals.iter().any(|it| it.full_name() == name) {
            rows.extend(metric(None, Some(second), [a, b], settings));
        }
    }
    Comparison {
        durations: [a.report.duration, b.report.duration],
        confidence: settings.confidence,
        rows,
    }
}

/// The rows of a metric that is in one of the runs at least.
fn metric(
    a: Option<&Totals>,
    b: Option<&Totals>,
    runs: [&Run; 2],
    settings: &Settings,
) -> Vec<Row> {
    let totals = [a, b];
    let Some(known) = a.or(b) else {
        return Vec::new();
    };
    let seen = totals.map(|it| it.filter(|it| it.seen));
    if seen.iter().all(Option::is_none) {
        return Vec::new();
    }
    let ids: [Option<AggregateId>; 2] =
        [0, 1].map(|at: usize| seen[at].and_then(|it| id(runs[at].timeline.plan(), it)));
    // Different seeds: the runs have nothing to do with each other.
    let draws = [0, 1].map(|at: usize| blocks::draws(&runs[at].timeline, ids[at]?, at as u64 + 1));
    let direction = settings.directions.of(&known.metric);
    let name = known.full_name();
    let row = |stat: &'static str, values: [Option<f64>; 2], change: Option<Change>| {
        let effect = effect(change, direction);
        let limit = settings.limits.iter().rev();
        let limit = limit
            .filter(|it| it.metric.is_some() || direction != Direction::Unknown)
            .find(|it| it.is_about(&name, stat))
            .map(|it| it.most);
        let by = change.map_or(0.0, |change| change.by.abs());
        Row {
            metric: name.clone(),
            stat,
            kind: known.metric.kind,
            contains: known.metric.contains,
            values,
            direction,
            change,
            effect,
            limit,
            is_regression: effect == Effect::Worse && limit.is_some_and(|most| by > most),
        }
    };
    match known.metric.kind {
        MetricKind::Gauge => {
            let values = seen.map(|it| match it?.values {
                Values::Gauge { value, .. } => Some(value),
                _ => None,
            });
            vec![row("value", values, ratio(values, None))]
        }
        MetricKind::Rate => {
            let values = seen.map(|it| match it?.values {
                Values::Rate { passes, fails } => {
                    Some(passes as f64 / (passes as f64 + fails as f64).max(1.0))
                }
                _ => None,
            });
            let by = pair(values).map(|(a, b)| b - a);
            let interval = differences(&draws, 0, |a, b| b - a, settings.confidence);
            vec![row("rate", values, by.map(|by| Change { by, interval }))]
        }
        MetricKind::Counter => {
            let sums = seen.map(|it| match it?.values {
                Values::Counter { count } => Some(count),
                _ => None,
            });
            let rates = [0, 1].map(|at: usize| {
                let seconds = runs[at].report.duration.as_secs_f64();
                sums[at].map(|sum| if seconds > 0.0 { sum / seconds } else { 0.0 })
            });
            let interval = differences(&draws, 0, |a, b| b / a - 1.0, settings.confidence);
            vec![
                row("count", sums, ratio(sums, None)),
                row("rate", rates, ratio(rates, interval)),
            ]
        }
        MetricKind::Trend => {
            let trends = seen.map(|it| match &it?.values {
                Values::Trend(trend) => Some(trend),
                _ => None,
            });
            let once = [0, 1].map(|at: usize| Some(blocks::once(&runs[at].timeline, ids[at]?)));
            let rows = TREND.iter().map(|(stat, at)| {
                let values = trends.map(|trend| trend.map(|trend| statistic(trend, *at)));
                let exact = pair(values).map(|(a, b)| b / a);
                let interval = at.and_then(|at| {
                    // Blocks count in buckets, the values of a report are exacter: what is measured lies where it lay.
                    let counted = once[1]?[at] / once[0]?[at];
                    let correction = exact? / counted;
                    let of = |a: f64, b: f64| b / a * correction - 1.0;
                    differences(&draws, at, of, settings.confidence)
                });
                row(stat, values, ratio(values, interval))
            });
            rows.collect()
        }
    }
}

fn id(plan: &AggregatePlan, totals: &Totals) -> Option<AggregateId> {
    match &totals.submetric {
        None => Some(AggregateId::Root(totals.metric.id)),
        Some((suffix, _)) => plan.find(totals.metric.id, suffix),
    }
}

/// The statistic at this place of those with an interval, else the largest value.
fn statistic(trend: &TrendTotals, at: Option<usize>) -> f64 {
    match at {
        None => trend.max(),
        Some(0) => trend.avg(),
        Some(at) => PERCENTILES
            .get(at - 1)
            .map_or(0.0, |p| trend.percentile(*p)),
    }
}

fn pair(values: [Option<f64>; 2]) -> Option<(f64, f64)> {
    Some((values[0]?, values[1]?))
}

/// The change as a share; none from nothing to something.
fn ratio(values: [Option<f64>; 2], interval: Option<(f64, f64)>) -> Option<Change> {
    let (a, b) = pair(values)?;
    let by = if a == b { 0.0 } else { (b - a) / a.abs() };
    by.is_finite().then_some(Change { by, interval })
}

/// The interval of a change, from draws of either run.
fn differences(
    draws: &[Option<Draws>; 2],
    at: usize,
    change: impl Fn(f64, f64) -> f64,
    confidence: f64,
) -> Option<(f64, f64)> {
    let [Some(a), Some(b)] = draws else {
        return None;
    };
    let pairs = a.get(at)?.iter().zip(b.get(at)?);
    bootstrap::interval(pairs.map(|(a, b)| change(*a, *b)).collect(), confidence)
}

fn effect(change: Option<Change>, direction: Direction) -> Effect {
    let Some((low, high)) = change.and_then(|change| change.interval) else {
        return Effect::Untold;
    };
    if low <= 0.0 && high >= 0.0 {
        return Effect::Unclear;
    }
    match (direction, low > 0.0) {
        (Direction::Lower, true) | (Direction::Higher, false) => Effect::Worse,
        (Direction::Lower, false) | (Direction::Higher, true) => Effect::Better,
        (Direction::Unknown, true) => Effect::Higher,
        (Direction::Unknown, false) => Effect::Lower,
    }
}

#[cfg(test)]
mod tests;
