//! Log records of scripts and of the engine. Where they go is the binary's business.

use std::borrow::Cow;

/// How serious a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Shown with `--verbose` only.
    Debug,
    /// For the user's information.
    Info,
    /// Something that may spoil the results.
    Warn,
    /// Something that failed.
    Error,
}

impl Level {
    /// The name in log lines: `debug`, `info`, `warning` or `error`, as k6 writes them.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warning",
            Self::Error => "error",
        }
    }
}

/// One log record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// How serious it is.
    pub level: Level,
    /// What happened.
    pub message: String,
    /// More about it, such as `source=console`, in the order to be shown.
    pub fields: Vec<(Cow<'static, str>, Cow<'static, str>)>,
}

/// Takes log records; must not block, because virtual users call it.
pub trait LogSink: Send + Sync {
    /// Whether records of this level are shown; saves formatting those that are not.
    fn enabled(&self, level: Level) -> bool;

    /// Takes a record.
    fn log(&self, record: Record);
}
