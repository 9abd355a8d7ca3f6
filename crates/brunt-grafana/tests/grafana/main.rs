//! What every bundled dashboard has to be, whatever it shows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::print_stderr)]

mod conventions;
mod grammars;
mod lint;
mod node;
mod promql;
mod schema;
mod types;
