//! A source text that knows its lines: between byte offsets, line and column numbers, and the
//! units that engines (bytes) and source maps (UTF-16) count columns in.
//!
//! Lines are found on first use, because most scripts never need them.

use std::sync::{Arc, OnceLock};

/// A source text.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) code: Arc<str>,
    lines: OnceLock<Arc<[u32]>>,
}

impl Text {
    pub(crate) fn new(code: Arc<str>) -> Self {
        Self {
            code,
            lines: OnceLock::new(),
        }
    }

    /// Offsets at which lines start.
    fn starts(&self) -> &[u32] {
        self.lines.get_or_init(|| line_starts(&self.code).into())
    }

    /// A line without its end; `line` from 1.
    pub(crate) fn line(&self, line: u32) -> Option<&str> {
        let starts = self.starts();
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        let start = *starts.get(index)? as usize;
        let end = starts
            .get(index + 1)
            .map_or(self.code.len(), |end| *end as usize);
        let text = self.code.get(start..end)?;
        Some(text.trim_end_matches(['\n', '\r', '\u{2028}', '\u{2029}']))
    }

    /// Line and column, in characters, of a byte offset; both from 1.
    pub(crate) fn place(&self, offset: usize) -> (u32, u32) {
        let offset = floor_char_boundary(&self.code, offset);
        let starts = self.starts();
        let line = starts
            .partition_point(|start| *start as usize <= offset)
            .max(1);
        let start = starts.get(line - 1).map_or(0, |start| *start as usize);
        let column = self
            .code
            .get(start..offset)
            .map_or(0, |text| text.chars().count());
        (line as u32, column as u32 + 1)
    }

    /// The column in characters, from 1, of one in bytes, from 1.
    pub(crate) fn column_of_bytes(&self, line: u32, column: u32) -> u32 {
        let Some(text) = self.line(line) else {
            return column;
        };
        let bytes = column.saturating_sub(1) as usize;
        let end = floor_char_boundary(text, bytes);
        let beyond = bytes - end.min(bytes);
        let beyond = if end == text.len() { beyond } else { 0 };
        text.get(..end).map_or(column, |before| {
            (before.chars().count() + beyond) as u32 + 1
        })
    }

    /// The column in UTF-16 units, from 0, of one in bytes, from 1.
    pub(crate) fn utf16_of_bytes(&self, line: u32, column: u32) -> u32 {
        let bytes = column.saturating_sub(1) as usize;
        let Some(text) = self.line(line) else {
            return bytes as u32;
        };
        let before = text.get(..floor_char_boundary(text, bytes)).unwrap_or(text);
        before.chars().map(|c| c.len_utf16() as u32).sum()
    }

    /// The column in characters, from 1, of one in UTF-16 units, from 0.
    pub(crate) fn column_of_utf16(&self, line: u32, column: u32) -> u32 {
        let Some(text) = self.line(line) else {
            return column.saturating_add(1);
        };
        let mut units = 0;
        let before = text.chars().take_while(|c| {
            units += c.len_utf16() as u32;
            units <= column
        });
        before.count() as u32 + 1
    }

    /// The column in bytes, from 1, of one in characters, from 1.
    pub(crate) fn bytes_of_column(&self, line: u32, column: u32) -> u32 {
        let Some(text) = self.line(line) else {
            return column;
        };
        let before = text.chars().take(column.saturating_sub(1) as usize);
        before.map(char::len_utf8).sum::<usize>() as u32 + 1
    }
}

/// Where lines start, by ECMAScript's line terminators (specification section 12.3).
fn line_starts(code: &str) -> Vec<u32> {
    let bytes = code.as_bytes();
    let mut starts = vec![0];
    for (at, byte) in bytes.iter().enumerate() {
        let ends = match byte {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            0xa8 | 0xa9 => at >= 2 && bytes[at - 2] == 0xe2 && bytes[at - 1] == 0x80,
            _ => false,
        };
        if ends {
            starts.push(at as u32 + 1);
        }
    }
    starts
}

/// The nearest place not after `offset` that is between two characters.
fn floor_char_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(code: &str) -> Text {
        Text::new(Arc::from(code))
    }

    #[test]
    fn lines_end_as_in_ecmascript() {
        let text = text("a\r\nb\rc\u{2028}d\n\ne");
        let lines: Vec<_> = (1..=7).map(|line| text.line(line)).collect();
        let expected = [
            Some("a"),
            Some("b"),
            Some("c"),
            Some("d"),
            Some(""),
            Some("e"),
            None,
        ];
        assert_eq!(lines, expected);
        assert_eq!(text.line(0), None);
    }

    #[test]
    fn columns_are_characters() {
        let text = text("x\nä😀 = y");
        let offset = text.code.find('y').expect("y");
        assert_eq!(text.place(offset), (2, 6));
        assert_eq!(text.column_of_bytes(2, 10), 6);
        assert_eq!(text.utf16_of_bytes(2, 10), 6);
        assert_eq!(text.column_of_utf16(2, 6), 6);
        assert_eq!(text.bytes_of_column(2, 6), 10);
    }

    proptest! {
        #[test]
        fn offsets_and_columns_agree(code in "[a\n\r\u{2028}ä😀]{0,40}", offset in 0_usize..60) {
            let text = text(&code);
            let offset = floor_char_boundary(&code, offset);
            let (line, column) = text.place(offset);
            let in_line = text.line(line).expect("a line");
            // Line ends belong to the line that they end.
            if column as usize <= in_line.chars().count() + 1 {
                let bytes = text.bytes_of_column(line, column);
                prop_assert_eq!(text.column_of_bytes(line, bytes), column);
                let units = text.utf16_of_bytes(line, bytes);
                prop_assert_eq!(text.column_of_utf16(line, units), column);
            }
        }

        #[test]
        fn no_number_panics(code in ".{0,20}", line in any::<u32>(), column in any::<u32>()) {
            let text = text(&code);
            let _ = text.place(column as usize);
            for line in [line, 1] {
                let _ = text.column_of_bytes(line, column);
                let _ = text.utf16_of_bytes(line, column);
                let _ = text.column_of_utf16(line, column);
                let _ = text.bytes_of_column(line, column);
            }
        }
    }
}
