//! Two runs side by side: what became slower, what fails more often.

use super::TAG;
use super::series::native;
use crate::model::{Dashboard, Row};
use crate::panel::{Colour, Panel, Size};
use crate::unit::Unit;
use crate::variable::{Variable, VariableKind};

pub(super) fn dashboard() -> Dashboard {
    let run = |name: &str, label: &str, what: &str| {
        Variable::labels(name, label, what, "label_values(brunt_run_info, testid)")
            .newest_first()
            .single()
    };
    Dashboard {
        uid: "brunt-compare",
        file: "compare",
        title: "Load test: compare two runs",
        description: "The summaries of two runs side by side with the change from A to B, and both on one time axis.",
        tags: &[TAG, "loadtest"],
        since: "24h",
        refresh: "",
        variables: vec![
            Variable::prefix(),
            run("a", "Run A", "The run that is compared with: its testid."),
            run("b", "Run B", "The run that is judged: its testid."),
            Variable::new(
                "shift",
                "A was earlier by",
                "How much earlier A started than B, such as 2h or 90m: the graphs move A by that much. 1ms is as good as nothing.",
                VariableKind::Text { value: "1ms" },
            ),
            native(),
        ],
        annotations: Vec::new(),
        rows: vec![
            Row::new("At a glance", glance()),
            Row::new("Summaries", tables()),
            Row::new("Over time", graphs()),
        ],
    }
}

/// A statistic of a run's summary; of several instances the worst.
fn summary(run: &str, labels: &str) -> String {
    let selector = if labels.is_empty() {
        format!("testid=\"${run}\"")
    } else {
        format!("testid=\"${run}\",{labels}")
    };
    format!("max by (metric, stat) (last_over_time(brunt_summary{{{selector}}}[$__range]))")
}

fn change(labels: &str) -> String {
    let (a, b) = (summary("a", labels), summary("b", labels));
    format!("{b} / {a} - 1")
}

fn glance() -> Vec<Panel> {
    let tile = |title: &str, metric: &str, stat: &str, worse: f64, what: &str| {
        let labels = format!("metric=\"{metric}\",stat=\"{stat}\"");
        Panel::stat(title, Unit::Share, what)
            .size(Size::WideTile)
            .query("change", change(&labels))
            .steps(&[(worse, Colour::Warning), (4.0 * worse, Colour::Bad)])
    };
    let kept = |run: &str| {
        format!(
            "count(last_over_time(brunt_threshold{{testid=\"${run}\"}}[$__range]) == 0) or vector(0)"
        )
    };
    vec![
        tile(
            "p95, change",
            "http_req_duration",
            "p(95)",
            0.05,
            "How much larger p95 of http_req_duration is in B than in A.",
        ),
        tile(
            "Median, change",
            "http_req_duration",
            "med",
            0.05,
            "How much larger the median of http_req_duration is in B than in A.",
        ),
        tile(
            "p99, change",
            "http_req_duration",
            "p(99)",
            0.05,
            "How much larger p99 of http_req_duration is in B than in A.",
        ),
        Panel::stat(
            "Throughput, change",
            Unit::Share,
            "How much more requests per second B made than A.",
        )
        .size(Size::WideTile)
        .query("change", change("metric=\"http_reqs\",stat=\"rate\"")),
        Panel::stat(
            "Thresholds broken in A",
            Unit::None,
            "How many thresholds A did not keep.",
        )
        .size(Size::WideTile)
        .query("broken", kept("a"))
        .steps(&[(1.0, Colour::Bad)]),
        Panel::stat(
            "Thresholds broken in B",
            Unit::None,
            "How many thresholds B did not keep.",
        )
        .size(Size::WideTile)
        .query("broken", kept("b"))
        .steps(&[(1.0, Colour::Bad)]),
    ]
}

fn tables() -> Vec<Panel> {
    let table = |title: &str, unit: Unit, what: &str, labels: &str| {
        Panel::table(title, what)
            .column("A", unit, summary("a", labels))
            .column("B", unit, summary("b", labels))
            .column("Change", Unit::Share, change(labels))
            .renamed("metric", "Metric")
            .renamed("stat", "Statistic")
    };
    vec![
        table(
            "Times",
            Unit::Seconds,
            "Statistics of the built-in trends.",
            "metric=~\"(http_req|iteration|group)_.+\",stat!~\"count|passes|fails|rate\"",
        )
        .size(Size::Half),
        table(
            "Everything",
            Unit::None,
            "Every statistic of every metric, times in seconds.",
            "",
        )
        .size(Size::Half),
    ]
}

fn graphs() -> Vec<Panel> {
    let pair = |panel: Panel, expr: &dyn Fn(&str, &str) -> String| {
        panel
            .query("A", expr("testid=\"$a\"", " offset $shift"))
            .query("B", expr("testid=\"$b\"", ""))
    };
    let rate = |metric: &'static str| {
        move |labels: &str, offset: &str| {
            format!("sum(rate(${{prefix}}{metric}{{{labels}}}[$__rate_interval]{offset}))")
        }
    };
    let p95 = |labels: &str, offset: &str| {
        format!(
            "(histogram_quantile(0.95, sum(rate(${{prefix}}http_req_duration_seconds{{{labels}}}[$__rate_interval]{offset}))) and on() (vector($native) == 1)) or (max(${{prefix}}http_req_duration_p95{{{labels}}}{offset}) and on() (vector($native) == 0))"
        )
    };
    let errors = |labels: &str, offset: &str| {
        let side = |side: &str| {
            format!(
                "sum(rate(${{prefix}}http_req_failed_{side}_total{{{labels}}}[$__rate_interval]{offset}))"
            )
        };
        let (passes, fails) = (side("passes"), side("fails"));
        format!("{passes} / ({passes} + {fails})")
    };
    let vus = |labels: &str, offset: &str| format!("sum(${{prefix}}vus{{{labels}}}{offset})");
    vec![
        pair(
            Panel::graph(
                "p95",
                Unit::Seconds,
                "p95 of http_req_duration of both runs; A moved as the variable says.",
            ),
            &p95,
        ),
        pair(
            Panel::graph(
                "Request rate",
                Unit::RequestsPerSecond,
                "HTTP requests per second of both runs; A moved as the variable says.",
            ),
            &rate("http_reqs_total"),
        ),
        pair(
            Panel::graph(
                "Error rate",
                Unit::Share,
                "The share of requests whose answer was not expected, of both runs.",
            ),
            &errors,
        ),
        pair(
            Panel::graph(
                "Virtual users",
                Unit::None,
                "Active virtual users of both runs.",
            ),
            &vus,
        ),
    ]
}
