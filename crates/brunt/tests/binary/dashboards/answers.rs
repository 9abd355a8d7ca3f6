//! The right answers, worked out from the run's summary and its JSON lines.

use std::collections::BTreeMap;

use super::expected::{Answer, Stat};
use super::server::{Row, Server};
use crate::support::{Points, Summary};

/// A bucket of the coarsest histogram that is sent: eight to an octave.
const BUCKET: f64 = 0.0906;
/// Two snapshots of one counter may be read at slightly different times.
const READ: f64 = 0.05;

/// Labels by which rows are told apart, and between which values the answer has to be.
pub(super) type Wanted = (Vec<String>, f64, f64);

/// What a run measured.
pub(super) struct Run {
    summary: Summary,
    points: Points,
}

/// The values of some labels, `""` for one that is not there.
fn project(labels: &BTreeMap<String, String>, by: &str) -> Vec<String> {
    let names = by.split(',').filter(|name| !name.is_empty());
    names
        .map(|name| labels.get(name).cloned().unwrap_or_default())
        .collect()
}

impl Run {
    pub(super) fn new(summary: Summary, points: Points) -> Self {
        Self { summary, points }
    }

    /// Every statistic of the exported summary, by metric and name, times in seconds.
    pub(super) fn statistics(&self) -> BTreeMap<(String, String), f64> {
        let mut found = BTreeMap::new();
        for (metric, values) in self.summary.0["metrics"].as_object().unwrap() {
            let values = values.as_object().unwrap();
            // A part of a metric is measured as the metric is.
            let scale = self.scale(metric.split('{').next().unwrap());
            for (key, value) in values {
                let Some(value) = value.as_f64() else {
                    continue;
                };
                // A rate is called `value` in the file; a count of values has no unit.
                let rate = values.contains_key("passes") && key == "value";
                let scale = if key == "count" { 1.0 } else { scale };
                let key = if rate { "rate" } else { key };
                found.insert((metric.clone(), key.to_owned()), value * scale);
            }
        }
        found
    }

    /// Whether a metric is measured in milliseconds, which are seconds in Prometheus.
    fn scale(&self, metric: &str) -> f64 {
        let time = self
            .points
            .metrics
            .get(metric)
            .is_some_and(|it| it["contains"] == "time");
        if time { 1e-3 } else { 1.0 }
    }

    /// Values of a metric by labels, sorted; `only` is `tag=value`.
    fn values(&self, metric: &str, by: &str, only: &str) -> BTreeMap<Vec<String>, Vec<f64>> {
        let scale = self.scale(metric);
        let mut groups: BTreeMap<_, Vec<f64>> = BTreeMap::new();
        for point in self.points.of(metric) {
            let tag = |name: &str| point["tags"][name].as_str().unwrap_or_default().to_owned();
            if only
                .split_once('=')
                .is_some_and(|(name, value)| tag(name) != value)
            {
                continue;
            }
            let names = by.split(',').filter(|name| !name.is_empty());
            let value = point["value"].as_f64().unwrap() * scale;
            groups
                .entry(names.map(tag).collect())
                .or_default()
                .push(value);
        }
        for values in groups.values_mut() {
            values.sort_by(f64::total_cmp);
        }
        groups
    }

    /// The answer to a query whose rows differ in these labels.
    pub(super) fn answer(
        &self,
        server: &Server<'_>,
        answer: &Answer,
        by: &str,
        only: &str,
    ) -> Vec<Wanted> {
        let each = |metric: &str, of: &dyn Fn(&[f64]) -> (f64, f64)| -> Vec<Wanted> {
            let groups = self.values(metric, by, only).into_iter();
            groups
                .map(|(labels, values)| {
                    let (low, high) = of(&values);
                    (labels, low, high)
                })
                .collect()
        };
        let exactly = |value: f64| (value - 1e-9 * value.abs(), value + 1e-9 * value.abs());
        match *answer {
            Answer::Nothing => Vec::new(),
            Answer::Numbers(rows) => numbers(rows, by, 0.0),
            Answer::Steady(rows) => numbers(rows, by, READ),
            Answer::Count(metric) => each(metric, &|values| around(values.len() as f64, READ)),
            Answer::Total(metric) => each(metric, &|values| exactly(values.iter().sum())),
            Answer::Share(metric) => each(metric, &|values| around(mean(values), READ)),
            Answer::Mean(metric) => each(metric, &|values| around(mean(values), READ)),
            Answer::Quantile(q, metric) => each(metric, &|values| quantile(values, q)),
            Answer::Slowest(stat, metric) => self.slowest(stat, metric, by, only),
            Answer::Summary(metric, key) => {
                let (low, high) = exactly(self.summary.value(metric, key) * self.scale(metric));
                vec![(Vec::new(), low, high)]
            }
            Answer::Last(metric) => {
                let points = self.points.of(metric);
                let value = points.last().and_then(|it| it["value"].as_f64()).unwrap();
                vec![(Vec::new(), value, value)]
            }
            Answer::Now(selector, scale) => {
                let mut sums: BTreeMap<Vec<String>, f64> = BTreeMap::new();
                // Summaries have one sample, just before the end.
                let last = |(labels, samples): (_, Vec<(f64, f64)>)| {
                    (project(&labels, by), samples.last().unwrap().1)
                };
                for (labels, value) in server
                    .samples(selector, "2m", server.end)
                    .into_iter()
                    .map(last)
                {
                    *sums.entry(labels).or_default() += value * scale;
                }
                sums.into_iter()
                    .map(|(labels, value)| {
                        let (low, high) = exactly(value);
                        (labels, low, high)
                    })
                    .collect()
            }
            Answer::Rate(selector) => rates(server, selector, by),
            // All of a short run is in one minute, and a little more by Prometheus' extension.
            Answer::Peak(metric) => each(metric, &|values| {
                around(values.iter().sum::<f64>() / 60.0 * 1.1, 0.12)
            }),
            Answer::Doubts => vec![doubts(server)],
        }
    }

    /// The largest of a statistic of the series of a metric: series differ in the request's own tags.
    fn slowest(&self, stat: Stat, metric: &str, by: &str, only: &str) -> Vec<Wanted> {
        let all = "scenario,name,method,status,group";
        let mut largest: BTreeMap<Vec<String>, (f64, f64)> = BTreeMap::new();
        for (labels, values) in self.values(metric, all, only) {
            let names = all.split(',').map(str::to_owned);
            let labels: BTreeMap<_, _> = names.zip(labels).collect();
            let (low, high) = match stat {
                Stat::Min => around(values[0], 1e-6),
                Stat::Max => around(values[values.len() - 1], 1e-6),
                Stat::Avg => around(mean(&values), 1e-6),
                Stat::P(q) => quantile(&values, q),
            };
            let entry = largest.entry(project(&labels, by)).or_insert((low, high));
            *entry = (entry.0.max(low), entry.1.max(high));
        }
        largest
            .into_iter()
            .map(|(labels, (low, high))| (labels, low, high))
            .collect()
    }
}

/// Rows with these values, as far as this share of them off.
fn numbers(rows: &[(&str, f64)], by: &str, share: f64) -> Vec<Wanted> {
    let row = |&(label, value): &(&str, f64)| {
        let labels = if by.is_empty() {
            Vec::new()
        } else {
            vec![label.to_owned()]
        };
        let width = value.abs() * share;
        (labels, value - width, value + width)
    };
    rows.iter().map(row).collect()
}

fn around(value: f64, share: f64) -> (f64, f64) {
    (value * (1.0 - share) - 1e-12, value * (1.0 + share) + 1e-12)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Between the neighbours of the percentile's value, and a bucket further: definitions of a percentile
/// differ in what is between two values.
fn quantile(values: &[f64], q: f64) -> (f64, f64) {
    let last = values.len() - 1;
    let rank = q * last as f64;
    let low = values[(rank.floor() as usize).saturating_sub(2)];
    let high = values[(rank.ceil() as usize + 2).min(last)];
    // The bucket of zero ends at 2^-128.
    (low * (1.0 - BUCKET), high * (1.0 + BUCKET) + 1e-30)
}

/// How fast the counters grew in the three seconds before the middle, from their samples.
fn rates(server: &Server<'_>, selector: &str, by: &str) -> Vec<Wanted> {
    let mut sums: BTreeMap<Vec<String>, f64> = BTreeMap::new();
    for (labels, samples) in server.samples(selector, "3s", server.middle) {
        if let [(from, first), .., (to, last)] = samples[..] {
            *sums.entry(project(&labels, by)).or_default() += (last - first) / (to - from);
        }
    }
    // Prometheus extends what lies between the samples to the whole window.
    sums.into_iter()
        .map(|(labels, rate)| {
            let (low, high) = around(rate, 0.15);
            (labels, low, high)
        })
        .collect()
}

/// How many of the three reasons for doubt there are.
fn doubts(server: &Server<'_>) -> Wanted {
    let samples = |name: &str| -> Vec<f64> {
        let series = server.samples(name, "2m", server.end);
        series
            .into_iter()
            .flat_map(|(_, samples)| samples.into_iter().map(|it| it.1))
            .collect()
    };
    let reasons = [
        samples("brunt_engine_worker_lag_seconds")
            .iter()
            .any(|lag| *lag > 0.1),
        samples("{__name__=~\"brunt_output_(dropped|rejected)_total\"}")
            .iter()
            .any(|lost| *lost > 0.0),
        samples("brunt_engine_iterations_dropped_total")
            .iter()
            .any(|dropped| *dropped > 0.0),
    ];
    let count = reasons.into_iter().filter(|it| *it).count() as f64;
    (Vec::new(), count, count)
}

/// Says where an answer is not as wanted.
pub(super) fn compare(got: &[Row], want: &[Wanted], by: &str) -> Result<(), String> {
    let shown = || format!("got {got:?}, wanted {want:?}");
    if got.len() != want.len() {
        return Err(shown());
    }
    for (labels, low, high) in want {
        let row = got.iter().find(|(own, _)| project(own, by) == *labels);
        let fits = row.is_some_and(|(_, value)| (*low..=*high).contains(value));
        if !fits {
            return Err(shown());
        }
    }
    Ok(())
}
