//! The outputs of k6 that brunt does not have, so that naming one gives an answer and not just
//! "unknown".

/// The name, and what to do instead.
const FOREIGN: &[(&str, &str)] = &[
    (
        "cloud",
        "k6's cloud service; use mimir to keep the results in a Grafana stack of your own",
    ),
    (
        "influxdb",
        "InfluxDB 1; write to mimir or prometheus, or to a file with json",
    ),
    (
        "kafka",
        "an extension of k6; write json to a pipe or a file and forward that",
    ),
    (
        "statsd",
        "an extension of k6; write to mimir, prometheus or otlp instead",
    ),
    (
        "datadog",
        "an extension of k6; write to mimir, prometheus or otlp instead",
    ),
    ("csv", "CSV files, not in this version; use json"),
    (
        "web-dashboard",
        "k6's own dashboard; use mimir with the Grafana dashboards",
    ),
];

/// The sentence about an output that only k6 has.
pub(super) fn explain(name: &str) -> Option<String> {
    let (_, what) = FOREIGN.iter().find(|(foreign, _)| *foreign == name)?;
    Some(format!("brunt has no output of this name ({what})"))
}
