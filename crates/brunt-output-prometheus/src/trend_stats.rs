//! The statistics of trends that k6 sends as series of their own.

use brunt_metrics::histogram::ExpHistogram;

/// One statistic.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TrendStat {
    Avg,
    Min,
    Med,
    Max,
    Count,
    Sum,
    /// The percentile and its text without the dot: `p(99.9)` is `p999`.
    Percentile(f64, String),
}

impl TrendStat {
    /// Reads `avg`, `p(95)` and so on.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "avg" => Self::Avg,
            "min" => Self::Min,
            "med" => Self::Med,
            "max" => Self::Max,
            "count" => Self::Count,
            "sum" => Self::Sum,
            _ => {
                let digits = text.strip_prefix("p(")?.strip_suffix(')')?.trim();
                if !digits
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b'.')
                {
                    return None;
                }
                let percentile: f64 = digits.parse().ok()?;
                if !(0.0..=100.0).contains(&percentile) {
                    return None;
                }
                Self::Percentile(percentile, digits.replace('.', ""))
            }
        })
    }

    /// What the series' name ends in, after an underscore.
    pub(crate) fn suffix(&self) -> String {
        match self {
            Self::Avg => "avg".to_owned(),
            Self::Min => "min".to_owned(),
            Self::Med => "med".to_owned(),
            Self::Max => "max".to_owned(),
            Self::Count => "count".to_owned(),
            Self::Sum => "sum".to_owned(),
            Self::Percentile(_, digits) => format!("p{digits}"),
        }
    }

    /// As the user writes it.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Percentile(percentile, _) => format!("p({percentile})"),
            other => other.suffix(),
        }
    }

    /// Its value in the histogram's unit, which is seconds for time. k6 divides `count` by 1000 with
    /// the times; its documentation promises the count.
    pub(crate) fn of(&self, histogram: &ExpHistogram) -> f64 {
        match self {
            Self::Avg => histogram.sum() / histogram.count().max(1) as f64,
            Self::Min => histogram.min().unwrap_or(0.0),
            Self::Med => histogram.quantile(0.5),
            Self::Max => histogram.max().unwrap_or(0.0),
            Self::Count => histogram.count() as f64,
            Self::Sum => histogram.sum(),
            Self::Percentile(percentile, _) => histogram.quantile(percentile / 100.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_named_as_k6_names_them() {
        let table = [
            ("avg", "avg"),
            ("p(99)", "p99"),
            ("p(99.9)", "p999"),
            ("p(0)", "p0"),
        ];
        for (text, suffix) in table {
            assert_eq!(TrendStat::parse(text).unwrap().suffix(), suffix);
        }
        for wrong in [
            "", "mean", "p()", "p(101)", "p(-1)", "p(1e1)", "p(NaN)", "p(1.2.3)", "p95",
        ] {
            assert_eq!(TrendStat::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_count_is_a_count() {
        let mut histogram = ExpHistogram::for_series();
        for value in [0.1, 0.2, 0.6] {
            histogram.record(value);
        }
        let stat = |text: &str| TrendStat::parse(text).unwrap().of(&histogram);
        assert_eq!(stat("count"), 3.0);
        assert_eq!((stat("min"), stat("max")), (0.1, 0.6));
        assert!((stat("avg") - 0.3).abs() < 1e-12);
        // 160 buckets over a factor of six are two percent wide.
        assert!((stat("med") - 0.2).abs() < 0.2 * 0.02);
    }
}
