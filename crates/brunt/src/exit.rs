//! Exit codes: k6's own below 120, brunt's from there on.

use std::process::ExitCode;

/// Why the process ends; the number is what the shell sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// The test ran; requests may have failed, iterations may have thrown.
    Success = 0,
    /// `brunt demo`: the receiver has something else than the summary. `brunt dashboards lint`: a rule is
    /// broken; `diff`: the dashboards differ; `preview`: a query was refused.
    Different = 1,
    /// At least one threshold was broken.
    ThresholdsFailed = 99,
    /// `setup()` took too long.
    SetupTimeout = 100,
    /// `teardown()` took too long.
    TeardownTimeout = 101,
    /// The test was stopped through the REST API.
    Stopped = 103,
    /// An option, a threshold or a scenario is invalid.
    InvalidConfig = 104,
    /// A signal ended the test.
    Signal = 105,
    /// The REST API cannot listen.
    ApiFailed = 106,
    /// The script threw while it was loaded, or in setup or teardown; or it could not be loaded.
    ScriptException = 107,
    /// The script called `exec.test.abort()`.
    ScriptAbort = 108,
    /// A worker thread was lost: brunt's own fault.
    Internal = 109,
    /// The script called `exec.test.fail()`.
    MarkedFailed = 110,
    /// An output lost something or could not deliver everything, and that was asked for.
    Undelivered = 120,
    /// An output, or what a preview asks, could not be reached before the start.
    OutputUnreachable = 121,
    /// `brunt compare` only: something got worse by more than was allowed.
    Regression = 122,
    /// Commands that read result files only: a result file has broken lines or cannot be read to its end.
    InvalidInput = 123,
    /// Wrong arguments, a missing script, a script without functions.
    Usage = 255,
}

impl Exit {
    /// What a run that ended in this code ended in.
    pub(crate) fn from_code(code: i32) -> Self {
        let known = [
            Self::Success,
            Self::ThresholdsFailed,
            Self::SetupTimeout,
            Self::TeardownTimeout,
            Self::Stopped,
            Self::InvalidConfig,
            Self::Signal,
            Self::ApiFailed,
            Self::ScriptException,
            Self::ScriptAbort,
            Self::Internal,
            Self::MarkedFailed,
            Self::Undelivered,
            Self::OutputUnreachable,
            Self::Regression,
            Self::InvalidInput,
        ];
        known
            .into_iter()
            .find(|exit| *exit as i32 == code)
            .unwrap_or(Self::Usage)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A failure before or after the test, with the code that it ends in.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
        }
    }
}
