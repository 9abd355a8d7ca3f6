//! Whether a text can be `LogQL`, and the windows in it.
//!
//! There is no parser of `LogQL` for Rust. This finds what people get wrong: brackets and quotes that do
//! not close, no stream selector, matchers without quotes or operators, unknown functions, a pipe with
//! nothing behind it. What it lets pass may still be refused by Loki.

/// Functions and aggregations of `LogQL`.
const FUNCTIONS: [&str; 36] = [
    "absent_over_time",
    "approx_topk",
    "avg",
    "avg_over_time",
    "bottomk",
    "bytes",
    "bytes_over_time",
    "bytes_rate",
    "count",
    "count_over_time",
    "duration",
    "duration_seconds",
    "first_over_time",
    "group",
    "ip",
    "label_replace",
    "last_over_time",
    "max",
    "max_over_time",
    "min",
    "min_over_time",
    "quantile_over_time",
    "rate",
    "rate_counter",
    "sort",
    "sort_desc",
    "stddev",
    "stddev_over_time",
    "stdvar",
    "stdvar_over_time",
    "sum",
    "sum_over_time",
    "topk",
    "vector",
    "variants",
    "of",
];

/// Words before which a bracket opens that is no function's.
const GROUPING: [&str; 10] = [
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "and",
    "or",
    "unless",
    "bool",
];

/// What a query is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token<'q> {
    Word(&'q str),
    Text,
    /// A window in brackets, without them.
    Window(&'q str),
    Sign(char),
}

fn tokens(query: &str) -> Result<Vec<Token<'_>>, String> {
    let mut tokens = Vec::new();
    let mut rest = query.trim_start();
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '"' | '`' => {
                tokens.push(Token::Text);
                quoted(rest, first).ok_or("a quote does not close")?
            }
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '[' => {
                let end = rest.find(']').ok_or("a [ does not close")?;
                tokens.push(Token::Window(&rest[1..end]));
                end + 1
            }
            c if word(c) => {
                let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
                tokens.push(Token::Word(&rest[..end]));
                end
            }
            c => {
                tokens.push(Token::Sign(c));
                c.len_utf8()
            }
        };
        rest = rest[taken..].trim_start();
    }
    Ok(tokens)
}

/// Names, numbers with units, variables of Grafana's.
fn word(c: char) -> bool {
    c.is_alphanumeric() || "_.:$".contains(c)
}

/// The length of a text in quotes.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            return Some(at + 1);
        }
        escaped = c == '\\' && !escaped && quote == '"';
    }
    None
}

/// The windows of a query; the error says what is wrong with it.
pub(super) fn windows(query: &str) -> Result<Vec<&str>, String> {
    // A variable in braces would look like a selector.
    let tokens = tokens(query)?;
    brackets(&tokens)?;
    let mut selectors = 0;
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| tokens.get(at));
        match token {
            Token::Sign('{') if before != Some(&Token::Word("$")) => {
                selectors += 1;
                matchers(&tokens[at + 1..])?;
            }
            Token::Sign('(') => {
                if let Some(Token::Word(name)) = before
                    && !FUNCTIONS.contains(name)
                    && !GROUPING.contains(name)
                    && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
                {
                    return Err(format!("there is no function {name}"));
                }
            }
            Token::Sign('|') => pipe(&tokens[at + 1..])?,
            _ => {}
        }
    }
    if selectors == 0 {
        return Err("it has no stream selector such as {app=\"shop\"}".to_owned());
    }
    let windows = tokens.iter().filter_map(|it| match it {
        Token::Window(text) => Some(text.trim()),
        _ => None,
    });
    Ok(windows.collect())
}

fn brackets(tokens: &[Token<'_>]) -> Result<(), String> {
    let mut open = Vec::new();
    for token in tokens {
        match token {
            Token::Sign(c @ ('(' | '{')) => open.push(*c),
            Token::Sign(c @ (')' | '}')) => {
                let partner = if *c == ')' { '(' } else { '{' };
                if open.pop() != Some(partner) {
                    return Err(format!("a {c} closes nothing"));
                }
            }
            _ => {}
        }
    }
    open.pop()
        .map_or(Ok(()), |c| Err(format!("a {c} does not close")))
}

/// After a brace: `label="value"`, with commas between.
fn matchers(tokens: &[Token<'_>]) -> Result<(), String> {
    let mut rest = tokens;
    loop {
        rest = match rest {
            [Token::Word(_), Token::Sign('='), Token::Text, rest @ ..]
            | [
                Token::Word(_),
                Token::Sign('='),
                Token::Sign('~'),
                Token::Text,
                rest @ ..,
            ]
            | [
                Token::Word(_),
                Token::Sign('!'),
                Token::Sign('~' | '='),
                Token::Text,
                rest @ ..,
            ] => rest,
            [Token::Sign('}'), ..] => return Err("a stream selector is empty".to_owned()),
            _ => return Err("a stream selector wants label=\"value\"".to_owned()),
        };
        rest = match rest {
            [Token::Sign(','), Token::Sign('}'), ..] | [Token::Sign('}'), ..] => return Ok(()),
            [Token::Sign(','), rest @ ..] => rest,
            _ => return Err("matchers are separated by commas".to_owned()),
        };
    }
}

/// After a pipe: what a line holds, or a stage.
fn pipe(tokens: &[Token<'_>]) -> Result<(), String> {
    match tokens {
        [
            Token::Sign('=' | '~' | '>'),
            Token::Text | Token::Word(_),
            ..,
        ]
        | [Token::Word(_) | Token::Sign('('), ..] => Ok(()),
        _ => Err("behind a | nothing follows that Loki knows".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_told_from_what_is_none() {
        for query in [
            r#"{app="shop"}"#,
            r#"{app="shop", env=~"a|b",} |= "er\"ror" != `x"` | json | level="error" | line_format "{{.msg}}""#,
            r#"sum by (level) (count_over_time({app="shop"} |~ `$search` [$__auto]))"#,
            r#"topk(5, rate({a!="b"}[5m])) > 3 # why"#,
            r#"quantile_over_time(0.9, {a!~"b"} | logfmt | unwrap duration(took) [1m]) by (x)"#,
        ] {
            assert!(windows(query).is_ok(), "{query}: {:?}", windows(query));
        }
        for query in [
            "",
            "error",
            r#"{app="shop""#,
            r#"{app="shop}"#,
            "{}",
            "{app=shop}",
            r#"{app "shop"}"#,
            r#"{app="shop"} |"#,
            r#"nosuch({app="shop"}[1m])"#,
            r#"sum(rate({app="shop"}[1m])))"#,
            r#"rate({app="shop"}[1m)"#,
            r#"{a="b" c="d"}"#,
        ] {
            assert!(windows(query).is_err(), "{query}");
        }
        assert_eq!(windows(r#"rate({a="b"}[$__auto])"#).unwrap(), ["$__auto"]);
    }
}
