//! HTTP/1.1 of our own, because it is the hot path: a general client costs several microseconds
//! more per request than the two system calls that it is about.
//!
//! Framing is strict (RFC 9112, section 6): what can be read in two ways is an error.

mod chunked;
mod decoder;
pub(crate) mod encode;
pub(crate) mod fuzzing;
mod head;
mod run;
mod upload;

pub(crate) use self::run::{Failure, run};
