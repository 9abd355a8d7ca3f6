//! What can be asked of a running test that needs an answer, and why it may be refused.

use tokio::sync::oneshot;

use crate::outcome::CallError;
use crate::vu::SetupData;

/// The VUs that an externally-controlled scenario is to have. What is `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scale {
    /// The scenario; `None` for the first by name among those that can be scaled.
    pub scenario: Option<String>,
    /// How many are to be active.
    pub vus: Option<u64>,
    /// How many are to be initialized.
    pub max: Option<u64>,
}

impl Scale {
    /// Finds what no test could do.
    ///
    /// # Errors
    /// When more are to be active than initialized.
    pub fn check(&self) -> Result<(), ControlError> {
        match (self.vus, self.max) {
            (Some(vus), Some(max)) if vus > max => Err(ControlError::AboveMaximum { vus, max }),
            _ => Ok(()),
        }
    }
}

/// Why the test does not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// It is over.
    #[error("the test has ended")]
    Ended,
    /// The scenarios do not run yet.
    #[error("the test has not started yet; resume it first, or wait until setup() is done")]
    NotStarted,
    /// The scenario's duration is over.
    #[error("the scenario '{0}' is over")]
    ScenarioOver(String),
    /// No scenario has this name.
    #[error("the test has no scenario '{name}'; it has {known}")]
    NoSuchScenario {
        /// The name asked for.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// No scenario can be scaled.
    #[error(
        "the test has no externally-controlled scenario, so its VUs cannot be scaled; give a scenario executor: 'externally-controlled'"
    )]
    NothingToScale,
    /// The scenario has another executor.
    #[error(
        "the scenario '{scenario}' is {executor}; only externally-controlled ones can be scaled"
    )]
    NotScalable {
        /// Its name.
        scenario: String,
        /// Its executor.
        executor: &'static str,
    },
    /// More active VUs than there are to be.
    #[error(
        "{vus} VUs are more than the maximum of {max}; raise the maximum too (--max, vus-max) or ask for fewer"
    )]
    AboveMaximum {
        /// The active VUs asked for.
        vus: u64,
        /// The maximum, asked for or as it is.
        max: u64,
    },
    /// More VUs than can be numbered.
    #[error("{max} VUs are more than the {limit} that one process can have")]
    TooManyVus {
        /// The maximum asked for.
        max: u64,
        /// The most that is possible.
        limit: u64,
    },
    /// The new VUs could not be made.
    #[error("cannot initialize more VUs: {0}")]
    InitFailed(String),
    /// There is no such function, or it was switched off.
    #[error("the test has no {0}() to run, or it was switched off")]
    NoFunction(&'static str),
    /// The function did not return a value.
    #[error("{name}(): {reason}")]
    Call {
        /// `setup` or `teardown`.
        name: &'static str,
        /// What became of it.
        reason: CallError,
    },
}

/// Takes the answer to a command.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, ControlError>>;

/// A request to the conductor.
#[derive(Debug)]
pub(crate) enum Command {
    /// Change the VUs of a scenario.
    Scale(Scale, Reply<()>),
    /// Run setup again.
    Setup(Reply<SetupData>),
    /// Run teardown now.
    Teardown(Reply<()>),
    /// Tell the workers of new setup data.
    Data(SetupData),
}
