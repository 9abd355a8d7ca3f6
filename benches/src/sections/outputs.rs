//! What an output of raw samples costs: CPU of a run with it, less that of the same run without; and how
//! large a Parquet file is beside JSON lines of the same run and what `DuckDB` makes of it.
//!
//! Whole runs into real files, because the bus, the kernel's copy and the writer's thread are part of the
//! price.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::lab::{BenchError, Lab};
use crate::report::Row;
use crate::scripts;
use crate::stats::median;

/// The outputs, the file that each writes, and what is asked of it.
const OUTPUTS: [(&str, &str, Option<f64>); 7] = [
    ("json", "samples.json", Some(0.6)),
    ("csv", "samples.csv", Some(0.6)),
    ("parquet", "samples.parquet", Some(0.5)),
    ("arrow", "samples.arrows", Some(0.2)),
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
        let mut sizes = vec![Vec::new(); OUTPUTS.len()];
        let mut beside_duckdb = Vec::new();
        for _ in 0..ROUNDS {
            let without = cpu(lab, script, &[])?;
            // The samples of the round, counted where a sample is a row.
            let csv = lab.path("samples.csv");
            let with = format!("csv={}", csv.display());
            cpu(lab, script, &["--out", &with])?;
            let samples = rows_of(&csv)?;
            let results = costs.iter_mut().zip(&mut sizes);
            for ((kind, file, _), (costs, sizes)) in OUTPUTS.iter().zip(results) {
                let file = lab.path(file);
                let with = cpu(
                    lab,
                    script,
                    &["--out", &format!("{kind}={}", file.display())],
                )?;
                costs.push((with - without) / samples * 1e6);
                let size = std::fs::metadata(&file)?.len() as f64;
                sizes.push(size / samples);
                if *kind == "parquet" {
                    let other = by_duckdb(&file, &lab.path("duckdb.parquet"))?;
                    beside_duckdb.extend(other.map(|other| size / other));
                }
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
        // Bytes per sample: no run is as long as the one before.
        let of = |name: &str| OUTPUTS.iter().position(|(kind, ..)| *kind == name);
        if let (Some(json), Some(parquet)) = (of("json"), of("parquet")) {
            let times = median(&sizes[json]) / median(&sizes[parquet]);
            let figure = format!("parquet: JSON's size / its own, {what}");
            rows.push(Row::at_least(figure, 25.0, times, " x"));
        }
        let figure = format!("parquet: size / DuckDB's of the same rows, {what}");
        rows.push(if beside_duckdb.is_empty() {
            Row::missing(figure, &"DuckDB is not installed: scripts/setup-tests.sh")
        } else {
            Row::at_most(figure, 1.3, median(&beside_duckdb), " x")
        });
    }
    Ok(rows)
}

/// CPU-seconds of a run.
fn cpu(lab: &Lab, script: &str, more: &[&str]) -> Result<f64, BenchError> {
    let run = lab.brunt_with(script, Duration::from_millis(20), more)?;
    Ok(run.finished.cpu.as_secs_f64())
}

/// The size in bytes of what `DuckDB` makes of a Parquet file, with zstd too; `None` where it is not installed.
fn by_duckdb(from: &Path, to: &Path) -> Result<Option<f64>, BenchError> {
    let program = "import sys, duckdb
duckdb.execute(f\"copy (from '{sys.argv[1]}') to '{sys.argv[2]}' (format parquet, compression zstd)\")";
    let python = brunt_testkit::process::test_venv().join("bin/python");
    let ran = Command::new(python)
        .args(["-c", program])
        .args([from, to])
        .stderr(Stdio::null())
        .status();
    if !ran.is_ok_and(|status| status.success()) {
        return Ok(None);
    }
    let size = std::fs::metadata(to)?.len();
    std::fs::remove_file(to)?;
    Ok(Some(size as f64))
}

/// Rows below the header.
fn rows_of(path: &Path) -> Result<f64, BenchError> {
    let file = BufReader::new(std::fs::File::open(path)?);
    Ok(file.split(b'\n').count() as f64 - 1.0)
}
