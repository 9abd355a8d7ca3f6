//! A panel's field options: which unit, colour and words a value has, by the name of its field.

use brunt_page::escape;
use regex::Regex;
use serde_json::Value;

use crate::unit::Unit;

/// The options of a panel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a>(&'a Value);

/// A field: the name that people see, and the letter of the query that it comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field<'a> {
    pub(crate) name: &'a str,
    pub(crate) letter: &'a str,
}

/// A value as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) text: String,
    /// A colour of the style sheet, if the value has one.
    pub(crate) colour: Option<String>,
}

impl Shown {
    /// As part of a page.
    pub(crate) fn html(&self) -> String {
        let text = escape(&self.text);
        self.colour.as_ref().map_or(text.clone(), |it| {
            format!("<span style=\"color:{it}\">{text}</span>")
        })
    }
}

impl<'a> Fields<'a> {
    /// Of a panel's JSON.
    pub(crate) fn of(panel: &'a Value) -> Self {
        Self(&panel["fieldConfig"])
    }

    /// An option such as `unit` or `custom.lineStyle`; the last override that fits wins.
    pub(crate) fn option(self, field: Field<'_>, id: &str) -> &'a Value {
        let overrides = self.0["overrides"].as_array().into_iter().flatten().rev();
        let mut fitting = overrides.filter(|it| fits(&it["matcher"], field));
        let found = fitting.find_map(|it| {
            let properties = it["properties"].as_array().into_iter().flatten();
            properties.rev().find(|it| it["id"] == id)
        });
        found.map_or_else(
            || {
                id.split('.')
                    .fold(&self.0["defaults"], |json, key| &json[key])
            },
            |it| &it["value"],
        )
    }

    /// The unit of a field.
    pub(crate) fn unit(self, field: Field<'_>) -> Unit {
        Unit::of(self.option(field, "unit").as_str().unwrap_or_default())
    }

    /// A number with unit, word and colour.
    pub(crate) fn show(self, field: Field<'_>, value: f64) -> Shown {
        let mapped = self.mapped(field, value);
        let text = mapped
            .and_then(|it| it["text"].as_str())
            .filter(|it| !it.is_empty());
        let colour = mapped.and_then(|it| it["color"].as_str());
        let named = match colour {
            Some(name) => Some(name),
            None if self.option(field, "color")["mode"] == "thresholds" => self.step(field, value),
            None => None,
        };
        Shown {
            text: text.map_or_else(|| self.number(field, value), str::to_owned),
            colour: named.and_then(css),
        }
    }

    fn number(self, field: Field<'_>, value: f64) -> String {
        let unit = self.unit(field);
        match (self.option(field, "decimals").as_u64(), &unit) {
            // What somebody wants to see exactly is not shortened.
            (
                Some(places),
                Unit::Scaled {
                    factor,
                    after,
                    names,
                    ..
                },
            ) if names.len() == 1 => {
                let places = usize::try_from(places.min(9)).unwrap_or_default();
                format!("{:.places$}{after}", value * factor)
            }
            _ => unit.show(value),
        }
    }

    /// The colour of the highest threshold that a value has reached.
    fn step(self, field: Field<'_>, value: f64) -> Option<&'a str> {
        let thresholds = self.option(field, "thresholds");
        let value = if thresholds["mode"] == "percentage" {
            let bound = |id: &str, other: f64| self.option(field, id).as_f64().unwrap_or(other);
            let (min, max) = (bound("min", 0.0), bound("max", 100.0));
            (value - min) / (max - min) * 100.0
        } else {
            value
        };
        let steps = thresholds["steps"].as_array()?.iter();
        let mut reached = steps.filter(|it| it["value"].as_f64().is_none_or(|from| value >= from));
        reached.next_back()?["color"].as_str()
    }

    /// The word for a value: its text and colour.
    fn mapped(self, field: Field<'_>, value: f64) -> Option<&'a Value> {
        let mappings = self.option(field, "mappings").as_array()?;
        mappings.iter().find_map(|it| {
            let options = &it["options"];
            match it["type"].as_str()? {
                "value" => options.get(value.to_string()),
                "range" => {
                    let from = options["from"].as_f64().unwrap_or(f64::NEG_INFINITY);
                    let to = options["to"].as_f64().unwrap_or(f64::INFINITY);
                    (from..=to).contains(&value).then(|| &options["result"])
                }
                "special" => {
                    let fits = options["match"]
                        .as_str()
                        .is_some_and(|it| it.contains("nan"));
                    (fits && value.is_nan()).then(|| &options["result"])
                }
                _ => None,
            }
        })
    }

    /// The word for a text, of tables.
    pub(crate) fn show_text(self, field: Field<'_>, text: &str) -> Shown {
        let mappings = self.option(field, "mappings").as_array();
        let mut values = mappings
            .into_iter()
            .flatten()
            .filter(|it| it["type"] == "value");
        let found = values.find_map(|it| it["options"].get(text));
        let word = found.and_then(|it| it["text"].as_str()).unwrap_or(text);
        Shown {
            text: word.to_owned(),
            colour: found.and_then(|it| it["color"].as_str()).and_then(css),
        }
    }
}

fn fits(matcher: &Value, field: Field<'_>) -> bool {
    let options = matcher["options"].as_str().unwrap_or_default();
    match matcher["id"].as_str().unwrap_or_default() {
        "byName" => options == field.name,
        "byFrameRefID" => options == field.letter,
        "byRegexp" => {
            let inside = options.strip_prefix('/').and_then(|it| it.rsplit_once('/'));
            Regex::new(inside.map_or(options, |it| it.0)).is_ok_and(|it| it.is_match(field.name))
        }
        _ => false,
    }
}

/// One of Grafana's names of colours, or a colour in figures, as the style sheet has it.
pub(crate) fn css(name: &str) -> Option<String> {
    let figures = name
        .strip_prefix('#')
        .is_some_and(|it| it.chars().all(|c| c.is_ascii_hexdigit()));
    if figures && name.len() <= 9 {
        return Some(name.to_owned());
    }
    let plain = name.rsplit('-').next().unwrap_or_default();
    let variable = match plain {
        "green" => "--good",
        "red" => "--bad",
        "orange" | "yellow" => "--c1",
        "blue" => "--c0",
        "purple" => "--c2",
        _ => return None,
    };
    Some(format!("var({variable})"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_override_that_fits_says_unit_word_and_colour() {
        let panel = json!({ "fieldConfig": {
            "defaults": {
                "unit": "s", "color": { "mode": "thresholds" },
                "thresholds": { "steps": [{ "value": null, "color": "green" }, { "value": 0.5, "color": "dark-red" }] },
                "mappings": [{ "type": "value", "options": { "0": { "text": "none", "color": "#ff0000" } } }],
            },
            "overrides": [
                { "matcher": { "id": "byName", "options": "n" }, "properties": [{ "id": "unit", "value": "short" }] },
                { "matcher": { "id": "byRegexp", "options": "/^lim/" }, "properties": [{ "id": "custom.lineStyle", "value": { "fill": "dash" } }] },
            ],
        }});
        let fields = Fields::of(&panel);
        let of = |name| Field { name, letter: "A" };
        let shown = |name, value| {
            let shown = fields.show(of(name), value);
            (shown.text, shown.colour.unwrap_or_default())
        };
        assert_eq!(
            shown("x", 0.25),
            ("250 ms".to_owned(), "var(--good)".to_owned())
        );
        assert_eq!(
            shown("x", 0.75),
            ("750 ms".to_owned(), "var(--bad)".to_owned())
        );
        assert_eq!(
            shown("n", 0.25),
            ("0.25".to_owned(), "var(--good)".to_owned())
        );
        assert_eq!(shown("n", 0.0), ("none".to_owned(), "#ff0000".to_owned()));
        assert_eq!(
            fields.option(of("limit"), "custom.lineStyle")["fill"],
            "dash"
        );
        assert!(fields.option(of("x"), "custom.lineStyle").is_null());
        assert_eq!(css("#fff\"><script>"), None);
    }
}
