//! Reads the log's lines back (logfmt), by code of its own: a line that a log shipper could not
//! read must fail a test.

/// One line.
pub(crate) struct LogLine(Vec<(String, String)>);

impl LogLine {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn level(&self) -> &str {
        self.field("level").unwrap_or_default()
    }

    pub(crate) fn message(&self) -> &str {
        self.field("msg").unwrap_or_default()
    }
}

/// All lines; fails the test at one that is not logfmt.
pub(crate) fn parse_log(text: &str) -> Vec<LogLine> {
    let lines = text.lines();
    lines
        .map(|line| parse(line).unwrap_or_else(|| panic!("no log line: {line}")))
        .collect()
}

fn parse(line: &str) -> Option<LogLine> {
    let mut fields = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        let (value, after) = if let Some(quoted) = after.strip_prefix('"') {
            unquote(quoted)?
        } else {
            let end = after.find(' ').unwrap_or(after.len());
            (after[..end].to_owned(), &after[end..])
        };
        fields.push((key.to_owned(), value));
        rest = after.strip_prefix(' ').unwrap_or(after);
        if !after.is_empty() && rest.len() == after.len() {
            return None;
        }
    }
    Some(LogLine(fields))
}

fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                'r' => value.push('\r'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}
