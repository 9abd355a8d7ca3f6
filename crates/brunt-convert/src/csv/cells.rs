//! Rows of CSV with any delimiter, and their cells as text. k6's CSV has a reader of its own, which looks at the cells
//! of few rows.

use memchr::memchr;

use super::rows;

/// A row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    /// Without its end.
    pub(crate) bytes: &'a [u8],
    /// Where it begins.
    pub(crate) at: usize,
    /// Line ends between its quotes.
    pub(crate) lines: u64,
    /// Nothing stands behind it, not even its end.
    pub(crate) is_unended: bool,
}

/// The rows of a text.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    text: &'a [u8],
    delimiter: u8,
    at: usize,
}

impl<'a> Rows<'a> {
    pub(crate) fn of(text: &'a [u8], delimiter: u8) -> Self {
        Self {
            text,
            delimiter,
            at: 0,
        }
    }
}

impl<'a> Iterator for Rows<'a> {
    type Item = Row<'a>;

    fn next(&mut self) -> Option<Row<'a>> {
        let begin = self.at;
        let rest = self.text.get(begin..).filter(|rest| !rest.is_empty())?;
        let end = match rows::end(rest, self.delimiter) {
            rows::End::At(at) | rows::End::Unquoted(Some(at)) => begin + at,
            rows::End::Beyond | rows::End::Unquoted(None) => self.text.len(),
        };
        self.at = end + 1;
        let bytes = &self.text[begin..end];
        Some(Row {
            bytes: bytes.strip_suffix(b"\r").unwrap_or(bytes),
            at: begin,
            lines: memchr::memchr_iter(b'\n', bytes).count() as u64,
            is_unended: end == self.text.len(),
        })
    }
}

/// The cells of one row at a time; the memory is kept for the next one.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    text: String,
    ends: Vec<usize>,
    /// And its delimiter. To make one takes longer than to read many rows.
    quoted: Option<(u8, csv_core::Reader)>,
}

impl Cells {
    /// Reads a row.
    pub(crate) fn read(&mut self, row: &[u8], delimiter: u8) -> Result<(), &'static str> {
        let mut text = std::mem::take(&mut self.text).into_bytes();
        text.clear();
        self.ends.clear();
        if memchr(b'"', row).is_some() {
            self.quoted(row, delimiter, &mut text)?;
        } else {
            for cell in row.split(|byte| *byte == delimiter) {
                text.extend_from_slice(cell);
                self.ends.push(text.len());
            }
        }
        self.text = String::from_utf8(text).map_err(|_| "is not UTF-8")?;
        Ok(())
    }

    fn quoted(
        &mut self,
        row: &[u8],
        delimiter: u8,
        text: &mut Vec<u8>,
    ) -> Result<(), &'static str> {
        if !matches!(rows::end(row, delimiter), rows::End::Beyond) {
            return Err("has a quote that does not end");
        }
        let build = || csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        let kept = self.quoted.take().filter(|kept| kept.0 == delimiter);
        let (_, reader) = self
            .quoted
            .insert(kept.unwrap_or_else(|| (delimiter, build())));
        reader.reset();
        // A cell is never longer than its row.
        text.resize(row.len() + 1, 0);
        let (mut rest, mut written) = (row, 0);
        loop {
            let (found, read, cell) = reader.read_field(rest, &mut text[written..]);
            rest = &rest[read..];
            written += cell;
            match found {
                // At the end of the text it asks once more, and then there is nothing.
                csv_core::ReadFieldResult::InputEmpty | csv_core::ReadFieldResult::OutputFull => {}
                csv_core::ReadFieldResult::Field { record_end } => {
                    self.ends.push(written);
                    if record_end {
                        break;
                    }
                }
                csv_core::ReadFieldResult::End => break,
            }
        }
        text.truncate(written);
        Ok(())
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.ends.len()
    }

    /// A cell; nothing if there is none.
    pub(crate) fn get(&self, at: usize) -> &str {
        let begin = at
            .checked_sub(1)
            .map_or(Some(0), |it| self.ends.get(it).copied());
        let range = begin.zip(self.ends.get(at).copied());
        range
            .and_then(|(begin, end)| self.text.get(begin..end))
            .unwrap_or_default()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.count()).map(|at| self.get(at))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_csv_writers_write_comes_back(
            rows in proptest::collection::vec(proptest::collection::vec("[ab,;\t\"\n ü]{0,4}", 2..5), 1..6),
            delimiter in prop_oneof![Just(b','), Just(b';'), Just(b'\t')],
        ) {
            let mut writer = csv::WriterBuilder::new()
                .delimiter(delimiter)
                .flexible(true)
                .from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let text = writer.into_inner().unwrap();
            let mut cells = Cells::default();
            let mut read = Vec::new();
            let mut lines = 0;
            for row in Rows::of(&text, delimiter) {
                cells.read(row.bytes, delimiter).unwrap();
                read.push(cells.iter().map(str::to_owned).collect::<Vec<_>>());
                lines += row.lines + 1;
                prop_assert!(!row.is_unended);
            }
            prop_assert_eq!(read, rows);
            prop_assert_eq!(lines, memchr::memchr_iter(b'\n', &text).count() as u64);
        }

        #[test]
        fn no_text_is_a_panic(text in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'"'), Just(b',')], 0..60)) {
            let mut cells = Cells::default();
            for row in Rows::of(&text, b',') {
                let _ = cells.read(row.bytes, b',');
                let _ = cells.get(cells.count());
            }
        }
    }
}
