//! Metric kinds, interned series, sample batches, sinks and the exponential histogram.
//!
//! Everything a measurement is, and nothing about where it comes from or goes to: no clock, no
//! input or output, no asynchronous runtime. A sample is 24 bytes because its metric and tags were
//! interned before, so that the hot path neither allocates nor compares strings.

#![forbid(unsafe_code)]

pub mod builtin;
pub mod histogram;
pub mod kind;
pub mod registry;
pub mod sample;
pub mod series;
pub mod sink;
pub mod system_tags;
pub mod tags;

pub use kind::{MetricKind, ValueType};
pub use registry::{Metric, MetricId, Registry, RegistryError};
pub use sample::{MetaId, MetaTable, Sample, SampleBatch};
pub use series::{Interner, Series, SeriesId};
pub use sink::{CounterSink, GaugeSink, RateSink, Sink, TrendSink};
pub use system_tags::{SystemTag, SystemTags};
pub use tags::{TagSet, TagSetId};
