//! What a group sends: which of its series have something new, and what that is.

use std::sync::Arc;

use crate::histogram;
use crate::labels::Labels;
use crate::load::{Points, Series};
use crate::names::{Column, What};
use crate::proto::{Histogram, ResetHint, Sample};
use brunt_output::{Mark, Merged};

/// A push may come a little early.
const SLACK: i64 = 500;

/// The value that marks the end of a series, and nothing else (remote write, stale markers).
pub(crate) const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

/// When a snapshot was taken, and what that means.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// In milliseconds since the Unix epoch.
    pub(crate) time: i64,
    /// Whether all series are sent, changed or not.
    pub(crate) all: bool,
    /// Series that do not change are sent again after this, in milliseconds, so that they are not
    /// taken for ended (Prometheus looks back five minutes) and gaps stay small.
    pub(crate) resend: i64,
    /// Whether a series begins with a zero. Not where an earlier run has begun it already: the
    /// receiver would refuse a sample that is older than what it has.
    pub(crate) zero: bool,
}

/// Series of one metric with the same labels.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) columns: Arc<[Arc<Column>]>,
    pub(crate) labels: Labels,
    pub(crate) value: Merged,
    /// The first sample of all its series, in nanoseconds since the Unix epoch.
    pub(crate) first: i64,
    /// How many points of the newest snapshot are in it.
    pub(crate) weight: u64,
    /// Whether it is marked as ended after the test.
    pub(crate) ends: bool,
    /// Whether the receiver refused it the last time.
    pub(crate) refused: bool,
    pub(crate) sent: Option<Sent>,
}

/// What was sent of a group last.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sent {
    /// In milliseconds since the Unix epoch.
    time: i64,
    mark: Mark,
    /// When its counting began, in milliseconds; fixed, because another one would mean a restart.
    start: i64,
    /// The schema of its histogram.
    schema: Option<i32>,
}

/// What a group made of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    /// Nothing is new, so nothing is sent.
    Nothing,
    /// All of it is expressed.
    Series,
    /// Something of it is no number that remote write can carry.
    Lost,
}

impl Group {
    pub(crate) fn new(columns: Arc<[Arc<Column>]>, labels: Labels, first: i64) -> Self {
        Self {
            columns,
            labels,
            value: Merged::Nothing,
            first,
            weight: 0,
            ends: true,
            refused: false,
            sent: None,
        }
    }

    /// Appends the group's series if they have changed, or it is time again. `group` is its place in
    /// the table.
    pub(crate) fn write(&mut self, group: usize, moment: Moment, out: &mut Vec<Series>) -> Made {
        let mark = self.value.mark();
        if mark == Mark::Nothing {
            return Made::Nothing;
        }
        // A series' times ascend strictly, whatever the clock does.
        let time = self
            .sent
            .as_ref()
            .map_or(moment.time, |sent| moment.time.max(sent.time + 1));
        if let Some(sent) = &self.sent
            && !moment.all
            && sent.mark == mark
            && time - sent.time + SLACK < moment.resend
        {
            return Made::Nothing;
        }
        let trend = self.value.histogram();
        if trend.is_none() && matches!(self.value, Merged::Trend(_)) {
            return Made::Nothing;
        }
        // A counter begins with zero just before its first sample, so that `increase()` sees it.
        let begins = self.sent.is_none() && moment.zero;
        let start = self.sent.as_ref().map_or_else(
            || (self.first.div_euclid(1_000_000) - 1).min(time - 1),
            |sent| sent.start,
        );
        let sample = |value, timestamp, start_timestamp| Sample {
            value,
            timestamp,
            start_timestamp,
        };
        let counter = |value: f64| {
            let zero = begins.then_some(sample(0.0, start, start));
            floats(zero.into_iter().chain([sample(value, time, start)]))
        };
        let gauge = |value: f64| floats([sample(value, time, 0)]);
        let mut schema = self.sent.as_ref().and_then(|sent| sent.schema);
        let mut made = Made::Series;
        for column in &*self.columns {
            let points = match (&column.what, &self.value, &trend) {
                (What::Sum, Merged::Counter(sum), _) => counter(*sum),
                (What::Last, Merged::Gauge { last, .. }, _) => gauge(*last),
                (What::Share, Merged::Rate { passes, total }, _) => {
                    gauge(*passes as f64 / (*total).max(1) as f64)
                }
                (What::Passes, Merged::Rate { passes, .. }, _) => counter(*passes as f64),
                (What::Fails, Merged::Rate { passes, total }, _) => {
                    counter(total.saturating_sub(*passes) as f64)
                }
                (What::Stat(stat), _, Some(trend)) => gauge(stat.of(trend)),
                (What::Native, _, Some(trend)) => histogram::encode(trend, time).map(|native| {
                    schema = Some(native.schema);
                    histograms(native, start, begins)
                }),
                _ => continue,
            };
            match points {
                Some(points) => out.push(self.series(group, column, points)),
                None => made = Made::Lost,
            }
        }
        self.sent = Some(Sent {
            time,
            mark,
            start,
            schema,
        });
        made
    }

    /// Appends the end of every series that was sent.
    pub(crate) fn write_end(&mut self, group: usize, out: &mut Vec<Series>) {
        if !self.ends {
            return;
        }
        let Some(sent) = self.sent.take() else { return };
        let timestamp = sent.time + 1;
        for column in &*self.columns {
            let points = match (&column.what, sent.schema) {
                (What::Native, None) => continue,
                (What::Native, Some(schema)) => {
                    Points::Histograms(vec![histogram::empty(schema, STALE, timestamp)])
                }
                _ => Points::Floats(vec![Sample {
                    value: STALE,
                    timestamp,
                    start_timestamp: 0,
                }]),
            };
            let mut series = self.series(group, column, points);
            series.weight = 0;
            out.push(series);
        }
    }

    fn series(&self, group: usize, column: &Arc<Column>, points: Points) -> Series {
        Series {
            group,
            weight: self.weight,
            column: Arc::clone(column),
            labels: Arc::clone(&self.labels),
            points,
        }
    }
}

/// Floats that can be sent; NaN would be taken for something else.
fn floats(samples: impl IntoIterator<Item = Sample>) -> Option<Points> {
    let samples: Vec<_> = samples.into_iter().collect();
    samples
        .iter()
        .all(|sample| !sample.value.is_nan())
        .then_some(Points::Floats(samples))
}

/// A histogram, with an empty one before it if it is the first. Counts never begin anew within a
/// run, which is told, so that the receiver need not look for it.
fn histograms(mut native: Histogram, start: i64, begins: bool) -> Points {
    native.start_timestamp = start;
    native.reset_hint = ResetHint::No as i32;
    let zero = begins.then(|| {
        let mut zero = histogram::empty(native.schema, 0.0, start);
        zero.start_timestamp = start;
        zero
    });
    Points::Histograms(zero.into_iter().chain([native]).collect())
}

#[cfg(test)]
mod tests {
    use brunt_aggregate::SeriesValue;
    use brunt_metrics::histogram::ExpHistogram;

    use super::*;

    fn moment(time: i64, zero: bool) -> Moment {
        Moment {
            time,
            all: false,
            resend: 15_000,
            zero,
        }
    }

    fn group(what: What, value: &SeriesValue) -> Group {
        let column = Arc::new(Column::new("m".to_owned(), what, "", ""));
        let mut group = Group::new(Arc::from([column]), Arc::from([]), 5_000_000_000);
        group.value.add(value, 6_000_000_000);
        group
    }

    fn write(group: &mut Group, moment: Moment) -> Vec<Series> {
        let mut series = Vec::new();
        group.write(0, moment, &mut series);
        series
    }

    #[test]
    fn a_counter_that_an_earlier_run_began_has_no_zero_again() {
        for (zero, expected) in [
            (true, vec![(4_999, 0.0), (6_000, 3.0)]),
            (false, vec![(6_000, 3.0)]),
        ] {
            let mut group = group(What::Sum, &SeriesValue::Counter(3.0));
            let series = write(&mut group, moment(6_000, zero));
            let Points::Floats(samples) = &series[0].points else {
                panic!("floats were expected");
            };
            let pairs: Vec<_> = samples.iter().map(|s| (s.timestamp, s.value)).collect();
            assert_eq!(pairs, expected);
            assert!(samples.iter().all(|sample| sample.start_timestamp == 4_999));
        }
    }

    #[test]
    fn a_histogram_says_that_its_counts_go_on_and_since_when() {
        let mut trend = ExpHistogram::for_series();
        trend.record(0.25);
        let mut group = group(What::Native, &SeriesValue::Trend(Arc::new(trend)));
        let series = write(&mut group, moment(6_000, true));
        let Points::Histograms(all) = &series[0].points else {
            panic!("histograms were expected");
        };
        let hints: Vec<_> = all.iter().map(Histogram::reset_hint).collect();
        assert_eq!(hints, [ResetHint::Unknown, ResetHint::No]);
        assert!(all.iter().all(|one| one.start_timestamp == 4_999));
        assert_eq!((all[0].count, all[1].count), (Some(0), Some(1)));
        // Nothing is new a second later; the end follows the last sample, whatever time it is.
        assert!(write(&mut group, moment(7_000, true)).is_empty());
        let mut ends = Vec::new();
        group.write_end(0, &mut ends);
        let Points::Histograms(end) = &ends[0].points else {
            panic!("histograms were expected");
        };
        assert_eq!(
            (end[0].timestamp, end[0].sum.to_bits()),
            (6_001, STALE.to_bits())
        );
    }
}
