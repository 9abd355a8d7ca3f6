//! k6's CSV: columns by their names, since they depend on the system tags that were on. What stands behind
//! the value and before the metadata belongs to the series, and is read once for each text.
//!
//! Quotes are looked into once for each text, too: where a row has them they are in its tags, such as the name of a
//! check. Rows with quotes elsewhere are read as any CSV.

pub(crate) mod cells;
mod columns;
mod map;
pub(crate) mod rows;

use std::sync::Arc;

use brunt_metrics::{MetaId, Sample, SampleBatch, TagSet};
use memchr::{memchr, memrchr};

use self::cells::Cells;
pub(crate) use self::columns::Columns;
use crate::number;
use crate::pipeline::Lines;
use crate::series::{Known, Last, SeriesReader, SetId};
use crate::time::Times;

const CELLS: &str = "has not as many cells as there are columns, or text that is not UTF-8";

const SHORT: &str = "has fewer cells than there are columns";

/// Before texts of tags that mean something else than they would by themselves. No text has it: it is not UTF-8.
const APART: u8 = 0xff;

/// The one metric whose samples have a scenario and are measured by no virtual user: there was none.
const NO_USER: &[u8] = b"dropped_iterations";

/// Reads rows of CSV files.
#[derive(Debug)]
pub(crate) struct CsvReader {
    series: SeriesReader,
    times: Times,
    tags: Last<SetId>,
    meta: Last<Arc<TagSet>>,
    cells: Cells,
}

impl CsvReader {
    pub(crate) fn new(known: Known) -> Self {
        Self {
            series: SeriesReader::new(known),
            times: Times::default(),
            tags: Last::new(),
            meta: Last::new(),
            cells: Cells::default(),
        }
    }

    /// The samples of these rows.
    pub(crate) fn read(&mut self, rows: &[u8], columns: &Columns, into: &mut Lines) {
        // The texts of another file can mean something else.
        self.series.begin_batch();
        self.tags.forget();
        self.meta.forget();
        into.batch.samples.reserve(rows.len() / 96);
        let quotes = memchr(b'"', rows).is_some();
        let mut begin = 0;
        while begin < rows.len() {
            let mut end = memchr(b'\n', &rows[begin..]).map_or(rows.len(), |end| begin + end);
            let mut row = &rows[begin..end];
            let quoted = quotes && memchr(b'"', row).is_some();
            if quoted {
                end = match rows::end(&rows[begin..], b',') {
                    rows::End::At(at) | rows::End::Unquoted(Some(at)) => begin + at,
                    rows::End::Beyond | rows::End::Unquoted(None) => rows.len(),
                };
                row = &rows[begin..end];
            }
            let row = row.strip_suffix(b"\r").unwrap_or(row);
            // The first row of each file names the columns.
            let read = if row.is_empty() || row == columns.header() {
                Ok(())
            } else if quoted {
                self.quoted_row(row, columns, into)
            } else {
                self.row(row, columns, into)
            };
            match read {
                Ok(()) => into.seen += 1,
                Err(reason) => into.broken(begin, end == rows.len(), reason),
            }
            if quoted {
                // Line ends between quotes are lines of the file, too.
                into.seen += memchr::memchr_iter(b'\n', row).count() as u64;
            }
            begin = end + 1;
        }
    }

    fn row(&mut self, row: &[u8], columns: &Columns, into: &mut Lines) -> Result<(), &'static str> {
        let (metric, rest) = split(row).ok_or(SHORT)?;
        let (time, rest) = split(rest).ok_or(SHORT)?;
        let (value, rest) = split(rest).ok_or(SHORT)?;
        let (tags, metadata) = match self.tags.at(rest) {
            // The same text, and behind it the metadata only.
            Some((set, length))
                if rest.get(length) == Some(&b',')
                    && metric != NO_USER
                    && memchr(b',', &rest[length + 1..]).is_none() =>
            {
                (set, &rest[length + 1..])
            }
            _ => {
                let last = memrchr(b',', rest).ok_or(SHORT)?;
                let set = self.set(columns, metric, &rest[..last])?;
                (set, &rest[last + 1..])
            }
        };
        self.sample([metric, time, value], tags, metadata, into)
    }

    fn quoted_row(
        &mut self,
        row: &[u8],
        columns: &Columns,
        into: &mut Lines,
    ) -> Result<(), &'static str> {
        // With quotes it is no metric, no time and no value; metadata could be any text.
        if !row.ends_with(b"\"") && self.row(row, columns, into).is_ok() {
            return Ok(());
        }
        let mut cells = std::mem::take(&mut self.cells);
        let read = cells.read(row, b',').and_then(|()| {
            let all: Vec<&[u8]> = cells.iter().map(str::as_bytes).collect();
            let [metric, time, value, between @ .., metadata] = all.as_slice() else {
                return Err(SHORT);
            };
            let by_user = *metric != NO_USER;
            let prefix = [APART, APART, u8::from(by_user)];
            let key = [&prefix, between.join(&0x1f_u8).as_slice()].concat();
            let parse = |_: &[u8]| columns.tags(between.iter().copied(), by_user);
            let set = self.series.tags(&key, parse).ok_or(CELLS)?;
            self.sample([metric, time, value], set, metadata, into)
        });
        self.cells = cells;
        read
    }

    /// The tags of what stands between value and metadata.
    fn set(
        &mut self,
        columns: &Columns,
        metric: &[u8],
        text: &[u8],
    ) -> Result<SetId, &'static str> {
        let by_user = metric != NO_USER;
        let cells = &mut self.cells;
        let parse = |_: &[u8]| {
            if memchr(b'"', text).is_none() {
                return columns.tags(text.split(|byte| *byte == b','), by_user);
            }
            cells.read(text, b',').ok()?;
            columns.tags(cells.iter().map(str::as_bytes), by_user)
        };
        if !by_user {
            let key = [&[APART], text].concat();
            return self.series.tags(&key, parse).ok_or(CELLS);
        }
        let set = self.series.tags(text, parse).ok_or(CELLS)?;
        self.tags.set(text, set);
        Ok(set)
    }

    fn sample(
        &mut self,
        [metric, time, value]: [&[u8]; 3],
        tags: SetId,
        metadata: &[u8],
        into: &mut Lines,
    ) -> Result<(), &'static str> {
        let time = self.times.any(time).ok_or("has no time that k6 writes")?;
        let value = number::parse_any(value).ok_or("has no value")?;
        let metric = self
            .series
            .metric(metric)
            .ok_or("has a metric whose name k6 does not allow")?;
        let meta = self.metadata(metadata, &mut into.batch)?;
        let series = self.series.series(metric, tags, &mut into.batch);
        into.doubtful += u64::from(self.series.is_doubtful(tags));
        into.batch.samples.push(Sample {
            series: series.ok_or("belongs to no series")?,
            meta,
            time: time.nanos,
            value,
        });
        Ok(())
    }

    fn metadata(&mut self, text: &[u8], batch: &mut SampleBatch) -> Result<MetaId, &'static str> {
        if text.is_empty() {
            return Ok(MetaId::NONE);
        }
        let meta = match self.meta.at(text) {
            Some((meta, length)) if length == text.len() => meta,
            _ => {
                let mut tags = TagSet::new();
                let cell = std::str::from_utf8(text).map_err(|_| "is not UTF-8")?;
                map::read(cell, &mut tags);
                let meta = Arc::new(tags);
                self.meta.set(text, Arc::clone(&meta));
                meta
            }
        };
        Ok(batch.meta.add(&meta))
    }
}

fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr(b',', text)?;
    Some((&text[..at], &text[at + 1..]))
}

#[cfg(test)]
mod tests;
