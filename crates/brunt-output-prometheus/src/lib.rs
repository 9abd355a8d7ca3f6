//! Prometheus remote write 1.0, for Prometheus and Mimir: `--out mimir=URL`.
//!
//! Cumulative snapshots become series with k6's names and labels, so that dashboards made for k6
//! work as they are, and are pushed with retries until the receiver has them. The way of a snapshot:
//! `table` adds up its series by the labels they are sent with, `encode` writes those that changed as
//! protobuf, `batch` packs them into requests, `client` sends them, `brunt-delivery` keeps order.
//!
//! The protobuf messages are our own: the protocol has six of them that never change, and a build
//! script with a compiler would cost more than it saves.

#![forbid(unsafe_code)]

mod batch;
mod client;
mod config;
mod encode;
mod histogram;
mod kinds;
mod labels;
mod names;
mod notes;
mod output;
mod proto;
mod table;
mod trend_stats;

pub use kinds::{K6RemoteWrite, Mimir, Prometheus};
pub use output::RemoteWriteOutput;

#[doc(hidden)]
pub mod fuzzing {
    //! What reads a receiver's bytes, without the network around it.
    pub use crate::client::fuzzing::answer;
}
