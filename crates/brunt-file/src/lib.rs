//! How measurements reach a file or the standard output, and what is done when that goes wrong.
//!
//! Beside `brunt-delivery`, which does the same for networks: a file needs no retries and no spool,
//! but it blocks, it fills up, and it is cut off where a process is killed.
//!
//! - [`Target`]: what the user named, and how its name says that it is packed.
//! - [`FileOutput`]: an output that writes what an [`Encode`] makes of batches, from a thread of its
//!   own, so that a slow disk, a pipe that nobody reads or a full disk is felt by this output alone.
//! - [`lines`], [`number`], [`timestamp`]: what formats of a line for each sample share.
//! - [`repair`]: makes a whole file of one that was cut off.
//!
//! # What is in a file at any moment
//!
//! Chunks go to the operating system in one piece each, at most [`FileOutput`]'s flush interval after
//! their first sample was encoded, and a packed file is flushed to a byte boundary with each of them. So
//! a process that is killed loses what is younger than that, and at most the last record is cut.

#![forbid(unsafe_code)]

pub mod lines;
pub mod number;
pub mod output;
pub mod packing;
pub mod repair;
mod sink;
pub mod target;
pub mod timestamp;

pub use output::{Encode, FileOutput};
pub use packing::Packing;
pub use target::Target;
