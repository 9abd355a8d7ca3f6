//! The text of `brunt outputs`.

use std::fmt::Write as _;

use crate::output::{Key, OutputKind};

/// Every way to write a key on the command line.
pub(super) fn spellings(key: &Key) -> Vec<String> {
    let mut names = vec![key.name.to_owned()];
    if key.secret {
        names.push(format!("{}-file", key.name));
    }
    names
}

/// One block for each kind: names, what it does, an example, and the keys. A kind that has the keys
/// of an earlier one only shows which defaults differ.
pub(super) fn render<'a>(kinds: impl Iterator<Item = &'a dyn OutputKind>) -> String {
    let mut text = String::from(
        "--out NAME[=TARGET][,key=value...]   may be given several times; NAME@INSTANCE=... names it\n\
         A value with commas is written key=\"a,b\" or key=a%2Cb. Variables are read where the\n\
         command line says nothing; for a variable with a secret, NAME_FILE can name its file.\n\
         [In brackets]: the default.\n",
    );
    let mut shown: Vec<&dyn OutputKind> = Vec::new();
    for kind in kinds {
        let earlier = shown.iter().find(|earlier| same_keys(**earlier, kind));
        // Writing to a string cannot fail.
        let _ = match earlier {
            Some(earlier) => differences(&mut text, kind, *earlier),
            None => block(&mut text, kind),
        };
        shown.push(kind);
    }
    text
}

fn same_keys(one: &dyn OutputKind, other: &dyn OutputKind) -> bool {
    let names = |kind: &dyn OutputKind| kind.keys().iter().map(|key| key.name).collect::<Vec<_>>();
    !one.keys().is_empty() && names(one) == names(other)
}

fn head(text: &mut String, kind: &dyn OutputKind) -> std::fmt::Result {
    writeln!(
        text,
        "\n{}\n  {}\n  {}",
        kind.names().join(", "),
        kind.about(),
        kind.example()
    )
}

fn differences(
    text: &mut String,
    kind: &dyn OutputKind,
    earlier: &dyn OutputKind,
) -> std::fmt::Result {
    head(text, kind)?;
    let like = earlier.names().first().copied().unwrap_or_default();
    let pairs = kind.keys().iter().zip(earlier.keys());
    let others: Vec<&Key> = pairs
        .filter(|(own, other)| own.default != other.default)
        .map(|(own, _)| own)
        .collect();
    if others.is_empty() {
        return writeln!(text, "    keys and defaults as for {like}");
    }
    writeln!(text, "    keys as for {like}, with other defaults:")?;
    let width = others.iter().map(|key| key.name.len()).max().unwrap_or(0);
    for key in others {
        writeln!(text, "    {:width$}  [{}]", key.name, key.default)?;
    }
    Ok(())
}

fn block(text: &mut String, kind: &dyn OutputKind) -> std::fmt::Result {
    head(text, kind)?;
    let names: Vec<String> = kind
        .keys()
        .iter()
        .map(|key| spellings(key).join(", "))
        .collect();
    let width = names.iter().map(String::len).max().unwrap_or_default();
    for (key, name) in kind.keys().iter().zip(&names) {
        let default = match key.default {
            "" => String::new(),
            default => format!(" [{default}]"),
        };
        writeln!(text, "    {name:width$}  {}{default}", key.help)?;
        if !key.env.is_empty() {
            writeln!(text, "    {:width$}    {}", "", key.env.join(", "))?;
        }
    }
    Ok(())
}
