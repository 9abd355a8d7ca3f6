//! Samples as k6's JSON lines: `--out json=FILE`.
//!
//! Two kinds of lines: one `Metric` line just before a metric's first `Point`, then a `Point` for
//! each sample, byte for byte as k6 writes them, so that every tool that reads k6's files reads
//! ours. The lines are written by hand and not by a serializer: everything but time and value is the
//! same for all samples of a series and is rendered once. How they get into a file is `brunt-file`'s.

#![forbid(unsafe_code)]

mod format;
mod text;

use brunt_file::lines::Lines;
use brunt_file::timestamp::zone;
use brunt_file::{FileOutput, Target};
use brunt_output::{ConfigError, Key, Output, OutputKind, Settings};

use crate::format::JsonLines;

/// The kind behind `--out json`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json;

impl OutputKind for Json {
    fn names(&self) -> &'static [&'static str] {
        &["json"]
    }

    fn about(&self) -> &'static str {
        "Every sample as a line of JSON, as k6 writes it. A target that ends in .gz or .zst is \
         compressed; '-' or no target is the standard output."
    }

    fn example(&self) -> &'static str {
        "--out json=results.json.gz"
    }

    fn keys(&self) -> &'static [Key] {
        &[]
    }

    fn configure(&self, settings: &Settings) -> Result<Box<dyn Output>, ConfigError> {
        let target = Target::parse(&settings.target);
        let output = FileOutput::new("json", target, |context| {
            let format = JsonLines::new(&context.declarations, zone(context));
            Box::new(Lines::new(format, context))
        });
        Ok(Box::new(output))
    }
}

#[cfg(test)]
mod tests;
