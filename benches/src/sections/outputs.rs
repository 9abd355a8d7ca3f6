//! What an output of raw samples costs: CPU of all threads but the workers, less that of a run without
//! it; and how large a Parquet file is beside JSON lines of the same run and what `DuckDB` makes of it.
//!
//! Whole runs into real files, because the kernel's copy is part of the price. The workers are left out
//! because the CPU time of two runs of one script differs by more than what is looked for; what they
//! pay for handing over a batch is in the section `bus`.

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

/// What the names of threads that run scripts begin with.
const WORKER: &str = "brunt-worker";

pub(super) fn measure(lab: &Lab) -> Result<Vec<Row>, BenchError> {
    let scripts = [
        ("custom metrics", scripts::custom_samples(3_000_000)),
        ("HTTP requests", scripts::requests(&lab.url(), 200_000)),
    ];
    let mut rows = Vec::new();
    for (what, script) in &scripts {
        let mut without = Vec::new();
        let mut with = vec![Vec::new(); OUTPUTS.len()];
        let mut samples = Vec::new();
        let mut sizes = vec![Vec::new(); OUTPUTS.len()];
        let mut beside_duckdb = Vec::new();
        for _ in 0..ROUNDS {
            without.push(cpu(lab, script, &[])?);
            // The samples of the round, counted where a sample is a row.
            let csv = lab.path("samples.csv");
            let to_csv = format!("csv={}", csv.display());
            cpu(lab, script, &["--out", &to_csv])?;
            let of_round = rows_of(&csv)?;
            samples.push(of_round);
            let results = with.iter_mut().zip(&mut sizes);
            for ((kind, file, _), (with, sizes)) in OUTPUTS.iter().zip(results) {
                let file = lab.path(file);
                let out = format!("{kind}={}", file.display());
                with.push(cpu(lab, script, &["--out", &out])?);
                let size = std::fs::metadata(&file)?.len() as f64;
                sizes.push(size / of_round);
                if *kind == "parquet" {
                    let other = by_duckdb(&file, &lab.path("duckdb.parquet"))?;
                    beside_duckdb.extend(other.map(|other| size / other));
                }
                std::fs::remove_file(file)?;
            }
        }
        for ((_, file, asked), with) in OUTPUTS.iter().zip(&with) {
            let cost = (median(with) - median(&without)) / median(&samples) * 1e6;
            let ending = file.trim_start_matches("samples.");
            let figure = format!("{ending}: CPU per sample, {what}");
            rows.push(match asked {
                Some(asked) => Row::at_most(figure, *asked, cost, " us"),
                None => Row::info(figure, cost, " us"),
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

/// CPU-seconds of all threads but the workers.
fn cpu(lab: &Lab, script: &str, more: &[&str]) -> Result<f64, BenchError> {
    let run = lab.brunt_with(script, Duration::from_millis(5), more)?;
    let threads = run.finished.threads.iter();
    let others = threads.filter(|(name, _)| !name.starts_with(WORKER));
    Ok(others.map(|(_, used)| used.as_secs_f64()).sum())
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
