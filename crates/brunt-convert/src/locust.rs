//! Locust's `…_stats_history.csv`: for each second how many requests there had been, and percentiles of the last ones.
//!
//! Single requests are in no file of Locust's. What was counted is exact and becomes k6's counters and rates; percentiles
//! cannot be made requests again, and stay what they are: gauges, under the names that outputs give k6's statistics.
//! Rows are read in turn, because each holds sums since the begin.

mod kind;

use brunt_metrics::builtin::{DATA_RECEIVED, HTTP_REQ_FAILED, HTTP_REQS};
use rustc_hash::FxHashMap;

pub(crate) use self::kind::{Kind, of};
use crate::foreign::{Cells, Rows, Samples};
use crate::pipeline::Lines;
use crate::series::Known;

/// Locust's percentiles and the gauges that hold them.
const PERCENTILES: [(&str, &str); 11] = [
    ("50%", "http_req_duration_p50"),
    ("66%", "http_req_duration_p66"),
    ("75%", "http_req_duration_p75"),
    ("80%", "http_req_duration_p80"),
    ("90%", "http_req_duration_p90"),
    ("95%", "http_req_duration_p95"),
    ("98%", "http_req_duration_p98"),
    ("99%", "http_req_duration_p99"),
    ("99.9%", "http_req_duration_p999"),
    ("99.99%", "http_req_duration_p9999"),
    ("100%", "http_req_duration_max"),
];

/// The average since the row before.
const AVERAGE: &str = "http_req_duration_avg";

/// Names of requests that are kept apart.
const MOST_NAMES: usize = 100_000;

/// Requests of a row: each is a sample of its own in a rate.
const MOST_REQUESTS: f64 = 1e6;

/// Gauges that have to be declared.
pub(crate) fn gauges() -> impl Iterator<Item = &'static str> {
    let percentiles = PERCENTILES.iter().map(|(_, gauge)| *gauge);
    percentiles.chain([AVERAGE])
}

/// Reads one file.
#[derive(Debug)]
pub(crate) struct LocustReader {
    samples: Samples,
    cells: Cells,
    columns: Option<Columns>,
    sums: FxHashMap<(Box<str>, Box<str>), Sums>,
    /// Whether rows of single names were there (`--csv-full-history`); then those of all together count nothing.
    has_names: bool,
}

/// Where the file has what.
#[derive(Debug)]
struct Columns {
    header: Vec<u8>,
    time: usize,
    users: usize,
    method: usize,
    name: usize,
    requests: usize,
    failures: usize,
    average: Option<usize>,
    size: Option<usize>,
    percentiles: Vec<(usize, &'static str)>,
}

/// Sums since the begin.
#[derive(Debug, Default, Clone, Copy)]
struct Sums {
    requests: f64,
    failures: f64,
    /// Milliseconds.
    time: f64,
    bytes: f64,
}

impl Columns {
    fn read(row: &[u8], cells: &Cells) -> Option<Self> {
        let names: Vec<&str> = cells.iter().collect();
        let at = |name: &str| names.iter().position(|it| *it == name);
        let percentile = |(name, gauge): &(&str, &'static str)| Some((at(name)?, *gauge));
        Some(Self {
            header: row.to_vec(),
            time: at("Timestamp")?,
            users: at("User Count")?,
            method: at("Type")?,
            name: at("Name")?,
            requests: at("Total Request Count")?,
            failures: at("Total Failure Count")?,
            average: at("Total Average Response Time"),
            size: at("Total Average Content Size"),
            percentiles: PERCENTILES.iter().filter_map(percentile).collect(),
        })
    }
}

impl Sums {
    /// What came since, and from the begin again if Locust began anew (`--reset-stats`).
    fn since(self, before: Self) -> Self {
        if self.requests < before.requests || self.failures < before.failures {
            return self;
        }
        Self {
            requests: self.requests - before.requests,
            failures: self.failures - before.failures,
            time: self.time - before.time,
            bytes: self.bytes - before.bytes,
        }
    }
}

impl LocustReader {
    pub(crate) fn new(known: Known) -> Self {
        Self {
            samples: Samples::new(known),
            cells: Cells::default(),
            columns: None,
            sums: FxHashMap::default(),
            has_names: false,
        }
    }

    /// The samples of these rows.
    pub(crate) fn read(&mut self, rows: &[u8], into: &mut Lines) {
        self.samples.begin_batch();
        for row in Rows::of(rows, b',') {
            match self.row(row.bytes, into) {
                Ok(()) => into.seen += 1,
                Err(reason) => into.broken(row.at, row.is_unended, reason),
            }
            into.seen += row.lines;
        }
    }

    fn row(&mut self, row: &[u8], into: &mut Lines) -> Result<(), &'static str> {
        if row.is_empty() {
            return Ok(());
        }
        self.cells.read(row, b',')?;
        let cells = &self.cells;
        let Some(columns) = &self.columns else {
            let columns = Columns::read(row, cells);
            self.columns = Some(columns.ok_or("names no columns of Locust's history")?);
            return Ok(());
        };
        if row == columns.header {
            return Ok(());
        }
        let cell = |at: usize| cells.get(at);
        let value = |at: usize| number(cell(at));
        let time: i64 = cell(columns.time)
            .parse()
            .map_err(|_| "has no time in seconds")?;
        let time = time
            .checked_mul(1_000_000_000)
            .ok_or("has a time that cannot be")?;
        let (method, name) = (cell(columns.method), cell(columns.name));
        let all = method.is_empty() && name == "Aggregated";
        let users = value(columns.users).ok_or("has no count of users")?;
        let requests = value(columns.requests).ok_or("has no count of requests")?;
        let failures = value(columns.failures).ok_or("has no count of failures")?;
        let sum = |average: Option<usize>| average.and_then(value).unwrap_or_default() * requests;
        let sums = Sums {
            requests,
            failures: failures.min(requests),
            time: sum(columns.average),
            bytes: sum(columns.size),
        };
        let since = {
            let key = (method.into(), name.into());
            let known = self.sums.len();
            let before = match self.sums.entry(key) {
                std::collections::hash_map::Entry::Occupied(it) => it.into_mut(),
                std::collections::hash_map::Entry::Vacant(_) if known >= MOST_NAMES => {
                    return Err("has one name of a request too many");
                }
                std::collections::hash_map::Entry::Vacant(it) => it.insert(Sums::default()),
            };
            let since = sums.since(*before);
            if since.requests > MOST_REQUESTS {
                return Err("has more requests than there can be since the row before");
            }
            *before = sums;
            since
        };
        self.has_names |= !all;
        if all {
            self.samples.vus(time, users, "", into)?;
        }
        let tags = self.samples.tags(&[("method", method), ("name", name)])?;
        if since.requests > 0.0 {
            if columns.average.is_some() {
                let metric = self.samples.metric(AVERAGE)?;
                let average = (since.time / since.requests).max(0.0);
                self.samples.add(metric, tags, time, average, into)?;
            }
            if !(all && self.has_names) {
                count(&mut self.samples, [method, name], time, since, into)?;
            }
        }
        // All are zero where no request ended lately.
        if columns
            .percentiles
            .iter()
            .any(|(at, _)| value(*at).is_some_and(|it| it > 0.0))
        {
            for (at, gauge) in &columns.percentiles {
                if let Some(value) = value(*at) {
                    let metric = self.samples.metric(gauge)?;
                    self.samples.add(metric, tags, time, value, into)?;
                }
            }
        }
        Ok(())
    }
}

/// The samples of what was counted since the row before.
fn count(
    samples: &mut Samples,
    [method, name]: [&str; 2],
    time: i64,
    since: Sums,
    into: &mut Lines,
) -> Result<(), &'static str> {
    for (expected, count, failed) in [
        ("true", since.requests - since.failures, 0.0),
        ("false", since.failures, 1.0),
    ] {
        if count <= 0.0 {
            continue;
        }
        let tags = [
            ("method", method),
            ("name", name),
            ("expected_response", expected),
        ];
        let tags = samples.tags(&tags)?;
        samples.add(HTTP_REQS, tags, time, count, into)?;
        for _ in 0..count as u64 {
            samples.add(HTTP_REQ_FAILED, tags, time, failed, into)?;
        }
    }
    // An average times a count is a whole number of bytes, but for what rounding left of it.
    let bytes = since.bytes.round();
    if bytes > 0.0 {
        let tags = samples.tags(&[])?;
        samples.add(DATA_RECEIVED, tags, time, bytes, into)?;
    }
    Ok(())
}

/// A number that is one; Locust writes `N/A` where there is none.
fn number(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some(number)
}

#[cfg(test)]
mod tests;
