//! The text of the rows.

use std::io::Write as _;

use brunt_file::lines::LineFormat;
use brunt_file::number;
use brunt_file::timestamp::Clock;
use brunt_metrics::{Metric, SystemTag, SystemTags, TagSet};
use jiff::tz::TimeZone;

use crate::config::{Precision, RowConfig, TimeFormat};
use crate::map;

/// k6's rows.
#[derive(Debug)]
pub(crate) struct CsvRows {
    config: RowConfig,
    /// The tags that have a column, in the order of the columns.
    columns: Vec<&'static str>,
    /// Tags that are left out, k6's way.
    left_out: Vec<&'static str>,
    clock: Clock,
}

impl CsvRows {
    /// With a column for each of these tags but `vu` and `iter`, which are metadata.
    pub(crate) fn new(config: RowConfig, tags: SystemTags, zone: TimeZone) -> Self {
        let has_column = |tag: &SystemTag| !matches!(tag, SystemTag::Vu | SystemTag::Iter);
        let mut columns: Vec<_> = tags
            .iter()
            .filter(has_column)
            .map(SystemTag::as_str)
            .collect();
        columns.sort_unstable();
        let off = SystemTag::ALL.iter().filter(|tag| !tags.has(**tag));
        let left_out = off.map(|tag| tag.as_str()).filter(|_| config.k6_maps);
        Self {
            config,
            columns,
            left_out: left_out.collect(),
            clock: match config.time {
                TimeFormat::Rfc3339 => Clock::of_seconds(zone),
                TimeFormat::Rfc3339Nano | TimeFormat::Unix(_) => Clock::new(zone),
            },
        }
    }

    fn map<'a>(&self, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
        let mut text = String::new();
        if self.config.k6_maps {
            map::write_plain(pairs, &mut text);
        } else {
            map::write(pairs, &mut text);
        }
        text
    }
}

impl LineFormat for CsvRows {
    const BETWEEN: &'static [u8] = b",";
    const END: &'static [u8] = b"\n";

    fn begin(&mut self, out: &mut Vec<u8>) {
        let fixed = ["metric_name", "timestamp", "metric_value"];
        let cells = fixed.iter().chain(&self.columns);
        cells_of(cells.chain(&["extra_tags", "metadata"]), out);
        out.push(b'\n');
    }

    fn prefix(&self, metric: &Metric, _: &TagSet, out: &mut Vec<u8>) {
        cells_of([&*metric.name], out);
        out.push(b',');
    }

    fn suffix(&self, _: &Metric, tags: &TagSet, out: &mut Vec<u8>) {
        let known = |name: &str| self.columns.contains(&name) || self.left_out.contains(&name);
        let extra = self.map(tags.iter().filter(|(name, _)| !known(name)));
        let columns = self.columns.iter().map(|name| tags.get(name));
        // An empty cell in front, for the comma that follows the value.
        let cells = std::iter::once("").chain(columns.map(Option::unwrap_or_default));
        cells_of(cells.chain([&*extra]), out);
        out.push(b',');
    }

    fn time(&mut self, time: i64, out: &mut Vec<u8>) {
        match self.config.time {
            TimeFormat::Unix(unit) => {
                let units = time.div_euclid(unit);
                out.extend_from_slice(itoa::Buffer::new().format(units).as_bytes());
            }
            TimeFormat::Rfc3339 | TimeFormat::Rfc3339Nano => self.clock.write(out, time),
        }
    }

    fn value(&self, value: f64, out: &mut Vec<u8>) {
        // k6's words.
        if !value.is_finite() {
            let word = match value {
                f64::INFINITY => "+Inf",
                f64::NEG_INFINITY => "-Inf",
                _ => "NaN",
            };
            out.extend_from_slice(word.as_bytes());
            return;
        }
        match self.config.precision {
            Precision::Full => number::write(out, value),
            // Writing to a vector cannot fail.
            Precision::SixDecimals => drop(write!(out, "{value:.6}")),
        }
    }

    fn meta(&self, meta: &TagSet, out: &mut Vec<u8>) {
        cells_of([&*self.map(meta.iter())], out);
    }
}

/// Appends cells with commas between them, quoted where RFC 4180 wants it.
fn cells_of(cells: impl IntoIterator<Item = impl AsRef<[u8]>>, out: &mut Vec<u8>) {
    let mut writer = csv_core::Writer::new();
    for (at, cell) in cells.into_iter().enumerate() {
        let cell = cell.as_ref();
        // All quotes doubled, two around them and a comma: it always fits.
        let mut end = out.len();
        out.resize(end + 2 * cell.len() + 4, 0);
        if at > 0 {
            end += writer.delimiter(&mut out[end..]).1;
        }
        end += writer.field(cell, &mut out[end..]).2;
        out.truncate(end);
    }
    let end = out.len();
    out.resize(end + 4, 0);
    let written = writer.finish(&mut out[end..]).1;
    out.truncate(end + written);
}

#[cfg(test)]
mod tests;
