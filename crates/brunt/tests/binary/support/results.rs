//! What a run leaves behind: the exported summary and the JSON lines.

use std::collections::BTreeMap;

use serde_json::Value;

/// The file of `--summary-export`.
pub(crate) struct Summary(pub(crate) Value);

impl Summary {
    pub(crate) fn parse(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap())
    }

    /// One value of a metric, such as `count` or `p(95)`.
    #[track_caller]
    pub(crate) fn value(&self, metric: &str, key: &str) -> f64 {
        let value = self.0["metrics"][metric][key].as_f64();
        value.unwrap_or_else(|| panic!("no {key} of {metric} in {:#}", self.0["metrics"]))
    }

    pub(crate) fn has(&self, metric: &str) -> bool {
        self.0["metrics"].get(metric).is_some()
    }

    /// Names of all metrics, those of parts of a metric left out.
    pub(crate) fn metrics(&self) -> Vec<String> {
        let names = self.0["metrics"].as_object().unwrap().keys();
        names.filter(|name| !name.contains('{')).cloned().collect()
    }
}

/// The lines of `--out json`.
pub(crate) struct Points {
    /// By metric: its declaration (`data`).
    pub(crate) metrics: BTreeMap<String, Value>,
    /// `data` of every point, with the metric's name.
    pub(crate) points: Vec<(String, Value)>,
}

impl Points {
    /// Reads the lines; fails the test where they are not in k6's form or order.
    pub(crate) fn parse(text: &str) -> Self {
        let mut metrics = BTreeMap::new();
        let mut points = Vec::new();
        for line in text.lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
            let metric = value["metric"].as_str().unwrap().to_owned();
            if value["type"] == "Metric" {
                assert_eq!(keys, ["type", "data", "metric"], "{line}");
                let twice = metrics.insert(metric, value["data"].clone());
                assert!(twice.is_none(), "declared twice: {line}");
            } else {
                assert_eq!(value["type"], "Point", "{line}");
                assert_eq!(keys, ["metric", "type", "data"], "{line}");
                assert!(metrics.contains_key(&metric), "not declared before: {line}");
                points.push((metric, value["data"].clone()));
            }
        }
        Self { metrics, points }
    }

    /// `data` of the points of one metric.
    pub(crate) fn of(&self, metric: &str) -> Vec<&Value> {
        let own = self.points.iter().filter(|(name, _)| name == metric);
        own.map(|(_, data)| data).collect()
    }

    /// The values of one metric.
    pub(crate) fn values(&self, metric: &str) -> Vec<f64> {
        self.of(metric)
            .iter()
            .map(|data| data["value"].as_f64().unwrap())
            .collect()
    }

    pub(crate) fn sum(&self, metric: &str) -> f64 {
        self.values(metric).iter().sum()
    }

    /// The different values of one tag of one metric.
    pub(crate) fn tag(&self, metric: &str, tag: &str) -> Vec<String> {
        let points = self.of(metric);
        let mut all: Vec<String> = points
            .iter()
            .map(|data| data["tags"][tag].as_str().unwrap_or("(none)").to_owned())
            .collect();
        all.sort();
        all.dedup();
        all
    }
}

/// The rows of `--out csv`, by column.
pub(crate) struct Rows(pub(crate) Vec<BTreeMap<String, String>>);

impl Rows {
    /// Reads the rows; fails the test where one has not as many cells as the header.
    pub(crate) fn parse(text: &str) -> Self {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().unwrap().clone();
        let rows = reader.records().map(|row| {
            let row = row.unwrap_or_else(|error| panic!("{error}"));
            let cells = header.iter().zip(&row);
            cells
                .map(|(name, cell)| (name.to_owned(), cell.to_owned()))
                .collect()
        });
        Self(rows.collect())
    }

    /// The rows of one metric.
    pub(crate) fn of(&self, metric: &str) -> Vec<&BTreeMap<String, String>> {
        let own = self.0.iter().filter(|row| row["metric_name"] == metric);
        own.collect()
    }

    /// The values of one metric.
    pub(crate) fn values(&self, metric: &str) -> Vec<f64> {
        let cells = self.of(metric).into_iter().map(|row| &row["metric_value"]);
        cells.map(|cell| cell.parse().unwrap()).collect()
    }

    /// The map in a cell such as `extra_tags`.
    pub(crate) fn map(cell: &str) -> BTreeMap<String, String> {
        let pairs = cell.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap());
        pairs
            .map(|(key, value)| (decode(key), decode(value)))
            .collect()
    }
}

/// Percent-decodes.
fn decode(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}
