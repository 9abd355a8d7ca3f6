//! The rules that a request must keep by itself, without what came before it.
//!
//! Sources: the remote write 1.0 specification (sections Protocol, Labels, Ordering, Stale
//! Markers) and what Prometheus and Mimir enforce beyond it. Stricter than those in places: they
//! let mistakes pass (a dash in a label name, a stray NaN) that another receiver would not.

use std::fmt::{self, Write as _};

use super::histogram::NativeHistogram;
use super::message::{TimeSeries, WriteRequest};

/// The bits of the stale marker, the only NaN that may be sent.
pub const STALE_NAN: u64 = 0x7ff0_0000_0000_0002;

/// Most label characters of an exemplar (`OpenMetrics` 1.0, section Exemplars).
const MAX_EXEMPLAR_CHARACTERS: usize = 128;

/// Mistakes listed for one request; the rest is only a number.
const MAX_LISTED: usize = 20;

/// What a request can do wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// Requests are POSTs.
    Method,
    /// The path is one that receivers have (`/api/v1/write`, `/api/v1/push`).
    Path,
    /// `Content-Encoding: snappy`.
    ContentEncoding,
    /// `Content-Type: application/x-protobuf`, for 2.0 with the message's name.
    ContentType,
    /// `X-Prometheus-Remote-Write-Version: 0.1.0` or `2.0.0`, as the content type has it.
    Version,
    /// A `User-Agent` is required.
    UserAgent,
    /// A header that must come once came more often.
    RepeatedHeader,
    /// The tenant that the receiver wants (`X-Scope-OrgID`).
    Tenant,
    /// The credentials that the receiver wants.
    Authorization,
    /// The body is longer than the receiver accepts, or broke off.
    Body,
    /// The body is a snappy block.
    Snappy,
    /// The body is a `WriteRequest`, or a `Request` of 2.0.
    Protobuf,
    /// Every series has a `__name__`.
    MissingName,
    /// Metric names match `[a-zA-Z_:][a-zA-Z0-9_:]*`.
    MetricName,
    /// Label names match `[a-zA-Z_][a-zA-Z0-9_]*`.
    LabelName,
    /// Label names are not empty.
    EmptyLabelName,
    /// Label values are not empty.
    EmptyLabelValue,
    /// Labels are sorted by the bytes of their names.
    UnsortedLabels,
    /// Each label name comes once.
    DuplicateLabel,
    /// A series carries something.
    EmptySeries,
    /// A series carries floats or histograms, not both.
    MixedSeries,
    /// The only NaN sent is the stale marker.
    Nan,
    /// Histograms are consistent.
    Histogram,
    /// Exemplars have valid labels, at most 128 characters, and a number as value.
    Exemplar,
    /// Metadata names a family and a kind that exists.
    Metadata,
    /// Samples of a series go forward in time.
    OutOfOrder,
    /// Samples of a series have different times.
    DuplicateTimestamp,
    /// Times are those of now, in milliseconds.
    Clock,
    /// The receiver stores no more.
    Full,
    /// 2.0: the first symbol is empty.
    FirstSymbol,
    /// 2.0: each symbol comes once.
    DuplicateSymbol,
    /// 2.0: references of labels come in pairs and name symbols that are there.
    Reference,
    /// 2.0: what counts says when it began, and that is not after the sample.
    StartTimestamp,
    /// A request that was refused for good (4xx but 429) came again as it was.
    Repetition,
    /// A series that this receiver refuses on command.
    Poison,
}

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The number of the request in the journal, from 0.
    pub request: u64,
    /// The rule.
    pub rule: Rule,
    /// Where and how.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "request {}: {:?}: {}",
            self.request, self.rule, self.detail
        )
    }
}

/// What is wrong with a request, in the order found.
#[derive(Debug, Default)]
pub(super) struct Problems {
    pub(super) listed: Vec<(Rule, String)>,
    pub(super) total: usize,
}

impl Problems {
    pub(super) fn one(rule: Rule, detail: impl Into<String>) -> Self {
        Self {
            listed: vec![(rule, detail.into())],
            total: 1,
        }
    }

    pub(super) fn add(&mut self, rule: Rule, detail: impl FnOnce() -> String) {
        self.total += 1;
        if self.listed.len() < MAX_LISTED {
            self.listed.push((rule, detail()));
        }
    }

    pub(super) fn or_ok(self) -> Result<(), Self> {
        if self.total == 0 { Ok(()) } else { Err(self) }
    }

    /// The text of the 400 response.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (rule, detail) in &self.listed {
            let _ = writeln!(text, "{rule:?}: {detail}");
        }
        if self.total > self.listed.len() {
            let _ = writeln!(text, "and {} more", self.total - self.listed.len());
        }
        text
    }
}

/// Checks everything but the order of samples over requests, after what was found while reading.
pub(super) fn check(request: &WriteRequest, mut problems: Problems) -> Result<(), Problems> {
    for series in &request.series {
        check_labels(series, &mut problems);
        check_content(series, &mut problems);
    }
    for metadata in &request.metadata {
        if metadata.kind > 7 || !is_metric_name(&metadata.family) {
            problems.add(Rule::Metadata, || format!("{metadata:?}"));
        }
    }
    problems.or_ok()
}

fn check_labels(series: &TimeSeries, problems: &mut Problems) {
    let place = || show(&series.labels);
    match series.labels.iter().find(|(name, _)| name == "__name__") {
        None => problems.add(Rule::MissingName, place),
        Some((_, name)) if !is_metric_name(name) => problems.add(Rule::MetricName, place),
        Some(_) => {}
    }
    check_label_list(&series.labels, problems);
}

fn check_label_list(labels: &[(String, String)], problems: &mut Problems) {
    let place = || show(labels);
    for (name, value) in labels {
        if name.is_empty() {
            problems.add(Rule::EmptyLabelName, place);
        } else if !is_label_name(name) {
            problems.add(Rule::LabelName, || format!("{name:?} in {}", show(labels)));
        }
        if value.is_empty() {
            problems.add(Rule::EmptyLabelValue, || {
                format!("{name:?} in {}", show(labels))
            });
        }
    }
    for pair in labels.windows(2) {
        match pair[0].0.cmp(&pair[1].0) {
            std::cmp::Ordering::Less => {}
            std::cmp::Ordering::Equal => problems.add(Rule::DuplicateLabel, place),
            std::cmp::Ordering::Greater => problems.add(Rule::UnsortedLabels, place),
        }
    }
    // A duplicate among unsorted labels need not stand beside its twin.
    let mut names: Vec<_> = labels.iter().map(|(name, _)| name).collect();
    if !names.is_sorted() {
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            problems.add(Rule::DuplicateLabel, place);
        }
    }
}

fn check_content(series: &TimeSeries, problems: &mut Problems) {
    let place = || show(&series.labels);
    match (series.samples.is_empty(), series.histograms.is_empty()) {
        (true, true) if series.exemplars.is_empty() => problems.add(Rule::EmptySeries, place),
        (false, false) => problems.add(Rule::MixedSeries, place),
        _ => {}
    }
    for sample in &series.samples {
        if sample.value.is_nan() && sample.value.to_bits() != STALE_NAN {
            let bits = sample.value.to_bits();
            problems.add(Rule::Nan, || {
                format!("NaN {bits:#x} in {}", show(&series.labels))
            });
        }
    }
    for histogram in &series.histograms {
        // The marker ends the series, whatever the rest of the histogram says.
        if histogram.sum.to_bits() == STALE_NAN {
            continue;
        }
        if let Err(reason) = NativeHistogram::from_wire(histogram) {
            problems.add(Rule::Histogram, || {
                format!("{reason} in {}", show(&series.labels))
            });
        }
    }
    for exemplar in &series.exemplars {
        let characters: usize = exemplar
            .labels
            .iter()
            .map(|(n, v)| n.chars().count() + v.chars().count())
            .sum();
        if exemplar.value.is_nan() || characters > MAX_EXEMPLAR_CHARACTERS {
            problems.add(Rule::Exemplar, || {
                format!(
                    "value {}, {characters} characters in {}",
                    exemplar.value,
                    place()
                )
            });
        }
        check_label_list(&exemplar.labels, problems);
    }
}

/// `name{label="value",…}` as people write series.
pub(super) fn show(labels: &[(String, String)]) -> String {
    let name = labels
        .iter()
        .find(|(name, _)| name == "__name__")
        .map_or("", |(_, v)| v.as_str());
    let rest: Vec<_> = labels
        .iter()
        .filter(|(label, _)| label != "__name__")
        .map(|(label, value)| format!("{label}={value:?}"))
        .collect();
    format!("{name}{{{}}}", rest.join(","))
}

fn is_metric_name(name: &str) -> bool {
    matches_name(name, |c| c == ':')
}

pub(super) fn is_label_name(name: &str) -> bool {
    matches_name(name, |_| false)
}

fn matches_name(name: &str, also: impl Fn(char) -> bool) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_' || also(c);
    name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit())
}
