//! Which of Locust's four CSV files one is, from its first row. Only the history has times, without which nothing can
//! be said to any output.

use crate::foreign::Cells;

/// A file of Locust's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `…_stats_history.csv`
    History,
    /// `…_stats.csv`, `…_failures.csv` or `…_exceptions.csv`.
    Totals,
}

/// The file whose first row this is; `None` if it is another program's.
pub(crate) fn of(row: &[u8]) -> Option<Kind> {
    let row = row.strip_suffix(b"\r").unwrap_or(row);
    let mut cells = Cells::default();
    cells.read(row, b',').ok()?;
    let names: Vec<&str> = cells.iter().collect();
    match *names.as_slice() {
        ["Timestamp", "User Count", "Type", "Name", ..] => Some(Kind::History),
        ["Type", "Name", "Request Count", "Failure Count", ..]
        | ["Method", "Name", "Error", "Occurrences", ..]
        | ["Count", "Message", "Traceback", ..] => Some(Kind::Totals),
        _ => None,
    }
}
