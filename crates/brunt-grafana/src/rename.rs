//! Other names for metrics in a dashboard: of one that was made for k6's OTLP output, or with another
//! prefix.
//!
//! Only whole names in what is asked are replaced: a metric's name never continues with a letter, a
//! digit, `_` or `:`.

mod named;

pub use named::{NamedRename, RenameError, mapping};

use serde_json::Value;

/// The keys under which queries stand.
const QUERIES: [&str; 3] = ["expr", "query", "definition"];

/// Whether a character may be part of a metric's name.
fn of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}

/// The query with other names.
fn renamed(query: &str, names: &[(String, String)]) -> String {
    let mut out = String::with_capacity(query.len());
    let mut rest = query;
    while let Some(start) = rest.find(of_name) {
        let (before, word_on) = rest.split_at(start);
        let end = word_on.find(|c| !of_name(c)).unwrap_or(word_on.len());
        let (word, after) = word_on.split_at(end);
        out.push_str(before);
        let new = names.iter().find(|(old, _)| old == word);
        out.push_str(new.map_or(word, |(_, new)| new));
        rest = after;
    }
    out + rest
}

/// Renames metrics in every query of a dashboard; gives the number of queries that changed.
pub fn rename_metrics(json: &mut Value, names: &[(String, String)]) -> usize {
    let mut changed = 0;
    match json {
        Value::Array(list) => {
            for it in list {
                changed += rename_metrics(it, names);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(text) if QUERIES.contains(&key.as_str()) => {
                        let new = renamed(text, names);
                        if new != *text {
                            *text = new;
                            changed += 1;
                        }
                    }
                    other => changed += rename_metrics(other, names),
                }
            }
        }
        _ => {}
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_names_are_replaced_and_nothing_else() {
        let names = [("http_reqs".to_owned(), "k6_http_reqs_total".to_owned())];
        let query =
            "sum(rate(http_reqs{a=\"b\"}[1m])) / my_http_reqs + http_reqs_total + http_reqs";
        assert_eq!(
            renamed(query, &names),
            "sum(rate(k6_http_reqs_total{a=\"b\"}[1m])) / my_http_reqs + http_reqs_total + k6_http_reqs_total"
        );
    }
}
