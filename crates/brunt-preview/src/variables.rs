//! The variables of a dashboard: what is chosen, and what that is in a query.
//!
//! They are resolved from top to bottom, because the query of one names those above it. What is chosen
//! comes from the command line, else from the dashboard, else it is the first one that there is.

use brunt_grafana::expand;
use regex::Regex;
use serde_json::Value;

use crate::client::{Client, QueryError, When, selector};
use crate::error::PreviewError;
use crate::time::{Range, duration, rate_interval, written};

/// What Grafana calls the choice of everything.
const ALL: &str = "$__all";

/// A variable with what is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    /// `datasource`, `query`, …
    pub(crate) kind: String,
    /// What people see before the choice.
    pub(crate) label: String,
    /// Whether people see it at all.
    pub(crate) hidden: bool,
    /// Whether its value stands in a regular expression.
    several: bool,
    /// What stands for everything, if everything is chosen and something stands for it.
    all_value: Option<String>,
    all: bool,
    values: Vec<String>,
    /// Values and the words that people see in their place.
    words: Vec<(String, String)>,
}

impl Variable {
    /// The choice for people.
    pub(crate) fn shown(&self) -> String {
        if self.all {
            "All".to_owned()
        } else {
            let word = |value: &String| {
                let found = self.words.iter().find(|it| it.0 == *value);
                found.map_or(value.clone(), |it| it.1.clone())
            };
            self.values.iter().map(word).collect::<Vec<_>>().join(", ")
        }
    }

    /// Of a data source the plug-in behind it.
    pub(crate) fn plugin(&self) -> Option<&str> {
        (self.kind == "datasource").then(|| self.values.first().map_or("", String::as_str))
    }

    /// The value in a query, in a format of Grafana's; without one in that for `PromQL`.
    fn put_in(&self, format: &str) -> String {
        if let (true, Some(all)) = (self.all, &self.all_value) {
            return all.clone();
        }
        let joined = |by: &str| self.values.join(by);
        let each =
            |of: &dyn Fn(&str) -> String| self.values.iter().map(|it| of(it)).collect::<Vec<_>>();
        match format {
            "" if !self.several => joined(",").replace('\\', "\\\\"),
            "" | "regex" => {
                let mut escaped = each(&|it| regex::escape(it));
                if format.is_empty() {
                    // The text stands between quotes.
                    escaped = escaped.iter().map(|it| it.replace('\\', "\\\\")).collect();
                }
                match &escaped[..] {
                    [one] => one.clone(),
                    more => format!("({})", more.join("|")),
                }
            }
            "pipe" => joined("|"),
            "glob" if self.values.len() > 1 => format!("{{{}}}", joined(",")),
            "singlequote" => each(&|it| format!("'{it}'")).join(","),
            "doublequote" => each(&|it| format!("{it:?}")).join(","),
            _ => joined(","),
        }
    }
}

/// All of them, and the time range.
#[derive(Debug, Clone)]
pub(crate) struct Variables {
    pub(crate) list: Vec<Variable>,
    range: Range,
    scrape: f64,
}

impl Variables {
    /// Asks for what is to be chosen from. What fails comes back beside it, by the variable's name.
    pub(crate) async fn resolve(
        board: &Value,
        given: &[(String, String)],
        client: &Client,
        range: Range,
        scrape: f64,
    ) -> Result<(Self, Vec<(String, QueryError)>), PreviewError> {
        let mut all = Self {
            list: Vec::new(),
            range,
            scrape,
        };
        let list = board["templating"]["list"].as_array().into_iter().flatten();
        let list: Vec<_> = list.filter(|it| it["name"].is_string()).collect();
        let known = || {
            list.iter()
                .filter_map(|it| it["name"].as_str())
                .collect::<Vec<_>>()
        };
        if let Some((name, _)) = given.iter().find(|it| !known().contains(&it.0.as_str())) {
            return Err(PreviewError::Variable {
                name: name.clone(),
                known: if list.is_empty() {
                    "none".to_owned()
                } else {
                    known().join(", ")
                },
            });
        }
        let mut failed = Vec::new();
        for json in list {
            let options = all.options(json, client).await.unwrap_or_else(|error| {
                failed.push((text(json, "name"), error));
                Vec::new()
            });
            let name = text(json, "name");
            let given = given
                .iter()
                .filter(|it| it.0 == name)
                .map(|it| it.1.clone());
            let given: Vec<_> = given.collect();
            all.list.push(chosen(json, options, &given));
        }
        Ok((all, failed))
    }

    /// A text with variables put in; `step` is that of the panel.
    pub(crate) fn expand(&self, text: &str, step: f64) -> String {
        let whole = self.range.to - self.range.from;
        expand(text, |name, format| {
            let milliseconds = |seconds: f64| Some(format!("{:.0}", seconds * 1000.0));
            match name {
                "__interval" => Some(written(step)),
                "__interval_ms" => milliseconds(step),
                "__rate_interval" => Some(written(rate_interval(step, self.scrape))),
                "__range" => Some(written(whole.round().max(1.0))),
                "__range_s" => Some(format!("{:.0}", whole.max(1.0))),
                "__range_ms" => milliseconds(whole),
                "__from" => milliseconds(self.range.from),
                "__to" => milliseconds(self.range.to),
                _ => self
                    .list
                    .iter()
                    .find(|it| it.name == name)
                    .map(|it| it.put_in(format)),
            }
        })
    }

    /// A heading with what is chosen put in as people see it.
    pub(crate) fn expand_title(&self, text: &str) -> String {
        expand(text, |name, _| {
            self.list
                .iter()
                .find(|it| it.name == name)
                .map(Variable::shown)
        })
    }

    /// What there is to choose from.
    async fn options(&self, json: &Value, client: &Client) -> Result<Vec<String>, QueryError> {
        let query = &json["query"];
        let query = query.as_str().or_else(|| query["query"].as_str());
        let query = query
            .or_else(|| json["definition"].as_str())
            .unwrap_or_default();
        let mut options = match json["type"].as_str().unwrap_or_default() {
            "query" => self.asked(query, client).await?,
            "custom" => choices(query),
            "interval" => query.split(',').map(|it| it.trim().to_owned()).collect(),
            _ => vec![query.to_owned()],
        };
        if json["type"] == "query" {
            filter(&mut options, json["regex"].as_str().unwrap_or_default());
            sort(&mut options, json["sort"].as_u64().unwrap_or_default());
            options.dedup();
        }
        Ok(options)
    }

    /// The functions of Grafana's Prometheus data source:
    /// <https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/>
    async fn asked(&self, query: &str, client: &Client) -> Result<Vec<String>, QueryError> {
        let step = (self.range.to - self.range.from) / 300.0;
        let query = self.expand(query.trim(), step.max(self.scrape));
        let call = query.split_once('(').and_then(|(name, rest)| {
            Some((name.trim(), rest.trim_end().strip_suffix(')')?.trim()))
        });
        match call {
            Some(("label_values", inside)) => {
                // A selector may hold commas, a label none.
                let (selector, label) = inside
                    .rsplit_once(',')
                    .map_or((None, inside), |(selector, label)| {
                        (Some(selector.trim()), label.trim())
                    });
                client.label_values(label, selector, self.range).await
            }
            Some(("label_names", _)) => client.label_names(self.range).await,
            Some(("metrics", pattern)) => {
                let mut names = client.label_values("__name__", None, self.range).await?;
                if let Ok(pattern) = Regex::new(pattern) {
                    names.retain(|it| pattern.is_match(it));
                }
                Ok(names)
            }
            Some(("query_result", inside)) => {
                let series = client.query(inside, When::At(self.range.to)).await?;
                let shown = series.iter().filter_map(|it| {
                    let (time, value) = it.points.last()?;
                    Some(format!(
                        "{} {value} {:.0}",
                        selector(&it.labels),
                        time * 1000.0
                    ))
                });
                Ok(shown.collect())
            }
            _ => Err(QueryError::Refused(format!(
                "no preview knows the query {query}"
            ))),
        }
    }
}

fn text(json: &Value, key: &str) -> String {
    json[key].as_str().unwrap_or_default().to_owned()
}

/// The values of `text : value, other`.
fn choices(query: &str) -> Vec<String> {
    let choices = query.split(',').map(|it| {
        let value = it.split_once(" : ").map_or(it, |(_, value)| value);
        value.trim().to_owned()
    });
    choices.collect()
}

/// Only what fits, and of that the group if there is one.
fn filter(options: &mut Vec<String>, pattern: &str) {
    let inside = pattern.strip_prefix('/').and_then(|it| it.rsplit_once('/'));
    let pattern = inside.map_or(pattern, |it| it.0);
    if pattern.is_empty() {
        return;
    }
    let Ok(pattern) = Regex::new(pattern) else {
        return;
    };
    let fitting = options.iter().filter_map(|it| {
        let found = pattern.captures(it)?;
        let group = found
            .name("value")
            .or_else(|| found.get(1))
            .or_else(|| found.get(0));
        group.map(|it| it.as_str().to_owned())
    });
    *options = fitting.collect();
}

/// By Grafana's numbers: odd ones rise, even ones fall; 3 and 4 are for numbers, 5 and 6 ignore the case.
fn sort(options: &mut [String], order: u64) {
    let number = |it: &String| -> f64 {
        let digits = it.trim_start_matches(|c: char| !c.is_ascii_digit());
        let end = digits
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(digits.len());
        digits[..end].parse().unwrap_or(f64::MAX)
    };
    match order {
        1 | 2 => options.sort(),
        3 | 4 => options.sort_by(|a, b| number(a).total_cmp(&number(b))),
        5 | 6 => options.sort_by_key(|it| it.to_lowercase()),
        _ => {}
    }
    if matches!(order, 2 | 4 | 6) {
        options.reverse();
    }
}

fn chosen(json: &Value, options: Vec<String>, given: &[String]) -> Variable {
    let current = &json["current"]["value"];
    let current: Vec<String> = match current {
        Value::Array(list) => list
            .iter()
            .filter_map(|it| it.as_str().map(str::to_owned))
            .collect(),
        other => other.as_str().map(str::to_owned).into_iter().collect(),
    };
    let include_all = json["includeAll"] == true;
    let kind = text(json, "type");
    let mut values: Vec<_> = if given.is_empty() {
        current.clone()
    } else {
        given.to_owned()
    };
    values.retain(|it| !it.is_empty());
    // What the dashboard was saved with may be gone; a text is free.
    if given.is_empty() && matches!(kind.as_str(), "query" | "custom") && !options.is_empty() {
        values.retain(|it| it == ALL || options.contains(it));
    }
    let named_all = |it: &String| it == ALL || it == "All";
    let all = include_all && (values.iter().any(named_all) || values.is_empty());
    if all {
        values.clone_from(&options);
    } else if kind == "datasource" {
        // What is chosen is the address that the preview was given; what counts is of which kind it is.
        values = options;
    } else if values.is_empty() {
        values = options.into_iter().take(1).collect();
    }
    if kind == "interval" && values.first().is_none_or(|it| duration(it).is_none()) {
        values = vec!["1m".to_owned()];
    }
    let all_value = text(json, "allValue");
    let words = if kind == "custom" {
        text(json, "query")
    } else {
        String::new()
    };
    let words = words.split(',').filter_map(|it| {
        let (word, value) = it.split_once(" : ")?;
        Some((value.trim().to_owned(), word.trim().to_owned()))
    });
    Variable {
        words: words.collect(),
        name: text(json, "name"),
        label: Some(text(json, "label"))
            .filter(|it| !it.is_empty())
            .unwrap_or_else(|| text(json, "name")),
        hidden: json["hide"] == 2 || kind == "datasource" || kind == "adhoc",
        several: json["multi"] == true || include_all,
        all_value: (!all_value.is_empty()).then_some(all_value),
        kind,
        all,
        values,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn variables(list: Vec<Variable>) -> Variables {
        let range = Range {
            from: 1000.0,
            to: 2800.0,
        };
        Variables {
            list,
            range,
            scrape: 15.0,
        }
    }

    #[test]
    fn choices_stand_in_queries_as_in_grafana() {
        let options = || vec!["a.b".to_owned(), "c".to_owned()];
        let many = json!({ "name": "v", "type": "query", "multi": true, "includeAll": true, "current": { "value": ["$__all"] } });
        let all = variables(vec![chosen(&many, options(), &[])]);
        assert_eq!(all.expand(r#"{x=~"$v"}"#, 1.0), r#"{x=~"(a\\.b|c)"}"#);
        assert_eq!(
            all.expand("${v:pipe} ${v:csv} [[v:regex]]", 1.0),
            r"a.b|c a.b,c (a\.b|c)"
        );
        assert_eq!(all.list[0].shown(), "All");
        let one = variables(vec![chosen(&many, options(), &["c".to_owned()])]);
        assert_eq!(one.expand("$v $w", 1.0), "c $w");
        let mut with = many.clone();
        with["allValue"] = json!(".*");
        let with = variables(vec![chosen(&with, options(), &[])]);
        assert_eq!(with.expand("${v:regex}", 1.0), ".*");
        // What was chosen once is gone.
        let single = json!({ "name": "v", "type": "query", "current": { "value": "gone" } });
        let single = variables(vec![chosen(&single, options(), &[])]);
        assert_eq!(single.expand("$v", 1.0), "a.b");
    }

    #[test]
    fn intervals_follow_range_and_step() {
        let none = variables(Vec::new());
        assert_eq!(
            none.expand(
                "$__interval $__rate_interval ${__range} $__range_s ${__from}",
                20.0
            ),
            "20s 60s 1800s 1800 1000000"
        );
    }

    #[test]
    fn options_are_filtered_and_sorted() {
        let mut options = vec!["pod-10".to_owned(), "pod-9".to_owned(), "node".to_owned()];
        filter(&mut options, "/pod-(.*)/");
        sort(&mut options, 3);
        assert_eq!(options, ["9", "10"]);
        assert_eq!(choices("native : 1, 0"), ["1", "0"]);
    }
}
