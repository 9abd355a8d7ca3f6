//! What was asked for beside what was measured, as a table for people.

use std::fmt::Write as _;

/// Whether a figure is what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// As asked, or better.
    Ok,
    /// Not reached.
    Short,
    /// For information; nothing is asked.
    Info,
    /// Could not be measured.
    Missing,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) figure: String,
    pub(crate) asked: String,
    pub(crate) measured: String,
    pub(crate) verdict: Verdict,
}

impl Row {
    /// A figure that must be at least `asked`.
    pub(crate) fn at_least(figure: impl Into<String>, asked: f64, value: f64, unit: &str) -> Self {
        Self::compared(
            figure,
            format!(">= {asked}{unit}"),
            value >= asked,
            value,
            unit,
        )
    }

    /// A figure that must be at most `asked`.
    pub(crate) fn at_most(figure: impl Into<String>, asked: f64, value: f64, unit: &str) -> Self {
        Self::compared(
            figure,
            format!("<= {asked}{unit}"),
            value <= asked,
            value,
            unit,
        )
    }

    fn compared(
        figure: impl Into<String>,
        asked: String,
        kept: bool,
        value: f64,
        unit: &str,
    ) -> Self {
        let verdict = match (value.is_nan(), kept) {
            (true, _) => Verdict::Missing,
            (_, true) => Verdict::Ok,
            (_, false) => Verdict::Short,
        };
        Self {
            figure: figure.into(),
            asked,
            measured: show(value, unit),
            verdict,
        }
    }

    /// A figure for information.
    pub(crate) fn info(figure: impl Into<String>, value: f64, unit: &str) -> Self {
        let measured = show(value, unit);
        Self {
            figure: figure.into(),
            asked: String::new(),
            measured,
            verdict: Verdict::Info,
        }
    }

    /// A figure that could not be measured, and why.
    pub(crate) fn missing(figure: impl Into<String>, why: &dyn std::fmt::Display) -> Self {
        // One line: the rest of a program's complaint is above the table.
        let why = why.to_string();
        let measured = why.lines().next().unwrap_or_default().to_owned();
        let asked = String::new();
        Self {
            figure: figure.into(),
            asked,
            measured,
            verdict: Verdict::Missing,
        }
    }
}

fn show(value: f64, unit: &str) -> String {
    let text = match value.abs() {
        _ if value.is_nan() => return "n/a".to_owned(),
        size if size >= 1000.0 => thousands(value),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        0.0 => "0".to_owned(),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    };
    format!("{text}{unit}")
}

fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut out = String::from(if value < 0.0 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// The rows as a Markdown table whose columns are aligned.
pub(crate) fn table(section: &str, rows: &[Row]) -> String {
    let mut lines = vec![[section, "asked", "measured", ""].map(str::to_owned)];
    for row in rows {
        let verdict = match row.verdict {
            Verdict::Ok => "ok",
            Verdict::Short => "short",
            Verdict::Info => "",
            Verdict::Missing => "n/a",
        };
        let cells = [&row.figure, &row.asked, &row.measured].map(|cell| cell.replace('|', "/"));
        let [figure, asked, measured] = cells;
        lines.push([figure, asked, measured, verdict.to_owned()]);
    }
    let width = |column: usize| {
        lines
            .iter()
            .map(|line| line[column].chars().count())
            .max()
            .unwrap_or(0)
            .max(3)
    };
    let widths = [width(0), width(1), width(2), width(3)];
    // Figures stand to the right.
    let right = [false, true, true, false];
    let mut out = String::new();
    for (number, line) in lines.iter().enumerate() {
        for column in 0..4 {
            let (cell, width) = (&line[column], widths[column]);
            let _ = if right[column] {
                write!(out, "| {cell:>width$} ")
            } else {
                write!(out, "| {cell:<width$} ")
            };
        }
        out.push_str("|\n");
        if number == 0 {
            for column in 0..4 {
                let rule = "-".repeat(widths[column] - usize::from(right[column]));
                let _ = write!(out, "| {rule}{} ", if right[column] { ":" } else { "" });
            }
            out.push_str("|\n");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_lines_up() {
        let rows = [
            Row::at_least("ratio", 0.5, 0.25, "x"),
            Row::at_most("time", 60.0, 12.345, " ms"),
            Row::info("rate", 1_234_567.0, "/s"),
            Row::at_most("gone", 1.0, f64::NAN, ""),
        ];
        let expected = "\
| part  |    asked |    measured |       |
| ----- | -------: | ----------: | ----- |
| ratio |  >= 0.5x |      0.250x | short |
| time  | <= 60 ms |     12.3 ms | ok    |
| rate  |          | 1 234 567/s |       |
| gone  |     <= 1 |         n/a | n/a   |
";
        assert_eq!(table("part", &rows), expected);
    }
}
