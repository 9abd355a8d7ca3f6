//! `--log-output`: where log lines go, as k6 writes it.

use std::path::PathBuf;

use brunt_engine::Level;

/// Where log lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// The standard error output.
    Stderr,
    /// The standard output, above the progress.
    Stdout,
    /// Nowhere.
    Nothing,
    /// The end of a file.
    File {
        /// Which one.
        path: PathBuf,
        /// From which level on; the usual one unless given.
        level: Option<Level>,
    },
}

impl std::str::FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, rest) = text.split_once('=').unwrap_or((text, ""));
        match (kind, text) {
            (_, "stderr") => Ok(Self::Stderr),
            (_, "stdout") => Ok(Self::Stdout),
            (_, "none") => Ok(Self::Nothing),
            ("file", _) => file(rest),
            ("loki", _) => Err(
                "--log-output loki: sending logs to Loki is not supported yet; write them to a file with file=PATH, and let an agent send it"
                    .to_owned(),
            ),
            _ => Err(format!(
                "--log-output {text}: unknown; use stderr, stdout, none or file=PATH[,level=LEVEL]"
            )),
        }
    }
}

/// `PATH[,level=LEVEL]`.
fn file(rest: &str) -> Result<Target, String> {
    let mut parts = rest.split(',');
    let path = parts.next().unwrap_or_default();
    if path.is_empty() {
        return Err("--log-output file: which file? write file=PATH".to_owned());
    }
    let mut level = None;
    for part in parts {
        match part.split_once('=') {
            Some(("level", name)) => level = Some(read_level(name)?),
            _ => {
                return Err(format!(
                    "--log-output file={path}: '{part}' is unknown; there is level=LEVEL"
                ));
            }
        }
    }
    Ok(Target::File {
        path: path.into(),
        level,
    })
}

/// A level by one of the names that k6 knows; brunt has no finer and no graver ones than these four.
fn read_level(name: &str) -> Result<Level, String> {
    match name.to_ascii_lowercase().as_str() {
        "trace" | "debug" => Ok(Level::Debug),
        "info" => Ok(Level::Info),
        "warn" | "warning" => Ok(Level::Warn),
        "error" | "fatal" | "panic" => Ok(Level::Error),
        _ => Err(format!(
            "--log-output: '{name}' is no level; use debug, info, warning or error"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_as_k6_writes_them() {
        let file = |path: &str, level| Target::File {
            path: path.into(),
            level,
        };
        for (text, target) in [
            ("stderr", Target::Stderr),
            ("stdout", Target::Stdout),
            ("none", Target::Nothing),
            ("file=a.log", file("a.log", None)),
            (
                "file=a=b.log,level=warn",
                file("a=b.log", Some(Level::Warn)),
            ),
            ("file=a,level=DEBUG", file("a", Some(Level::Debug))),
            ("file=a,level=error", file("a", Some(Level::Error))),
        ] {
            assert_eq!(text.parse(), Ok(target), "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_named_with_the_way_out() {
        for (text, part) in [
            ("", "use stderr"),
            ("syslog", "syslog"),
            ("stderr=x", "stderr=x"),
            ("file", "which file?"),
            ("file=", "which file?"),
            ("file=a,size=3", "'size=3' is unknown"),
            ("file=a,level=loud", "'loud' is no level"),
            ("loki=http://127.0.0.1:3100", "not supported yet"),
        ] {
            let error = text.parse::<Target>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
