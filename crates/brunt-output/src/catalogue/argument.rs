//! The grammar of one `--out` argument: `NAME[@INSTANCE][=TARGET][,key=value…]`.
//!
//! It is split by hand because three rules meet in it: a target may contain `=`, a part in double
//! quotes may contain commas, and `%2C` outside quotes is a comma in a value.

/// A parsed argument; what its words mean is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Argument {
    /// The output's name.
    pub(super) name: String,
    /// What stands after `@`.
    pub(super) instance: Option<String>,
    /// What stands between the first `=` and the first comma.
    pub(super) target: String,
    /// The keys in their order.
    pub(super) keys: Vec<(String, String)>,
}

/// Parses an argument; the error is a sentence for the user.
pub(super) fn parse(argument: &str) -> Result<Argument, String> {
    let mut parts = split(argument)?.into_iter();
    let head = parts.next().unwrap_or_default();
    let (name, target) = match head.split_once('=') {
        Some((name, target)) => (name, unquote(target)?),
        None => (head.as_str(), String::new()),
    };
    let (name, instance) = match name.split_once('@') {
        Some((name, instance)) => (name, Some(instance.trim().to_owned())),
        None => (name, None),
    };
    if name.trim().is_empty() {
        return Err("the name of the output is missing: write --out NAME=TARGET".to_owned());
    }
    if instance.as_ref().is_some_and(String::is_empty) {
        return Err(format!(
            "the name of the instance is missing after '{name}@'"
        ));
    }
    let mut keys = Vec::new();
    for part in parts {
        let Some((key, value)) = part.split_once('=') else {
            return Err(format!(
                "'{part}' is no key=value; a value that contains commas is written in double \
                 quotes, key=\"a,b\", or with %2C for each comma"
            ));
        };
        keys.push((key.trim().to_owned(), unquote(value)?));
    }
    Ok(Argument {
        name: name.trim().to_owned(),
        instance,
        target,
        keys,
    })
}

/// Splits at commas that stand outside double quotes.
pub(super) fn split(text: &str) -> Result<Vec<String>, String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    let mut escaped = false;
    for character in text.chars() {
        if character == ',' && !quoted {
            parts.push(String::new());
            continue;
        }
        if escaped {
            escaped = false;
        } else if character == '\\' && quoted {
            escaped = true;
        } else if character == '"' {
            // A quote opens only at the beginning of a value; elsewhere it is a character.
            let opens = parts
                .last()
                .is_some_and(|part| part.ends_with('=') || part.is_empty());
            quoted = !quoted && opens;
        }
        if let Some(part) = parts.last_mut() {
            part.push(character);
        }
    }
    if quoted {
        return Err("a double quote is opened and never closed".to_owned());
    }
    Ok(parts)
}

fn unquote(value: &str) -> Result<String, String> {
    let Some(inner) = value.strip_prefix('"') else {
        return Ok(value.replace("%2C", ",").replace("%2c", ","));
    };
    let mut text = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend(characters.next()),
            '"' => {
                let rest = characters.as_str();
                if rest.is_empty() {
                    return Ok(text);
                }
                return Err(format!("a comma is missing before '{rest}'"));
            }
            other => text.push(other),
        }
    }
    Err("a double quote is opened and never closed".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn the_documented_forms_are_understood() {
        let parsed = parse("json").unwrap();
        assert_eq!((parsed.name.as_str(), parsed.target.as_str()), ("json", ""));
        let parsed = parse("mimir=http://h/api?a=b&c=d,tenant=x").unwrap();
        assert_eq!(parsed.target, "http://h/api?a=b&c=d");
        assert_eq!(parsed.keys, keys(&[("tenant", "x")]));
        let parsed = parse("mimir@east=http://h").unwrap();
        assert_eq!(
            (parsed.name.as_str(), parsed.instance.as_deref()),
            ("mimir", Some("east"))
        );
        let parsed = parse(r#"mimir=http://h,stats="min,max,p(95)",a="say \"x\\y\"",b=1%2C2"#);
        let expected = [
            ("stats", "min,max,p(95)"),
            ("a", r#"say "x\y""#),
            ("b", "1,2"),
        ];
        assert_eq!(parsed.unwrap().keys, keys(&expected));
        assert_eq!(parse(r#"json="a,b.json""#).unwrap().target, "a,b.json");
        assert_eq!(parse(r#"json=a"b.json"#).unwrap().target, r#"a"b.json"#);
    }

    #[test]
    fn what_cannot_be_understood_is_said() {
        let says = |argument: &str, words: &str| {
            let error = parse(argument).unwrap_err();
            assert!(error.contains(words), "{argument}: {error}");
        };
        says("", "name of the output");
        says("=x", "name of the output");
        says("mimir@=x", "name of the instance");
        says("mimir=x,max", "'max' is no key=value");
        says("mimir=x,a=\"b", "never closed");
        says("mimir=x,a=\"b\"c", "a comma is missing");
    }

    proptest! {
        #[test]
        fn any_value_survives_quoting(value in "\\PC*") {
            let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
            let parsed = parse(&format!("mimir=http://h,a=\"{quoted}\",b=1")).unwrap();
            prop_assert_eq!(parsed.keys, keys(&[("a", &value), ("b", "1")]));
        }

        #[test]
        fn no_argument_makes_it_panic(argument in "\\PC*") {
            let _ = parse(&argument);
        }
    }
}
