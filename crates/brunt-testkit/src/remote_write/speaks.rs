//! Which versions of the protocol a receiver understands, and how it shows that.

/// What a receiver answers to each version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Speaks {
    /// 1.0 and 2.0.
    #[default]
    Both,
    /// 1.0; answers 415 to 2.0, as the specification has it.
    One,
    /// 2.0; answers 415 to 1.0.
    Two,
    /// 1.0; answers 204 to 2.0 and stores nothing, as a Prometheus before 3.0 does.
    OneAndShrugs,
    /// 1.0; answers 400 to 2.0, as a receiver that cannot decode it.
    OneAndComplains,
}

/// What becomes of a request in a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reception {
    Read,
    /// Answered with this status, unread.
    Turned(u16),
}

impl Speaks {
    pub(super) fn reception(self, version: &str) -> Reception {
        match (self, version) {
            (Self::One, "2.0") | (Self::Two, "1.0") => Reception::Turned(415),
            (Self::OneAndShrugs, "2.0") => Reception::Turned(204),
            (Self::OneAndComplains, "2.0") => Reception::Turned(400),
            _ => Reception::Read,
        }
    }
}
