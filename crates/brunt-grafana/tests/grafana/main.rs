//! What every bundled dashboard has to be, whatever it shows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod conventions;
mod promql;
mod schema;
