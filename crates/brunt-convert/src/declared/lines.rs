//! The lines of k6's JSON that declare metrics, looked for by all cores: they may stand anywhere, so that everything
//! is read once more than its samples are.
//!
//! Files that are not packed are cut into pieces, of which each has the lines that begin in it.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use memchr::{memchr, memmem, memrchr};

use super::{MetricData, MetricLine};
use crate::block::Blocks;
use crate::input::{Input, Inputs};
use crate::pipeline::ReadError;
use crate::time::Times;

/// How long a piece is.
const PIECE: u64 = 64 << 20;

/// What a piece declares.
#[derive(Default)]
pub(super) struct Found {
    /// In their order, each once.
    pub(super) metrics: Vec<MetricData>,
    /// That of the first time in it, in seconds.
    pub(super) utc_offset: Option<i32>,
}

struct Piece<'a> {
    input: &'a Input,
    /// Lines that begin in these bytes; in all the file without.
    range: Option<(u64, u64)>,
}

/// What all files declare, in their order, with the files' names.
pub(super) fn find(inputs: &Inputs) -> Result<Vec<(&str, Found)>, ReadError> {
    find_in_pieces(inputs, PIECE)
}

fn find_in_pieces(inputs: &Inputs, size: u64) -> Result<Vec<(&str, Found)>, ReadError> {
    let pieces = inputs.files.iter().flat_map(|input| pieces(input, size));
    let pieces: Vec<Piece<'_>> = pieces.collect();
    let found: Vec<OnceLock<io::Result<Found>>> = pieces.iter().map(|_| OnceLock::new()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let (Some(piece), Some(place)) = (pieces.get(at), found.get(at)) else {
                return;
            };
            let _ = place.set(piece.find());
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 1..threads.min(pieces.len()) {
            scope.spawn(work);
        }
        work();
    });
    let found = found.into_iter().zip(&pieces);
    found
        .map(|(found, piece)| {
            let found = found.into_inner().unwrap_or_else(|| Ok(Found::default()));
            let name = piece.input.name.as_str();
            let found = found.map_err(|source| ReadError::of(name, source))?;
            Ok((name, found))
        })
        .collect()
}

fn pieces(input: &Input, size: u64) -> Vec<Piece<'_>> {
    let Some(bytes) = input.plain_bytes() else {
        return vec![Piece { input, range: None }];
    };
    let begins = (0..bytes.max(1)).step_by(size as usize);
    begins
        .map(|from| Piece {
            input,
            range: Some((from, from + size)),
        })
        .collect()
}

impl Piece<'_> {
    fn find(&self) -> io::Result<Found> {
        let finder = memmem::Finder::new(b"\"type\":\"Metric\"");
        let (mut from, to) = self.range.unwrap_or((0, u64::MAX));
        let mut blocks = if self.range.is_some() {
            let file = self.input.file()?;
            let mut reader = At { file, at: from };
            reader.seek_line()?;
            from = reader.at;
            Blocks::new(Box::new(reader), None)
        } else {
            Blocks::new(self.input.open()?, None)
        };
        let mut found = Found::default();
        let mut seen: HashSet<Vec<u8>> = HashSet::new();
        // An error of reading is told when samples are read, after those that could be read.
        while let Ok(Some(block)) = blocks.next() {
            // A little of the next piece comes along, and is found there, too.
            if from.saturating_add(block.offset) >= to {
                break;
            }
            let bytes = &block.bytes;
            if found.utc_offset.is_none() {
                found.utc_offset = offset(bytes);
            }
            for at in finder.find_iter(bytes) {
                let begin = memrchr(b'\n', &bytes[..at]).map_or(0, |at| at + 1);
                let end = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end);
                let line = &bytes[begin..end];
                // A broken line is told as such when samples are read.
                if !seen.contains(line)
                    && let Ok(metric) = serde_json::from_slice::<MetricLine>(line)
                {
                    seen.insert(line.to_vec());
                    found.metrics.push(metric.data);
                }
            }
        }
        Ok(found)
    }
}

/// A file from some byte on. Threads that read one file have no position in common.
struct At {
    file: File,
    at: u64,
}

impl At {
    /// Goes to where the first line begins that begins here or behind.
    fn seek_line(&mut self) -> io::Result<()> {
        let mut text = [0; 4096];
        let Some(mut at) = self.at.checked_sub(1) else {
            return Ok(());
        };
        loop {
            let count = self.file.read_at(&mut text, at)?;
            let end = memchr(b'\n', &text[..count]);
            at += end.map_or(count, |end| end + 1) as u64;
            if end.is_some() || count == 0 {
                self.at = at;
                return Ok(());
            }
        }
    }
}

impl Read for At {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(into, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

/// The offset of the first time in these lines.
fn offset(lines: &[u8]) -> Option<i32> {
    let at = memmem::find(lines, b"\"time\":\"")? + 8;
    let text = &lines[at..];
    Times::default()
        .rfc3339(&text[..memchr(b'"', text)?])?
        .offset
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_line_is_found_in_some_piece(
            lines in proptest::collection::vec((any::<bool>(), 0_usize..300), 1..40),
            size in 1_u64..2000,
        ) {
            let mut text = "{\"type\":\"Metric\",\"data\":{\"name\":\"m\",\"type\":\"trend\",\"contains\":\"time\"},\"metric\":\"m\"}\n".to_owned();
            let mut expected = vec!["m".to_owned()];
            for (at, (declares, length)) in lines.iter().enumerate() {
                let name = format!("m{at}{}", "x".repeat(*length));
                let line = if *declares {
                    let line = text.lines().next().unwrap().replace("\"m\"", &format!("\"{name}\""));
                    expected.push(name);
                    line
                } else {
                    format!("{{\"metric\":\"m\",\"type\":\"Point\",\"data\":{{\"time\":\"2026-11-22T10:00:00+02:00\",\"value\":1,\"tags\":{{\"name\":\"{name}\"}}}}}}")
                };
                text += &line;
                text += "\n";
            }
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("run.json");
            std::fs::write(&path, &text).unwrap();
            let inputs = Inputs::find(&[path.to_str().unwrap().to_owned()]).unwrap();
            let mut names: Vec<String> = Vec::new();
            let mut offset = None;
            for (_, found) in find_in_pieces(&inputs, size).unwrap() {
                offset = offset.or(found.utc_offset);
                names.extend(found.metrics.into_iter().map(|metric| metric.name));
            }
            let mut seen = HashSet::new();
            names.retain(|name| seen.insert(name.clone()));
            prop_assert_eq!(names, expected);
            let has_time = lines.iter().any(|line| !line.0);
            prop_assert_eq!(offset, has_time.then_some(7200));
        }
    }
}
