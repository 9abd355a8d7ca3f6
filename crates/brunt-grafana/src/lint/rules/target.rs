//! Rules on queries.

use super::Report;
use crate::board::BoardTarget;
use crate::lint::logql;
use crate::lint::promql::Selector;

/// Calls `check` with panel, query and text of each query for a plug-in.
fn each(report: &mut Report<'_>, plugin: &str, check: impl Fn(&BoardTarget) -> Vec<String>) {
    for (panel, it) in report.subject.board.panels.iter().enumerate() {
        for (at, target) in it.targets.iter().enumerate() {
            if target.plugin == plugin {
                for message in check(target) {
                    report.target(panel, at, message);
                }
            }
        }
    }
}

pub(super) fn logql(report: &mut Report<'_>) {
    each(report, "loki", |it| match logql::windows(&it.expr) {
        Ok(_) => Vec::new(),
        Err(error) => vec![format!("no LogQL: {error}: {}", it.expr)],
    });
}

pub(super) fn auto(report: &mut Report<'_>) {
    each(report, "loki", |it| {
        let windows = logql::windows(&it.expr).unwrap_or_default();
        let fixed = windows
            .into_iter()
            .filter(|it| !["$__auto", "${__auto}"].contains(it));
        fixed
            .map(|window| format!("[{window}] should be [$__auto]: {}", it.expr))
            .collect()
    });
}

pub(super) fn promql(report: &mut Report<'_>) {
    let subject = report.subject;
    for (panel, parsed) in subject.selectors.iter().enumerate() {
        for (at, parsed) in parsed.iter().enumerate() {
            if let Some(Err(error)) = parsed {
                let expr = &subject.board.panels[panel].targets[at].expr;
                report.target(panel, at, format!("no PromQL: {error}: {expr}"));
            }
        }
    }
}

/// Calls `check` with every selector; a message that comes twice for a query is said once.
fn selectors(report: &mut Report<'_>, check: impl Fn(&Selector) -> Option<String>) {
    let subject = report.subject;
    for (panel, parsed) in subject.selectors.iter().enumerate() {
        for (at, parsed) in parsed.iter().enumerate() {
            let Some(Ok(found)) = parsed else { continue };
            let mut messages: Vec<_> = found.iter().filter_map(&check).collect();
            messages.sort();
            messages.dedup();
            for message in messages {
                report.target(panel, at, message);
            }
        }
    }
}

pub(super) fn interval(report: &mut Report<'_>) {
    selectors(report, |it| {
        let window = it.window.as_deref()?;
        let rate = ["rate", "irate"].contains(it.functions.last()?);
        // increase() over the whole range is what a table or a number shows.
        let fixed = rate || it.functions.last() == Some(&"increase") && window != "$__range";
        (fixed && window != "$__rate_interval")
            .then(|| format!("{}: [{window}] should be [$__rate_interval]", it.name))
    });
}

pub(super) fn job(report: &mut Report<'_>) {
    matches(report, "job");
}

pub(super) fn instance(report: &mut Report<'_>) {
    matches(report, "instance");
}

fn matches(report: &mut Report<'_>, label: &str) {
    let wanted = format!("=~${label}");
    selectors(report, |it| {
        let there = it.matchers.iter().any(|it| it.0 == label && it.1 == wanted);
        (!there).then(|| format!("{}: the matcher {label}=~\"${label}\" is missing", it.name))
    });
}

pub(super) fn counter(report: &mut Report<'_>) {
    selectors(report, |it| {
        let reads = ["rate", "irate", "increase"];
        let read = it.functions.iter().any(|it| reads.contains(it));
        (it.name.ends_with("_total") && !read)
            .then(|| format!("{}: a counter wants rate(), irate() or increase()", it.name))
    });
}
