//! The message of remote write 2.0 (`io.prometheus.write.v2.Request`, 2.0-rc.4), decoded and its
//! references resolved.
//!
//! Field numbers are those of the specification. What the references are is lost afterwards, so the
//! rules about them are checked here.

use std::collections::HashSet;

use super::message::{Exemplar, Metadata, TimeSeries, WriteRequest, each, histogram, sample};
use super::rules::{Problems, Rule, STALE_NAN, show};
use super::wire::WireError;

/// A series as it is on the wire.
#[derive(Default)]
struct Raw {
    references: Vec<u32>,
    series: TimeSeries,
    /// References, value and time.
    exemplars: Vec<(Vec<u32>, f64, i64)>,
    kind: u64,
    help: u32,
    unit: u32,
}

/// Reads a request; strict: an unknown field is an error. What it does wrong beside that is listed.
pub(super) fn decode(bytes: &[u8]) -> Result<(WriteRequest, Problems), WireError> {
    let mut symbols: Vec<String> = Vec::new();
    let mut all = Vec::new();
    each("Request", bytes, |field| {
        match field.number {
            4 => symbols.push(field.string()?),
            5 => all.push(series(field.bytes()?)?),
            _ => return Err(field.unknown()),
        }
        Ok(())
    })?;
    let mut problems = Problems::default();
    check_symbols(&symbols, &mut problems);
    let mut request = WriteRequest::default();
    for raw in all {
        let (series, metadata) = resolve(raw, &symbols, &mut problems);
        request.series.push(series);
        request.metadata.push(metadata);
    }
    Ok((request, problems))
}

fn check_symbols(symbols: &[String], problems: &mut Problems) {
    if symbols.first().map(String::as_str) != Some("") {
        problems.add(Rule::FirstSymbol, || {
            format!("the first symbol is {:?}", symbols.first())
        });
    }
    let mut seen = HashSet::new();
    for symbol in symbols {
        if !seen.insert(symbol) {
            problems.add(Rule::DuplicateSymbol, || format!("{symbol:?}"));
        }
    }
}

fn series(bytes: &[u8]) -> Result<Raw, WireError> {
    let mut raw = Raw::default();
    each("TimeSeries", bytes, |field| {
        match field.number {
            1 => field.uint32s(&mut raw.references)?,
            2 => raw.series.samples.push(sample(field.bytes()?, true)?),
            3 => raw.series.histograms.push(histogram(field.bytes()?, true)?),
            4 => raw.exemplars.push(exemplar(field.bytes()?)?),
            5 => each("Metadata", field.bytes()?, |field| {
                match field.number {
                    1 => raw.kind = field.uint64()?,
                    3 => raw.help = field.uint32()?,
                    4 => raw.unit = field.uint32()?,
                    _ => return Err(field.unknown()),
                }
                Ok(())
            })?,
            // 6 is reserved: it was the created timestamp of earlier drafts.
            _ => return Err(field.unknown()),
        }
        Ok(())
    })?;
    Ok(raw)
}

fn exemplar(bytes: &[u8]) -> Result<(Vec<u32>, f64, i64), WireError> {
    let mut exemplar = (Vec::new(), 0.0, 0);
    each("Exemplar", bytes, |field| {
        match field.number {
            1 => field.uint32s(&mut exemplar.0)?,
            2 => exemplar.1 = field.double()?,
            3 => exemplar.2 = field.int64()?,
            _ => return Err(field.unknown()),
        }
        Ok(())
    })?;
    Ok(exemplar)
}

fn resolve(raw: Raw, symbols: &[String], problems: &mut Problems) -> (TimeSeries, Metadata) {
    let mut series = raw.series;
    series.labels = labels(&raw.references, symbols, problems);
    for (references, value, timestamp) in raw.exemplars {
        series.exemplars.push(Exemplar {
            labels: labels(&references, symbols, problems),
            value,
            timestamp,
        });
    }
    let mut text = |place: u32| symbol(place, symbols, problems);
    let metadata = Metadata {
        kind: raw.kind,
        help: text(raw.help),
        unit: text(raw.unit),
        family: series
            .labels
            .iter()
            .find(|(name, _)| name == "__name__")
            .map_or_else(String::new, |(_, value)| value.clone()),
    };
    if metadata.kind == 0 {
        problems.add(Rule::Metadata, || {
            format!("no type of {}", show(&series.labels))
        });
    }
    check_starts(&series, metadata.kind, problems);
    (series, metadata)
}

/// What counts says since when, and that was before.
fn check_starts(series: &TimeSeries, kind: u64, problems: &mut Problems) {
    const COUNTER: u64 = 1;
    let floats = series.samples.iter().map(|sample| {
        let (start, time) = (sample.start_timestamp, sample.timestamp);
        (start, time, sample.value, kind == COUNTER)
    });
    let histograms = series
        .histograms
        .iter()
        .map(|all| (all.start_timestamp, all.timestamp, all.sum, true));
    for (start, time, value, counts) in floats.chain(histograms) {
        let stale = value.to_bits() == STALE_NAN;
        if start > time || (counts && !stale && start == 0) {
            problems.add(Rule::StartTimestamp, || {
                format!("start {start}, time {time} in {}", show(&series.labels))
            });
        }
    }
}

fn labels(
    references: &[u32],
    symbols: &[String],
    problems: &mut Problems,
) -> Vec<(String, String)> {
    if !references.len().is_multiple_of(2) {
        problems.add(Rule::Reference, || {
            format!("{} references of labels are no pairs", references.len())
        });
    }
    let pairs = references.chunks_exact(2);
    pairs
        .map(|pair| {
            (
                symbol(pair[0], symbols, problems),
                symbol(pair[1], symbols, problems),
            )
        })
        .collect()
}

fn symbol(place: u32, symbols: &[String], problems: &mut Problems) -> String {
    // The first symbol is empty, which is what a text that is not there is.
    if place == 0 {
        return String::new();
    }
    symbols.get(place as usize).cloned().unwrap_or_else(|| {
        problems.add(Rule::Reference, || {
            format!("symbol {place} of {}", symbols.len())
        });
        String::new()
    })
}
