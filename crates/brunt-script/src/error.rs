//! What can go wrong before a script runs: one type, so that the binary can choose the exit code
//! by kind and print the whole text as it is.

use std::fmt;

use crate::position::Position;

/// Which mistake it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The main script cannot be read.
    Entry,
    /// The code does not parse.
    Syntax,
    /// A module's file is not there or cannot be read.
    Missing,
    /// A `k6` or `brunt` module that does not exist.
    UnknownBuiltin,
    /// A specifier of a kind that is not supported.
    Specifier,
    /// A file that `open()` cannot read.
    Open,
    /// A module or file that the first init pass did not ask for.
    Sealed,
    /// Our own fault.
    Internal,
}

impl ErrorKind {
    /// The exit code of a run that fails with this error, as k6 has them.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Entry => 255,
            _ => 107,
        }
    }
}

/// Why a script or a module could not be loaded.
///
/// Its text is meant for the user: what is wrong, the place with an excerpt, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct LoadError {
    /// Which mistake it is.
    pub kind: ErrorKind,
    /// What is wrong, in one line.
    pub message: String,
    /// Where: for a bad import, the place of its specifier in the importing file.
    pub position: Option<Position>,
    /// The line at the position, with a caret.
    pub excerpt: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
}

impl LoadError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            position: None,
            excerpt: None,
            help: None,
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds the place, unless a more exact one is known already.
    pub(crate) fn at(mut self, position: Position, excerpt: Option<String>) -> Self {
        if self.position.is_none() {
            self.position = Some(position);
            self.excerpt = excerpt;
        }
        self
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == ErrorKind::Syntax {
            f.write_str("SyntaxError: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(position) = &self.position {
            write!(f, "\n  at {position}")?;
        }
        if let Some(excerpt) = &self.excerpt {
            write!(f, "\n{excerpt}")?;
        }
        if let Some(help) = &self.help {
            write!(f, "\nhelp: {help}")?;
        }
        Ok(())
    }
}
