//! A comparison as a table for people.

use std::fmt::Write as _;
use std::time::Duration;

use brunt_metrics::MetricKind;
use brunt_summary::{Style, units};

use crate::comparison::{Change, Comparison, Effect, Row};

/// Lines with title, rows and what is too much. `names` are those of the runs.
pub fn text(comparison: &Comparison, names: [&str; 2], colour: bool) -> String {
    let style = Style::new(colour);
    let mut text = String::new();
    for (title, (name, duration)) in ["A", "B"]
        .iter()
        .zip(names.iter().zip(comparison.durations))
    {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "  {}  {name} ({})",
            style.bold(title),
            length(duration)
        );
    }
    let percent = brunt_summary::number::to_short(comparison.confidence * 100.0, 3);
    let mut table = vec![[
        String::new(),
        String::new(),
        "A".to_owned(),
        "B".to_owned(),
        "CHANGE".to_owned(),
        format!("{percent} % INTERVAL"),
        String::new(),
    ]];
    let mut last = "";
    for row in &comparison.rows {
        // The name stands once.
        let name = if row.metric == last { "" } else { &row.metric };
        last = &row.metric;
        table.push([
            name.to_owned(),
            row.stat.to_owned(),
            value(row, row.values[0]),
            value(row, row.values[1]),
            row.change.map_or_else(String::new, |it| change(row, it)),
            row.change.map_or_else(String::new, |it| interval(row, it)),
            meaning(row),
        ]);
    }
    let widths: Vec<usize> = (0..7)
        .map(|at| {
            table
                .iter()
                .map(|row| row[at].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    text.push('\n');
    for (number, row) in table.iter().enumerate() {
        let mut line = String::from(" ");
        for (at, cell) in row.iter().enumerate() {
            let room = " ".repeat(widths[at].saturating_sub(cell.chars().count()));
            // Texts begin at the left, numbers end at the right.
            let _ = if at < 2 || at == 6 {
                write!(line, " {cell}{room} ")
            } else {
                write!(line, " {room}{cell} ")
            };
        }
        let line = line.trim_end();
        let of = number.checked_sub(1).and_then(|at| comparison.rows.get(at));
        text += &match of.map(|row| (row.effect, row.is_regression)) {
            None => style.faint(line),
            Some((_, true)) => style.red(line),
            Some((Effect::Better, _)) => style.green(line),
            Some(_) => line.to_owned(),
        };
        text.push('\n');
    }
    text
}

fn length(duration: Duration) -> String {
    units::time(duration.as_secs_f64() * 1000.0, None)
}

fn value(row: &Row, value: Option<f64>) -> String {
    let Some(value) = value else {
        return "-".to_owned();
    };
    match (row.kind, row.stat) {
        (MetricKind::Rate, _) => format!("{:.2} %", value * 100.0),
        (MetricKind::Counter, "rate") => format!("{}/s", units::value(value, row.contains, None)),
        _ => units::value(value, row.contains, None),
    }
}

fn unit(row: &Row) -> &'static str {
    if row.kind == MetricKind::Rate {
        "pp"
    } else {
        "%"
    }
}

fn change(row: &Row, change: Change) -> String {
    format!("{} {}", signed(change.by), unit(row))
}

fn interval(row: &Row, change: Change) -> String {
    change.interval.map_or_else(String::new, |(low, high)| {
        format!("{} … {} {}", signed(low), signed(high), unit(row))
    })
}

fn signed(share: f64) -> String {
    let percent = share * 100.0;
    let digits = match percent.abs() {
        it if it >= 1000.0 => 0,
        it if it >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{percent:+.digits$}");
    // Rounded to nothing, it has no sign.
    if text.trim_start_matches(['+', '-', '0', '.']).is_empty() {
        "0".to_owned()
    } else {
        text
    }
}

fn meaning(row: &Row) -> String {
    let word = match row.effect {
        _ if row.values[0].is_none() => "only in B",
        _ if row.values[1].is_none() => "only in A",
        Effect::Unclear => "no clear change",
        Effect::Better => "better",
        Effect::Worse => "worse",
        Effect::Higher => "higher",
        Effect::Lower => "lower",
        Effect::Untold => "",
    };
    match row.limit.filter(|_| row.is_regression) {
        Some(limit) => format!(
            "{word}, by more than {} {}",
            plain(limit * 100.0),
            unit(row)
        ),
        None => word.to_owned(),
    }
}

fn plain(value: f64) -> String {
    brunt_summary::number::to_short(value, 4)
}
