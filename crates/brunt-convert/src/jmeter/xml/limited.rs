//! Keeps one element of a file from filling the memory: the library reads each whole, however long it is.

use std::io::{self, BufRead, BufReader, Read};

/// No tag and no text is longer.
const LONGEST: usize = 32 << 20;

/// A file of which so much at most is read for one event, and whose lines are counted.
pub(super) struct Limited {
    file: BufReader<Box<dyn Read + Send>>,
    event: usize,
    lines: u64,
}

impl Limited {
    pub(super) fn new(file: BufReader<Box<dyn Read + Send>>) -> Self {
        Self {
            file,
            event: 0,
            lines: 0,
        }
    }

    /// Called before each event is read.
    pub(super) fn begin_event(&mut self) {
        self.event = 0;
    }

    pub(super) fn count_lines_anew(&mut self) {
        self.lines = 0;
    }

    /// Line ends that were read since.
    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    /// Whether nothing more comes.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.file.fill_buf().is_ok_and(<[u8]>::is_empty)
    }
}

impl Read for Limited {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Limited {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.event > LONGEST {
            let message = format!("an element is longer than {} MiB", LONGEST >> 20);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        self.file.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        let taken = self.file.buffer().get(..count).unwrap_or_default();
        self.lines += memchr::memchr_iter(b'\n', taken).count() as u64;
        self.event += count;
        self.file.consume(count);
    }
}
