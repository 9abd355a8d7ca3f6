//! Places in a user's source, and how a message shows them.
//!
//! Columns count characters, because that is what editors do; engines and source maps count bytes
//! and UTF-16 units, which [`crate::text`] converts.

use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;

/// A place in a source file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Position {
    /// The file's specifier, such as `file:///home/me/script.ts`.
    pub file: Arc<str>,
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// How many characters of a long line are shown on each side of the place.
const CONTEXT: usize = 60;

/// A line with its number, and a caret below the column (in characters, from 1).
///
/// Of a long line, as bundlers write them, only the surroundings are shown.
pub(crate) fn excerpt(text: &str, line: u32, column: u32) -> String {
    let at = column.saturating_sub(1) as usize;
    let skipped = at.saturating_sub(CONTEXT);
    let mut shown: String = text
        .chars()
        .skip(skipped)
        .take(2 * CONTEXT)
        .map(printable)
        .collect();
    let indent = shown.chars().take(at - skipped);
    // Tabs stay tabs, so that the caret stands below its place whatever their width.
    let mut indent: String = indent.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let missing = (at - skipped).saturating_sub(indent.chars().count()).min(1);
    indent.extend(std::iter::repeat_n(' ', missing));
    if skipped > 0 {
        shown.insert_str(0, "...");
        indent.insert_str(0, "   ");
    }
    let number = line.to_string();
    let gutter = " ".repeat(number.len());
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write!(out, "  {number} | {shown}\n  {gutter} | {indent}^");
    out
}

/// Control characters could do anything to a terminal.
fn printable(c: char) -> char {
    if c.is_control() && c != '\t' {
        '\u{fffd}'
    } else {
        c
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_the_column() {
        assert_eq!(
            excerpt("  const x = ;", 2, 13),
            "  2 |   const x = ;\n    |             ^"
        );
        assert_eq!(excerpt("\tä = ;", 10, 6), "  10 | \tä = ;\n     | \t    ^");
    }

    #[test]
    fn the_end_of_a_line_can_be_shown() {
        assert_eq!(excerpt("f(", 1, 3), "  1 | f(\n    |   ^");
        assert_eq!(excerpt("", 1, 9), "  1 | \n    |  ^");
    }

    #[test]
    fn a_long_line_is_cut() {
        let line = format!("{}!{}", "a".repeat(500), "b".repeat(500));
        let shown = excerpt(&line, 1, 501);
        let (text, caret) = shown.split_once('\n').expect("two lines");
        assert!(text.len() < 150);
        assert_eq!(text.find('!'), caret.find('^'));
    }

    #[test]
    fn no_escape_sequence_reaches_the_terminal() {
        assert!(!excerpt("x\u{1b}[2J = ;", 1, 3).contains('\u{1b}'));
    }
}
