//! How much worse a run may be: the argument of `--max-regression`.

use std::str::FromStr;

use crate::comparison::stats;

/// A bound on how much worse a metric may get.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// The metric or sub-metric; `None` for each of which it is known what is worse.
    pub metric: Option<String>,
    /// The statistic as rows name it; `None` for all.
    pub stat: Option<String>,
    /// A change for the worse beyond it is too much: as a share, 0.05 for 5 %; of a rate in percentage points.
    pub most: f64,
}

/// A text that is no limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is no limit: write how much worse is too much, as 5%, for one metric as 'http_req_duration: 5%', and for one of its statistics as 'http_req_duration: p(95): 5%'"
)]
pub struct LimitError(String);

impl FromStr for Limit {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let wrong = || LimitError(text.to_owned());
        // Tags of a sub-metric have colons, too.
        let (of, most) = match text.rsplit_once(':') {
            Some((of, most)) => (Some(of.trim()), most),
            None => (None, text),
        };
        let most = most.trim().strip_suffix('%').ok_or_else(wrong)?;
        let most: f64 = most.trim().parse().map_err(|_| wrong())?;
        if !(0.0..=1e6).contains(&most) {
            return Err(wrong());
        }
        let (metric, stat) = match of {
            None => (None, None),
            Some(of) => match of.rsplit_once(':') {
                Some((metric, stat)) if is_stat(stat.trim()) => {
                    (Some(metric.trim()), Some(stat.trim().to_owned()))
                }
                _ => (Some(of), None),
            },
        };
        if metric == Some("") {
            return Err(wrong());
        }
        Ok(Self {
            metric: metric.map(str::to_owned),
            stat,
            most: most / 100.0,
        })
    }
}

fn is_stat(text: &str) -> bool {
    stats().any(|it| it == text)
}

impl Limit {
    /// Whether it is about this row.
    pub(crate) fn is_about(&self, metric: &str, stat: &str) -> bool {
        self.metric.as_ref().is_none_or(|it| it == metric)
            && self.stat.as_ref().is_none_or(|it| it == stat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(metric: Option<&str>, stat: Option<&str>, most: f64) -> Limit {
        Limit {
            metric: metric.map(str::to_owned),
            stat: stat.map(str::to_owned),
            most,
        }
    }

    #[test]
    fn a_limit_is_for_all_for_a_metric_or_for_one_of_its_statistics() {
        for (text, expected) in [
            ("5%", limit(None, None, 0.05)),
            ("0 %", limit(None, None, 0.0)),
            ("checks:10%", limit(Some("checks"), None, 0.1)),
            (
                "http_req_duration: p(99.9): 50 %",
                limit(Some("http_req_duration"), Some("p(99.9)"), 0.5),
            ),
            (
                "http_req_duration{name:http://a/b}: med: 5%",
                limit(
                    Some("http_req_duration{name:http://a/b}"),
                    Some("med"),
                    0.05,
                ),
            ),
            (
                "http_reqs{name:x}: 5%",
                limit(Some("http_reqs{name:x}"), None, 0.05),
            ),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for text in ["", "5", "%", ": 5%", "-5%", "NaN%", "checks: much", "inf%"] {
            assert!(text.parse::<Limit>().is_err(), "{text}");
        }
    }
}
