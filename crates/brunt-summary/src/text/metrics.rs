//! The metrics by category, in columns that line up over all categories.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use brunt_aggregate::{Totals, Values};

use super::{dotted, fill, width};
use crate::number::to_text;
use crate::options::{SummaryOptions, TrendStat};
use crate::part::Part;
use crate::shown::{self, Shown};
use crate::style::Style;
use crate::{units, values};

/// Where metrics are listed. Which metric goes where is decided by how its name begins, as k6 does
/// it, so a script's own `vus_foo` stands among the executors' figures. What brunt measures beyond
/// k6 comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Category {
    Custom,
    Http,
    Execution,
    Network,
    Browser,
    WebVitals,
    Grpc,
    WebSocket,
    Brunt,
}

struct Row {
    category: Category,
    label: String,
    cells: Cells,
}

enum Cells {
    /// One cell per statistic: title and value.
    Trend(Vec<(String, String)>),
    /// A value and what else there is to say.
    Plain { value: String, extras: Vec<String> },
}

/// The widths of all columns.
#[derive(Default)]
struct Widths {
    label: usize,
    trend: Vec<usize>,
    value: usize,
    extras: Vec<usize>,
}

impl Category {
    fn of(name: &str) -> Self {
        const BY_PREFIX: [(&str, Category); 14] = [
            ("http_reqs", Category::Http),
            ("http_req_duration", Category::Http),
            ("http_req_failed", Category::Http),
            ("vus", Category::Execution),
            ("iterations", Category::Execution),
            ("iteration_duration", Category::Execution),
            ("dropped_iterations", Category::Execution),
            ("data_sent", Category::Network),
            ("data_received", Category::Network),
            ("browser_web_vital_", Category::WebVitals),
            ("browser_", Category::Browser),
            ("grpc_", Category::Grpc),
            ("ws_", Category::WebSocket),
            ("brunt_", Category::Brunt),
        ];
        if shown::HTTP_PHASES
            .iter()
            .any(|phase| name.starts_with(phase))
        {
            return Self::Http;
        }
        let found = BY_PREFIX
            .iter()
            .find(|(prefix, _)| name.starts_with(prefix));
        found.map_or(Self::Custom, |(_, category)| *category)
    }

    fn title(self) -> &'static str {
        match self {
            Self::Custom => "CUSTOM",
            Self::Http => "HTTP",
            Self::Execution => "EXECUTION",
            Self::Network => "NETWORK",
            Self::Browser => "BROWSER",
            Self::WebVitals => "WEB_VITALS",
            Self::Grpc => "GRPC",
            Self::WebSocket => "WEBSOCKET",
            Self::Brunt => "BRUNT",
        }
    }
}

/// A block per category that has metrics: title, then a line per metric and sub-metric.
pub(super) fn blocks(part: &Part<'_>, options: &SummaryOptions, style: Style) -> Vec<Vec<String>> {
    let rows = rows(part, options);
    let widths = Widths::of(&rows);
    let mut blocks: BTreeMap<Category, Vec<String>> = BTreeMap::new();
    for row in &rows {
        blocks
            .entry(row.category)
            .or_insert_with(|| vec![style.bold(row.category.title())])
            .push(line(row, &widths, style));
    }
    blocks.into_values().collect()
}

fn rows(part: &Part<'_>, options: &SummaryOptions) -> Vec<Row> {
    let mut rows = Vec::new();
    for Shown { parent, subs } in shown::metrics(part.totals) {
        let name = &*parent.metric.name;
        if shown::is_hidden(name, options.mode) {
            continue;
        }
        let category = Category::of(name);
        rows.push(Row {
            category,
            label: name.to_owned(),
            cells: cells(parent, part, options),
        });
        for sub in subs {
            let label = format!("  {{ {} }}", shown::suffix(sub));
            rows.push(Row {
                category,
                label,
                cells: cells(sub, part, options),
            });
        }
    }
    rows
}

fn cells(totals: &Totals, part: &Part<'_>, options: &SummaryOptions) -> Cells {
    let contains = totals.metric.contains;
    let text = |value: f64| units::value(values::finite(value), contains, options.time_unit);
    match &totals.values {
        Values::Counter { count } => {
            let rate = values::per_second(*count, part.duration).unwrap_or(0.0);
            Cells::Plain {
                value: text(*count),
                extras: vec![format!("{}/s", text(rate))],
            }
        }
        Values::Gauge { value, min, max } => Cells::Plain {
            value: text(*value),
            extras: vec![format!("min={}", text(*min)), format!("max={}", text(*max))],
        },
        Values::Rate { passes, fails } => {
            let all = passes.saturating_add(*fails);
            Cells::Plain {
                value: units::percent_of(*passes, all),
                extras: vec![format!("{passes} out of {all}")],
            }
        }
        Values::Trend(trend) => {
            let cell = |stat: &TrendStat| {
                let value = values::statistic(trend, stat);
                // A count is a number, whatever is counted.
                let value = if *stat == TrendStat::Count {
                    to_text(value)
                } else {
                    text(value)
                };
                (stat.to_string(), value)
            };
            Cells::Trend(options.trend_stats.iter().map(cell).collect())
        }
    }
}

impl Widths {
    fn of(rows: &[Row]) -> Self {
        let mut widths = Self::default();
        for row in rows {
            widths.label = widths.label.max(width(&row.label));
            match &row.cells {
                Cells::Trend(cells) => {
                    let of = cells
                        .iter()
                        .map(|(title, value)| width(title) + 1 + width(value));
                    widen(&mut widths.trend, of);
                }
                Cells::Plain { value, extras } => {
                    widths.value = widths.value.max(width(value));
                    widen(&mut widths.extras, extras.iter().map(|extra| width(extra)));
                }
            }
        }
        widths
    }
}

fn widen(columns: &mut Vec<usize>, widths: impl Iterator<Item = usize>) {
    for (at, width) in widths.enumerate() {
        match columns.get_mut(at) {
            Some(column) => *column = width.max(*column),
            None => columns.push(width),
        }
    }
}

fn line(row: &Row, widths: &Widths, style: Style) -> String {
    // Writing to a string cannot fail.
    let mut line = dotted(&row.label, widths.label, style);
    match &row.cells {
        Cells::Trend(cells) => {
            for ((title, value), column) in cells.iter().zip(&widths.trend) {
                let blanks = fill(width(title) + 1 + width(value), *column);
                let _ = write!(line, " {title}={}{blanks}", style.cyan(value));
            }
        }
        Cells::Plain { value, extras } => {
            let blanks = fill(width(value), widths.value);
            let _ = write!(line, " {}{blanks}", style.cyan(value));
            for (extra, column) in extras.iter().zip(&widths.extras) {
                // Only where a column follows or may follow: one extra ends its line.
                let column = if extras.len() > 1 { *column } else { 0 };
                let blanks = fill(width(extra), column);
                let _ = write!(line, " {}{blanks}", style.faint_cyan(extra));
            }
        }
    }
    line
}
