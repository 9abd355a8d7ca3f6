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

/// One block for each kind: names, what it does, an example, and the keys.
pub(super) fn render<'a>(kinds: impl Iterator<Item = &'a dyn OutputKind>) -> String {
    let mut text = String::from(
        "--out NAME[=TARGET][,key=value...]   may be given several times; NAME@INSTANCE=... names it\n\
         A value with commas is written key=\"a,b\" or key=a%2Cb. Variables are read where the\n\
         command line says nothing; for a variable with a secret, NAME_FILE can name its file.\n",
    );
    for kind in kinds {
        // Writing to a string cannot fail.
        let _ = block(&mut text, kind);
    }
    text
}

fn block(text: &mut String, kind: &dyn OutputKind) -> std::fmt::Result {
    writeln!(
        text,
        "\n{}\n  {}\n  {}",
        kind.names().join(", "),
        kind.about(),
        kind.example()
    )?;
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
