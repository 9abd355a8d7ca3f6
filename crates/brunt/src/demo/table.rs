//! The demo's table: a line per value, metric names once, numbers aligned on the right.

use crate::demo::compare::{Row, Unit};

const HEAD: [&str; 5] = ["metric", "", "in the summary", "in the receiver", "same?"];
const GREEN: &str = "\x1b[32m";
const RED: &str = "\x1b[31m";
const FAINT: &str = "\x1b[2m";
const PLAIN: &str = "\x1b[0m";

/// The table and a line that explains what counts as the same.
pub(crate) fn render(rows: &[Row], colour: bool) -> String {
    let mut cells: Vec<[String; 5]> = vec![HEAD.map(str::to_owned)];
    let mut before = "";
    for row in rows {
        let metric = if row.metric == before {
            ""
        } else {
            &row.metric
        };
        before = &row.metric;
        let receiver = row
            .receiver
            .map_or_else(|| "nothing".to_owned(), |value| number(value, row.unit));
        cells.push([
            metric.to_owned(),
            row.stat.to_owned(),
            number(row.summary, row.unit),
            receiver,
            verdict(row),
        ]);
    }
    let width = |column: usize| {
        cells
            .iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2), width(3)];
    let paint = |text: String, style: &str| {
        if colour {
            format!("{style}{text}{PLAIN}")
        } else {
            text
        }
    };
    let mut text = String::new();
    for (at, row) in cells.iter().enumerate() {
        let [metric, stat, summary, receiver, same] = row;
        let start = format!(
            "{metric:<a$}  {stat:<b$}  {summary:>c$}  {receiver:>d$}  ",
            a = widths[0],
            b = widths[1],
            c = widths[2],
            d = widths[3],
        );
        let line = match at {
            0 => paint(format!("{start}{same}"), FAINT),
            _ if rows[at - 1].same() => start + &paint(same.clone(), GREEN),
            _ => start + &paint(same.clone(), RED),
        };
        text += &line;
        text.push('\n');
    }
    text + "~ is a percentile from histograms: right within a rank and the width of a bucket. All else is equal.\n"
}

fn verdict(row: &Row) -> String {
    match row.receiver {
        _ if !row.same() => "NO".to_owned(),
        Some(value) if row.estimated => {
            let off = if row.summary == 0.0 {
                0.0
            } else {
                (value / row.summary - 1.0).abs() * 100.0
            };
            format!("yes ~{off:.1} %")
        }
        _ => "yes".to_owned(),
    }
}

/// Whole numbers as they are; others with three digits behind the point, more if they are small.
fn number(value: f64, unit: Unit) -> String {
    let unit = match unit {
        Unit::None => "",
        Unit::Milliseconds => " ms",
    };
    if value.fract() == 0.0 && value.abs() < 1e15 && unit.is_empty() {
        return format!("{value:.0}");
    }
    // Histograms keep what is nearly nothing apart from nothing; nobody reads the difference.
    if value.abs() < 5e-7 {
        return format!("0{unit}");
    }
    if value.abs() < 0.01 {
        return format!("{value:.6}{unit}");
    }
    format!("{value:.3}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(metric: &str, stat: &'static str, summary: f64, receiver: Option<f64>) -> Row {
        Row {
            metric: metric.to_owned(),
            stat,
            unit: Unit::Milliseconds,
            summary,
            receiver,
            allowed: (summary - 0.1, summary + 0.1),
            estimated: stat == "p(95)",
        }
    }

    #[test]
    fn columns_are_aligned_and_names_stand_once() {
        let rows = [
            row("http_req_duration", "avg", 10.0, Some(10.0)),
            row("http_req_duration", "p(95)", 20.0, Some(20.05)),
            row("wait", "avg", 0.001_5, None),
        ];
        let text = render(&rows, false);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "metric                    in the summary  in the receiver  same?"
        );
        assert_eq!(
            lines[1],
            "http_req_duration  avg         10.000 ms        10.000 ms  yes"
        );
        assert_eq!(
            lines[2],
            "                   p(95)       20.000 ms        20.050 ms  yes ~0.2 %"
        );
        assert_eq!(
            lines[3],
            "wait               avg       0.001500 ms          nothing  NO"
        );
    }

    #[test]
    fn colours_are_only_where_they_are_wanted() {
        let rows = [
            row("a", "avg", 1.0, Some(1.0)),
            row("b", "avg", 1.0, Some(9.0)),
        ];
        assert!(!render(&rows, false).contains('\x1b'));
        let coloured = render(&rows, true);
        assert!(coloured.contains("\x1b[32myes") && coloured.contains("\x1b[31mNO"));
    }
}
