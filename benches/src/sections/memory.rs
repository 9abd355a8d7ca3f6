//! Resident memory per VU, connection included.

use std::time::Duration;

use crate::lab::{BenchError, Lab};
use crate::report::Row;
use crate::scripts;

const VUS: u32 = 2000;
const SECONDS: u64 = 8;

pub(super) fn measure(lab: &Lab) -> Result<Vec<Row>, BenchError> {
    let peak = |vus| {
        let script = scripts::constant_vus(&lab.url(), vus, SECONDS, "sleep(1);");
        let run = lab.brunt(&script, Duration::from_millis(50))?;
        run.good_requests()?;
        Ok::<_, BenchError>(run.finished.peak_rss as f64)
    };
    let (one, many) = (peak(1)?, peak(VUS)?);
    let megabyte = f64::from(1 << 20);
    Ok(vec![
        Row::info("resident, 1 VU", one / megabyte, " MiB"),
        Row::info(format!("resident, {VUS} VUs"), many / megabyte, " MiB"),
        // Kilobytes of 1024 bytes, as /proc counts them.
        Row::at_most(
            format!("per VU of {VUS}, GET + check + sleep(1)"),
            140.0,
            (many - one) / 1024.0 / f64::from(VUS - 1),
            " kB",
        ),
    ])
}
