//! How a test ended: everything that exit codes, log and summary are derived from.

use std::time::Duration;

use brunt_pacing::PacingError;

use crate::control::Reason;
use crate::vu::SetupData;

/// How a whole test ended.
#[derive(Debug, Clone, PartialEq)]
pub struct TestOutcome {
    /// How it went up to the end of the scenarios.
    pub end: End,
    /// How teardown went.
    pub teardown: Teardown,
    /// What setup returned; `handleSummary` gets it as `setup_data`.
    pub setup_data: SetupData,
    /// It was told to end at once; samples since the last flush may be missing.
    pub killed: bool,
    /// A script called `exec.test.fail()`.
    pub marked_failed: bool,
    /// VUs that did not return after they were interrupted, and were left behind.
    pub stuck_vus: u64,
    /// Workers that crashed or were held for ever by one of their VUs: their share of the test did
    /// not end as it should, and their last samples are missing.
    pub lost_workers: usize,
    /// How long the scenarios ran; zero when they never started.
    pub ran: Duration,
}

/// How a test went up to the end of its scenarios.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Every scenario ran to its end.
    Completed,
    /// A VU could not evaluate the script; the text says why.
    InitFailed(String),
    /// `setup()` threw; the text says what.
    SetupFailed(String),
    /// `setup()` took longer than allowed.
    SetupTimedOut(Duration),
    /// It was stopped before its time.
    Interrupted(Reason),
}

/// How teardown went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Teardown {
    /// There is none, it was switched off, or the test never came to it.
    Skipped,
    /// It returned.
    Completed,
    /// It threw, or no worker was left to run it; the text says what.
    Failed(String),
    /// It took longer than allowed.
    TimedOut(Duration),
    /// It called `exec.test.abort(message)`.
    Aborted(String),
    /// The test was killed while it ran.
    Interrupted,
}

/// Why a test cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No recorder was given, so there would be no worker.
    #[error("a test needs at least one worker: give --workers 1 or more")]
    NoWorkers,
    /// The rate cannot be kept.
    #[error("scenarios.{scenario}: {reason}")]
    Schedule {
        /// The scenario's name.
        scenario: String,
        /// What is wrong with it.
        reason: PacingError,
    },
    /// More VUs than can be numbered.
    #[error(
        "the scenarios need {vus} VUs, more than the {limit} that one process can have; lower vus, preAllocatedVUs or maxVUs"
    )]
    TooManyVus {
        /// What the scenarios add up to.
        vus: u64,
        /// The most that is possible.
        limit: u64,
    },
    /// The operating system refused a thread, a timer or a runtime.
    #[error("cannot start worker {worker}: {reason}")]
    Worker {
        /// The worker's number, from 0.
        worker: usize,
        /// What the system said.
        reason: std::io::Error,
    },
}

/// Why a call outside the scenarios gave no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The script could not be evaluated, or the function threw.
    #[error("{0}")]
    Failed(String),
    /// It took longer than allowed.
    #[error("took longer than {0:?}")]
    TimedOut(Duration),
    /// It called `exec.test.abort(message)`.
    #[error("test aborted: {0}")]
    Aborted(String),
    /// It was interrupted by the test's end.
    #[error("interrupted")]
    Interrupted,
    /// Every worker is held by a VU that does not return.
    #[error("no worker answers: every one is held by a virtual user that does not return")]
    NoWorker,
}
