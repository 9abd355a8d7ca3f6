//! The terminal: log lines on stderr, everything else on stdout, without garbling each other.

use std::io::{self, IsTerminal, Stdout, Write};
use std::sync::Arc;

use brunt_engine::Level;
use clap::ArgMatches;

use crate::logging::{LogFormat, Logger};
use crate::progress::Screen;

/// Where a command writes.
pub(crate) struct Terminal {
    /// Log lines.
    pub(crate) log: Arc<Logger>,
    /// Banner, progress and summary.
    pub(crate) screen: Arc<Screen<Stdout>>,
}

impl Terminal {
    /// Sets up both as the flags want them.
    pub(crate) fn start(matches: &ArgMatches) -> io::Result<Self> {
        let level = if matches.get_flag("verbose") {
            Level::Debug
        } else {
            Level::Info
        };
        let format = match matches.get_one::<String>("log-format").map(String::as_str) {
            Some("json") => LogFormat::Json,
            Some("raw") => LogFormat::Raw,
            _ if io::stderr().is_terminal() && !no_colour(matches) => LogFormat::Terminal,
            _ => LogFormat::Logfmt,
        };
        let screen = Arc::new(Screen::stdout());
        let behind = Arc::clone(&screen);
        let log = Logger::start(format, level, move |lines| {
            // Nobody is left to tell if stderr is gone.
            behind.above(|| drop(io::stderr().write_all(lines)));
        })?;
        Ok(Self { log, screen })
    }
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
