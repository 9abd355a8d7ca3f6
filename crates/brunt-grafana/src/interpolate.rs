//! Variables in queries, found and put in as Grafana does it: `$name` and `${name}`.
//!
//! Whoever asks a Prometheus for a panel without Grafana needs it: tests, previews, the linter. Formats
//! (`${name:regex}`) and the old `[[name]]`, which no dashboard of ours uses, are found; only [`expand`],
//! which is for dashboards of others too, puts something in for them.

use std::ops::Range;

/// A place in a text where a variable stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference<'t> {
    /// From the dollar or the bracket to the end.
    pub(crate) range: Range<usize>,
    /// The variable.
    pub(crate) name: &'t str,
    /// The format, such as `regex` of `${name:regex}`; empty without one.
    pub(crate) format: &'t str,
    /// Whether it stands alone: no format, not the old way of writing.
    pub(crate) plain: bool,
}

/// The name that a text begins with; empty if there is none.
fn name(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

/// The reference that begins here.
fn reference(text: &str, at: usize) -> Option<Reference<'_>> {
    let rest = &text[at..];
    let (open, close) = if rest.starts_with("${") {
        ("${", "}")
    } else if rest.starts_with("[[") {
        ("[[", "]]")
    } else {
        let name = name(rest.strip_prefix('$')?);
        let range = at..at + 1 + name.len();
        return (!name.is_empty()).then_some(Reference {
            range,
            name,
            format: "",
            plain: true,
        });
    };
    let (inside, _) = rest[open.len()..].split_once(close)?;
    let name = name(inside);
    let format = &inside[name.len()..];
    let whole = !name.is_empty() && (format.is_empty() || format.starts_with([':', '.']));
    whole.then_some(Reference {
        range: at..at + open.len() + inside.len() + close.len(),
        name,
        format: format.strip_prefix(':').unwrap_or(format),
        plain: open == "${" && format.is_empty(),
    })
}

/// All references in a text, in their order; a dollar that begins none is text.
pub(crate) fn references(text: &str) -> Vec<Reference<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(next) = text[from..].find(['$', '[']) {
        let at = from + next;
        match reference(text, at) {
            Some(it) => {
                from = it.range.end;
                found.push(it);
            }
            None => from = at + 1,
        }
    }
    found
}

/// The query with each variable's value; the error is the first name that has none.
pub fn interpolate<'v>(
    query: &str,
    value: impl Fn(&str) -> Option<&'v str>,
) -> Result<String, String> {
    let mut out = String::with_capacity(query.len());
    let mut from = 0;
    for it in references(query) {
        let value = it.plain.then(|| value(it.name)).flatten();
        out.push_str(&query[from..it.range.start]);
        out.push_str(value.ok_or_else(|| it.name.to_owned())?);
        from = it.range.end;
    }
    out.push_str(&query[from..]);
    Ok(out)
}

/// The text with each variable's value, which is asked for by name and format (empty without one); what
/// has no value stays as it is, as in Grafana.
pub fn expand(text: &str, value: impl Fn(&str, &str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for it in references(text) {
        out.push_str(&text[from..it.range.start]);
        let value = value(it.name, it.format);
        out.push_str(value.as_deref().unwrap_or(&text[it.range.clone()]));
        from = it.range.end;
    }
    out.push_str(&text[from..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_writing_a_variable_are_replaced() {
        let value = |name: &str| match name {
            "prefix" => Some("k6_"),
            "__range" => Some("5m"),
            _ => None,
        };
        assert_eq!(
            interpolate("sum(${prefix}vus[$__range])", value).unwrap(),
            "sum(k6_vus[5m])"
        );
        assert_eq!(interpolate("$other", value).unwrap_err(), "other");
        assert_eq!(interpolate("${prefix:regex}", value).unwrap_err(), "prefix");
        assert_eq!(interpolate(r#"a=~"b$""#, value).unwrap(), r#"a=~"b$""#);
    }

    #[test]
    fn formats_are_asked_for_and_unknown_variables_stay() {
        let value =
            |name: &str, format: &str| (name != "other").then(|| format!("<{name} {format}>"));
        assert_eq!(
            expand("$a ${b:csv} [[c]] ${other:regex} 5$", value),
            "<a > <b csv> <c > ${other:regex} 5$"
        );
    }

    #[test]
    fn references_are_found_in_every_way_of_writing() {
        let text = "$a ${b} ${c:regex} [[d]] [[e:csv]] $ ${ [5m] é$f";
        let names: Vec<_> = references(text).iter().map(|it| it.name).collect();
        assert_eq!(names, ["a", "b", "c", "d", "e", "f"]);
        for it in references(text) {
            assert!(text[it.range.clone()].contains(it.name), "{it:?}");
        }
    }
}
