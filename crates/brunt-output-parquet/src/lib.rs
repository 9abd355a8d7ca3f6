//! Samples as Parquet: `--out parquet=FILE`.
//!
//! Samples wait in memory as four numbers each (`brunt-arrow`) until they are a row group; its columns
//! are then written at once, texts by their keys and never by their text. Meanwhile a side file has what
//! would be lost, so that [`repair`] brings back all but the last second after a crash.
//!
//! A target in a bucket (`s3://…`, the feature `s3`) is staged on disk and sent when it is whole.
//!
//! Everything happens on a thread of its own: a slow disk fills the output's edge and delays nobody.

#![forbid(unsafe_code)]

// Without the feature a bucket is understood, and refused.
#[cfg_attr(not(feature = "s3"), allow(dead_code))]
mod bucket;
mod column;
mod config;
mod file;
mod hybrid;
mod names;
mod output;
mod partition;
mod repair;
mod row_group;
mod side;
#[cfg(feature = "s3")]
mod upload;
mod values;
mod whole;

use brunt_output::{ConfigError, Key, Output, OutputKind, Settings};

pub use output::ParquetOutput;
pub use repair::{RepairError, Repaired, is_ours, repair};
pub use side::left_by_another;

/// The kind behind `--out parquet`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Parquet;

impl OutputKind for Parquet {
    fn names(&self) -> &'static [&'static str] {
        &["parquet"]
    }

    fn about(&self) -> &'static str {
        "Every sample as a row of a Parquet file, for DuckDB, pandas, Polars and the like. The file is \
         NAME.tmp until it is whole. s3://BUCKET/KEY sends it to a bucket."
    }

    fn example(&self) -> &'static str {
        "--out parquet=samples.parquet"
    }

    fn keys(&self) -> &'static [Key] {
        config::KEYS
    }

    fn configure(&self, settings: &Settings) -> Result<Box<dyn Output>, ConfigError> {
        Ok(Box::new(ParquetOutput::new(config::read(settings)?)))
    }
}
