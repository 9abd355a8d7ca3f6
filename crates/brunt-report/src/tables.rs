//! The tables of a report.

use std::fmt::Write as _;

use brunt_aggregate::{GroupNode, MOST_SECTIONS, Report, Totals, TrendTotals, Values};
use brunt_metrics::{MetricId, builtin};
use brunt_page::escape;
use brunt_summary::units;

use crate::requests::Requests;

/// A cell: what it shows, and what it is sorted by where that is another thing.
pub(crate) struct Cell {
    text: String,
    value: Option<f64>,
    class: &'static str,
}

impl Cell {
    pub(crate) fn text(text: &str) -> Self {
        Self {
            text: escape(text),
            value: None,
            class: "text",
        }
    }

    pub(crate) fn number(text: &str, value: f64) -> Self {
        Self {
            text: escape(text),
            value: Some(value),
            class: "",
        }
    }

    fn count(count: u64) -> Self {
        Self::number(&grouped(count), count as f64)
    }

    /// A count that had better be none.
    fn failed(count: u64) -> Self {
        Self {
            class: if count > 0 { "bad" } else { "" },
            ..Self::count(count)
        }
    }

    /// Where there is nothing to tell; sorted below all numbers.
    fn none() -> Self {
        Self::number("–", -1.0)
    }

    fn time(ms: f64) -> Self {
        Self::number(&units::time(ms, None), ms)
    }

    fn verdict(ok: bool) -> Self {
        let (text, class) = if ok {
            ("passed", "text good")
        } else {
            ("failed", "text bad")
        };
        Self {
            text: text.to_owned(),
            value: Some(f64::from(u8::from(ok))),
            class,
        }
    }
}

/// A number with thin spaces between thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A heading, and a table that can be sorted; nothing without rows. A head that begins with a blank is of text.
fn table(title: &str, id: &str, heads: &[&str], rows: &[Vec<Cell>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut html = format!(
        "<h2 id=\"{id}\">{}</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"{id}\"><table class=\"sortable\">\n<thead><tr>",
        escape(title)
    );
    // Writing to a string cannot fail.
    for head in heads {
        let (class, head) = match head.strip_prefix(' ') {
            Some(head) => (" class=\"text\"", head),
            None => ("", *head),
        };
        let _ = write!(html, "<th scope=\"col\"{class}>{}</th>", escape(head));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for (at, cell) in row.iter().enumerate() {
            let tag = if at == 0 { "th scope=\"row\"" } else { "td" };
            let end = if at == 0 { "th" } else { "td" };
            let class = if cell.class.is_empty() {
                String::new()
            } else {
                format!(" class=\"{}\"", cell.class)
            };
            let value = cell
                .value
                .map_or_else(String::new, |it| format!(" data-value=\"{it}\""));
            let _ = write!(html, "<{tag}{class}{value}>{}</{end}>", cell.text);
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n</table></div>\n");
    html
}

/// Each threshold with its verdict.
pub(crate) fn thresholds(report: &Report) -> String {
    let rows = report.totals.iter().flat_map(|totals| {
        totals.thresholds.iter().map(|one| {
            vec![
                Cell::text(&totals.full_name()),
                Cell::text(&one.source),
                Cell::number(&shown(totals, &one.aggregation, one.value), one.value),
                Cell::verdict(one.ok),
            ]
        })
    });
    table(
        "Thresholds",
        "thresholds",
        &[" Metric", " Threshold", "Measured", " Verdict"],
        &rows.collect::<Vec<_>>(),
    )
}

/// A judged value in its unit.
fn shown(totals: &Totals, aggregation: &str, value: f64) -> String {
    match (&totals.values, aggregation) {
        (Values::Rate { .. }, _) => format!("{:.2} %", value * 100.0),
        (_, "count") => brunt_summary::number::to_short(value, 3),
        _ => units::value(value, totals.metric.contains, None),
    }
}

/// Each check with its group.
pub(crate) fn checks(report: &Report) -> String {
    let mut rows = Vec::new();
    collect(&report.root, &mut rows);
    table(
        "Checks",
        "checks",
        &[" Check", " Group", "Passes", "Fails", "Passed"],
        &rows,
    )
}

fn collect(group: &GroupNode, rows: &mut Vec<Vec<Cell>>) {
    for check in &group.checks {
        let all = (check.passes + check.fails).max(1);
        let share = check.passes as f64 / all as f64;
        let path = path(&group.path);
        rows.push(vec![
            Cell::text(&check.name),
            Cell::text(&path),
            Cell::count(check.passes),
            Cell::count(check.fails),
            Cell {
                // Cut off, so that what failed once does not pass for whole.
                text: format!(
                    "{} %",
                    brunt_summary::number::to_truncated(share * 100.0, 2)
                ),
                value: Some(share),
                class: if check.fails == 0 { "good" } else { "bad" },
            },
        ]);
    }
    for inner in &group.groups {
        collect(inner, rows);
    }
}

/// Requests by name.
pub(crate) fn names(requests: &Requests, seconds: f64) -> String {
    let rows = requests.names().into_iter().map(|(name, method, named)| {
        let trend = TrendTotals::of(&named.durations);
        let count = trend.count();
        let mut row = vec![
            Cell::text(name),
            Cell::text(method),
            Cell::count(count),
            rate(count as f64, seconds),
            Cell::failed(named.failed),
        ];
        row.extend([50.0, 90.0, 95.0, 99.0].map(|p| Cell::time(trend.percentile(p))));
        row.push(Cell::time(trend.max()));
        row
    });
    let heads = [
        " Name", " Method", "Requests", "Rate", "Failed", "p50", "p90", "p95", "p99", "Max",
    ];
    table(
        "Requests by name",
        "names",
        &heads,
        &rows.collect::<Vec<_>>(),
    )
}

fn rate(count: f64, seconds: f64) -> Cell {
    if seconds > 0.0 {
        let rate = count / seconds;
        Cell::number(
            &format!("{}/s", brunt_summary::number::to_short(rate, 2)),
            rate,
        )
    } else {
        Cell::number("–", 0.0)
    }
}

/// Scenarios and groups, in the order in which they were first seen.
pub(crate) fn sections(report: &Report) -> String {
    let rows = report.sections.iter().map(|section| {
        let (scenario, group) = (&*section.section.scenario, &*section.section.group);
        let scenario = if scenario.is_empty() {
            "default"
        } else {
            scenario
        };
        let find = |metric: MetricId| {
            let mut roots = section.totals.iter();
            let root = roots.find(|it| it.metric.id == metric && it.submetric.is_none());
            root.map(|it| &it.values)
        };
        let counter = |metric| match find(metric) {
            Some(Values::Counter { count }) => Cell::count(count.round() as u64),
            _ => Cell::none(),
        };
        let mut row = vec![
            Cell::text(scenario),
            Cell::text(&path(group)),
            counter(builtin::ITERATIONS),
            counter(builtin::HTTP_REQS),
            match find(builtin::HTTP_REQ_FAILED) {
                Some(Values::Rate { passes, .. }) => Cell::failed(*passes),
                _ => Cell::none(),
            },
        ];
        match find(builtin::HTTP_REQ_DURATION) {
            Some(Values::Trend(trend)) => {
                row.extend([50.0, 95.0, 99.0].map(|p| Cell::time(trend.percentile(p))));
                row.push(Cell::time(trend.max()));
            }
            _ => row.extend([(); 4].map(|()| Cell::none())),
        }
        row
    });
    let heads = [
        " Scenario",
        " Group",
        "Iterations",
        "Requests",
        "Failed",
        "p50",
        "p95",
        "p99",
        "Max",
    ];
    let mut html = table(
        "Scenarios and groups",
        "sections",
        &heads,
        &rows.collect::<Vec<_>>(),
    );
    if report.sections_left_out {
        let _ = writeln!(
            html,
            "<p class=\"faint\">There were more: these are the first {MOST_SECTIONS}.</p>"
        );
    }
    html
}

/// A group's path as people write it.
fn path(group: &str) -> String {
    group.trim_start_matches("::").replace("::", " › ")
}

/// Failed requests by what went wrong.
pub(crate) fn errors(requests: &Requests) -> String {
    let rows = requests.errors().into_iter().map(|error| {
        vec![
            Cell::text(&error.what()),
            Cell::text(error.code),
            Cell::text(error.status),
            Cell::count(error.count),
        ]
    });
    table(
        "Errors",
        "errors",
        &[" Error", " Code", " Status", "Requests"],
        &rows.collect::<Vec<_>>(),
    )
}

/// All trends.
pub(crate) fn trends(report: &Report) -> String {
    let rows = report.totals.iter().filter_map(|totals| {
        let Values::Trend(trend) = &totals.values else {
            return None;
        };
        if !totals.seen {
            return None;
        }
        let value =
            |value: f64| Cell::number(&units::value(value, totals.metric.contains, None), value);
        let mut row = vec![
            Cell::text(&totals.full_name()),
            Cell::count(trend.count()),
            value(trend.avg()),
            value(trend.min()),
        ];
        row.extend([50.0, 90.0, 95.0, 99.0].map(|p| value(trend.percentile(p))));
        row.push(value(trend.max()));
        Some(row)
    });
    let heads = [
        " Metric", "Values", "Mean", "Min", "p50", "p90", "p95", "p99", "Max",
    ];
    table("Distributions", "trends", &heads, &rows.collect::<Vec<_>>())
}

/// Counters, rates and gauges.
pub(crate) fn others(report: &Report) -> String {
    let seconds = report.duration.as_secs_f64();
    let rows = report
        .totals
        .iter()
        .filter(|it| it.seen)
        .filter_map(|totals| {
            let value = |value: f64| units::value(value, totals.metric.contains, None);
            let (kind, shown, more) = match totals.values {
                Values::Trend(_) => return None,
                Values::Counter { count } => (
                    "counter",
                    value(count),
                    if seconds > 0.0 {
                        format!("{}/s", value(count / seconds))
                    } else {
                        String::new()
                    },
                ),
                Values::Rate { passes, fails } => {
                    let all = passes + fails;
                    let share = passes as f64 / (all.max(1)) as f64;
                    (
                        "rate",
                        format!("{:.2} %", share * 100.0),
                        format!("{} of {}", grouped(passes), grouped(all)),
                    )
                }
                Values::Gauge {
                    value: last,
                    min,
                    max,
                } => (
                    "gauge",
                    value(last),
                    format!("{} to {}", value(min), value(max)),
                ),
            };
            Some(vec![
                Cell::text(&totals.full_name()),
                Cell::text(kind),
                Cell {
                    text: escape(&shown),
                    value: None,
                    class: "",
                },
                Cell {
                    text: escape(&more),
                    value: None,
                    class: "",
                },
            ])
        });
    table(
        "Counters, rates and gauges",
        "others",
        &[" Metric", " Kind", "Value", "More"],
        &rows.collect::<Vec<_>>(),
    )
}
