//! Ways in for the fuzz targets: the readers without files and threads. Not for anything else.

use std::sync::Arc;

use brunt_metrics::{Interner, Registry};

use crate::csv::{Columns, CsvReader};
use crate::json::JsonReader;
use crate::pipeline::Lines;
use crate::series::Known;

fn known() -> Known {
    Known {
        registry: Arc::new(Registry::new()),
        interner: Arc::new(Interner::new(16)),
    }
}

/// Reads JSON lines; how many samples there are.
pub fn json(lines: &[u8]) -> usize {
    let mut into = Lines::default();
    JsonReader::new(known()).read(lines, &mut into);
    into.batch.samples.len()
}

/// Reads a CSV file; how many samples there are.
pub fn csv(file: &[u8]) -> usize {
    let header = file.split(|byte| *byte == b'\n').next();
    let Some(columns) = header.and_then(Columns::read) else {
        return 0;
    };
    let mut into = Lines::default();
    CsvReader::new(known()).read(file, &columns, &mut into);
    into.batch.samples.len()
}
