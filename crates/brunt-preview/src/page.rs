//! The page: rows with their panels, in Grafana's grid of 24 columns.

use std::fmt::Write as _;

use brunt_page::{Page, escape};
use serde_json::{Map, Value};

use crate::panel::Body;

/// A panel with its heading, ready for the page.
pub(crate) struct Tile {
    pub(crate) id: usize,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) kind: String,
    /// Columns from the left, lines from the top, width, height.
    pub(crate) place: [i64; 4],
    pub(crate) body: Body,
}

/// Panels below a heading.
#[derive(Default)]
pub(crate) struct Section {
    /// Empty above the first row.
    pub(crate) title: String,
    /// What is to be said of it, such as that it is closed in Grafana.
    pub(crate) note: Option<&'static str>,
    pub(crate) tiles: Vec<Tile>,
}

/// What stands above the panels.
pub(crate) struct Head {
    pub(crate) title: String,
    pub(crate) description: String,
    /// Names and values of the variables, the time, the server.
    pub(crate) facts: Vec<(String, String)>,
}

/// The whole page.
pub(crate) fn page(head: &Head, sections: Vec<Section>) -> String {
    let mut charts = Map::new();
    let mut body = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        body,
        "<header><button type=\"button\" class=\"theme\">Dark</button><h1>{}</h1><p class=\"faint\">{}</p><dl class=\"facts\">",
        escape(&head.title),
        escape(&head.description)
    );
    for (name, value) in &head.facts {
        let _ = write!(
            body,
            "<div><dt>{}</dt><dd>{}</dd></div>",
            escape(name),
            escape(value)
        );
    }
    body.push_str("</dl></header>\n");
    for section in sections {
        if !section.title.is_empty() {
            let note = section.note.map_or_else(String::new, |it| {
                format!(" <span class=\"faint\">{it}</span>")
            });
            let _ = write!(body, "<h2>{}{note}</h2>", escape(&section.title));
        }
        body.push_str("<div class=\"board\">\n");
        let top = section
            .tiles
            .iter()
            .map(|it| it.place[1])
            .min()
            .unwrap_or_default();
        for tile in section.tiles {
            tile_html(&mut body, &tile, top);
            if let Some(chart) = tile.body.chart {
                charts.insert(format!("p{}", tile.id), chart);
            }
        }
        body.push_str("</div>\n");
    }
    Page {
        title: head.title.clone(),
        body,
        charts: Value::Object(charts),
        style: include_str!("../assets/preview.css").to_owned(),
    }
    .render()
}

fn tile_html(html: &mut String, tile: &Tile, top: i64) {
    let [x, y, w, h] = tile.place;
    let key = format!("p{}", tile.id);
    let _ = write!(
        html,
        "<section class=\"panel {state}\" id=\"{key}\" data-state=\"{state}\" data-type=\"{kind}\" style=\"grid-column:{}/span {w};grid-row:{}/span {h};--lines:{h}\" aria-labelledby=\"{key}-title\"><h3 id=\"{key}-title\" title=\"{}\">{}</h3>",
        x + 1,
        y - top + 1,
        escape(&tile.description),
        escape(&tile.title),
        state = tile.body.state,
        kind = escape(&tile.kind),
    );
    let _ = write!(html, "<div class=\"body\">{}", tile.body.html);
    if tile.body.chart.is_some() {
        let _ = write!(
            html,
            "<div class=\"chart\" data-chart=\"{key}\" role=\"group\" tabindex=\"0\" aria-labelledby=\"{key}-title\"></div>"
        );
    }
    for note in &tile.body.notes {
        let _ = write!(html, "<p class=\"note\">{}</p>", escape(note));
    }
    html.push_str("</div></section>\n");
}
