//! The configuration file: found, read, and asked what it says about the run around a test.

use std::path::{Path, PathBuf};

use brunt_options::{LayerOptions, OptionsError, RunKeys};
use serde_json::Value;

use crate::exit::{Exit, Failure};

/// Where it is looked for below the user's folder for settings, unless `--config` names it: brunt's
/// own place first, then k6's.
const PLACES: [&str; 2] = ["brunt/config.json", "k6/config.json"];

/// A configuration file that was read.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    path: PathBuf,
    text: String,
    /// What it says about the test.
    pub(crate) options: LayerOptions,
    /// What it says about the run.
    pub(crate) keys: RunKeys,
}

impl ConfigFile {
    /// The file of `--config`, which must be there, or that of the default place, which need not.
    pub(crate) fn find(named: Option<&Path>) -> Result<Option<Self>, Failure> {
        match named {
            Some(path) => Self::read(path).map(Some),
            None => default_path().map(|path| Self::read(&path)).transpose(),
        }
    }

    fn read(path: &Path) -> Result<Self, Failure> {
        let wrong = |error: &dyn std::fmt::Display| {
            let message = format!("config file {}: {error}", path.display());
            Failure::new(Exit::InvalidConfig, message)
        };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
        let json: Value = serde_json::from_str(&text).map_err(|error| wrong(&error))?;
        let located = |error: OptionsError| wrong_option(error, path, &text);
        let options = LayerOptions::from_config_file(&json).map_err(located)?;
        let keys = RunKeys::from_config_file(&json).map_err(located)?;
        Ok(Self {
            path: path.to_owned(),
            text,
            options,
            keys,
        })
    }

    /// Where it writes an option.
    pub(crate) fn place(&self, path: &str) -> String {
        place(&self.path, &self.text, path)
    }
}

fn wrong_option(error: OptionsError, file: &Path, text: &str) -> Failure {
    let place = place(file, text, &error.path);
    Failure::new(Exit::InvalidConfig, error.at(place).to_string())
}

fn place(file: &Path, text: &str, path: &str) -> String {
    match brunt_script::place_in_json(text, path) {
        Some((line, column)) => format!("{}:{line}:{column}", file.display()),
        None => file.display().to_string(),
    }
}

fn default_path() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let folder = set("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| set("HOME").map(|home| Path::new(&home).join(".config")))?;
    PLACES
        .into_iter()
        .map(|place| folder.join(place))
        .find(|path| path.is_file())
}
