//! The summary at the end of a test as text, in k6's layout to the blank.
//!
//! People read it, and scripts of theirs cut values out of it: so columns, marks and blank lines
//! are a format, and a recorded summary of k6 is the test.

mod checks;
mod metrics;
mod thresholds;

use brunt_aggregate::Report;

use crate::options::SummaryOptions;
use crate::style::Style;

/// The summary for the standard output: thresholds if there are any, then all totals; line feeds
/// before, between and after included.
pub fn render(report: &Report, options: &SummaryOptions) -> String {
    let style = Style::new(options.colour);
    let mut out = String::from("\n");
    section(
        &mut out,
        "THRESHOLDS",
        &thresholds::blocks(report, options, style),
        style,
    );
    let mut totals = checks::blocks(report, style);
    totals.extend(metrics::blocks(report, options, style));
    section(&mut out, "TOTAL RESULTS", &totals, style);
    out.push_str("\n\n");
    out
}

/// Blocks of lines, each after an empty line, below a title. Without any block there is no section.
fn section(out: &mut String, title: &str, blocks: &[Vec<String>], style: Style) {
    if blocks.is_empty() {
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
fn dotted(name: &str, longest: usize, style: Style) -> String {
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
