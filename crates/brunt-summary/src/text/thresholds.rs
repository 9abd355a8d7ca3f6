//! The thresholds with the values that they judged.

use brunt_aggregate::{Report, ThresholdResult, Totals};
use brunt_metrics::MetricKind;

use super::mark;
use crate::options::SummaryOptions;
use crate::shown::{self, Shown};
use crate::style::Style;
use crate::{units, values};

/// A block for each metric with thresholds, in the order of their names. The thresholds of
/// sub-metrics stand below their metric's if it has some, else on their own under the full name.
pub(super) fn blocks(report: &Report, options: &SummaryOptions, style: Style) -> Vec<Vec<String>> {
    let mut blocks = Vec::new();
    for Shown { parent, subs } in shown::metrics(&report.totals) {
        let nested = !parent.thresholds.is_empty();
        if nested {
            blocks.push(block(parent, &parent.full_name(), "", options, style));
        }
        for sub in subs.into_iter().filter(|sub| !sub.thresholds.is_empty()) {
            let (name, indent) = if nested {
                (format!("{{{}}}", shown::suffix(sub)), "  ")
            } else {
                (sub.full_name(), "")
            };
            blocks.push(block(sub, &name, indent, options, style));
        }
    }
    blocks
}

fn block(
    totals: &Totals,
    name: &str,
    indent: &str,
    options: &SummaryOptions,
    style: Style,
) -> Vec<String> {
    let title = format!("{indent}{name}");
    let lines = totals.thresholds.iter().map(|threshold| {
        let value = judged(totals, threshold, options);
        let ThresholdResult {
            source,
            aggregation,
            ok,
            ..
        } = threshold;
        format!(
            "{indent}{} '{source}' {aggregation}={}",
            mark(*ok, style),
            style.cyan(&value)
        )
    });
    std::iter::once(title).chain(lines).collect()
}

/// The value that a threshold judged, in its metric's unit.
pub(crate) fn judged(
    totals: &Totals,
    threshold: &ThresholdResult,
    options: &SummaryOptions,
) -> String {
    let value = values::finite(threshold.value);
    let metric = &totals.metric;
    match (metric.kind, threshold.aggregation.as_str()) {
        (MetricKind::Rate, _) => units::percent(value),
        (MetricKind::Counter, "rate") => {
            format!(
                "{}/s",
                units::value(value, metric.contains, options.time_unit)
            )
        }
        _ => units::value(value, metric.contains, options.time_unit),
    }
}
