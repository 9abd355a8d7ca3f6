//! The totals of checks, and each check.

use super::{dotted, fill, mark, width};
use crate::part::{Check, Part};
use crate::style::Style;
use crate::units;
use crate::values::{finite, per_second};

/// Two blocks, totals and checks; none when no check ran.
pub(super) fn blocks(part: &Part<'_>, style: Style) -> Vec<Vec<String>> {
    if part.checks.is_empty() {
        return Vec::new();
    }
    let checks = part.checks.iter();
    vec![
        totals(part, style),
        checks.flat_map(|check| each(check, style)).collect(),
    ]
}

fn totals(part: &Part<'_>, style: Style) -> Vec<String> {
    let passes: u64 = part.checks.iter().map(|check| check.passes).sum();
    let fails: u64 = part.checks.iter().map(|check| check.fails).sum();
    let all = passes + fails;
    let rate = finite(per_second(all as f64, part.duration).unwrap_or(0.0));
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
