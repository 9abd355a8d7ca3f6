//! What the user may choose about the summary: statistics, unit, colour and extent.

use std::fmt;
use std::str::FromStr;

/// How the summary is to look.
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryOptions {
    /// The statistics of trends, in the order of their columns (`summaryTrendStats`).
    pub trend_stats: Vec<TrendStat>,
    /// The unit of times (`summaryTimeUnit`); without one every value gets the unit it reads best in.
    pub time_unit: Option<TimeUnit>,
    /// Whether marks, values and titles are coloured, for a terminal.
    pub colour: bool,
    /// How much is shown.
    pub mode: Mode,
}

/// How much the summary shows (`--summary-mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Thresholds and totals, without the phases of HTTP requests.
    #[default]
    Compact,
    /// The phases of HTTP requests too, and blocks for each group and scenario.
    Full,
}

/// A statistic of a trend.
#[derive(Debug, Clone, PartialEq)]
pub enum TrendStat {
    /// The mean.
    Avg,
    /// The smallest value.
    Min,
    /// The median.
    Med,
    /// The largest value.
    Max,
    /// How many values there were.
    Count,
    /// A percentile.
    Percentile {
        /// As the user wrote it, such as `p(99.9)`: the key in JSON and the column's title.
        text: String,
        /// Between 0 and 100.
        p: f64,
    },
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    /// `s`.
    Seconds,
    /// `ms`.
    Millis,
    /// `us`.
    Micros,
}

/// Why a choice was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// No such statistic.
    #[error(
        "summaryTrendStats: '{0}' is no statistic of a trend; use avg, min, med, max, count or p(N) with N from 0 to 100"
    )]
    TrendStat(String),
    /// No such unit.
    #[error("summaryTimeUnit: '{0}' is no unit; use s, ms or us")]
    TimeUnit(String),
    /// No such mode.
    #[error("summary-mode: '{0}' is no mode; use compact or full")]
    Mode(String),
}

impl Default for SummaryOptions {
    /// k6's: `avg,min,med,max,p(90),p(95)`, units that fit, compact, without colour.
    fn default() -> Self {
        let percentile = |text: &str, p| TrendStat::Percentile {
            text: text.to_owned(),
            p,
        };
        Self {
            trend_stats: vec![
                TrendStat::Avg,
                TrendStat::Min,
                TrendStat::Med,
                TrendStat::Max,
                percentile("p(90)", 90.0),
                percentile("p(95)", 95.0),
            ],
            time_unit: None,
            colour: false,
            mode: Mode::Compact,
        }
    }
}

impl TrendStat {
    /// The key in JSON and the title of the column.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Med => "med",
            Self::Max => "max",
            Self::Count => "count",
            Self::Percentile { text, .. } => text,
        }
    }
}

impl fmt::Display for TrendStat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TrendStat {
    type Err = OptionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let stat = match text {
            "avg" => Self::Avg,
            "min" => Self::Min,
            "med" => Self::Med,
            "max" => Self::Max,
            "count" => Self::Count,
            _ => {
                let inner = text
                    .strip_prefix("p(")
                    .and_then(|rest| rest.strip_suffix(')'));
                let p = inner
                    .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
                    .and_then(|digits| digits.parse::<f64>().ok())
                    .filter(|p| (0.0..=100.0).contains(p));
                let p = p.ok_or_else(|| OptionError::TrendStat(text.to_owned()))?;
                Self::Percentile {
                    text: text.to_owned(),
                    p,
                }
            }
        };
        Ok(stat)
    }
}

impl TimeUnit {
    /// The name in options: `s`, `ms` or `us`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Millis => "ms",
            Self::Micros => "us",
        }
    }

    /// What follows a number.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Micros => "µs",
            other => other.as_str(),
        }
    }

    /// How many of it are in a millisecond.
    pub(crate) fn per_milli(self) -> f64 {
        match self {
            Self::Seconds => 0.001,
            Self::Millis => 1.0,
            Self::Micros => 1000.0,
        }
    }
}

impl FromStr for TimeUnit {
    type Err = OptionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "s" => Ok(Self::Seconds),
            "ms" => Ok(Self::Millis),
            "us" => Ok(Self::Micros),
            _ => Err(OptionError::TimeUnit(text.to_owned())),
        }
    }
}

impl FromStr for Mode {
    type Err = OptionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "compact" => Ok(Self::Compact),
            "full" => Ok(Self::Full),
            _ => Err(OptionError::Mode(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_read_back_as_they_were_written() {
        for text in [
            "avg", "min", "med", "max", "count", "p(0)", "p(90)", "p(99.99)", "p(100)",
        ] {
            let stat: TrendStat = text.parse().expect(text);
            assert_eq!(stat.to_string(), text);
        }
        let default: Vec<_> = SummaryOptions::default().trend_stats;
        let parsed: Vec<TrendStat> = ["avg", "min", "med", "max", "p(90)", "p(95)"]
            .iter()
            .map(|text| text.parse().expect("a statistic"))
            .collect();
        assert_eq!(default, parsed);
    }

    #[test]
    fn anything_else_is_named_in_the_error() {
        for text in [
            "", "mean", "p90", "p()", "p(101)", "p(-1)", "p(nan)", "p(1e1)", "p(90", "AVG",
        ] {
            let error = text.parse::<TrendStat>().expect_err(text);
            assert!(error.to_string().contains(&format!("'{text}'")), "{error}");
        }
        assert_eq!("us".parse(), Ok(TimeUnit::Micros));
        assert!("µs".parse::<TimeUnit>().is_err());
        assert_eq!("full".parse(), Ok(Mode::Full));
        assert!("disabled".parse::<Mode>().is_err());
    }
}
