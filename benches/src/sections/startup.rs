//! How long a script of one iteration takes, from start to exit.

use std::time::Duration;

use crate::lab::{BenchError, Lab};
use crate::report::Row;
use crate::scripts;
use crate::stats::median;

const RUNS: usize = 15;

pub(super) fn measure(lab: &Lab) -> Result<Vec<Row>, BenchError> {
    // The first run reads the binary from the disk.
    lab.brunt(scripts::NOTHING, Duration::from_millis(1))?;
    let mut walls = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let run = lab.brunt(scripts::NOTHING, Duration::from_micros(200))?;
        walls.push(run.finished.wall.as_secs_f64() * 1e3);
    }
    Ok(vec![Row::at_most(
        "one iteration, wall time",
        60.0,
        median(&walls),
        " ms",
    )])
}
