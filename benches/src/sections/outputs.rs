//! What an output of raw samples costs: CPU of a run with it, less that of the same run without.
//!
//! Whole runs into real files, because the bus, the kernel's copy and the writer's thread are part of the
//! price.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::time::Duration;

use crate::lab::{BenchError, Lab};
use crate::report::Row;
use crate::scripts;
use crate::stats::median;

/// The outputs, the file that each writes, and what is asked of it.
const OUTPUTS: [(&str, &str, Option<f64>); 5] = [
    ("json", "samples.json", Some(0.6)),
    ("csv", "samples.csv", Some(0.6)),
    ("json", "samples.json.gz", None),
    ("json", "samples.json.zst", None),
    ("csv", "samples.csv.zst", None),
];

const ROUNDS: usize = 3;

pub(super) fn measure(lab: &Lab) -> Result<Vec<Row>, BenchError> {
    let scripts = [
        ("custom metrics", scripts::custom_samples(3_000_000)),
        ("HTTP requests", scripts::requests(&lab.url(), 60_000)),
    ];
    let mut rows = Vec::new();
    for (what, script) in &scripts {
        let mut costs = vec![Vec::new(); OUTPUTS.len()];
        for _ in 0..ROUNDS {
            let without = cpu(lab, script, &[])?;
            // The samples of the round, counted where a sample is a row.
            let csv = lab.path("samples.csv");
            let with = format!("csv={}", csv.display());
            cpu(lab, script, &["--out", &with])?;
            let samples = rows_of(&csv)?;
            for ((kind, file, _), costs) in OUTPUTS.iter().zip(&mut costs) {
                let file = lab.path(file);
                let with = cpu(
                    lab,
                    script,
                    &["--out", &format!("{kind}={}", file.display())],
                )?;
                costs.push((with - without) / samples * 1e6);
                std::fs::remove_file(file)?;
            }
        }
        for ((_, file, asked), costs) in OUTPUTS.iter().zip(&costs) {
            let ending = file.trim_start_matches("samples.");
            let figure = format!("{ending}: CPU per sample, {what}");
            rows.push(match asked {
                Some(asked) => Row::at_most(figure, *asked, median(costs), " us"),
                None => Row::info(figure, median(costs), " us"),
            });
        }
    }
    Ok(rows)
}

/// CPU-seconds of a run.
fn cpu(lab: &Lab, script: &str, more: &[&str]) -> Result<f64, BenchError> {
    let run = lab.brunt_with(script, Duration::from_millis(20), more)?;
    Ok(run.finished.cpu.as_secs_f64())
}

/// Rows below the header.
fn rows_of(path: &Path) -> Result<f64, BenchError> {
    let file = BufReader::new(std::fs::File::open(path)?);
    Ok(file.split(b'\n').count() as f64 - 1.0)
}
