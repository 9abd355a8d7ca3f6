//! Which part of a test an instance runs, as the user writes it.

use std::fmt;
use std::str::FromStr;

use crate::error::PacingError;
use crate::fraction::Fraction;

/// A part of the whole, `from` (inclusive) `to` (exclusive). Never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExecutionSegment {
    from: Fraction,
    to: Fraction,
}

/// Neighbouring segments, given by the points between them; at least two points, strictly rising.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SegmentSequence {
    points: Vec<Fraction>,
}

impl ExecutionSegment {
    /// All of the test.
    pub const WHOLE: Self = Self {
        from: Fraction::ZERO,
        to: Fraction::ONE,
    };

    /// The segment between two points; `None` when it is empty.
    pub fn new(from: Fraction, to: Fraction) -> Option<Self> {
        (from < to).then_some(Self { from, to })
    }

    /// Where it begins.
    pub fn from(self) -> Fraction {
        self.from
    }

    /// Where it ends.
    pub fn to(self) -> Fraction {
        self.to
    }

    /// How large it is, from 0 to 1: for showing, not for dealing out.
    pub fn length(self) -> f64 {
        let decimal = |at: Fraction| at.numerator() as f64 / at.denominator() as f64;
        if self == Self::WHOLE {
            1.0
        } else {
            decimal(self.to) - decimal(self.from)
        }
    }
}

impl SegmentSequence {
    /// The points, from the first segment's start to the last one's end.
    pub fn points(&self) -> &[Fraction] {
        &self.points
    }

    /// The sequence that consists of this segment and of what is missing before and after it.
    pub fn around(segment: ExecutionSegment) -> Self {
        Self {
            points: vec![segment.from, segment.to],
        }
        .filled()
    }

    /// Completes the sequence to the whole: what is missing at either end is one segment.
    #[must_use]
    pub fn filled(&self) -> Self {
        let mut points = Vec::with_capacity(self.points.len() + 2);
        if self.points.first() != Some(&Fraction::ZERO) {
            points.push(Fraction::ZERO);
        }
        points.extend(&self.points);
        if points.last() != Some(&Fraction::ONE) {
            points.push(Fraction::ONE);
        }
        Self { points }
    }
}

impl fmt::Display for ExecutionSegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.from, self.to)
    }
}

impl fmt::Display for SegmentSequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, point) in self.points.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{point}")?;
        }
        Ok(())
    }
}

/// Reads `1/4:1/2`, or `1/4` for `0:1/4`.
impl FromStr for ExecutionSegment {
    type Err = PacingError;

    fn from_str(text: &str) -> Result<Self, PacingError> {
        let (from, to) = match text.split_once(':') {
            Some((from, to)) => (from.parse()?, to.parse()?),
            None => (Fraction::ZERO, text.parse()?),
        };
        Self::new(from, to).ok_or_else(|| PacingError::EmptySegment(text.trim().to_owned()))
    }
}

/// Reads `0,1/3,2/3,1`.
impl FromStr for SegmentSequence {
    type Err = PacingError;

    fn from_str(text: &str) -> Result<Self, PacingError> {
        let points: Vec<Fraction> = text.split(',').map(str::parse).collect::<Result<_, _>>()?;
        if points.len() < 2 || !points.is_sorted_by(|a, b| a < b) {
            return Err(PacingError::NotRising(text.trim().to_owned()));
        }
        Ok(Self { points })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_read_in_every_form() {
        for (text, shown) in [
            ("10%", "0:1/10"),
            ("0:1", "0:1"),
            ("25%:0.5", "1/4:1/2"),
            (" 1/3 : 2/3 ", "1/3:2/3"),
        ] {
            let segment: ExecutionSegment = text.parse().unwrap();
            assert_eq!(segment.to_string(), shown);
            assert_eq!(shown.parse(), Ok(segment));
        }
    }

    #[test]
    fn an_empty_segment_is_refused() {
        for text in ["0", "1/2:1/2", "1/2:1/4"] {
            assert!(
                matches!(
                    text.parse::<ExecutionSegment>(),
                    Err(PacingError::EmptySegment(_))
                ),
                "{text}"
            );
        }
    }

    #[test]
    fn a_sequence_must_rise() {
        for text in ["0", "0,1/2,1/2,1", "0,2/3,1/3,1"] {
            assert!(
                matches!(
                    text.parse::<SegmentSequence>(),
                    Err(PacingError::NotRising(_))
                ),
                "{text}"
            );
        }
        assert!("0,x,1".parse::<SegmentSequence>().is_err());
    }

    #[test]
    fn missing_ends_are_filled() {
        let filled = |text: &str| {
            text.parse::<SegmentSequence>()
                .unwrap()
                .filled()
                .to_string()
        };
        assert_eq!(filled("1/4,1/2"), "0,1/4,1/2,1");
        assert_eq!(filled("0,1/2,1"), "0,1/2,1");
        assert_eq!(filled("0,1/2"), "0,1/2,1");
        assert_eq!(
            SegmentSequence::around(ExecutionSegment::WHOLE).to_string(),
            "0,1"
        );
    }
}
