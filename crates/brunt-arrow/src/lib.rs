//! The one Arrow schema of samples, and batches to and from it.
//!
//! Parquet files, Arrow streams and plug-ins all carry the same columns, so that a query, a plug-in or
//! a conversion written for one of them works for all. The way there is short, because it is walked for
//! every sample: a series is looked at once ([`SeriesTable`]), and after that a sample is four numbers
//! ([`Rows`]), from which the columns are put together many rows at a time.

#![forbid(unsafe_code)]

mod decode;
mod dictionary;
mod encode;
mod maps;
mod metadata;
mod rows;
mod schema;
mod sniff;
mod table;

pub use decode::{DecodeError, Decoder};
pub use dictionary::Dictionary;
pub use encode::Encoder;
pub use maps::MapTable;
pub use metadata::{FileMetadata, MetricDeclaration};
pub use rows::Rows;
pub use schema::{METADATA, METRIC, SampleSchema, TAGS, TIME, TYPE, UNIT, VALUE, unit};
pub use sniff::is_stream;
pub use table::SeriesTable;
