//! How a run went over time, as the charts that `brunt-page` draws.

use brunt_aggregate::AggregateId;
use brunt_metrics::histogram::ExpHistogram;
use brunt_metrics::{MetricId, Sink, builtin};
use brunt_results::Timeline;
use serde_json::{Map, Value, json};

use crate::requests::Requests;

/// Rows of a heat map, at most.
const ROWS: i32 = 36;

/// Kinds of errors that have a colour of their own in the chart.
const KINDS: usize = 7;

/// A chart with what is said about it.
pub(crate) struct Chart {
    pub(crate) key: &'static str,
    pub(crate) title: &'static str,
    /// A sentence, with the extremes: what the picture tells to who does not see it.
    pub(crate) caption: String,
    pub(crate) description: Value,
}

/// The charts that have something to show.
pub(crate) fn charts(timeline: &Timeline, requests: &Requests) -> Vec<Chart> {
    let time = Times::new(timeline);
    let has = |metric: MetricId| {
        timeline
            .of(AggregateId::Root(metric))
            .flatten()
            .next()
            .is_some()
    };
    let (count, trend, what) = if has(builtin::HTTP_REQS) {
        (builtin::HTTP_REQS, builtin::HTTP_REQ_DURATION, "requests")
    } else {
        (
            builtin::ITERATIONS,
            builtin::ITERATION_DURATION,
            "iterations",
        )
    };
    let all = [
        time.throughput(count, what),
        time.percentiles(trend, what),
        time.heat(trend, what),
        time.failures(),
        time.errors(requests),
        time.data(),
    ];
    all.into_iter().flatten().collect()
}

/// All charts by their keys.
pub(crate) fn descriptions(charts: &[Chart]) -> Value {
    let pairs = charts
        .iter()
        .map(|it| (it.key.to_owned(), it.description.clone()));
    Value::Object(pairs.collect::<Map<_, _>>())
}

struct Times<'a> {
    timeline: &'a Timeline,
    /// When the first slot begins, in seconds since the Unix epoch.
    origin: f64,
    /// Seconds since the Unix epoch.
    begins: Vec<f64>,
    /// How long each slot was within the run; of the first and the last only a part.
    seconds: Vec<f64>,
}

impl<'a> Times<'a> {
    fn new(timeline: &'a Timeline) -> Self {
        let (first, last) = timeline.range().unwrap_or_default();
        let width = timeline.width();
        let seconds = timeline.begins().map(|begin| {
            let end = begin.saturating_add(width).min(last);
            end.saturating_sub(begin.max(first)).max(0) as f64 / 1e9
        });
        Self {
            timeline,
            origin: timeline.begins().next().unwrap_or_default() as f64 / 1e9,
            begins: timeline.begins().map(|begin| begin as f64 / 1e9).collect(),
            seconds: seconds.collect(),
        }
    }

    fn of<T>(&self, metric: MetricId, value: impl Fn(&Sink) -> Option<T>) -> Vec<Option<T>> {
        let sinks = self.timeline.of(AggregateId::Root(metric));
        sinks.map(|sink| sink.and_then(&value)).collect()
    }

    /// Sums by the second. A slot of which the run took only a sliver says nothing about a second.
    fn rates(&self, metric: MetricId) -> Vec<Option<f64>> {
        let sums = self.of(metric, |sink| match sink {
            Sink::Counter(sink) => Some(sink.sum),
            _ => None,
        });
        let sliver = self.timeline.width() as f64 / 1e9 / 4.0;
        let rates = sums.into_iter().zip(&self.seconds);
        rates
            .map(|(sum, seconds)| (*seconds >= sliver).then(|| sum.unwrap_or(0.0) / seconds))
            .collect()
    }

    fn chart(&self, kind: &str, unit: &str, series: &[Value]) -> Value {
        json!({
            "kind": kind,
            "unit": unit,
            "origin": self.origin,
            "width": self.timeline.width() as f64 / 1e9,
            "times": self.begins,
            "series": series,
        })
    }

    fn throughput(&self, metric: MetricId, what: &str) -> Option<Chart> {
        let rates = self.rates(metric);
        let (low, high) = range(&rates)?;
        let mut series = vec![json!({ "label": format!("{what}/s"), "values": rates })];
        let mut last = None;
        // Virtual users are told once a second, and stay between.
        let vus = self.of(builtin::VUS, |sink| match sink {
            Sink::Gauge(sink) => Some(sink.last),
            _ => None,
        });
        let vus = vus.into_iter().map(|value| {
            last = value.or(last);
            last
        });
        let vus: Vec<Option<f64>> = vus.collect();
        if vus.iter().any(Option::is_some) {
            series.push(json!({ "label": "VUs", "values": vus, "unit": "count", "right": true }));
        }
        Some(Chart {
            key: "throughput",
            title: "Throughput",
            caption: format!("Between {low:.1} and {high:.1} {what} a second."),
            description: self.chart("area", "/s", &series),
        })
    }

    fn percentiles(&self, metric: MetricId, what: &str) -> Option<Chart> {
        let of = |q: f64| {
            self.of(metric, |sink| match sink {
                Sink::Trend(sink) if sink.histogram.count() > 0 => {
                    Some(sink.histogram.quantile(q) * sink.per_base)
                }
                _ => None,
            })
        };
        let all = [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)];
        let p95 = of(0.95);
        let (low, high) = range(&p95)?;
        let series = all.map(|(label, q)| json!({ "label": label, "values": of(q) }));
        let time = |ms: f64| brunt_summary::units::time(ms, None);
        Some(Chart {
            key: "latency",
            title: "Latency",
            caption: format!(
                "Duration of {what}: the 95th percentile is between {} and {}.",
                time(low),
                time(high)
            ),
            description: self.chart("lines", "ms", &series),
        })
    }

    fn heat(&self, metric: MetricId, what: &str) -> Option<Chart> {
        let trends = |sink: &Sink| match sink {
            Sink::Trend(sink) if sink.histogram.positive().next().is_some() => Some(sink.clone()),
            _ => None,
        };
        let slots = self.of(metric, trends);
        let per_base = slots.iter().flatten().next()?.per_base;
        // The finest scale at which the rows are few enough.
        let (mut scale, mut columns, mut low, mut high) = (3, Vec::new(), 0, 0);
        for candidate in (-4..=3).rev() {
            scale = candidate;
            columns = slots
                .iter()
                .map(|slot| {
                    slot.as_ref()
                        .map(|it| it.histogram.downscaled(scale, usize::MAX))
                })
                .collect::<Vec<_>>();
            let indices = || columns.iter().flatten().flat_map(ExpHistogram::positive);
            // A histogram can be coarser than was asked for.
            scale = columns
                .iter()
                .flatten()
                .map(ExpHistogram::scale)
                .min()
                .unwrap_or(scale)
                .min(scale);
            low = indices().map(|it| it.0).min()?;
            high = indices().map(|it| it.0).max()?;
            if high - low < ROWS && columns.iter().flatten().all(|it| it.scale() == scale) {
                break;
            }
        }
        let bound = |index: i32| (f64::from(index) * f64::from(-scale).exp2()).exp2() * per_base;
        let bounds: Vec<f64> = (low..=high + 1).map(bound).collect();
        let counts: Vec<Vec<u64>> = columns
            .iter()
            .map(|column| {
                let mut counts = vec![0; (high - low) as usize + 1];
                for (index, count) in column.iter().flat_map(ExpHistogram::positive) {
                    if let Some(of) = counts.get_mut((index - low) as usize) {
                        *of = count;
                    }
                }
                counts
            })
            .collect();
        Some(Chart {
            key: "heat",
            title: "Latency, all of it",
            caption: format!(
                "How many {what} took how long: the stronger the colour, the more; times are logarithmic."
            ),
            description: json!({
                "kind": "heat",
                "unit": "ms",
                "count": what,
                "origin": self.origin,
                "times": self.begins,
                "width": self.timeline.width() as f64 / 1e9,
                "bounds": bounds,
                "counts": counts,
            }),
        })
    }

    fn failures(&self) -> Option<Chart> {
        let share = |metric: MetricId, of: fn(f64) -> f64| {
            self.of(metric, |sink| match sink {
                Sink::Rate(sink) if sink.total > 0 => {
                    Some(of(sink.passes as f64 / sink.total as f64))
                }
                _ => None,
            })
        };
        let requests = share(builtin::HTTP_REQ_FAILED, |rate| rate);
        let checks = share(builtin::CHECKS, |rate| 1.0 - rate);
        let all = [
            ("failed requests", requests, "--c4"),
            ("failed checks", checks, "--c1"),
        ];
        let known = all
            .into_iter()
            .filter(|(_, values, _)| values.iter().any(Option::is_some));
        let known: Vec<_> = known.collect();
        let highest = known
            .iter()
            .filter_map(|(_, values, _)| range(values))
            .map(|(_, high)| high);
        let highest = highest.reduce(f64::max)?;
        let series: Vec<Value> = known
            .iter()
            .map(|(label, values, colour)| json!({ "label": label, "values": values, "colour": colour }))
            .collect();
        let caption = if highest > 0.0 {
            format!("At worst {:.2} % failed.", highest * 100.0)
        } else {
            "Nothing failed.".to_owned()
        };
        Some(Chart {
            key: "failures",
            title: "Failures",
            caption,
            description: self.chart("area", "percent", &series),
        })
    }

    /// Failed requests a second by what went wrong, the most frequent at the bottom.
    fn errors(&self, requests: &Requests) -> Option<Chart> {
        let errors = requests.errors();
        let most = errors.first()?.what();
        let width = self.timeline.width();
        let rates = |rows: &[usize]| {
            let slots = self.timeline.begins().zip(&self.seconds);
            let rates = slots.map(|(begin, seconds)| {
                let within = |row: &usize| requests.failures().within(*row, begin, width);
                let count: u64 = rows.iter().map(within).sum();
                // Whatever the run took of the slot: that few there were is better told than nothing.
                count as f64 / seconds.max(width as f64 / 4e9)
            });
            rates.collect::<Vec<f64>>()
        };
        let (shown, others) = errors.split_at(errors.len().min(KINDS));
        let mut series: Vec<Value> = shown
            .iter()
            .map(|error| json!({ "label": error.what(), "values": rates(&[error.row]) }))
            .collect();
        if !others.is_empty() {
            let rows: Vec<usize> = others.iter().map(|error| error.row).collect();
            series
                .push(json!({ "label": format!("{} others", rows.len()), "values": rates(&rows) }));
        }
        series.reverse();
        let colours = [
            "--c4", "--c1", "--c6", "--c2", "--c5", "--c7", "--c3", "--faint",
        ];
        for (series, colour) in series.iter_mut().rev().zip(colours) {
            series["colour"] = Value::from(colour);
        }
        Some(Chart {
            key: "errors-time",
            title: "Errors",
            caption: format!("Failed requests a second by what went wrong; most of them: {most}."),
            description: self.chart("bars", "/s", &series),
        })
    }

    fn data(&self) -> Option<Chart> {
        let (received, sent) = (
            self.rates(builtin::DATA_RECEIVED),
            self.rates(builtin::DATA_SENT),
        );
        let (_, high) = range(&received)?;
        if high <= 0.0 {
            return None;
        }
        let series = [
            json!({ "label": "received", "values": received }),
            json!({ "label": "sent", "values": sent }),
        ];
        Some(Chart {
            key: "data",
            title: "Data",
            caption: format!(
                "At most {} received in a second.",
                brunt_summary::units::data(high)
            ),
            description: self.chart("lines", "bytes/s", &series),
        })
    }
}

fn range(values: &[Option<f64>]) -> Option<(f64, f64)> {
    let pairs = values.iter().flatten().map(|value| (*value, *value));
    pairs.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}
