//! The file of `--summary-export`, read back as a program of a user's pipeline would read it.
//!
//! The file does not name the kinds of metrics; the fields that a kind has tell them apart.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A metric of the run, or a part of one (`http_req_duration{name:order}`).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Metric {
    /// The name, without the tags of a part.
    pub(crate) name: String,
    /// The tags of a part.
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) values: Values,
}

impl Metric {
    /// The name as the summary shows it.
    pub(crate) fn full_name(&self) -> String {
        if self.tags.is_empty() {
            return self.name.clone();
        }
        let tags: Vec<String> = self
            .tags
            .iter()
            .map(|(key, value)| format!("{key}:{value}"))
            .collect();
        format!("{}{{{}}}", self.name, tags.join(","))
    }
}

/// What the summary says of a metric; times in milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Values {
    Counter { count: f64 },
    Gauge { value: f64 },
    Rate { passes: f64, fails: f64 },
    Trend(Trend),
}

/// Statistics of a trend, in the unit of its samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Trend {
    pub(crate) count: f64,
    pub(crate) avg: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) p95: f64,
}

/// Reads the file's text; metrics in the order of their names.
pub(crate) fn read(text: &str) -> Result<Vec<Metric>, String> {
    let file: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let metrics = file["metrics"].as_object().ok_or("it has no metrics")?;
    let mut read = Vec::new();
    for (full_name, fields) in metrics {
        let fields = fields
            .as_object()
            .ok_or_else(|| format!("{full_name} is no object"))?;
        let values = values(fields).ok_or_else(|| format!("{full_name} has unknown fields"))?;
        let (name, tags) = split(full_name);
        read.push(Metric { name, tags, values });
    }
    read.sort_by_key(Metric::full_name);
    Ok(read)
}

fn values(fields: &Map<String, Value>) -> Option<Values> {
    let number = |name: &str| fields.get(name).and_then(Value::as_f64);
    if let (Some(passes), Some(fails)) = (number("passes"), number("fails")) {
        return Some(Values::Rate { passes, fails });
    }
    if let (Some(avg), Some(p95)) = (number("avg"), number("p(95)")) {
        return Some(Values::Trend(Trend {
            count: number("count")?,
            avg,
            min: number("min")?,
            max: number("max")?,
            p95,
        }));
    }
    if let Some(value) = number("value") {
        return Some(Values::Gauge { value });
    }
    number("count").map(|count| Values::Counter { count })
}

/// `NAME{KEY:VALUE,…}` in its parts.
fn split(full_name: &str) -> (String, BTreeMap<String, String>) {
    let Some((name, rest)) = full_name.split_once('{') else {
        return (full_name.to_owned(), BTreeMap::new());
    };
    let unquoted = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
    let tags = rest
        .trim_end_matches('}')
        .split(',')
        .filter_map(|tag| tag.split_once(':'))
        .map(|(key, value)| (unquoted(key), unquoted(value)))
        .collect();
    (name.to_owned(), tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart_and_parts_have_their_tags() {
        let text = r#"{"metrics": {
            "vus": {"value": 3, "min": 1, "max": 4},
            "checks": {"value": 0.5, "passes": 2, "fails": 2},
            "reqs": {"count": 8, "rate": 4, "thresholds": {"count>1": false}},
            "wait{name:a b, 'group':\"::g\"}": {"avg": 2, "min": 1, "med": 2, "max": 3, "p(90)": 3, "p(95)": 3, "count": 9}
        }}"#;
        let metrics = read(text).unwrap();
        let trend = Trend {
            count: 9.0,
            avg: 2.0,
            min: 1.0,
            max: 3.0,
            p95: 3.0,
        };
        let expected = [
            (
                "checks",
                Values::Rate {
                    passes: 2.0,
                    fails: 2.0,
                },
            ),
            ("reqs", Values::Counter { count: 8.0 }),
            ("vus", Values::Gauge { value: 3.0 }),
            ("wait", Values::Trend(trend)),
        ];
        assert_eq!(metrics.len(), expected.len());
        for (metric, (name, values)) in metrics.iter().zip(expected) {
            assert_eq!((metric.name.as_str(), &metric.values), (name, &values));
        }
        assert_eq!(metrics[3].full_name(), "wait{group:::g,name:a b}");
        assert!(metrics[..3].iter().all(|metric| metric.tags.is_empty()));
    }

    #[test]
    fn what_is_no_summary_is_refused() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"metrics": {"a": 1}}"#,
            r#"{"metrics": {"a": {}}}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
