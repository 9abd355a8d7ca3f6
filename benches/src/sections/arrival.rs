//! A constant arrival rate: nothing dropped, nothing late, also beside VUs that burn CPU.

use std::time::Duration;

use crate::lab::{BenchError, Lab};
use crate::report::Row;
use crate::scripts;
use crate::stats::median;

const RATE: u32 = 6000;
const SECONDS: u64 = 8;

pub(super) fn measure(lab: &Lab) -> Result<Vec<Row>, BenchError> {
    let mut rows = Vec::new();
    let mut runs = [Vec::new(), Vec::new()];
    for _ in 0..lab.rounds.min(3) {
        for (burners, runs) in [0, 2].into_iter().zip(&mut runs) {
            let script = scripts::arrival_rate(&lab.url(), RATE, SECONDS, burners);
            let run = lab.brunt(&script, Duration::from_millis(100))?;
            run.good_requests()?;
            runs.push(run);
        }
    }
    for (with, runs) in ["", ", 2 VUs burn CPU"].into_iter().zip(&runs) {
        let over = |value: &dyn Fn(&crate::lab::BruntRun) -> f64| {
            median(&runs.iter().map(value).collect::<Vec<_>>())
        };
        let name = |figure: &str| format!("{figure}, {RATE}/s{with}");
        // Without a drop there is no such metric.
        let dropped = over(&|run| run.value("dropped_iterations", "count").unwrap_or(0.0));
        let p95 = over(&|run| run.known("http_req_duration", "p(95)"));
        if with.is_empty() {
            rows.push(Row::at_most(name("dropped iterations"), 0.0, dropped, ""));
            rows.push(Row::at_most(name("http_req_duration p95"), 1.0, p95, " ms"));
        } else {
            rows.push(Row::info(name("dropped iterations"), dropped, ""));
            rows.push(Row::info(name("http_req_duration p95"), p95, " ms"));
        }
        for (label, stat) in [("p50", "med"), ("p99", "p(99)")] {
            let late = over(&|run| run.lateness(stat).unwrap_or(f64::NAN));
            rows.push(Row::info(
                name(&format!("lateness of starts {label}")),
                late,
                " ms",
            ));
        }
        let cpu = over(&|run| run.finished.cpu.as_secs_f64());
        rows.push(Row::info(name("CPU seconds"), cpu, " s"));
    }
    Ok(rows)
}
