//! The values of a metric by name, as `handleSummary` and the export show them.

use std::time::Duration;

use brunt_aggregate::{Totals, TrendTotals, Values};

use crate::options::TrendStat;

/// Names and values in k6's order: counters have `count` and `rate` (per second, absent when the
/// scenarios never ran), gauges `value`, `min` and `max`, rates `rate`, `passes` and `fails`,
/// trends the chosen statistics. All of them are finite.
pub(crate) fn of<'a>(
    totals: &Totals,
    duration: Duration,
    stats: &'a [TrendStat],
) -> Vec<(&'a str, f64)> {
    let mut values = match &totals.values {
        Values::Counter { count } => {
            let mut values = vec![("count", *count)];
            values.extend(per_second(*count, duration).map(|rate| ("rate", rate)));
            values
        }
        Values::Gauge { value, min, max } => vec![("value", *value), ("min", *min), ("max", *max)],
        Values::Rate { passes, fails } => vec![
            ("rate", share(*passes, *fails)),
            ("passes", *passes as f64),
            ("fails", *fails as f64),
        ],
        Values::Trend(trend) => stats
            .iter()
            .map(|stat| (stat.as_str(), statistic(trend, stat)))
            .collect(),
    };
    for (_, value) in &mut values {
        *value = finite(*value);
    }
    values
}

/// A statistic of a trend, in the samples' unit.
pub(crate) fn statistic(trend: &TrendTotals, stat: &TrendStat) -> f64 {
    finite(match stat {
        TrendStat::Avg => trend.avg(),
        TrendStat::Min => trend.min(),
        TrendStat::Med => trend.percentile(50.0),
        TrendStat::Max => trend.max(),
        TrendStat::Count => trend.count() as f64,
        TrendStat::Percentile { p, .. } => trend.percentile(*p),
    })
}

/// A sum by the second; `None` when no time passed.
pub(crate) fn per_second(count: f64, duration: Duration) -> Option<f64> {
    let seconds = duration.as_secs_f64();
    (seconds > 0.0).then(|| finite(count / seconds))
}

/// The share of passes; 0 when there was nothing.
pub(crate) fn share(passes: u64, fails: u64) -> f64 {
    if passes == 0 {
        return 0.0;
    }
    passes as f64 / (passes as f64 + fails as f64)
}

/// Values of metrics that never had a sample may stand at an infinity; nobody wants to read that.
pub(crate) fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::options::SummaryOptions;

    #[test]
    fn each_kind_has_its_values() {
        let stats: Vec<TrendStat> = ["min", "p(99.9)", "count", "med"]
            .map(|text| text.parse().expect("known"))
            .into();
        let report = fixture::report(vec![]);
        let of = |totals: &Totals| of(totals, report.duration, &stats);
        assert_eq!(
            of(&fixture::counter("c", 8.0)),
            [("count", 8.0), ("rate", 4.0)]
        );
        assert_eq!(
            of(&fixture::gauge("g", 33.0, 30.0, 34.0)),
            [("value", 33.0), ("min", 30.0), ("max", 34.0)]
        );
        assert_eq!(
            of(&fixture::rate("r", 9, 3)),
            [("rate", 0.75), ("passes", 9.0), ("fails", 3.0)]
        );
        assert_eq!(of(&fixture::rate("r", 0, 0))[0], ("rate", 0.0));
        assert_eq!(
            of(&fixture::trend("t", &[0.0, 10.0, 20.0, 30.0])),
            [
                ("min", 0.0),
                ("p(99.9)", 29.970_000_000_000_002),
                ("count", 4.0),
                ("med", 15.0)
            ]
        );
    }

    #[test]
    fn without_time_or_samples_nothing_is_infinite() {
        let stats = SummaryOptions::default().trend_stats;
        assert_eq!(
            of(&fixture::counter("c", 8.0), Duration::ZERO, &stats),
            [("count", 8.0)]
        );
        let empty = fixture::gauge("g", 0.0, f64::INFINITY, f64::NEG_INFINITY);
        assert!(
            of(&empty, Duration::ZERO, &stats)
                .iter()
                .all(|(_, value)| *value == 0.0)
        );
    }
}
