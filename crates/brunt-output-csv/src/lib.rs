//! Samples as rows of k6's CSV: `--out csv=FILE`.
//!
//! The columns are k6's, so that what reads k6's files reads these. What k6 loses in them is kept:
//! values have all their digits, and the maps in `extra_tags` and `metadata` are escaped, so that a
//! reader gets back what was put in; both can be had k6's way. Quoting is `csv-core`'s; only what
//! belongs to a series goes through it, once, because nothing else in a row can need quotes.

#![forbid(unsafe_code)]

mod config;
mod map;
mod row;

use brunt_file::FileOutput;
use brunt_file::lines::Lines;
use brunt_file::timestamp::zone;
use brunt_output::{ConfigError, Key, Output, OutputKind, Settings};

use crate::config::Config;
use crate::row::CsvRows;

/// The kind behind `--out csv`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Csv;

impl OutputKind for Csv {
    fn names(&self) -> &'static [&'static str] {
        &["csv"]
    }

    fn about(&self) -> &'static str {
        "Every sample as a row, in k6's columns. A file whose name ends in .gz or .zst is compressed; \
         '-' is the standard output."
    }

    fn example(&self) -> &'static str {
        "--out csv=results.csv.gz,timeFormat=rfc3339_nano"
    }

    fn keys(&self) -> &'static [Key] {
        config::KEYS
    }

    fn configure(&self, settings: &Settings) -> Result<Box<dyn Output>, ConfigError> {
        let config = Config::read(settings)?;
        let rows = config.rows;
        let output = FileOutput::new("csv", config.target, move |context| {
            let format = CsvRows::new(rows, context.system_tags, zone(context));
            Box::new(Lines::new(format, context))
        });
        Ok(Box::new(output.flushed_within(config.save_interval)))
    }
}

#[cfg(test)]
mod tests;
