//! Memory that does not grow with the length of a run.

use std::time::Duration;

use crate::lab::{BenchError, Lab};
use crate::report::Row;
use crate::scripts;

const FEW: u64 = 50_000;
const MANY: u64 = 1_000_000;

/// How much more may be resident in the end: noise of the allocator.
const GROWTH: f64 = 1.1;

pub(super) fn measure(lab: &Lab) -> Result<Vec<Row>, BenchError> {
    // Two runs, not two moments of one: how far a run is cannot be seen from outside.
    let peak = |count| {
        let run = lab.brunt(&scripts::iterations(count), Duration::from_millis(5))?;
        let done = run.known("iterations", "count");
        if done != count as f64 {
            return Err(BenchError::Unreadable(format!(
                "{done} of {count} iterations were made"
            )));
        }
        Ok(run.finished.peak_rss as f64 / f64::from(1 << 20))
    };
    let (few, many) = (peak(FEW)?, peak(MANY)?);
    Ok(vec![
        Row::info("peak resident, 50 000 iterations", few, " MiB"),
        Row::info("peak resident, 1 000 000 iterations", many, " MiB"),
        Row::at_most("1 000 000 / 50 000 iterations", GROWTH, many / few, " x"),
    ])
}
