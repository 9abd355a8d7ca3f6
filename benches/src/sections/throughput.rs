//! Requests per CPU-second of the generator, beside `wrk` in the same minutes.
//!
//! Per CPU-second and not per second: on a small machine generator and server share the cores, and
//! the faster generator would be throttled by the server.

use std::time::Duration;

use crate::lab::{BenchError, Lab};
use crate::report::Row;
use crate::scripts;
use crate::stats::median;

pub(super) fn measure(lab: &Lab) -> Result<Vec<Row>, BenchError> {
    let mut rows = Vec::new();
    // Longer with many virtual users: each has to be made, which wrk's connections need not, and a
    // test of seconds would measure that.
    for (connections, asked, seconds) in [(50, 0.5, lab.seconds), (1000, 0.4, 3 * lab.seconds)] {
        let script = scripts::constant_vus(&lab.url(), connections, seconds, "");
        let (mut wrk, mut brunt, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        let mut failure = None;
        for _ in 0..lab.rounds {
            let reference = lab.wrk(connections)?;
            wrk.push(reference);
            let run = lab
                .brunt(&script, Duration::from_millis(20))
                .and_then(|run| Ok(run.good_requests()? / run.finished.cpu.as_secs_f64()));
            match run {
                Ok(rate) => {
                    brunt.push(rate);
                    ratios.push(rate / reference);
                }
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        let per_second = "/CPU-s";
        rows.push(Row::info(
            format!("wrk -t1 -c{connections}"),
            median(&wrk),
            per_second,
        ));
        let figure = format!("brunt, {connections} VUs, GET + check");
        if let Some(error) = failure {
            rows.push(Row::missing(figure, &error));
        } else {
            rows.push(Row::info(figure, median(&brunt), per_second));
            let figure = format!("brunt / wrk, {connections} connections");
            rows.push(Row::at_least(figure, asked, median(&ratios), " x"));
        }
    }
    Ok(rows)
}
