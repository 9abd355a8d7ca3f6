//! What can be wrong with a segment or a schedule, in words for the user who wrote it.

use thiserror::Error;

/// Why a segment, a sequence or a schedule is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PacingError {
    /// Not a fraction in any of the accepted forms.
    #[error(
        "'{0}' is not a part of a whole; write it as a percentage (25%), a fraction (1/4) or a decimal number (0.25)"
    )]
    NotAFraction(String),
    /// A fraction below 0 or above 1.
    #[error("'{0}' lies outside 0 to 1")]
    OutsideWhole(String),
    /// A segment that ends where it begins, or before.
    #[error("the segment '{0}' is empty: its end must lie after its start, as in 1/4:1/2")]
    EmptySegment(String),
    /// A sequence whose points do not rise.
    #[error(
        "the points of the segment sequence '{0}' must rise strictly and be at least two, as in 0,1/3,2/3,1"
    )]
    NotRising(String),
    /// A segment that a sequence does not have.
    #[error("the segment {segment} is not one of the sequence {sequence}")]
    NotInSequence {
        /// The segment asked for.
        segment: String,
        /// The sequence, filled up to the whole.
        sequence: String,
    },
    /// Fractions so fine that dealing them out would take too much memory.
    #[error(
        "the segments {0} are too fine: their common denominator must be at most {max}, and there may be at most {segments} of them",
        max = crate::partition::MAX_PERIOD,
        segments = crate::partition::MAX_SEGMENTS
    )]
    TooFine(String),
    /// A rate, or a period that it counts for, of zero.
    #[error("the rate and its time unit must be above zero")]
    NoRate,
}
