//! Options as their users meet them: what a script, a file, variables and flags make of a test.

// The configured exemption for tests does not reach their helper functions.
#![allow(clippy::unwrap_used, clippy::panic)]

mod layers;
mod plan;
mod rules;
mod schema;
mod script_json;
mod sources;
mod table;

use brunt_options::{Consolidated, LayerOptions, Options, OptionsError};
use serde_json::Value;

/// A test that only the script configures.
fn script(options: &Value) -> Result<Consolidated, OptionsError> {
    Options::consolidate([LayerOptions::from_script(options)?])
}

/// Flags of a command line.
fn flags(flags: &[(&str, &str)]) -> LayerOptions {
    let mut cli = LayerOptions::cli();
    for (flag, value) in flags {
        cli.set_flag(flag, value).unwrap();
    }
    cli
}

/// Variables of the environment.
fn variables(pairs: &[(&str, &str)]) -> Result<LayerOptions, OptionsError> {
    let map = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    LayerOptions::from_env(&map.collect())
}
