//! From samples to the snapshots that outputs of sums over time would have had from a live run: every interval of
//! the samples' own time the cumulative values of all series.
//!
//! Apart from the bus, whose ticks are those of a clock. Samples of files are only about in order, so what belongs to
//! a tick is added up until nothing more can come to it, as one sink for each series: its memory depends on
//! series and open ticks, not on samples.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use brunt_aggregate::{AggregateId, AggregatePlan, Aggregator, Delta, Snapshot, Thresholds};
use brunt_metrics::{
    Interner, MetricId, MetricKind, Registry, SampleBatch, SeriesId, Sink, ValueType,
};
use rustc_hash::FxHashMap;

/// Over a longer time without samples there are no snapshots: the run was over, and another one begins.
const PAUSE: i64 = 300_000_000_000;

/// Samples are at most about so much later in a file than newer ones.
const DISORDER: i64 = 2_000_000_000;

/// No clock of a test is farther from the epoch; beyond, ticks could not be counted.
const FARTHEST: i64 = i64::MAX / 4;

/// The snapshots of one output.
#[derive(Debug)]
pub struct Ticks {
    plan: Arc<AggregatePlan>,
    interner: Arc<Interner>,
    aggregator: Aggregator,
    /// Nanoseconds between two ticks.
    interval: i64,
    /// Whether trends count explicit buckets.
    explicit: bool,
    /// By the series' number.
    kinds: Vec<Option<(MetricKind, ValueType)>>,
    /// What came to the ticks that are not closed yet.
    open: BTreeMap<i64, FxHashMap<SeriesId, Touched>>,
    closed: Option<i64>,
    rejected: u64,
}

#[derive(Debug)]
struct Touched {
    first: i64,
    newest: i64,
    sink: Sink,
}

impl Ticks {
    /// Of the series of this interner.
    pub fn new(
        registry: &Arc<Registry>,
        interner: &Arc<Interner>,
        interval: Duration,
        explicit: bool,
    ) -> Self {
        let plan = Arc::new(AggregatePlan::new(Arc::clone(registry), []));
        let interval = i64::try_from(interval.as_nanos()).unwrap_or(i64::MAX);
        Self {
            aggregator: Aggregator::new(Arc::clone(&plan), Thresholds::default()),
            plan,
            interner: Arc::clone(interner),
            interval: interval.clamp(1_000_000, FARTHEST),
            explicit,
            kinds: Vec::new(),
            open: BTreeMap::new(),
            closed: None,
            rejected: 0,
        }
    }

    /// Takes samples in. One that is too late for its tick counts in the next one, as in a live run.
    pub fn add(&mut self, batch: &SampleBatch) {
        for sample in &batch.samples {
            let series = match sample.series.overflow_row() {
                None => Some(sample.series),
                Some(row) => batch.overflow.get(row).map(|it| self.beyond(it.metric)),
            };
            let known = series.and_then(|id| Some((id, self.kind(id)?)));
            let in_time = (-FARTHEST..FARTHEST).contains(&sample.time);
            let Some((id, (kind, contains))) =
                known.filter(|_| in_time && sample.value.is_finite())
            else {
                self.rejected += 1;
                continue;
            };
            let own = (sample.time.div_euclid(self.interval) + 1) * self.interval;
            let tick = self.closed.map_or(own, |at| own.max(at + self.interval));
            let explicit = self.explicit;
            let touched = self.open.entry(tick).or_default().entry(id);
            let touched = touched.or_insert_with(|| {
                let mut sink = Sink::for_series(kind, contains);
                if let Sink::Trend(trend) = &mut sink {
                    trend.explicit = explicit;
                }
                Touched {
                    first: sample.time,
                    newest: sample.time,
                    sink,
                }
            });
            touched.first = touched.first.min(sample.time);
            touched.newest = touched.newest.max(sample.time);
            touched.sink.add(sample.time, sample.value);
        }
    }

    /// Gives the snapshots of all ticks before which everything is known, if all samples up to this time, in
    /// nanoseconds since the Unix epoch, were read.
    pub fn close(&mut self, until: i64, mut give: impl FnMut(Snapshot)) {
        let until = until.saturating_sub(DISORDER);
        while let Some(tick) = self.next().filter(|tick| *tick <= until) {
            give(self.take(tick, false));
        }
    }

    /// Gives the remaining snapshots, and says how many samples went into none.
    pub fn finish(mut self, mut give: impl FnMut(Snapshot)) -> u64 {
        while let Some(tick) = self.next().filter(|_| !self.open.is_empty()) {
            let last = self.open.len() == 1 && self.open.contains_key(&tick);
            give(self.take(tick, last));
        }
        self.rejected
    }

    /// The next tick: after a pause the first one with samples, else the one behind the last, with samples or not.
    fn next(&self) -> Option<i64> {
        let first = self.open.keys().next().copied();
        match (self.closed, first) {
            (None, first) => first,
            // Whether something comes soon is not known yet.
            (Some(_), None) => None,
            (Some(closed), Some(first)) if first - closed > PAUSE => Some(first),
            (Some(closed), Some(_)) => Some(closed + self.interval),
        }
    }

    fn take(&mut self, tick: i64, last: bool) -> Snapshot {
        let mut delta = Delta::default();
        for (id, mut touched) in self.open.remove(&tick).unwrap_or_default() {
            delta.take_series(id, touched.first, touched.newest, &mut touched.sink);
        }
        self.aggregator.merge(&delta);
        self.closed = Some(tick);
        self.aggregator.snapshot(tick, last)
    }

    fn kind(&mut self, id: SeriesId) -> Option<(MetricKind, ValueType)> {
        let at = id.0 as usize;
        if let Some(Some(kind)) = self.kinds.get(at) {
            return Some(*kind);
        }
        let series = self.interner.resolve(id)?;
        let metric = self.plan.metric_of(AggregateId::Root(series.metric))?;
        if at >= self.kinds.len() {
            self.kinds.resize(at + 1, None);
        }
        self.kinds[at] = Some((metric.kind, metric.contains));
        self.kinds[at]
    }

    /// The one series of a metric for all that the interner has no room for.
    fn beyond(&self, metric: MetricId) -> SeriesId {
        self.interner.overflow_series(metric)
    }
}

#[cfg(test)]
mod tests {
    use brunt_aggregate::SeriesValue;
    use brunt_metrics::{MetaId, Sample, TagSet, builtin};

    use super::*;

    const SECOND: i64 = 1_000_000_000;

    struct Kit {
        ticks: Ticks,
        series: SeriesId,
        seen: Vec<(i64, f64, bool)>,
    }

    impl Kit {
        fn new() -> Self {
            let (registry, interner) = (Arc::new(Registry::new()), Arc::new(Interner::new(10)));
            let tags = interner.tag_set(&TagSet::new()).unwrap();
            Self {
                series: interner.series(builtin::HTTP_REQS, tags).unwrap(),
                ticks: Ticks::new(&registry, &interner, Duration::from_secs(1), false),
                seen: Vec::new(),
            }
        }

        fn add(&mut self, times: &[i64]) {
            let sample = |time: &i64| Sample {
                series: self.series,
                meta: MetaId::NONE,
                time: *time,
                value: 1.0,
            };
            self.ticks.add(&SampleBatch {
                samples: times.iter().map(sample).collect(),
                ..SampleBatch::default()
            });
        }

        fn close(&mut self, until: i64) {
            let seen = &mut self.seen;
            self.ticks
                .close(until, |snapshot| seen.push(line(&snapshot)));
        }

        fn finish(mut self) -> Vec<(i64, f64, bool)> {
            let seen = &mut self.seen;
            assert_eq!(self.ticks.finish(|snapshot| seen.push(line(&snapshot))), 0);
            self.seen
        }
    }

    fn line(snapshot: &Snapshot) -> (i64, f64, bool) {
        let SeriesValue::Counter(value) = snapshot.series[0].value else {
            panic!("no counter")
        };
        (snapshot.time / SECOND, value, snapshot.last)
    }

    #[test]
    fn every_second_of_the_samples_has_the_sums_up_to_it() {
        let mut kit = Kit::new();
        kit.add(&[10 * SECOND, 11 * SECOND, 10 * SECOND + 5, 13 * SECOND]);
        kit.close(13 * SECOND);
        assert_eq!(kit.seen, [(11, 2.0, false)], "later ones can still change");
        // Too late for its tick: it is in the next one.
        kit.add(&[10 * SECOND + 6, 12 * SECOND]);
        let expected = [
            (11, 2.0, false),
            (12, 4.0, false),
            (13, 5.0, false),
            (14, 6.0, true),
        ];
        assert_eq!(kit.finish(), expected);
    }

    #[test]
    fn a_short_pause_repeats_values_and_a_long_one_does_not() {
        let mut kit = Kit::new();
        kit.add(&[0, 3 * SECOND, 3 * SECOND + 2 * PAUSE]);
        let times: Vec<i64> = kit.finish().iter().map(|(time, ..)| *time).collect();
        assert_eq!(times, [1, 2, 3, 4, 604]);
    }

    #[test]
    fn a_time_beyond_all_clocks_is_no_tick() {
        let mut kit = Kit::new();
        kit.add(&[i64::MAX, i64::MIN, 0]);
        let mut seen = 0;
        assert_eq!(kit.ticks.finish(|_| seen += 1), 2);
        assert_eq!(seen, 1);
    }
}
