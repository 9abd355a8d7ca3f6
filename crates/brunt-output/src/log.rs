//! What an output has to say while it runs, beside its books.

use std::fmt;
use std::sync::Arc;

/// How important a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Worth knowing.
    Info,
    /// Something is wrong, and the run goes on.
    Warn,
    /// Measurements are being lost, and the run goes on.
    Error,
}

type Sink = dyn Fn(LogLevel, &str) + Send + Sync;

/// The way to brunt's log; clones are one and the same. Lines are told apart by the output's name, which
/// is not part of them.
#[derive(Clone, Default)]
pub struct Log(Option<Arc<Sink>>);

impl Log {
    /// A log that hands lines on. `sink` is called on any thread and must not wait.
    pub fn new(sink: impl Fn(LogLevel, &str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(sink)))
    }

    /// Says something worth knowing.
    pub fn info(&self, line: &str) {
        self.say(LogLevel::Info, line);
    }

    /// Says that something is wrong.
    pub fn warn(&self, line: &str) {
        self.say(LogLevel::Warn, line);
    }

    /// Says that measurements are being lost.
    pub fn error(&self, line: &str) {
        self.say(LogLevel::Error, line);
    }

    fn say(&self, level: LogLevel, line: &str) {
        if let Some(sink) = &self.0 {
            sink(level, line);
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}
