//! What it costs to make Parquet of k6's files, beside what `DuckDB` takes with one thread; what the second core
//! brings; and the memory.
//!
//! The input is made here, in the shape of k6's lines, since no file of that size is at hand everywhere:
//! `BRUNT_BENCH_CONVERT_MB` says how much, 1000 without it.

use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use brunt_testkit::process::test_venv;

use crate::child::{self, Finished};
use crate::lab::{BenchError, Lab};
use crate::report::Row;
use crate::stats::median;

const ROUNDS: usize = 3;

/// What `--memory-limit` is without the flag.
const MEMORY: f64 = 512.0;

/// The trends of an HTTP request in k6.
const TRENDS: [&str; 7] = [
    "duration",
    "blocked",
    "connecting",
    "tls_handshaking",
    "sending",
    "waiting",
    "receiving",
];

pub(super) fn measure(lab: &Lab) -> Result<Vec<Row>, BenchError> {
    let megabytes = std::env::var("BRUNT_BENCH_CONVERT_MB").ok();
    let megabytes: u64 = megabytes.and_then(|text| text.parse().ok()).unwrap_or(1000);
    let (json, csv) = (lab.path("input.json"), lab.path("input.csv"));
    make(&json, megabytes * 1_000_000)?;
    convert(lab, &json, &csv, "csv", false)?;
    let queries = [
        ("JSON", &json, 4.0, include_str!("convert/json.sql")),
        ("CSV", &csv, 3.0, include_str!("convert/csv.sql")),
    ];
    let mut rows = Vec::new();
    for (what, input, asked, query) in queries {
        let output = lab.path("output.parquet");
        let (mut ratios, mut speedups, mut peak) = (Vec::new(), Vec::new(), 0);
        for _ in 0..ROUNDS {
            let one = convert(lab, input, &output, "parquet", true)?;
            let all = convert(lab, input, &output, "parquet", false)?;
            speedups.push(one.wall.as_secs_f64() / all.wall.as_secs_f64());
            peak = peak.max(all.peak_rss);
            if let Some(other) = duckdb(query, input, &output)? {
                ratios.push(other.cpu.as_secs_f64() / one.cpu.as_secs_f64());
            }
        }
        // Not a number without DuckDB, which the row then says.
        let ratio = if ratios.is_empty() {
            f64::NAN
        } else {
            median(&ratios)
        };
        let figure = format!("{what} to Parquet, speed per core: brunt / DuckDB");
        rows.push(Row::at_least(figure, asked, ratio, " x"));
        let figure = format!("{what} to Parquet, speed: all cores / one");
        rows.push(Row::info(figure, median(&speedups), " x"));
        let figure = format!("{what} to Parquet, most memory");
        rows.push(Row::at_most(figure, MEMORY, peak as f64 / 1e6, " MB"));
    }
    Ok(rows)
}

/// Requests as k6 writes them, until the file has this size.
fn make(path: &Path, size: u64) -> Result<(), BenchError> {
    let mut file = BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
    let mut declare = |metric: &str, kind: &str, contains: &str| {
        writeln!(
            file,
            "{{\"type\":\"Metric\",\"data\":{{\"name\":\"{metric}\",\"type\":\"{kind}\",\"contains\":\"{contains}\",\"thresholds\":[],\"submetrics\":null}},\"metric\":\"{metric}\"}}"
        )
    };
    declare("http_reqs", "counter", "default")?;
    declare("http_req_failed", "rate", "default")?;
    declare("checks", "rate", "default")?;
    for trend in TRENDS {
        declare(&format!("http_req_{trend}"), "trend", "time")?;
    }
    let mut written = 0_u64;
    let mut number = 0_u64;
    while written < size {
        // 2000 requests per second; values that differ in all their digits.
        let nanos = number * 500_000;
        let (minute, second) = (nanos / 60_000_000_000 % 60, nanos / 1_000_000_000 % 60);
        let (hour, fraction) = (nanos / 3_600_000_000_000 % 24, nanos % 1_000_000_000);
        let tags = format!(
            "{{\"env\":\"perf\",\"expected_response\":\"true\",\"group\":\"::catalogue\",\"method\":\"GET\",\"name\":\"item-{}\",\"proto\":\"HTTP/1.1\",\"scenario\":\"browse\",\"status\":\"200\",\"url\":\"http://127.0.0.1:8088/items/{}\"}}",
            number % 7,
            number % 7
        );
        // Names as people give them, which CSV has to quote and JSON to escape.
        let checked = "{\"check\":\"has body, \\\"quoted\\\" & comma\",\"env\":\"perf\",\"group\":\"::catalogue\",\"scenario\":\"browse\"}";
        let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        let took = format!("{:.6}", mixed as f64 / 1e5);
        let trends =
            TRENDS.map(|trend| (format!("http_req_{trend}"), took.as_str(), tags.as_str()));
        let others = [
            ("http_reqs".to_owned(), "1", tags.as_str()),
            ("http_req_failed".to_owned(), "0", tags.as_str()),
            ("checks".to_owned(), "1", checked),
        ];
        for (metric, value, tags) in trends.into_iter().chain(others) {
            let line = format!(
                "{{\"metric\":\"{metric}\",\"type\":\"Point\",\"data\":{{\"time\":\"2026-11-22T{hour:02}:{minute:02}:{second:02}.{fraction:09}Z\",\"value\":{value},\"tags\":{tags}}}}}\n"
            );
            file.write_all(line.as_bytes())?;
            written += line.len() as u64;
        }
        number += 1;
    }
    Ok(file.flush()?)
}

fn convert(
    lab: &Lab,
    input: &Path,
    output: &Path,
    kind: &str,
    one_core: bool,
) -> Result<Finished, BenchError> {
    let mut command = if one_core {
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).arg(&lab.brunt);
        command
    } else {
        Command::new(&lab.brunt)
    };
    let out = format!("{kind}={}", output.display());
    command
        .args(["convert", "--quiet"])
        .arg(input)
        .args(["--out", &out]);
    finished(command)
}

/// The same by `DuckDB`; `None` where it is not installed.
fn duckdb(query: &str, input: &Path, output: &Path) -> Result<Option<Finished>, BenchError> {
    let program = test_venv().join("bin/python");
    if !program.exists() {
        return Ok(None);
    }
    let query = query
        .replace("INPUT", &input.display().to_string())
        .replace("OUTPUT", &output.display().to_string());
    let mut command = Command::new(program);
    let script = "import duckdb, sys; c = duckdb.connect(); c.execute('SET threads = 1'); c.execute(sys.argv[1])";
    command.args(["-c", script, &query]);
    finished(command).map(Some)
}

fn finished(mut command: Command) -> Result<Finished, BenchError> {
    command.stdout(Stdio::null());
    let limit = Duration::from_mins(10);
    let finished = child::run(&mut command, Duration::from_millis(10), limit)?;
    if finished.status.success() {
        return Ok(finished);
    }
    Err(BenchError::Failed {
        program: command.get_program().display().to_string(),
        status: finished.status,
        stderr: "see above".to_owned(),
    })
}
