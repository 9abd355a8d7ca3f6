//! Who may set options, the weakest first.

use std::fmt;

use crate::options::Options;

/// A source of options. A later one beats an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// What applies when nobody says anything.
    Default,
    /// The file of `--config`.
    ConfigFile,
    /// The script's exported `options`, or those that an archive keeps.
    Script,
    /// `K6_*` variables.
    Env,
    /// Command-line flags.
    Cli,
}

/// What one layer sets.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerOptions {
    /// Whose options these are.
    pub layer: Layer,
    /// What is set.
    pub options: Options,
    /// What is odd but no error, such as keys that mean nothing. One sentence each.
    pub warnings: Vec<String>,
}

impl LayerOptions {
    /// A layer that sets nothing.
    pub fn empty(layer: Layer) -> Self {
        Self {
            layer,
            options: Options::default(),
            warnings: Vec::new(),
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::ConfigFile => "config file",
            Self::Script => "script",
            Self::Env => "environment",
            Self::Cli => "command line",
        })
    }
}
