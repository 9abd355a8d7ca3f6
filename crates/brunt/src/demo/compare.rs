//! Asks the receiver for everything that the summary says, and judges whether both agree.
//!
//! Counts, sums and extremes have to be equal (but for the rounding of additions in another order).
//! A percentile cannot be: the receiver has histograms. It is asked for the percentile one rank
//! below and one above as well, because summary and `PromQL` interpolate differently between two
//! samples; the summary's has to lie between them, give or take the width of a bucket.

use brunt_testkit::client::{ClientError, QueryResult};

use crate::demo::receiver::Receiver;
use crate::demo::summary::{Metric, Trend, Values};

/// Relative error of a sum of many numbers in another order.
const ROUNDING: f64 = 1e-9;
/// Buckets of a native histogram at most; more are merged in pairs.
const MOST_BUCKETS: f64 = 160.0;
/// The finest schema of native histograms: base `2^(2^-8)`.
const FINEST_SCHEMA: i32 = 8;
const COARSEST_SCHEMA: i32 = -4;
/// What a trend that holds zeros may have as its smallest other value: a nanosecond, in ms.
const SMALLEST: f64 = 1e-6;
/// The summary's own error at a percentile of more than 10 000 values.
const SUMMARY_ERROR: f64 = 0.001;

/// A value, from both sides.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// The metric's full name.
    pub(crate) metric: String,
    /// Which value: `count`, `p(95)` …
    pub(crate) stat: &'static str,
    pub(crate) unit: Unit,
    pub(crate) summary: f64,
    /// `None` where the receiver has none.
    pub(crate) receiver: Option<f64>,
    /// What the receiver's may be, both included.
    pub(crate) allowed: (f64, f64),
    /// Whether the value is one of a histogram, which is never exact.
    pub(crate) estimated: bool,
}

impl Row {
    /// Whether both agree.
    pub(crate) fn same(&self) -> bool {
        self.receiver
            .is_some_and(|value| (self.allowed.0..=self.allowed.1).contains(&value))
    }
}

/// What values are shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    None,
    Milliseconds,
}

/// Asks for all metrics. Parts by tags that series do not carry are left out.
pub(crate) fn all(metrics: &[Metric], receiver: &Receiver) -> Result<Vec<Row>, ClientError> {
    let ask = |expression: &str| receiver.query(expression);
    let mut rows = Vec::new();
    for metric in metrics {
        let hidden = ["url", "vu", "iter"];
        if !metric.tags.keys().any(|key| hidden.contains(&key.as_str())) {
            one(metric, &ask, &mut rows)?;
        }
    }
    Ok(rows)
}

type Ask<'a> = &'a dyn Fn(&str) -> Result<Vec<QueryResult>, ClientError>;

fn one(metric: &Metric, ask: Ask<'_>, rows: &mut Vec<Row>) -> Result<(), ClientError> {
    let mut exact = |stat, unit, summary: f64, receiver: Option<f64>| {
        rows.push(Row {
            metric: metric.full_name(),
            stat,
            unit,
            summary,
            // What never happened has no series.
            receiver: receiver.or((summary == 0.0).then_some(0.0)),
            allowed: around(summary, ROUNDING),
            estimated: false,
        });
    };
    let series = |suffix: &str| selector(metric, suffix);
    match &metric.values {
        Values::Counter { count } => {
            let got = single(ask, &format!("sum({})", series("_total")))?;
            exact("count", Unit::None, *count, got);
        }
        Values::Rate { passes, fails } => {
            for (stat, suffix, summary) in [
                ("passes", "_passes_total", *passes),
                ("fails", "_fails_total", *fails),
            ] {
                let got = single(ask, &format!("sum({})", series(suffix)))?;
                exact(stat, Unit::None, summary, got);
            }
        }
        Values::Gauge { value } => {
            // Each series has its own last value; the summary has the newest of all.
            let values = ask(&series(""))?;
            let got = values.iter().find(|it| {
                around(*value, ROUNDING).0 <= it.value && it.value <= around(*value, ROUNDING).1
            });
            let got = got.or(values.first()).map(|it| it.value);
            exact("value", Unit::None, *value, got);
        }
        Values::Trend(trend) => {
            let Some((histogram, unit, scale)) = histogram(metric, ask)? else {
                exact("count", Unit::None, trend.count, None);
                return Ok(());
            };
            let scaled = |value: Option<f64>| value.map(|value| value * scale);
            let count = single(ask, &format!("sum(histogram_count({histogram}))"))?;
            let sum = scaled(single(ask, &format!("sum(histogram_sum({histogram}))"))?);
            let min = scaled(single(ask, &format!("min({})", series("_min")))?);
            let max = scaled(single(ask, &format!("max({})", series("_max")))?);
            let avg = sum
                .zip(count)
                .filter(|(_, count)| *count > 0.0)
                .map(|(sum, count)| sum / count);
            exact("count", Unit::None, trend.count, count);
            exact("avg", unit, trend.avg, avg);
            exact("min", unit, trend.min, min);
            exact("max", unit, trend.max, max);
            if trend.count > 0.0 {
                let percentile = |q: f64| {
                    let expression = format!("histogram_quantile({q}, sum({histogram}))");
                    single(ask, &expression).map(scaled)
                };
                let rank = 1.0 / trend.count;
                let below = percentile((0.95 - rank).max(0.0))?;
                let above = percentile((0.95 + rank).min(1.0))?;
                rows.push(Row {
                    metric: metric.full_name(),
                    stat: "p(95)",
                    unit,
                    summary: trend.p95,
                    receiver: percentile(0.95)?,
                    allowed: allowed(trend, below, above),
                    estimated: true,
                });
            }
        }
    }
    Ok(())
}

/// The range of a receiver's percentile: everything, if the summary's lies between those of the
/// neighbouring ranks; nothing beyond a bucket of it otherwise.
fn allowed(trend: &Trend, below: Option<f64>, above: Option<f64>) -> (f64, f64) {
    let error = bucket_error(trend) + SUMMARY_ERROR;
    let own = around(trend.p95, error);
    let (Some(below), Some(above)) = (below, above) else {
        return own;
    };
    let fits = around(below, error).0 <= trend.p95 && trend.p95 <= around(above, error).1;
    if fits {
        (own.0.min(below), own.1.max(above))
    } else {
        own
    }
}

/// How wide a bucket can be, relative to its values, in a histogram that holds all of the trend's.
pub(crate) fn bucket_error(trend: &Trend) -> f64 {
    let low = if trend.min > 0.0 { trend.min } else { SMALLEST };
    let octaves = (trend.max.max(low) / low).log2();
    // The finest schema at which the octaves fit, the first and the last bucket in part.
    let schema = (COARSEST_SCHEMA..=FINEST_SCHEMA)
        .rev()
        .find(|schema| octaves * 2_f64.powi(*schema) + 2.0 <= MOST_BUCKETS)
        .unwrap_or(COARSEST_SCHEMA);
    2_f64.powf(2_f64.powi(-schema)) - 1.0
}

fn around(value: f64, error: f64) -> (f64, f64) {
    let margin = value.abs() * error + f64::EPSILON;
    (value - margin, value + margin)
}

/// The histogram's series, its unit, and what makes its values the summary's. The unit is part of
/// the name, and a script's own metric may or may not have one.
fn histogram(metric: &Metric, ask: Ask<'_>) -> Result<Option<(String, Unit, f64)>, ClientError> {
    for (suffix, unit, scale) in [
        ("_seconds", Unit::Milliseconds, 1000.0),
        ("_bytes", Unit::None, 1.0),
        ("", Unit::None, 1.0),
    ] {
        let series = selector(metric, suffix);
        if !ask(&format!("histogram_count({series})"))?.is_empty() {
            return Ok(Some((series, unit, scale)));
        }
    }
    Ok(None)
}

fn selector(metric: &Metric, suffix: &str) -> String {
    let labels: Vec<String> = metric
        .tags
        .iter()
        .map(|(key, value)| {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"");
            format!("{key}=\"{value}\"")
        })
        .collect();
    format!("k6_{}{suffix}{{{}}}", metric.name, labels.join(","))
}

fn single(ask: Ask<'_>, expression: &str) -> Result<Option<f64>, ClientError> {
    Ok(ask(expression)?.first().map(|result| result.value))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Rows for one metric from a receiver that knows these expressions.
    fn rows(metric: &Metric, known: &[(&str, f64)]) -> Vec<Row> {
        let ask = |expression: &str| {
            let found = known.iter().find(|(text, _)| expression.starts_with(text));
            Ok(found
                .map(|(_, value)| QueryResult {
                    labels: BTreeMap::new(),
                    time: 0.0,
                    value: *value,
                })
                .into_iter()
                .collect())
        };
        let mut rows = Vec::new();
        one(metric, &ask, &mut rows).unwrap();
        rows
    }

    fn metric(name: &str, values: Values) -> Metric {
        Metric {
            name: name.to_owned(),
            tags: BTreeMap::from([("name".to_owned(), "a\"b".to_owned())]),
            values,
        }
    }

    #[test]
    fn a_counter_has_to_be_equal() {
        let counter = metric("n", Values::Counter { count: 5.0 });
        let query = r#"sum(k6_n_total{name="a\"b"})"#;
        for (got, same) in [(5.0, true), (5.0 + 1e-12, true), (4.0, false), (6.0, false)] {
            assert_eq!(rows(&counter, &[(query, got)])[0].same(), same, "{got}");
        }
        assert!(!rows(&counter, &[])[0].same());
        let none = metric("n", Values::Counter { count: 0.0 });
        assert!(rows(&none, &[])[0].same());
    }

    #[test]
    fn a_lost_pass_is_seen() {
        let rate = metric(
            "r",
            Values::Rate {
                passes: 3.0,
                fails: 1.0,
            },
        );
        let same = |passes| {
            let known = [("sum(k6_r_passes", passes), ("sum(k6_r_fails", 1.0)];
            rows(&rate, &known).iter().all(Row::same)
        };
        assert!(same(3.0) && !same(2.0));
    }

    #[test]
    fn a_percentile_may_differ_by_a_bucket_and_no_more() {
        let trend = Trend {
            count: 1e6,
            avg: 10.0,
            min: 9.0,
            max: 11.0,
            p95: 10.9,
        };
        let trend = metric("t", Values::Trend(trend));
        let same = |p95: f64| {
            let known = [
                ("histogram_count(k6_t_seconds", 1.0),
                ("sum(histogram_count(k6_t_seconds", 1e6),
                ("sum(histogram_sum(k6_t_seconds", 1e4),
                ("min(k6_t_min", 0.009),
                ("max(k6_t_max", 0.011),
                ("histogram_quantile(0.9", p95 / 1000.0),
            ];
            let rows = rows(&trend, &known);
            assert_eq!(rows.len(), 5);
            assert!(rows[..4].iter().all(Row::same), "{rows:?}");
            rows[4].same()
        };
        assert!(same(10.9) && same(10.92) && same(10.88));
        assert!(!same(10.7) && !same(11.1));
    }

    #[test]
    fn buckets_are_wider_where_values_spread_more() {
        let error = |min, max| {
            bucket_error(&Trend {
                count: 1.0,
                avg: 1.0,
                min,
                max,
                p95: 1.0,
            })
        };
        // 158 of 160 buckets can be full: 2^8 to the octave within 0.6 octaves.
        assert!((error(1.0, 1.5) - 0.002_711).abs() < 1e-6);
        // Ten octaves leave 15 to each: schema 3.
        assert!((error(1.0, 1024.0) - 0.090_508).abs() < 1e-6);
        assert!(error(0.0, 1.0) > error(0.5, 1.0));
    }
}
