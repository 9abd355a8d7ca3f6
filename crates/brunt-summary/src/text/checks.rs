//! The totals of checks, and each check.

use brunt_aggregate::{CheckNode, GroupNode, Report};

use super::{dotted, fill, mark, width};
use crate::style::Style;
use crate::units;
use crate::values::{finite, per_second};

struct Check<'a> {
    name: &'a str,
    passes: u64,
    fails: u64,
    seen: u64,
}

/// Two blocks, totals and checks; none when no check ran.
pub(super) fn blocks(report: &Report, style: Style) -> Vec<Vec<String>> {
    let mut checks = Vec::new();
    collect(&report.root, &mut checks);
    if checks.is_empty() {
        return Vec::new();
    }
    // The tree has groups after a group's own checks; the list is in the order of the test.
    checks.sort_by_key(|check| check.seen);
    let passes: u64 = checks.iter().map(|check| check.passes).sum();
    let fails: u64 = checks.iter().map(|check| check.fails).sum();
    vec![
        totals(passes, fails, report, style),
        checks.iter().flat_map(|c| each(c, style)).collect(),
    ]
}

/// Checks of the same name count as one here, whatever their groups: like k6 in its totals.
fn collect<'a>(group: &'a GroupNode, checks: &mut Vec<Check<'a>>) {
    for CheckNode {
        name,
        passes,
        fails,
        seen,
    } in &group.checks
    {
        match checks.iter_mut().find(|check| check.name == name) {
            Some(check) => {
                check.passes += passes;
                check.fails += fails;
                check.seen = check.seen.min(*seen);
            }
            None => checks.push(Check {
                name,
                passes: *passes,
                fails: *fails,
                seen: *seen,
            }),
        }
    }
    for inner in &group.groups {
        collect(inner, checks);
    }
}

fn totals(passes: u64, fails: u64, report: &Report, style: Style) -> Vec<String> {
    let all = passes + fails;
    let rate = finite(per_second(all as f64, report).unwrap_or(0.0));
    let rows = [
        (
            "checks_total",
            all.to_string(),
            format!("{}/s", crate::number::to_short(rate, 6)),
        ),
        (
            "checks_succeeded",
            units::percent_of(passes, all),
            format!("{passes} out of {all}"),
        ),
        (
            "checks_failed",
            units::percent_of(fails, all),
            format!("{fails} out of {all}"),
        ),
    ];
    let longest = rows.iter().map(|(name, ..)| width(name)).max().unwrap_or(0);
    let widest = rows
        .iter()
        .map(|(_, value, _)| width(value))
        .max()
        .unwrap_or(0);
    rows.iter()
        .map(|(name, value, extra)| {
            format!(
                "{} {}{} {}",
                dotted(name, longest, style),
                style.cyan(value),
                fill(width(value), widest),
                style.faint_cyan(extra)
            )
        })
        .collect()
}

/// One line for a check that always passed, two for one that failed.
fn each(check: &Check<'_>, style: Style) -> Vec<String> {
    let Check {
        name,
        passes,
        fails,
        ..
    } = check;
    if *fails == 0 {
        return vec![format!("{} {name}", mark(true, style))];
    }
    let percent = u128::from(*passes) * 100 / (u128::from(*passes) + u128::from(*fails));
    vec![
        format!("{} {name}", mark(false, style)),
        style.red(&format!("  ↳  {percent}% — ✓ {passes} / ✗ {fails}")),
    ]
}
