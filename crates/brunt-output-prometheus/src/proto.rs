//! The small messages of remote write that both versions share; `schemas/remote-write-*.proto` has
//! them all.
//!
//! The frames around them (requests, series, labels) are written by hand in `wire`, because they
//! borrow their texts and are many. Version 1.0 has no start times: they are zero there, and what is
//! zero is not on the wire.

/// A value at a time.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(crate) struct Sample {
    #[prost(double, tag = "1")]
    pub(crate) value: f64,
    /// Milliseconds since the Unix epoch.
    #[prost(int64, tag = "2")]
    pub(crate) timestamp: i64,
    /// When the counting began, 2.0 only; zero for what does not count.
    #[prost(int64, tag = "3")]
    pub(crate) start_timestamp: i64,
}

/// A native histogram with integer counts.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Histogram {
    /// One of two forms of the count, so that zero must be written too.
    #[prost(uint64, optional, tag = "1")]
    pub(crate) count: Option<u64>,
    #[prost(double, tag = "3")]
    pub(crate) sum: f64,
    /// Buckets grow by `2^(2^-schema)`, -4 to 8.
    #[prost(sint32, tag = "4")]
    pub(crate) schema: i32,
    #[prost(double, tag = "5")]
    pub(crate) zero_threshold: f64,
    /// One of two forms as well.
    #[prost(uint64, optional, tag = "6")]
    pub(crate) zero_count: Option<u64>,
    #[prost(message, repeated, tag = "8")]
    pub(crate) negative_spans: Vec<BucketSpan>,
    /// Each bucket's count minus that of the bucket before.
    #[prost(sint64, repeated, tag = "9")]
    pub(crate) negative_deltas: Vec<i64>,
    #[prost(message, repeated, tag = "11")]
    pub(crate) positive_spans: Vec<BucketSpan>,
    #[prost(sint64, repeated, tag = "12")]
    pub(crate) positive_deltas: Vec<i64>,
    /// Whether the counts began anew since the sample before.
    #[prost(enumeration = "ResetHint", tag = "14")]
    pub(crate) reset_hint: i32,
    /// Milliseconds since the Unix epoch.
    #[prost(int64, tag = "15")]
    pub(crate) timestamp: i64,
    /// When the counting began, 2.0 only.
    #[prost(int64, tag = "17")]
    pub(crate) start_timestamp: i64,
}

/// Neighbouring buckets.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct BucketSpan {
    /// Empty buckets before it; for the first span the index of its first bucket.
    #[prost(sint32, tag = "1")]
    pub(crate) offset: i32,
    #[prost(uint32, tag = "2")]
    pub(crate) length: u32,
}

/// What the sender knows about the sample before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub(crate) enum ResetHint {
    /// Nothing: the receiver has to look.
    Unknown = 0,
    /// The counts went on.
    No = 2,
}

/// What a series is, as both versions number it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub(crate) enum MetricType {
    Counter = 1,
    Gauge = 2,
    Histogram = 3,
}
