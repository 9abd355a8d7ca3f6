//! `brunt demo`: a test against a target of its own, checked against what the receiver got.

use std::sync::Arc;

use clap::ArgMatches;

use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;

/// Runs the demo.
pub(crate) fn run(_matches: &ArgMatches, _terminal: &Arc<Terminal>) -> Result<Exit, Failure> {
    Err(Failure::new(Exit::Usage, "the demo is not there yet"))
}
