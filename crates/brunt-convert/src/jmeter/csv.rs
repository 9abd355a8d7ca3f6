//! JMeter's CSV, a block of rows at a time, so that several threads can read one file.

use super::{Columns, Place, Threads};
use crate::foreign::{Cells, Rows, Samples};
use crate::pipeline::Lines;
use crate::series::Known;

/// Reads rows of JMeter's CSV files.
#[derive(Debug)]
pub(crate) struct JmeterCsvReader {
    samples: Samples,
    cells: Cells,
}

impl JmeterCsvReader {
    pub(crate) fn new(known: Known) -> Self {
        Self {
            samples: Samples::new(known),
            cells: Cells::default(),
        }
    }

    /// The samples of these rows.
    pub(crate) fn read(&mut self, rows: &[u8], columns: &Columns, into: &mut Lines) {
        self.samples.begin_batch();
        into.batch.samples.reserve(rows.len() / 20);
        let mut threads = Threads::default();
        for row in Rows::of(rows, columns.delimiter) {
            let read = if row.bytes.is_empty() || columns.is_header(row.bytes) {
                Ok(())
            } else {
                self.row(row.bytes, columns, &mut threads, into)
            };
            match read {
                Ok(()) => into.seen += 1,
                Err(reason) => into.broken(row.at, row.is_unended, reason),
            }
            into.seen += row.lines;
        }
    }

    fn row(
        &mut self,
        row: &[u8],
        columns: &Columns,
        threads: &mut Threads,
        into: &mut Lines,
    ) -> Result<(), &'static str> {
        self.cells.read(row, columns.delimiter)?;
        let row = columns.row(&self.cells)?;
        row.samples(Place::default(), &mut self.samples, threads, into)
    }
}
