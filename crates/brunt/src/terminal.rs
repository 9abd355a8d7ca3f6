//! The terminal: log lines on stderr, everything else on stdout, without garbling each other.

use std::fs::File;
use std::io::{self, IsTerminal, Stdout, Write};
use std::sync::Arc;

use brunt_engine::Level;
use clap::ArgMatches;

use crate::logging::{LogFormat, Logger, Target};
use crate::progress::Screen;

/// Where a command writes.
pub(crate) struct Terminal {
    /// Log lines.
    pub(crate) log: Arc<Logger>,
    /// Their form.
    pub(crate) format: LogFormat,
    /// From which level on they are wanted.
    pub(crate) level: Level,
    /// Banner, progress and summary.
    pub(crate) screen: Arc<Screen<Stdout>>,
}

impl Terminal {
    /// Sets up both as the flags want them. The error is a sentence for the user.
    pub(crate) fn start(matches: &ArgMatches) -> Result<Self, String> {
        let level = if matches.get_flag("verbose") {
            Level::Debug
        } else {
            Level::Info
        };
        let target = matches
            .get_one::<String>("log-output")
            .map_or(Ok(Target::Stderr), |text| text.parse())?;
        let is_terminal = match target {
            Target::Stderr => io::stderr().is_terminal(),
            Target::Stdout => io::stdout().is_terminal(),
            Target::Nothing | Target::File { .. } => false,
        };
        let format = match matches.get_one::<String>("log-format").map(String::as_str) {
            Some("json") => LogFormat::Json,
            Some("raw") => LogFormat::Raw,
            _ if is_terminal && !no_colour(matches) => LogFormat::Terminal,
            _ => LogFormat::Logfmt,
        };
        let screen = Arc::new(Screen::stdout());
        let log = open_log(target, format, level, &screen)?;
        Ok(Self {
            log,
            format,
            level,
            screen,
        })
    }
}

fn open_log(
    target: Target,
    format: LogFormat,
    level: Level,
    screen: &Arc<Screen<Stdout>>,
) -> Result<Arc<Logger>, String> {
    let screen = Arc::clone(screen);
    let started = match target {
        // Nobody is left to tell if stderr or stdout is gone.
        Target::Stderr => Logger::start(format, Some(level), move |lines| {
            screen.above(|| drop(io::stderr().write_all(lines)));
        }),
        Target::Stdout => Logger::start(format, Some(level), move |lines| {
            screen.above(|| print(lines));
        }),
        Target::Nothing => Logger::start(format, None, |_| {}),
        Target::File { path, level: own } => {
            let failure =
                |error: io::Error| format!("--log-output file={}: {error}", path.display());
            let file = File::options().create(true).append(true).open(&path);
            let file = file.map_err(failure)?;
            let stderr = open_log(Target::Stderr, format, level, &screen)?;
            Logger::to_file(format, Some(own.unwrap_or(level)), file, &path, stderr)
        }
    };
    started.map_err(|error| format!("cannot start: {error}"))
}

/// Whether colours are unwanted: by flag, by `NO_COLOR` (no-color.org) or by k6's variable.
pub(crate) fn no_colour(matches: &ArgMatches) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    matches.get_flag("no-color") || set("NO_COLOR") || set("K6_NO_COLOR")
}

/// Writes to stdout; a reader that went away ends it quietly.
pub(crate) fn print(text: impl AsRef<[u8]>) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_ref()).and_then(|()| out.flush());
}
