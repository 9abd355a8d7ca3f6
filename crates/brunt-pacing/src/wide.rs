//! Products of 192 bits: what comparing a quadratic schedule exactly takes.
//!
//! A ramp of a day to a million starts a second already needs 128 bits; this keeps the arithmetic
//! exact for every duration and rate that can be written down, without a big-number library.

/// A product of 128 and 64 bits; ordered as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wide {
    high: u128,
    low: u64,
}

impl Wide {
    /// `a · b`, which always fits.
    pub(crate) fn product(a: u128, b: u64) -> Self {
        let b = u128::from(b);
        let low = (a & u128::from(u64::MAX)) * b;
        Self {
            high: (a >> 64) * b + (low >> 64),
            low: low as u64,
        }
    }

    /// The whole part of `self / divisor`, `u128::MAX` when it does not fit. Zero for a divisor of
    /// zero.
    pub(crate) fn divided_by(self, divisor: u64) -> u128 {
        if divisor == 0 {
            return 0;
        }
        let divisor = u128::from(divisor);
        let (top, rest) = (self.high / divisor, self.high % divisor);
        let bottom = ((rest << 64) | u128::from(self.low)) / divisor;
        if top >> 64 != 0 {
            return u128::MAX;
        }
        (top << 64) | bottom
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Wide;

    proptest! {
        #[test]
        fn division_undoes_a_product(a: u128, b in 1_u64..) {
            prop_assert_eq!(Wide::product(a, b).divided_by(b), a);
        }

        #[test]
        fn small_products_agree_with_plain_arithmetic(a: u64, b: u64, c in 1_u64..) {
            let plain = u128::from(a) * u128::from(b);
            prop_assert_eq!(Wide::product(u128::from(a), b).divided_by(c), plain / u128::from(c));
        }

        #[test]
        fn order_is_that_of_the_numbers(a: u64, b: u64, c: u64, d: u64) {
            let wide = Wide::product(u128::from(a), b).cmp(&Wide::product(u128::from(c), d));
            let plain = (u128::from(a) * u128::from(b)).cmp(&(u128::from(c) * u128::from(d)));
            prop_assert_eq!(wide, plain);
        }
    }
}
