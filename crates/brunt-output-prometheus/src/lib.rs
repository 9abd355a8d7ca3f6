//! Prometheus remote write 1.0 and 2.0, for Prometheus and Mimir: `--out mimir=URL`.
//!
//! Cumulative snapshots become series with k6's names and labels, so that dashboards made for k6
//! work as they are, and are pushed until the receiver has them. The way of a snapshot: `table` adds
//! up its series by the labels they are sent with, `group` says what is new of each, `loads` packs
//! that into requests, `brunt-delivery` sends each until its fate is known, `client` asks `wire` for
//! the bytes in the version that the receiver understands.
//!
//! The protobuf messages are our own: the protocol has a handful of them, and a build script with a
//! compiler would cost more than it saves.

#![forbid(unsafe_code)]

mod client;
mod config;
mod group;
mod histogram;
mod kinds;
mod labels;
mod load;
mod loads;
mod names;
mod notes;
mod output;
mod proto;
mod sigv4;
mod table;
mod trend_stats;
mod wire;

pub use kinds::{K6RemoteWrite, Mimir, Prometheus};
pub use output::RemoteWriteOutput;

#[doc(hidden)]
pub mod fuzzing {
    //! What reads a receiver's bytes, without the network around it.
    pub use crate::client::fuzzing::answer;
}
