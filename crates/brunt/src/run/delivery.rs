//! How long and where measurements wait for their receivers, as the command line says.

use std::path::PathBuf;
use std::time::Duration;

use brunt_output::Spool;
use clap::ArgMatches;

/// How long outputs get to deliver what is left after the test, unless the user says else.
const DRAIN: Duration = Duration::from_secs(30);

/// The flags on delivery.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    /// How long outputs may take after the test.
    pub(crate) drain: Duration,
    /// Where they keep what waits.
    pub(crate) spool: Spool,
    /// Whether a loss is a failure of the run.
    pub(crate) required: bool,
}

impl Delivery {
    /// As the flags say.
    pub(crate) fn of(matches: &ArgMatches) -> Self {
        let folder = matches.get_one::<String>("spool");
        let folder = match folder.map(String::as_str) {
            Some("off") => None,
            Some(folder) if !folder.is_empty() => Some(PathBuf::from(folder)),
            _ => Some(default_folder()),
        };
        Self {
            drain: matches.get_one("drain").copied().unwrap_or(DRAIN),
            spool: Spool {
                folder,
                limit: matches
                    .get_one("spool-size")
                    .copied()
                    .unwrap_or(Spool::DEFAULT_LIMIT),
                resume: None,
            },
            required: matches.get_flag("require-outputs"),
        }
    }
}

/// Below the user's state folder (XDG Base Directory Specification); where there is no user, as in a
/// container, below the folder for temporary files.
fn default_folder() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let state = set("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(set("HOME")?).join(".local/state")));
    state
        .unwrap_or_else(std::env::temp_dir)
        .join("brunt")
        .join("spool")
}
