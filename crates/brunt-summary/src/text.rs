//! The summary at the end of a test as text, in k6's layout to the blank.
//!
//! People read it, and scripts of theirs cut values out of it: so columns, marks and blank lines
//! are a format, and a recorded summary of k6 is the test.

mod checks;
mod metrics;
mod thresholds;

use brunt_aggregate::{MOST_SECTIONS, Report};

use crate::options::{Mode, SummaryOptions};
use crate::part::{self, Part};
use crate::style::Style;

pub(crate) use thresholds::judged;

/// The summary for the standard output: thresholds if there are any, then all totals, in full mode
/// then groups and scenarios; line feeds before, between and after included.
pub fn render(report: &Report, options: &SummaryOptions) -> String {
    let style = Style::new(options.colour);
    let mut out = String::from("\n");
    let thresholds = thresholds::blocks(report, options, style);
    section(&mut out, "THRESHOLDS", &thresholds, &[], style);
    let whole = part::whole(report);
    section(
        &mut out,
        "TOTAL RESULTS",
        &blocks(&whole, options, style),
        &[],
        style,
    );
    if options.mode == Mode::Full {
        for (kind, parts) in [
            ("GROUP", part::groups(report)),
            ("SCENARIO", part::scenarios(report)),
        ] {
            for part in parts {
                let title = format!("{kind}: {}", part.name);
                let inner = inner(&part.groups, "    ", options, style);
                section(
                    &mut out,
                    &title,
                    &blocks(&part, options, style),
                    &inner,
                    style,
                );
            }
        }
        if report.sections_left_out {
            let note = format!(
                "There were more than {MOST_SECTIONS} groups and scenarios: the others count in the totals only."
            );
            out.push_str("\n  ");
            out.push_str(&style.faint(&note));
            out.push('\n');
        }
    }
    out.push_str("\n\n");
    out
}

/// Checks, then metrics.
fn blocks(part: &Part<'_>, options: &SummaryOptions, style: Style) -> Vec<Vec<String>> {
    let mut blocks = checks::blocks(part, style);
    blocks.extend(metrics::blocks(part, options, style));
    blocks
}

/// Groups inside of something, each a step further to the right, as lines.
fn inner(groups: &[Part<'_>], indent: &str, options: &SummaryOptions, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    for group in groups {
        let blocks = blocks(group, options, style);
        let deeper = format!("{indent}  ");
        let below = inner(&group.groups, &deeper, options, style);
        if blocks.is_empty() && below.is_empty() {
            continue;
        }
        let title = style.bold(&format!("GROUP: {}", group.name));
        lines.extend([String::new(), format!("{indent}↳ {title} ")]);
        for block in blocks {
            lines.push(String::new());
            lines.extend(block.iter().map(|line| format!("{deeper}{line}")));
        }
        lines.extend(below);
    }
    lines
}

/// Blocks of lines, each after an empty line, below a title, then lines as they are. With neither
/// there is no section.
pub(crate) fn section(
    out: &mut String,
    title: &str,
    blocks: &[Vec<String>],
    inner: &[String],
    style: Style,
) {
    if blocks.is_empty() && inner.is_empty() {
        return;
    }
    out.push_str("\n  █ ");
    out.push_str(&style.bold(title));
    out.push_str(" \n");
    for block in blocks {
        out.push('\n');
        for line in block {
            out.push_str("    ");
            out.push_str(line);
            out.push('\n');
        }
    }
    for line in inner {
        out.push_str(line);
        out.push('\n');
    }
    out.push('\n');
}

/// Blanks that bring a text of this many characters to this width.
fn fill(length: usize, width: usize) -> String {
    " ".repeat(width.saturating_sub(length))
}

/// How many columns a text takes, if each of its characters takes one.
fn width(text: &str) -> usize {
    text.chars().count()
}

/// A name, faint dots up to three beyond the longest name, and a colon.
pub(crate) fn dotted(name: &str, longest: usize, style: Style) -> String {
    let dots = ".".repeat((longest + 3).saturating_sub(width(name)));
    format!("{name}{}", style.faint(&format!("{dots}:")))
}

/// A green or a red mark.
fn mark(ok: bool, style: Style) -> String {
    if ok {
        style.green("✓")
    } else {
        style.red("✗")
    }
}

#[cfg(test)]
mod tests;
