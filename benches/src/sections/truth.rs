//! Whether the reported latency is the server's: beside an independent prober, under load.
//!
//! Both sides begin before they write the request and end with the kernel's stamp of the response's
//! last byte, over the same seconds: neither sees the load start or end. Quantiles are those
//! of all rounds together, because a median of three ratios says little about rounds in which the
//! machine was busy for a moment: that moment is in both sides' samples, in the same place.
//!
//! The processors are kept from going idle meanwhile ([`crate::awake`]).
//!
//! What stays different is when they ask. The generator's requests come together where it woke up late,
//! and those that come together wait for each other at the server: that is a latency of the server,
//! and a reason for a ratio above 1. And on a machine whose cores are all taken the prober is not
//! let run in the very moments in which the server is not either, so how late it was is printed too:
//! where that is more than its latencies, the ratio says nothing.

use std::time::Duration;

use crate::awake::Awake;
use crate::lab::{BenchError, Lab};
use crate::prober::Prober;
use crate::report::Row;
use crate::scripts;
use crate::stats::quantile;

/// Until connections are open and the load runs evenly.
const WARM: u64 = 2;
const SECONDS: u64 = 6;

/// From the start of the process on, whose start is not instant.
const DELAY: Duration = Duration::from_millis(1000 * WARM + 200);
const LENGTH: Duration = Duration::from_millis(1000 * SECONDS - 400);

/// Latencies of all rounds, in milliseconds.
#[derive(Debug, Default)]
struct Seen {
    prober: Vec<f64>,
    /// How late the prober's requests went out.
    late: Vec<f64>,
    /// Quantiles that stand for equal shares of each round.
    brunt: Vec<f64>,
    /// Of each round, of the 95th percentiles.
    ratios: Vec<f64>,
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
    let _awake = Awake::start()?;
    let mut seen: Vec<Seen> = cases.iter().map(|_| Seen::default()).collect();
    for _ in 0..lab.rounds.min(3) {
        for (&(rate, burners), seen) in cases.iter().zip(&mut seen) {
            once(lab, rate, burners, seen)?;
        }
    }
    let mut rows = Vec::new();
    for ((rate, burners), seen) in cases.into_iter().zip(seen) {
        let with = if burners == 0 { "" } else { ", 2 VUs burn CPU" };
        for (q, name) in [(0.5, "p50"), (0.95, "p95")] {
            let place = format!("{name} at {rate}/s{with}");
            let (prober, brunt) = (quantile(&seen.prober, q), quantile(&seen.brunt, q));
            rows.push(Row::info(format!("prober {place}"), prober, " ms"));
            rows.push(Row::info(format!("brunt {place}"), brunt, " ms"));
            let figure = format!("brunt / prober {place}");
            rows.push(Row::at_most(figure, 1.5, brunt / prober, " x"));
        }
        let figure = format!("the prober itself was late, p95 at {rate}/s{with}");
        rows.push(Row::info(figure, quantile(&seen.late, 0.95), " ms"));
        for (q, name) in [(0.0, "least"), (1.0, "most")] {
            let figure = format!("p95 at {rate}/s{with}, the round with the {name}");
            rows.push(Row::info(figure, quantile(&seen.ratios, q), " x"));
        }
    }
    Ok(rows)
}

fn once(lab: &Lab, rate: u32, burners: u32, seen: &mut Seen) -> Result<(), BenchError> {
    let script = scripts::watched_rate(&lab.url(), rate, WARM, SECONDS, burners);
    let prober = Prober::start(lab.address(), DELAY, LENGTH)?;
    let run = lab.brunt(&script, Duration::from_millis(100));
    let probes = prober.finish()?;
    let run = run?;
    run.good_requests()?;
    let reported: Vec<f64> = scripts::quantiles()
        .map(|name| run.known(scripts::WATCHED, &name))
        .collect();
    if probes.latencies.is_empty() || reported.iter().any(|value| value.is_nan()) {
        let message = "the prober or brunt reported nothing";
        return Err(BenchError::Unreadable(message.to_owned()));
    }
    seen.ratios
        .push(quantile(&reported, 0.95) / quantile(&probes.latencies, 0.95));
    seen.prober.extend(probes.latencies);
    seen.late.extend(probes.lateness);
    seen.brunt.extend(reported);
    Ok(())
}
