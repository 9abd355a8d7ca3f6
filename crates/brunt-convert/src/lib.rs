//! Reads result files back into batches of samples, for `brunt convert`.
//!
//! Beside the outputs, which write what is read here, and apart from them: files come from k6, from other
//! programs and from crashes, so that a reader has to take what no output writes. Nothing here writes:
//! batches go to whoever calls [`read`], in the order of the files, and from there to any output.
//!
//! - [`Inputs`]: which files were named, and what they are, told by their content.
//! - [`declared`]: what they say about metrics, thresholds and the time zone, read before the samples.
//! - [`read`]: their samples. Blocks of whole lines are read on one thread, parsed on others, and handed
//!   over in their order, so that the order within a series is kept and memory does not depend on the size.
//! - [`read_merged`]: the same, of several files at a time in the order of their times.

#![forbid(unsafe_code)]

mod block;
#[cfg(feature = "s3")]
mod bucket;
mod csv;
mod declared;
mod foreign;
mod format;
pub mod fuzzing;
mod gatling;
mod input;
mod jmeter;
mod json;
mod locust;
mod merge;
mod number;
mod pipeline;
mod retag;
mod series;
mod time;

/// How the address of something in a bucket begins.
const SCHEME: &str = "s3://";

pub use declared::{Declared, declared};
pub use format::Format;
pub use input::{InputError, Inputs};
pub use merge::{MOST_FILES, read_merged};
pub use pipeline::{Broken, Known, Options, ReadError, Tally, read};
