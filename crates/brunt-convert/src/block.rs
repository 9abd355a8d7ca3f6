//! Blocks of whole lines, so that the lines of one file can be parsed by several threads.
//!
//! Not a reader of lines, which would look for the end of each line on the one thread that reads.

use std::io::{self, Read};

use crate::csv::rows;

/// A block is about this long.
const BLOCK: usize = 1 << 20;

/// What some programs begin text files with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// No line is longer. A file without line ends must not fill the memory.
const LONGEST_LINE: usize = 32 << 20;

/// Whole lines of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Block {
    /// The lines; only the last one of a file may be without its end.
    pub(crate) bytes: Vec<u8>,
    /// Where they begin in the file; in a packed one, in what was packed.
    pub(crate) offset: u64,
}

/// Cuts what a reader gives into blocks.
pub(crate) struct Blocks {
    reader: Box<dyn Read + Send>,
    /// What was read behind the last block.
    rest: Vec<u8>,
    offset: u64,
    /// Of CSV: what cells end with. There, line ends between quotes belong to the line.
    delimiter: Option<u8>,
    end: Option<End>,
}

/// How a file ended.
#[derive(Debug)]
enum End {
    Whole,
    /// A packed file that was cut off, as a crash leaves it.
    Cut,
    Failed(io::Error),
}

impl Blocks {
    /// Of this reader; of CSV if there is a delimiter, where a line end between quotes is none.
    pub(crate) fn new(reader: Box<dyn Read + Send>, delimiter: Option<u8>) -> Self {
        Self {
            reader,
            rest: Vec::new(),
            offset: 0,
            delimiter,
            end: None,
        }
    }

    /// Whether the file was cut off within packed data. Known after the last block.
    pub(crate) fn is_cut(&self) -> bool {
        matches!(self.end, Some(End::Cut))
    }

    /// The next block; `None` after the last one. What could be read before an error comes first.
    pub(crate) fn next(&mut self) -> io::Result<Option<Block>> {
        let mut want = BLOCK;
        loop {
            self.fill(want);
            if self.offset == 0 && self.rest.starts_with(BYTE_ORDER_MARK) {
                self.rest.drain(..BYTE_ORDER_MARK.len());
                self.offset = BYTE_ORDER_MARK.len() as u64;
            }
            if self.end.is_some() {
                let bytes = std::mem::take(&mut self.rest);
                return if bytes.is_empty() {
                    match self.end.take() {
                        Some(End::Failed(error)) => {
                            self.end = Some(End::Whole);
                            Err(error)
                        }
                        end => {
                            self.end = end;
                            Ok(None)
                        }
                    }
                } else {
                    Ok(Some(self.block(bytes)))
                };
            }
            if let Some(end) = self.last_line_end() {
                let mut rest = Vec::with_capacity(BLOCK + BLOCK / 4);
                rest.extend_from_slice(&self.rest[end..]);
                let mut bytes = std::mem::replace(&mut self.rest, rest);
                bytes.truncate(end);
                return Ok(Some(self.block(bytes)));
            }
            if self.rest.len() >= LONGEST_LINE {
                let message = format!(
                    "at byte {} begins a line of more than {} MiB",
                    self.offset,
                    LONGEST_LINE >> 20
                );
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
            want = self.rest.len() * 2;
        }
    }

    fn block(&mut self, bytes: Vec<u8>) -> Block {
        let offset = self.offset;
        self.offset += bytes.len() as u64;
        Block { bytes, offset }
    }

    /// Reads until this many bytes wait, or nothing more comes.
    fn fill(&mut self, want: usize) {
        let Some(missing) = want.checked_sub(self.rest.len()).filter(|it| *it > 0) else {
            return;
        };
        if self.end.is_some() {
            return;
        }
        let before = self.rest.len();
        let read = (&mut self.reader)
            .take(missing as u64)
            .read_to_end(&mut self.rest);
        self.end = match read {
            Ok(_) if self.rest.len() - before == missing => None,
            Ok(_) => Some(End::Whole),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Some(End::Cut),
            Err(error) => Some(End::Failed(error)),
        };
    }

    /// Behind the last line end that is one.
    fn last_line_end(&self) -> Option<usize> {
        if let Some(delimiter) = self.delimiter {
            return rows::last_end(&self.rest, delimiter);
        }
        memchr::memrchr(b'\n', &self.rest).map(|at| at + 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn blocks(bytes: Vec<u8>, delimiter: Option<u8>) -> Vec<Block> {
        let mut blocks = Blocks::new(Box::new(io::Cursor::new(bytes)), delimiter);
        std::iter::from_fn(|| blocks.next().unwrap()).collect()
    }

    #[test]
    fn a_line_end_between_quotes_ends_no_block() {
        let mut text = vec![b'x'; BLOCK - 10];
        text.extend_from_slice(b"\n\"a\nb\nc and much more\"\nend");
        let blocks = blocks(text, Some(b','));
        assert_eq!(blocks[0].bytes.len(), BLOCK - 9);
        assert!(blocks[1].bytes.starts_with(b"\"a\nb"));
        assert_eq!(blocks[1].offset, BLOCK as u64 - 9);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_line() {
        let text = b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n".to_vec();
        let blocks = blocks(text.clone(), None);
        assert_eq!(
            blocks,
            [Block {
                bytes: text[3..].to_vec(),
                offset: 3
            }]
        );
    }

    #[test]
    fn a_file_without_line_ends_does_not_fill_the_memory() {
        let mut blocks = Blocks::new(Box::new(io::repeat(b'x')), None);
        let error = blocks.next().unwrap_err();
        assert!(error.to_string().contains("more than 32 MiB"), "{error}");
    }

    proptest! {
        #[test]
        fn blocks_are_the_file_and_end_with_lines(lines in proptest::collection::vec(0_usize..200_000, 0..40)) {
            let mut text = Vec::new();
            for length in lines {
                text.extend(std::iter::repeat_n(b'x', length));
                text.push(b'\n');
            }
            let blocks = blocks(text.clone(), None);
            let mut offset = 0;
            for block in &blocks {
                prop_assert_eq!(block.offset, offset);
                prop_assert_eq!(block.bytes.last(), Some(&b'\n'));
                offset += block.bytes.len() as u64;
            }
            prop_assert_eq!(blocks.iter().flat_map(|block| block.bytes.clone()).collect::<Vec<_>>(), text);
        }
    }
}
