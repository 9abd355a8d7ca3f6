//! Where the time of a request goes, and which requests are slow.

use super::TAG;
use super::series::{
    last_statistic, mean, quantile, quantile_of_all, rate, statistic, total, variables, with,
};
use crate::model::{Dashboard, Row};
use crate::panel::{Panel, Size};
use crate::unit::Unit;
use crate::variable::{Variable, VariableKind};

/// The chosen requests.
const REQUESTS: &str =
    r#"testid=~"$testid",scenario=~"$scenario",name=~"$name",method=~"$method",status=~"$status""#;

/// The phases of a request in the order in which they come.
const PHASES: [&str; 6] = [
    "blocked",
    "connecting",
    "tls_handshaking",
    "sending",
    "waiting",
    "receiving",
];

pub(super) fn dashboard() -> Dashboard {
    let mut variables = variables();
    let labels = [("name", "Name"), ("method", "Method"), ("status", "Status")];
    variables.extend(labels.map(|(label, title)| {
        let query =
            format!(r#"label_values(${{prefix}}http_reqs_total{{testid=~"$testid"}}, {label})"#);
        let what = format!("Only requests with these values of the tag {label}.");
        Variable::labels(label, title, &what, &query).or_none()
    }));
    let percentiles = vec![
        ("p95", "0.95"),
        ("p50", "0.5"),
        ("p90", "0.9"),
        ("p99", "0.99"),
    ];
    variables.push(Variable::new(
        "quantile",
        "Percentile",
        "The percentile of the panels by name, method and status; with statistics it is always p95.",
        VariableKind::Custom(percentiles),
    ));
    Dashboard {
        uid: "brunt-latency",
        file: "latency",
        title: "Load test: latency",
        description: "Distribution of latencies, phases of requests, percentiles by name, method and status, with exemplars that lead to traces.",
        tags: &[TAG, "loadtest"],
        since: "30m",
        refresh: "10s",
        variables,
        annotations: Vec::new(),
        rows: vec![
            Row::new("Distribution", distribution()),
            Row::new("Phases", phases()),
            Row::new("Percentiles", percentile_panels()),
            Row::new("All names", vec![table()]),
        ],
    }
}

fn distribution() -> Vec<Panel> {
    let mut percentiles = Panel::graph(
        "Percentiles",
        Unit::Seconds,
        "Percentiles of http_req_duration. Points are exemplars: single requests, which lead to their traces.",
    );
    for (name, q) in [
        ("p50", "0.5"),
        ("p90", "0.9"),
        ("p95", "0.95"),
        ("p99", "0.99"),
        ("max", "1"),
    ] {
        percentiles = percentiles.query(name, quantile(q, "http_req_duration", REQUESTS, ""));
    }
    percentiles = percentiles.exemplars();
    for stat in ["min", "avg", "p95", "p99", "max"] {
        let name = format!("{stat} of the slowest series");
        percentiles = percentiles.query(&name, statistic(stat, "http_req_duration", REQUESTS, ""));
    }
    let by_outcome = |q: &str, outcome: &str| {
        let selector = format!("{REQUESTS},expected_response=\"{outcome}\"");
        quantile(q, "http_req_duration", &selector, "")
    };
    vec![
        Panel::heatmap("Latencies", Unit::Seconds, "How many requests took how long. Native histograms only.")
            .query("", rate(&with("http_req_duration_seconds", REQUESTS), ""))
            .exemplars(),
        percentiles,
        Panel::graph("Expected and failed", Unit::Seconds, "p95 of requests whose answer was expected, and of those where it was not: errors are often fast, and hide how slow the rest is.")
            .query("expected", by_outcome("0.95", "true"))
            .query("failed", by_outcome("0.95", "false"))
            .query("expected, slowest series", statistic("p95", "http_req_duration", &format!("{REQUESTS},expected_response=\"true\""), ""))
            .query("failed, slowest series", statistic("p95", "http_req_duration", &format!("{REQUESTS},expected_response=\"false\""), "")),
    ]
}

fn phases() -> Vec<Panel> {
    let mut stacked = Panel::stack(
        "Phases, mean",
        Unit::Seconds,
        "The mean time of each phase of a request; together they are the mean time of a request from its call to its last byte. A reused connection connects in no time.",
    );
    let mut single = Panel::graph(
        "Phases, p95",
        Unit::Seconds,
        "p95 of each phase of a request. Percentiles of phases do not add up.",
    );
    for phase in PHASES {
        let (trend, name) = (format!("http_req_{phase}"), phase.replace('_', " "));
        stacked = stacked.query(&name, mean(&trend, REQUESTS, "")).query(
            &format!("{name}, slowest series"),
            statistic("avg", &trend, REQUESTS, ""),
        );
        single = single
            .query(&name, quantile("0.95", &trend, REQUESTS, ""))
            .query(
                &format!("{name}, slowest series"),
                statistic("p95", &trend, REQUESTS, ""),
            );
    }
    vec![stacked, single]
}

fn percentile_panels() -> Vec<Panel> {
    let panels = ["name", "method", "status"].map(|label| {
        let title = format!("By {label}");
        let what = format!(
            "The chosen percentile of http_req_duration by the tag {label}, of the 20 slowest."
        );
        let native = quantile("$quantile", "http_req_duration", REQUESTS, label);
        let statistic = statistic("p95", "http_req_duration", REQUESTS, label);
        let legend = format!("{{{{{label}}}}}");
        Panel::graph(&title, Unit::Seconds, &what)
            .size(Size::Third)
            .query(&legend, format!("topk(20, {native})"))
            .exemplars()
            .query(&legend, format!("topk(20, {statistic})"))
    });
    panels.into()
}

fn table() -> Panel {
    let labels = "name, method, status";
    let mut table = Panel::table(
        "Requests by name, method and status",
        "Every combination of name, method and status in this time range: how many requests, and how long they took. With statistics only the p95 of each series is known.",
    );
    table = table.column(
        "Requests",
        Unit::Count,
        total(&with("http_reqs_total", REQUESTS), labels),
    );
    for (name, q) in [
        ("p50", "0.5"),
        ("p95", "0.95"),
        ("p99", "0.99"),
        ("max", "1"),
    ] {
        table = table.column(
            name,
            Unit::Seconds,
            quantile_of_all(q, "http_req_duration", REQUESTS, labels),
        );
    }
    table
        .column(
            "p95 of the slowest series",
            Unit::Seconds,
            last_statistic("p95", "http_req_duration", REQUESTS, labels),
        )
        .renamed("name", "Name")
        .renamed("method", "Method")
        .renamed("status", "Status")
        .sorted("Requests")
}
