//! Ways in for the fuzz targets: the readers without files and threads. Not for anything else.

use std::sync::Arc;

use brunt_metrics::{Interner, Registry};

use crate::csv::{Columns, CsvReader};
use crate::gatling::GatlingReader;
use crate::jmeter::{self, JmeterCsvReader, JmeterXmlReader, State};
use crate::json::JsonReader;
use crate::locust::LocustReader;
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

/// Reads a CSV file of JMeter's; how many samples there are.
pub fn jmeter_csv(file: &[u8]) -> usize {
    let header = file.split(|byte| *byte == b'\n').next();
    let Some(columns) = header.and_then(jmeter::Columns::read) else {
        return 0;
    };
    let mut into = Lines::default();
    JmeterCsvReader::new(known()).read(file, &columns, &mut into);
    into.batch.samples.len()
}

/// Reads an XML file of JMeter's; how many samples there are.
pub fn jmeter_xml(file: &[u8]) -> usize {
    let file = std::io::Cursor::new(file.to_vec());
    let mut reader = JmeterXmlReader::new(known(), Box::new(file));
    let mut samples = 0;
    loop {
        let mut into = Lines::default();
        let read = reader.read(&mut into);
        samples += into.batch.samples.len();
        if !matches!(read, Ok(State::More)) {
            return samples;
        }
    }
}

/// Reads a log of Gatling's; how many samples there are.
pub fn gatling(log: &[u8]) -> usize {
    let mut into = Lines::default();
    GatlingReader::new(known()).read(log, &mut into);
    into.batch.samples.len()
}

/// Reads a history of Locust's; how many samples there are.
pub fn locust(file: &[u8]) -> usize {
    let mut into = Lines::default();
    LocustReader::new(known()).read(file, &mut into);
    into.batch.samples.len()
}
