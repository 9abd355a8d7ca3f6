//! A metric in blocks of time, from which any weighting of the blocks gives its statistics at once.
//!
//! The buckets of all blocks are brought to one scale and are the columns of a table, whose rows are the blocks: a draw
//! is then a sum of rows. Most cells are empty, and are left out.

use brunt_aggregate::AggregateId;
use brunt_metrics::Sink;
use brunt_metrics::histogram::ExpHistogram;
use brunt_results::Timeline;

use crate::bootstrap;

/// The percentiles of trends that get an interval, beside the mean.
pub(crate) const PERCENTILES: [f64; 5] = [50.0, 90.0, 95.0, 99.0, 99.9];

/// How many statistics of trends have an interval.
pub(crate) const STATISTICS: usize = PERCENTILES.len() + 1;

/// The draws of a metric: for a counter its sum by the second, for a rate its share of passes, for a trend its mean and
/// [`PERCENTILES`] in base units.
pub(crate) type Draws = Vec<Vec<f64>>;

/// The draws of a metric or sub-metric, of each of its statistics; `None` where there are too few blocks with samples,
/// or where an interval has no meaning, as of a gauge.
pub(crate) fn draws(timeline: &Timeline, id: AggregateId, seed: u64) -> Option<Draws> {
    let blocks: Vec<Option<&Sink>> = timeline.of(id).collect();
    if blocks.iter().flatten().count() < bootstrap::FEWEST {
        return None;
    }
    let of = match blocks.iter().flatten().next()? {
        Sink::Gauge(_) => return None,
        Sink::Counter(_) | Sink::Rate(_) => {
            let seconds = seconds(timeline);
            let shares = blocks
                .iter()
                .zip(seconds)
                .map(|(block, seconds)| match block {
                    Some(Sink::Rate(sink)) => (sink.passes as f64, sink.total as f64),
                    Some(Sink::Counter(sink)) => (sink.sum, seconds),
                    // Nothing came in this time, which is something.
                    _ if matches!(blocks.iter().flatten().next(), Some(Sink::Counter(_))) => {
                        (0.0, seconds)
                    }
                    _ => (0.0, 0.0),
                });
            let (parts, wholes): (Vec<f64>, Vec<f64>) = shares.unzip();
            bootstrap::draws(blocks.len(), seed, |weights| {
                [sum(weights, &parts) / sum(weights, &wholes); 1].to_vec()
            })
        }
        Sink::Trend(_) => {
            let table = Table::of(&blocks);
            let mut counts = Vec::new();
            bootstrap::draws(blocks.len(), seed, |weights| {
                table.statistics(weights, &mut counts).to_vec()
            })
        }
    };
    Some(of)
}

/// What a trend comes to with every block once, in the same way.
pub(crate) fn once(timeline: &Timeline, id: AggregateId) -> [f64; STATISTICS] {
    let blocks: Vec<Option<&Sink>> = timeline.of(id).collect();
    Table::of(&blocks).statistics(&vec![1.0; blocks.len()], &mut Vec::new())
}

fn sum(weights: &[f64], values: &[f64]) -> f64 {
    weights.iter().zip(values).map(|(w, v)| w * v).sum()
}

/// How long each block was, in seconds: the first and the last one only in part.
fn seconds(timeline: &Timeline) -> Vec<f64> {
    let (first, last) = timeline.range().unwrap_or_default();
    let width = timeline.width();
    let of = |begin: i64| {
        let end = begin.saturating_add(width);
        let length = end.min(last).saturating_sub(begin.max(first));
        // The last sample of all can be the first of its block.
        length.max(1) as f64 / 1e9
    };
    timeline.begins().map(of).collect()
}

/// A row of counts for each block.
struct Table {
    /// The ends of each bucket, ascending; a single value has equal ends.
    buckets: Vec<(f64, f64)>,
    /// Column and count of what is not empty.
    rows: Vec<Vec<(usize, f64)>>,
    sums: Vec<f64>,
    totals: Vec<f64>,
}

impl Table {
    fn of(blocks: &[Option<&Sink>]) -> Self {
        let histograms = blocks.iter().map(|block| match block {
            Some(Sink::Trend(sink)) => Some(&sink.histogram),
            _ => None,
        });
        Self::new(&histograms.collect::<Vec<_>>())
    }

    fn new(blocks: &[Option<&ExpHistogram>]) -> Self {
        let scale = blocks.iter().flatten().map(|it| it.scale()).min();
        let scale = scale.unwrap_or_default();
        let blocks: Vec<Option<ExpHistogram>> = blocks
            .iter()
            .map(|block| block.map(|it| it.downscaled(scale, usize::MAX)))
            .collect();
        let range = |of: fn(&ExpHistogram) -> Option<(i32, i32)>| {
            let ranges = blocks.iter().flatten().filter_map(of);
            ranges.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
        };
        let positive = range(|it| ends(it.positive()));
        let negative = range(|it| ends(it.negative()));
        let length = |range: Option<(i32, i32)>| range.map_or(0, |(a, b)| (b - a) as usize + 1);
        // Negative buckets from the farthest from zero on, then zero, then positive ones.
        let zero = length(negative);
        let width = zero + 1 + length(positive);
        let mut buckets = Vec::with_capacity(width);
        let bound = |index: i32| (f64::from(index) * f64::from(-scale).exp2()).exp2();
        for index in negative.into_iter().flat_map(|(a, b)| (a..=b).rev()) {
            buckets.push((-bound(index + 1), -bound(index)));
        }
        buckets.push((0.0, 0.0));
        for index in positive.into_iter().flat_map(|(a, b)| a..=b) {
            buckets.push((bound(index), bound(index + 1)));
        }
        let row = |block: &ExpHistogram| {
            let first = positive.map_or(0, |(first, _)| first);
            let last = negative.map_or(0, |(_, last)| last);
            let mut row = vec![(zero, block.zero_count() as f64)];
            row.extend(
                block
                    .positive()
                    .map(|(index, count)| (zero + 1 + (index - first) as usize, count as f64)),
            );
            row.extend(
                block
                    .negative()
                    .map(|(index, count)| ((last - index) as usize, count as f64)),
            );
            row.retain(|(_, count)| *count > 0.0);
            row
        };
        let of = |of: fn(&ExpHistogram) -> f64| {
            let each = blocks.iter().map(|it| it.as_ref().map_or(0.0, of));
            each.collect::<Vec<f64>>()
        };
        Self {
            buckets,
            rows: blocks
                .iter()
                .map(|it| it.as_ref().map_or_else(Vec::new, row))
                .collect(),
            sums: of(ExpHistogram::sum),
            totals: of(|it| it.count() as f64),
        }
    }

    /// The mean, then [`PERCENTILES`]; not numbers where there is no value.
    fn statistics(&self, weights: &[f64], counts: &mut Vec<f64>) -> [f64; STATISTICS] {
        let width = self.buckets.len();
        counts.clear();
        counts.resize(width, 0.0);
        for (row, weight) in self.rows.iter().zip(weights).filter(|it| *it.1 > 0.0) {
            for &(column, count) in row {
                counts[column] += weight * count;
            }
        }
        let total = sum(weights, &self.totals);
        let mut statistics = [sum(weights, &self.sums) / total; STATISTICS];
        let mut ranks = PERCENTILES.iter().map(|p| p / 100.0 * total).zip(1..);
        let mut next = ranks.next();
        let mut below = 0.0;
        for (count, (low, high)) in counts.iter().zip(&self.buckets) {
            // Within a bucket values are taken to lie evenly, so that a statistic does not move in steps.
            while let Some((rank, at)) =
                next.filter(|(rank, _)| below + count >= *rank && *count > 0.0)
            {
                statistics[at] = low + (high - low) * ((rank - below) / count).clamp(0.0, 1.0);
                next = ranks.next();
            }
            below += count;
        }
        statistics
    }
}

fn ends(mut buckets: impl Iterator<Item = (i32, u64)>) -> Option<(i32, i32)> {
    let (first, _) = buckets.next()?;
    Some((first, buckets.last().map_or(first, |(last, _)| last)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn histogram(values: &[f64]) -> ExpHistogram {
        let mut histogram = ExpHistogram::new(7, 8192);
        for value in values {
            histogram.record(*value);
        }
        histogram
    }

    proptest! {
        #[test]
        fn blocks_taken_once_are_the_whole(
            blocks in proptest::collection::vec(proptest::collection::vec(-1e3..1e3_f64, 0..50), 1..8),
        ) {
            let mut all: Vec<f64> = blocks.concat();
            all.sort_unstable_by(f64::total_cmp);
            prop_assume!(!all.is_empty());
            let histograms: Vec<ExpHistogram> = blocks.iter().map(|it| histogram(it)).collect();
            let table = Table::new(&histograms.iter().map(Some).collect::<Vec<_>>());
            let found = table.statistics(&vec![1.0; blocks.len()], &mut Vec::new());
            let mean = all.iter().sum::<f64>() / all.len() as f64;
            prop_assert!((found[0] - mean).abs() <= 1e-9 * mean.abs().max(1.0));
            for (p, found) in PERCENTILES.iter().zip(&found[1..]) {
                let rank = ((p / 100.0 * all.len() as f64).ceil() as usize).max(1) - 1;
                let value = all[rank];
                prop_assert!((found - value).abs() <= value.abs() * 0.0055 + 1e-9, "p({p}) {found} for {value}");
            }
        }
    }

    #[test]
    fn a_block_that_is_drawn_twice_counts_twice() {
        let (a, b) = (histogram(&[1.0, 1.0]), histogram(&[4.0, 4.0]));
        let table = Table::new(&[Some(&a), None, Some(&b)]);
        let [mean, ..] = table.statistics(&[2.0, 1.0, 0.0], &mut Vec::new());
        assert!((mean - 1.0).abs() < 1e-12);
        let [mean, median, ..] = table.statistics(&[1.0, 0.0, 2.0], &mut Vec::new());
        assert!((mean - 3.0).abs() < 1e-12);
        assert!((median / 4.0 - 1.0).abs() < 0.006, "{median}");
        assert!(table.statistics(&[0.0, 3.0, 0.0], &mut Vec::new())[0].is_nan());
    }
}
