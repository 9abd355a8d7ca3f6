//! A ramping arrival rate: how far the starts stray from their plan.
//!
//! The plan is an integral: at a rate that grows from 0 to R over T seconds, R·t²/2T iterations have
//! started by the time t. The script counts each start, and the JSON output says when.

use std::time::Duration;

use crate::lab::{BenchError, Lab};
use crate::report::Row;
use crate::scripts;
use crate::stats::median;

/// Starts per second at the end.
const RATE: u32 = 10_000;
const SECONDS: u32 = 10;
const DAY: f64 = 86_400.0;

pub(super) fn measure(lab: &Lab) -> Result<Vec<Row>, BenchError> {
    let script = scripts::ramping_rate(&lab.url(), RATE, SECONDS);
    let (mut strayed, mut late, mut dropped) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..lab.rounds.min(3) {
        let (run, samples) = lab.brunt_with_samples(&script, Duration::from_millis(100))?;
        run.good_requests()?;
        strayed.push(100.0 * worst(&starts(&samples)));
        late.push(run.lateness("p(99)").unwrap_or(f64::NAN));
        dropped.push(run.value("dropped_iterations", "count").unwrap_or(0.0));
    }
    let name = |figure: &str| format!("{figure}, 0 to {RATE}/s over {SECONDS} s");
    Ok(vec![
        Row::at_most(
            name("starts beside the plan at the worst second"),
            1.0,
            median(&strayed),
            " %",
        ),
        Row::at_most(name("lateness of starts p99"), 2.0, median(&late), " ms"),
        Row::at_most(name("dropped iterations"), 0.0, median(&dropped), ""),
    ])
}

/// When each iteration started, in seconds of the day, sorted.
fn starts(samples: &str) -> Vec<f64> {
    let mut all: Vec<f64> = samples
        .lines()
        .filter(|line| line.contains("\"metric\":\"starts\"") && line.contains("\"Point\""))
        .filter_map(|line| {
            let point: serde_json::Value = serde_json::from_str(line).ok()?;
            seconds_of_day(point["data"]["time"].as_str()?)
        })
        .collect();
    if let Some(first) = all.first().copied() {
        // Midnight may lie in between.
        all.iter_mut()
            .filter(|it| first - **it > DAY / 2.0)
            .for_each(|it| *it += DAY);
    }
    all.sort_by(f64::total_cmp);
    all
}

/// `2026-01-02T03:04:05.678Z` without its date.
fn seconds_of_day(time: &str) -> Option<f64> {
    let clock = time.split_once('T')?.1.get(..)?;
    let clock = clock.trim_end_matches('Z').split('+').next()?;
    let mut parts = clock.splitn(3, ':').map(str::parse::<f64>);
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    Some(hours.ok()? * 3600.0 + minutes.ok()? * 60.0 + seconds.ok()?)
}

/// The largest share by which the starts until a full second differ from the plan's.
fn worst(starts: &[f64]) -> f64 {
    let growth = f64::from(RATE) / f64::from(SECONDS) / 2.0;
    // The k-th start is planned for √(k/growth): what lies between is when the test began.
    let mut begins: Vec<f64> = starts
        .iter()
        .enumerate()
        .map(|(at, start)| start - ((at + 1) as f64 / growth).sqrt())
        .collect();
    begins.sort_by(f64::total_cmp);
    let Some(began) = begins.get(begins.len() / 2) else {
        return f64::INFINITY;
    };
    (1..=SECONDS)
        .map(|second| {
            let second = f64::from(second);
            let planned = growth * second * second;
            let counted = starts.partition_point(|start| *start <= began + second);
            (counted as f64 - planned).abs() / planned
        })
        .fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned() -> Vec<f64> {
        let growth = f64::from(RATE) / f64::from(SECONDS) / 2.0;
        (1..=50_000)
            .map(|at| 100.0 + (f64::from(at) / growth).sqrt())
            .collect()
    }

    #[test]
    fn starts_on_their_plan_do_not_stray() {
        assert!(worst(&planned()) < 0.003);
    }

    #[test]
    fn starts_that_come_late_stray() {
        let mut late = planned();
        late.iter_mut()
            .filter(|it| **it > 103.0)
            .for_each(|it| *it += 0.1);
        assert!(worst(&late) > 0.02);
        assert!(worst(&[]).is_infinite());
    }

    #[test]
    fn times_are_read_across_midnight() {
        let line = |time: &str| {
            format!(r#"{{"metric":"starts","type":"Point","data":{{"time":"{time}","value":1}}}}"#)
        };
        let text = [
            line("2026-01-01T23:59:59.5Z"),
            line("2026-01-02T00:00:00.25Z"),
        ]
        .join("\n");
        assert_eq!(starts(&text), [86_399.5, 86_400.25]);
    }
}
