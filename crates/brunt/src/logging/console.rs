//! `--console-output`: what scripts write to the console goes to a file of its own.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use brunt_engine::{Level, LogSink, Record};

use super::{LogFormat, Logger};
use crate::exit::{Exit, Failure};

/// Sends records of the console to a file, everything else where it went before.
pub(crate) struct ConsoleFile {
    console: Arc<Logger>,
    others: Arc<Logger>,
}

impl ConsoleFile {
    /// Opens the file; what was in it is gone.
    pub(crate) fn create(
        path: &Path,
        format: LogFormat,
        level: Level,
        others: Arc<Logger>,
    ) -> Result<Self, Failure> {
        let failure = |error: std::io::Error| {
            let message = format!("--console-output {}: {error}", path.display());
            Failure::new(Exit::Usage, message)
        };
        let file = std::fs::File::create(path).map_err(failure)?;
        let console = Logger::to_file(
            format.for_file(),
            Some(level),
            file,
            path,
            Arc::clone(&others),
        );
        Ok(Self {
            console: console.map_err(failure)?,
            others,
        })
    }

    /// Waits until everything logged so far is in the file; false if that takes longer.
    pub(crate) fn flush(&self, limit: Duration) -> bool {
        self.console.flush(limit)
    }
}

impl LogSink for ConsoleFile {
    fn enabled(&self, level: Level) -> bool {
        self.console.enabled(level) || self.others.enabled(level)
    }

    fn log(&self, record: Record) {
        let is_console = record
            .fields
            .iter()
            .any(|(key, value)| key == "source" && value == "console");
        if is_console {
            self.console.log(record);
        } else {
            self.others.log(record);
        }
    }
}
