//! The base-2 exponential histogram.

/// A mergeable histogram with base-2 exponential buckets.
#[derive(Debug, Clone, Default)]
pub struct ExpHistogram {}

impl ExpHistogram {
    /// How many values were recorded.
    pub fn count(&self) -> u64 { 0 }
    /// Their sum.
    pub fn sum(&self) -> f64 { 0.0 }
    /// The smallest one.
    pub fn min(&self) -> Option<f64> { None }
    /// The largest one.
    pub fn max(&self) -> Option<f64> { None }
    /// The value at quantile `q` in 0..=1; 0 when empty.
    pub fn quantile(&self, _q: f64) -> f64 { 0.0 }
    /// Buckets are `(base^i, base^(i+1)]` with `base = 2^(2^-scale)`.
    pub fn scale(&self) -> i32 { 0 }
    /// Values that are zero.
    pub fn zero_count(&self) -> u64 { 0 }
    /// Non-empty positive buckets `(index, count)` in ascending order of the index.
    pub fn positive(&self) -> impl Iterator<Item = (i32, u64)> { std::iter::empty() }
    /// Non-empty negative buckets `(index of the absolute value, count)` in ascending order of the index.
    pub fn negative(&self) -> impl Iterator<Item = (i32, u64)> { std::iter::empty() }
}
