//! A Grafana dashboard with live data as one HTML page, so that anyone can look at it without a Grafana.
//!
//! The dashboard's JSON in its classic form says everything: variables are resolved against a Prometheus, each
//! panel's queries are asked as Grafana asks them (steps, intervals, instant or over time), and transformations, units,
//! thresholds and words for values are applied. What is not known is named in its panel and never left out quietly.
//! It is no second Grafana: nothing in the page asks again, and only the panels that dashboards of load tests use
//! are drawn.

#![forbid(unsafe_code)]

mod answer;
mod chart;
mod client;
mod error;
mod fields;
mod heat;
mod page;
mod panel;
mod table;
mod tiles;
mod time;
mod unit;
mod variables;

use std::time::Duration;

use brunt_grafana::Board;
use futures_util::{StreamExt as _, stream};
use serde_json::Value;

pub use crate::error::PreviewError;

use crate::client::Client;
use crate::page::{Head, Section, Tile};
use crate::panel::Plan;
use crate::time::Range;
use crate::variables::Variables;

/// Queries that are under way at once: a server that others use too is not flooded.
const AT_ONCE: usize = 6;
/// No panel of a dashboard stands lower, or is higher.
const LOWEST: i64 = 20_000;

/// What to look at.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The URL below which `/api/v1/query` lies.
    pub prometheus: String,
    /// Headers of each request, as `Name: value`.
    pub headers: Vec<String>,
    /// The beginning of the time range in place of the dashboard's: `now-30m`, RFC 3339, or seconds since the epoch.
    pub from: Option<String>,
    /// Its end.
    pub to: Option<String>,
    /// Names and values of variables; a name that comes again is one more value.
    pub variables: Vec<(String, String)>,
    /// How often the data has a sample: the data source's scrape interval in Grafana. No step is finer, and rates are
    /// taken over at least four of them.
    pub scrape: Duration,
    /// The time, in seconds since the epoch.
    pub now: f64,
}

/// A page, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The HTML.
    pub html: String,
    /// Panels and variables whose queries were refused, with the reason.
    pub failed: Vec<String>,
    /// How many panels there are, and how many of them show data.
    pub panels: (usize, usize),
}

/// Asks for everything and draws it. Errors are those that leave nothing to draw.
pub async fn preview(json: &Value, settings: &Settings) -> Result<Preview, PreviewError> {
    Board::read(json)?;
    let board = ["spec", "dashboard"]
        .iter()
        .find_map(|it| json.get(it))
        .filter(|it| it.is_object());
    let board = board.unwrap_or(json);
    if board["elements"].is_object() {
        return Err(PreviewError::V2);
    }
    let client = Client::new(&settings.prometheus, &settings.headers)?;
    let range = range(board, settings)?;
    client.check().await?;
    let scrape = settings.scrape.as_secs_f64().max(0.001);
    let (variables, unresolved) =
        Variables::resolve(board, &settings.variables, &client, range, scrape).await?;
    let mut failed: Vec<String> = unresolved
        .iter()
        .map(|(name, error)| format!("variable {name}: {}", error.message()))
        .collect();
    let mut panels = (0, 0);
    let mut sections = Vec::new();
    for (heading, list) in rows(board) {
        let mut section = Section {
            title: heading.map_or_else(String::new, |it| {
                variables.expand_title(it["title"].as_str().unwrap_or_default())
            }),
            note: heading.and_then(note),
            tiles: Vec::new(),
        };
        for json in list {
            let plan = Plan::of(json, &variables, range, scrape);
            let asked = plan.asked.iter().map(|it| client.query(&it.query, it.when));
            let answers: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
            let wrong = plan.asked.iter().zip(&answers);
            failed.extend(wrong.filter_map(|(asked, answer)| {
                let error = answer.as_ref().err()?;
                Some(format!(
                    "panel {:?}, query {}: {}",
                    plan.title,
                    asked.letter,
                    error.message()
                ))
            }));
            let body = plan.body(answers);
            panels.0 += 1;
            panels.1 += usize::from(body.state == "data");
            section.tiles.push(Tile {
                id: panels.0,
                title: plan.title,
                description: json["description"].as_str().unwrap_or_default().to_owned(),
                kind: plan.kind.to_owned(),
                place: place(json),
                body,
            });
        }
        if !(section.title.is_empty() && section.tiles.is_empty()) {
            sections.push(section);
        }
    }
    let text = |key: &str| board[key].as_str().unwrap_or_default().to_owned();
    let shown = variables.list.iter().filter(|it| !it.hidden);
    let mut facts = vec![
        (
            "From".to_owned(),
            format!("{} UTC", time::shown(range.from)),
        ),
        ("to".to_owned(), format!("{} UTC", time::shown(range.to))),
        ("Prometheus".to_owned(), client.shown.clone()),
    ];
    facts.extend(shown.map(|it| (it.label.clone(), it.shown())));
    let head = Head {
        title: text("title"),
        description: text("description"),
        facts,
    };
    Ok(Preview {
        html: page::page(&head, sections),
        failed,
        panels,
    })
}

/// The time range: given, or the dashboard's.
fn range(board: &Value, settings: &Settings) -> Result<Range, PreviewError> {
    let read = |flag: &'static str, given: &Option<String>, key: &str, usual: &str| {
        let own = board["time"][key].as_str().unwrap_or(usual);
        let text = given.as_deref().unwrap_or(own);
        let wrong = || PreviewError::Time {
            flag,
            text: text.to_owned(),
        };
        time::point(text, settings.now)
            .ok_or_else(wrong)
            .map(|it| (it, wrong()))
    };
    let (from, _) = read("--from", &settings.from, "from", "now-1h")?;
    let (to, wrong) = read("--to", &settings.to, "to", "now")?;
    // Prometheus reads no time beyond the year 9999.
    if to <= from || !(0.0..2.5e11).contains(&from) || to > 2.5e11 {
        return Err(wrong);
    }
    Ok(Range { from, to })
}

/// Headings of rows, each with the panels below it; those above the first one have none.
fn rows(board: &Value) -> Vec<(Option<&Value>, Vec<&Value>)> {
    let list = board["panels"].as_array().into_iter().flatten();
    let mut list: Vec<_> = list.collect();
    list.sort_by_key(|it| (place(it)[1], place(it)[0]));
    let mut rows = vec![(None, Vec::new())];
    for it in list {
        if it["type"] == "row" {
            // Those of a closed row stand inside it.
            let inside = it["panels"].as_array().into_iter().flatten();
            rows.push((Some(it), inside.collect()));
        } else if let Some(row) = rows.last_mut() {
            row.1.push(it);
        }
    }
    rows
}

fn note(row: &Value) -> Option<&'static str> {
    if row["repeat"].as_str().is_some_and(|it| !it.is_empty()) {
        return Some("in Grafana once for each value");
    }
    (row["collapsed"] == true).then_some("closed in Grafana")
}

/// Where a panel stands, within the grid whatever its file says.
fn place(json: &Value) -> [i64; 4] {
    let of = |key: &str, usual: i64| json["gridPos"][key].as_i64().unwrap_or(usual);
    let x = of("x", 0).clamp(0, 23);
    [
        x,
        of("y", 0).clamp(0, LOWEST),
        of("w", 12).clamp(1, 24 - x),
        of("h", 8).clamp(1, 100),
    ]
}
