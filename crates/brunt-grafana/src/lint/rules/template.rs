//! Rules on the dashboard as a whole and on its variables.

use super::Report;
use crate::board::{Board, BoardVariable};
use crate::lint::promql::selectors;

pub(super) fn datasource(report: &mut Report<'_>) {
    let board = report.subject.board;
    let sources: Vec<_> = board.sources().collect();
    if sources.is_empty() {
        report.board("no variable chooses the data source");
    }
    for it in &sources {
        let name = format!("{}_datasource", it.query);
        let title = title(&it.query);
        let label = format!("{title} data source");
        let alone = sources.len() == 1;
        if it.name != name && !(alone && it.name == "datasource") {
            let right = if alone { "datasource" } else { &name };
            report.board(format!(
                "the variable {} for data sources should be called {right}",
                it.name
            ));
        }
        let plain = alone && it.label.eq_ignore_ascii_case("Data source");
        if !it.label.eq_ignore_ascii_case(&label) && !plain {
            let right = if alone { "Data source" } else { &label };
            report.board(format!(
                "the variable {} should be labelled {right:?}, not {:?}",
                it.name, it.label
            ));
        }
    }
}

/// A plug-in's id with a capital.
fn title(plugin: &str) -> String {
    let mut chars = plugin.chars();
    let first = chars.next().map(|it| it.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

pub(super) fn job(report: &mut Report<'_>) {
    filter(report, "job");
}

pub(super) fn instance(report: &mut Report<'_>) {
    filter(report, "instance");
}

/// A variable by which readers narrow down what every scraped series has.
fn filter(report: &mut Report<'_>, name: &str) {
    let board = report.subject.board;
    let scraped = ["prometheus", "loki"];
    if !board
        .sources()
        .any(|it| scraped.contains(&it.query.as_str()))
    {
        return;
    }
    let Some(it) = board.variables.iter().find(|it| it.name == name) else {
        return report.board(format!("there is no variable {name}"));
    };
    let faults = [
        (
            it.kind != "query",
            "should be asked from the data source".to_owned(),
        ),
        (
            !board.chosen(&it.datasource),
            format!(
                "should ask the data source that is chosen, not {:?}",
                it.datasource
            ),
        ),
        (
            !it.label.eq_ignore_ascii_case(name),
            format!("should be labelled {name:?}, not {:?}", it.label),
        ),
        (!it.multi, "should allow several values".to_owned()),
        (
            it.all_value != ".+",
            format!(
                "should have .+ as the value for all, not {:?}",
                it.all_value
            ),
        ),
    ];
    for (_, fault) in faults.into_iter().filter(|it| it.0) {
        report.board(format!("the variable {name} {fault}"));
    }
}

/// Variables whose values are asked from a data source.
fn asked(board: &Board) -> impl Iterator<Item = &BoardVariable> {
    board.variables.iter().filter(|it| it.kind == "query")
}

pub(super) fn promql(report: &mut Report<'_>) {
    let board = report.subject.board;
    for it in asked(board) {
        let plugin = board.plugin(&it.datasource);
        if !(plugin == "prometheus" || plugin.is_empty()) {
            continue;
        }
        if let Err(error) = variable_query(it.query.trim()) {
            report.board(format!(
                "the query of the variable {}: {error}: {}",
                it.name, it.query
            ));
        }
    }
}

/// The functions that Grafana has for variables: their arguments are `PromQL`, or names.
fn variable_query(query: &str) -> Result<(), String> {
    let inside = |function: &str| {
        let rest = query.strip_prefix(function)?.trim_start();
        rest.strip_prefix('(')?.strip_suffix(')').map(str::trim)
    };
    if ["label_names", "metrics"]
        .iter()
        .any(|it| inside(it).is_some())
    {
        return Ok(());
    }
    if let Some(expr) = inside("query_result") {
        return selectors(expr).map(drop);
    }
    let Some(arguments) = inside("label_values") else {
        return Err(
            "it is neither label_values(…), label_names(), metrics(…) nor query_result(…)"
                .to_owned(),
        );
    };
    let (expr, label) = match arguments.rsplit_once(',') {
        // A comma within a selector's braces separates no arguments.
        Some((expr, label)) if !label.contains(['}', '"']) => (Some(expr), label.trim()),
        _ => (None, arguments),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "_$".contains(c);
    if label.is_empty() || !label.chars().all(plain) {
        return Err(format!("{label:?} is no label"));
    }
    expr.map_or(Ok(()), |it| selectors(it).map(drop))
}

pub(super) fn reload(report: &mut Report<'_>) {
    for it in asked(report.subject.board) {
        if it.refresh != 2 {
            report.board(format!(
                "the variable {} should be asked anew when the time range changes (refresh 2, not {})",
                it.name, it.refresh
            ));
        }
    }
}

pub(super) fn uneditable(report: &mut Report<'_>) {
    if report.subject.board.editable {
        report.board("what is changed in Grafana is lost with the next import: it should have \"editable\": false");
    }
}
