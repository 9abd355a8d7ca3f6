//! Rules on single panels.

use super::Report;
use crate::lint::units;

/// Plug-ins that show values of queries.
const VALUES: [&str; 9] = [
    "barchart",
    "bargauge",
    "gauge",
    "graph",
    "heatmap",
    "singlestat",
    "stat",
    "table",
    "timeseries",
];

pub(super) fn datasource(report: &mut Report<'_>) {
    let board = report.subject.board;
    for (at, panel) in board.panels.iter().enumerate() {
        if !["graph", "singlestat", "timeseries"].contains(&panel.kind.as_str()) {
            continue;
        }
        // A mixed panel's queries choose for themselves.
        let mixed = panel.datasource == "-- Mixed --" || panel.datasource.is_empty();
        let own = (!mixed).then_some(&panel.datasource);
        let of_targets = panel.targets.iter().map(|it| &it.datasource);
        let fixed = own
            .into_iter()
            .chain(of_targets)
            .find(|it| !board.chosen(it));
        if let Some(fixed) = fixed {
            report.panel(
                at,
                format!("it asks the data source {fixed:?}, which nobody can choose"),
            );
        }
    }
}

pub(super) fn words(report: &mut Report<'_>) {
    for (at, panel) in report.subject.board.panels.iter().enumerate() {
        if !VALUES.contains(&panel.kind.as_str()) {
            continue;
        }
        if panel.title.trim().is_empty() {
            report.panel(at, "it has no title");
        }
        if panel.description.trim().is_empty() {
            report.panel(at, "it has no description");
        }
    }
}

pub(super) fn units(report: &mut Report<'_>) {
    for (at, panel) in report.subject.board.panels.iter().enumerate() {
        if !VALUES.contains(&panel.kind.as_str()) || panel.mapped {
            continue;
        }
        if panel.unit.is_empty() {
            report.panel(
                at,
                "it has no unit; for a bare number that is none or short",
            );
        } else if !units::known(&panel.unit) {
            report.panel(
                at,
                format!(
                    "Grafana knows no unit {:?}; a word behind the number is suffix:{}",
                    panel.unit, panel.unit
                ),
            );
        }
    }
}

pub(super) fn targets(report: &mut Report<'_>) {
    for (at, panel) in report.subject.board.panels.iter().enumerate() {
        if VALUES.contains(&panel.kind.as_str()) && panel.targets.is_empty() {
            report.panel(at, "it asks nothing");
        }
    }
}
