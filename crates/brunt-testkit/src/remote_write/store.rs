//! What the receiver has accepted: every sample of every series, in order.
//!
//! A request is taken whole or not at all, as Prometheus does it: first every sample is checked
//! against what came before, then all are stored.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::histogram::NativeHistogram;
use super::message::{Exemplar, Metadata, TimeSeries, WriteRequest};
use super::rules::{Problems, Rule, STALE_NAN, show};

/// A value at a time.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A float.
    Float(f64),
    /// A native histogram.
    Histogram(Arc<NativeHistogram>),
    /// The stale marker: the series has ended here.
    Stale,
}

/// A series with all that was sent for it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredSeries {
    /// Names and values, `__name__` among them.
    pub labels: BTreeMap<String, String>,
    /// Times in milliseconds since 1970, ascending, with their values.
    pub samples: Vec<(i64, Value)>,
    /// In the order sent.
    pub exemplars: Vec<Exemplar>,
}

impl StoredSeries {
    /// The metric's name.
    pub fn name(&self) -> &str {
        self.labels.get("__name__").map_or("", String::as_str)
    }

    /// The last value that is not the stale marker, with its time in milliseconds.
    pub fn last(&self) -> Option<(i64, &Value)> {
        let found = self
            .samples
            .iter()
            .rev()
            .find(|(_, value)| *value != Value::Stale)?;
        Some((found.0, &found.1))
    }

    /// Whether the stale marker came last.
    pub fn is_stale(&self) -> bool {
        self.samples
            .last()
            .is_some_and(|(_, value)| *value == Value::Stale)
    }

    /// Whether the name fits and every label given here has the same value there.
    pub fn matches(&self, name: &str, labels: &[(&str, &str)]) -> bool {
        self.name() == name
            && labels
                .iter()
                .all(|(label, value)| self.labels.get(*label).map_or("", String::as_str) == *value)
    }
}

type Labels = Vec<(String, String)>;

/// All series.
#[derive(Debug, Default)]
pub(super) struct Store {
    series: Vec<StoredSeries>,
    by_labels: HashMap<Labels, usize>,
    pub(super) metadata: BTreeMap<String, Metadata>,
    pub(super) samples: usize,
    /// Up to this time a repetition of what is stored is excused: its answer was lost.
    unanswered: HashMap<usize, i64>,
    pub(super) repeated: usize,
}

/// Bounds that a request is checked against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) max_samples: usize,
    pub(super) clock: Option<Duration>,
    /// Whether good series are stored although others are refused.
    pub(super) partial: bool,
}

/// How much of a request was stored.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Written {
    pub(super) samples: usize,
    pub(super) histograms: usize,
    pub(super) exemplars: usize,
}

impl Store {
    /// Stores a request, or nothing of it; with partial acceptance all but the bad series. What was
    /// written comes with the problems.
    pub(super) fn take(
        &mut self,
        request: WriteRequest,
        bounds: Bounds,
    ) -> (Written, Result<(), Problems>) {
        let mut problems = Problems::default();
        let mut fresh = Vec::with_capacity(request.series.len());
        let mut last: HashMap<&Labels, i64> = HashMap::new();
        let mut more = 0;
        for series in &request.series {
            let found = problems.total;
            let known = self.by_labels.get(&series.labels).copied();
            let stored = known.map(|at| &self.series[at]);
            let mut newest = last
                .get(&series.labels)
                .copied()
                .or_else(|| stored.and_then(|s| s.samples.last()).map(|(time, _)| *time));
            let excused = known.and_then(|at| self.unanswered.get(&at)).copied();
            let mut kept = Vec::new();
            for (time, value) in values(series) {
                // What is stored already is no mistake where a part of a request may be stored.
                let repeats = (bounds.partial || excused.is_some_and(|until| time <= until))
                    && stored.is_some_and(|s| holds(&s.samples, time, &value));
                if repeats {
                    self.repeated += 1;
                    continue;
                }
                check_time(time, newest, &series.labels, bounds.clock, &mut problems);
                newest = Some(newest.map_or(time, |newest| newest.max(time)));
                kept.push((time, value));
            }
            if let Some(newest) = newest {
                last.insert(&series.labels, newest);
            }
            more += kept.len();
            let good = problems.total == found;
            fresh.push(good.then_some(kept));
        }
        if self.samples + more > bounds.max_samples {
            problems.add(Rule::Full, || {
                format!("holds {} samples already", self.samples)
            });
        }
        drop(last);
        let result = problems.or_ok();
        let mut written = Written::default();
        if result.is_err() && !bounds.partial {
            return (written, result);
        }
        for (series, samples) in request.series.into_iter().zip(fresh) {
            let Some(samples) = samples else { continue };
            written.samples += series.samples.len();
            written.histograms += series.histograms.len();
            written.exemplars += series.exemplars.len();
            self.samples += samples.len();
            let at = self.place(series.labels);
            self.series[at].samples.extend(samples);
            self.series[at].exemplars.extend(series.exemplars);
        }
        for metadata in request.metadata {
            self.metadata.insert(metadata.family.clone(), metadata);
        }
        (written, result)
    }

    /// Notes that the sender never learns that the series' newest samples were stored.
    pub(super) fn answer_lost(&mut self) {
        for (at, series) in self.series.iter().enumerate() {
            if let Some((time, _)) = series.samples.last() {
                self.unanswered.insert(at, *time);
            }
        }
    }

    fn place(&mut self, labels: Labels) -> usize {
        if let Some(&at) = self.by_labels.get(&labels) {
            return at;
        }
        let at = self.series.len();
        self.series.push(StoredSeries {
            labels: labels.iter().cloned().collect(),
            samples: Vec::new(),
            exemplars: Vec::new(),
        });
        self.by_labels.insert(labels, at);
        at
    }

    pub(super) fn series(&self) -> &[StoredSeries] {
        &self.series
    }
}

fn values(series: &TimeSeries) -> impl Iterator<Item = (i64, Value)> + '_ {
    let floats = series.samples.iter().map(|sample| {
        let stale = sample.value.to_bits() == STALE_NAN;
        (
            sample.timestamp,
            if stale {
                Value::Stale
            } else {
                Value::Float(sample.value)
            },
        )
    });
    let histograms = series.histograms.iter().map(|histogram| {
        let value = if histogram.sum.to_bits() == STALE_NAN {
            Value::Stale
        } else {
            // Inconsistent ones were refused before.
            NativeHistogram::from_wire(histogram).map_or(Value::Stale, |histogram| {
                Value::Histogram(Arc::new(histogram))
            })
        };
        (histogram.timestamp, value)
    });
    floats.chain(histograms)
}

fn holds(samples: &[(i64, Value)], time: i64, value: &Value) -> bool {
    let found = samples.binary_search_by_key(&time, |(time, _)| *time);
    found.is_ok_and(|at| samples[at].1 == *value)
}

fn check_time(
    time: i64,
    newest: Option<i64>,
    labels: &Labels,
    clock: Option<Duration>,
    problems: &mut Problems,
) {
    match newest {
        Some(newest) if time == newest => problems.add(Rule::DuplicateTimestamp, || {
            format!("a second sample at {time} in {}", show(labels))
        }),
        Some(newest) if time < newest => problems.add(Rule::OutOfOrder, || {
            format!("{time} after {newest} in {}", show(labels))
        }),
        _ => {}
    }
    let Some(window) = clock else { return };
    let now = now_ms();
    if i128::from(now.abs_diff(time)) > window.as_millis().cast_signed() {
        problems.add(Rule::Clock, || {
            format!("{time} at {now} in {}", show(labels))
        });
    }
}

/// Milliseconds since 1970.
pub(super) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as i64)
}
