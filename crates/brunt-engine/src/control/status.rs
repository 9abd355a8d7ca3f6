//! How a test stands, as the API shows it; whether a threshold is crossed the aggregation knows, not the
//! engine.

/// How far a test is; the numbers are those of the REST API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Phase {
    /// Nothing was done yet.
    Created,
    /// The planned VUs evaluate the script.
    InitVus,
    /// The executors are made ready.
    InitExecutors,
    /// The scenarios could start.
    InitDone,
    /// It waits for the command to start.
    PausedBeforeRun,
    /// It was told to start.
    Started,
    /// `setup()` runs.
    Setup,
    /// The scenarios run.
    Running,
    /// `teardown()` runs.
    Teardown,
    /// It is over.
    Ended,
    /// It is over because it was stopped before its time.
    Interrupted,
    /// It is over, and a script called `exec.test.fail()`.
    MarkedAsFailed,
}

impl Phase {
    const ALL: [Self; 12] = [
        Self::Created,
        Self::InitVus,
        Self::InitExecutors,
        Self::InitDone,
        Self::PausedBeforeRun,
        Self::Started,
        Self::Setup,
        Self::Running,
        Self::Teardown,
        Self::Ended,
        Self::Interrupted,
        Self::MarkedAsFailed,
    ];

    /// The number of the REST API.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// One or two words for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::InitVus => "initializing VUs",
            Self::InitExecutors => "initializing executors",
            Self::InitDone => "initialized",
            Self::PausedBeforeRun => "paused before the start",
            Self::Started => "started",
            Self::Setup => "setup",
            Self::Running => "running",
            Self::Teardown => "teardown",
            Self::Ended => "ended",
            Self::Interrupted => "interrupted",
            Self::MarkedAsFailed => "marked as failed",
        }
    }

    /// The phase of a number of the REST API; one that is unknown counts as the end.
    pub fn from_number(number: u8) -> Self {
        Self::ALL
            .get(usize::from(number))
            .copied()
            .unwrap_or(Self::Ended)
    }
}

/// A moment of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// How far it is.
    pub phase: Phase,
    /// No new iterations start until it is resumed.
    pub paused: bool,
    /// Active VUs.
    pub vus: u64,
    /// Initialized VUs.
    pub vus_max: u64,
    /// It was told to stop, by whomever.
    pub stopped: bool,
    /// It has started and not ended.
    pub running: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_api() {
        for (number, phase) in Phase::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(phase.number()), number);
            assert_eq!(Phase::from_number(phase.number()), phase);
        }
        assert_eq!(Phase::Running.number(), 7);
        assert_eq!(Phase::MarkedAsFailed.number(), 11);
    }
}
