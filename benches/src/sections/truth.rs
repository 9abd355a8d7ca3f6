//! Whether the reported latency is the server's: beside an independent prober, under load.

use std::time::Duration;

use crate::lab::{BenchError, Lab};
use crate::prober::Prober;
use crate::report::Row;
use crate::scripts;
use crate::stats::{median, quantile};

const SECONDS: u64 = 6;

/// Until the load runs evenly.
const DELAY: Duration = Duration::from_secs(1);

/// p50 and p95 of prober and brunt.
#[derive(Debug, Default)]
struct Seen {
    prober: [Vec<f64>; 2],
    brunt: [Vec<f64>; 2],
    ratio: [Vec<f64>; 2],
}

pub(super) fn measure(lab: &Lab) -> Result<Vec<Row>, BenchError> {
    let cases = [
        (4000, 0),
        (6000, 0),
        (8000, 0),
        (4000, 2),
        (6000, 2),
        (8000, 2),
    ];
    let mut seen: Vec<Seen> = cases.iter().map(|_| Seen::default()).collect();
    for _ in 0..lab.rounds.min(3) {
        for (&(rate, burners), seen) in cases.iter().zip(&mut seen) {
            once(lab, rate, burners, seen)?;
        }
    }
    let mut rows = Vec::new();
    for ((rate, burners), seen) in cases.into_iter().zip(seen) {
        let with = if burners == 0 { "" } else { ", 2 VUs burn CPU" };
        for (at, name) in ["p50", "p95"].into_iter().enumerate() {
            let place = format!("{name} at {rate}/s{with}");
            rows.push(Row::info(
                format!("prober {place}"),
                median(&seen.prober[at]),
                " ms",
            ));
            rows.push(Row::info(
                format!("brunt {place}"),
                median(&seen.brunt[at]),
                " ms",
            ));
            let ratio = median(&seen.ratio[at]);
            rows.push(Row::at_most(
                format!("brunt / prober {place}"),
                1.5,
                ratio,
                " x",
            ));
        }
    }
    Ok(rows)
}

fn once(lab: &Lab, rate: u32, burners: u32, seen: &mut Seen) -> Result<(), BenchError> {
    let script = scripts::arrival_rate(&lab.url(), rate, SECONDS, burners);
    let prober = Prober::start(lab.address(), DELAY)?;
    let run = lab.brunt(&script, Duration::from_millis(100));
    let latencies = prober.finish()?;
    let run = run?;
    run.good_requests()?;
    for (at, (q, stat)) in [(0.5, "med"), (0.95, "p(95)")].into_iter().enumerate() {
        let truth = quantile(&latencies, q);
        let reported = run.known("http_req_duration", stat);
        seen.prober[at].push(truth);
        seen.brunt[at].push(reported);
        seen.ratio[at].push(reported / truth);
    }
    Ok(())
}
