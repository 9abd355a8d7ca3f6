//! The panels that people know from k6's own dashboards, right where those are wrong, on data from brunt
//! and from k6 itself.
//!
//! k6's dashboards average percentiles over series, round the share of checks to tenths, average bytes,
//! and show counters where they mean growth. Titles and their order are kept. Data from k6 has no
//! `_passes_total` and `_fails_total` and by default only one statistic of each trend: where the better
//! series are not there, `or` takes what k6 has.

use super::TAG;
use super::series::{WHOLE, with};
use crate::model::{Dashboard, Row};
use crate::panel::{Panel, Size};
use crate::unit::Unit;
use crate::variable::{Variable, VariableKind};

pub(super) fn dashboard() -> Dashboard {
    let statistics = vec![
        ("p99", "p99"),
        ("p95", "p95"),
        ("p90", "p90"),
        ("avg", "avg"),
        ("med", "med"),
        ("min", "min"),
        ("max", "max"),
    ];
    Dashboard {
        uid: "brunt-k6",
        file: "k6",
        title: "k6 Prometheus",
        description: "The panels of k6's own dashboards, for data from brunt and from k6 itself.",
        tags: &[TAG, "loadtest", "k6"],
        since: "30m",
        refresh: "10s",
        variables: vec![
            Variable::prefix(),
            Variable::labels(
                "testid",
                "Run",
                "The runs that are shown: their testid. Runs of k6 without one are shown with All.",
                "label_values(${prefix}vus, testid)",
            )
            .newest_first()
            .or_none(),
            super::series::native(),
            Variable::new(
                "quantile",
                "Percentile",
                "The percentile that is read from native histograms.",
                VariableKind::Custom(vec![
                    ("p99", "0.99"),
                    ("p95", "0.95"),
                    ("p90", "0.9"),
                    ("p50", "0.5"),
                ]),
            ),
            Variable::new(
                "stat",
                "Statistic",
                "The statistic that is shown where percentiles come from statistics; k6 sends p99 unless it is told otherwise.",
                VariableKind::Custom(statistics),
            ),
            Variable::new(
                "adhoc_filter",
                "Filter",
                "Filters on any label.",
                VariableKind::Adhoc,
            ),
        ],
        annotations: Vec::new(),
        rows: vec![
            Row::new("Performance Overview", overview()),
            Row::new("HTTP", http()),
            Row::new("Checks", checks()),
        ],
    }
}

/// A percentile, or a statistic, of a trend.
fn trend(panel: Panel, legend: &str, trend: &str, labels: &str) -> Panel {
    let all = if labels.is_empty() {
        WHOLE.to_owned()
    } else {
        format!("{WHOLE},{labels}")
    };
    let histogram = with(&format!("{trend}_seconds"), &all);
    let statistic = with(&format!("{trend}_$stat"), &all).replace("$stat", "${stat}");
    panel
        .query(legend, format!("(histogram_quantile($quantile, sum(rate({histogram}[$__rate_interval])))) and on() (vector($native) == 1)"))
        .query(&format!("{legend}, largest"), format!("(max({statistic})) and on() (vector($native) == 0)"))
}

fn rate(metric: &str, labels: &str) -> String {
    let all = if labels.is_empty() {
        WHOLE.to_owned()
    } else {
        format!("{WHOLE},{labels}")
    };
    format!("sum(rate({}[$__rate_interval]))", with(metric, &all))
}

fn overview() -> Vec<Panel> {
    const FAILED: &str = "expected_response=\"false\"";
    let total = |labels: &str| {
        let all = if labels.is_empty() {
            WHOLE.to_owned()
        } else {
            format!("{WHOLE},{labels}")
        };
        format!(
            "sum(last_over_time({}[$__range])) or vector(0)",
            with("http_reqs_total", &all)
        )
    };
    let share = format!(
        "{} / {}",
        rate("http_reqs_total", FAILED),
        rate("http_reqs_total", "")
    );
    let requests = rate("http_reqs_total", "");
    let overview = Panel::graph(
        "Performance Overview",
        Unit::RequestsPerSecond,
        "Virtual users, request rate, failed requests and latency on one time axis.",
    )
    .size(Size::Full)
    .query("VUs", format!("sum({})", with("vus", WHOLE)))
    .query("requests", requests.clone())
    .query("failed requests", rate("http_reqs_total", FAILED))
    .query("share of failed requests", share)
    .line_unit("VUs", Unit::None)
    .line_unit("share of failed requests", Unit::Share)
    .line_unit("http_req_duration", Unit::Seconds)
    .line_unit("http_req_duration, largest", Unit::Seconds);
    let overview = trend(overview, "http_req_duration", "http_req_duration", "");
    let duration = Panel::stat(
        "HTTP Request Duration",
        Unit::Seconds,
        "The chosen percentile or statistic of http_req_duration in the time range.",
    )
    .size(Size::WideTile)
    .query(
        "duration",
        super::series::quantile_of_all("$quantile", "http_req_duration", WHOLE, ""),
    )
    .query(
        "largest",
        super::series::last_statistic("${stat}", "http_req_duration", WHOLE, ""),
    );
    vec![
        overview,
        Panel::stat(
            "HTTP requests",
            Unit::Count,
            "HTTP requests of the chosen runs from their start.",
        )
        .size(Size::WideTile)
        .query("requests", total("")),
        Panel::stat(
            "HTTP request failures",
            Unit::Count,
            "Requests whose answer was not expected, from the start of the chosen runs.",
        )
        .size(Size::WideTile)
        .query("failed", total(FAILED)),
        Panel::stat(
            "Peak RPS",
            Unit::RequestsPerSecond,
            "The highest request rate in the time range, over a minute at a time.",
        )
        .size(Size::WideTile)
        .query(
            "requests",
            format!(
                "max_over_time(sum(rate({}[1m]))[$__range:15s])",
                with("http_reqs_total", WHOLE)
            ),
        ),
        duration,
        Panel::graph(
            "Transfer Rate",
            Unit::BytesPerSecond,
            "Bytes per second on the wire, all instances together.",
        )
        .query("sent", rate("data_sent_total", ""))
        .query("received", rate("data_received_total", "")),
        trend(
            Panel::graph(
                "Iterations",
                Unit::PerSecond,
                "Iterations per second, those that were dropped, and how long they took.",
            ),
            "duration",
            "iteration_duration",
            "",
        )
        .query("iterations", rate("iterations_total", ""))
        .query("dropped", rate("dropped_iterations_total", ""))
        .line_unit("duration", Unit::Seconds)
        .line_unit("duration, largest", Unit::Seconds),
    ]
}

fn http() -> Vec<Panel> {
    let mut timings = Panel::graph(
        "HTTP Latency Timings",
        Unit::Seconds,
        "The chosen percentile or statistic of each phase of a request.",
    );
    for phase in [
        "blocked",
        "connecting",
        "tls_handshaking",
        "sending",
        "waiting",
        "receiving",
        "duration",
    ] {
        timings = trend(timings, phase, &format!("http_req_{phase}"), "");
    }
    let mut stats = Panel::graph(
        "HTTP Latency Stats",
        Unit::Seconds,
        "The chosen percentile or statistic of all requests, of those whose answer was expected, and of the others.",
    );
    for (name, labels) in [
        ("all", ""),
        ("expected", "expected_response=\"true\""),
        ("failed", "expected_response=\"false\""),
    ] {
        stats = trend(stats, name, "http_req_duration", labels);
    }
    let labels = "name, method, status";
    let series = with("http_req_duration_seconds", WHOLE);
    let mut table = Panel::table(
        "Requests by URL",
        "How long requests took by name, method and status: from native histograms, or the statistics that there are.",
    );
    for (name, q, stat) in [
        ("min", "0", "min"),
        ("max", "1", "max"),
        ("p95", "0.95", "p95"),
        ("p99", "0.99", "p99"),
    ] {
        let histogram = format!(
            "histogram_quantile({q}, sum by ({labels}) (increase({series}[$__range]))) and on() (vector($native) == 1)"
        );
        let statistic = with(&format!("http_req_duration_{stat}"), WHOLE);
        let statistic = format!(
            "max by ({labels}) (last_over_time({statistic}[$__range])) and on() (vector($native) == 0)"
        );
        table = table.column(
            name,
            Unit::Seconds,
            format!("({histogram}) or ({statistic})"),
        );
    }
    vec![
        timings,
        stats,
        Panel::graph(
            "HTTP Request Rate",
            Unit::RequestsPerSecond,
            "HTTP requests per second: all, those whose answer was expected, and the others.",
        )
        .size(Size::Full)
        .query("all", rate("http_reqs_total", ""))
        .query(
            "expected",
            rate("http_reqs_total", "expected_response=\"true\""),
        )
        .query(
            "failed",
            rate("http_reqs_total", "expected_response=\"false\""),
        ),
        table
            .renamed("name", "Name")
            .renamed("method", "Method")
            .renamed("status", "Status")
            .sorted("p95"),
    ]
}

fn checks() -> Vec<Panel> {
    let of = |side: &str, labels: &str| {
        format!(
            "sum{labels}(last_over_time({}[$__range]))",
            with(&format!("checks_{side}_total"), WHOLE)
        )
    };
    let list = {
        let (passes, fails) = (of("passes", " by (check) "), of("fails", " by (check) "));
        let gauge = with("checks_rate", WHOLE);
        format!(
            "{passes} / ({passes} + {fails}) or avg by (check) (last_over_time({gauge}[$__range]))"
        )
    };
    let side = |side: &str| rate(&format!("checks_{side}_total"), "");
    let (passes, fails) = (side("passes"), side("fails"));
    vec![
        Panel::table("Checks list", "The share of each check that held, over the chosen runs.")
            .size(Size::Half)
            .column("Held", Unit::Share, list)
            .renamed("check", "Check")
            .sorted("Held"),
        Panel::graph("Checks Success Rate", Unit::Share, "The share of checks that held: of brunt over time, of k6 from the start of the run, because k6 sends nothing else.")
            .query("checks", format!("{passes} / ({passes} + {fails}) or avg({})", with("checks_rate", WHOLE))),
    ]
}
