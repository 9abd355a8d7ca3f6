//! Which metrics a summary is about, and which sub-metrics belong to them.
//!
//! One rule for text and JSON, so that no two forms of a summary differ in what they hold.

use brunt_aggregate::Totals;

use crate::options::Mode;

/// The phases of a request: details that the compact summary leaves out.
pub(crate) const HTTP_PHASES: [&str; 6] = [
    "http_req_blocked",
    "http_req_connecting",
    "http_req_receiving",
    "http_req_sending",
    "http_req_tls_handshaking",
    "http_req_waiting",
];

/// Whether a metric has no line: checks have a block of their own, the others are details.
pub(crate) fn is_hidden(name: &str, mode: Mode) -> bool {
    name == "checks"
        || name == "group_duration"
        || (mode == Mode::Compact && HTTP_PHASES.contains(&name))
}

/// A metric with its sub-metrics.
pub(crate) struct Shown<'a> {
    /// The metric.
    pub(crate) parent: &'a Totals,
    /// Its sub-metrics, in the order of their text.
    pub(crate) subs: Vec<&'a Totals>,
}

/// The metrics with samples or thresholds (their own or a sub-metric's), in the order of their
/// names. What a script declared and never used is left out.
pub(crate) fn metrics(totals: &[Totals]) -> Vec<Shown<'_>> {
    let (parents, subs): (Vec<_>, Vec<_>) =
        totals.iter().partition(|totals| totals.submetric.is_none());
    let mut shown: Vec<Shown<'_>> = parents
        .into_iter()
        .filter_map(|parent| {
            let mut own: Vec<&Totals> = subs
                .iter()
                .copied()
                .filter(|sub| sub.metric.id == parent.metric.id && matters(sub))
                .collect();
            own.sort_by_key(|sub| suffix(sub));
            let kept = matters(parent) || own.iter().any(|sub| !sub.thresholds.is_empty());
            kept.then_some(Shown { parent, subs: own })
        })
        .collect();
    shown.sort_by(|a, b| a.parent.metric.name.cmp(&b.parent.metric.name));
    shown
}

/// The text between the braces; empty for a metric.
pub(crate) fn suffix(totals: &Totals) -> &str {
    totals.submetric.as_ref().map_or("", |(suffix, _)| suffix)
}

fn matters(totals: &Totals) -> bool {
    totals.seen || !totals.thresholds.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, kept};

    fn names(report: &brunt_aggregate::Report) -> Vec<String> {
        metrics(&report.totals)
            .iter()
            .flat_map(|shown| std::iter::once(&shown.parent).chain(&shown.subs))
            .map(|totals| totals.full_name())
            .collect()
    }

    #[test]
    fn only_what_has_samples_or_thresholds_is_shown_by_name() {
        let mut unused = fixture::counter("unused", 0.0);
        unused.seen = false;
        let mut watched = fixture::counter("watched", 0.0);
        watched.seen = false;
        watched.thresholds = vec![kept("count>0", "count", 0.0)];
        let used = fixture::counter("apples", 1.0);
        let later = fixture::sub(fixture::counter("apples", 1.0), "z:1");
        let earlier = fixture::sub(fixture::counter("apples", 1.0), "a:1");
        let mut silent = fixture::sub(fixture::counter("apples", 0.0), "m:1");
        silent.seen = false;
        let report = fixture::report(vec![watched, unused, used, later, silent, earlier]);
        assert_eq!(
            names(&report),
            ["apples", "apples{a:1}", "apples{z:1}", "watched"]
        );
    }

    #[test]
    fn a_watched_submetric_brings_its_metric_along() {
        let mut parent = fixture::counter("apples", 0.0);
        parent.seen = false;
        let mut sub = fixture::sub(fixture::counter("apples", 0.0), "a:1");
        sub.seen = false;
        let report = fixture::report(vec![parent.clone(), sub.clone()]);
        assert!(names(&report).is_empty());
        sub.thresholds = vec![kept("count<1", "count", 0.0)];
        let report = fixture::report(vec![parent, sub]);
        assert_eq!(names(&report), ["apples", "apples{a:1}"]);
    }
}
