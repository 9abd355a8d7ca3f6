//! `PromQL` of a dashboard as the rules see it: its selectors, and the functions around each.
//!
//! A parser knows no variables, so each gets a value first that fits where it stands. The intervals that
//! Grafana fills in get values that nobody writes, by which they are known again after parsing.

use std::time::Duration;

use promql_parser::parser::{Expr, VectorSelector, parse};

use crate::interpolate::references;

/// The longest query that is parsed, in bytes.
const LONGEST: usize = 16 << 10;
/// A query can be nested as deep as it is long, and the parser's tree is walked and freed by recursion:
/// the stack has room for the deepest. Only what is used of it becomes memory.
pub(super) const STACK: usize = 64 << 20;

/// Intervals that Grafana fills in, with values that nobody writes, in milliseconds; the parser takes no
/// more than 32 bits of them.
const INTERVALS: [(&str, u64); 4] = [
    ("__rate_interval", 3_869_990_787),
    ("__interval", 2_867_856_611),
    ("__range", 3_069_770_749),
    ("__auto", 2_958_681_553),
];

/// Behind what labels are listed in brackets.
const GROUPING: [&str; 6] = [
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
];

/// A selector of series within a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selector {
    /// The metric's name, with values in place of variables.
    pub(super) name: String,
    /// Matchers in which variables still stand: label, operator with value.
    pub(super) matchers: Vec<(String, String)>,
    /// The window behind it: Grafana's variable, or as it is written.
    pub(super) window: Option<String>,
    /// The functions around it, the innermost last.
    pub(super) functions: Vec<&'static str>,
}

/// What stands for a variable: `before` and `after` are the text around it.
fn stand_in(name: &str, before: &str, after: &str, word: bool) -> String {
    if let Some((_, value)) = INTERVALS.iter().find(|it| it.0 == name) {
        return format!("{value}ms");
    }
    if name.ends_with("_ms") || name.ends_with("_s") && name.starts_with("__") {
        return "1".to_owned();
    }
    let before = before.trim_end_matches(' ');
    let part_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let in_text = before.matches('"').count() % 2 == 1 || before.matches('\'').count() % 2 == 1;
    if in_text {
        // Known again in matchers.
        return format!("variable {name}");
    }
    if before.ends_with(['[', ':']) || before.ends_with("offset") {
        return "1m".to_owned();
    }
    let within =
        before.ends_with(part_of_name) || after.starts_with(|c| part_of_name(c) || c == '{');
    // A list of labels.
    let listed = before.rsplit_once('(').is_some_and(|(outside, inside)| {
        let outside = outside.trim_end();
        !inside.contains(')') && GROUPING.iter().any(|it| outside.ends_with(it))
    });
    if word || within || listed {
        "x".to_owned()
    } else {
        "1".to_owned()
    }
}

/// The query with stand-ins for all variables.
fn filled(query: &str, word: bool) -> String {
    let mut out = String::with_capacity(query.len());
    let mut from = 0;
    for it in references(query) {
        out.push_str(&query[from..it.range.start]);
        let value = stand_in(it.name, &out, &query[it.range.end..], word);
        out.push_str(&value);
        from = it.range.end;
    }
    out + &query[from..]
}

/// The parser panics at windows that are longer than time, such as `[1e300]`.
fn parsed(query: &str) -> Result<Expr, String> {
    let parsed = std::panic::catch_unwind(|| parse(query));
    parsed.unwrap_or_else(|_| Err("a number in it is out of all bounds".to_owned()))
}

/// The selectors of a query; the error says what is wrong with it.
///
/// Needs a stack of [`STACK`] bytes.
pub(super) fn selectors(query: &str) -> Result<Vec<Selector>, String> {
    if query.len() > LONGEST {
        return Err(format!("it has more than {LONGEST} bytes"));
    }
    // A variable that stands alone is a number mostly, and sometimes a label.
    let parsed = parsed(&filled(query, false));
    let parsed = parsed.or_else(|error| self::parsed(&filled(query, true)).map_err(|_| error))?;
    let mut found = Vec::new();
    walk(&parsed, &mut Vec::new(), &mut found);
    Ok(found)
}

fn walk(expr: &Expr, functions: &mut Vec<&'static str>, found: &mut Vec<Selector>) {
    match expr {
        Expr::Aggregate(it) => {
            walk(&it.expr, functions, found);
            if let Some(param) = &it.param {
                walk(param, functions, found);
            }
        }
        Expr::Unary(it) => walk(&it.expr, functions, found),
        Expr::Binary(it) => {
            walk(&it.lhs, functions, found);
            walk(&it.rhs, functions, found);
        }
        Expr::Paren(it) => walk(&it.expr, functions, found),
        Expr::Subquery(it) => walk(&it.expr, functions, found),
        Expr::Call(it) => {
            functions.push(it.func.name);
            for argument in &it.args.args {
                walk(argument, functions, found);
            }
            functions.pop();
        }
        Expr::VectorSelector(it) => found.push(selector(it, None, functions)),
        Expr::MatrixSelector(it) => found.push(selector(&it.vs, Some(it.range), functions)),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
    }
}

fn selector(it: &VectorSelector, range: Option<Duration>, functions: &[&'static str]) -> Selector {
    let matchers = it
        .matchers
        .matchers
        .iter()
        .chain(it.matchers.or_matchers.iter().flatten());
    let matchers = matchers.map(|it| {
        let value = it.value.replace("variable ", "$");
        let operator = it.op.to_string();
        // A regular expression is written with its text.
        let operator = operator
            .get(..2)
            .filter(|it| ["=~", "!~", "!="].contains(it));
        (
            it.name.clone(),
            format!("{}{value}", operator.unwrap_or("=")),
        )
    });
    Selector {
        name: it.name.clone().unwrap_or_default(),
        matchers: matchers.collect(),
        window: range.map(written),
        functions: functions.to_vec(),
    }
}

/// A window as it was written.
fn written(range: Duration) -> String {
    let millis = range.as_millis();
    let known = INTERVALS.iter().find(|it| u128::from(it.1) == millis);
    known.map_or_else(
        || format!("{}s", range.as_secs_f64()),
        |it| format!("${}", it.0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(query: &str) -> Result<Vec<Selector>, String> {
        selectors(query)
    }

    #[test]
    fn selectors_are_found_with_windows_matchers_and_functions() {
        let query = r#"sum by ($by) (rate(${prefix}a_total{job=~"$job",x!="1"}[$__rate_interval])) / topk($n, b offset $shift)"#;
        let found = of(query).unwrap();
        assert_eq!(found[0].name, "xa_total");
        assert_eq!(found[0].window.as_deref(), Some("$__rate_interval"));
        assert_eq!(found[0].functions, ["rate"]);
        let matchers: Vec<_> = found[0]
            .matchers
            .iter()
            .map(|it| (it.0.as_str(), it.1.as_str()))
            .collect();
        assert_eq!(matchers, [("job", "=~$job"), ("x", "!=1")]);
        assert_eq!(found[1].name, "b");
        assert_eq!(
            of("rate(a[5m])").unwrap()[0].window.as_deref(),
            Some("300s")
        );
    }

    #[test]
    fn native_histograms_and_modern_functions_are_understood() {
        for query in [
            "histogram_quantile(0.9, sum(rate(a_seconds[1m])))",
            "histogram_count(a) + histogram_avg(a) + histogram_sum(a)",
            "histogram_fraction(0, 0.2, rate(a[$__range]))",
            "a @ end() or last_over_time(b[1h:$__interval])",
            "label_values",
            "sum(rate($metric{a=~\"${x:regex}\"}[[[window]]]))",
        ] {
            assert!(of(query).is_ok(), "{query}: {:?}", of(query));
        }
        for query in ["sum(", "nosuch(a)", "rate(a)", "a{b=c}", "", "a[1e300]"] {
            assert!(of(query).is_err(), "{query}");
        }
    }

    #[test]
    fn no_query_exhausts_the_stack() {
        let deepest = || {
            for part in [
                "(", "-", "1+", "abs(", "1 or ", "a and ", "[[", "${", "a[", "\"\\",
            ] {
                let query = part.repeat(LONGEST / part.len() - 1);
                let _ = (of(&query), of(&(query + "1")));
            }
            let inside = LONGEST / 2 - 1;
            assert!(of(&("(".repeat(inside) + "1" + &")".repeat(inside))).is_ok());
        };
        let thread = std::thread::Builder::new().stack_size(STACK);
        thread.spawn(deepest).unwrap().join().unwrap();
    }
}
