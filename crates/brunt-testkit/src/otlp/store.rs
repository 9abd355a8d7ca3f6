//! What the receiver holds, and whether what comes goes with what is there (OTLP metrics data model:
//! temporality, resets and gaps, single writer).

use std::collections::BTreeMap;

use super::message::{Attributes, Kind, Metric, Point};

/// One series: a name with the attributes of its resource's instance and of the data point.
type Key = (String, String, Attributes);

/// Everything that was received.
#[derive(Debug, Default)]
pub(super) struct Store {
    metrics: BTreeMap<String, (Kind, String)>,
    /// The same by the instance that sent it.
    kinds: BTreeMap<(String, String), (Kind, String)>,
    series: BTreeMap<Key, Held>,
    pub(super) points: u64,
    pub(super) repeated: u64,
    /// An answer was lost on purpose: what comes next may have come before.
    pub(super) may_repeat: bool,
}

#[derive(Debug, Default)]
struct Held {
    /// The newest point.
    last: Point,
    /// All points: each one's start and time.
    times: Vec<(u64, u64)>,
    /// What the value had come to with each of them.
    values: Vec<f64>,
    total: f64,
    count: u64,
    sum: f64,
    zero_count: u64,
    /// At the scale of the newest point.
    buckets: BTreeMap<i64, u64>,
    explicit: Vec<u64>,
}

/// What histograms add up to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Totals {
    /// How many values.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// How many of them are zero.
    pub zero_count: u64,
    /// The coarsest scale of all.
    pub scale: i64,
    /// Positive exponential buckets at that scale.
    pub buckets: BTreeMap<i64, u64>,
    /// Explicit buckets.
    pub explicit: Vec<u64>,
}

impl Store {
    /// Takes the metrics of a request in; gives what is wrong with them.
    pub(super) fn take(&mut self, metrics: Vec<Metric>) -> Vec<String> {
        let mut problems = Vec::new();
        for metric in metrics {
            let what = (metric.kind, metric.unit.clone());
            let instance = metric
                .resource
                .get("service.instance.id")
                .cloned()
                .unwrap_or_default();
            // What another process sends may have another form.
            let known = self
                .kinds
                .entry((instance.clone(), metric.name.clone()))
                .or_insert_with(|| what.clone());
            if *known != what {
                problems.push(format!("{} was {known:?} and is {what:?}", metric.name));
            }
            self.metrics.entry(metric.name.clone()).or_insert(what);
            for point in metric.points {
                let key = (
                    metric.name.clone(),
                    instance.clone(),
                    point.attributes.clone(),
                );
                self.point(key, metric.kind, point, &mut problems);
            }
        }
        problems
    }

    fn point(&mut self, key: Key, kind: Kind, point: Point, problems: &mut Vec<String>) {
        let name = format!("{} {:?}", key.0, key.2);
        self.points += 1;
        let held = self.series.entry(key).or_default();
        let is_new = held.times.is_empty();
        if !is_new && held.last == point {
            self.repeated += 1;
            if !self.may_repeat {
                problems.push(format!("{name}: the same point again"));
            }
            if kind.temporality() != Some(1) {
                return;
            }
        } else if !is_new && point.time <= held.last.time {
            problems.push(format!(
                "{name}: a point of {} after one of {}",
                point.time, held.last.time
            ));
        }
        let cumulative = kind.temporality() == Some(2);
        if !is_new && cumulative {
            if point.start != held.last.start {
                problems.push(format!("{name}: the start moved without a reset"));
            }
            if point.value < held.last.value || point.count < held.last.count {
                problems.push(format!("{name}: a cumulative value fell"));
            }
        }
        if !is_new && kind.temporality() == Some(1) && held.last != point {
            if point.start < held.last.time {
                problems.push(format!("{name}: intervals of deltas overlap"));
            } else if point.start > held.last.time {
                problems.push(format!("{name}: there is a gap between deltas"));
            }
        }
        held.add(&point, kind);
        held.times.push((point.start, point.time));
        held.values.push(held.total);
        held.last = point;
    }

    fn of<'a>(
        &'a self,
        name: &'a str,
        attributes: &'a [(&str, &str)],
    ) -> impl Iterator<Item = &'a Held> {
        self.series
            .iter()
            .filter(move |((own, _, of), _)| {
                own == name
                    && attributes
                        .iter()
                        .all(|(key, value)| of.get(*key).is_some_and(|own| own == value))
            })
            .map(|(_, held)| held)
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.metrics.keys().cloned().collect()
    }

    pub(super) fn metric(&self, name: &str) -> Option<(Kind, String)> {
        self.metrics.get(name).cloned()
    }

    pub(super) fn attributes(&self, name: &str) -> Vec<Attributes> {
        let of = |((own, _, of), _): (&Key, &Held)| (own == name).then(|| of.clone());
        self.series.iter().filter_map(of).collect()
    }

    pub(super) fn value(&self, name: &str, attributes: &[(&str, &str)]) -> Option<f64> {
        let mut values = self.of(name, attributes).map(|held| held.total).peekable();
        values.peek()?;
        Some(values.sum())
    }

    pub(super) fn times(&self, name: &str, attributes: &[(&str, &str)]) -> Vec<(u64, u64)> {
        let all = self.of(name, attributes);
        all.flat_map(|held| held.times.iter().copied()).collect()
    }

    pub(super) fn values(&self, name: &str, attributes: &[(&str, &str)]) -> Vec<f64> {
        let all = self.of(name, attributes);
        all.flat_map(|held| held.values.iter().copied()).collect()
    }

    pub(super) fn ends(&self, name: &str, attributes: &[(&str, &str)]) -> Option<(f64, f64)> {
        let min = self.of(name, attributes).filter_map(|held| held.last.min);
        let max = self.of(name, attributes).filter_map(|held| held.last.max);
        Some((min.reduce(f64::min)?, max.reduce(f64::max)?))
    }

    pub(super) fn totals(&self, name: &str, attributes: &[(&str, &str)]) -> Option<Totals> {
        let scale = self
            .of(name, attributes)
            .map(|held| held.last.scale)
            .min()?;
        let mut totals = Totals {
            scale,
            ..Totals::default()
        };
        for held in self.of(name, attributes) {
            totals.count += held.count;
            totals.sum += held.sum;
            totals.zero_count += held.zero_count;
            for (index, count) in &held.buckets {
                *totals
                    .buckets
                    .entry(index >> (held.last.scale - scale))
                    .or_default() += count;
            }
            totals
                .explicit
                .resize(held.explicit.len().max(totals.explicit.len()), 0);
            for (all, own) in totals.explicit.iter_mut().zip(&held.explicit) {
                *all += own;
            }
        }
        Some(totals)
    }
}

impl Held {
    fn add(&mut self, point: &Point, kind: Kind) {
        if kind.temporality() != Some(1) {
            *self = Self {
                last: Point::default(),
                times: std::mem::take(&mut self.times),
                values: std::mem::take(&mut self.values),
                ..Self::default()
            };
        }
        self.total += point.value.unwrap_or(0.0);
        self.count += point.count;
        self.sum += point.sum.unwrap_or(0.0);
        self.zero_count += point.zero_count;
        // A finer histogram would have to be spread; scales of a sender only fall.
        let by = (self.last.scale - point.scale).clamp(0, 62);
        if by > 0 {
            let finer = std::mem::take(&mut self.buckets);
            for (index, count) in finer {
                *self.buckets.entry(index >> by).or_default() += count;
            }
        }
        for (at, count) in (point.offset..).zip(&point.buckets) {
            if *count > 0 && point.bounds.is_empty() {
                *self.buckets.entry(at).or_default() += count;
            }
        }
        if !point.bounds.is_empty() {
            self.explicit.resize(point.buckets.len(), 0);
            for (all, own) in self.explicit.iter_mut().zip(&point.buckets) {
                *all += own;
            }
        }
    }
}
