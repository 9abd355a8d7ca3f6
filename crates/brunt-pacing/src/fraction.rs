//! Exact fractions of a whole, because thirds must add up to one on every machine.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::error::PacingError;

/// Digits after the point (percentages: two fewer) that are read; 10^18 is the largest power of ten
/// in a `u64`.
const MAX_DECIMALS: usize = 18;

/// A number from 0 to 1 in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fraction {
    numerator: u64,
    denominator: u64,
}

impl Fraction {
    /// Nothing.
    pub const ZERO: Self = Self {
        numerator: 0,
        denominator: 1,
    };
    /// The whole.
    pub const ONE: Self = Self {
        numerator: 1,
        denominator: 1,
    };

    /// `numerator / denominator`, reduced; `None` for a denominator of zero or a value above 1.
    pub fn new(numerator: u64, denominator: u64) -> Option<Self> {
        if denominator == 0 || numerator > denominator {
            return None;
        }
        let divisor = gcd(numerator, denominator);
        Some(Self {
            numerator: numerator / divisor,
            denominator: denominator / divisor,
        })
    }

    /// The number above the line.
    pub fn numerator(self) -> u64 {
        self.numerator
    }

    /// The number below the line; never zero.
    pub fn denominator(self) -> u64 {
        self.denominator
    }
}

/// The greatest common divisor; `gcd(0, b)` is `b`.
pub(crate) fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Ord for Fraction {
    fn cmp(&self, other: &Self) -> Ordering {
        let left = u128::from(self.numerator) * u128::from(other.denominator);
        let right = u128::from(other.numerator) * u128::from(self.denominator);
        left.cmp(&right)
    }
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.denominator == 1 {
            write!(f, "{}", self.numerator)
        } else {
            write!(f, "{}/{}", self.numerator, self.denominator)
        }
    }
}

/// Reads `25%`, `1/4` or `0.25`.
impl FromStr for Fraction {
    type Err = PacingError;

    fn from_str(text: &str) -> Result<Self, PacingError> {
        let trimmed = text.trim();
        let malformed = || PacingError::NotAFraction(trimmed.to_owned());
        let (numerator, denominator) = if let Some((above, below)) = trimmed.split_once('/') {
            let above = digits(above.trim()).ok_or_else(malformed)?;
            let below = digits(below.trim()).ok_or_else(malformed)?;
            (above, below)
        } else if let Some(percent) = trimmed.strip_suffix('%') {
            let (number, scale) = decimal(percent.trim_end()).ok_or_else(malformed)?;
            (number, scale.checked_mul(100).ok_or_else(malformed)?)
        } else {
            decimal(trimmed).ok_or_else(malformed)?
        };
        if denominator == 0 {
            return Err(malformed());
        }
        Self::new(numerator, denominator)
            .ok_or_else(|| PacingError::OutsideWhole(trimmed.to_owned()))
    }
}

fn digits(text: &str) -> Option<u64> {
    // `parse` would let a sign through.
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(())?;
    text.parse().ok()
}

/// A decimal number as an integer and the power of ten it is to be divided by.
fn decimal(text: &str) -> Option<(u64, u64)> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part = part.trim_end_matches('0');
    if whole.is_empty() && part.is_empty() || part.len() > MAX_DECIMALS {
        return None;
    }
    let scale = 10_u64.checked_pow(u32::try_from(part.len()).ok()?)?;
    let number = |text: &str| {
        if text.is_empty() {
            Some(0)
        } else {
            digits(text)
        }
    };
    let number = number(whole)?
        .checked_mul(scale)?
        .checked_add(number(part)?)?;
    Some((number, scale))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_way_to_write_a_quarter() {
        for text in ["1/4", "25%", "0.25", ".25", "25.0%", " 2/8 ", "0.2500"] {
            assert_eq!(text.parse(), Ok(Fraction::new(1, 4).unwrap()), "{text}");
        }
        assert_eq!("0".parse(), Ok(Fraction::ZERO));
        assert_eq!("100%".parse(), Ok(Fraction::ONE));
        assert_eq!("12.5%".parse(), Ok(Fraction::new(1, 8).unwrap()));
    }

    #[test]
    fn what_is_no_fraction_is_refused_in_words() {
        for text in [
            "",
            ".",
            "%",
            "a",
            "1/0",
            "-1/2",
            "+0.5",
            "1/2/3",
            "1e-1",
            "0.1234567890123456789",
            "99999999999999999999",
            "½",
        ] {
            assert!(
                matches!(text.parse::<Fraction>(), Err(PacingError::NotAFraction(_))),
                "{text}"
            );
        }
        for text in ["2", "3/2", "101%", "1.01"] {
            assert!(
                matches!(text.parse::<Fraction>(), Err(PacingError::OutsideWhole(_))),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn text_and_fraction_go_round(below in 1_u64.., share: u64) {
            let fraction = Fraction::new(share % below, below).unwrap();
            prop_assert_eq!(fraction.to_string().parse(), Ok(fraction));
        }

        #[test]
        fn no_text_panics(text in "[-+0-9./%e ]{0,24}") {
            let _ = text.parse::<Fraction>();
        }
    }
}
