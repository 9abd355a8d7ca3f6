//! A panel: which queries it asks when, and what is shown of the answers.

use std::fmt::Write as _;

use brunt_page::escape;
use serde_json::Value;

use crate::chart::{self, Answered};
use crate::client::{QueryError, When};
use crate::fields::{Field, Fields};
use crate::heat::heat;
use crate::table::{Cell, Table, transform};
use crate::tiles;
use crate::time::{self, Range};
use crate::variables::Variables;

/// Rows of a table that are shown.
const MAX_ROWS: usize = 500;

/// A query of a panel, ready to be asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) letter: String,
    legend: String,
    pub(crate) query: String,
    pub(crate) when: When,
    as_table: bool,
}

/// A panel before its answers are there.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) json: &'a Value,
    pub(crate) title: String,
    pub(crate) kind: &'a str,
    pub(crate) asked: Vec<Asked>,
    /// Kinds of data sources that are not there.
    others: Vec<String>,
    range: Range,
    step: f64,
}

/// What is shown inside a panel.
#[derive(Debug, Clone, Default)]
pub(crate) struct Body {
    /// `data`, `empty`, `error` or `other`.
    pub(crate) state: &'static str,
    pub(crate) html: String,
    pub(crate) chart: Option<Value>,
    /// What a reader has to know besides.
    pub(crate) notes: Vec<String>,
}

fn text<'a>(json: &'a Value, key: &str) -> &'a str {
    json[key].as_str().unwrap_or_default()
}

/// The plug-in behind a data source as panels and queries name it; none where nothing is said.
fn plugin(json: &Value, variables: &Variables) -> Option<String> {
    let json = &json["datasource"];
    let kind = text(json, "type");
    if !kind.is_empty() && kind != "datasource" {
        return Some(kind.to_owned());
    }
    let id = json.as_str().or_else(|| json["uid"].as_str())?;
    let name = id
        .trim_start_matches("${")
        .trim_start_matches('$')
        .trim_end_matches('}');
    let chosen = variables.list.iter().find(|it| it.name == name);
    chosen.and_then(|it| it.plugin()).map(str::to_owned)
}

impl<'a> Plan<'a> {
    /// What a panel asks; nothing is asked yet.
    pub(crate) fn of(json: &'a Value, variables: &Variables, range: Range, scrape: f64) -> Self {
        let width = json["gridPos"]["w"].as_f64().unwrap_or(12.0);
        let least = time::duration(text(json, "interval"))
            .unwrap_or(scrape)
            .max(scrape);
        let step = time::step(range, width * 30.0, least);
        // As in Grafana, steps begin at multiples of themselves, so that a line does not dance.
        let aligned = Range {
            from: (range.from / step).floor() * step,
            to: (range.to / step).floor() * step,
        };
        let mut plan = Self {
            json,
            title: variables.expand_title(text(json, "title")),
            kind: text(json, "type"),
            asked: Vec::new(),
            others: Vec::new(),
            range: aligned,
            step,
        };
        let own = plugin(json, variables);
        let targets = json["targets"].as_array().into_iter().flatten();
        for (at, target) in targets.enumerate().filter(|(_, it)| it["hide"] != true) {
            let source = plugin(target, variables).or_else(|| own.clone());
            let source = source.unwrap_or_else(|| "prometheus".to_owned());
            if !source.contains("prometheus") {
                if !plan.others.contains(&source) {
                    plan.others.push(source);
                }
                continue;
            }
            let query = text(target, "expr");
            if query.trim().is_empty() {
                continue;
            }
            let letter = text(target, "refId");
            let instant = target["instant"] == true && target["range"] != true;
            plan.asked.push(Asked {
                letter: if letter.is_empty() {
                    format!("{}", at + 1)
                } else {
                    letter.to_owned()
                },
                legend: variables.expand_title(text(target, "legendFormat")),
                query: variables.expand(query, step),
                when: if instant {
                    When::At(range.to)
                } else {
                    When::Over(aligned, step)
                },
                as_table: target["format"] == "table",
            });
        }
        plan
    }

    /// What is shown of the answers, which stand in the order of what was asked.
    pub(crate) fn body(
        &self,
        answers: Vec<Result<Vec<crate::answer::Series>, QueryError>>,
    ) -> Body {
        if self.kind == "text" {
            let html = format!("<p class=\"words\">{}</p>", escape(self.words()));
            return Body {
                state: "data",
                html,
                ..Body::default()
            };
        }
        let mut notes: Vec<String> = Vec::new();
        let (mut good, mut failed) = (Vec::new(), 0);
        for (asked, answer) in self.asked.iter().zip(answers) {
            match answer {
                Ok(series) => good.push(Answered {
                    letter: asked.letter.clone(),
                    legend: asked.legend.clone(),
                    series,
                }),
                Err(error) => {
                    failed += 1;
                    notes.push(format!("query {}: {}", asked.letter, error.message()));
                }
            }
        }
        for other in &self.others {
            notes.push(format!("not shown in a preview: data source {other}"));
        }
        let mut body = match self.shown(&good, &mut notes) {
            Some(body) => body,
            None if failed > 0 => Body {
                state: "error",
                ..Body::default()
            },
            None if self.asked.is_empty() && !self.others.is_empty() => Body {
                state: "other",
                ..Body::default()
            },
            None if !known(self.kind) => {
                notes = vec![format!("not shown in a preview: {}", self.kind)];
                Body {
                    state: "other",
                    ..Body::default()
                }
            }
            None => {
                notes.push("no data".to_owned());
                Body {
                    state: "empty",
                    ..Body::default()
                }
            }
        };
        if failed > 0 {
            body.state = "error";
        }
        body.notes.extend(notes);
        body
    }

    fn words(&self) -> &str {
        let own = text(&self.json["options"], "content");
        if own.is_empty() {
            text(self.json, "content")
        } else {
            own
        }
    }

    /// None where there is nothing to show.
    fn shown(&self, good: &[Answered], notes: &mut Vec<String>) -> Option<Body> {
        let html = |html: Option<String>| {
            html.map(|html| Body {
                state: "data",
                html,
                ..Body::default()
            })
        };
        match self.kind {
            "timeseries" | "graph" => {
                let any = good
                    .iter()
                    .flat_map(|it| &it.series)
                    .any(|it| !it.points.is_empty());
                any.then(|| {
                    // The legend has a line for some six names, and scrolls beyond two.
                    let names: usize = good.iter().map(|it| it.series.len()).sum();
                    let height = self.height() - if names > 6 { 70 } else { 36 };
                    let (chart, note) =
                        chart::lines(self.json, good, self.range, self.step, height);
                    notes.extend(note);
                    Body {
                        state: "data",
                        chart: Some(chart),
                        ..Body::default()
                    }
                })
            }
            "heatmap" => {
                let series: Vec<_> = good.iter().flat_map(|it| &it.series).collect();
                let chart = heat(
                    self.json,
                    &series,
                    self.range,
                    self.step,
                    self.height() - 46,
                );
                chart.map(|it| Body {
                    state: "data",
                    chart: Some(it),
                    ..Body::default()
                })
            }
            "stat" | "singlestat" => html(tiles::stat(self.json, good)),
            "gauge" | "bargauge" => html(tiles::bars(self.json, good)),
            "state-timeline" | "status-history" => {
                html(tiles::states(self.json, good, self.range, self.step))
            }
            "table" | "table-old" => html(self.table(good, notes)),
            _ => None,
        }
    }

    /// What is inside a panel below its heading, in pixels.
    fn height(&self) -> i64 {
        let lines = self.json["gridPos"]["h"]
            .as_i64()
            .unwrap_or(8)
            .clamp(2, 100);
        lines * 38 - 8 - 46
    }

    fn table(&self, good: &[Answered], notes: &mut Vec<String>) -> Option<String> {
        let several = self.asked.iter().filter(|it| it.as_table).count() > 1;
        let tables = good.iter().map(|it| {
            let value = if several {
                format!("Value #{}", it.letter)
            } else {
                "Value".to_owned()
            };
            Table::of(&it.series, &it.letter, &value)
        });
        let (tables, unknown) = transform(tables.collect(), &self.json["transformations"]);
        notes.extend(
            unknown
                .iter()
                .map(|it| format!("not applied in a preview: transformation {it}")),
        );
        let filled: Vec<_> = tables.iter().filter(|it| !it.rows.is_empty()).collect();
        let table = filled.first()?;
        if filled.len() > 1 {
            notes.push(format!(
                "{} more tables, which Grafana lets one choose",
                filled.len() - 1
            ));
        }
        if table.rows.len() > MAX_ROWS {
            notes.push(format!("{} more rows", table.rows.len() - MAX_ROWS));
        }
        let fields = Fields::of(self.json);
        let shown: Vec<_> = table.columns.iter().enumerate().collect();
        let field = |at: usize| {
            let column = &table.columns[at];
            Field {
                name: &column.name,
                letter: &column.letter,
            }
        };
        let shown: Vec<usize> = shown
            .iter()
            .map(|it| it.0)
            .filter(|at| *fields.option(field(*at), "custom.hidden") != true)
            .collect();
        let text = |at: usize| {
            let cells = table.rows.iter().map(|row| &row[at]);
            cells
                .into_iter()
                .any(|it| matches!(it, Cell::Text(_) | Cell::Time(_)))
        };
        let mut html = String::from(
            "<div class=\"scroll\" tabindex=\"0\"><table class=\"sortable\"><thead><tr>",
        );
        for &at in &shown {
            let name = fields
                .option(field(at), "displayName")
                .as_str()
                .unwrap_or(&table.columns[at].name);
            let class = if text(at) { " class=\"text\"" } else { "" };
            // Writing to a string cannot fail.
            let _ = write!(html, "<th{class}>{}</th>", escape(name));
        }
        html.push_str("</tr></thead><tbody>");
        for row in table.rows.iter().take(MAX_ROWS) {
            html.push_str("<tr>");
            for &at in &shown {
                let _ = match &row[at] {
                    Cell::Empty => write!(html, "<td></td>"),
                    Cell::Text(it) => write!(
                        html,
                        "<td class=\"text\">{}</td>",
                        fields.show_text(field(at), it).html()
                    ),
                    Cell::Time(it) => write!(
                        html,
                        "<td class=\"text\">{}</td>",
                        escape(&time::shown(*it))
                    ),
                    Cell::Number(it) => write!(
                        html,
                        "<td data-value=\"{it}\">{}</td>",
                        fields.show(field(at), *it).html()
                    ),
                };
            }
            html.push_str("</tr>");
        }
        html.push_str("</tbody></table></div>");
        Some(html)
    }
}

/// Whether a preview draws panels of this kind.
fn known(kind: &str) -> bool {
    matches!(
        kind,
        "timeseries"
            | "graph"
            | "heatmap"
            | "stat"
            | "singlestat"
            | "gauge"
            | "bargauge"
            | "state-timeline"
            | "status-history"
            | "table"
            | "table-old"
            | "text"
    )
}
