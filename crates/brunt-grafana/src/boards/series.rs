//! The expressions that come again and again: totals, rates and percentiles of a run's series.
//!
//! - A counter starts at zero with each run and each instance, so its last value *is* the total of the
//!   run; `increase()` extrapolates and would not agree with the summary.
//! - Percentiles are read from native histograms, which add up over series and instances. A Mimir tenant
//!   without them has only the statistics of single series, of which the largest is shown: an average of
//!   percentiles means nothing. The variable `native` chooses.

use crate::variable::{Variable, VariableKind};

/// What every series of the chosen runs and scenarios has.
pub(super) const RUN: &str = r#"testid=~"$testid",scenario=~"$scenario""#;
/// What series of the run as a whole have.
pub(super) const WHOLE: &str = r#"testid=~"$testid""#;

/// The variables of dashboards that show runs.
pub(super) fn variables() -> Vec<Variable> {
    vec![
        Variable::prefix(),
        Variable::labels(
            "testid",
            "Run",
            "The runs that are shown: their testid.",
            "label_values(${prefix}vus, testid)",
        )
        .newest_first(),
        Variable::labels(
            "scenario",
            "Scenario",
            "The scenarios that are shown.",
            r#"label_values(${prefix}iterations_total{testid=~"$testid"}, scenario)"#,
        )
        .or_none(),
        native(),
    ]
}

/// Where percentiles come from.
pub(super) fn native() -> Variable {
    Variable::new(
        "native",
        "Percentiles from",
        "Native histograms add up over series and instances. Statistics of single series are for a Mimir without native histograms: the largest one is shown.",
        VariableKind::Custom(vec![("native histograms", "1"), ("statistics", "0")]),
    )
}

/// The series of a metric of the chosen runs, by the end of its name.
pub(super) fn of(metric: &str) -> String {
    with(metric, RUN)
}

/// The same with other labels.
pub(super) fn with(metric: &str, labels: &str) -> String {
    format!("${{prefix}}{metric}{{{labels}}}")
}

/// `by (a, b) `, or nothing.
fn by(labels: &str) -> String {
    if labels.is_empty() {
        String::new()
    } else {
        format!(" by ({labels}) ")
    }
}

/// The total of a counter over the run, up to the end of the time range.
pub(super) fn total(series: &str, labels: &str) -> String {
    format!("sum{}(last_over_time({series}[$__range]))", by(labels))
}

/// How fast a counter grows.
pub(super) fn rate(series: &str, labels: &str) -> String {
    format!("sum{}(rate({series}[$__rate_interval]))", by(labels))
}

/// How much counters or histograms grew in the time range.
fn growth(series: &str, labels: &str) -> String {
    format!("sum{}(increase({series}[$__range]))", by(labels))
}

/// Only where percentiles are wanted from native histograms.
fn if_native(expr: &str) -> String {
    format!("({expr}) and on() (vector($native) == 1)")
}

/// Only where percentiles are wanted from statistics.
fn if_statistics(expr: &str) -> String {
    format!("({expr}) and on() (vector($native) == 0)")
}

/// A percentile (0 to 1) of a trend over time, by labels.
pub(super) fn quantile(q: &str, trend: &str, selector: &str, labels: &str) -> String {
    let histogram = rate(&with(&format!("{trend}_seconds"), selector), labels);
    if_native(&format!("histogram_quantile({q}, {histogram})"))
}

/// The same over the whole time range.
pub(super) fn quantile_of_all(q: &str, trend: &str, selector: &str, labels: &str) -> String {
    let series = with(&format!("{trend}_seconds"), selector);
    let histogram = growth(&series, labels);
    if_native(&format!("histogram_quantile({q}, {histogram})"))
}

/// The mean of a trend over time: sums and counts add up, so do means of phases.
pub(super) fn mean(trend: &str, selector: &str, labels: &str) -> String {
    let histogram = rate(&with(&format!("{trend}_seconds"), selector), labels);
    if_native(&format!(
        "histogram_sum({histogram}) / histogram_count({histogram})"
    ))
}

/// How often a trend was observed per second: for metrics that have no counter beside the trend.
pub(super) fn count_rate(trend: &str, selector: &str, labels: &str) -> String {
    let histogram = rate(&with(&format!("{trend}_seconds"), selector), labels);
    if_native(&format!("histogram_count({histogram})"))
}

/// How often a trend was observed over the run, up to the end of the time range.
///
/// Exactly, but for an old Prometheus (2.42) whose `last_over_time` makes plain numbers of histograms: there it is
/// how much they grew.
pub(super) fn count_of_all(trend: &str, selector: &str, labels: &str) -> String {
    let series = with(&format!("{trend}_seconds"), selector);
    let (exact, grown) = (total(&series, labels), growth(&series, labels));
    if_native(&format!(
        "histogram_count({exact}) or histogram_count({grown})"
    ))
}

/// The largest of a statistic of single series, over time.
pub(super) fn statistic(stat: &str, trend: &str, selector: &str, labels: &str) -> String {
    let series = with(&format!("{trend}_{stat}"), selector);
    if_statistics(&format!("max{}({series})", by(labels)))
}

/// The largest of a statistic of single series, up to the end of the time range.
pub(super) fn last_statistic(stat: &str, trend: &str, selector: &str, labels: &str) -> String {
    let series = with(&format!("{trend}_{stat}"), selector);
    if_statistics(&format!(
        "max{}(last_over_time({series}[$__range]))",
        by(labels)
    ))
}

/// The share of a rate's observations that passed, over time: 0 to 1.
pub(super) fn share(metric: &str, labels: &str) -> String {
    let of_side = |side: &str| rate(&of(&format!("{metric}_{side}_total")), labels);
    let (passes, fails) = (of_side("passes"), of_side("fails"));
    format!("{passes} / ({passes} + {fails})")
}

/// The same over the whole run.
pub(super) fn share_of_all(metric: &str, labels: &str) -> String {
    let of_side = |side: &str| total(&of(&format!("{metric}_{side}_total")), labels);
    let (passes, fails) = (of_side("passes"), of_side("fails"));
    format!("{passes} / ({passes} + {fails})")
}
