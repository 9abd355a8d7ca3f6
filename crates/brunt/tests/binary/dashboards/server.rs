//! Prometheus as Grafana asks it: variables and intervals put in, at a time.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use brunt_grafana::{Variable, VariableKind, interpolate};
use brunt_testkit::client;
use brunt_testkit::process::Prometheus;
use serde_json::Value;

/// Labels and value of a series; of a histogram its count.
pub(super) type Row = (BTreeMap<String, String>, f64);

/// What readers have chosen: everything, of the run `data`.
const CHOSEN: [(&str, &str); 19] = [
    ("prefix", "k6_"),
    ("testid", "data"),
    ("scenario", ".*"),
    ("name", ".*"),
    ("method", ".*"),
    ("status", ".*"),
    ("quantile", "0.95"),
    ("script", ".+"),
    ("runs", "30"),
    ("metric", "http_req_duration"),
    ("a", "data"),
    ("b", "data"),
    ("shift", "1ms"),
    ("namespace", "shop"),
    ("workload", ".+"),
    ("pod", ".+"),
    ("generator", "load-.*"),
    ("generator_filter", ".+"),
    ("stat", "p95"),
];

/// The query with Grafana's variables put in.
pub(super) fn expand(query: &str, window: &str, native: &str) -> String {
    expand_with(query, window, &[("native", native)])
}

/// The same with other choices.
pub(super) fn expand_with<'v>(
    query: &str,
    window: &'v str,
    chosen: &[(&'v str, &'v str)],
) -> String {
    let value = |name: &str| match name {
        "__rate_interval" | "__range" | "__interval" => Some(window),
        _ => {
            let mut all = chosen.iter().chain(&CHOSEN);
            all.find(|it| it.0 == name).map(|it| it.1)
        }
    };
    interpolate(query, value).unwrap_or_else(|name| panic!("${name} in {query}"))
}

/// Labels of a series, and its samples: time and value.
pub(super) type Samples = (BTreeMap<String, String>, Vec<(f64, f64)>);

/// A Prometheus that has a run's data.
pub(super) struct Server<'a> {
    process: &'a Prometheus,
    /// When the run was under way, at a regular sample.
    pub(super) middle: f64,
    /// The last sample before the markers that end the series.
    pub(super) last: f64,
    /// After the end.
    pub(super) end: f64,
}

impl<'a> Server<'a> {
    /// Looks at the run of this name, which has a scenario `browse`.
    pub(super) fn new(process: &'a Prometheus, testid: &str) -> Self {
        let mut this = Self {
            process,
            middle: 0.0,
            last: 0.0,
            end: 0.0,
        };
        this.end = this.now() + 0.001;
        let series = format!("k6_http_reqs_total{{testid=\"{testid}\",scenario=\"browse\"}}");
        let series = this.samples(&series, "2m", this.end);
        let (_, samples) = &series[0];
        let times: Vec<f64> = samples.iter().map(|it| it.0).collect();
        assert!(times.len() >= 6, "too few snapshots: {times:?}");
        this.middle = times[4];
        this.last = *times.last().unwrap();
        this
    }

    /// One that is only asked how things are now.
    pub(super) fn now_only(process: &'a Prometheus) -> Self {
        let mut this = Self {
            process,
            middle: 0.0,
            last: 0.0,
            end: 0.0,
        };
        this.end = this.now();
        this
    }

    fn now(&self) -> f64 {
        self.process.query("time()").unwrap()[0].value
    }

    fn call(&self, query: &str, time: f64) -> Value {
        let mut path = format!("/api/v1/query?time={time:.3}&query=");
        for byte in query.bytes() {
            let _ = write!(path, "%{byte:02X}");
        }
        let response = client::get(self.process.address(), &path).unwrap();
        assert_eq!(response.status, 200, "{query}\n{}", response.text());
        let mut answer: Value = serde_json::from_slice(&response.body).unwrap();
        answer["data"]["result"].take()
    }

    /// The value of each series at a time.
    pub(super) fn query(&self, query: &str, time: f64) -> Vec<Row> {
        let answer = self.call(query, time);
        let rows = answer.as_array().unwrap().iter().map(|row| {
            let value = if row.get("value").is_some() {
                &row["value"][1]
            } else {
                &row["histogram"][1]["count"]
            };
            (
                labels(&row["metric"]),
                value.as_str().unwrap().parse().unwrap(),
            )
        });
        rows.collect()
    }

    /// The samples of each series within a time before another one.
    pub(super) fn samples(&self, selector: &str, window: &str, time: f64) -> Vec<Samples> {
        let answer = self.call(&format!("{selector}[{window}]"), time);
        let series = answer.as_array().unwrap().iter().map(|row| {
            let samples = row["values"].as_array().into_iter().flatten();
            let sample = |it: &Value| {
                (
                    it[0].as_f64().unwrap(),
                    it[1].as_str().unwrap().parse().unwrap(),
                )
            };
            (labels(&row["metric"]), samples.map(sample).collect())
        });
        series.collect()
    }

    /// The series that a variable's query selects have to be a selector.
    pub(super) fn understands_variable(&self, variable: &Variable) {
        if let VariableKind::Query { query, .. } = &variable.kind {
            let inside = query
                .strip_prefix("label_values(")
                .unwrap()
                .strip_suffix(')')
                .unwrap();
            let (selector, label) = inside.rsplit_once(", ").unwrap();
            assert!(
                label.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'),
                "{query}"
            );
            self.query(&expand(selector, "1m", "1"), self.last);
        }
    }
}

fn labels(metric: &Value) -> BTreeMap<String, String> {
    let pairs = metric.as_object().unwrap().iter();
    pairs
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect()
}
