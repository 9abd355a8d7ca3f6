//! A run as one HTML page: verdict, key figures, how it went over time, and what was slow or failed.
//!
//! The totals are those of the summary and the slots those of a timeline; what a page shows beside them, requests by
//! their names and errors by their kinds, is counted here. No files and no network: readings in, text out.

#![forbid(unsafe_code)]

mod charts;
mod failures;
mod page;
mod requests;
mod tables;

pub use page::{About, page};
pub use requests::Requests;
