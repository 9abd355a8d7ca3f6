//! What outputs of snapshots cost: their thread's share of a run at the highest rate the machine gives,
//! and the memory of a run with far too many series.
//!
//! The share is that of the thread that aggregates and sends, less the same thread's in a run without
//! an output: two whole runs differ by more than what is asked for from one to the next. What a worker
//! pays for a snapshot is in the section `bus`.

use std::time::Duration;

use brunt_testkit::{Otlp, RemoteWrite};

use crate::lab::{BenchError, BruntRun, Lab};
use crate::report::Row;
use crate::scripts;
use crate::stats::median;

const VUS: u32 = 50;
const SECONDS: u64 = 10;
const SERIES: u64 = 200_000;

/// The thread on which aggregation and outputs run.
const CONTROL: &str = "brunt-control";

const EVERY: Duration = Duration::from_millis(20);

pub(super) fn measure(lab: &Lab) -> Result<Vec<Row>, BenchError> {
    let peer = |error: &dyn std::fmt::Display| BenchError::Unreadable(error.to_string());
    let remote_write = RemoteWrite::start().map_err(|error| peer(&error))?;
    let otlp = Otlp::start().map_err(|error| peer(&error))?;
    let outputs = [
        (
            "remote write",
            format!("mimir={}", remote_write.write_url()),
        ),
        ("OTLP", format!("otlp={}", otlp.url())),
    ];
    let mut rows = Vec::new();
    let script = scripts::constant_vus(&lab.url(), VUS, SECONDS, "");
    let mut shares = [Vec::new(), Vec::new()];
    let mut totals = [Vec::new(), Vec::new()];
    for _ in 0..lab.rounds.min(3) {
        let without = lab.brunt(&script, EVERY)?;
        for (((_, out), shares), totals) in outputs.iter().zip(&mut shares).zip(&mut totals) {
            let with = lab.brunt_with(&script, EVERY, &["--out", out])?;
            let more = control(&with)? - control(&without)?;
            shares.push(100.0 * more / with.finished.cpu.as_secs_f64());
            totals.push(per_request(&with)? / per_request(&without)?);
        }
    }
    for (((name, _), shares), totals) in outputs.iter().zip(&shares).zip(&totals) {
        let figure = format!("{name}: share of the generator's CPU, {VUS} VUs");
        rows.push(Row::at_most(figure, 3.0, median(shares), " %"));
        let figure = format!("{name}: CPU per request beside a run without it");
        rows.push(Row::info(figure, median(totals), " x"));
    }

    let script = scripts::many_series(SERIES, 60);
    let mut arguments = Vec::new();
    for (_, out) in &outputs {
        arguments.extend(["--out", out]);
    }
    let run = lab.brunt_with(&script, EVERY, &arguments)?;
    let megabytes = run.finished.peak_rss as f64 / 1e6;
    let figure = format!("resident, {SERIES} series of a trend in 60 s, to both");
    rows.push(Row::at_most(figure, 600.0, megabytes, " MB"));
    rows.push(Row::info(
        "CPU seconds of that run",
        run.finished.cpu.as_secs_f64(),
        " s",
    ));
    Ok(rows)
}

/// CPU-seconds of the thread that aggregates and sends.
fn control(run: &BruntRun) -> Result<f64, BenchError> {
    let used = run.finished.threads.get(CONTROL);
    let used = used.ok_or_else(|| BenchError::Unreadable(format!("no thread {CONTROL}")))?;
    Ok(used.as_secs_f64())
}

fn per_request(run: &BruntRun) -> Result<f64, BenchError> {
    Ok(run.finished.cpu.as_secs_f64() / run.good_requests()?)
}
