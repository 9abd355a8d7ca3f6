//! The base-2 exponential histogram: what trends are counted in wherever values are not kept.
//!
//! Its buckets are those of OTLP's `ExponentialHistogram` and (their index plus one) of Prometheus'
//! native histograms, so outputs send what was counted. Every bucket has the same relative width, so
//! microseconds and minutes are equally exact, and two histograms add up without any loss, whichever
//! worker or process they come from. Libraries with fixed ranges (HDR) or their own bucket layouts
//! (`DDSketch`) would have to be converted, which costs exactness once more.

mod bounds;
mod buckets;
mod explicit;

pub use bounds::MAX_SCALE;
use bounds::{MIN_SCALE, index, middle};
use buckets::Buckets;
pub use explicit::{EXPLICIT_BOUNDS, EXPLICIT_BUCKETS};

/// The finest scale of a histogram of one series: the finest that Prometheus knows.
pub const SERIES_SCALE: i32 = 8;
/// The most buckets of a histogram of one series, as OTLP SDKs have it.
pub const SERIES_BUCKETS: usize = 160;
/// The most buckets of a histogram of a metric: 64 doublings at scale 9, 256 kB.
pub const METRIC_BUCKETS: usize = 32_768;
/// Values that are no further from zero than this count as zero: 2^-128, which is also the zero
/// threshold of Prometheus' client libraries.
pub const ZERO_THRESHOLD: f64 = f64::from_bits((1023 - 128) << 52);

/// A mergeable histogram with base-2 exponential buckets.
///
/// Bucket `i` holds the values in `(base^i, base^(i+1)]` with `base = 2^(2^-scale)`; negative values
/// are counted by their absolute value in buckets of their own, and those within
/// [`ZERO_THRESHOLD`] of zero in neither. NaN and the infinities are not values: they are counted
/// apart ([`ExpHistogram::rejected`]) and change nothing else. When the values span more buckets
/// than allowed, the scale falls by one as often as needed, each time merging pairs of neighbours;
/// so memory is bounded whatever is recorded.
#[derive(Debug, Clone)]
pub struct ExpHistogram {
    scale: i32,
    max_scale: i32,
    max_buckets: usize,
    count: u64,
    zero_count: u64,
    rejected: u64,
    sum: f64,
    min: f64,
    max: f64,
    positive: Buckets,
    negative: Buckets,
    /// Counts over [`EXPLICIT_BOUNDS`]; empty unless somebody counts them.
    explicit: Vec<u64>,
}

/// What a histogram holds, by reference: how it travels from a worker to the aggregator.
#[derive(Debug, Clone, Copy)]
pub struct HistogramParts<'a> {
    /// The scale of the buckets' indices.
    pub scale: i32,
    /// All values, those that are zero included.
    pub count: u64,
    /// Values that are zero.
    pub zero_count: u64,
    /// NaN and infinities, which are not part of `count`.
    pub rejected: u64,
    /// The sum of the values.
    pub sum: f64,
    /// The smallest value; infinity if there is none.
    pub min: f64,
    /// The largest value; negative infinity if there is none.
    pub max: f64,
    /// Positive buckets: index and count.
    pub positive: &'a [(i32, u64)],
    /// Negative buckets: index of the absolute value, and count.
    pub negative: &'a [(i32, u64)],
    /// Explicit buckets, if they are counted; else empty.
    pub explicit: &'a [u64],
}

impl Default for ExpHistogram {
    /// One for a whole metric.
    fn default() -> Self {
        Self::for_metric()
    }
}

impl ExpHistogram {
    /// An empty histogram that starts at a scale (at most [`MAX_SCALE`]) and never has more than
    /// this many buckets (at least 2) on either side of zero.
    pub fn new(max_scale: i32, max_buckets: usize) -> Self {
        let max_scale = max_scale.clamp(MIN_SCALE, MAX_SCALE);
        Self {
            scale: max_scale,
            max_scale,
            max_buckets: max_buckets.clamp(2, METRIC_BUCKETS),
            count: 0,
            zero_count: 0,
            rejected: 0,
            sum: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            positive: Buckets::default(),
            negative: Buckets::default(),
            explicit: Vec::new(),
        }
    }

    /// For a metric or sub-metric: scale 9 while its values span 64 doublings or less.
    pub fn for_metric() -> Self {
        Self::new(MAX_SCALE, METRIC_BUCKETS)
    }

    /// For one series of an aggregating output: at most 160 buckets.
    pub fn for_series() -> Self {
        Self::new(SERIES_SCALE, SERIES_BUCKETS)
    }

    /// Counts a value.
    #[inline]
    pub fn record(&mut self, value: f64) {
        self.record_n(value, 1);
    }

    /// Counts a value `n` times.
    #[inline]
    pub fn record_n(&mut self, value: f64, n: u64) {
        if !value.is_finite() {
            self.rejected += n;
            return;
        }
        if n == 0 {
            return;
        }
        self.count += n;
        self.sum = saturating_add(self.sum, value * n as f64);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        let magnitude = value.abs();
        if magnitude <= ZERO_THRESHOLD {
            self.zero_count += n;
            return;
        }
        let at = index(magnitude) >> (MAX_SCALE - self.scale);
        let side = if value > 0.0 {
            &mut self.positive
        } else {
            &mut self.negative
        };
        if !side.add(at, n) {
            self.add_outside(value > 0.0, at, n);
        }
    }

    /// Adds all that another histogram holds; the result has the coarser of the two scales, or a
    /// still coarser one.
    pub fn merge(&mut self, other: &Self) {
        self.add_totals(&other.parts(&[], &[]));
        self.add_explicit(&other.explicit);
        self.add_buckets(true, other.scale, other.positive.iter());
        self.add_buckets(false, other.scale, other.negative.iter());
    }

    /// Adds what was taken from another histogram.
    pub fn merge_parts(&mut self, parts: &HistogramParts<'_>) {
        self.add_totals(parts);
        self.add_explicit(parts.explicit);
        self.add_buckets(true, parts.scale, parts.positive.iter().copied());
        self.add_buckets(false, parts.scale, parts.negative.iter().copied());
    }

    /// The histogram's totals beside buckets that were copied from it.
    pub fn parts<'a>(
        &self,
        positive: &'a [(i32, u64)],
        negative: &'a [(i32, u64)],
    ) -> HistogramParts<'a> {
        HistogramParts {
            scale: self.scale,
            count: self.count,
            zero_count: self.zero_count,
            rejected: self.rejected,
            sum: self.sum,
            min: self.min,
            max: self.max,
            positive,
            negative,
            explicit: &[],
        }
    }

    /// Counts a value in the explicit buckets as well, in the metric's own unit.
    #[inline]
    pub fn record_explicit(&mut self, value: f64) {
        if value.is_finite() {
            if self.explicit.is_empty() {
                self.explicit.resize(EXPLICIT_BUCKETS, 0);
            }
            self.explicit[explicit::bucket(value)] += 1;
        }
    }

    /// The explicit buckets over [`EXPLICIT_BOUNDS`]; empty if they were not counted.
    pub fn explicit(&self) -> &[u64] {
        &self.explicit
    }

    /// A copy within a coarser scale and fewer buckets.
    #[must_use]
    pub fn downscaled(&self, max_scale: i32, max_buckets: usize) -> Self {
        let mut copy = Self::new(max_scale, max_buckets);
        copy.merge(self);
        copy
    }

    /// Empties the histogram; its memory stays, and only buckets in use are touched.
    pub fn reset(&mut self) {
        if self.scale == self.max_scale {
            self.positive.clear();
            self.negative.clear();
        } else {
            (self.positive, self.negative) = (Buckets::default(), Buckets::default());
        }
        self.explicit.fill(0);
        self.scale = self.max_scale;
        (self.count, self.zero_count, self.rejected) = (0, 0, 0);
        (self.sum, self.min, self.max) = (0.0, f64::INFINITY, f64::NEG_INFINITY);
    }

    /// How many values were recorded.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many NaN and infinities were turned away.
    pub fn rejected(&self) -> u64 {
        self.rejected
    }

    /// Their sum; it stays finite, at the largest number there is.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// The smallest one, exactly.
    pub fn min(&self) -> Option<f64> {
        (self.count > 0).then_some(self.min)
    }

    /// The largest one, exactly.
    pub fn max(&self) -> Option<f64> {
        (self.count > 0).then_some(self.max)
    }

    /// The value at quantile `q` in 0..=1; 0 when empty.
    ///
    /// As k6 does with the values themselves, it interpolates linearly between the two ranks
    /// closest to `q * (count - 1)`; a value stands for itself by the geometric middle of its
    /// bucket. So the result is within `2^(2^-(scale+1)) - 1` of the true one (0.07 % at scale 9),
    /// and the lowest and the highest quantile are exact.
    pub fn quantile(&self, q: f64) -> f64 {
        let Some(last) = self.count.checked_sub(1) else {
            return 0.0;
        };
        let q = if q.is_nan() { 0.0 } else { q.clamp(0.0, 1.0) };
        let rank = q * last as f64;
        let low = (rank.floor() as u64).min(last);
        let below = self.at_rank(low);
        let part = rank - low as f64;
        if part <= 0.0 || low == last {
            return below;
        }
        let above = self.at_rank(low + 1);
        // Written so that it cannot overflow between two values of opposite signs.
        below * (1.0 - part) + above * part
    }

    /// Buckets are `(base^i, base^(i+1)]` with `base = 2^(2^-scale)`.
    pub fn scale(&self) -> i32 {
        self.scale
    }

    /// Values that are zero.
    pub fn zero_count(&self) -> u64 {
        self.zero_count
    }

    /// Non-empty positive buckets `(index, count)` in ascending order of the index.
    pub fn positive(&self) -> impl Iterator<Item = (i32, u64)> {
        self.positive.iter()
    }

    /// Non-empty negative buckets `(index of the absolute value, count)` in ascending order of the index.
    pub fn negative(&self) -> impl Iterator<Item = (i32, u64)> {
        self.negative.iter()
    }

    /// The value of rank `rank` (from 0) of all values in ascending order, to a bucket's middle.
    fn at_rank(&self, rank: u64) -> f64 {
        if rank == 0 {
            return self.min;
        }
        if rank + 1 == self.count {
            return self.max;
        }
        let negatives =
            self.count - self.zero_count - self.positive.iter().map(|(_, n)| n).sum::<u64>();
        let value = if rank < negatives {
            // Ascending values are descending magnitudes.
            -self.middle_at(self.negative.iter(), negatives - 1 - rank)
        } else if rank < negatives + self.zero_count {
            0.0
        } else {
            self.middle_at(self.positive.iter(), rank - negatives - self.zero_count)
        };
        value.clamp(self.min, self.max)
    }

    fn middle_at(&self, buckets: impl Iterator<Item = (i32, u64)>, rank: u64) -> f64 {
        let mut seen = 0;
        for (index, n) in buckets {
            seen += n;
            if rank < seen {
                return middle(index, self.scale);
            }
        }
        self.max
    }

    fn add_totals(&mut self, parts: &HistogramParts<'_>) {
        self.count += parts.count;
        self.zero_count += parts.zero_count;
        self.rejected += parts.rejected;
        self.sum = saturating_add(self.sum, parts.sum);
        self.min = self.min.min(parts.min);
        self.max = self.max.max(parts.max);
    }

    fn add_explicit(&mut self, other: &[u64]) {
        if other.len() > self.explicit.len() {
            self.explicit.resize(other.len().min(EXPLICIT_BUCKETS), 0);
        }
        for (all, more) in self.explicit.iter_mut().zip(other) {
            *all += more;
        }
    }

    fn add_buckets(
        &mut self,
        positive: bool,
        scale: i32,
        buckets: impl Iterator<Item = (i32, u64)>,
    ) {
        let scale = scale.clamp(MIN_SCALE, MAX_SCALE);
        if scale < self.scale {
            self.shrink((self.scale - scale) as u32);
        }
        for (index, n) in buckets {
            // The scale may fall on the way.
            let at = index >> (scale - self.scale);
            let side = if positive {
                &mut self.positive
            } else {
                &mut self.negative
            };
            if !side.add(at, n) {
                self.add_outside(positive, at, n);
            }
        }
    }

    #[cold]
    fn add_outside(&mut self, positive: bool, mut at: i32, n: u64) {
        loop {
            let side = if positive {
                &mut self.positive
            } else {
                &mut self.negative
            };
            match side.reach(at, self.max_buckets) {
                Ok(()) => {
                    side.add(at, n);
                    return;
                }
                Err(by) => {
                    self.shrink(by);
                    at >>= by;
                }
            }
        }
    }

    fn shrink(&mut self, by: u32) {
        self.positive = self.positive.shrunk(by);
        self.negative = self.negative.shrunk(by);
        self.scale -= by as i32;
    }
}

/// A sum that stays finite, so that no later mean or difference turns into NaN.
#[inline]
pub(crate) fn saturating_add(a: f64, b: f64) -> f64 {
    let sum = a + b;
    // A branch that is never taken is free; clamping would lengthen the chain of additions.
    if sum.is_finite() {
        sum
    } else {
        sum.clamp(f64::MIN, f64::MAX)
    }
}

#[cfg(test)]
mod tests;
